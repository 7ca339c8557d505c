package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

func staffed() *events.Subscribed {
	since := time.Now().Add(-90 * time.Second).UnixMilli()
	return &events.Subscribed{
		Scope: "company",
		Agents: []events.AgentStatus{
			{AgentID: "77", AgentUUID: "u1", Name: "Ada", ThisDN: "1001", ThisQueues: []string{"8001", "8002"}, AgentState: 1,
				Status: events.StatusBusy, Occupancy: events.OccupancyTalking, Since: since},
			{AgentUUID: "8e0ec51fdf3b", Name: "Bo\x1b[31m", ThisDN: "1002", AgentState: 2, ReasonCode: 11, Status: events.StatusRest,
				Occupancy: events.OccupancyIdle},
		},
		Queues: []events.QueueStatus{
			{ThisQueue: "8001", Name: "Sales", Strategy: "ring-all", Waiting: 2, LongestWaitMillis: 20_000,
				Agents: events.QueueAgents{Free: 1, Busy: 2, Rest: 3, NotReady: 4, AfterCallWork: 5, Offline: 6}},
			{ThisQueue: "8002", Strategy: "random"},
		},
	}
}

func asking(t *testing.T, m events.Message, words ...string) (int, string, string) {
	path, _ := played(t, func(string) []string { return []string{string(m.AppendJSON(nil, events.Full))} })
	return ctictl(append(words, "-unix", path)...)
}

// agents and queues are read as one line each (R41), and what is in a name cannot command the terminal.
func TestAgentsAndQueues(t *testing.T) {
	code, out, errs := asking(t, staffed(), "agents")
	require.Equal(t, exitOK, code, errs)
	require.Regexp(t, `^-- 2 agents
     77        Ada               1001          busy talking    for 1:3\d min  queues 8001, 8002
     8e0ec51f  Bo·\[31m           1002          rest            reason 11
$`, out)
	code, out, errs = asking(t, staffed(), "queues")
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "-- 2 queues\n"+
		"     8001          Sales             2 callers  longest 20.0 s  1 free  2 busy  5 after call  3 on break  4 not ready"+
		"  6 offline  ring-all\n"+
		"     8002                            0 callers  random\n", out)
}

// -json gives each entry as the engine sent it.
func TestAgentsJSON(t *testing.T) {
	for _, words := range [][]string{{"agents", "-json"}, {"queues", "-json"}} {
		code, out, errs := asking(t, staffed(), words...)
		require.Equal(t, exitOK, code, errs)
		require.Regexp(t, fmt.Sprintf(`^(\{"%s":.*\}\n){2}$`, map[string]string{"agents": "agentID", "queues": "thisQueue"}[words[0]]), out)
	}
	code, out, _ := asking(t, &events.Subscribed{}, "agents")
	require.Equal(t, exitOK, code)
	require.Equal(t, "-- 0 agents\n", out)
	path := scripted(t, `{"messageID":"EventOpened"}`+"\n", `{"messageID":"EventSubscribed","agents":7}`+"\n")
	code, _, errs := ctictl("agents", "-unix", path)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "not to be understood")
}

// The answers about one agent or queue are read as lines too; a refusal on an agent fails as any other.
func TestQueriesOfStaff(t *testing.T) {
	info := &events.AgentInfo{Header: events.Header{ReferenceID: 1}, AgentStatus: staffed().Agents[1]}
	code, out, errs := asking(t, info, "request", "QueryAgent", "agentUUID=8e0ec51fdf3b")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "8e0ec51f")
	require.Contains(t, out, "rest            reason 11\n")
	queue := &events.QueueInfo{Header: events.Header{ReferenceID: 1}, QueueStatus: staffed().Queues[1]}
	code, out, errs = asking(t, queue, "request", "QueryQueue", "thisQueue=8002")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "8002                            0 callers  random\n")
	refusal := &events.AgentError{Header: events.Header{ReferenceID: 1}, ErrorCode: int64(events.NotFoundAgentID),
		ErrorMessage: events.NotFoundAgentID.Name(), Request: "RequestQueryAgent", Detail: "check it"}
	code, _, errs = asking(t, refusal, "request", "QueryAgent", "agentUUID=x")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "RequestQueryAgent was refused: 302001 NotFoundAgentID")
}
