package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
)

type recordKey struct {
	leg  engine.LegID
	kind engine.InputKind
	mono int64
}

func keyOf(in engine.Input) recordKey { return recordKey{in.Leg, in.Kind, in.MonoNanos} }

// Faults change what arrives, never what happens: the same calls, the same stamps, and every fault is counted.
func TestFaultsAreCounted(t *testing.T) {
	const seed = 11
	clean := drain(traffic(seed, sim.Options{}, 300))
	truth := map[recordKey]engine.Input{}
	for _, in := range clean {
		truth[keyOf(in)] = in
	}
	s := traffic(seed, sim.Options{Faults: sim.Faults{
		Lose: 0.02, Duplicate: 0.02, Delay: 0.02, DelayMax: 200 * time.Millisecond, Swap: 0.05,
		Overrun: 0.002, OverrunMax: 8,
	}}, 300)
	seen := map[recordKey]int{}
	overruns, late := uint64(0), 0
	mono := int64(0)
	for _, in := range drain(s) {
		if in.Kind == engine.RecordsLost {
			overruns++
			continue
		}
		require.Equal(t, truth[keyOf(in)], in, "a record arrives as it was made")
		seen[keyOf(in)]++
		if in.MonoNanos < mono {
			late++
		}
		mono = max(mono, in.MonoNanos)
	}
	damage := s.Damage()
	require.Equal(t, damage.Overruns, overruns)
	require.EqualValues(t, len(clean)-len(seen), damage.Lost)
	twice := uint64(0)
	for _, times := range seen {
		twice += uint64(times - 1)
	}
	require.Equal(t, damage.Duplicated, twice)
	for _, happened := range []uint64{damage.Lost, damage.Duplicated, damage.Delayed, damage.Swapped, damage.Overruns} {
		require.Positive(t, happened)
	}
	require.Positive(t, late)
}

// Swapping reorders between legs alone: within a leg the ring keeps the order.
func TestSwapKeepsTheOrderWithinALeg(t *testing.T) {
	s := traffic(12, sim.Options{Faults: sim.Faults{Swap: 0.5}}, 200)
	last := map[engine.LegID]uint32{}
	for _, in := range drain(s) {
		if in.LegSeq != 0 {
			require.Equal(t, last[in.Leg]+1, in.LegSeq)
			last[in.Leg] = in.LegSeq
		}
	}
	require.Positive(t, s.Damage().Swapped)
}

// A ring that is full says so with the first record that finds room, or when the switch falls silent.
func TestOverrunIsAlwaysTold(t *testing.T) {
	s := sim.New(13, sim.Options{Faults: sim.Faults{Overrun: 1, OverrunMax: 1000}})
	answeredCall(s)
	inputs := drain(s)
	require.NotEmpty(t, inputs)
	require.Equal(t, engine.RecordsLost, inputs[len(inputs)-1].Kind)
	require.Equal(t, s.Mono(), inputs[len(inputs)-1].MonoNanos)
}

// Once the faults end, records arrive whole again.
func TestFaultsEnd(t *testing.T) {
	s := traffic(14, sim.Options{Faults: sim.Faults{Lose: 0.2, Delay: 0.2, DelayMax: time.Second, Swap: 0.2}}, 200)
	for range 500 {
		s.Next()
	}
	s.SetFaults(sim.Faults{})
	before := s.Damage()
	holes := map[engine.LegID]bool{}
	last := map[engine.LegID]uint32{}
	created := 0
	for _, in := range drain(s) {
		if in.Kind == engine.LegCreated && in.MonoNanos >= s.Mono()-s.Now().Nanoseconds() {
			created++
		}
		if in.LegSeq == 0 {
			continue
		}
		if last[in.Leg] != 0 && in.LegSeq != last[in.Leg]+1 {
			holes[in.Leg] = true
		}
		last[in.Leg] = in.LegSeq
	}
	require.Equal(t, before, s.Damage())
	require.Positive(t, created)
	require.Less(t, len(holes), 60, "only legs that were up when the faults ended have holes")
}
