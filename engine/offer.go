package engine

import (
	"cmp"

	"modcti/events"
)

// offer is one phone called for one caller. An agent has at most one.
type offer struct {
	waiter   *waiter
	agent    *agent
	queue    *queue
	party    ref    // the agent's leg
	outcome  string // once it has ended, or is to end
	called   bool   // a call-back: the customer is called
	accepted bool   // by the agent, in time
	command  uint64 // that joins it with the caller
	record   *OfferRecord
}

// How an offer ends.
const (
	OfferAnswered    = "answered"
	OfferNoAnswer    = "no-answer"
	OfferRejected    = "rejected"
	OfferBusy        = "busy"
	OfferUnreachable = "unreachable"
	OfferLost        = "lost"       // another agent was quicker
	OfferRedirected  = "redirected" // by the agent, or taken from him by a supervisor
	OfferCallerLeft  = "caller-left"
	OfferFailed      = "failed" // the phone picked up, or was about to, and was not joined
)

// missed tells whether the agent let the call go by.
func (o *offer) missed() bool {
	switch o.outcome {
	case OfferNoAnswer, OfferRejected, OfferBusy, OfferUnreachable, OfferFailed:
		return true
	}
	return false
}

// offerTo picks, reserves and dials in one step: the agent is offered nothing else from here on, and his phone is called.
func (e *Engine) offerTo(w *waiter, t *tier, reason string) {
	a, q := t.agent, w.queue
	o := &offer{waiter: w, agent: a, queue: q, record: e.receipt(w, t, reason)}
	e.stepOut(w)
	w.unawait()
	e.offers++
	w.made++
	w.missed = nil
	a.offer, a.turn = o, e.offers
	w.offers = append(w.offers, o)
	if q.goesDown() {
		w.tried = append(w.tried, a)
	}
	if len(w.offers) == 1 && q.config.Strategy == RingAll && w.op == nil && w.number == "" {
		q.ringing = append(q.ringing, w)
		e.ringers++
	}
	e.agentMoved(a)
	if q.config.Strategy == Progressive && w.op == nil && w.number == "" {
		w.progressAt = e.in.MonoNanos + q.progressMillis()*1_000_000
	}
	if !e.callAgent(o) {
		e.offerFailed(o)
	}
	e.armWaiter(w)
}

// offerFailed: there is no way to the agent's phone, which does to him what any call does that he does not take. That the
// engine has no room for a leg is not his doing.
func (e *Engine) offerFailed(o *offer) {
	o.outcome = OfferUnreachable
	e.recordOffer(OfferMade, o.record)
	full := e.full()
	if does := o.agent.config.whenMissed(o.outcome); full {
		e.block(o.agent, does.closedMillis)
	} else {
		e.blockMissed(o.agent, o.outcome, does)
		e.miss(o.agent, does, nil)
	}
	e.endOffer(o)
	w := o.waiter
	if full {
		w.missed = nil
	}
	if w.waits() {
		e.lineUp(w) // before any who came later
	}
}

// callAgent has the switch call an agent's phone for a caller; false when there is no way to it.
func (e *Engine) callAgent(o *offer) bool {
	w, a := o.waiter, o.agent
	dn := e.phoneOf(a)
	if a.nail != nil && a.nail.stage == nailUp {
		dn = a.nail.dn
	}
	route, ok := e.dial(dn)
	if !ok {
		return false
	}
	p := e.expect(a, dn, true, w.party.get())
	if p == nil {
		return false
	}
	e.attachTo(a, p)
	o.party = refTo(p)
	p.offer, p.queue, p.servedFor = o, o.queue, o.queue
	p.role, p.dnRole = agentRole, calledDN
	p.otherDN = w.callerDN()
	if w.number != "" {
		e.beginCallback(w, p)
	} else {
		e.takeTarget(w.op, p)
		w.callNow().add(p)
	}
	c := p.call
	c.addDN(dn)
	c.addDN(a.dn)
	o.record.CallID, o.record.PartyID, o.record.AgentDN = c.id, p.names.hex, dn
	e.recordOffer(OfferMade, o.record)
	if !w.diverted {
		e.tellDiverted(w, dn, events.StateOK)
	}
	if w.number == "" {
		e.recordParty(PartyOpened, p)
	}
	e.callUp(p, route, w.callerDN(), w.callerName(), cmp.Or(w.ring, max(a.config.RingMillis, 0), o.queue.config.RingMillis))
	return true
}

// callerDN is the number of who waits.
func (w *waiter) callerDN() string {
	if p := w.party.get(); p != nil && w.number == "" {
		return p.thisDN
	}
	return w.number
}

// callerName is what the agent's phone shows beside the number; empty where the caller has given none.
func (w *waiter) callerName() string {
	if p := w.party.get(); p != nil && w.number == "" {
		return p.names.callerName
	}
	return ""
}

