package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// Who waited when a run ended is told to the next with the time that his place is counted from, over as many restarts as
// there are; so are the phones that were called.
func TestWaited(t *testing.T) {
	dir := t.TempDir()
	records := queueRecords(1)[:7]
	stay, offer := *records[5].Queue, *records[6].Offer
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(records) })
	since := stay.EnteredMillis
	for restart := range int64(3) {
		s := open(t, Options{Dir: dir})
		waited, err := s.Waited()
		require.NoError(t, err)
		want := stay
		want.SinceMillis = since
		require.Equal(t, []engine.QueueRecord{want}, waited)
		offered, err := s.Offered()
		require.NoError(t, err)
		if restart == 0 {
			require.Equal(t, []engine.OfferRecord{offer}, offered)
		} else {
			require.Empty(t, offered)
		}
		stay.LeftMillis, stay.Outcome = since+1000*(restart+1), engine.StayInterrupted
		offer.EndMillis, offer.Outcome = stay.LeftMillis, engine.StayInterrupted
		ended, next := stay, stay
		next.EnteredMillis, next.LeftMillis, next.Outcome = stay.LeftMillis+1, 0, ""
		s.Append([]engine.Record{{Kind: engine.OfferEnded, Offer: &offer}, {Kind: engine.QueueLeft, Queue: &ended},
			{Kind: engine.QueueEntered, Queue: &next}})
		require.NoError(t, s.Close(deadline(t)))
		stay = next
	}
}

// callbackAt is a place that waits for a call-back, whose caller came so long before he asked for it, ms.
func callbackAt(call int, before int64) *engine.QueueRecord {
	of := callRecords(call)[0].Call
	return &engine.QueueRecord{
		CallID: of.CallID, QueueID: "8001", CallerDN: of.ThisDN, EnteredMillis: of.StartMillis + 60_000, Position: 1, Callback: true,
		SinceMillis: of.StartMillis + 60_000 - before, EarlyMillis: 1500,
	}
}

// Who is to be called back keeps the place of the call that he came with, over a restart too: the next run is told what it
// is counted from (3.2).
func TestCallbacksKeepTheirPlaces(t *testing.T) {
	dir := t.TempDir()
	first, second := callbackAt(1, 1_000), callbackAt(2, 50_000)
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		s.Append([]engine.Record{{Kind: engine.QueueEntered, Queue: first}, {Kind: engine.QueueEntered, Queue: second}})
	})
	s := open(t, Options{Dir: dir})
	callbacks, err := s.Callbacks()
	require.NoError(t, err)
	require.Equal(t, []engine.QueueRecord{*first, *second}, callbacks)
}

// stayOf is a stay in queue 8001 that has ended.
func stayOf(caller string, entered, left int64, outcome, agent string) engine.Record {
	return engine.Record{Kind: engine.QueueLeft, Queue: &engine.QueueRecord{
		CallID: caller + "-call", PartyID: fmt.Sprint(caller, entered), QueueID: "8001", CallerDN: caller, EnteredMillis: entered,
		SinceMillis: entered - 5, LeftMillis: left, Outcome: outcome, AgentUUID: agent,
	}}
}

// Who dropped may return to his place after a restart too, and so may whom the end of a run cut off, unless he has; an agent who
// gave up a consult has none. Who served a caller last is told once a caller. A queue without the settings for either asks nothing
// of the past.
func TestDroppedAndServed(t *testing.T) {
	dir := t.TempDir()
	agent := engine.PartyRecord{CallID: "1001-call", PartyID: "1001300", StartMillis: 1, AgentUUID: "u1"}
	const month = 31 * 86_400_000
	asked := stayOf("138", month+980, 0, "", "") // another call of his is to be called back: he has not come himself
	asked.Queue.PartyID, asked.Queue.Callback = "", true
	records := []engine.Record{
		stayOf("137", 50, 60, engine.StayAnswered, "u1"),
		stayOf("131", month+100, month+900, engine.StayAbandoned, ""),
		stayOf("132", month+200, month+800, engine.StayAbandoned, ""),
		stayOf("133", month+200, month+700, engine.StayAbandoned, ""),
		{Kind: engine.PartyOpened, Party: agent},
		stayOf("1001", 300, 400, engine.StayAbandoned, ""),
		stayOf("134", month+300, month+400, engine.StayAnswered, "u1"),
		stayOf("135", month+300, month+500, engine.StayAnswered, "u1"),
		stayOf("134", month+450, month+600, engine.StayAnswered, "u2"),
		{Kind: engine.QueueEntered, Queue: stayOf("133", month+710, 0, "", "").Queue},
		stayOf("136", month+400, month+950, engine.StayInterrupted, ""),
		stayOf("138", month+400, month+970, engine.StayAbandoned, ""),
		{Kind: engine.QueueEntered, Queue: asked.Queue},
	}
	d := sampleDirectory()
	require.Equal(t, "8001", d.Queues[0].ID)
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		s.Append(records)
		d.Queues[0].ResumeMillis, d.Queues[0].LastSeatMillis = 60_000, 5000
		require.NoError(t, s.Merge(d))
		require.NoError(t, s.Flush(deadline(t)))
	})
	s := open(t, Options{Dir: dir})
	dropped, err := s.Dropped()
	require.NoError(t, err)
	require.Equal(t, []engine.QueueRecord{*records[2].Queue, *records[1].Queue, *records[10].Queue, *records[11].Queue}, dropped)
	served, err := s.Served()
	require.NoError(t, err)
	require.Equal(t, []engine.QueueRecord{
		{CallerDN: "135", AgentUUID: "u1", LeftMillis: month + 500}, {CallerDN: "134", AgentUUID: "u2", LeftMillis: month + 600},
	}, served)

	for i := range d.Queues {
		d.Queues[i].ResumeMillis, d.Queues[i].LastSeatMillis = 0, 0
	}
	require.NoError(t, s.Merge(d))
	dropped, err = s.Dropped()
	require.NoError(t, err)
	require.Empty(t, dropped)
	served, err = s.Served()
	require.NoError(t, err)
	require.Empty(t, served)
}

// However much a store holds, a start reads the end of it only.
func TestPastIsNotScanned(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	tx, err := s.read()
	require.NoError(t, err)
	defer tx.Rollback()
	for query, want := range map[string]string{
		askDropped: "SEARCH queue_stay USING INTEGER PRIMARY KEY (rowid>?)",
		askServed:  "SEARCH queue_stay USING INDEX queue_stay_entered (entered_millis>?)",
	} {
		plan := planOf(t, tx, query)
		require.Contains(t, plan, want)
		for _, detail := range plan {
			require.NotRegexp(t, "SCAN (queue_stay|p$)", detail, query)
		}
	}
}
