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

// BenchmarkRingToClientRatio measures how long a record takes from the ring to a client of the unix socket that has read
// the event, against a bare echo of the same bytes over a unix socket between two threads of C, taken in turns in the
// same run: once with a pause before each, once without. Target: the median is at most 3 times the echo's.
func BenchmarkRingToClientRatio(b *testing.B) {
	const rounds = 1000
	builder, err := chost.NewBuilder(b.TempDir())
	if errors.Is(err, chost.ErrNoCompiler) {
		b.Skip(err)
	}
	require.NoError(b, err)
	library, err := builder.Library(b.Context())
	require.NoError(b, err)
	probe, err := builder.Host(b.Context(), nil, "probe.c", "host.c", "client.c")
	require.NoError(b, err)
	for b.Loop() {
		for _, pace := range []struct {
			name  string
			pause time.Duration
		}{{"quiet", time.Millisecond}, {"busy", 0}} {
			ring, echo := takeTurns(b, probe, library, rounds, pace.pause)
			ratio := quantileOf(ring, 0.5) / quantileOf(echo, 0.5)
			b.ReportMetric(ratio, pace.name+"-ratio")
			fmt.Printf("%s: ring to client p50 %.1f µs, p99 %.1f µs; echo p50 %.1f µs, p99 %.1f µs; ratio of medians %.2f "+
				"(target 3)\n", pace.name, quantileOf(ring, 0.5)/1e3, quantileOf(ring, 0.99)/1e3,
				quantileOf(echo, 0.5)/1e3, quantileOf(echo, 0.99)/1e3, ratio)
		}
	}
}

// takeTurns runs the probe and returns the times of both sides in ns, sorted.
func takeTurns(b *testing.B, probe, library string, rounds int, pause time.Duration) (ring, echo []float64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, probe, library, b.TempDir(), fmt.Sprint(rounds), fmt.Sprint(pause.Nanoseconds()))
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(b, err, log.String())
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var r, e float64
		var size int
		_, err := fmt.Sscan(lines.Text(), &r, &e, &size)
		require.NoError(b, err, lines.Text())
		ring, echo = append(ring, r), append(echo, e)
	}
	require.Len(b, ring, rounds)
	slices.Sort(ring)
	slices.Sort(echo)
	return ring, echo
}

func quantileOf(sorted []float64, quantile float64) float64 {
	return sorted[int(float64(len(sorted))*quantile)]
}
