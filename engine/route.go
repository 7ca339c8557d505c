package engine

import (
	"slices"
	"unsafe"
)

// This file brings callers and agents together. Every decision is a look at the tops of a few heaps.

// settle brings about what follows from a step for those whom the step was not about.
func (e *Engine) settle() {
	for len(e.restless)+len(e.waiters)+len(e.changed)+len(e.tending)+len(e.connecting)+len(e.returning) > 0 {
		e.releaseReturned()
		e.connectNails()
		e.tendNails()
		e.match()
	}
}

// match matches callers and agents when all that follows from a step for either is known. No caller waits then while an
// agent is free for him: before the step there was no such pair, and a new one needs a caller or an agent that moved.
func (e *Engine) match() {
	if len(e.restless) == 0 && len(e.waiters) == 0 && len(e.changed) == 0 {
		return
	}
	e.newDay()
	for len(e.restless) > 0 || len(e.waiters) > 0 || len(e.changed) > 0 {
		e.reviewChanged()
		agents, waiters := e.restless, e.waiters
		e.restless, e.waiters = e.restlessSpare[:0], e.waitersSpare[:0]
		alone := len(agents) == 1 && len(waiters) == 0
		for _, a := range agents {
			a.restless = false
			if !alone || !e.serveAlone(a) {
				e.comeForward(a)
			}
		}
		for _, w := range waiters {
			w.fresh = false
			e.heedHours(w)
			e.heedMissed(w)
			if w.waits() {
				e.lineUp(w)
			}
		}
		for _, a := range agents {
			e.serve(a)
		}
		slices.SortFunc(waiters, inTurn)
		for _, w := range waiters {
			if w.waits() {
				e.findAgent(w)
			}
		}
		clear(agents)
		clear(waiters)
		e.restlessSpare, e.waitersSpare = agents, waiters
	}
}

// waits tells whether a caller is in the queue and no phone is called for him.
func (w *waiter) waits() bool { return !w.gone && !w.held && !w.shut && len(w.offers) == 0 }

// matchLater has a caller matched when the step is done.
func (e *Engine) matchLater(w *waiter) {
	if !w.fresh {
		w.fresh = true
		e.waiters = append(e.waiters, w)
	}
}

// serveAlone spares an agent the way into his queues and out again where somebody waits for him: nobody else has become
// free with him, and nobody who was free would have let that caller wait.
func (e *Engine) serveAlone(a *agent) bool {
	if !a.available() || a.forward || a.awaitedBy() != nil {
		return false
	}
	first, at := e.firstCaller(a)
	if first == nil {
		return false
	}
	e.choose(first, at)
	return true
}

// serve finds an agent who has become free, or others who have with him, the callers whose turn it is.
func (e *Engine) serve(a *agent) {
	for a.available() {
		if w := a.awaitedBy(); w != nil {
			e.offerTo(w, a.tierIn(w.queue), becauseLast)
			continue
		}
		w, _ := e.firstCaller(a)
		if w == nil {
			e.joinRinging(a)
			return
		}
		e.choose(w, e.best(w))
	}
}

// firstCaller is the caller, of all queues that an agent works for, who comes first and accepts him, and his place there. What
// a queue's callers are compared by lies in one line for each queue; only of the first one more is looked at.
func (e *Engine) firstCaller(a *agent) (first *waiter, at *tier) {
	best := int64(noCaller)
	for i := range a.tiers {
		t := &a.tiers[i]
		if !t.working {
			continue
		}
		key := slices.Min(e.tops[t.on].keys[t.level-1:])
		if key == noCaller || key > best || key == best && !t.first().before(at.first()) {
			continue
		}
		best, at = key, t
	}
	if at == nil {
		return nil, nil
	}
	return at.first(), at
}

// first is the caller whose turn it is with staff of a tier.
func (t *tier) first() *waiter { return t.queue.first(int(t.level)) }

// awaitedBy is the caller who waits for this agent in person (UsingLastSeat).
func (a *agent) awaitedBy() *waiter {
	for _, w := range a.awaited {
		if t := a.tierIn(w.queue); w.waits() && t != nil && t.working {
			return w
		}
	}
	return nil
}

func (a *agent) tierIn(q *queue) *tier {
	for i := range a.tiers {
		t := &a.tiers[i]
		if t.queue == q {
			return t
		}
	}
	return nil
}

// first is the caller whose turn it is with staff of a level.
func (q *queue) first(level int) (best *waiter) {
	for l := level; l <= LevelMax; l++ {
		if len(q.waiting[l]) > 0 && (best == nil || q.waiting[l][0].before(best)) {
			best = q.waiting[l][0]
		}
	}
	return best
}

// best is the free agent whom a caller gets: of the best level that he accepts; nil when nobody is free for him.
func (e *Engine) best(w *waiter) *tier {
	q := w.queue
	if q.goesDown() && len(w.tried) > 0 {
		if t := e.bestUntried(w); t != nil {
			return t
		}
		if !w.nobodyElse() {
			return nil
		}
		w.tried = w.tried[:0] // a new round
	}
	if s := e.top(q); s != nil && s.level() <= w.level {
		q.picked(s)
		return q.tiers[s.place]
	}
	return nil
}

// nobodyElse tells whether a round down the list is over: those who are called for him now still belong to it.
func (w *waiter) nobodyElse() bool {
	return len(w.offers) == 0 || w.queue.config.Strategy == Progressive
}

// bestUntried is the best of those to whom the caller was not offered in this round.
func (e *Engine) bestUntried(w *waiter) *tier {
	for s := range e.inOrder(w.queue, w.level) {
		if t := w.queue.tiers[s.place]; !w.hasTried(t.agent) {
			return t
		}
	}
	return nil
}

