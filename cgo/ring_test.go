package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// newMemory makes a ring of a few slots, as cti_ring_new does.
func newMemory(slots []slot) *sharedRing {
	for i := range slots {
		slots[i].turn = uint64(i)
	}
	return newSharedRing(&ringMemory{mask: uint64(len(slots) - 1), slots: unsafe.Pointer(&slots[0])})
}

// push is cti_ring_push: Vyukov's bounded queue, for many producers.
func (r *sharedRing) push(rec *record) bool {
	m := r.memory
	for {
		at := atomic.LoadUint64(&m.tail)
		s := &r.slots[at&m.mask]
		switch lead := int64(atomic.LoadUint64(&s.turn) - at); {
		case lead == 0 && atomic.CompareAndSwapUint64(&m.tail, at, at+1):
			s.record = *rec
			atomic.StoreUint64(&s.turn, at+1)
			return true
		case lead < 0:
			atomic.AddUint64(&m.lost, 1)
			return false
		}
	}
}

func TestRingLaps(t *testing.T) {
	slots := make([]slot, 4)
	r := newMemory(slots)
	require.Nil(t, r.next())
	require.False(t, r.unfinished())
	for lap := range uint32(5) {
		for n := range uint32(4) {
			require.True(t, r.push(&record{legSeq: 10*lap + n}))
		}
		require.False(t, r.push(&record{}), "the ring is full")
		require.EqualValues(t, lap+1, r.lost())
		for n := range uint32(4) {
			require.Equal(t, 10*lap+n, r.next().legSeq)
			require.Equal(t, 10*lap+n, r.next().legSeq, "it stays until it is taken")
			r.take()
		}
		require.Nil(t, r.next())
	}
}

// TestRingUnfinished: a place that is claimed and not yet filled holds up what is behind it, and is told of.
func TestRingUnfinished(t *testing.T) {
	slots := make([]slot, 4)
	r := newMemory(slots)
	r.memory.tail++ // a producer has claimed the first place
	require.True(t, r.push(&record{legSeq: 2}))
	require.Nil(t, r.next())
	require.True(t, r.unfinished())
	slots[0].record.legSeq = 1
	atomic.StoreUint64(&slots[0].turn, 1) // and fills it
	require.EqualValues(t, 1, r.next().legSeq)
	r.take()
	require.EqualValues(t, 2, r.next().legSeq)
	r.take()
	require.False(t, r.unfinished())
}

func TestRingSignal(t *testing.T) {
	r := newMemory(make([]slot, 2))
	require.False(t, r.woken())
	atomic.StoreUint32(&r.memory.signalled, 1)
	require.True(t, r.woken())
	r.clear()
	require.False(t, r.woken())
}

// TestRingManyProducers: every record of every producer arrives once and whole, in the producer's order. The race
// detector judges whether the turns order the copies.
func TestRingManyProducers(t *testing.T) {
	const producers, each = 4, 5000
	r := newMemory(make([]slot, 64))
	var wait sync.WaitGroup
	for p := range uint64(producers) {
		wait.Go(func() {
			for n := range uint32(each) {
				rec := record{command: p, legSeq: n, textLen: 8}
				copy(rec.text[:], unsafe.Slice((*byte)(unsafe.Pointer(&n)), 4))
				for !r.push(&rec) {
					runtime.Gosched()
				}
			}
		})
	}
	var seen [producers]uint32
	for total := 0; total < producers*each; {
		rec := r.next()
		if rec == nil {
			runtime.Gosched()
			continue
		}
		require.Equal(t, seen[rec.command], rec.legSeq)
		require.Equal(t, rec.legSeq, *(*uint32)(unsafe.Pointer(&rec.text)))
		seen[rec.command]++
		r.take()
		total++
	}
	wait.Wait()
	require.Nil(t, r.next())
	require.False(t, r.unfinished())
}
