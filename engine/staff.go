package engine

// staff are the free agents of a queue as a heap, the best first. What they are judged by lies in the heap itself, two to a
// line of the processor's cache: to find a place in it no agent is looked at. Who is free no more stays in it until he comes
// to the top or is free again, so that an agent who is chosen leaves all of his queues at once.
type staff struct {
	heap []standing
	at   []int32 // by tier.place: where in the heap he stands, from 0; -1 = he does not
}

type standing struct {
	key   int64  // by the queue's strategy: the least first
	rank  uint32 // level, and then the calls that he has: whoever has none comes first
	place int32  // tier.place: by position, then by the order of the directory
	agent int32  // agent.index
	turn  uint32 // Engine.turns of the agent, for as long as he is free
}

const rankCalls = 1 << 16 // more calls than an agent has

func (s *standing) level() int { return int(s.rank / rankCalls) }

// before: who is of a better level, then has fewer calls, then by the strategy, then by his place.
func (s *standing) before(o *standing) bool {
	switch {
	case s.rank != o.rank:
		return s.rank < o.rank
	case s.key != o.key:
		return s.key < o.key
	}
	return s.place < o.place
}

// seat begins with nobody free of so many.
func (h *staff) seat(places int) {
	h.heap, h.at = nil, make([]int32, places)
	for i := range h.at {
		h.at[i] = -1
	}
}

func (h *staff) put(i int, s standing) {
	h.heap[i] = s
	h.at[s.place] = int32(i)
}

// rise moves a standing up to where it belongs, from a place that is free.
func (h *staff) rise(i int, s standing) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.before(&h.heap[parent]) {
			break
		}
		h.put(i, h.heap[parent])
		i = parent
	}
	h.put(i, s)
	return i
}

// sink moves it down.
func (h *staff) sink(i int, s standing) {
	for {
		child := 2*i + 1
		if child >= len(h.heap) {
			break
		}
		if other := child + 1; other < len(h.heap) && h.heap[other].before(&h.heap[child]) {
			child = other
		}
		if !h.heap[child].before(&s) {
			break
		}
		h.put(i, h.heap[child])
		i = child
	}
	h.put(i, s)
}

// stand puts somebody in, or where he stands by now.
func (h *staff) stand(s standing) {
	i := int(h.at[s.place])
	switch {
	case i < 0:
		h.heap = append(h.heap, s)
		h.rise(len(h.heap)-1, s)
	case h.heap[i] != s:
		h.change(i, s)
	}
}

func (h *staff) change(i int, s standing) {
	if h.rise(i, s) == i {
		h.sink(i, s)
	}
}

func (h *staff) removeFirst() {
	last := len(h.heap) - 1
	gone, moved := h.heap[0].place, h.heap[last]
	h.heap = h.heap[:last]
	h.at[gone] = -1
	if last > 0 {
		h.change(0, moved)
	}
}

// inOrder gives all, best first. Who comes next is always one of those who stand below whom it has given.
func (h *staff) inOrder(yield func(*standing) bool) {
	if len(h.heap) == 0 {
		return
	}
	var room [32]int
	next := append(room[:0], 0)
	for len(next) > 0 {
		best := 0
		for i := range next {
			if h.heap[next[i]].before(&h.heap[next[best]]) {
				best = i
			}
		}
		at := next[best]
		next[best] = next[len(next)-1]
		next = next[:len(next)-1]
		if !yield(&h.heap[at]) {
			return
		}
		for child := 2*at + 1; child <= 2*at+2 && child < len(h.heap); child++ {
			next = append(next, child)
		}
	}
}
