package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// quiet keeps retries to those that a test asks for, and waits short.
func quiet(dir string) Options {
	return Options{Dir: dir, BusyMillis: 1, RetryMillis: 5000}
}

// lock holds the database's write lock on a connection of its own, until the returned function is called.
func lock(t testing.TB, dir string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+"?_txlock=immediate")
	require.NoError(t, err)
	tx, err := db.Begin()
	require.NoError(t, err)
	return func() {
		require.NoError(t, tx.Rollback())
		require.NoError(t, db.Close())
	}
}

// pragma sets a pragma of the writer's connection.
func pragma(t testing.TB, s *Store, text string) {
	t.Helper()
	onWriter(t, s, func(w *writer) {
		_, err := w.db.conn.ExecContext(context.Background(), "PRAGMA "+text)
		require.NoError(t, err)
	})
}

// heal tries SQLite again and requires that it works.
func heal(t testing.TB, s *Store) {
	t.Helper()
	onWriter(t, s, (*writer).tryAgain)
	stats := s.Stats()
	require.False(t, stats.Degraded, stats.LastError)
	require.Zero(t, stats.InSpill)
	require.NoError(t, s.Flush(deadline(t)))
}

// faultless is what the tables hold when records are written without any fault.
func faultless(t testing.TB, records []engine.Record) string {
	t.Helper()
	dir := memoryDir(t)
	s, err := Open(Options{Dir: dir, Durability: "normal", QueueMax: 1 << 24})
	require.NoError(t, err)
	s.Append(records)
	require.NoError(t, s.Close(deadline(t)))
	return dump(t, dir)
}

func spillSize(t testing.TB, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, spillName))
	require.NoError(t, err)
	return info.Size()
}

// Disk full: CDRs spill, durable; with space again they are read back in order and the spill is emptied.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	book, log := newLog()
	options := quiet(dir)
	options.Log = log
	s := open(t, options)
	s.Append(calls(0, 2))
	require.NoError(t, s.Flush(deadline(t)))
	pragma(t, s, "max_page_count = 1") // SQLite makes it the present size: SQLITE_FULL from here on
	s.Append(calls(2, 50))
	require.NoError(t, s.Flush(deadline(t)))
	s.Append(calls(50, 60))
	require.NoError(t, s.Flush(deadline(t)))
	stats := s.Stats()
	require.True(t, stats.Degraded)
	require.Contains(t, stats.LastError, "full")
	require.EqualValues(t, 58*14, stats.Spilled)
	require.Equal(t, 58*14, stats.InSpill)
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM call"))
	require.Contains(t, book.String(),
		"SQLite cannot write: CDRs go to the spill file until it can again; the disk is full")

	pragma(t, s, "max_page_count = 1000000")
	heal(t, s)
	require.Zero(t, spillSize(t, dir))
	require.Equal(t, faultless(t, calls(0, 60)), dump(t, dir))
	require.Contains(t, book.String(), `"SQLite works again"`)
	require.Equal(t, 1, strings.Count(book.String(), "SQLite cannot write"), "one line a fault, not one a try")
}

// smallDisk is a directory on a file system of 1 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("a small file system cannot be mounted: ", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// Both full, on a file system that really is: records wait in memory, and nothing is lost when space returns.
func TestFileSystemFull(t *testing.T) {
	dir := smallDisk(t)
	s := open(t, quiet(dir))
	ballast := filepath.Join(dir, "ballast")
	err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600)
	require.ErrorIs(t, err, syscall.ENOSPC)
	written := 0
	for s.Stats().Queued == 0 { // until neither SQLite nor the spill file has room
		require.Less(t, written, 2000)
		for range 10 {
			s.Append(callRecords(written))
			written++
		}
		onWriter(t, s, (*writer).writeQueue)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Flush(ctx), context.DeadlineExceeded)
	require.NoError(t, os.Truncate(ballast, 100<<10))
	require.NoError(t, s.Flush(deadline(t)), "there is room for the spill file again")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"))
	heal(t, s)
	require.Equal(t, faultless(t, calls(0, written)), dump(t, dir))
	require.Zero(t, s.Stats().DroppedCDRs+s.Stats().DroppedStates)
}

