package engine

import "modcti/events"

// roomPrefix begins the name of every room that the engine opens; a call has at most one.
const roomPrefix = "cti-"

// meetInRoom puts everybody of the call who is not there yet into one room.
func (e *Engine) meetInRoom(o *operation) {
	c := o.call
	if c.room == "" {
		c.room = roomPrefix + c.id
	}
	o.room = c.room
	var first, last uint64
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || p.ending || p.observer && p.op != o || !p.answered() {
			continue
		}
		if p.room == nil || p.room.name != o.room {
			last = e.joinRoom(p, o.room)
			if first == 0 {
				first = last
			}
		}
	}
	e.await(o, last)
	o.earliest = first
	e.met(o)
}

// meetOrDrop: somebody has gone while all were put into a room. With nobody else there target is not to be alone.
func (e *Engine) meetOrDrop(o *operation) {
	for p := o.call.first; p != nil; p = p.next {
		if p != o.target.get() && p.state != Released && !p.ending && !p.observer {
			e.met(o)
			return
		}
	}
	e.refuseAndDrop(o)
	o.stage = ending
}

// tellConferenced: all are in the room now (3.8, 3.11).
func (e *Engine) tellConferenced(o *operation) {
	c, by, target := o.call, o.by.get(), o.target.get()
	c.meeting = true
	if target == nil || target.state == Released {
		return
	}
	switch o.kind {
	case consult:
		e.tellConsultConferenced(o, by, target)
		return
	case bargeIn:
		c.barged = true
		target.observer, target.role, target.supervisor = false, agentRole, true
	case makeCall, transfer, redirect, conference, monitor, intercept:
		target.broughtIn = true
	}
	if c.members() == 2 { // one has gone meanwhile
		c.pairUp()
	}
	e.ensureRung(target)
	if target.state != Talk {
		e.apply(target, joins)
	}
	third := events.ThirdPart{ThirdDN: o.byDN, ThirdDNRole: events.AddedBy, CallState: events.StateConference}
	if o.kind == bargeIn {
		third.ThirdDN, third.ThirdDNRole = target.thisDN, events.BargeinBy
	}
	e.tellAdded(target, third, 0)
}

func (e *Engine) tellConsultConferenced(o *operation, by, target *party) {
	c := o.call
	c.consulted, c.consulting = refTo(target), o.by
	third := events.ThirdPart{ThirdDN: o.byDN, ThirdDNRole: events.AddedBy, CallState: events.StateConference}
	if by != nil && by.state != Released {
		m := &events.Retrieved{CallPart: callPart(by), CallState: events.StateConference}
		m.OtherDN = o.dnOfWith()
		e.tellParty(by, m, true)
		by.otherDN = o.dnOfWith()
	}
	e.tellAdded(target, third, events.StageConference)
	target.otherDN = o.dnOfWith()
	m := &events.PartyChanged{CallPart: callPart(target), ThirdPart: third}
	m.ConsultStage = events.StageConference
	e.tellParty(target, m, false)
}

// tellAdded tells everybody else in the call of a new member; who asked for it first.
func (e *Engine) tellAdded(added *party, third events.ThirdPart, stage int64) {
	for _, asked := range []bool{true, false} {
		for p := added.call.first; p != nil; p = p.next {
			if p == added || p.state == Released || p.observer || asked != (p.thisDN == third.ThirdDN) {
				continue
			}
			m := &events.PartyAdded{CallPart: callPart(p), ThirdPart: third}
			m.OtherDN, m.OtherDNRole, m.Supervisor = added.thisDN, events.NewParty, added.supervisor
			m.ConsultStage = stage
			e.tellParty(p, m, outsider(p))
		}
	}
}

