package engine

import (
	"cmp"
	"slices"
)

// numbers finds the parties at a number, however many others there are. The chains lie in the parties themselves: a
// party that comes or goes allocates nothing.
type numbers struct {
	chains []*party // by the number's hash; a power of two of them
	count  int
	large  Advise
}

// place is a party's in its chain, where others of its number are, and of numbers with the same hash.
type place struct {
	hash       uint64
	next, prev *party
}

const chainsMin = 64

// hashOf is FNV-1a.
func hashOf(dn string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(dn) {
		h = (h ^ uint64(dn[i])) * 0x100000001b3
	}
	return mix(h)
}

// chain is the newest party whose number has the hash of dn; its place.next is the one before.
func (n *numbers) chain(dn string) *party {
	if len(n.chains) == 0 {
		return nil
	}
	return *n.chainOf(hashOf(dn))
}

func (n *numbers) chainOf(hash uint64) **party { return &n.chains[hash&uint64(len(n.chains)-1)] }

func (n *numbers) add(p *party) {
	if n.count++; 4*n.count > len(n.chains) { // most are alone in their chain: no other party is touched
		n.grow()
	}
	p.place.hash = hashOf(p.thisDN)
	n.link(p)
}

func (n *numbers) link(p *party) {
	head := n.chainOf(p.place.hash)
	p.place.next, p.place.prev = *head, nil
	if *head != nil {
		(*head).place.prev = p
	}
	*head = p
}

func (n *numbers) remove(p *party) {
	n.count--
	at := &p.place
	if at.next != nil {
		at.next.place.prev = at.prev
	}
	if at.prev != nil {
		at.prev.place.next = at.next
	} else {
		*n.chainOf(at.hash) = at.next
	}
}

func (n *numbers) grow() {
	old := n.chains
	n.chains = largeSlice[*party](max(2*len(old), chainsMin), n.large)
	for _, p := range old {
		for p != nil {
			next := p.place.next
			n.link(p)
			p = next
		}
	}
}

// partiesAt lists the parties at a number, eldest first, whatever company's.
func (e *Engine) partiesAt(dn string) (list []*party) {
	for p := e.numbers.chain(dn); p != nil; p = p.place.next {
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
		for p := e.numbers.chain(dn); p != nil; p = p.place.next {
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
