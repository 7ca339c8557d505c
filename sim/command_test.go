package sim_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
)

// ORIGINATE (cti.h): the channel has the uuid, the call and the caller that were asked for, belongs to nobody, and waits
// in silence once it is answered.
func TestOriginate(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		b := d.originate("B", "1001")
		require.Equal(d, []string{"created", "ringing", "answered"}, d.heard(b))
		created := d.told[slices.IndexFunc(d.told, kind(engine.LegCreated))]
		require.Equal(d, engine.DirectionOutbound, created.Direction)
		require.Equal(d, uuidOf(b), created.Text.UUID)
		require.Equal(d, b.Hex(), created.Text.Hex)
		require.Equal(d, "call", created.Text.CTICallID)
		require.Equal(d, []string{"4000", "Line", "1001", "1001"}, []string{
			created.Text.CallerNumber, created.Text.CallerName, created.Text.Destination, created.Text.User,
		})
		require.Equal(d, engine.WaitSilence, d.channel(b).Waits)
		d.empty()
	})
}

// An originated phone that is busy, refuses, is not reached or is not registered (R22 needs their causes).
func TestOriginateFails(t *testing.T) {
	for name, c := range map[string]struct {
		phone sim.Behaviour
		words []string
	}{
		"busy":    {sim.IsBusy(), []string{"created", "hangup USER_BUSY 3", "ended USER_BUSY 3", "destroyed"}},
		"rejects": {sim.Refuses(ms, 21), []string{"created", "ringing", "hangup CALL_REJECTED 3", "ended CALL_REJECTED 3", "destroyed"}},
		"silent":  {sim.NeverAnswers(), []string{"created", "ringing"}},
		"far away": {sim.Unreachable(), []string{"created", "hangup RECOVERY_ON_TIMER_EXPIRE 3",
			"ended RECOVERY_ON_TIMER_EXPIRE 3", "destroyed"}},
		"hangs up": {sim.AnswersFor(ms, ms), []string{"created", "ringing", "answered", "hangup NORMAL_CLEARING 1",
			"ended NORMAL_CLEARING 1", "destroyed"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachSeed(t, func(string, *rand.Rand) sim.Behaviour { return c.phone }, func(d *desk) {
				b := d.originate("B", "1001")
				d.pass(5 * time.Minute)
				require.Equal(d, c.words, d.heard(b))
				d.empty()
			})
		})
	}
	eachSeed(t, func(string, *rand.Rand) sim.Behaviour { return sim.NotRegistered() }, func(d *desk) {
		id := d.newID("B")
		d.now(engine.Command{Kind: engine.CommandOriginate, Leg: id, Value: "user/1001", CallID: "call"}, 606)
		require.Empty(d, d.all())
		for _, wrong := range []string{
			"", "user", "/1001", "user/", "user/1 1", "user/${x}", "{a=b}user/1", "user/1,user/2", "user/1|user/2", "user/1:_:2",
		} {
			d.now(engine.Command{Kind: engine.CommandOriginate, Leg: id, Value: wrong, CallID: "call"}, 95)
		}
		d.empty()
	})
}

// HANGUP ends an originate at whatever instant it comes: before its turn, before the channel is there, while it rings,
// as it answers. Nothing is left behind, and what was told of the leg is whole.
func TestCancelAtAnyInstant(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(1500) {
		random := rand.New(rand.NewPCG(seed, 1))
		d := &desk{T: t, Switch: sim.New(seed, sim.Options{Phone: func(string, *rand.Rand) sim.Behaviour {
			return sim.Answers(ms)
		}}), seed: seed, answers: map[uint64]uint16{}, names: map[engine.LegID]string{}}
		b := d.newID("B")
		originate := d.give(engine.Command{Kind: engine.CommandOriginate, Leg: b, Value: "user/1001", CallID: "call"})
		wait := time.Duration(random.Int64N(int64(300 * time.Microsecond)))
		if seed%2 == 0 {
			wait = time.Duration(random.Int64N(int64(25 * ms)))
		}
		d.pass(wait)
		hangup := d.give(engine.Command{
			Kind: engine.CommandHangup, Leg: b, Cause: engine.CauseOriginatorCancel, CallID: []string{"", "call"}[seed%3%2],
		})
		d.pass(time.Minute)
		require.Zero(t, d.answers[hangup], "seed %d", seed)
		heard := d.heard(b)
		if len(heard) == 0 {
			require.EqualValues(t, 487, d.answers[originate], "seed %d: the originate came to nothing", seed)
			outcomes["never was"]++
		} else {
			require.Zero(t, d.answers[originate], "seed %d", seed)
			require.Equal(t, "created", heard[0], "seed %d", seed)
			require.Equal(t, "destroyed", heard[len(heard)-1], "seed %d", seed)
			outcomes[heard[len(heard)-4]]++
		}
		d.empty()
	}
	require.Len(t, outcomes, 4, "cancelled before, after created, after ringing, after answered: %v", outcomes)
}

