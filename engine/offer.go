package engine

import (
	"container/heap"

	"modcti/events"
)

// offer is one phone called for one caller. An agent has at most one.
type offer struct {
	waiter    *waiter
	agent     *agent
	queue     *queue
	party     ref // the agent's leg
	level     int
	cancelled bool   // the caller left, or another answered first
	outcome   string // once it has ended
	command   uint64 // that joins it with the caller
	record    *OfferRecord
}

// How an offer ends.
const (
	OfferAnswered    = "answered"
	OfferNoAnswer    = "no-answer"
	OfferRejected    = "rejected"
	OfferBusy        = "busy"
	OfferUnreachable = "unreachable"
	OfferLost        = "lost"
	OfferCallerLeft  = "caller-left"
	OfferFailed      = "failed"
)

// offerTo picks, reserves and dials in one step: the agent is offered nothing else from here on, and his phone is called.
func (e *Engine) offerTo(w *waiter, t *tier, reason string) {
	a, q := t.agent, w.queue
	receipt := e.receipt(w, t, reason)
	if w.at >= 0 {
		heap.Remove(&q.waiting[w.level], w.at)
	}
	o := &offer{waiter: w, agent: a, queue: q, level: t.level, record: receipt}
	a.offer = o
	e.agentMoved(a)
	e.offers++
	q.turn++
	w.made++
	a.turn = e.offers
	w.offers = append(w.offers, o)
	if q.config.Strategy == Sequential || q.config.Strategy == Progressive {
		w.tried = append(w.tried, a)
	}
	if len(w.offers) == 1 && (q.config.Strategy == RingAll || q.config.Strategy == Progressive) {
		q.ringing = append(q.ringing, w)
	}
	dn := e.phoneOf(a)
	route, ok := e.dial(dn)
	p := e.expect(dn)
	if !ok || p == nil {
		e.forgetExpected(p)
		e.offerFailed(o)
		return
	}
	o.party = refTo(p)
	caller := w.party.get()
	p.inside, p.offer, p.queue = true, o, q
	p.role, p.dnRole, p.otherDN = events.Agent, events.Destination, caller.thisDN
	w.call.add(p)
	w.call.addDN(dn)
	receipt.PartyID, receipt.AgentDN = p.names.hex, dn
	e.recordOffer(OfferMade, receipt)
	e.tellDiverted(w, dn)
	e.recordParty(PartyOpened, p)
	ring := a.config.RingMillis
	if ring <= 0 {
		ring = q.config.RingMillis
	}
	e.callUp(p, route, caller.thisDN, ring)
	if q.config.Strategy == Progressive && q.config.ProgressMillis > 0 {
		e.waiterTimer(w, progressTimer, e.in.MonoNanos+q.config.ProgressMillis*1_000_000)
	}
}

// phoneOf is the number at which an agent is called now.
func (e *Engine) phoneOf(a *agent) string {
	if a.config.Mobile != "" && (a.config.MobileAccept == MobileAlways || a.phoneType == events.PhonePSTN ||
		a.config.MobileAccept == MobileOffline && a.deviceLost) {
		return a.config.Mobile
	}
	return a.dn
}

// receipt writes down who could have had a caller and why this one gets him.
func (e *Engine) receipt(w *waiter, t *tier, reason string) *OfferRecord {
	q := w.queue
	r := &OfferRecord{
		CallID: w.call.id, QueueID: q.config.ID, AgentUUID: t.agent.config.UUID, AtMillis: floorDiv(e.in.WallMicros, 1000),
		Strategy: q.config.Strategy.String(), Level: t.level, WaitedMillis: (e.in.MonoNanos - w.entered) / 1_000_000,
		Reason: reason,
	}
	list := candidates{limit: CandidatesMax}
	list.add(t)
	for l := 1; l <= w.level; l++ {
		r.CandidateCount += len(q.free[l])
		for _, c := range q.free[l][:min(len(q.free[l]), CandidatesMax)] {
			if c != t {
				list.add(c)
			}
		}
	}
	if t.at < 0 {
		r.CandidateCount++
	}
	r.Candidates = list.text()
	return r
}

// offerFailed: the agent's phone could not even be called.
func (e *Engine) offerFailed(o *offer) {
	o.outcome = OfferUnreachable
	e.recordOffer(OfferMade, o.record)
	e.block(o.agent, o.agent.config.AfterUnreached)
	e.endOffer(o)
}

// offerRings, offerAnswered and so on: what became of the agent's phone.

func (e *Engine) offerAnswered(p *party) {
	o := p.offer
	w := o.waiter
	caller := w.party.get()
	switch {
	case w.gone || caller == nil || caller.ending:
		o.cancelled, o.outcome = true, OfferCallerLeft
		e.hangUp(p, CauseOriginatorCancel, "")
	case w.winner != nil:
		e.lose(o)
	default:
		w.winner = o
		o.command = e.bridge(p, caller)
		e.startTimer(p, offerTimer, 0, confirmMillis)
	}
}

