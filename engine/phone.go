package engine

import "modcti/events"

// This file tells of what nobody asked the engine for: phones and dialplans move calls by themselves.

// transferred: a leg was sent to another number, by its partner's phone or by a program. If its partner ends now, that
// was the transfer (3.5).
func (e *Engine) transferred(p *party, to string) {
	if p.waiter != nil {
		e.takenAway(p)
	}
	e.unsay(p) // it lives on: whatever its partner was sent to was no transfer by it
	q := p.partner.get()
	if p.op != nil || q == nil || q.op != nil || p.state != Talk && p.state != Held || !isDialed(to) {
		return
	}
	if q.movedBy == p.thisDN { // both are sent elsewhere: neither transfers the other
		e.extrasOf(q).movedBy = ""
		return
	}
	e.extrasOf(p).movedBy = q.thisDN
	e.extrasOf(q).farewell = farewell{callState: events.StateTransferred, thirdDN: to, thirdRole: events.TransferTo}
}

// isDialed tells whether a text is what a phone dials. Unlike events.IsNumber it takes no letter: a dialplan may name an
// extension so.
func isDialed(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && c != '*' && c != '#' && (c != '+' || i > 0) {
			return false
		}
	}
	return text != ""
}

// intercepts: a leg takes over the partner of others, who ring or talk (3.11).
func (e *Engine) intercepts(p, target *party) {
	if p.op != nil || target.call == nil {
		return
	}
	e.extrasOf(p).takenFrom = target.otherDN
	for q := target.call.first; q != nil; q = q.next {
		if q != target && q != p && (q.partner.get() == target || q.origin.get() == target && !q.talked) {
			e.extrasOf(q).farewell = farewell{thirdDN: p.thisDN, thirdRole: events.InterceptBy}
		}
	}
}

// showMoved writes who moved or lost the call that a party now rings for or talks in.
func showMoved(p *party, t *events.ThirdPart) bool {
	if p.op != nil {
		return false
	}
	if p.takenFrom != "" {
		t.ThirdDN, t.ThirdDNRole = p.takenFrom, events.InterceptTo
		return true
	}
	if origin := p.origin.get(); origin != nil && origin.movedBy != "" && origin.call == p.call {
		t.ThirdDN, t.ThirdDNRole, t.FullCallState = origin.movedBy, events.TransferBy, events.StateTransferred
		return true
	}
	return false
}

// tellMovedTo tells a party that another has sent elsewhere whom it will talk to, when that one's phone rings (3.5).
func (e *Engine) tellMovedTo(target *party) {
	p := target.origin.get()
	if p == nil || p.movedBy == "" || p.call != target.call || target.op != nil {
		return
	}
	e.tellPartner(p, target, p.movedBy, true)
	p.otherDN = target.thisDN
}

// partnerChanged tells two who talked to others before that they talk to each other (3.5, 3.6). before are the DNs that
// each talked to.
func (e *Engine) partnerChanged(p, q *party, beforeP, beforeQ string) {
	if p.call != q.call {
		return
	}
	transferred := beforeP != "" && beforeP == beforeQ
	if transferred {
		e.sayFarewell(p.call, beforeP, p, q)
	}
	e.tellPartner(p, q, beforeP, transferred)
	e.tellPartner(q, p, beforeQ, transferred)
	for _, side := range []*party{p, q} {
		if side.movedBy != "" {
			e.extrasOf(side).movedBy = ""
		}
	}
}

func (e *Engine) tellPartner(p, now *party, before string, transferred bool) {
	if before == "" || before == now.thisDN || p.state != Talk && p.state != Held {
		return
	}
	third := events.ThirdPart{CallState: events.StateOK} // who waits meanwhile, or hung up, has transferred nothing
	left := p.formerPartner.get()
	if transferred || p.movedBy == before || left != nil && left.farewell.callState == events.StateTransferred {
		third = events.ThirdPart{ThirdDN: before, ThirdDNRole: events.TransferBy, CallState: events.StateOK,
			FullCallState: events.StateTransferred}
	}
	if now.takenFrom != "" {
		third = events.ThirdPart{ThirdDN: now.thisDN, ThirdDNRole: events.InterceptBy, CallState: events.StateOK}
	}
	m := &events.PartyChanged{CallPart: callPart(p), ThirdPart: third}
	m.OtherDN = now.thisDN
	e.tellParty(p, m, outsider(p))
}

// sayFarewell: the legs of a DN that joined two others and is about to go have transferred the call (3.6).
func (e *Engine) sayFarewell(c *call, dn string, p, q *party) {
	for _, side := range []*party{p, q} {
		other := q
		if side == q {
			other = p
		}
		if by := side.formerPartner.get(); by != nil && by.thisDN == dn && !by.ending {
			e.extrasOf(by).farewell = farewell{callState: events.StateTransferred, thirdDN: other.thisDN, thirdRole: events.TransferTo}
		}
	}
}
