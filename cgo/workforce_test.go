package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
	"modcti/store"
)

// people are the sections of a small call center.
func people() (rows []setting) {
	rows = append(rows, element("agents", 0, "name", "7001", "contact", "user/1001@pbx.example", "status", "Available",
		"full-name", "Zoë")...)
	rows = append(rows, element("agents", 1, "name", "7002", "uuid", "u-2", "contact", "user/1002",
		"no-answer-overflow", "queue 8002, release")...)
	rows = append(rows, element("queues", 0, "name", "8001", "full-name", "Support", "strategy", "top-down",
		"time-zone", "UTC", "hours", "Mon-Fri 09:00-17:00", "no-answer-overflow", "voicemail 1000,recall")...)
	rows = append(rows, element("tiers", 0, "agent", "7001", "queue", "8001", "level", "2")...)
	return append(rows, element("tiers", 1, "agent", "7002", "queue", "8001", "position", "3")...)
}

// asJSON reads an answer given as JSON.
func (b *bench) asJSON(t *testing.T, line string, into any) {
	t.Helper()
	text, found := strings.CutPrefix(b.query(line+" as json"), "+OK\n")
	require.True(t, found, b.query(line))
	require.NoError(t, json.Unmarshal([]byte(text), into))
}

// TestAgentCommands: the command line shows agents and changes them; an event that came of it is told to all (settings.md).
func TestAgentCommands(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost(), people()...)
	var list []events.AgentStatus
	b.asJSON(t, "agents", &list)
	require.Len(t, list, 2)
	require.Equal(t, uuidOf("7001"), list[0].AgentUUID)
	require.Equal(t, events.AgentStateReady, list[0].AgentState, "status Available: he is logged in at the start")
	require.Equal(t, "1001", list[0].ThisDN)
	require.Equal(t, events.AgentStateLoggedOut, list[1].AgentState)
	table := b.query("agents")
	first := "+OK\n" + strings.Join(agentHeader, "|") + "\n7001|" + uuidOf("7001") + "|Zoë|1001|ready|0|idle|"
	require.True(t, strings.HasPrefix(table, first), table)

	for len(b.host.events) > 0 {
		<-b.host.events // of the start
	}
	answer := b.query("agent 7002 login 1005")
	require.Contains(t, answer, "\n7002|u-2|7002|1005|ready|")
	told := b.host.next(t)
	require.Equal(t, "EventAgentLogin", told.messageID)
	require.Equal(t, "u-2", told.agentUUID)
	var body map[string]any
	require.NoError(t, json.Unmarshal(told.body, &body))
	require.EqualValues(t, 0, body["referenceID"], "nobody else asked for it (protocol 2)")
	require.Contains(t, b.query("agent u-2 notready 12"), "|not-ready|12|")
	require.Contains(t, b.query("agent 1005 notready"), "-ERR no agent has the id \"1005\"", "who is changed is named for good")
	require.Contains(t, b.query("agent 1005"), "\n7002|u-2|", "but may be looked for by his number")
	require.Contains(t, b.query("agent u-2 notready"), "|not-ready|2|")
	require.Contains(t, b.query("agent u-2 ready"), "|ready|0|")
	require.Contains(t, b.query("agent 7002 logout"), "|logged-out|")

	for line, want := range map[string]string{
		"agent":                   "-ERR " + usage,
		"agent 9":                 `-ERR no agent has the id "9", or is logged in at that number`,
		"agent 9 ready":           `-ERR no agent has the id "9"`,
		"agent 7002 ready":        "-ERR ",
		"agent 7002 login 1001":   "-ERR ",
		"agent 7002 login 1/2":    `-ERR "1/2" is no number`,
		"agent 7002 login 1 2":    "-ERR " + agentUsage,
		"agent 7002 dance":        "-ERR " + agentUsage,
		"agent 7002 notready 5":   `-ERR reason "5": want 2, 4 or 11 to 98`,
		"agent 7002 notready now": `-ERR reason "now"`,
		"agents now":              "-ERR " + usage,
		"queue":                   "-ERR " + usage,
		"queue 9":                 "-ERR ",
		"import":                  "-ERR " + usage,
	} {
		require.True(t, strings.HasPrefix(b.query(line), want), "%s: %s", line, b.query(line))
	}
	require.Contains(t, b.query("agent 7002 login 1001"), "another agent is logged in at this DN", "3.0-10")
	require.Contains(t, b.query("agent 7001"), "\nnoAnswerOverflow\nas the queue says\n")
	require.Contains(t, b.query("agent 7002"), "\nnoAnswerOverflow\nqueue 8002, release\n")
	var one agentInfo
	b.asJSON(t, "agent 7002", &one)
	require.Equal(t, "queue 8002, release", one.NoAnswerOverflow)
	require.Equal(t, "u-2", one.AgentUUID)
}

