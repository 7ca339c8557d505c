package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// One row a call, one a participant, one a state change, holding what the records say (call-model 3.1, R16 to R18).
func TestACallIsOneRowEach(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	records := callRecords(1)
	s.Append(records)
	require.NoError(t, s.Flush(deadline(t)))

	wantCall, wantA, wantB := records[13].Call, records[10].Party, records[12].Party
	call, parties, states, err := s.Call(wantCall.CallID)
	require.NoError(t, err)
	require.Equal(t, wantCall, call)
	require.Equal(t, []engine.PartyRecord{wantA, wantB}, parties)
	var names []string
	for _, state := range states {
		names = append(names, fmt.Sprint(state.Ordinal, " ", state.State, " ", state.Clause))
	}
	require.Equal(t, []string{"1 Dialing 3.1", "1 Ringing 3.1", "2 Talk 3.1", "2 Talk 3.1", "3 Held 3.4", "4 Talk 3.4",
		"3 Released 3.1", "5 Released 3.1"}, names)
	for table, want := range map[string]int{"call": 1, "party": 2, "party_state": 8} {
		require.Equal(t, want, count(t, dir, "SELECT count(*) FROM "+table), table)
	}
	require.Zero(t, count(t, dir, "SELECT sum(open) FROM (SELECT open FROM call UNION ALL SELECT open FROM party)"))
}

func TestUnknownCall(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	_, _, _, err := s.Call("0123")
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "0123")
}

// A live participant's row follows PartyUpdated, in the call that the record names, and ends where it is.
func TestAPartyChanges(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	records := callRecords(1)
	s.Append(records[:9])
	changed := records[3].Party
	changed.OtherDN, changed.PartyRole = "1999", events.Supervisor
	elsewhere := changed
	elsewhere.CallID, elsewhere.OtherDN = "other", "1998"
	s.Append([]engine.Record{{Kind: engine.PartyUpdated, Party: changed}, {Kind: engine.PartyUpdated, Party: elsewhere}})
	require.NoError(t, s.Flush(deadline(t)))
	_, parties, states, err := s.Call(changed.CallID)
	require.NoError(t, err)
	require.Equal(t, []engine.PartyRecord{records[1].Party, changed}, parties)
	require.Len(t, states, 6)

	gone := ended(changed, changed.StartMillis)
	later := changed
	later.OtherDN = "1000"
	s.Append([]engine.Record{{Kind: engine.PartyClosed, Party: gone}, {Kind: engine.PartyUpdated, Party: later}})
	require.NoError(t, s.Flush(deadline(t)))
	_, parties, _, err = s.Call(changed.CallID)
	require.NoError(t, err)
	require.Equal(t, []engine.PartyRecord{records[1].Party, gone}, parties, "nothing changes after the end")
}

// Records that are repeated from anywhere on change nothing, and neither does a single one on the way.
func TestRepeatsChangeNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	records := append(calls(0, 2), transferRecords(2, 1)...)
	records = append(append(records, again(records[14:28], 100_000)...), callRecords(4)[:8]...)
	s.Append(records)
	require.NoError(t, s.Flush(deadline(t)))
	want := dump(t, dir)
	for i := range records {
		s.Append(records[i : i+1])
		s.Append(records[i:])
	}
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, want, dump(t, dir))
}

// 3.14: the first end wins; a second one is a no-op.
func TestTheFirstEndStands(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	records := callRecords(1)
	s.Append(records)
	again := records[13]
	again.Call.EndReason, again.Call.EndMillis, again.Call.ANI = engine.EndInterrupted, 1, "another"
	s.Append([]engine.Record{again, records[0], records[1]}) // the beginnings once more, too
	require.NoError(t, s.Flush(deadline(t)))
	call, parties, _, err := s.Call(again.Call.CallID)
	require.NoError(t, err)
	require.Equal(t, records[13].Call, call)
	require.Equal(t, []engine.PartyRecord{records[10].Party, records[12].Party}, parties)
	calls, err := s.OpenCalls()
	require.NoError(t, err)
	require.Empty(t, calls)
}

// An end whose beginning was lost still makes its row: every call has one.
func TestAnEndWithoutABeginning(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	records := callRecords(1)
	s.Append([]engine.Record{records[10], records[13]})
	require.NoError(t, s.Flush(deadline(t)))
	call, parties, _, err := s.Call(records[13].Call.CallID)
	require.NoError(t, err)
	require.Equal(t, records[13].Call, call)
	require.Equal(t, []engine.PartyRecord{records[10].Party}, parties)
}

