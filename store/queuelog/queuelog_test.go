package queuelog

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"modcti/engine"
	"modcti/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const start = int64(1_790_000_000_000)

var directory = &engine.Directory{
	Agents: []engine.AgentConfig{
		{UUID: "u1", ID: "7001", DN: "1001"}, {UUID: "u2", DN: "1002"}, {UUID: "u3", ID: "7003", NailedUp: true}, {UUID: "u4"},
	},
	Tiers: []engine.TierConfig{{AgentUUID: "u1", QueueID: "8001"}, {AgentUUID: "u1", QueueID: "8002"}},
}

// at is a moment of a test, in seconds.
func at(seconds float64) int64 { return start + int64(seconds*1000) }

func entered(call string, queue string, when float64, position int) engine.QueueRecord {
	return engine.QueueRecord{CallID: call, PartyID: call, QueueID: queue, CallerDN: "138|1", EnteredMillis: at(when),
		Position: position}
}

func enters(q engine.QueueRecord) engine.Record {
	return engine.Record{Kind: engine.QueueEntered, Queue: &q}
}

func leaves(q engine.QueueRecord, when float64, outcome, agent string) engine.Record {
	q.LeftMillis, q.Outcome, q.AgentUUID = at(when), outcome, agent
	return engine.Record{Kind: engine.QueueLeft, Queue: &q}
}

// back makes a stay that of a call-back.
func back(r engine.Record) engine.Record {
	r.Queue.Callback, r.Queue.PartyID = true, ""
	return r
}

func offered(q engine.QueueRecord, party, agent, dn string, when float64) engine.OfferRecord {
	return engine.OfferRecord{CallID: q.CallID, PartyID: party, QueueID: q.QueueID, AgentUUID: agent, AgentDN: dn, AtMillis: at(when)}
}

func made(o engine.OfferRecord) engine.Record {
	return engine.Record{Kind: engine.OfferMade, Offer: &o}
}

func ends(o engine.OfferRecord, when float64, outcome string) engine.Record {
	o.EndMillis, o.Outcome = at(when), outcome
	return engine.Record{Kind: engine.OfferEnded, Offer: &o}
}

func closed(party string, when float64, side string) engine.Record {
	return engine.Record{Kind: engine.PartyClosed, Party: engine.PartyRecord{PartyID: party, EndMillis: at(when), HangupSide: side}}
}

func partner(party, dn string) engine.Record {
	return engine.Record{Kind: engine.PartyState, State: engine.StateRecord{PartyID: party, OtherDN: dn}}
}

func agentIs(uuid, state string, when float64, reason int64) engine.Record {
	return engine.Record{Kind: engine.AgentChanged, Agent: &engine.AgentRecord{UUID: uuid, DN: "1001", State: state,
		AtMillis: at(when), ReasonCode: reason}}
}

// only has an agent log in for all of his queues but one.
func only(r engine.Record, idle string) engine.Record {
	r.Agent.IdleQueues = []string{idle}
	return r
}

// told are the lines of steps, without the day of their times: seconds since start, or - for the log's own.
func told(steps ...[]engine.Record) []string {
	var l lines
	l.begin(&Options{Directory: directory})
	var out []byte
	for _, step := range steps {
		out = l.append(out, batchOf(step))
	}
	return linesOf(out)
}

func linesOf(out []byte) (list []string) {
	for line := range strings.Lines(string(out)) {
		list = append(list, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "17900000"))
	}
	return list
}

func steps(records ...engine.Record) (list [][]engine.Record) {
	for _, r := range records {
		list = append(list, []engine.Record{r})
	}
	return list
}

