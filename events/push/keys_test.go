package push

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Protocol 3: a repeat gets the first answer again, also on a new connection, for ten minutes.
func TestKeys_Repeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		first := b.opened()
		ask := func(c *testClient, reference int) {
			c.send("RequestQueryCall", "callID", "c1", "requestKey", "k1", "referenceID", reference)
		}
		ask(first, 1)
		b.serve()
		answer := first.want("EventCallInfo")
		b.publish(b.held("c1", "1001"))
		ask(first, 2)
		again := first.want("EventCallInfo")
		require.EqualValues(t, 2, again.integer("referenceID"), "it answers the repeat")
		again["referenceID"] = answer["referenceID"]
		require.Equal(t, answer, again)
		require.NoError(t, first.conn.Close())
		second := b.opened()
		ask(second, 3)
		require.Equal(t, answer.seq(), second.want("EventCallInfo").seq())
		require.Empty(t, b.posted, "at most once")
		pass(keyLife)
		third := b.opened()
		ask(third, 4)
		b.serve()
		require.Equal(t, b.seq, third.want("EventCallInfo").seq(), "asked anew")
		b.close()
	})
}

// The keys of two principals are not the same.
func TestKeys_ArePrincipals(t *testing.T) {
	b := newBench(t, nil)
	for _, c := range []*testClient{b.opened(), b.opened("token", secret), b.opened("token", lowSecret)} {
		c.send("RequestQueryCall", "callID", "c1", "requestKey", "k1")
		b.serve()
		c.want("EventCallInfo")
	}
}

// A key that was another request's is refused.
func TestKeys_Conflict(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.send("RequestQueryCall", "callID", "c1", "requestKey", "k1")
	b.serve()
	c.want("EventCallInfo")
	c.send("RequestQueryCall", "callID", "c2", "requestKey", "k1")
	require.Contains(t, c.refused(events.InvalidParams)["detail"], "requestKey")
	c.send("RequestRegisterDN", "thisDN", "1001", "requestKey", "k1")
	require.Contains(t, c.refused(events.InvalidParams)["detail"], "requestKey")
}

// A repeat that comes before the answer waits for it, on whichever connection; the request is made once.
func TestKeys_RepeatBeforeTheAnswer(t *testing.T) {
	b := newBench(t, nil)
	first, second := b.opened(), b.opened()
	for i, c := range []*testClient{first, second, second} {
		c.send("RequestQueryCall", "callID", "c1", "requestKey", "k1", "referenceID", i)
		c.quiet()
	}
	r := b.request()
	require.NoError(t, first.conn.Close())
	require.Eventually(t, func() bool { return len(b.server.Clients()) == 1 }, patience, tickTime)
	b.answer(r)
	for i := range 2 {
		require.EqualValues(t, i+1, second.want("EventCallInfo").integer("referenceID"))
	}
	require.Empty(t, b.posted)
	require.Len(t, b.server.hub.clients, 1, "the first client is forgotten with its answer")
}

// When the engine fails, all that wait are told, and the key is free again.
func TestKeys_EngineFails(t *testing.T) {
	b := newBench(t, nil)
	first, second := b.opened(), b.opened()
	for _, c := range []*testClient{first, second} {
		c.send("RequestQueryCall", "callID", "c1", "requestKey", "k1")
		c.quiet()
	}
	b.server.Failed(b.request())
	first.refused(events.CTIException)
	second.refused(events.CTIException)
	second.send("RequestQueryCall", "callID", "c1", "requestKey", "k1")
	b.serve()
	second.want("EventCallInfo")
}

// A registration lives in its connection: on a new one the repeat registers anew, so that state and stream meet there.
func TestKeys_RegistrationOnANewConnection(t *testing.T) {
	b := newBench(t, nil)
	first := b.opened()
	first.send("RequestRegisterDN", "thisDN", "1001", "requestKey", "k1")
	b.serve()
	first.want("EventRegistered")
	first.send("RequestRegisterDN", "thisDN", "1001", "requestKey", "k1")
	first.want("EventRegistered")
	require.Empty(t, b.posted)
	second := b.opened()
	second.send("RequestRegisterDN", "thisDN", "1001", "requestKey", "k1")
	b.serve()
	second.want("EventRegistered")
	b.publish(b.held("c1", "1001"))
	second.want("EventHeld")
}

