package engine

import (
	"container/heap"
	"strconv"
)

// This file brings callers and agents together. Every decision is a look at the tops of a few heaps.

// putIn makes a tier's agent choosable in its queue.
func (e *Engine) putIn(t *tier) {
	if t.at >= 0 || !t.working || t.queue.retired {
		return
	}
	t.key = e.strategyKey(t)
	heap.Push(&t.queue.free[t.level], t)
}

func (q *queue) takeOut(t *tier) {
	if t.at >= 0 {
		heap.Remove(&q.free[t.level], t.at)
	}
}

// findCaller offers a free agent the caller, of all his queues, who comes first; else he is choosable there.
func (e *Engine) findCaller(a *agent) {
	if w := a.awaitedBy(); w != nil {
		e.offerTo(w, a.tierIn(w.queue), "he served this caller last")
		return
	}
	var best *waiter
	var at *tier
	for _, t := range a.tiers {
		if !t.working || t.queue.retired {
			continue
		}
		if w := t.queue.first(t.level); w != nil && (best == nil || w.before(best)) {
			best, at = w, t
		}
	}
	if best != nil {
		e.offerTo(best, at, "the first caller of his queues when he became free")
		return
	}
	for _, t := range a.tiers {
		e.putIn(t)
	}
	e.joinRinging(a)
}

// awaitedBy is the caller who waits for this agent in person (UsingLastSeat).
func (a *agent) awaitedBy() *waiter {
	for _, w := range a.awaited {
		if !w.gone && len(w.offers) == 0 {
			return w
		}
	}
	return nil
}

func (a *agent) tierIn(q *queue) *tier {
	for _, t := range a.tiers {
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

// best is the free agent whom a caller gets: of the best level that he accepts.
func (q *queue) best(w *waiter) *tier {
	for l := 1; l <= w.level; l++ {
		if len(q.free[l]) > 0 {
			return q.bestUntried(w, l)
		}
	}
	return nil
}

// bestUntried skips, for the strategies that go by order for one caller, whom he was offered to in this round already.
func (q *queue) bestUntried(w *waiter, level int) *tier {
	h := &q.free[level]
	if s := q.config.Strategy; s != Sequential && s != Progressive || len(w.tried) == 0 {
		return (*h)[0]
	}
	var skipped []*tier
	var found *tier
	for len(*h) > 0 && found == nil {
		t := heap.Pop(h).(*tier)
		skipped = append(skipped, t)
		if !w.hasTried(t.agent) {
			found = t
		}
	}
	for _, t := range skipped {
		heap.Push(h, t)
	}
	if found == nil {
		w.tried = w.tried[:0]
		return (*h)[0]
	}
	return found
}

func (w *waiter) hasTried(a *agent) bool {
	for _, b := range w.tried {
		if a == b {
			return true
		}
	}
	return false
}

// findAgent offers a caller to whoever of his queue is free for him, or lets him wait.
func (e *Engine) findAgent(w *waiter) {
	q := w.queue
	if a := w.lastSeat; a != nil && len(w.offers) == 0 {
		if t := a.tierIn(q); t != nil && a.available() && t.working {
			e.offerTo(w, t, "he served this caller last")
		}
		return
	}
	if w.at < 0 {
		heap.Push(&q.waiting[w.level], w)
	}
	// Whoever comes before him and can have the same agent was served when that agent became free.
	t := q.best(w)
	if t == nil {
		return
	}
	if q.config.Strategy == RingAll {
		e.ringAll(w)
		return
	}
	e.offerTo(w, t, e.reasonFor(t))
}

func (e *Engine) reasonFor(t *tier) string {
	q := t.queue
	text := "first of the free agents of level " + string(rune('0'+t.level)) + " by " + q.config.Strategy.String()
	if q.config.Strategy == RingAll {
		return "every free agent is called"
	}
	return text
}

// ringAll calls everybody who is free for a caller.
func (e *Engine) ringAll(w *waiter) {
	q := w.queue
	for l := 1; l <= w.level; l++ {
		for len(q.free[l]) > 0 {
			e.offerTo(w, q.free[l][0], e.reasonFor(q.free[l][0]))
		}
	}
}

// progress lets one more phone ring for a caller; those that ring go on.
func (e *Engine) progress(w *waiter) {
	if w.winner != nil || len(w.offers) == 0 {
		return
	}
	if t := w.queue.best(w); t != nil && !w.hasTried(t.agent) {
		e.offerTo(w, t, "the next one by position; those before him ring on")
		return
	}
	e.waiterTimer(w, progressTimer, e.in.MonoNanos+w.queue.config.ProgressMillis*1_000_000)
}

// announcePlace says a waiting caller his place, and how long callers wait.
func (e *Engine) announcePlace(w *waiter) {
	c, p := w.queue.config, w.party.get()
	if p == nil || p.ending || c.AnnounceMillis == 0 {
		return
	}
	if len(w.offers) == 0 {
		if c.AnnouncePosition {
			e.order(p, Command{Kind: CommandSay, Name: SayPosition, Value: strconv.FormatInt(e.position(w), 10)})
		}
		if mean := w.queue.meanWait; c.AnnounceWait && mean > 0 {
			e.order(p, Command{Kind: CommandSay, Name: SayWait, Value: strconv.FormatInt(mean/1_000_000_000, 10)})
		}
	}
	e.waiterTimer(w, announceTimer, e.in.MonoNanos+c.AnnounceMillis*1_000_000)
}

// joinRinging lets an agent who becomes free ring for callers of ring-all queues whose other phones ring already.
func (e *Engine) joinRinging(a *agent) {
	for _, t := range a.tiers {
		if t.at < 0 || t.queue.config.Strategy != RingAll {
			continue
		}
		for _, w := range t.queue.ringing {
			if !w.gone && w.winner == nil && w.level >= t.level && a.available() {
				e.offerTo(w, t, e.reasonFor(t))
				return
			}
		}
	}
}

// relax lets a caller accept the next level of staff (LevelAfter).
func (e *Engine) relax(w *waiter) {
	q := w.queue
	level := q.levelAfter(e.in.MonoNanos - w.entered)
	if w.gone || level <= w.level {
		return
	}
	waits := w.at >= 0
	if waits {
		heap.Remove(&q.waiting[w.level], w.at)
	}
	w.level = level
	if waits {
		e.findAgent(w)
	} else if q.config.Strategy == RingAll && len(w.offers) > 0 && w.winner == nil {
		e.ringAll(w)
	}
	e.armRelax(w)
}

// levelAfter is the lowest level of staff that a caller accepts after a wait. Without a rule he accepts all.
func (q *queue) levelAfter(waited int64) int {
	if q.config.LevelAfter == ([LevelMax]int64{}) {
		return LevelMax
	}
	level := 1
	for i := range LevelMax - 1 {
		after := q.config.LevelAfter[i]
		if after == 0 || waited < after*1_000_000 {
			break
		}
		level = i + 2
	}
	return level
}

// armRelax waits for the next level.
func (e *Engine) armRelax(w *waiter) {
	if w.level >= LevelMax {
		return
	}
	if after := w.queue.config.LevelAfter[w.level-1]; after > 0 {
		e.waiterTimer(w, relaxTimer, w.entered+after*1_000_000)
	}
}
