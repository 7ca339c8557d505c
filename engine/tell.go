package engine

import "modcti/events"

// publish gives a message its number and hands it to the subscribers of dns. c is the call that it is about, if any.
func (e *Engine) publish(m events.Message, c *call, dns ...string) {
	e.seq++
	callID, company := "", e.config.CompanyID
	if c != nil {
		callID, company = c.id, c.company
	}
	h := m.Common()
	h.Seq, h.CreationTime, h.CompanyID = e.seq, events.Moment(e.in.WallMicros), company
	pool := &e.out.pool
	at := len(pool.dns)
	for _, dn := range dns {
		if dn != "" {
			pool.dns = append(pool.dns, dn)
		}
	}
	e.out.Events = append(e.out.Events, Outgoing{Message: m, CallID: callID, DNs: pool.dns[at:len(pool.dns):len(pool.dns)]})
}

// callPart is what every event of a party carries (R25).
func callPart(p *party) events.CallPart {
	c := p.call
	return events.CallPart{
		CallID: c.id, PartyID: p.names.hex, CallType: c.callType.String(), PartyRole: p.role.String(),
		ThisDN: p.thisDN, OtherDN: p.otherDN, ANI: c.ani, DNIS: c.dnis, AttachedData: c.data,
	}
}

// thirdPart names an observer's customer (3.10); other third parties come with transfers and conferences.
func thirdPart(p *party) events.ThirdPart {
	if p.observer {
		return events.ThirdPart{ThirdDN: p.thirdDN}
	}
	return events.ThirdPart{}
}

func (e *Engine) tellCallCreated(c *call) {
	m := e.out.pool.callCreated.next()
	m.CallID, m.ThisDN, m.CallType, m.AttachedData = c.id, c.thisDN, c.callType.String(), c.data
	m.OtherDN, m.ANI, m.DNIS = c.otherDN, c.ani, c.dnis
	m.PartyID, m.PartyRole = c.begunParty, c.begunRole.String()
	e.publish(m, c, c.thisDN, c.otherDN)
}

func (e *Engine) tellDialing(p *party) {
	m := e.out.pool.dialing.next()
	m.CallPart = callPart(p)
	m.ThisDNRole, m.OtherDNRole, m.MakeCallType = events.Origination, events.Destination, p.call.makeCallType.String()
	e.tellParty(p, m, false)
}

// tellRinging tells a party that it rings, then the agent that dialed it that the other one rings (R30).
func (e *Engine) tellRinging(p *party) {
	p.toldRing = true
	m := e.out.pool.ringing.next()
	m.CallPart, m.ThirdPart = callPart(p), thirdPart(p)
	thisRole, otherRole := showTarget(p, &m.ThirdPart, &m.Keys, events.StageRinging)
	origin := p.origin.get()
	dialing := origin != nil && origin.state == Dialing && origin.call == p.call
	switch {
	case p.observer:
		m.OtherDNRole = events.ObserveTo
	case otherRole != "":
		m.ThisDNRole, m.OtherDNRole = thisRole, otherRole
	case showMoved(p, &m.ThirdPart):
		// Roles belong to a call's first two (3.5).
	case p.op != nil && p.op.kind != makeCall:
		m.Supervisor = p.op.kind == bargeIn
	case dialing || origin == nil:
		m.ThisDNRole, m.OtherDNRole = events.Destination, events.Origination
	}
	m.ThisQueue = p.queueID()
	e.tellParty(p, m, false)
	e.tellMovedTo(p)
	if dialing && origin.inside {
		e.tellOtherRinging(origin, p)
	}
}

func (e *Engine) tellOtherRinging(p, ringing *party) {
	m := e.out.pool.otherRinging.next()
	m.CallPart = callPart(p)
	m.OtherDN = ringing.thisDN
	e.publish(m, p.call, p.thisDN, p.agentDN())
}

