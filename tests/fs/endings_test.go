package fs_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

func unanswered() []liveCall {
	return []liveCall{{
		name: "busy at once", proves: "3.1 (the destination fails), R37, R50",
		phones: map[string]lab.Phone{"1001": {First: "refuse", Status: "486 Busy Here"}}, caller: caller(0),
		want: with(ringing[:2], "Released "+outside+": USER_BUSY, agent, send_refuse, Busy", deleted),
	}, {
		name: "rejected while it rings", proves: "3.1, R21",
		phones: map[string]lab.Phone{"1001": {Ring: 300 * ms, Final: "refuse", Status: "603 Decline"}}, caller: caller(0),
		want: with(ringing,
			"~ Released 1001: CALL_REJECTED, agent, recv_refuse",
			"~ Released "+outside+": CALL_REJECTED, agent, send_refuse", deleted),
	}, {
		name: "busy while it rings", proves: "3.1, R37",
		phones: map[string]lab.Phone{"1001": {Ring: 300 * ms, Final: "refuse", Status: "486 Busy Here"}}, caller: caller(0),
		want: with(ringing,
			"~ Released 1001: USER_BUSY, agent, recv_refuse, Busy",
			"~ Released "+outside+": USER_BUSY, agent, send_refuse, Busy", deleted),
	}, {
		name: "no answer", proves: "3.1, 3.3, R37",
		phones: map[string]lab.Phone{"1009": {}}, caller: lab.Caller{From: outside, To: "1009"},
		want: []string{
			"CallCreated Inbound by " + outside, "Dialing " + outside + " with 1009", "Ringing 1009 with " + outside,
			"~ Released 1009: NO_ANSWER, system, send_cancel, NoAnswer",
			"~ Released " + outside + ": NORMAL_CLEARING, system, send_refuse, NoAnswer", // the dialplan's own cause
			"CallDeleted " + outside + " to 1009",
		},
	}, {
		name: "the caller cancels while it rings", proves: "3.1, 3.0-3, 3.14",
		phones: map[string]lab.Phone{"1001": {}}, caller: lab.Caller{From: outside, To: "1001", Cancel: true, Ring: 300 * ms},
		want: with(ringing,
			"~ Released 1001: ORIGINATOR_CANCEL, customer, send_cancel, Abandoned",
			"~ Released "+outside+": ORIGINATOR_CANCEL, customer, recv_cancel", deleted),
	}, {
		name: "a number that the dialplan refuses", proves: "3.1, R50",
		caller: lab.Caller{From: outside, To: "5902"},
		want: []string{
			"CallCreated Inbound by " + outside, "Dialing " + outside + " with 5902",
			"Released " + outside + ": CALL_REJECTED, system, send_refuse", "CallDeleted " + outside + " to 5902",
		},
	}, {
		name: "a phone that is not there", proves: "3.1 (a leg that fails)",
		caller: lab.Caller{From: outside, To: "1010"},
		check: func(s *told) {
			require.Equal(s.t, []string{"EventCallCreated", "EventDialing", "EventReleased", "EventCallDeleted"}, namesOf(s.story))
			require.Equal(s.t, "NORMAL_TEMPORARY_FAILURE", s.of("EventReleased", outside).HangupCause)
			require.Equal(s.t, []string{"Released"}, s.states("1010"))
		},
	}}
}

func namesOf(story []lab.Message) (names []string) {
	for _, m := range story {
		names = append(names, m.MessageID)
	}
	return names
}

