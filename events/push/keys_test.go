package push

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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
