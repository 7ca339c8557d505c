package engine_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// TestCallbacksBounded: whose place a queue keeps is not on its line, so that its length says nothing of them; their number has
// a bound of its own. Who asks past it stays on the line.
func TestCallbacksBounded(t *testing.T) {
	config := engine.Config{
		CompanyID: "company", Inside: func(n string) bool { return len(n) <= 4 },
		Dial:      func(_, n string) (engine.Route, bool) { return engine.Route{Address: "user/" + n}, true },
		Directory: &engine.Directory{Queues: []engine.QueueConfig{{ID: "8001", MaxLength: 2, CallbackKey: "1"}}},
	}
	for i := range 1<<12 - 1 {
		config.Callbacks = append(config.Callbacks, engine.QueueRecord{QueueID: "8001", CallerDN: strconv.Itoa(13_900_000_000 + i)})
	}
	e, out, now := engine.New(config, nil), engine.Output{}, int64(1e9)
	asks := func(leg byte, number string) (left []string) {
		for _, in := range []engine.Input{
			{Kind: engine.LegCreated, Direction: engine.DirectionInbound, Text: engine.Text{
				Hex: engine.LegID{leg}.Hex(), CallerNumber: number, Destination: "8000",
			}},
			{Kind: engine.LegExecuted, Text: engine.Text{App: "cti_queue", AppArg: "8001"}},
			{Kind: engine.LegDTMF, Text: engine.Text{Digits: "1"}},
		} {
			now += 1e6
			in.Leg, in.MonoNanos, in.WallMicros = engine.LegID{leg}, now, now/1000
			e.Step(&in, &out)
			for _, r := range out.Records {
				if r.Kind == engine.QueueLeft {
					left = append(left, r.Queue.Outcome)
				}
			}
		}
		return left
	}
	require.Equal(t, []string{string(engine.WhenCallback)}, asks(1, "13700000001"), "there is room for one more")
	require.Empty(t, asks(2, "13700000002"), "he stays on the line")
}
