package sim_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/sim"
)

// stimulus is something that a person or a client does.
type stimulus struct {
	name string
	do   func(*world)
}

var stimuli = []stimulus{
	{"answer", func(w *world) { w.act(w.someone(), sim.Answer) }},
	{"answer by request", func(w *world) { w.ask(engine.RequestAnswerCall, "RequestAnswerCall", w.agent(), "") }},
	{"caller hangs up", func(w *world) { w.act(customer, sim.Hangup) }},
	{"agent hangs up", func(w *world) { w.act(anAgent, sim.Hangup) }},
	{"colleague hangs up", func(w *world) { w.act(colleague, sim.Hangup) }},
	{"release", func(w *world) { w.ask(engine.RequestReleaseCall, "RequestReleaseCall", w.agent(), "") }},
	{"transfer", func(w *world) {
		w.ask(engine.RequestSingleStepTransfer, "RequestSingleStepTransfer", anAgent, colleague)
	}},
	{"redirect", func(w *world) { w.ask(engine.RequestRedirectCall, "RequestRedirectCall", w.agent(), "1003") }},
	{"consult", func(w *world) { w.ask(engine.RequestInitiateConsult, "RequestInitiateConsult", anAgent, colleague) }},
	{"cancel consult", func(w *world) { w.ask(engine.RequestCancelConsult, "RequestCancelConsult", anAgent, "") }},
	{"retrieve consult", func(w *world) { w.ask(engine.RequestRetrieveConsult, "RequestRetrieveConsult", anAgent, "") }},
	{"alternate", func(w *world) { w.ask(engine.RequestAlternateCall, "RequestAlternateCall", anAgent, "") }},
	{"complete", func(w *world) { w.ask(engine.RequestCompleteTransfer, "RequestCompleteTransfer", anAgent, "") }},
	{"conference", func(w *world) { w.ask(engine.RequestCompleteConference, "RequestCompleteConference", anAgent, "") }},
	{"add party", func(w *world) {
		w.ask(engine.RequestSingleStepConference, "RequestSingleStepConference", anAgent, "1003")
	}},
	{"delete party", func(w *world) { w.ask(engine.RequestDeleteParty, "RequestDeleteParty", anAgent, colleague) }},
	{"hold", func(w *world) { w.ask(engine.RequestHoldCall, "RequestHoldCall", w.agent(), "") }},
	{"retrieve", func(w *world) { w.ask(engine.RequestRetrieveCall, "RequestRetrieveCall", w.agent(), "") }},
	{"hold by phone", func(w *world) { w.act(w.agent(), sim.Hold) }},
	{"unhold by phone", func(w *world) { w.act(w.agent(), sim.Unhold) }},
	{"attach data", func(w *world) {
		w.ask(engine.RequestUpdateAttachedData, "RequestUpdateAttachedData", anAgent, "")
	}},
	{"mute", func(w *world) { w.ask(engine.RequestMuteCall, "RequestMuteCall", w.agent(), "") }},
	{"monitor", func(w *world) { w.ask(engine.RequestMonitorCall, "RequestMonitorCall", supervisor, anAgent) }},
	{"barge in", func(w *world) {
		w.request(engine.Request{
			Kind: engine.RequestBargeIn, Name: "RequestBargeIn", ThisDN: supervisor, ThirdDN: anAgent,
		})
	}},
	{"intercept", func(w *world) {
		w.request(engine.Request{
			Kind: engine.RequestInterceptCall, Name: "RequestInterceptCall", ThisDN: supervisor, ThirdDN: anAgent,
		})
	}},
	{"supervisor hangs up", func(w *world) { w.act(supervisor, sim.Hangup) }},
	{"timer", func(w *world) { w.pass(w.untilTimer()) }},
	{"module loaded anew", func(w *world) { w.restart() }},
}

// someone is a person at a phone, agent one of the two agents.
func (w *world) someone() string {
	return []string{anAgent, colleague, "1003", supervisor, customer}[w.random.IntN(5)]
}