// tellEstablished tells a party that it talks; of an agent that talks to the one he consults, only full hears it (R11).
func (e *Engine) tellEstablished(p *party) {
	m := e.out.pool.established.next()
	m.CallPart, m.ThirdPart = callPart(p), thirdPart(p)
	m.ThisDNRole, m.OtherDNRole = showTarget(p, &m.ThirdPart, &m.Keys, events.StageAnswered)
	if showMoved(p, &m.ThirdPart) || p.op != nil {
		onlyFull(p, &m.ThirdPart)
	}
	m.Supervisor = p.supervisor
	consulting := p.op != nil && p.op.kind == consult && p.op.by.get() == p
	if consulting {
		m.CallState, m.ConsultStage, m.OtherDNRole = events.StateConsult, events.StageAnswered, events.ConsultTo
		m.OtherDN = p.op.dn
	}
	if p.observer {
		m.OtherDNRole = events.ObserveTo
	}
	if p.dnRole == callingDN {
		m.MakeCallType = p.call.makeCallType.String()
	}
	m.ThisQueue, m.WrapUpDuration = p.queueID(), p.wrapUpSeconds()
	e.tellParty(p, m, consulting)
}

// queueID is the queue that a party's call came from (3.0-6).
func (p *party) queueID() string {
	if p.queue == nil {
		return ""
	}
	return p.queue.config.ID
}

func (e *Engine) tellReleased(p *party) {
	m := e.out.pool.released.next()
	m.CallPart, m.ThirdPart = callPart(p), thirdPart(p)
	m.ThisDNRole, m.OtherDNRole = showTarget(p, &m.ThirdPart, &m.Keys, stageOfEnd(p))
	if state := callStateAtEnd(p); state != noWord && m.CallState != events.StateConsult {
		m.CallState, m.FullCallState = state.String(), ""
	}
	onlyFull(p, &m.ThirdPart)
	showFailure(p, &m.Keys)
	p.farewell.show(m)
	m.Supervisor, m.RecordedEarlymedia = p.supervisor, p.recordedEarly
	if p.observer {
		m.OtherDNRole = events.ObserveTo
	}
	if p.dnRole == callingDN {
		m.MakeCallType = p.call.makeCallType.String()
	}
	m.BillSec, m.AnswerSec = p.billSec(), p.answerSec()
	t := &p.times
	m.StartUepoch, m.ProgressUepoch, m.AnswerUepoch = p.moment(t.created), p.moment(t.progress), p.moment(t.answered)
	m.BridgeUepoch, m.LastHoldUepoch, m.EndUepoch = p.moment(t.bridged), p.moment(p.lastHold), p.moment(t.ended)
	m.HangupCause, m.HangupSide = p.hangupCause.String(), p.side.String()
	m.HangupDisposition = p.disposition.String()
	m.EarlyDetectCause = earlyDetectCause(p)
	m.ThisQueue, m.WrapUpDuration = p.queueID(), p.wrapUpSeconds()
	e.tellParty(p, m, false)
}

func (e *Engine) tellCallDeleted(c *call) {
	m := e.out.pool.callDeleted.next()
	m.CallID, m.ThisDN, m.OtherDN, m.CallType = c.id, c.thisDN, c.otherDN, c.callType.String()
	m.StartUepoch, m.BridgeUepoch, m.EndUepoch = c.moment(c.created), c.moment(c.bridgedAt), c.moment(c.ended)
	m.AttachedData, m.ANI, m.DNIS = c.data, c.ani, c.dnis
	m.PartyID, m.PartyRole, m.RecordUUID, m.RecordURL = c.begunParty, c.begunRole.String(), c.recordUUID, c.recordURL
	if c.refused {
		m.NoCallReasonCode = events.NoCallUnknown
	}
	e.hearers = append(e.hearers[:0], c.thisDN)
	if c.otherDN != c.thisDN {
		e.hearers = append(e.hearers, c.otherDN)
	}
	e.hearers = append(e.hearers, c.dns...)
	e.publish(m, c, e.hearers...)
}

func earlyDetectCause(p *party) int64 {
	return events.EarlyDetectCause(CauseName(p.cause), p.answered())
}

// endStatus is how the call out ended that the switch made to somebody outside (R22).
func (e *Engine) endStatus(p *party) int64 {
	if p.direction != DirectionOutbound || p.role != customerRole && p.role != thirdRole {
		return 0
	}
	var states events.EndStates
	if e.config.EndStates != nil {
		states = e.config.EndStates()
	}
	return states.Of(earlyDetectCause(p), CauseName(p.cause))
}

var dispositionNames = [...]string{"", "recv_bye", "recv_cancel", "recv_refuse", "send_bye", "send_cancel", "send_refuse"}

// String is FreeSWITCH's own word for it (R20); empty when the channel was no SIP channel.
func (d Disposition) String() string {
	if int(d) < len(dispositionNames) {
		return dispositionNames[d]
	}
	return ""
}
