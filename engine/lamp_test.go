package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// keys is an engine with a clock, and what its keys were told.
type keys struct {
	engine *engine.Engine
	out    engine.Output
	now    int64
}

func newKeys(presence bool, d *engine.Directory) *keys {
	return &keys{now: 1e9, engine: engine.New(engine.Config{
		CompanyID: "company", Inside: func(n string) bool { return len(n) <= 4 }, Presence: presence, Directory: d,
	}, nil)}
}

// step takes an input and returns what keys show because of it.
func (k *keys) step(in engine.Input) (shown []string) {
	k.now += 1e6
	in.MonoNanos, in.WallMicros = k.now, k.now/1000
	k.engine.Step(&in, &k.out)
	for _, c := range k.out.Commands {
		if c.Kind == engine.CommandPresence {
			shown = append(shown, c.Name+"+"+c.UUID+" "+c.Value+" "+c.CallerName)
		}
	}
	return shown
}

func (k *keys) ask(kind engine.RequestKind, r engine.Request) []string {
	r.Kind, r.CompanyID, r.AgentID = kind, "company", "7"
	return k.step(engine.Input{Kind: engine.ClientRequest, Request: &r})
}

func (k *keys) leg(kind engine.InputKind, direction engine.Direction) []string {
	return k.step(engine.Input{Kind: kind, Leg: engine.LegID{1}, Direction: direction, Text: engine.Text{
		UUID: "01000000-0000-0000-0000-000000000000", CallerNumber: "13800138000", Destination: "1001", User: "1001",
	}})
}

func staff(ids ...string) *engine.Directory {
	d := &engine.Directory{Queues: []engine.QueueConfig{{ID: "8001"}}}
	for _, id := range ids {
		d.Agents = append(d.Agents, engine.AgentConfig{UUID: "uuid-" + id, ID: id, DN: "100" + id, WrapUpMillis: -1, RingMillis: -1})
	}
	return d
}

// TestLamps: what keys show (RFC 4235's states) follows an agent through his day, and is told only when it changes.
func TestLamps(t *testing.T) {
	k := newKeys(true, staff("1", "7"))
	require.Equal(t, []string{
		"agent+1 terminated Logged Out", "agent+7 terminated Logged Out", "queue+8001 terminated Idle",
	}, k.step(engine.Input{Kind: engine.TimerDue}))
	require.Empty(t, k.step(engine.Input{Kind: engine.TimerDue}))
	login := engine.Request{ThisDN: "1001", PhoneType: events.PhoneSIP, AgentState: events.AgentStateNotReady, ReasonCode: 2}
	require.Equal(t, []string{"agent+7 confirmed Not Ready 2"}, k.ask(engine.RequestAgentLogin, login))
	require.Equal(t, []string{"agent+7 terminated Ready"}, k.ask(engine.RequestAgentReady, engine.Request{ThisDN: "1001"}))
	require.Equal(t, []string{"agent+7 early Ringing"}, k.leg(engine.LegCreated, engine.DirectionOutbound))
	require.Empty(t, k.leg(engine.LegRinging, engine.DirectionOutbound))
	require.Equal(t, []string{"agent+7 terminated Ready"}, append(k.leg(engine.LegHangup, engine.DirectionOutbound),
		append(k.leg(engine.LegEnded, engine.DirectionOutbound), k.leg(engine.LegDestroyed, engine.DirectionOutbound)...)...))
	pause := engine.Request{ThisDN: "1001", ReasonCode: 11}
	require.Equal(t, []string{"agent+7 confirmed Not Ready 11"}, k.ask(engine.RequestAgentNotReady, pause))
	require.Equal(t, []string{"agent+7 terminated Logged Out"}, k.ask(engine.RequestAgentLogout, engine.Request{ThisDN: "1001"}))
}

// TestLampsOfAnotherDirectory: whose id another takes over is told of first, and who is not there any more is gone.
func TestLampsOfAnotherDirectory(t *testing.T) {
	k := newKeys(true, staff("1", "7", "9"))
	k.step(engine.Input{Kind: engine.TimerDue})
	d := staff("1", "7")
	d.Queues = nil
	d.Agents[0].ID, d.Agents[1].ID = "7", "1"
	require.Equal(t, []string{
		"agent+1 gone ", "agent+7 gone ", "agent+9 gone ", "queue+8001 gone ",
		"agent+7 terminated Logged Out", "agent+1 terminated Logged Out",
	}, k.step(engine.Input{Kind: engine.DirectoryChanged, Directory: d}))
}

func TestNoLamps(t *testing.T) {
	k := newKeys(false, staff("7"))
	require.Empty(t, k.step(engine.Input{Kind: engine.TimerDue}))
	require.Empty(t, k.ask(engine.RequestAgentLogin, engine.Request{ThisDN: "1001", PhoneType: events.PhoneSIP, AgentState: 1}))
}
