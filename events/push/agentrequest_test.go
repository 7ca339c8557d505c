package push

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

var (
	wrongReason = []fieldFault{1, 3, 5, 7, 10, 99, -1, 1.5, "11", true, []int{11}}
	wrongDelay  = []fieldFault{0, 3601, -1, 1.5, "60", true, uint64(1) << 63}
	wrongQueues = []fieldFault{"8001", 7, map[string]any{}, []any{8001}, []any{"8001", nil}, []any{""}, []any{"a\nb"},
		[]any{"8001", " "}, []string{strings.Repeat("8", 65)}, make([]string, idsMax+1)}
)

// agentRow is a row of protocol.md 5, or of its queries (3), as the test reads it.
type agentRow struct {
	requestRow
	faults map[string][]fieldFault // of the fields beside the common ones
	query  bool
}

func asked(change func(*engine.Request)) func(*engine.Request) { return change }

var agentRows = []agentRow{
	{requestRow{"AgentLogin", map[string]any{"agentUUID": "u1", "agentID": "a1", "thisQueues": []string{"8001", " q8002 ", "8001"},
		"phoneType": 4, "agentState": 2, "reasonCode": 12}, "agentUUID", engine.RequestAgentLogin,
		asked(func(r *engine.Request) {
			r.ThisQueues, r.PhoneType, r.AgentState, r.ReasonCode = []string{"8001", "q8002"}, 4, 2, 12
		})}, map[string][]fieldFault{
		"thisQueues": wrongQueues, "reasonCode": wrongReason, "phoneType": {0, 5, -1, 1.5, "4", true},
		"agentState": {0, 3, -1, 1.5, "1", true},
	}, false},
	{requestRow{"AgentLogout", map[string]any{"reasonCode": 11}, "", engine.RequestAgentLogout,
		asked(func(r *engine.Request) { r.ReasonCode = 11 })}, map[string][]fieldFault{"reasonCode": wrongReason}, false},
	{requestRow{"AgentReady", nil, "", engine.RequestAgentReady, nil}, nil, false},
	{requestRow{"AgentNotReady", map[string]any{"reasonCode": 4}, "reasonCode", engine.RequestAgentNotReady,
		asked(func(r *engine.Request) { r.ReasonCode = 4 })},
		map[string][]fieldFault{"reasonCode": append([]fieldFault{0}, wrongReason...)}, false},
	{requestRow{"DelayAfterCallWork", map[string]any{"delaySeconds": 60}, "delaySeconds", engine.RequestDelayAfterCallWork,
		asked(func(r *engine.Request) { r.DelaySeconds = 60 })}, map[string][]fieldFault{"delaySeconds": wrongDelay}, false},
	{requestRow{"ForceAgentState", map[string]any{"agentUUID": "u1", "agentState": 1, "reasonCode": 2}, "agentState",
		engine.RequestForceAgentState, asked(func(r *engine.Request) { r.AgentState, r.ReasonCode = 1, 2 })},
		map[string][]fieldFault{
			"reasonCode": wrongReason, "agentState": {3, -1, 1.5, "1", true}, "agentUUID": {missing{}, nil, ""},
		}, false},
	{requestRow{"QueryAgent", nil, "", engine.RequestQueryAgent, nil}, nil, true},
	{requestRow{"QueryQueue", map[string]any{"thisQueue": "8001"}, "thisQueue", engine.RequestQueryQueue,
		asked(func(r *engine.Request) { r.ThisQueue, r.ThisDN, r.AgentUUID, r.AgentID = "8001", "", "", "" })},
		map[string][]fieldFault{"thisQueue": append([]fieldFault{" "}, wrongID...)}, true},
}

// refused is the refusal of a row: that of a query about a queue is of the protocol, all others are of agents.
func (row *agentRow) refused(c *testClient, code events.Code) message {
	c.t.Helper()
	if row.name == "QueryQueue" {
		return c.refused(code)
	}
	return c.agentRefused(code)
}

