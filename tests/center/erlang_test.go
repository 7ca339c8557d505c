package center

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// day is one simulated day: callers at random, who talk for a random time, and may lose patience.
type day struct {
	agents         int
	load           float64 // arrivals a talk's length, in agents
	patience       float64 // in mean talks; 0 = for ever
	callers        int
	arrives, talks []int64 // ns
	patient        []int64
	waited         []int64
	gaveUp         []bool
}

const talkMean = 60 * time.Second

// draw makes a day's callers. seed is printed by whoever fails.
func draw(seed uint64, agents int, load, patience float64, callers int) *day {
	r := rand.New(rand.NewPCG(seed, 23))
	d := &day{agents: agents, load: load, patience: patience, callers: callers}
	at := float64(0)
	for range callers {
		at += r.ExpFloat64() * float64(talkMean) / load
		d.arrives = append(d.arrives, int64(at))
		d.talks = append(d.talks, int64(r.ExpFloat64()*float64(talkMean)))
		patient := int64(math.MaxInt64 / 4)
		if patience > 0 {
			patient = int64(r.ExpFloat64() * patience * float64(talkMean))
		}
		d.patient = append(d.patient, patient)
	}
	d.waited, d.gaveUp = make([]int64, callers), make([]bool, callers)
	return d
}

// textbook sends the day's callers through the recursion of the textbook: first come, first served, by whoever of the
// agents is free first. Its mean is the formula's by definition, so that what the engine does with the same callers can be
// held against it caller by caller.
func (d *day) textbook() *day {
	t := *d
	t.waited, t.gaveUp = make([]int64, d.callers), make([]bool, d.callers)
	free := make([]int64, d.agents)
	for i, at := range d.arrives {
		first := 0
		for j := range free {
			if free[j] < free[first] {
				first = j
			}
		}
		wait := max(free[first]-at, 0)
		if wait > d.patient[i] {
			t.waited[i], t.gaveUp[i] = d.patient[i], true
			continue
		}
		t.waited[i] = wait
		free[first] = at + wait + d.talks[i]
	}
	return &t
}

// live sends them through the engine.
func (d *day) live(t *testing.T, seed uint64) {
	dir := &engine.Directory{Queues: []engine.QueueConfig{{ID: "8001"}}}
	for i := range d.agents {
		uuid := fmt.Sprintf("agent%02d", i)
		dir.Agents = append(dir.Agents, engine.AgentConfig{UUID: uuid, DN: fmt.Sprint(1001 + i), LoginAtStart: true})
		dir.Tiers = append(dir.Tiers, engine.TierConfig{AgentUUID: uuid, QueueID: "8001"})
	}
	w := newWorld(seed, engine.Config{Directory: dir})
	w.prompt = true
	w.phone = func(w *world, leg *channel) { w.answer(leg) }
	callerOf := map[string]int{}
	w.stepOn = func(*engine.Input) {
		for _, r := range w.out.Records {
			if r.Kind != engine.QueueLeft {
				continue
			}
			i := callerOf[r.Queue.CallID]
			delete(callerOf, r.Queue.CallID)
			d.waited[i] = w.now - startMono - d.arrives[i]
			d.gaveUp[i] = r.Queue.Outcome == engine.StayAbandoned
			if leg := w.channels[legOf(r.Queue.PartyID)]; leg != nil && r.Queue.Outcome == engine.StayAnswered {
				w.after(time.Duration(d.talks[i]), func() { w.hangup(leg, engine.CauseNormalClearing, engine.RecvBye) })
			}
		}
	}
	var come func(i int)
	come = func(i int) {
		leg := w.arrive("13900000001", "8000")
		callerOf[leg.callID] = i
		w.enter(leg, "8001")
		if d.patience > 0 {
			w.after(time.Duration(d.patient[i]), func() {
				if leg.partner == nil {
					w.hangup(leg, engine.CauseOriginatorCancel, engine.RecvCancel)
				}
			})
		}
		if i+1 < d.callers {
			w.after(time.Duration(d.arrives[i+1]-(w.now-startMono)), func() { come(i + 1) })
		}
	}
	w.after(time.Duration(d.arrives[0]), func() { come(0) })
	for w.next() {
	}
	require.Empty(t, callerOf, "seed %d: callers who are not accounted for", seed)
	require.Zero(t, w.engine.Stats().Calls, "seed %d", seed)
}

// figures are the share of callers who wait, their mean wait in talks, and the share who give up.
type figures struct{ wait, mean, gaveUp float64 }