func (w *world) agent() string { return []string{anAgent, colleague}[w.random.IntN(2)] }

// untilTimer is how long it takes until the engine's next deadline, give or take what a switch takes.
func (w *world) untilTimer() time.Duration {
	if w.out.NextDeadline == 0 {
		return 0
	}
	return max(0, time.Duration(w.out.NextDeadline-w.sim.Mono())-w.within(2*ms))
}

// opening brings a call about, more or less far.
func (w *world) opening() string {
	inbound := func() {
		w.sim.Start(w.sim.Now(), sim.Script{From: customer, To: anAgent, Name: "Customer", Alive: true})
		w.pass(w.within(2 * time.Second))
	}
	talk := func() {
		w.sim.Start(w.sim.Now(), sim.Script{From: customer, To: anAgent, Name: "Customer", Alive: true})
		w.pass(100 * ms)
		w.act(anAgent, sim.Answer)
		w.pass(time.Second)
	}
	consult := func() {
		talk()
		w.ask(engine.RequestInitiateConsult, "RequestInitiateConsult", anAgent, colleague)
		w.pass(w.within(2 * time.Second))
	}
	openings := []stimulus{
		{"a call comes", func(*world) { inbound() }},
		{"they talk", func(*world) { talk() }},
		{"the agent calls out", func(w *world) {
			w.ask(engine.RequestMakeCall, "RequestMakeCall", anAgent, customer)
			w.pass(w.within(3 * time.Second))
		}},
		{"the agent calls the colleague", func(w *world) {
			w.ask(engine.RequestMakeCall, "RequestMakeCall", anAgent, colleague)
			w.pass(w.within(3 * time.Second))
		}},
		{"the agent consults", func(*world) { consult() }},
		{"a transfer is under way", func(w *world) {
			talk()
			w.ask(engine.RequestSingleStepTransfer, "RequestSingleStepTransfer", anAgent, colleague)
			w.pass(w.within(1_500 * ms))
		}},
		{"they confer", func(w *world) {
			consult()
			w.ask(engine.RequestCompleteConference, "RequestCompleteConference", anAgent, "")
			w.pass(w.within(time.Second))
		}},
		{"the call is monitored", func(w *world) {
			talk()
			w.ask(engine.RequestMonitorCall, "RequestMonitorCall", supervisor, anAgent)
			w.pass(w.within(2 * time.Second))
		}},
		{"the call is held", func(w *world) {
			talk()
			w.ask(engine.RequestHoldCall, "RequestHoldCall", anAgent, "")
			w.pass(w.within(100 * ms))
		}},
	}
	o := openings[w.random.IntN(len(openings))]
	o.do(w)
	return o.name
}

// race lets two things happen at the same moment in some call, and lets it come to its end.
func race(seed uint64, first, second stimulus, switchFaults bool) *world {
	w := newWorld(seed, switchFaults)
	opening := w.opening()
	w.note("%s; now: %s against %s", opening, first.name, second.name)
	first.do(w)
	w.pass([]time.Duration{0, w.within(200 * time.Microsecond), w.within(60 * ms), w.within(time.Second)}[w.random.IntN(4)])
	second.do(w)
	w.pass(w.within(3 * time.Second))
	w.finish()
	return w
}

// races runs every pair of stimuli again and again until enough steps are done. what tells what is wrong with a race.
func races(t *testing.T, base uint64, steps int, switchFaults bool, what func(*world) []string) {
	t.Logf("seed %d; step by step: CTI_RACE=SEED,FIRST,SECOND,FAULTS go test -v -run TestOneRace ./sim", base)
	done, round := 0, 0
	for ; done < steps; round++ {
		for i, first := range stimuli {
			for j, second := range stimuli {
				seed := base + uint64(round*len(stimuli)*len(stimuli)+i*len(stimuli)+j)
				w := race(seed, first, second, switchFaults)
				done += w.steps
				if wrong := what(w); len(wrong) > 0 {
					t.Errorf("CTI_RACE=%d,%d,%d,%t: %s against %s: %s", seed, i, j, switchFaults, first.name, second.name, wrong[0])
				}
			}
		}
	}
	t.Logf("%d rounds of %d pairs, %d steps", round, len(stimuli)*len(stimuli), done)
}