// An originate that waits for its turn behind another is taken back by a hangup of another strand.
func TestCancelQueued(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		first, second := d.newID("B"), d.newID("C")
		d.give(engine.Command{Kind: engine.CommandOriginate, Leg: first, Value: "user/1001", CallID: "call"})
		queued := d.give(engine.Command{Kind: engine.CommandOriginate, Leg: second, Value: "user/1002", CallID: "call"})
		hangup := d.give(engine.Command{Kind: engine.CommandHangup, Leg: second})
		d.pass(time.Second)
		require.Empty(d, d.heard(second))
		require.EqualValues(d, 487, d.answers[queued])
		require.Zero(d, d.answers[hangup])
		require.Equal(d, []string{"created", "ringing", "answered"}, d.heard(first))
		d.empty()
	})
}

// BRIDGE takes both from what they are in: the old bridge is parted, its other end parked, and then the two are joined.
func TestBridgeParksOldPartners(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		c := d.originate("C", "1002")
		d.forget()
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: c, CallID: "call"}, 0)
		require.Equal(d, []string{"unbridged B", "bridged C"}, d.heard(a))
		require.Equal(d, []string{"unbridged A"}, d.heard(b))
		require.Equal(d, []string{"bridged A"}, d.heard(c))
		require.Equal(d, engine.WaitSilence, d.channel(b).Waits)
		d.forget()
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: b, Other: c, CallID: "call"}, 0)
		require.Equal(d, []string{"unbridged C"}, d.heard(a))
		require.Equal(d, []string{"unbridged A", "bridged B"}, d.heard(c))
		require.Equal(d, []string{"bridged C"}, d.heard(b))
		d.Act(c, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		require.Equal(d, []sim.Channel{d.channel(a)}, d.Channels(), "when one of the two ends, so does the other")
		d.empty()
	})
}

// A leg that is kept outlives its bridge, its room and whom it listens to, and waits in silence (cti.h).
func TestKeptLeg(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		b := d.newID("B")
		d.now(engine.Command{
			Kind: engine.CommandOriginate, Name: engine.Kept, Leg: b, UUID: uuidOf(b), Value: "user/1001", CallID: "nailed-1",
		}, 0)
		for _, keptFirst := range []bool{true, false} {
			c := d.originate("C", "1002")
			one, other := b, c
			if !keptFirst {
				one, other = c, b
			}
			d.now(engine.Command{Kind: engine.CommandBridge, Leg: one, Other: other, CallID: "call"}, 0)
			require.Equal(d, c, d.channel(b).Partner)
			d.forget()
			d.Act(c, sim.Act{Do: sim.Hangup}, engine.LegID{})
			d.pass(time.Second)
			require.Equal(d, []string{"unbridged C"}, d.heard(b))
			require.Equal(d, engine.WaitSilence, d.channel(b).Waits)
		}
		c := d.originate("C", "1002")
		d.now(engine.Command{Kind: engine.CommandEavesdrop, Leg: b, Other: c, Name: engine.HeardByNobody, CallID: "call"}, 0)
		d.Act(c, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		require.Equal(d, engine.WaitSilence, d.channel(b).Waits)
		d.now(engine.Command{Kind: engine.CommandHangup, Leg: b}, 0)
		require.Empty(d, d.Channels(), "and ends when it is hung up")
		d.empty()
	})
}

// Of a bridge that is kept the first leg waits in silence when the other ends, and the other ends with the first. Asked for
// again, of two that are joined, it is as it is asked for then (cti.h).
func TestKeptBridge(t *testing.T) {
	join := func(d *desk, name string, legs ...engine.LegID) {
		d.now(engine.Command{Kind: engine.CommandBridge, Name: name, Leg: legs[0], Other: legs[1], CallID: "call"}, 0)
		require.Equal(d, legs[1], d.channel(legs[0]).Partner)
		d.forget()
	}
	eachSeed(t, patient, func(d *desk) {
		b, c := d.originate("B", "1001"), d.originate("C", "1002")
		d.now(engine.Command{Kind: engine.CommandBridge, Name: "other", Leg: b, Other: c}, 95)
		join(d, engine.Kept, b, c)
		d.Act(c, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		require.Equal(d, []string{"unbridged C"}, d.heard(b))
		require.Equal(d, engine.WaitSilence, d.channel(b).Waits)
		e := d.originate("E", "1003")
		join(d, engine.Kept, b, e)
		d.Act(b, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		require.Empty(d, d.Channels(), "who is not kept ends with who is")
		f, g := d.originate("F", "1001"), d.originate("G", "1002")
		join(d, engine.Kept, f, g)
		join(d, "", f, g)
		d.Act(g, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		require.Empty(d, d.Channels())
		d.empty()
	})
}

// A bridge of two bridged pairs, in either order of the legs, parks both that are left.
func TestBridgeAcrossTwoPairs(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		c, e := d.originate("C", "1002"), d.originate("E", "1003")
		d.bridged(c, e)
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: b, Other: e, CallID: "call"}, 0)
		require.Equal(d, e, d.channel(b).Partner)
		for _, left := range []engine.LegID{a, c} {
			require.Equal(d, engine.WaitSilence, d.channel(left).Waits)
			require.Len(d, d.heard(left), 1)
		}
		d.empty()
	})
}

