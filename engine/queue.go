package engine

import (
	"container/heap"
	"iter"
	"math"
	"slices"
)

// queue is a skill group: callers who wait and staff who may take them. Neither is ever scanned to decide: who is free
// lies in a heap, the best first, and so do the callers, by the lowest level of staff that they accept.
type queue struct {
	config     *QueueConfig
	ids        []string // its id alone, as events want it
	blacklist  map[string]bool
	tiers      []*tier
	labels     []string // by tier.place: what of each never changes, as receipts write it
	index      int32    // in Engine.tops
	free       staff
	lots       map[uint32]int64         // Random: the lot of the last who was picked, by rank
	waiting    [LevelMax + 1]waiterHeap // by the level that the caller accepts
	stays      []*waiter                // all who are in it: who wait, are being offered, or are to be called back
	ringing    []*waiter                // whose phones others may join: ring-all
	on         int                      // staff who are logged in for it
	onLevel    [LevelMax + 1]int        // of those, by level
	emptySince int64                    // monotonic ns since when nobody is on
	retired    bool
	dropped    map[string]droppedCaller // callers who left and may return
	callbacks  map[string]*waiter       // who is to be called back, by number
	meanWait   int64                    // ns that callers who were served had waited, smoothed
	lamp       lamp
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
	missed   *offer   // the last one of a set, which has ended: what becomes of him for it is still to be decided
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
	ring     int64  // ms that a phone may ring for him; 0 = the agent's setting, else the queue's
	position int    // when he entered
	shut     bool   // he is to be called back, and his queue is closed
	held     bool   // a restart has taken his place up, and those who wait beside him are not known yet
	number   string // he is to be called back at it; empty: he waits himself
	callback *call  // that is being made for it
	original callOrigin
}

