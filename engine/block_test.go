package engine

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestBlock: a call lies with who began it and whom he called; a third party, and a second call, find a place elsewhere, and
// what was given back is given out again.
func TestBlock(t *testing.T) {
	e := New(Config{}, nil)
	caller := e.newParty(0)
	c := e.newCall(caller)
	called := e.newParty(caller.block())
	third := e.newParty(caller.block())
	second := e.newCall(caller)
	home := e.blocks.at(caller.block())
	require.Same(t, &home.parties[0], caller)
	require.Same(t, &home.parties[1], called)
	require.Same(t, &home.call, c)
	require.NotEqual(t, home, e.blocks.at(third.block()))
	require.NotEqual(t, c.slot, second.slot)

	e.blocks.giveBackParty(called.slot)
	require.Same(t, called, e.newParty(caller.block()))

	e.blocks.giveBackParty(caller.slot)
	e.blocks.giveBackParty(called.slot)
	require.NotSame(t, caller, e.newParty(0), "its call is in use")
	e.blocks.giveBackCall(c.slot)
	require.Same(t, caller, e.newParty(0))
}

// TestBlocks: whatever comes and goes, nothing is given out twice, and each lies where its slot says.
func TestBlocks(t *testing.T) {
	const seed = 3
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 4))
	e := New(Config{}, nil)
	var parties []*party
	var calls []*call
	held := map[any]bool{}
	for range 20_000 {
		var near *party
		if len(parties) > 0 {
			i, last := random.IntN(len(parties)), len(parties)-1
			parties[i], parties[last] = parties[last], parties[i]
			near = parties[last]
		}
		switch n := random.IntN(10); {
		case n < 4:
			p := e.newParty([]uint32{0, near.block()}[random.IntN(2)])
			require.False(t, held[p])
			require.Same(t, p, e.blocks.party(p.slot))
			parties, held[p] = append(parties, p), true
		case n < 6:
			c := e.newCall(near)
			require.False(t, held[c])
			require.Same(t, c, e.blocks.call(c.slot))
			calls, held[c] = append(calls, c), true
		case n < 9 && near != nil:
			parties = parties[:len(parties)-1]
			delete(held, near)
			e.blocks.giveBackParty(near.slot)
		case len(calls) > 0:
			c := calls[0]
			calls = calls[1:]
			delete(held, c)
			e.blocks.giveBackCall(c.slot)
		}
	}
	given := 0
	for _, parts := range e.blocks.given {
		for ; parts != 0; parts &= parts - 1 {
			given++
		}
	}
	require.Equal(t, len(held), given)
}

// TestLargeMemory: what thousands of calls, and their indexes, lie in is told before anything is in it, and begins where a
// large page does; what few need is not told, and nobody has to listen.
func TestLargeMemory(t *testing.T) {
	var told []uintptr
	e := New(Config{Large: func(memory unsafe.Pointer, bytes uintptr) {
		require.Zero(t, *(*uintptr)(memory))
		require.Less(t, -uintptr(memory)&(largeMin-1), unsafe.Sizeof(block{}))
		told = append(told, bytes)
	}}, nil)
	for range arenaMin {
		e.newParty(0)
	}
	require.Empty(t, told)
	const many = 50_000
	for i := range many {
		p := e.newParty(0)
		p.id = LegID{byte(i), byte(i >> 8), byte(i >> 16)}
		e.legs.put(p)
	}
	require.Contains(t, told, 8*uintptr(len(e.legs.words)))
	sum := uintptr(0)
	for _, bytes := range told {
		require.GreaterOrEqual(t, bytes, uintptr(largeMin))
		sum += bytes
	}
	require.Greater(t, sum, many*unsafe.Sizeof(block{})/2)
	require.LessOrEqual(t, len(e.blocks.given), many+2*arenaMin)

	deaf := New(Config{}, nil)
	for range many {
		require.NotNil(t, deaf.newParty(0))
	}
}
