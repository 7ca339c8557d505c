package engine

import (
	"cmp"

	"modcti/events"
)

// This file tells of operations. One record of what was done, two renderings: what basic leaves out is marked FullOnly,
// or stands in fields that only full writes (call-model.md; R6, R9, R33).

// tellParty publishes a message to a party's DN; the client whose request it answers sees its reference.
func (e *Engine) tellParty(p *party, m events.Message, fullOnly bool) {
	e.publish(m, p.call, p.thisDN, p.agentDN())
	if p.agent != nil || p.queue != nil {
		e.addressQueue(p)
	}
	if len(p.pending) == 0 && !fullOnly {
		return
	}
	out := &e.out.Events[len(e.out.Events)-1]
	out.FullOnly = fullOnly
	if a, ok := p.answer(m); ok {
		out.Asker, out.Request, m.Common().ReferenceID = a.client, a.name, a.reference
	}
}

// outsider tells whether a party hears of others' comings and goings in profile full alone (R34).
func outsider(p *party) bool { return !p.inside }

// showTarget writes what an operation shows of the leg that it called.
func showTarget(p *party, t *events.ThirdPart, keys *events.Keys, stage int64) (thisRole, otherRole string) {
	o := p.op
	if o == nil || o.target.get() != p {
		return "", ""
	}
	switch o.kind {
	case consult:
		t.ThirdDN, t.CallState = o.dnOfWith(), events.StateConsult
		keys.Consulting, keys.ConsultStage = true, stage
		return events.ConsultTo, events.ConsultBy
	case conference:
		t.ThirdDN, t.ThirdDNRole, t.CallState = o.byDN, events.AddedBy, events.StateConference
	case bargeIn:
		t.ThirdDN, t.ThirdDNRole = o.byDN, events.BargeinTo
	case intercept:
		t.ThirdDN, t.ThirdDNRole = o.byDN, events.InterceptTo
	case transfer, redirect:
		if o.recalled {
			t.ThirdDN, t.ThirdDNRole, t.CallState = o.byDN, events.TransferTo, events.StateRecall
		} else {
			t.ThirdDN, t.ThirdDNRole, t.FullCallState = o.byDN, events.TransferBy, events.StateTransferred
		}
	case makeCall, monitor:
	}
	return "", ""
}

// onlyFull moves the third party of a transfer to where basic does not tell it (R33).
func onlyFull(p *party, t *events.ThirdPart) {
	if t.ThirdDNRole == events.TransferBy {
		t.FullThirdDN, t.FullThirdDNRole, t.ThirdDN, t.ThirdDNRole = t.ThirdDN, t.ThirdDNRole, "", ""
	}
}

// showFailure writes when a supervisor's act failed (3.11, R38).
func showFailure(p *party, keys *events.Keys) {
	o := p.op
	if o == nil || o.target.get() != p || p.talked {
		return
	}
	when := events.FailedBeforeAnswer
	if p.answered() {
		when = events.FailedAfterAnswer
	}
	switch o.kind {
	case intercept:
		keys.InterceptCause = when
	case bargeIn:
		keys.BargeinCause = when
	case makeCall, consult, transfer, redirect, conference, monitor:
	}
}

// stageOfEnd is the stage that the end of a consulted party is told with: 3 before its answer, 5 after (R10).
func stageOfEnd(p *party) int64 {
	if p.talked {
		return events.StageRetrieved
	}
	return events.StageCancelled
}

// farewell is what the operation that takes a party out of its call shows on its release.
type farewell struct {
	callState, thirdDN, thirdRole string
	otherDN, thisRole             string // transfer after a consult: other is who was consulted (R4, R6)
	stage                         int64
}

// unsay: a party is not taken out of its call after all.
func (e *Engine) unsay(p *party) {
	if p.farewell != (farewell{}) {
		e.extrasOf(p).farewell = farewell{}
	}
}

// leftAs is how a party left its call: by an operation, or for want of an answer (R37).
func (p *party) leftAs() string { return cmp.Or(p.farewell.callState, callStateAtEnd(p).String()) }

