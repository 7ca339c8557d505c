package engine

import "modcti/events"

// slab hands out reusable messages of one type. A message stays valid until reset.
type slab[T any] struct {
	items []*T
	used  int
}

func (s *slab[T]) next() *T {
	if s.used == len(s.items) {
		s.items = append(s.items, new(T))
	}
	item := s.items[s.used]
	s.used++
	var zero T
	*item = zero
	return item
}

// messagePool keeps the messages of an Output from one Step to the next, so that a Step in steady state allocates none.
type messagePool struct {
	dialing      slab[events.Dialing]
	ringing      slab[events.Ringing]
	otherRinging slab[events.OtherRinging]
	established  slab[events.Established]
	released     slab[events.Released]
	held         slab[events.Held]
	retrieved    slab[events.Retrieved]
	dataChanged  slab[events.AttachedDataChanged]
	callCreated  slab[events.CallCreated]
	callDeleted  slab[events.CallDeleted]
	dns          []string
}

func (p *messagePool) reset() {
	p.dialing.used, p.ringing.used, p.otherRinging.used, p.established.used = 0, 0, 0, 0
	p.released.used, p.callCreated.used, p.callDeleted.used = 0, 0, 0
	p.held.used, p.retrieved.used, p.dataChanged.used = 0, 0, 0
	p.dns = p.dns[:0]
}