// A foreign process that holds the lock for long: CDRs spill, and the retry reads them back.
func TestForeignLock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	other := start(t, "lock", dir)
	require.Equal(t, "ready", other.line(t))
	s.Append(calls(0, 10))
	require.NoError(t, s.Flush(deadline(t)))
	require.Contains(t, s.Stats().LastError, "locked")
	require.EqualValues(t, 140, s.Stats().Spilled)
	onWriter(t, s, (*writer).tryAgain)
	require.True(t, s.Stats().Degraded)
	other.end(t)
	heal(t, s)
	require.Equal(t, faultless(t, calls(0, 10)), dump(t, dir))
}

// The writer tries again by itself: after 100 ms, then twice as long each time, up to 5 s.
func TestRetriesBackOff(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(Options{Dir: dir, BusyMillis: 1})
		require.NoError(t, err)
		unlock := lock(t, dir)
		s.Append(callRecords(1))
		require.NoError(t, s.Flush(context.Background()))
		for _, wait := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
			failed := s.Stats().LastErrorMillis
			<-time.After(wait * time.Millisecond)
			synctest.Wait()
			require.Equal(t, failed+int64(wait), s.Stats().LastErrorMillis)
		}
		unlock()
		<-time.After(5 * time.Second)
		synctest.Wait()
		require.False(t, s.Stats().Degraded)
		require.Zero(t, s.Stats().InSpill)
		require.EqualValues(t, 14, s.Stats().Written)

		unlock = lock(t, dir)
		s.Append(callRecords(2))
		require.NoError(t, s.Flush(context.Background()))
		unlock()
		<-time.After(100 * time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 28, s.Stats().Written, "the next fault begins with a short wait again")
		require.NoError(t, s.Close(context.Background()))
	})
}

// A database that turns read-only is given up and opened anew.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	pragma(t, s, "query_only = 1")
	s.Append(calls(0, 3))
	require.NoError(t, s.Flush(deadline(t)))
	require.Contains(t, s.Stats().LastError, "readonly")
	_, err := s.OpenCalls()
	require.ErrorContains(t, err, "out of order")
	heal(t, s)
	require.Equal(t, faultless(t, calls(0, 3)), dump(t, dir))
	_, err = s.OpenCalls()
	require.NoError(t, err)
}

// A database file that is deleted or replaced while it is open takes no more rows; a new one does.
func TestDatabaseFileGone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	company := s.CompanyID()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.Remove(filepath.Join(dir, databaseName+suffix)))
	}
	s.Append(calls(0, 3))
	require.NoError(t, s.Flush(deadline(t)))
	require.Contains(t, s.Stats().LastError, databaseName+" is gone")
	heal(t, s)
	require.Equal(t, faultless(t, calls(0, 3)), dump(t, dir))
	require.Equal(t, company, s.CompanyID())
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM identity WHERE value = ?", company))
}

// corrupt overwrites all pages but the first, as another process: this one must not touch the file.
func corrupt(t *testing.T, path string) {
	t.Helper()
	if _, err := exec.LookPath("dd"); err != nil {
		t.Skip("the dd tool is not installed")
	}
	command := exec.Command("dd", "if=/dev/urandom", "of="+path, "bs=4096", "seek=1", "count=8", "conv=notrunc")
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
}

// A damaged database is set aside with what lies beside it, and a new one begun with the same identity, said loudly.
func TestDamagedAtStart(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"pages": corrupt,
		"header": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("not a database"), 0o640))
		},
		"truncated": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 9000)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, databaseName)
			var company string
			openOnce(t, Options{Dir: dir}, func(s *Store) {
				company = s.CompanyID()
				_, err := s.NextEpoch()
				require.NoError(t, err)
				s.Append(calls(0, 100))
			})
			damage(t, path)
			bad, err := os.ReadFile(path)
			require.NoError(t, err)

			book, log := newLog()
			s := open(t, Options{Dir: dir, Log: log})
			aside := s.Stats().SetAside
			require.True(t, strings.HasPrefix(aside, path+".damaged-"), aside)
			kept, err := os.ReadFile(aside)
			require.NoError(t, err)
			require.Equal(t, bad, kept)
			require.Contains(t, book.String(), "level=ERROR")
			require.Contains(t, book.String(), "the database was damaged: it is set aside and a new one is begun")
			require.Contains(t, book.String(), aside)

			require.Equal(t, company, s.CompanyID())
			seq, err := s.NextEpoch()
			require.NoError(t, err)
			require.Equal(t, uint64(2)<<32, seq, "event numbers do not repeat (protocol 2)")
			s.Append(callRecords(1))
			require.NoError(t, s.Flush(deadline(t)))
			require.Equal(t, faultless(t, callRecords(1)), dump(t, dir))
		})
	}
}

