package engine

import "modcti/events"

// begin makes a call of a party that belongs to none.
func (e *Engine) begin(p *party) {
	c := e.newCall(p)
	e.nameCall(c, p)
	c.bornAt, c.offsetMicros, c.created, c.adopted = p.bornAt, p.offsetMicros, p.times.created, p.adopted
	c.begun = refTo(p)
	e.link(c)
	e.include(c, p)
	p.role = roleOf(c, p)
	switch {
	case p.direction == DirectionInbound:
		e.beginByCaller(c, p)
	case !p.inside:
		e.beginBySwitch(c, p)
	default:
		c.forming = true
		c.setBeginner(p)
	}
}

// nameCall gives a call its first leg's id (R14, R57), or one derived from it where that leg has begun a call before.
func (e *Engine) nameCall(c *call, p *party) {
	c.id, c.key = p.names.hex, p.id
	if p.nail != nil {
		c.key = callKey(c.id)
	}
	for e.calls.get(c.key) != nil {
		c.key = LegIDOf(c.id)
		c.id = c.key.Hex()
	}
}

// beginByCaller: somebody called the switch; what he dialed says what kind of call it is (settings.md).
func (e *Engine) beginByCaller(c *call, p *party) {
	c.setBeginner(p)
	p.otherDN = e.in.Text.Destination
	c.thisDN, c.otherDN = p.thisDN, e.in.Text.Destination
	switch {
	case !p.inside:
		c.callType, c.ani, c.dnis = inbound, p.thisDN, e.in.Text.Destination
	case e.config.Inside(e.in.Text.Destination):
		c.callType, c.makeCallType = internal, directAgent
	default:
		c.callType, c.makeCallType, c.dnis = outbound, directAgent, e.in.Text.Destination
	}
	if e.draining && !p.inside && e.in.Kind == LegCreated {
		c.forming, c.refused = true, true
		e.hangUp(p, CauseTemporaryFailure, noWord) // a new call (3.16): its carrier may try elsewhere
		return
	}
	e.announce(c)
}

// beginBySwitch: the switch calls an outside number on its own, as for a campaign (3.12, basic).
func (e *Engine) beginBySwitch(c *call, p *party) {
	p.dnRole, p.otherDN = calledDN, p.names.callerNumber
	c.callType, c.thisDN, c.otherDN = outbound, p.names.callerNumber, p.thisDN
	c.ani, c.dnis = p.names.callerNumber, p.dialed()
	e.announce(c)
}

// announce tells of a call for the first time (3.0-1).
func (e *Engine) announce(c *call) {
	c.forming, c.refused = false, false
	e.stats.CallsTotal++
	e.recordCall(CallOpened, c)
	e.tellCallCreated(c)
	for p := c.first; p != nil; p = p.next {
		c.addDN(p.thisDN)
		e.recordParty(PartyOpened, p)
	}
	if p := c.begun.get(); p != nil && p.dnRole == callingDN {
		e.apply(p, begins)
	}
}

// tellRefused: a call that was refused is over, and was never one. It has its record, and its end is told, with the code (R50).
func (e *Engine) tellRefused(c *call, p *party) {
	c.forming = false
	c.data = c.data.Set(events.KeyNoCallReasonCode, events.Quote(events.NoCallUnknown))
	e.stats.CallsTotal++
	e.recordCall(CallOpened, c)
	e.recordParty(PartyOpened, p)
}

// join puts a new leg into the call of whoever originates it: it is called.
func (e *Engine) join(c *call, p *party) {
	p.role, p.dnRole = roleOf(c, p), calledDN
	p.otherDN = c.thisDN
	origin := p.origin.get()
	if origin != nil {
		p.otherDN = origin.thisDN
		origin.blame = blame{}
	}
	e.include(c, p)
	e.fillLine(c, p, origin)
	if c.forming {
		e.reveal(c, p)
		return
	}
	c.addDN(p.thisDN)
	e.recordParty(PartyOpened, p)
}

