package sim

import (
	"slices"
	"strings"

	"modcti/engine"
)

// The answers of the switch that the contract with it names.
const (
	causeNoSuchLeg  = 81  // INVALID_CALL_REFERENCE: the channel is gone, going, or not there yet
	causeNotAllowed = 95  // INVALID_MSG_UNSPECIFIED: a variable, value or mode that may not be used
	causeWrongState = 101 // WRONG_CALL_STATE
)

// Fate is what becomes of a command before it is carried out. The zero value carries it out.
type Fate struct {
	Cause uint16 // it is refused with it, and nothing is done
	Idle  bool   // it is accepted, and nothing is done
	Mute  bool   // it is not answered
	Late  int64  // it is carried out so much later, ns
}

// worker carries out commands: those of one call one after the other, the others side by side.
type worker struct {
	strands map[string]*strand
	table   []*leg // channels of a snapshot that are still to be told
}

// strand is the commands of one call, the first of which is being carried out.
type strand struct {
	key      string
	commands []queued
	over     bool // the module is gone that it was given to
}

type queued struct {
	engine.Command
	due       int64  // virtual ns; 0 = none
	cancelled uint16 // of an originate: the cause with which it was hung up
	started   bool   // and that its channel's thread runs
}

// snapshots is the strand of snapshots, which is no call's.
const snapshots = "snapshot"

// Do hands the switch a command of the engine. Its truth comes later, as inputs.
func (s *Switch) Do(c engine.Command) {
	if c.Kind == engine.CommandHangup && s.cancel(&c) {
		s.answer(c.ID, engine.CauseNone)
		return
	}
	if c.Kind == engine.CommandFindDevice {
		return // its phones need not register
	}
	q := queued{Command: c}
	if c.DeadlineMillis > 0 {
		q.due = s.now + c.DeadlineMillis*1_000_000
	}
	key := c.CallID
	switch {
	case c.Kind == engine.CommandSnapshot:
		key = snapshots
	case key == "":
		key = string(c.Leg[:])
	}
	r := s.worker.strands[key]
	if r == nil {
		r = &strand{key: key}
		s.worker.strands[key] = r
	}
	r.commands = append(r.commands, q)
	if len(r.commands) == 1 {
		s.turn(r)
	}
}

// stop: nobody waits for an answer any more, and what no worker has taken up is not done.
func (w *worker) stop() {
	for _, r := range w.strands {
		r.over, r.commands = true, r.commands[:1]
	}
	clear(w.strands)
}

// turn lets a worker take up the strand's first command, or forgets a strand that has none.
func (s *Switch) turn(r *strand) {
	if r.over {
		return
	}
	if len(r.commands) == 0 {
		delete(s.worker.strands, r.key)
		return
	}
	s.later(s.between(20, 120), func() { s.begin(r) })
}

func (s *Switch) begin(r *strand) {
	q := &r.commands[0]
	var fate Fate
	if decide := s.wire.faults.Command; decide != nil {
		fate = decide(q.Command, s.wire.random)
	}
	switch {
	case r.over:
	case q.due != 0 && s.now > q.due:
		s.done(r, engine.CauseTimerExpired)
	case fate.Mute:
		s.finish(r)
	case fate.Cause != engine.CauseNone || fate.Idle:
		s.done(r, fate.Cause)
	default:
		s.later(fate.Late+s.holdLasts(&q.Command), func() { s.carryOut(r) })
	}
}

// shortestHold is how long the switch's hold lasts at least: a phone would take two re-INVITEs on each other's heels for one.
const shortestHold = 400_000_000

// holdLasts is how long a command waits because it takes somebody off hold too soon.
func (s *Switch) holdLasts(c *engine.Command) (wait int64) {
	var held []*leg
	switch l := s.located(c.Leg); {
	case l == nil:
	case c.Kind == engine.CommandUnhold:
		held = []*leg{l}
	case moves(c.Kind):
		held = []*leg{l, l.partner}
		if other := s.located(c.Other); other != nil && c.Kind == engine.CommandBridge {
			held = append(held, other, other.partner)
		}
	}
	for _, l := range held {
		if l != nil && l.held {
			wait = max(wait, shortestHold-(s.wall()-l.times.Held)*1000)
		}
	}
	return wait
}

// moves tells whether a command takes a leg out of where it is.
func moves(kind engine.CommandKind) bool {
	switch kind {
	case engine.CommandBridge, engine.CommandWait, engine.CommandJoinRoom, engine.CommandVoicemail, engine.CommandEavesdrop:
		return true
	}
	return false
}

