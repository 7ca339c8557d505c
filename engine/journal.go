package engine

func (e *Engine) recordCall(kind RecordKind, c *call) {
	e.out.Records = append(e.out.Records, Record{Kind: kind, Call: CallRecord{
		CallID: c.id, CompanyID: c.company, CallType: c.callType.String(), ThisDN: c.thisDN, OtherDN: c.otherDN,
		ANI: c.ani, DNIS: c.dnis, MakeCallType: c.makeCallType.String(),
		StartMillis: c.millis(c.created), AnswerMillis: c.millis(c.answered), BridgeMillis: c.millis(c.bridgedAt),
		EndMillis: c.millis(c.ended), HangupCause: c.hangupCause.String(), HangupSide: c.hangupSide.String(),
		EndReason: c.endReason, MergedInto: c.mergedInto, Adopted: c.adopted, AttachedData: c.data,
	}})
}

func (e *Engine) recordParty(kind RecordKind, p *party) { e.recordPartyOf(kind, p, p.agent) }

// recordPartyOf is the same of a party that its end has taken off the agent whose phone it is on.
func (e *Engine) recordPartyOf(kind RecordKind, p *party, on *agent) {
	t := &p.times
	r := PartyRecord{
		CallID: p.call.id, PartyID: p.names.hex, LegUUID: p.names.uuid, SIPCallID: p.names.sipCallID,
		PartyRole: p.role.String(), DNRole: p.dnRole.String(), ThisDN: p.thisDN, OtherDN: p.otherDN, CallerName: p.names.callerName,
		StartMillis: p.millis(t.created), ProgressMillis: p.millis(t.progress), AnswerMillis: p.millis(t.answered),
		BridgeMillis: p.millis(t.bridged), LastHoldMillis: p.millis(p.lastHold), HoldMillisTotal: p.holdTotal / 1_000_000,
		EndMillis: p.millis(t.ended), QueueID: p.queueID(),
	}
	if on != nil {
		r.AgentUUID = on.config.UUID
	}
	if kind == PartyClosed && p.state == Released {
		r.AnswerSec, r.BillSec = p.answerSec(), p.billSec()
		r.HangupCause, r.SwitchCause, r.HangupSide = p.hangupCause.String(), CauseName(p.cause), p.side.String()
		r.Disposition, r.CallState, r.EarlyDetectCause = p.disposition.String(), p.leftAs(), earlyDetectCause(p)
		r.EndStatus = e.endStatus(p)
	}
	e.out.Records = append(e.out.Records, Record{Kind: kind, Party: r})
}

func (e *Engine) recordState(p *party, on stimulus, clause string) {
	e.recordStateAs(p, p.state, e.stateAt(p, on), clause)
	p.stateSinceMillis = e.stateAt(p, on)
}

func (e *Engine) recordStateAs(p *party, s State, atMillis int64, clause string) {
	p.ordinal++
	e.out.Records = append(e.out.Records, Record{Kind: PartyState, State: StateRecord{
		CallID: p.call.id, PartyID: p.names.hex, StartMillis: p.millis(p.times.created), Ordinal: p.ordinal,
		State: s.String(), AtMillis: atMillis, OtherDN: p.otherDN, Clause: clause,
	}})
}

func (e *Engine) command(c Command) {
	e.stats.Commands++
	c.ID = e.stats.Commands
	e.out.Commands = append(e.out.Commands, c)
}
