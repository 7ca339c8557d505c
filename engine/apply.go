package engine

// apply lets a stimulus act on a party by way of the table.
func (e *Engine) apply(p *party, on stimulus) {
	r := partyTable[p.state][on]
	if r == nil {
		e.stats.EmptyCells++
		return
	}
	from, phoneOf := p.state, p.agent
	if !r.stay {
		p.state = r.to
	}
	if p.state == Talk {
		p.talked = true
	}
	if p.state == Released && from != Released {
		p.call.live--
	}
	e.do(p, r.doing)
	if p.state != from {
		e.partyMoved(p)
		e.recordState(p, on, r.clause)
	}
	if p.state == Released && from != Released {
		e.recordPartyOf(PartyClosed, p, phoneOf)
	}
}

func (e *Engine) do(p *party, a action) {
	now := e.in.MonoNanos
	switch a {
	case tellDialing:
		e.tellDialing(p)
	case tellRinging:
		e.tellRinging(p)
	case tellEstablished:
		e.tellEstablished(p)
		e.recordParty(PartyUpdated, p)
	case tellReached:
		e.endHold(p, now)
		e.tellEstablished(p)
	case noteHold, tellHold:
		r := e.extrasOf(p)
		r.lastHold, r.heldSince = now, now
		e.recordParty(PartyUpdated, p)
		if a == tellHold {
			e.tellHeld(p)
		}
	case tellRetrieve:
		e.endHold(p, now)
		e.tellRetrieved(p)
	case notePartner:
		e.recordParty(PartyUpdated, p)
	case noteReleased, tellReleased:
		e.endHold(p, p.times.ended)
		if a == tellReleased {
			e.tellReleased(p)
		}
	case doNothing:
	}
}

func (e *Engine) endHold(p *party, at int64) {
	if p.heldSince != 0 {
		r := e.extrasOf(p)
		r.holdTotal += max(at-r.heldSince, 0)
		r.heldSince = 0
	}
}

// stateAt is when a party came into the state that a stimulus brought it to: facts keep their own time, whenever they
// are told.
func (e *Engine) stateAt(p *party, on stimulus) int64 {
	switch on {
	case begins:
		return p.millis(p.times.created)
	case rings:
		if at := p.ringsAt(); at != 0 {
			return p.millis(at)
		}
	case joins:
		if q := p.partner.get(); q != nil {
			return p.millis(max(p.times.answered, q.times.answered, p.times.bridged))
		}
	case ends:
		return p.millis(p.times.ended)
	}
	return p.millis(e.in.MonoNanos)
}

// callStateAtEnd tells apart why a party that never talked was released (R37; 3.0-3, 3.3).
func callStateAtEnd(p *party) word {
	switch {
	case p.talked:
		return noWord
	case p.blame.callState != noWord && p.disposition > RecvRefuse:
		return p.blame.callState
	}
	switch CauseName(p.cause) {
	case "NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT":
		return noAnswer
	case "USER_BUSY":
		return busy
	case "ORIGINATOR_CANCEL":
		if p.toldRing {
			return abandoned
		}
	}
	return noWord
}
