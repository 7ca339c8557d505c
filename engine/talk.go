package engine

// This file takes the facts of ringing, answering and joined media into the talk of two parties.

// rang: a called leg rings, or plays early media, which is its ringing (3.1).
func (e *Engine) rang(p *party) {
	if p.dnRole != calledDN || p.call == nil || p.call.forming {
		return
	}
	told := p.toldRing
	e.apply(p, rings)
	if !told && p.toldRing {
		e.happens(p, opNothing, opNothing, opTargetRings)
	}
}

// pickedUp: the phone has answered. One that the engine called is told to ring first, if it did not (3.1).
func (e *Engine) pickedUp(p *party) {
	if p.op != nil && p.op.target.get() == p {
		e.rang(p)
	}
	if p.offer != nil {
		e.rang(p)
		e.offerAnswered(p)
	}
	e.answered(p)
	e.happens(p, opByAnswers, opNothing, opTargetAnswers)
}

// dialed: a phone has sent digits into a talk; an agent is told what he sent (R25).
func (e *Engine) dialed(p *party, digits string) {
	if p.waiter != nil {
		e.pressed(p.waiter, digits)
		return
	}
	if p.inside && p.state == Talk && digits != "" {
		e.tellDTMF(p, digits)
	}
}

// answered: media may have been joined before the answer; and a leg that the switch called on its own talks to it.
func (e *Engine) answered(p *party) {
	if q := p.partner.get(); q != nil {
		e.talk(p, q)
		return
	}
	if p.call != nil && !p.call.forming && p.dnRole == calledDN && p.call.begun.get() == p {
		e.ensureRung(p)
		e.apply(p, joins)
	}
}

// ensureRung: a called leg that answers without ringing, or whose call is known only now, is told to ring first (3.1).
func (e *Engine) ensureRung(p *party) {
	if p.state == Idle && p.dnRole == calledDN {
		e.apply(p, rings)
	}
}

// bridged: media is joined. A bridge is not an answer: both legs must have been answered too.
func (e *Engine) bridged(p *party, other LegID) {
	if p.ending {
		return
	}
	if other.IsZero() {
		if p.observer {
			e.hears(p)
		}
		return
	}
	if f := e.folded[other]; f != nil {
		f.partner = p.id
		e.joinThrough(f)
		return
	}
	if q := e.legs.get(other); q != nil && q != p {
		e.pair(p, q)
	}
}

func (e *Engine) pair(p, q *party) {
	if p.ending || q.ending || p.call == nil || q.call == nil {
		return
	}
	e.checkTaken(p, q)
	e.checkTaken(q, p)
	now := e.in.MonoNanos
	setOnce(&p.times.bridged, now)
	setOnce(&q.times.bridged, now)
	p.partner, q.partner = refTo(q), refTo(p)
	beforeP, beforeQ := p.talkedTo(), q.talkedTo()
	told, again := p.op.tellsJoins() || q.op.tellsJoins(), p.op != nil || q.op != nil
	e.merge(p, q)
	setOnce(&p.call.bridgedAt, min(p.times.bridged, q.times.bridged))
	e.talk(p, q)
	if again { // nobody has transferred either to the other
		p.formerPartner, q.formerPartner = refTo(q), refTo(p)
	}
	if !told {
		e.partnerChanged(p, q, beforeP, beforeQ)
	}
}

// talkedTo is whom a party talks to, or talked to when it was parted from him.
func (p *party) talkedTo() string {
	if p.state == Talk || p.state == Held {
		return p.otherDN
	}
	return ""
}

// talk takes two joined legs into the talk once both are answered: the one that began the call first, but the
// customer first where the agent had picked up before (3.1).
func (e *Engine) talk(p, q *party) {
	if !p.answered() || !q.answered() || p.ending || q.ending || p.call == nil || p.call != q.call {
		return
	}
	first, second := p, q
	if second.dnRole == callingDN {
		first, second = second, first
	}
	if first.dnRole == callingDN && p.call.makeCallType == regular {
		first, second = second, first
	}
	setOnce(&p.call.answered, max(p.times.answered, q.times.answered))
	e.ensureRung(p)
	e.ensureRung(q)
	e.talkTo(first, second)
	e.talkTo(second, first)
	e.joined(p, q)
	if p.call.unwatched {
		e.watchAgain(p.call)
	}
	if p.offer != nil {
		e.offerJoined(p, q)
	}
	if q.offer != nil {
		e.offerJoined(q, p)
	}
}

// hears: a supervisor's leg listens (3.10, R39).
func (e *Engine) hears(p *party) {
	if agent := p.observes.get(); agent != nil && agent.state == Talk && p.state != Talk {
		e.tellWatched(p, agent)
	}
	e.apply(p, joins)
	if o := p.op; o != nil && o.stage == joining { // media in a room, to barge in, is not met yet: the room tells
		e.happens(p, opNothing, opNothing, opMet)
	}
}

// talkTo lets p hear q. Each bridge is told on both legs: the second time nothing is new.
func (e *Engine) talkTo(p, q *party) {
	if (p.state == Talk || p.state == Held) && p.otherDN == q.thisDN {
		return
	}
	p.otherDN = q.thisDN
	p.blame = blame{}
	e.apply(p, joins)
	if p.phoneHolds && p.state == Talk {
		e.apply(p, holds) // it was told of before the talk
	}
}

func (e *Engine) unbridged(p *party, other LegID) {
	q := p.partner.get()
	if q == nil || (!other.IsZero() && q.id != other) {
		return
	}
	p.partner, p.formerPartner = ref{}, refTo(q)
	if q.partner.get() == p {
		q.partner, q.formerPartner = ref{}, refTo(p)
		e.apply(q, parts)
	}
	e.apply(p, parts)
	for _, side := range []*party{p, q} {
		if side.onHold {
			e.extrasOf(side).onHold = false // it has been joined since
		}
	}
	e.nailParted(p)
	e.nailParted(q)
	e.orphansLeft(p.call)
}
