package engine

import (
	"container/heap"

	"modcti/events"
)

// timerKind says what is overdue.
type timerKind uint8

const (
	ringTimer      timerKind = iota // a phone that the engine calls has not answered
	confirmTimer                    // the switch has not confirmed what a client asked of a party
	operationTimer                  // the switch has not confirmed a step of an operation
	offerTimer                      // or the joining of a caller and his agent
	wrapUpTimer                     // after-call work is over
	closedTimer                     // an agent may be offered calls again
	idleTimer                       // he has had no call for long
	relaxTimer                      // a caller accepts the next level of staff
	lastSeatTimer                   // and waits no more for who served him last
	progressTimer                   // the next phone rings too
	maxWaitTimer                    // he has waited long enough
	nobodyTimer                     // and nobody is on
	announceTimer                   // his place is said
)

// timer is a deadline as data. One whose version has passed means nothing any more.
type timer struct {
	at      int64 // monotonic ns
	who     ref
	kind    timerKind
	version uint32
	agent   *agent
	waiter  *waiter
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

func (e *Engine) agentTimer(a *agent, kind timerKind, at int64) {
	heap.Push(&e.timers, timer{at: at, agent: a, kind: kind})
}

func (e *Engine) waiterTimer(w *waiter, kind timerKind, at int64) {
	heap.Push(&e.timers, timer{at: at, waiter: w, kind: kind})
}

// agentDue looks whether what a timer was set for is still so: a stale one finds that its time has not come (3.15).
func (e *Engine) agentDue(a *agent, kind timerKind, now int64) {
	switch kind {
	case wrapUpTimer:
		if a.state == AfterCallWork && a.wrap.until != 0 && now >= a.wrap.until {
			e.wrapUpOver(a)
		}
	case closedTimer:
		if a.closed && now >= a.closedTill {
			a.closed = false
			e.agentMoved(a)
		}
	case idleTimer:
		idle := max(a.freeSince, a.sinceMono)
		if a.state == AgentLoggedOut || a.busy() || a.config.IdleLogout == 0 {
			return
		}
		if due := idle + a.config.IdleLogout*1_000_000; now < due {
			e.agentTimer(a, idleTimer, due)
			return
		}
		e.agentDoes(a, logsOut, events.ReasonIdle)
	}
}

func (e *Engine) waiterDue(w *waiter, kind timerKind, now int64) {
	if w.gone {
		return
	}
	q := w.queue
	switch kind {
	case relaxTimer:
		e.relax(w)
	case lastSeatTimer:
		if w.lastSeat != nil {
			w.unawait()
			if len(w.offers) == 0 {
				e.waiters = append(e.waiters, w)
			}
		}
	case progressTimer:
		e.progress(w)
	case maxWaitTimer:
		if w.winner == nil {
			e.overflow(w, WhenTimeout)
		}
	case nobodyTimer:
		if q.on == 0 {
			e.overflow(w, WhenNobodyOn)
		} else {
			e.waiterTimer(w, nobodyTimer, now+q.config.NobodyOnMillis*1_000_000)
		}
	case announceTimer:
		e.announcePlace(w)
	}
}

// runTimers does what is due. What it starts anew is due later.
func (e *Engine) runTimers(now int64) {
	for len(e.timers) > 0 && e.timers[0].at <= now {
		t := heap.Pop(&e.timers).(timer)
		switch {
		case t.agent != nil:
			e.agentDue(t.agent, t.kind, now)
			continue
		case t.waiter != nil:
			e.waiterDue(t.waiter, t.kind, now)
			continue
		}
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
			e.offerUnjoined(p)
		case operationTimer:
			if o := p.op; o != nil && o.version == t.version {
				e.advance(o, opExpired)
			}
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
