package scenario_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"modcti/engine"
	"modcti/sim"
	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seeds is how many runs of the simulated switch must give the same events: in each of them others win the races that
// the threads of a real switch have.
const seeds = 3

// TestSimulated plays on the simulated switch what tests/fs plays on a real one.
func TestSimulated(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			scenario.Play(t, simulated{newPlant(t, seed), t}, append(slices.Clone(scenario.Groups), scenario.Refusals)...)
		})
	}
}

// simulated is a plant as the scenarios see it.
type simulated struct {
	*plant
	t testing.TB
}

func (s simulated) For(t testing.TB) scenario.Switch { return simulated{s.plant, t} }

func (s simulated) Open(profile string) *lab.Client {
	s.t.Helper()
	c, err := lab.OpenClient(s.t.Context(), s.socket, profile)
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	s.boxes[c] = &box{seen: s.events}
	return c
}

func (s simulated) Post(c *lab.Client, request string, fields lab.Fields) int64 {
	s.t.Helper()
	reference, err := c.Post(request, fields)
	require.NoError(s.t, err)
	s.catchUp(s.t, c) // the engine has it before time goes on
	return reference
}

func (s simulated) Next(c *lab.Client, want func(lab.Message) bool) (lab.Message, error) {
	s.t.Helper()
	return s.next(s.t, c, want)
}

func (s simulated) Until(what string, done func() bool) error { return s.until(what, done) }

func (s simulated) wait(what string, done func() bool) {
	s.t.Helper()
	require.NoError(s.t, s.until(what, done), "channels: %v", s.sim.Channels())
}

func (s simulated) Call(from, number string) {
	s.think()
	s.sim.Start(s.sim.Now(), sim.Script{From: from, To: number, Alive: true})
}

// at returns the channels to the phone of a number.
func (s simulated) at(dn string) []sim.Channel {
	return slices.DeleteFunc(s.sim.Channels(), func(c sim.Channel) bool { return c.Number != dn })
}

var acts = map[scenario.Act]sim.Act{
	scenario.Answer: {Do: sim.Answer}, scenario.Refuse: {Do: sim.Refuse, Cause: engine.CauseUserBusy},
	scenario.HangUp: {Do: sim.Hangup}, scenario.Hold: {Do: sim.Hold, Run: "phone"},
	scenario.Unhold: {Do: sim.Unhold, Run: "phone"}, scenario.Press: {Do: sim.Press}, scenario.Refer: {Do: sim.Refer},
}

// think is how long somebody at a phone, or an operator, takes for anything: longer than the threads of a switch need for theirs.
func (s simulated) think() { s.Talk(20*ms + time.Duration(s.people.Int64N(int64(100*ms)))) }

func (s simulated) Act(dn string, what scenario.Act, number string) {
	s.t.Helper()
	switch what {
	case scenario.Second:
		s.Call(dn, number)
		return
	case scenario.Join:
		s.join(dn, number)
		return
	}
	s.think()
	rings := what == scenario.Answer || what == scenario.Refuse
	able := func(c sim.Channel) bool { return c.Number == dn && (rings && c.Ringing || !rings && c.Talking) }
	s.wait(dn+" to be able to", func() bool { return slices.ContainsFunc(s.sim.Channels(), able) })
	at := slices.IndexFunc(s.sim.Channels(), able)
	act := acts[what]
	act.To = number
	id := s.sim.Channels()[at].ID
	require.True(s.t, s.sim.Act(id, act, engine.LegID{}), "%s cannot do %v", dn, what)
	if s.dropped[id] {
		s.dropAnswered(id)
	}
}

// join: the phone of dn holds one channel and talks to number on another.
func (s simulated) join(dn, number string) {
	s.t.Helper()
	var first, second engine.LegID
	s.wait(dn+" to talk to "+number, func() bool {
		for _, c := range s.at(dn) {
			if c.Held {
				first = c.ID
			} else if other, ok := s.channel(c.Partner); ok && other.Number == number {
				second = c.ID
			}
		}
		return !first.IsZero() && !second.IsZero()
	})
	require.True(s.t, s.sim.Act(first, sim.Act{Do: sim.ReferWith}, second))
}

func (s simulated) channel(id engine.LegID) (sim.Channel, bool) {
	channels := s.sim.Channels()
	at := slices.IndexFunc(channels, func(c sim.Channel) bool { return c.ID == id })
	if at < 0 {
		return sim.Channel{}, false
	}
	return channels[at], true
}

