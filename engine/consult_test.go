package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// TestConsultThatCannotBegin: the dial plan loses the number between the request and the call. The consult has begun and has
// failed, in this order, and the customer waits for the agent (3.6, R10).
func TestConsultThatCannotBegin(t *testing.T) {
	asked := 0
	e := engine.New(engine.Config{
		CompanyID: "company", Inside: func(n string) bool { return len(n) <= 4 },
		Dial: func(_, _ string) (engine.Route, bool) {
			asked++
			return engine.Route{}, asked == 1
		},
	}, nil)
	a, b := engine.LegID{1}, engine.LegID{2}
	var out engine.Output
	now := int64(1e9)
	step := func(in engine.Input) {
		now += 1e6
		in.MonoNanos, in.WallMicros = now, now/1000
		e.Step(&in, &out)
	}
	step(engine.Input{Kind: engine.LegCreated, Leg: a, Direction: engine.DirectionInbound, Text: engine.Text{
		Hex: a.Hex(), CallerNumber: "13912345678", Destination: "1001",
	}})
	step(engine.Input{Kind: engine.LegCreated, Leg: b, Other: a, Direction: engine.DirectionOutbound, Text: engine.Text{
		Hex: b.Hex(), CallerNumber: "13912345678", Destination: "1001", User: "1001",
	}})
	step(engine.Input{Kind: engine.LegAnswered, Leg: b})
	step(engine.Input{Kind: engine.LegAnswered, Leg: a})
	step(engine.Input{Kind: engine.LegBridged, Leg: b, Other: a})

	step(engine.Input{Kind: engine.ClientRequest, Request: &engine.Request{
		Kind: engine.RequestInitiateConsult, Name: "RequestInitiateConsult", Client: 1, ReferenceID: 7, CompanyID: "company",
		ThisDN: "1001", OtherDN: "1002",
	}})
	var stages, references []int64
	for _, o := range out.Events {
		if m, ok := o.Message.(*events.AttachedDataChanged); ok {
			stages, references = append(stages, m.ConsultStage), append(references, m.ReferenceID)
		}
	}
	require.Equal(t, []int64{events.StageBegun, events.StageCancelled}, stages)
	require.Equal(t, []int64{7, 0}, references)
	hears := map[engine.LegID]string{}
	for _, c := range out.Commands {
		require.Equal(t, engine.CommandWait, c.Kind)
		hears[c.Leg] = c.Name
	}
	require.Equal(t, map[engine.LegID]string{a: engine.WaitMusic, b: engine.WaitSilence}, hears)
}