// tellLeft tells everybody else in a conference that a member has gone (3.9, R35, R36).
func (e *Engine) tellLeft(c *call, gone *party) {
	left := 0
	for p := c.first; p != nil; p = p.next {
		if p != gone && p.state != Released && p.member {
			left++
		}
	}
	if left < 2 && gone.deletedBy == "" {
		return // with one left the talk is over, and its release says so; but who has taken the last one out is answered
	}
	third := events.ThirdPart{ThirdDN: gone.deletedBy, ThirdDNRole: events.DeletedBy, CallState: events.StateConference}
	if gone.deletedBy == "" {
		third.ThirdDN = gone.thisDN
	}
	if left <= 2 {
		third.CallState = events.StateOK
	}
	var stage int64
	switch gone {
	case c.consulting.get():
		stage = events.StageLeft
	case c.consulted.get():
		stage = events.StageRemoved
	}
	for p := c.first; p != nil; p = p.next {
		if p == gone || p.state == Released || !p.member {
			continue
		}
		m := &events.PartyDeleted{CallPart: callPart(p), ThirdPart: third}
		m.OtherDN, m.OtherDNRole, m.SelfLeft = gone.thisDN, events.DeletedParty, gone.deletedBy == ""
		m.Supervisor, m.ConsultStage = gone.supervisor, stage
		e.tellParty(p, m, outsider(p) && !p.awaits(m))
	}
	if left == 2 {
		c.pairUp()
	}
}

// pairUp: the two who are left talk to each other.
func (c *call) pairUp() {
	var first *party
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || !p.member {
			continue
		}
		if first == nil {
			first = p
			continue
		}
		first.otherDN, p.otherDN = p.thisDN, first.thisDN
	}
}

// dismiss hangs up who is left alone in a call that the engine itself took apart: the switch would let it wait for ever.
func (e *Engine) dismiss(c *call, gone *party) {
	var last *party
	talkers := 0
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || p.ending {
			continue
		}
		if p.op != nil || p.waiter != nil || p.offer != nil {
			return
		}
		if !p.observer {
			talkers++
			last = p
		}
	}
	if talkers > 1 {
		return
	}
	if last != nil {
		if last.displaced && (last.room == nil || last.room.name == c.room) {
			e.hangUpFor(last, CauseNormalClearing, dueTo(gone))
		}
		return
	}
	for p := c.first; p != nil; p = p.next {
		if p.state != Released && !p.ending && p.displaced {
			e.hangUpFor(p, CauseNormalClearing, dueTo(gone))
		}
	}
}

// watchersOf tells those who listen that one of the two they listen to has gone (3.10).
func (e *Engine) watchersOf(c *call, gone *party) {
	over := c.talkers() == 0 // the release of the last one says it all
	for p := c.first; p != nil; p = p.next {
		if !p.observer || p.state != Talk || p.ending || p == gone || p.hangup != 0 {
			continue
		}
		if !over {
			m := &events.PartyDeleted{CallPart: callPart(p)}
			m.OtherDN, m.OtherDNRole = gone.thisDN, events.DeletedParty
			m.ThirdDN, m.ThirdDNRole, m.CallState, m.SelfLeft = gone.thisDN, events.DeletedBy, events.StateOK, true
			e.tellParty(p, m, false)
		}
		if p.observes.get() == gone && p.op == nil {
			e.follow(p, c, gone)
		}
	}
}

// talkers counts who talks in a call and is no observer.
func (c *call) talkers() (n int) {
	for p := c.first; p != nil; p = p.next {
		if !p.observer && (p.state == Talk || p.state == Held) {
			n++
		}
	}
	return n
}

// follow keeps a supervisor who watches a call with it when his agent has left it; else his watch is over (3.10).
func (e *Engine) follow(p *party, c *call, gone *party) {
	if !e.stays(p, c, gone) {
		e.hangUpFor(p, CauseNormalClearing, dueTo(gone))
	}
}

// stays lets a supervisor who watches a call listen to whoever has it without the one who leaves it. While it is on its way
// to somebody he waits.
func (e *Engine) stays(p *party, c *call, gone *party) bool {
	if !p.watchesCall {
		return false
	}
	if c.live > 2 {
		for q := c.first; q != nil; q = q.next {
			if q != gone && !q.observer && q.inside && q.state == Talk && !q.ending {
				e.watch(p, q)
				return true
			}
		}
	}
	if c.movesOn(gone) {
		p.observes, c.unwatched = ref{}, true
		e.wait(p, WaitSilence)
		return true
	}
	return false
}

