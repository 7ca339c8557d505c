package sim_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
)

// A hold lasts as long as a phone needs to hear of it, whatever takes it off; what the phone itself holds is the phone's.
func TestShortHold(t *testing.T) {
	for name, c := range map[string]engine.Command{
		"unhold": {Kind: engine.CommandUnhold}, "wait": {Kind: engine.CommandWait, Name: engine.WaitSilence},
		"room": {Kind: engine.CommandJoinRoom, Name: "r"},
	} {
		eachSeed(t, patient, func(d *desk) {
			_, b := d.talk()
			d.give(engine.Command{Kind: engine.CommandHold, Leg: b, CallID: "call"})
			c.Leg, c.CallID = b, "call"
			d.give(c)
			d.pass(300 * ms)
			require.Equal(d, []string{"held"}, d.heard(b), name)
			d.pass(300 * ms)
			require.Equal(d, "unheld", d.heard(b)[1], name)
			d.empty()
		})
	}
	eachSeed(t, patient, func(d *desk) {
		_, b := d.talk()
		require.True(d, d.Act(b, sim.Act{Do: sim.Hold, Run: "phone"}, engine.LegID{}))
		d.now(engine.Command{Kind: engine.CommandUnhold, Leg: b, CallID: "call"}, 101)
		d.now(engine.Command{Kind: engine.CommandHold, Leg: b, CallID: "call"}, 101)
		require.True(d, d.channel(b).Held)
		d.empty()
	})
}

// HOLD and UNHOLD are told by the channel's own hook; a leg that is sent elsewhere is taken off hold first.
func TestHold(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		c := d.originate("C", "1002")
		d.forget()
		hold := engine.Command{Kind: engine.CommandHold, Leg: b, CallID: "call"}
		unhold := engine.Command{Kind: engine.CommandUnhold, Leg: b, CallID: "call"}
		d.now(unhold, 101)
		d.now(hold, 0)
		require.True(d, d.channel(b).Held)
		d.now(hold, 101)
		d.now(unhold, 0)
		d.now(hold, 0)
		require.Equal(d, []string{"held", "unheld", "held"}, d.heard(b))
		for _, in := range d.told {
			require.True(d, in.Kind == engine.CommandDone || in.LegSeq != 0)
		}
		d.forget()
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: b, Other: c, CallID: "call"}, 0)
		require.Equal(d, []string{"unheld", "unbridged A", "bridged C"}, d.heard(b))
		require.Equal(d, engine.WaitSilence, d.channel(a).Waits)
		d.empty()
	})
}

// EAVESDROP: told as an observer of Other, then joined with nobody; the mode changes without a word; the listener ends
// with whom it listens to (3.10).
func TestEavesdrop(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		c := d.originate("C", "1002")
		d.forget()
		listen := engine.Command{Kind: engine.CommandEavesdrop, Leg: c, Other: b, Name: engine.HeardByNobody, CallID: "call"}
		d.now(listen, 0)
		require.Equal(d, []string{"executed B eavesdrop", "bridged"}, d.heard(c))
		executed := d.told[slices.IndexFunc(d.told, kind(engine.LegExecuted))]
		require.Equal(d, engine.FlagObserver, executed.Flags)
		require.Equal(d, sim.Channel{
			ID: c, CallID: "call", Number: "1002", Talking: true, Hears: b, HeardBy: engine.HeardByNobody,
		}, d.channel(c))
		mode := engine.Command{Kind: engine.CommandEavesdropMode, Leg: c, Name: engine.HeardByTarget, CallID: "call"}
		d.now(mode, 0)
		require.Equal(d, engine.HeardByTarget, d.channel(c).HeardBy)
		mode.Name = "all"
		d.now(mode, 95)
		mode.Name, mode.Leg = engine.HeardByBoth, a
		d.now(mode, 101)
		d.forget()
		d.now(engine.Command{Kind: engine.CommandWait, Leg: c, Name: engine.WaitSilence, CallID: "call"}, 0)
		require.Equal(d, []string{"unbridged"}, d.heard(c))
		d.now(listen, 0)
		d.now(engine.Command{Kind: engine.CommandHangup, Leg: b, CallID: "call"}, 0)
		require.Empty(d, d.Channels())
		d.empty()
	})
}

