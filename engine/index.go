package engine

// index finds things by their LegID, in one line of memory as a rule: cells lie open in a row, and one that is taken
// pushes its successor on to the next. Unlike a map it can be read ahead of need (sight).
type index[T any] struct {
	cells []cell[T] // a power of two, at most half of them taken
	shift uint8     // 64 - log2 of their number
	taken int
}

// cell is free when at is nil.
type cell[T any] struct {
	id LegID
	at *T
}

const cellsMin = 64

// home is where the search for an id begins. Ids are random where the switch made them; the product spreads others.
func (x *index[T]) home(id *LegID) int {
	low := uint64(id[0]) | uint64(id[1])<<8 | uint64(id[2])<<16 | uint64(id[3])<<24 |
		uint64(id[4])<<32 | uint64(id[5])<<40 | uint64(id[6])<<48 | uint64(id[7])<<56
	high := uint64(id[8]) | uint64(id[9])<<8 | uint64(id[10])<<16 | uint64(id[11])<<24 |
		uint64(id[12])<<32 | uint64(id[13])<<40 | uint64(id[14])<<48 | uint64(id[15])<<56
	return int((low ^ (high<<32 | high>>32)) * 0x9e3779b97f4a7c15 >> (x.shift & 63))
}

// get returns nil for an id that is not known.
func (x *index[T]) get(id LegID) *T {
	if x.taken == 0 {
		return nil
	}
	for i := x.home(&id); ; i++ {
		c := &x.cells[i&(len(x.cells)-1)]
		if c.at == nil || c.id == id {
			return c.at
		}
	}
}

// put makes at, which is never nil, findable by id.
func (x *index[T]) put(id LegID, at *T) {
	if 2*x.taken >= len(x.cells) {
		x.grow()
	}
	i := x.home(&id)
	for x.cells[i].at != nil && x.cells[i].id != id {
		i = (i + 1) & (len(x.cells) - 1)
	}
	if x.cells[i].at == nil {
		x.taken++
	}
	x.cells[i] = cell[T]{id, at}
}

func (x *index[T]) grow() {
	old := x.cells
	x.cells = make([]cell[T], max(2*len(old), cellsMin))
	x.shift, x.taken = 64, 0
	for n := len(x.cells); n > 1; n /= 2 {
		x.shift--
	}
	for i := range old {
		if old[i].at != nil {
			x.put(old[i].id, old[i].at)
		}
	}
}

// delete forgets an id. Those that it had pushed on move back, so that no search meets a gap.
func (x *index[T]) delete(id LegID) {
	if x.taken == 0 {
		return
	}
	mask := len(x.cells) - 1
	i := x.home(&id)
	for x.cells[i].at != nil && x.cells[i].id != id {
		i = (i + 1) & mask
	}
	if x.cells[i].at == nil {
		return
	}
	x.taken--
	for next := (i + 1) & mask; x.cells[next].at != nil; next = (next + 1) & mask {
		if home := x.home(&x.cells[next].id); (next-home)&mask >= (next-i)&mask {
			x.cells[i] = x.cells[next]
			i = next
		}
	}
	x.cells[i] = cell[T]{}
}

// seek asks for the cell where the search for an id begins, before it is needed.
func (x *index[T]) seek(id *LegID) {
	if x.taken != 0 {
		prefetch(&x.cells[x.home(id)].id, 1)
	}
}