// The store is bounded in number and in bytes; the oldest go first.
func TestKeys_Bounds(t *testing.T) {
	var k keyStore
	now := time.Now()
	claim := func(key string) (*keyed, keyVerdict) {
		return k.claim(keyName{key: key}, keySubject{}, repeat{client: &client{}}, false, now)
	}
	for i := range keysMax + 10 {
		_, verdict := claim(fmt.Sprint(i))
		require.Equal(t, keyFirst, verdict)
	}
	require.LessOrEqual(t, len(k.keys), keysMax+1)
	_, verdict := claim("0")
	require.Equal(t, keyFirst, verdict, "the oldest was forgotten")
	_, verdict = claim(fmt.Sprint(keysMax))
	require.Equal(t, keyWaits, verdict)

	k = keyStore{}
	line := []byte(strings.Repeat("x", keyAnswerBytes/4))
	for i := range 9 {
		entry, _ := claim(fmt.Sprint(i))
		require.Empty(t, k.settle(entry, line))
		require.LessOrEqual(t, k.answer, keyAnswerBytes)
	}
	_, verdict = claim("8")
	require.Equal(t, keyAnswered, verdict)
	entry, _ := claim("giant")
	k.settle(entry, make([]byte, keyAnswerBytes+1))
	require.Zero(t, k.answer)
	require.Empty(t, k.keys)
}

// holdFor is the event that answers a RequestHoldCall: published, with the reference for the one who asked.
func (b *bench) holdFor(r *engine.Request) engine.Outgoing {
	out := b.held("c1", r.ThisDN)
	out.Asker, out.Request, out.Message.Common().ReferenceID = r.Client, r.Name, r.ReferenceID
	return out
}

func (c *testClient) hold(key string, reference int) {
	c.t.Helper()
	c.send("RequestHoldCall", "thisDN", "1001", "requestKey", key, "referenceID", reference)
}

// requireHeld asserts that the next message is the answer, with a reference.
func (c *testClient) requireHeld(seq uint64, reference int) {
	c.t.Helper()
	m := c.want("EventHeld")
	require.Equal(c.t, seq, m.seq())
	require.EqualValues(c.t, reference, m.integer("referenceID"))
}

// Protocol 3 and 4: an act is answered by an event that everybody hears. Repeats while it is under way are answered by
// it, each once and with its own reference; repeats after it get it again. The act itself is done once.
func TestKeys_ActAnsweredByAnEvent(t *testing.T) {
	b := newBench(t, nil)
	asker, other, bystander := b.opened(), b.opened(), b.opened()
	for _, c := range []*testClient{asker, other, bystander} {
		c.register(b, "1001")
	}
	asker.hold("k", 5)
	r := b.request()
	asker.hold("k", 5) // the same again, as after a doubt about the network
	asker.hold("k", 6)
	other.hold("k", 7)
	asker.quiet()
	other.quiet()
	require.Empty(t, b.posted, "at most once")
	b.publish(b.held("another", "1001")) // nobody's answer
	for _, c := range []*testClient{asker, other, bystander} {
		require.EqualValues(t, 0, c.want("EventHeld").integer("referenceID"))
	}
	b.publish(b.holdFor(r))
	asker.requireHeld(b.seq, 5)
	asker.requireHeld(b.seq, 6)
	other.requireHeld(b.seq, 7)
	bystander.requireHeld(b.seq, 0)
	answered := b.seq
	b.publish(b.held("later", "1001"))
	for _, c := range []*testClient{asker, other, bystander} {
		c.requireHeld(b.seq, 0)
		c.quiet()
	}
	asker.hold("k", 8)
	asker.requireHeld(answered, 8)
	require.NoError(t, asker.conn.Close())
	again := b.opened()
	again.hold("k", 9)
	again.refused(events.RegisterDNNotMatch) // a new connection registers first
	again.register(b, "1001")
	again.hold("k", 9)
	again.requireHeld(answered, 9)
	require.Empty(t, b.posted, "at most once")
}

// Protocol 3: the answer is kept also when the asker is gone before it; who repeats on a new connection gets it.
func TestKeys_ActOfAClientThatVanished(t *testing.T) {
	b := newBench(t, nil)
	asker := b.opened()
	asker.register(b, "1001")
	asker.hold("early", 1)
	asker.hold("late", 2)
	early, late := b.request(), b.request()
	require.NoError(t, asker.conn.Close())
	require.Eventually(t, func() bool { return len(b.server.Clients()) == 0 }, patience, tickTime)
	b.publish(b.holdFor(early))
	again := b.opened()
	again.register(b, "1001")
	again.hold("early", 3)
	again.requireHeld(b.seq, 3)
	again.hold("late", 4)
	again.quiet()
	b.publish(b.holdFor(late))
	again.requireHeld(b.seq, 4)
	again.quiet()
	require.Empty(t, b.posted)
	require.Len(t, b.server.hub.clients, 1, "the one who vanished is forgotten with its last answer")
}

// Protocol 3 and 6: a refusal by the engine is an answer too.
func TestKeys_ActRefused(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.register(b, "1001")
	c.hold("k", 1)
	r := b.request()
	c.hold("k", 2)
	c.quiet()
	b.publish(engine.Outgoing{To: r.Client, Asker: r.Client, Message: &events.PartyError{
		Header: b.now(r), ThisDN: "1001", ErrorCode: int64(events.HeldInProcess),
		ErrorMessage: events.HeldInProcess.Name(), Request: r.Name, Detail: "wait",
	}})
	require.EqualValues(t, 1, c.refused(events.HeldInProcess).integer("referenceID"))
	require.EqualValues(t, 2, c.refused(events.HeldInProcess).integer("referenceID"))
	c.hold("k", 3)
	require.EqualValues(t, 3, c.refused(events.HeldInProcess).integer("referenceID"))
	require.Empty(t, b.posted)
}

