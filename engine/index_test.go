package engine

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestIndexIsAMap: whatever is put and deleted, in rows of ids that push each other on as well, an index holds what a
// map would.
func TestIndexIsAMap(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		var x index[party]
		want := map[LegID]*party{}
		ids := make([]LegID, 400)
		for i := range ids {
			for j := range ids[i] {
				if seed%2 == 0 || j > 13 { // every other seed: ids that differ in two bytes only
					ids[i][j] = byte(random.Uint32())
				}
			}
		}
		for range 20_000 {
			id := ids[random.IntN(len(ids))]
			switch random.IntN(3) {
			case 0:
				want[id] = &party{id: id}
				x.put(id, want[id])
			default:
				delete(want, id)
				x.delete(id)
			}
			other := ids[random.IntN(len(ids))]
			require.Same(t, want[other], x.get(other), "seed %d", seed)
			require.Equal(t, len(want), x.taken, "seed %d", seed)
		}
		for _, id := range ids {
			require.Same(t, want[id], x.get(id), "seed %d", seed)
		}
	}
}

// TestAheadAsksForAll of a party and of a call, and for no more lines than they have.
func TestAheadAsksForAll(t *testing.T) {
	const line = 64
	require.EqualValues(t, (unsafe.Sizeof(party{})+line-1)/line, partyLines)
	require.Zero(t, unsafe.Offsetof(party{}.id))
	require.Less(t, unsafe.Offsetof(party{}.younger), uintptr(linkLines*line))
	require.Less(t, unsafe.Offsetof(party{}.elder), uintptr(linkLines*line))
	key := unsafe.Offsetof(call{}.key)
	require.Less(t, key, uintptr(line))
	require.EqualValues(t, (unsafe.Sizeof(call{})-key+line-1)/line, callLines)
}
