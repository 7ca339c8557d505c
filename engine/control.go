package engine

import "modcti/events"

// control answers the requests on calls (protocol.md 4). Nothing is done before every check has passed; a refusal is
// told and has changed nothing (protocol.md 6).
func (e *Engine) control(r *Request) {
	switch r.Kind {
	case RequestMakeCall:
		e.makeCall(r)
		return
	case RequestMonitorCall, RequestBargeIn, RequestInterceptCall:
		e.supervise(r)
		return
	}
	p := e.acting(r)
	if p == nil {
		return
	}
	changed, ok := e.dataChanged(r, p.call)
	if !ok {
		return
	}
	switch r.Kind {
	case RequestAnswerCall:
		e.answerCall(r, p)
	case RequestReleaseCall:
		e.releaseCall(r, p)
	case RequestHoldCall, RequestRetrieveCall:
		e.holdOrRetrieve(r, p)
	case RequestMuteCall, RequestUnmuteCall:
		e.mute(r, p)
	case RequestSendDtmf:
		e.sendDTMF(r, p)
	case RequestRedirectCall:
		e.redirect(r, p)
	case RequestSingleStepTransfer, RequestInitiateConsult:
		e.moveOrConsult(r, p)
	case RequestCancelConsult, RequestRetrieveConsult, RequestCompleteTransfer, RequestCompleteConference,
		RequestAlternateCall:
		e.ofConsult(r, p)
	case RequestDeleteParty:
		e.deleteParty(r, p)
	case RequestSingleStepConference:
		e.addParty(r, p)
	case RequestWhisper:
		e.whisper(r, p)
	case RequestUpdateAttachedData:
		e.ask(p, r, "EventAttachedDataChanged", 0)
		e.tellData(p.call, changed)
	case RequestStartRecording, RequestPauseRecording, RequestResumeRecording, RequestStopRecording:
		e.record(r, p)
	default:
		e.refuse(r, events.MessageIDNotMatch, "use a request that this version serves")
	}
}

// acting finds the party that a request is about, or refuses it (protocol.md 6).
func (e *Engine) acting(r *Request) *party {
	if r.CallID != "" {
		return e.actingIn(r)
	}
	var found *party
	for p := range e.partiesOf(r.CompanyID, r.ThisDN) {
		if p.leaving(r.Kind) {
			continue
		}
		if found != nil {
			e.refuse(r, events.InvalidParams, "callID: the DN is in more than one call; name the one that is meant")
			return nil
		}
		found = p
	}
	if found == nil {
		e.refuse(r, events.NotFoundParty, "the DN is in no call")
	}
	return found
}

func (e *Engine) actingIn(r *Request) *party {
	c := e.callMeant(r)
	if c == nil {
		e.refuse(r, events.NotFoundCallID, "the call has ended or never was")
		return nil
	}
	for p := c.last; p != nil; p = p.prev {
		if e.belongsTo(p, r.CompanyID, r.ThisDN) && !p.leaving(r.Kind) {
			return p
		}
	}
	e.refuse(r, events.NotFoundParty, "the DN is not, or not any more, in this call")
	return nil
}

// leaving tells whether a party has ended, or is being hung up, which only a further release may ask for.
func (p *party) leaving(asked RequestKind) bool {
	return p.state == Released || p.ending || p.hangup != 0 && asked != RequestReleaseCall
}

// dataChanged finds the keys of a call's attached data that a request would change, or refuses it. The change itself waits
// until the request is taken (protocol.md 6).
func (e *Engine) dataChanged(r *Request, c *call) (keys []string, ok bool) {
	if len(r.AttachedData) == 0 && len(r.Remove) == 0 {
		return nil, true
	}
	_, keys, err := c.data.Merge(r.AttachedData, r.Remove...)
	if err != nil {
		e.refuse(r, events.InvalidParams, "attachedData: "+err.Error())
	}
	return keys, err == nil
}

// mergeData merges the attached data of a request that is taken into the call's.
func (e *Engine) mergeData(r *Request, c *call) {
	if len(r.AttachedData) == 0 && len(r.Remove) == 0 {
		return
	}
	if merged, changed, err := c.data.Merge(r.AttachedData, r.Remove...); err == nil && len(changed) > 0 {
		c.data = merged
		e.recordCall(CallUpdated, c)
	}
}

func (e *Engine) answerCall(r *Request, p *party) {
	if p.state != Ringing {
		e.refuse(r, events.InvalidCallType, "the phone does not ring")
		return
	}
	if p.waits(r.Kind) {
		e.refuse(r, events.InvalidCallType, "the phone is being answered")
		return
	}
	e.ask(p, r, "EventEstablished", e.order(p, Command{Kind: CommandAnswer}))
}