// The fields of each line are those of the public documentation of queue_log (docs.asterisk.org, Queue Logs).
func TestLines(t *testing.T) {
	a, b := entered("a", "8001", 0, 1), entered("b", "8001", 1, 2)
	consulted, left := entered("a", "8002", 20, 1), entered("a", "8002", 20, 1)
	consulted.PartyID = "p1"
	first, second := offered(a, "p1", "u1", "1001", 2), offered(a, "p2", "u2", "1002", 12.5)
	for _, row := range []struct {
		what  string
		steps [][]engine.Record
		want  []string
	}{
		{"rang out at one, answered by another who hangs up", steps(enters(a), enters(b), made(first), ends(first, 12.25, "no-answer"),
			made(second), ends(second, 15, "answered"), leaves(a, 15, "answered", "u2"), closed("p2", 75.9, events.SideAgent),
			closed("a", 76, events.SideAgent), leaves(b, 80, "abandoned", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "01|b|8001|NONE|ENTERQUEUE||138 1|2",
				"12|a|8001|Agent/7001|RINGNOANSWER|10250", "15|a|8001|Agent/1002|CONNECT|15|p2|2",
				"75|a|8001|Agent/1002|COMPLETEAGENT|15|60|1", "80|b|8001|NONE|ABANDON|1|2|79"}},
		{"the caller hangs up; the stay's end is told first", steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			ends(first, 4, "answered"), closed("a", 64, events.SideCustomer), closed("p1", 64.1, events.SideCustomer)),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"64|a|8001|Agent/7001|COMPLETECALLER|4|60|1"}},
		{"the switch ends it: not the caller", steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			closed("a", 64, events.SideSystem), closed("p1", 64.1, events.SideSystem)),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"64|a|8001|Agent/7001|COMPLETEAGENT|4|60|1"}},
		{"transferred before it was answered elsewhere (3.5)", steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			partner("a", "1001"), closed("p1", 30, events.SideAgent), partner("a", "1003"), closed("a", 90, events.SideCustomer)),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"30|a|8001|Agent/7001|BLINDTRANSFER|1003||4|26|1"}},
		{"transferred after a consult (3.6): the caller has another partner already", steps(enters(a), made(first),
			leaves(a, 4, "answered", "u1"), partner("a", "1001"), partner("a", "1003"), closed("p1", 30, events.SideAgent)),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"30|a|8001|Agent/7001|ATTENDEDTRANSFER|BRIDGE|1003|4|26|1"}},
		{"left in another queue in which the agent waited (3.6)", append(steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			enters(consulted)), []engine.Record{leaves(consulted, 30, "handed-over", ""), enters(left)},
			[]engine.Record{closed("p1", 30.5, events.SideAgent)}, []engine.Record{made(offered(left, "p2", "u2", "1002", 33))},
			[]engine.Record{leaves(left, 35, "answered", "u2")}, []engine.Record{partner("a", "1002")},
			[]engine.Record{closed("a", 60, events.SideCustomer)}, []engine.Record{closed("p2", 60, events.SideCustomer)}),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"20|a|8002|NONE|ENTERQUEUE||138 1|1", "30|a|8001|Agent/7001|BLINDTRANSFER|8002||4|26|1",
				"35|a|8002|Agent/1002|CONNECT|15|p2|2", "60|a|8002|Agent/1002|COMPLETECALLER|15|25|1"}},
		{"transferred into another queue", steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			closed("p1", 30, events.SideAgent), enters(entered("a", "8002", 31, 1))),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"30|a|8001|Agent/7001|BLINDTRANSFER|8002||4|26|1", "31|a|8002|NONE|ENTERQUEUE||138 1|1"}},
		{"an agent who moves to another call has not left", steps(enters(a), made(first), leaves(a, 4, "answered", "u1"),
			engine.Record{Kind: engine.PartyClosed, Party: engine.PartyRecord{PartyID: "p1"}}, closed("p1", 9, events.SideCustomer)),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "04|a|8001|Agent/7001|CONNECT|4|p1|2",
				"09|a|8001|Agent/7001|COMPLETECALLER|4|5|1"}},
		{"the caller leaves while a phone rings", steps(enters(a), made(first), ends(first, 5, "caller-left"),
			leaves(a, 5, "abandoned", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "05|a|8001|Agent/7001|RINGCANCELED|3000", "05|a|8001|NONE|ABANDON|1|1|5"}},
		{"ring-all: who lost is not blamed", steps(enters(a), made(first), made(second), ends(second, 14, "answered"),
			ends(first, 14, "lost"), leaves(a, 14, "answered", "u2")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "14|a|8001|Agent/1002|CONNECT|14|p2|1"}},
		{"each way of failing rings no more", steps(made(first), ends(first, 3, "rejected"), made(first), ends(first, 3, "busy"),
			made(first), ends(first, 3, "unreachable"), made(first), ends(first, 3, "failed")),
			[]string{"03|a|8001|Agent/7001|RINGNOANSWER|1000", "03|a|8001|Agent/7001|RINGNOANSWER|1000",
				"03|a|8001|Agent/7001|RINGNOANSWER|1000", "03|a|8001|Agent/7001|RINGNOANSWER|1000"}},
		{"sent on", steps(enters(a), enters(b), leaves(b, 9, "timeout", ""), enters(entered("c", "8001", 10, 2)),
			leaves(entered("c", "8001", 10, 2), 20, "key", ""), leaves(a, 21, "nobody-on", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "01|b|8001|NONE|ENTERQUEUE||138 1|2",
				"09|b|8001|NONE|EXITWITHTIMEOUT|2|2|8", "10|c|8001|NONE|ENTERQUEUE||138 1|2",
				"20|c|8001|NONE|EXITWITHKEY||2|2|10", "21|a|8001|NONE|EXITEMPTY|1|1|21"}},
		{"not taken, and sent on", steps(enters(a), made(first), ends(first, 8, "no-answer"), leaves(a, 8, "no-answer", ""), enters(b),
			leaves(b, 9, "busy", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "08|a|8001|Agent/7001|RINGNOANSWER|6000", "08|a|8001|NONE|EXITWITHTIMEOUT|1|1|8",
				"01|b|8001|NONE|ENTERQUEUE||138 1|2", "09|b|8001|NONE|EXITWITHTIMEOUT|1|2|8"}},
		{"turned away at once: never in the queue", [][]engine.Record{{enters(a), leaves(a, 0, "full", "")},
			{enters(b), leaves(b, 1, "blacklisted", "")}, {leaves(a, 0, "closed", "")}}, nil},
		{"called back: he keeps his place, and waits until he is served or cannot be reached", steps(enters(a),
			leaves(a, 5, "callback", ""), back(enters(a)), made(first), back(leaves(a, 20, "answered", "u1")),
			closed("p1", 50, events.SideAgent), enters(b), leaves(b, 6, "callback", ""), back(enters(b)),
			back(leaves(b, 60, "no-callback", ""))),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "20|a|8001|Agent/7001|CONNECT|20|p1|18",
				"50|a|8001|Agent/7001|COMPLETEAGENT|20|30|1", "01|b|8001|NONE|ENTERQUEUE||138 1|2", "60|b|8001|NONE|ABANDON|1|2|59"}},
		{"called back: his turn did not come in time", steps(enters(b), leaves(b, 6, "callback", ""), back(enters(b)),
			back(leaves(b, 60, "expired", ""))),
			[]string{"01|b|8001|NONE|ENTERQUEUE||138 1|2", "60|b|8001|NONE|ABANDON|1|2|59"}},
		{"taken out by somebody", steps(enters(a), leaves(a, 9, "elsewhere", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "09|a|8001|NONE|EXITEMPTY|1|1|9"}},
		{"closed while he waits", steps(enters(a), leaves(a, 9, "closed", "")),
			[]string{"00|a|8001|NONE|ENTERQUEUE||138 1|1", "09|a|8001|NONE|EXITEMPTY|1|1|9"}},
		{"a working day", steps(agentIs("u1", "NotReady", 0, 11), agentIs("u1", "Ready", 5, 0), agentIs("u1", "AfterCallWork", 6, 4),
			agentIs("u1", "Ready", 7, 0), agentIs("u1", "NotReady", 8, 12), agentIs("u1", "NotReady", 9, 13),
			agentIs("u1", "AfterCallWork", 9.5, 4), agentIs("u1", "NotReady", 9.6, 13), agentIs("u1", "LoggedOut", 60, 0),
			agentIs("u1", "LoggedOut", 61, 0)),
			[]string{"00|NONE|8001|Agent/7001|ADDMEMBER|", "00|NONE|8002|Agent/7001|ADDMEMBER|", "00|NONE|8001|Agent/7001|PAUSE|11",
				"00|NONE|8002|Agent/7001|PAUSE|11", "00|NONE|NONE|Agent/7001|PAUSEALL|11", "05|NONE|8001|Agent/7001|UNPAUSE|",
				"05|NONE|8002|Agent/7001|UNPAUSE|", "05|NONE|NONE|Agent/7001|UNPAUSEALL|", "08|NONE|8001|Agent/7001|PAUSE|12",
				"08|NONE|8002|Agent/7001|PAUSE|12", "08|NONE|NONE|Agent/7001|PAUSEALL|12", "09|NONE|8001|Agent/7001|UNPAUSE|",
				"09|NONE|8002|Agent/7001|UNPAUSE|", "09|NONE|NONE|Agent/7001|UNPAUSEALL|", "09|NONE|8001|Agent/7001|PAUSE|13",
				"09|NONE|8002|Agent/7001|PAUSE|13", "09|NONE|NONE|Agent/7001|PAUSEALL|13",
				"60|NONE|8001|Agent/7001|REMOVEMEMBER|", "60|NONE|8002|Agent/7001|REMOVEMEMBER|"}},
		{"logged in for some of his queues", steps(only(agentIs("u1", "NotReady", 0, 11), "8001"), agentIs("u1", "Ready", 5, 0),
			agentIs("u1", "LoggedOut", 60, 0)),
			[]string{"00|NONE|8002|Agent/7001|ADDMEMBER|", "00|NONE|8002|Agent/7001|PAUSE|11",
				"00|NONE|NONE|Agent/7001|PAUSEALL|11", "05|NONE|8002|Agent/7001|UNPAUSE|",
				"05|NONE|NONE|Agent/7001|UNPAUSEALL|", "60|NONE|8002|Agent/7001|REMOVEMEMBER|"}},
		{"a phone that stays connected", steps(agentIs("u3", "Ready", 0, 0), agentIs("u3", "LoggedOut", 9, 0)),
			[]string{"00|NONE|NONE|Agent/7003|AGENTLOGIN|1001", "09|NONE|NONE|Agent/7003|AGENTLOGOFF|1001|9"}},
		{"logged out by the engine: whatever for, he is a member no longer", steps(agentIs("u1", "Ready", 0, 0),
			agentIs("u1", "LoggedOut", 9, events.ReasonDeviceLost), agentIs("u1", "Ready", 10, 0),
			agentIs("u1", "LoggedOut", 11, events.ReasonIdle)),
			[]string{"00|NONE|8001|Agent/7001|ADDMEMBER|", "00|NONE|8002|Agent/7001|ADDMEMBER|",
				"09|NONE|8001|Agent/7001|REMOVEMEMBER|", "09|NONE|8002|Agent/7001|REMOVEMEMBER|",
				"10|NONE|8001|Agent/7001|ADDMEMBER|", "10|NONE|8002|Agent/7001|ADDMEMBER|",
				"11|NONE|8001|Agent/7001|REMOVEMEMBER|", "11|NONE|8002|Agent/7001|REMOVEMEMBER|"}},
		{"a member of nothing", steps(agentIs("u4", "Ready", 0, 0), agentIs("u4", "LoggedOut", 9, 0), agentIs("x", "Ready", 10, 0),
			agentIs("x", "NotReady", 11, 12), agentIs("x", "LoggedOut", 12, 0)), []string{"11|NONE|NONE|Agent/x|PAUSEALL|12"}},
	} {
		require.Equal(t, row.want, told(row.steps...), row.what)
	}
}

// Who is logged in when the directory changes joins and leaves queues by the difference; who is named or reached otherwise
// from then on leaves as what he was and comes as what he is.
func TestLinesOfADirectory(t *testing.T) {
	tiers := func(uuid string, queues ...string) (list []engine.TierConfig) {
		for _, queue := range queues {
			list = append(list, engine.TierConfig{AgentUUID: uuid, QueueID: queue})
		}
		return list
	}
	agents := directory.Agents
	for _, row := range []struct {
		what  string
		is    engine.Record
		tiers []engine.TierConfig
		named engine.AgentConfig
		want  []string
	}{
		{"the same", agentIs("u1", "Ready", 0, 0), directory.Tiers, agents[0],
			[]string{"60|NONE|8001|Agent/7001|REMOVEMEMBER|", "60|NONE|8002|Agent/7001|REMOVEMEMBER|"}},
		{"another queue", agentIs("u1", "Ready", 0, 0), tiers("u1", "8002", "8003", "8003"), agents[0],
			[]string{"30|NONE|8001|Agent/7001|REMOVEMEMBER|", "30|NONE|8003|Agent/7001|ADDMEMBER|",
				"60|NONE|8002|Agent/7001|REMOVEMEMBER|", "60|NONE|8003|Agent/7001|REMOVEMEMBER|"}},
		{"another queue while he pauses", agentIs("u1", "NotReady", 0, 11), tiers("u1", "8001", "8002", "8003"), agents[0],
			[]string{"30|NONE|8003|Agent/7001|ADDMEMBER|", "30|NONE|8003|Agent/7001|PAUSE|11", "60|NONE|8001|Agent/7001|REMOVEMEMBER|",
				"60|NONE|8002|Agent/7001|REMOVEMEMBER|", "60|NONE|8003|Agent/7001|REMOVEMEMBER|"}},
		{"a queue that he has not logged in for", only(agentIs("u1", "Ready", 0, 0), "8001"), tiers("u1", "8001", "8003"), agents[0],
			[]string{"30|NONE|8002|Agent/7001|REMOVEMEMBER|", "30|NONE|8003|Agent/7001|ADDMEMBER|",
				"60|NONE|8003|Agent/7001|REMOVEMEMBER|"}},
		{"another name", agentIs("u1", "NotReady", 0, 11), tiers("u1", "8002"), engine.AgentConfig{UUID: "u1", ID: "9"},
			[]string{"30|NONE|8001|Agent/7001|REMOVEMEMBER|", "30|NONE|8002|Agent/7001|REMOVEMEMBER|", "30|NONE|8002|Agent/9|ADDMEMBER|",
				"30|NONE|8002|Agent/9|PAUSE|11", "30|NONE|NONE|Agent/9|PAUSEALL|11", "60|NONE|8002|Agent/9|REMOVEMEMBER|"}},
		{"his phone stays connected from now on", agentIs("u1", "Ready", 0, 0), tiers("u1", "8002"),
			engine.AgentConfig{UUID: "u1", ID: "7001", NailedUp: true},
			[]string{"30|NONE|8001|Agent/7001|REMOVEMEMBER|", "30|NONE|8002|Agent/7001|REMOVEMEMBER|",
				"30|NONE|NONE|Agent/7001|AGENTLOGIN|1001", "60|NONE|NONE|Agent/7001|AGENTLOGOFF|1001|30"}},
		{"a phone that stays connected is no member", agentIs("u3", "Ready", 0, 0), tiers("u3", "8001"), agents[2],
			[]string{"60|NONE|NONE|Agent/7003|AGENTLOGOFF|1001|60"}},
		{"gone", agentIs("u1", "NotReady", 0, 11), tiers("u1", "8001"), agents[1],
			[]string{"30|NONE|8001|Agent/7001|REMOVEMEMBER|", "30|NONE|8002|Agent/7001|REMOVEMEMBER|"}},
	} {
		var l lines
		l.begin(&Options{Directory: directory})
		l.append(nil, batchOf([]engine.Record{row.is}))
		out := l.setDirectory(nil, &engine.Directory{Agents: []engine.AgentConfig{row.named}, Tiers: row.tiers}, at(30))
		out = l.append(out, batchOf([]engine.Record{agentIs(row.is.Agent.UUID, "LoggedOut", 60, 0)}))
		require.Equal(t, row.want, linesOf(out), row.what)
	}
}

// A start goes on from what the store tells: a login that an earlier run saw, and a call that was answered then.
func TestLinesAfterARestart(t *testing.T) {
	a := entered("a", "8001", 0, 3)
	o := offered(a, "p1", "u1", "1001", 2)
	var l lines
	l.begin(&Options{Directory: directory, Agents: []engine.AgentRecord{
		{UUID: "u1", DN: "1001", State: "NotReady", ReasonCode: 11, AtMillis: at(50)},
		{UUID: "u3", DN: "1003", State: "Ready", AtMillis: at(50)}, {UUID: "u4", State: "LoggedOut"}},
		Logins: map[string]int64{"u1": at(-3600)}, Calls: []engine.Record{enters(a), made(o), leaves(a, 4, "answered", "u1")}})
	out := l.append(nil, batchOf([]engine.Record{closed("p1", 64, events.SideAgent), closed("a", 64, events.SideAgent),
		agentIs("u1", "NotReady", 65, 11), agentIs("u1", "LoggedOut", 66, 0), agentIs("u3", "LoggedOut", 66, 0),
		agentIs("u4", "LoggedOut", 66, 0)}))
	require.Equal(t, "1790000064|a|8001|Agent/7001|COMPLETEAGENT|4|60|3\n"+
		"1790000066|NONE|8001|Agent/7001|REMOVEMEMBER|\n1790000066|NONE|8002|Agent/7001|REMOVEMEMBER|\n"+
		"1790000066|NONE|NONE|Agent/7003|AGENTLOGOFF|1003|16\n", string(out))
}

// Whatever comes in whatever order: no panic, whole lines of at least six fields, and nobody joins a queue twice or leaves
// one that he is not in.
func TestLinesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lines
		l.begin(&Options{Directory: directory})
		members, smaller := map[string]bool{}, &engine.Directory{Agents: directory.Agents[:1], Tiers: directory.Tiers[1:]}
		name := rapid.SampledFrom([]string{"", "a", "b", "u1", "u3", "p|1\n"})
		outcomes := rapid.SampledFrom([]string{"", "answered", "abandoned", "timeout", "full", "key", "lost", "no-answer", "caller-left"})
		when := rapid.Float64Range(-10, 10)
		for range rapid.IntRange(1, 40).Draw(t, "records") {
			q := entered(name.Draw(t, "call"), name.Draw(t, "queue"), when.Draw(t, "entered"), 1)
			o := offered(q, name.Draw(t, "party"), name.Draw(t, "agent"), "1", when.Draw(t, "at"))
			outcome := outcomes.Draw(t, "outcome")
			records := []engine.Record{enters(q), leaves(q, when.Draw(t, "left"), outcome, o.AgentUUID), made(o), ends(o, 1, outcome),
				closed(o.PartyID, when.Draw(t, "closed"), "agent"), partner(q.PartyID, "2"), {Kind: engine.QueueLeft},
				agentIs(o.AgentUUID, rapid.SampledFrom([]string{"Ready", "NotReady", "LoggedOut", "x"}).Draw(t, "state"), 1, 2)}
			out := l.append(nil, batchOf([]engine.Record{rapid.SampledFrom(records).Draw(t, "record")}))
			out = l.setDirectory(out, rapid.SampledFrom([]*engine.Directory{directory, smaller}).Draw(t, "directory"), 1)
			for line := range strings.Lines(string(out)) {
				require.True(t, strings.HasSuffix(line, "\n"))
				require.GreaterOrEqual(t, strings.Count(line, "|"), 5, line)
				if fields := strings.Split(line, "|"); strings.HasSuffix(fields[4], "MEMBER") {
					place, joins := fields[2]+fields[3], fields[4] == "ADDMEMBER"
					require.NotEqual(t, joins, members[place], line)
					members[place] = joins
				}
			}
		}
	})
}

