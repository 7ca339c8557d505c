package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEarlyDetectCause proves R22 and the list of call-events.txt.
func TestEarlyDetectCause(t *testing.T) {
	for _, row := range []struct {
		cause string
		want  int64
	}{
		{"USER_BUSY", 109},
		{"NO_ANSWER", 115}, {"NO_USER_RESPONSE", 115}, {"ALLOTTED_TIMEOUT", 115},
		{"UNALLOCATED_NUMBER", 104},
		{"SUBSCRIBER_ABSENT", 105},
		{"NETWORK_OUT_OF_ORDER", 119}, {"DESTINATION_OUT_OF_ORDER", 119}, {"NORMAL_TEMPORARY_FAILURE", 119},
		{"NORMAL_CIRCUIT_CONGESTION", 119}, {"SWITCH_CONGESTION", 119}, {"REQUESTED_CHAN_UNAVAIL", 119},
		{"GATEWAY_DOWN", 119},
		{"NORMAL_CLEARING", 0}, {"CALL_REJECTED", 0}, {"ORIGINATOR_CANCEL", 0}, {"NORMAL_UNSPECIFIED", 0},
		{"INCOMPATIBLE_DESTINATION", 0}, {"", 0}, {"user_busy", 0},
	} {
		require.Equal(t, row.want, EarlyDetectCause(row.cause, false), row.cause)
		require.EqualValues(t, 200, EarlyDetectCause(row.cause, true), "%s after an answer", row.cause)
	}
}

// TestDetectedCausesAreListed: only numbers of the page are told.
func TestDetectedCausesAreListed(t *testing.T) {
	for cause, number := range detected {
		require.Contains(t, []int64{103, 104, 105, 109, 115, 119}, number, cause)
	}
}
