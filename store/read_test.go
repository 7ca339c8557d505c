package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// However many calls there are, one of them is found by an index, and so is all that belongs to it.
func TestCallsAreNotScanned(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	tx, err := s.read()
	require.NoError(t, err)
	defer tx.Rollback()
	for query, want := range map[string]string{
		"SELECT * FROM cdr_timeline WHERE call_id = ?1": "SEARCH s USING PRIMARY KEY (start_millis=? AND party_id=?)",
		"SELECT * FROM cdr_party WHERE call_id = ?1":    "SEARCH p USING INDEX sqlite_autoindex_party_1 (call_id=?)",
		askCallsNamed: "SEARCH party USING INDEX party_named (party_id>? AND party_id<?)",
		askStates:     "SEARCH s USING PRIMARY KEY (start_millis=? AND party_id=?)",
		askLastState:  "SEARCH party_state USING PRIMARY KEY (start_millis=? AND party_id=?)",
	} {
		plan := planOf(t, tx, query, "0acab8f4", 2)
		require.Contains(t, plan, want, query)
		for _, detail := range plan {
			require.NotRegexp(t, "SCAN", detail, query)
		}
	}
}

// A call is found by the beginning of its id, or by that of any of its participants.
func TestCallsNamed(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	records := transferRecords(3, 0)
	records[1].Party.PartyID = records[0].Call.CallID // who begins a call has its id
	s.Append(records)
	require.NoError(t, s.Flush(deadline(t)))
	first, second := records[0].Call.CallID, records[9].Call.CallID
	for name, want := range map[string][]string{
		first: {first}, second[:8]: {second},
		callRecords(3)[3].Party.PartyID:     {first},
		callRecords(4)[3].Party.PartyID[:8]: {second, first}, // has been in both
		"ffff0000":                          nil, "0ac": nil, // would mean too many
	} {
		got, err := s.CallsNamed(name)
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, name)
	}
}
