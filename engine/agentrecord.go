package engine

import (
	"strconv"

	"modcti/events"
)

// candidatesBytes is room for as many candidates as are named, as a rule.
const candidatesBytes = 1024

func (e *Engine) recordAgent(a *agent) {
	r := &AgentRecord{
		UUID: a.config.UUID, ID: a.config.ID, DN: a.dn, PhoneType: a.phoneType, State: a.state.String(), ReasonCode: a.reason,
		CallID: a.wrap.callID, PartyID: a.wrap.partyID, AtMillis: e.in.wallMillis(),
		CallsTaken: a.taken, TalkMillis: a.talkNanos / 1_000_000,
	}
	if a.state == AfterCallWork {
		r.LoginState = events.AgentStateReady
		if a.wrap.back != AgentReady {
			r.LoginState, r.BackReason = events.AgentStateNotReady, a.wrap.backReason
		}
		if a.wrap.until != 0 {
			r.WrapUntilMillis = e.millisOf(a.wrap.until)
		}
	}
	if a.next.set {
		r.NextState, r.NextReason = a.next.state.String(), a.next.reason
	}
	if a.leaves() && a.next.reason == events.ReasonDeviceLost && a.under.set {
		r.UnderState, r.UnderReason = a.under.state.String(), a.under.reason
	}
	r.IdleQueues = a.idleQueues()
	e.out.Records = append(e.out.Records, Record{Kind: AgentChanged, Agent: r})
}

// idleQueues are those of his that an agent has not logged in for.
func (a *agent) idleQueues() (list []string) {
	for i := range a.tiers {
		if t := &a.tiers[i]; !t.working && a.state != AgentLoggedOut {
			list = append(list, t.queue.config.ID)
		}
	}
	return list
}

// recordStay writes a stay under the call and the leg that it began with.
func (e *Engine) recordStay(kind RecordKind, w *waiter, outcome string, by *agent) {
	r := &QueueRecord{
		CallID: w.callID, PartyID: w.partyID, QueueID: w.queue.config.ID, CallerDN: w.callerDN(), Priority: w.priority,
		EnteredMillis: w.cameMillis, SinceMillis: w.sinceMillis, EarlyMillis: w.early / 1_000_000, Outcome: outcome, Offers: w.made,
		Position: w.position, Callback: w.number != "",
	}
	switch {
	case kind == QueueEntered:
	case w.came > e.in.MonoNanos: // he has come in this moment, and not for the first time
		r.LeftMillis = w.cameMillis
	default:
		r.LeftMillis = e.in.wallMillis()
	}
	if by != nil {
		r.AgentUUID = by.config.UUID
	}
	e.out.Records = append(e.out.Records, Record{Kind: kind, Queue: r})
}

// recordOffer hands out a copy: the store keeps what it is given.
func (e *Engine) recordOffer(kind RecordKind, r *OfferRecord) {
	c := *r
	e.out.Records = append(e.out.Records, Record{Kind: kind, Offer: &c})
}

// receipt writes down who could have had a caller and why this one gets him.
func (e *Engine) receipt(w *waiter, t *tier, reason string) *OfferRecord {
	q := w.queue
	r := &OfferRecord{
		CallID: w.callID, QueueID: q.config.ID, AgentUUID: t.agent.config.UUID, AtMillis: e.in.wallMillis(),
		Strategy: q.config.Strategy.String(), Level: int(t.level), WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		Reason: reason,
	}
	e.fetch(q, t.agent)
	list := candidates{json: make([]byte, 0, candidatesBytes)}
	list.json = append(list.json, '[')
	if !t.agent.forward || !t.working || int(t.level) > w.level {
		s := e.standingOf(t)
		list.add(t, &s)
		r.CandidateCount++
	}
	for _, n := range e.tops[q.index].free[:w.level] {
		r.CandidateCount += int(n)
	}
	for s := range e.inOrder(q, w.level) {
		if list.count >= CandidatesMax {
			break
		}
		list.add(t, s)
	}
	r.Candidates = list.text()
	return r
}

// fetch asks the memory at once for all that a receipt reads of those who stand first, whom else one would be waited for after
// the other.
func (e *Engine) fetch(q *queue, a *agent) {
	sum := a.config.RingMillis
	for i := range min(len(q.free.heap), CandidatesMax+CandidatesMax/2) {
		if s := &q.free.heap[i]; !e.stale(s) {
			label := q.labels[s.place]
			sum += int64(label[0]) + int64(label[len(label)-1])
		}
	}
	for _, c := range a.counted {
		sum += int64(e.tops[c/LevelMax].free[0])
	}
	e.fetched += sum
}

// candidates writes who was free for a caller, best first, as JSON.
type candidates struct {
	count int
	json  []byte
}

// add names one who stands in the queue of the chosen, of whom all that is written is at hand by now.
func (c *candidates) add(chosen *tier, s *standing) {
	c.count++
	if len(c.json) > 1 {
		c.json = append(c.json, ',')
	}
	if s.place == chosen.place {
		c.json = chosen.label(c.json)
	} else {
		c.json = append(c.json, chosen.queue.labels[s.place]...)
	}
	c.json = strconv.AppendInt(c.json, int64(s.rank%rankCalls), 10)
	c.json = append(c.json, `,"key":`...)
	c.json = append(strconv.AppendInt(c.json, s.key, 10), '}')
}

func (c *candidates) text() string { return string(append(c.json, ']')) }

// label writes what candidates says of one of a queue's staff whatever happens.
func (t *tier) label(dst []byte) []byte {
	dst = append(appendText(append(dst, `{"agentUUID":`...), t.agent.config.UUID), `,"level":`...)
	dst = append(strconv.AppendInt(dst, int64(t.level), 10), `,"position":`...)
	return append(strconv.AppendInt(dst, int64(t.position), 10), `,"calls":`...)
}

// label lays the labels of a queue's staff in a row.
func (q *queue) label() {
	var all []byte
	ends := make([]int, len(q.tiers))
	for i, t := range q.tiers {
		all = t.label(all)
		ends[i] = len(all)
	}
	text, begin := string(all), 0
	q.labels = make([]string, len(q.tiers))
	for i := range q.labels {
		q.labels[i] = text[begin:ends[i]]
		begin = ends[i]
	}
}

// appendText appends an agent's uuid as JSON. The store lets no other letters into one.
func appendText(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		if c := text[i]; c >= ' ' && c != '"' && c != '\\' {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
