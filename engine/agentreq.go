package engine

import (
	"cmp"
	"unsafe"

	"modcti/events"
)

// ofAgent answers the requests on agents (protocol.md 5).
func (e *Engine) ofAgent(r *Request) {
	a := e.agentMeant(r)
	if a == nil {
		e.refuseAgent(r, nil, events.NotFoundAgentID, "no agent is all that agentUUID, agentID and thisDN say")
		return
	}
	switch r.Kind {
	case RequestQueryAgent:
		e.reply(r, e.agentInfo(a))
	case RequestAgentLogin:
		e.login(r, a)
	case RequestAgentLogout:
		e.changeAgent(r, a, AgentLoggedOut, r.ReasonCode)
	case RequestAgentReady:
		e.changeAgent(r, a, AgentReady, events.ReasonNone)
	case RequestAgentNotReady:
		e.notReady(r, a)
	case RequestDelayAfterCallWork:
		e.delayWrapUp(r, a)
	case RequestForceAgentState:
		e.force(r, a)
	}
}

// agentMeant finds an agent by his uuid, his number and the DN that he is at (R45). Where a request names him more than
// once, all have to mean the same; a login alone names the DN that he is to be at. A supervisor who forces a state may have
// rights for some DNs only, and names one of them: of an agent who is not logged in it is the one that he would be at.
func (e *Engine) agentMeant(r *Request) *agent {
	var a *agent
	switch {
	case !e.staffed(r.CompanyID):
	case r.AgentUUID != "":
		a = e.agents[r.AgentUUID]
	case r.AgentID != "":
		a = e.agentsByID[r.AgentID]
	default:
		a = e.agentsByDN[r.ThisDN]
	}
	if a != nil {
		e.approach(a)
	}
	switch {
	case a == nil, a.retired, r.AgentID != "" && r.AgentID != a.config.ID:
		return nil
	case r.ThisDN == "", r.Kind == RequestAgentLogin, r.Kind == RequestQueryAgent:
		return a
	case r.Kind == RequestForceAgentState && a.state == AgentLoggedOut && a.config.DN != r.ThisDN:
		return nil
	case a.state != AgentLoggedOut && a.dn != r.ThisDN:
		return nil
	}
	return a
}

// approach asks the memory at once for what is read of an agent whose state is about to change, whom else one would be
// waited for after the other.
func (e *Engine) approach(a *agent) {
	fetchLines(unsafe.Pointer(&e.turns[a.index]), unsafe.Pointer(a), unsafe.Pointer(a.config), unsafe.Pointer(unsafe.SliceData(a.tiers)))
}

// login: an agent comes to work at a DN. Another DN than the one he is at is a logout and a login (R61).
func (e *Engine) login(r *Request, a *agent) {
	dn := r.ThisDN
	if dn == "" {
		dn = a.config.DN
	}
	queues, ok := e.queuesOf(r, a)
	other := e.agentsByDN[dn]
	switch {
	case !ok:
		return
	case dn == "":
		e.refuseAgent(r, a, events.InvalidParams, "thisDN: the agent has no phone of his own; name one")
		return
	case e.draining:
		e.refuseAgent(r, a, events.InvalidAgentTransition, "the system is being emptied")
		return
	case a.state != AgentLoggedOut && a.dn == dn && queues == nil:
		e.refuseAgent(r, a, events.AgentAlreadyLoggedIn, "the agent is logged in at this DN already")
		return
	case a.busy():
		e.refuseAgent(r, a, events.AgentInCall, "the agent is on a call: log in anew when it is over")
		return
	case other != nil && other != a && (a.config.DuplicatePolicy == DuplicateRefused || other.busy()):
		e.refuseAgent(r, a, events.DNHasAgent, "another agent is logged in at this DN: log him out first")
		return
	case other != nil && other != a:
		e.agentDoes(other, logsOut, events.ReasonReplaced)
	}
	if a.state != AgentLoggedOut {
		e.agentDoes(a, logsOut, events.ReasonReplaced)
	}
	e.logIn(r, a, dn, queues)
}

func (e *Engine) logIn(r *Request, a *agent, dn string, queues map[string]bool) {
	a.dn, a.phoneType = dn, cmp.Or(r.PhoneType, events.PhoneSIP)
	e.agentsByDN[dn] = a
	for i := range a.tiers {
		t := &a.tiers[i]
		t.working = queues == nil || queues[t.queue.config.ID]
	}
	a.nameQueues()
	e.takeCalls(a)
	a.freeSince, a.missed, a.dead, a.closed = e.in.MonoNanos, 0, 0, false
	e.answering = askerOf(r)
	if r.AgentState == events.AgentStateNotReady {
		e.agentDoes(a, logsInNotReady, r.ReasonCode)
	} else {
		e.agentDoes(a, logsInReady, events.ReasonNone)
	}
	e.answering = asker{}
	e.findPhone(a, 0)
}

// queuesOf reads the queues that an agent logs in for; nil are all of his.
func (e *Engine) queuesOf(r *Request, a *agent) (map[string]bool, bool) {
	if len(r.ThisQueues) == 0 {
		return nil, true
	}
	queues := make(map[string]bool, len(r.ThisQueues))
	for _, id := range r.ThisQueues {
		q := e.queues[id]
		if q == nil || q.retired {
			e.refuseAgent(r, a, events.NotFoundQueue, "thisQueues: there is no queue "+id)
			return nil, false
		}
		if a.tierIn(q) == nil {
			e.refuseAgent(r, a, events.AgentNotInQueue, "thisQueues: the agent does not work for queue "+id)
			return nil, false
		}
		queues[id] = true
	}
	return queues, true
}

