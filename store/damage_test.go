package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// past is what a start reads of an earlier run.
func past(s *Store) error {
	for _, read := range []func() error{
		func() error { _, err := s.OpenCalls(); return err },
		func() error { _, err := s.Directory(); return err },
		func() error { _, err := s.Agents(); return err },
		func() error { _, err := s.Callbacks(); return err },
		func() error { _, err := s.Waited(); return err },
		func() error { _, err := s.Dropped(); return err },
		func() error { _, err := s.Served(); return err },
		func() error { _, err := s.Offered(); return err },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// filled makes a database with something in it, and runs statements on it once it is closed.
func filled(t *testing.T, statements ...string) (dir, path, company string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, databaseName)
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		company = s.CompanyID()
		require.NoError(t, s.Merge(sampleDirectory()))
		s.Append(calls(0, 100))
		s.Append(callRecords(200)[:1])
	})
	for _, statement := range statements {
		onFile(t, path, func(db *sql.DB) {
			_, err := db.Exec(statement)
			require.NoError(t, err)
		})
	}
	return dir, path, company
}

func onFile(t *testing.T, path string, f func(*sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer db.Close()
	f(db)
}

// starts tells that a start on a directory is not refused: what it cannot read is set aside, and what comes is kept.
func starts(t *testing.T, dir, company string) (setAside bool) {
	t.Helper()
	options := quiet(dir)
	options.check = time.Nanosecond
	s := open(t, options)
	if met := past(s); met != nil {
		require.NoError(t, s.Mend(met), "%v", met)
		require.NoError(t, past(s))
	}
	require.Equal(t, company, s.CompanyID())
	s.Append(callRecords(1000))
	require.NoError(t, s.Flush(deadline(t)))
	if s.Stats().Degraded {
		heal(t, s)
	}
	_, _, _, err := s.Call(callRecords(1000)[0].Call.CallID)
	require.NoError(t, err)
	return s.Stats().SetAside != ""
}

// TestDamageAnywhere: the root of any table or index is garbage, and the search for damage does not get there. The start is not
// refused, and where it reads there the database is set aside.
func TestDamageAnywhere(t *testing.T) {
	type page struct {
		name string
		root int64
	}
	var pages []page
	_, path, _ := filled(t)
	onFile(t, path, func(db *sql.DB) {
		rows, err := db.Query("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var p page
			require.NoError(t, rows.Scan(&p.name, &p.root))
			pages = append(pages, p)
		}
		require.NoError(t, rows.Err())
	})
	aside := map[string]bool{}
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			dir, path, company := filled(t)
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			garbage := make([]byte, 4096)
			for i := range garbage {
				garbage[i] = 0xA5
			}
			_, err = file.WriteAt(garbage, 4096*(p.root-1))
			require.NoError(t, err)
			require.NoError(t, file.Close())
			aside[p.name] = starts(t, dir, company)
		})
	}
	for _, read := range []string{"identity", "agent", "queue", "tier", "call"} {
		require.True(t, aside[read], read)
	}
}

// TestLockedAtStartWithSpilledEnds: while another process holds the database locked, ends wait in the spill file. A start then
// does not take calls for open that have ended, and once the lock is gone all is as it would have been without.
func TestLockedAtStartWithSpilledEnds(t *testing.T) {
	dir := t.TempDir()
	first, second := callRecords(1), callRecords(2)
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		s.Append(first[:7])
		s.Append(second[:7])
	})
	unlock := lock(t, dir)
	openOnce(t, quiet(dir), func(s *Store) {
		s.Append(first[7:])
		s.Append(second[7:11]) // the customer is gone, the agent talks
	})
	require.Positive(t, spillSize(t, dir))
	s := open(t, quiet(dir))
	calls, err := s.OpenCalls()
	require.NoError(t, err)
	require.Len(t, calls, 1)
	require.Equal(t, second[0].Call, calls[0].Call)
	require.Len(t, calls[0].Parties, 1)
	require.Equal(t, second[3].Party.PartyID, calls[0].Parties[0].PartyID)
	s.Append(second[11:])
	unlock()
	heal(t, s)
	require.Equal(t, faultless(t, append(first, second...)), dump(t, dir))
}

// TestDamagedValues: what no check of SQLite's finds, as it is no longer what was written.
func TestDamagedValues(t *testing.T) {
	for i, damage := range []string{
		"UPDATE identity SET value = 'x7' WHERE key = 'epoch'",
		"UPDATE call SET attached_data = '{\"orderID\":' WHERE open = 1",
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			dir, _, company := filled(t, damage)
			require.True(t, starts(t, dir, company))
		})
	}
}
