package center

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
)

func oneAgent(wrapUp int64) *engine.Directory {
	return &engine.Directory{
		Agents: []engine.AgentConfig{{UUID: "anna", DN: "1001", WrapUpMillis: -1}},
		Queues: []engine.QueueConfig{{ID: "8001", WrapUpMillis: wrapUp, CallbackKey: "1"}, {ID: "8002"}},
		Tiers:  []engine.TierConfig{{AgentUUID: "anna", QueueID: "8001"}, {AgentUUID: "anna", QueueID: "8002"}},
	}
}

// kept is what the store keeps of a run.
type kept struct {
	fold   cdr.Fold
	agents map[string]engine.AgentRecord
	stays  map[stayKey]engine.QueueRecord
	left   []engine.QueueRecord
	offers map[string]engine.OfferRecord // by the party
}

func newKept() *kept {
	return &kept{
		agents: map[string]engine.AgentRecord{}, stays: map[stayKey]engine.QueueRecord{}, offers: map[string]engine.OfferRecord{},
	}
}

func (k *kept) take(records []engine.Record) {
	k.fold.Add(records)
	for _, r := range records {
		switch r.Kind {
		case engine.AgentChanged:
			k.agents[r.Agent.UUID] = *r.Agent
		case engine.OfferMade:
			k.offers[r.Offer.PartyID] = *r.Offer
		case engine.OfferEnded:
			delete(k.offers, r.Offer.PartyID)
		case engine.QueueEntered:
			k.stays[stayKey{r.Queue.CallID, r.Queue.PartyID, r.Queue.QueueID, r.Queue.EnteredMillis}] = *r.Queue
			k.left = slices.DeleteFunc(k.left, func(s engine.QueueRecord) bool {
				came := !r.Queue.Callback && s.QueueID == r.Queue.QueueID && s.CallerDN == r.Queue.CallerDN
				return came && s.Outcome != engine.StayAnswered
			})
		case engine.QueueLeft:
			k.left = append(k.left, *r.Queue)
			delete(k.stays, stayKey{r.Queue.CallID, r.Queue.PartyID, r.Queue.QueueID, r.Queue.EnteredMillis})
		}
	}
}

