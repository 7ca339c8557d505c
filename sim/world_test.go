package sim_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"modcti/engine"
	"modcti/events"
	"modcti/sim"
	"modcti/tests/ladder"
)

// world is an engine, a switch, people at phones and clients with requests, all by one seed. What breaks a promise of
// the call model is noted, the first such thing with its time.
type world struct {
	*coupling
	random  *rand.Rand
	asked   map[int64]*asking // by reference
	ends    map[string]int    // EventReleased, by party
	steps   int
	faulty  bool // the switch does not do all that it is told
	reloads int
	spared  map[engine.LegID]int // hangups that a faulty switch did not do at once
	trace   []string
	broken  []string                 // promises of 3.0 and 3.14
	lapses  []string                 // what comes of a call that went on the wrong way
	loners  map[string]time.Duration // calls of one party, since when
	lastRef int64
}

// asking is a request and its answers.
type asking struct {
	kind    engine.RequestKind
	name    string
	client  engine.ClientID
	answers []string
}

const (
	anAgent, colleague, supervisor = "1001", "1002", "1009"
	client                         = engine.ClientID(7) // of two: the other is the next
	lonelyMax                      = 8 * time.Second    // how long a call may have one party: longer than any confirmation takes
	settleMax                      = 20 * time.Second   // how long a phone may ring, and then some
	sparedMax                      = 1                  // hangups of a leg that a faulty switch does not do at once
)

// unruly is what becomes of commands on a faulty switch: a few are refused, taken and not done, or late. What ends a channel
// is done in the end: nothing can be torn down on a switch that tears nothing down.
func (w *world) unruly(c engine.Command, random *rand.Rand) (fate sim.Fate) {
	if c.Kind == engine.CommandSnapshot || random.IntN(12) != 0 {
		return fate
	}
	if c.Kind == engine.CommandHangup {
		if w.spared[c.Leg]++; w.spared[c.Leg] > sparedMax {
			return fate
		}
	}
	switch random.IntN(4) {
	case 0:
		fate.Cause = 42
	case 1:
		fate.Idle = true
	case 2:
		fate.Mute = true
	default:
		fate.Late = random.Int64N(int64(2 * time.Second))
	}
	return fate
}

func newWorld(seed uint64, switchFaults bool) *world {
	w := &world{
		random: rand.New(rand.NewPCG(seed, 0x77)), asked: map[int64]*asking{}, ends: map[string]int{},
		loners: map[string]time.Duration{}, spared: map[engine.LegID]int{},
	}
	o := sim.Options{Phone: w.phone}
	if w.random.IntN(4) == 0 && switchFaults {
		o.Faults.Command, w.faulty = w.unruly, true
	}
	s := sim.New(seed, o)
	w.coupling = coupleWith(s, engine.Config{
		Directory: staffOf(seed),
		Dial: func(_, number string) (engine.Route, bool) {
			if len(number) <= 6 {
				return engine.Route{Address: "user/" + number + "@home"}, true
			}
			return engine.Route{Address: "sofia/gateway/trunk/" + number, CallerID: "4000"}, true
		},
		RecordPath: func(call, party string, at int64) string { return fmt.Sprintf("/rec/%s-%s-%d.wav", call, party, at) },
		RingMillis: 500 + w.random.Int64N(3_000), LegSeed: [2]uint64{seed, ^seed}, AuditMillis: 5_000,
		NotifyObserved: seed%2 == 0,
	})
	return w
}

// staffOf is who is at the phones that agents have, in one world of three: their calls go on to others if they do not take them.
func staffOf(seed uint64) *engine.Directory {
	if seed%3 != 0 {
		return nil
	}
	list := func(numbers ...string) (targets []engine.Target) {
		for _, number := range numbers {
			targets = append(targets, engine.Target{Kind: engine.ToNumber, To: number})
		}
		return targets
	}
	return &engine.Directory{Agents: []engine.AgentConfig{
		{UUID: "b", DN: anAgent, LoginAtStart: true, MissedOverflow: append(list("1004"), engine.Target{Kind: engine.ToRelease})},
		{UUID: "c", DN: colleague, LoginAtStart: true, MissedOverflow: list("1003", "13800000002"), DirectPolicy: engine.MissedNotReady},
		{UUID: "d", DN: "1003", LoginAtStart: true, MissedOverflow: list(anAgent), DirectPolicy: engine.MissedLogout},
	}}
}

