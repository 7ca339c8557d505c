package fs_test

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// story is what was told of calls since the last story, until that many calls have been deleted.
func (r *rig) story(calls int) []lab.Message {
	r.t.Helper()
	for _, m := range *r.heard {
		if m.MessageID == "EventCallDeleted" {
			calls--
		}
	}
	for ; calls > 0; calls-- {
		r.next(is("EventCallDeleted", ""))
	}
	story := *r.heard
	*r.heard = nil
	return story
}

// fresh leaves nothing of an earlier call, so that one failure is not every later test's.
func (r *rig) fresh() {
	r.t.Helper()
	r.try("hupall NORMAL_CLEARING")
	r.quiet()
	r.until("the engine to have no calls", func() bool { return r.listed("calls") == 0 })
	require.NoError(r.t, r.client.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": 1}))
	r.next(func(m lab.Message) bool { return m.MessageID == "EventHeartbeat" && m.ReferenceID == 1 })
	*r.heard = nil
}

// tell writes an event as the scenarios' expectations do: what it says and to whom.
func tell(m lab.Message) string {
	name := strings.TrimPrefix(m.MessageID, "Event")
	switch name {
	case "CallCreated":
		return fmt.Sprintf("CallCreated %s by %s", m.CallType, m.ThisDN)
	case "CallDeleted":
		return fmt.Sprintf("CallDeleted %s to %s", m.ThisDN, m.OtherDN)
	case "Released":
		text := fmt.Sprintf("Released %s: %s, %s, %s", m.ThisDN, m.HangupCause, m.HangupSide, m.HangupDisposition)
		if m.CallState != "" {
			text += ", " + m.CallState
		}
		return text
	default:
		return fmt.Sprintf("%s %s with %s", name, m.ThisDN, m.OtherDN)
	}
}

func tellAll(story []lab.Message) (lines []string) {
	for _, m := range story {
		lines = append(lines, tell(m))
	}
	return lines
}

func written(story []lab.Message) string { return strings.Join(tellAll(story), "\n") }

// requireStory compares events with an expectation. Neighbouring lines that begin with "~ " have no order among them:
// the switch gives them none and the call model asks for none.
func (r *rig) requireStory(want []string, story []lab.Message) {
	r.t.Helper()
	got := tellAll(story)
	require.Len(r.t, got, len(want), "%s", written(story))
	for start := 0; start < len(want); {
		end := start + 1
		for strings.HasPrefix(want[start], "~ ") && end < len(want) && strings.HasPrefix(want[end], "~ ") {
			end++
		}
		var group []string
		for _, line := range want[start:end] {
			group = append(group, strings.TrimPrefix(line, "~ "))
		}
		require.ElementsMatch(r.t, group, got[start:end], "%s", written(story))
		start = end
	}
}

// requireWhole holds what is true of every story, whatever happened in it: 3.0-1 (CallCreated first, CallDeleted last,
// after the last Released), 3.0-2 (one end a party, nothing after it), protocol 2 (seq grows, the common fields are
// there), R57 (ids), and one closed CDR a call with one row a party.
func (r *rig) requireWhole(story []lab.Message) {
	r.t.Helper()
	calls, told, ended := map[string][]lab.Message{}, map[string]bool{}, map[string]bool{}
	var order []string
	var seq uint64
	for _, m := range story {
		require.Greater(r.t, m.Seq, seq, "seq grows: %s", m.Raw)
		seq = m.Seq
		require.Equal(r.t, company, m.CompanyID)
		require.Zero(r.t, m.ReferenceID, "nobody asked for it (3.0-5)")
		if calls[m.CallID] == nil {
			order = append(order, m.CallID)
		}
		calls[m.CallID] = append(calls[m.CallID], m)
		if m.MessageID == "EventCallCreated" || m.MessageID == "EventCallDeleted" {
			continue // they are about the call
		}
		require.Len(r.t, leg(m.PartyID), 36, "R57: %s", m.Raw)
		require.False(r.t, ended[m.PartyID], "nothing after a party's end (3.0-2): %s", m.Raw)
		told[m.PartyID] = true
		ended[m.PartyID] = m.MessageID == "EventReleased"
	}
	for id := range told {
		require.True(r.t, ended[id], "every party that was told of ends (3.0-2): %s in\n%s", id, written(story))
	}
	for _, id := range order {
		r.requireWholeCall(id, calls[id])
	}
}

func (r *rig) requireWholeCall(id string, story []lab.Message) {
	r.t.Helper()
	first, last := story[0], story[len(story)-1]
	require.Equal(r.t, "EventCallCreated", first.MessageID, "3.0-1, in\n%s", written(story))
	require.Equal(r.t, "EventCallDeleted", last.MessageID, "3.0-1, in\n%s", written(story))
	for _, m := range story[1 : len(story)-1] {
		require.NotContains(r.t, []string{"EventCallCreated", "EventCallDeleted"}, m.MessageID, "3.0-1")
		if m.CallType != "Consult" { // a consult that has outlived its main call (R12)
			require.Equal(r.t, first.CallType, m.CallType, "the type of a call does not change")
		}
	}
	call, parties := r.cdr(id)
	require.Equal(r.t, last.CallType, call.text("call_type"))
	require.Contains(r.t, []string{"normal", "merged"}, call.text("end_reason"))
	require.Equal(r.t, last.StartUepoch, call.number("start_millis"))
	require.Equal(r.t, last.EndUepoch, call.number("end_millis"))
	for _, p := range parties {
		require.Zero(r.t, p.number("open"), "%v", p)
	}
}