// of leaves out the first callers, who find everybody free.
func (d *day) figures() (f figures) {
	const momentNanos = int64(50 * time.Millisecond) // to be joined takes no time, but for that of the records
	warm := d.callers / 50
	for i := warm; i < d.callers; i++ {
		if d.waited[i] > momentNanos {
			f.wait++
		}
		f.mean += float64(d.waited[i]) / float64(talkMean)
		if d.gaveUp[i] {
			f.gaveUp++
		}
	}
	n := float64(d.callers - warm)
	return figures{f.wait / n, f.mean / n, f.gaveUp / n}
}

// theory is Erlang C, and with patience Erlang A: the stationary distribution of a queue with so many agents, in which a
// caller who waits gives up at the rate 1/patience.
func theory(agents int, load, patience float64) figures {
	const states = 20_000
	theta := 0.0
	if patience > 0 {
		theta = 1 / patience
	}
	p, total, waiting, length := 1.0, 1.0, 0.0, 0.0
	for n := 1; n < states && p > 1e-300; n++ {
		p *= load / (float64(min(n, agents)) + theta*float64(max(n-agents, 0)))
		total += p
		if n >= agents {
			waiting += p
			length += p * float64(n-agents)
		}
	}
	return figures{waiting / total, length / total / load, theta * length / total / load}
}

// erlangC is the closed form, to hold theory against.
func erlangC(agents int, load float64) (wait, mean float64) {
	sum, term := 0.0, 1.0
	for n := range agents {
		sum += term
		term *= load / float64(n+1)
	}
	last := term * float64(agents) / (float64(agents) - load)
	wait = last / (sum + last)
	return wait, wait / (float64(agents) - load)
}

func TestTheoryAgreesWithTheClosedForm(t *testing.T) {
	for _, c := range []struct {
		agents int
		load   float64
	}{{1, 0.5}, {5, 3}, {10, 8}, {50, 45}} {
		wait, mean := erlangC(c.agents, c.load)
		f := theory(c.agents, c.load, 0)
		require.InEpsilon(t, wait, f.wait, 1e-6)
		require.InEpsilon(t, mean, f.mean, 1e-6)
	}
	wait, _ := erlangC(1, 0.5)
	require.InEpsilon(t, 0.5, wait, 1e-12, "with one agent the share is the load")
}

var loads = []struct {
	agents         int
	load, patience float64
}{{5, 3, 0}, {10, 7.5, 0}, {20, 16, 0}, {10, 10, 0.5}}

const within = 0.03

// TestDaysAgainstTheory: Poisson arrivals and exponential talks meet Erlang C at three loads, and with impatience Erlang A,
// within 3 %. A day's own chance is taken out by the same callers' way through the textbook's recursion.
func TestDaysAgainstTheory(t *testing.T) {
	for i, l := range loads {
		seed := uint64(100 + i)
		d := draw(seed, l.agents, l.load, l.patience, 20_000)
		d.live(t, seed)
		want, raw, same := theory(l.agents, l.load, l.patience), d.figures(), d.textbook().figures()
		got := figures{want.wait + raw.wait - same.wait, want.mean + raw.mean - same.mean, want.gaveUp + raw.gaveUp - same.gaveUp}
		t.Logf("seed %d, %d agents, load %.1f: theory %.4f, raw %.4f, textbook %.4f, estimate %.4f",
			seed, l.agents, l.load, want, raw, same, got)
		require.InEpsilon(t, want.wait, got.wait, within, "seed %d: share who wait", seed)
		require.InEpsilon(t, want.mean, got.mean, within, "seed %d: mean wait", seed)
		if l.patience > 0 {
			require.InEpsilon(t, want.gaveUp, got.gaveUp, within, "seed %d: share who give up", seed)
		}
	}
}

// TestSoakDaysAgainstTheory takes nothing out: so many callers that chance is smaller than 3 %.
func TestSoakDaysAgainstTheory(t *testing.T) {
	soak(t)
	for i, l := range loads {
		seed := uint64(200 + i)
		d := draw(seed, l.agents, l.load, l.patience, 1_000_000)
		d.live(t, seed)
		want, got := theory(l.agents, l.load, l.patience), d.figures()
		t.Logf("seed %d, %d agents, load %.1f: theory %.4f, measured %.4f", seed, l.agents, l.load, want, got)
		require.InEpsilon(t, want.wait, got.wait, within, "seed %d: share who wait", seed)
		require.InEpsilon(t, want.mean, got.mean, within, "seed %d: mean wait", seed)
		if l.patience > 0 {
			require.InEpsilon(t, want.gaveUp, got.gaveUp, within, "seed %d: share who give up", seed)
		}
	}
}
