package sim_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"modcti/engine"
	"modcti/sim"
)

func agents(count int) []string {
	numbers := make([]string, count)
	for i := range numbers {
		numbers[i] = strconv.Itoa(1001 + i)
	}
	return numbers
}

func traffic(seed uint64, o sim.Options, calls int) *sim.Switch {
	s := sim.New(seed, o)
	s.Run(sim.Traffic{
		Rate: 20, Calls: calls, Agents: agents(120), Tempo: sim.Tempo{Ring: 200 * ms, Talk: 500 * ms},
	})
	return s
}

// The same seed gives the same inputs, byte for byte; another gives others.
func TestSeedDecidesEverything(t *testing.T) {
	first, again := drain(traffic(7, sim.Options{}, 200)), drain(traffic(7, sim.Options{}, 200))
	require.Equal(t, first, again)
	require.NotEqual(t, first[:1000], drain(traffic(8, sim.Options{}, 200))[:1000])
}

// Whatever the traffic: a leg is created once and first, is numbered from 1 without a hole, begins to end, ends and is
// destroyed once each unless it vanished; a bridge has two ends; and in the end nothing is left.
func TestTrafficIsWhole(t *testing.T) {
	for seed := range uint64(20) {
		s := traffic(seed, sim.Options{}, 300)
		last := map[engine.LegID]engine.Input{}
		count := map[engine.LegID]map[engine.InputKind]int{}
		mono := int64(0)
		for _, in := range drain(s) {
			require.GreaterOrEqual(t, in.MonoNanos, mono, "seed %d", seed)
			mono = in.MonoNanos
			if count[in.Leg] == nil {
				require.Equal(t, engine.LegCreated, in.Kind, "seed %d", seed)
				require.Equal(t, engine.LegIDOf(in.Text.UUID), in.Leg)
				require.Equal(t, in.Leg.Hex(), in.Text.Hex)
				count[in.Leg] = map[engine.InputKind]int{}
			}
			if in.LegSeq != 0 || !onBus(in.Kind) {
				require.Equal(t, last[in.Leg].LegSeq+1, in.LegSeq)
				last[in.Leg] = in
			}
			if count[in.Leg][engine.LegEnded] > 0 {
				require.Contains(t, []engine.InputKind{engine.LegDestroyed, engine.RoomLeft}, in.Kind, "seed %d", seed)
			}
			count[in.Leg][in.Kind]++
		}
		vanished := 0
		for leg, kinds := range count {
			if kinds[engine.LegHangup] == 0 {
				vanished++
				continue
			}
			for _, once := range []engine.InputKind{
				engine.LegCreated, engine.LegHangup, engine.LegEnded, engine.LegDestroyed,
			} {
				require.Equal(t, 1, kinds[once], "seed %d: %s of %s", seed, words[once], leg.Hex())
			}
		}
		require.Positive(t, vanished, "some story ends without a word (seed %d)", seed)
		require.Zero(t, s.Live(), "seed %d", seed)
		require.Zero(t, s.Calls(), "seed %d", seed)
	}
}

// onBus tells whether the event bus may tell a kind, which then has no number: rooms, and what a phone does itself.
func onBus(kind engine.InputKind) bool {
	switch kind {
	case engine.RoomJoined, engine.RoomLeft, engine.LegHeld, engine.LegUnheld:
		return true
	}
	return false
}

// An extension is never called into two calls at once: routing relies on phones that behave so.
func TestAgentsAreInOneCallAtATime(t *testing.T) {
	for seed := range uint64(5) {
		up := map[string]engine.LegID{}
		owner := map[engine.LegID]string{}
		s := sim.New(seed, sim.Options{})
		var mix []sim.Share
		for _, story := range sim.Stories() {
			if story != sim.Vanished { // whose end nobody is told
				mix = append(mix, sim.Share{Story: story, Weight: 1})
			}
		}
		s.Run(sim.Traffic{Rate: 20, Calls: 300, Agents: agents(40), Mix: mix,
			Tempo: sim.Tempo{Ring: 200 * ms, Talk: 500 * ms}})
		for _, in := range drain(s) {
			switch in.Kind {
			case engine.LegAnswered:
				if dn := owner[in.Leg]; dn != "" {
					require.Empty(t, up[dn], "seed %d: %s", seed, dn)
					up[dn] = in.Leg
				}
			case engine.LegCreated:
				if in.Direction == engine.DirectionOutbound && in.Flags == 0 && in.Text.User != "" {
					owner[in.Leg] = in.Text.User
				}
			case engine.LegHangup:
				delete(up, owner[in.Leg])
			}
		}
	}
}

func TestEveryStoryHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, story := range sim.Stories() {
		require.NotEmpty(t, story.String())
		require.False(t, seen[story.String()])
		seen[story.String()] = true
	}
}

// Acts of the same moment come in the order that the seed gives (3.14: both hang up at once).
func TestSeedDecidesWhoIsFirst(t *testing.T) {
	first := map[string]bool{}
	for seed := range uint64(40) {
		s := sim.New(seed, sim.Options{})
		s.Start(0, s.Tell(sim.BothAtOnce, sim.Cast{Outside: customer, Agent: "1001"}, sim.Tempo{Ring: ms, Talk: ms}))
		for _, in := range drain(s) {
			if in.Kind == engine.LegHangup {
				first[fmt.Sprint(in.Direction, in.Disposition, in.LegSeq)] = true
				break
			}
		}
	}
	require.Len(t, first, 2)
}

func run(s *sim.Switch, until func(engine.Input) bool) (inputs []engine.Input) {
	for in, ok := s.Next(); ok; in, ok = s.Next() {
		inputs = append(inputs, in)
		if until(in) {
			break
		}
	}
	return inputs
}

func kind(k engine.InputKind) func(engine.Input) bool {
	return func(in engine.Input) bool { return in.Kind == k }
}

func answeredCall(s *sim.Switch) *sim.Call {
	return s.Start(0, sim.Script{From: customer, To: "1001", Name: "Customer", Acts: up(1)})
}

// A snapshot tells the session table as it is: every channel that is up and not ending, with its times and partner.
func TestSnapshot(t *testing.T) {
	s := sim.New(1, sim.Options{})
	call := answeredCall(s)
	bridged := run(s, kind(engine.LegBridged))
	bridged = append(bridged, run(s, kind(engine.LegBridged))...)
	a, b := call.Legs()[0], call.Legs()[1]
	s.Do(engine.Command{ID: 4, Kind: engine.CommandSetVariable, Leg: b, Name: "cti_call_id", Value: "c1"})
	table := run(s, kind(engine.CommandDone))
	s.Do(engine.Command{ID: 5, Kind: engine.CommandSnapshot})
	table = append(table, run(s, kind(engine.SnapshotEnd))...)
	var told []string
	for _, in := range table {
		told = append(told, fmt.Sprintf("%s %d", words[in.Kind], in.Command))
	}
	require.Equal(t, []string{"done 4", "begin 5", "found 5", "found 5", "end 5"}, told)
	at := map[engine.InputKind]map[engine.LegID]int64{}
	for _, in := range bridged {
		if at[in.Kind] == nil {
			at[in.Kind] = map[engine.LegID]int64{}
		}
		at[in.Kind][in.Leg] = in.WallMicros
	}
	for i, leg := range []engine.LegID{a, b} {
		found := table[2+i]
		require.Equal(t, leg, found.Leg)
		require.Equal(t, call.Legs()[1-i], found.Other)
		require.Equal(t, engine.CallStateActive, found.CallState)
		require.Equal(t, at[engine.LegCreated][leg], found.Times.Created)
		require.Equal(t, at[engine.LegAnswered][leg], found.Times.Answered)
		require.Equal(t, at[engine.LegBridged][leg], found.Times.Bridged)
		require.Zero(t, found.LegSeq, "a snapshot is not one of the leg's own records")
	}
	require.Equal(t, "c1", table[3].Text.CTICallID)
	require.Equal(t, at[engine.LegRinging][b], table[3].Times.Progress)
	require.Equal(t, at[engine.LegProgress][a], table[2].Times.Early)
}

// A command's truth is the input that confirms it; a channel that is gone, or going, refuses it.
func TestHangupCommand(t *testing.T) {
	s := sim.New(2, sim.Options{})
	call := answeredCall(s)
	run(s, kind(engine.LegBridged))
	b := call.Legs()[1]
	s.Do(engine.Command{ID: 1, Kind: engine.CommandHangup, Leg: b, Cause: 31})
	s.Do(engine.Command{ID: 2, Kind: engine.CommandHangup, Leg: b})
	s.Do(engine.Command{ID: 3, Kind: engine.CommandSetVariable, Leg: engine.LegIDOf("none"), Name: "cti_x"})
	causes := map[string]uint16{}
	for _, in := range drain(s) {
		switch in.Kind {
		case engine.LegHangup, engine.LegEnded:
			causes[fmt.Sprintf("%s %t", words[in.Kind], in.Leg == b)] = in.Cause
		case engine.CommandDone:
			causes[fmt.Sprintf("done %d", in.Command)] = in.Cause
		}
	}
	require.Equal(t, map[string]uint16{
		"hangup true": 31, "ended true": 31, "hangup false": 31, "ended false": 31,
		"done 1": 0, "done 2": 81, "done 3": 81,
	}, causes)
}

