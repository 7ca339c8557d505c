package engine

import "cmp"

// fold is one end of a loopback pair. It is no party: what it originates counts as originated by who originated it,
// and who is joined with it is joined with whoever its other end is joined with.
type fold struct {
	peer    LegID // its other end
	origin  LegID // the leg that originated it
	partner LegID // the leg whose media is joined with it
	seenIn  uint64
	missed  uint8
	bornAt  uint64
}

// legCreated makes a party of a channel, and a call if it begins one.
func (e *Engine) legCreated(in *Input) {
	p := e.legs.get(in.Leg)
	if p != nil && p.expected {
		e.appeared(p, in)
		return
	}
	if n := e.nails[in.Leg]; n != nil && p == nil {
		e.nailFact(n, in)
		return
	}
	if e.strayNail(in) {
		return
	}
	if p != nil || e.folded[in.Leg] != nil || e.untracked[in.Leg] != nil {
		e.stats.DuplicateInputs++
		return
	}
	if in.Flags&FlagLoopback != 0 {
		e.fold(in)
		return
	}
	by := in.Other
	if by.IsZero() {
		by = e.outgoing[in.Leg]
	}
	origin := e.originOf(in)
	if !e.tracks(in, origin) {
		e.pass(in, by)
		return
	}
	if p := e.admit(in, origin); p != nil {
		p.origin = refTo(origin)
		p.numbering.start(in.LegSeq)
		e.place(p)
	}
}

// tracks applies the setting track=marked.
func (e *Engine) tracks(in *Input, origin *party) bool {
	if !e.config.TrackMarked {
		return true
	}
	_, stray := e.strays[in.Leg]
	return stray || in.Flags&FlagMarked != 0 || origin != nil || e.callNamed(in.Text.CTICallID) != nil
}

// admit makes a party from a channel's first record and gives it a name, but no call yet.
func (e *Engine) admit(in *Input, origin *party) *party {
	if e.full() {
		e.stats.Refused++
		return nil
	}
	p := e.newParty(origin.block())
	p.id, p.names, p.direction = in.Leg, namesOf(&in.Text), in.Direction
	p.offsetMicros = in.WallMicros - in.MonoNanos/1000
	p.bornAt = e.stats.Inputs
	p.times.created = in.MonoNanos
	p.thisDN, p.inside = e.nameOf(in)
	e.remember(p)
	return p
}

// anonymous is the number of who shows none, as callers have it whom SIP hides (RFC 3323).
const anonymous = "anonymous"

// nameOf gives a channel its DN and tells whether that is an extension (settings.md, who is inside). Everybody has one, even
// who shows no number or was called without one: every event says whom it is about (R25).
func (e *Engine) nameOf(in *Input) (dn string, inside bool) {
	if in.Text.User != "" {
		return in.Text.User, true
	}
	dn = in.Text.Destination
	if in.Direction == DirectionInbound {
		dn = in.Text.CallerNumber
	}
	dn = cmp.Or(dn, anonymous)
	return dn, e.config.Inside(dn)
}

// dialed is the number that a party was called at; empty if there was none.
func (p *party) dialed() string {
	if p.thisDN == anonymous {
		return ""
	}
	return p.thisDN
}

// originOf finds the party that originates the channel of a first record, through loopback pairs.
func (e *Engine) originOf(in *Input) *party {
	origin := in.Other
	if origin.IsZero() {
		origin = e.outgoing[in.Leg]
	}
	delete(e.outgoing, in.Leg)
	return e.unfoldOrigin(origin)
}

func (e *Engine) unfoldOrigin(id LegID) *party {
	for range 8 { // loopback pairs may be chained; a longer chain is a loop
		f := e.folded[id]
		if f == nil {
			return e.legs.get(id)
		}
		if f.origin.IsZero() && !f.peer.IsZero() {
			if peer := e.folded[f.peer]; peer != nil && !peer.origin.IsZero() {
				id = peer.origin
				continue
			}
		}
		id = f.origin
	}
	return nil
}