// phone: most phones are picked up soon, and stay so.
func (w *world) phone(string, *rand.Rand) sim.Behaviour {
	ring := w.within(1_500 * ms)
	switch at := w.random.IntN(20); {
	case at == 0:
		return sim.IsBusy()
	case at == 1:
		return sim.Refuses(ring, engine.CauseCallRejected)
	case at == 2:
		return sim.NotRegistered()
	case at == 3:
		return sim.AnswersFor(ring, w.within(time.Second))
	case at < 6:
		return sim.NeverAnswers()
	case at == 6:
		return sim.Behaviour{Acts: []sim.Act{{After: ms, Do: sim.SendMedia}, {After: ring, Do: sim.Answer}}}
	}
	return sim.Answers(ring)
}

// within draws a time below most.
func (w *world) within(most time.Duration) time.Duration {
	return time.Duration(w.random.Int64N(int64(most)))
}

// pass steps the engine through the time until then.
func (w *world) pass(by time.Duration) {
	for until := w.sim.Now() + by; ; {
		limit, due := until, false
		if at := time.Duration(w.out.NextDeadline-w.sim.Mono()) + w.sim.Now(); w.out.NextDeadline != 0 && at <= limit {
			limit, due = at, true
		}
		if in, ok := w.sim.NextUntil(limit); ok {
			w.enter(&in)
		} else if due {
			w.enter(&engine.Input{Kind: engine.TimerDue, MonoNanos: w.sim.Mono(), WallMicros: w.sim.Wall()})
		} else {
			return
		}
	}
}

// enter steps the engine and looks at what came of it.
func (w *world) enter(in *engine.Input) {
	w.steps++
	w.note("%s %s %s%s%s", wordOf(in), in.Leg.Hex()[:6], causeOf(in), otherOf(in), in.Text.Room)
	w.step(in)
	for _, c := range w.out.Commands {
		if c.Kind != engine.CommandSnapshot {
			w.note("    command %d: kind %d leg %s %s %s %s", c.ID, c.Kind, c.Leg.Hex()[:6], c.UUID[:8], c.Name, c.Value)
		}
	}
	for _, o := range w.out.Events {
		w.hear(&o)
	}
	if in.Kind == engine.SnapshotEnd {
		w.watchTalks()
	}
	w.watch()
}

// watchTalks: what a snapshot shows ends nobody who hears somebody (architecture 11).
func (w *world) watchTalks() {
	for _, c := range w.sim.Channels() {
		ends := func(command engine.Command) bool { return command.Kind == engine.CommandHangup && command.Leg == c.ID }
		if c.Talking && !c.Partner.IsZero() && slices.ContainsFunc(w.out.Commands, ends) {
			w.breach("the talk of %s, leg %s, is ended", c.Number, short(c.ID.Hex()))
		}
	}
}

func wordOf(in *engine.Input) string {
	switch in.Kind {
	case engine.ClientRequest:
		return fmt.Sprintf("request %s of %s, other %s, third %s", in.Request.Name, in.Request.ThisDN, in.Request.OtherDN,
			in.Request.ThirdDN)
	case engine.TimerDue:
		return "timer"
	}
	return words[in.Kind]
}

func causeOf(in *engine.Input) string {
	switch in.Kind {
	case engine.CommandDone:
		return fmt.Sprintf("%d: %s ", in.Command, engine.CauseName(in.Cause))
	case engine.LegHangup, engine.LegEnded:
		return engine.CauseName(in.Cause) + " "
	case engine.LegCreated:
		return in.Text.Destination + " "
	}
	return ""
}

func otherOf(in *engine.Input) string {
	if in.Other.IsZero() {
		return ""
	}
	return in.Other.Hex()[:6] + " "
}

func (w *world) note(format string, values ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%11.6f ", w.sim.Now().Seconds())+fmt.Sprintf(format, values...))
}

