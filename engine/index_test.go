package engine

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestIndex: an index finds what came and has not gone, and nothing else, however often it has grown: among legs with hashes
// of their own, and where all crowd in a few places.
func TestIndex(t *testing.T) {
	const seed = 1
	t.Logf("seed %d", seed)
	for _, few := range []uint32{0, 7} {
		random := rand.New(rand.NewPCG(seed, 2))
		type thing struct{ hash, slot uint32 }
		var x index
		var here, gone []thing
		for slot := range uint32(5000) {
			a := thing{random.Uint32(), arenaMin + slot}
			if few != 0 {
				a.hash %= few
			}
			x.add(a.hash, a.slot)
			here = append(here, a)
			for random.IntN(5) < 2 && len(here) > 0 {
				i := random.IntN(len(here))
				a, here[i] = here[i], here[len(here)-1]
				here = here[:len(here)-1]
				x.remove(a.hash, a.slot)
				gone = append(gone, a)
			}
		}
		require.Greater(t, len(here), 10*indexMin)
		for _, a := range gone {
			require.NotContains(t, slotsOf(&x, a.hash), a.slot)
			x.remove(a.hash, a.slot) // which has gone already
		}
		require.Equal(t, len(here), x.count)
		listed := map[uint32]bool{}
		for slot := range x.slots {
			require.False(t, listed[slot])
			listed[slot] = true
		}
		require.Len(t, listed, len(here))
		for _, a := range here {
			require.True(t, listed[a.slot])
			require.Contains(t, slotsOf(&x, a.hash), a.slot)
		}
		a := here[0]
		x.replace(a.hash, a.slot, 1<<31)
		require.Contains(t, slotsOf(&x, a.hash), uint32(1<<31))
		require.NotContains(t, slotsOf(&x, a.hash), a.slot)
	}
}

func slotsOf(x *index, hash uint32) (slots []uint32) {
	for slot, at := x.look(hash); slot != 0; slot, at = x.lookOn(hash, at) {
		slots = append(slots, slot)
	}
	return slots
}

// TestLegs: a party is found by its leg, also among those whose legs have the same hash, and not when it has gone.
func TestLegs(t *testing.T) {
	e := New(Config{}, nil)
	require.Nil(t, e.legs.get(LegID{}))
	var all []*party
	for i := range byte(200) {
		p := e.newParty(0)
		p.id = LegID{0: i, 8: i} // whose halves cancel each other out
		e.legs.put(p)
		all = append(all, p)
	}
	require.Equal(t, all[0].id.hash(), all[199].id.hash())
	for i, p := range all {
		require.Same(t, p, e.legs.get(p.id))
		if i%2 == 0 {
			e.legs.drop(p)
			require.Nil(t, e.legs.get(p.id))
		}
	}
	require.Equal(t, 100, e.legs.count)
}

// TestLines: a party and a call begin and end with a line of the processor's cache, and what is read most lies in few of
// them. How many lines an input touches is what it costs when many calls are live.
func TestLines(t *testing.T) {
	const line = 64
	var p party
	var c call
	var b block
	require.EqualValues(t, 8*line, unsafe.Sizeof(p), "what few parties have belongs to their extras")
	require.EqualValues(t, 5*line, unsafe.Sizeof(c), "what few calls have belongs to their extras")
	require.EqualValues(t, 21*line, unsafe.Sizeof(b))
	require.Greater(t, arenaMin*unsafe.Sizeof(b), uintptr(32<<10), "the allocator begins smaller ones anywhere")

	require.LessOrEqual(t, unsafe.Offsetof(p.lastFact), uintptr(1*line), "all before is read to find who an input is on")
	require.LessOrEqual(t, unsafe.Offsetof(p.next), uintptr(2*line), "read by every input")
	require.LessOrEqual(t, unsafe.Offsetof(p.partyExtras), uintptr(4*line), "read by most inputs")
	require.LessOrEqual(t, unsafe.Offsetof(p.names.channel), uintptr(7*line), "read for events and records")
	require.LessOrEqual(t, unsafe.Offsetof(c.unwatched), uintptr(1*line), "all before is read by most inputs")
	require.LessOrEqual(t, unsafe.Offsetof(c.bornAt)+unsafe.Sizeof(c.bornAt), uintptr(4*line), "all before is read for events")
}