// MUTE, SEND_DTMF and ANSWER change nothing that is told but by what the phone does then.
func TestQuietCommands(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		d.now(engine.Command{Kind: engine.CommandMute, Leg: b, CallID: "call"}, 0)
		require.True(d, d.channel(b).Muted)
		d.now(engine.Command{Kind: engine.CommandUnmute, Leg: b, CallID: "call"}, 0)
		require.False(d, d.channel(b).Muted)
		d.now(engine.Command{Kind: engine.CommandSendDTMF, Leg: a, Value: "12#*ABCDabcd", CallID: "call"}, 0)
		for _, wrong := range []string{"", "W1", "1,2", "1 "} {
			d.now(engine.Command{Kind: engine.CommandSendDTMF, Leg: a, Value: wrong, CallID: "call"}, 95)
		}
		d.now(engine.Command{Kind: engine.CommandAnswer, Leg: b, CallID: "call"}, 101)
		require.Empty(d, d.all())
		require.True(d, d.Act(b, sim.Act{Do: sim.Press, To: "42"}, engine.LegID{}))
		d.pass(ms)
		require.Equal(d, []string{"B pressed 4", "B pressed 2"}, d.all())
		d.empty()
	})
}

// ANSWER: a phone that rings picks up, unless it is deaf to it.
func TestAnswer(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		phone := func(string, *rand.Rand) sim.Behaviour {
			b := sim.NeverAnswers()
			b.Deaf = deaf
			return b
		}
		eachSeed(t, phone, func(d *desk) {
			b := d.originate("B", "1001")
			d.forget()
			d.now(engine.Command{Kind: engine.CommandAnswer, Leg: b, CallID: "call"}, 0)
			require.Equal(d, !deaf, d.channel(b).Talking)
			d.empty()
		})
	}
}

// RECORD_*: begin and end of the file are told by the event bus; the end of the channel ends the file before it.
func TestRecord(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		_, b := d.talk()
		record := func(kind engine.CommandKind, path string, answer uint16) {
			d.now(engine.Command{Kind: kind, Leg: b, Value: path, CallID: "call"}, answer)
		}
		record(engine.CommandRecordStop, "/r/x.wav", 101)
		record(engine.CommandRecordStart, "/r/x.wav", 0)
		record(engine.CommandRecordStart, "/r/x.wav", 101)
		for _, wrong := range []string{"", "x.wav", "/r/x", "/r/x.", "/r/.wav", "/r/../x.wav", "/r/x y.wav", "/r/$x.wav"} {
			record(engine.CommandRecordStart, wrong, 95)
		}
		record(engine.CommandRecordPause, "/r/x.wav", 0)
		record(engine.CommandRecordResume, "/r/x.wav", 0)
		record(engine.CommandRecordStop, "/r/x.wav", 0)
		require.Equal(d, []string{"records /r/x.wav", "recorded /r/x.wav"}, d.heard(b))
		record(engine.CommandRecordStart, "/r/y.wav", 0)
		require.Equal(d, []string{"/r/y.wav"}, d.channel(b).Records)
		d.forget()
		d.now(engine.Command{Kind: engine.CommandHangup, Leg: b, CallID: "call"}, 0)
		heard := d.heard(b)
		require.Less(d, slices.Index(heard, "recorded /r/y.wav"), slices.Index(heard, "ended NORMAL_CLEARING 4"))
		require.Contains(d, heard, "recorded /r/y.wav")
		d.empty()
	})
}

// SET_VARIABLE takes our own names alone; a command for a channel that is not there is refused with 81.
func TestRefusedByTheSwitch(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, _ := d.talk()
		d.now(engine.Command{Kind: engine.CommandSetVariable, Leg: a, Name: "exec_after_bridge", CallID: "call"}, 95)
		none := engine.LegIDOf("none")
		for k := engine.CommandSetVariable; k <= engine.CommandRecordResume; k++ {
			if k != engine.CommandOriginate {
				d.now(engine.Command{Kind: k, Leg: none, Other: a, Name: "cti_x", Value: "1", CallID: "call"}, 81)
			}
		}
		d.now(engine.Command{Kind: engine.CommandEavesdrop, Leg: a, Other: none, Name: "nobody", CallID: "call"}, 81)
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: none, CallID: "call"}, 81)
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: a, CallID: "call"}, 95)
		d.now(engine.Command{Kind: engine.CommandKind(99), Leg: a, CallID: "call"}, 95)
		require.Empty(d, d.all())
		d.empty()
	})
}

