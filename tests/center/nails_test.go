package center

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// nails are the legs that stay up between the calls of an agent, as far as the engine has been told of them.
type nails struct {
	owner map[engine.LegID]string // the agent's uuid
	idle  map[engine.LegID]bool   // it waits for a call
	waits map[uint64]engine.LegID // commands that park one after a call
}

func (n *nails) idleOf(uuid string) bool {
	for leg := range n.idle {
		if n.owner[leg] == uuid {
			return true
		}
	}
	return false
}

// rises: an agent has one such leg. One that the engine has hung up it has given up, whatever the switch does.
func (n *nails) rises(leg engine.LegID, l *ledger) {
	if n.idle[leg] || l.hungUp[leg] {
		return
	}
	if n.idleOf(n.owner[leg]) {
		l.breaks("agent %s has two legs that stay up", n.owner[leg])
	}
	n.idle[leg] = true
}

// look follows what the engine is told of the legs, and what it has the switch do with them.
func (n *nails) look(in *engine.Input, l *ledger) {
	switch in.Kind {
	case engine.LegHangup, engine.LegEnded:
		delete(n.idle, in.Leg)
	case engine.LegAnswered:
		if n.owner[in.Leg] != "" && !l.account.held { // until its first snapshot a run does not know it
			n.rises(in.Leg, l)
		}
	case engine.CommandDone:
		if leg, parks := n.waits[in.Command]; parks && in.Cause == engine.CauseNone {
			n.rises(leg, l)
		}
		delete(n.waits, in.Command)
	}
	parked := map[engine.LegID]bool{}
	for _, c := range l.w.out.Commands {
		switch c.Kind {
		case engine.CommandOriginate:
			for uuid := range l.agents {
				if c.Name == engine.Kept && c.CallID == "nailed-"+engine.LegIDOf(uuid).Hex() {
					n.owner[c.Leg] = uuid
				}
			}
		case engine.CommandSetVariable:
			parked[c.Leg] = c.Name == "cti_call_id" && strings.HasPrefix(c.Value, "nailed-")
			if !parked[c.Leg] {
				delete(n.idle, c.Leg)
			}
		case engine.CommandWait:
			if parked[c.Leg] || strings.HasPrefix(c.CallID, "nailed-") {
				n.waits[c.ID] = c.Leg
			}
		case engine.CommandHangup:
			delete(n.idle, c.Leg)
		}
	}
}

// TestRestartWithNailedLeg: an agent's phone stays connected while the module is loaded anew, in a talk and between two; it is
// not called again, and the next caller is put through to the same leg (docs/ARCHITECTURE.md 11).
func TestRestartWithNailedLeg(t *testing.T) {
	d := oneAgent(0)
	d.Agents[0].NailedUp = true
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	dialed := 0
	w.phone = func(w *world, leg *channel) {
		dialed++
		w.after(time.Second, func() { w.answer(leg) })
	}
	k := newKept()
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	var leg *channel
	served := func(number string) *channel {
		caller := w.arrive(number, "8000")
		w.enter(caller, "8001")
		w.wait(3 * time.Second)
		require.NotNil(t, caller.partner, number)
		if leg == nil {
			leg = caller.partner
		}
		require.Same(t, leg, caller.partner, number)
		return caller
	}
	again := func() {
		k.restart(w, d)
		w.step(engine.Input{Kind: engine.TimerDue})
		w.wait(3 * time.Second)
	}
	first := served("13900000001")

	again()
	a, _ := w.engine.Agent("anna")
	require.Equal(t, events.OccupancyTalking, a.Occupancy)
	w.hangup(first, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(3 * time.Second)
	w.hangup(served("13900000002"), engine.CauseNormalClearing, engine.RecvBye)
	w.wait(3 * time.Second)

	again()
	w.hangup(served("13900000003"), engine.CauseNormalClearing, engine.RecvBye)
	w.wait(3 * time.Second)
	require.Equal(t, 1, dialed)
	require.Zero(t, w.engine.Stats().Calls)

	w.request(engine.Request{Kind: engine.RequestAgentLogout, AgentUUID: "anna"})
	w.wait(3 * time.Second)
	require.Empty(t, w.channels, "logout ends the leg")
}

// TestRestartNailedNoMore: a leg that stays up is hung up where nobody is to have it any more.
func TestRestartNailedNoMore(t *testing.T) {
	d := oneAgent(0)
	d.Agents[0].NailedUp = true
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.answer(leg) }
	k := newKept()
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	w.wait(time.Second)
	require.Len(t, w.channels, 1)
	d.Agents[0].NailedUp = false // he is an agent like any other after the restart
	k.restart(w, d)
	w.step(engine.Input{Kind: engine.TimerDue})
	w.wait(3 * time.Second)
	require.Empty(t, w.channels)
}
