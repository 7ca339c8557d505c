package trace

import (
	"strings"

	"modcti/engine"
)

// moment is when a fact was seen.
type moment struct {
	monoNanos  int64
	wallMicros int64
}

// facts are the inputs told so far.
type facts struct {
	inputs []engine.Input
	seqs   map[engine.LegID]uint32
	legs   legs
	file   *file // for the causes of ends; may be nil
	ends   map[string]string
}

func newFacts(events *file, known legs) *facts {
	return &facts{seqs: map[engine.LegID]uint32{}, legs: known, file: events, ends: map[string]string{}}
}

// tell adds one fact that a hook of the leg tells, numbered within the leg.
func (f *facts) tell(at moment, in engine.Input) {
	f.seqs[in.Leg]++
	in.LegSeq = f.seqs[in.Leg]
	f.note(at, in)
}

// note adds one fact that the event bus tells; it has no number.
func (f *facts) note(at moment, in engine.Input) {
	in.MonoNanos, in.WallMicros = at.monoNanos, at.wallMicros
	f.inputs = append(f.inputs, in)
}

// simple tells a fact that carries nothing but the leg and perhaps another.
func (f *facts) simple(at moment, kind engine.InputKind, l *leg, other string) {
	in := engine.Input{Kind: kind, Leg: engine.LegIDOf(l.uuid)}
	if f.legs[other] != nil { // a spy's partner is told as a name, not as a channel
		in.Other = engine.LegIDOf(other)
	}
	f.tell(at, in)
}

func (f *facts) created(at moment, l *leg) {
	if l.told {
		return
	}
	l.told = true
	in := engine.Input{Kind: engine.LegCreated, Leg: engine.LegIDOf(l.uuid)}
	in.Text, in.Direction = f.legs.text(l)
	if l.originator != "" {
		in.Other = engine.LegIDOf(l.originator)
	}
	if isLoopback(l.channel) {
		in.Flags |= engine.FlagLoopback
	}
	f.tell(at, in)
	f.looped(at, l)
}

// looped tells the two ends of a loopback pair as soon as the second exists.
func (f *facts) looped(at moment, l *leg) {
	if !isLoopback(l.channel) {
		return
	}
	other := ""
	if l.created != nil {
		other = l.created.OtherLoopbackLeg
	}
	base := loopbackBase(l.channel)
	if other == "" {
		other = f.ends[base]
	}
	f.ends[base] = l.uuid
	far := f.legs[other]
	if far == nil || !far.told || far == l {
		return
	}
	delete(f.ends, base)
	if strings.HasSuffix(far.channel, "-b") { // the switch tells it of the far end, which it makes last
		l, far = far, l
	}
	f.tell(at, engine.Input{
		Kind: engine.LegLooped, Leg: engine.LegIDOf(l.uuid), Other: engine.LegIDOf(far.uuid), Flags: engine.FlagLoopback,
	})
}

// outgoing tells that l calls another leg. The second call of a dialed user, which comes when its leg is long known, is
// no news.
func (f *facts) outgoing(at moment, l *leg, uuid string) {
	if !f.legs.of(uuid).told {
		f.simple(at, engine.LegOutgoing, l, uuid)
	}
}

func (f *facts) hangup(at moment, l *leg) error {
	if l.ending {
		return nil
	}
	l.ending = true
	return f.ended(at, engine.LegHangup, l, l.hangup)
}

// ended tells LegHangup or LegEnded with what the event that goes with it says.
func (f *facts) ended(at moment, kind engine.InputKind, l *leg, row *eventRow) error {
	cause, disposition, err := f.file.end(row)
	if err != nil {
		return err
	}
	if kind == engine.LegHangup && disposition == engine.DispositionNone && row != nil && row.TermStatus == "200" {
		disposition = engine.RecvBye // sofia names a far end's BYE after the hangup, but has noted its answer before
	}
	f.tell(at, engine.Input{Kind: kind, Leg: engine.LegIDOf(l.uuid), Cause: cause, Disposition: disposition})
	return nil
}

// hold tells a hold once, whichever of hook and event says it first: the switch's own is told by both, the phone's by
// the event bus alone.
func (f *facts) hold(at moment, l *leg, held bool, say func(moment, engine.Input)) {
	if l.held == held || l.ending {
		return
	}
	l.held = held
	in := engine.Input{Kind: engine.LegUnheld, Leg: engine.LegIDOf(l.uuid)}
	if held {
		in.Kind = engine.LegHeld
	}
	say(at, in)
}

// executed tells the applications that change who hears whom; all others are the dialplan's own affair.
func (f *facts) executed(at moment, l *leg, row *eventRow) {
	in := engine.Input{Kind: engine.LegExecuted, Leg: engine.LegIDOf(l.uuid)}
	in.Text.App, in.Text.AppArg = row.Application, row.ApplicationData
	target := row.ApplicationData[strings.LastIndexByte(row.ApplicationData, ' ')+1:] // options come before the uuid
	switch row.Application {
	case "eavesdrop":
		in.Flags = engine.FlagObserver
		in.Other = engine.LegIDOf(target)
	case "intercept", "three_way":
		in.Other = engine.LegIDOf(target)
	case "conference", "park", "valet_park", "callcenter", "fifo", "att_xfer", "ivr":
	default:
		if !strings.HasPrefix(row.Application, "cti_") {
			return
		}
	}
	f.tell(at, in)
}

func (f *facts) transferred(at moment, l *leg) {
	in := engine.Input{Kind: engine.LegTransferred, Leg: engine.LegIDOf(l.uuid)}
	if l.nTransfers < len(l.transfers) {
		in.Text.Destination = l.transfers[l.nTransfers]
	}
	l.nTransfers++
	f.tell(at, in)
}

func (f *facts) room(at moment, l *leg, row *eventRow) {
	in := engine.Input{Leg: engine.LegIDOf(l.uuid)}
	in.Text.Room = row.Conference
	switch row.Action {
	case "add-member":
		in.Kind = engine.RoomJoined
	case "del-member":
		in.Kind = engine.RoomLeft
	default:
		return
	}
	f.note(at, in)
}

// renamed tells that a channel goes on under another uuid, and carries its numbering over.
func (f *facts) renamed(at moment, row *eventRow) {
	if row.OldUUID == "" || row.OldUUID == row.UUID {
		return
	}
	l := f.legs.of(row.UUID)
	in := engine.Input{Kind: engine.LegRenamed, Leg: engine.LegIDOf(row.OldUUID), Other: engine.LegIDOf(row.UUID)}
	in.Text, in.Direction = f.legs.text(l)
	old := f.legs.of(row.OldUUID)
	l.told, l.answered, l.early, l.held = old.told, old.answered, old.early, old.held
	f.tell(at, in)
	f.seqs[in.Other] = f.seqs[in.Leg]
}
