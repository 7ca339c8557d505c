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

// TestEndStates proves R22: how dialing ended, as an end state of the contact-center types; 103 and 105 are the settings' to say.
func TestEndStates(t *testing.T) {
	var usual EndStates
	for detected, want := range map[int64]int64{0: 201, 103: 210, 104: 205, 105: 204, 109: 206, 115: 202, 119: 208, 200: 1} {
		require.Equal(t, want, usual.Of(detected, "NORMAL_CLEARING"), detected)
		require.Equal(t, detected != 200, usual.CanSet(detected, 207), detected)
	}
	other := EndStates{103: 204, 105: 207, 0: 211}
	for detected, want := range map[int64]int64{0: 211, 103: 204, 105: 207, 104: 205, 200: 1} {
		require.Equal(t, want, other.Of(detected, "NORMAL_CLEARING"), detected)
	}
	for cause, want := range map[string]int64{
		"CALL_REJECTED": 203, "ORIGINATOR_CANCEL": 209, "USER_NOT_REGISTERED": 210, "RECOVERY_ON_TIMER_EXPIRE": 208,
	} {
		require.Equal(t, want, other.Of(DetectUnknown, cause), cause)
		require.EqualValues(t, 1, other.Of(DetectAnswered, cause), cause)
	}
	for _, state := range []int64{0, 1, 200, 214, 223} {
		require.False(t, usual.CanSet(105, state), state)
	}
	require.False(t, usual.CanSet(101, 207))
}
