package engine

import "modcti/events"

// room is a conference. All who are in it are in one call.
type room struct {
	name    string
	members int
	first   ref // whoever came first and is still remembered
}

func (e *Engine) roomJoined(p *party, name string) {
	if name == "" || p.ending || p.call == nil || (p.room != nil && p.room.name == name) {
		return
	}
	if p.waiter != nil {
		e.takenAway(p)
	}
	e.leaveRoom(p)
	r := e.rooms[name]
	if r == nil {
		if len(e.rooms) >= roomsMax {
			e.stats.Refused++
			return
		}
		r = &room{name: name}
		e.rooms[name] = r
	}
	r.members++
	p.room = r
	if p.beckoned() && p.insist.command.Name == name {
		p.unbeckon()
	}
	defer e.entered(p)
	host := r.first.get()
	if host == nil || host.call == nil || host.room != r {
		r.first = refTo(p)
	} else if host.call.forming && !p.call.forming {
		e.move(host, p.call)
	} else {
		e.move(p, host.call)
		if host.beckoned() && p.op == nil && p.insist == nil { // all are on their way into the call's own room
			e.beckon(p, host.insist.command.Name)
		}
	}
	if p.answered() && !p.call.forming && (p.op == nil || p.op.target.get() != p) {
		if p.otherDN == "" {
			p.otherDN = name
		}
		e.ensureRung(p)
		e.apply(p, joins)
	}
}

// leftRoom: a party is out of a conference and lives on. Where an operation has taken it nobody else left, nor has anybody
// who is on his way into the call's own room.
func (e *Engine) leftRoom(p *party, name string) {
	if name != "" && p.room != nil && p.room.name != name {
		return // it is in another one already
	}
	moved := e.gathered(p)
	e.leaveRoom(p)
	e.nailParted(p)
	if p.ending || !p.member || p.call == nil || moved {
		return
	}
	if p.op == nil {
		e.tellLeft(p.call, p)
	}
	p.member = false
	if c := p.call; c.members() < 2 && p.op == nil {
		c.meeting, c.barged = false, false
	}
}

// gathered tells whether a party leaves a room of the dialplan because all of its call are put into the call's own.
func (e *Engine) gathered(p *party) bool {
	if p.room == nil || p.call == nil || p.call.meetingRoom == "" || p.room.name == p.call.meetingRoom {
		return false
	}
	if p.beckoned() {
		return true
	}
	for q := p.call.first; q != nil; q = q.next {
		if q.op != nil && q.op.stage == meeting {
			return true
		}
	}
	return e.rooms[p.call.meetingRoom] != nil
}

// entered: a party is a member of its call's conference. Who comes from the dialplan is told of here; who an operation
// brings in, when all have met (3.8). Who was a member has only been moved.
func (e *Engine) entered(p *party) {
	if p.call == nil || p.call.forming {
		return
	}
	known := p.member
	p.member = true
	if o := p.op; o != nil && o.stage == meeting {
		e.met(o)
		return
	}
	if known && p.op == nil {
		e.dismiss(p.call, p) // the others may have gone while he was on his way
	}
	if p.op != nil || p.state != Talk || known {
		return
	}
	switch n := p.call.members(); {
	case n == 2:
		p.call.pairUp()
	case n > 2:
		p.call.meeting = true
		third := events.ThirdPart{ThirdDN: p.thisDN, ThirdDNRole: events.AddedBy, CallState: events.StateConference}
		e.tellAdded(p, third, 0)
	}
}

func (e *Engine) leaveRoom(p *party) {
	r := p.room
	if r == nil {
		return
	}
	p.room = nil
	r.members--
	if r.members == 0 {
		delete(e.rooms, r.name)
		return
	}
	if r.first.get() == p && p.call != nil {
		for q := p.call.first; q != nil; q = q.next {
			if q.room == r {
				r.first = refTo(q)
				return
			}
		}
	}
}
