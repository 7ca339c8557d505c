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

// transferred is a caller whom an agent has served and has put into a queue by request.
func (w *world) transferred(t *testing.T, number, queue string) (caller *channel) {
	t.Helper()
	w.prompt = true // so that no hangup is carried out before what was ordered before it
	caller = w.arrive(number, "8000")
	w.enter(caller, "8001")
	w.wait(3 * time.Second)
	require.NotNil(t, caller.partner, number)
	w.request(engine.Request{Kind: engine.RequestSingleStepTransfer, ThisDN: caller.partner.number, OtherDN: queue})
	w.wait(time.Second)
	require.True(t, caller.parked, number)
	return caller
}

// numbersIn are who waits in a queue, the first first, and since when.
func (w *world) numbersIn(id string) (numbers []string, entered []int64) {
	q, _ := w.engine.Queue(id)
	for _, c := range q.Callers {
		numbers, entered = append(numbers, c.OtherDN), append(entered, c.EnteredTime)
	}
	return numbers, entered
}

// TestRestartKeepsWhoWasPutThere: who was put into a queue by request is in no application that the dialplan would have him come
// back to. He is found where he waits, and has his place, before those who came later, whichever is told of first (3.2).
func TestRestartKeepsWhoWasPutThere(t *testing.T) {
	d := oneAgent(0)
	d.Queues[1].Music, d.Queues[1].Welcome, d.Queues[1].AnnounceMillis, d.Queues[1].AnnouncePosition = "jazz", "hello", 20_000, true
	d.Queues[1].MaxLength = 2
	d.Tiers = d.Tiers[:1]
	w, k, restart := again(d)
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	first, second := w.transferred(t, "13900000001", "8002"), w.transferred(t, "13900000002", "8002")
	numbers, entered := w.numbersIn("8002")
	require.Equal(t, []string{"13900000001", "13900000002"}, numbers)
	var said []string
	take := w.stepOn
	w.stepOn = func(in *engine.Input) {
		take(in)
		for _, c := range w.out.Commands {
			if c.Leg == first.id && (c.Kind == engine.CommandSay || c.Kind == engine.CommandWait) {
				said = append(said, c.Name+" "+c.Value)
			}
		}
	}
	for range 2 {
		w.inOrder[0], w.inOrder[len(w.inOrder)-1] = w.inOrder[len(w.inOrder)-1], w.inOrder[0]
		said = nil
		restart(d)
		now, since := w.numbersIn("8002")
		require.Equal(t, numbers, now)
		require.Equal(t, entered, since)
		require.Len(t, k.stays, 2)
		w.wait(20 * time.Second)
		require.Equal(t, []string{"queue ", "music jazz", "position 1"}, said, "who has not been away is not welcomed")
	}
	now := *d
	now.Tiers = oneAgent(0).Tiers
	w.step(engine.Input{Kind: engine.DirectoryChanged, Directory: &now})
	for _, next := range []*channel{first, second} {
		w.wait(3 * time.Second)
		require.NotNil(t, next.partner, next.number)
		w.hangup(next, engine.CauseNormalClearing, engine.RecvBye)
	}
	w.wait(time.Second)
	require.Zero(t, w.engine.Stats().Calls)
}

// TestRestartWithoutHisQueue: the queue is not in the directory any more that the next run begins with. Nobody serves him there and
// no dialplan has him: he is let go, as whom a queue has given up that leads nowhere.
func TestRestartWithoutHisQueue(t *testing.T) {
	d := oneAgent(0)
	w, _, restart := again(d)
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1,
		ThisQueues: []string{"8001"}})
	caller := w.transferred(t, "13900000001", "8002")
	now := *d
	now.Queues, now.Tiers = d.Queues[:1], d.Tiers[:1]
	restart(&now)
	require.True(t, caller.ending)
	require.Zero(t, w.engine.Stats().Calls)
}

// TestRestartAsAPlaceIsHandedOver: an agent leaves his place in a queue to his customer, and the module goes before he has gone. The
// place is his customer's in the next run, whenever the agent ends, and is as old as it was (3.6).
func TestRestartAsAPlaceIsHandedOver(t *testing.T) {
	for _, gone := range []bool{true, false} {
		d := oneAgent(0)
		d.Tiers = d.Tiers[:1]
		w, k, restart := again(d)
		caller := w.serve(t)
		agent := caller.partner
		w.request(engine.Request{Kind: engine.RequestInitiateConsult, ThisDN: "1001", OtherDN: "8002"})
		w.wait(time.Second)
		_, entered := w.numbersIn("8002")
		require.Len(t, entered, 1)
		w.wait(5 * time.Second)
		w.request(engine.Request{Kind: engine.RequestCompleteTransfer, ThisDN: "1001"})
		if gone {
			delete(w.channels, agent.id)
		}
		restart(d)
		if !gone {
			require.Empty(t, k.stays)
			w.hangup(agent, engine.CauseNormalClearing, engine.SendBye)
			w.wait(time.Second)
		}
		numbers, since := w.numbersIn("8002")
		require.Equal(t, []string{caller.number}, numbers, "gone %v", gone)
		require.Equal(t, entered, since, "gone %v", gone)
		require.True(t, caller.parked)
		w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
		w.wait(time.Second)
		require.Zero(t, w.engine.Stats().Calls)
		require.Empty(t, k.stays)
	}
}

// TestEntryIsLost: the record was lost with which a caller came into a queue, and nothing else of his. He waits there from the next
// snapshot on (cti.h).
func TestEntryIsLost(t *testing.T) {
	w, _, _ := again(oneAgent(0))
	caller := w.arrive("13900000001", "8000")
	w.fault.records = 1000
	caller.inQueue = "8001"
	w.wait(time.Second)
	w.fault.records = 0
	numbers, _ := w.numbersIn("8001")
	require.Empty(t, numbers)
	w.wait(5 * time.Second)
	numbers, _ = w.numbersIn("8001")
	require.Equal(t, []string{"13900000001"}, numbers)
}
