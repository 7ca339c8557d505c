package sim_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
	"modcti/sim"
)

const company = "company"

// coupling is an engine and a switch in virtual time: the engine's commands go to the switch, and its deadlines come
// due between the switch's records.
type coupling struct {
	engine *engine.Engine
	sim    *sim.Switch
	out    engine.Output
	fold   cdr.Fold
	config engine.Config
	told   map[string][]string // by call, names of events
}

func couple(s *sim.Switch, auditMillis int64) *coupling {
	return coupleWith(s, engine.Config{AuditMillis: auditMillis})
}

func coupleWith(s *sim.Switch, config engine.Config) *coupling {
	config.CompanyID, config.MonoNanos, config.WallMicros = company, s.Mono(), s.Wall()
	config.Inside = func(n string) bool { return len(n) >= 3 && len(n) <= 6 }
	return &coupling{engine: engine.New(config, nil), sim: s, config: config, told: map[string][]string{}}
}

// reload unloads the module, and loads it again when some time has passed: a new engine has what the store kept of the old one.
func (c *coupling) reload(after time.Duration) {
	c.sim.Load(false)
	for until := c.sim.Now() + after; ; {
		if _, told := c.sim.NextUntil(until); !told {
			break
		}
	}
	c.sim.Load(true)
	config := c.config
	config.MonoNanos, config.WallMicros, config.Agents = c.sim.Mono(), c.sim.Wall(), c.fold.Agents()
	config.LegSeed[1] += uint64(c.sim.Mono())
	c.engine = engine.New(config, c.fold.Open())
	c.out = engine.Output{}
}

func (c *coupling) step(in *engine.Input) {
	c.engine.Step(in, &c.out)
	c.fold.Add(c.out.Records)
	for _, command := range c.out.Commands {
		c.sim.Do(command)
	}
	for _, event := range c.out.Events {
		c.told[event.CallID] = append(c.told[event.CallID], event.Message.Name())
	}
}

// run steps the engine until the switch has told limit records, or for limit 0 until it falls silent.
func (c *coupling) run(limit int) {
	for n := 0; limit == 0 || n < limit; n++ {
		in, ok := c.sim.Next()
		if !ok {
			return
		}
		for c.out.NextDeadline != 0 && c.out.NextDeadline <= in.MonoNanos {
			due := engine.Input{Kind: engine.TimerDue, MonoNanos: c.out.NextDeadline}
			due.WallMicros = in.WallMicros - (in.MonoNanos-due.MonoNanos)/1000
			c.step(&due)
		}
		c.step(&in)
	}
}

// settle lets the engine's own deadlines come due until nothing is live, or the time is over.
func (c *coupling) settle(within time.Duration) {
	c.run(0)
	for end := c.sim.Mono() + within.Nanoseconds(); c.engine.Stats().Calls > 0 && c.out.NextDeadline != 0; {
		if c.out.NextDeadline > end {
			return
		}
		at := c.out.NextDeadline
		c.step(&engine.Input{Kind: engine.TimerDue, MonoNanos: at, WallMicros: c.sim.Wall() + (at-c.sim.Mono())/1000})
		c.run(0)
	}
}

// whole checks what must be true of all calls, whatever happened: 3.0-1 (CallCreated first, CallDeleted last), 3.0-2
// (one end a party), one closed CDR a call, and nothing stuck.
func (c *coupling) whole(t *testing.T, seed uint64) {
	t.Helper()
	stats := c.engine.Stats()
	require.Zero(t, stats.Calls, "seed %d: calls are stuck", seed)
	require.Zero(t, stats.Parties, "seed %d: parties are stuck", seed)
	require.Zero(t, c.fold.Faults, "seed %d", seed)
	closed := map[string]bool{}
	for _, record := range c.fold.CDRs() {
		require.True(t, record.Closed, "seed %d: call %s", seed, record.Call.CallID)
		closed[record.Call.CallID] = true
		for _, p := range record.Parties {
			require.True(t, p.Closed, "seed %d: party %s", seed, p.PartyID)
			if record.Call.EndReason != engine.EndMerged { // whose parties go on in another call
				require.LessOrEqual(t, p.StartMillis, p.EndMillis, "seed %d", seed)
			}
		}
	}
	for id, told := range c.told {
		if id == "" {
			continue
		}
		require.True(t, closed[id], "seed %d: call %s", seed, id)
		require.Equal(t, (&events.CallCreated{}).Name(), told[0], "seed %d", seed)
		require.Equal(t, (&events.CallDeleted{}).Name(), told[len(told)-1], "seed %d", seed)
	}
}

