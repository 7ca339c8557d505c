package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// makeDatabase writes a database from a script that an earlier version left.
func makeDatabase(t *testing.T, dir, script string) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(dir, databaseName))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(script)
	require.NoError(t, err)
}

func userVersion(t *testing.T, path string) (version int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	return version
}

func newestVersion(t *testing.T) int {
	list, err := loadMigrations(embedded)
	require.NoError(t, err)
	return len(list)
}

// versionRecords are what the database of testdata/vN.sql holds: an ended and an open call, a transfer, and a call whose
// uuids were used again; since version 2 also a call that was distributed, since version 3 a place that waits for a
// call-back.
func versionRecords(version int) []engine.Record {
	records := append(callRecords(1), callRecords(2)[:3]...)
	records = append(records, transferRecords(3, 0)...)
	records = append(append(records, callRecords(5)...), again(callRecords(5), 100_000)...)
	if version >= 2 {
		records = append(records, queueRecords(6)...)
	}
	if version >= 3 {
		records = append(records, engine.Record{Kind: engine.QueueEntered, Queue: callbackAt(7, 5_000)})
	}
	return records
}

// TestMain's child "dump" makes the next testdata/vN.sql.
func childDump(dir string) error {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return err
	}
	id := identity{CompanyID: "00112233445566778899aabbccddeeff", SDKAppID: 1_412_345_678, Epoch: 41}
	if err := s.do(func(w *writer) { err = s.keepIdentity(w.db, id) }); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	s.Append(versionRecords(3))
	return errors.Join(s.Merge(sampleDirectory()), s.Close(context.Background()))
}

// schema is all that a database is made of, as SQLite spells it.
func schema(t *testing.T, dir string) (text string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRow("SELECT group_concat(sql, ';\n') FROM "+
		"(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name)").Scan(&text))
	return text
}

