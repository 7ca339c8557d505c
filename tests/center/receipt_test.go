package center

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// candidate is one of those whom a receipt names: who was free for the caller, and what he was judged by.
type candidate struct {
	AgentUUID string `json:"agentUUID"`
	Level     int    `json:"level"`
	Position  int    `json:"position"`
	Calls     int    `json:"calls"`
	Key       int64  `json:"key"`
}

// receiptHall has one queue that takes staff of the first level only at first, and of the second after five seconds.
func receiptHall(strategy engine.Strategy, staff ...engine.TierConfig) *hall {
	d := &engine.Directory{Queues: []engine.QueueConfig{{ID: "q", Strategy: strategy, LevelAfter: [engine.LevelMax]int64{0, 5000}}}}
	for i, t := range staff {
		t.QueueID = "q"
		d.Tiers = append(d.Tiers, t)
		d.Agents = append(d.Agents, engine.AgentConfig{UUID: t.AgentUUID, DN: strconv.Itoa(100_000 + i), LoginAtStart: true})
	}
	h := &hall{now: startMono, engine: staffedEngine(d)}
	h.step(engine.Input{Kind: engine.TimerDue})
	return h
}

// offered lets a caller come and returns the receipt of the offer that this leads to, and how the caller ends.
func (h *hall) offered(t *testing.T) (engine.OfferRecord, []candidate, func()) {
	t.Helper()
	c := h.arrive()
	in := engine.Input{Kind: engine.LegExecuted, Leg: c.id}
	in.Text.App, in.Text.AppArg = "cti_queue", "q"
	h.step(in)
	called := originates(h.made)
	at := slices.IndexFunc(h.out.Records, func(r engine.Record) bool { return r.Kind == engine.OfferMade })
	require.GreaterOrEqual(t, at, 0, "a phone is called for him")
	o := *h.out.Records[at].Offer
	var list []candidate
	require.NoError(t, json.Unmarshal([]byte(o.Candidates), &list), o.Candidates)
	return o, list, func() { h.leave(c, called) }
}

func uuids(list []candidate) (names []string) {
	for _, c := range list {
		names = append(names, c.AgentUUID)
	}
	return names
}

func (h *hall) rest(uuid string) {
	h.step(engine.Input{Kind: engine.ClientRequest, Request: h.ask(engine.RequestAgentNotReady, uuid)})
}

// TestReceipt: an offer says who could have had the caller, best first, and what each was judged by (every queue is asked:
// why did this call go there). Who is on a break, of a level that the caller does not accept yet, or called for somebody
// else could not.
func TestReceipt(t *testing.T) {
	h := receiptHall(engine.Sequential,
		engine.TierConfig{AgentUUID: "second", Level: 1, Position: 2},
		engine.TierConfig{AgentUUID: "first", Level: 1, Position: 1},
		engine.TierConfig{AgentUUID: "away", Level: 1, Position: 3},
		engine.TierConfig{AgentUUID: "trainee", Level: 2, Position: 0},
	)
	h.rest("away")
	o, list, leave := h.offered(t)
	require.Equal(t, "first", o.AgentUUID)
	require.Equal(t, 2, o.CandidateCount)
	require.Equal(t, []string{"first", "second"}, uuids(list))
	require.Equal(t, []candidate{
		{AgentUUID: "first", Level: 1, Position: 1, Key: list[0].Key}, {AgentUUID: "second", Level: 1, Position: 2, Key: list[1].Key},
	}, list)

	o, list, leaveToo := h.offered(t)
	require.Equal(t, "second", o.AgentUUID, "the first one's phone is called for another caller")
	require.Equal(t, 1, o.CandidateCount)
	require.Equal(t, []string{"second"}, uuids(list))
	leave()
	leaveToo()
}

// TestReceiptOfMany names the best ten and counts all.
func TestReceiptOfMany(t *testing.T) {
	var staff []engine.TierConfig
	for i := range 25 {
		staff = append(staff, engine.TierConfig{AgentUUID: "agent" + strconv.Itoa(i), Level: 1, Position: 24 - i})
	}
	h := receiptHall(engine.Sequential, staff...)
	for _, uuid := range []string{"agent23", "agent3"} {
		h.rest(uuid)
	}
	o, list, leave := h.offered(t)
	require.Equal(t, 23, o.CandidateCount)
	require.Equal(t, []string{
		"agent24", "agent22", "agent21", "agent20", "agent19", "agent18", "agent17", "agent16", "agent15", "agent14",
	}, uuids(list))
	require.Len(t, list, engine.CandidatesMax)
	leave()
}

// TestReceiptOfAnAgent: when an agent gets ready he is the only one who could have the caller that waited.
func TestReceiptOfAnAgent(t *testing.T) {
	h := receiptHall(engine.LongestIdle, engine.TierConfig{AgentUUID: "one", Level: 1}, engine.TierConfig{AgentUUID: "other", Level: 1})
	h.rest("one")
	h.rest("other")
	c := h.arrive()
	in := engine.Input{Kind: engine.LegExecuted, Leg: c.id}
	in.Text.App, in.Text.AppArg = "cti_queue", "q"
	h.step(in)
	require.Empty(t, originates(h.made))
	h.step(engine.Input{Kind: engine.ClientRequest, Request: h.ask(engine.RequestAgentReady, "other")})
	at := slices.IndexFunc(h.out.Records, func(r engine.Record) bool { return r.Kind == engine.OfferMade })
	require.GreaterOrEqual(t, at, 0)
	o := h.out.Records[at].Offer
	var list []candidate
	require.NoError(t, json.Unmarshal([]byte(o.Candidates), &list))
	require.Equal(t, "other", o.AgentUUID)
	require.Equal(t, 1, o.CandidateCount)
	require.Equal(t, []string{"other"}, uuids(list))
	require.EqualValues(t, 1, o.WaitedMillis, "a step is a millisecond")
}
