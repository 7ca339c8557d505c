package scenario_test

import (
	"math/rand/v2"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
	"modcti/tests/scenario"
)

var _ scenario.Saboteur = simulated{}

// sabotage is what a switch does not do.
type sabotage struct {
	stalled map[engine.LegID]time.Duration // until then a channel follows nobody
	dropped map[engine.LegID]bool          // channels that end as they are answered
	members int                            // that rooms take; negative: any number
}

const (
	noRooms  = 79              // SERVICE_NOT_IMPLEMENTED, as the module answers
	meetWait = 5 * time.Second // how long its worker waits for two to be joined
)

// fate is what the saboteur lets become of a command. A worker waits for a channel, but not for ever; and whom a full room
// turns away ends, which the worker sees, or not yet.
func (p *plant) fate(c engine.Command, random *rand.Rand) sim.Fate {
	left := max(p.stalled[c.Leg], p.stalled[c.Other]) - p.sim.Now()
	switch {
	case c.Kind == engine.CommandBridge && left > meetWait:
		return sim.Fate{Idle: true}
	case c.Kind == engine.CommandBridge && left > 0:
		return sim.Fate{Late: left.Nanoseconds()}
	case c.Kind == engine.CommandJoinRoom && left > 0:
		return sim.Fate{Idle: true}
	case c.Kind != engine.CommandJoinRoom || p.members < 0:
		return sim.Fate{}
	case p.members == 0:
		return sim.Fate{Cause: noRooms}
	case p.Members(c.Name) >= p.members:
		p.sim.Act(c.Leg, sim.Act{Do: sim.Kill}, engine.LegID{})
		return [2]sim.Fate{{Idle: true}, {Cause: engine.CauseNormalClearing}}[random.IntN(2)]
	}
	return sim.Fate{}
}

func (p *plant) Members(room string) (count int) {
	for _, c := range p.sim.Channels() {
		if c.Room == room {
			count++
		}
	}
	return count
}

func (s simulated) Stall(partyID string, long time.Duration) {
	s.stalled[leg(partyID)] = s.sim.Now() + long
}

func (s simulated) DropAtAnswer(partyID string) { s.dropped[leg(partyID)] = true }

// dropAnswered ends a channel as it is answered.
func (s simulated) dropAnswered(id engine.LegID) {
	s.t.Helper()
	s.wait("the phone to have answered", func() bool { c, _ := s.channel(id); return c.Talking })
	require.True(s.t, s.sim.Act(id, sim.Act{Do: sim.Kill}, engine.LegID{}))
}

func (s simulated) Rooms(members int) {
	s.members = members
	s.t.Cleanup(func() { s.members = -1 })
}
