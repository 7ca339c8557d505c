package engine

import "modcti/events"

// ofAgent answers the requests on agents (protocol.md 5).
func (e *Engine) ofAgent(r *Request) {
	a := e.agentMeant(r)
	if a == nil {
		e.refuseAgent(r, nil, events.NotFoundAgentID, "no agent has this agentUUID, agentID or thisDN")
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

// agentMeant finds an agent by his uuid, his number or the DN that he is at (R45).
func (e *Engine) agentMeant(r *Request) *agent {
	var a *agent
	switch {
	case r.AgentUUID != "":
		a = e.agents[r.AgentUUID]
	case r.AgentID != "":
		a = e.agentsByID[r.AgentID]
	default:
		a = e.agentsByDN[r.ThisDN]
	}
	if a != nil && a.retired {
		return nil
	}
	return a
}

// login: an agent comes to work at a DN. Another DN than the one he is at is a logout and a login (R61).
func (e *Engine) login(r *Request, a *agent) {
	dn := r.ThisDN
	if dn == "" {
		dn = a.config.DN
	}
	queues, ok := e.queuesOf(r, a)
	if !ok {
		return
	}
	if other := e.agentsByDN[dn]; other != nil && other != a {
		if a.config.DuplicatePolicy == DuplicateRefused || other.calls > 0 {
			e.refuseAgent(r, a, events.DNHasAgent, "another agent is logged in at this DN: log him out first")
			return
		}
		e.agentDoes(other, logsOut, events.ReasonForced)
	}
	if a.state != AgentLoggedOut {
		if a.calls > 0 || a.offer != nil {
			e.refuseAgent(r, a, events.AgentInCall, "the agent is on a call: log in anew when it is over")
			return
		}
		if a.dn == dn && queues == nil {
			e.refuseAgent(r, a, events.AgentAlreadyLoggedIn, "the agent is logged in at this DN already")
			return
		}
		e.agentDoes(a, logsOut, events.ReasonNone)
	}
	a.dn, a.phoneType = dn, r.PhoneType
	e.agentsByDN[dn] = a
	for _, t := range a.tiers {
		t.working = queues == nil || queues[t.queue.config.ID]
	}
	a.calls = e.takeCalls(a)
	a.freeSince, a.missed, a.closed = e.in.MonoNanos, 0, false
	e.answering = askerOf(r)
	if r.AgentState == 2 {
		e.agentDoes(a, logsInNotReady, r.ReasonCode)
	} else {
		e.agentDoes(a, logsInReady, events.ReasonNone)
	}
	e.answering = asker{}
	if a.config.IdleLogout > 0 {
		e.agentTimer(a, idleTimer, e.in.MonoNanos+a.config.IdleLogout*1_000_000)
	}
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

// takeCalls counts the calls that run at an agent's DN as he logs in.
func (e *Engine) takeCalls(a *agent) (n int) {
	for p := e.eldest; p != nil; p = p.younger {
		if p.thisDN == a.dn && p.inside && p.state != Released && p.state != Idle && p.agent == nil {
			p.agent = a
			n++
		}
	}
	return n
}

// changeAgent changes an agent's intent now, or after his call (3.15).
func (e *Engine) changeAgent(r *Request, a *agent, to AgentState, reason int64) {
	if a.state == AgentLoggedOut {
		e.refuseAgent(r, a, events.AgentNotLoggedIn, "the agent is not logged in")
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
		if a.state == AfterCallWork {
			reason = events.ReasonAfterCallWork
		}
		e.agentDoes(a, getsReady, reason)
	case AgentNotReady:
		e.agentDoes(a, getsNotReady, reason)
	case AgentLoggedOut:
		e.agentDoes(a, logsOut, reason)
	case AfterCallWork:
	}
}

// busy tells whether an agent is on a call, or a phone of his is called for one.
func (a *agent) busy() bool { return a.calls > 0 || a.offer != nil }

// reserve notes where an agent lands after his call: nothing changes before (3.15). He is offered no further call.
func (e *Engine) reserve(a *agent, to AgentState, reason int64) {
	a.next = reserved{set: to != a.state || reason != a.reason, state: to, reason: reason}
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
	if a.config.WrapUpMillis > 0 {
		return a.config.WrapUpMillis, false
	}
	for _, t := range a.tiers {
		if t.working && t.queue.config.WrapUpMillis > 0 {
			millis = max(millis, t.queue.config.WrapUpMillis)
		}
	}
	return millis, millis == 0
}

// delayWrapUp moves the end of after-call work; a stale timer finds that its time has not come (3.15).
func (e *Engine) delayWrapUp(r *Request, a *agent) {
	if a.state != AfterCallWork {
		e.refuseAgent(r, a, events.InvalidAgentTransition, "the agent is not in after-call work")
		return
	}
	a.wrap.until = e.in.MonoNanos + r.DelaySeconds*1_000_000_000
	e.armWrapUp(a)
	e.answering = askerOf(r)
	e.tellDelay(a)
	e.answering = asker{}
	e.recordAgent(a)
}

// force: a supervisor decides; the reason says so (R42).
func (e *Engine) force(r *Request, a *agent) {
	to := map[int64]AgentState{0: AgentLoggedOut, 1: AgentReady, 2: AgentNotReady}[r.AgentState]
	if a.state == AgentLoggedOut && to != AgentLoggedOut {
		login := *r
		login.ThisDN, login.ReasonCode, login.PhoneType = a.config.DN, events.ReasonForced, a.phoneType
		e.login(&login, a)
		return
	}
	e.changeAgent(r, a, to, events.ReasonForced)
}

// deviceLost: the phone of an agent is not there any more.
func (e *Engine) deviceGone(user string) {
	a := e.agentsByDN[user]
	if a == nil || a.config.DeviceLost == DeviceKeeps {
		return
	}
	a.deviceLost = true
	if a.config.Mobile != "" && a.config.MobileAccept != MobileNever {
		return
	}
	if a.busy() {
		e.reserve(a, AgentLoggedOut, events.ReasonDeviceLost)
		return
	}
	e.agentDoes(a, logsOut, events.ReasonDeviceLost)
}

// agentApp: a phone asks by a feature code, as in "login", "login 1001", "logout", "ready", "notready 11". The agent is
// the one whose number follows, else the one at the phone that calls.
func (e *Engine) agentApp(p *party, argument string) {
	verb, rest := splitWord(argument)
	r := &Request{Name: "cti_agent", ThisDN: p.thisDN, AgentState: events.AgentStateReady, PhoneType: events.PhoneSIP}
	switch verb {
	case "login":
		r.Kind = RequestAgentLogin
		if r.AgentID = rest; rest == "" {
			r.AgentUUID = e.agentOfPhone(p.thisDN)
		}
	case "logout":
		r.Kind = RequestAgentLogout
	case "ready":
		r.Kind = RequestAgentReady
	case "notready":
		r.Kind, r.ReasonCode = RequestAgentNotReady, events.ReasonDoNotDisturb
		if code := wholeNumber(rest); events.ReasonByRequest(code) {
			r.ReasonCode = code
		}
	default:
		e.order(p, Command{Kind: CommandReturn, Value: "unknown"})
		return
	}
	e.refused = 0
	e.ofAgent(r)
	result := "ok"
	if e.refused != 0 {
		result = e.refused.Name()
	}
	e.order(p, Command{Kind: CommandReturn, Value: result})
}

// agentOfPhone is the agent whose own phone has a number.
func (e *Engine) agentOfPhone(dn string) string {
	for _, a := range e.agentsInOrder() {
		if a.config.DN == dn && !a.retired {
			return a.config.UUID
		}
	}
	return ""
}

// splitWord cuts the first word off.
func splitWord(text string) (word, rest string) {
	for i := range len(text) {
		if text[i] == ' ' {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// wholeNumber reads digits; anything else ends it.
func wholeNumber(text string) (n int64) {
	for i := 0; i < len(text) && text[i] >= '0' && text[i] <= '9' && n < 1_000_000; i++ {
		n = n*10 + int64(text[i]-'0')
	}
	return n
}
