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

// TestDispositions proves R20: the words are FreeSWITCH's; recv_ is what the far end did, send_ what the switch did.
func TestDispositions(t *testing.T) {
	for disposition, want := range map[Disposition]string{
		DispositionNone: "", RecvBye: "recv_bye", RecvCancel: "recv_cancel", RecvRefuse: "recv_refuse",
		SendBye: "send_bye", SendCancel: "send_cancel", SendRefuse: "send_refuse", SendRefuse + 1: "",
	} {
		require.Equal(t, want, disposition.String())
	}
	far := &party{cause: CauseNormalClearing, disposition: RecvBye}
	far.inside = true
	(&Engine{}).assignBlame(far)
	require.Equal(t, agentSide, far.side, "the far end has ended it")
	here := &party{cause: CauseNormalClearing, disposition: SendBye}
	(&Engine{}).assignBlame(here)
	require.Equal(t, systemSide, here.side, "the switch has ended it")
}