// A caller who is not answered yet is answered first, and the phone that it rang at is let go (cti.h).
func TestBridgeAnswersACaller(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.caller()
		c := d.originate("C", "1002")
		d.forget()
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: c, CallID: "call"}, 0)
		require.Equal(d, []string{"answered", "bridged C"}, d.heard(a))
		require.Equal(d, "hangup ORIGINATOR_CANCEL 0", d.heard(b)[0])
		d.empty()
	})
}

// WAIT takes a leg out of its bridge, whose other end is parked; it hears what was asked for, until it is sent on.
func TestWait(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		for _, x := range [][2]engine.LegID{{a, b}, {b, a}} {
			d.now(engine.Command{Kind: engine.CommandWait, Leg: x[0], Name: engine.WaitMusic, CallID: "call"}, 0)
			require.Equal(d, []string{"unbridged " + d.names[x[1]]}, d.heard(x[0]))
			require.Equal(d, []string{"unbridged " + d.names[x[0]]}, d.heard(x[1]))
			require.Equal(d, engine.WaitMusic, d.channel(x[0]).Waits)
			require.Equal(d, engine.WaitSilence, d.channel(x[1]).Waits)
			d.bridged(a, b)
		}
		d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: "a tune", CallID: "call"}, 95)
		d.empty()
	})
}

// A leg that waits in a queue hears what is said, until it is taken elsewhere; each queue begins anew.
func TestWaitInQueue(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		say := func(what, value string, cause uint16) {
			d.now(engine.Command{Kind: engine.CommandSay, Leg: a, Name: what, Value: value, CallID: "call"}, cause)
		}
		say(engine.SayPosition, "1", 101)
		d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: engine.WaitQueue, CallID: "call"}, 0)
		say(engine.SayMusic, "local_stream://jazz", 0)
		say(engine.SayFile, "/hello.wav", 0)
		say(engine.SayPosition, "two", 95)
		say("a song", "1", 95)
		say(engine.SayFile, "", 95)
		require.Equal(d, engine.WaitQueue, d.channel(a).Waits)
		require.Equal(d, []string{"music local_stream://jazz", "file /hello.wav"}, d.channel(a).Said)
		d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: engine.WaitQueue, CallID: "call"}, 0)
		say(engine.SayWait, "60", 0)
		require.Equal(d, []string{"wait 60"}, d.channel(a).Said)
		d.bridged(a, b)
		say(engine.SayPosition, "1", 101)
		d.empty()
	})
}

// A caller who is sent to voicemail is answered there and leaves what he was in: nobody rings for him any more.
func TestVoicemail(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.caller()
		d.now(engine.Command{Kind: engine.CommandVoicemail, Leg: a, Name: "a,b", Value: "1000", CallID: "call"}, 95)
		d.now(engine.Command{Kind: engine.CommandVoicemail, Leg: a, Name: "default", Value: "${x}", CallID: "call"}, 95)
		d.now(engine.Command{Kind: engine.CommandVoicemail, Leg: a, Name: "default", Value: "1000", CallID: "call"}, 0)
		require.True(d, d.channel(a).Talking)
		require.Equal(d, "hangup ORIGINATOR_CANCEL 0", d.heard(b)[0])
		d.pass(3 * time.Minute)
		require.Contains(d, strings.Join(d.heard(a), " "), "hangup NORMAL_CLEARING")
		d.empty()
	})
}

