package engine

import (
	"cmp"

	"modcti/events"
)

// This file holds the acts of the operation table. Each gives commands, or tells; none decides what comes next.

// callTarget has the switch call the operation's number into the call.
func (e *Engine) callTarget(o *operation) {
	company := o.call.company
	if q := e.queueFor(company, o.dn); q != nil && o.stage != recalling {
		e.callQueue(o, q)
		return
	}
	to, found := o.to, o.to.route.Address != ""
	if !found {
		to, found = e.destinationOf(company, o.dn)
	}
	a := e.agentFor(company, o.dn)
	back := o.recalled && o.agent != nil && e.agentAt(o.agent.dn) == o.agent
	if back {
		a, to.inside = o.agent, true
	}
	var p *party
	if found {
		p = e.expect(a, o.dn, to.inside, o.with.get())
	}
	if p == nil { // a reload, or many other calls, came since the request was taken
		e.advance(o, opTargetEnds)
		return
	}
	if back {
		e.attachTo(a, p)
	}
	o.target = refTo(p)
	p.op = o
	e.enter(o, p)
	route := to.route
	if o.caller != "" { // a client's choice goes before the dial plan's
		route.CallerID = o.caller
	}
	o.command = e.callUp(p, route, o.callerShown(), "", cmp.Or(o.ring, a.ringMillis()))
}

// enter puts a leg that the engine calls into the operation's call.
func (e *Engine) enter(o *operation, p *party) {
	c := o.call
	p.role, p.dnRole = roleOf(c, p), calledDN
	with := o.with.get()
	p.otherDN = o.byDN
	switch o.kind {
	case makeCall:
		p.origin = o.by
	case transfer, redirect, conference, bargeIn, intercept, diversion:
		if with != nil {
			p.otherDN = with.thisDN
		}
	case monitor:
		p.observer, p.role = true, supervisorRole
		e.extrasOf(p).observes = o.by
	case consult:
	}
	e.include(c, p)
	e.fillLine(c, p, o.by.get())
	c.addDN(p.thisDN)
	e.recordParty(PartyOpened, p)
}

func (o *operation) callerShown() string {
	if o.caller != "" {
		return o.caller
	}
	switch o.kind {
	case transfer, redirect, conference, bargeIn, intercept, monitor, diversion:
		if with := o.with.get(); with != nil {
			return with.thisDN
		}
	case makeCall, consult:
	}
	return o.byDN
}

// callOut: the agent has picked up; he hears ringback while the other is called.
func (e *Engine) callOut(o *operation) {
	e.callTarget(o)
	if by := o.by.get(); by != nil && o.stage != over {
		e.wait(by, WaitRingback)
	}
}

func (e *Engine) joinMedia(o *operation, p, q *party, name string) {
	if p == nil || q == nil || p.ending || q.ending {
		return // its end is on its way and has a row of its own
	}
	e.await(o, e.bridgeAs(p, q, name))
}

func (e *Engine) joinByTarget(o *operation) {
	name := o.keptFor(o.with)
	o.kept = name == Kept
	e.joinMedia(o, o.by.get(), o.target.get(), name)
}
func (e *Engine) joinWithTarget(o *operation) { e.joinMedia(o, o.with.get(), o.target.get(), "") }
func (e *Engine) joinByWith(o *operation)     { e.joinMedia(o, o.by.get(), o.with.get(), "") }

// keptFor: who consults does not end with whom he talks to while the other waits for him, nor who hears the tones of an
// agent's phone with it while there are others who may take his call.
func (o *operation) keptFor(other ref) string {
	if o.kind == consult && other.here() || o.stage == early && o.mayPassOn() {
		return Kept
	}
	return ""
}

// tie: nobody waits for by any more, and he ends with whom he talks to, as in any call.
func (e *Engine) tie(o *operation, other ref) {
	if by, q := o.by.get(), other.get(); o.by.here() && other.here() {
		e.bridge(by, q)
	}
}

