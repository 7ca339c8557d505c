package engine

import "modcti/events"

// This file ties agents to their parties: what a call does to the agent whose phone it is on.

// agentAt is the agent who is logged in at a DN.
func (e *Engine) agentAt(dn string) *agent { return e.agentsByDN[dn] }

// agentFor is the same for a company, which may have no agents.
func (e *Engine) agentFor(company, dn string) *agent {
	if !e.staffed(company) {
		return nil
	}
	return e.agentsByDN[dn]
}

// attach notes a party that has come to be for the agent at its DN. He is offered no call while his phone has one,
// whether anybody has been told of it or not.
func (e *Engine) attach(p *party) {
	if len(e.agentsByDN) == 0 || !p.inside || p.state == Released || p.call == nil || !e.staffed(p.call.company) {
		return
	}
	if a := e.agentsByDN[p.thisDN]; a != nil {
		e.attachTo(a, p)
	}
}

func (e *Engine) attachTo(a *agent, p *party) {
	if p.agent == a {
		return
	}
	if p.agent != nil {
		e.detach(p)
	}
	p.agent = a
	a.parties = append(a.parties, p)
	e.agentMoved(a)
	if p.direction == DirectionInbound {
		e.deviceBack(p.thisDN) // his phone speaks
	}
}

// detach takes a party off its agent: it has ended.
func (e *Engine) detach(p *party) {
	a := p.agent
	p.agent = nil
	for i, have := range a.parties {
		if have == p {
			a.parties = append(a.parties[:i], a.parties[i+1:]...)
			break
		}
	}
	e.agentMoved(a)
}

// partyMoved follows a party's change of state for its agent. It runs after the event that tells of it.
func (e *Engine) partyMoved(p *party) {
	a := p.agent
	if a == nil {
		return
	}
	e.relight(a)
	switch p.state {
	case Talk:
		e.agentTalks(a, p)
	case Released:
		e.agentHangsUp(a, p)
	case Idle, Dialing, Ringing, Held:
	}
}

func (e *Engine) agentTalks(a *agent, p *party) {
	if p.talkCounted {
		return
	}
	p.talkCounted = true
	a.missed, a.dead = 0, 0
	if p.servedFor != nil {
		e.newDay()
		a.business++
		a.taken++
		e.agentMoved(a) // what he is chosen by has changed
	}
}

func (e *Engine) agentHangsUp(a *agent, p *party) {
	if p.talkCounted || p.offer != nil && p.offer.missed() {
		a.freeSince = e.in.MonoNanos
	}
	if p.servedFor != nil && p.talkCounted && p.times.ended > p.times.answered {
		e.newDay()
		a.talkNanos += p.times.ended - p.times.answered
	}
	e.detach(p)
}

// beforeRelease tells of what the end of a party does to its agent, before the release that frees his phone (3.0-4).
func (e *Engine) beforeRelease(p *party) {
	if p.offer != nil && !p.talked {
		e.missedOffer(p)
	}
	a := p.agent
	if a == nil {
		return
	}
	if p.offer == nil && !p.talked {
		e.missedDirect(a, p)
	}
	if p.talkCounted && p.servedFor != nil {
		a.business--
		leaves := a.state == AgentLoggedOut || a.retired || a.leaves()
		if millis, untimed := a.wrapUpFor(p.servedFor); a.business == 0 && !leaves && (millis > 0 || untimed) {
			e.startWrapUp(a, millis, untimed, p)
			return
		}
	}
	if len(a.parties) == 1 && (a.state != AfterCallWork || a.leaves()) {
		e.applyReserved(a)
	}
}

// wrapUpFor is the after-call work that a queue's call brings an agent.
func (a *agent) wrapUpFor(q *queue) (millis int64, untimed bool) {
	switch {
	case a.config.WrapUpUntimed:
		return 0, true
	case a.config.WrapUpMillis >= 0:
		return a.config.WrapUpMillis, false
	}
	return q.config.WrapUpMillis, q.config.WrapUpUntimed
}

// wrapUpSeconds is what the agent's events announce: only who talked has work to do (3.15, R19).
func (p *party) wrapUpSeconds() int64 {
	if p.servedFor == nil || !p.talked || p.agent == nil {
		return 0
	}
	millis, untimed := p.agent.wrapUpFor(p.servedFor)
	if untimed {
		return events.WrapUpUntimed
	}
	return millis / 1000
}

// dayMaxMicros is longer than any day: the one on which clocks are put back has 25 hours.
const dayMaxMicros = int64(26 * 3600 * 1_000_000)

// newDay begins the counters that routing reads anew, once a day, and when a clock that was far ahead is put right.
func (e *Engine) newDay() {
	if e.config.DayEnd == nil || e.in.WallMicros < e.dayEnds && e.in.WallMicros > e.dayEnds-dayMaxMicros {
		return
	}
	end := e.config.DayEnd(e.in.WallMicros)
	if end == e.dayEnds {
		return
	}
	e.dayEnds = end
	for _, a := range e.agentsInOrder() {
		if a.taken != 0 || a.talkNanos != 0 {
			a.taken, a.talkNanos = 0, 0
			e.agentMoved(a)
		}
	}
}

// agentDN is the other DN whose subscribers hear of a party: its agent's, when his phone is called elsewhere (R56).
func (p *party) agentDN() string {
	if p.agent == nil || p.agent.dn == p.thisDN {
		return ""
	}
	return p.agent.dn
}
