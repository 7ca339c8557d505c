package center

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// again is a world of one agent, and what is kept of it.
func again(d *engine.Directory) (*world, *kept, func(now *engine.Directory)) {
	w, k := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000}), newKept()
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	return w, k, func(now *engine.Directory) {
		k.restart(w, now)
		w.step(engine.Input{Kind: engine.TimerDue})
		w.wait(time.Second)
	}
}

// serve has the agent come to his phone, and a caller put through to it.
func (w *world) serve(t *testing.T) (caller *channel) {
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	w.wait(2 * time.Second)
	caller = w.arrive("13900000001", "8000")
	w.enter(caller, "8001")
	w.wait(3 * time.Second)
	require.NotNil(t, caller.partner)
	return caller
}

// TestRestartKeepsTheNameOnANailedLeg: a call on a leg that stays up has a party with a name of its own. It has that name too
// when the module was loaded anew, and is released and written down under it (docs/ARCHITECTURE.md 11, 17).
func TestRestartKeepsTheNameOnANailedLeg(t *testing.T) {
	d := oneAgent(0)
	d.Agents[0].NailedUp = true
	w, k, restart := again(d)
	caller := w.serve(t)
	restart(d)
	w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	calls := k.fold.CDRs()
	require.Len(t, calls, 1)
	require.True(t, calls[0].Closed)
	for _, p := range calls[0].Parties {
		require.True(t, p.Closed, "%s at %s", p.PartyID, p.ThisDN)
	}
	require.Zero(t, k.fold.Faults, "records that fit nothing")
}

// TestRestartAfterReload: an agent whom a change of the directory has put into a queue works for it in the next run too, and one
// who was not named when a run began is at work no more when he is again.
func TestRestartAfterReload(t *testing.T) {
	d := oneAgent(0)
	w, _, restart := again(d)
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1,
		ThisQueues: []string{"8002"}})
	without, nobody := oneAgent(0), oneAgent(0)
	without.Tiers = without.Tiers[1:]
	nobody.Agents, nobody.Tiers = nil, nil
	for _, next := range []*engine.Directory{without, d} {
		w.step(engine.Input{Kind: engine.DirectoryChanged, Directory: next})
	}
	a, _ := w.engine.Agent("anna")
	require.Equal(t, []string{"8001", "8002"}, a.ThisQueues)
	restart(d)
	a, _ = w.engine.Agent("anna")
	require.Equal(t, []string{"8001", "8002"}, a.ThisQueues)
	restart(nobody)
	restart(d)
	a, _ = w.engine.Agent("anna")
	require.Equal(t, int64(events.AgentStateLoggedOut), a.AgentState)
}

// TestRestartBeforeALegIsParked: the module goes when a call on a leg that stays up is over, or goes on without its agent, and the leg
// is not parked yet. It says still that it is in that call; the next run knows it for whose it is, parks it and has the next caller
// put through to it (docs/ARCHITECTURE.md 11, 17).
func TestRestartBeforeALegIsParked(t *testing.T) {
	for _, goesOn := range []bool{false, true} {
		d := oneAgent(0)
		d.Agents[0].NailedUp = true
		w, _, restart := again(d)
		first := w.serve(t)
		leg := first.partner
		parking, take := false, w.stepOn
		w.stepOn = func(in *engine.Input) {
			take(in)
			parking = parking || slices.ContainsFunc(w.out.Commands, func(c engine.Command) bool {
				return c.Kind == engine.CommandWait && c.Leg == leg.id
			})
		}
		if goesOn {
			w.request(engine.Request{Kind: engine.RequestSingleStepTransfer, ThisDN: "1001", OtherDN: "13900000003"})
			w.part(leg) // the switch takes his customer away first
		} else {
			w.hangup(first, engine.CauseNormalClearing, engine.RecvBye)
		}
		for range 20 {
			if !parking {
				w.next()
			}
		}
		require.True(t, parking)
		restart(d)
		require.True(t, strings.HasPrefix(leg.callID, "nailed-"), leg.callID)
		a, _ := w.engine.Agent("anna")
		require.Equal(t, events.StatusFree, a.Status)
		second := w.arrive("13900000002", "8000")
		w.enter(second, "8001")
		w.wait(time.Second)
		require.Same(t, leg, second.partner)
	}
}

// TestRestartKeepsTheCallOfWhoCameToIt: an agent comes to a phone that is on a call. The call is his in the next run too, and not of
// who had that phone when it came, whom the directory names again (3.15; docs/ARCHITECTURE.md 11).
func TestRestartKeepsTheCallOfWhoCameToIt(t *testing.T) {
	both := oneAgent(0)
	both.Agents = append(both.Agents, engine.AgentConfig{UUID: "bert", DN: "1002", WrapUpMillis: -1})
	one := oneAgent(0)
	one.Agents[0] = both.Agents[1]
	one.Tiers = nil
	w, _, restart := again(both)
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 2})
	w.request(engine.Request{Kind: engine.RequestMakeCall, ThisDN: "1001", OtherDN: "13900000001"})
	w.wait(3 * time.Second)
	comes := func(directory *engine.Directory) {
		restart(directory)
		a, _ := w.engine.Agent("bert")
		require.Len(t, a.Calls, 1)
		require.Equal(t, "1001", a.Calls[0].ThisDN)
	}
	restart(one)
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "bert", ThisDN: "1001", AgentState: 1})
	comes(one)
	comes(both)
}

