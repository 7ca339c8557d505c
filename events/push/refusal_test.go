package push

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

var errBusy = errors.New("the inbox is full")

// nested is an object of the given number of levels.
func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + "{}" + strings.Repeat("}", levels-1) + "\n"
}

// Protocol 6, row 301022: what is not one JSON object of the bounds of protocol 1, over every transport.
func TestRefusal_BadFrame(t *testing.T) {
	bad := map[string]string{
		"not JSON":         "hello\n",
		"empty line":       "\n",
		"array":            "[1]\n",
		"two objects":      "{}{}\n",
		"unfinished":       `{"messageID":"RequestHeartbeat"` + "\n",
		"trailing comma":   `{"messageID":"RequestHeartbeat",}` + "\n",
		"duplicate key":    `{"messageID":"RequestHeartbeat","a":1,"a":2}` + "\n",
		"escaped twin":     `{"messageID":"RequestHeartbeat","a":1,"\u0061":2}` + "\n",
		"inner duplicate":  `{"messageID":"RequestHeartbeat","x":[{"b":1,"b":1}]}` + "\n",
		"bad UTF-8":        "{\"messageID\":\"Request\xff\"}\n",
		"half a surrogate": `{"messageID":"RequestHeartbeat","a":"\ud800"}` + "\n",
		"zero byte":        "{\"messageID\":\x00}\n",
		"17 levels":        nested(17),
		"65537 bytes":      `{"a":"` + strings.Repeat("x", 65537-8) + `"}` + "\n",
	}
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		for name, frame := range bad {
			t.Run(name, func(t *testing.T) {
				c := dial()
				c.open(token...)
				c.raw(frame)
				m := c.refused(events.SocketToJSon)
				require.Equal(t, "", m["request"])
				c.quiet() // the connection goes on
			})
		}
	})
}

// Protocol 1: the largest and the deepest message that are allowed are taken.
func TestRefusal_BoundsThemselvesAreAllowed(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	for _, frame := range []string{
		nested(16), `{"a":"` + strings.Repeat("x", 65536-8) + `"}` + "\n",
	} {
		c.raw(frame)
		m := c.refused(events.MessageIDNotMatch) // it was read: it only names no request
		require.Contains(t, m["detail"], "messageID")
	}
}

// Protocol 6: three bad frames in a row close the connection; a good one in between begins the count anew.
func TestRefusal_ThreeBadFramesClose(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c := dial()
		c.open(token...)
		for range 2 {
			c.raw("x\n")
			c.raw("x\n")
			c.refused(events.SocketToJSon)
			c.refused(events.SocketToJSon)
			c.quiet()
		}
		c.raw("x\nx\nx\n")
		rest := c.closed()
		require.Len(t, rest, 3, "each is answered, then the connection is closed")
		require.Eventually(t, func() bool { return b.server.Stats().Closed[garbled.String()] == 1 }, patience, tickTime)
	})
}

// Protocol 1: before RequestOpen a message has 4 KiB.
func TestRefusal_SmallFramesBeforeOpen(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c := dial()
		c.send("RequestOpen", append(token, "protocol", 1, "padding", strings.Repeat("x", 4096))...)
		c.refused(events.SocketToJSon)
		c.open(token...)
	})
}

// Protocol 6, row 301025: an unknown messageID, none at all, and a request before RequestOpen.
func TestRefusal_MessageID(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c := dial()
		c.send("RequestRegisterDN", "thisDN", "1001", "referenceID", 5)
		m := c.refused(events.MessageIDNotMatch)
		require.Equal(t, "RequestRegisterDN", m["request"])
		require.EqualValues(t, 5, m.integer("referenceID"))
		require.Contains(t, m["detail"], "RequestOpen")
		c.open(token...)
		c.send("RequestMakeTea", "referenceID", 6)
		m = c.refused(events.MessageIDNotMatch)
		require.Equal(t, "RequestMakeTea", m["request"])
		require.EqualValues(t, 6, m.integer("referenceID"))
		c.raw(`{"referenceID":7}` + "\n")
		require.EqualValues(t, 7, c.refused(events.MessageIDNotMatch).integer("referenceID"))
		c.raw(`{"messageID":1}` + "\n")
		c.refused(events.MessageIDNotMatch)
		c.send("RequestOpen", "protocol", 1)
		require.Contains(t, c.refused(events.MessageIDNotMatch)["detail"], "open")
		require.Empty(t, b.posted, "nothing has changed (protocol 6)")
	})
}

