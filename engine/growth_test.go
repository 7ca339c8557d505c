package engine_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/loop"
	"modcti/sim"
)

// ordinary is what a switch of agents and customers carries.
var ordinary = []sim.Share{
	{Story: sim.Answered, Weight: 60}, {Story: sim.Outbound, Weight: 15}, {Story: sim.Internal, Weight: 5},
	{Story: sim.Canceled, Weight: 5}, {Story: sim.Unanswered, Weight: 3}, {Story: sim.Busy, Weight: 3},
	{Story: sim.EarlyMedia, Weight: 3}, {Story: sim.HeldOnce, Weight: 3}, {Story: sim.Transferred, Weight: 3},
}

var (
	people = sim.Tempo{Ring: 10 * time.Second, Talk: 3 * time.Minute}
	// hurried calls end ten thousand times sooner: few are live though as many come as when many people talk.
	hurried = sim.Tempo{Ring: time.Millisecond, Talk: 18 * time.Millisecond}
)

const (
	hotInputs  = 64 // a full batch of the ring's reader
	roundHots  = 10
	turnRounds = 10
	turns      = 40
)

// window is what the simulated switch tells while so many calls are live, once its traffic is steady, and an engine that
// has stepped all that was told before.
type window struct {
	engine *engine.Engine
	out    engine.Output
	ins    []engine.Input
	hot    [hotInputs]engine.Input
	nanos  []float64 // an input, by round
}

func newEngine() *engine.Engine {
	return engine.New(engine.Config{
		CompanyID: "company", Inside: func(n string) bool { return len(n) <= 6 }, Large: loop.LargePages,
	}, nil)
}

// newWindow couples one engine with the switch, which needs its commands, and lets another see the same.
func newWindow(live, inputs int, tempo sim.Tempo) *window {
	s := sim.New(1, sim.Options{})
	traffic := sim.Traffic{Rate: float64(live) / (tempo.Ring + tempo.Talk).Seconds(), Tempo: tempo, Mix: ordinary}
	for i := range 2*live + 100 {
		traffic.Agents = append(traffic.Agents, strconv.Itoa(100_000+i))
	}
	s.Run(traffic)
	w := &window{engine: newEngine()}
	coupled, out := newEngine(), engine.Output{}
	for len(w.ins) < inputs {
		in, _ := s.Next()
		coupled.Step(&in, &out)
		for _, command := range out.Commands {
			s.Do(command)
		}
		if s.Now() < 5*(tempo.Ring+tempo.Talk)/2+20*time.Second {
			w.engine.Step(&in, &w.out)
		} else {
			w.ins = append(w.ins, in)
		}
	}
	return w
}

var read int

// warm brings the next inputs to where the reader leaves them when it has decoded them.
func (w *window) warm() {
	w.ins = w.ins[copy(w.hot[:], w.ins):]
	for i := range w.hot {
		t := &w.hot[i].Text
		for _, s := range []string{t.Hex, t.UUID, t.Channel, t.CallerNumber, t.Destination, t.CTICallID} {
			for j := 0; j < len(s); j += 16 {
				read += int(s[j])
			}
		}
	}
}

// round times nothing but the engine, which is handed batches.
func (w *window) round(batch int) {
	var took time.Duration
	step := func(in *engine.Input) { w.engine.Step(in, &w.out) }
	for range roundHots {
		w.warm()
		start := time.Now()
		for ins := w.hot[:]; len(ins) > 0; ins = ins[batch:] {
			w.engine.Batch(ins[:batch], step)
		}
		took += time.Since(start)
	}
	w.nanos = append(w.nanos, float64(took.Nanoseconds())/(roundHots*hotInputs))
}

func (w *window) median() float64 {
	slices.Sort(w.nanos)
	return w.nanos[len(w.nanos)/2]
}

// lineCost is what it costs to read a line of memory that is in no cache, where as much is kept as 100,000 calls come to:
// when each says where the next one is, and when many are known before.
func lineCost() (waited, ahead float64) {
	const lines, reads = 200 << 20 / 64, 1 << 20
	memory, random := make([][8]uint64, lines), rand.New(rand.NewPCG(1, 2))
	for i := range memory {
		memory[i][0] = uint64(random.IntN(lines))
	}
	at, start := uint64(0), time.Now()
	for i := range uint64(reads) {
		at = (memory[at][0] + i) % lines
	}
	waited = float64(time.Since(start).Nanoseconds()) / reads
	known := make([]uint32, reads)
	for i := range known {
		known[i] = uint32(random.IntN(lines))
	}
	start = time.Now()
	for _, i := range known {
		at += memory[i][0]
	}
	ahead = float64(time.Since(start).Nanoseconds()) / reads
	read += int(at & 1)
	return waited, ahead
}

// BenchmarkStepRatio: what one input costs in the simulator with 10 and with 100,000 live calls, in turns in one run. Of
// hurried calls as many come, and as mixed, as of 100,000, and growth-alike is what the number of live calls alone makes of
// it. Limits: 1 µs an input, growth-alike 1.2 in batches, as a ring hands them over that has as much to tell. Beside it
// stands growth from 10 ordinary calls, which come one after the other, so that even the processor's guesses come true: of
// those a batch would take a minute to fill. What grows is the wait for memory: the cost of a line that is in no cache
// stands there too.
func BenchmarkStepRatio(b *testing.B) {
	for _, batch := range []int{1, hotInputs} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			const inputs = turns * turnRounds * roundHots * hotInputs
			few, alike := newWindow(10, inputs, people), newWindow(10, inputs, hurried)
			many := newWindow(100_000, inputs, people)
			runtime.GC()
			for range turns {
				for _, w := range []*window{few, alike, many} {
					for range turnRounds {
						w.round(batch)
					}
				}
			}
			small, large := few.median(), many.median()
			b.ReportMetric(small, "ns/input(10)")
			b.ReportMetric(large, "ns/input(100000)")
			b.ReportMetric(large/1000, "of-1µs-limit")
			b.ReportMetric(large/small, "growth")
			b.ReportMetric(large/alike.median(), "growth-alike")
			waited, ahead := lineCost()
			b.ReportMetric(waited, "ns/line-waited-for")
			b.ReportMetric(ahead, "ns/line-known-before")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestBatch: inputs stepped in batches lead to what they lead to one by one, and nothing is allocated for it.
func TestBatch(t *testing.T) {
	const inputs = 100 * hotInputs
	w, other := newWindow(30, inputs, hurried), newWindow(30, inputs, hurried)
	var out engine.Output
	at := 0
	step := func(in *engine.Input) {
		w.engine.Step(in, &w.out)
		other.engine.Step(&other.ins[at], &out)
		require.Equal(t, out.Commands, w.out.Commands)
		require.Equal(t, out.Records, w.out.Records)
		require.Equal(t, out.Events, w.out.Events)
		at++
	}
	for size := 1; len(w.ins) > 0; size = size%hotInputs + 1 {
		batch := w.ins[:min(size, len(w.ins))]
		w.engine.Batch(batch, step)
		w.ins = w.ins[len(batch):]
	}
	require.Equal(t, inputs, at)
	require.Equal(t, other.engine.Stats(), w.engine.Stats())
	idle := make([]engine.Input, hotInputs)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		w.engine.Batch(idle, func(in *engine.Input) { w.engine.Step(in, &w.out) })
	}))
}
