package engine

import "unsafe"

// Each of the things that an input touches is asked for so many inputs before its turn. One leads to the next, and to
// come it takes about as long as five inputs do.
const (
	aheadOther = 5 * (iota + 1) // who else is in the call
	aheadCall
	aheadParty
	aheadChain // of the index, where the party is found

	aheadMax = 32
)

// Batch steps inputs in order. With many calls up an input is mostly the first on its call for seconds, and to wait for
// memory takes longer than all that is done with it: so the memory of those to come is asked for while others are stepped.
func (e *Engine) Batch(ins []Input, step func(*Input)) {
	if len(ins) < aheadChain || e.legs.count == 0 {
		for i := range ins {
			step(&ins[i])
		}
		return
	}
	var found [aheadMax]*node[party]
	for i := -aheadChain; i < len(ins); i++ {
		here := unsafe.Pointer(e) // for what there is not
		party, call, other := here, here, here
		if j := i + aheadChain; j < len(ins) {
			e.fetchHeads(&ins[j])
		}
		if j := i + aheadParty; j >= 0 && j < len(ins) {
			n := *e.legs.chain(&ins[j].Leg) // mostly the one that is meant
			if found[j%aheadMax] = n; n != nil {
				party = unsafe.Pointer(n)
			}
		}
		if j := i + aheadCall; j >= 0 && j < len(ins) {
			n := found[j%aheadMax]
			if n != nil && n.id != ins[j].Leg { // another is before it in the chain
				n = n.behind
				found[j%aheadMax] = n
				fetch(here, unsafe.Pointer(n), here, here)
			} else if c := callOf(n); c != nil {
				call = unsafe.Pointer(c)
			}
		}
		if j := i + aheadOther; j >= 0 && j < len(ins) {
			if n := found[j%aheadMax]; callOf(n) != nil {
				other = n.of.besides()
				if k := ins[j].Kind; k == LegEnded || k == LegDestroyed {
					e.fetchFarewell(n.of)
				}
			}
		}
		fetch(here, party, call, other)
		if i >= 0 {
			step(&ins[i])
		}
	}
}

// fetchHeads asks for the heads of the chains in which an input's legs, and what it brings into being, are found.
func (e *Engine) fetchHeads(in *Input) {
	leg := unsafe.Pointer(e.legs.chain(&in.Leg))
	other, number, call := leg, leg, leg
	if !in.Other.IsZero() {
		other = unsafe.Pointer(e.legs.chain(&in.Other))
	}
	if in.Kind == LegCreated && e.numbers.count > 0 && e.calls.count > 0 {
		dn, _ := e.nameOf(in)
		number, call = unsafe.Pointer(e.numbers.chainOf(hashOf(dn))), unsafe.Pointer(e.calls.chain(&in.Leg))
	}
	fetchLines(leg, other, number, call)
}

// fetchFarewell asks for what is read only when a party, and perhaps its call, is forgotten.
func (e *Engine) fetchFarewell(p *party) {
	if e.calls.count == 0 {
		return
	}
	c := p.call
	fetchLines(unsafe.Pointer(e.numbers.chainOf(p.place.hash)), unsafe.Pointer(e.calls.chain(&c.key.id)),
		unsafe.Pointer(unsafe.SliceData(c.dns)), unsafe.Pointer(c.begun.p))
}

// besides is another party of the same call.
func (p *party) besides() unsafe.Pointer {
	if p.call.last == p {
		return unsafe.Pointer(p.call.first)
	}
	return unsafe.Pointer(p.call.last)
}

func callOf(n *node[party]) *call {
	if n == nil || n.of == nil { // it has gone since it was found
		return nil
	}
	return n.of.call
}
