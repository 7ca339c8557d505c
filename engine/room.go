package engine

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
	host := r.first.get()
	if host == nil || host.call == nil || host.room != r {
		r.first = refTo(p)
	} else if host.call.forming && !p.call.forming {
		e.move(host, p.call)
	} else {
		e.move(p, host.call)
	}
	if p.answered() && !p.call.forming {
		if p.otherDN == "" {
			p.otherDN = name
		}
		e.ensureRung(p)
		e.apply(p, joins)
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