// breach notes that a promise is broken.
func (w *world) breach(format string, values ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, values...))
	w.note("    BROKEN: "+format, values...)
}

// lapse notes that somebody is left in silence, or that the engine took a call for what it was not.
func (w *world) lapse(format string, values ...any) {
	w.lapses = append(w.lapses, fmt.Sprintf(format, values...))
	w.note("    LAPSE: "+format, values...)
}

func (w *world) hear(o *engine.Outgoing) {
	h := o.Message.Common()
	party, dn, detail := "", "", ""
	switch m := o.Message.(type) {
	case *events.Released:
		party, dn, detail = m.PartyID, m.ThisDN, m.HangupCause
		w.ends[party]++
		if w.ends[party] > 1 {
			w.breach("party %s is released %d times (3.0-2)", party, w.ends[party])
		}
	case *events.PartyError:
		detail = fmt.Sprintf("%d %s: %s", m.ErrorCode, m.Request, m.Detail)
	}
	w.note("    %s %s %s %s", o.Message.Name(), short(party), dn, detail)
	if h.ReferenceID == 0 {
		return
	}
	a := w.asked[h.ReferenceID]
	if a == nil {
		w.breach("%s answers what nobody asked: %d", o.Message.Name(), h.ReferenceID)
		return
	}
	if o.Asker != a.client || !ladder.Answers(a.kind, o.Message) {
		w.breach("%s answers request %d of client %d, %s, to client %d", o.Message.Name(), h.ReferenceID, a.client, a.name, o.Asker)
	}
	a.answers = append(a.answers, o.Message.Name()+" "+detail)
}

func short(id string) string {
	if len(id) > 6 {
		return id[:6]
	}
	return id
}

// watch looks at the engine's calls after every step: nobody is in two calls, and no call is left to one party for long.
func (w *world) watch() {
	in := map[string]string{}
	alone := map[string]bool{}
	for _, c := range w.engine.Calls() {
		for _, p := range c.Parties {
			if had, twice := in[p.PartyID]; twice {
				w.breach("party %s is in %s and in %s", p.PartyID, had, c.CallID)
			}
			in[p.PartyID] = c.CallID
		}
		if len(c.Parties) == 1 && c.Parties[0].State == "Talk" {
			alone[c.CallID] = true
			if _, known := w.loners[c.CallID]; !known {
				w.loners[c.CallID] = w.sim.Now()
			}
		}
	}
	for id, since := range w.loners {
		if !alone[id] {
			delete(w.loners, id)
		} else if w.sim.Now()-since > lonelyMax {
			w.breach("call %s has one party left, for no reason", short(id))
			w.loners[id] = w.sim.Now() + time.Hour // once is enough
		}
	}
}

// restart: the module is loaded anew under what is up. What was asked of the old engine nobody answers any more.
func (w *world) restart() {
	w.reloads++
	w.note("the module is unloaded")
	w.reload(w.within(time.Second))
	w.note("the module is loaded")
	maps.DeleteFunc(w.asked, func(_ int64, a *asking) bool { return len(a.answers) == 0 })
	w.enter(&engine.Input{Kind: engine.TimerDue, MonoNanos: w.sim.Mono(), WallMicros: w.sim.Wall()})
}

// request posts a request of one of two clients, who take turns and hold every right.
func (w *world) request(r engine.Request) {
	w.lastRef++
	r.Client, r.ReferenceID, r.CompanyID = client+engine.ClientID(w.lastRef%2), w.lastRef, company
	w.asked[r.ReferenceID] = &asking{kind: r.Kind, name: r.Name, client: r.Client}
	w.enter(&engine.Input{Kind: engine.ClientRequest, MonoNanos: w.sim.Mono(), WallMicros: w.sim.Wall(), Request: &r})
}

func (w *world) ask(kind engine.RequestKind, name, this, other string) {
	w.request(engine.Request{Kind: kind, Name: name, ThisDN: this, OtherDN: other})
}

// far is the leg of a phone that is up, if it is; the last where it has several.
func (w *world) far(number string) (sim.Channel, bool) {
	channels := w.sim.Channels()
	for i := len(channels) - 1; i >= 0; i-- {
		if channels[i].Number == number {
			return channels[i], true
		}
	}
	return sim.Channel{}, false
}

