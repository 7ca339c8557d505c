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
