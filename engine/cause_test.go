package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers are those of switch_call_cause_t: Q.850's below 128, a SIP status at 487, the switch's own above.
func TestCauseNames(t *testing.T) {
	for _, c := range []struct {
		number uint16
		name   string
	}{
		{0, "NONE"}, {1, "UNALLOCATED_NUMBER"}, {16, "NORMAL_CLEARING"}, {17, "USER_BUSY"}, {19, "NO_ANSWER"},
		{20, "SUBSCRIBER_ABSENT"}, {21, "CALL_REJECTED"}, {41, "NORMAL_TEMPORARY_FAILURE"}, {127, "INTERWORKING"},
		{142, "SUCCESS"}, {487, "ORIGINATOR_CANCEL"}, {702, "LOSE_RACE"}, {805, "PICKED_OFF"}, {825, "REJECT_ALL"},
	} {
		require.Equal(t, c.name, CauseName(c.number))
		number, ok := CauseByName(c.name)
		require.True(t, ok, c.name)
		require.Equal(t, c.number, number, c.name)
	}
	for _, number := range []uint16{4, 128, 486, 826, 65535} {
		require.Empty(t, CauseName(number), "%d is no cause of the switch", number)
	}
	for _, name := range []string{"", "normal_clearing", "NO_SUCH_CAUSE"} {
		_, ok := CauseByName(name)
		require.False(t, ok, name)
	}
}

// CauseName searches by halves, so the table must stay in order; a number or a name given twice would hide one of them.
func TestCauseTableInOrder(t *testing.T) {
	names := map[string]bool{}
	for i, c := range causes {
		require.True(t, i == 0 || causes[i-1].number < c.number, c.name)
		require.False(t, names[c.name], c.name)
		names[c.name] = true
	}
}
