package ladder

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const fuzzLegs, fuzzOwnLegs = 6, 4

// inputsFrom makes inputs of bytes, three each: any kind, any of six legs and of the first four that the engine
// originates, any time, whether it makes sense or not.
func inputsFrom(raw []byte) (list []engine.Input) {
	now := StartMono
	uses := [fuzzLegs]int{} // a uuid is never used again: a leg that is destroyed or renamed leaves its name
	for n := int64(1); len(raw) >= 3; raw = raw[3:] {
		now += int64(raw[2]) * 50_000_000
		in := engine.Input{
			Kind: engine.InputKind(raw[0]) % (engine.TimerDue + 1), MonoNanos: now, WallMicros: StartWall + (now-StartMono)/1000,
			Direction: engine.Direction(1 + raw[1]>>7), Cause: uint16(raw[2]), Disposition: engine.Disposition(raw[2] % 7),
			CallState: engine.CallState(raw[2] % 6), LegSeq: uint32(raw[2] % 16), Command: uint64(raw[1]),
		}
		leg := fuzzLeg(raw[1], &uses)
		in.Leg = engine.LegIDOf(leg)
		if other := raw[1] / 10 % 11; other < fuzzLegs+fuzzOwnLegs {
			in.Other = engine.LegIDOf(fuzzLeg(other, &uses))
		}
		if own := raw[1] % 10; own < fuzzLegs && (in.Kind == engine.LegRenamed || in.Kind == engine.LegDestroyed) {
			uses[own]++
			if in.Kind == engine.LegRenamed {
				in.Other = engine.LegIDOf(fuzzLeg(own, &uses))
			}
		}
		in.Text = engine.Text{
			Hex: in.Leg.Hex(), UUID: leg, CallerNumber: anyNumbers[int(raw[2])%7], Destination: anyNumbers[int(raw[1])%7],
			Room: anyNumbers[int(raw[1])%3], Digits: "1", Path: "/rec",
		}
		if raw[2]%11 == 0 {
			in.Flags = engine.FlagLoopback
		}
		if raw[2]%5 == 0 {
			in.Flags |= engine.FlagObserver
		}
		if in.Kind == engine.ClientRequest {
			in.Request = anyRequest(raw[2], raw[1], raw[1]/3+raw[2], n, leg)
			in.Leg, in.Other, in.Text = engine.LegID{}, engine.LegID{}, engine.Text{}
			n++
		}
		list = append(list, in)
	}
	return list
}

// fuzzLeg names one of the legs: those above fuzzLegs are the engine's.
func fuzzLeg(n byte, uses *[fuzzLegs]int) string {
	n %= fuzzLegs + fuzzOwnLegs
	if n >= fuzzLegs {
		return fmt.Sprint("n", n-fuzzLegs+1)
	}
	return fmt.Sprint("leg", n, ".", uses[n])
}

// FuzzStep: whatever the switch says and clients ask, in whatever order, the engine neither panics nor breaks a promise of
// 3.0, and when every channel is destroyed in the end no call is left.
func FuzzStep(f *testing.F) {
	f.Add([]byte{1, 0, 1, 1, 131, 1, 3, 1, 1, 5, 1, 1, 5, 0, 1, 6, 11, 1, 13, 0, 1, 14, 0, 1, 14, 1, 1, 15, 0, 1, 15, 1, 1})
	f.Add([]byte{20, 0, 1, 20, 6, 1, 21, 0, 1, 23, 0, 255, 19, 0, 1, 21, 0, 1})
	f.Add([]byte{1, 0, 1, 1, 131, 1, 3, 1, 1, 5, 1, 1, 5, 0, 1, 6, 11, 1, 27, 16, 16, 1, 6, 1, 5, 6, 1, 6, 61, 1, 27, 1, 19})
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = raw[:min(len(raw), 900)] // 300 inputs say enough, and take no seconds
		r := NewRun(&Scene{AuditMillis: 5000, Record: "/rec/$call-$party-$at.wav", NotifyObserved: len(raw)%2 == 0})
		r.Quiet = true
		possible := possibleIn(r)
		var names []string
		for _, in := range inputsFrom(raw) {
			if possible(&in) {
				r.Step(in)
			}
		}
		for i := range fuzzLegs {
			for use := range 1 + len(raw)/3 {
				names = append(names, fmt.Sprint("leg", i, ".", use))
			}
		}
		r.destroyAll(names)
		require.NoError(t, r.Promises())
		require.Zero(t, r.Engine.Stats().Calls, "a call outlived its channels")
	})
}