// takeCalls notes the calls that are at an agent's phone as he comes to it. They are his in the next run too.
func (e *Engine) takeCalls(a *agent) {
	for _, p := range e.partiesAt(a.dn) {
		if p.agent != nil {
			continue
		}
		if e.attach(p); p.agent == a && !p.call.forming {
			e.recordParty(PartyUpdated, p)
		}
	}
}

// changeAgent changes an agent's intent now, or after his call (3.15).
func (e *Engine) changeAgent(r *Request, a *agent, to AgentState, reason int64) {
	switch {
	case a.state == AgentLoggedOut:
		e.refuseAgent(r, a, events.AgentNotLoggedIn, "the agent is not logged in")
		return
	case e.draining && to == AgentReady:
		e.refuseAgent(r, a, events.InvalidAgentTransition, "the system is being emptied")
		return
	}
	e.answering = askerOf(r)
	defer func() { e.answering = asker{} }()
	if a.busy() && a.state != AfterCallWork {
		e.reserve(a, to, reason)
		return
	}
	switch to {
	case AgentReady:
		if a.state == AfterCallWork && reason == events.ReasonNone {
			reason = events.ReasonAfterCallWork
		}
		a.missed, a.dead, a.closed = 0, 0, false
		e.agentDoes(a, getsReady, reason)
	case AgentNotReady:
		e.agentDoes(a, getsNotReady, reason)
	case AgentLoggedOut:
		e.agentDoes(a, logsOut, reason)
	case AfterCallWork: // notReady begins it
	}
}

// reserve notes where an agent lands after his call: nothing changes before (3.15). He is offered no further call.
func (e *Engine) reserve(a *agent, to AgentState, reason int64) {
	a.next = reserved{set: to != a.state || to != AgentReady && reason != a.reason, state: to, reason: reason}
	e.tellReserved(a, to, reason)
	e.recordAgent(a)
	e.agentMoved(a)
}

// notReady pauses an agent; reason 4 asks for after-call work without a call (3.15).
func (e *Engine) notReady(r *Request, a *agent) {
	if r.ReasonCode != events.ReasonAfterCallWork {
		e.changeAgent(r, a, AgentNotReady, r.ReasonCode)
		return
	}
	switch {
	case a.state == AgentLoggedOut:
		e.refuseAgent(r, a, events.AgentNotLoggedIn, "the agent is not logged in")
	case a.busy():
		e.refuseAgent(r, a, events.InvalidAgentTransition, "after-call work follows the call by itself")
	default:
		e.answering = askerOf(r)
		millis, untimed := a.manualWrapUp()
		e.startWrapUp(a, millis, untimed, nil)
		e.answering = asker{}
	}
}

// manualWrapUp is how long after-call work lasts that an agent asks for while he is idle.
func (a *agent) manualWrapUp() (millis int64, untimed bool) {
	switch c := a.config; {
	case c.ManualMillis != 0:
		return max(c.ManualMillis, 0), c.ManualMillis < 0
	case c.WrapUpUntimed:
		return 0, true
	case c.WrapUpMillis > 0:
		return c.WrapUpMillis, false
	}
	for i := range a.tiers {
		t := &a.tiers[i]
		if t.working && t.queue.config.WrapUpMillis > 0 {
			millis = max(millis, t.queue.config.WrapUpMillis)
		}
	}
	return millis, millis == 0
}

// delayWrapUp moves the end of after-call work on; the timer of the old one means nothing any more (3.15).
func (e *Engine) delayWrapUp(r *Request, a *agent) {
	switch {
	case a.state != AfterCallWork:
		e.refuseAgent(r, a, events.InvalidAgentTransition, "the agent is not in after-call work")
		return
	case r.DelaySeconds < 1 || r.DelaySeconds > delaySecondsMax:
		e.refuseAgent(r, a, events.InvalidParams, "delaySeconds: 1 to 3600")
		return
	case a.wrap.until == 0:
		e.refuseAgent(r, a, events.InvalidAgentTransition, "the after-call work ends only when the agent says so")
		return
	}
	a.wrap.until = max(a.wrap.until, e.in.MonoNanos) + r.DelaySeconds*1_000_000_000
	e.armAgent(a)
	e.answering = askerOf(r)
	e.tellDelay(a)
	e.answering = asker{}
	e.recordAgent(a)
}

// force: a supervisor decides; the reason says so (R42).
func (e *Engine) force(r *Request, a *agent) {
	to, known := map[int64]AgentState{
		events.AgentStateLoggedOut: AgentLoggedOut, events.AgentStateReady: AgentReady, events.AgentStateNotReady: AgentNotReady,
	}[r.AgentState]
	if !known {
		e.refuseAgent(r, a, events.InvalidParams, "agentState: 0 logged out, 1 ready or 2 not ready")
		return
	}
	if a.state == AgentLoggedOut && to != AgentLoggedOut {
		login := *r
		login.ThisDN, login.ReasonCode, login.PhoneType = a.config.DN, events.ReasonForced, a.phoneType
		e.login(&login, a)
		return
	}
	e.changeAgent(r, a, to, events.ReasonForced)
}
