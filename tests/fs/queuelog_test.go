package fs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestQueueLog plays a queue's day with queue-log set: its lines are those that the records of the store make. Then the
// switch's own mod_callcenter is taken over, and a caller is served.
func TestQueueLog(t *testing.T) {
	t.Parallel()
	modules, configurations := []string{}, ""
	callcenter := filepath.Join(machine(t).ModDir, "mod_callcenter.so")
	if _, err := os.Stat(callcenter); err == nil {
		modules, configurations = []string{"mod_callcenter"}, callcenterConfig
	}
	c := startCenterOn(t, startSwitch(t, lab.Options{Sample: []byte("<!-- written later -->")}), func(s *lab.Switch) lab.Supplement {
		return lab.Supplement{CTI: loggedConfig(s), Configurations: configurations}
	}, modules...)
	phones := map[string]lab.Phone{}
	for _, dn := range []string{"1001", "1002", "1004", "1005"} {
		phones[dn] = lab.Phone{Tone: tones[dn]}
	}
	c.putPhones(phones)
	c.register("1001", "1003", "1004")
	c.each(t, "a day", "settings.md queue-log", loggedDay)
	c.each(t, "a queue is added", "settings.md <queues>", addsQueue)
	c.each(t, "mod_callcenter is taken over", "settings.md cti import callcenter", func(c *center) {
		if configurations == "" {
			c.t.Skip("skipped: a FreeSWITCH is here, but not its mod_callcenter")
		}
		takesOver(c)
	})
}

func loggedConfig(s *lab.Switch) string {
	var r roster
	r.queues = queueElement("8001", "wrap-up-time", "0") + queueElement("8005", "max-wait-time", "1") +
		queueElement("8003", "strategy", "top-down", "ring-time", "1", "wrap-up-time", "0")
	r.agent("1004", []string{"8003"})
	r.agent("1001", []string{"8001", "8003"})
	r.agent("1003", []string{"8005"})
	return strings.Replace(centerConfig(r.queues, r.agents, r.tiers, ""), "</settings>",
		element("param", "name", "queue-log", "value", s.Path("log", "queue_log"))+"</settings>", 1)
}

