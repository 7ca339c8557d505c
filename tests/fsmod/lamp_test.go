package fsmod

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	cmdPresence = cmdSay + 1 + iota
	cmdVoicemail
	cmdFindDevice
)

// lampWatch is an event socket that hears what is said to phones' keys.
type lampWatch struct {
	t *testing.T
	*eventSocket
}

func watchLamps(t *testing.T, s *freeSwitch) *lampWatch {
	e, err := dialEventSocket(s.eventPort)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	_, err = e.command("event plain PRESENCE_IN", patience)
	require.NoError(t, err)
	return &lampWatch{t, e}
}

// next is what is said next, as "proto from state words".
func (w *lampWatch) next() string {
	w.t.Helper()
	r, err := w.read(patience)
	require.NoError(w.t, err)
	fields := map[string]string{}
	for line := range strings.SplitSeq(r.body, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		fields[name], err = url.QueryUnescape(value)
		require.NoError(w.t, err)
	}
	require.Equal(w.t, "dialog", fields["alt_event_type"])
	return strings.Join([]string{fields["proto"], fields["from"], fields["answer-state"], fields["force-status"]}, " ")
}

// show has the fake engine give a PRESENCE command, which is not answered, and returns whether it was taken.
func (s *freeSwitch) show(name, id, value, words string) bool {
	s.t.Helper()
	said := s.api("cti do %s", command{kind: cmdPresence, uuid: id, name: name, value: value, callerName: words})
	require.Contains(s.t, said, "+OK")
	return strings.Contains(said, " 0 refused")
}

// probe asks as sofia does for a phone that has subscribed.
func (s *freeSwitch) probe(to string) {
	s.t.Helper()
	e, err := dialEventSocket(s.eventPort)
	require.NoError(s.t, err)
	defer func() { _ = e.Close() }()
	proto, _, _ := strings.Cut(to, "+")
	r, err := e.command(fmt.Sprintf("sendevent PRESENCE_PROBE\nproto: %s\nto: %s\nfrom: key@cti.test", proto, to), patience)
	require.NoError(s.t, err)
	require.Contains(s.t, r.header.Get("Reply-Text"), "+OK")
}

// lamps: cti.h, PRESENCE: what changes is said to the domain and to whoever has asked otherwise; an id may have its own
// domain; what is not an id, a kind or a state is refused.
func lamps(t *testing.T, s *freeSwitch) {
	w := watchLamps(t, s)
	for _, bad := range [][3]string{
		{"phone", "7", "early"}, {"agent", "", "early"}, {"agent", "7'x", "early"}, {"agent", strings.Repeat("7", 256), "early"},
		{"agent", "7", "on"}, {"", "7", "early"},
	} {
		require.False(t, s.show(bad[0], bad[1], bad[2], ""), "%q", bad)
	}
	require.True(t, s.show("agent", "70", "terminated", "Logged Out"), "of what nobody has asked for nothing is said")
	require.True(t, s.show("agent", "7", "early", "Ringing"))
	require.Equal(t, "agent 7@cti.test early Ringing", w.next())
	require.True(t, s.show("agent", "7", "early", "Ringing"), "nothing has changed")
	require.True(t, s.show("agent", "7", "terminated", "Ready"))
	require.Equal(t, "agent 7@cti.test terminated Ready", w.next())
	require.True(t, s.show("agent", "7", "terminated", "Logged Out"))
	require.Equal(t, "agent 7@cti.test terminated Logged Out", w.next())

	s.probe("agent+70@other.test")
	heard := []string{w.next(), w.next()}
	require.ElementsMatch(t, []string{"agent 70@cti.test terminated Logged Out", "agent 70@other.test terminated Logged Out"}, heard)

	require.True(t, s.show("queue", "sales@own.test", "confirmed", "Active (1 waiting)"))
	require.Equal(t, "queue sales@own.test confirmed Active (1 waiting)", w.next())
	s.probe("callcenter+sales@own.test")
	heard = []string{w.next(), w.next()}
	require.ElementsMatch(t, []string{
		"queue sales@own.test confirmed Active (1 waiting)", "callcenter sales@own.test confirmed Active (1 waiting)",
	}, heard)
	for _, odd := range []string{"agent+4711@cti.test", "agent+7", "agent+", "fifo+7@cti.test", "agent+7$x@cti.test"} {
		s.probe(odd)
	}
	require.True(t, s.show("queue", "sales@own.test", "gone", ""))
	heard = []string{w.next(), w.next()}
	require.ElementsMatch(t, []string{"queue sales@own.test terminated ", "callcenter sales@own.test terminated "}, heard)
}

// flickering: what changes faster than it can be said is said once, as it is in the end.
func flickering(t *testing.T, s *freeSwitch) {
	w := watchLamps(t, s)
	var words []string
	for i := range 2000 {
		words = append(words, command{kind: cmdPresence, uuid: "8", name: "agent", value: "early", callerName: fmt.Sprint(i)}.String())
	}
	begun := time.Now()
	for part := 0; part < len(words); part += 20 {
		require.Contains(t, s.api("cti do %s", strings.Join(words[part:part+20], " ; ")), " 0 refused")
	}
	t.Logf("%v a change", time.Since(begun)/time.Duration(len(words)))
	for said := ""; said != "agent 8@cti.test early 1999"; said = w.next() {
	}
	require.True(t, s.show("agent", "8", "gone", ""))
	require.Equal(t, "agent 8@cti.test terminated ", w.next())
}