// seated is a client that has registered 1001 to share, and may do all, on a bench that limits no rate.
func seated(t *testing.T) (*bench, *testClient) {
	return acting(t, func(c *Config) { c.Tokens[0].Rights = events.Rights; c.Tokens = c.Tokens[:1] })
}

// Protocol 5: the rows of the table are those of this version.
func TestAgentRequest_Rows(t *testing.T) {
	rows := 0
	for _, row := range agentRows {
		if known := agentRequests["Request"+row.name]; !row.query {
			require.NotNil(t, known, row.name)
			require.Equal(t, row.kind, known.kind, row.name)
			rows++
		}
	}
	require.Len(t, agentRequests, rows)
}

// Protocol 3 and 5: what a request with all its fields asks of the engine.
func TestAgentRequest_Parsed(t *testing.T) {
	b, c := seated(t)
	for _, row := range agentRows {
		want := &engine.Request{
			Client: b.server.Clients()[0].ID, Kind: row.kind, Name: "Request" + row.name, ReferenceID: 123456,
			CompanyID: company, ThisDN: "1001", AgentUUID: "u1", AgentID: "a1",
		}
		if !row.query {
			want.AttachedData = events.Data{{Key: "z", JSON: `[1,{"a":null}]`}}
		}
		if row.want != nil {
			row.want(want)
		}
		c.sendMap(row.name, map[string]any{
			"thisDN": "1001", "agentUUID": "u1", "agentID": "a1", "referenceID": 123456, "requestKey": nil, "unknown": 1,
			"attachedData": json.RawMessage(`{"z" : [1, {"a":null}]}`),
		}, row.fields)
		require.Equal(t, want, b.request(), row.name)
	}
}

// R42: an agent who logs in is not ready unless he says so; ready has no reason, not ready has one.
func TestAgentRequest_LoginStates(t *testing.T) {
	b, c := seated(t)
	for _, row := range []struct {
		fields        map[string]any
		state, reason int64
		queues        []string
	}{
		{map[string]any{}, 2, 2, nil},
		{map[string]any{"agentState": nil, "reasonCode": nil, "thisQueues": nil}, 2, 2, nil},
		{map[string]any{"reasonCode": 0, "thisQueues": []string{}}, 2, 2, nil},
		{map[string]any{"reasonCode": 11}, 2, 11, nil},
		{map[string]any{"agentState": 2}, 2, 2, nil},
		{map[string]any{"agentState": 2, "reasonCode": 98}, 2, 98, nil},
		{map[string]any{"agentState": 1}, 1, 0, nil},
		{map[string]any{"agentState": 1, "reasonCode": 2, "thisQueues": []string{"8002 ", "8001"}}, 1, 0, []string{"8002", "8001"}},
	} {
		for _, by := range []string{"agentUUID", "agentID"} {
			c.sendMap("AgentLogin", map[string]any{"thisDN": "1001", by: "x"}, row.fields)
			r := b.request()
			require.Equal(t, row.state, r.AgentState, "%v", row.fields)
			require.Equal(t, row.reason, r.ReasonCode, "%v", row.fields)
			require.Equal(t, row.queues, r.ThisQueues, "nil is all of his")
			require.Equal(t, "x", r.AgentUUID+r.AgentID)
		}
	}
}