// loggedDay has every way in which a caller leaves a queue and an agent a caller.
func loggedDay(c *center) {
	c.login(isReady, "1004", "1001")
	c.login(isNotReady, "1003")
	for _, last := range []string{outside, "1001"} {
		c.talks()
		c.hangUp(last)
		c.told("Released 1001", "CallDeleted")
	}
	c.caller("8003")
	c.told("Ringing 1004", "Released 1004", "Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
	c.ask("SingleStepTransfer", "1001", "otherDN", "1005")
	c.endsWith("1005")
	c.talks()
	c.ask("InitiateConsult", "1001", "otherDN", "1005")
	c.answer("1005")
	c.told("Established 1005")
	c.ask("CompleteTransfer", "1001")
	c.told("Released 1001", "PartyChanged 1005")
	c.endsWith("")
	c.caller("8005")
	c.told("Queued 8005")
	c.hears(map[string]string{outside: "dialplan"})
	c.hangUp(outside)
	c.told("CallDeleted")
	c.ask("AgentNotReady", "1001", "reasonCode", 11)
	c.caller("8001")
	c.told("Queued 8001")
	c.hangUp(outside)
	c.told("Abandoned 8001", "CallDeleted")
	for _, dn := range []string{"1001", "1003", "1004"} {
		c.ask("AgentLogout", dn)
	}
	c.quiet()
	for _, table := range []string{"call", "party", "queue_stay", "offer"} {
		c.closed(table)
	}
	c.linesAreRecords()
}

// talks: a caller of 8001 is answered by 1001.
func (c *center) talks() {
	c.t.Helper()
	c.caller("8001")
	c.answer("1001")
	c.told("Established 1001 thisQueue=8001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
}

// endsWith: somebody answers if he is named, and the caller leaves whom he has been transferred to.
func (c *center) endsWith(answers string) {
	c.t.Helper()
	if answers != "" {
		c.answer(answers)
		c.told("Established " + answers)
	}
	c.hears(map[string]string{outside: "1005", "1005": outside, "1001": ""})
	c.hangUp(outside)
	c.told("Released 1005", "CallDeleted")
}

// recordsAsLines has of each record of callers what the line about it tells: when, of which call, queue and agent, and what.
var recordsAsLines = []string{
	`(entered_millis/1000) || '|' || call_id || '|' || queue_id || '|NONE|ENTERQUEUE||' || caller_dn || '|' || position as line
	 from queue_stay`,
	`(s.left_millis/1000) || '|' || s.call_id || '|' || s.queue_id || '|Agent/' || o.agent_dn || '|CONNECT|' ||
	 ((s.left_millis - s.entered_millis)/1000) || '|' || o.party_id || '|' || ((s.left_millis - o.at_millis)/1000)
	 as line from queue_stay s join offer o using (call_id) where s.outcome = 'answered' and o.outcome = 'answered'`,
	`(left_millis/1000) || '|' || call_id || '|' || queue_id || '|NONE|' ||
	 iif(outcome = 'timeout', 'EXITWITHTIMEOUT', 'ABANDON') || '|1|1|' || ((left_millis - entered_millis)/1000) as line
	 from queue_stay where outcome in ('timeout', 'abandoned')`,
	`(end_millis/1000) || '|' || call_id || '|' || queue_id || '|Agent/' || agent_dn || '|RINGNOANSWER|' || (end_millis - at_millis)
	 as line from offer where outcome = 'no-answer'`,
	`(p.end_millis/1000) || '|' || p.call_id || '|' || s.queue_id || '|Agent/' || p.this_dn || '|' ||
	 case when exists (select 1 from party x where x.call_id = p.call_id and x.this_dn = '1005' and x.start_millis < p.end_millis)
	 then 'ATTENDEDTRANSFER|BRIDGE|1005'
	 when p.call_state = 'Transferred' then 'BLINDTRANSFER|1005|'
	 when p.hangup_side = 'customer' then 'COMPLETECALLER'
	 else 'COMPLETEAGENT' end || '|' || ((s.left_millis - s.entered_millis)/1000) || '|' || ((p.end_millis - s.left_millis)/1000) || '|1'
	 as line from party p join offer o using (party_id) join queue_stay s on s.call_id = p.call_id where o.outcome = 'answered'`,
}

// agentsOfDay are the lines about agents and the log itself, but for when.
var agentsOfDay = []string{
	"NONE|NONE|QUEUESTART|", "8003|Agent/1004|ADDMEMBER|", "8001|Agent/1001|ADDMEMBER|", "8003|Agent/1001|ADDMEMBER|",
	"8005|Agent/1003|ADDMEMBER|", "8005|Agent/1003|PAUSE|11", "NONE|Agent/1003|PAUSEALL|11",
	"8001|Agent/1001|PAUSE|11", "8003|Agent/1001|PAUSE|11", "NONE|Agent/1001|PAUSEALL|11",
	"8001|Agent/1001|REMOVEMEMBER|", "8003|Agent/1001|REMOVEMEMBER|", "8005|Agent/1003|REMOVEMEMBER|", "8003|Agent/1004|REMOVEMEMBER|",
}

// linesAreRecords compares all lines about callers, whatever their order, and those about agents in theirs.
func (c *center) linesAreRecords() {
	c.t.Helper()
	var want, callers, agents []string
	c.until("the records to be written", func() bool {
		want = nil
		for _, sql := range recordsAsLines {
			for _, r := range c.query("select " + sql) {
				want = append(want, r.text("line"))
			}
		}
		return len(want) == 6+4+2+1+4
	})
	c.until("the log to be written", func() bool {
		text, err := os.ReadFile(c.Path("log", "queue_log"))
		require.NoError(c.t, err)
		callers, agents = nil, nil
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if fields := strings.SplitN(line, "|", 3); fields[1] == "NONE" {
				agents = append(agents, fields[2])
			} else {
				callers = append(callers, line)
			}
		}
		return len(agents) == len(agentsOfDay)
	})
	require.ElementsMatch(c.t, want, callers)
	require.Equal(c.t, agentsOfDay, agents)
}

// callcenterConfig is what mod_callcenter itself loads.
var callcenterConfig = `<configuration name="callcenter.conf"><settings/><queues>
<queue name="8021"><param name="strategy" value="top-down"/><param name="max-wait-time" value="0"/>
<param name="discard-abandoned-after" value="60"/></queue>
<queue name="support@default"><param name="strategy" value="ring-all"/></queue></queues>
<agents><agent name="helen" type="callback" contact="[leg_timeout=10]user/1002@127.0.0.1" status="Available" max-no-answer="3"
 wrap-up-time="1" reject-delay-time="10" busy-delay-time="60"/></agents>
<tiers><tier agent="helen" queue="8021" level="1" position="1"/></tiers></configuration>`

// addsQueue: what is written into the sections later is in force when somebody says so, in one step; the log tells who has not.
func addsQueue(c *center) {
	whole := strings.Replace(loggedConfig(c.Switch), "</queues>", queueElement("8055", "full-name", "Added")+"</queues>", 1)
	require.NoError(c.t, os.WriteFile(c.Path("conf", "cti.conf.xml"), []byte(whole), 0o600))
	require.Contains(c.t, c.cli("cti reload"), "+OK")
	require.Contains(c.t, c.Log(), "cti import settings puts them there queues=8055")
	require.NotContains(c.t, c.cli("cti queues"), "8055")
	whole = strings.Replace(whole, "Added", "Added later", 1)
	require.NoError(c.t, os.WriteFile(c.Path("conf", "cti.conf.xml"), []byte(whole), 0o600))
	require.Contains(c.t, c.cli("cti import settings"), "+OK\nqueues|agents|tiers\n4|3|4")
	require.Contains(c.t, c.cli("cti queues"), "\n8055|Added later|")
	require.Equal(c.t, "Added later", c.query("select name from queue where queue_id = '8055'")[0].text("name"))
}

// takesOver imports what mod_callcenter has loaded, as the switch itself has put it together.
func takesOver(c *center) {
	require.Contains(c.t, c.api("callcenter_config queue list"), "\n8021|top-down|")
	require.Contains(c.t, c.api("callcenter_config agent list"), "\nhelen|")
	require.Contains(c.t, c.api("callcenter_config tier list"), "8021|helen|")
	answer := c.api("cti import callcenter " + c.Path("log", "freeswitch.xml.fsxml") + " as json")
	require.Contains(c.t, answer, `"queues":2,"agents":1,"tiers":1`)
	require.Contains(c.t, c.cli("cti agent helen login 1002"), "+OK")
	c.told("AgentLogin 1002 agentState=1")
	c.caller("8021")
	c.told("Queued 8021 position=1 otherDN="+outside, "Diverted 8021 thirdDN=1002", "Ringing 1002 thisQueue=8021")
	c.answer("1002")
	c.told("Established 1002 thisQueue=8021 wrapUpDuration=1")
	c.hears(map[string]string{outside: "1002", "1002": outside})
	c.hangUp("1002")
	c.told("Released 1002 hangupSide=agent", "CallDeleted")
	c.recorded([]string{"8021 answered"}, []string{"1002 answered"})
	require.Contains(c.t, c.cli("cti agent helen logout"), "+OK")
	c.told("AgentLogout 1002")
}
