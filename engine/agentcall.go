package engine

// This file ties agents to their parties: what a call does to the agent whose phone it is on.

// agentAt is the agent who is logged in at a DN.
func (e *Engine) agentAt(dn string) *agent { return e.agentsByDN[dn] }

// partyMoved counts a party's coming and going for the agent at its DN. It runs after the event that tells of it.
func (e *Engine) partyMoved(p *party, from State) {
	if len(e.agentsByDN) == 0 && p.agent == nil && p.offer == nil || !p.inside {
		return
	}
	if p.agent == nil {
		if from != Idle || p.state == Released {
			return
		}
		a := e.agentAt(p.thisDN)
		if p.offer != nil {
			a = p.offer.agent // his phone may be a number outside
		}
		if a == nil {
			return
		}
		p.agent = a
		a.calls++
		e.agentMoved(a)
		return
	}
	a := p.agent
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
	a.missed = 0
	if p.queue != nil {
		a.business++
		a.taken++
	}
}

func (e *Engine) agentHangsUp(a *agent, p *party) {
	a.calls--
	p.agent = nil
	a.freeSince = e.in.MonoNanos
	if p.talkCounted && p.times.ended > p.times.answered {
		a.talkNanos += p.times.ended - p.times.answered
	}
	if a.calls == 0 && a.config.IdleLogout > 0 {
		e.agentTimer(a, idleTimer, e.in.MonoNanos+a.config.IdleLogout*1_000_000)
	}
	e.agentMoved(a)
}

// beforeRelease tells of what the end of a party does to its agent, before the release that frees his phone (3.0-4).
func (e *Engine) beforeRelease(p *party) {
	if o := p.offer; o != nil && !p.talked {
		e.missedOffer(o.agent, p, o)
	}
	a := p.agent
	if a == nil {
		return
	}
	if p.talkCounted && p.queue != nil {
		a.business--
		if a.business == 0 && a.state != AgentLoggedOut {
			if millis, untimed := a.wrapUpFor(p.queue); millis > 0 || untimed {
				e.startWrapUp(a, millis, untimed, p)
				return
			}
		}
	}
	if a.calls == 1 && a.state != AfterCallWork {
		e.applyReserved(a)
	}
}

// wrapUpFor is the after-call work that a queue's call brings an agent.
func (a *agent) wrapUpFor(q *queue) (millis int64, untimed bool) {
	if a.config.WrapUpMillis >= 0 {
		return a.config.WrapUpMillis, false
	}
	return q.config.WrapUpMillis, q.config.WrapUpUntimed
}

// wrapUpSeconds is what the agent's events announce (3.15, R19).
func (p *party) wrapUpSeconds() int64 {
	if p.queue == nil || p.agent == nil {
		return 0
	}
	millis, _ := p.agent.wrapUpFor(p.queue)
	return millis / 1000
}
