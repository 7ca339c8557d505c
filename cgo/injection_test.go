package main

import (
	"bufio"
	"encoding/json"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// codeChars are what the switch takes for code in a dial string or a variable.
const codeChars = "{}[]<>,|:^'\\$/&; \x00\n\r\t`\""

var hostileNumbers = []string{
	"{origination_caller_id_number=1}1002", "1002,1003", "1002|1003", "1002:_:1003", "[leg_timeout=1]1002", "^^:a=b:1002",
	"${system id}", "$${domain}", "1002@evil", "sofia/external/1002", "1002'", "1002\\n", "1002\n1003", "1002\x00", "1002&park",
	"1002;transport=tcp", "<1002>", "loopback/1002", "&system(id)", "1002 1003", "", "+", "ＯＮＥ",
}

// injector talks to a service as a client does and looks at what reaches the switch.
type injector struct {
	t     *testing.T
	b     *bench
	conn  net.Conn
	lines *bufio.Scanner
}

func newInjector(t *testing.T) *injector {
	rows := append([]setting{paramRow("record-template", "/rec/${strftime(%s)}.${uuid}.wav")},
		element("dial-plan", 0, "pattern", `^\d{3,6}$`, "leg", "user/$0@home")...)
	rows = append(rows, element("dial-plan", 1, "pattern", `^.*$`, "leg", "sofia/gateway/trunk/$0")...)
	return clientOf(t, begin(t, t.TempDir(), newFakeHost(), rows...), "")
}

// clientOf connects to a service, with a token where it has any.
func clientOf(t *testing.T, b *bench, token string) *injector {
	conn, err := net.Dial("unix", filepath.Join(b.dir, "s"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	i := &injector{t: t, b: b, conn: conn, lines: bufio.NewScanner(conn)}
	i.lines.Buffer(nil, 1<<20)
	i.send(map[string]any{"messageID": "RequestOpen", "protocol": 1, "token": token, "referenceID": 99})
	require.Equal(t, "EventOpened", i.answer(99))
	return i
}

func (i *injector) send(request map[string]any) {
	line, err := json.Marshal(request)
	require.NoError(i.t, err)
	require.NoError(i.t, i.conn.SetDeadline(time.Now().Add(patience)))
	_, err = i.conn.Write(append(line, '\n'))
	require.NoError(i.t, err)
}

// answer reads until the event that answers a reference, or the greeting.
func (i *injector) answer(reference int) (messageID string) {
	for i.lines.Scan() {
		var m struct {
			MessageID   string
			ReferenceID int
		}
		require.NoError(i.t, json.Unmarshal(i.lines.Bytes(), &m))
		if m.ReferenceID == reference {
			return m.MessageID
		}
	}
	require.NoError(i.t, i.lines.Err(), "the connection was closed")
	return ""
}

// check looks at every text of every command that has reached the switch.
func (i *injector) check() (originated int) {
	for {
		select {
		case c := <-i.b.host.commands:
			dial := c.Value
			if c.Kind == engine.CommandOriginate {
				originated++
				dial = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(dial, "user/"), "@home"), "sofia/gateway/trunk/")
			}
			for _, text := range []string{dial, c.Name, c.UUID, c.OtherUUID, c.CallID, c.CallerNumber, c.CallerName} {
				require.False(i.t, strings.ContainsAny(text, codeChars), "%q reached the switch in %+v", text, c)
			}
		default:
			return originated
		}
	}
}

// dialed are the requests that name a number to be dialed, and the field that does.
var dialed = []struct{ name, field string }{
	{"MakeCall", "otherDN"}, {"InitiateConsult", "otherDN"}, {"SingleStepTransfer", "otherDN"}, {"RedirectCall", "otherDN"},
	{"SingleStepConference", "otherDN"}, {"DeleteParty", "otherDN"}, {"MonitorCall", "otherDN"},
	{"BargeIn", "thirdDN"}, {"InterceptCall", "thirdDN"}, {"SendDtmf", "dtmfDigits"},
}

// dnOf is the agent who asks for dialed[n]: each has a call of his own, so that no request is refused for what another did.
func dnOf(n int) string { return strconv.Itoa(1001 + n) }

// madeLeg is the first record of a channel.
func madeLeg(id engine.LegID, direction engine.Direction, number, to string) record {
	r := recordOf(engine.LegCreated, id.Hex(), "sofia/x", number, "Ann", to, "", "default", "", "")
	r.leg, r.other, r.direction, r.legSeq = id, engine.LegID{}, uint8(direction), 0
	return r
}

func legDoes(kind engine.InputKind, id, with engine.LegID) record {
	r := recordOf(kind)
	r.leg, r.other, r.legSeq = id, with, 0
	return r
}

// talk has a customer talk to an agent, or leaves the agent's phone ringing.
func (i *injector) talk(n int, ringing bool) {
	customer, agent := leg(byte(2*n+1)), leg(byte(2*n+2))
	phone := madeLeg(agent, engine.DirectionOutbound, "13912345678", dnOf(n))
	phone.other = customer
	i.b.ring.push(true, madeLeg(customer, engine.DirectionInbound, "13912345678", dnOf(n)), phone,
		legDoes(engine.LegRinging, agent, engine.LegID{}))
	if ringing {
		return
	}
	i.b.ring.push(true, legDoes(engine.LegAnswered, agent, engine.LegID{}), legDoes(engine.LegAnswered, customer, engine.LegID{}),
		legDoes(engine.LegBridged, agent, customer), legDoes(engine.LegBridged, customer, agent))
}

// await reads until somebody at a DN hears an event.
func (i *injector) await(messageID, dn string) {
	for i.lines.Scan() {
		var m struct{ MessageID, ThisDN string }
		require.NoError(i.t, json.Unmarshal(i.lines.Bytes(), &m))
		if m.MessageID == messageID && m.ThisDN == dn {
			return
		}
	}
	require.Fail(i.t, "the connection was closed", i.lines.Err())
}

// register registers a client for every agent, who has a call that his request is possible in.
func (i *injector) register() {
	for n, d := range dialed {
		i.send(map[string]any{"messageID": "RequestRegisterDN", "thisDN": dnOf(n), "referenceID": 100 + n})
		require.Equal(i.t, "EventRegistered", i.answer(100+n))
		switch d.name {
		case "MakeCall", "MonitorCall", "BargeIn", "InterceptCall":
		case "RedirectCall":
			i.talk(n, true)
			i.await("EventRinging", dnOf(n))
		default:
			i.talk(n, false)
			i.await("EventEstablished", dnOf(n))
		}
	}
}

// ask sends each request with a number and a text, and returns when the engine has taken them.
func (i *injector) ask(number, caller, text string) {
	for n, d := range dialed {
		request := map[string]any{
			"messageID": "Request" + d.name, "thisDN": dnOf(n), d.field: number, "referenceID": 200 + n,
			"attachedData": map[string]any{"note": text},
		}
		switch d.name {
		case "MakeCall":
			request["callerNumber"], request["requestKey"] = caller, text
		case "SendDtmf", "DeleteParty":
			delete(request, "attachedData")
		}
		i.send(request)
	}
	i.send(map[string]any{"messageID": "RequestQueryCall", "thisDN": dnOf(0), "callID": "none", "referenceID": 300})
	i.answer(300)
}

// FuzzInjection: whatever a client writes into the fields that hold numbers and texts, no more than digits reaches a dial
// string, and nothing reaches a channel's variables (protocol.md 7).
func FuzzInjection(f *testing.F) {
	for _, number := range hostileNumbers {
		f.Add(number, number, number)
	}
	f.Add("1002", "13988886666", "4000")
	f.Fuzz(func(t *testing.T, other, caller, text string) {
		if strings.ToValidUTF8(other+caller+text, "") != other+caller+text {
			t.Skip("the door refuses bad UTF-8 before it reads a field")
		}
		i := newInjector(t)
		i.register()
		i.ask(other, caller, text)
		i.check()
	})
}

// TestInjection: the checker sees what it is there for, and a call that is allowed does reach the switch.
func TestInjection(t *testing.T) {
	i := newInjector(t)
	i.send(map[string]any{"messageID": "RequestRegisterDN", "thisDN": "1001", "referenceID": 1})
	require.Equal(t, "EventRegistered", i.answer(1))
	for n, number := range hostileNumbers {
		i.send(map[string]any{"messageID": "RequestMakeCall", "thisDN": "1001", "otherDN": number, "referenceID": 10 + n})
		require.Equal(t, "EventPartyError", i.answer(10+n), "%q", number)
	}
	require.Zero(t, i.check())
	i.send(map[string]any{"messageID": "RequestMakeCall", "thisDN": "1001", "otherDN": "13988886666", "referenceID": 2})
	require.Equal(t, "EventDialing", i.answer(2))
	require.Equal(t, 1, i.check())
}

// TestInjectionReaches: the requests are possible where their numbers are ones, so that FuzzInjection does look at them. A
// transfer and a redirection call their targets when the agent has gone.
func TestInjectionReaches(t *testing.T) {
	i := newInjector(t)
	i.register()
	i.ask("13988886666", "", "note")
	require.Equal(t, 3, i.check(), "a phone, the target of a consult, who is brought into a conference")
}