// The legs of an operation that is given up.

// dropTarget: who has talked to nobody is abandoned by who has gone, though his phone was picked up (3.14).
func (e *Engine) dropTarget(o *operation) {
	p := o.target.get()
	cause := CauseNormalClearing
	if p != nil && !p.talked && (!p.answered() || o.gone != (blame{})) {
		cause = CauseOriginatorCancel
	}
	e.hangUpFor(p, cause, o.gone)
}

func (e *Engine) dropBy(o *operation)   { e.hangUpFor(o.by.get(), CauseNormalClearing, o.gone) }
func (e *Engine) dropWith(o *operation) { e.hangUpFor(o.with.get(), CauseNormalClearing, o.gone) }

func (e *Engine) dropBoth(o *operation) {
	e.dropTarget(o)
	e.dropWith(o)
}

func (e *Engine) dropByAndTarget(o *operation) {
	e.dropTarget(o)
	e.dropBy(o)
}

func (e *Engine) failCall(o *operation) {
	e.refuseAsked(o)
	e.dropByAndTarget(o)
}

// cancelTarget hangs target up because the agent wants it.
func (e *Engine) cancelTarget(o *operation) { e.endTarget(o, agentSide) }

// giveUpTarget hangs target up because the switch did not do what it was called for.
func (e *Engine) giveUpTarget(o *operation) {
	if p := o.target.get(); p != nil && p.offer != nil && p.offer.outcome == "" {
		p.offer.outcome = OfferFailed
	}
	e.endTarget(o, noWord)
}

func (e *Engine) endTarget(o *operation, side word) {
	p := o.target.get()
	e.withdraw(o)
	if p == nil && o.kind == consult { // a queue had found none yet
		e.advance(o, opTargetEnds)
		return
	}
	if p != nil && !p.answered() {
		e.awaitEnd(o, e.hangUp(p, CauseOriginatorCancel, side))
		return
	}
	e.awaitEnd(o, e.hangUp(p, CauseNormalClearing, side))
}

// awaitEnd lets the stage wait for a leg to end. That the leg is gone already is no refusal.
func (e *Engine) awaitEnd(o *operation, command uint64) {
	e.await(o, command)
	o.command = 0
}

func (e *Engine) refuseAndDrop(o *operation) {
	e.refuseAsked(o)
	e.dropTarget(o)
}

func (e *Engine) refuseAndCancel(o *operation) {
	e.refuseAsked(o)
	e.giveUpTarget(o)
}

// Consult.

// startConsult: the customer waits, the agent hears ringback, the third is called (3.6).
func (e *Engine) startConsult(o *operation) {
	by, with := o.by.get(), o.with.get()
	e.apply(by, consults)
	e.tellConsultDialing(by, o)
	e.tellStage(o, events.StageBegun, "")
	e.callTarget(o)
	e.wait(with, WaitMusic)
	if o.stage == calling {
		e.wait(by, WaitRingback)
	}
}

func (e *Engine) consultFailed(o *operation) {
	e.tellStage(o, events.StageCancelled, e.targetCause(o))
	e.byWaits(o)
}

func (e *Engine) consultEnded(o *operation) {
	by := o.by.get()
	if by.times.ended != 0 {
		return // it has ended because he has hung up, which is told next: he holds nobody any more
	}
	e.apply(by, loses)
	e.tellStage5(o)
	e.byWaits(o)
}

// consultHolds tells whether it is a consult that lets a party's partner wait: the phone's own hold ends with it.
func (p *party) consultHolds() bool {
	return p.op != nil && p.op.kind == consult && p.op.by.get() == p && p.op.stage != talking && p.op.stage != alternated
}

// resumeTalk: the agent and the third hear each other again. With nobody waiting it is a talk like any other.
func (e *Engine) resumeTalk(o *operation) {
	if with := o.with.get(); with == nil || with.state == Released {
		o.stage = over
	}
}