// The bounds themselves are allowed, and what is optional may be left out.
func TestAgentRequest_Bounds(t *testing.T) {
	b, c := seated(t)
	this := map[string]any{"thisDN": "1001"}
	for _, seconds := range []int64{1, 3600} {
		c.sendMap("DelayAfterCallWork", this, map[string]any{"delaySeconds": seconds})
		require.Equal(t, seconds, b.request().DelaySeconds)
	}
	for _, reason := range []int64{2, 4, 11, 12, 98} {
		c.sendMap("AgentNotReady", this, map[string]any{"reasonCode": reason})
		require.Equal(t, reason, b.request().ReasonCode)
	}
	for state := range int64(3) {
		c.sendMap("ForceAgentState", map[string]any{"agentUUID": strings.Repeat("u", 64), "agentState": state})
		r := b.request()
		require.Equal(t, state, r.AgentState)
		require.Zero(t, r.ReasonCode)
		require.Empty(t, r.ThisDN)
	}
	for phone := int64(1); phone <= 4; phone++ {
		c.sendMap("AgentLogin", this, map[string]any{"agentID": "a", "phoneType": phone})
		require.Equal(t, phone, b.request().PhoneType)
	}
	c.sendMap("AgentLogout", this)
	require.Zero(t, b.request().ReasonCode)
	for _, by := range []string{"agentUUID", "agentID", "thisDN"} {
		c.sendMap("QueryAgent", map[string]any{by: "1001"})
		r := b.request()
		require.Equal(t, "1001", r.AgentUUID+r.AgentID+r.ThisDN)
	}
	c.sendMap("QueryQueue", map[string]any{"thisQueue": " support@default "})
	require.Equal(t, "support@default", b.request().ThisQueue)
}

// Protocol 6, row 301018: each request with each field missing, of the wrong type, or out of range; the refusal is of the
// kind of the request, detail names the field, and the engine is asked nothing.
func TestAgentRequest_FieldFaults(t *testing.T) {
	b, c := seated(t)
	for _, row := range agentRows {
		faults := map[string][]fieldFault{"requestKey": wrongID, "referenceID": commonFaults["referenceID"]}
		if row.name != "QueryQueue" {
			faults["agentUUID"], faults["agentID"], faults["thisDN"] = wrongID, wrongID, wrongNumber
		}
		if !row.query {
			faults["attachedData"] = wrongData
			if row.name != "ForceAgentState" {
				faults["thisDN"] = commonFaults["thisDN"]
			}
		}
		for field, values := range row.faults {
			faults[field] = append(values, faults[field]...)
		}
		if row.name != "AgentLogin" && row.required != "" {
			faults[row.required] = append([]fieldFault{missing{}, nil}, faults[row.required]...)
		}
		good := map[string]any{"thisDN": "1001", "agentID": "a1", "referenceID": 77}
		for field, values := range faults {
			for _, value := range values {
				c.sendMap(row.name, good, row.fields, map[string]any{field: value})
				m := row.refused(c, events.InvalidParams)
				require.Contains(t, m["detail"], field, "%s %v", row.name, value)
				require.Equal(t, "Request"+row.name, m["request"])
				if field != "referenceID" {
					require.EqualValues(t, 77, m.integer("referenceID"))
				}
			}
		}
	}
	for _, name := range []string{"AgentLogin", "QueryAgent"} { // nothing names the agent
		c.sendMap(name, map[string]any{"agentUUID": "", "agentID": nil, "thisDN": map[string]any{"AgentLogin": "1001"}[name]})
		require.Contains(t, c.agentRefused(events.InvalidParams)["detail"], "agentUUID")
	}
	require.Empty(t, b.posted, "nothing has changed (protocol 6)")
}

// R8, protocol 6: a refusal on an agent names him as the request did.
func TestAgentRequest_RefusalNamesTheAgent(t *testing.T) {
	b, c := seated(t)
	c.sendMap("AgentLogin", map[string]any{"thisDN": "1001", "agentUUID": "u1", "agentID": "a1", "thisQueues": []string{"8001"},
		"attachedData": map[string]any{"orderID": "5"}, "phoneType": 9})
	m := c.agentRefused(events.InvalidParams)
	require.Equal(t, "u1", m["agentUUID"])
	require.Equal(t, "a1", m["agentID"])
	require.Equal(t, "1001", m["thisDN"])
	require.Equal(t, []any{"8001"}, m["thisQueues"])
	require.Equal(t, map[string]any{"orderID": "5"}, m["attachedData"])
	for _, key := range events.ReservedKeys {
		c.sendMap("AgentReady", map[string]any{"thisDN": "1001", "attachedData": map[string]any{key: "1"}})
		require.Contains(t, c.agentRefused(events.InvalidParams)["detail"], key)
	}
	c.send("RequestQueryQueue", "thisQueue", "8001", "referenceID", -1)
	require.Equal(t, "8001", c.refused(events.InvalidParams)["thisDN"], "a queue is a DN")
	require.Empty(t, b.posted)
}