// Every request that protocol.md 3, 4 and 5 name is served.
func TestRefusal_EveryRequestOfTheProtocolIsKnown(t *testing.T) {
	const names = `Open RegisterDN UnregisterDN Subscribe Unsubscribe Heartbeat QueryCall QueryAgent QueryQueue
		MakeCall AnswerCall ReleaseCall RedirectCall HoldCall RetrieveCall MuteCall UnmuteCall SendDtmf SingleStepTransfer
		InitiateConsult CancelConsult RetrieveConsult CompleteTransfer CompleteConference AlternateCall DeleteParty
		SingleStepConference MonitorCall Whisper BargeIn InterceptCall UpdateAttachedData StartRecording PauseRecording
		ResumeRecording StopRecording AgentLogin AgentLogout AgentReady AgentNotReady DelayAfterCallWork ForceAgentState`
	for _, name := range strings.Fields(names) {
		require.NotEqual(t, requestUnknown, requestKinds["Request"+name], name)
	}
	require.Len(t, requestKinds, len(strings.Fields(names)))
}

// Protocol 6, row 301018: a field missing, of the wrong type or out of range; detail names the field.
func TestRefusal_InvalidParams(t *testing.T) {
	type row struct {
		field  string
		name   string
		fields []any
	}
	long := strings.Repeat("9", 33)
	rows := []row{
		{"thisDN", "RequestRegisterDN", nil},
		{"thisDN", "RequestRegisterDN", []any{"thisDN", nil}},
		{"thisDN", "RequestRegisterDN", []any{"thisDN", 1001}},
		{"thisDN", "RequestRegisterDN", []any{"thisDN", ""}},
		{"thisDN", "RequestRegisterDN", []any{"thisDN", long}},
		{"thisDN", "RequestUnregisterDN", []any{"thisDN", true}},
		{"mode", "RequestRegisterDN", []any{"thisDN", "1001", "mode", "steal"}},
		{"mode", "RequestRegisterDN", []any{"thisDN", "1001", "mode", 1}},
		{"scope", "RequestSubscribe", nil},
		{"scope", "RequestSubscribe", []any{"scope", "planet"}},
		{"scope", "RequestUnsubscribe", []any{"scope", []string{"call"}}},
		{"ids", "RequestSubscribe", []any{"scope", "call"}},
		{"ids", "RequestSubscribe", []any{"scope", "agent", "ids", "1001"}},
		{"ids", "RequestSubscribe", []any{"scope", "queue", "ids", []any{"8001", 1}}},
		{"ids", "RequestSubscribe", []any{"scope", "call", "ids", []string{strings.Repeat("x", 65)}}},
		{"ids", "RequestSubscribe", []any{"scope", "call", "ids", make([]string, 1025)}},
		{"ids", "RequestSubscribe", []any{"scope", "company", "ids", []string{"another"}}},
		{"messages", "RequestSubscribe", []any{"scope", "company", "messages", "EventRinging"}},
		{"messages", "RequestSubscribe", []any{"scope", "company", "messages", []string{"EventRingin"}}},
		{"callID", "RequestQueryCall", nil},
		{"callID", "RequestQueryCall", []any{"callID", map[string]any{}}},
		{"callID", "RequestQueryCall", []any{"callID", strings.Repeat("c", 65)}},
		{"callID", "RequestQueryCall", []any{"callID", "a\nb"}},
		{"referenceID", "RequestHeartbeat", []any{"referenceID", "5"}},
		{"referenceID", "RequestHeartbeat", []any{"referenceID", -1}},
		{"referenceID", "RequestHeartbeat", []any{"referenceID", 1.5}},
		{"referenceID", "RequestHeartbeat", []any{"referenceID", uint64(1) << 53}},
		{"requestKey", "RequestQueryCall", []any{"callID", "c", "requestKey", 4}},
		{"requestKey", "RequestQueryCall", []any{"callID", "c", "requestKey", strings.Repeat("k", 65)}},
	}
	for _, number := range []string{"10 01", "1001;", "1001@host", "user/1001", "${x}", "1e3", "a", "Ａ", "+", "1+1", "1\t"} {
		rows = append(rows, row{"thisDN", "RequestRegisterDN", []any{"thisDN", number}})
	}
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		var c *testClient
		for i, r := range rows {
			if i%20 == 0 { // within the rate
				c = dial()
				c.open(token...)
			}
			c.send(r.name, r.fields...)
			m := c.refused(events.InvalidParams)
			require.Contains(t, m["detail"], r.field, "row %v", r)
			require.Equal(t, r.name, m["request"])
		}
		require.Empty(t, b.posted, "nothing has changed (protocol 6)")
	})
}

// Protocol 6, row 301018 for RequestOpen; the client may try again.
func TestRefusal_InvalidOpen(t *testing.T) {
	b := newBench(t, nil)
	for _, r := range [][]any{
		{"protocol"}, {"protocol", "protocol", 2}, {"protocol", "protocol", "1"},
		{"profile", "protocol", 1, "profile", "huge"}, {"epochUnit", "protocol", 1, "epochUnit", "s"},
		{"epochUnit", "protocol", 1, "epochUnit", 1000},
		{"clientName", "protocol", 1, "clientName", "a\x1bb"}, {"resumeFrom", "protocol", 1, "resumeFrom", "yesterday"},
		{"token", "protocol", 1, "token", 17},
	} {
		c := b.pipe()
		c.send("RequestOpen", r[1:]...)
		require.Contains(t, c.refused(events.InvalidParams)["detail"], r[0])
		c.open()
	}
}