// onlyVersion is the embedded migrations up to one.
func onlyVersion(t *testing.T, version int) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(embedded, "migrations/*.sql")
	require.NoError(t, err)
	for _, name := range names[:version] {
		text, err := embedded.ReadFile(name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// A dump of a version is what the migrations up to it make: neither changes without the other.
func TestDumpsAreOfTheirVersions(t *testing.T) {
	for version := 1; version <= newestVersion(t); version++ {
		script, err := os.ReadFile(fmt.Sprintf("testdata/v%d.sql", version))
		require.NoError(t, err)
		dumped, made := t.TempDir(), t.TempDir()
		makeDatabase(t, dumped, string(script))
		migrations, err := loadMigrations(onlyVersion(t, version))
		require.NoError(t, err)
		for _, m := range migrations {
			makeDatabase(t, made, m.sql)
		}
		require.Equal(t, schema(t, made), schema(t, dumped))
	}
}

// From every version that was ever released the database comes to the newest, with what it held. For each version there
// is testdata/vN.sql: the dump of a database that holds versionRecords and a started engine.
func TestUpgradeFromEveryVersion(t *testing.T) {
	for version := 1; version <= newestVersion(t); version++ {
		t.Run(fmt.Sprint("v", version), func(t *testing.T) {
			script, err := os.ReadFile(fmt.Sprintf("testdata/v%d.sql", version))
			require.NoError(t, err, "a migration needs a dump of the version that it makes")
			dir := t.TempDir()
			makeDatabase(t, dir, string(script))
			require.Equal(t, version, userVersion(t, filepath.Join(dir, databaseName)))

			s := open(t, Options{Dir: dir})
			require.Equal(t, newestVersion(t), userVersion(t, filepath.Join(dir, databaseName)))
			require.Equal(t, faultless(t, versionRecords(version)), dump(t, dir))
			directory, err := s.Directory()
			require.NoError(t, err)
			if version < 2 {
				require.True(t, directory.Empty(), "the first start of version 2 is seeded")
			} else {
				require.Equal(t, sampleDirectory(), directory)
			}
			require.Equal(t, "00112233445566778899aabbccddeeff", s.CompanyID())
			require.EqualValues(t, 1_412_345_678, s.SDKAppID())
			seq, err := s.NextEpoch()
			require.NoError(t, err)
			require.Equal(t, uint64(42)<<32, seq)

			ended, opened := callRecords(1), callRecords(2)
			call, parties, states, err := s.Call(ended[13].Call.CallID)
			require.NoError(t, err)
			require.Equal(t, ended[13].Call, call)
			require.Equal(t, []engine.PartyRecord{ended[10].Party, ended[12].Party}, parties)
			require.Len(t, states, 8)
			calls, err := s.OpenCalls()
			require.NoError(t, err)
			require.Equal(t, []engine.OpenCall{{Call: opened[0].Call, Parties: []engine.PartyRecord{opened[1].Party},
				States: []engine.StateRecord{opened[2].State}}}, calls)
		})
	}
}

// nextVersion is the embedded migrations and one more.
func nextVersion(t *testing.T, script string) fs.FS {
	t.Helper()
	newest := newestVersion(t)
	files := onlyVersion(t, newest)
	files[fmt.Sprintf("migrations/%03d_more.sql", newest+1)] = &fstest.MapFile{Data: []byte(script)}
	return files
}

// An upgrade keeps the rows, and a copy of the database as it was, with the rows that were only in its WAL.
func TestUpgradeKeepsACopy(t *testing.T) {
	live, dir := t.TempDir(), t.TempDir()
	book, log := newLog()
	s := open(t, Options{Dir: live})
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	onWriter(t, s, func(*writer) { snapshot(t, live, dir) })
	want, now := dump(t, live), newestVersion(t)

	s = open(t, Options{Dir: dir, Log: log, migrations: nextVersion(t, "ALTER TABLE call ADD COLUMN note TEXT")})
	require.Equal(t, now+1, userVersion(t, filepath.Join(dir, databaseName)))
	require.Equal(t, want, dump(t, dir))
	require.Zero(t, count(t, dir, "SELECT count(note) FROM call"))
	s.Append(callRecords(2))
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM call"))

	copies, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("%s.v%d-*", databaseName, now)))
	require.NoError(t, err)
	require.Len(t, copies, 1)
	require.Equal(t, now, userVersion(t, copies[0]))
	require.Contains(t, book.String(), copies[0])
	info, err := os.Stat(copies[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	old := t.TempDir()
	require.NoError(t, os.Rename(copies[0], filepath.Join(old, databaseName)))
	require.Equal(t, want, dump(t, old))
}

// A new database needs no copy.
func TestANewDatabaseIsNotCopied(t *testing.T) {
	dir := t.TempDir()
	open(t, Options{Dir: dir})
	copies, err := filepath.Glob(filepath.Join(dir, databaseName+".v*"))
	require.NoError(t, err)
	require.Empty(t, copies)
}

// A migration happens whole or not at all.
func TestAFailedUpgradeChangesNothing(t *testing.T) {
	dir := t.TempDir()
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(callRecords(1)) })
	want, now := dump(t, dir), newestVersion(t)
	broken := nextVersion(t, "ALTER TABLE call ADD COLUMN note TEXT; DELETE FROM call; UPDATE absent SET x = 1")
	_, err := Open(Options{Dir: dir, migrations: broken})
	require.ErrorContains(t, err, fmt.Sprintf("_more.sql failed, it stays at version %d: no such table: absent", now))
	require.ErrorContains(t, err, filepath.Join(dir, databaseName))
	require.Equal(t, want, dump(t, dir))
	openOnce(t, Options{Dir: dir}, func(s *Store) { require.Empty(t, s.Stats().SetAside) })
}

// A database from a newer version is refused in one line that names the file and both versions, and stays as it is.
func TestANewerDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, databaseName)
	openOnce(t, Options{Dir: dir, migrations: nextVersion(t, "CREATE TABLE later (x TEXT) STRICT")}, func(s *Store) {
		s.Append(callRecords(1))
	})
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Open(Options{Dir: dir})
	now := newestVersion(t)
	require.EqualError(t, err, fmt.Sprintf("database %s has version %d and this module knows versions up to %d: "+
		"install the module that wrote it, or set data-dir to another directory", path, now+1, now))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestMigrationsAreNumberedWithoutAHole(t *testing.T) {
	_, err := loadMigrations(fstest.MapFS{"migrations/001_a.sql": {}, "migrations/003_c.sql": {}})
	require.ErrorContains(t, err, "migration migrations/003_c.sql: want number 002")
}