// The search for damage has a bounded time; what it does not reach does not keep the store from opening.
func TestTheSearchForDamageIsBounded(t *testing.T) {
	dir := t.TempDir()
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(calls(0, 100)) })
	corrupt(t, filepath.Join(dir, databaseName))
	db, err := sql.Open("sqlite3", filepath.Join(dir, databaseName))
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	require.True(t, isDamage(check(t.Context(), conn, checkTime)))
	late, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, check(late, conn, checkTime))
}

// Damage that shows while the database is in use: the same, and no record is lost.
func TestDamagedInUse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, databaseName)
	s := open(t, quiet(dir))
	s.Append(calls(0, 100))
	require.NoError(t, s.Flush(deadline(t)))
	onWriter(t, s, func(w *writer) { require.NoError(t, w.db.checkpoint()) })
	corrupt(t, path)
	pragma(t, s, "shrink_memory") // forget the good pages
	s.Append(calls(100, 103))
	require.NoError(t, s.Flush(deadline(t)))
	require.True(t, s.Stats().Degraded)
	require.Contains(t, s.Stats().LastError, "malformed")
	heal(t, s)
	require.True(t, exists(s.Stats().SetAside))
	require.Equal(t, faultless(t, calls(100, 103)), dump(t, dir))
}

// One process owns a data directory; the next one is told which.
func TestTwoOwners(t *testing.T) {
	dir := t.TempDir()
	other := start(t, "own", dir)
	require.Equal(t, "ready", other.line(t))
	_, err := Open(Options{Dir: dir})
	require.EqualError(t, err, fmt.Sprintf("data-dir %s belongs to process %d (%s): "+
		"end that process or set data-dir to another directory", dir, other.command.Process.Pid, filepath.Base(os.Args[0])))
	other.end(t)
	s := open(t, Options{Dir: dir})
	_, err = Open(Options{Dir: dir})
	require.ErrorContains(t, err, fmt.Sprintf("belongs to process %d", os.Getpid()))
	require.NoError(t, s.Close(deadline(t)))
	openOnce(t, Options{Dir: dir}, func(*Store) {})
}

// A data directory that cannot be made or written is refused in a line that names the setting and the directory.
func TestDataDirIsNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	below := filepath.Join(file, "cti")
	_, err := Open(Options{Dir: below})
	require.ErrorContains(t, err, "data-dir "+below+" cannot be created: ")
	require.ErrorContains(t, err, "set data-dir to another directory")

	sealed := t.TempDir()
	require.NoError(t, os.Chmod(sealed, 0o500))
	if os.Geteuid() == 0 {
		sealed = "/proc/self" // root may write everywhere else
	}
	_, err = Open(Options{Dir: sealed})
	require.ErrorContains(t, err, "data-dir "+sealed+" is not writable: ")
	require.ErrorContains(t, err, "give it to the switch's user or set data-dir to another directory")
}

// A database that is held locked when the store opens does not keep the engine from starting: its identity is kept in
// the file, and its CDRs spill.
func TestLockedAtStart(t *testing.T) {
	dir := t.TempDir()
	openOnce(t, Options{Dir: dir}, func(*Store) {})
	unlock := lock(t, dir)
	s := open(t, quiet(dir))
	seq, err := s.NextEpoch()
	require.NoError(t, err)
	require.Equal(t, uint64(1)<<32, seq)
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	require.True(t, s.Stats().Degraded)
	unlock()
	heal(t, s)
	require.Equal(t, faultless(t, callRecords(1)), dump(t, dir))
}

// A disk that is full when the store opens is named.
func TestFileSystemFullAtStart(t *testing.T) {
	dir := smallDisk(t)
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(callRecords(1)) })
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 1<<20), 0o600), syscall.ENOSPC)
	_, err := Open(Options{Dir: dir})
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "make room")
	require.NoError(t, os.Remove(filepath.Join(dir, "ballast")))
	openOnce(t, Options{Dir: dir}, func(s *Store) { require.Empty(t, s.Stats().SetAside) })
	require.Equal(t, faultless(t, callRecords(1)), dump(t, dir))
}

