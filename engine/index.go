package engine

// index finds by the id of a leg or of a call. What it finds lies in chains by the hash of the id, and most are alone in
// theirs: to find a party is to read the head of its chain and the party.
type index[T any] struct {
	chains []*node[T] // a power of two of them
	count  int
	large  Advise
}

// node is the part of a party or a call that its index needs.
type node[T any] struct {
	id     LegID
	behind *node[T]
	of     *T
}

func (x *index[T]) chain(id *LegID) **node[T] {
	return &x.chains[mix(id.half(0)^id.half(8))&uint64(len(x.chains)-1)]
}

func (x *index[T]) get(id LegID) *T {
	if x.count == 0 {
		return nil
	}
	for n := *x.chain(&id); n != nil; n = n.behind {
		if n.id == id {
			return n.of
		}
	}
	return nil
}

// put makes of, whose node n is, findable by the id that is in its node. No other has that id.
func (x *index[T]) put(n *node[T], of *T) {
	if x.count++; 4*x.count > len(x.chains) {
		x.grow()
	}
	n.of = of
	x.link(n)
}

func (x *index[T]) link(n *node[T]) {
	head := x.chain(&n.id)
	n.behind, *head = *head, n
}

func (x *index[T]) remove(n *node[T]) {
	for at := x.chain(&n.id); *at != nil; at = &(*at).behind {
		if *at == n {
			*at, n.behind = n.behind, nil
			x.count--
			return
		}
	}
}

func (x *index[T]) grow() {
	old := x.chains
	x.chains = largeSlice[*node[T]](max(2*len(old), chainsMin), x.large)
	for _, n := range old {
		for n != nil {
			next := n.behind
			x.link(n)
			n = next
		}
	}
}

// all goes through everything, in no order that means anything; nothing may come or go meanwhile.
func (x *index[T]) all(yield func(*T) bool) {
	for _, n := range x.chains {
		for ; n != nil; n = n.behind {
			if !yield(n.of) {
				return
			}
		}
	}
}

// half is eight of an id's bytes as a number.
func (id *LegID) half(at int) uint64 {
	b := id[at : at+8 : at+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