// Numbers of the whole alphabet of protocol 6 are taken.
func TestRefusal_ValidNumbers(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	for _, dn := range []string{"1", "1001", "+4930123456", "*97#", "0123456789ABCD*#", strings.Repeat("9", 32)} {
		require.Equal(t, dn, c.register(b, dn)["thisDN"])
	}
}

// Protocol 6, row 301026: a number that is not registered, and one that is not the principal's, read the same.
func TestRefusal_RegisterDN(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, _ []any) {
		c := dial()
		c.open("token", lowSecret)
		c.send("RequestUnregisterDN", "thisDN", "1001")
		unknown := c.refused(events.RegisterDNNotMatch)
		c.send("RequestRegisterDN", "thisDN", "1003")
		forbidden := c.refused(events.RegisterDNNotMatch)
		require.Equal(t, unknown["detail"], forbidden["detail"])
		require.Empty(t, b.posted)
		c.register(b, "1002")
		c.send("RequestUnregisterDN", "thisDN", "1002")
		b.serve()
		c.want("EventUnregistered")
		c.send("RequestUnregisterDN", "thisDN", "1002")
		c.refused(events.RegisterDNNotMatch)
	})
}

// Protocol 6, row 301027: 20 a second and 40 at once, for each client; other clients are not touched.
func TestRefusal_TooFast(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c, other := dial(), dial()
		c.open(token...)
		other.open(token...)
		c.raw(strings.Repeat(`{"messageID":"RequestHeartbeat"}`+"\n", 70))
		served, refused := 0, 0
		for range 70 {
			m := c.next()
			if m.name() == "EventHeartbeat" {
				served++
				continue
			}
			require.EqualValues(t, events.RequestTooFast, m.integer("errorCode"))
			require.Equal(t, "This connection has sent more than 20 requests a second, or 40 at once: wait a second and send this one "+
				"again; requests-per-second in the settings says how many may come.", m["detail"])
			refused++
		}
		require.GreaterOrEqual(t, served, 40)
		require.GreaterOrEqual(t, refused, 1)
		other.quiet()
	})
}

// TestRefusal_TooFastTogether: a principal that opens many connections is not served ten times over, and is told so: none of
// them has sent too much by itself.
func TestRefusal_TooFastTogether(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 1 })
	refused := 0
	for range 40 {
		c := b.opened()
		c.raw(strings.Repeat(`{"messageID":"RequestHeartbeat"}`+"\n", 2))
		for range 2 {
			if m := c.next(); m.name() != "EventHeartbeat" {
				require.EqualValues(t, events.RequestTooFast, m.integer("errorCode"))
				require.Equal(t, "All connections of this token or user together have sent more than 10 requests a second, or 20 at "+
					"once: wait a second and send this one again; requests-per-second in the settings says how many may come.", m["detail"])
				refused++
			}
		}
	}
	require.Positive(t, refused)
}

// Protocol 6, row 301020: the engine cannot take the request, or failed at it. It can be repeated.
func TestRefusal_EngineFails(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	b.mu.Lock()
	b.refuse = errBusy
	b.mu.Unlock()
	c.send("RequestRegisterDN", "thisDN", "1001", "referenceID", 8, "requestKey", "k")
	m := c.refused(events.CTIException)
	require.Contains(t, m["detail"], errBusy.Error())
	require.EqualValues(t, 8, m.integer("referenceID"))
	b.mu.Lock()
	b.refuse = nil
	b.mu.Unlock()
	c.send("RequestRegisterDN", "thisDN", "1001", "referenceID", 9, "requestKey", "k")
	b.server.Failed(b.request())
	require.EqualValues(t, 9, c.refused(events.CTIException).integer("referenceID"))
	c.send("RequestRegisterDN", "thisDN", "1001", "referenceID", 10, "requestKey", "k")
	b.serve()
	require.EqualValues(t, 10, c.want("EventRegistered").integer("referenceID"))
	b.server.Failed(&engine.Request{Client: 12345, Name: "RequestQueryCall"}) // of a client that is gone: nobody is told
	b.server.Failed(nil)
	c.quiet()
}

// A client has a bounded number of requests that wait for the engine.
func TestRefusal_TooManyUnanswered(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 10_000 })
	c := b.opened()
	for i := range pendingAnswersMax {
		c.send("RequestQueryCall", "callID", fmt.Sprint(i))
		b.request()
	}
	c.send("RequestQueryCall", "callID", "one more")
	require.Contains(t, c.refused(events.RequestTooFast)["detail"], "wait")
}
