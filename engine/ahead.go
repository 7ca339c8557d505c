package engine

import "unsafe"

const (
	// aheadStride is for how many inputs memory is asked for in a row, so that the processor waits for their pages together.
	aheadStride = 8
	// aheadSteps is how many strides before its turn an input is first looked at: what is asked for leads to the next.
	aheadSteps = 3
)

// coming is what is known of an input before its turn.
type coming struct {
	party  *party // whom it is about: for a new leg, who originates it
	leg    uint32 // hash of that one's leg
	number uint32 // hash of a new leg's number
}

// Batch steps inputs in order. With many calls up an input is mostly the first on its call for seconds, and to wait for
// memory takes longer than all that is done with it: so the memory of those to come is asked for while others are stepped.
func (e *Engine) Batch(ins []Input, step func(*Input)) {
	if len(ins) < aheadStride*aheadSteps || e.legs.count == 0 {
		for i := range ins {
			step(&ins[i])
		}
		return
	}
	var known [(aheadSteps + 1) * aheadStride]coming // as many as are on their way at once
	stride := func(at int) (from, to int) { return min(max(at, 0), len(ins)), min(at+aheadStride, len(ins)) }
	for at := -aheadSteps * aheadStride; at < len(ins); at += aheadStride {
		for i, to := stride(at + aheadSteps*aheadStride); i < to; i++ {
			e.fetchWords(&ins[i], &known[i%len(known)])
		}
		for i, to := stride(at + 2*aheadStride); i < to; i++ {
			e.fetchBlock(&ins[i], &known[i%len(known)])
		}
		for i, to := stride(at + aheadStride); i < to; i++ {
			e.fetchFarewell(&ins[i], known[i%len(known)].party)
		}
		for i, to := stride(at); i < to; i++ {
			step(&ins[i])
		}
	}
}

// fetchWords asks for where an input's leg, and what it brings into being, are looked for.
func (e *Engine) fetchWords(in *Input, c *coming) {
	c.leg = in.Leg.hash()
	if in.Kind != LegCreated {
		fetch(unsafe.Pointer(e.legs.home(c.leg)), &oneLine)
		return
	}
	number, call := unsafe.Pointer(e), unsafe.Pointer(e)
	dn, _ := e.nameOf(in)
	c.number = hashOf(dn)
	if e.numbers.count > 0 && e.calls.count > 0 {
		number, call = unsafe.Pointer(e.numbers.home(c.number)), unsafe.Pointer(e.calls.home(c.leg))
	}
	leg := unsafe.Pointer(e.legs.home(c.leg))
	c.leg = in.Other.hash()
	fetchLines(leg, number, call, unsafe.Pointer(e.legs.home(c.leg)))
}

// fetchBlock asks for what an input reads of its party and, where these lie beside it as they mostly do, of the call and of
// the other of its block's two parties.
func (e *Engine) fetchBlock(in *Input, c *coming) {
	c.party = nil
	if slot, _ := e.legs.look(c.leg); slot != 0 {
		c.party = e.blocks.party(slot)
		reads := &readBy[in.Kind]
		fetch(unsafe.Pointer(c.party), &reads.party)
		fetch(unsafe.Pointer(e.blocks.call(slot/partiesInBlock)), &reads.call)
		fetch(unsafe.Pointer(e.blocks.party(slot^1)), &reads.other)
	}
	if in.Kind == LegCreated {
		if p := e.chainOf(c.number); p != nil {
			fetch(unsafe.Pointer(&p.place), &oneLine)
		}
	}
}

// fetchFarewell asks for what is read only when a party, and perhaps its call, is forgotten.
func (e *Engine) fetchFarewell(in *Input, p *party) {
	if p == nil || e.numbers.count == 0 || e.calls.count == 0 {
		return
	}
	switch in.Kind {
	case LegEnded:
		if p.call != nil {
			fetch(unsafe.Pointer(e.calls.home(p.call.key.hash())), &oneLine)
		}
	case LegDestroyed:
		at, here := &p.place, unsafe.Pointer(e)
		next, prev := here, here
		if at.next != nil {
			next = unsafe.Pointer(&at.next.place)
		}
		if at.prev != nil {
			prev = unsafe.Pointer(&at.prev.place)
		}
		fetchLines(unsafe.Pointer(e.numbers.home(at.hash)), next, prev, here)
	}
}

// lines are those of the processor's cache that are read of something, as offsets from where it begins.
type lines [8]uint16

func linesAt(n ...uint16) (l lines) {
	for i, v := range n {
		l[i] = v * 64
	}
	return l
}

// reads is what an input reads of the party that it is about, of that one's call, and of the other party.
type reads struct{ party, call, other lines }

var (
	oneLine    lines
	firstFour  = linesAt(0, 1, 2, 3)
	firstSeven = linesAt(0, 1, 2, 3, 4, 5, 6)
	wholeCall  = linesAt(0, 1, 2, 3, 4)
	wholeParty = linesAt(0, 1, 2, 3, 4, 5, 6, 7)
)

// readBy is by kind of input what it was seen to read when its accesses to memory were traced; kinds that are not here are
// rare. Where a field has moved to another line only speed is lost.
var readBy = [256]reads{
	LegCreated:     {party: linesAt(0, 1, 4), call: firstFour},
	LegOutgoing:    {party: linesAt(0, 1, 2)},
	LegRinging:     {party: firstSeven, call: firstFour, other: linesAt(0, 3)},
	LegProgress:    {party: firstFour},
	LegAnswered:    {party: linesAt(0, 1, 2)},
	LegBridged:     {party: firstSeven, call: firstFour, other: firstSeven},
	LegUnbridged:   {party: linesAt(0, 1, 2, 3, 7), call: linesAt(0, 1), other: linesAt(0, 2, 3, 7)},
	LegHeld:        {party: firstSeven, call: firstFour},
	LegUnheld:      {party: firstSeven, call: firstFour},
	LegTransferred: {party: linesAt(0, 1, 2, 3, 4), other: linesAt(0, 1, 3, 4)},
	LegHangup:      {party: firstFour, other: firstFour},
	LegEnded:       {party: wholeParty, call: wholeCall, other: linesAt(0, 1, 2)},
	LegDestroyed:   {party: wholeParty, other: linesAt(0, 1)},
}