func TestStateIsBounded(t *testing.T) {
	m := map[int]int{}
	for i := range 3 * stateMax {
		keep(m, i, i)
	}
	require.LessOrEqual(t, len(m), stateMax)
}

func openLog(t *testing.T, o Options) *Log {
	o.Directory, o.Now = directory, func() time.Time { return time.UnixMilli(start) }
	l, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { closeLog(t, l) })
	return l
}

func closeLog(t *testing.T, l *Log) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, l.Close(ctx))
}

func content(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// settled waits until all that was given is written.
func settled(t *testing.T, l *Log) {
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.pending == nil && !l.busy
	}, time.Minute, time.Millisecond)
}

const startLine = "1790000000|NONE|NONE|NONE|QUEUESTART|\n"

// A file that was renamed is not written any more: the next line begins a new one. A reload opens it anew.
func TestLogIsRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue_log")
	require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
	l := openLog(t, Options{Path: path})
	settled(t, l)
	require.Equal(t, "old\n"+startLine, content(t, path))
	require.NoError(t, os.Rename(path, path+".1"))
	l.Append([]engine.Record{enters(entered("a", "8001", 0, 1))})
	settled(t, l)
	require.Equal(t, "old\n"+startLine, content(t, path+".1"))
	require.Equal(t, "1790000000|a|8001|NONE|ENTERQUEUE||138 1|1\n", content(t, path))

	require.NoError(t, l.Reload(path+".new"))
	settled(t, l)
	require.Equal(t, "1790000000|NONE|NONE|NONE|CONFIGRELOAD|\n", content(t, path+".new"))
	require.ErrorContains(t, l.Reload(filepath.Join(path, "no", "directory")), "queue-log: ")
	l.Append([]engine.Record{agentIs("u1", "Ready", 1, 0)})
	l.Directory(&engine.Directory{Agents: []engine.AgentConfig{{UUID: "u1", ID: "9"}}, Tiers: directory.Tiers[:1]})
	l.Append([]engine.Record{agentIs("u1", "LoggedOut", 2, 0)})
	closeLog(t, l)
	require.Equal(t, []string{"00|NONE|NONE|NONE|CONFIGRELOAD|", "01|NONE|8001|Agent/7001|ADDMEMBER|",
		"01|NONE|8002|Agent/7001|ADDMEMBER|", "00|NONE|8001|Agent/7001|REMOVEMEMBER|", "00|NONE|8002|Agent/7001|REMOVEMEMBER|",
		"00|NONE|8001|Agent/9|ADDMEMBER|", "02|NONE|8001|Agent/9|REMOVEMEMBER|"}, linesOf([]byte(content(t, path+".new"))))
}

