package engine

import (
	"container/heap"
	"slices"
)

// queue is a skill group: callers who wait and staff who may take them. Neither is ever scanned to decide: who is free
// lies in a heap for each level, the best first, and so do the callers, by the lowest level of staff that they accept.
type queue struct {
	config     *QueueConfig
	ids        []string // its id alone, as events want it
	blacklist  map[string]bool
	tiers      []*tier
	free       [LevelMax + 1]staff      // by level
	waiting    [LevelMax + 1]waiterHeap // by the level that the caller accepts
	stays      []*waiter                // all who are in it: who wait, are being offered, or are to be called back
	ringing    []*waiter                // whose phones others may join: ring-all
	on         int                      // staff who are logged in for it
	onLevel    [LevelMax + 1]int        // of those, by level
	ready      int                      // of those, who are ready, or will be when their after-call work ends
	emptySince int64                    // monotonic ns since when nobody is on
	retired    bool
	dropped    map[string]droppedCaller // callers who left and may return
	callbacks  map[string]*waiter       // who is to be called back, by number
	meanWait   int64                    // ns that callers who were served had waited, smoothed
}

// waiter is one caller's stay in one queue.
type waiter struct {
	party                   ref
	callID                  string // of the call that he came with
	partyID                 string // and of his leg in it; empty: he is to be called back
	queue                   *queue
	came                    int64 // monotonic ns
	entered                 int64 // the same, but kept by a caller who returns in time or is called back
	cameMillis, sinceMillis int64 // the two as they were told: the clock on the wall may be set

	early   int64 // ns from the beginning of his call until what his place is counted from
	key     int64 // turn, by which the heap is ordered
	ordinal int   // when he entered, among all
	level   int   // the lowest level of staff that he accepts by now
	at      int   // in queue.waiting[level]; -1 = not there
	place   int   // in queue.stays
	alarm   alarm

	offers   []*offer // phones that are called for him now
	winner   *offer   // the one that answered
	tried    []*agent // whom he was offered to in this round, for the strategies that go down a list
	retries  int      // phones, or sets of them, that rang in vain
	made     int      // phones that were called for him
	diverted bool     // EventDiverted went out since EventQueued
	queued   bool     // EventQueued went out
	gone     bool     // his stay is over
	fresh    bool     // he stands in Engine.waiters

	lastSeat     *agent // who served him last, and is waited for
	lastSeatTill int64
	progressAt   int64 // when the next phone rings too
	announceAt   int64 // when his place is said

	op       *operation // a consult whose target the queue is to find
	inApp    bool       // his leg is in cti_queue: what it does on return is the dialplan's
	priority int
	position int    // when he entered
	held     bool   // a restart has taken his place up, and those who wait beside him are not known yet
	number   string // he is to be called back at it; empty: he waits himself
	callback *call  // that is being made for it
	original callOrigin
}

// tier is an agent's place in a queue.
type tier struct {
	agent     *agent
	queue     *queue
	label     string // standing.label
	level     int32  // 1 to LevelMax
	position  int32
	ordinal   int32 // in the directory
	at        int32 // in queue.free[level], from 0; -1 = not there
	working   bool  // he has logged in for this queue
	countedOn bool
	countedRe bool
}

// waiterHeap orders callers who wait.
type waiterHeap []*waiter

func (h waiterHeap) Len() int           { return len(h) }
func (h waiterHeap) Less(i, j int) bool { return h[i].before(h[j]) }
func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}
func (h *waiterHeap) Push(x any) {
	w := x.(*waiter)
	w.at = len(*h)
	*h = append(*h, w)
}
func (h *waiterHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.at = -1
	return w
}

func (w *waiter) before(o *waiter) bool {
	if w.key != o.key {
		return w.key < o.key
	}
	return w.ordinal < o.ordinal
}