// act lets somebody's phone do something.
func (w *world) act(number string, do sim.Verb) {
	if c, up := w.far(number); up {
		w.note("%s does %d on %s", number, do, short(c.ID.Hex()))
		w.sim.Act(c.ID, sim.Act{Do: do, Run: "phone", To: "5"}, engine.LegID{})
	}
}

// finish lets everybody hang up, one after the other, and checks what must be true of it all.
func (w *world) finish() {
	w.pass(settleMax)
	w.settled()
	for range 12 {
		channels := w.sim.Channels()
		if len(channels) == 0 {
			break
		}
		c := channels[w.random.IntN(len(channels))]
		w.note("%s hangs up", c.Number)
		w.sim.Act(c.ID, sim.Act{Do: sim.Hangup}, engine.LegID{})
		w.pass(settleMax)
		w.settled()
	}
	w.pass(3 * time.Minute)
	w.end()
}

// settled looks at a moment when nothing is under way: every request has been answered, no channel is without a reason,
// and who talks hears somebody.
func (w *world) settled() {
	for reference, a := range w.asked {
		if len(a.answers) == 0 {
			w.breach("request %d, %s, is not answered in time", reference, a.name)
		}
	}
	parties, states := map[string]int{}, map[string]string{}
	for _, c := range w.engine.Calls() {
		for _, p := range c.Parties {
			parties[p.LegUUID], states[p.LegUUID] = len(c.Parties), p.State
		}
	}
	for _, c := range w.sim.Channels() {
		uuid, joined := uuidOf(c.ID), !c.Partner.IsZero() || c.Room != "" || !c.Hears.IsZero()
		who := c.Number + ", leg " + short(c.ID.Hex())
		switch {
		case parties[uuid] == 0:
			w.breach("ghost: %s is up and in no call", who)
		case parties[uuid] == 1:
			w.breach("ghost: %s is alone in its call", who)
		case !c.Talking:
			w.breach("ghost: %s rings on", who)
		case states[uuid] == "Talk" && !joined && c.Waits != engine.WaitMusic: // who is kept waiting hears music
			w.lapse("silence: %s talks and hears nobody, but %s", who, c.Waits)
		case c.Number == customer && c.Waits == engine.WaitSilence:
			w.lapse("silence: %s waits without music", who)
		}
	}
}

func (w *world) end() {
	stats := w.engine.Stats()
	if w.sim.Live() != 0 {
		w.breach("%d channels are left", w.sim.Live())
	}
	if stats.Calls != 0 || stats.Parties != 0 {
		w.breach("%d calls and %d parties are left", stats.Calls, stats.Parties)
	}
	if stats.Repairs != 0 && w.reloads == 0 {
		w.lapse("the audit had to repair %d times though nothing was lost", stats.Repairs)
	}
	for reference, a := range w.asked {
		if len(a.answers) != 1 {
			w.breach("request %d, %s, has %d answers: %v", reference, a.name, len(a.answers), a.answers)
		}
	}
	w.details()
}

// details checks the call detail records, and what was told, call by call (3.0-1, 3.0-2).
func (w *world) details() {
	if w.fold.Faults != 0 {
		w.breach("%d records fit nothing", w.fold.Faults)
	}
	seen := map[string]int{}
	for _, r := range w.fold.CDRs() {
		seen[r.Call.CallID]++
		if !r.Closed {
			w.breach("the CDR of %s is open", short(r.Call.CallID))
		}
		for _, p := range r.Parties {
			if !p.Closed {
				w.breach("party %s of %s is open", short(p.PartyID), short(r.Call.CallID))
			}
		}
	}
	for id, told := range w.told {
		switch {
		case id == "":
		case seen[id] != 1:
			w.breach("call %s has %d CDRs", short(id), seen[id])
		case told[0] != "EventCallCreated" || told[len(told)-1] != "EventCallDeleted":
			w.breach("call %s is told from %s to %s", short(id), told[0], told[len(told)-1])
		}
	}
}

func (w *world) String() string { return strings.Join(w.trace, "\n") }
