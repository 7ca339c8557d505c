// Package traces replays recordings of a real FreeSWITCH into the engine. What must come of each is written down here
// from call-model.md and rulings.md; testdata holds the recordings.
package traces

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
	"modcti/sim/trace"
)

// expectation is what a recording leads to: each event as "DN Name other [state]", a release also with
// "cause side disposition"; then each call's CDR and its participants with their states.
type expectation struct {
	events, cdr []string
}

// An inbound call to 1001 that is answered begins like this (3.1): created, the customer dials, the agent rings, and
// both are established, who began it first.
var answered = []string{
	"13912345678 CallCreated 1001",
	"13912345678 Dialing 1001",
	"1001 Ringing 13912345678",
	"13912345678 Established 1001",
	"1001 Established 13912345678",
}

// An inbound call that nobody answers begins with the first three.
var ringing = answered[:3]

func then(begin []string, rest ...string) []string { return append(slices.Clone(begin), rest...) }

var (
	customer = "Customer Origination 13912345678: Dialing Talk Released"
	agent    = "Agent Destination 1001: Ringing Talk Released"
	inbound  = "Inbound 13912345678 -> 1001"
)

// released by the switch: uuid_kill, hupall, the dialplan (R21, BY_SYSTEM).
const system = "BY_SYSTEM system send_bye"