// Protocol 6, row 301026, and 7: an agent's own state is changed at his own phone with the right to control; another's by
// a supervisor or an administrator, who names a phone of his own numbers unless all are his. All refusals read the same.
func TestAgentRequest_Forbidden(t *testing.T) {
	tokens := map[string]Token{
		"observer":   {DNs: []string{"*"}, Rights: []string{"observe"}},
		"agent":      {DNs: []string{"1001"}, Rights: []string{"control"}},
		"supervisor": {DNs: []string{"1001", "1005"}, Rights: []string{"supervise"}},
		"admin":      {DNs: []string{"*"}, Rights: []string{"admin"}},
		"owner":      {DNs: []string{"*"}, Rights: events.Rights},
	}
	b := newBench(t, func(c *Config) {
		c.RequestsPerSecond, c.Tokens = 100_000, nil
		for name, token := range tokens {
			token.HashHex = hashOf(name)
			c.Tokens = append(c.Tokens, token)
		}
	})
	clients := map[string]*testClient{"stranger": b.opened("token", "owner"), "monitor": b.opened("token", "owner")}
	clients["monitor"].send("RequestRegisterDN", "thisDN", "1001", "mode", "monitor")
	b.serve()
	clients["monitor"].want("EventRegistered")
	for name := range tokens {
		clients[name] = b.opened("token", name)
		clients[name].register(b, "1001")
	}
	details := map[string]bool{}
	try := func(row agentRow, who string, allowed bool, fields map[string]any) {
		t.Helper()
		c := clients[who]
		c.sendMap(row.name, map[string]any{"agentUUID": "u9"}, row.fields, fields)
		if allowed {
			require.Equal(t, row.kind, b.request().Kind, "%s by %s", row.name, who)
			return
		}
		details[fmt.Sprint(c.agentRefused(events.RegisterDNNotMatch)["detail"])] = true
		require.Empty(t, b.posted, "%s by %s", row.name, who)
	}
	for _, row := range agentRows {
		own, other := map[string]any{"thisDN": "1001"}, map[string]any{"thisDN": "1002"}
		switch {
		case row.query:
			continue
		case row.name == "ForceAgentState":
			for who, allowed := range map[string]bool{
				"observer": false, "agent": false, "supervisor": false, "admin": true, "owner": true, "stranger": true,
			} {
				try(row, who, allowed, nil)
			}
			try(row, "supervisor", true, map[string]any{"thisDN": "1005"})
			try(row, "supervisor", true, own)
			try(row, "supervisor", false, other)
			try(row, "agent", false, own)
		default:
			for who, allowed := range map[string]bool{
				"observer": false, "agent": true, "supervisor": false, "admin": false, "owner": true, "stranger": false,
				"monitor": false,
			} {
				try(row, who, allowed, own)
				try(row, who, false, other) // not registered
			}
		}
	}
	require.Len(t, details, 1, "the same answer for unknown and forbidden (protocol 6)")
}