// The engine may use its records again as soon as Append has returned.
func TestAppendCopies(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	records := callRecords(1)
	want := callRecords(1)[13].Call
	s.Append(records)
	records[13].Call.AttachedData[0].JSON = `"lead"`
	clear(records)
	require.NoError(t, s.Flush(deadline(t)))
	call, _, _, err := s.Call(want.CallID)
	require.NoError(t, err)
	require.Equal(t, want, call)
}

// Every way in which a call ends has a name, and reads back.
func TestEndReasons(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	for reason, name := range map[engine.EndReason]string{engine.EndNormal: "normal", engine.EndMerged: "merged",
		engine.EndInterrupted: "interrupted", engine.EndVanished: "vanished", engine.EndFaulted: "faulted"} {
		call := engine.CallRecord{CallID: name, EndReason: reason, MergedInto: "into-" + name, Adopted: true}
		s.Append([]engine.Record{{Kind: engine.CallClosed, Call: call}})
		require.NoError(t, s.Flush(deadline(t)))
		have, _, _, err := s.Call(name)
		require.NoError(t, err)
		require.Equal(t, call, have)
		require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM call WHERE call_id = ? AND end_reason = ?", name, name))
	}
}

// What an earlier run left open comes back: the call, its living participants, and where each of them stood.
func TestOpenCalls(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	require.NoError(t, err)
	first, second := callRecords(1), callRecords(2)
	s.Append(first[:11]) // the customer is gone, the agent talks
	s.Append(second[:2]) // no state of the customer was written any more
	s.Append(callRecords(3))
	require.NoError(t, s.Close(deadline(t)))

	s = open(t, Options{Dir: dir})
	calls, err := s.OpenCalls()
	require.NoError(t, err)
	require.Equal(t, []engine.OpenCall{
		{Call: first[0].Call, Parties: []engine.PartyRecord{first[3].Party}, States: []engine.StateRecord{first[8].State}},
		{Call: second[0].Call, Parties: []engine.PartyRecord{second[1].Party},
			States: []engine.StateRecord{{CallID: second[0].Call.CallID, PartyID: second[1].Party.PartyID}}},
	}, calls)
}

// GroupRows records are worth a commit at once, and so is a Flush.
func TestGroupCommitIsEarlyWhenItPays(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s, err := Open(Options{Dir: dir, GroupRows: 28})
		require.NoError(t, err)
		s.Append(callRecords(1))
		s.Append(callRecords(2))
		synctest.Wait()
		require.Equal(t, Stats{Written: 28, Groups: 1}, s.Stats())
		s.Append(callRecords(3))
		require.NoError(t, s.Flush(context.Background()))
		require.Equal(t, Stats{Written: 42, Groups: 2}, s.Stats())
		require.Zero(t, time.Since(began))
		require.NoError(t, s.Close(context.Background()))
	})
}

// What one Step leads to is in one transaction, however small the groups.
func TestOneAppendIsOneTransaction(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), GroupRows: 5})
	onWriter(t, s, func(*writer) {
		s.Append(callRecords(1))
		s.Append(callRecords(2))
		s.Append(callRecords(3)[:2])
		s.Append(callRecords(3)[2:4])
		s.Append(callRecords(3)[4:7])
	})
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, Stats{Written: 35, Groups: 3}, s.Stats())
}

// synchronous is how the writer's connection flushes: 1 NORMAL, 2 FULL.
func synchronous(t *testing.T, w *writer) (mode int) {
	t.Helper()
	require.NoError(t, w.db.conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&mode))
	return mode
}

// durability full is synchronous FULL, normal is NORMAL; both are WAL.
func TestDurabilityIsInForce(t *testing.T) {
	for durability, want := range map[string]int{"": 2, "full": 2, "normal": 1} {
		s := open(t, Options{Dir: t.TempDir(), Durability: durability})
		onWriter(t, s, func(w *writer) {
			var journal string
			var busy int
			require.NoError(t, w.db.conn.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&journal))
			require.NoError(t, w.db.conn.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&busy))
			require.Equal(t, want, synchronous(t, w), durability)
			require.Equal(t, "wal", journal)
			require.Equal(t, 1000, busy)
		})
	}
}

func TestBadOptions(t *testing.T) {
	for want, options := range map[string]Options{
		`durability "half": want full or normal`: {Dir: t.TempDir(), Durability: "half"},
		"GroupMillis 51: want 1 to 50":           {Dir: t.TempDir(), GroupMillis: 51},
		"GroupRows -1: want":                     {Dir: t.TempDir(), GroupRows: -1},
		"data-dir is empty":                      {},
	} {
		_, err := Open(options)
		require.ErrorContains(t, err, want)
	}
}

