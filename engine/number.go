package engine

import (
	"cmp"
	"slices"
)

// place is a party's in the chain of those at its number, and at numbers with the same hash. Engine.numbers has the newest
// one of each chain.
type place struct {
	next, prev *party
	hash       uint32
}

// hashOf is FNV-1a.
func hashOf(dn string) uint32 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(dn) {
		h = (h ^ uint64(dn[i])) * 0x100000001b3
	}
	return uint32(mix(h) >> 32)
}

// chain is the newest party whose number has the hash of dn; its place.next is the one before.
func (e *Engine) chain(dn string) *party { return e.chainOf(hashOf(dn)) }

func (e *Engine) chainOf(hash uint32) *party {
	if slot, _ := e.numbers.look(hash); slot != 0 {
		return e.blocks.party(slot)
	}
	return nil
}

// list makes a party findable by its number; unlist ends that.
func (e *Engine) list(p *party) {
	at := &p.place
	at.hash = hashOf(p.thisDN)
	if at.next = e.chainOf(at.hash); at.next == nil {
		e.numbers.add(at.hash, p.slot)
		return
	}
	at.next.place.prev = p
	e.numbers.replace(at.hash, at.next.slot, p.slot)
}

func (e *Engine) unlist(p *party) {
	at := &p.place
	if at.next != nil {
		at.next.place.prev = at.prev
	}
	switch {
	case at.prev != nil:
		at.prev.place.next = at.next
	case at.next != nil:
		e.numbers.replace(at.hash, p.slot, at.next.slot)
	default:
		e.numbers.remove(at.hash, p.slot)
	}
}

// partiesAt lists the parties at a number, eldest first, whatever company's.
func (e *Engine) partiesAt(dn string) (list []*party) {
	for p := e.chain(dn); p != nil; p = p.place.next {
		if p.thisDN == dn {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(p, q *party) int { return cmp.Compare(p.bornAt, q.bornAt) })
	return list
}

// at tells whether a party is one that a company knows at its number.
func (p *party) at(company, dn string) bool {
	return p.thisDN == dn && p.knownTo(company)
}

func (p *party) knownTo(company string) bool {
	return p.state != Released && p.call != nil && !p.call.forming && p.call.company == company
}

// belongsTo tells whether a party is a DN's: it is at that number, or it is the other phone of the agent who is logged in
// there, and has that phone's number (3.15, R56).
func (e *Engine) belongsTo(p *party, company, dn string) bool {
	return p.thisDN == dn || p.agent != nil && p.agent == e.agentFor(company, dn)
}

// partiesOf goes through the parties that belong to a company's DN and that it knows of.
func (e *Engine) partiesOf(company, dn string) func(yield func(*party) bool) {
	return func(yield func(*party) bool) {
		for p := e.chain(dn); p != nil; p = p.place.next {
			if p.at(company, dn) && !yield(p) {
				return
			}
		}
		a := e.agentFor(company, dn)
		if a == nil {
			return
		}
		for _, p := range a.parties {
			if p.thisDN != dn && p.knownTo(company) && !yield(p) {
				return
			}
		}
	}
}

// busy is the eldest live party of a company's DN, if it has one.
func (e *Engine) busy(company, dn string) (eldest *party) {
	for p := range e.partiesOf(company, dn) {
		if !p.ending && (eldest == nil || p.bornAt < eldest.bornAt) {
			eldest = p
		}
	}
	return eldest
}

// identifies tells whether a number says who calls. Those who show none share a word, such as anonymous, or zeros, and are
// not one caller for that.
func identifies(number string) bool {
	some := false
	for i := range len(number) {
		switch c := number[i]; {
		case c == '+' && i == 0:
		case c < '0' || c > '9':
			return false
		case c != '0':
			some = true
		}
	}
	return some
}