// restart gives a world a new engine, with what the store kept of the old one.
func (k *kept) restart(w *world, d *engine.Directory) {
	config := w.config
	config.MonoNanos, config.WallMicros, config.Directory = w.now, startWall+(w.now-startMono)/1000, d
	config.LegSeed[1] += uint64(w.runs) << 32
	for _, id := range slices.Sorted(maps.Keys(k.agents)) {
		config.Agents = append(config.Agents, k.agents[id])
	}
	for _, s := range slices.SortedFunc(maps.Values(k.stays), func(a, b engine.QueueRecord) int {
		return cmp.Or(cmp.Compare(a.EnteredMillis, b.EnteredMillis), cmp.Compare(a.CallID, b.CallID), cmp.Compare(a.QueueID, b.QueueID))
	}) {
		if s.Callback {
			config.Callbacks = append(config.Callbacks, s)
		} else {
			config.Waited = append(config.Waited, s)
		}
	}
	for _, s := range k.left {
		switch s.Outcome {
		case engine.StayAbandoned, engine.StayInterrupted:
			config.Dropped = append(config.Dropped, s)
		case engine.StayAnswered:
			config.Served = append(config.Served, s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(k.offers)) {
		config.Offered = append(config.Offered, k.offers[id])
	}
	w.engine = engine.New(config, k.fold.Open())
	w.runs++
	w.timer = 0
	clear(w.strands)
	clear(w.queued)
}

func (w *world) wait(d time.Duration) {
	till := w.now + int64(d)
	for len(w.todo) > 0 && w.todo[0].at <= till {
		w.next()
	}
	w.now = till
}

// TestRestartUnderATalk: an agent talks to a queue's caller when the module is loaded anew. He has a call as before, is
// offered none, keeps the break that he has asked for, and has after-call work at its end (3.15; docs/ARCHITECTURE.md 11).
func TestRestartUnderATalk(t *testing.T) {
	d := oneAgent(5000)
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	k := newKept()
	var told []string
	w.stepOn = func(*engine.Input) {
		k.take(w.out.Records)
		for _, o := range w.out.Events {
			told = append(told, o.Message.Name())
		}
	}
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", ThisQueues: []string{"8001"},
		AgentState: 1})
	first := w.arrive("13900000001", "8000")
	w.enter(first, "8001")
	w.wait(3 * time.Second)
	require.NotNil(t, first.partner)
	w.request(engine.Request{Kind: engine.RequestAgentNotReady, AgentUUID: "anna", ReasonCode: events.ReasonRest})

	k.restart(w, d)
	told = nil
	w.step(engine.Input{Kind: engine.TimerDue})
	w.wait(time.Second)
	require.Empty(t, told, "nothing has changed")
	a, _ := w.engine.Agent("anna")
	require.Equal(t, events.OccupancyTalking, a.Occupancy)
	require.Equal(t, []string{"8001"}, a.ThisQueues)
	require.Equal(t, &events.ReservedState{AgentState: 2, ReasonCode: events.ReasonRest}, a.Reserved)

	second := w.arrive("13900000002", "8000")
	w.enter(second, "8001")
	w.wait(time.Second)
	require.Nil(t, second.partner)
	w.hangup(first, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	a, _ = w.engine.Agent("anna")
	require.Equal(t, events.OccupancyAfterCallWork, a.Occupancy)
	w.wait(5 * time.Second)
	a, _ = w.engine.Agent("anna")
	require.Equal(t, events.StatusRest, a.Status)
	w.request(engine.Request{Kind: engine.RequestAgentReady, AgentUUID: "anna"})
	w.wait(3 * time.Second)
	require.NotNil(t, second.partner)
}

// TestRestartWhileAPhoneRings: whoever it rang for is in nobody's queue any more. It is silent, and the agent is free; a
// place that waits for a call-back still does.
func TestRestartWhileAPhoneRings(t *testing.T) {
	d := oneAgent(0)
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(100*time.Millisecond, func() { w.ring(leg) }) }
	k := newKept()
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	away := w.arrive("13900000001", "8000")
	w.enter(away, "8001")
	w.fact(engine.LegDTMF, away, func(in *engine.Input) { in.Text.Digits = "1" })
	w.wait(time.Second)
	require.True(t, away.ending, "he was let go")
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", ThisQueues: []string{"8002"},
		AgentState: 1})
	caller := w.arrive("13900000002", "8000")
	w.enter(caller, "8002")
	w.wait(time.Second)
	require.Len(t, w.channels, 2)

	k.restart(w, d)
	w.step(engine.Input{Kind: engine.TimerDue})
	w.hangup(caller, engine.CauseOriginatorCancel, engine.RecvCancel)
	w.wait(20 * time.Second)
	require.Empty(t, w.channels, "a phone rings for nobody")
	a, _ := w.engine.Agent("anna")
	require.Equal(t, events.StatusFree, a.Status)
	q, _ := w.engine.Queue("8001")
	require.Len(t, q.Callers, 1)
	require.Equal(t, "13900000001", q.Callers[0].OtherDN)
	require.Equal(t, startWall/1000, q.Callers[0].EnteredTime, "his place is as old as his first call")
}

