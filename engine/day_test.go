package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// taken is what an agent who had taken 5 calls when the engine started is counted for after requests at these times.
func taken(t *testing.T, start int64, moments ...int64) (counts []int64) {
	agent := engine.AgentConfig{UUID: "a", DN: "1001"}
	e := engine.New(engine.Config{
		CompanyID: "company", WallMicros: start, Directory: &engine.Directory{Agents: []engine.AgentConfig{agent}},
		Agents: []engine.AgentRecord{{UUID: "a", DN: "1001", State: "Ready", CallsTaken: 5, AtMillis: start / 1000}},
		DayEnd: func(wallMicros int64) int64 { return (wallMicros/dayMicros + 1) * dayMicros },
	}, nil)
	var out engine.Output
	for i, at := range moments {
		for range 2 { // a day's end is noticed when agents and callers are brought together
			for _, kind := range []engine.RequestKind{engine.RequestAgentNotReady, engine.RequestAgentReady} {
				r := engine.Request{Kind: kind, CompanyID: "company", ThisDN: "1001", ReasonCode: 11, Client: 1}
				e.Step(&engine.Input{Kind: engine.ClientRequest, MonoNanos: int64(i) + 1, WallMicros: at, Request: &r}, &out)
			}
		}
		counts = append(counts, out.Records[0].Agent.CallsTaken)
	}
	return counts
}

// TestCountersOfTheDay: they begin anew at its end, and when a clock that was far ahead is put right; not when one is put
// back over midnight.
func TestCountersOfTheDay(t *testing.T) {
	noon := 20_000*dayMicros + dayMicros/2
	require.Equal(t, []int64{5, 5, 0}, taken(t, noon, noon, noon+dayMicros/2-1, noon+dayMicros/2))
	require.Equal(t, []int64{5, 5}, taken(t, noon-dayMicros/2, noon-dayMicros/2, noon-dayMicros/2-1_000_000), "a second back")
	require.Equal(t, []int64{0}, taken(t, noon+30*dayMicros, noon), "30 days back")
}