// reveal tells of a forming call, now that its first target is known: a click-to-dial (3.1, R31).
func (e *Engine) reveal(c *call, target *party) {
	if c.refused { // too late: its dialplan has put it through
		e.announce(c)
		return
	}
	c.callType = outbound
	if target.inside {
		c.callType = internal
	}
	c.makeCallType = regular
	c.otherDN = target.thisDN
	if p := c.begun.get(); p != nil {
		c.thisDN, p.otherDN = p.thisDN, target.thisDN
		target.otherDN = p.thisDN
	}
	e.announce(c)
}

// fillLine learns the outside line of an outbound call from its first outside leg (3.0-8). The number shown is that
// leg's caller, unless it is an extension and the origin was given a better one. The number called is none, though an
// agent's phone shows it when the engine has called that first (R56).
func (e *Engine) fillLine(c *call, p, origin *party) {
	if p.inside || (c.callType != outbound && !c.forming) {
		return
	}
	if c.dnis == "" {
		c.dnis = p.dialed()
	}
	if c.ani != "" {
		return
	}
	shown := p.names.callerNumber
	if (shown == "" || e.config.Inside(shown)) && origin != nil {
		shown = origin.names.callerNumber
	}
	if shown != c.dnis && !e.config.Inside(shown) {
		c.ani = shown
	}
}

func roleOf(c *call, p *party) word {
	switch {
	case p.inside:
		return agentRole
	case c.hasCustomer():
		return thirdRole
	default:
		return customerRole
	}
}

// merge brings two joined legs into one call: the older one, or the one that has been told of (3.6).
func (e *Engine) merge(p, q *party) {
	if p.call == nil || q.call == nil || p.call == q.call {
		return
	}
	keep, moved := p, q
	if keep.call.forming != moved.call.forming {
		if keep.call.forming {
			keep, moved = moved, keep
		}
	} else if moved.call.bornAt < keep.call.bornAt {
		keep, moved = moved, keep
	}
	if moved.origin.get() == nil {
		moved.origin = refTo(keep)
	}
	e.move(moved, keep.call)
}

// move takes a party from its call into another. A forming call that is left empty was never told of and vanishes.
func (e *Engine) move(p *party, to *call) {
	from := p.call
	if from == to {
		return
	}
	if p.op != nil {
		p.op.call = to
	}
	if from.company != to.company { // the switch has joined two companies' calls: whose client asked is not told of the other's
		e.refuseAll(p)
	}
	if from.forming {
		from.remove(p)
		if from.first == nil {
			e.unlink(from)
		}
	} else {
		p.side, p.hangupCause = noWord, 0
		e.recordParty(PartyClosed, p)
		from.remove(p)
		e.extrasOfCall(from).mergedInto = to.id
		if from.live == 0 {
			e.close(from)
		}
	}
	if to.mergedInto != "" {
		e.extrasOfCall(to).mergedInto = ""
	}
	e.join(to, p)
	e.setVariable(p, "cti_call_id", to.id)
}

func (e *Engine) setVariable(p *party, name, value string) {
	e.command(Command{Kind: CommandSetVariable, Leg: p.id, UUID: p.names.uuid, Name: name, Value: value})
}

// hangup: the leg has begun to end. From here on it takes part in nothing (3.14).
func (e *Engine) hangup(p *party, in *Input) {
	if p.ending {
		return
	}
	p.ending = true
	setOnce(&p.times.ended, in.MonoNanos)
	p.cause, p.disposition = in.Cause, in.Disposition
	e.assignBlame(p)
	if w := p.waiter; w != nil {
		e.callerLeft(w, p)
	}
}

// assignBlame fixes who ended a leg: the partner it talked to, if that ended first (3.14); else its own far end; else
// whoever it was calling or called by; else the switch (R21).
func (e *Engine) assignBlame(p *party) {
	cause := causeOf(p.cause)
	switch {
	case p.blame.firm:
		p.takeBlame(cause)
	case p.disposition == RecvBye || p.disposition == RecvCancel || p.disposition == RecvRefuse:
		p.side, p.hangupCause = p.ownSide(), cause
		if p.side == agentSide && p.disposition != RecvRefuse {
			p.hangupCause = byAgent
		}
	case p.blame.side != noWord:
		p.takeBlame(cause)
	default:
		p.side, p.hangupCause = systemSide, cause
		if p.bySystem() {
			p.hangupCause = bySystem
		}
	}
	e.passBlame(p)
}