// Whatever happens at the same moment: every party ends exactly once, every call has one CDR, nobody is in two calls,
// every request has one answer, no leg rings on, is up in no call or alone in its call, and in the end nothing is left (3.0, 3.14).
func TestRaces(t *testing.T) {
	races(t, 1, 100_000, false, kept)
	races(t, 1, 100_000, true, kept)
}

// kept is what a race must never break. A command that the switch takes and does not do can leave somebody without music,
// and only an audit can find out: with such faults no more than the promises is asked for.
func kept(w *world) []string {
	if w.faulty {
		return w.broken
	}
	return append(w.broken, w.lapses...)
}

// TestSoakRaces is the same for at least 10^6 steps, by another seed each time, also with commands that fail, and looks
// for more: nobody is left in silence, and the audit has nothing to repair. CTI_SOAK=1.
func TestSoakRaces(t *testing.T) {
	soak(t)
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprintf("faults=%t", faults), func(t *testing.T) {
			races(t, rand.Uint64()>>16, 1_000_000, faults, kept)
		})
	}
}

// named are the acts that meet most, and each of which must stand against each other a million times.
var named = []string{
	"answer", "cancel consult", "caller hangs up", "agent hangs up", "transfer", "complete", "hold", "intercept", "timer",
}

// TestMillionEach lets each pair of those acts meet for at least 10^6 steps, half of them on a switch that fails now and then.
// CTI_SOAK=1.
func TestMillionEach(t *testing.T) {
	soak(t)
	for i := range named {
		for j := i; j < len(named); j++ {
			first, second := stimulusNamed(t, named[i]), stimulusNamed(t, named[j])
			t.Run(named[i]+" against "+named[j], func(t *testing.T) {
				t.Parallel()
				meet(t, rand.Uint64()>>16, first, second, 1_000_000)
			})
		}
	}
}

// TestPairs is the same for a moment, so that what the long run does is looked at each time.
func TestPairs(t *testing.T) {
	for i := range named {
		meet(t, 1, stimulusNamed(t, named[i]), stimulusNamed(t, named[(i+1)%len(named)]), 2_000)
	}
}

func stimulusNamed(t *testing.T, name string) int {
	at := slices.IndexFunc(stimuli, func(s stimulus) bool { return s.name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return at
}

// meet races two stimuli, either of them first, until enough steps are done.
func meet(t *testing.T, base uint64, i, j, steps int) {
	t.Helper()
	t.Logf("seed %d; step by step: CTI_RACE=SEED,FIRST,SECOND,FAULTS go test -v -run TestOneRace ./sim", base)
	for done, seed := 0, base; done < steps; seed++ {
		faults := seed%4 > 1
		w := race(seed, stimuli[i], stimuli[j], faults)
		done += w.steps
		if wrong := kept(w); len(wrong) > 0 {
			t.Errorf("CTI_RACE=%d,%d,%d,%t: %s against %s: %s", seed, i, j, faults, stimuli[i].name, stimuli[j].name, wrong[0])
		}
		i, j = j, i
	}
}

// TestOneRace tells one race step by step: CTI_RACE=seed,first,second,faults as a failure names it.
func TestOneRace(t *testing.T) {
	named := os.Getenv("CTI_RACE")
	if named == "" {
		t.Skip("CTI_RACE names no race")
	}
	var seed uint64
	var first, second int
	var faults bool
	if n, err := fmt.Sscanf(named, "%d,%d,%d,%t", &seed, &first, &second, &faults); n != 4 {
		t.Fatalf("CTI_RACE=%s: %v", strconv.Quote(named), err)
	}
	w := race(seed, stimuli[first], stimuli[second], faults)
	t.Log(w)
	for _, text := range kept(w) {
		t.Error(text)
	}
}
