package engine

import "modcti/events"

// This file holds what becomes of agents without a client's request: their phones come and go, ask by a feature code,
// and the whole system is emptied.

// deviceGone: the phone of an agent, or of nobody yet, is not there any more. Who takes calls on his mobile then goes on;
// else it is his setting whether he does.
func (e *Engine) deviceGone(user string) {
	if len(e.lost) < lostMax {
		e.lost[user] = true
	}
	a := e.agentsByDN[user]
	switch {
	case a == nil, a.config.staysWithoutPhone():
	case a.busy():
		e.leaveAfterCall(a)
	default:
		e.agentDoes(a, logsOut, events.ReasonDeviceLost)
	}
}

// staysWithoutPhone tells whether an agent whose phone is gone goes on: he takes calls on his mobile, or it is his setting.
func (c *AgentConfig) staysWithoutPhone() bool {
	return c.Mobile != "" && c.MobileAccept != MobileNever || c.DeviceLost == DeviceKeeps
}

// findPhone has the switch tell whether the phone of an agent who is at work is there, where that decides whether he is or
// where he is called: of one that has not registered since the switch runs nobody else tells. It has so long to register.
func (e *Engine) findPhone(a *agent, millis int64) {
	c := a.config
	if c.staysWithoutPhone() && (c.Mobile == "" || c.MobileAccept != MobileOffline) {
		return
	}
	if route, ok := e.dial(a.dn); ok {
		e.command(Command{Kind: CommandFindDevice, Value: route.Address, DeadlineMillis: millis})
	}
}

// leaveAfterCall has an agent whose phone is gone leave when his call is over, unless he does already.
func (e *Engine) leaveAfterCall(a *agent) {
	if a.leaves() {
		return
	}
	a.under = a.next
	e.reserve(a, AgentLoggedOut, events.ReasonDeviceLost)
}

// deviceFound: it has registered anew. One that could not be reached may be called at once.
func (e *Engine) deviceFound(user string) {
	if a := e.agentsByDN[user]; a != nil && a.dead > 0 {
		a.dead, a.closed = 0, false
		e.agentMoved(a)
	}
	e.deviceBack(user)
}

// deviceBack: it is there again. A logout that waited for the end of a call is called off, and what was to be in its place
// is again.
func (e *Engine) deviceBack(user string) {
	if !e.lost[user] {
		return
	}
	delete(e.lost, user)
	if a := e.agentsByDN[user]; a != nil && a.leaves() && a.next.reason == events.ReasonDeviceLost {
		back := reserved{state: a.state, reason: a.reason}
		if a.under.set {
			back = a.under
		}
		e.reserve(a, back.state, back.reason)
	}
}

// drain empties the system (3.16): whoever is on a call is logged out when it is over, the others take no calls, who waits
// is sent on, and who calls from outside is refused.
func (e *Engine) drain() {
	e.draining = true
	for _, a := range e.agentsInOrder() {
		switch {
		case a.state == AgentLoggedOut:
		case a.busy():
			e.reserve(a, AgentLoggedOut, events.ReasonDrain)
		default:
			e.agentDoes(a, getsNotReady, events.ReasonDrain)
		}
	}
	for _, q := range e.queuesInOrder() {
		for _, w := range e.callersOf(q) {
			if len(w.offers) == 0 && w.number == "" { // who is to be called back keeps his place for the next run
				e.overflow(w, WhenClosed)
			}
		}
	}
}

// agentApp: a phone asks by a feature code, as in "login", "login 1001", "logout", "ready", "notready 11". The agent is
// the one whose number follows, else the one at the phone that calls.
func (e *Engine) agentApp(p *party, argument string) {
	verb, rest := splitWord(argument)
	r := &Request{
		Name: "cti_agent", ThisDN: p.thisDN, AgentState: events.AgentStateReady, PhoneType: events.PhoneSIP,
	}
	if p.call != nil {
		r.CompanyID = p.call.company
	}
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
		if rest != "" {
			r.ReasonCode = wholeNumber(rest)
		}
		if !events.ReasonByRequest(r.ReasonCode) {
			e.letGo(p, true, events.InvalidParams.Name())
			return
		}
	default:
		e.letGo(p, true, "unknown")
		return
	}
	e.refused = 0
	e.ofAgent(r)
	result := "ok"
	if e.refused != 0 {
		result = e.refused.Name()
	}
	e.letGo(p, true, result)
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
