package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/store"
)

const callcenterFile = `<?xml version="1.0"?>
<configuration name="callcenter.conf" description="CallCenter">
  <settings>
    <param name="dbname" value="/dev/shm/callcenter.db"/>
  </settings>
  <!-- <queue name="commented@out"/> -->
  <queues>
    <queue name="support@default">
      <param name="strategy" value="top-down"/>
      <param name="moh-sound" value="$${hold_music}"/>
      <param name="record-template" value="$${recordings_dir}/${caller_id_number}.wav"/>
      <param name="time-base-score" value="system"/>
      <param name="max-wait-time" value="0"/>
      <param name="max-wait-time-with-no-agent" value="120"/>
      <param name="max-wait-time-with-no-agent-time-reached" value="5"/>
      <param name="tier-rules-apply" value="true"/>
      <param name="tier-rule-wait-second" value="30"/>
      <param name="tier-rule-wait-multiply-level" value="true"/>
      <param name="tier-rule-no-agent-no-wait" value="false"/>
      <param name="discard-abandoned-after" value="60"/>
      <param name="abandoned-resume-allowed" value="true"/>
      <param name="agent-no-answer-status" value="Logged Out"/>
      <param name="skip-agents-with-external-calls" value="false"/>
    </queue>
    <queue name="sales"><param name="strategy" value="psychic"/></queue>
    <queue name="bad name"/>
  </queues>
  <agents>
    <agent name="1000@default" type="callback" contact="[leg_timeout=10]user/1000@$${domain}" status="Available"
           max-no-answer="3" wrap-up-time="10" reject-delay-time="10" busy-delay-time="60" no-answer-delay-time="5"/>
    <agent name="1001@default" type="uuid-standby" contact="user/1001,user/1002" status="On Break"/>
    <agent name="1002@default" type="callback" contact="sofia/gateway/trunk/0171234567" status="Available (On Demand)" max-no-answer="0"/>
    <agent name="1000@default" type="callback"/>
  </agents>
  <tiers>
    <tier agent="1000@default" queue="support@default" level="10" position="4"/>
    <tier agent="1001@default" queue="support@default" level="2"/>
    <tier agent="1002@default" queue="support@default" level="30" position="1"/>
    <tier agent="1000@default" queue="sales"/>
    <tier agent="9999@default" queue="sales" level="1" position="1"/>
    <tier agent="1000@default" queue="sales" level="1" position="1"/>
  </tiers>
</configuration>
`

// writeCallcenter writes a configuration directory and returns the path of its callcenter.conf.xml.
func writeCallcenter(t *testing.T, text, vars string) string {
	dir := filepath.Join(t.TempDir(), "autoload_configs")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "callcenter.conf.xml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	if vars != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "..", "vars.xml"), []byte(vars), 0o600))
	}
	return path
}

const varsFile = `<include>
  <X-PRE-PROCESS cmd="set" data="domain=pbx.example"/>
  <X-PRE-PROCESS cmd="set" data="moh=local_stream://"/>
  <X-PRE-PROCESS cmd="set" data="hold_music=$${moh}moh"/>
  <X-PRE-PROCESS cmd="exec-set" data="recordings_dir=id"/>
</include>`

// left are the lines that say of a value that it was left.
func (in *imported) left(t *testing.T) map[string]string {
	list := map[string]string{}
	for _, l := range in.lines {
		if l.Result == left {
			list[l.Element+" "+l.Name+" "+l.Param] = l.Why
		} else {
			require.Equal(t, taken, l.Result)
		}
	}
	return list
}

// An existing callcenter.conf.xml is read as mod_callcenter reads it; what cannot be had here is left, and said.
func TestImportCallcenter(t *testing.T) {
	in, err := readCallcenter(writeCallcenter(t, callcenterFile, varsFile))
	require.NoError(t, err)
	uuid := func(name string) string { return uuidOf(name + "@default") }
	require.Equal(t, []store.Queue{
		{QueueConfig: engine.QueueConfig{ID: "support@default", Name: "support@default", Strategy: engine.TopDown,
			Music: "local_stream://moh", NobodyOnMillis: 120_000, ResumeMillis: 60_000,
			LevelAfter: [engine.LevelMax]int64{0, 300_000, 900_000, 0, 0}, SinceCall: true}},
		{QueueConfig: engine.QueueConfig{ID: "sales", Name: "sales"}},
	}, in.directory.Queues)
	require.Equal(t, []engine.AgentConfig{
		{UUID: uuid("1000"), ID: "1000@default", Name: "1000@default", DN: "1000", RingMillis: 10_000, WrapUpMillis: 10_000,
			MissedPolicy: engine.MissedLogout, MissedMax: 3, AfterMissed: 5000, AfterReject: 10_000, AfterBusy: 60_000,
			LoginAtStart: true},
		{UUID: uuid("1001"), ID: "1001@default", Name: "1001@default", RingMillis: -1, NailedUp: true},
		{UUID: uuid("1002"), ID: "1002@default", Name: "1002@default", Mobile: "0171234567", MobileAccept: engine.MobileAlways,
			RingMillis: -1, LoginAtStart: true},
	}, in.directory.Agents)
	require.Equal(t, []engine.TierConfig{
		{AgentUUID: uuid("1000"), QueueID: "support@default", Level: 2, Position: 4},
		{AgentUUID: uuid("1001"), QueueID: "support@default", Level: 1, Position: 1},
		{AgentUUID: uuid("1002"), QueueID: "support@default", Level: 3, Position: 1},
		{AgentUUID: uuid("1000"), QueueID: "sales", Level: 1, Position: 1},
	}, in.directory.Tiers)

	why := in.left(t)
	for what, because := range map[string]string{
		"settings  dbname":                                               "mod_callcenter's own database",
		"queue support@default record-template":                          "what $${...} stands for is not known here",
		"queue support@default max-wait-time-with-no-agent-time-reached": "each caller waits his own",
		"queue support@default skip-agents-with-external-calls":          "max-calls",
		"queue sales strategy":                                           "it would have to be longest-idle-agent",
		"queue bad name name":                                            "it would have to be the queue's number",
		"queue bad name ":                                                "the queue: ",
		"agent 1001@default contact":                                     "is more than one phone; he logs in with his number",
		"agent 1001@default status":                                      "he is not logged in at the start",
		"agent 1000@default ":                                            "another one has the same name",
		"tier 9999@default sales agent":                                  "there is no such agent in the file",
		"tier 1000@default sales ":                                       "the agent has a place in this queue already",
	} {
		require.Contains(t, why[what], because, what)
		delete(why, what)
	}
	require.Empty(t, why)
	require.Equal(t, importLine{Line: 4, Element: "settings", Param: "dbname", Value: "/dev/shm/callcenter.db",
		Result: left, Why: "it is about mod_callcenter's own database, which is not read"}, in.lines[0])
	require.Equal(t, importLine{Line: 12, Element: "queue", Name: "support@default", Param: "time-base-score", Value: "system",
		Result: taken}, in.lines[5])
	require.Equal(t, 8, in.lines[1].Line)
	require.Equal(t, 9, in.lines[2].Line)
	require.NoError(t, store.CheckQueue(&in.directory.Queues[0]))
}

