package engine

// timerKind says what of a party is overdue.
type timerKind uint8

const (
	ringTimer      timerKind = iota // a phone that the engine calls has not answered
	confirmTimer                    // the switch has not confirmed what a client asked of a party
	operationTimer                  // the switch has not confirmed a step of an operation
	offerTimer                      // or the joining of a caller and his agent
	partedTimer                     // nobody is with a party on a nailed-up leg
	insistTimer                     // or an act without which a caller would wait for nothing
	hangupTimer                     // or a hangup; the last, for whoever waits for it decides first whether it still is to be
)

// timer is a deadline as data. One whose version has passed means nothing any more.
type timer struct {
	at      int64 // monotonic ns
	who     ref
	kind    timerKind
	version uint32
}

func (t timer) before(o timer) bool { return t.at < o.at || t.at == o.at && t.kind < o.kind }
func (t timer) standAt(int)         {}

func (e *Engine) startTimer(p *party, kind timerKind, version uint32, millis int64) {
	e.timers.push(timer{at: e.in.MonoNanos + millis*1_000_000, who: refTo(p), kind: kind, version: version})
}

// runTimers does what is due. What it starts anew is due later.
func (e *Engine) runTimers(now int64) {
	for len(e.timers) > 0 && e.timers[0].at <= now {
		t := e.timers.removeAt(0)
		p := t.who.get()
		if p == nil {
			continue
		}
		switch t.kind {
		case ringTimer:
			e.ringsTooLong(p, t.version != 0)
		case confirmTimer:
			e.unconfirmed(p, now)
		case offerTimer:
			e.offerOverdue(p)
		case partedTimer:
			e.nailAlone(p)
		case insistTimer:
			e.insistAgain(p)
		case hangupTimer:
			e.hangUpAgain(p, t.version)
		case operationTimer:
			if o := p.op; o != nil && o.version == t.version {
				e.advance(o, opExpired)
			}
		}
	}
	for len(e.alarms) > 0 && e.alarms[0].at <= now {
		al := e.alarms[0]
		e.setAlarm(al, 0)
		switch {
		case al.agent != nil:
			e.agentDue(al.agent, now)
		case al.nail != nil:
			e.nailDue(al.nail)
		default:
			e.waiterDue(al.waiter, now)
		}
	}
}

// nextDeadline is the earlier of two monotonic times, of which 0 is never.
func nextDeadline(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// due is the first deadline of all.
func (e *Engine) due() (at int64) {
	if len(e.timers) > 0 {
		at = e.timers[0].at
	}
	if len(e.alarms) > 0 {
		at = nextDeadline(at, e.alarms[0].at)
	}
	return nextDeadline(at, e.audit.deadline())
}

// alarm is when an agent or a caller who waits has to be looked at next; each has one.
type alarm struct {
	at     int64 // monotonic ns
	place  int   // in the heap, from 1; 0 = not there
	agent  *agent
	waiter *waiter
	nail   *nail
}

func (al *alarm) before(o *alarm) bool { return al.at < o.at }
func (al *alarm) standAt(place int)    { al.place = place + 1 }

// setAlarm sets when to look next; 0 = never. It is never in the step that sets it.
func (e *Engine) setAlarm(al *alarm, at int64) {
	switch {
	case at == 0:
		if al.place != 0 {
			e.alarms.removeAt(al.place - 1)
		}
		return
	case e.in != nil && at <= e.in.MonoNanos:
		at = e.in.MonoNanos + 1
	}
	if al.place != 0 && al.at == at {
		return
	}
	al.at = at
	if al.place == 0 {
		e.alarms.push(al)
	} else {
		e.alarms.settle(al.place-1, al)
	}
}
