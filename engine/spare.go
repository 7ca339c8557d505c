package engine

import "unsafe"

// Advise is told of a piece of memory before anything in it is touched.
type Advise func(memory unsafe.Pointer, bytes uintptr)

// spareChunk is how many things are made at once at least: so many begin where a line of the processor's cache does.
const spareChunk = 128

// spare are things to be used again: who gives one back leaves it as new.
type spare[T any] struct {
	things []*T
	made   int
	large  Advise
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
	chunk := largeSlice[T](count, s.large)
	for i := range chunk {
		s.giveBack(&chunk[i])
	}
	s.made += count
}

func (s *spare[T]) giveBack(x *T) { s.things = append(s.things, x) }

// largeMin is the size from which on memory can hold a large page of most machines.
const largeMin = 2 << 20

// largeSlice is a slice of which large is told, if it is large.
func largeSlice[T any](count int, large Advise) []T {
	s := make([]T, count)
	if size := uintptr(count) * unsafe.Sizeof(s[0]); large != nil && size >= largeMin {
		large(unsafe.Pointer(unsafe.SliceData(s)), size)
	}
	return s
}
