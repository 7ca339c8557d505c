package engine

// block is a call and its first two parties, as most calls have no more: what is read together lies together, mostly in one
// page of memory. Its parts are given out one by one, and may come to belong to different calls.
type block struct {
	call    call
	parties [partiesInBlock]party
}

const (
	partiesInBlock = 2
	callInBlock    = partiesInBlock // the number of its part; before it come the parties'
)

// blocks are where all calls and parties live. The slot of a call is its block's, that of a party also says which one it is.
type blocks struct {
	arena[block]
	given []uint8 // a bit for each part that is given out, by block
}

func (b *blocks) call(slot uint32) *call { return &b.at(slot).call }

func (b *blocks) party(slot uint32) *party {
	return &b.at(slot / partiesInBlock).parties[slot%partiesInBlock]
}

// takeCall gives out a call, of a block that it is to be near if that has one.
func (b *blocks) takeCall(near uint32) *call {
	slot := near
	if !b.has(slot, callInBlock) {
		slot = b.fresh()
	}
	b.given[slot] |= 1 << callInBlock
	c := b.call(slot)
	c.slot = slot
	return c
}

// takeParty gives out a party in the same way.
func (b *blocks) takeParty(near uint32) *party {
	for place := range uint32(partiesInBlock) {
		if b.has(near, place) {
			return b.giveParty(near, place)
		}
	}
	return b.giveParty(b.fresh(), 0)
}

func (b *blocks) giveParty(slot, place uint32) *party {
	b.given[slot] |= 1 << place
	p := b.party(slot*partiesInBlock + place)
	p.slot = slot*partiesInBlock + place
	return p
}

// has tells whether a block has a part that is not given out. There is no block 0.
func (b *blocks) has(slot, part uint32) bool { return slot != 0 && b.given[slot]&(1<<part) == 0 }

func (b *blocks) fresh() uint32 {
	slot := b.take()
	for int(slot) >= len(b.given) {
		b.given = append(b.given, 0)
	}
	return slot
}

func (b *blocks) giveBackCall(slot uint32) { b.giveBackPart(slot, callInBlock) }

func (b *blocks) giveBackParty(slot uint32) {
	b.giveBackPart(slot/partiesInBlock, slot%partiesInBlock)
}

func (b *blocks) giveBackPart(slot, part uint32) {
	if b.given[slot] &^= 1 << part; b.given[slot] == 0 {
		b.giveBack(slot)
	}
}

// block is where a party lies; 0 = it is nobody.
func (p *party) block() uint32 {
	if p == nil {
		return 0
	}
	return p.slot / partiesInBlock
}
