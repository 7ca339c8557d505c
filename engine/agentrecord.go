package engine

import "strconv"

// candidatesBytes is room for as many candidates as are named, as a rule.
const candidatesBytes = 1024

func (e *Engine) recordAgent(a *agent) {
	r := &AgentRecord{
		UUID: a.config.UUID, ID: a.config.ID, DN: a.dn, PhoneType: a.phoneType, State: a.state.String(), ReasonCode: a.reason,
		CallID: a.wrap.callID, PartyID: a.wrap.partyID, AtMillis: floorDiv(e.in.WallMicros, 1000),
		CallsTaken: a.taken, TalkMillis: a.talkNanos / 1_000_000,
	}
	if a.state == AfterCallWork {
		r.LoginState = 1
		if a.wrap.back != AgentReady {
			r.LoginState = 2
		}
		if a.wrap.until != 0 {
			r.WrapUntilMillis = e.millisOf(a.wrap.until)
		}
	}
	if a.next.set {
		r.NextState, r.NextReason = a.next.state.String(), a.next.reason
	}
	for _, t := range a.tiers {
		if !t.working && a.state != AgentLoggedOut {
			r.IdleQueues = append(r.IdleQueues, t.queue.config.ID)
		}
	}
	e.out.Records = append(e.out.Records, Record{Kind: AgentChanged, Agent: r})
}

// recordStay writes a stay under the call and the leg that it began with.
func (e *Engine) recordStay(kind RecordKind, w *waiter, outcome string, by *agent) {
	r := &QueueRecord{
		CallID: w.callID, PartyID: w.partyID, QueueID: w.queue.config.ID, CallerDN: w.callerDN(), Priority: w.priority,
		EnteredMillis: w.cameMillis, SinceMillis: w.sinceMillis, EarlyMillis: w.early / 1_000_000, Outcome: outcome, Offers: w.made,
		Position: w.position, Callback: w.number != "",
	}
	if kind == QueueLeft {
		r.LeftMillis = floorDiv(e.in.WallMicros, 1000)
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
		CallID: w.callID, QueueID: q.config.ID, AgentUUID: t.agent.config.UUID, AtMillis: floorDiv(e.in.WallMicros, 1000),
		Strategy: q.config.Strategy.String(), Level: int(t.level), WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		Reason: reason,
	}
	list := candidates{json: make([]byte, 0, candidatesBytes)}
	list.json = append(list.json, '[')
	if t.at < 0 || int(t.level) > w.level {
		s := e.standingOf(t)
		list.add(&s)
		r.CandidateCount++
	}
	for l := 1; l <= w.level; l++ {
		r.CandidateCount += len(q.free[l])
		list.addBest(q.free[l])
	}
	r.Candidates = list.text()
	return r
}

// candidates writes who was free for a caller, best first, as JSON.
type candidates struct {
	count int
	json  []byte
}

func (c *candidates) addBest(h staff) {
	for s := range h.inOrder {
		if c.count >= CandidatesMax {
			return
		}
		c.add(s)
	}
}

func (c *candidates) add(s *standing) {
	c.count++
	if len(c.json) > 1 {
		c.json = append(c.json, ',')
	}
	c.json = append(c.json, s.label...)
	c.json = strconv.AppendInt(c.json, int64(s.calls), 10)
	c.json = append(c.json, `,"key":`...)
	c.json = append(strconv.AppendInt(c.json, s.key, 10), '}')
}

func (c *candidates) text() string { return string(append(c.json, ']')) }

// label writes what candidates says of each of a queue's staff whatever happens, all in a row.
func (q *queue) label() {
	var all []byte
	ends := make([]int, len(q.tiers))
	for i, t := range q.tiers {
		all = append(appendText(append(all, `{"agentUUID":`...), t.agent.config.UUID), `,"level":`...)
		all = append(strconv.AppendInt(all, int64(t.level), 10), `,"position":`...)
		all = append(strconv.AppendInt(all, int64(t.position), 10), `,"calls":`...)
		ends[i] = len(all)
	}
	text, begin := string(all), 0
	for i, t := range q.tiers {
		t.label = text[begin:ends[i]]
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