func (e *Engine) releaseCall(r *Request, p *party) {
	cause := CauseNormalClearing
	if p.state == Ringing {
		cause = CauseCallRejected
	}
	e.ask(p, r, "EventReleased", e.hangUp(p, cause, p.ownSide()))
}

func (e *Engine) holdOrRetrieve(r *Request, p *party) {
	hold, o := r.Kind == RequestHoldCall, p.op
	switch {
	case !hold && o != nil && o.kind == consult && o.by.get() == p && o.stage == held:
		o.asker = askerOf(r)
		e.ask(p, r, "EventRetrieved", 0)
		e.advance(o, opRetrieve)
	case o != nil && o.kind == consult, p.asked("EventHeld"), p.asked("EventRetrieved"):
		e.refuse(r, events.HeldInProcess, "a consult or a hold is under way; end it first")
	case p.state == Held && hold:
		e.refuse(r, events.HeldInProcess, "the call is on hold already")
	case p.state != Talk && hold, p.state != Held && !hold, p.observer:
		e.refuse(r, events.InvalidCallType, "hold a call that talks, retrieve one that is held")
	case p.talkingTo() == nil:
		e.refuse(r, events.NotFoundOtherParty, "the other party has gone")
	case hold:
		e.ask(p, r, "EventHeld", e.order(p, Command{Kind: CommandHold}))
	default:
		e.ask(p, r, "EventRetrieved", e.order(p, Command{Kind: CommandUnhold}))
	}
}

func (e *Engine) mute(r *Request, p *party) {
	muting := r.Kind == RequestMuteCall
	switch {
	case p.state != Talk && p.state != Held:
		e.refuse(r, events.InvalidCallType, "the party does not talk")
	case p.muted == muting:
		e.refuse(r, events.InvalidCallType, "the party is muted already, or is not")
	case p.waits(r.Kind):
		e.refuse(r, events.InvalidCallType, "the same has been asked for and is under way")
	case muting:
		e.ask(p, r, "EventMuted", e.order(p, Command{Kind: CommandMute}))
	default:
		e.ask(p, r, "EventUnmuted", e.order(p, Command{Kind: CommandUnmute}))
	}
}

// sendDTMF plays digits to everybody that the party talks to.
func (e *Engine) sendDTMF(r *Request, p *party) {
	if p.state != Talk {
		e.refuse(r, events.InvalidCallType, "the party does not talk")
		return
	}
	var last uint64
	if q := p.partner.get(); q != nil {
		last = e.orderFor(p, q, Command{Kind: CommandSendDTMF, Value: r.DTMFDigits})
	} else if p.room != nil {
		for q := p.call.first; q != nil; q = q.next {
			if q != p && q.room == p.room && !q.ending {
				last = e.orderFor(p, q, Command{Kind: CommandSendDTMF, Value: r.DTMFDigits})
			}
		}
	}
	if last == 0 {
		e.refuse(r, events.NotFoundOtherParty, "the other party has gone")
		return
	}
	e.ask(p, r, "EventDtmfSent", last).value = r.DTMFDigits
}

// reachable tells whether otherDN may be called into a party's call, and how; if not it has refused the request.
func (e *Engine) reachable(r *Request, p *party) (to destination, ok bool) {
	dn := r.OtherDN
	if e.belongsTo(p, r.CompanyID, dn) {
		e.refuse(r, events.TargetPartyIsSelf, "otherDN is thisDN: name another")
		return to, false
	}
	if q := e.queueFor(r.CompanyID, dn); q != nil {
		return to, e.toQueue(r, q)
	}
	to, ok = e.destinationOf(r.CompanyID, dn)
	var there *party
	if to.inside {
		there = e.busy(r.CompanyID, dn)
	}
	switch {
	case !ok:
		e.refuse(r, events.InvalidParams, "otherDN: the dial plan has no rule for this number")
	case e.full():
		e.refuse(r, events.CallUnknown, "as many channels are up as are served")
	case there != nil && there.observer:
		e.refuse(r, events.PartyIsObserver, "otherDN observes a call")
	case there != nil:
		e.refuse(r, events.TargetPartyInCall, "otherDN is on a call")
	default:
		return to, true
	}
	return to, false
}

