package sim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
)

// seeds is how many seeds each command is tried with: what races on a switch races here.
const seeds = 40

// desk gives a switch commands and keeps what it tells.
type desk struct {
	*testing.T
	*sim.Switch
	seed    uint64
	told    []engine.Input
	answers map[uint64]uint16
	names   map[engine.LegID]string
	last    uint64
	fresh   byte
}

// patient is a phone that rings after 3 ms, is picked up after 100 ms and stays so.
func patient(string, *rand.Rand) sim.Behaviour { return sim.Answers(100 * ms) }

// eachSeed runs a test on switches of many seeds, whose phones behave as phone says.
func eachSeed(t *testing.T, phone func(string, *rand.Rand) sim.Behaviour, test func(*desk)) {
	for seed := range uint64(seeds) {
		d := &desk{
			T: t, Switch: sim.New(seed, sim.Options{Phone: phone}), seed: seed, answers: map[uint64]uint16{},
			names: map[engine.LegID]string{},
		}
		test(d)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// pass lets time pass.
func (d *desk) pass(by time.Duration) {
	until := d.Now() + by
	for in, ok := d.NextUntil(until); ok; in, ok = d.NextUntil(until) {
		d.told = append(d.told, in)
		if in.Kind == engine.CommandDone {
			require.NotContains(d, d.answers, in.Command, "seed %d: answered twice", d.seed)
			d.answers[in.Command] = in.Cause
		}
	}
}

// give gives a command and returns its id.
func (d *desk) give(c engine.Command) uint64 {
	d.last++
	c.ID = d.last
	d.Do(c)
	return c.ID
}

// now gives a command, lets a second pass and checks its answer.
func (d *desk) now(c engine.Command, answer uint16) {
	d.Helper()
	id := d.give(c)
	d.pass(time.Second)
	require.Contains(d, d.answers, id, "seed %d", d.seed)
	require.Equal(d, answer, d.answers[id], "seed %d", d.seed)
}

// newID names a leg that is to be originated.
func (d *desk) newID(name string) engine.LegID {
	d.fresh++
	id := engine.LegID{0: 0xe0, 6: 0x40, 8: 0x80, 15: d.fresh}
	d.names[id] = name
	return id
}

// originate has a leg called and, unless its phone does otherwise, answered.
func (d *desk) originate(name, number string) engine.LegID {
	id := d.newID(name)
	d.now(engine.Command{
		Kind: engine.CommandOriginate, Leg: id, UUID: uuidOf(id), Value: "user/" + number, CallID: "call",
		CallerNumber: "4000", CallerName: "Line",
	}, 0)
	return id
}

func uuidOf(id engine.LegID) string {
	h := id.Hex()
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// forget leaves what was told so far out of account.
func (d *desk) forget() { d.told = nil }

// heard is what was told of a leg, as words.
func (d *desk) heard(leg engine.LegID) (words []string) {
	for _, in := range d.told {
		if in.Leg == leg && in.Kind != engine.CommandDone {
			words = append(words, d.word(in))
		}
	}
	return words
}

// all is what was told of all legs, in its order.
func (d *desk) all() (all []string) {
	for _, in := range d.told {
		if !in.Leg.IsZero() {
			all = append(all, d.names[in.Leg]+" "+d.word(in))
		}
	}
	return all
}

func (d *desk) word(in engine.Input) string {
	word := words[in.Kind]
	if !in.Other.IsZero() {
		word += " " + d.names[in.Other]
	}
	switch in.Kind {
	case engine.LegHangup, engine.LegEnded:
		word += fmt.Sprintf(" %s %d", engine.CauseName(in.Cause), in.Disposition)
	case engine.LegExecuted:
		word += " " + in.Text.App
	case engine.RoomJoined, engine.RoomLeft:
		word += " " + in.Text.Room
	case engine.LegDTMF:
		word += " " + in.Text.Digits
	case engine.LegRecordStarted, engine.LegRecordStopped:
		word += " " + in.Text.Path
	}
	return word
}

func (d *desk) channel(leg engine.LegID) sim.Channel {
	d.Helper()
	at := slices.IndexFunc(d.Channels(), func(c sim.Channel) bool { return c.ID == leg })
	require.GreaterOrEqual(d, at, 0, "seed %d: %s is not up", d.seed, d.names[leg])
	return d.Channels()[at]
}

// talk is an inbound call from A to B, both answered and bridged by the dialplan.
func (d *desk) talk() (a, b engine.LegID) {
	call := d.Start(d.Now(), sim.Script{From: customer, To: "1001", Acts: up(1)})
	d.pass(2 * time.Second)
	legs := call.Legs()
	d.names[legs[0]], d.names[legs[1]] = "A", "B"
	require.Equal(d, legs[1], d.channel(legs[0]).Partner)
	d.forget()
	return legs[0], legs[1]
}

// caller is an inbound call from A that rings at a phone which nobody answers.
func (d *desk) caller() (a, b engine.LegID) {
	call := d.Start(d.Now(), sim.Script{From: customer, To: "1001", Acts: []sim.Act{{After: ms, Do: sim.Ring, Leg: 1}}})
	d.pass(time.Second)
	legs := call.Legs()
	d.names[legs[0]], d.names[legs[1]] = "A", "B"
	d.forget()
	return legs[0], legs[1]
}

// bridged joins two legs and forgets how.
func (d *desk) bridged(a, b engine.LegID) {
	d.Helper()
	d.now(engine.Command{Kind: engine.CommandBridge, Leg: a, Other: b, CallID: "call"}, 0)
	require.Equal(d, b, d.channel(a).Partner, "seed %d", d.seed)
	d.forget()
}

// empty checks that nothing is left once everybody has hung up.
func (d *desk) empty() {
	d.Helper()
	for _, c := range d.Channels() {
		d.give(engine.Command{Kind: engine.CommandHangup, Leg: c.ID})
	}
	d.pass(2 * time.Minute)
	require.Zero(d, d.Live(), "seed %d", d.seed)
	require.Zero(d, d.Calls(), "seed %d", d.seed)
	_, more := d.Due()
	require.False(d, more, "seed %d: something is still to come", d.seed)
}
