package fs_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestCancelled: a consult or a transfer that is called off at a random instant leaves no channel behind, one closed
// record a call, and every party ended once (3.6, 3.14; issue: prove it). TestSoakCancelled does it a thousand times.
func TestCancelled(t *testing.T) {
	t.Parallel()
	callOff(t, 30)
}

// TestSoakCancelled is TestCancelled a thousand times.
func TestSoakCancelled(t *testing.T) {
	soak(t)
	callOff(t, 1000)
}

// hurry is how two acts race: what is begun, what calls it off, and how long after at most.
type hurry struct {
	begin, end string // requests of 1001
	within     time.Duration
}

var hurries = []hurry{
	{"InitiateConsult", "CancelConsult", 300 * ms},
	{"InitiateConsult", "RetrieveConsult", 400 * ms},
	{"InitiateConsult", "CompleteTransfer", 400 * ms},
	{"InitiateConsult", "CompleteConference", 400 * ms},
	{"InitiateConsult", "ReleaseCall", 400 * ms},
	{"InitiateConsult", "the customer hangs up", 400 * ms},
	{"SingleStepTransfer", "the customer hangs up", 400 * ms},
	{"SingleStepTransfer", "the target hangs up", 400 * ms},
}

func callOff(t *testing.T, rounds int) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	d := startRestless(t, time.Duration(rounds)*2*time.Second+time.Minute)
	done := map[string]int{}
	for round := range rounds {
		h := hurries[random.IntN(len(hurries))]
		after := time.Duration(random.Int64N(int64(h.within)))
		done[h.begin+", then "+h.end] += d.race(h, after)
		if t.Failed() {
			t.Fatalf("round %d: %s, after %v %s", round, h.begin, after, h.end)
		}
	}
	t.Logf("called off in time, by kind: %v", done)
	for _, h := range hurries {
		require.True(t, rounds < 1000 || done[h.begin+", then "+h.end] > 0, "no %s was ever called off: %s", h.begin, h.end)
	}
	require.Equal(t, int64(rounds), d.count("call where open = 0"), "one closed record a call")
	require.Zero(t, d.count("call where open = 1"))
	require.Zero(t, d.count("party where open = 1"))
	require.Zero(t, d.count("(select call_id from call group by call_id having count(*) > 1)"))
}

// restless is a rig with a client that acts for 1001 and 1002.
type restless struct {
	*rig
	asker *lab.Client
}

// startRestless is one whose phones answer by themselves after a moment.
func startRestless(t *testing.T, limit time.Duration) *restless {
	t.Helper()
	d := &restless{rig: startRig(t, lab.Options{Settings: settings(lab.Setting{Name: "requests-per-second", Value: "1000"})})}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	d.ctx = ctx
	d.phone("1001", lab.Answers(20*ms))
	d.phone("1002", lab.Answers(150*ms))
	var err error
	d.asker, err = lab.OpenClient(ctx, d.socket(), "full")
	require.NoError(t, err)
	t.Cleanup(d.asker.Close)
	require.NoError(t, d.asker.Register(ctx, "1001", "1002"))
	return d
}

// race lets the customer call 1001, begins and ends, and waits until nothing is left. It returns 1 when the end was
// accepted.
func (d *restless) race(h hurry, after time.Duration) (inTime int) {
	d.t.Helper()
	*d.heard = nil
	customer, err := d.Call(scenarios, lab.Caller{From: outside, To: "1001"})
	require.NoError(d.t, err)
	defer customer.Stop()
	d.next(is("EventEstablished", "1001"))
	_, err = d.asker.Post("Request"+h.begin, lab.Fields{"thisDN": "1001", "otherDN": "1002"})
	require.NoError(d.t, err)
	timer := time.NewTimer(after)
	defer timer.Stop()
	<-timer.C
	switch h.end {
	case "the customer hangs up":
		d.try("uuid_kill " + leg((*d.heard)[1].PartyID))
		inTime = 1
	case "the target hangs up":
		d.killTarget()
		inTime = 1
	default:
		ctx, cancel := d.soon()
		defer cancel()
		m, err := d.asker.Request(ctx, "Request"+h.end, lab.Fields{"thisDN": "1001"})
		require.NoError(d.t, err)
		if m.ErrorCode == 0 {
			inTime = 1
		}
		if m.ErrorCode == 0 && h.end == "RetrieveConsult" {
			d.talkAgain(outside, "1001")
		}
	}
	d.finish()
	return inTime
}

// talkAgain waits until the switch has joined two who had been established, as they were before (3.6: the first call
// is as it was).
func (d *restless) talkAgain(one, other string) {
	d.t.Helper()
	legs := map[string]string{}
	for _, m := range *d.heard {
		if m.MessageID == "EventEstablished" {
			legs[m.ThisDN] = leg(m.PartyID)
		}
	}
	require.NoError(d.t, lab.Until(d.ctx, one+" and "+other+" to be joined again", func() (bool, error) {
		partner, err := d.API(d.ctx, "uuid_getvar "+legs[one]+" signal_bond")
		return strings.TrimSpace(partner) == legs[other], err
	}))
}

// killTarget hangs up whoever was called for the transfer, if there is one by now.
func (d *restless) killTarget() {
	d.t.Helper()
	for _, m := range d.seen() {
		if m.MessageID == "EventRinging" && m.ThisDN == "1002" {
			d.try("uuid_kill " + leg(m.PartyID))
		}
	}
}

// seen is everything told until now.
func (d *restless) seen() []lab.Message {
	d.t.Helper()
	require.NoError(d.t, d.client.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": 1}))
	d.next(func(m lab.Message) bool { return m.MessageID == "EventHeartbeat" && m.ReferenceID == 1 })
	return *d.heard
}

// finish ends the customer's leg and the agent's: whoever else is still there is left alone, or has lost the reason to
// ring, and must go by himself. Then it holds what is true of every call.
func (d *restless) finish() {
	d.t.Helper()
	for _, m := range *d.heard {
		if m.MessageID == "EventEstablished" && (m.ThisDN == outside || m.ThisDN == "1001") {
			d.try("uuid_kill " + leg(m.PartyID))
		}
	}
	for !is("EventCallDeleted", "")((*d.heard)[len(*d.heard)-1]) {
		d.next(func(m lab.Message) bool { return m.CallID != "" })
	}
	d.quiet()
	d.requireWhole(d.seen())
}