// reachTalk: an agent whose customer left while he called the third talks to the third.
func (e *Engine) reachTalk(o *operation) {
	if by := o.by.get(); by != nil {
		e.reach(by)
	}
	if o.kept {
		e.tie(o, o.target)
	}
}

// reach: who let his partner wait talks to another now, unless his own phone holds that one.
func (e *Engine) reach(by *party) {
	if by.state == Held && !by.phoneHolds {
		e.apply(by, reaches)
	}
}

func (o *operation) dnOfWith() string {
	if with := o.with.get(); with != nil {
		return with.thisDN
	}
	return o.goneDN
}

// sendByAway: with and target hear each other; the agent goes (3.6, 3.11).
func (e *Engine) sendByAway(o *operation) {
	by := o.by.get()
	if by != nil && by.state != Released {
		if o.kind == intercept {
			e.extrasOf(by).farewell = farewell{thirdDN: o.dn, thirdRole: events.InterceptBy}
		}
		e.leavesWatchers(o)
		e.await(o, e.hangUp(by, CauseNormalClearing, agentSide))
		return
	}
	if o.kind == intercept {
		e.tellTaken(o)
	} else {
		e.tellMerged(o)
	}
	o.stage = over
}

// targetGone: what was asked for cannot be done any more; the agent has the customer on hold (3.14).
func (e *Engine) targetGone(o *operation) {
	by, with := o.by.get(), o.with.get()
	e.refuseAskedWith(o, events.NotFoundOtherParty, "the party consulted has gone; retrieve the call")
	if by != nil {
		e.unsay(by)
		if by.state == Talk {
			e.apply(by, loses)
		}
	}
	e.tellStage(o, events.StageRetrieved, e.targetCause(o))
	e.byWaits(o)
	if with != nil && !with.ending {
		e.wait(with, WaitMusic)
	}
}

// rejoinAlone: the customer has gone, and the consult is all that is left of the call (R12).
func (e *Engine) rejoinAlone(o *operation) {
	e.outlive(o)
	e.joinByTarget(o)
}

func (e *Engine) goOnAlone(o *operation) {
	e.outlive(o)
	e.tie(o, o.target)
}

func (e *Engine) outlive(o *operation) {
	e.refuseAskedWith(o, events.NotFoundOtherParty, "the customer has gone; the consult goes on")
	o.call.callType = consultCall
	if by := o.by.get(); by != nil {
		e.unsay(by)
		e.reach(by)
	}
}

// becomeCall: the customer left while the third was being called; to the agent it is a call like any other from now on.
func (e *Engine) becomeCall(o *operation) {
	o.kind, o.call.callType = makeCall, consultCall
	if target := o.target.get(); target != nil && target.answered() {
		e.advance(o, opTargetAnswers)
	}
}

func (e *Engine) refuseAndRejoin(o *operation) {
	e.refuseAsked(o)
	if by := o.by.get(); by != nil {
		e.unsay(by)
	}
	if with := o.with.get(); with != nil && !with.ending {
		e.wait(with, WaitMusic)
	}
	e.joinByTarget(o)
}

// cancelHeld: the switch cannot even bring the talk with the third back; all that is left is the customer on hold.
func (e *Engine) cancelHeld(o *operation) {
	e.giveUpTarget(o)
	e.apply(o.by.get(), loses)
	e.tellStage(o, events.StageRetrieved, events.ConsultFailed)
	e.byWaits(o)
}

func (e *Engine) swapToWith(o *operation) {
	e.joinMedia(o, o.by.get(), o.with.get(), o.keptFor(o.target))
	if target, with := o.target.get(), o.with.get(); target != nil && with != nil && !with.ending {
		e.wait(target, WaitMusic)
	}
}

