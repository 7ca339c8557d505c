package bench_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// A p99 of fewer sights than that says little; a host that is busy all the while is not waited for.
const enough, roundsMax = 500, 4

// lostMax is how many of a hundred facts need not be compared, for the event socket has not told them or they never were.
const lostMax = 2

// sight is how long after a fact arose in the switch a client had heard of it, in ns.
type sight struct{ at, ours, theirs int64 }

// BenchmarkSwitchLatencyRatio measures, for the same facts of the same calls in the same run, how late they reach a
// client of the unix socket and a client of mod_event_socket. Both times begin at CLOCK_MONOTONIC stamps that mod_ctilab
// makes where the fact arises. Targets: median at most 1/80, p99 at most 1/40 of the event socket's. Real-time is how the
// switch runs where nothing else is said: its threads then go before all others, the module's and the clients' too. While
// 100 calls are up the targets are the same. Facts are left out, and counted, while whose sights a hypervisor had the
// machine's processors do something else (design/limits-and-faults.md 4).
func BenchmarkSwitchLatencyRatio(b *testing.B) {
	for _, mode := range []struct {
		name     string
		realTime bool
		up       int // calls that are up all the while
	}{{"np", false, 0}, {"realtime", true, 0}, {"np_100_calls_up", false, 100}} {
		b.Run(mode.name, func(b *testing.B) { measureLatency(b, mode.realTime, mode.up) })
	}
}

func measureLatency(b *testing.B, realTime bool, up int) {
	const perSecond = 5
	s := benchSwitch(b, lab.Options{RealTime: realTime, Modules: []string{"mod_ctilab", "mod_cti"}},
		lab.Answers(150*time.Millisecond))
	keepUp(b, s, up)
	serveBeside(b, s, up, 10, perSecond, 100*time.Millisecond) // warm
	for b.Loop() {
		all := map[string][]sight{}
		leftOut, seen := 0, 0
		for round := 0; seen < enough && round < roundsMax; round++ {
			sights, stolen := watchCalls(b, s, up, perSecond)
			for kind, list := range sights {
				clean := slices.DeleteFunc(slices.Clone(list), func(s sight) bool {
					return during(stolen, s.at, s.at+max(s.ours, s.theirs))
				})
				leftOut, seen = leftOut+len(list)-len(clean), seen+len(clean)
				all[kind] = append(all[kind], clean...)
			}
		}
		require.NotZero(b, seen, "a hypervisor took processors all the while: nothing can be measured here now")
		report(b, all)
		fmt.Printf("%d left out: a hypervisor had taken a processor\n", leftOut)
	}
}

// watchCalls lets calls happen and has both clients hear of them.
func watchCalls(b *testing.B, s *lab.Switch, up, perSecond int) (map[string][]sight, []stealSpan) {
	b.Helper()
	const calls = 150
	engine, err := lab.TapEngine(b.Context(), socketOf(s), "basic")
	require.NoError(b, err)
	socket, err := s.TapEventSocket(b.Context(), channelEvents)
	require.NoError(b, err)
	steal := watchSteal(b)
	begun := lab.Mono()
	serveBeside(b, s, up, calls, perSecond, 300*time.Millisecond)
	stolen := steal.end()
	require.NoError(b, engine.Stop())
	require.NoError(b, socket.Stop())
	stamps, err := s.Stamps()
	require.NoError(b, err)
	w := hear(b, stamps, engine.Lines(), socket.Bodies())
	if missed := w.missed(begun); len(missed) > 0 {
		b.Fatalf("%d facts of the switch were not told by the engine; the first: %s", len(missed), missed[0])
	}
	sights := map[string][]sight{}
	for _, k := range facts {
		list, happened := w.sights(k)
		expected := calls * k.perCall
		if len(list) < expected {
			fmt.Printf("%s: of %d, %d were not seen by the event socket, and %d did not happen\n",
				k.kind, expected, happened-len(list), expected-happened)
		}
		if (expected-len(list))*100 > expected*lostMax {
			b.Fatalf("more than %d %% of them are too many", lostMax)
		}
		sights[k.kind] = list
	}
	return sights, stolen
}

func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

func report(b *testing.B, sights map[string][]sight) {
	b.Helper()
	var all []sight
	fmt.Printf("\n%-6s %6s %12s %12s %8s %12s %12s %8s\n", "fact", "n", "ours p50", "theirs p50", "ratio", "ours p99",
		"theirs p99", "ratio")
	for _, kind := range []string{"ring", "join", "end"} {
		printSights(kind, sights[kind])
		all = append(all, sights[kind]...)
	}
	median, p99 := printSights("all", all)
	b.ReportMetric(median, "median-ratio")
	b.ReportMetric(p99, "p99-ratio")
	fmt.Println("targets: median 1/80, p99 1/40 of the event socket's")
}

func printSights(kind string, sights []sight) (median, p99 float64) {
	if len(sights) == 0 {
		return 0, 0
	}
	var ours, theirs []int64
	for _, s := range sights {
		ours, theirs = append(ours, s.ours), append(theirs, s.theirs)
	}
	o50, t50, o99, t99 := at(ours, 0.5), at(theirs, 0.5), at(ours, 0.99), at(theirs, 0.99)
	median, p99 = float64(t50)/float64(o50), float64(t99)/float64(o99)
	fmt.Printf("%-6s %6d %12v %12v   1/%-5.0f %11v %12v   1/%-5.0f\n", kind, len(sights), time.Duration(o50),
		time.Duration(t50), median, time.Duration(o99), time.Duration(t99), p99)
	return median, p99
}

// at is the value at a quantile.
func at(values []int64, quantile float64) int64 {
	slices.Sort(values)
	return values[min(int(quantile*float64(len(values))), len(values)-1)]
}