// TestRestartWhileAPhoneIsGone: a logout because a phone is gone waits for the end of the call; the phone is back after the module
// was loaded anew, and the logout is called off (3.15).
func TestRestartWhileAPhoneIsGone(t *testing.T) {
	d := oneAgent(0)
	d.Agents[0].DeviceLost = engine.DeviceLogsOut
	w, _, restart := again(d)
	caller := w.serve(t)
	w.step(engine.Input{Kind: engine.DeviceLost, Text: engine.Text{User: "1001"}})
	a, _ := w.engine.Agent("anna")
	require.Equal(t, &events.ReservedState{ReasonCode: events.ReasonDeviceLost}, a.Reserved)
	restart(d)
	w.step(engine.Input{Kind: engine.DeviceFound, Text: engine.Text{User: "1001"}})
	a, _ = w.engine.Agent("anna")
	require.Nil(t, a.Reserved)
	w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	a, _ = w.engine.Agent("anna")
	require.Equal(t, int64(events.AgentStateReady), a.AgentState)
}

// TestRestartKeepsTheCallOfWhoLeft: an agent leaves in his after-call work with another call at his phone. It is his still, over a
// restart as without one: he does not come to another phone before it is over (3.15; docs/ARCHITECTURE.md 11).
func TestRestartKeepsTheCallOfWhoLeft(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		d := oneAgent(20_000)
		w, _, restart := again(d)
		comesTo := func(dn string, want int64) {
			w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: dn, AgentState: 1})
			a, _ := w.engine.Agent("anna")
			require.Equal(t, want, a.AgentState, "at %s, restarted %v", dn, restarted)
		}
		comesTo("1001", events.AgentStateReady)
		caller := w.arrive("13900000001", "8000")
		w.enter(caller, "8001")
		w.wait(3 * time.Second)
		require.NotNil(t, caller.partner)
		w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
		w.wait(time.Second)
		own := w.arrive("1001", "1009")
		w.wait(time.Second)
		w.request(engine.Request{Kind: engine.RequestAgentLogout, AgentUUID: "anna"})
		if restarted {
			restart(d)
		}
		comesTo("1003", events.AgentStateLoggedOut)
		w.hangup(own, engine.CauseNormalClearing, engine.RecvBye)
		w.wait(time.Second)
		comesTo("1003", events.AgentStateReady)
	}
}

// TestRestartFindsPhones: a phone comes back while the module is away: the switch is asked for it when the module is loaded
// anew (3.15; limits-and-faults 5.2).
func TestRestartFindsPhones(t *testing.T) {
	d := oneAgent(0)
	d.Agents[0].DeviceLost = engine.DeviceLogsOut
	w, _, restart := again(d)
	w.serve(t)
	w.device(true, "1001")
	a, _ := w.engine.Agent("anna")
	require.Equal(t, &events.ReservedState{ReasonCode: events.ReasonDeviceLost}, a.Reserved)
	w.unregistered["1001"] = false
	restart(d)
	w.wait(time.Second)
	a, _ = w.engine.Agent("anna")
	require.Nil(t, a.Reserved)
	require.Equal(t, int64(events.AgentStateReady), a.AgentState)
}

// TestRestartKeepsTheBreakUnderAGonePhone: an agent asks for a break during his call, and then his phone is gone: he is to leave
// instead. It is back when the module has been loaded anew: he has his break, and no call before it (3.15).
func TestRestartKeepsTheBreakUnderAGonePhone(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		d := oneAgent(0)
		d.Agents[0].DeviceLost = engine.DeviceLogsOut
		w, _, restart := again(d)
		caller := w.serve(t)
		w.request(engine.Request{Kind: engine.RequestAgentNotReady, ThisDN: "1001", ReasonCode: 12})
		w.device(true, "1001")
		a, _ := w.engine.Agent("anna")
		require.Equal(t, &events.ReservedState{ReasonCode: events.ReasonDeviceLost}, a.Reserved)
		w.unregistered["1001"] = false
		if restarted {
			restart(d)
			w.wait(time.Second)
		} else {
			w.device(false, "1001")
		}
		a, _ = w.engine.Agent("anna")
		require.Equal(t, &events.ReservedState{AgentState: events.AgentStateNotReady, ReasonCode: 12}, a.Reserved, "%v", restarted)
		w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
		w.wait(time.Second)
		a, _ = w.engine.Agent("anna")
		require.Equal(t, int64(events.AgentStateNotReady), a.AgentState)
	}
}