var expected = map[string]expectation{
	"inbound_answered_caller_hangs_up": {
		then(answered, "13912345678 Released 1001 NORMAL_CLEARING customer recv_bye",
			"1001 Released 13912345678 NORMAL_CLEARING customer send_bye", "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent},
	},
	"inbound_answered_switch_hangs_up": {
		then(answered, "1001 Released 13912345678 "+system, "13912345678 Released 1001 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent},
	},
	"inbound_agent_busy": { // the phone never rang: only the caller is told (3.1)
		then(ringing[:2], "13912345678 Released 1001 Busy USER_BUSY agent send_refuse", "13912345678 CallDeleted 1001"),
		[]string{inbound, "Customer Origination 13912345678: Dialing Released", "Agent Destination 1001: Released"},
	},
	"inbound_agent_rejects": {
		then(ringing, "1001 Released 13912345678 CALL_REJECTED agent recv_refuse",
			"13912345678 Released 1001 CALL_REJECTED agent send_refuse", "13912345678 CallDeleted 1001"),
		[]string{inbound, "Customer Origination 13912345678: Dialing Released", "Agent Destination 1001: Ringing Released"},
	},
	"inbound_agent_no_answer": { // the dialplan ends the caller with a cause of its own; the reason is the agent's (3.1)
		then(ringing, "1001 Released 13912345678 NoAnswer NO_ANSWER system send_cancel",
			"13912345678 Released 1001 NoAnswer NORMAL_CLEARING system send_refuse", "13912345678 CallDeleted 1001"),
		[]string{inbound, "Customer Origination 13912345678: Dialing Released", "Agent Destination 1001: Ringing Released"},
	},
	"inbound_caller_cancels_while_ringing": { // this caller ends early media with a BYE; the agent's is abandoned (3.0-3)
		then(ringing, "1001 Released 13912345678 Abandoned ORIGINATOR_CANCEL customer send_cancel",
			"13912345678 Released 1001 NORMAL_CLEARING customer recv_bye", "13912345678 CallDeleted 1001"),
		[]string{inbound, "Customer Origination 13912345678: Dialing Released", "Agent Destination 1001: Ringing Released"},
	},
	"click_to_dial":             clickToDial("13988886666", "1001"),
	"click_to_dial_early_media": clickToDial("1001", "13988886666"),
	"hold_by_api": { // the side that holds is told (3.4)
		then(answered, "1001 Held 13912345678", "1001 Retrieved 13912345678",
			"1001 Released 13912345678 "+system, "13912345678 Released 1001 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, "Agent Destination 1001: Ringing Talk Held Talk Released"},
	},
	"mute_by_uuid_audio": { // mute is no state (R40)
		then(answered, "1001 Released 13912345678 "+system, "13912345678 Released 1001 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent},
	},
	"record_call": {
		then(answered, "13912345678 Released 1001 "+system, "1001 Released 13912345678 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent},
	},
	"dtmf_info_and_send": { // the customer's BYE came first; the agent's leg had ended sooner (3.14)
		then(answered, "1001 Released 13912345678 NORMAL_CLEARING customer send_bye",
			"13912345678 Released 1001 NORMAL_CLEARING customer recv_bye", "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent},
	},
	"queue_wait_then_abandon": { // nobody was rung: released, not abandoned (3.0-3)
		[]string{"13912345678 CallCreated park", "13912345678 Dialing park",
			"13912345678 Released park ORIGINATOR_CANCEL customer recv_cancel", "13912345678 CallDeleted park"},
		[]string{"Inbound 13912345678 -> park", "Customer Origination 13912345678: Dialing Released"},
	},
	"park_then_uuid_bridge": { // the agent's leg was called alone: it is told of when it joins the call
		[]string{"13912345678 CallCreated park", "13912345678 Dialing park", "1001 Ringing 13912345678",
			"13912345678 Established 1001", "1001 Established 13912345678", "1001 Released 13912345678 " + system,
			"13912345678 Released 1001 " + system, "13912345678 CallDeleted park"},
		[]string{"Inbound 13912345678 -> park", customer, agent},
	},
	"blind_transfer_by_api": { // one call, three participants (3.5)
		then(answered, "1001 Released 13912345678 Transferred "+system, "1002 Ringing 13912345678",
			"13912345678 PartyChanged 1002", "1002 Established 13912345678",
			"1002 Released 13912345678 "+system, "13912345678 Released 1002 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent, "Agent Destination 1002: Ringing Talk Released"},
	},
	"blind_transfer_by_refer": { // the customer's phone refers the agent to 1002 and leaves (3.5)
		then(answered, "1002 Ringing 1001", "1001 PartyChanged 1002",
			"13912345678 Released 1001 Transferred "+system, "1002 Established 1001",
			"1001 Released 1002 "+system, "1002 Released 1001 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent, "Agent Destination 1002: Ringing Talk Released"},
	},
	"consult_then_bridge_transfer": { // one callID for both talks (R13); who is joined with another is told (3.6)
		then(answered, "1002 Ringing 1001", "1002 Established 1001", "1001 PartyChanged 1002", "1001 Released 1002 "+system,
			"1002 PartyChanged 13912345678", "13912345678 PartyChanged 1002",
			"13912345678 Released 1002 "+system, "1002 Released 13912345678 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent, "Agent Destination 1002: Ringing Talk Released"},
	},
	"intercept": { // 3.11: the customer hears of it in full
		then(answered, "1001 Released 13912345678 "+system, "1003 Ringing 13912345678", "1003 Established 13912345678",
			"13912345678 PartyChanged 1003",
			"1003 Released 13912345678 "+system, "13912345678 Released 1003 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent, "Agent Destination 1003: Ringing Talk Released"},
	},
	"eavesdrop_monitor":  observed,
	"eavesdrop_barge_in": observed,
	"three_way_by_conference": { // 3.8, 3.9: who leaves a conference is released, the call goes on
		then(answered, "1002 Ringing 13912345678", "1002 Established 13912345678", "13912345678 PartyAdded 1002",
			"1001 PartyAdded 1002", "1001 Released 13912345678 "+system, "13912345678 PartyDeleted 1001",
			"1002 PartyDeleted 1001",
			"13912345678 Released 1002 "+system, "1002 Released 13912345678 "+system, "13912345678 CallDeleted 1001"),
		[]string{inbound, customer, agent, "Agent Destination 1002: Ringing Talk Released"},
	},
	"originate_failures": { // the switch calls alone (3.12); the two loopback calls fold away; the last never rang
		[]string{"0000000000 CallCreated 13900000001", "13900000001 Ringing 0000000000",
			"13900000001 Released 0000000000 NoAnswer NO_ANSWER system send_cancel", "0000000000 CallDeleted 13900000001",
			"0000000000 CallCreated 13900000002", "0000000000 CallDeleted 13900000002"},
		[]string{"Outbound 0000000000 -> 13900000001", "Customer Destination 13900000001: Ringing Released",
			"Outbound 0000000000 -> 13900000002", "Customer Destination 13900000002: Released"},
	},
}

// clickToDial is 3.1, basic: nothing of the agent's own phone ringing (R31), OtherRinging after Ringing (R30), the
// customer established first. The switch ends it; first and second tell whose leg had ended sooner.
func clickToDial(first, second string) expectation {
	other := map[string]string{"1001": "13988886666", "13988886666": "1001"}
	return expectation{
		[]string{"1001 CallCreated 13988886666", "1001 Dialing 13988886666", "13988886666 Ringing 1001", "1001 OtherRinging 13988886666",
			"13988886666 Established 1001", "1001 Established 13988886666",
			first + " Released " + other[first] + " " + system, second + " Released " + other[second] + " " + system,
			"1001 CallDeleted 13988886666"},
		[]string{"Outbound 1001 -> 13988886666", "Agent Origination 1001: Dialing Talk Released",
			"Customer Destination 13988886666: Ringing Talk Released"},
	}
}

// observed is 3.10: the supervisor observes the agent; the two others hear nothing of it.
var observed = expectation{
	then(answered, "1003 Ringing 1001 ObserveTo 13912345678", "1003 Established 1001 ObserveTo 13912345678",
		"1003 Released 1001 ObserveTo 13912345678 "+system, "1001 Released 13912345678 "+system,
		"13912345678 Released 1001 "+system, "13912345678 CallDeleted 1001"),
	[]string{inbound, customer, agent, "Supervisor Destination 1003: Ringing Talk Released"},
}

func TestRecordings(t *testing.T) {
	for name, scenario := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			want, ok := expected[name]
			require.True(t, ok, "no expectation for this recording")
			got := replay(t, scenario.Events, scenario.Hooks)
			require.Equal(t, want.events, got.events)
			require.Equal(t, want.cdr, got.cdr)
			require.Zero(t, got.stats.EmptyCells)
			require.Zero(t, got.stats.DuplicateInputs)
		})
	}
	require.Len(t, expected, 22)
}

// TestEventSocketAlone: with only one of the two sources the same calls come out, party by party (architecture 2).
func TestEventSocketAlone(t *testing.T) {
	for name, scenario := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			got := replay(t, scenario.Events)
			require.Equal(t, sorted(expected[name].cdr), sorted(got.cdr))
		})
	}
}

// TestTimes: every time of EventReleased is the hook's own, to the ms (R16, R18), each party's its own.
func TestTimes(t *testing.T) {
	const name = "inbound_answered_caller_hangs_up"
	s := scenarios(t)[name]
	got := replay(t, s.Events, s.Hooks)
	// From the recording's hooks file, µs: on_init, RING_EVENT, ANSWER_EVENT, INDICATE_BRIDGE, CS_HANGUP of each leg.
	require.Equal(t, []times{
		{Start: 1795253642041, Progress: 0, Answer: 1795253642364, Bridge: 1795253642365, End: 1795253644884, BillSec: 2},
		{Start: 1795253642042, Progress: 1795253642044, Answer: 1795253642351, Bridge: 1795253642365, End: 1795253644885,
			BillSec: 2},
	}, got.times)
}

type times struct {
	Start     int64 `json:"startUepoch"`
	Progress  int64 `json:"progressUepoch"`
	Answer    int64 `json:"answerUepoch"`
	Bridge    int64 `json:"bridgeUepoch"`
	End       int64 `json:"endUepoch"`
	AnswerSec int64 `json:"answersec"`
	BillSec   int64 `json:"billsec"`
}

type outcome struct {
	events, cdr []string
	times       []times
	stats       engine.Stats
}

func scenarios(t *testing.T) map[string]trace.Scenario {
	paths, err := filepath.Glob("testdata/*.jsonl.gz")
	require.NoError(t, err)
	list, err := trace.Pair(paths)
	require.NoError(t, err)
	byName := make(map[string]trace.Scenario, len(list))
	for _, s := range list {
		byName[s.Name] = s
	}
	return byName
}

func replay(t *testing.T, paths ...string) (o outcome) {
	ins, err := trace.Read(paths...)
	require.NoError(t, err)
	inside := regexp.MustCompile(`^\d{3,6}$`)
	e := engine.New(engine.Config{CompanyID: "company", Inside: inside.MatchString}, nil)
	var out engine.Output
	var fold cdr.Fold
	for i := range ins {
		e.Step(&ins[i], &out)
		fold.Add(out.Records)
		for _, told := range out.Events {
			o.take(t, told.Message)
		}
	}
	require.Zero(t, fold.Faults)
	for _, c := range fold.CDRs() {
		require.True(t, c.Closed, "the call's CDR is closed")
		o.cdr = append(o.cdr, fmt.Sprintf("%s %s -> %s", c.Call.CallType, c.Call.ThisDN, c.Call.OtherDN))
		for _, p := range c.Parties {
			require.True(t, p.Closed)
			var states []string
			for _, s := range p.States {
				states = append(states, s.State)
			}
			o.cdr = append(o.cdr, fmt.Sprintf("%s %s %s: %s", p.PartyRole, p.DNRole, p.ThisDN, strings.Join(states, " ")))
		}
	}
	o.stats = e.Stats()
	return o
}

func (o *outcome) take(t *testing.T, m events.Message) {
	raw := m.AppendJSON(nil, events.Full)
	var f map[string]any
	require.NoError(t, json.Unmarshal(raw, &f))
	line := fmt.Sprintf("%v %s", f["thisDN"], strings.TrimPrefix(m.Name(), "Event"))
	keys := []string{"otherDN"}
	switch m.(type) {
	case *events.Ringing, *events.Established:
		keys = append(keys, observerKeys(f)...)
	case *events.Released:
		keys = append(keys, observerKeys(f)...)
		keys = append(keys, "callState", "hangupCause", "hangupSide", "hangupDisposition")
		var at times
		require.NoError(t, json.Unmarshal(raw, &at))
		o.times = append(o.times, at)
	}
	for _, key := range keys {
		if v, ok := f[key].(string); ok && v != "" {
			line += " " + v
		}
	}
	o.events = append(o.events, line)
}

func observerKeys(f map[string]any) []string {
	if f["otherDNRole"] == events.ObserveTo {
		return []string{"otherDNRole", "thirdDN"}
	}
	return nil
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