// TestQueueCommands: queues are told with who waits and who works there.
func TestQueueCommands(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost(), people()...)
	require.Equal(t, "+OK\n"+strings.Join(queueHeader, "|")+"\n8001|Support|top-down|0|0|1|0|0|0|0|1\n", b.query("queues"))
	var list []events.QueueStatus
	b.asJSON(t, "queues", &list)
	require.Equal(t, "8001", list[0].ThisQueue)
	require.EqualValues(t, 1, list[0].Agents.Free)
	var one queueInfo
	b.asJSON(t, "queue 8001", &one)
	require.Equal(t, "Support", one.Name)
	require.Equal(t, []queueStaff{
		{AgentUUID: uuidOf("7001"), AgentID: "7001", Name: "Zoë", Level: 2, Position: 1, State: "ready", Status: "free"},
		{AgentUUID: "u-2", AgentID: "7002", Name: "7002", Level: 1, Position: 3, State: "logged-out", Status: "offline"},
	}, one.Staff)
	require.Equal(t, "voicemail 1000, recall", one.NoAnswerOverflow)
	require.Contains(t, b.query("queue 8001"), "\nposition|callID|otherDN|entered|priority\n")
	require.Contains(t, b.query("queue 8001"), "\nnoAnswerOverflow\nvoicemail 1000, recall\n")
	b.finish(t)
	require.Contains(t, b.query("agents"), "-ERR the engine does not answer")
	require.Contains(t, b.query("queue 8001"), "-ERR the engine does not answer")
}

// TestDirectoryOfTheStore: the sections seed the store once, then the store is the truth (settings.md); cti reload reads it
// again, and a start goes on with the agents' states of the last.
func TestDirectoryOfTheStore(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), people()...)
	require.Contains(t, b.host.logged(), " unix="+filepath.Join(dir, "s"), "where clients come in is said")
	require.Contains(t, b.host.logged(), "the store was empty and now has the queues, agents and tiers of the settings")
	require.Contains(t, b.query("agent 7002 login"), "\n7002|u-2|7002|1002|ready|", "his own number where none is said")
	require.Contains(t, b.query("agent 7002 notready 11"), "|not-ready|11|")
	b.finish(t)

	changed := append(people(), element("agents", 2, "name", "7003")...)
	b = begin(t, dir, newFakeHost(), changed...)
	require.NotContains(t, b.host.logged(), "the store was empty")
	require.NotContains(t, b.query("agents"), "7003")
	require.Contains(t, b.query("agent 7002"), "|not-ready|11|", "a restart forgets nobody")
	require.NoError(t, b.store.PutAgent(&engine.AgentConfig{UUID: "u-9", ID: "7009", Name: "New", DN: "1009"}))
	require.NotContains(t, b.query("agents"), "u-9")
	require.NoError(t, b.reload(settingsIn(t, dir, people()...)))
	require.Contains(t, b.query("agents"), "\n7009|u-9|New|")
	require.Contains(t, b.query("agent 7009 login"), "|1009|ready|", "the engine knows him")
	require.NoError(t, b.store.DeleteAgent("u-9"))
	require.NoError(t, b.reload(settingsIn(t, dir)))
	require.NotContains(t, b.query("agents"), "u-9")
	require.Contains(t, b.query("agent u-9"), "-ERR ")
}

// TestReloadWithoutADatabase: settings can be changed while SQLite is out of order. Who works here stays as it was, and
// whoever asked for the reload is told so.
func TestReloadWithoutADatabase(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), people()...)
	require.NoError(t, os.Rename(filepath.Join(dir, "data", "cti.db"), filepath.Join(dir, "away.db")))
	require.ErrorContains(t, b.store.PutTier(&engine.TierConfig{AgentUUID: "u-2", QueueID: "8001"}), "is gone")
	require.NoError(t, b.store.Close(t.Context()), "as good as out of order")
	err := b.reload(settingsIn(t, dir, append(people(), paramRow("inside-pattern", "^7$"))...))
	require.ErrorContains(t, err, "the agents, queues and tiers of the store cannot be read, and the old ones stay in force; ")
	require.ErrorContains(t, err, "all other settings are in force: ")
	require.False(t, errors.As(err, new(*invalidError)), "cti.h: CTI_EINVAL would say that nothing was taken")
	require.True(t, b.inside("7"))
	require.Contains(t, b.query("agents"), "\n7002|u-2|")
}

