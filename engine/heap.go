package engine

// heapItem is what a heap holds: it knows who comes first, and is told where it stands, from 0; -1 is nowhere any more.
type heapItem[T any] interface {
	before(other T) bool
	standAt(place int)
}

// heapOf has its first item in front.
type heapOf[T heapItem[T]] []T

func (h *heapOf[T]) push(x T) {
	*h = append(*h, x)
	h.rise(len(*h)-1, x)
}

// removeAt takes the item at a place out.
func (h *heapOf[T]) removeAt(i int) T {
	last := len(*h) - 1
	gone, moved := (*h)[i], (*h)[last]
	clear((*h)[last:])
	*h = (*h)[:last]
	gone.standAt(-1)
	if i < last {
		h.settle(i, moved)
	}
	return gone
}

// settle puts an item that has changed, and stood at i, to where it belongs.
func (h heapOf[T]) settle(i int, x T) {
	if h.rise(i, x) == i {
		h.sink(i, x)
	}
}

func (h heapOf[T]) put(i int, x T) {
	h[i] = x
	x.standAt(i)
}

func (h heapOf[T]) rise(i int, x T) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !x.before(h[parent]) {
			break
		}
		h.put(i, h[parent])
		i = parent
	}
	h.put(i, x)
	return i
}

func (h heapOf[T]) sink(i int, x T) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if other := child + 1; other < len(h) && h[other].before(h[child]) {
			child = other
		}
		if !h[child].before(x) {
			break
		}
		h.put(i, h[child])
		i = child
	}
	h.put(i, x)
}
