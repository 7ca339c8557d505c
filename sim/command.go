package sim

import (
	"slices"

	"modcti/engine"
)

// causeNoSuchLeg (INVALID_CALL_REFERENCE) refuses a command for a channel that is gone or going.
const causeNoSuchLeg = 81

// worker is the command worker: it takes one command after the other.
type worker struct {
	commands []engine.Command
	busy     bool
	table    []*leg // channels of a snapshot that are still to be told
}

// Do hands the switch a command of the engine. Its truth comes later, as inputs.
func (s *Switch) Do(c engine.Command) {
	s.worker.commands = append(s.worker.commands, c)
	s.work()
}

func (s *Switch) work() {
	if !s.worker.busy && len(s.worker.commands) > 0 {
		s.worker.busy = true
		s.after(s.between(20, 120), (*Switch).command, nil, nil)
	}
}

func (s *Switch) command(_, _ *leg) {
	c := s.worker.commands[0]
	if c.Kind == engine.CommandSnapshot {
		s.record(engine.SnapshotBegin).Command = c.ID
		s.worker.table = append(s.worker.table[:0], s.live...)
		s.after(s.between(5, 30), (*Switch).snapshot, nil, nil)
		return
	}
	l := s.byID[c.Leg]
	switch {
	case l == nil || l.ending:
		s.done(causeNoSuchLeg)
		return
	case c.Kind == engine.CommandSetVariable:
		if c.Name == "cti_call_id" {
			l.text.CTICallID = c.Value
		}
	case c.Kind == engine.CommandHangup:
		s.hangup(l, causeOr(c.Cause, engine.CauseNormalClearing), s.bySwitch(l), false)
	}
	s.done(engine.CauseNone)
}

// snapshot tells one live channel after the other, while calls go on; a channel that has begun to end is not found.
func (s *Switch) snapshot(_, _ *leg) {
	table := s.worker.table
	for len(table) > 0 && (table[0].ending || table[0].gone) {
		table = table[1:]
	}
	command := s.worker.commands[0].ID
	if len(table) == 0 {
		s.worker.table = nil
		s.record(engine.SnapshotEnd).Command = command
		s.done(engine.CauseNone)
		return
	}
	s.found(table[0], command)
	s.worker.table = table[1:]
	s.after(s.between(1, 3), (*Switch).snapshot, nil, nil)
}

// done answers the command and turns to the next. cause 0 means accepted.
func (s *Switch) done(cause uint16) {
	in := s.record(engine.CommandDone)
	in.Command, in.Cause = s.worker.commands[0].ID, cause
	s.worker.commands = slices.Delete(s.worker.commands, 0, 1)
	s.worker.busy = false
	s.work()
}
