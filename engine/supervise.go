package engine

import "modcti/events"

// supervise answers RequestMonitorCall, RequestBargeIn and RequestInterceptCall (3.10, 3.11).
func (e *Engine) supervise(r *Request) {
	agentDN := r.ThirdDN
	if r.Kind == RequestMonitorCall {
		agentDN = r.OtherDN
	}
	own := e.busy(r.CompanyID, r.ThisDN)
	agent := e.agentOf(r, agentDN)
	if agent == nil || !e.supervisorFree(r, own, agent) || !e.agentOpen(r, own, agent) {
		return
	}
	with := agent.talkingTo()
	if with == nil && agent.state == Ringing {
		with = agent.callerOf()
	}
	if with == nil || with.ending {
		e.refuse(r, events.NotFoundOtherParty, "the agent's other party has gone")
		return
	}
	if _, ok := e.dataChanged(r, agent.call); !ok {
		return
	}
	if own != nil {
		e.bargeFromMonitor(r, own, agent, with)
		return
	}
	to, found := e.destinationOf(r.CompanyID, r.ThisDN)
	if !found {
		e.refuse(r, events.InvalidParams, "thisDN: the dial plan has no rule for this number")
		return
	}
	if e.full() {
		e.refuse(r, events.SupervisorUnknown, "as many channels are up as are served")
		return
	}
	if r.Kind == RequestBargeIn && len(e.rooms) >= e.roomsMax() {
		e.refuse(r, events.NotEnoughMeetmeRoom, "no conference room is left; try again later")
		return
	}
	o := &operation{
		call: agent.call, by: refTo(agent), with: refTo(with), asker: askerOf(r), dn: r.ThisDN, to: to, byDN: agent.thisDN,
		stage: calling, kind: monitor,
	}
	switch r.Kind {
	case RequestBargeIn:
		o.kind = bargeIn
	case RequestInterceptCall:
		o.kind = intercept
	}
	o.enlist(agent, with)
	e.callTarget(o)
	if p := o.target.get(); p != nil {
		e.extrasOf(p).watchesCall = r.Scope != "agent"
		if o.kind == monitor {
			e.extrasOf(p).thirdDN = with.thisDN
		}
		e.ask(p, r, "EventRinging", 0)
	}
}

// callerOf is who waits for a phone that rings.
func (p *party) callerOf() *party {
	if q := p.origin.get(); q != nil {
		return q
	}
	if q := p.call.begun.get(); q != p {
		return q
	}
	return nil
}

// agentOf finds the agent whom a supervisor's act is about, or refuses it.
func (e *Engine) agentOf(r *Request, dn string) *party {
	switch {
	case dn == r.ThisDN:
		e.refuse(r, events.TargetPartyIsSelf, "the agent is thisDN: name another")
		return nil
	case !e.config.Inside(dn) && e.agentFor(r.CompanyID, dn) == nil:
		e.refuse(r, events.NotFoundAgent, "no agent has this number")
		return nil
	case r.CallID != "":
		c := e.callMeant(r)
		if c == nil {
			e.refuse(r, events.NotFoundCallID, "the call has ended or never was")
			return nil
		}
		for p := c.last; p != nil; p = p.prev {
			if e.belongsTo(p, r.CompanyID, dn) && p.state != Released && !p.ending {
				return p
			}
		}
		e.refuse(r, events.NotFoundParty, "the agent is not, or not any more, in this call")
		return nil
	}
	p := e.busy(r.CompanyID, dn)
	if p == nil {
		e.refuse(r, events.InvalidAgentState, "the agent is on no call")
	}
	return p
}

// supervisorFree: a supervisor does one thing at a time; only from watching a call may he barge into it.
func (e *Engine) supervisorFree(r *Request, own, agent *party) bool {
	switch {
	case own == nil:
		return true
	case !own.observer:
		e.refuse(r, events.SupervisorInCall, "thisDN is in a call")
	case r.Kind == RequestBargeIn && own.call == agent.call && own.state == Talk && own.op == nil:
		return true
	default:
		e.refuse(r, events.SupervisorMonitoring, "thisDN monitors a call already")
	}
	return false
}

// agentOpen: what the agent is in leaves room for the act.
func (e *Engine) agentOpen(r *Request, own, agent *party) bool {
	c := agent.call
	code, detail := events.Code(0), ""
	observer := c.observer()
	switch o := agent.op; {
	case agent.observer:
		code, detail = events.PartyIsObserver, "the agent observes a call himself"
	case o != nil && o.kind == bargeIn, c.barged:
		code, detail = events.AgentIsInBargedInScene, "a supervisor has barged into the agent's call"
	case o != nil && o.kind == intercept:
		code, detail = events.AgentIsInInterceptScene, "the agent's call is being intercepted"
	case o != nil && o.kind == consult:
		code, detail = events.AgentIsInConsultScene, "the agent consults; wait until that is over"
	case c.meeting:
		code, detail = events.AgentIsInConferenceScene, "the agent is in a conference"
	case observer != nil && observer != own && r.Kind != RequestMonitorCall:
		code, detail = events.AgentIsInMonitorScene, "another supervisor monitors the agent's call"
	case observer != nil && observer != own && observer.observes.get() == agent:
		code, detail = events.AgentMonitoredBy, "the agent is monitored already"
	case observer != nil && observer != own:
		code, detail = events.CallHasObserver, "the call has an observer already"
	case o != nil && o.kind == monitor:
		code, detail = events.AgentMonitoredBy, "a supervisor's phone is being called to monitor the agent"
	case o != nil:
		code, detail = events.InvalidAgentState, "another act on the agent's call is under way"
	case agent.state != Talk && (agent.state != Ringing || r.Kind != RequestInterceptCall):
		code, detail = events.InvalidAgentState, "the agent does not talk"
	default:
		return true
	}
	e.refuse(r, code, detail)
	return false
}

// observer is who listens to a call, or is about to.
func (c *call) observer() *party {
	for p := c.first; p != nil; p = p.next {
		if p.observer && p.state != Released && !p.ending {
			return p
		}
	}
	return nil
}

// bargeFromMonitor puts a supervisor who listens already into the talk: no new ringing (3.11).
func (e *Engine) bargeFromMonitor(r *Request, own, agent, with *party) {
	if len(e.rooms) >= e.roomsMax() {
		e.refuse(r, events.NotEnoughMeetmeRoom, "no conference room is left; try again later")
		return
	}
	o := &operation{
		call: agent.call, by: refTo(agent), with: refTo(with), target: refTo(own), asker: askerOf(r),
		dn: r.ThisDN, byDN: agent.thisDN, kind: bargeIn, stage: meeting,
	}
	o.enlist(agent, with, own)
	e.ask(agent, r, "EventPartyAdded", 0)
	e.meetInRoom(o)
}