// A record that SQLite refuses for good is kept aside and does not hold up the others.
func TestARefusedRecord(t *testing.T) {
	dir := t.TempDir()
	book, log := newLog()
	options := quiet(dir)
	options.Log = log
	s := open(t, options)
	bad := callRecords(1)[0].Call.CallID
	pragma(t, s, "user_version = 1; CREATE TRIGGER refuse BEFORE INSERT ON call WHEN new.call_id = '"+bad+
		"' BEGIN SELECT raise(ABORT, 'not this one'); END")
	s.Append(calls(0, 3))
	s.Append([]engine.Record{{Kind: 99}})
	require.NoError(t, s.Flush(deadline(t)))
	require.EqualValues(t, 3, s.Stats().Rejected) // opened, closed, and the unknown one
	require.False(t, s.Stats().Degraded)
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM call"))
	require.Equal(t, 6, count(t, dir, "SELECT count(*) FROM party"))
	text, err := os.ReadFile(filepath.Join(dir, rejectedName))
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(text), "\n"))
	require.Contains(t, string(text), bad)
	require.Contains(t, book.String(), "not this one")
}

// failingFile is a spill file on a disk that fails: a write leaves half of what it was given.
type failingFile struct {
	spillFile
	write, sync, truncate error
}

func (f *failingFile) WriteAt(text []byte, at int64) (int, error) {
	if f.write != nil {
		n, _ := f.spillFile.WriteAt(text[:len(text)/2], at)
		return n, f.write
	}
	return f.spillFile.WriteAt(text, at)
}

func (f *failingFile) Sync() error {
	return errors.Join(f.sync, f.spillFile.Sync())
}

func (f *failingFile) Truncate(size int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.spillFile.Truncate(size)
}

// failSpill lets the store's spill file fail as the returned value says; it is the writer's to change.
func failSpill(t testing.TB, s *Store) *failingFile {
	t.Helper()
	var file *failingFile
	onWriter(t, s, func(w *writer) {
		file = &failingFile{spillFile: w.spill.file}
		w.spill.file = file
	})
	return file
}

// While nothing can be written memory is bounded: state changes are dropped first, calls and participants last, all of
// it counted and told.
func TestBoundedMemory(t *testing.T) {
	dir := t.TempDir()
	book, log := newLog()
	options := quiet(dir)
	options.QueueMax, options.Log = 60, log
	s := open(t, options)
	file := failSpill(t, s)
	file.write = syscall.ENOSPC
	unlock := lock(t, dir)
	flushInVain := func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.Error(t, s.Flush(ctx))
		onWriter(t, s, (*writer).tryAgain)
	}

	s.Append(calls(0, 4)) // 56 records
	flushInVain()
	require.Zero(t, s.Stats().DroppedStates)
	s.Append(calls(4, 10)) // 60 records of calls and participants in all
	flushInVain()
	require.EqualValues(t, 80, s.Stats().DroppedStates)
	require.Zero(t, s.Stats().DroppedCDRs)
	require.Equal(t, 60, s.Stats().Queued)
	s.Append(callRecords(10))
	flushInVain()
	require.EqualValues(t, 88, s.Stats().DroppedStates)
	require.EqualValues(t, 6, s.Stats().DroppedCDRs)
	require.Contains(t, book.String(), "neither SQLite nor the spill file can be written: CDRs wait in memory")
	require.Contains(t, book.String(), `"state changes"=8 "records of calls and parties"=6`)

	unlock()
	onWriter(t, s, (*writer).tryAgain)
	require.ErrorIs(t, s.Flush(deadline(t)), ErrDropped)
	require.NoError(t, s.Flush(deadline(t)), "what was told is not told again")
	require.Equal(t, 10, count(t, dir, "SELECT count(*) FROM call WHERE open = 0"))
	require.Equal(t, 20, count(t, dir, "SELECT count(*) FROM party WHERE open = 0"))
	require.Zero(t, spillSize(t, dir))
}

// Closed while nothing can be written, the store says what is lost.
func TestClosedWhileNothingCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(quiet(dir))
	require.NoError(t, err)
	file := failSpill(t, s)
	file.sync = syscall.EIO
	unlock := lock(t, dir)
	defer unlock()
	s.Append(callRecords(1))
	require.ErrorContains(t, s.Close(deadline(t)), "14 records are lost")
	require.NotNil(t, file.sync)
	require.Equal(t, 0, int(spillSize(t, dir)), "what was not acknowledged does not come back in part")
}
