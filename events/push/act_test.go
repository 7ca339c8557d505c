package push

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// sendRow sends a request of a row for 1001, with good values.
func (c *testClient) sendRow(row requestRow, more ...map[string]any) {
	c.t.Helper()
	this := map[string]any{"thisDN": "1001", "attachedData": map[string]any{"k": 1}}
	c.sendMap(row.name, append([]map[string]any{row.fields, this}, more...)...)
}

// supervisor acts reach into somebody else's call (protocol.md 7); the field names whom they are on, if any.
var supervisorActs = map[string]string{
	"MonitorCall": "otherDN", "Whisper": "", "BargeIn": "thirdDN", "InterceptCall": "thirdDN",
}

// Protocol 6, row 301026, and 7: each request with each way of not being allowed to. All read the same, so that nobody
// learns from the answer which numbers there are, and the engine is asked nothing.
func TestAct_Forbidden(t *testing.T) {
	tokens := map[string]Token{
		"observer":   {DNs: []string{"*"}, Rights: []string{"observe"}},
		"agent":      {DNs: []string{"1001"}, Rights: []string{"control"}},
		"supervisor": {DNs: []string{"1001", "1005"}, Rights: []string{"control", "supervise"}},
		"watcher":    {DNs: []string{"*"}, Rights: []string{"supervise"}},
		"owner":      {DNs: []string{"*"}, Rights: []string{"observe", "control", "supervise", "admin"}},
	}
	b := newBench(t, func(c *Config) {
		c.RequestsPerSecond, c.Tokens = 100_000, nil
		for name, token := range tokens {
			token.HashHex = hashOf(name)
			c.Tokens = append(c.Tokens, token)
		}
	})
	registered := func(token, mode string) *testClient {
		c := b.opened("token", token)
		c.send("RequestRegisterDN", "thisDN", "1001", "mode", mode)
		b.serve()
		c.want("EventRegistered")
		return c
	}
	observer, agent, supervisor := registered("observer", "share"), registered("agent", "share"), registered("supervisor", "share")
	watcher, owner, monitor := registered("watcher", "share"), registered("owner", "share"), registered("owner", "monitor")
	stranger := b.opened("token", "owner")
	details := map[string]bool{}
	for _, row := range requestRows {
		target, supervises := supervisorActs[row.name]
		barred := []*testClient{observer, watcher, monitor, stranger}
		if supervises {
			barred = append(barred, agent)
			if target != "" { // 1002 is not the supervisor's
				barred = append(barred, supervisor)
			}
		}
		for _, c := range barred {
			c.sendRow(row)
			m := c.refused(events.RegisterDNNotMatch)
			require.Equal(t, "Request"+row.name, m["request"])
			details[fmt.Sprint(m["detail"])] = true
		}
		agent.sendRow(row, map[string]any{"thisDN": "1002"}) // not its own
		details[fmt.Sprint(agent.refused(events.RegisterDNNotMatch)["detail"])] = true
		require.Empty(t, b.posted, row.name)

		owner.sendRow(row)
		require.Equal(t, row.kind, b.request().Kind)
		if !supervises {
			agent.sendRow(row) // whomever it calls or consults
			require.Equal(t, row.kind, b.request().Kind)
		}
		if target != "" {
			supervisor.sendRow(row, map[string]any{target: "1005"})
			require.Equal(t, row.kind, b.request().Kind)
		}
	}
	require.Len(t, details, 1, "the same answer for unknown and forbidden (protocol 6)")
}

// Protocol 3: a registration may be sent just before the act; the last one counts, and none is left after it ends.
func TestAct_FollowsTheRegistration(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 1000 })
	c := b.opened()
	register := func(mode string) { c.send("RequestRegisterDN", "thisDN", "1001", "mode", mode) }
	hold := func() { c.send("RequestHoldCall", "thisDN", "1001") }
	allowed := func() { t.Helper(); require.Equal(t, engine.RequestHoldCall, b.request().Kind) }
	register("share")
	hold() // before EventRegistered
	b.serve()
	c.want("EventRegistered")
	allowed()
	hold()
	allowed()
	register("monitor")
	hold()
	c.refused(events.RegisterDNNotMatch)
	b.serve()
	c.want("EventRegistered")
	hold()
	c.refused(events.RegisterDNNotMatch)
	register("share")
	b.serve()
	c.want("EventRegistered")
	hold()
	allowed()
	c.send("RequestUnregisterDN", "thisDN", "1001")
	hold()
	c.refused(events.RegisterDNNotMatch)
	b.serve()
	c.want("EventUnregistered")
	hold()
	c.refused(events.RegisterDNNotMatch)
	register("share")
	b.serve()
	c.want("EventRegistered")
	gone := &events.Unregistered{Header: b.header(), ThisDN: "1001", Reason: "removed"}
	b.publish(engine.Outgoing{To: b.server.Clients()[0].ID, Message: gone})
	c.want("EventUnregistered")
	hold()
	c.refused(events.RegisterDNNotMatch)
	require.Empty(t, b.posted)
}

