package fs_test

import (
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

	const soon = 50 * time.Millisecond // on a machine that does other things too
	ring := func(what string, atLeast time.Duration) {
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
		told, late := time.Duration(ours.Mono-arose), time.Duration(theirs.Mono-arose)
		t.Logf("%s: told after %v on the unix socket, after %v on the event socket", what, told, late)
		require.Less(t, told, soon, "a ring is told at once")
		require.Greater(t, late, atLeast, "the bus did stand still, or this test proves nothing")
		r.story(1)
	}
	ring("the first presence event", 250*ms)
	r.api("ctilab_stall 700")
	ring("a slow binding", 250*ms)
}
