package fs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// liveCall is one call and what the call model says is told of it.
type liveCall struct {
	name   string
	proves string // clauses of call-model.md and rulings
	phones map[string]lab.Phone
	caller lab.Caller    // who calls; the zero value: nobody, drive does it
	drive  func(r *rig)  // what is done to the call while it is up; nil = nothing
	want   []string      // what is told, in order; "~ " marks neighbours without an order
	folded bool          // loopback legs lie between the parties: the switch joins each party with one of those
	check  func(s *told) // more about the events and the record; nil = nothing
}

// told is what came of a live call.
type told struct {
	*rig
	story   []lab.Message
	call    row
	parties []row
}

// of is the event of that name that a DN was told.
func (s *told) of(name, dn string) lab.Message {
	s.t.Helper()
	for _, m := range s.story {
		if is(name, dn)(m) {
			return m
		}
	}
	require.Fail(s.t, "not told", "%s to %s", name, dn)
	return lab.Message{}
}

// party is a DN's row of the record.
func (s *told) party(dn string) row {
	s.t.Helper()
	for _, p := range s.parties {
		if p.text("this_dn") == dn {
			return p
		}
	}
	require.Fail(s.t, "not recorded", dn)
	return nil
}

// states are the states that a DN went through, as the record keeps them.
func (s *told) states(dn string) (states []string) {
	for _, state := range s.query("select state from party_state where party_id = '" + s.party(dn).text("party_id") +
		"' order by ordinal") {
		states = append(states, state.text("state"))
	}
	return states
}

var fromOutside = lab.Caller{From: outside, To: "1001"}

// ringing and talking are the beginnings that most calls from outside to 1001 share (3.1).
var (
	ringing = []string{
		"CallCreated Inbound by " + outside, "Dialing " + outside + " with 1001", "Ringing 1001 with " + outside,
	}
	talking = append(ringing[:3:3], "Established "+outside+" with 1001", "Established 1001 with "+outside)
	deleted = "CallDeleted " + outside + " to 1001"
)

// TestCalls lives every start and every end of a call between two parties on a real switch, one after the other, and
// compares the events with the call model, their times with the switch's own, and the record with the events.
func TestCalls(t *testing.T) {
	t.Parallel()
	r := startRig(t, withStamps(t))
	for _, s := range calls() {
		t.Run(s.name, func(t *testing.T) {
			t.Log("proves", s.proves)
			local := *r
			local.t, local.ctx = t, t.Context()
			local.live(s)
		})
	}
}

// live lives a call and compares. Its times are compared again on another of the kind when they are off: a machine that is
// busy may take its processor from a hook.
func (r *rig) live(s liveCall) {
	r.t.Helper()
	const tries = 3
	var off []string
	for range tries {
		came := r.play(s)
		if off = nil; !s.folded {
			off = r.timesOff(came)
		}
		if s.check != nil {
			s.check(came)
		}
		r.quiet()
		if len(off) == 0 {
			return
		}
		r.t.Log("times are off:", off)
	}
	require.Empty(r.t, off, "times are off")
}

// play lets the call happen.
func (r *rig) play(s liveCall) *told {
	r.t.Helper()
	r.fresh()
	for dn, phone := range s.phones {
		defer r.phone(dn, phone).Stop()
	}
	if s.caller.From != "" {
		r.call(s.caller)
	}
	if s.drive != nil {
		s.drive(r)
	}
	came := &told{rig: r, story: r.story(1)}
	if s.want != nil {
		r.requireStory(s.want, came.story)
	}
	r.requireWhole(came.story)
	came.call, came.parties = r.cdr(came.story[0].CallID)
	return came
}

func with(beginning []string, more ...string) []string {
	return append(beginning[:len(beginning):len(beginning)], more...)
}

func caller(talk time.Duration) lab.Caller { c := fromOutside; c.Talk = talk; return c }

func calls() []liveCall {
	return append(append(answered(), unanswered()...), elsewhere()...)
}