// place puts a new party into the call that it belongs to, or begins one with it.
func (e *Engine) place(p *party) {
	e.findCall(p)
	told := e.in.Text.CTICallID // the module gave the leg its origin's call id, or its own
	if told == "" {
		told = p.names.hex
	}
	if p.call.id != told {
		e.setVariable(p, "cti_call_id", p.call.id)
	}
}

func (e *Engine) findCall(p *party) {
	if origin := p.origin.get(); origin != nil && origin.call != nil {
		e.join(origin.call, p)
		return
	}
	if c := e.callNamed(e.in.Text.CTICallID); c != nil {
		e.join(c, p)
		return
	}
	e.begin(p)
}

func (e *Engine) fold(in *Input) {
	f := &fold{origin: in.Other, bornAt: e.stats.Inputs}
	if f.origin.IsZero() {
		f.origin = e.outgoing[in.Leg]
	}
	delete(e.outgoing, in.Leg)
	e.folded[in.Leg] = f
}

// legFact takes every record about a channel that is not its first.
func (e *Engine) legFact(in *Input) {
	if in.Kind == LegOutgoing {
		e.legOutgoing(in)
	}
	p := e.legs.get(in.Leg)
	if u := e.untracked[in.Leg]; u != nil {
		if p = e.untrackedFact(u, in); p == nil {
			return
		}
	}
	if p == nil {
		if n := e.nails[in.Leg]; n != nil {
			e.nailFact(n, in)
		} else if f := e.folded[in.Leg]; f != nil {
			e.foldedFact(f, in)
		} else if in.Kind != LegOutgoing {
			e.strayFact(in)
		}
		return
	}
	p.restored, p.expected = false, false
	p.missed = 0
	if !p.numbering.take(in.LegSeq) {
		e.stats.DuplicateInputs++
		return
	}
	if early := p.times.created - in.MonoNanos; early > 0 { // the clock that stamps the switch's events lies behind by some ms
		in.MonoNanos += early
		in.WallMicros += early / 1000
	}
	p.lastFact = max(p.lastFact, in.MonoNanos)
	if p.numbering.holes() {
		e.audit.soon(in.MonoNanos)
	}
	e.partyFact(p, in)
}

// strayFact meets a record of a channel that the engine does not know: its first record was lost, is late, or the
// channel is gone. A snapshot tells which.
func (e *Engine) strayFact(in *Input) {
	e.stats.LateInputs++
	if in.Kind == LegExecuted && takesPart(in.Text.App) {
		e.strayCaller(in)
		e.audit.soon(in.MonoNanos)
	}
	if in.Kind != LegDestroyed && in.Kind != LegEnded && in.Kind != LegHangup && !e.config.TrackMarked {
		e.audit.soon(in.MonoNanos)
	}
}

func (e *Engine) partyFact(p *party, in *Input) {
	now := in.MonoNanos
	if p.ending {
		now = min(now, p.times.ended) // another thread of the switch tells it late: it was before the end
	}
	switch in.Kind {
	case LegRinging:
		setOnce(&p.times.progress, now)
		e.rang(p)
	case LegProgress:
		setOnce(&p.times.early, now)
		e.rang(p)
		e.happens(p, opNothing, opNothing, opTargetMedia)
	case LegAnswered:
		setOnce(&p.times.answered, now)
		p.phoneHolds = false // nobody holds a talk that has only begun
		if !p.ending {
			e.pickedUp(p)
		}
	case LegBridged:
		e.bridged(p, in.Other)
	case LegUnbridged:
		e.unbridged(p, in.Other)
	case LegHeld:
		if !p.ending {
			p.phoneHolds = true
			e.apply(p, holds)
		}
	case LegUnheld:
		p.phoneHolds = p.phoneHolds && p.ending
		if !p.ending && !p.consultHolds() {
			e.apply(p, retrieves)
		}
	case LegExecuted:
		e.executed(p, in)
	case LegRenamed:
		e.renamed(p, in)
	case RoomJoined:
		e.roomJoined(p, in.Text.Room)
	case RoomLeft:
		e.leftRoom(p, in.Text.Room)
	case LegHangup:
		e.hangup(p, in)
	case LegEnded:
		e.ended(p, in)
	case LegDestroyed:
		if p.state != Released {
			e.ended(p, in)
		}
		e.forget(p)
	case LegDTMF:
		e.dialed(p, in.Text.Digits)
	case LegRecordStarted:
		e.recordStarted(p, in.Text.Path)
	case LegRecordStopped:
		e.recordStopped(p, in.Text.Path)
	case LegTransferred:
		e.transferred(p, in.Text.Destination)
	case LegOutgoing, LegLooped:
		// The legs that follow from them tell what came of it.
	}
}