// TestQueueHours: the engine asks the calendar of the directory in force, in the zone of the settings in force.
func TestQueueHours(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), people()...)
	open := b.engineConfig(b.settings.Load()).QueueOpen
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	require.True(t, open("8001", monday.UnixMicro()))
	require.False(t, open("8001", monday.Add(-time.Second).UnixMicro()))
	require.NoError(t, b.store.PutQueue(&store.Queue{QueueConfig: engine.QueueConfig{ID: "8001"},
		Schedule: store.Schedule{Hours: []store.Hours{{Weekday: time.Monday, From: 540, To: 600}}}}))
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("time-zone", "Asia/Shanghai"))))
	require.False(t, open("8001", monday.UnixMicro()))
	require.True(t, open("8001", monday.Add(-8*time.Hour).UnixMicro()))
}

// TestDayEnd: the counters that routing reads begin anew at midnight in the zone of the settings in force (settings.md).
func TestDayEnd(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost())
	for _, row := range []struct{ zone, at, end string }{
		{"Asia/Shanghai", "2026-11-21T15:59:59Z", "2026-11-21T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-21T16:00:00Z", "2026-11-22T16:00:00Z"},
		{"Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, // 23 hours
		{"Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}, // 25 hours
		{"Europe/Berlin", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z"},
		{"America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"}, // there is no midnight then: 01:00 follows 23:59
	} {
		require.NoError(t, b.reload(settingsIn(t, dir, paramRow("time-zone", row.zone))))
		at, err := time.Parse(time.RFC3339, row.at)
		require.NoError(t, err)
		end := time.UnixMicro(b.engineConfig(b.settings.Load()).DayEnd(at.UnixMicro())).UTC().Format(time.RFC3339)
		require.Equal(t, row.end, end, row.zone)
	}
}

// TestVoicemail: a box is a number, and the profile that of the settings in force.
func TestVoicemail(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost())
	voicemail := b.engineConfig(b.settings.Load()).Voicemail
	profile, ok := voicemail("1000")
	require.True(t, ok)
	require.Equal(t, "default", profile)
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("voicemail", "sales pbx.example"))))
	profile, _ = voicemail("1000")
	require.Equal(t, "sales pbx.example", profile)
	for _, box := range []string{"", "a", "1 2", "${x}", "+"} {
		_, ok = voicemail(box)
		require.False(t, ok, box)
	}
	for _, profile := range []string{"a b c", "a,b", "${x}", ""} {
		_, err := parseSettings(with(paramRow("voicemail", profile)))
		require.ErrorContains(t, err, "the profile of a voicemail", profile)
	}
}

// TestQueueRecordPath: a queue's template is used as the settings' own is, and one that no queue may have names no file.
func TestQueueRecordPath(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost(), paramRow("time-zone", "UTC"))
	path := b.engineConfig(b.settings.Load()).QueueRecordPath
	require.Equal(t, "/q/2023-11-14/c/p.20.wav", path("/q/${strftime(%F)}/${cti_call_id}/${uuid}.${strftime(%S)}.wav", "c", "p",
		1_700_000_000_000_000))
	require.Empty(t, path("../x.wav", "c", "p", 1))
	require.Empty(t, path("", "c", "p", 1))
}

