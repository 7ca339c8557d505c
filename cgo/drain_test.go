package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// TestDrain: the command empties the system (3.16): the idle agent gets not ready with the reason 8 (R42), no call is made, who
// is on a call is logged out at its end, and the engine stops with the last call; a call that is up is not touched.
func TestDrain(t *testing.T) {
	rows := append(people(), element("dial-plan", 0, "pattern", `^\d+$`, "leg", "user/$0")...)
	b := begin(t, t.TempDir(), newFakeHost(), rows...)
	caller := engine.Text{UUID: "c0ffee00-0000-4000-8000-000000000001", CallerNumber: "13912345678", Destination: "8001"}
	id := engine.LegIDOf(caller.UUID)
	caller.Hex = id.Hex()
	post := func(in engine.Input) {
		in.Leg = id
		require.NoError(t, b.loop.Step(in))
	}
	post(engine.Input{Kind: engine.LegCreated, Direction: engine.DirectionInbound, Text: caller})
	var told draining
	b.asJSON(t, "drain", &told)
	require.Equal(t, draining{Calls: 1, Agents: 1}, told)
	require.Equal(t, "+OK\ncalls|agents\n1|1\n", b.query("drain"), "asked again it tells how far that is")
	require.Contains(t, b.query("status"), "\ndraining|true\n")
	require.Contains(t, b.query("agent 7001"), "|not-ready|8|")
	require.Contains(t, b.query("agent 7001 ready"), "-ERR InvalidAgentTransition: the system is being emptied")
	require.Contains(t, b.query("agent 7002 login 1002"), "-ERR InvalidAgentTransition: the system is being emptied")
	_, err := b.request(&engine.Request{Kind: engine.RequestMakeCall, Name: "RequestMakeCall", ThisDN: "1001", OtherDN: "1002"})
	require.ErrorContains(t, err, events.CallUnknown.Name()+": the system is being emptied")

	require.Never(t, func() bool { return strings.HasPrefix(b.query("calls"), "-ERR") }, 2*emptyTick, emptyTick/4, "a call is up")
	post(engine.Input{Kind: engine.LegHangup, Cause: engine.CauseNormalClearing, Disposition: engine.RecvCancel})
	post(engine.Input{Kind: engine.LegEnded, Cause: engine.CauseNormalClearing, Disposition: engine.RecvCancel})
	require.Eventually(t, func() bool { return strings.HasPrefix(b.query("calls"), "-ERR the system was drained") },
		time.Minute, emptyTick/10)
	for _, asked := range []string{"status", "status as json", "drain", "agents"} {
		require.Equal(t, "-ERR the system was drained, and the engine has stopped with the last call: "+
			"`reload mod_cti` starts it again\n", b.query(asked), asked)
	}
	require.Contains(t, b.query("nonsense"), "-ERR usage: ")
	require.Contains(t, b.host.logged(), "the system is empty: the engine stops")
	b.finish(t)
}
