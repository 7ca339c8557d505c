package engine

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestLargeMemory: what thousands of parties and calls, and their indexes, lie in is told before anything is in it; what few
// need is not, and nobody has to listen.
func TestLargeMemory(t *testing.T) {
	var told []uintptr
	large := func(memory unsafe.Pointer, bytes uintptr) {
		require.Zero(t, *(*uintptr)(memory))
		told = append(told, bytes)
	}
	parties, legs := spare[party]{large: large}, index[party]{large: large}
	for range spareChunk {
		parties.take()
	}
	require.Empty(t, told)
	const many = 50_000
	for i := range many {
		p := parties.take()
		p.id = LegID{byte(i), byte(i >> 8), byte(i >> 16)}
		legs.put(&p.node, p)
	}
	require.Contains(t, told, 8*uintptr(len(legs.chains)))
	sum := uintptr(0)
	for _, bytes := range told {
		require.GreaterOrEqual(t, bytes, uintptr(largeMin))
		sum += bytes
	}
	require.Greater(t, sum, many*unsafe.Sizeof(party{})/2)
	require.LessOrEqual(t, parties.made, many+many/8+2*spareChunk, "an eighth is in reserve at most")

	deaf := spare[party]{made: 100 * many}
	require.NotNil(t, deaf.take())
}
