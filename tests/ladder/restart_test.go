package ladder

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/script"
)

// talk is a caller who talks to an agent, in input lines, and what comes next a second later.
const talk = `+0 created a in from=13912345678 to=1001 name=Customer
+1 created b out from=13912345678 to=1001 user=1001 origin=a
+2 ringing b
+300 answered b
+10 answered a
+1 bridged b with=a
+0 bridged a with=b
+1000 `

// A call that is up when the engine stops; held, so that the state must come back too.
const upCall = talk + "held b"

// inputsOf parses lines that go on from a clock.
func inputsOf(t *testing.T, clock *script.Clock, text string) (list []engine.Input) {
	for raw := range strings.Lines(text) {
		in, err := clock.Parse(strings.TrimSpace(raw))
		require.NoError(t, err)
		list = append(list, in)
	}
	return list
}

// stopped plays a call and returns what the store would hand to the next start.
func stopped(t *testing.T, clock *script.Clock) engine.OpenCall {
	first := (&Script{}).Run(inputsOf(t, clock, upCall))
	open := first.Fold.Open()
	require.Len(t, open, 1)
	return open[0]
}

// TestChannelsStillUp: module reloaded under a call (architecture 9). The call goes on under its id, nothing is told
// twice, and it ends as one CDR with the first run's times.
func TestChannelsStillUp(t *testing.T) {
	clock := script.Clock{MonoNanos: StartMono, WallMicros: StartWall}
	r := NewRun(&Scene{AuditMillis: 5000, Open: []engine.OpenCall{stopped(t, &clock)}})
	for _, in := range inputsOf(t, &clock, `+500 timer
+1 snapshot-begin
+0 found a in from=13912345678 to=1001 state=active other=b
+0 found b out from=13912345678 to=1001 user=1001 state=held other=a
+0 snapshot-end`) {
		r.Step(in)
	}
	require.Empty(t, r.seen, "what the first run told is not told again")
	call, known := r.Engine.Call(engine.LegIDOf("a").Hex())
	require.True(t, known)
	require.Equal(t, "Talk", call.Parties[0].State)
	require.Equal(t, "Held", call.Parties[1].State)

	for _, in := range inputsOf(t, &clock, `+500 hangup a recv_bye cause=NORMAL_CLEARING
+0 hangup b cause=NORMAL_CLEARING
+0 ended a recv_bye cause=NORMAL_CLEARING
+0 ended b send_bye cause=NORMAL_CLEARING
+0 destroyed a
+0 destroyed b`) {
		r.Told = nil
		r.Step(in)
		if in.Kind == engine.LegEnded {
			require.Contains(t, strings.Join(r.Told, "\n"), "answerUepoch=3", "the first run's answer: 303 and 313 ms")
		}
	}
	names := []string{}
	for _, e := range r.seen {
		names = append(names, e.name)
	}
	require.Equal(t, []string{"EventReleased", "EventReleased", "EventCallDeleted"}, names)
	require.Zero(t, r.Engine.Stats().Calls)
}

// TestSwitchRestarted: the channels are gone with the switch. Each call is closed once, as interrupted, at the time at
// which it was last known.
func TestSwitchRestarted(t *testing.T) {
	clock := script.Clock{MonoNanos: StartMono, WallMicros: StartWall}
	open := stopped(t, &clock)
	r := NewRun(&Scene{AuditMillis: 5000, Open: []engine.OpenCall{open}})
	var out engine.Output
	var closed []engine.CallRecord
	for _, in := range inputsOf(t, &clock, "+60000 timer\n+1 snapshot-begin\n+0 snapshot-end") {
		r.Engine.Step(&in, &out)
		for _, rec := range out.Records {
			if rec.Kind == engine.CallClosed {
				closed = append(closed, rec.Call)
			}
		}
	}
	require.Len(t, closed, 1)
	require.Equal(t, engine.EndInterrupted, closed[0].EndReason)
	require.Equal(t, StartWall/1000+1314, closed[0].EndMillis, "the hold at 1314 ms is the last that is known")
	require.Equal(t, open.Call.CallID, closed[0].CallID)
	require.Equal(t, StartWall/1000+313, closed[0].AnswerMillis, "its parties know when they answered")
	require.Equal(t, StartWall/1000+314, closed[0].BridgeMillis)
	require.Zero(t, r.Engine.Stats().Calls)
}

// TestOpenCallWithoutParties: the first run stopped between a call's record and its first party's.
func TestOpenCallWithoutParties(t *testing.T) {
	e := engine.New(engine.Config{CompanyID: "c", Inside: inside, MonoNanos: StartMono, WallMicros: StartWall},
		[]engine.OpenCall{{Call: engine.CallRecord{CallID: "x", CallType: "Inbound"}}})
	var out engine.Output
	e.Step(&engine.Input{Kind: engine.TimerDue, MonoNanos: StartMono, WallMicros: StartWall}, &out)
	require.Len(t, out.Records, 1)
	require.Equal(t, engine.CallClosed, out.Records[0].Kind)
	require.Equal(t, engine.EndInterrupted, out.Records[0].Call.EndReason)
}

// TestConsultCallEndsAsMerged: the parties of a phone's consult call went on in the older call, whenever its last leg
// hangs up (3.6).
func TestConsultCallEndsAsMerged(t *testing.T) {
	raw, err := os.ReadFile("testdata/attended_transfer_by_phone.txt")
	require.NoError(t, err)
	s := parsed(t, string(raw))
	calls := s.Run(s.Inputs()).Fold.CDRs()
	require.Len(t, calls, 2)
	require.Equal(t, engine.EndNormal, calls[0].Call.EndReason)
	require.Equal(t, engine.EndMerged, calls[1].Call.EndReason)
	require.Equal(t, calls[0].Call.CallID, calls[1].Call.MergedInto)
}