// What was told before another file was named is in the one before, even if it had not been written by then.
func TestLogOfBeforeAReload(t *testing.T) {
	dir := t.TempDir()
	path, next := filepath.Join(dir, "queue_log"), filepath.Join(dir, "next")
	l := newLog(&Options{Path: path, Directory: directory, Now: func() time.Time { return time.UnixMilli(start) }})
	l.Append([]engine.Record{agentIs("u1", "Ready", 1, 1)})
	require.NoError(t, l.Reload(next))
	l.Append([]engine.Record{agentIs("u1", "LoggedOut", 1, 1)})
	go l.run()
	closeLog(t, l)
	require.Regexp(t, `^\d+\|NONE\|NONE\|NONE\|QUEUESTART\|\n(.*ADDMEMBER.*\n){2}$`, content(t, path))
	require.Regexp(t, `^\d+\|NONE\|NONE\|NONE\|CONFIGRELOAD\|\n(.*REMOVEMEMBER.*\n){2}$`, content(t, next))
}

func TestLogThatCannotBeOpened(t *testing.T) {
	_, err := Open(Options{Path: t.TempDir()})
	require.ErrorContains(t, err, "queue-log: ")
	require.ErrorContains(t, err, "name a file that the switch's user can write")
}

// A disk that does not write holds up nobody: what does not fit is dropped and counted, and the fault is told once.
func TestLogWithoutADisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o700))
	book := &bytes.Buffer{}
	l := openLog(t, Options{Path: filepath.Join(dir, "queue_log"), Log: slog.New(slog.NewTextHandler(book, nil))})
	settled(t, l)
	require.NoError(t, os.RemoveAll(dir))
	for range 3 {
		l.Append([]engine.Record{agentIs("u1", "Ready", 1, 0), agentIs("u1", "LoggedOut", 1, 0)})
		settled(t, l)
	}
	require.NoError(t, os.Mkdir(dir, 0o700))
	l.Append([]engine.Record{agentIs("u1", "Ready", 1, 0)})
	closeLog(t, l)
	require.Equal(t, 1, strings.Count(book.String(), "the queue log cannot be written"))
	require.Contains(t, content(t, filepath.Join(dir, "queue_log")), "ADDMEMBER")

	full := &Log{wake: make(chan struct{}, 1)}
	for range pendingMax + 5 {
		full.Append([]engine.Record{agentIs("u1", "Ready", 1, 0)})
	}
	require.EqualValues(t, 5, full.Dropped())
}

// A panic costs lines, not the switch.
func TestLogPanics(t *testing.T) {
	book := &bytes.Buffer{}
	path := filepath.Join(t.TempDir(), "queue_log")
	l := openLog(t, Options{Path: path, Log: slog.New(slog.NewTextHandler(book, nil))})
	l.push(batch{{kind: engine.QueueEntered}}, 1)
	l.Append([]engine.Record{agentIs("u1", "Ready", 1, 0)})
	closeLog(t, l)
	require.Contains(t, book.String(), "the queue log panicked")
	require.Contains(t, content(t, path), "ADDMEMBER")
}

// BenchmarkAppend is what the engine's loop pays for a call of 14 records.
func BenchmarkAppend(b *testing.B) {
	l, err := Open(Options{Path: filepath.Join(b.TempDir(), "queue_log")})
	require.NoError(b, err)
	var records []engine.Record
	for i := range 14 {
		records = append(records, partner(fmt.Sprint(i), "1001"))
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Append(records)
	}
	require.NoError(b, l.Close(context.Background()))
}
