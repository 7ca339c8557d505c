package fs_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const thirdCaller = "13700137000" // a third caller

const jazz = 2400 // a queue's music, Hz

func init() { tones[thirdCaller], tones["jazz"] = 2100, jazz }

// TestCenterReload: the module is loaded anew while one caller talks and two wait. The talk goes on, those who wait wait
// again at their old places and are served, agents are what they were, and each call has one record (architecture 11;
// FS#39, FSC start-up reset).
func TestCenterReload(t *testing.T) {
	t.Parallel()
	c := startCenter(t, deskQueues)
	c.putPhones(map[string]lab.Phone{"1001": {Tone: tones["1001"]}, "1002": {Tone: tones["1002"]}})
	c.register(centerAgents...)
	c.login(isReady, "1002")
	c.caller("8001")
	c.answer("1002")
	c.told("Established 1002")
	c.login(isNotReady, "1001")
	for _, from := range []string{abroad, thirdCaller} {
		c.call(lab.Caller{From: from, To: "8001", Tone: tones[from]})
		c.told("Queued 8001 otherDN=" + from)
	}
	talk := map[string]string{outside: "1002", "1002": outside, abroad: "music", thirdCaller: "music"}
	c.hears(talk)
	for range 2 {
		c.api("unload mod_cti")
		c.hears(map[string]string{outside: "1002", "1002": outside})
		c.api("load mod_cti")
		c.open(centerAgents...)
		c.waiting("8001", 2)
		c.hears(talk)
		var a struct{ Status, Occupancy, ThisDN string }
		c.asJSON("agent 1001", &a)
		require.Equal(t, "rest", a.Status)
		require.Equal(t, "1001", a.ThisDN)
		c.asJSON("agent 1002", &a)
		require.Equal(t, "talking", a.Occupancy)
	}
	// Once more while a phone rings: it is silent, and rings again for whoever waits again first.
	c.ask("AgentReady", "1001")
	c.told("Ringing 1001 otherDN=" + abroad)
	c.api("global_setvar lab_stay_away=true") // until somebody listens
	c.api("unload mod_cti")
	c.api("load mod_cti")
	c.open(centerAgents...)
	c.api("global_setvar lab_stay_away=")
	served := map[string]bool{}
	for range 2 {
		from := c.told("Ringing 1001").OtherDN
		served[from] = true
		c.answer("1001")
		c.told("Established 1001 thisQueue=8001 otherDN=" + from)
		c.hears(map[string]string{from: "1001", "1001": from, outside: "1002"})
		c.hangUp("1001")
		c.told("AgentNotReady 1001 reasonCode=4", "Released 1001")
	}
	require.Equal(t, map[string]bool{abroad: true, thirdCaller: true}, served)
	c.hangUp(outside)
	c.told("AgentNotReady 1002 reasonCode=4", "Released 1002")
	c.clear()
	require.EqualValues(t, 3, c.count("call"), "one record a call")
	require.EqualValues(t, 3, c.count("call where open = 0 and end_reason = 'normal'"), "%v", c.query("select * from call"))
	require.EqualValues(t, 3, c.count("queue_stay where outcome = 'answered'"))
	require.EqualValues(t, 6, c.count("queue_stay where outcome = 'interrupted'"), "two who waited, three restarts")
	require.EqualValues(t, 9, c.count("queue_stay"))
	require.EqualValues(t, 3, c.count("offer where outcome = 'answered'"))
	require.EqualValues(t, 1, c.count("offer where outcome = 'interrupted'"))
	require.EqualValues(t, 4, c.count("offer"), "nobody was called in vain: %v", c.query("select * from offer"))
}

// queueJSON is what is asked of a queue.
type queueJSON struct {
	Waiting int
	Callers []struct {
		OtherDN     string
		EnteredTime int64
	}
}

// putThereConfig has a queue that only requests lead to, and one that the dialplan does; gone: the former is there no more.
func putThereConfig(gone bool) string {
	var r roster
	r.queues = queueElement("8001", "wrap-up-time", "0")
	r.agent("1001", []string{"8001"}, "wrap-up-time", "0")
	if !gone {
		r.queues += queueElement("8002", "moh-sound", forEver(jazz))
		r.agent("1002", []string{"8002"}, "wrap-up-time", "0")
	}
	return centerConfig(r.queues, r.agents, r.tiers, "")
}

// TestCenterReloadOfWhoWasPutThere: who was put into a queue by request is in no application when the module is loaded anew. He has
// his place again, before who came later by the dialplan, hears the queue's music all the while and is served. A queue that is gone
// lets him go, and the log says so (3.2; architecture 11).
func TestCenterReloadOfWhoWasPutThere(t *testing.T) {
	t.Parallel()
	c := startCenter(t, func(*lab.Switch) string { return putThereConfig(false) })
	c.putPhones(map[string]lab.Phone{"1001": {Tone: tones["1001"]}, "1002": {Tone: tones["1002"]}})
	c.register("1001", "1002")
	c.login(isReady, "1001")
	putThere := func(from string) {
		c.call(lab.Caller{From: from, To: "8001", Tone: tones[from]})
		c.told("Ringing 1001")
		c.answer("1001")
		c.told("Established 1001")
		c.ask("SingleStepTransfer", "1001", "otherDN", "8002")
		c.told("Queued 8002 otherDN=" + from)
		c.hears(map[string]string{from: "jazz"})
	}
	putThere(outside)
	c.call(lab.Caller{From: abroad, To: "8002", Tone: tones[abroad]})
	c.told("Queued 8002 otherDN=" + abroad)
	var before, after queueJSON
	c.asJSON("queue 8002", &before)
	require.Len(t, before.Callers, 2)
	for range 2 {
		c.api("unload mod_cti")
		c.hears(map[string]string{outside: "jazz"})
		c.api("load mod_cti")
		c.open("1001", "1002")
		c.waiting("8002", 2)
		c.asJSON("queue 8002", &after)
		require.Equal(t, before, after)
		c.hears(map[string]string{outside: "jazz", abroad: "jazz"})
	}
	c.login(isReady, "1002")
	for _, from := range []string{outside, abroad} {
		c.told("Ringing 1002 otherDN=" + from)
		c.answer("1002")
		c.told("Established 1002 thisQueue=8002 otherDN=" + from)
		c.hears(map[string]string{from: "1002", "1002": from})
		c.hangUp("1002")
		c.told("Released 1002")
	}
	c.ask("AgentLogout", "1002")
	putThere(thirdCaller)
	c.api("unload mod_cti")
	ctx, cancel := c.soon()
	defer cancel()
	require.NoError(t, c.Supply(ctx, lab.Supplement{CTI: putThereConfig(true), Extensions: centerExtensions}))
	const forgets = "delete from tier where queue_id = '8002'; delete from queue where queue_id = '8002'"
	out, err := exec.Command("sqlite3", c.Path("db", "cti", "cti.db"), forgets).CombinedOutput()
	require.NoError(t, err, "%s", out)
	c.api("load mod_cti")
	c.open("1001")
	c.quiet()
	c.until("the log to say so", func() bool { return strings.Contains(c.Log(), "the queue is gone that a caller waited in") })
	c.closed("call")
	require.EqualValues(t, 3, c.count("call where open = 0 and end_reason = 'normal'"), "%v", c.query("select * from call"))
	require.EqualValues(t, 2, c.count("queue_stay where queue_id = '8002' and outcome = 'answered'"))
	require.EqualValues(t, 5, c.count("queue_stay where queue_id = '8002' and outcome = 'interrupted'"))
}
