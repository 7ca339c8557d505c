package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/store"
)

// forgetRows damages a database as only its use shows: an index names rows of the table that are not there.
func forgetRows(t *testing.T, path, table, index string) {
	t.Helper()
	run := func(statements ...string) {
		db, err := sql.Open("sqlite3", path)
		require.NoError(t, err)
		defer db.Close()
		db.SetMaxOpenConns(1)
		for _, s := range statements {
			_, err := db.Exec(s)
			require.NoError(t, err, s)
		}
	}
	run("CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE name = '"+index+"'",
		"PRAGMA writable_schema = on", "DELETE FROM sqlite_schema WHERE name = '"+index+"'")
	run("DELETE FROM "+table,
		"PRAGMA writable_schema = on", "INSERT INTO sqlite_schema SELECT * FROM aside")
	run("PRAGMA writable_schema = on", "DELETE FROM sqlite_schema WHERE name = 'aside'", "PRAGMA journal_mode = wal")
}

// Damage that a start meets only when it reads what an earlier run left: the database is set aside and a new one begun,
// like one that shows its damage at once, and the module starts.
func TestDamageFoundByTheStart(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	st, err := store.Open(store.Options{Dir: data})
	require.NoError(t, err)
	st.Append([]engine.Record{{Kind: engine.CallOpened, Call: engine.CallRecord{CallID: "c1", CompanyID: "acme", StartMillis: 1}}})
	require.NoError(t, st.Close(context.Background()))
	forgetRows(t, filepath.Join(data, "cti.db"), "call", "call_open")

	b := begin(t, dir, newFakeHost())
	require.Contains(t, b.query("status"), "storeState|ok; a damaged database was set aside as ")
	require.Contains(t, b.host.logged(), "the database was damaged: it is set aside and a new one is begun")
	b.ring.push(true, inbound(1), ended(1))
	for range 4 {
		b.host.next(t)
	}
	require.Contains(t, b.query("call "+leg(1).Hex()), "|ORIGINATOR_CANCEL|", "what comes is kept")
}
