package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/chost"
)

// paces are how the rounds of a probe follow one another: with a pause before each measured step, or without.
var paces = []struct {
	name  string
	pause time.Duration
}{{"quiet", time.Millisecond}, {"busy", 0}}

// BenchmarkRingToClientRatio measures how long a record takes from the ring to a client of the unix socket that has read
// the event, against a bare echo of the same bytes over a unix socket between two threads of C, taken in turns in the
// same run: once with a pause before each, once without. Target: the median is at most 3 times the echo's.
func BenchmarkRingToClientRatio(b *testing.B) {
	library, probe := buildProbe(b, "probe.c", "host.c", "client.c")
	for b.Loop() {
		for _, pace := range paces {
			compare(b, probe, library, pace.name, pace.pause, "ring to client", "echo", 3)
		}
	}
}

// BenchmarkRequestToCommandRatio measures how long a request takes from a client's write until the host has been given
// the command that follows, against the ring's round trip of the same call: from the push of a record until the host has
// been given the command that follows from it. Target: the median is at most 2 times the ring's.
func BenchmarkRequestToCommandRatio(b *testing.B) {
	library, ask := buildProbe(b, "ask.c", "host.c", "client.c")
	for b.Loop() {
		for _, pace := range paces {
			compare(b, ask, library, pace.name, pace.pause, "request to command", "ring round trip", 2)
		}
	}
}

// buildProbe builds libcti.so and a C host of these sources.
func buildProbe(b *testing.B, sources ...string) (library, probe string) {
	b.Helper()
	builder, err := chost.NewBuilder(b.TempDir())
	if errors.Is(err, chost.ErrNoCompiler) {
		b.Skip(err)
	}
	require.NoError(b, err)
	library, err = builder.Library(b.Context())
	require.NoError(b, err)
	probe, err = builder.Host(b.Context(), nil, sources...)
	require.NoError(b, err)
	return library, probe
}

// compare runs a probe and reports how the medians of its two columns stand to each other.
func compare(b *testing.B, probe, library, pace string, pause time.Duration, ours, theirs string, target float64) {
	b.Helper()
	const rounds = 1000
	first, second := takeTurns(b, probe, library, rounds, pause)
	ratio := quantileOf(first, 0.5) / quantileOf(second, 0.5)
	b.ReportMetric(ratio, pace+"-ratio")
	fmt.Printf("%s: %s p50 %.1f µs, p99 %.1f µs; %s p50 %.1f µs, p99 %.1f µs; ratio of medians %.2f (target %g)\n", pace,
		ours, quantileOf(first, 0.5)/1e3, quantileOf(first, 0.99)/1e3,
		theirs, quantileOf(second, 0.5)/1e3, quantileOf(second, 0.99)/1e3, ratio, target)
}

// takeTurns runs a probe and returns the times of its two columns in ns, sorted.
func takeTurns(b *testing.B, probe, library string, rounds int, pause time.Duration) (first, second []float64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, probe, library, b.TempDir(), fmt.Sprint(rounds), fmt.Sprint(pause.Nanoseconds()))
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(b, err, log.String())
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var one, other float64
		_, err := fmt.Sscan(lines.Text(), &one, &other)
		require.NoError(b, err, lines.Text())
		first, second = append(first, one), append(second, other)
	}
	require.Len(b, first, rounds)
	slices.Sort(first)
	slices.Sort(second)
	return first, second
}

func quantileOf(sorted []float64, quantile float64) float64 {
	return sorted[int(float64(len(sorted))*quantile)]
}
