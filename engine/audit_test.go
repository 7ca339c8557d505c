package engine_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const (
	auditEvery = 5 * time.Second
	auditCalls = 50 * time.Millisecond // between two calls
	auditTalk  = time.Second
	auditEnds  = 200 * time.Millisecond // from a leg's hangup to its last word
)

// audited is an engine, and a switch that shows what is up and not on its way out.
type audited struct {
	e         *engine.Engine
	now       time.Duration
	legs      uint64
	due       []dueInput
	shown     []engine.LegID
	snapshots []time.Duration
	repaired  map[uint64]time.Duration // by how many repairs there were: when the last of them was made
}

type dueInput struct {
	at time.Duration
	in engine.Input
}

func newAudited() *audited {
	return &audited{now: time.Second, repaired: map[uint64]time.Duration{}, e: engine.New(engine.Config{
		CompanyID: "company", AuditMillis: auditEvery.Milliseconds(), Inside: func(n string) bool { return len(n) <= 4 },
	}, nil)}
}

func (a *audited) tell(at time.Duration, kind engine.InputKind, leg engine.LegID) {
	i, _ := slices.BinarySearchFunc(a.due, at+1, func(d dueInput, at time.Duration) int { return int(d.at - at) })
	a.due = slices.Insert(a.due, i, dueInput{at, engine.Input{Kind: kind, Leg: leg, Direction: engine.DirectionInbound, Text: engine.Text{
		Hex: leg.Hex(), CallerNumber: "13912345678", Destination: "1001",
	}}})
}

// call begins a call, which stays up until something else is told of it.
func (a *audited) call(at time.Duration) (leg engine.LegID) {
	a.legs++
	binary.BigEndian.PutUint64(leg[:], a.legs)
	a.tell(at, engine.LegCreated, leg)
	return leg
}

// step tells the engine of one thing, and shows it the live channels if it asks for them.
func (a *audited) step(in engine.Input) (deadline int64) {
	var out engine.Output
	in.MonoNanos, in.WallMicros = int64(a.now), a.now.Microseconds()
	switch in.Kind {
	case engine.LegCreated:
		a.shown = append(a.shown, in.Leg)
	case engine.LegHangup:
		a.shown = slices.DeleteFunc(a.shown, func(l engine.LegID) bool { return l == in.Leg })
	}
	a.e.Step(&in, &out)
	deadline = out.NextDeadline
	if repairs := a.e.Stats().Repairs; repairs > 0 && a.repaired[repairs] == 0 {
		a.repaired[repairs] = a.now
	}
	if slices.ContainsFunc(out.Commands, func(c engine.Command) bool { return c.Kind == engine.CommandSnapshot }) {
		a.snapshots = append(a.snapshots, a.now)
		a.step(engine.Input{Kind: engine.SnapshotBegin})
		for _, leg := range a.shown {
			a.step(engine.Input{Kind: engine.LegFound, Leg: leg, Text: engine.Text{Hex: leg.Hex()}})
		}
		deadline = a.step(engine.Input{Kind: engine.SnapshotEnd})
	}
	return deadline
}

func (a *audited) run(until time.Duration) {
	for deadline := int64(0); ; {
		in := engine.Input{Kind: engine.TimerDue}
		switch at := time.Duration(deadline); {
		case len(a.due) > 0 && (at == 0 || a.due[0].at <= at):
			a.now, in = max(a.now, a.due[0].at), a.due[0].in
			a.due = a.due[1:]
		case at > 0:
			a.now = max(a.now, at)
		default:
			return
		}
		if a.now > until {
			return
		}
		deadline = a.step(in)
	}
}

// traffic is calls that come and go; of each a part of its life is between its hangup and its last word.
func (a *audited) traffic(from, until time.Duration) {
	for at := from; at < until; at += auditCalls {
		leg := a.call(at)
		a.tell(at+auditTalk, engine.LegHangup, leg)
		a.tell(at+auditTalk+auditEnds, engine.LegEnded, leg)
		a.tell(at+auditTalk+auditEnds, engine.LegDestroyed, leg)
	}
}

// TestEndingsBringNoSnapshotForward: who has hung up is expected to be missing: the session table is asked for at its times,
// however many are on their way out.
func TestEndingsBringNoSnapshotForward(t *testing.T) {
	a := newAudited()
	a.traffic(time.Second, time.Minute)
	a.run(time.Minute)
	require.Zero(t, a.e.Stats().Repairs)
	require.Len(t, a.snapshots, 1+int((time.Minute-time.Second)/auditEvery))
}

// TestVanishedIsFoundAtOnce: whose channel is gone without a word is released by the second table that does not show him, soon
// after the first, whoever else is ending; who has hung up and never says his last word, when that has taken too long.
func TestVanishedIsFoundAtOnce(t *testing.T) {
	const gone, mute = 12 * time.Second, 21 * time.Second
	a := newAudited()
	a.traffic(time.Second, time.Minute)
	vanishes, silent := a.call(2*time.Second), a.call(3*time.Second)
	a.tell(mute, engine.LegHangup, silent)
	a.run(gone)
	a.shown = slices.DeleteFunc(a.shown, func(l engine.LegID) bool { return l == vanishes })
	a.run(time.Minute)
	next := slices.IndexFunc(a.snapshots, func(at time.Duration) bool { return at > gone })
	require.LessOrEqual(t, a.snapshots[next], gone+auditEvery)
	require.Equal(t, a.snapshots[next]+100*time.Millisecond, a.snapshots[next+1])
	require.Equal(t, a.snapshots[next+1], a.repaired[1])
	require.GreaterOrEqual(t, a.repaired[2], mute+10*time.Second)
	require.LessOrEqual(t, a.repaired[2], mute+10*time.Second+auditEvery)
	require.EqualValues(t, 2, a.e.Stats().Repairs)
	require.Len(t, a.snapshots, 1+1+int((time.Minute-time.Second)/auditEvery), "one was brought forward")
}