// legOutgoing ties the leg that is originated to the one that originates it, in whichever order they are told.
func (e *Engine) legOutgoing(in *Input) {
	if child := e.legs.get(in.Other); child != nil {
		e.originated(child, in.Leg)
		return
	}
	if f := e.folded[in.Other]; f != nil {
		if f.origin.IsZero() {
			f.origin = in.Leg
		}
		return
	}
	if len(e.outgoing) >= outgoingMax {
		clear(e.outgoing)
	}
	e.outgoing[in.Other] = in.Leg
}

// originated is told late who originates a known leg: a call that it began alone becomes part of the origin's.
func (e *Engine) originated(child *party, by LegID) {
	origin := e.unfoldOrigin(by)
	if origin == nil || child.origin.get() != nil || origin == child {
		return
	}
	child.origin = refTo(origin)
	if c := child.call; c != nil && origin.call != nil && c != origin.call && c.forming {
		e.move(child, origin.call)
	}
}

func (e *Engine) foldedFact(f *fold, in *Input) {
	switch in.Kind {
	case LegLooped:
		f.peer = in.Other
		if peer := e.folded[in.Other]; peer != nil {
			peer.peer = in.Leg
		}
	case LegBridged:
		f.partner = in.Other
		e.joinThrough(f)
	case LegUnbridged:
		f.partner = LegID{}
	case LegDestroyed:
		delete(e.folded, in.Leg)
	}
}

// joinThrough joins the real legs at the two ends of a loopback pair, once both ends have one.
func (e *Engine) joinThrough(f *fold) {
	peer := e.folded[f.peer]
	if peer == nil || f.partner.IsZero() || peer.partner.IsZero() {
		return
	}
	a, b := e.legs.get(f.partner), e.legs.get(peer.partner)
	if a != nil && b != nil {
		e.pair(a, b)
	}
}

// executed: an application tells what a leg is for.
func (e *Engine) executed(p *party, in *Input) {
	if e.ownApp(p, in.Text.App, in.Text.AppArg, in.Flags&FlagTruncated != 0) {
		return
	}
	if p.waiter != nil && p.waiter.inApp { // another application has him
		e.takenAway(p)
	}
	target := e.legs.get(in.Other)
	if target == nil || target == p || target.call == nil || p.call == nil || p.ending {
		return
	}
	if in.Text.App == "intercept" {
		e.intercepts(p, target)
	}
	if in.Flags&FlagObserver == 0 {
		return
	}
	p.observer = true
	e.move(p, target.call)
	p.role = supervisorRole
	p.otherDN = target.thisDN
	e.extrasOf(p).observes = refTo(target)
	if q := target.partner.get(); q != nil {
		e.extrasOf(p).thirdDN = q.thisDN
	}
	e.apply(p, rings)
}

// ownApp does what one of the module's applications is for.
func (e *Engine) ownApp(p *party, app, argument string, cut bool) bool {
	switch app {
	case "cti_queue":
		e.queueApp(p, argument)
	case "cti_agent":
		e.agentApp(p, argument)
	case "cti_track":
		e.attachData(p, argument, true, cut)
	case "cti_ivr_result":
		e.attachData(p, argument, false, cut)
	default:
		return false
	}
	return true
}

// renamed gives a leg its new uuid. Its party keeps the id that clients know (R14).
func (e *Engine) renamed(p *party, in *Input) {
	if in.Other.IsZero() || e.legs.get(in.Other) != nil {
		e.stats.DuplicateInputs++
		return
	}
	e.legs.drop(p)
	hex := p.names.hex
	p.id, p.names = in.Other, namesOf(&in.Text)
	p.names.hex = hex
	e.legs.put(p)
	if p.nail != nil {
		e.renameNail(p.nail, in)
	}
}