// Commands of one call keep their order, those of others do not wait for them, and one that waited past its deadline is
// given up with 102.
func TestStrands(t *testing.T) {
	mixed := false
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		d.SetFaults(sim.Faults{Command: func(c engine.Command, _ *rand.Rand) sim.Fate {
			return sim.Fate{Late: int64(c.Cause) * int64(ms)}
		}})
		set := engine.Command{Kind: engine.CommandSetVariable, Leg: a, Name: "cti_x", CallID: "one"}
		set.Cause = 50
		first := d.give(set)
		set.Cause, set.DeadlineMillis = 0, 20
		late := d.give(set)
		set.DeadlineMillis = 80
		second := d.give(set)
		set.CallID = "two"
		other := d.give(set)
		var loose [2]uint64
		set.CallID = "" // then they are each leg's own
		set.Leg, set.Cause = a, 50
		loose[0] = d.give(set)
		set.Leg, set.Cause = b, 0
		loose[1] = d.give(set)
		d.pass(time.Second)
		var order []uint64
		for _, in := range d.told {
			if in.Kind == engine.CommandDone {
				order = append(order, in.Command)
			}
		}
		at := func(id uint64) int { return slices.Index(order, id) }
		require.Less(d, at(other), at(first))
		require.Less(d, at(first), at(late))
		require.Less(d, at(late), at(second))
		require.Equal(d, []uint16{0, 102, 0}, []uint16{d.answers[first], d.answers[late], d.answers[second]})
		mixed = mixed || at(loose[1]) < at(loose[0])
		d.SetFaults(sim.Faults{})
		d.empty()
	})
	require.True(t, mixed, "commands of no call are carried out side by side, unless they are of one leg")
}

// A command may be refused, accepted and never confirmed, left without an answer, or be late (301019 needs them all).
func TestCommandFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fate     sim.Fate
		answered bool
		answer   uint16
		done     bool
	}{
		"refused":   {sim.Fate{Cause: 42}, true, 42, false},
		"idle":      {sim.Fate{Idle: true}, true, 0, false},
		"mute":      {sim.Fate{Mute: true}, false, 0, false},
		"late":      {sim.Fate{Late: int64(3 * time.Second)}, true, 0, true},
		"untouched": {sim.Fate{}, true, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachSeed(t, patient, func(d *desk) {
				_, b := d.talk()
				d.SetFaults(sim.Faults{Command: func(engine.Command, *rand.Rand) sim.Fate { return c.fate }})
				id := d.give(engine.Command{Kind: engine.CommandHold, Leg: b, CallID: "call"})
				d.pass(2 * time.Second)
				if c.fate.Late > 0 {
					require.Empty(d, d.told)
				}
				d.pass(2 * time.Second)
				answer, answered := d.answers[id]
				require.Equal(d, c.answered, answered)
				require.Equal(d, c.answer, answer)
				require.Equal(d, c.done, d.channel(b).Held)
				d.SetFaults(sim.Faults{})
				d.now(engine.Command{Kind: engine.CommandSetVariable, Leg: b, Name: "cti_x", CallID: "call"}, 0)
				d.empty()
			})
		})
	}
}

// A phone refers with Replaces: its two partners are joined and it leaves (2.7).
func TestReferWithReplaces(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		x, c := d.originate("X", "1001"), d.originate("C", "1002")
		d.bridged(x, c)
		require.True(d, d.Act(b, sim.Act{Do: sim.ReferWith}, x))
		d.pass(time.Second)
		require.Equal(d, c, d.channel(a).Partner)
		require.Len(d, d.Channels(), 2)
		d.empty()
	})
}

// Phones that the dialplan of a living script calls behave by themselves, and the script's acts are the caller's own.
func TestLivingScript(t *testing.T) {
	phone := func(string, *rand.Rand) sim.Behaviour { return sim.AnswersFor(100*ms, time.Second) }
	eachSeed(t, phone, func(d *desk) {
		call := d.Start(0, sim.Script{From: customer, To: "1001", Alive: true, Acts: []sim.Act{
			{After: 600 * ms, Do: sim.Press, To: "7"},
		}})
		d.pass(10 * time.Second)
		require.Len(d, call.Legs(), 1)
		heard := d.heard(call.Legs()[0])
		require.Contains(d, heard, "pressed 7")
		require.Contains(d, heard, "destroyed")
		d.empty()
	})
}

// A phone that the engine calls is not chosen by traffic, and is busy for whoever calls it beside.
func TestPhoneInUse(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		require.False(d, d.Busy("1001"))
		b := d.originate("B", "1001")
		require.True(d, d.Busy("1001"))
		d.Switch.Run(sim.Traffic{Rate: 50, Calls: 20, Agents: []string{"1001", "1002"}, Mix: []sim.Share{{Story: sim.Answered, Weight: 1}},
			Tempo: sim.Tempo{Ring: ms, Talk: ms}})
		d.forget()
		d.pass(time.Second)
		for _, in := range d.told {
			require.False(d, in.Kind == engine.LegAnswered && in.Leg != b && in.Text.User == "1001")
			require.False(d, in.Kind == engine.LegRinging && in.Text.User == "1001")
		}
		d.now(engine.Command{Kind: engine.CommandHangup, Leg: b, CallID: "call"}, 0)
		require.False(d, d.Busy("1001"))
		d.empty()
	})
}
