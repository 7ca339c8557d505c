package scenario

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// read reads until done.
func (d *Desk) read(w *watcher, what string, done func() bool) {
	d.T.Helper()
	for len(w.heard) == 0 || !done() {
		m, err := d.Next(w.client, func(m lab.Message) bool { return m.CallID != "" })
		require.NoError(d.T, err, "%s; told since the last comparison:\n%s", what, describeAll(w.heard[w.told:]))
		w.heard = append(w.heard, m)
	}
}

// catchUp reads what has been told until now: asked for the heartbeat, the engine answers after whatever it had to tell.
func (d *Desk) catchUp(w *watcher) {
	d.T.Helper()
	reference := d.Post(w.client, "RequestHeartbeat", nil)
	_, err := d.Next(w.client, func(m lab.Message) bool {
		if m.CallID != "" {
			w.heard = append(w.heard, m)
		}
		return m.MessageID == "EventHeartbeat" && m.ReferenceID == reference
	})
	require.NoError(d.T, err)
}

// silent makes sure that nothing was told since the last comparison.
func (d *Desk) silent() {
	d.T.Helper()
	for _, w := range []*watcher{d.full, d.basic} {
		d.catchUp(w)
		require.Len(d.T, w.heard, w.told, "more was told:\n%s", describeAll(w.heard[w.told:]))
	}
}

// told compares what has been told since the last time with what the call model says, in both profiles. A line names
// the event, whom it is told to, and the fields that matter, as describe writes them; "full:" before a line keeps it
// from the basic profile, "basic:" from the full one. Neighbouring lines that begin with "~" have no order.
func (d *Desk) told(lines ...string) {
	d.T.Helper()
	for _, w := range []*watcher{d.full, d.basic} {
		profile, other := "full", "basic: "
		if w == d.basic {
			profile, other = "basic", "full: "
		}
		var want []string
		for _, line := range lines {
			if !strings.HasPrefix(line, other) {
				want = append(want, strings.TrimPrefix(line, profile+": "))
			}
		}
		d.read(w, "what is told in profile "+profile, func() bool { return len(w.heard)-w.told >= len(want) })
		first := w.told
		got := w.heard[first : first+len(want)]
		w.told += len(want)
		for start := 0; start < len(want); {
			end := start + 1
			for strings.HasPrefix(want[start], "~") && end < len(want) && strings.HasPrefix(want[end], "~") {
				end++
			}
			d.requireTold(profile, want[start:end], got[start:end], got)
			w.ordered = append(w.ordered, first+end)
			start = end
		}
	}
}

// toldToTheEnd compares what is told until the call is over: these lines are among it, in whatever order.
func (d *Desk) toldToTheEnd(lines ...string) {
	d.T.Helper()
	for _, w := range []*watcher{d.full, d.basic} {
		d.read(w, "the end of the call", func() bool { return w.heard[len(w.heard)-1].MessageID == "EventCallDeleted" })
		for _, line := range lines {
			told := slices.ContainsFunc(w.heard[w.told:], func(m lab.Message) bool { return says(m, line) })
			require.True(d.T, told, "%q is not told. Told is:\n%s", line, describeAll(w.heard[w.told:]))
		}
		w.told = len(w.heard)
		w.ordered = append(w.ordered, w.told)
	}
}

func (d *Desk) requireTold(profile string, want []string, group, all []lab.Message) {
	d.T.Helper()
	left := slices.Clone(group)
	for _, line := range want {
		at := slices.IndexFunc(left, func(m lab.Message) bool { return says(m, strings.TrimSpace(strings.TrimPrefix(line, "~"))) })
		require.GreaterOrEqual(d.T, at, 0, "%q is not told in its place, in profile %s. Told is:\n%s", line, profile, describeAll(all))
		left = slices.Delete(left, at, at+1)
	}
}

// says tells whether a message is what a line of an expectation says: name, DN, and fields of its description; one without
// a value must be empty.
func says(m lab.Message, line string) bool {
	want := strings.Fields(line)
	got := strings.Fields(describe(m))
	if got[0] != want[0] || got[1] != want[1] {
		return false
	}
	for _, field := range want[2:] {
		key, value, _ := strings.Cut(field, "=")
		if value == "" && slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, key+"=") }) {
			return false
		}
		if value != "" && !slices.Contains(got, field) {
			return false
		}
	}
	return true
}

