package engine

import "modcti/events"

// roomPrefix begins the name of every room that the engine opens; a call has at most one.
const roomPrefix = "cti-"

// meetInRoom puts everybody of the call who is not there yet into one room.
func (e *Engine) meetInRoom(o *operation) {
	c := o.call
	if c.meetingRoom == "" {
		e.extrasOfCall(c).meetingRoom = roomPrefix + c.id
	}
	o.room = c.meetingRoom
	var first, last uint64
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || p.ending || p.observer && p.op != o || !p.answered() {
			continue
		}
		if p.room == nil || p.room.name != o.room {
			last = e.bring(p, o)
			if first == 0 {
				first = last
			}
		}
	}
	e.await(o, last)
	o.earliest = first
	e.met(o)
}

// bring puts a party into the operation's room. The operation itself sees to those whom it has taken out of their talk; who
// else is left behind, in another room too, would be alone there and nobody would know.
func (e *Engine) bring(p *party, o *operation) uint64 {
	if p.insist == nil && (p.op != o || p.room != nil) {
		e.beckon(p, o.room)
		return p.insist.id
	}
	return e.joinRoom(p, o.room)
}

// beckon asks a party into the room of its call until it is there.
func (e *Engine) beckon(p *party, room string) {
	p.displaced = true
	e.insistOn(p, Command{Kind: CommandJoinRoom, Name: room})
}

// beckoned tells whether a party is being asked into a room.
func (p *party) beckoned() bool { return p.insist != nil && p.insist.command.Kind == CommandJoinRoom }

// unbeckon: it is there, or is put somewhere else.
func (p *party) unbeckon() {
	if p.beckoned() {
		p.insist = nil
	}
}

// meetOrDrop: somebody has gone while all were put into a room. With nobody else there target is not to be alone.
func (e *Engine) meetOrDrop(o *operation) {
	for p := o.call.first; p != nil; p = p.next {
		if p != o.target.get() && p.state != Released && !p.ending && !p.observer {
			e.met(o)
			return
		}
	}
	e.refuseAndDrop(o)
	o.stage = ending
}

// tellConferenced: all are in the room now (3.8, 3.11).
func (e *Engine) tellConferenced(o *operation) {
	c, by, target := o.call, o.by.get(), o.target.get()
	c.meeting = true
	if target == nil || target.state == Released {
		return
	}
	switch o.kind {
	case consult:
		e.tellConsultConferenced(o, by, target)
		return
	case bargeIn:
		c.barged = true
		target.observer, target.role, target.supervisor = false, agentRole, true
	case makeCall, transfer, redirect, conference, monitor, intercept:
		e.extrasOf(target).broughtIn = true
	}
	if c.members() == 2 { // one has gone meanwhile
		c.pairUp()
	}
	e.ensureRung(target)
	if target.state != Talk {
		e.apply(target, joins)
	}
	third := events.ThirdPart{ThirdDN: o.byDN, ThirdDNRole: events.AddedBy, CallState: events.StateConference}
	if o.kind == bargeIn {
		third.ThirdDN, third.ThirdDNRole = target.thisDN, events.BargeinBy
	}
	e.tellAdded(target, third, 0)
}

func (e *Engine) tellConsultConferenced(o *operation, by, target *party) {
	c := o.call
	r := e.extrasOfCall(c)
	r.consulted, r.consulting = refTo(target), o.by
	third := events.ThirdPart{ThirdDN: o.byDN, ThirdDNRole: events.AddedBy, CallState: events.StateConference}
	if by != nil && by.state != Released {
		m := &events.Retrieved{CallPart: callPart(by), CallState: events.StateConference}
		m.OtherDN = o.dnOfWith()
		e.tellParty(by, m, true)
		by.otherDN = o.dnOfWith()
	}
	e.tellAdded(target, third, events.StageConference)
	target.otherDN = o.dnOfWith()
	m := &events.PartyChanged{CallPart: callPart(target), ThirdPart: third}
	m.ConsultStage = events.StageConference
	e.tellParty(target, m, false)
}

// tellAdded tells everybody else in the call of a new member; who asked for it first.
func (e *Engine) tellAdded(added *party, third events.ThirdPart, stage int64) {
	for _, asked := range []bool{true, false} {
		for p := added.call.first; p != nil; p = p.next {
			if p == added || p.state == Released || p.observer || asked != (p.thisDN == third.ThirdDN) {
				continue
			}
			m := &events.PartyAdded{CallPart: callPart(p), ThirdPart: third}
			m.OtherDN, m.OtherDNRole, m.Supervisor = added.thisDN, events.NewParty, added.supervisor
			m.ConsultStage = stage
			e.tellParty(p, m, outsider(p))
		}
	}
}

// tellLeft tells everybody else in a conference that a member has gone (3.9, R35, R36).
func (e *Engine) tellLeft(c *call, gone *party) {
	left := 0
	for p := c.first; p != nil; p = p.next {
		if p != gone && p.state != Released && p.member {
			left++
		}
	}
	if left < 2 && gone.deletedBy == "" {
		return // with one left the talk is over, and its release says so; but who has taken the last one out is answered
	}
	third := events.ThirdPart{ThirdDN: gone.deletedBy, ThirdDNRole: events.DeletedBy, CallState: events.StateConference}
	if gone.deletedBy == "" {
		third.ThirdDN = gone.thisDN
	}
	if left <= 2 {
		third.CallState = events.StateOK
	}
	var stage int64
	switch gone {
	case c.consulting.get():
		stage = events.StageLeft
	case c.consulted.get():
		stage = events.StageRemoved
	}
	for p := c.first; p != nil; p = p.next {
		if p == gone || p.state == Released || !p.member {
			continue
		}
		m := &events.PartyDeleted{CallPart: callPart(p), ThirdPart: third}
		m.OtherDN, m.OtherDNRole, m.SelfLeft = gone.thisDN, events.DeletedParty, gone.deletedBy == ""
		m.Supervisor, m.ConsultStage = gone.supervisor, stage
		e.tellParty(p, m, outsider(p) && !p.awaits(m))
	}
	if left == 2 {
		c.pairUp()
	}
}

// pairUp: the two who are left talk to each other.
func (c *call) pairUp() {
	var first *party
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || !p.member {
			continue
		}
		if first == nil {
			first = p
			continue
		}
		first.otherDN, p.otherDN = p.thisDN, first.thisDN
	}
}

// dismiss hangs up who is left alone in a call that the engine itself took apart: the switch would let it wait for ever.
func (e *Engine) dismiss(c *call, gone *party) {
	var last *party
	talkers := 0
	for p := c.first; p != nil; p = p.next {
		if p.state == Released || p.ending {
			continue
		}
		if p.op != nil || p.waiter != nil || p.offer != nil || p.insist != nil {
			return
		}
		if !p.observer {
			talkers++
			last = p
		}
	}
	if talkers > 1 {
		e.orphansLeft(c)
		return
	}
	if last != nil {
		if last.displaced && (last.room == nil || last.room.name == c.meetingRoom) {
			e.hangUpFor(last, CauseNormalClearing, dueTo(gone))
		}
		return
	}
	for p := c.first; p != nil; p = p.next {
		if p.state != Released && !p.ending && p.displaced {
			e.hangUpFor(p, CauseNormalClearing, dueTo(gone))
		}
	}
}