// strategyKey is what an agent is chosen by in a queue: the least first.
func (e *Engine) strategyKey(t *tier) int64 {
	a := t.agent
	switch t.queue.config.Strategy {
	case RoundRobin:
		return int64(a.turn)
	case FewestCalls:
		return a.taken
	case LeastTalk:
		return a.talkNanos
	case Random:
		e.drawn++
		return int64(mix(e.config.LegSeed[0]^e.drawn) >> 1)
	case TopDown, Sequential, Progressive:
		return int64(t.position)
	case LongestIdle, RingAll:
	}
	return a.freeSince
}

// goesDown tells whether a queue offers one caller to one agent after the other, down its list.
func (q *queue) goesDown() bool {
	return q.config.Strategy == TopDown || q.config.Strategy == Progressive
}

// putIn makes a tier's agent choosable in its queue, or chooses him by what has changed.
func (e *Engine) putIn(t *tier) {
	if !t.working || t.queue.retired {
		return
	}
	h := &t.queue.free[t.level]
	s := e.standingOf(t)
	if t.at < 0 {
		h.add(s)
	} else if s != (*h)[t.at] {
		h.change(int(t.at), s)
	}
}

func (e *Engine) standingOf(t *tier) standing {
	return standing{
		key: e.strategyKey(t), calls: int32(len(t.agent.parties)), position: t.position, ordinal: t.ordinal, tier: t,
		label: t.label,
	}
}

func (q *queue) takeOut(t *tier) {
	if t.at >= 0 {
		q.free[t.level].remove(int(t.at))
	}
}

// lineUp lets a caller wait for whoever of the staff becomes free.
func (q *queue) lineUp(w *waiter) {
	if w.at < 0 && w.lastSeat == nil {
		heap.Push(&q.waiting[w.level], w)
	}
}

func (q *queue) stepOut(w *waiter) {
	if w.at >= 0 {
		heap.Remove(&q.waiting[w.level], w.at)
	}
}

// come and go keep who is in a queue.
func (q *queue) come(w *waiter) {
	w.place = len(q.stays)
	q.stays = append(q.stays, w)
}

func (q *queue) leave(w *waiter) {
	last := len(q.stays) - 1
	moved := q.stays[last]
	q.stays[w.place], q.stays[last] = moved, nil
	moved.place = w.place
	q.stays = q.stays[:last]
}

// callersOf lists who is in a queue, the first first.
func (e *Engine) callersOf(q *queue) []*waiter {
	list := slices.Clone(q.stays)
	slices.SortFunc(list, inTurn)
	return list
}

func inTurn(a, b *waiter) int {
	switch {
	case a.before(b):
		return -1
	case b.before(a):
		return 1
	}
	return 0
}

// placeNow is a caller's place among those of his queue, from 1. Only what is told or said asks for it.
func (w *waiter) placeNow() int64 {
	n := int64(1)
	for _, other := range w.queue.stays {
		if other != w && other.before(w) {
			n++
		}
	}
	return n
}

// recount notes in his queues whether an agent is on, and whether he is ready.
func (e *Engine) recount(a *agent) {
	for _, t := range a.tiers {
		e.recountTier(t)
	}
}

func (e *Engine) recountTier(t *tier) {
	a, q := t.agent, t.queue
	on := t.working && a.state != AgentLoggedOut && !a.retired
	ready := on && (a.state == AgentReady || a.state == AfterCallWork && a.wrap.back == AgentReady)
	before := q.on
	if on != t.countedOn {
		t.countedOn = on
		q.on += delta(on)
		q.onLevel[t.level] += delta(on)
		if q.config.SkipEmptyLevels && !on && q.onLevel[t.level] == 0 {
			e.changed = append(e.changed, q)
		}
	}
	if ready != t.countedRe {
		t.countedRe = ready
		q.ready += delta(ready)
	}
	if before > 0 && q.on == 0 {
		q.emptySince = e.monoNanos
		e.changed = append(e.changed, q)
	}
}

func delta(more bool) int {
	if more {
		return 1
	}
	return -1
}