func (f *farewell) show(m *events.Released) {
	if f.callState != "" {
		m.CallState = f.callState
	}
	if f.otherDN != "" {
		m.OtherDN, m.ThisDNRole = f.otherDN, f.thisRole
		m.FullThirdDN, m.FullThirdDNRole = f.thirdDN, f.thirdRole
	} else if f.thirdDN != "" {
		m.ThirdDN, m.ThirdDNRole = f.thirdDN, f.thirdRole
	}
	if f.stage != 0 {
		m.ConsultStage = f.stage
	}
}

// Hold and mute.

// tellHeld tells the side that holds (3.4); around a consult only full hears it (R11).
func (e *Engine) tellHeld(p *party) {
	m := e.out.pool.held.next()
	m.CallPart = callPart(p)
	around := p.op != nil && p.op.kind == consult
	if around {
		m.CallState = events.StateConsult
	}
	e.tellParty(p, m, around && !p.asked("EventHeld"))
}

func (e *Engine) tellRetrieved(p *party) {
	m := e.out.pool.retrieved.next()
	m.CallPart, m.CallState = callPart(p), events.StateOK
	around := p.op != nil && p.op.kind == consult
	if around && p.op.stage == meeting {
		m.CallState = events.StateConference
	}
	m.ThisQueue = p.queueID()
	e.tellParty(p, m, around && !p.asked("EventRetrieved"))
}

// setMuted notes and tells that a party is heard no longer, or again (R59).
func (e *Engine) setMuted(p *party, muted bool) {
	e.extrasOf(p).muted = muted
	if muted {
		e.tellParty(p, &events.Muted{CallPart: callPart(p)}, false)
	} else {
		e.tellParty(p, &events.Unmuted{CallPart: callPart(p)}, false)
	}
}

func (e *Engine) tellDTMF(p *party, digits string) {
	e.tellParty(p, &events.DtmfSent{CallPart: callPart(p), DtmfDigits: digits}, false)
}

func (e *Engine) tellWhisper(p *party, mode string) {
	m := &events.AttachedDataChanged{CallPart: callPart(p), ThirdPart: thirdPart(p)}
	m.WhisperMode = mode
	e.tellParty(p, m, false)
	c := &events.PartyChanged{CallPart: callPart(p), ThirdPart: thirdPart(p)}
	c.WhisperMode = mode
	e.tellParty(p, c, true)
}

// tellData tells every party of a call that its data has changed (R60).
func (e *Engine) tellData(c *call, changed []string) {
	for p := c.first; p != nil; p = p.next {
		if p.state != Released {
			e.tellParty(p, &events.AttachedDataChanged{CallPart: callPart(p), ChangedKeys: changed}, false)
		}
	}
}

// Consult.

// tellConsultDialing tells the agent that he dials the third, where full has it (3.6).
func (e *Engine) tellConsultDialing(by *party, o *operation) {
	m := e.out.pool.dialing.next()
	m.CallPart = callPart(by)
	m.OtherDN, m.ThirdDN, m.CallState = o.dn, o.dnOfWith(), events.StateConsult
	m.ThisDNRole, m.OtherDNRole = events.Origination, events.Destination
	e.tellParty(by, m, true)
}

// tellStage tells the agent how far the consult has come (3.6, R7, R9).
func (e *Engine) tellStage(o *operation, stage int64, cause string) {
	by := o.by.get()
	if by == nil || by.state == Released {
		return
	}
	m := e.out.pool.dataChanged.next()
	m.CallPart = callPart(by)
	m.OtherDN, m.OtherDNRole, m.ConsultStage, m.ConsultCause = o.dn, events.ConsultTo, stage, cause
	m.FullThirdDN = o.dnOfWith()
	if stage == events.StageBegun {
		m.FullCallState = events.StateConsult
	} else {
		m.CallState = events.StateConsult
	}
	e.tellParty(by, m, false)
}

func (e *Engine) tellStage2(o *operation) { e.tellStage(o, events.StageRinging, "") }

