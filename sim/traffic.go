package sim

import (
	"strconv"
	"time"
)

// Share is a story and how often it is told among the others.
type Share struct {
	Story  Story
	Weight int
}

// Traffic is calls that come by themselves.
type Traffic struct {
	Rate   float64  // calls a second, on average; they come at random
	Calls  int      // how many; 0 = without end
	Agents []string // extensions; one is never in two calls. A call that finds all of them busy is told so
	Tempo  Tempo    // zero: ring 2 s, talk 10 s
	Mix    []Share  // empty: every story alike
}

var usualTempo = Tempo{Ring: 2 * time.Second, Talk: 10 * time.Second}

type traffic struct {
	Traffic
	owner  *Switch
	made   int
	weight int
	agents []agent
}

type agent struct {
	number string
	busy   bool
}

// Run lets traffic begin now. It may be called again for other traffic beside it, with other agents.
func (s *Switch) Run(t Traffic) {
	run := &traffic{Traffic: t, owner: s}
	if len(t.Agents) == 0 || t.Rate <= 0 {
		return
	}
	if t.Tempo == (Tempo{}) {
		run.Tempo = usualTempo
	}
	if len(t.Mix) == 0 {
		for _, story := range Stories() {
			run.Mix = append(run.Mix, Share{story, 1})
		}
	}
	for _, share := range run.Mix {
		run.weight += share.Weight
	}
	for _, number := range t.Agents {
		run.agents = append(run.agents, agent{number: number})
	}
	s.traffic = append(s.traffic, run)
	run.next()
}

// next lets the next call come.
func (t *traffic) next() {
	if t.Calls > 0 && t.made == t.Calls {
		return
	}
	t.made++
	t.owner.calls++
	gap := time.Duration(t.owner.random.ExpFloat64() / t.Rate * float64(time.Second))
	t.owner.after(gap.Nanoseconds(), (*Switch).comes, &leg{call: &Call{traffic: t}}, nil)
}

func (s *Switch) comes(l, _ *leg) {
	t := l.call.traffic
	s.calls--
	t.next()
	story := t.draw()
	cast := Cast{Outside: t.outside(), Name: "Customer"}
	first, ok := t.pick()
	if !ok {
		s.Start(0, s.Tell(Busy, Cast{Outside: cast.Outside, Agent: t.agents[first].number}, t.Tempo)).traffic = t
		return
	}
	taken := []int{first}
	cast.Agent = t.agents[first].number
	if needsThird(story) {
		if third, ok := t.pick(); ok {
			taken = append(taken, third)
			cast.Third = t.agents[third].number
		} else {
			story = Answered // nobody is free to be the third
		}
	}
	c := s.Start(0, s.Tell(story, cast, t.Tempo))
	c.traffic, c.agents = t, taken
}

func (t *traffic) draw() Story {
	at := t.owner.random.IntN(t.weight)
	for _, share := range t.Mix {
		if at -= share.Weight; at < 0 {
			return share.Story
		}
	}
	return Answered
}

// outside draws a mobile number.
func (t *traffic) outside() string {
	return strconv.FormatInt(13_000_000_000+t.owner.random.Int64N(1_000_000_000), 10)
}

// pick takes a free agent, or names one at random when all seem busy.
func (t *traffic) pick() (int, bool) {
	start := t.owner.random.IntN(len(t.agents))
	for i := range min(len(t.agents), 64) {
		at := (start + i) % len(t.agents)
		if !t.agents[at].busy && t.owner.inUse[t.agents[at].number] == 0 {
			t.agents[at].busy = true
			return at, true
		}
	}
	return start, false
}

// free gives the call's agents back.
func (t *traffic) free(c *Call) {
	for _, at := range c.agents {
		t.agents[at].busy = false
	}
}
