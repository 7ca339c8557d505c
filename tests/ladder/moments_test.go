package ladder

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// TestMomentsToTheMicrosecond proves R16: what happens at 456 µs past a millisecond is told so to a client that opened with
// epochUnit us, and as that millisecond to all others.
func TestMomentsToTheMicrosecond(t *testing.T) {
	const past = 456
	text, err := os.ReadFile("testdata/hold_retrieve_by_request.txt")
	require.NoError(t, err)
	s := parsed(t, string(text))
	r := NewRun(&s.Scene)
	told := map[string]int{}
	r.Hear = func(o *engine.Outgoing) {
		for _, p := range []events.Profile{events.Basic, events.Full} {
			millis, micros := momentsOf(t, o.Message, p), momentsOf(t, o.Message, p|events.Micros)
			require.Len(t, micros, len(millis))
			for key, at := range micros {
				require.Equal(t, millis[key], at/1000, "%s of %s", key, o.Message.Name())
				if at != 0 {
					require.EqualValues(t, past, at%1000, "%s of %s", key, o.Message.Name())
					told[key]++
				}
			}
		}
	}
	for _, in := range s.Inputs() {
		in.MonoNanos, in.WallMicros = in.MonoNanos+past*1000, in.WallMicros+past
		r.Step(in)
	}
	for _, key := range strings.Fields("creationTime startUepoch progressUepoch answerUepoch bridgeUepoch lastHoldUepoch endUepoch") {
		require.Positive(t, told[key], key)
	}
}

// momentsOf are the fields of an event that R16 speaks of.
func momentsOf(t *testing.T, m events.Message, p events.Profile) map[string]int64 {
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(m.AppendJSON(nil, p), &fields))
	moments := map[string]int64{}
	for key, raw := range fields {
		if key != "creationTime" && !strings.HasSuffix(key, "Uepoch") {
			continue
		}
		var at int64
		require.NoError(t, json.Unmarshal(raw, &at), key)
		moments[key] = at
	}
	return moments
}
