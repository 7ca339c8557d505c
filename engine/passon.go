package engine

// This file holds what becomes of a call that is no queue's and that an agent does not take: what it does to him, and who of his
// list has it then (3.3). A queue's callers have theirs in overflow.go.

// ringMillis is how long an agent's phone rings where the request does not say; 0 = as any phone.
func (a *agent) ringMillis() int64 {
	if a == nil {
		return 0
	}
	return max(a.config.RingMillis, 0)
}

// direct tells whether somebody called target, and has not thought better of it.
func (o *operation) direct() bool {
	switch o.kind {
	case makeCall, transfer, redirect, conference, diversion:
		return o.stage == calling || o.stage == early
	case consult:
		return o.stage == calling || o.stage == leaving
	}
	return false
}

// missedDirect does to an agent what a direct call does that he did not take, before its release is told, and notes who may
// have it instead.
func (e *Engine) missedDirect(a *agent, p *party) {
	o := p.op
	if o == nil || o.target.get() != p || !o.direct() || o.callsFor() == nil {
		return
	}
	outcome := outcomeOf(p)
	if outcome == OfferFailed {
		return
	}
	if does := a.config.whenMissed(outcome); a.config.DirectPolicy != MissedNone {
		does.policy = a.config.DirectPolicy
		e.miss(a, does, p)
	}
	if o.detour == nil && len(a.config.MissedOverflow) > 0 && o.passable() != nil {
		o.detour = &detour{of: o, when: OverflowWhen(outcome), left: a.config.MissedOverflow}
	}
}

// callsFor is who has called target by an operation, or was sent to him, and waits for him; nil: nobody does any more.
func (o *operation) callsFor() *party {
	r := o.with
	switch {
	case o.kind == makeCall, o.kind == conference, o.kind == consult && o.stage != leaving:
		r = o.by
	}
	if p := r.get(); r.here() && p.hangup == 0 {
		return p
	}
	return nil
}

// passable is that caller if he may be sent on. Whom an agent consults is his choice, also when his customer has gone; not any
// more when he leaves that one to him.
func (o *operation) passable() *party {
	p := o.callsFor()
	switch {
	case p == nil:
	case o.kind == makeCall && p.state == Dialing, o.kind == transfer, o.kind == redirect, o.kind == consult && o.stage == leaving:
		return p
	}
	return nil
}

// targetEnds classifies the end of target.
func (o *operation) targetEnds() happening {
	if o == nil || o.detour == nil || operationTable[o.kind][o.stage][opTargetMisses] == nil || o.passable() == nil {
		return opTargetEnds
	}
	return opTargetMisses
}

// mayPassOn tells whether who called target goes elsewhere if it does not take the call.
func (o *operation) mayPassOn() bool {
	p := o.target.get()
	listed := o.detour != nil || p != nil && p.agent != nil && len(p.agent.config.MissedOverflow) > 0
	return listed && o.passable() != nil
}

// passOn has the next of the agent's list take the call.
func (e *Engine) passOn(o *operation) {
	if !e.walk(o.passable(), o.detour) {
		e.advance(o, opTargetEnds)
	}
}

// passTo sends a caller to one of the list, who takes him.
func (e *Engine) passTo(to Target, d *detour, p *party) {
	o := d.of
	switch to.Kind {
	case ToRelease:
		o.stage = over
		e.hangUpFor(p, d.when.cause(), o.gone)
	case ToVoicemail:
		o.stage = over
		o.dissolve()
		e.toVoicemail(p, to.To, d)
	default:
		p.op, p.blame = o, blame{} // who has failed before is no cause of his end
		o.stage, o.dn, o.to, o.told = calling, to.To, destination{}, !p.talked
		e.callTarget(o)
		if o.kind == makeCall && o.stage != over {
			e.wait(p, WaitRingback)
		}
	}
}

// giveUp: nobody of the list takes the call, and it is as if there were none.
func (e *Engine) giveUp(p *party, o *operation) {
	p.op, o.stage = o, calling
	e.advance(o, opTargetEnds)
}
