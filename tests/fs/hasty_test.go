package fs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// haste is what a client asks for at the moment when it is told that two talk.
type haste struct{ caller, by, request string }

var hastes = []haste{
	{outside, "1001", "SingleStepTransfer"}, {outside, "1001", "InitiateConsult"},
	{"1003", "1003", "SingleStepTransfer"}, {"1003", "1003", "InitiateConsult"},
}

// TestHastyRequests: the talk is told a moment before the switch has joined the two for good, and whoever is moved on within
// that moment takes the other with him, or is brought back. A client that asks at once loses nobody (3.14), and what it asks
// for is not done at a second try, two seconds later.
func TestHastyRequests(t *testing.T) {
	t.Parallel()
	const rounds, slowMax = 12, 2
	d := startRestless(t, 3*time.Minute)
	require.NoError(t, d.asker.Register(d.ctx, "1003"))
	slow := 0
	for round := range rounds {
		if d.atOnce(hastes[round%len(hastes)]) > 1500*ms {
			slow++
		}
	}
	require.LessOrEqual(t, slow, slowMax, "of %d", rounds)
}

// atOnce asks as soon as the talk is told, and returns how long it took until 1002 talks. Until then nobody ends but who has
// handed his call over.
func (d *restless) atOnce(h haste) (took time.Duration) {
	d.t.Helper()
	*d.heard = nil
	caller, err := d.Call(scenarios, lab.Caller{From: h.caller, To: "1001"})
	require.NoError(d.t, err)
	defer caller.Stop()
	d.next(is("EventEstablished", h.by))
	asked := lab.Mono()
	_, err = d.asker.Post("Request"+h.request, lab.Fields{"thisDN": h.by, "otherDN": "1002"})
	require.NoError(d.t, err)
	talks := d.next(func(m lab.Message) bool {
		left := m.MessageID == "EventReleased" && (m.ThisDN != h.by || h.request != "SingleStepTransfer")
		return is("EventEstablished", "1002")(m) || left || m.MessageID == "EventPartyError"
	})
	require.Equal(d.t, "EventEstablished", talks.MessageID, "%v: %s", h, talks.Raw)
	d.try("hupall NORMAL_CLEARING")
	d.quiet()
	d.until("the engine to have no calls", func() bool { return d.listed("calls") == 0 })
	return time.Duration(talks.Mono - asked)
}
