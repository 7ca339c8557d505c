package center

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// closed are the calls whose records the step has closed.
func (w *world) closed() (list []engine.CallRecord) {
	for _, r := range w.out.Records {
		if r.Kind == engine.CallClosed {
			list = append(list, r.Call)
		}
	}
	return list
}

// callRinging has the agent come, and a caller for whom his phone rings.
func (w *world) callRinging(t *testing.T) (caller *channel) {
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	caller = w.arrive("13900000001", "8000")
	w.enter(caller, "8001")
	w.wait(time.Second)
	require.Len(t, w.channels, 2)
	return caller
}

// TestCallerWhoLeftEndedHisCall: his channel is gone before the phone that rang for him is silent; he it was who hung up
// all the same (3.14: the first cause wins).
func TestCallerWhoLeftEndedHisCall(t *testing.T) {
	w := newWorld(1, engine.Config{Directory: oneAgent(0), AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(100*time.Millisecond, func() { w.ring(leg) }) }
	var closed []engine.CallRecord
	w.stepOn = func(*engine.Input) { closed = append(closed, w.closed()...) }
	caller := w.callRinging(t)
	w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	require.Len(t, closed, 1)
	require.Equal(t, events.SideCustomer, closed[0].HangupSide)
	require.Equal(t, "NORMAL_CLEARING", closed[0].HangupCause)
}
