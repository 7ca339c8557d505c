package engine

import "modcti/events"

// This file lets the requests of protocol.md 4 lead to a queue where they lead to a number: who would be called waits.

// callQueue lets whom an operation is to find a target for wait in a queue. Only a consult goes on as an operation: the
// agent whom the queue finds becomes its target, while by waits.
func (e *Engine) callQueue(o *operation, q *queue) {
	by, with := o.by.get(), o.with.get()
	e.turned = e.turned[:0]
	switch {
	case o.kind == consult && by != nil:
		w := e.newStay(q, "", 0)
		w.op = o
		e.beginStay(w, by)
		e.tellQueued(w, nil)
		e.armWaiter(w)
		e.matchLater(w)
		return
	case o.kind == makeCall && by != nil && !by.ending:
		o.dissolve() // where the queue sends him on, another operation has him
		e.enqueue(by, q, 0, o.ring, false)
	case with != nil && !with.ending:
		e.extrasOf(with).movedBy = o.byDN
		o.dissolve() // likewise
		e.enqueue(with, q, 0, o.ring, false)
	}
	o.stage = over
}

// takeTarget makes an agent's leg, called for who waits in a queue, the target of the operation that he waits for.
func (e *Engine) takeTarget(o *operation, p *party) {
	if o == nil {
		return
	}
	o.target, o.dn, p.op = refTo(p), p.thisDN, o
}

// nextTarget lets an operation wait for the next agent, when the one whom the queue had found did not take the call.
func (o *operation) nextTarget(q *queue) {
	o.target, o.dn, o.command = ref{}, q.config.ID, 0
	if o.stage == joining || o.stage == merging {
		o.stage = calling
		o.version = 0
	}
}

// opStay is the stay in a queue that an operation waits for.
func (o *operation) opStay() *waiter {
	for _, r := range []ref{o.by, o.with} {
		if p := r.get(); p != nil && p.waiter != nil && p.waiter.op == o {
			return p.waiter
		}
	}
	return nil
}

// withdraw takes an operation out of the queue that it waits in: by has thought better of it.
func (e *Engine) withdraw(o *operation) {
	w := o.opStay()
	if w == nil {
		return
	}
	if p := o.target.get(); p != nil && p.offer != nil && p.offer.outcome == "" {
		p.offer.outcome = OfferCallerLeft // whoever withdraws hangs target up
	}
	if len(w.offers) == 0 {
		e.tellAbandoned(w)
	}
	e.leave(w, StayAbandoned, nil)
	o.givenUp = true
}

// handOver lets the customer wait in the place of the agent who transfers him before a target is found (3.6, blind).
func (e *Engine) handOver(o *operation) {
	w, by, with := o.opStay(), o.by.get(), o.with.get()
	if w == nil || by == nil || by.waiter != w || with == nil || with.ending || with.waiter != nil {
		return
	}
	if w.queued && !w.diverted {
		e.tellDiverted(w, with.thisDN, events.StateTransferred)
	}
	by.waiter, with.waiter, with.queue = nil, w, w.queue
	w.party = refTo(with)
}

// ownsPlace: the agent has gone, and what was said of his stay is said of the customer's.
func (e *Engine) ownsPlace(o *operation) {
	w, by, with := o.opStay(), o.by.get(), o.with.get()
	if w == nil || by == nil || with == nil || with.waiter != w {
		return
	}
	w.party = refTo(by)
	e.recordStay(QueueLeft, w, StayHandedOver, nil)
	w.party, w.callID, w.partyID = refTo(with), with.call.id, with.names.hex
	delete(w.queue.dropped, with.thisDN)
	e.nameStay(with, w)
	e.recordStay(QueueEntered, w, "", nil)
	e.tellPlace(w)
}

// tellPlace tells who has a place that was passed on, unless a phone is called for him by now.
func (e *Engine) tellPlace(w *waiter) {
	if w.diverted && len(w.offers) == 0 {
		e.tellQueued(w, nil)
	}
}

