package engine

import "container/heap"

// timerKind says what is overdue.
type timerKind uint8

const (
	ringTimer      timerKind = iota // a phone that the engine calls has not answered
	confirmTimer                    // the switch has not confirmed what a client asked of a party
	operationTimer                  // the switch has not confirmed a step of an operation
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
	heap.Push(&e.timers, timer{e.in.MonoNanos + millis*1_000_000, refTo(p), kind, version})
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
