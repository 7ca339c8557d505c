package store

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process that is killed while it writes loses nothing that Flush has vouched for, doubles nothing, and leaves every
// call whole: what one Append was handed is there or is not. Killed while SQLite works, while it is locked, and while
// it comes and goes.
func TestKilledWhileWriting(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed ", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for name, disturb := range map[string]disturbance{"in order": nil, "locked": lockOnce, "on and off": lockOften} {
		t.Run(name, func(t *testing.T) {
			dir, first := t.TempDir(), 0
			openOnce(t, Options{Dir: dir}, func(*Store) {})
			for range 2 {
				last := killChild(t, random, dir, first, disturb)
				first = verifyCrash(t, dir, last)
			}
		})
	}
}

// disturbance does something to the database while a child writes. await waits for n more calls to be acknowledged;
// what is returned is done when the child is dead.
type disturbance func(t *testing.T, dir string, await func(n int)) (after func())

// killChild lets a child write calls from first on and kills it at some moment. It returns the last call that was
// acknowledged.
func killChild(t *testing.T, random *rand.Rand, dir string, first int, disturb disturbance) (last int) {
	child := start(t, "write", dir)
	fmt.Fprintln(child.stdin, first)
	await := func(n int) {
		for range n {
			last = acknowledged(t, child.line(t))
		}
	}
	await(1 + random.IntN(20))
	if disturb != nil {
		defer disturb(t, dir, await)()
	}
	await(1 + random.IntN(10))
	require.NoError(t, child.command.Process.Kill())
	for child.lines.Scan() {
		last = acknowledged(t, child.lines.Text()) // told before the kill, read after it
	}
	require.Error(t, child.command.Wait())
	return last
}

func acknowledged(t *testing.T, line string) int {
	t.Helper()
	n, err := strconv.Atoi(line)
	require.NoError(t, err)
	return n
}

// verifyCrash checks what a killed process left and returns the first call that is not there.
func verifyCrash(t *testing.T, dir string, last int) (next int) {
	t.Helper()
	openOnce(t, Options{Dir: dir}, func(s *Store) {
		require.Empty(t, s.Stats().SetAside)
		require.Zero(t, s.Stats().Rejected)
		open, err := s.OpenCalls()
		require.NoError(t, err)
		require.Empty(t, open)
	})
	next = count(t, dir, "SELECT count(*) FROM call")
	require.Greater(t, next, last, "every acknowledged call is there")
	require.Equal(t, faultless(t, calls(0, next)), dump(t, dir), "the calls are the first %d, each whole and once", next)
	return next
}

func lockOnce(t *testing.T, dir string, await func(int)) func() {
	unlock := lock(t, dir)
	await(5)
	return unlock
}

func lockOften(t *testing.T, dir string, await func(int)) func() {
	for range 5 {
		unlock := lock(t, dir)
		await(2)
		unlock()
		await(3)
	}
	return func() {}
}

// The switch runs with stacks of 244 KiB: SQLite must do with those.
func TestSmallStacks(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to set a limit with")
	}
	child := start(t, "work", t.TempDir(), shell, "-c", `ulimit -s 244 && exec "$0"`)
	child.end(t)
}
