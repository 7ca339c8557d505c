package engine

import (
	"cmp"
	"slices"

	"modcti/events"
)

// restore takes back a call that an earlier run left open.
func (e *Engine) restore(o *OpenCall) {
	offset := e.config.WallMicros - e.config.MonoNanos/1000
	mono := func(millis int64) int64 {
		if millis == 0 {
			return 0
		}
		return (millis*1000 - offset) * 1000
	}
	r := &o.Call
	c := e.newCall(nil)
	e.stats.Inputs++
	c.id, c.callType, c.thisDN, c.otherDN, c.ani, c.dnis = r.CallID, wordOf(r.CallType), r.ThisDN, r.OtherDN, r.ANI, r.DNIS
	c.makeCallType, c.data, c.adopted, c.bornAt, c.offsetMicros = wordOf(r.MakeCallType), r.AttachedData, r.Adopted, e.stats.Inputs, offset
	c.created, c.answered, c.bridgedAt = mono(r.StartMillis), mono(r.AnswerMillis), mono(r.BridgeMillis)
	if r.CompanyID != "" {
		c.company = r.CompanyID
	}
	c.key = callKey(c.id)
	e.link(c)
	for i := range o.Parties {
		e.restoreParty(c, &o.Parties[i], &o.States[i], mono)
	}
	c.inferTimes()
	if c.first == nil {
		c.endReason = EndInterrupted
		e.unfinished = append(e.unfinished, c)
	}
}

// inferTimes learns from its parties what the call's own record, written when it began, could not know.
func (c *call) inferTimes() {
	for p := c.first; p != nil; p = p.next {
		if p.times.bridged != 0 && (c.bridgedAt == 0 || p.times.bridged < c.bridgedAt) {
			c.bridgedAt = p.times.bridged
		}
		if p.talked {
			c.answered = max(c.answered, p.times.answered)
		}
	}
}

func (e *Engine) restoreParty(c *call, r *PartyRecord, s *StateRecord, mono func(int64) int64) {
	e.stats.Inputs++
	p := e.newParty(c.slot)
	p.id, p.bornAt, p.restored, p.adopted = LegIDOf(r.LegUUID), e.stats.Inputs, true, c.adopted
	p.names = names{hex: r.PartyID, uuid: r.LegUUID, callerName: r.CallerName, sipCallID: r.SIPCallID}
	p.thisDN, p.otherDN, p.role, p.dnRole = r.ThisDN, r.OtherDN, wordOf(r.PartyRole), wordOf(r.DNRole)
	p.inside = r.PartyRole != events.Customer && r.PartyRole != events.ThirdPSTN
	p.observer = r.PartyRole == events.Supervisor
	p.offsetMicros, p.ordinal, p.stateSinceMillis = c.offsetMicros, s.Ordinal, s.AtMillis
	p.state = State(max(slices.Index(stateNames[:], s.State), 0))
	p.talked, p.toldRing = p.state == Talk || p.state == Held, p.state != Idle
	t := &p.times
	t.created, t.progress, t.answered = mono(r.StartMillis), mono(r.ProgressMillis), mono(r.AnswerMillis)
	t.bridged = mono(r.BridgeMillis)
	if r.LastHoldMillis != 0 {
		own := e.extrasOf(p)
		own.lastHold, own.holdTotal = mono(r.LastHoldMillis), r.HoldMillisTotal*1_000_000
	}
	if p.state == Held {
		e.extrasOf(p).heldSince = mono(s.AtMillis)
	}
	e.remember(p)
	e.include(c, p)
	e.restoreService(p, r)
	c.addDN(p.thisDN)
	if c.begun.get() == nil && p.dnRole == callingDN {
		c.setBeginner(p)
	}
}