func (w *waiter) hasTried(a *agent) bool { return slices.Contains(w.tried, a) }

// findAgent offers a caller to whoever of his queue is free for him, or lets him wait.
func (e *Engine) findAgent(w *waiter) {
	q := w.queue
	if a := w.lastSeat; a != nil {
		if t := a.tierIn(q); t != nil && t.working && a.available() {
			e.offerTo(w, t, becauseLast)
		}
		return
	}
	for w.waits() { // to the phone of the best there may be no way
		t := e.best(w)
		if t == nil {
			return
		}
		e.choose(w, t)
	}
}

const (
	becauseLast    = "he served this caller last"
	becauseAll     = "every free agent is called"
	becauseNext    = "the next one by position; those before him ring on"
	becauseConsult = "the first free agent, for a consult"
)

// choose offers a caller as the queue's strategy has it, beginning with the agent whom it has picked. Little has been read of
// the caller and his queue when an agent finds them: the rest is asked for at once.
func (e *Engine) choose(w *waiter, t *tier) {
	fetchLines(unsafe.Pointer(w.queue.config), unsafe.Pointer(w.queue), unsafe.Pointer(w.party.p), unsafe.Pointer(w))
	switch {
	case w.op != nil:
		e.offerTo(w, t, becauseConsult)
	case w.queue.config.Strategy == RingAll && w.number == "":
		if !t.agent.forward {
			e.offerTo(w, t, becauseAll)
			if t.agent.nail != nil {
				return
			}
		}
		e.ringAll(w)
	default:
		e.offerTo(w, t, w.queue.reason(t))
	}
	e.heedMissed(w)
}

func (q *queue) reason(t *tier) string {
	return "first of the free agents of level " + string(rune('0'+t.level)) + " by " + q.config.Strategy.String()
}

// ringAll calls everybody who is free for a caller.
func (e *Engine) ringAll(w *waiter) {
	for !w.gone {
		s := e.top(w.queue)
		if s == nil || s.level() > w.level {
			return
		}
		t := w.queue.tiers[s.place]
		e.offerTo(w, t, becauseAll)
		if t.agent.nail != nil { // he is there already: nobody else needs to ring
			return
		}
	}
}

// joinRinging lets an agent whom nobody waits for ring for a caller of a ring-all queue whose other phones ring already.
func (e *Engine) joinRinging(a *agent) {
	var first *waiter
	var at *tier
	for i := range a.tiers {
		t := &a.tiers[i]
		if e.ringers == 0 {
			return
		}
		if !t.working {
			continue
		}
		for _, w := range t.queue.ringing {
			if w.winner == nil && w.level >= int(t.level) && (first == nil || w.before(first)) {
				first, at = w, t
			}
		}
	}
	if first != nil {
		e.offerTo(first, at, becauseAll)
	}
}

// progress lets one more phone ring for a caller; those that ring go on.
func (e *Engine) progress(w *waiter) {
	w.progressAt = 0
	if w.winner != nil || len(w.offers) == 0 {
		return
	}
	if t := e.best(w); t != nil {
		e.offerTo(w, t, becauseNext)
		return
	}
	w.progressAt = e.in.MonoNanos + w.queue.progressMillis()*1_000_000
}

func (q *queue) progressMillis() int64 {
	if q.config.ProgressMillis > 0 {
		return q.config.ProgressMillis
	}
	return progressDefault
}

// reviewChanged looks again at the callers of queues whose staff has changed: nobody may be on any more, or ready, or a level
// may be empty that they waited for.
func (e *Engine) reviewChanged() {
	for len(e.changed) > 0 {
		q := e.changed[len(e.changed)-1]
		e.changed = e.changed[:len(e.changed)-1]
		hopeless := e.hopeless(q)
		for _, w := range e.callersOf(q) {
			switch {
			case w.gone:
			case w.missed != nil: // what becomes of him for that comes first
			case hopeless && w.winner == nil && w.number == "":
				e.overflow(w, WhenNobodyReady)
			default:
				e.relax(w)
				e.armWaiter(w)
			}
		}
	}
}

// relax lets a caller accept lower levels of staff as he waits (LevelAfter).
func (e *Engine) relax(w *waiter) {
	q := w.queue
	level := q.levelAfter(e.in.MonoNanos - w.entered)
	if level <= w.level {
		return
	}
	e.stepOut(w)
	w.level = level
	if w.waits() {
		e.matchLater(w)
	} else if q.config.Strategy == RingAll && w.winner == nil && w.op == nil && w.number == "" {
		e.ringAll(w)
	}
}

// levelAfter is the lowest level of staff that a caller accepts after a wait.
func (q *queue) levelAfter(waited int64) int {
	if q.config.LevelAfter == ([LevelMax]int64{}) {
		return LevelMax
	}
	level := 0
	for level < LevelMax {
		skipped := q.config.SkipEmptyLevels && level > 0 && q.onLevel[level] == 0
		if !skipped && waited < q.config.LevelAfter[level]*1_000_000 {
			break
		}
		level++
	}
	return level
}

// relaxAt is when time may let a caller accept another level; 0 = never. Until then he waits for the first level that is not
// skipped, which a lower one that he accepts already may stand behind: somebody came for it after he was let in for that.
func (e *Engine) relaxAt(w *waiter) int64 {
	level := w.queue.levelAfter(e.monoNanos - w.entered)
	if w.level >= LevelMax || level >= LevelMax {
		return 0
	}
	return max(w.entered+w.queue.config.LevelAfter[level]*1_000_000, 1)
}