// tellStage4: who is consulted has answered.
func (e *Engine) tellStage4(o *operation) {
	e.reach(o.by.get())
	e.tellStage(o, events.StageAnswered, "")
}

// tellStage5: the consult has ended. It answers a retrieval; nothing else can be done with who was consulted.
func (e *Engine) tellStage5(o *operation) {
	e.tellStage(o, events.StageRetrieved, e.targetCause(o))
	e.refuseAskedWith(o, events.NotFoundOtherParty, "the party consulted has gone")
}

// targetCause is why the one who is consulted is gone, when the agent did not ask for it (R10).
func (e *Engine) targetCause(o *operation) string {
	p := o.target.get()
	switch {
	case p == nil && o.givenUp:
		return ""
	case p == nil:
		return events.ConsultFailed
	case p.blame.firm && p.blame.side == agentSide:
		return ""
	case p.talked:
		return events.ConsultReleased
	}
	switch callStateAtEnd(p) {
	case noAnswer:
		return events.ConsultNoAnswer
	case busy:
		return events.ConsultBusy
	}
	if p.disposition == RecvRefuse || p.cause == CauseCallRejected {
		return events.ConsultRejected
	}
	return events.ConsultFailed
}

// tellSwapped: the agent talks to the other of the two now.
func (e *Engine) tellSwapped(o *operation) {
	by := o.by.get()
	if by == nil || by.state == Released {
		return
	}
	now, before := o.dnOfWith(), o.dn
	if o.stage == talking {
		now, before = before, now
	}
	heldPart, backPart := callPart(by), callPart(by)
	heldPart.OtherDN, backPart.OtherDN = before, now
	e.tellParty(by, &events.Held{CallPart: heldPart, CallState: events.StateConsult}, true)
	e.tellParty(by, &events.Retrieved{CallPart: backPart, CallState: events.StateOK}, true)
	m := &events.AttachedDataChanged{CallPart: backPart}
	m.CallState, m.ConsultStage = events.StateConsult, events.StageAnswered
	e.tellParty(by, m, false)
}

// tellMerged: with and target have each other; by has been told of its release (3.6).
func (e *Engine) tellMerged(o *operation) {
	with, target := o.with.get(), o.target.get()
	third := events.ThirdPart{ThirdDN: o.byDN, ThirdDNRole: events.TransferBy, CallState: events.StateOK,
		FullCallState: events.StateTransferred}
	if target != nil && target.state != Released {
		target.otherDN = o.dnOfWith()
	}
	if target != nil && target.state != Released && target.state != Idle { // else his ringing says it (3.7)
		m := &events.PartyChanged{CallPart: callPart(target), ThirdPart: third}
		m.ConsultStage = events.StageTransferred
		e.tellParty(target, m, false)
	}
	if with != nil && with.state != Released && target != nil {
		with.otherDN = target.thisDN
		m := &events.PartyChanged{CallPart: callPart(with), ThirdPart: third}
		e.tellParty(with, m, outsider(with))
	}
}

// tellMoved tells the customer of a transfer whom he will talk to, once (3.5, 3.13).
func (e *Engine) tellMoved(o *operation) {
	with, target := o.with.get(), o.target.get()
	if o.told || with == nil || with.state == Released || target == nil {
		return
	}
	o.told = true
	with.otherDN = target.thisDN
	m := &events.PartyChanged{CallPart: callPart(with)}
	m.OtherDN, m.ThirdDN, m.ThirdDNRole = target.thisDN, o.byDN, events.TransferBy
	m.CallState, m.FullCallState = events.StateOK, events.StateTransferred
	e.tellParty(with, m, outsider(with))
}

// tellTaken tells the customer who has taken his call over (3.11).
func (e *Engine) tellTaken(o *operation) {
	if with := o.with.get(); with != nil && with.state != Released {
		m := &events.PartyChanged{CallPart: callPart(with)}
		m.OtherDN, m.ThirdDN, m.ThirdDNRole = o.dn, o.dn, events.InterceptBy
		e.tellParty(with, m, outsider(with))
	}
}
