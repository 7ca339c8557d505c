package fs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const thirdCaller = "13700137000" // a third caller

func init() { tones[thirdCaller] = 2100 }

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