// Only the switch's user and group can read what the store writes.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	s := open(t, Options{Dir: dir})
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), info.Mode().Perm())
	for _, name := range []string{databaseName, databaseName + "-wal", spillName, identityName, lockName} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), name)
	}
}

// A path may hold what means something in a URI.
func TestOddPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?mode=ro&c#d%20é'\"")
	s := open(t, Options{Dir: dir})
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	_, _, _, err := s.Call(callRecords(1)[0].Call.CallID)
	require.NoError(t, err)
	require.True(t, exists(filepath.Join(dir, databaseName)))
}

// After Close nothing is taken, and what comes is counted. The WAL is in the database.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	require.NoError(t, err)
	s.Append(callRecords(1))
	require.NoError(t, s.Close(deadline(t)))
	require.NoError(t, s.Close(deadline(t)))
	require.False(t, exists(filepath.Join(dir, databaseName+"-wal")))
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM call WHERE open = 0"))

	s.Append(callRecords(2))
	require.EqualValues(t, 8, s.Stats().DroppedStates)
	require.EqualValues(t, 6, s.Stats().DroppedCDRs)
	require.ErrorIs(t, s.Flush(deadline(t)), ErrDropped)
	_, err = s.NextEpoch()
	require.ErrorIs(t, err, ErrClosed)
	_, err = s.OpenCalls()
	require.Error(t, err)
}

// A panic in the writer ends neither the process nor the store.
func TestAPanicStaysInside(t *testing.T) {
	book, log := newLog()
	dir := t.TempDir()
	s := open(t, Options{Dir: dir, Log: log})
	onWriter(t, s, func(*writer) { panic("a fault") })
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM call"))
	onWriter(t, s, func(*writer) { require.False(t, s.Stats().Degraded) })
	require.Contains(t, book.String(), "a fault")
}

// However many rows there are, a write finds its own by its whole key.
func TestWritesSeekByKey(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	plan := func(query string, values int) (detail string) {
		onWriter(t, s, func(w *writer) {
			var id, parent, unused int
			row := w.db.conn.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, values)...)
			require.NoError(t, row.Scan(&id, &parent, &unused, &detail))
		})
		return detail
	}
	calls, parties := strings.Count(callColumns, ",")+1, strings.Count(partyColumns, ",")+1
	require.Contains(t, plan(endSameCall, calls),
		"SEARCH call USING INDEX sqlite_autoindex_call_1 (call_id=? AND start_millis=?)")
	for _, query := range []string{endSameParty, updateParty} {
		require.Contains(t, plan(query, parties),
			"SEARCH party USING INDEX sqlite_autoindex_party_1 (call_id=? AND party_id=? AND start_millis=?)")
	}
}

// What people ask of CDRs has views.
func TestViews(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	s.Append(callRecords(1))
	s.Append(callRecords(2)[:2])
	require.NoError(t, s.Flush(deadline(t)))
	id := callRecords(1)[0].Call.CallID
	// callRecords(1) begins at 1790000000050 ms, rings 5.2 s and talks 60.001 s with agent 1001.
	require.Equal(t, 1, count(t, dir, `SELECT count(*) FROM cdr WHERE call_id = ? AND started = '2026-09-21T14:13:20.050Z'
		AND answered = '2026-09-21T14:13:25.250Z' AND duration_sec = 65.201 AND wait_sec = 5.2 AND talk_sec = 60.001
		AND parties = 2 AND agents = '1001' AND end_reason = 'normal'
		AND json_extract(attached_data, '$.level') = 'gold'`, id))
	require.Equal(t, 1, count(t, dir, `SELECT count(*) FROM cdr WHERE end_reason = 'open' AND ended = '' AND answered = ''
		AND duration_sec IS NULL AND talk_sec = 0 AND agents = '' AND parties = 1`))
	require.Equal(t, 2, count(t, dir, `SELECT count(*) FROM cdr_party WHERE call_id = ? AND call_type = 'Inbound'
		AND answer_sec = 5 AND bill_sec = 60 AND hold_sec = 3 AND started LIKE '2026-09-21T14:13:20.0_0Z'`, id))
	require.Equal(t, 3000,
		count(t, dir, "SELECT lasted_millis FROM cdr_timeline WHERE call_id = ? AND state = 'Held'", id))
}

// The sqlite3 tool reads the database while the store has it open.
func TestTheSqlite3ToolReads(t *testing.T) {
	tool, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("the sqlite3 tool is not installed")
	}
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	out, err := exec.Command(tool, "-readonly", filepath.Join(dir, databaseName),
		"SELECT caller, callee, agents, talk_sec, hangup_cause, end_reason FROM cdr").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "13800000001|1001|1001|60.001|NORMAL_CLEARING|normal", strings.TrimSpace(string(out)))
}