// A caller who is not answered stays so while waiting: without media ringback is the switch's 180, and nothing else is
// heard; with media, which B's ringing has given it here, all are.
func TestWaitBeforeTheAnswer(t *testing.T) {
	for _, sound := range []string{engine.WaitRingback, engine.WaitMusic, engine.WaitSilence, engine.WaitQueue} {
		eachSeed(t, patient, func(d *desk) {
			a, b := d.caller()
			d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: sound, CallID: "call"}, 0)
			require.Empty(d, d.heard(a))
			require.Equal(d, "hangup ORIGINATOR_CANCEL 0", d.heard(b)[0])
			require.False(d, d.channel(a).Talking)
			require.Equal(d, sound, d.channel(a).Waits)
			d.empty()
		})
		eachSeed(t, patient, func(d *desk) {
			call := d.Start(0, sim.Script{From: customer, To: "park"})
			d.pass(time.Second)
			a := call.Legs()[0]
			d.forget()
			d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: sound, CallID: "call"}, 0)
			if sound == engine.WaitRingback {
				require.Equal(d, []string{"ringing"}, d.heard(a))
			} else {
				require.Empty(d, d.heard(a))
			}
			require.False(d, d.channel(a).Talking)
			d.empty()
		})
	}
}

// A phone that sends media before it answers can be joined already; it is let go, not parked, when it is left.
func TestBridgeEarly(t *testing.T) {
	phone := func(number string, _ *rand.Rand) sim.Behaviour {
		if number == "1001" {
			return sim.Answers(ms)
		}
		return sim.Behaviour{Acts: []sim.Act{{After: ms, Do: sim.SendMedia}, {After: 10 * time.Second, Do: sim.Answer}}}
	}
	eachSeed(t, phone, func(d *desk) {
		b, c := d.originate("B", "1001"), d.originate("C", customer)
		d.forget()
		join := engine.Command{Kind: engine.CommandBridge, Leg: b, Other: c, CallID: "call"}
		d.now(join, 0)
		require.Equal(d, []string{"bridged C"}, d.heard(b))
		require.Equal(d, []string{"bridged B"}, d.heard(c))
		if d.seed%2 == 0 {
			d.now(engine.Command{Kind: engine.CommandWait, Leg: b, Name: engine.WaitRingback, CallID: "call"}, 0)
			require.Equal(d, []string{"bridged B", "hangup NORMAL_CLEARING 0", "ended NORMAL_CLEARING 5", "destroyed"},
				slices.DeleteFunc(d.heard(c), func(word string) bool { return word == "unbridged B" }))
			d.empty()
			return
		}
		d.pass(20 * time.Second)
		d.now(join, 0)
		require.Equal(d, []string{"bridged B", "answered"}, d.heard(c), "who is joined stays so")
		d.empty()
	})
}

// The worker waits for the two to meet: the answer comes after it, and when one ends on the way so does the other.
func TestBridgeMeetsAnEnd(t *testing.T) {
	causes := map[uint16]int{}
	eachSeed(t, patient, func(d *desk) {
		b, c := d.originate("B", "1001"), d.originate("C", "1002")
		id := d.give(engine.Command{Kind: engine.CommandBridge, Leg: b, Other: c, CallID: "call"})
		d.pass(ms + time.Duration(d.seed)*2*ms) // it has begun by now
		d.Act(c, sim.Act{Do: sim.Hangup}, engine.LegID{})
		d.pass(time.Second)
		causes[d.answers[id]]++
		require.Empty(d, d.Channels())
		d.empty()
	})
	require.Positive(t, causes[0], "%v", causes)
	require.Positive(t, causes[engine.CauseNormalClearing], "%v", causes)
	require.Len(t, causes, 2, "%v", causes)
}

// JOIN_ROOM: the leg enters the conference, its partner in a bridge is parked; a bridge or a wait takes it out again.
func TestJoinRoom(t *testing.T) {
	eachSeed(t, patient, func(d *desk) {
		a, b := d.talk()
		d.now(engine.Command{Kind: engine.CommandJoinRoom, Leg: b, Name: "r1", CallID: "call"}, 0)
		require.Equal(d, []string{"unbridged B"}, d.heard(a))
		require.Equal(d, engine.WaitSilence, d.channel(a).Waits)
		d.now(engine.Command{Kind: engine.CommandJoinRoom, Leg: a, Name: "r1", CallID: "call"}, 0)
		require.ElementsMatch(d, []string{"unbridged B", "executed conference", "bridged", "joined r1"}, d.heard(a))
		require.ElementsMatch(d, []string{"unbridged A", "executed conference", "bridged", "joined r1"}, d.heard(b))
		require.Equal(d, []string{"r1", "r1"}, []string{d.channel(a).Room, d.channel(b).Room})
		d.forget()
		d.now(engine.Command{Kind: engine.CommandWait, Leg: a, Name: engine.WaitMusic, CallID: "call"}, 0)
		require.Equal(d, []string{"unbridged", "left r1"}, d.heard(a))
		require.Empty(d, d.heard(b))
		d.forget()
		d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: b, CallID: "call"}, 0)
		require.Equal(d, []string{"bridged B"}, d.heard(a))
		require.Equal(d, []string{"unbridged", "left r1", "bridged A"}, d.heard(b))
		d.empty()
	})
}
