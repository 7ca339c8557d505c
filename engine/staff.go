package engine

// staff is a heap of the free agents of one level of a queue, the best first. What they are judged by lies in the heap
// itself: to find a place in it no agent is looked at.
type staff []standing

type standing struct {
	key      int64 // by the queue's strategy: the least first
	calls    int32 // that he has: whoever has none comes first
	position int32
	ordinal  int32 // in the directory
	tier     *tier
	label    string // what of it never changes, as receipts write it
}

// before: who has fewer calls, then by the strategy, then by position, then by the order of the directory.
func (s *standing) before(o *standing) bool {
	switch {
	case s.calls != o.calls:
		return s.calls < o.calls
	case s.key != o.key:
		return s.key < o.key
	case s.position != o.position:
		return s.position < o.position
	}
	return s.ordinal < o.ordinal
}

func (h staff) put(i int, s standing) {
	h[i] = s
	s.tier.at = int32(i)
}

// rise moves a standing up to where it belongs, from a place that is free.
func (h staff) rise(i int, s standing) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.before(&h[parent]) {
			break
		}
		h.put(i, h[parent])
		i = parent
	}
	h.put(i, s)
	return i
}

// sink moves it down.
func (h staff) sink(i int, s standing) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if other := child + 1; other < len(h) && h[other].before(&h[child]) {
			child = other
		}
		if !h[child].before(&s) {
			break
		}
		h.put(i, h[child])
		i = child
	}
	h.put(i, s)
}

func (h *staff) add(s standing) {
	*h = append(*h, s)
	h.rise(len(*h)-1, s)
}

// change gives the one at i another standing.
func (h staff) change(i int, s standing) {
	if h.rise(i, s) == i {
		h.sink(i, s)
	}
}

func (h *staff) remove(i int) {
	last := len(*h) - 1
	gone, moved := (*h)[i].tier, (*h)[last]
	(*h)[last] = standing{}
	*h = (*h)[:last]
	gone.at = -1
	if i < last {
		h.change(i, moved)
	}
}

// inOrder gives the free, best first. Who comes next is always one of those who stand below whom it has given.
func (h staff) inOrder(yield func(*standing) bool) {
	if len(h) == 0 {
		return
	}
	var room [32]int
	next := append(room[:0], 0)
	for len(next) > 0 {
		best := 0
		for i := range next {
			if h[next[i]].before(&h[next[best]]) {
				best = i
			}
		}
		at := next[best]
		next[best] = next[len(next)-1]
		next = next[:len(next)-1]
		if !yield(&h[at]) {
			return
		}
		for child := 2*at + 1; child <= 2*at+2 && child < len(h); child++ {
			next = append(next, child)
		}
	}
}
