package engine

// This file has the calls of a nailed-up leg: a party is made on it, and goes when the engine takes the leg back.

// onNail makes a party of a nailed-up leg that waits: nothing is dialed.
func (e *Engine) onNail(n *nail, p *party) {
	hex := p.names.hex
	p.id, p.names, p.numbering, p.expected = n.id, n.names, n.numbering, false
	p.names.hex = hex
	p.nail, p.displaced = n, true
	n.stage, n.party = nailTaken, refTo(p)
}

// connectLater puts a party on a nailed-up leg through as if its phone had been picked up, when the step has said what the
// call is.
func (e *Engine) connectLater(p *party) {
	e.setVariables(p, "cti_call_id", p.call.id, "cti_party_id", p.names.hex)
	e.connecting = append(e.connecting, refTo(p))
}

func (e *Engine) connectNails() {
	for i := 0; i < len(e.connecting); i++ {
		p := e.connecting[i].get()
		if p == nil || p.ending || p.nail == nil || p.nail.stage != nailTaken {
			continue
		}
		setOnce(&p.times.progress, e.in.MonoNanos)
		setOnce(&p.times.answered, e.in.MonoNanos)
		e.rang(p)
		e.pickedUp(p)
	}
	e.connecting = e.connecting[:0]
}

// giveBack is the end of a call for a party on a nailed-up leg: the leg is parked, and the party ends with the step.
func (e *Engine) giveBack(p *party, cause uint16) uint64 {
	n, callID := p.nail, ""
	if p.call != nil {
		callID = p.call.id
	}
	if n.agent != nil {
		e.nameNail(n, callID)
	}
	e.parkNail(n, callID)
	e.returning = append(e.returning, wayBack{refTo(p), cause})
	return n.command
}

// nameNail has the leg say again whose it is, before it can be in another call.
func (e *Engine) nameNail(n *nail, callID string) {
	e.command(Command{
		Kind: CommandSetVariable, Leg: n.id, UUID: n.names.uuid, CallID: callID, Name: "cti_call_id", Value: n.agent.nailCall(),
	})
}

// wayBack is a party whose nailed-up leg has been taken from it.
type wayBack struct {
	party ref
	cause uint16
}

func (e *Engine) releaseReturned() {
	for i := 0; i < len(e.returning); i++ {
		r := e.returning[i]
		p := r.party.get()
		if p == nil {
			continue
		}
		end := Input{
			Kind: LegEnded, Leg: p.id, Cause: r.cause, Disposition: SendBye, MonoNanos: e.in.MonoNanos, WallMicros: e.in.WallMicros,
		}
		e.ended(p, &end)
		n := p.nail
		n.numbering, n.party, p.nail = p.numbering, ref{}, nil
		e.forget(p)
	}
	e.returning = e.returning[:0]
}

// nailEnds: the leg under a party ends, and not because the engine parks it.
func (e *Engine) nailEnds(p *party) {
	n := p.nail
	if n == nil || n.stage != nailTaken {
		return
	}
	p.nail = nil
	a := n.agent
	e.removeNail(n)
	if a != nil {
		e.nailLost(a, p.disposition, p)
	}
}

// nailParted: nobody is on the other side any more. A leg that is nailed up does not end by that.
func (e *Engine) nailParted(p *party) {
	if p.nail != nil && p.nail.stage == nailTaken {
		e.startTimer(p, partedTimer, 0, partedFor)
	}
}

func (e *Engine) nailAlone(p *party) {
	if p.nail != nil && p.op == nil && p.offer == nil && p.partner.get() == nil && p.room == nil && p.waiter == nil {
		e.hangUp(p, CauseNormalClearing, noWord)
	}
}
