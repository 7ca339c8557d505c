package center

import (
	"modcti/engine"
	"modcti/events"
)

// event takes in what a client in profile full would hear.
func (l *ledger) event(o *engine.Outgoing) {
	if o.To != 0 {
		return
	}
	switch m := o.Message.(type) {
	case *events.AgentLogin:
		a := l.agents[m.AgentUUID]
		a.state, a.reason, a.dn, a.closed, a.dead, a.lands = m.AgentState, m.ReasonCode, m.ThisDN, 0, 0, false
		a.next, a.back = reservation{}, reservation{}
		a.queues = map[string]bool{}
		for _, id := range m.ThisQueues {
			a.queues[id] = true
		}
		for id, p := range l.parties { // calls that were at the phone before him
			if p.dn == a.dn && p.told && !p.released && l.offers[id] == nil && p.agentUUID == "" {
				p.agentUUID = m.AgentUUID
			}
		}
	case *events.AgentReady:
		l.agentTold(o, &m.AgentPart, m.ChangePart, events.AgentStateReady, m.ReasonCode)
		if o.Asker != 0 && !m.Reserved { // who says that he is ready is not kept waiting
			a := l.agents[m.AgentUUID]
			a.closed, a.dead = 0, 0
		}
	case *events.AgentNotReady:
		a := l.agents[m.AgentUUID]
		was := a.back
		l.agentTold(o, &m.AgentPart, m.ChangePart, events.AgentStateNotReady, m.ReasonCode)
		if m.Reserved {
			return
		}
		if a.lands = m.LoginState == "1"; m.LoginState != "2" || a.back.set {
			return
		}
		a.back = reservation{true, events.AgentStateNotReady, m.PreviousReasonCode} // he was not ready before his work either
		if m.PreviousReasonCode == events.ReasonAfterCallWork {
			a.back = was
		}
	case *events.AgentLogout:
		l.agentTold(o, &m.AgentPart, m.ChangePart, events.AgentStateLoggedOut, m.ReasonCode)
	case *events.CallCreated:
		if l.calls[m.CallID] != nil {
			l.breaks("call %s is created twice (3.0-1)", m.CallID)
		}
		l.calls[m.CallID] = &callSeen{created: true, otherDN: m.OtherDN}
	case *events.CallDeleted:
		l.callDeleted(m)
	case *events.Dialing:
		l.party(o, &m.CallPart).told = true
	case *events.Ringing:
		p := l.party(o, &m.CallPart)
		p.told, p.queue = true, m.ThisQueue
	case *events.Established:
		p := l.party(o, &m.CallPart)
		if a := l.agents[p.agentUUID]; a != nil && !p.established { // a step of a consult tells it again
			a.dead = 0
		}
		p.told, p.established = true, true
		p.business = l.called[m.PartyID]
	case *events.Released:
		l.released(o, m)
	}
}

// agentTold: what was reserved for after the call is told, and comes into force when it is told without (3.15).
func (l *ledger) agentTold(o *engine.Outgoing, part *events.AgentPart, change events.ChangePart, state, reason int64) {
	a := l.agents[part.AgentUUID]
	if change.PreviousState != a.state {
		l.breaks("agent %s was in %d, and is told to have been in %d", part.AgentUUID, a.state, change.PreviousState)
	}
	if change.Reserved {
		l.reservedTold(o, part.AgentUUID, reservation{state: state, reason: reason})
		return
	}
	if o.Asker == 0 {
		l.settle(part.AgentUUID, state, reason)
	} else {
		a.next, a.back = reservation{}, reservation{}
	}
	a.state, a.reason, a.lands = state, reason, false
	if state == events.AgentStateReady {
		a.reason = 0
	}
}

func (l *ledger) party(o *engine.Outgoing, part *events.CallPart) *partySeen {
	p := l.parties[part.PartyID]
	if p == nil {
		p = &partySeen{dn: part.ThisDN}
		l.parties[part.PartyID] = p
	}
	if p.released {
		l.breaks("%s for party %s after its release (3.0-2)", o.Message.Name(), part.PartyID)
	}
	if c := l.calls[part.CallID]; c == nil || c.deleted {
		l.breaks("%s of call %s, which is not (3.0-1)", o.Message.Name(), part.CallID)
	}
	p.callID = part.CallID
	if o.AgentUUID != "" {
		p.agentUUID = o.AgentUUID
	}
	return p
}

// released: the agent's own state is told before (3.0-4): who has been established in a queue's call is not ready any
// more when its release frees his phone, unless he has another.
func (l *ledger) released(o *engine.Outgoing, m *events.Released) {
	p := l.party(o, &m.CallPart)
	p.released = true
	a := l.agents[p.agentUUID]
	if a == nil || !p.business || m.WrapUpDuration == 0 {
		return
	}
	for _, other := range l.parties {
		if other != p && other.agentUUID == p.agentUUID && other.business && !other.released {
			return
		}
	}
	if a.state == events.AgentStateReady && !a.next.set { // reserved: another call holds it back
		l.breaks("agent %s is ready when the release of his queue call is told (3.0-4)", p.agentUUID)
	}
}

// callDeleted: a refused call has a code and was never told of, any other has none and was (R50).
func (l *ledger) callDeleted(m *events.CallDeleted) {
	id := m.CallID
	c := l.calls[id]
	if m.NoCallReasonCode != "" && l.account.draining && c == nil {
		l.calls[id] = &callSeen{deleted: true}
		return
	}
	if c == nil || c.deleted || m.NoCallReasonCode != "" {
		l.breaks("call %s is deleted, and is not (3.0-1)", id)
		return
	}
	c.deleted = true
	for partyID, p := range l.parties {
		if p.callID != id {
			continue
		}
		if p.told && !p.released {
			l.breaks("party %s was never released, though its call ended (3.0-2)", partyID)
		}
		delete(l.parties, partyID)
	}
	delete(l.calls, id)
}
