package engine

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// TestStatesPage keeps docs/states.md, which is made from the table.
func TestStatesPage(t *testing.T) {
	const path = "../docs/states.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(StatesMarkdown()), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(page), StatesMarkdown(), "docs/states.md is old: go test ./engine -run TestStatesPage -update")
}

// TestReleasedSwallowsAll proves 3.14: what comes for a party that has ended is a no-op, never a second end.
func TestReleasedSwallowsAll(t *testing.T) {
	for on := range stimulusCount {
		r := partyTable[Released][on]
		require.NotNil(t, r, on.String())
		require.Equal(t, Released, r.to)
		require.Equal(t, doNothing, r.doing)
		require.Equal(t, "3.14", r.clause)
	}
}

// TestEveryStateEnds proves that no party is stuck: every state has a row for its leg's end.
func TestEveryStateEnds(t *testing.T) {
	for s := range stateCount {
		r := partyTable[s][ends]
		require.NotNil(t, r, s.String())
		require.Equal(t, Released, r.to)
	}
}

func TestTwoRowsForOneCellPanic(t *testing.T) {
	require.Panics(t, func() {
		buildTable([]row{{in: in(Idle), on: rings, to: Ringing}, {in: in(Idle, Talk), on: rings, to: Talk}})
	})
}

func TestNumberingToleratesSwapsAndFindsHoles(t *testing.T) {
	var n numbering
	n.start(1)
	for _, seq := range []uint32{2, 4, 3, 5} {
		require.True(t, n.take(seq))
	}
	require.False(t, n.holes(), "4 before 3 is a swap, not a loss")
	require.False(t, n.take(3), "3 came twice")
	require.True(t, n.take(7))
	require.True(t, n.holes(), "6 is missing")
	require.True(t, n.take(6))
	require.False(t, n.holes())
	require.True(t, n.take(200))
	require.False(t, n.take(100), "too long ago to tell: taken for a repeat")
	require.True(t, n.take(0), "0 is not counted")

	var late numbering
	require.True(t, late.take(9), "the first number that is seen is where counting begins")
	require.False(t, late.holes())
}

// TestLegID proves that a canonical uuid keeps its value and that anything else still has an id of its own.
func TestLegID(t *testing.T) {
	id := LegIDOf("ec204906-2b6e-4042-a128-9acc8dbf9c57")
	require.Equal(t, "ec2049062b6e4042a1289acc8dbf9c57", id.Hex())
	require.NotEqual(t, LegIDOf("a"), LegIDOf("b"))
	require.NotEqual(t, id, LegIDOf("EC204906-2B6E-4042-A128-9ACC8DBF9C57"))
	require.True(t, LegID{}.IsZero())
	require.False(t, LegIDOf("").IsZero())
}
