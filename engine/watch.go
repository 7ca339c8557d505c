package engine

import "modcti/events"

// This file holds those who listen to a call: whom they hear, and what they and the agent are told of it (3.10).

// watchersOf tells those who listen that one of the two they listen to has gone (3.10).
func (e *Engine) watchersOf(c *call, gone *party) {
	over, first := c.talkers() == 0, c.firstGone(gone) // the release of the last one says it all
	for p := c.first; p != nil; p = p.next {
		if !p.observer || p.state != Talk || p.endedBefore(first) || p == gone || p.hangup != 0 {
			continue
		}
		if !over {
			m := &events.PartyDeleted{CallPart: callPart(p)}
			m.OtherDN, m.OtherDNRole = first.thisDN, events.DeletedParty
			m.ThirdDN, m.ThirdDNRole, m.CallState, m.SelfLeft = first.thisDN, events.DeletedBy, events.StateOK, true
			e.tellParty(p, m, false)
		}
		switch {
		case p.observes.get() != gone:
		case p.ending && p.side == systemSide: // it is told to have ended a moment before whom it listened to
			p.blame = dueTo(gone)
			e.assignBlame(p)
		case !p.ending && p.op == nil:
			e.follow(p, c, gone)
		}
	}
}

// endedBefore tells whether somebody's end came first: where it did not, it may be told first all the same (3.14).
func (p *party) endedBefore(q *party) bool { return p.ending && p.times.ended < q.times.ended }

// firstGone is who of the last two has hung up, though the other's end may be told whole before his (3.14).
func (c *call) firstGone(gone *party) *party {
	for p := c.first; p != nil; p = p.next {
		if !p.observer && (p.state == Talk || p.state == Held) && c.talkers() == 1 && p.endedBefore(gone) {
			return p
		}
	}
	return gone
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
		e.extrasOf(p).observes, c.unwatched = ref{}, true
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
	r := e.extrasOf(p)
	r.observes, p.otherDN, r.thirdDN = refTo(agent), agent.thisDN, agent.otherDN
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
