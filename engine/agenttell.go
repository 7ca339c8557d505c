package engine

import "modcti/events"

// This file tells of agents and queues (3.2, 3.15).

func (e *Engine) agentPart(a *agent) events.AgentPart {
	return events.AgentPart{AgentID: a.config.ID, AgentUUID: a.config.UUID, ThisDN: a.dn, ThisQueues: a.working}
}

// intent is agentState as clients know it: after-call work is a way of not being ready (R41, R43).
func (s AgentState) intent() int64 {
	switch s {
	case AgentLoggedOut:
		return events.AgentStateLoggedOut
	case AgentReady:
		return events.AgentStateReady
	}
	return events.AgentStateNotReady
}

// publishAgent hands an event of an agent to those who hear of him.
func (e *Engine) publishAgent(a *agent, m events.Message) {
	e.publish(m, nil, a.dn)
	out := &e.out.Events[len(e.out.Events)-1]
	out.AgentUUID = a.config.UUID
	out.Queues = a.belongs
	if e.answering.client != 0 {
		out.Asker, out.Request, m.Common().ReferenceID = e.answering.client, e.answering.name, e.answering.reference
		e.answering = asker{} // the first event of an agent answers; what follows from it does not
	}
}

// nameQueues lists the queues that an agent belongs to, and those that he works for. A list once made is never changed.
func (a *agent) nameQueues() {
	a.belongs, a.working = nil, nil
	for i := range a.tiers {
		t := &a.tiers[i]
		a.belongs = append(a.belongs, t.queue.config.ID)
		if t.working {
			a.working = append(a.working, t.queue.config.ID)
		}
	}
}

func (e *Engine) tellAgent(a *agent, what agentAction, reason int64, before agentView) {
	change := events.ChangePart{PreviousState: before.state.intent(), PreviousReasonCode: before.reason}
	part := e.agentPart(a)
	switch what {
	case tellLogin:
		e.publishAgent(a, &events.AgentLogin{
			AgentPart: part, ChangePart: change, PhoneType: a.phoneType, AgentState: a.state.intent(), ReasonCode: reason,
		})
	case tellReady:
		e.publishAgent(a, &events.AgentReady{AgentPart: part, ChangePart: change, ReasonCode: reason})
	case tellNotReady:
		e.publishAgent(a, &events.AgentNotReady{AgentPart: part, ChangePart: change, ReasonCode: reason})
	case tellLogout:
		e.publishAgent(a, &events.AgentLogout{AgentPart: part, ChangePart: change, ReasonCode: reason})
	case tellWrapUp:
		e.tellWrapUp(a, part, change)
	}
}

// tellWrapUp tells that after-call work begins: for how long, and what comes after it (3.15, R43).
func (e *Engine) tellWrapUp(a *agent, part events.AgentPart, change events.ChangePart) {
	m := &events.AgentNotReady{
		AgentPart: part, ChangePart: change, ReasonCode: events.ReasonAfterCallWork, LoginState: "1",
		WrapUpDuration: events.WrapUpUntimed,
	}
	if a.wrap.back != AgentReady {
		m.LoginState = "2"
	}
	m.AttachedData = m.AttachedData.Set(events.KeyLoginState, `"`+m.LoginState+`"`)
	if a.wrap.callID != "" {
		m.AttachedData = m.AttachedData.Set("callID", `"`+a.wrap.callID+`"`)
	}
	if a.wrap.until != 0 {
		m.WrapUpDuration = (a.wrap.until - e.in.MonoNanos) / 1_000_000_000
		m.ExpirationTime = e.millisOf(a.wrap.until)
	}
	e.publishAgent(a, m)
}

// millisOf turns a monotonic time into Unix ms by the clocks of the last step.
func (e *Engine) millisOf(mono int64) int64 {
	return events.Moment(e.wallMicros + (mono-e.monoNanos)/1000).Millis()
}