// TestRestartKeepsTheOrder: who is to be called back and who waits himself are served in the order in which they came, over a
// restart as without one: a place is as old as the call that it began with, also where the turn is counted from the beginning
// of that call (3.2; docs/ARCHITECTURE.md 11).
func TestRestartKeepsTheOrder(t *testing.T) {
	for _, sinceCall := range []bool{false, true} {
		for _, restarted := range []bool{false, true} {
			d := oneAgent(0)
			d.Queues[0].SinceCall = sinceCall
			w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
			w.phone, w.talk = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }, time.Second
			k := newKept()
			var served []string
			w.stepOn = func(*engine.Input) {
				k.take(w.out.Records)
				for _, c := range w.out.Commands {
					if c.Kind == engine.CommandOriginate && c.Value == "user/1001" {
						served = append(served, c.CallerNumber)
					}
				}
			}
			w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 2, ReasonCode: 11})
			enters := func(number string, menu time.Duration) *channel {
				c := w.arrive(number, "8000")
				w.wait(menu)
				w.enter(c, "8001")
				w.wait(time.Second)
				return c
			}
			leaves := func(c *channel) {
				w.fact(engine.LegDTMF, c, func(in *engine.Input) { in.Text.Digits = "1" })
				w.wait(time.Second)
				require.True(t, c.ending, "he was let go")
			}
			enters("139000001", 0)
			second := enters("139000002", 0)
			third := enters("139000003", 0)
			enters("139000004", 0)
			last := w.arrive("139000006", "8000") // his call is older than the next one's, and he comes after it
			w.wait(time.Second)
			enters("139000005", 10*time.Second)
			w.enter(last, "8001")
			leaves(third)
			leaves(second)
			leaves(last)
			if restarted {
				k.restart(w, d)
				w.step(engine.Input{Kind: engine.TimerDue})
			}
			w.request(engine.Request{Kind: engine.RequestAgentReady, AgentUUID: "anna"}) // before the first snapshot
			w.wait(5 * time.Minute)
			want := []string{"139000001", "139000002", "139000003", "139000004", "139000005", "139000006"}
			if sinceCall {
				want[4], want[5] = want[5], want[4]
			}
			require.Equal(t, want, served, "since call %v, restarted %v", sinceCall, restarted)
		}
	}
}

// TestDrainKeepsCallbacks: who waits is sent on when the system is emptied, and who is to be called back keeps his place for the
// next run (3.16).
func TestDrainKeepsCallbacks(t *testing.T) {
	w := newWorld(1, engine.Config{Directory: oneAgent(0), AuditMillis: 5000})
	back := w.arrive("13900000001", "8000")
	w.enter(back, "8001")
	w.fact(engine.LegDTMF, back, func(in *engine.Input) { in.Text.Digits = "1" })
	waits := w.arrive("13900000002", "8000")
	w.enter(waits, "8001")
	w.wait(time.Second)
	w.step(engine.Input{Kind: engine.DrainOrdered})
	w.wait(time.Second)
	require.Equal(t, string(engine.WhenClosed), waits.result)
	q, _ := w.engine.Queue("8001")
	require.Len(t, q.Callers, 1)
	require.Equal(t, "13900000001", q.Callers[0].OtherDN)
}

// TestRestartInAfterCallWork: the reason that waits behind after-call work is in force after it, whatever came between (3.15).
func TestRestartInAfterCallWork(t *testing.T) {
	d := oneAgent(5000)
	w := newWorld(1, engine.Config{Directory: d, AuditMillis: 5000})
	w.phone = func(w *world, leg *channel) { w.after(time.Second, func() { w.answer(leg) }) }
	k := newKept()
	w.stepOn = func(*engine.Input) { k.take(w.out.Records) }
	w.request(engine.Request{Kind: engine.RequestAgentLogin, AgentUUID: "anna", ThisDN: "1001", AgentState: 1})
	caller := w.arrive("13900000001", "8000")
	w.enter(caller, "8001")
	w.wait(3 * time.Second)
	w.request(engine.Request{Kind: engine.RequestAgentNotReady, AgentUUID: "anna", ReasonCode: 12})
	w.hangup(caller, engine.CauseNormalClearing, engine.RecvBye)
	w.wait(time.Second)
	for range 2 {
		k.restart(w, d)
		w.step(engine.Input{Kind: engine.TimerDue})
		a, _ := w.engine.Agent("anna")
		require.Equal(t, events.OccupancyAfterCallWork, a.Occupancy)
	}
	w.wait(5 * time.Second)
	a, _ := w.engine.Agent("anna")
	require.EqualValues(t, 12, a.ReasonCode)
}
