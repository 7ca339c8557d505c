package engine

// queue is a skill group: callers who wait and staff who may take them. Neither is ever scanned: who is free lies in a
// heap for each level, the best first, and so do the callers, by the lowest level of staff that they accept by now.
type queue struct {
	config   *QueueConfig
	tiers    []*tier
	free     [LevelMax + 1]tierHeap   // by level
	waiting  [LevelMax + 1]waiterHeap // by the level that the caller accepts
	callers  int                      // who wait or are being offered
	ringing  []*waiter                // whose offers others may join: ring-all and progressive
	on       int                      // staff who are logged in for it
	ready    int                      // of those, whose state is ready
	turn     uint64                   // offers made: round robin
	retired  bool
	dropped  map[string]droppedCaller // callers who left and may return
	meanWait int64                    // ns that callers who were served had waited, smoothed
}

// waiter is one caller's stay in one queue.
type waiter struct {
	party   ref
	call    *call
	queue   *queue
	entered int64 // monotonic ns; kept through offers that fail, and by a caller who returns in time
	key     int64 // entered less the head start of his priority: the least first
	level   int   // the lowest level of staff that he accepts by now
	at      int   // in queue.waiting[level]; -1 = not there
	ordinal int   // when he entered
	retries int
	made    int // offers so far

	offers   []*offer
	winner   *offer
	tried    []*agent // sequential: whom he was offered to in this round
	lastSeat *agent   // who served him last, and is waited for
	inApp    bool     // his leg is in cti_queue: what it does on return is the dialplan's
	gone     bool     // his stay is over
	priority int
	position int // when he entered
}

// tierHeap orders free staff of one level: the least key first, then by position.
type tierHeap []*tier

func (h tierHeap) Len() int { return len(h) }
func (h tierHeap) Less(i, j int) bool {
	if h[i].key != h[j].key {
		return h[i].key < h[j].key
	}
	return h[i].position < h[j].position
}
func (h tierHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}
func (h *tierHeap) Push(x any) {
	t := x.(*tier)
	t.at = len(*h)
	*h = append(*h, t)
}
func (h *tierHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.at = -1
	return t
}

// waiterHeap orders callers who wait: the least key first.
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

// strategyKey is what an agent is chosen by in a queue: the least first. It does not change while he is free.
func (e *Engine) strategyKey(t *tier) int64 {
	a := t.agent
	switch t.queue.config.Strategy {
	case LongestIdle, RingAll:
		return a.freeSince
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
	}
	return a.freeSince
}