func answered() []liveCall {
	return []liveCall{{
		name: "answered, the caller hangs up", proves: "3.1, 3.0-1, 3.0-2, R18, R20, R21",
		phones: map[string]lab.Phone{"1001": lab.Answers(300 * ms)}, caller: caller(700 * ms),
		want: with(talking,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
		check: func(s *told) {
			created := s.of("EventCallCreated", outside)
			require.Equal(s.t, outside, created.ANI, "3.0-8")
			require.Equal(s.t, "1001", created.DNIS, "3.0-8")
			require.Equal(s.t, "Customer", s.of("EventDialing", outside).PartyRole)
			require.Equal(s.t, "Agent", s.of("EventRinging", "1001").PartyRole)
			require.Equal(s.t, []string{"Dialing", "Talk", "Released"}, s.states(outside))
			require.Equal(s.t, []string{"Ringing", "Talk", "Released"}, s.states("1001"))
		},
	}, {
		name: "answered, the phone hangs up", proves: "3.1, R20, R21",
		phones: map[string]lab.Phone{"1001": {Ring: 200 * ms, Talk: 700 * ms}}, caller: caller(0),
		want: with(talking,
			"~ Released "+outside+": BY_AGENT, agent, send_bye", "~ Released 1001: BY_AGENT, agent, recv_bye", deleted),
	}, {
		name: "answered, the switch hangs up", proves: "3.1, R20, R21",
		phones: map[string]lab.Phone{"1001": lab.Answers(200 * ms)}, caller: caller(0),
		drive: func(r *rig) {
			m := r.next(is("EventEstablished", "1001"))
			r.api("uuid_kill " + leg(m.PartyID))
		},
		want: with(talking,
			"~ Released "+outside+": BY_SYSTEM, system, send_bye", "~ Released 1001: BY_SYSTEM, system, send_bye", deleted),
	}, {
		name: "the phone loses power in talk, the caller hangs up: nobody waits for its answer to the BYE", proves: "3.1, 3.0-2",
		phones: map[string]lab.Phone{"1001": lab.Answers(200 * ms)}, caller: caller(600 * ms),
		drive: func(r *rig) {
			r.established("1001")
			r.phones["1001"].Stop()
		},
		want: with(talking,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
	}, {
		name: "early media, then answered", proves: "3.1",
		phones: map[string]lab.Phone{"1001": {First: "early", Ring: 300 * ms}}, caller: caller(700 * ms),
		want: with(talking,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
	}, {
		name: "answered at once, without ringing", proves: "3.1",
		phones: map[string]lab.Phone{"1001": {First: "answer"}}, caller: caller(700 * ms),
		want: with(talking,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
	}, {
		name: "held by the phone, retrieved, the caller hangs up", proves: "3.1, 3.4",
		phones: map[string]lab.Phone{"1001": {Ring: 100 * ms, Then: "hold", Pause: 200 * ms, Held: 400 * ms}},
		caller: caller(1500 * ms),
		want: with(talking, "Held 1001 with "+outside, "Retrieved 1001 with "+outside,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
		check: func(s *told) {
			require.Equal(s.t, []string{"Ringing", "Talk", "Held", "Talk", "Released"}, s.states("1001"))
			require.NotZero(s.t, s.of("EventReleased", "1001").LastHoldUepoch)
		},
	}, {
		name: "the holder hangs up a held call", proves: "3.1, 3.4, R21",
		phones: map[string]lab.Phone{
			"1001": {Ring: 100 * ms, Then: "hold", Pause: 200 * ms, Held: 300 * ms, After: "hangup"},
		},
		caller: caller(0),
		want: with(talking, "Held 1001 with "+outside,
			"~ Released "+outside+": BY_AGENT, agent, send_bye", "~ Released 1001: BY_AGENT, agent, recv_bye", deleted),
		check: requireEndsHeld,
	}, {
		name: "the held side hangs up", proves: "3.1, 3.4",
		phones: map[string]lab.Phone{"1001": {Ring: 100 * ms, Then: "hold", Pause: 200 * ms}}, caller: caller(800 * ms),
		want: with(talking, "Held 1001 with "+outside,
			"~ Released "+outside+": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", deleted),
		check: requireEndsHeld,
	}}
}

// requireEndsHeld: the UNHOLD that the switch tells just before a hangup is no retrieve.
func requireEndsHeld(s *told) {
	states := s.states("1001")
	require.Equal(s.t, []string{"Ringing", "Talk", "Held", "Released"}, states)
}
