package engine

import "modcti/events"

// This file tells of agents and queues (3.2, 3.15).

func (e *Engine) agentPart(a *agent) events.AgentPart {
	part := events.AgentPart{AgentID: a.config.ID, AgentUUID: a.config.UUID, ThisDN: a.dn}
	for _, t := range a.tiers {
		if t.working {
			part.ThisQueues = append(part.ThisQueues, t.queue.config.ID)
		}
	}
	return part
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
	e.publish(m, "", a.dn)
	out := &e.out.Events[len(e.out.Events)-1]
	out.AgentUUID = a.config.UUID
	out.Queues = e.queueIDs(a)
	if e.answering.client != 0 {
		out.Asker, out.Request, m.Common().ReferenceID = e.answering.client, e.answering.name, e.answering.reference
		e.answering = asker{} // the first event of an agent answers; what follows from it does not
	}
}

func (e *Engine) queueIDs(a *agent) (ids []string) {
	for _, t := range a.tiers {
		ids = append(ids, t.queue.config.ID)
	}
	return ids
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
	case agentSilent:
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

// millisOf turns a monotonic time into Unix ms by the clocks of this step.
func (e *Engine) millisOf(mono int64) int64 {
	return floorDiv(e.in.WallMicros+(mono-e.in.MonoNanos)/1000, 1000)
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

// Queues.

func (e *Engine) publishQueue(w *waiter, m events.Message) {
	e.publish(m, w.call.id, w.queue.config.ID)
	out := &e.out.Events[len(e.out.Events)-1]
	out.FullOnly = true
	out.Queues = []string{w.queue.config.ID}
}

func (e *Engine) tellQueued(w *waiter) {
	q := w.queue
	m := &events.Queued{
		CallPart: queuePart(w), ThisQueue: q.config.ID, ThisQueues: []string{q.config.ID},
		Position: e.position(w), Waiting: int64(q.callers), EnteredTime: e.millisOf(w.entered), Retries: int64(w.retries),
		CallState: events.StateOK,
	}
	e.publishQueue(w, m)
}

func (e *Engine) tellDiverted(w *waiter, dn string) {
	e.publishQueue(w, &events.Diverted{
		CallPart: queuePart(w), ThisQueue: w.queue.config.ID, ThirdDN: dn, ThirdDNRole: events.Destination,
		CallState: events.StateOK, WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
	})
}

func (e *Engine) tellAbandoned(w *waiter) {
	e.publishQueue(w, &events.Abandoned{
		CallPart: queuePart(w), ThisQueue: w.queue.config.ID, WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		CallState: events.StateAbandoned,
	})
}

// position is a caller's place among those of his queue who wait, from 1. Only what is told or said asks for it.
func (e *Engine) position(w *waiter) int64 {
	n := int64(1)
	for l := range w.queue.waiting {
		for _, other := range w.queue.waiting[l] {
			if other != w && other.before(w) {
				n++
			}
		}
	}
	return n
}

// agentInfo is an agent as he is now (protocol.md 3).
func (e *Engine) agentInfo(a *agent) *events.AgentInfo {
	return &events.AgentInfo{AgentStatus: *e.agentStatus(a)}
}

func (e *Engine) agentStatus(a *agent) *events.AgentStatus {
	s := &events.AgentStatus{
		AgentID: a.config.ID, AgentUUID: a.config.UUID, Name: a.config.Name, PhoneType: a.phoneType,
		AgentState: a.state.intent(), ReasonCode: a.reason, Occupancy: e.occupancy(a),
		ThisQueues: e.agentPart(a).ThisQueues,
	}
	if a.sinceMono != 0 {
		s.Since = e.millisOf(a.sinceMono)
	}
	if a.state != AgentLoggedOut {
		s.ThisDN = a.dn
		s.Calls = e.partiesOf(a.dn)
	}
	if a.next.set {
		s.Reserved = &events.ReservedState{AgentState: a.next.state.intent(), ReasonCode: a.next.reason}
	}
	if a.state == AfterCallWork && a.wrap.until != 0 {
		s.WrapUpExpiration = e.millisOf(a.wrap.until)
	}
	s.Status = events.StatusOf(s.AgentState, s.ReasonCode, s.Occupancy)
	return s
}

// occupancy is what an agent does, read off his parties (R41).
func (e *Engine) occupancy(a *agent) string {
	best := ""
	for p := e.eldest; p != nil && a.calls > 0; p = p.younger {
		if p.agent != a {
			continue
		}
		switch p.state {
		case Talk:
			return events.OccupancyTalking
		case Held:
			best = events.OccupancyHeld
		case Ringing, Dialing:
			if best == "" {
				best = events.OccupancyRinging
			}
		case Idle, Released:
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

// queueInfo answers RequestQueryQueue.
func (e *Engine) queueInfo(r *Request) {
	q := e.queues[r.ThisQueue]
	if q == nil || q.retired {
		e.refuseAgent(r, nil, events.NotFoundQueue, "there is no queue "+r.ThisQueue)
		return
	}
	e.reply(r, &events.QueueInfo{QueueStatus: e.queueStatus(q)})
}

func (e *Engine) queueStatus(q *queue) events.QueueStatus {
	s := events.QueueStatus{ThisQueue: q.config.ID, Name: q.config.Name, Strategy: q.config.Strategy.String()}
	for i, w := range e.callersOf(q) {
		caller := events.QueueCaller{
			CallID: w.call.id, Position: int64(i + 1), EnteredTime: e.millisOf(w.entered), Priority: int64(w.priority),
		}
		if p := w.party.get(); p != nil {
			caller.OtherDN = p.thisDN
		}
		s.Callers = append(s.Callers, caller)
		s.LongestWaitMillis = max(s.LongestWaitMillis, (e.in.MonoNanos-w.entered)/1_000_000)
	}
	s.Waiting = int64(len(s.Callers))
	for _, t := range q.tiers {
		status := events.StatusOffline
		if t.working && t.agent.state != AgentLoggedOut {
			status = events.StatusOf(t.agent.state.intent(), t.agent.reason, e.occupancy(t.agent))
		}
		switch status {
		case events.StatusFree:
			s.Agents.Free++
		case events.StatusBusy:
			s.Agents.Busy++
		case events.StatusRest:
			s.Agents.Rest++
		case events.StatusNotReady:
			s.Agents.NotReady++
		case events.StatusAfterCallWork:
			s.Agents.AfterCallWork++
		default:
			s.Agents.Offline++
		}
	}
	return s
}
