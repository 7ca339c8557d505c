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
		chain, party, call, other := here, here, here, here
		if j := i + aheadChain; j < len(ins) {
			chain = unsafe.Pointer(e.legs.chain(&ins[j].Leg))
		}
		if j := i + aheadParty; j >= 0 && j < len(ins) {
			n := *e.legs.chain(&ins[j].Leg) // mostly the one that is meant
			if found[j%aheadMax] = n; n != nil {
				party = unsafe.Pointer(n)
			}
		}
		if j := i + aheadCall; j >= 0 && j < len(ins) {
			if c := callOf(found[j%aheadMax]); c != nil {
				call = unsafe.Pointer(c)
			}
		}
		if j := i + aheadOther; j >= 0 && j < len(ins) {
			if c := callOf(found[j%aheadMax]); c != nil {
				if other = unsafe.Pointer(c.last); c.last == found[j%aheadMax].of {
					other = unsafe.Pointer(c.first)
				}
			}
		}
		fetch(chain, party, call, other)
		if i >= 0 {
			step(&ins[i])
		}
	}
}

func callOf(n *node[party]) *call {
	if n == nil || n.of == nil { // it has gone since it was found
		return nil
	}
	return n.of.call
}
