package engine

import "container/heap"

// timerKind says what of a party is overdue.
type timerKind uint8

const (
	ringTimer      timerKind = iota // a phone that the engine calls has not answered
	confirmTimer                    // the switch has not confirmed what a client asked of a party
	operationTimer                  // the switch has not confirmed a step of an operation
	offerTimer                      // or the joining of a caller and his agent, or the end of a phone that was given up
	insistTimer                     // or an act without which a caller would wait for nothing
)

// timer is a deadline as data. One whose version has passed means nothing any more.
type timer struct {
	at      int64 // monotonic ns
	who     ref
	kind    timerKind
	version uint32
}

// timers is a heap, the next first.
type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}

func (e *Engine) startTimer(p *party, kind timerKind, version uint32, millis int64) {
	heap.Push(&e.timers, timer{at: e.in.MonoNanos + millis*1_000_000, who: refTo(p), kind: kind, version: version})
}

// runTimers does what is due. What it starts anew is due later.
func (e *Engine) runTimers(now int64) {
	for len(e.timers) > 0 && e.timers[0].at <= now {
		t := heap.Pop(&e.timers).(timer)
		p := t.who.get()
		if p == nil {
			continue
		}
		switch t.kind {
		case ringTimer:
			e.ringsTooLong(p)
		case confirmTimer:
			e.unconfirmed(p, now)
		case offerTimer:
			e.offerOverdue(p)
		case insistTimer:
			e.insistAgain(p)
		case operationTimer:
			if o := p.op; o != nil && o.version == t.version {
				e.advance(o, opExpired)
			}
		}
	}
	for len(e.alarms) > 0 && e.alarms[0].at <= now {
		al := e.alarms[0]
		e.setAlarm(al, 0)
		if al.agent != nil {
			e.agentDue(al.agent, now)
		} else {
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

func (t timers) deadline() int64 {
	if len(t) == 0 {
		return 0
	}
	return t[0].at
}

// alarm is when an agent or a caller who waits has to be looked at next; each has one.
type alarm struct {
	at     int64 // monotonic ns
	place  int   // in the heap, from 1; 0 = not there
	agent  *agent
	waiter *waiter
}

// alarms is a heap, the next first.
type alarms []*alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at < a[j].at }
func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i+1, j+1
}
func (a *alarms) Push(x any) {
	al := x.(*alarm)
	*a = append(*a, al)
	al.place = len(*a)
}
func (a *alarms) Pop() any {
	last := len(*a) - 1
	al := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	al.place = 0
	return al
}

func (a alarms) deadline() int64 {
	if len(a) == 0 {
		return 0
	}
	return a[0].at
}

// setAlarm sets when to look next; 0 = never. It is never in the step that sets it.
func (e *Engine) setAlarm(al *alarm, at int64) {
	switch {
	case at == 0:
		if al.place != 0 {
			heap.Remove(&e.alarms, al.place-1)
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
		heap.Push(&e.alarms, al)
	} else {
		heap.Fix(&e.alarms, al.place-1)
	}
}
