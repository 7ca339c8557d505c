package engine

import "slices"

// This file sees to those whom the last run had put somewhere. Its operations are forgotten: nobody else will join them with
// anybody, or end them (docs/ARCHITECTURE.md 11).

// orphan notes such a party, whose leg the first snapshot to know of it has found.
func (e *Engine) orphan(p *party, in *Input) {
	p.displaced, p.direction = true, in.Direction
	if in.Flags&FlagEngaged != 0 {
		e.extrasOf(p).engaged = true
	}
	e.extrasOfCall(p.call).orphaned = true
	e.orphans = append(e.orphans, refTo(p))
}

// serveOrphans sees to all of them, once everybody who is in their calls is known.
func (e *Engine) serveOrphans() {
	list, served := e.orphans, map[*call]bool{}
	e.orphans = nil
	for _, r := range list {
		if p := r.get(); p != nil && p.call != nil && !served[p.call] {
			served[p.call] = true
			e.serveOrphansOf(p.call)
		}
	}
}

// orphansLeft: somebody of a call has gone, or been parted from another. Those who waited for them are seen to.
func (e *Engine) orphansLeft(c *call) {
	if c != nil && c.orphaned && len(e.orphans) == 0 {
		e.serveOrphansOf(c)
	}
}

// orphaned tells whether a party is where the last run has put it, and nobody hears it there or is about to.
func (p *party) orphaned() bool {
	return p.displaced && !p.engaged && !p.partner.here() && p.room == nil && p.hangup == 0
}

// serveOrphansOf: of those whom nobody hears two are joined; one who has nobody but a phone that rings for him is joined with
// whoever picks that up. All others are hung up, unless somebody of their call is served: then who waits waits on.
func (e *Engine) serveOrphansOf(c *call) {
	var waiting, ringing, others []*party
	for p := c.first; p != nil; p = p.next {
		served := p.op != nil || p.waiter != nil || p.offer != nil || p.insist != nil
		switch {
		case p.ending, p.state == Released:
		case served, !p.orphaned():
			if served || !p.observer {
				others = append(others, p)
			}
		case p.answered() || p.direction == DirectionInbound:
			waiting = append(waiting, p)
		default:
			ringing = append(ringing, p)
		}
	}
	if len(others) == 1 && len(waiting) > 0 && others[0].engaged { // the others were to come into his room
		waiting, others = append(waiting, others[0]), nil
	}
	if len(others) > 0 {
		e.waitOnHold(waiting)
		waiting = nil
	}
	slices.SortStableFunc(waiting, func(p, q *party) int { return p.standing() - q.standing() })
	switch {
	case len(waiting) > 1:
		e.joinOrphans(waiting[0], waiting[1])
		waiting = waiting[2:]
	case len(waiting) == 1 && len(ringing) > 0 && !ringing[0].observer:
		e.ringsOn(waiting[0], ringing[0])
		waiting, ringing = nil, ringing[1:]
	}
	for _, p := range slices.Concat(ringing, waiting) {
		e.hangUp(p, p.causeOfNone(), noWord)
	}
}

// waitOnHold: others of their call talk, or are served, until when they wait as anybody who is on hold.
func (e *Engine) waitOnHold(waiting []*party) {
	for _, p := range waiting {
		if p.answered() && !p.onHold && e.in.Kind == SnapshotEnd {
			e.extrasOf(p).onHold = true
			e.wait(p, WaitMusic)
		}
	}
}

// standing orders who waits by who is to be joined first: who has talked already.
func (p *party) standing() int {
	switch {
	case p.observer:
		return 2
	case !p.talked:
		return 1
	}
	return 0
}

// causeOfNone is why a leg ends that nobody serves.
func (p *party) causeOfNone() uint16 {
	switch {
	case p.answered():
		return CauseNormalClearing
	case p.direction == DirectionOutbound:
		return CauseOriginatorCancel
	}
	return CauseTemporaryFailure
}

// joinOrphans joins two, of whom p has talked if either has. Whoever held the other has him back; who was on the way to somebody
// has reached him.
func (e *Engine) joinOrphans(p, q *party) {
	if q.state == Held && p.state != Held || q.talked && q.inside && !p.inside && p.state != Held {
		p, q = q, p
	}
	switch {
	case p.state == Held:
		o := &operation{kind: consult, stage: resuming, call: p.call, by: refTo(p), with: refTo(q), byDN: p.thisDN}
		o.enlist(p, q)
		e.joinByWith(o)
	case q.talked:
		o := &operation{kind: consult, stage: rejoining, call: p.call, by: refTo(p), target: refTo(q), dn: q.thisDN, byDN: p.thisDN}
		o.enlist(p, q)
		e.joinByTarget(o)
	default:
		e.joinWithTarget(sentOn(p, q, merging))
	}
}

// ringsOn: whoever picks q up has p.
func (e *Engine) ringsOn(p, q *party) {
	sentOn(p, q, calling)
	e.startTimer(q, ringTimer, 0, e.ringMillis(q.agent.ringMillis()))
}

// sentOn is what p waits for who was on the way to q: who sent him is not known any more.
func sentOn(p, q *party, at stage) *operation {
	o := &operation{kind: redirect, stage: at, call: p.call, with: refTo(p), target: refTo(q), dn: q.thisDN, told: !p.talked || q.toldRing}
	o.enlist(p, q)
	return o
}