// Protocol 5: the event that answers has the asker's reference for him alone, and answers a repeat of his key.
func TestAgentRequest_Answered(t *testing.T) {
	b, c := seated(t)
	wall := b.opened("profile", "full")
	wall.subscribe(b, "agent", "ids", []string{"u1"})
	login := map[string]any{"thisDN": "1001", "agentUUID": "u1", "referenceID": 31, "requestKey": "k1"}
	c.sendMap("AgentLogin", login)
	r := b.request()
	m := &events.AgentLogin{Header: b.header(), AgentPart: events.AgentPart{AgentUUID: "u1", ThisDN: "1001"}, AgentState: 2}
	m.ReferenceID = r.ReferenceID
	b.publish(engine.Outgoing{Message: m, DNs: []string{"1001"}, AgentUUID: "u1", Asker: r.Client, Request: r.Name})
	require.EqualValues(t, 31, c.want("EventAgentLogin").integer("referenceID"))
	got := wall.want("EventAgentLogin")
	require.Zero(t, got.integer("referenceID"))
	require.Contains(t, got, "previousState", "3.16")
	login["referenceID"] = 32
	c.sendMap("AgentLogin", login)
	require.EqualValues(t, 32, c.want("EventAgentLogin").integer("referenceID"))
	again := b.opened()
	again.register(b, "1001")
	again.sendMap("AgentLogin", login)
	require.EqualValues(t, 32, again.want("EventAgentLogin").integer("referenceID"))
	require.Empty(t, b.posted, "at most once, also on a new connection")

	c.sendMap("AgentReady", map[string]any{"thisDN": "1001", "referenceID": 33})
	r = b.request()
	refusal := &events.AgentError{Header: b.now(r), ErrorCode: int64(events.AgentNotLoggedIn),
		ErrorMessage: events.AgentNotLoggedIn.Name(), Request: r.Name, Detail: "log in first"}
	b.publish(engine.Outgoing{Message: refusal, To: r.Client, Asker: r.Client})
	require.EqualValues(t, 33, c.agentRefused(events.AgentNotLoggedIn).integer("referenceID"))
	require.Empty(t, b.server.hub.clients[r.Client].waiting)
	wall.quiet()
}

// Of two requests of one reference the refusal answers the one that it names.
func TestAgentRequest_RefusalNamesTheRequest(t *testing.T) {
	b, c := seated(t)
	c.sendMap("AgentReady", map[string]any{"thisDN": "1001", "referenceID": 5})
	ready := b.request()
	c.sendMap("AgentLogout", map[string]any{"thisDN": "1001", "referenceID": 5})
	logout := b.request()
	for _, r := range []*engine.Request{logout, ready} {
		b.publish(engine.Outgoing{To: r.Client, Asker: r.Client, Message: &events.AgentError{
			Header: b.now(r), ErrorCode: 302002, ErrorMessage: "AgentNotLoggedIn", Request: r.Name, Detail: "log in first"}})
		require.Equal(t, r.Name, c.agentRefused(events.AgentNotLoggedIn)["request"])
		for _, w := range b.server.hub.clients[r.Client].waiting {
			require.NotEqual(t, r.Name, w.name)
		}
	}
	require.Empty(t, b.server.hub.clients[ready.Client].waiting)
}

// Protocol 6, rows 301020 and 301027: also what the door itself refuses is refused as the request's kind is.
func TestAgentRequest_EngineFailsAndRate(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Tokens[0].Rights = events.Rights })
	c := b.opened()
	c.register(b, "1001")
	ready := func() { c.send("RequestAgentReady", "thisDN", "1001", "requestKey", "k") }
	b.mu.Lock()
	b.refuse = errBusy
	b.mu.Unlock()
	ready()
	require.Contains(t, c.agentRefused(events.CTIException)["detail"], errBusy.Error())
	b.mu.Lock()
	b.refuse = nil
	b.mu.Unlock()
	ready()
	b.server.Failed(b.request())
	require.Equal(t, "1001", c.agentRefused(events.CTIException)["thisDN"])
	ready()
	require.Equal(t, engine.RequestAgentReady, b.request().Kind, "the key is free again")
	for range 1000 { // far more than the burst
		c.send("RequestQueryAgent", "thisDN", "1001")
		select {
		case r := <-b.posted:
			b.answer(r)
			c.want("EventAgentInfo")
		case line := <-c.lines:
			require.EqualValues(t, events.RequestTooFast, decode(t, line).integer("errorCode"))
			require.Equal(t, "EventAgentError", decode(t, line).name())
			return
		}
	}
	require.Fail(t, "no rate holds")
}

