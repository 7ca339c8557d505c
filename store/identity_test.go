package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// openOnce opens a store, uses it and closes it.
func openOnce(t *testing.T, options Options, use func(*Store)) {
	t.Helper()
	s, err := Open(options)
	require.NoError(t, err)
	use(s)
	require.NoError(t, s.Close(deadline(t)))
}

// company-id and sdk-app-id are made at the first start and kept; the settings stand above them (settings.md).
func TestIdentityIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	var company string
	var app int64
	openOnce(t, Options{Dir: dir}, func(s *Store) { company, app = s.CompanyID(), s.SDKAppID() })
	require.Regexp(t, "^[0-9a-f]{32}$", company)
	require.GreaterOrEqual(t, app, int64(1_400_000_000))
	require.Less(t, app, int64(1_500_000_000))
	openOnce(t, Options{Dir: dir, CompanyID: "acme", SDKAppID: 7}, func(s *Store) {
		require.Equal(t, "acme", s.CompanyID())
		require.EqualValues(t, 7, s.SDKAppID())
	})
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		require.Equal(t, company, s.CompanyID())
		require.Equal(t, app, s.SDKAppID())
	})
	openOnce(t, Options{Dir: t.TempDir()}, func(s *Store) { require.NotEqual(t, company, s.CompanyID()) })
}

// protocol.md 2: each start begins at the next multiple of 2^32, never one that an earlier start was given.
func TestEpochsNeverRepeat(t *testing.T) {
	dir := t.TempDir()
	for want := uint64(1); want <= 3; want++ {
		openOnce(t, Options{Dir: dir}, func(s *Store) {
			seq, err := s.NextEpoch()
			require.NoError(t, err)
			require.Equal(t, want<<32, seq)
		})
	}
}

// An epoch is durable before it is used: a process killed right after it was told does not get it again.
func TestEpochIsDurableBeforeItIsUsed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	first, err := s.NextEpoch()
	require.NoError(t, err)
	for _, lost := range []string{"", identityName, databaseName} {
		image := t.TempDir()
		onWriter(t, s, func(*writer) { snapshot(t, dir, image) })
		if lost != "" {
			require.NoError(t, os.Remove(filepath.Join(image, lost)))
			os.Remove(filepath.Join(image, lost+"-wal"))
		}
		openOnce(t, Options{Dir: image}, func(again *Store) {
			require.Equal(t, s.CompanyID(), again.CompanyID(), "without %q", lost)
			require.Equal(t, s.SDKAppID(), again.SDKAppID(), "without %q", lost)
			second, err := again.NextEpoch()
			require.NoError(t, err)
			require.Equal(t, first+1<<32, second, "without %q", lost)
		})
	}
}

// A damaged copy of the identity does no harm, and is written anew.
func TestDamagedIdentityFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, identityName)
	var company string
	openOnce(t, Options{Dir: dir}, func(s *Store) { company = s.CompanyID() })
	require.NoError(t, os.WriteFile(path, []byte(`{"companyId":`), 0o640))
	openOnce(t, Options{Dir: dir}, func(s *Store) { require.Equal(t, company, s.CompanyID()) })
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), company)
}

// All numbers stay below 2^53: the last start that has any is the 2097151st, and the next is refused in words.
func TestEpochsEnd(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	onWriter(t, s, func(w *writer) {
		id := *s.identity.Load()
		id.Epoch = 1<<21 - 2
		require.NoError(t, s.keepIdentity(w.db, id))
	})
	last, err := s.NextEpoch()
	require.NoError(t, err)
	require.Less(t, last+1<<32-1, uint64(1)<<53)
	_, err = s.NextEpoch()
	require.ErrorContains(t, err, "no event numbers left below 2^53: set data-dir to a new directory")
}

// A start that lives for more than 2^32 events takes the numbers of the next start before it uses them.
func TestALongLifeTakesTheNextEpoch(t *testing.T) {
	dir := t.TempDir()
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		seq, err := s.NextEpoch()
		require.NoError(t, err)
		require.NoError(t, s.Reached(seq+1000))
		require.EqualValues(t, 1, s.identity.Load().Epoch)
		require.NoError(t, s.Reached(seq+1<<31))
		require.EqualValues(t, 2, s.identity.Load().Epoch)
		require.NoError(t, s.Reached(seq+1<<32+5))
		require.EqualValues(t, 2, s.identity.Load().Epoch)
	})
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		seq, err := s.NextEpoch()
		require.NoError(t, err)
		require.Equal(t, uint64(3)<<32, seq)
	})
}

// With the database out of order the epoch is still kept, in the file.
func TestEpochWithoutADatabase(t *testing.T) {
	dir := t.TempDir()
	openOnce(t, Options{Dir: dir, RetryMillis: 5000}, func(s *Store) {
		onWriter(t, s, func(w *writer) {
			_, err := w.db.conn.ExecContext(context.Background(), "PRAGMA query_only = 1")
			require.NoError(t, err)
		})
		seq, err := s.NextEpoch()
		require.NoError(t, err)
		require.Equal(t, uint64(1)<<32, seq)
		require.Zero(t, count(t, dir, "SELECT value FROM identity WHERE key = 'epoch'"))
	})
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		seq, err := s.NextEpoch()
		require.NoError(t, err)
		require.Equal(t, uint64(2)<<32, seq)
	})
}