func (e *Engine) watch(p, agent *party) {
	e.listenTo(p, agent)
	e.tellWatched(p, agent)
}

// listenTo lets a supervisor who listens already hear another agent, and tells him whom.
func (e *Engine) listenTo(p, agent *party) {
	p.observes, p.otherDN, p.thirdDN = refTo(agent), agent.thisDN, agent.otherDN
	e.orderWith(p, agent, Command{Kind: CommandEavesdrop, Name: HeardByNobody})
	m := &events.PartyChanged{CallPart: callPart(p)}
	m.ThirdDN, m.CallState = p.thirdDN, events.StateOK
	e.tellParty(p, m, true)
}

// movesOn tells whether a call that a party leaves is on its way to somebody else.
func (c *call) movesOn(gone *party) bool {
	for q := c.first; q != nil; q = q.next {
		if q == gone || q.observer || q.ending || q.state == Released {
			continue
		}
		if o := q.op; q.waiter != nil || o != nil && (o.kind == transfer || o.kind == consult && o.stage == leaving) {
			return true
		}
	}
	return false
}

// leavesWatchers moves those who listen to the agent of an operation, whom the engine is about to hang up: the switch ends a
// leg with whom it listens to.
func (e *Engine) leavesWatchers(o *operation) {
	gone := o.by.get()
	for p := gone.call.first; p != nil; p = p.next {
		if p.observer && p.state == Talk && !p.ending && p.op == nil && p.observes.get() == gone && e.stays(p, gone.call, gone) {
			o.watchers = append(o.watchers, refTo(p))
		}
	}
}

// watchersReturn lets them listen to him again: he is still there. He has never been told that they left.
func (e *Engine) watchersReturn(o *operation) {
	by := o.by.get()
	for _, r := range o.watchers {
		p := r.get()
		if p == nil || p.call != by.call || p.state != Talk || p.ending || p.hangup != 0 || p.op != nil {
			continue
		}
		if p.observes.get() != by {
			e.watchEnded(p)
		}
		e.listenTo(p, by)
	}
	o.watchers = nil
}

// watchAgain lets those who waited for a call to reach somebody listen to him, if he is an agent.
func (e *Engine) watchAgain(c *call) {
	c.unwatched = false
	for p := c.first; p != nil; p = p.next {
		if p.watchesCall && p.state == Talk && !p.ending && p.hangup == 0 && p.op == nil && p.observes.get() == nil {
			if !e.stays(p, c, nil) {
				e.hangUp(p, CauseNormalClearing, noWord)
			}
		}
	}
}

// tellWatched tells an agent that a supervisor listens to him, where he is to know (3.10, R39).
func (e *Engine) tellWatched(p, agent *party) {
	if !e.config.NotifyObserved {
		return
	}
	m := &events.PartyAdded{CallPart: callPart(agent)}
	m.OtherDN, m.OtherDNRole, m.ThirdDN, m.ThirdDNRole = p.thisDN, events.ObserveBy, p.thisDN, events.ObserveBy
	e.tellParty(agent, m, true)
}

// watchEnded tells an agent who knows of it that the supervisor listens no more (3.10, R39).
func (e *Engine) watchEnded(p *party) {
	agent := p.observes.get()
	if !e.config.NotifyObserved || agent == nil || agent.call != p.call || agent.state == Released {
		return
	}
	m := &events.PartyDeleted{CallPart: callPart(agent), SelfLeft: true}
	m.OtherDN, m.OtherDNRole, m.ThirdDN, m.ThirdDNRole = p.thisDN, events.DeletedParty, p.thisDN, events.DeletedBy
	m.CallState = events.StateOK
	e.tellParty(agent, m, true)
}
