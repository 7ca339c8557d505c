package store

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// atFirstCommit runs f in the middle of the writer's next commit.
func atFirstCommit(t *testing.T, s *Store, f func()) {
	onWriter(t, s, func(w *writer) {
		require.NoError(t, w.db.conn.Raw(func(raw any) error {
			conn := raw.(*sqlite3.SQLiteConn)
			conn.RegisterCommitHook(func() int {
				conn.RegisterCommitHook(nil)
				f()
				return 0
			})
			return nil
		}))
	})
}

// gathering runs a test with a store that gathers for 50 ms, in virtual time.
func gathering(t *testing.T, options Options, test func(*testing.T, *Store)) {
	options.Dir = t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(options)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
		test(t, s)
	})
}

// written waits, and requires so many groups and records that are not durable yet.
func written(t *testing.T, s *Store, wait time.Duration, groups uint64, queued int) {
	t.Helper()
	<-time.After(wait)
	synctest.Wait()
	require.Equal(t, []any{groups, queued}, []any{s.Stats().Groups, s.Stats().Queued})
}

// An end waits at most GroupMillis for others, and all that came meanwhile share one commit.
func TestEndsAreDurableInFiftyMillis(t *testing.T) {
	gathering(t, Options{}, func(t *testing.T, s *Store) {
		records := callRecords(1)
		s.Append(records[11:])
		<-time.After(49 * time.Millisecond)
		s.Append(callRecords(2)[:5])
		synctest.Wait()
		require.Zero(t, s.Stats().Written)
		written(t, s, time.Millisecond, 1, 0)
	})
}

// What an end will follow waits five times as long, unless that end comes.
func TestBeginningsWaitForEnds(t *testing.T) {
	gathering(t, Options{}, func(t *testing.T, s *Store) {
		began := callRecords(1)[:5]
		s.Append(began[:3])
		<-time.After(200 * time.Millisecond)
		s.Append(began[3:])
		written(t, s, 49*time.Millisecond, 0, 5)
		written(t, s, time.Millisecond, 1, 0)

		s.Append(callRecords(2)[:5])
		<-time.After(100 * time.Millisecond)
		s.Append(callRecords(1)[11:])
		written(t, s, 49*time.Millisecond, 1, 8)
		s.Append(callRecords(2)[11:]) // an end that is being waited for is not put off
		written(t, s, time.Millisecond, 2, 0)
	})
}

// What comes while a group is written is gathered as long as any other, and not longer.
func TestWhatComesMeanwhileIsGathered(t *testing.T) {
	gathering(t, Options{}, func(t *testing.T, s *Store) {
		atFirstCommit(t, s, func() { s.Append(callRecords(2)) })
		s.Append(callRecords(1))
		written(t, s, 50*time.Millisecond, 1, 14)
		s.Append(callRecords(3))
		written(t, s, 49*time.Millisecond, 1, 28)
		written(t, s, time.Millisecond, 2, 0)
	})
}

// A full group is written at once; what is left over waits until its gathering ends.
func TestFullGroupLeavesTheRest(t *testing.T) {
	gathering(t, Options{GroupRows: 20}, func(t *testing.T, s *Store) {
		onWriter(t, s, func(*writer) { // who does not look in between
			for i := range 5 {
				s.Append(callRecords(i))
			}
		})
		written(t, s, 0, 2, 14)
		written(t, s, 50*time.Millisecond, 3, 0)
	})
}

// What has become a full group while another one was written does not wait.
func TestFullGroupMeanwhileIsWritten(t *testing.T) {
	gathering(t, Options{GroupRows: 20}, func(t *testing.T, s *Store) {
		atFirstCommit(t, s, func() { s.Append(callRecords(3)) })
		s.Append(calls(1, 3))
		written(t, s, 0, 1, 14)
		atFirstCommit(t, s, func() { s.Append(calls(5, 8)) })
		s.Append(callRecords(4))
		written(t, s, 0, 3, 0)
	})
}

// Who waits for records that came while a group was written need not wait for the end of their gathering.
func TestFlushMeanwhile(t *testing.T) {
	gathering(t, Options{}, func(t *testing.T, s *Store) {
		var done <-chan struct{}
		atFirstCommit(t, s, func() {
			s.Append(callRecords(2))
			done = s.queue.flushed()
		})
		s.Append(callRecords(1))
		written(t, s, 50*time.Millisecond, 2, 0)
		require.True(t, closed(done))
	})
}

// The first record of a group sets the timer; its writer is not woken for that.
func TestAppendWakesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(100, 28, 50*time.Millisecond)
		began := time.Now()
		q.append(callRecords(1))
		require.Empty(t, q.wake)
		<-q.due.C
		require.Equal(t, 50*time.Millisecond, time.Since(began))
		require.Equal(t, 14, q.take())
		q.append(callRecords(2))
		require.Len(t, q.wake, 1, "there is a full group")
	})
}

// Also where all threads of the process are nicer, no commit goes before an event: the writer's thread is an ordinary one.
func TestWriterIsOrdinary(t *testing.T) {
	if exec.Command("nice", "-n", "-5", "true").Run() != nil {
		t.Skip("nobody may be nicer here")
	}
	require.Equal(t, "0", start(t, "nice", t.TempDir(), "nice", "-n", "-5").line(t))
}

// childNice prints how nice the writer's thread is.
func childNice(dir string) error {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return err
	}
	return errors.Join(s.do(func(*writer) {
		left, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		fmt.Println(20 - left)
	}), s.Close(context.Background()))
}
