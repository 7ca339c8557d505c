package engine

// index finds things by a hash of what they are known by. It is one table of words (open addressing with linear probing),
// each a hash and the slot where a thing lies: small enough to stay near the processor where the things themselves do not,
// and no thing is read or written but those whose hash is the one that is looked for.
type index struct {
	words []uint64 // hash<<32 | slot; 0 = empty; a power of two of them
	count int
	large Advise
}

const indexMin = 64

// home is where to look for a hash first.
func (x *index) home(hash uint32) *uint64 { return &x.words[int(hash)&(len(x.words)-1)] }

// look is the first slot of a hash, and where to look on; 0 = there is none.
func (x *index) look(hash uint32) (slot uint32, at int) {
	if x.count == 0 {
		return 0, 0
	}
	return x.lookOn(hash, int(hash))
}

// lookOn is the next slot of a hash from a place on.
func (x *index) lookOn(hash uint32, at int) (slot uint32, next int) {
	for mask := len(x.words) - 1; ; at++ {
		w := x.words[at&mask]
		if w == 0 || uint32(w>>32) == hash {
			return uint32(w), at + 1
		}
	}
}

func (x *index) add(hash, slot uint32) {
	if x.count++; 4*x.count > len(x.words) {
		x.grow()
	}
	x.set(uint64(hash)<<32 | uint64(slot))
}

func (x *index) set(word uint64) {
	mask := len(x.words) - 1
	at := int(word >> 32)
	for x.words[at&mask] != 0 {
		at++
	}
	x.words[at&mask] = word
}

// replace puts another thing of the same hash where one is.
func (x *index) replace(hash, slot, by uint32) {
	word, mask := uint64(hash)<<32|uint64(slot), len(x.words)-1
	for at := int(hash); x.words[at&mask] != 0; at++ {
		if x.words[at&mask] == word {
			x.words[at&mask] = uint64(hash)<<32 | uint64(by)
			return
		}
	}
}

// remove takes a thing out. Those behind it that it has kept from their home move up, so that nobody stops short of them.
func (x *index) remove(hash, slot uint32) {
	if x.count == 0 {
		return
	}
	word, mask := uint64(hash)<<32|uint64(slot), len(x.words)-1
	hole := int(hash) & mask
	for ; x.words[hole] != word; hole = (hole + 1) & mask {
		if x.words[hole] == 0 {
			return
		}
	}
	x.count--
	for at := (hole + 1) & mask; x.words[at] != 0; at = (at + 1) & mask {
		home := int(x.words[at]>>32) & mask
		if (at-home)&mask >= (at-hole)&mask {
			x.words[hole], hole = x.words[at], at
		}
	}
	x.words[hole] = 0
}

func (x *index) grow() {
	old := x.words
	x.words = largeSlice[uint64](max(2*len(old), indexMin), x.large)
	for _, w := range old {
		if w != 0 {
			x.set(w)
		}
	}
}

// slots goes through all that is in it, in no order that means anything; nothing may come or go meanwhile.
func (x *index) slots(yield func(uint32) bool) {
	for _, w := range x.words {
		if w != 0 && !yield(uint32(w)) {
			return
		}
	}
}

// legs finds the party of a leg.
type legs struct {
	index
	blocks *blocks
}

func (l *legs) get(id LegID) *party {
	hash := id.hash()
	for slot, at := l.look(hash); slot != 0; slot, at = l.lookOn(hash, at) {
		if p := l.blocks.party(slot); p.id == id {
			return p
		}
	}
	return nil
}

func (l *legs) put(p *party)  { l.add(p.id.hash(), p.slot) }
func (l *legs) drop(p *party) { l.remove(p.id.hash(), p.slot) }

func (l *legs) all(yield func(*party) bool) {
	for slot := range l.slots {
		if !yield(l.blocks.party(slot)) {
			return
		}
	}
}

// calls finds a live call by its key.
type calls struct {
	index
	blocks *blocks
}

func (l *calls) get(key LegID) *call {
	hash := key.hash()
	for slot, at := l.look(hash); slot != 0; slot, at = l.lookOn(hash, at) {
		if c := l.blocks.call(slot); c.key == key {
			return c
		}
	}
	return nil
}

func (l *calls) put(c *call)  { l.add(c.key.hash(), c.slot) }
func (l *calls) drop(c *call) { l.remove(c.key.hash(), c.slot) }

func (l *calls) all(yield func(*call) bool) {
	for slot := range l.slots {
		if !yield(l.blocks.call(slot)) {
			return
		}
	}
}

// hash is what an index looks for.
func (id *LegID) hash() uint32 { return uint32(mix(id.half(0)^id.half(8)) >> 32) }

// half is eight of an id's bytes as a number.
func (id *LegID) half(at int) uint64 {
	b := id[at : at+8 : at+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