// TestImportCommand: what a callcenter.conf.xml says is in the store and in force, and each value is accounted for.
func TestImportCommand(t *testing.T) {
	path := writeCallcenter(t, callcenterFile, varsFile)
	b := begin(t, t.TempDir(), newFakeHost(), append(people(), paramRow("callcenter-conf", path))...)
	answer := b.query("import callcenter")
	require.Contains(t, answer, "+OK\nfile|queues|agents|tiers\n"+path+"|2|3|4\n\nline|element|name|param|value|result|why\n")
	require.Contains(t, answer, "\n8|queue|support@default|name|support@default|taken|\n")
	require.Contains(t, b.query("queues"), "\nsupport@default|support@default|top-down|")
	require.Contains(t, b.query("agents"), "\n7001|", "who was there stays")
	require.Contains(t, b.query("agent 1000@default login 1000"), "|1000|ready|")
	var report importReport
	b.asJSON(t, "import callcenter "+path, &report)
	require.Equal(t, 3, report.Agents)
	require.Contains(t, b.query("agent 1000@default"), "|1000|ready|", "the same again changes nobody's state")

	require.Contains(t, b.query("import callcenter "+filepath.Join(t.TempDir(), "x")), "-ERR the file cannot be read: ")
	empty := writeCallcenter(t, `<configuration name="callcenter.conf"/>`, "")
	require.Contains(t, b.query("import callcenter "+empty), "holds no queue, agent or tier that can be taken")
	clash := writeCallcenter(t, `<configuration name="callcenter.conf">
		<agents><agent name="new"/><agent name="7002"/></agents></configuration>`, "")
	require.Contains(t, b.query("import callcenter "+clash), `-ERR nothing was taken: invalid: agent `)
	require.NotContains(t, b.query("agents"), "|new|")
	require.NoError(t, b.reload(settingsIn(t, b.dir)))
	require.Contains(t, b.query("import callcenter"), "-ERR name the file: import callcenter <path>")
}

// TestImportSettings: what the sections say comes into the store that has others already, when somebody asks for it; until
// then each load says what of them is not in force.
func TestImportSettings(t *testing.T) {
	const differ = "stand in the settings and are not, or not so, in the store, which is the truth"
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), people()...)
	require.NotContains(t, b.host.logged(), differ)
	require.NoError(t, b.reload(settingsIn(t, dir, people()...)))
	require.NotContains(t, b.host.logged(), differ, "what the store was filled with is in it")

	changed := append(people(), element("agents", 2, "name", "7003")...)
	changed = append(changed, element("queues", 2, "name", "8009", "full-name", "Nine")...)
	changed = append(changed, element("tiers", 9, "agent", "7003", "queue", "8009")...)
	require.NoError(t, b.store.PutAgent(&engine.AgentConfig{UUID: "u-9", ID: "7009", Name: "New", DN: "1009"}))
	require.NoError(t, b.reload(settingsIn(t, dir, changed...)))
	require.Contains(t, b.host.logged(), differ+`: cti import settings puts them there queues=8009 agents=7003 tiers="7003 in 8009"`)
	require.NotContains(t, b.query("agents"), "7003")

	require.Equal(t, "+OK\nqueues|agents|tiers\n2|3|3\n", b.query("import settings"))
	require.Contains(t, b.query("queues"), "\n8009|Nine|")
	require.Contains(t, b.query("agent 7003 login 1003"), "|1003|ready|")
	require.Contains(t, b.query("agents"), "\n7009|u-9|", "who was there stays")
	said := strings.Count(b.host.logged(), differ)
	require.NoError(t, b.reload(settingsIn(t, dir, changed...)))
	require.Equal(t, said, strings.Count(b.host.logged(), differ))

	require.Contains(t, b.query("import settings now"), "-ERR usage")
	require.NoError(t, b.reload(settingsIn(t, dir)))
	require.Contains(t, b.query("import settings"), "-ERR <queues>, <agents> and <tiers> of the settings hold nothing")
}

