package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatusOf proves R41: the six statuses of contact-center-types out of the two axes, for every pair of them.
func TestStatusOf(t *testing.T) {
	everyOccupancy := []string{"idle", "reserved", "ringing", "talking", "held", "afterCallWork"}
	for _, row := range []struct {
		state, reason int64
		want          []string // in the order of everyOccupancy
	}{
		{0, 0, []string{"offline", "offline", "offline", "offline", "offline", "offline"}},
		{0, 6, []string{"offline", "offline", "offline", "offline", "offline", "offline"}},
		{1, 0, []string{"free", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{1, 4, []string{"free", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 0, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 2, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 4, []string{"afterCallWork", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 5, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 7, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 10, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 11, []string{"rest", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 12, []string{"rest", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 98, []string{"rest", "busy", "busy", "busy", "busy", "afterCallWork"}},
		{2, 99, []string{"notReady", "busy", "busy", "busy", "busy", "afterCallWork"}},
	} {
		for i, occupancy := range everyOccupancy {
			require.Equal(t, row.want[i], StatusOf(row.state, row.reason, occupancy), "%d, %d, %s", row.state, row.reason, occupancy)
		}
	}
}

// TestReasons proves R42 and protocol.md 5: the numbers, and those that a client may give.
func TestReasons(t *testing.T) {
	want := map[int64]bool{2: true, 4: true, 11: true}
	for code := int64(12); code <= 98; code++ {
		want[code] = true
	}
	for code := int64(-2); code <= 120; code++ {
		require.Equal(t, want[code], ReasonByRequest(code), "%d", code)
	}
	require.Equal(t, []int64{2, 4, 5, 6, 7, 8, 11}, []int64{
		ReasonDoNotDisturb, ReasonAfterCallWork, ReasonNoAnswer, ReasonDeviceLost, ReasonForced, ReasonDrain, ReasonRest,
	})
	codes := []int64{}
	for _, r := range Reasons {
		codes = append(codes, r.Code)
		require.NotEmpty(t, r.Meaning)
	}
	require.Equal(t, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99}, codes, "each has a row, and none is one of the company's")
}
