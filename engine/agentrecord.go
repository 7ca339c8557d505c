package engine

import (
	"slices"
	"strconv"
)

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
		EnteredMillis: w.cameMillis, SinceMillis: w.sinceMillis, Outcome: outcome, Offers: w.made, Position: w.position, Callback: w.number != "",
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
		Strategy: q.config.Strategy.String(), Level: t.level, WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		Reason: reason,
	}
	list := candidates{chosen: t}
	if t.at < 0 || t.level > w.level {
		list.add(t)
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
	chosen *tier
	count  int
	json   []byte
}

// addBest adds the best of a heap. Who comes next is always one of those below whom it has taken from: no more of the
// heap is looked at.
func (c *candidates) addBest(h tierHeap) {
	if len(h) == 0 {
		return
	}
	next := []int{0}
	for len(next) > 0 && c.count < CandidatesMax {
		best := 0
		for i := range next {
			if h.Less(next[i], next[best]) {
				best = i
			}
		}
		at := next[best]
		next = slices.Delete(next, best, best+1)
		c.add(h[at])
		for _, child := range []int{2*at + 1, 2*at + 2} {
			if child < len(h) {
				next = append(next, child)
			}
		}
	}
}

func (c *candidates) add(t *tier) {
	c.count++
	if len(c.json) > 0 {
		c.json = append(c.json, ',')
	}
	c.json = append(c.json, `{"agentUUID":`...)
	c.json = appendText(c.json, t.agent.config.UUID)
	c.json = append(c.json, `,"level":`...)
	c.json = strconv.AppendInt(c.json, int64(t.level), 10)
	c.json = append(c.json, `,"position":`...)
	c.json = strconv.AppendInt(c.json, int64(t.position), 10)
	c.json = append(c.json, `,"calls":`...)
	c.json = strconv.AppendInt(c.json, int64(t.calls), 10)
	c.json = append(c.json, `,"key":`...)
	c.json = append(strconv.AppendInt(c.json, t.key, 10), '}')
}

func (c *candidates) text() string { return "[" + string(c.json) + "]" }

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
