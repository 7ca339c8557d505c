package engine

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestIndex: an index finds what came and has not gone, and nothing else, however often its chains were made anew.
func TestIndex(t *testing.T) {
	const seed = 1
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	var x index[party]
	var gone, here []*party
	require.Nil(t, x.get(LegID{}))
	for range 5000 {
		p := &party{}
		for i := range p.id {
			p.id[i] = byte(random.Uint32())
		}
		x.put(&p.node, p)
		here = append(here, p)
		for random.IntN(5) < 2 && len(here) > 0 {
			i := random.IntN(len(here))
			p, here[i] = here[i], here[len(here)-1]
			here = here[:len(here)-1]
			x.remove(&p.node)
			gone = append(gone, p)
		}
	}
	require.Greater(t, len(here), 10*chainsMin)
	require.Equal(t, len(here), x.count)
	for _, p := range here {
		require.Same(t, p, x.get(p.id))
	}
	for _, p := range gone {
		require.Nil(t, x.get(p.id))
		x.remove(&p.node) // which has gone already
	}
	require.Equal(t, len(here), x.count)
	listed := map[*party]bool{}
	for p := range x.all {
		require.False(t, listed[p])
		listed[p] = true
	}
	require.Len(t, listed, len(here))
}

// TestLines: a party and a call begin and end with a line of the processor's cache, and what is read most lies in few of
// them. How many lines an input touches is what it costs when many calls are live.
func TestLines(t *testing.T) {
	const line = 64
	var p party
	var c call
	require.EqualValues(t, 8*line, unsafe.Sizeof(p), "what fetch asks for; what few parties have belongs to their extras")
	require.EqualValues(t, 5*line, unsafe.Sizeof(c), "what fetch asks for; what few calls have belongs to their extras")
	require.Greater(t, spareChunk*unsafe.Sizeof(c), uintptr(32<<10), "the allocator begins smaller ones anywhere")

	require.Zero(t, unsafe.Offsetof(p.node), "where an index looks")
	require.Equal(t, uintptr(1*line), unsafe.Offsetof(p.lastFact), "all before is read to find who an input is on")
	require.LessOrEqual(t, unsafe.Offsetof(p.blame)+unsafe.Sizeof(p.blame), uintptr(2*line), "read by every input")
	require.LessOrEqual(t, unsafe.Offsetof(p.nail)+unsafe.Sizeof(p.nail), uintptr(4*line), "read by most inputs")
	require.LessOrEqual(t, unsafe.Offsetof(p.names.channel), uintptr(7*line), "read for events and records")
	require.Zero(t, unsafe.Offsetof(c.key), "where an index looks")
	require.LessOrEqual(t, unsafe.Offsetof(c.last), uintptr(1*line), "all before is read by most inputs")
	require.LessOrEqual(t, unsafe.Offsetof(c.bornAt)+unsafe.Sizeof(c.bornAt), uintptr(4*line), "all before is read for events")
}