// phoneOf is the number at which an agent is called now: UseMobileAccept decides between his phone and his mobile.
func (e *Engine) phoneOf(a *agent) string {
	switch c := a.config; {
	case c.Mobile == "":
	case c.MobileAccept == MobileAlways, c.MobileAccept == MobileOffline && e.lost[a.dn]:
		return c.Mobile
	}
	return a.dn
}

// offerAnswered: the agent has picked up. He is joined with the caller, unless that one has gone or has an agent.
func (e *Engine) offerAnswered(p *party) {
	o := p.offer
	w, caller := o.waiter, o.waiter.party.get()
	switch {
	case o.outcome != "":
		// It is being hung up.
	case w.gone || w.number == "" && (caller == nil || caller.ending):
		e.dropOffer(o, OfferCallerLeft, CauseOriginatorCancel)
	case w.winner == o:
	case w.winner != nil:
		e.lose(o)
	case w.number != "":
		w.winner = o
		e.callBack(w, p)
	case w.op != nil:
		w.winner = o // the operation joins them
	default:
		w.winner = o
		o.command = e.bridge(p, caller)
		e.startTimer(p, offerTimer, 0, confirmMillis)
	}
	e.armWaiter(w)
}

// offerOverdue: an agent who has answered was not joined with the caller.
func (e *Engine) offerOverdue(p *party) {
	o := p.offer
	switch {
	case o == nil || p.ending || o.outcome != "":
	case o.waiter.winner == o && o.command != 0:
		e.offerUnjoined(o)
	}
}

// offerRefused: the switch refused to join an agent with the caller.
func (e *Engine) offerRefused(p *party, command uint64) {
	if o := p.offer; o != nil && o.command == command && o.outcome == "" {
		e.offerUnjoined(o)
	}
}

// offerUnjoined gives up an agent with whom the caller was not joined.
func (e *Engine) offerUnjoined(o *offer) {
	if e.overdue() {
		e.waitAnew(o.waiter)
	}
	e.dropOffer(o, OfferFailed, CauseNormalClearing)
}

// offerJoined: the caller has his agent.
func (e *Engine) offerJoined(p, with *party) {
	o := p.offer
	w := o.waiter
	if w.gone || o.outcome != "" || w.number == "" && w.party.get() != with {
		return
	}
	o.outcome = OfferAnswered
	e.endRecord(o)
	a := o.agent
	a.offer, p.offer = nil, nil
	for _, other := range w.offers {
		if other != o && other.outcome == "" {
			e.lose(other)
		}
	}
	if w.op == nil || w.op.by.get() != with { // who consults is in the call that he was in, which no queue has sent or another (3.0-6)
		p.call.queue, with.queue = w.queue, w.queue
	}
	if with.hops > 0 {
		e.extrasOf(with).hops = 0
	}
	e.servedBy(with.thisDN, a)
	e.setVariables(with,
		"cti_queue_answered_ms", e.millisText(e.in.MonoNanos), "cti_agent", a.config.UUID, "cti_agent_dn", p.thisDN,
		"cti_queue_result", StayAnswered)
	e.leave(w, StayAnswered, a)
	e.recordFor(w.queue, with)
	e.agentMoved(a)
}

// lose ends an offer that another agent was quicker for (3.14).
func (e *Engine) lose(o *offer) {
	if p := o.party.get(); p != nil {
		e.extrasOf(p).farewell = farewell{callState: events.StatePickedUp}
	}
	e.dropOffer(o, OfferLost, CauseLoseRace)
}

// dropOffer gives up a phone. Until its end is told it is hung up again and again: no phone rings for nothing.
func (e *Engine) dropOffer(o *offer, outcome string, cause uint16) {
	o.outcome = outcome
	if p := o.party.get(); p != nil && !p.ending {
		e.hangUp(p, cause, noWord)
	}
}

// missedOffer does to an agent what a call that he did not take does (3.3), before his release is told.
func (e *Engine) missedOffer(p *party) {
	o := p.offer
	if o.outcome == "" || o.outcome == OfferFailed {
		o.outcome = outcomeOf(p)
	}
	a := o.agent
	switch does := a.config.whenMissed(o.outcome); o.outcome {
	case OfferFailed: // not his doing
		e.block(a, 0)
	case OfferNoAnswer, OfferRejected, OfferBusy, OfferUnreachable:
		e.blockMissed(a, o.outcome, does)
		e.miss(a, does, p)
	}
}

// blockMissed offers an agent who did not take a call nothing for as long as his setting says. Where none does, a phone that
// cannot be reached is left alone twice as long each time.
func (e *Engine) blockMissed(a *agent, outcome string, does missing) {
	millis := does.closedMillis
	if outcome != OfferUnreachable {
		a.dead = 0
	} else if a.dead++; millis <= 0 {
		millis = min(int64(blockMin)<<min(a.dead-1, 16), deadMax)
	}
	e.block(a, millis)
}

