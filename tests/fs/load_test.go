package fs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestManyCalls: calls at 20 a second, of which none is lost, none doubled and nothing left behind, and the session table is
// not asked for again and again because some are always on their way out. TestSoakThousandCalls makes a thousand of them.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	manyCalls(t, 120)
}

func TestSoakThousandCalls(t *testing.T) {
	soak(t)
	manyCalls(t, 1000)
}

func manyCalls(t *testing.T, calls int) {
	const perSecond = 20
	r := startRig(t, lab.Options{})
	r.phone("1001", lab.Answers(200*ms))
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(calls/perSecond)*time.Second+time.Minute)
	defer cancel()
	r.ctx = ctx
	snapshots, wakes, began := r.figure("snapshots"), r.figure("ringWakes"), time.Now()
	sipp := r.call(lab.Caller{From: outside, To: "1001", Talk: 2 * time.Second, Calls: calls, PerSecond: perSecond})
	require.NoError(t, sipp.Wait(ctx), "every caller was served as he should")
	regular := 1 + time.Since(began)/(5*time.Second)
	require.LessOrEqual(t, r.figure("snapshots")-snapshots, 2*int64(regular), "who has hung up brings no look forward")
	require.LessOrEqual(t, r.figure("ringWakes")-wakes, int64(6*calls), "the engine is woken by what it tells, and by little else")
	story := r.story(calls)

	per := map[string]map[string]int{}
	seqs := map[uint64]bool{}
	for _, m := range story {
		if per[m.CallID] == nil {
			per[m.CallID] = map[string]int{}
		}
		per[m.CallID][m.MessageID]++
		require.False(t, seqs[m.Seq], "an event is told once")
		seqs[m.Seq] = true
	}
	require.Len(t, per, calls, "none lost, none doubled")
	each := map[string]int{
		"EventCallCreated": 1, "EventDialing": 1, "EventRinging": 1, "EventEstablished": 2, "EventReleased": 2,
		"EventCallDeleted": 1,
	}
	for id, told := range per {
		require.Equal(t, each, told, "what is told of call %s (3.1)", id)
	}
	r.until("all records to be closed", func() bool { return r.count("call where open = 0") == int64(calls) })
	require.EqualValues(t, calls, r.count("call"), "one record a call")
	require.EqualValues(t, 2*calls, r.count("party where open = 0"), "one record a party")
	require.EqualValues(t, 2*calls, r.count("party"))
	r.quiet()
	require.Equal(t, 0, r.listed("calls"))
	require.True(t, strings.HasPrefix(r.try("cti status"), "+OK"), r.try("cti status"))
	t.Logf("%s", r.try("cti status"))
}

func (r *rig) count(what string) int64 {
	return r.query("select count(*) as n from " + what)[0].number("n")
}