// Two acts with the same reference, or none: each event answers the request that it is for.
func TestKeys_ActsWithOneReference(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.register(b, "1001")
	c.send("RequestMuteCall", "thisDN", "1001", "requestKey", "mute")
	c.hold("hold", 0)
	mute, hold := b.request(), b.request()
	b.publish(b.holdFor(hold))
	held := b.seq
	m := &events.Muted{Header: b.header(), CallPart: events.CallPart{ThisDN: "1001"}}
	b.publish(engine.Outgoing{Message: m, DNs: []string{"1001"}, Asker: mute.Client, Request: mute.Name})
	c.want("EventHeld")
	c.want("EventMuted")
	c.hold("hold", 3)
	c.requireHeld(held, 3)
	c.send("RequestMuteCall", "thisDN", "1001", "requestKey", "mute", "referenceID", 4)
	require.EqualValues(t, 4, c.want("EventMuted").integer("referenceID"))

	c.hold("hold again", 0)
	c.send("RequestMuteCall", "thisDN", "1001", "requestKey", "mute again")
	hold, mute = b.request(), b.request()
	b.publish(engine.Outgoing{To: mute.Client, Asker: mute.Client, Message: &events.PartyError{
		Header: b.now(mute), ThisDN: "1001", ErrorCode: int64(events.InvalidCallType),
		ErrorMessage: events.InvalidCallType.Name(), Request: mute.Name, Detail: "it is muted",
	}})
	c.refused(events.InvalidCallType)
	b.publish(b.holdFor(hold))
	c.requireHeld(b.seq, 0)
	c.hold("hold again", 5)
	c.requireHeld(b.seq, 5)
	require.Empty(t, b.posted)
}

// Protocol 2 and 4: what answers in full alone answers a basic client's request too; it is told nothing, and a repeat
// neither asks the engine again nor waits.
func TestKeys_ActAnsweredInFullAlone(t *testing.T) {
	b := newBench(t, nil)
	basic, full := b.opened(), b.opened("profile", "full")
	basic.register(b, "1001")
	full.register(b, "1001")
	for _, key := range []string{"", "k"} {
		basic.send("RequestAlternateCall", "thisDN", "1001", "requestKey", key, "referenceID", 1)
		out := b.holdFor(b.request())
		out.FullOnly = true
		b.publish(out)
		full.requireHeld(b.seq, 0)
		basic.quiet()
	}
	basic.send("RequestAlternateCall", "thisDN", "1001", "requestKey", "k", "referenceID", 1)
	basic.quiet()
	require.Empty(t, b.posted)
	require.Empty(t, b.server.hub.clients[b.server.Clients()[0].ID].waiting)
	for _, entry := range b.server.keys.keys {
		require.Empty(t, entry.repeats)
	}
}

// A key that comes again with another field is another request's.
func TestKeys_ActConflict(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 1000 })
	c := b.opened()
	c.register(b, "1001")
	for i, row := range requestRows {
		key := map[string]any{"requestKey": fmt.Sprint("k", i), "referenceID": i}
		c.sendRow(row, key)
		b.request()
		changes := map[string]any{
			"thisDN": "1001", "callID": "another", "attachedData": map[string]any{"k": 2}, "otherDN": "1999",
			"thirdDN": "1999", "callerNumber": "1", "makeCallType": "Regular", "answerTimeout": 31, "dtmfDigits": "1",
			"scope": "call", "mode": "off", "remove": []string{"k2"},
		}
		for field := range row.fields {
			c.sendRow(row, key, map[string]any{field: changes[field]})
			require.Contains(t, c.refused(events.InvalidParams)["detail"], "requestKey", "%s %s", row.name, field)
		}
		for _, field := range []string{"callID", "attachedData"} {
			c.sendRow(row, key, map[string]any{field: changes[field]})
			require.Contains(t, c.refused(events.InvalidParams)["detail"], "requestKey", "%s %s", row.name, field)
		}
	}
	require.Empty(t, b.posted)
}

// An act that the engine never answers is given up with its key, so that a client is not held up for ever.
func TestKeys_ActNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.RequestsPerSecond, c.HeartbeatMillis = 1000, 3_600_000 })
		c := b.opened()
		c.register(b, "1001")
		for i := range pendingAnswersMax {
			c.hold(fmt.Sprint(i), i)
			b.request()
		}
		c.hold("one more", 1)
		c.refused(events.RequestTooFast)
		pass(keyLife)
		c.hold("0", 1)
		b.publish(b.holdFor(b.request()))
		c.requireHeld(b.seq, 1)
		b.close()
	})
}