// carryOut does the strand's first command; a command that takes time turns to the next by itself.
func (s *Switch) carryOut(r *strand) {
	c := &r.commands[0].Command
	switch {
	case r.over:
	case c.Kind == engine.CommandSnapshot:
		s.record(engine.SnapshotBegin).Command = c.ID
		s.worker.table = append(s.worker.table[:0], s.live...)
		s.later(s.between(5, 30), func() { s.snapshot(r) })
	case c.Kind == engine.CommandOriginate:
		s.originateFor(r)
	case moves(c.Kind):
		cause, arrived := s.move(c)
		if cause != engine.CauseNone {
			s.done(r, cause)
			return
		}
		s.await(r, arrived)
	default:
		s.done(r, s.command(c))
	}
}

// arrival tells whether a leg is where a command sent it, or that it will not be.
type arrival func() (cause uint16, over bool)

// await answers a command that moves a leg when it is over: the next of the strand finds the leg where this one put it.
func (s *Switch) await(r *strand, arrived arrival) {
	const step = 5_000_000
	if r.over {
		return
	}
	if cause, over := arrived(); over {
		s.done(r, cause)
		return
	}
	s.later(step, func() { s.await(r, arrived) })
}

// move begins what takes a leg out of where it is.
func (s *Switch) move(c *engine.Command) (uint16, arrival) {
	l := s.located(c.Leg)
	if l == nil {
		return causeNoSuchLeg, nil
	}
	switch c.Kind {
	case engine.CommandBridge:
		return s.bridgeFor(l, s.located(c.Other), c.Name)
	case engine.CommandWait:
		return s.waitFor(l, c.Name)
	case engine.CommandJoinRoom:
		return s.joinRoom(l, c.Name)
	case engine.CommandVoicemail:
		return s.voicemail(l, c.Name, c.Value)
	}
	return s.eavesdrop(l, s.located(c.Other), c.Name)
}

// command carries out what is done to a channel where it is.
func (s *Switch) command(c *engine.Command) uint16 {
	l := s.located(c.Leg)
	if l == nil {
		return causeNoSuchLeg
	}
	switch c.Kind {
	case engine.CommandHangup:
		s.hangup(l, causeOr(c.Cause, engine.CauseNormalClearing), s.bySwitch(l), false)
		return engine.CauseNone
	case engine.CommandSetVariable:
		return s.setVariable(l, c)
	case engine.CommandEavesdropMode:
		return s.eavesdropMode(l, c.Name)
	case engine.CommandHold, engine.CommandUnhold:
		return s.holdFor(l, c.Kind == engine.CommandHold)
	case engine.CommandMute, engine.CommandUnmute:
		return s.mute(l, c.Kind == engine.CommandMute)
	case engine.CommandSendDTMF:
		return s.sendDTMF(l, c.Value)
	case engine.CommandAnswer:
		return s.askToAnswer(l)
	case engine.CommandSay:
		return s.say(l, c.Name, c.Value)
	case engine.CommandRecordStart:
		return s.recordStart(l, c.Value)
	case engine.CommandRecordStop, engine.CommandRecordPause, engine.CommandRecordResume:
		return s.recordChange(l, c)
	}
	return causeNotAllowed
}

// located is the channel of an id as the session table gives it out: not one that has begun to end.
func (s *Switch) located(id engine.LegID) *leg {
	if l := s.byID[id]; l != nil && !l.ending && !l.gone {
		return l
	}
	return nil
}

func (s *Switch) setVariable(l *leg, c *engine.Command) uint16 {
	if !strings.HasPrefix(c.Name, "cti_") || strings.ContainsFunc(c.Value, func(r rune) bool { return r < ' ' || r == '$' }) {
		return causeNotAllowed
	}
	if c.Name == "cti_call_id" {
		l.text.CTICallID = c.Value
	}
	return engine.CauseNone
}

// snapshot tells one live channel after the other, while calls go on; a channel that has begun to end is not found.
// One that was told whole is answered by its end alone.
func (s *Switch) snapshot(r *strand) {
	if r.over {
		return
	}
	table := s.worker.table
	for len(table) > 0 && (table[0].ending || table[0].gone) {
		table = table[1:]
	}
	command := r.commands[0].ID
	if len(table) == 0 {
		s.worker.table = nil
		s.record(engine.SnapshotEnd).Command = command
		s.finish(r)
		return
	}
	s.found(table[0], command)
	s.worker.table = table[1:]
	s.later(s.between(1, 3), func() { s.snapshot(r) })
}

// done answers the strand's first command and turns to the next. cause 0 means accepted.
func (s *Switch) done(r *strand, cause uint16) {
	if !r.over {
		s.answer(r.commands[0].ID, cause)
	}
	s.finish(r)
}

func (s *Switch) answer(command uint64, cause uint16) {
	in := s.record(engine.CommandDone)
	in.Command, in.Cause = command, cause
}

func (s *Switch) finish(r *strand) {
	r.commands = slices.Delete(r.commands, 0, 1)
	s.turn(r)
}