// describe writes a message as expectations do: name, DN and every field that is not empty.
func describe(m lab.Message) string {
	text := strings.TrimPrefix(m.MessageID, "Event") + " " + m.ThisDN
	add := func(key, value string) {
		if value != "" {
			text += " " + key + "=" + strings.ReplaceAll(value, " ", "_")
		}
	}
	data := func(key string) {
		if value, has := m.AttachedData[key]; has {
			written, _ := json.Marshal(value)
			add(key, string(written))
		}
	}
	add("role", m.ThisDNRole)
	add("other", m.OtherDN)
	add("otherRole", m.OtherDNRole)
	add("third", m.ThirdDN)
	add("thirdRole", m.ThirdDNRole)
	add("state", m.CallState)
	add("party", m.PartyRole)
	add("type", m.CallType)
	add("make", m.MakeCallType)
	add("cause", m.HangupCause)
	add("side", m.HangupSide)
	add("digits", m.DTMFDigits)
	add("record", m.RecordState)
	if m.SelfLeft {
		add("selfLeft", "true")
	}
	for _, key := range []string{"consultStage", "consulting", "intercept_cause", "bargein_cause", "orderID"} {
		data(key)
	}
	return text
}

func describeAll(story []lab.Message) string {
	var lines []string
	for _, m := range story {
		lines = append(lines, describe(m))
	}
	return strings.Join(lines, "\n")
}

func sorted(names string) string {
	list := strings.Fields(names)
	slices.Sort(list)
	return strings.Join(list, " ")
}

// Records is where the closed records of calls are.
type Records interface {
	Company() string
	Detail(callID string) Detail
}

// RequireWhole holds what is true of everything that a client was told of some calls from begin to end, whatever
// happened in them: 3.0-1 (CallCreated first, CallDeleted last, after the last Released), 3.0-2 (one end a party, nothing
// after it), protocol 2 (seq grows, the common fields are there), R57 (ids), and one closed record a call.
func RequireWhole(t testing.TB, records Records, story []lab.Message) {
	t.Helper()
	calls, told, ended := map[string][]lab.Message{}, map[string]bool{}, map[string]bool{}
	var order []string
	var seq uint64
	for _, m := range story {
		require.Greater(t, m.Seq, seq, "seq grows: %s", m.Raw)
		seq = m.Seq
		require.Equal(t, records.Company(), m.CompanyID)
		require.Zero(t, m.ReferenceID, "nobody asked for it (3.0-5)")
		if calls[m.CallID] == nil {
			order = append(order, m.CallID)
		}
		calls[m.CallID] = append(calls[m.CallID], m)
		if m.MessageID == "EventCallCreated" || m.MessageID == "EventCallDeleted" {
			continue // they are about the call
		}
		require.Len(t, m.PartyID, 32, "R57: %s", m.Raw)
		require.False(t, ended[m.PartyID], "nothing after a party's end (3.0-2): %s", m.Raw)
		told[m.PartyID] = true
		ended[m.PartyID] = m.MessageID == "EventReleased"
	}
	for id := range told {
		require.True(t, ended[id], "every party that was told of ends (3.0-2): %s in\n%s", id, describeAll(story))
	}
	for _, id := range order {
		requireWholeCall(t, records, id, calls[id])
	}
}

func requireWholeCall(t testing.TB, records Records, id string, story []lab.Message) {
	t.Helper()
	first, last := story[0], story[len(story)-1]
	require.Equal(t, "EventCallCreated", first.MessageID, "3.0-1, in\n%s", describeAll(story))
	require.Equal(t, "EventCallDeleted", last.MessageID, "3.0-1, in\n%s", describeAll(story))
	for _, m := range story[1 : len(story)-1] {
		require.NotContains(t, []string{"EventCallCreated", "EventCallDeleted"}, m.MessageID, "3.0-1")
		if m.CallType != "Consult" { // a consult that has outlived its main call (R12)
			require.Equal(t, first.CallType, m.CallType, "the type of a call does not change")
		}
	}
	detail := records.Detail(id)
	require.Equal(t, last.CallType, detail.CallType)
	require.Contains(t, []string{"normal", "merged"}, detail.EndReason)
	require.Equal(t, last.StartUepoch, detail.StartMillis)
	require.Equal(t, last.EndUepoch, detail.EndMillis)
	require.Zero(t, detail.OpenParties)
}
