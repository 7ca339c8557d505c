package center

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// TestRestartWhileCallersWait: their stays end with the run that knew them. The dialplan has them wait again, and each has
// the place that he had, whoever is back first (docs/ARCHITECTURE.md 11).
func TestRestartWhileCallersWait(t *testing.T) {
	d := oneAgent(0)
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	k := newKept()
	var left []engine.QueueRecord
	w.stepOn = func(*engine.Input) {
		k.take(w.out.Records)
		for _, r := range w.out.Records {
			if r.Kind == engine.QueueLeft {
				left = append(left, *r.Queue)
			}
		}
	}
	first := w.arrive("13900000001", "8000")
	w.enter(first, "8001")
	w.wait(time.Second)
	second := w.arrive("13900000002", "8000")
	w.enter(second, "8001")
	w.wait(time.Second)
	for range 2 {
		left = nil
		k.restart(w, d)
		w.step(engine.Input{Kind: engine.TimerDue})
		require.Len(t, left, 2)
		for _, stay := range left {
			require.Equal(t, engine.StayInterrupted, stay.Outcome)
			require.GreaterOrEqual(t, stay.LeftMillis, stay.EnteredMillis)
		}
		require.Empty(t, k.stays)
		w.enter(second, "8001")
		w.wait(time.Second)
		w.enter(first, "8001")
		w.wait(time.Second)
		require.Len(t, k.stays, 2)
	}
	third := w.arrive("13900000003", "8000")
	w.enter(third, "8001")
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	for _, next := range []*channel{first, second, third} {
		w.wait(3 * time.Second)
		require.NotNil(t, next.partner)
		w.hangup(next, engine.CauseNormalClearing, engine.RecvBye)
	}
}

// TestRestartLosesAPhoneThatRang: its channel has ended while the module was away. His call goes on, and ends as it does.
func TestRestartLosesAPhoneThatRang(t *testing.T) {
	d := oneAgent(0)
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(100*time.Millisecond, func() { w.ring(leg) }) }
	k := newKept()
	var closed []engine.CallRecord
	w.stepOn = func(*engine.Input) {
		k.take(w.out.Records)
		closed = append(closed, w.closed()...)
	}
	caller := w.callRinging(t)
	for id, c := range w.channels {
		if c != caller {
			delete(w.channels, id)
		}
	}
	k.restart(w, d)
	w.snapshot()
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	w.enter(caller, "8001")
	w.wait(3 * time.Second)
	require.NotNil(t, caller.partner)
	w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	require.Len(t, closed, 1)
	require.Equal(t, engine.EndNormal, closed[0].EndReason)
}

// TestRestartKeepsWhoMayReturn: who dropped and comes back in time has his place again, and who was served is for the same
// agent first, also when the module was loaded anew meanwhile (3.2).
func TestRestartKeepsWhoMayReturn(t *testing.T) {
	d := oneAgent(0)
	d.Queues[0].ResumeMillis, d.Queues[0].LastSeatMillis = 60_000, 30_000
	d.Agents = append(d.Agents, engine.AgentConfig{UUID: "bert", DN: "1002", WrapUpMillis: -1})
	d.Tiers = append(d.Tiers, engine.TierConfig{AgentUUID: "bert", QueueID: "8001"})
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	k := newKept()
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	restart := func() {
		k.restart(w, d)
		w.step(engine.Input{Kind: engine.TimerDue})
	}
	login := func(uuid, dn string) {
		w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: uuid, ThisDN: dn, AgentState: 1})
	}
	talk := func(caller *channel, with string) {
		w.wait(3 * time.Second)
		require.NotNil(t, caller.partner)
		require.Equal(t, with, caller.partner.number)
		w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
		w.wait(time.Second)
	}
	enter := func(number string) *channel {
		caller := w.arrive(number, "8000")
		w.enter(caller, "8001")
		w.wait(time.Second)
		return caller
	}
	drop := func(caller *channel) { w.hangup(caller, engine.CauseOriginatorCancel, engine.RecvCancel) }

	late := enter("13900000001")
	drop(late)
	w.wait(50 * time.Second)
	early := enter("13900000002")
	drop(early)
	w.wait(9 * time.Second)
	other := enter("13900000003")
	drop(other)
	restart()
	w.wait(5 * time.Second)
	stays := enter("13900000004")
	late, early = enter("13900000001"), enter("13900000002")
	login("bert", "1002")
	talk(early, "1002")
	talk(stays, "1002")
	talk(late, "1002") // his time was over

	login("anna", "1001")
	w.wait(time.Second)
	restart()
	talk(enter("13900000002"), "1002") // whom he knows, though anna has been free for longer
	talk(enter("13900000009"), "1001")
}

// TestRestartKeepsThePlaceOfWhoWasCutOff: the switch dies under callers who wait, which is no fault of theirs. Who calls again in time
// has his place, as who hung up has, also when another restart comes before he does; who comes too late has not (3.2).
func TestRestartKeepsThePlaceOfWhoWasCutOff(t *testing.T) {
	for restarts := 1; restarts <= 2; restarts++ {
		d := oneAgent(0)
		d.Queues[0].ResumeMillis = 60_000
		w, _, restart := again(d)
		enter := func(number string) int64 {
			caller := w.arrive(number, "8000")
			w.enter(caller, "8001")
			q, _ := w.engine.Queue("8001")
			for _, c := range q.Callers {
				if c.OtherDN == number {
					return c.EnteredTime
				}
			}
			return 0
		}
		first := enter("13900000001")
		w.wait(time.Second)
		late := enter("13900000002")
		w.wait(time.Second)
		clear(w.channels)
		for range restarts {
			restart(d)
		}
		w.wait(20 * time.Second)
		require.NotZero(t, first)
		require.Equal(t, first, enter("13900000001"), "%d restarts", restarts)
		w.wait(40 * time.Second)
		require.Less(t, late, enter("13900000002"), "%d restarts", restarts)
	}
}
