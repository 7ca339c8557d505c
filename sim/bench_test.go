package sim_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"modcti/sim"
)

// busySwitch has live answered calls that stay up, and short calls that come and go beside them.
func busySwitch(live int) *sim.Switch {
	s := sim.New(1, sim.Options{})
	for i := range live {
		s.Start(time.Duration(i)*100*time.Microsecond, sim.Script{
			From: strconv.Itoa(13_000_000_000 + i), To: strconv.Itoa(100_000 + i),
			Acts: []sim.Act{{After: 3 * ms, Do: sim.Ring, Leg: 1}, {After: time.Second, Do: sim.Answer, Leg: 1}},
		})
	}
	for _, more := s.Due(); more; _, more = s.Due() {
		s.Next()
	}
	agents := make([]string, 2_000)
	for i := range agents {
		agents[i] = strconv.Itoa(900_000 + i)
	}
	s.Run(sim.Traffic{
		Rate: 200, Agents: agents, Tempo: sim.Tempo{Ring: time.Second, Talk: 4 * time.Second},
		Mix: []sim.Share{{Story: sim.Answered, Weight: 6}, {Story: sim.Canceled, Weight: 1}},
	})
	for range 50_000 {
		s.Next()
	}
	return s
}

// The simulator's own cost of one input, to be taken off what engine and simulator cost together.
func BenchmarkInput(b *testing.B) {
	for _, live := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			s := busySwitch(live)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := s.Next(); !ok {
					b.Fatal("the traffic ended")
				}
			}
			b.ReportMetric(float64(s.Live()), "legs")
		})
	}
}