// offerUnjoined: the switch did not join an agent who has answered with the caller.
func (e *Engine) offerUnjoined(p *party) {
	if o := p.offer; o != nil && o.waiter.winner == o && o.outcome == "" {
		o.outcome = OfferFailed
		e.hangUp(p, CauseNormalClearing, "")
	}
}

// offerJoined: the caller has his agent.
func (e *Engine) offerJoined(p *party) {
	o := p.offer
	w := o.waiter
	if w.gone || o.outcome != "" {
		return
	}
	o.outcome = OfferAnswered
	e.endRecord(o)
	o.agent.offer = nil
	p.offer = nil
	for _, other := range w.offers {
		if other != o {
			e.lose(other)
		}
	}
	w.call.queue = w.queue
	if caller := w.party.get(); caller != nil {
		caller.queue = w.queue
		e.servedBy(caller.thisDN, o.agent)
	}
	e.leave(w, OfferAnswered, o.agent)
}

// lose ends an offer that another agent was quicker for (3.14).
func (e *Engine) lose(o *offer) {
	o.cancelled, o.outcome = true, OfferLost
	if p := o.party.get(); p != nil {
		p.farewell = farewell{callState: events.StatePickedUp}
		e.hangUp(p, CauseLoseRace, "")
	}
}

// missedOffer does to an agent what a call that he did not take does (3.3), before his release is told.
func (e *Engine) missedOffer(a *agent, p *party, o *offer) {
	if o.outcome == "" {
		o.outcome = outcomeOf(p)
	}
	switch o.outcome {
	case OfferNoAnswer:
		a.missed++
		if a.missed >= max(a.config.MissedMax, 1) {
			e.punish(a)
		}
		e.block(a, a.config.AfterMissed)
	case OfferRejected:
		e.block(a, a.config.AfterReject)
	case OfferBusy:
		e.block(a, a.config.AfterBusy)
	case OfferUnreachable, OfferFailed:
		e.block(a, a.config.AfterUnreached)
	}
}

func (e *Engine) punish(a *agent) {
	switch a.config.MissedPolicy {
	case MissedNotReady:
		e.agentDoes(a, getsNotReady, events.ReasonNoAnswer)
		a.missed = 0
	case MissedLogout:
		e.agentDoes(a, logsOut, events.ReasonNoAnswer)
		a.missed = 0
	case MissedNone:
	}
}

// outcomeOf reads off a leg's end why its phone did not take the call.
func outcomeOf(p *party) string {
	switch cause := CauseName(p.cause); {
	case cause == "NO_ANSWER", cause == "NO_USER_RESPONSE", cause == "ALLOTTED_TIMEOUT":
		return OfferNoAnswer
	case cause == "USER_BUSY":
		return OfferBusy
	case p.disposition == RecvRefuse, cause == "CALL_REJECTED":
		return OfferRejected
	case p.answered():
		return OfferFailed
	}
	return OfferUnreachable
}

// block offers an agent nothing for a while; a phone that fails at once is not called again within blockMin.
func (e *Engine) block(a *agent, millis int64) {
	a.closed, a.closedTill = true, e.in.MonoNanos+max(millis, blockMin)*1_000_000
	e.agentTimer(a, closedTimer, a.closedTill)
	e.agentMoved(a)
}

// offerEnded: the agent's leg is released. Who is left without a phone that rings waits again, at his old place (3.3).
func (e *Engine) offerEnded(p *party) {
	o := p.offer
	p.offer = nil
	if o.outcome == "" {
		o.outcome = outcomeOf(p)
	}
	e.endOffer(o)
}

func (e *Engine) endOffer(o *offer) {
	w, a := o.waiter, o.agent
	e.endRecord(o)
	if a.offer == o {
		a.offer = nil
		e.agentMoved(a)
	}
	for i, have := range w.offers {
		if have == o {
			w.offers = append(w.offers[:i], w.offers[i+1:]...)
			break
		}
	}
	if w.winner == o {
		w.winner = nil
	}
	if w.gone || len(w.offers) > 0 {
		return
	}
	w.queue.stopRinging(w)
	w.retries++
	e.tellQueued(w)
	e.waiters = append(e.waiters, w)
}

func (e *Engine) endRecord(o *offer) {
	o.record.Outcome, o.record.EndMillis = o.outcome, floorDiv(e.in.WallMicros, 1000)
	e.recordOffer(OfferEnded, o.record)
}

func (q *queue) stopRinging(w *waiter) {
	for i, have := range q.ringing {
		if have == w {
			q.ringing = append(q.ringing[:i], q.ringing[i+1:]...)
			return
		}
	}
}