// 3.2, protocol 2 and 3: queue events reach the full profile alone: those who subscribed to the queue, registered it as a
// DN, or hear all of the company, each once.
func TestAgentRequest_QueueEvents(t *testing.T) {
	b := newBench(t, nil)
	basic, full, desk, other := b.opened(), b.opened("profile", "full"), b.opened("profile", "full"), b.opened("profile", "full")
	for _, c := range []*testClient{basic, full} {
		c.subscribe(b, "company")
		c.subscribe(b, "queue", "ids", []string{"8001", "8002"})
	}
	desk.register(b, "8001")
	other.subscribe(b, "queue", "ids", []string{"8009"})
	part := events.CallPart{CallID: "c1", ThisDN: "8001", OtherDN: "13977775555"}
	for _, m := range []events.Message{
		&events.Queued{Header: b.header(), CallPart: part, ThisQueue: "8001", ThisQueues: []string{"8001", "8002"}},
		&events.Diverted{Header: b.header(), CallPart: part, ThisQueue: "8001", ThirdDN: "1001"},
		&events.Abandoned{Header: b.header(), CallPart: part, ThisQueue: "8001"},
	} {
		b.publish(engine.Outgoing{Message: m, CallID: "c1", DNs: []string{"8001", "13977775555"}, Queues: []string{"8001"}})
		require.Equal(t, "8001", full.want(m.Name())["thisQueue"])
		desk.want(m.Name())
	}
	for _, c := range []*testClient{basic, full, desk, other} {
		c.quiet()
	}
}

// What a request on agents asks of the engine is within the bounds of protocol 5 and 6, whatever a client sends.
func FuzzAgentRequest(f *testing.F) {
	for _, row := range agentRows {
		fields := map[string]any{"messageID": "Request" + row.name, "thisDN": "1001", "agentUUID": "u1", "referenceID": 1,
			"attachedData": map[string]any{"a": 1}}
		maps.Copy(fields, row.fields)
		line, _ := json.Marshal(fields)
		f.Add(string(line))
	}
	f.Add(`{"messageID":"RequestAgentLogin","thisDN":"1001","agentID":"","thisQueues":["\u00a0","a"],"agentState":3}`)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parsed(t, line)
		if err != nil {
			return
		}
		e := &r.engine
		if r.bad != nil || r.kind != requestOnAgent && r.kind != requestQueryAgent && r.kind != requestQueryQueue {
			return
		}
		require.NotEqual(t, engine.RequestNone, e.Kind)
		require.Regexp(t, `^(\+?[0-9A-D*#]{1,32})?$`, e.ThisDN)
		for _, text := range append(e.ThisQueues, e.AgentUUID, e.AgentID, e.ThisQueue) {
			require.LessOrEqual(t, len(text), textLenMax)
			require.NotContains(t, text, "\n")
		}
		require.NotContains(t, e.ThisQueues, "")
		require.True(t, e.ReasonCode == 0 || events.ReasonByRequest(e.ReasonCode), "%d", e.ReasonCode)
		require.True(t, e.AgentState >= 0 && e.AgentState <= 2 && e.PhoneType >= 0 && e.PhoneType <= 4)
		require.NotEmpty(t, e.AgentUUID+e.AgentID+e.ThisDN+e.ThisQueue, "somebody is named")
		for _, key := range e.AttachedData.Keys() {
			require.False(t, events.Reserved(key), key)
		}
		switch e.Kind {
		case engine.RequestDelayAfterCallWork:
			require.True(t, e.DelaySeconds >= 1 && e.DelaySeconds <= 3600)
		case engine.RequestAgentNotReady:
			require.NotZero(t, e.ReasonCode)
		case engine.RequestAgentLogin:
			require.True(t, e.AgentState == 1 && e.ReasonCode == 0 || e.AgentState == 2 && e.ReasonCode != 0)
		}
	})
}
