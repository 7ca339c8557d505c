package fs_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestClients: a client that never reads and one that vanishes are nobody else's trouble (protocol 1), CTI events reach
// event-socket clients as CUSTOM cti::event with headers and body, and a phone that loses power in talk holds nothing up.
func TestClients(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{Settings: settings(lab.Setting{Name: "client-queue-bytes", Value: "65536"})})
	r.phone("1001", lab.Answers(50*ms))

	deaf := r.deafClient()
	defer deaf.Close()
	vanishing := r.connect()

	const calls = 60
	caller := r.call(lab.Caller{From: outside, To: "1001", Talk: 100 * ms, Calls: calls, PerSecond: 20})
	r.next(is("EventCallDeleted", ""))
	vanishing.Close()
	story := r.story(calls)
	ctx, cancel := r.soon()
	defer cancel()
	require.NoError(t, caller.Wait(ctx))
	r.requireWhole(story)
	r.requireFired(story)
	r.quiet()
}

// deafClient subscribes to everything and then reads nothing.
func (r *rig) deafClient() *lab.Deaf {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	deaf, err := lab.DialDeaf(ctx, r.socket())
	require.NoError(r.t, err)
	return deaf
}

// requireFired: every event of the story came over the event bus as well, in order, with the headers of protocol 1.
func (r *rig) requireFired(story []lab.Message) {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	for _, m := range story {
		fired, err := r.events.Next(ctx, func(e lab.Event) bool { return e.Name() == "cti::event" })
		require.NoError(r.t, err)
		var body lab.Message
		require.NoError(r.t, json.Unmarshal([]byte(fired.Body), &body), "%s", fired.Body)
		require.Equal(r.t, m.Seq, body.Seq, "the same event, in the same order")
		require.Equal(r.t, m.MessageID, fired.Header["CTI-Message-ID"])
		require.Equal(r.t, m.CallID, fired.Header["CTI-Call-ID"])
		require.Equal(r.t, m.PartyID, fired.Header["CTI-Party-ID"])
		require.Equal(r.t, m.ThisDN, fired.Header["CTI-This-DN"])
		require.Equal(r.t, m.CompanyID, fired.Header["CTI-Company-ID"])
		require.Equal(r.t, jsonNumber(m.Seq), fired.Header["CTI-Seq"])
	}
}

func jsonNumber(n uint64) string { text, _ := json.Marshal(n); return string(text) }