// tellReserved answers a request that a call holds back (3.15).
func (e *Engine) tellReserved(a *agent, to AgentState, reason int64) {
	part := e.agentPart(a)
	change := events.ChangePart{PreviousState: a.state.intent(), PreviousReasonCode: a.reason, Reserved: true}
	switch to {
	case AgentReady:
		e.publishAgent(a, &events.AgentReady{AgentPart: part, ChangePart: change, ReasonCode: reason})
	case AgentLoggedOut:
		e.publishAgent(a, &events.AgentLogout{AgentPart: part, ChangePart: change, ReasonCode: reason})
	case AgentNotReady, AfterCallWork:
		e.publishAgent(a, &events.AgentNotReady{AgentPart: part, ChangePart: change, ReasonCode: reason})
	}
}

func (e *Engine) tellDelay(a *agent) {
	e.publishAgent(a, &events.DelayAfterCallWork{
		AgentPart: e.agentPart(a), CallID: a.wrap.callID, PartyID: a.wrap.partyID, PartyIDLiteral: a.wrap.partyID,
		ExpirationTime: e.millisOf(a.wrap.until),
	})
}

func (e *Engine) refuseAgent(r *Request, a *agent, code events.Code, detail string) {
	e.stats.Refused++
	e.refused = code
	m := &events.AgentError{ErrorCode: int64(code), ErrorMessage: code.Name(), Request: r.Name, Detail: detail}
	m.AgentID, m.AgentUUID, m.ThisDN, m.ThisQueues = r.AgentID, r.AgentUUID, r.ThisDN, r.ThisQueues
	m.AttachedData = r.AttachedData
	if a != nil {
		m.AgentPart = e.agentPart(a)
	}
	e.reply(r, m)
}

// agentInfo is an agent as he is now (protocol.md 3).
func (e *Engine) agentInfo(a *agent) *events.AgentInfo {
	return &events.AgentInfo{AgentStatus: *e.agentStatus(a)}
}

func (e *Engine) agentStatus(a *agent) *events.AgentStatus {
	s := &events.AgentStatus{
		AgentID: a.config.ID, AgentUUID: a.config.UUID, Name: a.config.Name, PhoneType: a.phoneType,
		AgentState: a.state.intent(), ReasonCode: a.reason, Occupancy: a.occupancy(),
		ThisQueues: a.working,
	}
	if a.sinceMono != 0 {
		s.Since = e.millisOf(a.sinceMono)
	}
	if a.state != AgentLoggedOut {
		s.ThisDN = a.dn
		s.Calls = a.infos()
	}
	if a.next.set {
		s.Reserved = &events.ReservedState{AgentState: a.next.state.intent(), ReasonCode: a.next.reason}
	}
	if a.state == AfterCallWork && a.wrap.until != 0 {
		s.WrapUpExpiration = e.millisOf(a.wrap.until)
	}
	s.Status = a.status()
	return s
}

// infos lists an agent's parties that have been told of.
func (a *agent) infos() (list []events.PartyInfo) {
	for _, p := range a.parties {
		if p.call != nil && !p.call.forming && p.state != Released {
			list = append(list, p.info())
		}
	}
	return list
}

// occupancy is what an agent does, read off his parties (R41).
func (a *agent) occupancy() string {
	best := ""
	for _, p := range a.parties {
		switch p.state {
		case Talk:
			return events.OccupancyTalking
		case Held:
			best = events.OccupancyHeld
		case Ringing, Dialing:
			if best == "" || best == events.OccupancyReserved {
				best = events.OccupancyRinging
			}
		case Idle:
			if best == "" {
				best = events.OccupancyReserved
			}
		case Released:
		}
	}
	switch {
	case best != "":
		return best
	case a.offer != nil:
		return events.OccupancyReserved
	case a.state == AfterCallWork:
		return events.OccupancyAfterCallWork
	}
	return events.OccupancyIdle
}

// status is what contact-center-types calls it.
func (a *agent) status() string {
	return events.StatusOf(a.state.intent(), a.reason, a.occupancy())
}

// Agents returns every agent of the directory by uuid.
func (e *Engine) Agents() (list []events.AgentStatus) {
	for _, a := range e.agentsInOrder() {
		if !a.retired {
			list = append(list, *e.agentStatus(a))
		}
	}
	return list
}

// Agent returns one agent by his uuid or his work number.
func (e *Engine) Agent(id string) (events.AgentStatus, bool) {
	a := e.agents[id]
	if a == nil {
		a = e.agentsByID[id]
	}
	if a == nil || a.retired {
		return events.AgentStatus{}, false
	}
	return *e.agentStatus(a), true
}