// Protocol 6, row 301027: five calls a second from a number, whichever clients ask; other numbers and requests are free.
func TestAct_MakeCallRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.RequestsPerSecond, c.HeartbeatMillis = 1000, 3_600_000 })
		one, two := b.opened(), b.opened()
		for _, c := range []*testClient{one, two} {
			c.register(b, "1001")
			c.register(b, "1002")
		}
		calls := func(c *testClient, dn string, n int) (made int) {
			for i := range n {
				c.send("RequestMakeCall", "thisDN", dn, "otherDN", "1009", "referenceID", i+1)
				c.send("RequestHeartbeat")
				if m := c.next(); m.name() == "EventPartyError" {
					require.EqualValues(t, events.RequestTooFast, m.integer("errorCode"))
					require.EqualValues(t, i+1, m.integer("referenceID"))
					require.Contains(t, m["detail"], "thisDN")
					c.want("EventHeartbeat")
					continue
				}
				require.Equal(t, engine.RequestMakeCall, b.request().Kind)
				made++
			}
			return made
		}
		require.Equal(t, 3, calls(one, "1001", 3))
		require.Equal(t, 2, calls(two, "1001", 5), "the number's, not the client's")
		require.Equal(t, 5, calls(two, "1002", 6))
		one.send("RequestHoldCall", "thisDN", "1001")
		require.Equal(t, engine.RequestHoldCall, b.request().Kind)
		pass(200 * time.Millisecond)
		require.Equal(t, 1, calls(one, "1001", 3))
		pass(time.Minute)
		require.Equal(t, 5, calls(one, "1001", 7), "no burst is saved")
		require.Empty(t, b.posted)
		b.close()
	})
}

// A call that was refused for its rate has not used its key up, and a repeat of one that was made costs no rate.
func TestAct_MakeCallRateAndKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.RequestsPerSecond, c.HeartbeatMillis = 1000, 3_600_000 })
		c := b.opened()
		c.register(b, "1001")
		call := func(key string) {
			c.send("RequestMakeCall", "thisDN", "1001", "otherDN", "1009", "requestKey", key, "referenceID", 1)
		}
		for range 10 {
			call("first")
		}
		b.request()
		for i := range 4 {
			call(fmt.Sprint(i))
			b.request()
		}
		call("late")
		c.refused(events.RequestTooFast)
		pass(time.Second)
		call("late")
		require.Equal(t, engine.RequestMakeCall, b.request().Kind)
		require.Empty(t, b.posted, "at most once")
		b.close()
	})
}

// The rates of numbers that are quiet are forgotten, those of others are not.
func TestAct_DialingIsBounded(t *testing.T) {
	var d dialing
	now := time.Now()
	for i := range 10 * dialersMin {
		now = now.Add(time.Millisecond)
		require.True(t, d.take(company, fmt.Sprint(i), now))
		require.LessOrEqual(t, len(d.rates), 2*dialersMin)
	}
	for range makeCallsPerSecond {
		require.True(t, d.take(company, "busy", now))
	}
	for i := range 5 * dialersMin {
		require.True(t, d.take("another", fmt.Sprint(i), now))
	}
	require.False(t, d.take(company, "busy", now))
	require.True(t, d.take("another", "busy", now), "a company's number is its own")
}

// Protocol 2: a message marked FullOnly is kept from the basic profile, and from the tap, which is basic.
func TestAct_FullOnly(t *testing.T) {
	tapped := 0
	b := newBench(t, func(c *Config) { c.Tap = func(*engine.Outgoing, []byte) { tapped++ } })
	basic, full := b.opened(), b.opened("profile", "full")
	for _, c := range []*testClient{basic, full} {
		c.register(b, "1001")
		c.subscribe(b, "company")
	}
	only := b.held("c1", "1001")
	only.FullOnly = true
	b.publish(only, b.held("c2", "1001"))
	require.Equal(t, "c2", basic.want("EventHeld")["callID"])
	require.Equal(t, "c1", full.want("EventHeld")["callID"])
	require.Equal(t, "c2", full.want("EventHeld")["callID"])
	basic.quiet()
	full.quiet()
	require.Equal(t, 1, tapped)
}

// Protocol 4: the event that answers reaches the one who asked, also when it is about a number that he has not
// registered, as when a supervisor who listens barges in (3.11); but only if that number is his to know of (7).
func TestAct_AnswerAboutAnother(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Tokens[1].Rights = []string{"control", "supervise"} // of 1001 and 1002
	})
	supervisor, agent := b.opened("token", lowSecret), b.opened()
	supervisor.register(b, "1001")
	agent.register(b, "1002")
	agent.register(b, "1003")
	barge := func(dn string) {
		supervisor.send("RequestBargeIn", "thisDN", "1001", "thirdDN", "1002", "referenceID", 8)
		r := b.request()
		m := &events.PartyAdded{Header: b.header(), CallPart: events.CallPart{CallID: "c1", ThisDN: dn, OtherDN: "1001"}}
		m.ReferenceID = r.ReferenceID
		b.publish(engine.Outgoing{Message: m, CallID: "c1", DNs: []string{dn}, Asker: r.Client, Request: r.Name})
		require.Zero(t, agent.want("EventPartyAdded").integer("referenceID"))
	}
	barge("1002")
	require.EqualValues(t, 8, supervisor.want("EventPartyAdded").integer("referenceID"))
	barge("1003")
	supervisor.quiet()
	require.Empty(t, b.server.hub.clients[b.server.Clients()[0].ID].waiting)
}