// waitsOn tells whether a transfer that began as a consult goes on without its operation: the customer waits in the
// queue like any other.
func (e *Engine) waitsOn(o *operation) bool {
	w := o.opStay()
	if w == nil || o.target.get() != nil {
		return false
	}
	w.op, o.stage = nil, over
	if with := o.with.get(); with != nil {
		e.extrasOf(with).movedBy = o.byDN
	}
	return true
}

// turnsMoved has a queue turn away the customer who comes into the agent's place there as if he came by himself, or welcome him;
// whom somebody has picked up for, it has taken.
func (e *Engine) turnsMoved(o *operation) bool {
	w, with := o.opStay(), o.with.get()
	if w == nil || with == nil || with.waiter != w || w.winner != nil {
		return false
	}
	when, refused := e.turnedAway(w, with)
	if refused {
		w.op, o.stage, e.extrasOf(with).movedBy = nil, over, o.byDN
		o.dissolve()
		e.overflow(w, when)
		return true
	}
	e.welcome(w, with)
	e.armWaiter(w)
	return false
}

// opUnserved: the queue gives up who waits for an operation. A consult has failed then; whom a transfer has left in the
// queue goes where any caller goes.
func (e *Engine) opUnserved(w *waiter) bool {
	o := w.op
	if o.kind == transfer {
		o.dissolve()
		return false
	}
	e.advance(o, opTargetEnds)
	return true
}

// redirectOffer: an agent sends a call that rings for him elsewhere, or a supervisor takes it: the queue has lost it.
func (e *Engine) redirectOffer(p *party) {
	o := p.offer
	if o == nil || o.waiter.gone {
		return
	}
	o.outcome = OfferRedirected
	w := o.waiter
	if w.op != nil {
		w.op = nil
	}
	e.leave(w, StayElsewhere, nil)
}

// redirectable tells whether a phone that rings for a queue's caller may send him elsewhere: nobody else has him yet.
func (p *party) redirectable() bool {
	o := p.offer
	return o == nil || o.outcome == "" && !o.waiter.gone && o.waiter.winner == nil && o.waiter.number == "" && o.waiter.op == nil
}

// forsake lets go of what a party of a quarantined call was for queues and agents.
func (e *Engine) forsake(p *party) {
	if w := p.waiter; w != nil {
		e.leave(w, StayFaulted, nil)
		if w.inApp {
			e.order(p, Command{Kind: CommandReturn, Value: StayFaulted})
		}
	}
	if o := p.offer; o != nil {
		e.dropOffer(o, OfferFailed, CauseNormalClearing)
		p.offer = nil
		e.endOffer(o)
	}
	if p.nail != nil {
		e.giveBack(p, CauseNormalClearing)
	}
	if a := p.agent; a != nil {
		if p.servedFor != nil && p.talkCounted {
			a.business--
		}
		e.detach(p)
	}
}

// recordFor begins the recording that a queue's template asks for, when its caller has an agent.
func (e *Engine) recordFor(q *queue, p *party) {
	if q.config.RecordTemplate == "" || e.config.QueueRecordPath == nil || p.recording != "" {
		return
	}
	path := e.config.QueueRecordPath(q.config.RecordTemplate, p.call.id, p.names.hex, e.in.WallMicros)
	if path == "" {
		return
	}
	e.setVariables(p, "cti_record_path", path)
	e.order(p, Command{Kind: CommandRecordStart, Value: path})
}

// toQueue tells whether a request may lead to a queue; if not it has refused it.
func (e *Engine) toQueue(r *Request, q *queue) bool {
	switch r.Kind {
	case RequestSingleStepConference:
		e.refuse(r, events.InvalidParams, "otherDN is a queue: name a party")
		return false
	case RequestInitiateConsult: // nobody is sent on by its overflow: who consults asks for an agent of this queue
		if when, shut := e.shuts(q, q.onLine()+1); shut {
			e.refuse(r, events.CallUnknown, "otherDN: the queue "+whyShut[when]+"; name another, or try again later")
			return false
		}
	}
	return true
}

var whyShut = map[OverflowWhen]string{
	WhenClosed: "is closed", WhenFull: "is full", WhenNobodyOn: "has nobody logged in", WhenNobodyReady: "has nobody ready",
}
