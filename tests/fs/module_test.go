package fs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestReload loads, unloads and loads again while calls are up: the switch's calls go on, channels are adopted, and
// each call has exactly one record (architecture 3 and 9).
func TestReload(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	r.phone("1001", lab.Answers(100*ms))
	r.phone("1002", lab.Answers(100*ms))

	const early, between = 3, 2
	r.call(lab.Caller{From: outside, To: "1001", Calls: early})
	for range early {
		r.established("1001")
	}
	for round := range 3 {
		client := r.client
		r.api("unload mod_cti")
		select {
		case <-client.Closed():
		case <-time.After(patience):
			require.Fail(t, "the unload left its clients connected")
		}
		require.NoFileExists(t, r.socket(), "the door is gone with the module")
		if round == 0 {
			r.call(lab.Caller{From: outside, To: "1002", Calls: between})
			// Legs that are not joined yet count as calls of their own: five calls of ten legs are all joined.
			r.until("calls without the module", func() bool {
				return strings.HasPrefix(r.api("show channels count"), "\n10 total") &&
					strings.HasPrefix(r.api("show calls count"), "\n5 total")
			})
		}
		require.Contains(t, r.api("show calls count"), "5 total", "an unload costs no call")
		r.api("load mod_cti")
		r.client, *r.heard = r.connect(), nil
		// The calls of the store are listed before it is known whether they are still up.
		r.until("the calls to be adopted", func() bool { return r.figure("snapshots") > 0 && r.listed("calls") == early+between })
	}
	r.api("hupall NORMAL_CLEARING")
	story := r.story(early + between)
	ended := 0
	for _, m := range story {
		if m.MessageID == "EventReleased" {
			ended++
		}
	}
	require.Equal(t, 2*(early+between), ended, "every party ends once (3.0-2)")
	r.quiet()
	r.until("all records to be closed", func() bool { return len(r.query("select * from call where open = 1")) == 0 })
	rows := r.query("select * from call")
	require.Len(t, rows, early+between, "one record a call")
	for _, call := range rows {
		require.Equal(t, "normal", call.text("end_reason"), "%v", call)
		parties := r.query("select * from party where call_id = '" + call.text("call_id") + "'")
		require.Len(t, parties, 2, "%v", call)
	}
	adopted := r.query("select * from call where adopted = 1 and other_dn = '1002'")
	require.Len(t, adopted, between, "calls were up before the module: %v", rows)
}

// TestEndedWhileUnloaded: a call that ends without the module is closed as interrupted when it comes back.
func TestEndedWhileUnloaded(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	r.phone("1001", lab.Answers(50*ms))
	r.call(fromOutside)
	r.established("1001")
	r.api("unload mod_cti")
	r.api("hupall NORMAL_CLEARING")
	r.quiet()
	r.api("load mod_cti")
	r.until("the record to be closed", func() bool { return len(r.query("select * from call where open = 0")) == 1 })
	call := r.query("select * from call")
	require.Len(t, call, 1)
	require.Equal(t, "interrupted", call[0].text("end_reason"))
	require.Empty(t, r.query("select * from party where open = 1"))
}

// TestShutdown: the switch is told to stop while calls are up, and every record is closed.
func TestShutdown(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	r.phone("1001", lab.Answers(50*ms))
	const calls = 5
	r.call(lab.Caller{From: outside, To: "1001", Calls: calls})
	for range calls {
		r.established("1001")
	}
	r.Shutdown(time.Minute)
	rows := r.query("select * from call where open = 0")
	require.Len(t, rows, calls)
	for _, call := range rows {
		require.Equal(t, "normal", call.text("end_reason"), "the switch ended them before it went: %v", call)
		require.NotZero(t, call.number("end_millis"))
	}
	require.Empty(t, r.query("select * from party where open = 1"))
}

// TestRealTime starts the switch as production does, without -np: it asks for real-time scheduling. The engine's
// threads must not inherit it, nor take the switch's signals, nor the switch's threads our timers' slack; a storm of
// SIGHUP while calls run hurts nobody (architecture 1 and 3).
func TestRealTime(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{RealTime: true})
	realTime := 0
	for _, thread := range r.threads() {
		if !thread.engine {
			realTime += thread.policy
			require.Less(t, thread.slack, int64(ms), "the switch's thread %s keeps time as before", thread.name)
			continue
		}
		if thread.name == "cti_engine" && thread.slack != 0 {
			require.EqualValues(t, ms, thread.slack, "Go's monitor does not wake all the time while a commit waits for the disk")
		}
		require.Zero(t, thread.policy, "the engine's thread %s runs SCHED_OTHER", thread.name)
		for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1} {
			require.NotZero(t, thread.blocked&(1<<(signal-1)), "the engine's thread %s blocks %v", thread.name, signal)
		}
	}
	if realTime == 0 {
		t.Log("real-time scheduling was refused on this machine; the switch runs without it, and so does this test")
	}
	r.phone("1001", lab.Answers(100*ms))
	const calls = 40
	caller := r.call(lab.Caller{From: outside, To: "1001", Talk: 300 * ms, Calls: calls, PerSecond: 20})
	storm, stop := context.WithCancel(t.Context())
	stormed := make(chan int)
	go func() { stormed <- r.hangups(storm) }()
	story := r.story(calls)
	stop()
	require.Greater(t, <-stormed, 50, "signals were sent while calls ran")
	ctx, cancel := r.soon()
	defer cancel()
	require.NoError(t, caller.Wait(ctx))
	r.requireWhole(story)
	require.True(t, r.Running())
	r.quiet()
}

// hangups sends SIGHUP to the switch until ctx ends, and tells how many.
func (r *rig) hangups(ctx context.Context) (sent int) {
	tick := time.NewTicker(10 * ms)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return sent
		case <-tick.C:
			if r.Signal(syscall.SIGHUP) == nil {
				sent++
			}
		}
	}
}

// thread is one thread of the switch.
type thread struct {
	name    string
	engine  bool   // it belongs to the engine: one of the module's, or one of Go's, which have inherited its name
	policy  int    // 0 SCHED_OTHER, 1 SCHED_FIFO, 2 SCHED_RR
	blocked uint64 // signals
	slack   int64  // ns that its timers may be late; 0 = not to be known
}

func (r *rig) threads() (threads []thread) {
	r.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", r.Pid()))
	require.NoError(r.t, err)
	engines := 0
	for _, task := range tasks {
		stat, err := os.ReadFile(filepath.Join(task, "stat"))
		if err != nil {
			continue // it has ended
		}
		status, _ := os.ReadFile(filepath.Join(task, "status"))
		open, end := strings.IndexByte(string(stat), '('), strings.LastIndexByte(string(stat), ')')
		fields := strings.Fields(string(stat[end+1:]))
		th := thread{name: string(stat[open+1 : end])}
		th.policy, _ = strconv.Atoi(fields[38])
		th.engine = strings.HasPrefix(th.name, "cti")
		_, mask, _ := strings.Cut(string(status), "SigBlk:\t")
		th.blocked, _ = strconv.ParseUint(strings.Fields(mask)[0], 16, 64)
		slack, _ := os.ReadFile(filepath.Join("/proc", filepath.Base(task), "timerslack_ns"))
		th.slack, _ = strconv.ParseInt(strings.TrimSpace(string(slack)), 10, 64)
		threads = append(threads, th)
		if th.engine {
			engines++
		}
	}
	require.GreaterOrEqual(r.t, engines, 3, "the engine's threads bear the module's name: %v", threads)
	return threads
}
