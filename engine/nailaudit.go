package engine

// This file has what snapshots and the last run tell of nailed-up legs.

// strayNail takes in a nailed-up leg that this run does not know, or hangs it up where nobody is to have it.
func (e *Engine) strayNail(in *Input) bool {
	named := isNailCall(in.Text.CTICallID)
	if e.legs.get(in.Leg) != nil || e.nails[in.Leg] != nil || !named && !e.leftOver(in) {
		return false
	}
	for _, a := range e.agentsInOrder() {
		his := a.nailCall() == in.Text.CTICallID || !named && e.phoneOf(a) == in.Text.Destination
		if his && a.nailed() && a.nail == nil && in.CallState == CallStateActive {
			n := e.newStrayNail(a, in)
			a.nail = n
			if !named {
				e.nameNail(n, a.nailCall())
			}
			e.parkNail(n, a.nailCall())
			return true
		}
	}
	if named {
		e.endNail(e.newStrayNail(nil, in))
	}
	return named
}

func (e *Engine) newStrayNail(a *agent, in *Input) *nail {
	n := e.newNail(a, in.Leg, in.Text.Destination)
	n.names, n.seenIn = namesOf(&in.Text), e.audit.beganAt
	return n
}

// leftOver tells of a leg that is up and alone, and says that it is in a call that is over, or that goes on without it: the last run
// went before it could park it.
func (e *Engine) leftOver(in *Input) bool {
	id := in.Text.CTICallID
	return in.Kind == LegFound && in.Direction == DirectionOutbound && in.CallState == CallStateActive && in.Other.IsZero() &&
		id != "" && id != in.Text.Hex && (e.audit.first || e.callNamed(id) == nil)
}

// nailFound meets a nailed-up leg in a snapshot; false: a party is on it.
func (e *Engine) nailFound(n *nail, in *Input) bool {
	n.seenIn, n.missed = e.audit.beganAt, 0
	if e.legs.get(in.Leg) != nil {
		return false
	}
	if n.numbering.holes() {
		e.stats.LostInputs++
		n.numbering.start(n.numbering.high)
	}
	if in.CallState == CallStateActive {
		n.names = namesOf(&in.Text)
		e.nailAnswers(n)
	}
	return true
}

// missingNails gives up nailed-up legs that two snapshots in a row did not show.
func (e *Engine) missingNails(in *Input) {
	for _, a := range e.agentsInOrder() {
		n := a.nail
		if n == nil || n.stage == nailCalling || n.stage == nailTaken || n.bornAt >= e.audit.beganAt || n.seenIn == e.audit.beganAt {
			continue
		}
		if n.missed++; n.missed < missedMax {
			if !n.ending {
				e.audit.soon(in.MonoNanos)
			}
			continue
		}
		e.stats.Repairs++
		e.removeNail(n)
		e.nailLost(a, DispositionNone, nil)
	}
}

// restoreNail: a call of the last run was on a nailed-up leg. Its party has another id than its leg.
func (e *Engine) restoreNail(p *party, a *agent) {
	if a == nil || !a.nailedUp || a.nail != nil || p.names.hex == p.id.Hex() {
		return
	}
	n := e.newNail(a, p.id, p.thisDN)
	a.nail, n.names = n, p.names
	n.stage, n.party = nailTaken, refTo(p)
	p.nail, p.displaced = n, true
}
