package engine

import "modcti/events"

// This file holds what the applications cti_track and cti_ivr_result say of a call, and the channels that nobody follows
// because the setting track is marked and they are not.

// untracked is a channel that has not been marked, as a snapshot would show it. It is followed only as far as it takes to
// make a party of it when it is marked after all.
type untracked struct {
	seen      Input // its names, times, state and partner
	origin    LegID
	kin       []LegID // legs that it originates
	numbering numbering
	bornAt    uint64
	seenIn    uint64
	missed    uint8
	ending    bool
}

// takesPart tells whether an application makes its channel one that is followed.
func takesPart(app string) bool {
	switch app {
	case "cti_track", "cti_queue", "cti_agent":
		return true
	}
	return false
}

// pass notes a channel that is not followed.
func (e *Engine) pass(in *Input, origin LegID) {
	u := e.untracked[in.Leg]
	if u == nil && len(e.untracked)+e.legs.count >= legsMax {
		e.stats.Refused++
		return
	}
	if u == nil {
		u = &untracked{origin: origin, bornAt: e.stats.Inputs}
		u.numbering.start(in.LegSeq)
		e.untracked[in.Leg] = u
		if by := e.untracked[origin]; by != nil {
			by.kin = append(by.kin, in.Leg)
		}
	}
	had := u.seen.Times
	u.seen = *in
	if in.Kind == LegCreated {
		u.seen.Other, u.seen.Times.Created = LegID{}, in.WallMicros
		u.seen.CallState = CallStateDown
		return
	}
	setOnce(&had.Created, in.Times.Created)
	setOnce(&had.Progress, in.Times.Progress)
	setOnce(&had.Early, in.Times.Early)
	setOnce(&had.Answered, in.Times.Answered)
	u.seen.Times = had
}

// untrackedFact follows such a channel. It returns the party that is made of it when an application asks for that.
func (e *Engine) untrackedFact(u *untracked, in *Input) *party {
	if in.Kind == LegExecuted && !u.ending && (in.Flags&FlagMarked != 0 || takesPart(in.Text.App)) {
		return e.mark(u)
	}
	if !u.numbering.take(in.LegSeq) {
		return nil
	}
	s := &u.seen
	switch in.Kind {
	case LegRinging:
		setOnce(&s.Times.Progress, in.WallMicros)
		s.CallState = max(s.CallState, CallStateRinging)
	case LegProgress:
		setOnce(&s.Times.Early, in.WallMicros)
		s.CallState = max(s.CallState, CallStateEarly)
	case LegAnswered:
		setOnce(&s.Times.Answered, in.WallMicros)
		s.CallState = CallStateActive
	case LegBridged:
		setOnce(&s.Times.Bridged, in.WallMicros)
		s.Other = in.Other
	case LegUnbridged:
		s.Other = LegID{}
	case LegHeld:
		s.CallState = CallStateHeld
	case LegUnheld:
		s.CallState = CallStateActive
	case LegRenamed:
		delete(e.untracked, in.Leg)
		s.Leg, s.Text = in.Other, in.Text
		e.untracked[in.Other] = u
	case LegHangup, LegEnded:
		u.ending = true
	case LegDestroyed:
		delete(e.untracked, in.Leg)
	}
	return nil
}

// mark makes a party of a channel, and of those that it has called or talks to: the call is told of from here on.
func (e *Engine) mark(u *untracked) *party {
	found := u.seen
	found.Kind, found.Flags = LegFound, found.Flags|FlagMarked
	found.MonoNanos, found.WallMicros = e.in.MonoNanos, e.in.WallMicros
	delete(e.untracked, found.Leg)
	outer := e.in
	e.in = &found
	origin := e.unfoldOrigin(u.origin)
	p := e.admit(&found, origin)
	if p != nil {
		p.origin, p.numbering = refTo(origin), u.numbering
		p.times.created = p.mono(found.Times.Created)
		e.place(p)
		p.adopted = true // as what was up before: its times are the switch's word
		e.reconcile(p, &found)
		p.adopted = false
	}
	e.in = outer
	for _, id := range append(u.kin, found.Other) {
		if v := e.untracked[id]; v != nil && !v.ending && p != nil {
			e.mark(v)
		}
	}
	return p
}

func (u *untracked) foundIn(snapshot uint64) {
	if u != nil {
		u.seenIn, u.missed = snapshot, 0
	}
}

// forgetUntracked lets go of channels that two snapshots in a row did not show.
func (e *Engine) forgetUntracked() {
	for id, u := range e.untracked {
		if u.bornAt >= e.audit.beganAt || u.seenIn == e.audit.beganAt {
			continue
		}
		if u.missed++; u.missed >= missedMax {
			delete(e.untracked, id)
		}
	}
}

// attachData merges what the dialplan says into the data of a leg's call, and tells its parties (R60): cti_track says pairs
// as in "lang=en,tier=gold", cti_ivr_result one pair, whose value may hold anything.
func (e *Engine) attachData(p *party, argument string, several, cut bool) {
	c := p.call
	if c == nil || p.ending {
		return
	}
	var all []string
	for changes := pairsOf(argument, several, cut); len(changes) > 0; changes = changes[1:] {
		merged, changed, err := c.data.Merge(changes[:1])
		if err != nil { // a key of the engine's own (R8), or there is no more room
			e.stats.Refused++
			continue
		}
		c.data = merged
		all = append(all, changed...)
	}
	if len(all) == 0 || c.forming {
		return
	}
	e.recordCall(CallUpdated, c)
	e.tellData(c, all)
}

// pairsOf reads key=value pairs. What the record had no room for has cut the last one.
func pairsOf(text string, several, cut bool) (data events.Data) {
	for begin, i := 0, 0; i <= len(text); i++ {
		if i < len(text) && (text[i] != ',' || !several) {
			continue
		}
		if pair := text[begin:i]; i < len(text) || !cut {
			if key, value := splitPair(pair); key != "" {
				data = append(data, events.Pair{Key: key, JSON: events.Quote(value)})
			}
		}
		begin = i + 1
	}
	return data
}

func splitPair(text string) (key, value string) {
	for i := range len(text) {
		if text[i] == '=' {
			return trimBlanks(text[:i]), trimBlanks(text[i+1:])
		}
	}
	return "", ""
}

func trimBlanks(text string) string {
	for text != "" && text[0] == ' ' {
		text = text[1:]
	}
	for text != "" && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
}
