package fs_test

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
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

// requireWhole holds what is true of every story, whatever happened in it.
func (r *rig) requireWhole(story []lab.Message) {
	r.t.Helper()
	scenario.RequireWhole(r.t, r, story)
}