func (p *party) takeBlame(cause hangupCause) {
	p.side, p.hangupCause = p.blame.side, cause
	if h := p.blame.hangupCause; h == byAgent || (h == bySystem && p.bySystem()) {
		p.hangupCause = h
	}
}

// bySystem tells whether the end of a leg is told as the system's doing where nobody else's is: it was up, and the switch
// has no reason of its own to tell.
func (p *party) bySystem() bool { return p.talked || p.answered() && p.cause == CauseNormalClearing }

// passBlame hands the blame to those that will end because this leg did: its partner, who was calling it, and whom it
// was calling.
func (e *Engine) passBlame(p *party) {
	weak := blame{side: p.side, hangupCause: p.hangupCause}
	if !p.talked {
		failed := weak
		failed.callState = callStateAtEnd(p)
		p.origin.get().give(failed)
	}
	if p.call != nil {
		for q := p.call.first; q != nil; q = q.next {
			if q.origin.get() == p && !q.talked {
				q.give(weak)
			}
		}
	}
	if q := p.partner.get(); q != nil && q.partner.get() == p && p.talked {
		firm := weak
		firm.firm = true
		q.give(firm)
	}
}

func (p *party) give(b blame) {
	if p != nil && !p.ending && (p.hangup == 0 || !p.blame.firm || p.blame.asked) { // else it ends for another reason already
		p.blame = b
	}
}

// ended: the leg has ended, and how is final.
func (e *Engine) ended(p *party, in *Input) {
	if p.state == Released {
		e.stats.DuplicateInputs++
		return
	}
	e.hangup(p, in)
	if p.cause == 0 {
		p.cause = in.Cause
	}
	if p.disposition == DispositionNone && in.Disposition != DispositionNone {
		p.disposition = in.Disposition
		e.assignBlame(p)
	}
	if p.waited != nil {
		e.inherits(p)
	}
	e.release(p)
	if len(e.parked) > 0 && e.audit.done > 0 {
		e.waitAgain()
	}
}

// release takes a party out of its call, and ends the call with its last party (3.0-1, 3.0-2).
func (e *Engine) release(p *party) {
	c := p.call
	if c == nil {
		p.state = Released
		return
	}
	switch {
	case c.forming && c.refused:
		e.tellRefused(c, p)
	case c.forming:
		c.callType, c.makeCallType, c.thisDN = outbound, regular, p.thisDN
		e.announce(c)
	}
	e.leaveRoom(p)
	e.nailEnds(p)
	e.recordStopped(p, p.recording)
	e.beforeRelease(p)
	e.leavesMerging(p)
	e.apply(p, ends)
	if p.offer != nil {
		e.offerEnded(p)
	}
	if c.live == 0 {
		e.refuseAll(p)
		e.happens(p, opByEnds, opWithEnds, p.op.targetEnds())
		e.close(c)
		return
	}
	if p.member {
		e.tellLeft(c, p)
		p.member = false
	}
	switch {
	case p.talked && p.observer:
		e.watchEnded(p)
	case p.talked:
		e.watchersOf(c, p)
	}
	e.happens(p, opByEnds, opWithEnds, p.op.targetEnds())
	e.refuseAll(p)
	e.dismiss(c, p)
}

// close ends a call: nothing of it is told after EventCallDeleted.
func (e *Engine) close(c *call) {
	c.ended = e.in.MonoNanos
	last := int64(0)
	for p := c.first; p != nil; p = p.next {
		last = max(last, p.times.ended)
	}
	if last != 0 {
		c.ended = last
	}
	if c.mergedInto != "" && c.endReason == EndNormal {
		c.endReason = EndMerged
	}
	if c.hangupCause == 0 {
		if p := c.begun.get(); p != nil {
			c.hangupCause, c.hangupSide = p.hangupCause, p.side
		} else if c.first != nil {
			c.hangupCause, c.hangupSide = c.first.hangupCause, c.first.side
		}
	}
	e.tellCallDeleted(c)
	e.recordCall(CallClosed, c)
	e.unlink(c)
}