// tier is an agent's place in a queue.
type tier struct {
	agent     *agent
	queue     *queue
	on        int32 // queue.index
	level     int32 // 1 to LevelMax
	position  int32
	ordinal   int32 // in the directory
	place     int32 // in queue.tiers, which is by position, then by the order of the directory
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

// strategyKey is what an agent is chosen by in a queue, among those of his rank: the least first.
func (e *Engine) strategyKey(t *tier, rank uint32) int64 {
	a := t.agent
	switch t.queue.config.Strategy {
	case RoundRobin:
		return int64(a.turn)
	case FewestCalls:
		return a.taken
	case LeastTalk:
		return a.talkNanos
	case Random:
		return t.queue.lots[rank] + e.lot()
	case TopDown, Sequential, Progressive:
		return int64(t.position)
	case LongestIdle, RingAll:
	}
	return a.freeSince
}

// lot draws a time with an exponential distribution. Such times have no memory: of those who wait for theirs, each is as
// likely to be the next, however long he has waited. So whoever comes forward draws his time from when the last of his rank
// was picked, and the heap has the next on top, each time any of the free with the same chance.
func (e *Engine) lot() int64 {
	e.drawn++
	chance := float64(mix(e.config.LegSeed[0]^e.drawn)>>11+1) / (1 << 53)
	return int64(-math.Log(chance) * lotMean)
}

// lotMean leaves room for thousands of millions of picks.
const lotMean = 1 << 30

// picked: the first of the free gets a call.
func (q *queue) picked(s *standing) {
	if q.config.Strategy != Random {
		return
	}
	if q.lots == nil {
		q.lots = make(map[uint32]int64)
	}
	q.lots[s.rank] = s.key
}

// goesDown tells whether a queue offers one caller to one agent after the other, down its list.
func (q *queue) goesDown() bool {
	return q.config.Strategy == TopDown || q.config.Strategy == Progressive
}

// queueTop is what decisions ask of a queue first, in one line of the processor's cache.
type queueTop struct {
	keys [LevelMax]int64 // of the callers whose turn is next, by the level that they accept; noCaller = nobody waits
	free [LevelMax]int32 // agents, by level
	// ready are the staff who are logged in for it and ready, or will be when their after-call work ends.
	ready int32
}

const noCaller = math.MaxInt64

// nobodyThere is the top of a queue without callers and staff.
func nobodyThere() (t queueTop) {
	for i := range t.keys {
		t.keys[i] = noCaller
	}
	return t
}

// comeForward makes an agent choosable in all of the queues that he works for.
func (e *Engine) comeForward(a *agent) {
	if !a.available() {
		return
	}
	for i := range a.tiers {
		t := &a.tiers[i]
		if !t.working {
			continue
		}
		t.queue.free.stand(e.standingOf(t))
		if !a.forward {
			a.counted = append(a.counted, t.on*LevelMax+t.level-1)
			e.tops[t.on].free[t.level-1]++
		}
	}
	a.forward = true
}

// standBack: he may be chosen nowhere any more.
func (e *Engine) standBack(a *agent) {
	if !a.forward {
		return
	}
	a.forward = false
	e.turns[a.index]++
	for _, c := range a.counted {
		e.tops[c/LevelMax].free[c%LevelMax]--
	}
	a.counted = a.counted[:0]
}

// stale tells whether somebody in a queue's heap is not free any more.
func (e *Engine) stale(s *standing) bool { return e.turns[s.agent] != s.turn }

// top is the best of a queue's free agents; nil = nobody is free.
func (e *Engine) top(q *queue) *standing {
	for len(q.free.heap) > 0 {
		if s := &q.free.heap[0]; !e.stale(s) {
			return s
		}
		q.free.removeFirst()
	}
	return nil
}

// inOrder gives the free of the levels down to one, best first.
func (e *Engine) inOrder(q *queue, level int) iter.Seq[*standing] {
	return func(yield func(*standing) bool) {
		for s := range q.free.inOrder {
			if s.level() > level || !e.stale(s) && !yield(s) {
				return
			}
		}
	}
}

func (e *Engine) standingOf(t *tier) standing {
	rank := uint32(t.level)*rankCalls + uint32(len(t.agent.parties))
	return standing{
		key: e.strategyKey(t, rank), rank: rank, place: t.place, agent: t.agent.index, turn: e.turns[t.agent.index],
	}
}

// lineUp lets a caller wait for whoever of the staff becomes free.
func (e *Engine) lineUp(w *waiter) {
	if w.at < 0 && w.lastSeat == nil {
		heap.Push(&w.queue.waiting[w.level], w)
		e.noteNext(w.queue, w.level)
	}
}

func (e *Engine) stepOut(w *waiter) {
	if w.at >= 0 {
		heap.Remove(&w.queue.waiting[w.level], w.at)
		e.noteNext(w.queue, w.level)
	}
}

func (e *Engine) noteNext(q *queue, level int) {
	key := int64(noCaller)
	if len(q.waiting[level]) > 0 {
		key = q.waiting[level][0].key
	}
	if level > 0 && !q.retired {
		e.tops[q.index].keys[level-1] = key
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
	for i := range a.tiers {
		e.recountTier(&a.tiers[i])
	}
}

func (e *Engine) recountTier(t *tier) {
	a, q := t.agent, t.queue
	on := t.working && a.state != AgentLoggedOut && !a.retired
	ready := on && (a.state == AgentReady || a.state == AfterCallWork && a.wrap.back == AgentReady)
	if on != t.countedOn {
		t.countedOn = on
		q.on += delta(on)
		q.onLevel[t.level] += delta(on)
		if !on && (q.on == 0 || q.config.SkipEmptyLevels && q.onLevel[t.level] == 0) {
			e.changed = append(e.changed, q)
		}
		if q.on == 0 {
			q.emptySince = e.monoNanos
		}
	}
	if ready != t.countedRe {
		t.countedRe = ready
		e.tops[t.on].ready += int32(delta(ready))
		if e.tops[t.on].ready == 0 && e.hopeless(q) {
			e.changed = append(e.changed, q)
		}
	}
}

// hopeless tells whether a queue sends callers on because none of its staff is ready (NobodyReady).
func (e *Engine) hopeless(q *queue) bool {
	return q.config.NobodyReady && !q.retired && e.tops[q.index].ready == 0
}

func delta(more bool) int {
	if more {
		return 1
	}
	return -1
}
