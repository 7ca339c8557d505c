package ladder

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

var fuzzKinds = []engine.InputKind{
	engine.LegCreated, engine.LegOutgoing, engine.LegRinging, engine.LegProgress, engine.LegAnswered, engine.LegBridged,
	engine.LegUnbridged, engine.LegHeld, engine.LegUnheld, engine.LegTransferred, engine.LegExecuted, engine.LegRenamed,
	engine.LegHangup, engine.LegEnded, engine.LegDestroyed, engine.LegLooped, engine.RoomJoined, engine.RoomLeft,
	engine.SnapshotBegin, engine.LegFound, engine.SnapshotEnd, engine.RecordsLost, engine.TimerDue, engine.CommandDone,
	engine.ClientRequest,
}

var fuzzNumbers = []string{"13912345678", "1001", "1002", "13988886666", "", "park"}

// inputsFrom makes inputs of bytes, three each: any kind, any of six legs, any time, whether it makes sense or not.
func inputsFrom(raw []byte) (list []engine.Input) {
	now := startMono
	uses := [6]int{} // a uuid is never used again: a leg that is destroyed or renamed leaves its name
	for ; len(raw) >= 3; raw = raw[3:] {
		now += int64(raw[2]) * 50_000_000
		in := engine.Input{
			Kind: fuzzKinds[int(raw[0])%len(fuzzKinds)], MonoNanos: now, WallMicros: startWall + (now-startMono)/1000,
			Direction: engine.Direction(1 + raw[1]>>7), Cause: uint16(raw[2]), Disposition: engine.Disposition(raw[2] % 7),
			CallState: engine.CallState(raw[2] % 6), LegSeq: uint32(raw[2] % 16), Command: uint64(raw[1]),
		}
		use := &uses[raw[1]%6]
		leg := fmt.Sprint("leg", raw[1]%6, ".", *use)
		in.Leg = engine.LegIDOf(leg)
		if other := raw[1] / 6 % 7; other < 6 {
			in.Other = engine.LegIDOf(fmt.Sprint("leg", other, ".", uses[other]))
		}
		if in.Kind == engine.LegRenamed || in.Kind == engine.LegDestroyed {
			*use++
		}
		if in.Kind == engine.LegRenamed {
			in.Other = engine.LegIDOf(fmt.Sprint("leg", raw[1]%6, ".", *use))
		}
		in.Text = engine.Text{
			Hex: in.Leg.Hex(), UUID: leg, CallerNumber: fuzzNumbers[int(raw[2])%6], Destination: fuzzNumbers[int(raw[1])%6],
			Room: fuzzNumbers[int(raw[1])%3],
		}
		if raw[2]%11 == 0 {
			in.Flags = engine.FlagLoopback
		}
		if raw[2]%5 == 0 {
			in.Flags |= engine.FlagObserver
		}
		if in.Kind == engine.ClientRequest {
			in.Request = &engine.Request{
				Client: 1, Kind: engine.RequestKind(raw[1] % 7), CallID: in.Text.Hex, ThisDN: "1001", Scope: "company",
			}
		}
		list = append(list, in)
	}
	return list
}

// FuzzStep: whatever the switch says, in whatever order, the engine neither panics nor breaks a promise of 3.0, and
// when every channel is destroyed in the end no call is left.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 129, 1, 2, 1, 1, 4, 1, 1, 4, 0, 1, 5, 1, 1, 12, 0, 1, 13, 0, 1, 13, 1, 1, 14, 0, 1, 14, 1, 1})
	f.Add([]byte{19, 0, 1, 19, 6, 1, 20, 0, 1, 22, 0, 255, 18, 0, 1, 20, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := &ladder{audit: 5000}
		r := newRun(l)
		for _, in := range inputsFrom(raw) {
			r.step(in)
		}
		for i := range 6 {
			for use := range 1 + len(raw)/3 {
				id := engine.LegIDOf(fmt.Sprint("leg", i, ".", use))
				r.step(engine.Input{Kind: engine.LegDestroyed, Leg: id, MonoNanos: startMono * 2, WallMicros: startWall * 2})
			}
		}
		require.NoError(t, r.promises())
		require.Zero(t, r.engine.Stats().Calls, "a call outlived its channels")
	})
}
