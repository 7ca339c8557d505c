package store

import (
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
