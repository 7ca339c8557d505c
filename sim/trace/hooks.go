package trace

import (
	"slices"

	"modcti/engine"
)

// privateCommand marks the INDICATE_UNBRIDGE and INDICATE_BRIDGE that surround a private command: no real parting.
const privateCommand = 42

// fromHooks derives the inputs from what hooks saw; events, which may be nil, lend what hooks do not carry.
func fromHooks(hooks, events *file) ([]engine.Input, error) {
	known := legs{}
	rows := hooks.hooks
	bySequence := map[string]*eventRow{}
	if events != nil {
		known.learnEvents(events.events)
		for i := range events.events {
			bySequence[events.events[i].Sequence] = &events.events[i]
		}
		rows = withUnbound(rows, events.events)
	}
	known.learnHooks(rows)
	f := newFacts(events, known)
	for i := range rows {
		if err := f.hook(&rows[i], bySequence[rows[i].EventSequence]); err != nil {
			return nil, err
		}
	}
	if len(f.inputs) == 0 {
		return nil, hooks.errorAt(1, "no channel appears in the file")
	}
	return f.inputs, nil
}

// bindOnly tells whether the module learns an event's fact from the event bus, because no hook sees it.
func bindOnly(row *eventRow) bool {
	switch row.Name {
	case "CHANNEL_HOLD", "CHANNEL_UNHOLD", "CHANNEL_UUID":
		return true
	}
	return row.Subclass == "conference::maintenance"
}

// withUnbound adds, by time, the events that only the event bus tells and that the hooks file has no row of.
func withUnbound(rows []hookRow, events []eventRow) []hookRow {
	bound := map[string]bool{}
	for i := range rows {
		bound[rows[i].EventSequence] = true
	}
	rows = slices.Clone(rows)
	for i := range events {
		row := &events[i]
		if !bindOnly(row) || bound[row.Sequence] {
			continue
		}
		at := slices.IndexFunc(rows, func(h hookRow) bool { return h.At > row.Timestamp })
		if at < 0 {
			at = len(rows)
		}
		near := rows[max(at-1, 0)]
		rows = slices.Insert(rows, at, hookRow{
			At: row.Timestamp, Mono: near.Mono + (row.Timestamp-near.At)*1000, Source: "event bind", Name: row.Name,
			UUID: row.UUID, EventSequence: row.Sequence,
		})
	}
	return rows
}

// hook tells what one row tells; event is the event of the same number, where there is one.
func (f *facts) hook(row *hookRow, event *eventRow) error {
	at := moment{row.Mono, row.At}
	if row.UUID == "" {
		return nil
	}
	l := f.legs.of(row.UUID)
	switch row.Source + " " + row.Name {
	case "state handler pre_exec on_init":
		f.created(at, l)
	case "hook outgoing_channel outgoing":
		f.outgoing(at, l, row.NewUUID)
	case "hook state_change CS_HANGUP":
		return f.hangup(at, l)
	case "state handler on_hangup":
		return f.ended(at, engine.LegEnded, l, l.complete)
	case "state handler on_destroy":
		f.simple(at, engine.LegDestroyed, l, "")
	}
	switch row.Source {
	case "hook receive_message":
		f.message(at, l, row)
	case "event bind":
		f.bound(at, l, row, event)
	}
	return nil
}

func (f *facts) message(at moment, l *leg, row *hookRow) {
	switch row.Name {
	case "RING_EVENT":
		f.simple(at, engine.LegRinging, l, "")
	case "PROGRESS_EVENT":
		f.simple(at, engine.LegProgress, l, "")
	case "ANSWER_EVENT":
		f.simple(at, engine.LegAnswered, l, "")
	case "INDICATE_BRIDGE":
		if row.NumericArg != privateCommand {
			f.simple(at, engine.LegBridged, l, row.StringArg)
		}
	case "INDICATE_UNBRIDGE":
		if row.NumericArg != privateCommand {
			f.simple(at, engine.LegUnbridged, l, row.StringArg)
		}
	case "INDICATE_HOLD":
		f.hold(at, l, true, f.tell)
	case "INDICATE_UNHOLD":
		f.hold(at, l, false, f.tell)
	case "INDICATE_TRANSFER":
		f.transferred(at, l)
	case "INDICATE_APPLICATION_EXEC":
		if l.nExecuted < len(l.executed) {
			f.executed(at, l, l.executed[l.nExecuted])
		}
		l.nExecuted++
	}
}

// bound tells what the module learns from the event bus alone.
func (f *facts) bound(at moment, l *leg, row *hookRow, event *eventRow) {
	switch {
	case row.Name == "CHANNEL_HOLD":
		f.hold(at, l, true, f.note)
	case row.Name == "CHANNEL_UNHOLD":
		if event == nil || event.AnswerState != "hangup" {
			f.hold(at, l, false, f.note)
		}
	case event == nil:
	case event.Name == "CHANNEL_UUID":
		f.renamed(at, event)
	case event.Subclass == "conference::maintenance":
		f.room(at, l, event)
	}
}