// The two clocks are told apart: an operator who sets the real-time clock does not move the monotonic one.
func TestClocks(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := sim.New(3, sim.Options{StartMono: 5_000_000_000, StartWall: start})
	answeredCall(s)
	in, ok := s.Next()
	require.True(t, ok)
	require.Equal(t, int64(5_000_000_000)+s.Now().Nanoseconds(), in.MonoNanos)
	require.Equal(t, start.UnixMicro()+s.Now().Microseconds(), in.WallMicros)
	s.JumpWall(-time.Hour)
	next, ok := s.Next()
	require.True(t, ok)
	passed := next.MonoNanos - in.MonoNanos
	require.Positive(t, passed)
	require.InDelta(t, in.WallMicros-3_600_000_000+passed/1000, next.WallMicros, 1)
}

// Next and Due never disagree about what comes, and time does not run backwards.
func TestDueNamesTheNextMoment(t *testing.T) {
	s := traffic(4, sim.Options{}, 50)
	for {
		due, more := s.Due()
		before := s.Now()
		in, ok := s.Next()
		if !ok {
			return
		}
		require.True(t, more)
		require.GreaterOrEqual(t, due, before)
		require.LessOrEqual(t, due, s.Now())
		require.Equal(t, s.Mono(), in.MonoNanos)
		require.Equal(t, s.Wall(), in.WallMicros)
	}
}

// The queue gives moments back in the order of their times, however far away they are.
func TestCallsBeginWhenTheyAreDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sim.New(rapid.Uint64().Draw(t, "seed"), sim.Options{})
		var want []int64
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			at := time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "at"))
			s.Start(at, sim.Script{From: customer, To: "park", Acts: []sim.Act{{After: ms, Do: sim.Hangup}}})
			want = append(want, at.Nanoseconds())
		}
		slices.Sort(want)
		var got []int64
		begin := s.Mono()
		for _, in := range drain(s) {
			if in.Kind == engine.LegCreated {
				got = append(got, in.MonoNanos-begin)
			}
		}
		if !slices.Equal(want, got) {
			t.Fatalf("calls came at %v, were due at %v", got, want)
		}
	})
}

// A clock that somebody else turns gives the same inputs at the same times, and stands at each time it was turned to:
// a command given then is carried out then.
func TestNextUntil(t *testing.T) {
	want := drain(traffic(5, sim.Options{}, 40))
	for name, faults := range map[string]sim.Faults{
		"whole": {}, "swapping": {Swap: 0.2, Delay: 0.1, DelayMax: time.Second},
	} {
		s := traffic(5, sim.Options{Faults: faults}, 40)
		var got []engine.Input
		for at := time.Duration(0); ; at += 17 * ms {
			for in, ok := s.NextUntil(at); ok; in, ok = s.NextUntil(at) {
				require.LessOrEqual(t, s.Now(), at)
				got = append(got, in)
			}
			require.Equal(t, at, s.Now())
			if _, more := s.Due(); !more {
				break
			}
		}
		if name == "whole" {
			require.Equal(t, want, got)
		} else {
			require.ElementsMatch(t, want, got)
		}
	}
	s := sim.New(1, sim.Options{})
	_, ok := s.NextUntil(time.Hour)
	require.False(t, ok)
	s.Do(engine.Command{ID: 9, Kind: engine.CommandSnapshot})
	in, ok := s.Next()
	require.True(t, ok)
	require.Equal(t, engine.SnapshotBegin, in.Kind)
	require.GreaterOrEqual(t, s.Now(), time.Hour)
}

// What is up before the module is loaded is told by a snapshot; what then happens to it is numbered from 1.
func TestModuleLoadedUnderCalls(t *testing.T) {
	s := sim.New(6, sim.Options{Unloaded: true})
	call := s.Start(0, sim.Script{From: customer, To: "1001", Acts: up(1, sim.Act{After: 10 * time.Second, Do: sim.Hangup})})
	_, told := s.NextUntil(5 * time.Second)
	require.False(t, told)
	require.Equal(t, 2, s.Live())
	s.Load(true)
	s.Do(engine.Command{ID: 1, Kind: engine.CommandSnapshot})
	var found []engine.LegID
	next := map[engine.LegID]uint32{}
	for _, in := range drain(s) {
		switch {
		case in.Kind == engine.LegFound:
			found = append(found, in.Leg)
			require.Equal(t, engine.CallStateActive, in.CallState)
		case in.LegSeq != 0:
			next[in.Leg]++
			require.Equal(t, next[in.Leg], in.LegSeq)
		}
	}
	require.ElementsMatch(t, call.Legs(), found)
	require.Len(t, next, 2)
}