// TestQueueLog: queue-log is written from the records, reopened and switched by a reload, and never holds up a start.
func TestQueueLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "queue_log")
	b := begin(t, dir, newFakeHost(), append(people(), paramRow("queue-log", path))...)
	require.Contains(t, b.query("agent 7001 notready 12"), "|not-ready|")
	require.Contains(t, b.query("agent 7002 login 1005"), "|ready|")
	lines := func(path string) []string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var list []string
		for line := range strings.Lines(string(text)) {
			_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
			list = append(list, rest)
		}
		return list
	}
	b.finish(t)
	require.Equal(t, []string{"NONE|NONE|NONE|QUEUESTART|", "NONE|8001|Agent/7001|ADDMEMBER|",
		"NONE|8001|Agent/7001|PAUSE|12", "NONE|NONE|Agent/7001|PAUSEALL|12", "NONE|8001|Agent/7002|ADDMEMBER|"}, lines(path))

	require.NoError(t, os.Remove(path))
	b = begin(t, dir, newFakeHost(), append(people(), paramRow("queue-log", path))...)
	next := filepath.Join(dir, "next")
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("queue-log", next))))
	require.Contains(t, b.query("agent 7002 logout"), "|logged-out|")
	require.ErrorContains(t, b.reload(settingsIn(t, dir, paramRow("queue-log", dir))), "queue-log: ")
	require.NoError(t, b.reload(settingsIn(t, dir)))
	require.Nil(t, b.queueLog.Load(), "off")
	require.Equal(t, []string{"NONE|NONE|NONE|QUEUESTART|"}, lines(path), "who was logged in before logs in no second time")
	require.Equal(t, "NONE|NONE|NONE|CONFIGRELOAD|", lines(next)[0])
	require.Equal(t, "NONE|8001|Agent/7002|REMOVEMEMBER|", lines(next)[1])
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("queue-log", path))))
	require.NoError(t, b.store.PutQueue(&store.Queue{QueueConfig: engine.QueueConfig{ID: "8002"}}))
	require.NoError(t, b.store.PutTier(&engine.TierConfig{AgentUUID: uuidOf("7001"), QueueID: "8002"}))
	require.NoError(t, b.store.DeleteTier(uuidOf("7001"), "8001"))
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("queue-log", path))))
	require.Contains(t, b.query("agent 7001 logout"), "|logged-out|")
	b.finish(t)
	require.Equal(t, []string{"NONE|NONE|NONE|CONFIGRELOAD|", "NONE|8001|Agent/7001|REMOVEMEMBER|", "NONE|8002|Agent/7001|ADDMEMBER|",
		"NONE|8002|Agent/7001|PAUSE|12", "NONE|8002|Agent/7001|REMOVEMEMBER|"}, lines(path)[2:], "on again, and nothing is forgotten")

	ring, wake := newFakeRing(t)
	_, err := start(settingsIn(t, dir, paramRow("queue-log", dir)), newFakeHost(), ring, wake, quiet())
	require.ErrorContains(t, err, "queue-log: ")
	begin(t, dir, newFakeHost())
}

// TestCallTellsWhy: cti call answers why a call went there, with each offer's receipt.
func TestCallTellsWhy(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	b.ring.push(true, inbound(1))
	id := b.host.next(t).callID
	stay := engine.QueueRecord{CallID: id, PartyID: id, QueueID: "8001", EnteredMillis: 1_700_000_000_100, Position: 2}
	offer := engine.OfferRecord{CallID: id, PartyID: "p", QueueID: "8001", AgentUUID: "u-2", AgentDN: "1002", Level: 1,
		AtMillis: 1_700_000_000_200, Reason: "He was free | for longest.", Candidates: `[{"agentUUID":"u-2"}]`, CandidateCount: 1}
	odd := offer
	odd.PartyID, odd.Candidates = "q", "no JSON"
	b.record([]engine.Record{{Kind: engine.QueueEntered, Queue: &stay}, {Kind: engine.OfferMade, Offer: &offer},
		{Kind: engine.OfferMade, Offer: &odd}})
	for _, live := range []bool{true, false} {
		var call struct {
			Live   bool        `json:"live"`
			Queues []stayInfo  `json:"queues"`
			Offers []offerInfo `json:"offers"`
		}
		b.asJSON(t, "call "+id, &call)
		require.Equal(t, live, call.Live)
		require.Equal(t, "8001", call.Queues[0].ThisQueue)
		require.Equal(t, "He was free | for longest.", call.Offers[0].Reason)
		require.JSONEq(t, `[{"agentUUID":"u-2"}]`, string(call.Offers[0].Candidates))
		require.Equal(t, "null", string(call.Offers[1].Candidates))
		require.Contains(t, b.query("call "+id), "|1002|u-2|||1|1|He was free   for longest.\n")
		if live {
			b.ring.push(true, ended(1))
			b.awaitStat(t, func(s engine.Stats) bool { return s.Calls == 0 })
		}
	}
}

// smallest are the sections with one agent and one queue that is always open.
func smallest() []setting {
	rows := append(element("dial-plan", 0, "pattern", `^\d+$`, "leg", "user/$0"),
		element("agents", 0, "name", "7001", "contact", "user/1001", "status", "Available")...)
	return append(append(rows, element("queues", 0, "name", "8001")...), element("tiers", 0, "agent", "7001", "queue", "8001")...)
}

