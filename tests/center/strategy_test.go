package center

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// shift is a queue with more staff than calls: each call finds somebody free, and what is seen is who gets it.
type shift struct {
	*world
	name     string
	strategy engine.Strategy
	agents   int
	levels   int // the staff's, in equal parts
	atOnce   int // calls that an agent may have
	up       int // calls at a time
	calls    int
	hands    map[string]*hand
	inOrder  []*hand
	offered  int
	places   map[int][]int // by how many were free for a call: how often each of them had it, by who had one longest ago
}

// hand is an agent as his calls are told.
type hand struct {
	uuid             string
	level, has, last int
	offered, taken   int
	talked           int64 // ms
}

func (s *shift) run(t *testing.T, seed uint64) {
	dir := &engine.Directory{Queues: []engine.QueueConfig{{ID: "8001", Strategy: s.strategy}}}
	s.hands, s.places = map[string]*hand{}, map[int][]int{}
	for i := range s.agents {
		h := &hand{uuid: fmt.Sprintf("agent%02d", i), level: 1 + i*s.levels/s.agents}
		s.hands[h.uuid], s.inOrder = h, append(s.inOrder, h)
		dir.Agents = append(dir.Agents, engine.AgentConfig{
			UUID: h.uuid, DN: fmt.Sprint(1001 + i), LoginAtStart: true, MaxCalls: s.atOnce,
		})
		dir.Tiers = append(dir.Tiers, engine.TierConfig{AgentUUID: h.uuid, QueueID: "8001", Level: h.level})
	}
	s.world = newWorld(seed, engine.Config{Directory: dir})
	s.prompt = true
	s.phone = func(w *world, leg *channel) { w.answer(leg) }
	s.stepOn = func(*engine.Input) { s.look(t) }
	for range s.up {
		s.after(s.some(time.Minute), s.come)
	}
	for s.next() {
	}
	require.Equal(t, s.calls, s.offered)
	require.Zero(t, s.engine.Stats().Calls)
}

func (s *shift) some(mean time.Duration) time.Duration {
	return time.Duration(s.rng.ExpFloat64() * float64(mean)).Truncate(time.Millisecond)
}

// come begins a call, if there is to be one more; the next one follows some time after its end.
func (s *shift) come() {
	if s.made == s.calls {
		return
	}
	leg := s.arrive("13900000001", "8000")
	talk := s.some(time.Minute)
	s.enter(leg, "8001")
	s.after(talk, func() { s.hangup(leg, engine.CauseNormalClearing, engine.RecvBye) })
	s.after(talk+time.Second+s.some(10*time.Second), s.come)
}

func (s *shift) look(t *testing.T) {
	for i := range s.out.Events {
		o := &s.out.Events[i]
		if m, released := o.Message.(*events.Released); released && o.AgentUUID != "" {
			h := s.hands[o.AgentUUID]
			h.has--
			if m.AnswerUepoch != 0 {
				h.taken++
				h.talked += m.EndUepoch.Millis() - m.AnswerUepoch.Millis()
			}
		}
	}
	for _, r := range s.out.Records {
		if r.Kind == engine.OfferMade {
			s.picked(t, s.hands[r.Offer.AgentUUID])
		}
	}
}

// picked: nobody who was free comes before who gets the call.
func (s *shift) picked(t *testing.T, who *hand) {
	equals, place := 0, 0
	for _, h := range s.inOrder {
		if h != who && h.has < s.atOnce && s.comesBefore(h, who) {
			t.Fatalf("%s, call %d: %+v gets it, and %+v is free", s.name, s.offered+1, *who, *h)
		}
		if h.level == who.level && h.has == who.has {
			equals++
			if h.last < who.last {
				place++
			}
		}
	}
	if s.places[equals] == nil {
		s.places[equals] = make([]int, equals)
	}
	s.places[equals][place]++
	s.offered++
	who.has, who.last, who.offered = who.has+1, s.offered, who.offered+1
}

func (s *shift) comesBefore(a, b *hand) bool {
	switch {
	case a.level != b.level:
		return a.level < b.level
	case a.has != b.has:
		return a.has < b.has
	case s.strategy == engine.RoundRobin:
		return a.last < b.last
	case s.strategy == engine.FewestCalls:
		return a.taken < b.taken
	case s.strategy == engine.LeastTalk:
		return a.talked+int64(a.taken+b.taken) < b.talked // each was rounded
	}
	return false
}

// chiSquare is how far counts are from even.
func chiSquare(counts []int) (sum float64) {
	total := 0
	for _, n := range counts {
		total += n
	}
	mean := float64(total) / float64(len(counts))
	for _, n := range counts {
		sum += (float64(n) - mean) * (float64(n) - mean) / mean
	}
	return sum
}

// rare is what the chi-square of even counts exceeds once in a thousand times, nearly (Wilson and Hilferty).
func rare(freedom int) float64 {
	part := 2 / (9 * float64(freedom))
	return float64(freedom) * math.Pow(1-part+3.09*math.Sqrt(part), 3)
}

// TestRandomIsEven: each of the free of the best level, of those with the fewest calls, is as likely as the others at each
// decision, whoever had the calls before: counted by agent, and by how long ago each of the free had one.
func TestRandomIsEven(t *testing.T) {
	for i, s := range []*shift{
		{name: "one after the other", agents: 10, levels: 1, atOnce: 1, up: 1, calls: 5000},
		{name: "several up", agents: 10, levels: 1, atOnce: 1, up: 4, calls: 5000},
		{name: "two levels", agents: 10, levels: 2, atOnce: 1, up: 8, calls: 8000},
		{name: "two calls each", agents: 5, levels: 1, atOnce: 2, up: 8, calls: 5000},
	} {
		seed := uint64(300 + i)
		s.strategy = engine.Random
		s.run(t, seed)
		for level := 1; level <= s.levels; level++ {
			var counts []int
			for _, h := range s.inOrder {
				if h.level == level {
					counts = append(counts, h.offered)
				}
			}
			t.Logf("seed %d, %s, level %d: %d", seed, s.name, level, counts)
			require.Less(t, chiSquare(counts), rare(len(counts)-1), "seed %d, %s, level %d: %d", seed, s.name, level, counts)
		}
		for free, counts := range s.places {
			if free > 1 && chiSquare(counts) > rare(free-1) {
				t.Errorf("seed %d, %s: of %d free, by who had a call longest ago: %d", seed, s.name, free, counts)
			}
		}
	}
}

// TestPicksInTurn: over many calls each goes to whoever of the free is first by the queue's strategy, and calls that come one
// after the other are shared out as evenly as they can be.
func TestPicksInTurn(t *testing.T) {
	for i, strategy := range []engine.Strategy{engine.RoundRobin, engine.FewestCalls, engine.LeastTalk} {
		for _, up := range []int{1, 7} {
			seed := uint64(400 + 10*i + up)
			s := &shift{
				name: fmt.Sprintf("seed %d, %s, %d up", seed, strategy, up), strategy: strategy, agents: 10, levels: 2, atOnce: 1, up: up,
				calls: 3000,
			}
			if up == 1 {
				s.levels = 1
			}
			s.run(t, seed)
			if up == 1 && strategy != engine.LeastTalk {
				for _, h := range s.inOrder {
					require.Equal(t, s.calls/s.agents, h.offered, s.name)
				}
			}
		}
	}
}
