package push

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Protocol 3 and 7: agents and queues are read by those whose numbers they have; to others they do not exist.
func TestReading_QueriesAndRights(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Tokens[1].DNs = []string{"1001", "8001"} })
	all, low := b.opened(), b.opened("token", lowSecret)
	ask := func(c *testClient, name string, answer func(*engine.Request) events.Message, fields ...any) string {
		c.send(name, append(fields, "referenceID", 4)...)
		r := b.request()
		b.publish(engine.Outgoing{To: r.Client, Asker: r.Client, Message: answer(r)})
		line, ok := c.line()
		require.True(t, ok)
		return line
	}
	agentAt := func(dn string) func(*engine.Request) events.Message {
		return func(r *engine.Request) events.Message {
			return &events.AgentInfo{Header: b.now(r), AgentStatus: events.AgentStatus{AgentUUID: "u1", AgentID: "7", ThisDN: dn}}
		}
	}
	noAgent := func(r *engine.Request) events.Message {
		return &events.AgentError{Header: b.now(r), AgentPart: events.AgentPart{AgentUUID: r.AgentUUID}, ErrorCode: 302001,
			ErrorMessage: "NotFoundAgentID", Request: r.Name, Detail: "as the engine says it"}
	}
	queue := func(r *engine.Request) events.Message {
		return &events.QueueInfo{Header: b.now(r), QueueStatus: events.QueueStatus{ThisQueue: r.ThisQueue, Waiting: 3}}
	}
	noQueue := func(r *engine.Request) events.Message {
		return &events.PartyError{Header: b.now(r), ErrorCode: 304001, ErrorMessage: "NotFoundQueue", Request: r.Name, Detail: "x"}
	}
	for _, c := range []*testClient{all, low} {
		require.Contains(t, ask(c, "RequestQueryAgent", agentAt("1001"), "agentUUID", "u1"), `"EventAgentInfo"`)
		require.Contains(t, ask(c, "RequestQueryQueue", queue, "thisQueue", "8001"), `"waiting":3`)
	}
	for _, dn := range []string{"1005", ""} {
		require.Contains(t, ask(all, "RequestQueryAgent", agentAt(dn), "agentUUID", "u1"), `"EventAgentInfo"`)
		forbidden := ask(low, "RequestQueryAgent", agentAt(dn), "agentUUID", "u1")
		require.Equal(t, ask(low, "RequestQueryAgent", noAgent, "agentUUID", "u1"), forbidden)
		require.Contains(t, forbidden, `"EventAgentError"`)
		require.Contains(t, forbidden, `"agentID":"","agentUUID":"u1"`)
		require.EqualValues(t, events.NotFoundAgentID, decode(t, forbidden).integer("errorCode"))
	}
	forbidden := ask(low, "RequestQueryQueue", queue, "thisQueue", "8002")
	require.Equal(t, ask(low, "RequestQueryQueue", noQueue, "thisQueue", "8002"), forbidden)
	require.EqualValues(t, events.NotFoundQueue, decode(t, forbidden).integer("errorCode"))
	low.send("RequestQueryAgent", "thisDN", "1005")
	low.agentRefused(events.RegisterDNNotMatch)
}

// Protocol 7: a snapshot of agents and queues holds those that are the principal's.
func TestReading_SnapshotAndRights(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Tokens[1].DNs = []string{"1001", "8001"} })
	low := b.opened("token", lowSecret)
	low.send("RequestSubscribe", "scope", "agent", "ids", []string{"u1", "u5"})
	r := b.request()
	answer := &events.Subscribed{
		Header: b.now(r), Scope: "agent", IDs: r.IDs, Agents: []events.AgentStatus{{ThisDN: "1005"}, {ThisDN: "1001"}},
		Queues: []events.QueueStatus{{ThisQueue: "8002"}, {ThisQueue: "8001"}},
	}
	b.publish(engine.Outgoing{To: r.Client, Message: answer})
	m := low.want("EventSubscribed")
	require.Len(t, m["agents"], 1)
	require.Equal(t, "1001", m["agents"].([]any)[0].(map[string]any)["thisDN"])
	require.Len(t, m["queues"], 1)
	require.Equal(t, "8001", m["queues"].([]any)[0].(map[string]any)["thisQueue"])
	require.Len(t, answer.Agents, 2, "the engine's message is as it was")
}
