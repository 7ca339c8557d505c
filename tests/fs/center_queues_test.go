package fs_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

func overflows(c *center) {
	c.login(isNotReady, "1003")
	c.caller("8005")
	c.told("Queued 8005", "Diverted 8005 thirdDN=8006 callState=Redirected", "Queued 8006", "Diverted 8006 callState=Redirected")
	c.hears(map[string]string{outside: "dialplan"})
	c.recorded([]string{"8005 timeout", "8006 timeout"}, nil)
	require.Contains(c.t, c.Log(), outside+" is back from queue 8005: timeout")
	c.hangUp(outside)
	c.told("Released " + outside)
	c.caller("8009")
	c.told("CallDeleted")
	c.recorded([]string{"8009 nobody-on"}, nil)
}

func fullQueue(c *center) {
	c.login(isNotReady, "1003")
	first := c.caller("8007")
	c.told("Queued 8007")
	second := c.call(lab.Caller{From: abroad, To: "8007", Tone: tones[abroad]})
	c.reached("1005", "rings")
	c.answer("1005")
	c.told("Established 1005")
	c.phones[outside], c.phones[abroad] = first, second
	c.hears(map[string]string{outside: "music", abroad: "1005", "1005": abroad})
	c.recorded([]string{"8007 full"}, nil)
	c.hangUp(abroad)
	c.told("Released 1005", "CallDeleted")
	c.hears(map[string]string{outside: "music", "1005": ""})
}

// keys: a caller presses himself into another queue; other keys do nothing.
func keys(c *center) {
	c.login(isNotReady, "1003")
	c.caller("8008")
	c.told("Queued 8008")
	c.hears(map[string]string{outside: "music"})
	c.phones[outside].Voice().Press("1")
	c.phones[outside].Voice().Press("9")
	c.told("Diverted 8008 thirdDN=8001", "Queued 8001")
	c.hears(map[string]string{outside: "music"})
	c.login(isReady, "1001")
	c.told("Ringing 1001")
	c.answer("1001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
	c.recorded([]string{"8008 key", "8001 answered"}, nil)
}

// noMusicOverAgent: a call that the switch made and put into a queue hears the agent alone once he is there.
func noMusicOverAgent(c *center) {
	c.api("bgapi originate user/1005@127.0.0.1 8001 XML default 1005 1005 30")
	c.answer("1005")
	c.told("Queued 8001")
	c.hears(map[string]string{"1005": "music"})
	c.login(isReady, "1001")
	c.told("Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	c.hears(map[string]string{"1005": "1001", "1001": "1005"})
}

func unknownQueue(c *center) {
	c.caller("8666")
	c.hears(map[string]string{outside: "unknown"})
	c.until("the log to say so", func() bool { return strings.Contains(c.Log(), outside+" is back from queue 8666: unknown") })
	c.until("the module to say so", func() bool { return strings.Contains(c.Log(), "cti_queue 8666: there is no such queue") })
	c.never("Queued 8666")
	c.hangUp(outside)
	c.told("Released "+outside, "CallDeleted")
}

// twoPlaces: an agent who logs in elsewhere is logged out where he was; a DN has one agent.
func twoPlaces(c *center) {
	c.login(isReady, "1001")
	require.NotZero(c.t, c.request("AgentLogin", "1001", "agentID", "1002", "agentState", 1, "phoneType", 4).ErrorCode)
	c.ask("AgentLogin", "1002", "agentID", "1001", "agentState", 1, "phoneType", 4)
	c.told("AgentLogin 1001", "AgentLogout 1001 reasonCode=10", "AgentLogin 1002 agentID=1001")
	c.caller("8001")
	c.told("Ringing 1002")
	c.answer("1002")
	c.told("Established 1002")
	c.hears(map[string]string{outside: "1002", "1001": ""})
	c.hangUp(outside)
	c.told("Released 1002", "AgentReady 1002")
	c.ask("AgentLogout", "1002")
}

// transferredByAgent: he moves the caller to somebody else, and his after-call work begins there and then; his state is
// his own again (OpenACD#110, FS#2118).
func transferredByAgent(c *center) {
	c.served()
	c.ask("SingleStepTransfer", "1001", "otherDN", "1005")
	c.told("AgentNotReady 1001 reasonCode=4", "Released 1001", "Ringing 1005")
	c.answer("1005")
	c.told("Established 1005")
	c.hears(map[string]string{outside: "1005", "1005": outside, "1001": ""})
	c.requireFree("1001")
	c.hangUp("1005")
	c.told("Released 1005", "CallDeleted")
}

// reloadSettings: `cti reload` changes nothing for who waits, and nothing for agents.
func reloadSettings(c *center) {
	c.login(isNotReady, "1001")
	c.caller("8001")
	c.told("Queued 8001")
	require.True(c.t, strings.HasPrefix(c.try("cti reload"), "+OK"), c.try("cti reload"))
	c.hears(map[string]string{outside: "music"})
	c.waiting("8001", 1)
	c.ask("AgentReady", "1001")
	c.told("AgentReady 1001", "Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
}