// Every story, played by many seeds, on a wire without faults: nothing is stuck, nothing unforeseen, one CDR a call.
func TestEngineWithEveryStory(t *testing.T) {
	for _, story := range sim.Stories() {
		t.Run(fmt.Sprint(story), func(t *testing.T) {
			for seed := range uint64(30) {
				s := sim.New(seed, sim.Options{})
				s.Start(0, s.Tell(story, sim.Cast{Outside: customer, Agent: "1001", Third: "1002"},
					sim.Tempo{Ring: time.Second, Talk: 2 * time.Second}))
				c := couple(s, 5_000)
				c.settle(2 * time.Minute)
				c.whole(t, seed)
				stats := c.engine.Stats()
				require.Zero(t, stats.EmptyCells, "seed %d", seed)
				require.Zero(t, stats.DuplicateInputs, "seed %d", seed)
				require.Zero(t, stats.LostInputs, "seed %d", seed)
				if story == sim.Failed {
					continue // nobody but the switch and a number that is not reached: no call of a customer's
				}
				require.Len(t, c.fold.CDRs(), 1, "seed %d", seed)
			}
		})
	}
}

// Traffic over a wire that loses, doubles, delays and swaps: once the faults are over the engine comes back to the
// truth (P1: exactly one CDR a call; P8: it converges with the session table).
func TestEngineSurvivesABadWire(t *testing.T) {
	for seed := range uint64(6) {
		badWire(t, seed, 400)
	}
}

func badWire(t *testing.T, seed uint64, calls int) {
	s := traffic(seed, sim.Options{Faults: sim.Faults{
		Lose: 0.01, Duplicate: 0.01, Delay: 0.01, DelayMax: 300 * time.Millisecond, Swap: 0.05,
		Overrun: 0.001, OverrunMax: 40,
	}}, calls)
	c := couple(s, 5_000)
	c.run(calls * 8)
	s.SetFaults(sim.Faults{})
	c.settle(5 * time.Minute)
	c.whole(t, seed)
	require.Positive(t, c.engine.Stats().LostInputs, "seed %d", seed)
}

// A module that is loaded under calls adopts them (architecture 9): each has one CDR, marked, and none is stuck.
func TestEngineAdoptsCalls(t *testing.T) {
	for seed := range uint64(10) {
		s := traffic(seed, sim.Options{Unloaded: true}, 200)
		s.NextUntil(3 * time.Second)
		live := s.Live()
		require.Positive(t, live)
		s.Load(true)
		c := couple(s, 5_000)
		c.step(&engine.Input{Kind: engine.TimerDue, MonoNanos: s.Mono(), WallMicros: s.Wall()})
		c.settle(2 * time.Minute)
		c.whole(t, seed)
		adopted := 0
		for _, record := range c.fold.CDRs() {
			if record.Call.Adopted {
				adopted += len(record.Parties)
			}
		}
		require.Positive(t, adopted, "seed %d", seed)
	}
}

// soak leaves a long run to `make soak`.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("CTI_SOAK") == "" {
		t.Skip("CTI_SOAK is not set: the long run was left out")
	}
}

// TestSoakBadWire is the same for longer: CTI_SOAK=1.
func TestSoakBadWire(t *testing.T) {
	soak(t)
	for seed := range uint64(300) {
		badWire(t, 1_000+seed, 2_000)
	}
}
