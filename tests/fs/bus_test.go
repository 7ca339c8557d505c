package fs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestStalledBus: when the switch's event bus stands still a ring is told at once all the same (architecture 2). The
// first presence event after a start holds the bus up for about half a second; a slow binding of any module does the
// same for as long as it likes.
func TestStalledBus(t *testing.T) {
	r := startRig(t, withStamps(t))
	bus := r.eventSocket("CHANNEL_PROGRESS")
	r.phone("1001", lab.Answers(0))

	// ring tells how soon a ring was told by the module, and by the bus.
	ring := func(what string) (told, late time.Duration) {
		r.call(lab.Caller{From: outside, To: "1001", Cancel: true, Ring: 800 * ms})
		ours := r.next(is("EventRinging", "1001"))
		ctx, cancel := r.soon()
		defer cancel()
		theirs, err := bus.Next(ctx, func(e lab.Event) bool { return e.UUID() == leg(ours.PartyID) })
		require.NoError(t, err)
		stamps, err := r.Stamps()
		require.NoError(t, err)
		arose, ok := stamps[lab.StampKey{Kind: lab.StampRing, UUID: leg(ours.PartyID)}]
		require.True(t, ok)
		told, late = time.Duration(ours.Mono-arose), time.Duration(theirs.Mono-arose)
		t.Logf("%s: told after %v on the unix socket, after %v on the event socket", what, told, late)
		r.story(1)
		return told, late
	}
	const stall = 700 * ms
	told, late := ring("the first presence event")
	require.Less(t, told, late, "a ring is told before the bus tells of it")
	quick(t, 50*ms, func() time.Duration {
		r.api(fmt.Sprint("ctilab_stall ", stall.Milliseconds()))
		told, late := ring("a slow binding")
		require.Greater(t, late, stall/3, "the bus did stand still, or this test proves nothing")
		return told
	})
}