// talkingTo is the other party of a talk between two, in a bridge or in a room.
func (p *party) talkingTo() *party {
	if q := p.partner.get(); q != nil && !q.ending {
		return q
	}
	if p.room == nil {
		return nil
	}
	for q := p.call.first; q != nil; q = q.next {
		if q != p && q.room == p.room && !q.ending && q.state != Released {
			return q
		}
	}
	return nil
}

func (c *call) members() (n int) {
	for p := c.first; p != nil; p = p.next {
		if p.member && p.state != Released {
			n++
		}
	}
	return n
}

func (e *Engine) moveOrConsult(r *Request, p *party) {
	with, o := p.talkingTo(), p.op
	waits := o != nil && o.kind == consult && o.by.get() == p && o.stage == held
	if waits {
		with = o.with.get()
	}
	switch {
	case p.observer, p.state != Talk && p.state != Held:
		e.refuse(r, events.InvalidCallType, "the party does not talk")
	case p.asked("EventHeld"), p.asked("EventRetrieved"):
		e.refuse(r, events.HeldInProcess, "a hold is under way; wait for it")
	case o != nil && !waits:
		e.refuse(r, events.HeldInProcess, "another act on the call is under way; wait for it or cancel it")
	case p.call.meeting && p.call.members() > 2:
		e.refuse(r, events.ConferenceToTransfer, "a conference cannot be transferred; leave it or take parties out first")
	case with == nil:
		e.refuse(r, events.NotFoundOtherParty, "the other party has gone")
	case with.op != nil && with.op != o:
		e.refuse(r, events.HeldInProcess, "another act on the call is under way")
	case with.broughtIn:
		e.refuse(r, events.CustomerAddByConference, "the other party was brought in by a conference")
	case e.belongsTo(with, r.CompanyID, r.OtherDN):
		e.refuse(r, events.TargetPartyInCall, "otherDN is in this call")
	default:
		if to, ok := e.reachable(r, p); ok {
			e.beginMove(r, p, with, to)
		}
	}
}

func (e *Engine) beginMove(r *Request, p, with *party, to destination) {
	former := p.op
	former.dissolve()
	o := e.operate(r, p.call, p, with, to)
	if r.Kind == RequestInitiateConsult {
		o.kind, o.stage = consult, calling
		e.ask(p, r, "EventAttachedDataChanged", 0)
		e.startConsult(o)
		return
	}
	o.kind, o.stage, o.former = transfer, leaving, former
	e.extrasOf(p).farewell = farewell{callState: events.StateTransferred, thirdDN: r.OtherDN, thirdRole: events.TransferTo}
	e.ask(p, r, "EventReleased", 0)
	e.startMove(o)
}

// operate makes an operation of a request. The caller sets kind and stage.
func (e *Engine) operate(r *Request, c *call, by, with *party, to destination) *operation {
	o := &operation{
		call: c, by: refTo(by), with: refTo(with), asker: askerOf(r), dn: r.OtherDN, to: to, byDN: by.thisDN, agent: by.agent,
		caller: r.CallerNumber, ring: r.AnswerTimeoutMillis,
	}
	o.enlist(by, with)
	return o
}

func (e *Engine) redirect(r *Request, p *party) {
	with := p.origin.get()
	if o := p.op; o != nil && o.target.get() == p {
		if with = o.with.get(); with == nil {
			with = o.by.get()
		}
	}
	if with == nil {
		with = p.call.begun.get()
	}
	switch {
	case p.state != Ringing || p.observer || !p.redirectable():
		e.refuse(r, events.InvalidCallType, "the phone does not ring")
	case with == nil || with == p || with.ending || with.state == Released:
		e.refuse(r, events.NotFoundOtherParty, "the caller has gone")
	case p.op != nil && p.op.kind != makeCall && p.op.kind != transfer:
		e.refuse(r, events.InvalidCallType, "a consult or a supervisor's act cannot be redirected; let it ring or refuse it")
	case with.op != nil && with.op != p.op:
		e.refuse(r, events.HeldInProcess, "another act on the call is under way")
	default:
		if to, ok := e.reachable(r, p); ok {
			e.beginRedirect(r, p, with, to)
		}
	}
}

func (e *Engine) beginRedirect(r *Request, p, with *party, to destination) {
	former := p.op
	former.dissolve()
	e.redirectOffer(p)
	o := e.operate(r, p.call, p, with, to)
	o.kind, o.stage, o.former = redirect, leaving, former
	e.extrasOf(p).farewell = farewell{callState: events.StateRedirected}
	e.ask(p, r, "EventReleased", 0)
	e.startMove(o)
}

