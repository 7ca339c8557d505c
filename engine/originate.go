package engine

import "cmp"

const hexDigits = "0123456789abcdef"

// newLegID makes the uuid of a leg that is to be: random bits of version 4, out of the run's seed and a counter.
func (e *Engine) newLegID() (id LegID) {
	e.originations++
	for half := range 2 {
		bits := mix(e.config.LegSeed[half] + e.originations*0x9e3779b97f4a7c15)
		for i := range 8 {
			id[8*half+i] = byte(bits >> (8 * i))
		}
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// mix is the finisher of splitmix64: each bit of the answer depends on every bit of the question.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// spelt is the id as clients know it (R57), and with dashes, as the switch spells it; one text holds both.
func (id LegID) spelt() (hex, uuid string) {
	var text [32 + 36]byte
	at := 32
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		high, low := hexDigits[b>>4], hexDigits[b&15]
		text[2*i], text[2*i+1] = high, low
		text[at], text[at+1] = high, low
		at += 2
	}
	both := string(text[:])
	return both[:32], both[32:]
}

// full tells whether no more channels can be taken in.
func (e *Engine) full() bool {
	if e.config.LegsMax != 0 {
		return e.legs.count >= e.config.LegsMax
	}
	return e.legs.count >= legsMax
}

// expect makes a party of a leg that the engine is about to originate to dn, the phone of an agent or nobody's, for caller,
// who may be nobody; it is in no call yet. Where that phone is connected already, so is the party's leg.
func (e *Engine) expect(a *agent, dn string, inside bool, caller *party) *party {
	if e.full() {
		return nil
	}
	p := e.newParty(caller.block())
	p.id = e.newLegID()
	p.names.hex, p.names.uuid = p.id.spelt()
	p.direction, p.expected, p.displaced = DirectionOutbound, true, true
	p.thisDN, p.inside = dn, inside
	p.offsetMicros = e.in.WallMicros - e.in.MonoNanos/1000
	e.stats.Inputs++ // no two parties share a birth number
	p.bornAt = e.stats.Inputs
	p.times.created = e.in.MonoNanos
	if a != nil && a.nail != nil && a.nail.stage == nailUp && a.nail.dn == dn {
		e.onNail(a.nail, p)
	}
	e.remember(p)
	return p
}

// ringMillis is how long a phone may ring for which so much was asked; 0 = nothing.
func (e *Engine) ringMillis(asked int64) int64 {
	return cmp.Or(asked, e.config.RingMillis, ringMillisDefault)
}

// callUp has the switch call a party's phone, which shows caller and name; without a name the number stands for it.
func (e *Engine) callUp(p *party, route Route, caller, name string, ringMillis int64) uint64 {
	if p.nail != nil {
		e.connectLater(p)
		return 0
	}
	if route.CallerID != "" {
		caller, name = route.CallerID, ""
	}
	e.startTimer(p, ringTimer, 0, e.ringMillis(ringMillis))
	return e.order(p, Command{Kind: CommandOriginate, Value: route.Address, CallerNumber: caller, CallerName: cmp.Or(name, caller)})
}

// order gives a command on a party's leg; the switch's refusal of it will find the party.
func (e *Engine) order(p *party, c Command) uint64 {
	c.Leg, c.UUID = p.id, p.names.uuid
	if p.call != nil {
		c.CallID = p.call.id
	}
	if c.DeadlineMillis == 0 {
		c.DeadlineMillis = orderMillis
	}
	e.command(c)
	if len(e.ordered) >= orderedMax {
		clear(e.ordered)
	}
	e.ordered[e.stats.Commands] = refTo(p)
	return e.stats.Commands
}

// orderFor gives a command on another leg; a refusal finds the party that it was given for.
func (e *Engine) orderFor(p, leg *party, c Command) uint64 {
	id := e.order(leg, c)
	e.ordered[id] = refTo(p)
	return id
}

// orderWith is order for a command that joins two legs.
func (e *Engine) orderWith(p, other *party, c Command) uint64 {
	c.Other, c.OtherUUID = other.id, other.names.uuid
	return e.order(p, c)
}

func (e *Engine) bridge(p, q *party) uint64 { return e.bridgeAs(p, q, "") }

// bridgeAs joins two parties; of a bridge that is Kept p outlives q.
func (e *Engine) bridgeAs(p, q *party, name string) uint64 {
	p.displaced, q.displaced = true, true
	p.unbeckon()
	q.unbeckon()
	return e.orderWith(p, q, Command{Kind: CommandBridge, Name: name})
}

func (e *Engine) wait(p *party, hears string) uint64 {
	p.displaced = true
	p.unbeckon()
	return e.order(p, Command{Kind: CommandWait, Name: hears})
}

func (e *Engine) joinRoom(p *party, name string) uint64 {
	p.displaced = true
	return e.order(p, Command{Kind: CommandJoinRoom, Name: name})
}

// hangUp ends a leg on somebody's behalf: side is who gets the blame (R21), empty for the switch itself.
func (e *Engine) hangUp(p *party, cause uint16, side word) uint64 {
	b := blame{side: side, firm: side != noWord, asked: true}
	if side == agentSide {
		b.hangupCause = byAgent
	}
	return e.hangUpFor(p, cause, b)
}

// hangUpFor ends a leg because of b, unless somebody else has ended it already (3.14).
func (e *Engine) hangUpFor(p *party, cause uint16, b blame) uint64 {
	if p == nil || p.ending || p.state == Released {
		return 0
	}
	if p.hangup != 0 {
		return p.hangup
	}
	if b.firm && !p.blame.firm {
		b.callState = p.blame.callState
		p.blame = b
	}
	if p.nail != nil {
		p.hangup = e.giveBack(p, cause)
		return p.hangup
	}
	return e.orderHangup(p, cause)
}

func (e *Engine) orderHangup(p *party, cause uint16) uint64 {
	p.hangup = e.order(p, Command{Kind: CommandHangup, Cause: cause})
	e.startTimer(p, hangupTimer, uint32(p.hangup), confirmMillis)
	return p.hangup
}

// hangUpAgain: a leg that was to end lives on, and nobody has thought better of it.
func (e *Engine) hangUpAgain(p *party, command uint32) {
	if p.hangup != 0 && uint32(p.hangup) == command && !p.ending && p.state != Released {
		e.orderHangup(p, CauseNormalClearing)
	}
}

// dueTo is the blame that a party which has ended hands on to those that the engine hangs up because of it.
func dueTo(gone *party) blame {
	return blame{side: gone.side, hangupCause: gone.hangupCause, firm: gone.side != noWord}
}

// ringsTooLong gives up a phone that does not answer. One that is being answered has until the switch should have confirmed it;
// no agent misses what he has accepted (3.3): accepted tells that it has had that time.
func (e *Engine) ringsTooLong(p *party, accepted bool) {
	switch {
	case p.answered(), p.ending:
	case p.hangup != 0: // which may be taken back
		e.startTimer(p, ringTimer, 0, confirmMillis)
	case p.asked("EventEstablished"):
		e.startTimer(p, ringTimer, 1, confirmMillis)
		if p.offer != nil {
			p.offer.accepted = true
		}
	case accepted:
		e.hangUp(p, CauseTemporaryFailure, noWord)
	default:
		e.hangUp(p, CauseNoAnswer, noWord)
	}
}

// appeared: the leg that was expected exists now.
func (e *Engine) appeared(p *party, in *Input) {
	p.expected = false
	hex := p.names.hex
	p.names = namesOf(&in.Text)
	p.names.hex = hex
	p.numbering.start(in.LegSeq)
	p.lastFact = in.MonoNanos
}

// neverWas: the switch could not make the leg that was expected.
func (e *Engine) neverWas(p *party, in *Input) {
	end := *in
	end.Leg, end.Disposition = p.id, DispositionNone
	e.ended(p, &end)
	e.forget(p)
}

// dial resolves a number for the default company, whose the queues and agents are.
func (e *Engine) dial(number string) (Route, bool) {
	return e.dialFor(e.config.CompanyID, number)
}

// dialFor resolves a number by a company's dial plan.
func (e *Engine) dialFor(company, number string) (Route, bool) {
	if e.config.Dial == nil {
		return Route{}, false
	}
	return e.config.Dial(company, number)
}

// destination is what is known of a number that is to be called.
type destination struct {
	route  Route
	inside bool
}

// destinationOf looks a number up for a company; false when its dial plan has no rule for it.
func (e *Engine) destinationOf(company, dn string) (to destination, found bool) {
	to.route, found = e.dialFor(company, dn)
	to.inside = found && e.config.Inside(dn)
	return to, found
}

// queueFor is the queue that a company knows by a number; nil when there is none.
func (e *Engine) queueFor(company, id string) *queue {
	if !e.staffed(company) {
		return nil
	}
	return e.queueAt(id)
}