// restorePast takes back who may return to his place, and who served whom last.
func (e *Engine) restorePast() {
	for _, r := range e.config.Dropped {
		q, left := e.queueAt(r.QueueID), e.monoOf(r.LeftMillis)
		if q != nil && identifies(r.CallerDN) && e.monoNanos-left <= q.config.ResumeMillis*1_000_000 {
			q.remember(r.CallerDN, droppedCaller{e.monoOf(cmp.Or(r.SinceMillis, r.EnteredMillis)), left})
		}
	}
	for _, r := range e.config.Served {
		if a := e.agents[r.AgentUUID]; a != nil {
			e.servedBy(r.CallerDN, a)
		}
	}
	e.config.Dropped, e.config.Served = nil, nil
}

// endInterrupted ends the stays and the offers of the last run, which nobody else does. Who waited, and comes into his
// queue again, has his place there, also by another call in time: the switch may have cut him off.
func (e *Engine) endInterrupted() {
	now := e.in.wallMillis()
	restored := map[string]*party{}
	if len(e.config.Waited) > 0 {
		for p := range e.legs.all {
			restored[p.names.hex] = p
		}
	}
	for _, r := range e.config.Waited {
		p, q := restored[r.PartyID], e.queueAt(r.QueueID)
		if p != nil {
			e.extrasOf(p).waited = &r
		}
		if q != nil && q.config.ResumeMillis > 0 && identifies(r.CallerDN) && (p == nil || p.agent == nil) { // an agent consulted
			q.remember(r.CallerDN, droppedCaller{e.waitedSince(&r), e.in.MonoNanos})
		}
		r.LeftMillis, r.Outcome = now, StayInterrupted
		e.out.Records = append(e.out.Records, Record{Kind: QueueLeft, Queue: &r})
	}
	for _, r := range e.config.Offered {
		r.EndMillis, r.Outcome = now, StayInterrupted
		e.out.Records = append(e.out.Records, Record{Kind: OfferEnded, Offer: &r})
	}
	e.config.Waited, e.config.Offered = nil, nil
}

// waitedSince is what the place of a stay is counted from.
func (e *Engine) waitedSince(r *QueueRecord) int64 {
	return e.monoOf(cmp.Or(r.SinceMillis, r.EnteredMillis))
}

// comesBack gives a caller the place that he had in this queue when the last run ended.
func (e *Engine) comesBack(w *waiter, p *party) {
	was := p.waited
	if was == nil || was.QueueID != w.queue.config.ID {
		return
	}
	e.extrasOf(p).waited = nil
	if since := e.waitedSince(was); since <= w.entered {
		w.entered, w.sinceMillis = since, cmp.Or(was.SinceMillis, was.EnteredMillis)
	}
	w.level = w.queue.levelAfter(e.in.MonoNanos - w.entered)
}

// waitAgain gives those their places again who have not left them while no engine was there: no dialplan has them come back. One
// whose queue is gone is let go.
func (e *Engine) waitAgain() {
	list := e.parked
	e.parked = nil
	for _, r := range list {
		p := r.get()
		if p == nil || p.ending || p.call == nil || p.waited == nil || p.waiter != nil || p.op != nil || p.talkingTo() != nil {
			continue
		}
		was := p.waited
		q := e.queueAt(was.QueueID)
		if q == nil {
			e.extrasOf(p).waited = nil
			e.letGo(p, false, "")
			continue
		}
		w := e.newStay(q, p.thisDN, was.Priority)
		e.comesBack(w, p)
		e.beginStay(w, p)
		e.waitOn(w, p)
	}
}

// inherits: an agent has ended who was in a queue to consult when the last run did. No operation knows of it any more; the place is
// that of the customer whom he has left, as if he had left it to him.
func (e *Engine) inherits(p *party) {
	was := p.waited
	if was == nil || !p.inside || !p.talked || p.call == nil {
		return
	}
	e.extrasOf(p).waited = nil
	for q := p.call.first; q != nil; q = q.next {
		if q != p && q.talked && !q.observer && !q.ending && q.state != Released && q.waited == nil {
			own := e.extrasOf(q)
			own.waited, own.movedBy = was, p.thisDN
			e.parked = append(e.parked, refTo(q))
			return
		}
	}
}
