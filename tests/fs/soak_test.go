package fs_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// soak leaves a long run to `make soak`.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("CTI_SOAK") == "" {
		t.Skip("CTI_SOAK is not set: the long run was left out")
	}
}

// TestSoakReloads loads and unloads the module a hundred times while calls come and go and SIGHUPs rain, then looks for
// what must not have grown, and at the records: each call that the module saw has exactly one, and all are closed.
func TestSoakReloads(t *testing.T) {
	soak(t)
	const reloads, perSecond = 100, 10
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	r := startRig(t, lab.Options{RealTime: true})
	r.ctx = ctx
	r.client.Close()
	r.phone("1001", lab.Answers(300*ms))
	calls := r.call(lab.Caller{From: outside, To: "1001", Talk: 700 * ms, Calls: 100_000, PerSecond: perSecond})

	storm, stop := context.WithCancel(ctx)
	stormed := make(chan int)
	go func() { stormed <- r.hangups(storm) }()
	var first, last usage
	for i := range reloads {
		r.api("unload mod_cti")
		r.api("load mod_cti")
		r.until("calls to be served", func() bool { return r.figure("callsTotal") >= 10 })
		require.True(t, r.Running())
		if (i+1)%(reloads/5) != 0 {
			continue
		}
		last = r.usage()
		t.Logf("after %d loads: %+v", i+1, last)
		if first.threads == 0 {
			first = last
		}
	}
	stop()
	t.Logf("%d SIGHUPs", <-stormed)
	require.Less(t, last.threads, first.threads+20, "threads do not pile up")
	require.Less(t, last.files, first.files+20, "descriptors do not pile up")
	require.Less(t, last.rssKiB, first.rssKiB+first.rssKiB/2, "memory does not pile up")

	calls.Stop()
	r.api("hupall NORMAL_CLEARING")
	r.quiet()
	r.until("all records to be closed", func() bool { return r.count("call where open = 1") == 0 })
	require.Zero(t, r.count("party where open = 1"))
	require.Zero(t, r.count("(select call_id from call group by call_id having count(*) > 1)"), "one record a call")
	require.Zero(t, r.count("(select call_id from party group by call_id having count(*) > 2)"), "two parties a call")
	require.Greater(t, r.count("call"), int64(reloads))
}

// figure is a number of `cti status`.
func (r *rig) figure(name string) int64 {
	var figures map[string]any
	r.asJSON("status", &figures)
	n, _ := figures[name].(float64)
	return int64(n)
}

// usage is what a process holds.
type usage struct{ threads, files, rssKiB int }

func (r *rig) usage() (u usage) {
	r.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.Pid()))
	require.NoError(r.t, err)
	number := func(name string) int {
		_, after, _ := strings.Cut(string(status), name+":")
		n, err := strconv.Atoi(strings.Fields(after)[0])
		require.NoError(r.t, err)
		return n
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.Pid()))
	require.NoError(r.t, err)
	return usage{number("Threads"), len(files), number("VmRSS")}
}