// missing is what it does to an agent that he did not take a call.
type missing struct {
	policy               MissedPolicy
	reason, closedMillis int64
}

func (c *AgentConfig) whenMissed(outcome string) missing {
	switch outcome {
	case OfferNoAnswer:
		return missing{c.MissedPolicy, events.ReasonNoAnswer, c.AfterMissed}
	case OfferRejected:
		return missing{c.RejectPolicy, events.ReasonRejected, c.AfterReject}
	case OfferBusy:
		return missing{c.BusyPolicy, events.ReasonBusy, c.AfterBusy}
	}
	return missing{c.UnreachedPolicy, events.ReasonUnreachable, c.AfterUnreached}
}

// miss counts a call that an agent did not take, and acts by his setting: now, before the release of p, which was that call
// (nil: it never came to be), or when his other calls are over. What he or a supervisor has asked for comes first.
func (e *Engine) miss(a *agent, does missing, p *party) {
	a.missed++
	if a.missed < max(a.config.MissedMax, 1) || a.state == AgentLoggedOut || a.hasAsked() {
		return
	}
	to := AgentNotReady
	switch does.policy {
	case MissedNone:
		return
	case MissedLogout:
		to = AgentLoggedOut
	case MissedNotReady:
		if a.state == AgentNotReady {
			return
		}
	}
	a.missed = 0
	switch {
	case len(a.parties) > 1, len(a.parties) == 1 && a.parties[0] != p:
		e.reserve(a, to, does.reason)
	case to == AgentLoggedOut:
		e.agentDoes(a, logsOut, does.reason)
	default:
		e.agentDoes(a, getsNotReady, does.reason)
	}
}

// outcomeOf reads off a leg's end why its phone did not take the call. One that picked up, or was about to because the
// agent had accepted, has not been missed (3.3).
func outcomeOf(p *party) string {
	if p.answered() || p.asked("EventEstablished") || p.offer != nil && p.offer.accepted {
		return OfferFailed
	}
	outcome := outcomeOfEnd(p.cause, p.disposition)
	if outcome == OfferUnreachable && p.rejected() {
		return OfferRejected
	}
	return outcome
}

// outcomeOfEnd reads it off how its leg ended.
func outcomeOfEnd(end uint16, how Disposition) string {
	switch cause := CauseName(end); {
	case cause == "NO_ANSWER", cause == "NO_USER_RESPONSE", cause == "ALLOTTED_TIMEOUT", cause == "PROGRESS_TIMEOUT":
		return OfferNoAnswer
	case cause == "USER_BUSY":
		return OfferBusy
	case how == RecvRefuse, cause == "CALL_REJECTED", cause == "DECLINE":
		return OfferRejected
	}
	return OfferUnreachable
}

// rejected tells whether the agent's own client has hung a ringing phone up.
func (p *party) rejected() bool { return p.blame.firm && p.blame.side == agentSide }

// block offers an agent nothing for a while; a phone that fails at once is not called again within blockMin.
func (e *Engine) block(a *agent, millis int64) {
	a.closed, a.closedTill = true, e.in.MonoNanos+max(millis, blockMin)*1_000_000
	e.agentMoved(a)
}

// offerEnded: the agent's leg is released. Who is left without a phone that rings waits again, at his old place (3.3).
func (e *Engine) offerEnded(p *party) {
	o := p.offer
	p.offer = nil
	if o.outcome == "" {
		o.outcome = outcomeOf(p)
	}
	w := o.waiter
	if op := w.op; op != nil && op.target.get() == p && !w.gone {
		p.op = nil
		op.nextTarget(o.queue)
	}
	if o.called && p.disposition != RecvBye && !w.gone {
		e.leave(w, StayUnanswered, nil) // the agent was there, and the customer was not
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
	w.callback = nil
	if w.gone || len(w.offers) > 0 {
		return
	}
	e.stopRinging(w)
	w.progressAt = 0
	w.retries++
	if e.draining && w.number == "" {
		e.overflow(w, WhenClosed)
		return
	}
	if w.diverted {
		e.tellQueued(w, o)
	}
	w.missed = o
	if e.hopeless(w.queue) {
		e.changed = append(e.changed, w.queue)
	}
	e.relax(w)
	e.matchLater(w)
	e.armWaiter(w)
}

func (e *Engine) endRecord(o *offer) {
	o.record.Outcome, o.record.EndMillis = o.outcome, e.in.wallMillis()
	e.recordOffer(OfferEnded, o.record)
}

func (e *Engine) stopRinging(w *waiter) {
	q := w.queue
	for i, have := range q.ringing {
		if have == w {
			q.ringing = append(q.ringing[:i], q.ringing[i+1:]...)
			e.ringers--
			return
		}
	}
}