func (s simulated) Reached(dn string, state scenario.State) {
	s.t.Helper()
	s.wait(dn+" to be where it "+string(state), func() bool {
		channels := s.at(dn)
		switch state {
		case scenario.Rings:
			return slices.ContainsFunc(channels, func(c sim.Channel) bool { return c.Ringing })
		case scenario.Held:
			return slices.ContainsFunc(channels, func(c sim.Channel) bool { return c.Held })
		}
		return len(channels) == 0
	})
}

func (s simulated) Digits(dn string) (digits string) {
	for _, c := range s.at(dn) {
		digits += c.Digits
	}
	return digits
}

// leg is a party's channel (R57).
func leg(partyID string) (id engine.LegID) {
	_, _ = hex.Decode(id[:], []byte(partyID))
	return id
}

func (s simulated) SendBoth(partyID, number string) {
	s.t.Helper()
	s.think()
	act := sim.Act{Do: sim.SendBoth, To: number}
	require.True(s.t, s.sim.Act(leg(partyID), act, engine.LegID{}))
}

func (s simulated) PickUp(dn, partyID string) {
	s.think()
	s.sim.Start(s.sim.Now(), sim.Script{
		Begin: sim.FromSwitch, From: dn, Run: "intercept", Target: leg(partyID),
		Acts: []sim.Act{{After: 3 * ms, Do: sim.Ring}},
	})
}

func (s simulated) Talk(d time.Duration) {
	for then := s.sim.Now() + d; s.pass(then); {
	}
}

func (s simulated) Recording(path, _, _ string) (talk, silence time.Duration) {
	if r := s.spoken[path]; r != nil {
		return r.talk, r.silence
	}
	return 0, 0
}

func (s simulated) Settle() { s.Talk(2 * time.Second) }

func (s simulated) Clear() {
	for _, c := range s.sim.Channels() {
		s.sim.Act(c.ID, sim.Act{Do: sim.Kill}, engine.LegID{})
	}
}

func (s simulated) Quiet() {
	s.t.Helper()
	s.wait("the switch and the engine to be empty", func() bool { return s.sim.Live() == 0 && s.engine.Stats().Calls == 0 })
	for _, r := range s.fold.CDRs() {
		require.True(s.t, r.Closed, "call %s has no closed record", r.Call.CallID)
	}
	require.Zero(s.t, s.fold.Faults)
}

func (s simulated) Company() string { return company }

func (s simulated) Detail(callID string) (d scenario.Detail) {
	s.t.Helper()
	for _, r := range s.fold.CDRs() {
		if r.Call.CallID != callID {
			continue
		}
		require.Zero(s.t, d, "one record a call")
		reasons := map[engine.EndReason]string{engine.EndNormal: "normal", engine.EndMerged: "merged"}
		d = scenario.Detail{
			CallType: r.Call.CallType, EndReason: reasons[r.Call.EndReason], StartMillis: r.Call.StartMillis, EndMillis: r.Call.EndMillis,
		}
		for _, p := range r.Parties {
			if !p.Closed {
				d.OpenParties++
			}
		}
	}
	return d
}

// Heard: who is bridged with somebody hears him, who is in a room all others there, who listens to somebody both that
// talk, and who waits what the switch plays. Nobody hears who is muted or on hold.
func (s simulated) Heard(dn string) (names string, sure bool) {
	heard := map[string]bool{}
	channels := s.sim.Channels()
	for _, me := range channels {
		if me.Number != dn || me.Held || !me.Talking && me.Partner.IsZero() && me.Waits == "" {
			continue
		}
		switch me.Waits {
		case engine.WaitMusic, engine.WaitQueue:
			heard[scenario.Music] = true
		case engine.WaitRingback:
			heard[scenario.Ringing] = true
		}
		for _, other := range channels {
			switch {
			case other.ID == me.ID:
			case other.ID == me.Partner && other.Held:
				heard[scenario.Music] = true
			case other.Muted || other.Held:
			case s.hears(me, other):
				heard[other.Number] = true
			}
		}
	}
	list := make([]string, 0, len(heard))
	for name := range heard {
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, " "), true
}

// hears tells whether what other says comes to me.
func (s simulated) hears(me, other sim.Channel) bool {
	mine, _ := s.channel(me.Hears)
	toTarget := other.HeardBy == engine.HeardByTarget || other.HeardBy == engine.HeardByBoth
	toPartner := other.HeardBy == engine.HeardByPartner || other.HeardBy == engine.HeardByBoth
	target, _ := s.channel(other.Hears)
	return other.ID == me.Partner || me.Room != "" && other.Room == me.Room ||
		!me.Hears.IsZero() && (other.ID == me.Hears || other.ID == mine.Partner) ||
		!other.Hears.IsZero() && (toTarget && other.Hears == me.ID || toPartner && target.Partner == me.ID)
}