// ofConsult answers the requests that end a consult or change it (3.6, 3.8).
func (e *Engine) ofConsult(r *Request, p *party) {
	o := p.op
	if o == nil || o.kind != consult || o.by.get() != p {
		e.refuse(r, events.InvalidCallType, "no consult is under way; begin one with RequestInitiateConsult")
		return
	}
	h, event := opCancel, "EventAttachedDataChanged"
	switch r.Kind {
	case RequestRetrieveConsult:
		h = opRetrieve
		if o.stage == held {
			e.refuse(r, events.InvalidCallType, "the consult has ended; use RequestRetrieveCall")
			return
		}
	case RequestCompleteTransfer:
		h, event = opComplete, "EventReleased"
	case RequestCompleteConference:
		h, event = opConfer, "EventPartyAdded"
		if len(e.rooms) >= e.roomsMax() {
			e.refuse(r, events.NotEnoughMeetmeRoom, "no conference room is left; try again later")
			return
		}
	case RequestAlternateCall:
		h = opAlternate
	}
	if operationTable[consult][o.stage][h] == nil {
		e.refuse(r, events.InvalidCallType, "the consult is at a stage that does not allow it")
		return
	}
	if with := o.with.get(); h != opCancel && (with == nil || with.state == Released) {
		e.refuse(r, events.NotFoundOtherParty, "the customer has gone; the consult goes on")
		return
	}
	if h == opComplete {
		e.extrasOf(p).farewell = farewell{
			callState: events.StateTransferred, otherDN: o.dn, thisRole: events.ConsultBy,
			thirdDN: o.dnOfWith(), stage: events.StageTransferred,
		}
	}
	e.supersede(p)
	o.asker = askerOf(r)
	e.ask(p, r, event, 0)
	e.advance(o, h)
}

func (e *Engine) deleteParty(r *Request, p *party) {
	var target *party
	for q := p.call.first; q != nil; q = q.next {
		if e.belongsTo(q, r.CompanyID, r.OtherDN) && q.state != Released && !q.ending && q.hangup == 0 {
			target = q
		}
	}
	switch {
	case e.belongsTo(p, r.CompanyID, r.OtherDN):
		e.refuse(r, events.TargetPartyIsSelf, "otherDN is thisDN; leave with RequestReleaseCall")
	case target != nil && target.observer:
		e.refuse(r, events.PartyIsObserver, "otherDN observes the call")
	case !p.call.meeting || !p.member:
		e.refuse(r, events.InvalidCallType, "the call is no conference")
	case target == nil || !target.member:
		e.refuse(r, events.NotFoundOtherParty, "otherDN is not, or not any more, in the conference")
	default:
		e.extrasOf(target).deletedBy = p.thisDN
		e.ask(p, r, "EventPartyDeleted", e.hangUp(target, CauseNormalClearing, agentSide)).value = target.thisDN
	}
}

func (e *Engine) addParty(r *Request, p *party) {
	with := p.talkingTo()
	switch {
	case p.observer, p.state != Talk:
		e.refuse(r, events.InvalidCallType, "the party does not talk")
	case p.op != nil || with != nil && with.op != nil:
		e.refuse(r, events.HeldInProcess, "another act on the call is under way; wait for it or cancel it")
	case with == nil:
		e.refuse(r, events.NotFoundOtherParty, "the other party has gone")
	case !p.call.meeting && len(e.rooms) >= e.roomsMax():
		e.refuse(r, events.NotEnoughMeetmeRoom, "no conference room is left; try again later")
	default:
		if to, ok := e.reachable(r, p); ok {
			o := e.operate(r, p.call, p, with, to)
			o.kind, o.stage = conference, calling
			e.ask(p, r, "EventPartyAdded", 0)
			e.callTarget(o)
		}
	}
}

func (e *Engine) roomsMax() int {
	if e.config.RoomsMax != 0 {
		return e.config.RoomsMax
	}
	return roomsMax
}

// whisper chooses who hears a supervisor that listens (protocol.md 4).
func (e *Engine) whisper(r *Request, p *party) {
	if !p.observer || p.state != Talk {
		e.refuse(r, events.InvalidCallType, "thisDN listens to no call; begin with RequestMonitorCall")
		return
	}
	heardBy := map[string]string{
		events.WhisperAgent: HeardByTarget, events.WhisperCustomer: HeardByPartner, events.WhisperOff: HeardByNobody,
	}[r.Mode]
	command := e.order(p, Command{Kind: CommandEavesdropMode, Name: heardBy})
	e.ask(p, r, "EventAttachedDataChanged", command).value = r.Mode
}