func elsewhere() []liveCall {
	return []liveCall{{
		name: "outbound from a phone", proves: "3.1, R25, R30, 3.0-8",
		phones: map[string]lab.Phone{abroad: lab.Answers(300 * ms)},
		caller: lab.Caller{From: "1001", To: abroad, Talk: 700 * ms},
		want: []string{
			"CallCreated Outbound by 1001", "Dialing 1001 with " + abroad, "Ringing " + abroad + " with 1001",
			"OtherRinging 1001 with " + abroad, "Established 1001 with " + abroad, "Established " + abroad + " with 1001",
			"~ Released 1001: BY_AGENT, agent, recv_bye", "~ Released " + abroad + ": BY_AGENT, agent, send_bye",
			"CallDeleted 1001 to " + abroad,
		},
		check: func(s *told) {
			require.Equal(s.t, abroad, s.of("EventDialing", "1001").DNIS, "3.0-8")
			require.Equal(s.t, "Customer", s.of("EventRinging", abroad).PartyRole)
		},
	}, {
		name: "outbound, the customer hangs up", proves: "3.1, R20, R21",
		phones: map[string]lab.Phone{abroad: {Ring: 200 * ms, Talk: 700 * ms}}, caller: lab.Caller{From: "1001", To: abroad},
		want: []string{
			"CallCreated Outbound by 1001", "Dialing 1001 with " + abroad, "Ringing " + abroad + " with 1001",
			"OtherRinging 1001 with " + abroad, "Established 1001 with " + abroad, "Established " + abroad + " with 1001",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye",
			"~ Released " + abroad + ": NORMAL_CLEARING, customer, recv_bye", "CallDeleted 1001 to " + abroad,
		},
	}, {
		name: "internal", proves: "3.1, R30",
		phones: map[string]lab.Phone{"1002": lab.Answers(200 * ms)},
		caller: lab.Caller{From: "1001", To: "1002", Talk: 700 * ms},
		want: []string{
			"CallCreated Internal by 1001", "Dialing 1001 with 1002", "Ringing 1002 with 1001",
			"OtherRinging 1001 with 1002", "Established 1001 with 1002", "Established 1002 with 1001",
			"~ Released 1001: BY_AGENT, agent, recv_bye", "~ Released 1002: BY_AGENT, agent, send_bye",
			"CallDeleted 1001 to 1002",
		},
		check: func(s *told) {
			require.Empty(s.t, s.call.text("ani"), "blank when it is not PSTN")
			require.Empty(s.t, s.call.text("dnis"), "blank when it is not PSTN")
		},
	}, {
		name: "click to dial", proves: "3.1 (basic), R30, R31",
		phones: map[string]lab.Phone{"1001": lab.Answers(200 * ms), abroad: {Ring: 300 * ms, Talk: 700 * ms}},
		drive:  dial("{originate_timeout=10}user/1001@127.0.0.1 " + abroad),
		want: []string{
			"CallCreated Outbound by 1001", "Dialing 1001 with " + abroad, "Ringing " + abroad + " with 1001",
			"OtherRinging 1001 with " + abroad, "Established " + abroad + " with 1001", "Established 1001 with " + abroad,
			"~ Released " + abroad + ": NORMAL_CLEARING, customer, recv_bye",
			"~ Released 1001: NORMAL_CLEARING, customer, send_bye", "CallDeleted 1001 to " + abroad,
		},
	}, {
		name: "click to dial, the agent's phone is not picked up", proves: "3.1 (basic), R31",
		phones: map[string]lab.Phone{"1001": {}},
		drive:  dial("{originate_timeout=1}user/1001@127.0.0.1 " + abroad),
		check: func(s *told) {
			require.Equal(s.t, "NO_ANSWER", s.of("EventReleased", "1001").HangupCause)
			for _, m := range s.story {
				require.NotEqual(s.t, abroad, m.ThisDN, "no customer events: %s", m.Raw)
			}
		},
	}, {
		name: "through a loopback", proves: "loopback legs are folded away (issue: engine), 3.1",
		phones: map[string]lab.Phone{"1001": lab.Answers(300 * ms)},
		caller: lab.Caller{From: outside, To: "81001", Talk: 700 * ms}, folded: true,
		check: func(s *told) {
			for _, m := range s.story {
				require.Contains(s.t, []string{outside, "1001"}, m.ThisDN, "%s", m.Raw)
			}
			require.Len(s.t, s.parties, 2)
			lines := strings.Join(tellAll(s.story), "\n")
			require.Contains(s.t, lines, "Established "+outside)
			require.Contains(s.t, lines, "Established 1001")
		},
	}}
}

// dial originates through the event socket and does not wait for the answer.
func dial(arguments string) func(*rig) {
	return func(r *rig) { r.api("bgapi originate " + arguments) }
}
