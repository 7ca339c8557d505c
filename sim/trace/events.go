package trace

import "modcti/engine"

// bridge is a CHANNEL_BRIDGE whose media is not yet joined: the switch fires it while the far end may still ring.
type bridge struct{ a, b string }

// reader derives the inputs from the event socket alone.
type reader struct {
	*facts
	last    moment
	pending []bridge
	sources map[string]string // the last transfer told, by channel
}

func fromEvents(events *file) ([]engine.Input, error) {
	known := legs{}
	known.learnEvents(events.events)
	r := &reader{facts: newFacts(events, known), sources: map[string]string{}}
	for i := range events.events {
		if err := r.event(&events.events[i]); err != nil {
			return nil, err
		}
	}
	if len(r.inputs) == 0 {
		return nil, events.errorAt(1, "no channel appears in the file")
	}
	return r.inputs, nil
}

// stamp is when the switch made the event. Its clock is coarse and threads overtake each other, so that the monotonic
// time is made to grow.
func (r *reader) stamp(row *eventRow) moment {
	at := moment{max(row.Timestamp*1000, r.last.monoNanos), row.Timestamp}
	r.last = at
	return at
}

func (r *reader) event(row *eventRow) error {
	at := r.stamp(row)
	if row.UUID == "" {
		return nil
	}
	l := r.legs.of(row.UUID)
	if _, ok := row.transfer(); ok && row.TransferSource != r.sources[row.UUID] {
		r.sources[row.UUID] = row.TransferSource
		r.transferred(at, l)
	}
	switch row.Name {
	case "CHANNEL_HANGUP":
		r.begin(at, l)
		if err := r.hangup(at, l); err != nil {
			return err
		}
		if l.spying {
			l.spying = false
			r.simple(at, engine.LegUnbridged, l, "")
		}
	case "CHANNEL_HANGUP_COMPLETE":
		l.done = true
		return r.ended(at, engine.LegEnded, l, row)
	case "CHANNEL_DESTROY":
		r.simple(at, engine.LegDestroyed, l, "")
	default:
		r.lives(at, l, row)
	}
	return nil
}

// lives tells what happens to a channel before its end.
func (r *reader) lives(at moment, l *leg, row *eventRow) {
	switch row.Name {
	case "CHANNEL_CREATE":
		r.created(at, l)
	case "CHANNEL_OUTGOING":
		if from := r.legs[l.originator]; from != nil {
			r.outgoing(at, from, l.uuid)
		}
	case "CHANNEL_PROGRESS":
		r.simple(at, engine.LegRinging, l, "")
	case "CHANNEL_PROGRESS_MEDIA":
		l.early = true
		r.simple(at, engine.LegProgress, l, "")
		r.join(at)
	case "CHANNEL_ANSWER":
		l.answered = true
		r.simple(at, engine.LegAnswered, l, "")
		r.join(at)
	case "CHANNEL_BRIDGE":
		r.pending = append(r.pending, bridge{row.BridgeA, row.BridgeB})
		r.join(at)
	case "CHANNEL_UNBRIDGE":
		r.part(at, row)
	case "CHANNEL_HOLD":
		r.hold(at, l, true, r.note)
	case "CHANNEL_UNHOLD":
		if row.AnswerState != "hangup" {
			r.hold(at, l, false, r.note)
		}
	case "CHANNEL_EXECUTE":
		r.executed(at, l, row)
		if row.Application == "eavesdrop" {
			l.spying = true
			r.simple(at, engine.LegBridged, l, "")
		}
	case "CHANNEL_UUID":
		r.renamed(at, row)
	case "CUSTOM":
		r.conference(at, l, row)
	}
}

// begin tells a channel whose CHANNEL_CREATE another thread's event has overtaken.
func (r *reader) begin(at moment, l *leg) {
	if l.created != nil {
		r.created(at, l)
	}
}

// join tells the bridges whose media is joined now: both ends answered, or the far end heard early.
func (r *reader) join(at moment) {
	waiting := r.pending[:0]
	for _, b := range r.pending {
		near, far := r.legs.of(b.a), r.legs.of(b.b)
		heard := near.answered || near.early
		if far.answered && !near.answered || !far.answered && !far.early || !heard {
			waiting = append(waiting, b)
			continue
		}
		r.simple(at, engine.LegBridged, far, near.uuid)
		r.simple(at, engine.LegBridged, near, far.uuid)
	}
	r.pending = waiting
}

// part tells both ends of a bridge that it is over; an end that has run its hangup handlers is told nothing any more.
func (r *reader) part(at moment, row *eventRow) {
	for i, b := range r.pending {
		if b.a == row.BridgeA && b.b == row.BridgeB {
			r.pending = append(r.pending[:i], r.pending[i+1:]...)
			break
		}
	}
	if far := r.legs.of(row.BridgeB); !far.done {
		r.simple(at, engine.LegUnbridged, far, row.BridgeA)
	}
	r.simple(at, engine.LegUnbridged, r.legs.of(row.BridgeA), row.BridgeB)
}

func (r *reader) conference(at moment, l *leg, row *eventRow) {
	if row.Subclass != "conference::maintenance" {
		return
	}
	switch row.Action {
	case "add-member":
		r.simple(at, engine.LegBridged, l, "")
		r.room(at, l, row)
	case "del-member":
		r.simple(at, engine.LegUnbridged, l, "")
		r.room(at, l, row)
	}
}