// waits puts a caller into queue 8001.
func (b *bench) waits(n byte) {
	in := recordOf(engine.LegExecuted, "cti_queue", "8001")
	in.leg, in.other, in.legSeq, in.direction = leg(n), engine.LegID{}, 0, uint8(engine.DirectionInbound)
	in.monoNanos, in.wallMicros = 1_100_000_000, 1_700_000_000_100_400
	b.ring.push(true, inbound(n), in)
}

// originate is the next phone that the engine has called.
func (b *bench) originate(t *testing.T) engine.Command {
	for {
		select {
		case c := <-b.host.commands:
			if c.Kind == engine.CommandOriginate {
				return c
			}
		case <-time.After(patience):
			require.Fail(t, "no phone was called", b.host.logged())
		}
	}
}

// TestBadReload: whatever is wrong with what a reload reads, the answer names it, and a caller who waits loses nothing: he
// is served when an agent comes.
func TestBadReload(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), smallest()...)
	require.Contains(t, b.query("agent 7001 logout"), "|logged-out|")
	b.waits(1)
	b.awaitStat(t, func(s engine.Stats) bool { return s.Calls == 1 })
	waiting := "\n1|" + leg(1).Hex() + "|13912345678|"
	require.Contains(t, b.query("queue 8001"), waiting)

	_, err := parseSettings(append(smallest(), paramRow("durability", "sometimes")))
	require.ErrorContains(t, err, "durability")
	require.ErrorContains(t, b.reload(settingsIn(t, dir, append(smallest(), paramRow("track", "marked"))...)), "track: cannot change")
	require.ErrorContains(t, b.reload(settingsIn(t, dir, append(smallest(), paramRow("queue-log", dir))...)), "queue-log: ")
	require.Contains(t, b.query("queue 8001"), waiting)
	require.NoError(t, b.store.Close(t.Context()))
	require.ErrorContains(t, b.reload(settingsIn(t, dir, smallest()...)), "the agents, queues and tiers of the store cannot be read")
	require.Contains(t, b.query("queue 8001"), waiting)

	require.Contains(t, b.query("agent 7001 login"), "|1001|ready|")
	require.Equal(t, "user/1001", b.originate(t).Value)
}

// TestCallOfAQueue: from the dialplan's cti_queue to the store: one stay, begun and ended, and one offer to the agent who
// was free, whose phone is called.
func TestCallOfAQueue(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost(), smallest()...)
	b.waits(1)
	originate := b.originate(t)
	require.Equal(t, "user/1001", originate.Value)
	require.Contains(t, b.query("agents"), "|reserved|")
	require.Contains(t, b.query("queue 8001"), "\n1|"+leg(1).Hex()+"|13912345678|")

	b.ring.push(true, ended(1))
	cancelled := recordOf(engine.CommandDone) // cti.h: an originate that is hung up is answered with that cause
	cancelled.leg, cancelled.other, cancelled.legSeq, cancelled.command = engine.LegID{}, engine.LegID{}, 0, originate.ID
	cancelled.cause, cancelled.monoNanos, cancelled.wallMicros = engine.CauseOriginatorCancel, 2_000_000_500, 1_700_000_001_000_001
	b.ring.push(true, cancelled)
	b.awaitStat(t, func(s engine.Stats) bool { return s.Calls == 0 })
	b.flushSoon()
	for _, id := range []string{leg(1).Hex(), leg(1).Hex()[:31], originate.UUID, originate.UUID[:30]} {
		require.Contains(t, b.query("call "+id), "\n"+leg(1).Hex()+"|Inbound|", "%s: a call's or a participant's, or its beginning", id)
	}
	require.Contains(t, b.query("call ff00"), `-ERR no call "ff00" is live or in the store`)
	stays, offers, err := b.store.Routing(leg(1).Hex())
	require.NoError(t, err)
	require.Len(t, stays, 1)
	require.Equal(t, "abandoned", stays[0].Outcome)
	require.Equal(t, leg(1).Hex(), stays[0].PartyID)
	require.Equal(t, "13912345678", stays[0].CallerDN)
	require.EqualValues(t, 1_700_000_000_100, stays[0].EnteredMillis)
	require.EqualValues(t, 1_700_000_001_000, stays[0].LeftMillis)
	require.Len(t, offers, 1)
	require.Equal(t, uuidOf("7001"), offers[0].AgentUUID)
	require.Equal(t, "caller-left", offers[0].Outcome)
	require.NotEmpty(t, offers[0].Reason)
}
