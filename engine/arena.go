package engine

import (
	"math/bits"
	"unsafe"
)

// Advise is told of a piece of memory before anything in it is touched.
type Advise func(memory unsafe.Pointer, bytes uintptr)

// arena holds things of one kind that stay where they are, each known by its slot too. It grows by as many as it has; what
// has never been taken is memory that nobody has touched. Who gives a thing back leaves it as new.
type arena[T any] struct {
	chunks [32 - arenaBits][]T // chunk k holds the slots from arenaMin<<k on, as many again
	free   []uint32
	made   uint32 // the first slot that was never taken
	large  Advise
}

const (
	arenaBits = 7
	// arenaMin is how many things are made at once at least: so many begin where a line of the processor's cache does.
	arenaMin = 1 << arenaBits
)

func (a *arena[T]) take() (slot uint32) {
	if last := len(a.free) - 1; last >= 0 {
		slot = a.free[last]
		a.free = a.free[:last]
		return slot
	}
	if a.made == 0 {
		a.made = arenaMin
	}
	slot = a.made
	if k := chunkOf(slot); a.chunks[k] == nil {
		a.chunks[k] = largeSlice[T](arenaMin<<k, a.large)
	}
	a.made++
	return slot
}

func (a *arena[T]) giveBack(slot uint32) { a.free = append(a.free, slot) }

func (a *arena[T]) at(slot uint32) *T {
	k := chunkOf(slot)
	return &a.chunks[k][slot-arenaMin<<k]
}

func chunkOf(slot uint32) int { return (bits.Len32(slot) - 1 - arenaBits) & 31 }

// largeMin is the size from which on memory can hold a large page of most machines.
const largeMin = 2 << 20

// largeSlice is a slice of which large is told, if it is large. It then begins where a large page does, as near as whole
// things allow.
func largeSlice[T any](count int, large Advise) []T {
	var x T
	size := unsafe.Sizeof(x)
	if large == nil || uintptr(count)*size < largeMin {
		return make([]T, count)
	}
	s := make([]T, count+int(largeMin/size))
	before := -uintptr(unsafe.Pointer(unsafe.SliceData(s))) & (largeMin - 1)
	s = s[before/size:][:count:count]
	large(unsafe.Pointer(unsafe.SliceData(s)), uintptr(count)*size)
	return s
}
