package engine

import "strconv"

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
	e.out.Records = append(e.out.Records, Record{Kind: AgentChanged, Agent: r})
}

func (e *Engine) recordStay(kind RecordKind, w *waiter, outcome string, by *agent) {
	r := &QueueRecord{
		CallID: w.call.id, QueueID: w.queue.config.ID, Priority: w.priority, EnteredMillis: e.millisOf(w.entered),
		Outcome: outcome, Offers: w.made, Position: w.position,
	}
	if p := w.party.get(); p != nil {
		r.PartyID, r.CallerDN = p.names.hex, p.thisDN
	}
	if kind == QueueEntered {
		w.position = w.queue.callers
		r.Position = w.position
	} else {
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

// candidates writes who was free for a caller, as JSON.
type candidates struct {
	limit int
	json  []byte
}

func (c *candidates) add(t *tier) {
	if c.limit == 0 {
		return
	}
	c.limit--
	if len(c.json) > 0 {
		c.json = append(c.json, ',')
	}
	c.json = append(c.json, `{"agentUUID":`...)
	c.json = strconv.AppendQuote(c.json, t.agent.config.UUID)
	c.json = append(c.json, `,"level":`...)
	c.json = strconv.AppendInt(c.json, int64(t.level), 10)
	c.json = append(c.json, `,"position":`...)
	c.json = strconv.AppendInt(c.json, int64(t.position), 10)
	c.json = append(c.json, `,"key":`...)
	c.json = append(strconv.AppendInt(c.json, t.key, 10), '}')
}

func (c *candidates) text() string { return "[" + string(c.json) + "]" }