// The configuration is found in whatever holds it, such as the switch's freeswitch.xml.fsxml, and nothing else is read.
func TestImportFromTheWholeConfiguration(t *testing.T) {
	_, body, _ := strings.Cut(callcenterFile, "?>")
	whole := `<document><section name="configuration"><configuration name="acl.conf"><queues><queue name="no"/></queues></configuration>` +
		body + `<configuration name="x.conf"><agents><agent name="no"/></agents></configuration></section></document>`
	in, err := readCallcenter(writeCallcenter(t, whole, ""))
	require.NoError(t, err)
	require.Len(t, in.directory.Queues, 2)
	require.Len(t, in.directory.Agents, 3)
	require.Empty(t, in.directory.Queues[0].Music)
	require.Contains(t, in.left(t)["queue support@default moh-sound"], "vars.xml does not say")
	require.Equal(t, "1000", in.directory.Agents[0].DN, "what stands in for a domain is not needed")
}

func TestImportOfMoreThanFiveLevels(t *testing.T) {
	var text strings.Builder
	text.WriteString(`<configuration name="callcenter.conf"><queues><queue name="q">` +
		`<param name="tier-rules-apply" value="true"/><param name="tier-rule-wait-second" value="10"/></queue></queues><agents>`)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		text.WriteString(`<agent name="` + name + `"/>`)
	}
	text.WriteString("</agents><tiers>")
	for level, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		text.WriteString(`<tier agent="` + name + `" queue="q" level="` + string(rune('0'+level)) + `"/>`)
	}
	text.WriteString(`<X-PRE-PROCESS cmd="include" data="more.xml"/></tiers><X-PRE-PROCESS cmd="include" data="x.xml"/></configuration>`)
	in, err := readCallcenter(writeCallcenter(t, text.String(), ""))
	require.NoError(t, err)
	var levels []int
	for _, tier := range in.directory.Tiers {
		levels = append(levels, tier.Level)
	}
	require.Equal(t, []int{1, 2, 3, 4, 5, 5, 5}, levels)
	require.Equal(t, [engine.LevelMax]int64{0, 10_000, 10_000, 10_000, 10_000}, in.directory.Queues[0].LevelAfter)
	require.True(t, in.directory.Queues[0].SkipEmptyLevels, "as mod_callcenter has it where the file does not say")
	require.Contains(t, in.lines[0].Why, "of its 7 levels the last ones are level 5 together")
	why := in.left(t)
	require.Contains(t, why["X-PRE-PROCESS  cmd"], "what it includes is not read")
}

func TestImportBad(t *testing.T) {
	for want, text := range map[string]string{
		`it holds no <configuration name="callcenter.conf">`: "<configuration name=\"x\"/>",
		"line 3 is no XML": "<configuration name=\"callcenter.conf\">\n<queues>\n<queue name=\"a></queues>",
	} {
		_, err := readCallcenter(writeCallcenter(t, text, ""))
		require.ErrorContains(t, err, want)
	}
	_, err := readCallcenter(filepath.Join(t.TempDir(), "absent.xml"))
	require.ErrorContains(t, err, "the file cannot be read: open")
}

// FuzzImport: no file ends the switch, and whatever is made of one can be put into the store.
func FuzzImport(f *testing.F) {
	f.Add(callcenterFile)
	f.Add("<configuration name=\"callcenter.conf\"><agents><agent name='a' contact='{{{['/></agents></configuration>")
	f.Fuzz(func(t *testing.T, text string) {
		elements, err := parseCallcenter(strings.NewReader(text))
		if err != nil {
			return
		}
		in := newCallcenterImport(nil)
		in.take(elements)
		for i := range in.directory.Queues {
			require.NoError(t, store.CheckQueue(&in.directory.Queues[i]))
		}
		for i := range in.directory.Agents {
			require.NoError(t, store.CheckAgent(&in.directory.Agents[i]))
		}
		for i := range in.directory.Tiers {
			require.NoError(t, store.CheckTier(&in.directory.Tiers[i]))
		}
	})
}
