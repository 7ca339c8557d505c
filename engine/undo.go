package engine

import "modcti/events"

// This file takes back what was begun, when the switch does not end a leg that it was told to end, or does not join two
// (protocol.md 6).

// undoMove: by was not taken out. He has with as he had before.
func (e *Engine) undoMove(o *operation) {
	by, with := o.by.get(), o.with.get()
	e.refuseAsked(o)
	if by == nil || by.ending || with == nil || with.ending {
		return // its end is on its way
	}
	e.remain(o)
	if o.former == nil && by.state != Ringing {
		e.rejoin(by, with)
		return
	}
	o.dissolve()
	again := o.former
	if again == nil { // nobody else joins them when he picks up after all
		again = &operation{kind: makeCall, stage: calling, call: o.call, by: o.with, target: o.by, dn: by.thisDN, byDN: with.thisDN}
	}
	again.enlist(by, with)
	if by.state == Ringing && by.answered() && !e.advance(again, opTargetAnswers) {
		e.bridge(by, with)
	}
}

// rejoin: two who were taken apart have each other again, or, where that fails too, nobody: they are not left in silence.
func (e *Engine) rejoin(p, q *party) {
	if p.state != Talk {
		e.bridge(p, q)
		return
	}
	again := &operation{kind: makeCall, stage: joining, call: p.call, by: refTo(p), target: refTo(q), dn: q.thisDN, byDN: p.thisDN}
	again.enlist(p, q)
	e.joinByTarget(again)
}

// remain: who was to be taken out of his call is in it as before, and whoever listened to him does.
func (e *Engine) remain(o *operation) {
	by := o.by.get()
	e.liveOn(by)
	e.unsay(by)
	e.watchersReturn(o)
}

// leavesMerging: an agent who has completed a consult ends while the two others are being joined. Nobody has been transferred
// yet, so his release shows nothing of it, and answers who asked for a release; the transfer is answered when the two have each
// other, or not (3.14).
func (e *Engine) leavesMerging(p *party) {
	o := p.op
	if o == nil || o.kind != consult || o.stage != merging || o.by.get() != p {
		return
	}
	e.unsay(p)
	target := o.target.get()
	for i := range p.pending {
		if a := p.pending[i]; a.asker == o.asker && target != nil {
			p.settle(i)
			a.event = "EventPartyChanged"
			target.pending = append(target.pending, a)
			return
		}
	}
}

// failBereft: the two whom the agent left to each other are not joined.
func (e *Engine) failBereft(o *operation) {
	e.refuseAsked(o)
	e.dropBoth(o)
}

// bereave: one of the two has gone, and nobody has the other one.
func (e *Engine) bereave(o *operation) {
	e.refuseAskedWith(o, events.NotFoundOtherParty, "the other party has gone")
	e.dropBoth(o)
}

// undoEarly: by has not left target's phone to ring for with.
func (e *Engine) undoEarly(o *operation) {
	by, with, target := o.by.get(), o.with.get(), o.target.get()
	e.refuseAsked(o)
	e.remain(o)
	w := o.opStay()
	if w != nil && with != nil && with.waiter == w {
		with.waiter, with.queue, by.waiter = nil, o.call.queue, w
		w.party = refTo(by)
		e.tellPlace(w)
	}
	switch {
	case target == nil && w == nil, target != nil && target.state == Released:
		e.advance(o, opTargetEnds)
	case target != nil && target.answered():
		e.advance(o, opTargetAnswers)
	}
}

// undoComplete: with and target are joined already, and by has not gone. Those of them who are left are as in the consult.
func (e *Engine) undoComplete(o *operation) {
	e.remain(o)
	switch {
	case o.target.here() && o.with.here():
		e.refuseAndRejoin(o)
	case o.target.here():
		e.rejoinAlone(o)
	default:
		o.stage = held
		e.targetGone(o)
	}
}

// overdue tells, while an act of the switch that has failed is dealt with, whether it may have been begun: what the switch refuses
// it has not touched.
func (e *Engine) overdue() bool { return e.refusal == CauseNone || e.refusal == CauseTimerExpired }

// unjoin: with was not joined with target. He is let hear what he heard before target is hung up, who would take him along. Where a
// queue has found target, with waits in it for the next.
func (e *Engine) unjoin(o *operation) {
	target := o.target.get()
	if with := o.with.get(); with != nil && !with.ending && e.overdue() {
		e.waitsAsBefore(o, with)
	}
	if target != nil && target.offer != nil && !target.offer.waiter.gone {
		e.dropOffer(target.offer, OfferFailed, CauseNormalClearing)
		return
	}
	e.giveUpTarget(o)
}

func (e *Engine) waitsAsBefore(o *operation, with *party) {
	switch {
	case with.waiter != nil:
		e.waitAnew(with.waiter)
	case o.kind == diversion:
		o.detour.from.inApp = false
		e.wait(with, WaitRingback)
	case with.talked:
		e.wait(with, WaitMusic)
	default:
		e.wait(with, WaitRingback)
	}
}

// ringOn: by and target's early media were not joined. By hears the phone ring as before.
func (e *Engine) ringOn(o *operation) {
	if by := o.by.get(); by != nil && !by.ending && e.overdue() {
		e.wait(by, WaitRingback)
	}
}

// restoreTalk joins the two again whom an act took apart and then failed (3.8, 3.11). In a conference they have each other
// in its room. Who was not taken away is left where he was: what becomes of him is the dialplan's affair, as before.
func (e *Engine) restoreTalk(o *operation) {
	by, with := o.by.get(), o.with.get()
	if by == nil || with == nil || by.ending || with.ending || o.room != "" && o.call.meeting {
		e.keepParted(o)
		return
	}
	together := o.room == "" && (!by.answered() || by.partner.get() == with) // nobody is on his way into a room
	placed := by.displaced
	switch {
	case !together:
		e.rejoin(by, with)
	case by.answered(): // they may have been parted, and the switch has not told it yet
		e.bridge(by, with)
	}
	if together && o.kind == intercept {
		by.displaced, with.displaced = placed || by.answered() && e.touched(o), o.placed
	}
}

// keepParted: with has gone after he was taken from by, who is where the engine has left him then. Where with has hung up on by,
// the dialplan has by.
func (e *Engine) keepParted(o *operation) {
	if by := o.by.get(); by != nil && o.kind == intercept && by.answered() && (by.partner.get() == nil || e.touched(o)) {
		by.displaced = true
	}
}

// touched tells whether with may have been on his way from by to target when that failed, though he and by still are together as
// far as is told.
func (e *Engine) touched(o *operation) bool { return e.overdue() || !o.target.here() }

// failToRestore: who is joined again is so before the other is hung up, who would take them along.
func (e *Engine) failToRestore(o *operation) {
	if with := o.with.get(); with != nil && with.waiter != nil && e.overdue() {
		e.waitAnew(with.waiter)
	}
	e.restoreTalk(o)
	e.refuseAndDrop(o)
}
