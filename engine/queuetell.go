package engine

import "modcti/events"

// This file tells of queues (3.2).

// publishQueue hands an event of a queue to those who hear of it; only the full profile has any (3.2).
func (e *Engine) publishQueue(w *waiter, m events.Message) {
	e.publish(m, w.callNow(), w.queue.config.ID)
	out := &e.out.Events[len(e.out.Events)-1]
	out.FullOnly, out.Queues = true, w.queue.ids
}

// addressQueue addresses an event of a party to those who hear of its agent and of the queue that it came from.
func (e *Engine) addressQueue(p *party) {
	out := &e.out.Events[len(e.out.Events)-1]
	if p.agent != nil {
		out.AgentUUID = p.agent.config.UUID
	}
	if p.queue != nil {
		out.Queues = p.queue.ids
	}
}

// callNow is the call that a caller waits in, or that is made to call him back.
func (w *waiter) callNow() *call {
	if w.number != "" {
		return w.callback
	}
	return w.party.get().call
}

// queuePart is what every event of a queue carries.
func queuePart(w *waiter) events.CallPart {
	c := w.callNow()
	part := events.CallPart{
		CallID: c.id, CallType: c.callType.String(), ThisDN: w.queue.config.ID, OtherDN: w.callerDN(), ANI: c.ani, DNIS: c.dnis,
		AttachedData: c.data,
	}
	if p := w.party.get(); p != nil {
		part.PartyID, part.PartyRole = p.names.hex, p.role.String()
	}
	return part
}

// tellQueued tells that a caller waits: for the first time, or again after a phone that was not answered (3.3).
func (e *Engine) tellQueued(w *waiter, after *offer) {
	w.queued, w.diverted = true, false
	if w.number != "" {
		return // he has hung up long ago: there is no call to tell of
	}
	q := w.queue
	m := &events.Queued{
		CallPart: queuePart(w), ThisQueue: q.config.ID, ThisQueues: q.ids, Position: w.placeNow(), Waiting: int64(len(q.stays)),
		EnteredTime: w.sinceMillis, Retries: int64(w.retries), CallState: events.StateOK,
	}
	if after != nil {
		m.ThirdDN, m.ThirdDNRole = after.record.AgentDN, events.Destination
	}
	e.publishQueue(w, m)
}

// tellDiverted tells that a caller does not wait any more: an agent's phone is called, or the queue gives him up. It is
// told once, whatever the number of phones.
func (e *Engine) tellDiverted(w *waiter, to, callState string) {
	w.diverted = true
	if w.number != "" && w.callback == nil {
		return
	}
	m := &events.Diverted{
		CallPart: queuePart(w), ThisQueue: w.queue.config.ID, ThirdDN: to, CallState: callState,
		WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
	}
	if to != "" {
		m.ThirdDNRole = events.Destination
	}
	e.publishQueue(w, m)
}

func (e *Engine) tellAbandoned(w *waiter) {
	e.publishQueue(w, &events.Abandoned{
		CallPart: queuePart(w), ThisQueue: w.queue.config.ID, WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		CallState: events.StateAbandoned,
	})
}

// queueInfo answers RequestQueryQueue.
func (e *Engine) queueInfo(r *Request) {
	q := e.queueFor(r.CompanyID, r.ThisQueue)
	if q == nil {
		e.refuse(r, events.NotFoundQueue, "there is no queue "+r.ThisQueue)
		return
	}
	e.reply(r, &events.QueueInfo{QueueStatus: e.queueStatus(q)})
}

func (e *Engine) queueStatus(q *queue) events.QueueStatus {
	s := events.QueueStatus{ThisQueue: q.config.ID, Name: q.config.Name, Strategy: q.config.Strategy.String()}
	for i, w := range e.callersOf(q) {
		s.Callers = append(s.Callers, events.QueueCaller{
			CallID: w.callID, OtherDN: w.callerDN(), Position: int64(i + 1), EnteredTime: w.sinceMillis,
			Priority: int64(w.priority),
		})
		s.LongestWaitMillis = max(s.LongestWaitMillis, (e.monoNanos-w.entered)/1_000_000)
	}
	s.Waiting = int64(len(s.Callers))
	for _, t := range q.tiers {
		status := events.StatusOffline
		if t.working {
			status = t.agent.status()
		}
		countStatus(&s.Agents, status)
	}
	return s
}

func countStatus(n *events.QueueAgents, status string) {
	switch status {
	case events.StatusFree:
		n.Free++
	case events.StatusBusy:
		n.Busy++
	case events.StatusRest:
		n.Rest++
	case events.StatusNotReady:
		n.NotReady++
	case events.StatusAfterCallWork:
		n.AfterCallWork++
	default:
		n.Offline++
	}
}

// Queues returns every queue of the directory by its id.
func (e *Engine) Queues() (list []events.QueueStatus) {
	for _, q := range e.queuesInOrder() {
		list = append(list, e.queueStatus(q))
	}
	return list
}

// Queue returns one queue.
func (e *Engine) Queue(id string) (events.QueueStatus, bool) {
	q := e.queueAt(id)
	if q == nil {
		return events.QueueStatus{}, false
	}
	return e.queueStatus(q), true
}
