package sim

import "slices"

// act is one step of one thread of the switch, or of a person or a phone. b may be nil.
type act func(s *Switch, a, b *leg)

// moment is an act and its time. Acts of the same time come in an order that the seed gives.
type moment struct {
	at   int64 // virtual ns
	tie  uint64
	do   act
	a, b *leg
	run  func() // in place of do
}

func (m *moment) before(n *moment) bool {
	return m.at < n.at || m.at == n.at && m.tie < n.tie
}

const (
	slotNanos  = 1 << 25 // a slot of the wheel is 33.6 ms
	wheelSlots = 1 << 13 // the wheel reaches 275 s
)

// queue holds what is still to happen. Moments of the present slot stand in a heap, later ones in a wheel of unsorted
// slots, and what the wheel does not reach waits beyond it: so the heap stays small however many calls are up.
type queue struct {
	near   []moment
	slot   int64 // the present slot
	wheel  [wheelSlots][]moment
	far    int // moments in the wheel
	beyond []moment
}

func (q *queue) push(m moment) {
	slot := m.at / slotNanos
	switch {
	case slot <= q.slot:
		q.near = append(q.near, m)
		q.up(len(q.near) - 1)
	case slot < q.slot+wheelSlots:
		q.wheel[slot%wheelSlots] = append(q.wheel[slot%wheelSlots], m)
		q.far++
	default:
		q.beyond = append(q.beyond, m)
	}
}

// peek returns the time of the next moment.
func (q *queue) peek() (at int64, ok bool) {
	if len(q.near) == 0 && !q.turn() {
		return 0, false
	}
	return q.near[0].at, true
}

func (q *queue) pop() (m moment, ok bool) {
	if len(q.near) == 0 && !q.turn() {
		return m, false
	}
	m = q.near[0]
	last := len(q.near) - 1
	q.near[0] = q.near[last]
	q.near[last] = moment{}
	q.near = q.near[:last]
	q.down(0)
	return m, true
}

// turn turns the wheel to the next slot that holds something.
func (q *queue) turn() bool {
	for len(q.near) == 0 {
		if q.far == 0 && !q.leap() {
			return false
		}
		if q.far == 0 {
			continue
		}
		q.slot++
		if q.slot%wheelSlots == 0 {
			q.gather()
		}
		due := q.wheel[q.slot%wheelSlots]
		q.far -= len(due)
		q.near = append(q.near, due...)
		clear(due)
		q.wheel[q.slot%wheelSlots] = due[:0]
	}
	for i := len(q.near)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
	return true
}

// leap goes to the slot of the earliest moment beyond an empty wheel.
func (q *queue) leap() bool {
	if len(q.beyond) == 0 {
		return false
	}
	first := slices.MinFunc(q.beyond, func(a, b moment) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
	q.slot = first.at / slotNanos
	q.gather()
	return true
}

// gather takes into the wheel what it reaches by now.
func (q *queue) gather() {
	waiting := q.beyond
	q.beyond = nil
	for _, m := range waiting {
		q.push(m)
	}
}

func (q *queue) up(i int) {
	m := q.near[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !m.before(&q.near[parent]) {
			break
		}
		q.near[i] = q.near[parent]
		i = parent
	}
	q.near[i] = m
}

func (q *queue) down(i int) {
	if i >= len(q.near) {
		return
	}
	m := q.near[i]
	for {
		child := 2*i + 1
		if child >= len(q.near) {
			break
		}
		if child+1 < len(q.near) && q.near[child+1].before(&q.near[child]) {
			child++
		}
		if !q.near[child].before(&m) {
			break
		}
		q.near[i] = q.near[child]
		i = child
	}
	q.near[i] = m
}