func (e *Engine) swapToTarget(o *operation) {
	e.joinByTarget(o)
	if target, with := o.target.get(), o.with.get(); with != nil && target != nil && !target.ending {
		e.wait(with, WaitMusic)
	}
}

// completeEarly: the agent goes while the third's phone rings.
func (e *Engine) completeEarly(o *operation) {
	by := o.by.get()
	e.handOver(o)
	e.leavesWatchers(o)
	e.await(o, e.hangUp(by, CauseNormalClearing, agentSide))
}

func (e *Engine) becomeTransfer(o *operation) {
	e.ownsPlace(o)
	if e.turnsMoved(o) || e.waitsOn(o) {
		return
	}
	e.tellMerged(o)
	o.kind, o.told = transfer, true
	target := o.target.get()
	switch {
	case target == nil || target.state == Released:
		e.advance(o, o.targetEnds())
	case target.answered():
		e.advance(o, opTargetAnswers)
	}
}

// Transfer.

// startMove takes the agent out; the third is called once he is gone (3.5, R32).
func (e *Engine) startMove(o *operation) {
	by, with := o.by.get(), o.with.get()
	hears := WaitMusic
	if !with.talked {
		hears = WaitRingback
		o.told = true // who has talked to nobody yet is told of no change (3.13)
	}
	e.wait(with, hears)
	e.leavesWatchers(o)
	e.await(o, e.hangUp(by, CauseNormalClearing, agentSide))
}

// nobodyToMove: the other party has gone before by was out, so there is nobody to send on. By's leg ends all the same, as
// it does after any talk; as any phone's does whose caller has given up, where it rang.
func (e *Engine) nobodyToMove(o *operation) {
	e.refuseAskedWith(o, events.NotFoundOtherParty, "the other party has gone")
	by := o.by.get()
	if by == nil {
		return
	}
	e.unsay(by)
	if !by.talked {
		e.extrasOf(by).farewell.callState = events.StateAbandoned
	}
}

// failCaller: nobody takes a call that was sent on. Its caller hears why, as if he had called there.
func (e *Engine) failCaller(o *operation) {
	cause := CauseNormalClearing
	if target := o.target.get(); target != nil && !target.answered() && target.cause != CauseNone {
		cause = target.cause
	} else if target == nil && o.detour != nil {
		cause = o.detour.when.cause()
	}
	e.hangUpFor(o.with.get(), cause, o.gone)
}

// finishMove: with and target talk.
func (e *Engine) finishMove(o *operation) {
	if with := o.with.get(); with != nil {
		e.reach(with)
	}
	e.tellMoved(o)
}

// recall calls the agent back: nobody has taken the call (3.5).
func (e *Engine) recall(o *operation) {
	o.dn, o.byDN, o.to, o.recalled, o.told = o.byDN, o.dn, destination{}, true, false
	e.callTarget(o)
}

// Supervision.

// restoreAndRefuse: the supervisor has gone while all were put into a room.
func (e *Engine) restoreAndRefuse(o *operation) {
	e.refuseAskedWith(o, events.NotFoundParty, "the supervisor's phone has hung up")
	e.restoreTalk(o)
}

// listen has the supervisor's leg listen to the agent's (3.10).
func (e *Engine) listen(o *operation) {
	target, by := o.target.get(), o.by.get()
	if target == nil || by == nil || target.ending || by.ending {
		return
	}
	e.await(o, e.orderWith(target, by, Command{Kind: CommandEavesdrop, Name: HeardByNobody}))
}

// refuseAndRestore: whom the agent wanted to bring in has gone while all were put into a room (3.8).
func (e *Engine) refuseAndRestore(o *operation) {
	e.refuseAsked(o)
	e.restoreTalk(o)
}

// takeOver gives the supervisor whom the agent talks to, or for whom the agent's phone rings (3.11).
func (e *Engine) takeOver(o *operation) {
	if with := o.with.get(); with != nil {
		o.placed = with.displaced
	}
	e.joinWithTarget(o)
}
