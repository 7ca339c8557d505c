package engine

// spareChunk is how many things are made at once at least.
const spareChunk = 128

// spare are things to be used again: who gives one back leaves it as new.
type spare[T any] struct {
	things []*T
	made   int
}

func (s *spare[T]) take() *T {
	if len(s.things) == 0 {
		s.make(max(spareChunk, s.made/8))
	}
	last := len(s.things) - 1
	x := s.things[last]
	s.things = s.things[:last]
	return x
}

func (s *spare[T]) make(count int) {
	chunk := make([]T, count)
	for i := range chunk {
		s.giveBack(&chunk[i])
	}
	s.made += count
}

func (s *spare[T]) giveBack(x *T) { s.things = append(s.things, x) }
