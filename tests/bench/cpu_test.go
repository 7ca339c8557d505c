package bench_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// burden is what the switch carries while it serves calls.
type burden struct {
	name string
	unit string                  // of its metric
	take func() (release func()) // put it on, and off again
}

// BenchmarkSwitchCPURatio measures the processor time that a call costs the switch: bare, with mod_cti (one client, durable
// records), and with one JSON listener on the event socket. The runs lie in one process lifetime and alternate there and
// back, so that a drift of the machine meets all alike; what is compared are neighbours. Target: mod_cti adds at most 9 %
// (aim 5 %).
func BenchmarkSwitchCPURatio(b *testing.B) {
	const calls, perSecond, rounds = 60, 20, 16
	s := benchSwitch(b, lab.Options{BypassMedia: true}, lab.Answers(50*time.Millisecond))
	burdens := []burden{{"bare", "bare-added-%", func() func() { return func() {} }}, withModule(b, s), withListener(b, s)}
	for _, carried := range burdens { // warm: the first load of the module starts the Go runtime
		release := carried.take()
		serve(b, s, perSecond, perSecond, 200*time.Millisecond)
		release()
	}
	for b.Loop() {
		costs := make([][]spent, len(burdens))
		for round := range rounds {
			order := []int{0, 1, 2}
			if round%2 == 1 {
				slices.Reverse(order)
			}
			for _, i := range order {
				release := burdens[i].take()
				costs[i] = append(costs[i], cost(b, s, calls, perSecond))
				release()
			}
		}
		reportCosts(b, burdens, costs)
	}
}

// spent is processor time a call, in ms: of the switch, and of the module's own threads within it.
type spent struct{ all, own float64 }

// cost is what serving calls costs.
func cost(b *testing.B, s *lab.Switch, calls, perSecond int) spent {
	b.Helper()
	allBefore, ownBefore := usedBy(b, s)
	serve(b, s, calls, perSecond, 200*time.Millisecond)
	allAfter, ownAfter := usedBy(b, s)
	perCall := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(calls) }
	return spent{perCall(allAfter - allBefore), perCall(ownAfter - ownBefore)}
}

// usedBy is the processor time that the switch has used, and the module's own threads: they bear its name.
func usedBy(b *testing.B, s *lab.Switch) (all, own time.Duration) {
	b.Helper()
	all, err := lab.CPU(s.Pid())
	require.NoError(b, err)
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", s.Pid()))
	require.NoError(b, err)
	for _, task := range tasks {
		name, err := os.ReadFile(filepath.Join(task, "comm"))
		if err != nil || !strings.HasPrefix(string(name), "cti") {
			continue // it has ended, or is the switch's
		}
		schedule, err := os.ReadFile(filepath.Join(task, "schedstat"))
		if fields := strings.Fields(string(schedule)); err == nil && len(fields) > 0 {
			nanos, err := strconv.ParseInt(fields[0], 10, 64)
			require.NoError(b, err)
			own += time.Duration(nanos)
		}
	}
	return all, own
}

func withModule(b *testing.B, s *lab.Switch) burden {
	api := func(command string) {
		ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
		defer cancel()
		reply, err := s.API(ctx, command)
		require.NoError(b, err)
		require.False(b, strings.HasPrefix(reply, "-ERR"), "%s: %s", command, reply)
	}
	return burden{"mod_cti, one client, durable records", "cti-added-%", func() func() {
		api("load mod_cti")
		client, err := lab.TapEngine(b.Context(), socketOf(s), "basic")
		require.NoError(b, err)
		return func() {
			require.NoError(b, client.Stop())
			api("unload mod_cti")
		}
	}}
}

func withListener(b *testing.B, s *lab.Switch) burden {
	return burden{"one JSON event-socket listener", "listener-added-%", func() func() {
		client, err := s.TapEventSocket(b.Context(), "ALL")
		require.NoError(b, err)
		return func() { require.NoError(b, client.Stop()) }
	}}
}

// reportCosts compares each burden with the bare run of its own round.
func reportCosts(b *testing.B, burdens []burden, costs [][]spent) {
	b.Helper()
	fmt.Printf("\n%-38s %11s %11s %10s %22s\n", "processor time of the switch", "ms a call", "own threads", "added",
		"spread (quartiles)")
	for i, carried := range burdens {
		var added, all, own []float64
		for round, c := range costs[i] {
			added = append(added, 100*(c.all/costs[0][round].all-1))
			all, own = append(all, c.all), append(own, c.own)
		}
		fmt.Printf("%-38s %11.3f %11.3f %9.1f%% %9.1f%% .. %.1f%%\n", carried.name, quantile(all, 0.5), quantile(own, 0.5),
			quantile(added, 0.5), quantile(added, 0.25), quantile(added, 0.75))
		b.ReportMetric(quantile(added, 0.5), carried.unit)
	}
	fmt.Println("target: mod_cti adds at most 9 %, aim 5 %")
}

// quantile of the values, between neighbours where it falls between them.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
