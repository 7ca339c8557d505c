package fs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

var centerAgents = []string{"1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1010"}

// deskQueues are what the scenarios play with; nobody has a phone at 1010.
func deskQueues(*lab.Switch) string {
	agent := func(dn string, more ...string) string {
		return element("agent", append([]string{"name", dn, "contact", "user/" + dn + "@127.0.0.1"}, more...)...)
	}
	tier := func(queue string, agents ...string) (text string) {
		for i, dn := range agents {
			text += element("tier", "agent", dn, "queue", queue, "level", "1", "position", string(rune('1'+i)))
		}
		return text
	}
	return centerConfig(
		queueElement("8001", "wrap-up-time", "1")+
			queueElement("8002", "strategy", "ring-all")+
			queueElement("8003", "strategy", "top-down", "ring-time", "2")+
			queueElement("8004", "strategy", "top-down")+
			queueElement("8005", "max-wait-time", "1", "overflow", "timeout queue 8006")+
			queueElement("8006", "max-wait-time", "1")+
			queueElement("8007", "max-length", "1", "overflow", "full number 1005")+
			queueElement("8008", "exit-keys", "9#", "overflow", "key queue 8001")+
			queueElement("8010", "wrap-up-time", "0")+
			queueElement("8009", "wrap-up-time", "untimed", "overflow", "nobody-on hangup"),
		agent("1001")+agent("1002")+agent("1003")+
			agent("1004", "no-answer-policy", "not-ready", "max-no-answer", "1")+
			agent("1005")+
			agent("1006", "reject-policy", "not-ready", "max-no-answer", "1")+
			agent("1007", "busy-policy", "logout", "max-no-answer", "1")+
			agent("1008", "type", "nailed-up")+
			agent("1010", "unreachable-policy", "logout", "max-no-answer", "1"),
		tier("8001", "1001", "1002")+tier("8002", "1001", "1002", "1003")+tier("8003", "1004", "1005")+
			tier("8004", "1006", "1007", "1010", "1005")+tier("8005", "1003")+tier("8006", "1003")+tier("8007", "1003")+
			tier("8008", "1003")+tier("8009", "1001")+tier("8010", "1008"),
		element("rule", "pattern", "^1010$", "leg", "user/1999@127.0.0.1"))
}

// TestCenter plays what callers and agents do to each other on one switch: what is told, who hears whom, and what the
// store has of it.
func TestCenter(t *testing.T) {
	t.Parallel()
	c := startCenter(t, deskQueues)
	phones := map[string]lab.Phone{}
	for _, dn := range centerAgents {
		phones[dn] = lab.Phone{Tone: tones[dn]}
	}
	phones["1006"] = lab.Phone{Tone: tones["1006"], Status: "603 Decline"}
	delete(phones, "1010")
	c.putPhones(phones)
	c.register(centerAgents...)

	c.each(t, "a caller waits and is served", "3.2 3.15 3.0-4 R43 R44", waitsAndIsServed)
	c.each(t, "ready is at work at once", "3.15 limits-and-faults 1.3", ringsAtOnce)
	c.each(t, "a phone that stays connected", "3.2 3.15 R14", nailedUp)
	c.each(t, "what the dialplan says of a call", "R60 settings.md", attachesData)
	c.each(t, "by the cti command", "3.15 settings.md", byCommand)
	c.each(t, "by feature code", "3.15", byFeatureCode)
	c.each(t, "no answer", "3.3 R42 KZ#6609", noAnswer)
	c.each(t, "reject, busy and unreachable", "3.3 R42 FS#152 FS#153 fusionpbx#2831", rejectBusyUnreachable)
	c.each(t, "ring-all has one winner", "3.14 AST#176 FS#2540", ringAllOneWinner)
	c.each(t, "ring-all: the caller leaves", "3.2 FS#2530", ringAllCallerLeaves)
	c.each(t, "the caller leaves while a phone rings", "3.2 FS#2529", callerLeavesWhileRinging)
	c.each(t, "the caller leaves before an agent logs in", "3.2 kazoo-acdc ghost call", noGhost)
	c.each(t, "answer against hang-up", "3.14 FS#1973", answerAgainstHangup)
	c.each(t, "paused while it rings", "3.15 PISTON-116", pausedWhileRinging)
	c.each(t, "after-call work is not interrupted", "3.15 AST#1006", wrapUpIsKept)
	c.each(t, "overflow", "3.2", overflows)
	c.each(t, "a full queue", "3.2", fullQueue)
	c.each(t, "keys", "3.2", keys)
	c.each(t, "no music over the agent", "FS#2516 FS#2939", noMusicOverAgent)
	c.each(t, "an unknown queue", "3.2", unknownQueue)
	c.each(t, "two places and two agents", "3.0-10 R61", twoPlaces)
	c.each(t, "transferred by the agent", "3.5 FS#2118", transferredByAgent)
	c.each(t, "reload of the settings while callers wait", "FS#39", reloadSettings)
}

// each runs a scenario of its own: nobody is logged in and no call is up before, and all is over after it.
func (c *center) each(t *testing.T, name, proves string, do func(c *center)) {
	t.Run(name, func(t *testing.T) {
		require.False(t, c.stuck, "the scenario before has left something for ever")
		t.Log("proves", proves)
		local, rig := *c, *c.rig
		local.rig = &rig
		local.t, local.ctx = t, t.Context()
		c.stuck = true
		local.clear()
		c.stuck = false
		do(&local)
		local.clear()
		local.requireOrder()
	})
}

// clear leaves nothing of a scenario.
func (c *center) clear() {
	c.t.Helper()
	c.try("hupall NORMAL_CLEARING")
	c.quiet()
	c.until("the engine to have no calls", func() bool { return c.listed("calls") == 0 })
	for _, dn := range centerAgents {
		c.request("AgentLogout", dn)
	}
	for _, table := range []string{"call", "party", "queue_stay", "offer"} {
		c.closed(table)
	}
	c.readAll()
	c.begun = len(*c.heard)
	c.matched = c.begun
}

// closed waits until no record of a kind is open.
func (c *center) closed(table string) {
	c.t.Helper()
	var open []row
	ctx, cancel := c.soon()
	defer cancel()
	err := lab.Until(ctx, "the records to be closed", func() (bool, error) {
		open = c.query("select * from " + table + " where open = 1")
		return len(open) == 0, nil
	})
	require.NoError(c.t, err, "open in %s: %v", table, open)
}

// requireOrder holds of whatever was told that seq grows, and that after-call work is told before the release that frees
// the phone (3.0-4): right behind it.
func (c *center) requireOrder() {
	c.t.Helper()
	var seq uint64
	for i, e := range *c.heard {
		if e.MessageID == "EventHeartbeat" {
			continue
		}
		require.Greater(c.t, e.Seq, seq)
		seq = e.Seq
		if e.says("AgentNotReady * reasonCode=4") && e.fields["wrapUpDuration"] != nil {
			require.Less(c.t, i+1, len(*c.heard))
			next := (*c.heard)[i+1]
			require.True(c.t, next.says("Released "+e.ThisDN), "3.0-4: %s", next.Raw)
		}
	}
}

// waiting waits until so many callers are in a queue.
func (c *center) waiting(queue string, callers int) {
	c.t.Helper()
	c.until("callers to wait in "+queue, func() bool {
		var q struct{ Waiting int }
		c.asJSON("queue "+queue, &q)
		return q.Waiting == callers
	})
}

// served is a caller who talks to an agent of queue 8001.
func (c *center) served() {
	c.t.Helper()
	c.login(isReady, "1001")
	c.caller("8001")
	c.answer("1001")
	c.told("Established 1001 thisQueue=8001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
}

func waitsAndIsServed(c *center) {
	c.caller("8001")
	c.told("Queued 8001 thisQueue=8001 position=1 waiting=1 otherDN=" + outside)
	c.hears(map[string]string{outside: "music", "1001": ""})
	c.login(isNotReady, "1001")
	c.told("AgentLogin 1001 agentState=2 reasonCode=11")
	c.ask("AgentReady", "1001")
	c.told("AgentReady 1001", "Diverted 8001 thirdDN=1001", "Ringing 1001 thisQueue=8001 otherDN="+outside)
	c.reached("1001", "rings")
	c.hears(map[string]string{outside: "music"})
	c.answer("1001")
	c.told("Established "+outside+" otherDN=1001", "Established 1001 thisQueue=8001 wrapUpDuration=1")
	c.hears(map[string]string{outside: "1001", "1001": outside})
	c.act("1001", (*lab.SIPp).Hold)
	c.told("Held 1001")
	c.act("1001", (*lab.SIPp).Unhold)
	c.told("Retrieved 1001")
	c.hears(map[string]string{outside: "1001", "1001": outside})
	c.hangUp(outside)
	last := c.told("AgentNotReady 1001 reasonCode=4 loginState=1 wrapUpDuration=1",
		"Released 1001 thisQueue=8001 wrapUpDuration=1 hangupSide=customer", "CallDeleted")
	c.was("Released " + outside + " hangupSide=customer")
	c.told("AgentReady 1001 reasonCode=4")
	c.reached("1001", "over")
	c.recorded([]string{"8001 answered"}, []string{"1001 answered"})
	call, parties := c.cdr(last.CallID)
	require.Equal(c.t, "Inbound", call.text("call_type"))
	require.Len(c.t, parties, 2)
	for _, p := range parties {
		found := c.cli("cti call " + p.text("leg_uuid")[:12])
		require.Contains(c.t, found, "\n"+last.CallID+"|Inbound|", "a channel's uuid leads to its call")
		require.Equal(c.t, "8001", p.text("queue_id"))
		require.Equal(c.t, p.text("this_dn") == "1001", p.text("agent_uuid") != "", "whose phone it was stays in the record (R45)")
	}
}

// nailedUp: login calls the phone, and callers are put through to it one after the other without its ringing again.
func nailedUp(c *center) {
	c.login(isReady, "1008")
	c.told("AgentLogin 1008 agentState=1")
	c.answer("1008")
	legs := map[string]bool{}
	for _, ends := range []string{outside, "client", outside} {
		caller := c.caller("8010")
		last := c.told("Queued 8010", "Diverted 8010 thirdDN=1008", "Ringing 1008 thisQueue=8010", "Established 1008 thisQueue=8010")
		c.hears(map[string]string{outside: "1008", "1008": outside})
		if ends == outside {
			c.hangUp(outside)
		} else {
			c.ask("ReleaseCall", "1008")
		}
		c.told("Released 1008 thisQueue=8010", "CallDeleted")
		c.hears(map[string]string{"1008": ""})
		_, parties := c.cdr(last.CallID)
		require.Len(c.t, parties, 2)
		for _, p := range parties {
			if p.text("this_dn") == "1008" {
				legs[p.text("leg_uuid")] = true
			}
		}
		caller.Stop()
	}
	require.Len(c.t, legs, 1, "no other leg is called")
	c.recorded([]string{"8010 answered", "8010 answered", "8010 answered"}, []string{"1008 answered", "1008 answered", "1008 answered"})
	c.hangUp("1008")
	c.told("AgentLogout 1008 reasonCode=6")
}

// attachesData: cti_track and cti_ivr_result attach data to a call, while its caller waits too.
func attachesData(c *center) {
	c.caller("8001")
	call := c.told("Queued 8001").CallID
	uuid := strings.Join([]string{call[:8], call[8:12], call[12:16], call[16:20], call[20:]}, "-")
	c.api("uuid_broadcast " + uuid + " cti_track::lang=en,tier=gold aleg")
	last := c.told("AttachedDataChanged " + outside)
	require.Equal(c.t, map[string]any{"lang": "en", "tier": "gold"}, last.fields["attachedData"])
	c.api("uuid_broadcast " + uuid + " cti_ivr_result::account=12345 aleg")
	last = c.told("AttachedDataChanged " + outside)
	require.Equal(c.t, map[string]any{"lang": "en", "tier": "gold", "account": "12345"}, last.fields["attachedData"])
	c.waiting("8001", 1)
}

// ringsAtOnce: how long it takes from the request until the phone says that it rings, with all that the harness adds.
func ringsAtOnce(c *center) {
	c.login(isNotReady, "1001")
	quick(c.t, time.Second/2, func() time.Duration {
		c.caller("8001")
		c.waiting("8001", 1)
		begun := time.Now()
		c.ask("AgentReady", "1001")
		c.reached("1001", "rings")
		took := time.Since(begun)
		c.answer("1001")
		c.told("Established 1001")
		c.hears(map[string]string{outside: "1001", "1001": outside})
		c.ask("AgentNotReady", "1001", "reasonCode", 11)
		c.hangUp("1001")
		c.told("Released 1001 hangupSide=agent", "CallDeleted")
		return took
	})
	c.ask("AgentReady", "1001")
	c.caller("8001")
	c.told("Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	c.hangUp("1001")
	c.told("AgentNotReady 1001 reasonCode=4", "Released 1001 hangupSide=agent", "CallDeleted")
	// The next caller comes while he works, and rings as soon as he is done.
	c.caller("8001")
	c.told("Queued 8001", "AgentReady 1001 reasonCode=4", "Diverted 8001 thirdDN=1001", "Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
}

func byCommand(c *center) {
	require.Contains(c.t, c.cli("cti agent 1001 login 1001"), "+OK")
	c.told("AgentLogin 1001 agentState=1")
	require.Contains(c.t, c.cli("cti agents"), "ready")
	require.Contains(c.t, c.cli("cti agent 1001 notready 12"), "+OK")
	c.told("AgentNotReady 1001 reasonCode=12")
	c.caller("8001")
	c.told("Queued 8001")
	require.Contains(c.t, c.cli("cti queues"), "8001")
	var queue struct {
		Waiting int
		Callers []struct{ OtherDN string }
		Staff   []struct{ AgentID, Status string }
	}
	c.asJSON("queue 8001", &queue)
	require.Equal(c.t, 1, queue.Waiting)
	require.Equal(c.t, outside, queue.Callers[0].OtherDN)
	require.Len(c.t, queue.Staff, 2)
	require.Equal(c.t, "rest", queue.Staff[0].Status)
	require.Contains(c.t, c.cli("cti agent 1001 ready"), "+OK")
	c.told("AgentReady 1001", "Diverted 8001", "Ringing 1001")
	c.answer("1001")
	c.told("Established 1001")
	require.Contains(c.t, c.cli("cti agent 1001"), outside)
	require.Contains(c.t, c.cli("cti agent 1001 logout"), "+OK")
	c.told("AgentLogout 1001 reserved=true")
	c.hangUp(outside)
	c.told("AgentLogout 1001", "Released 1001")
	require.Contains(c.t, c.cli("cti agent 4711 login"), "-ERR")
	require.Contains(c.t, c.cli("cti agent 1001 notready 99"), "-ERR")
}

// byFeatureCode: an agent dials *1login and so on; he is free when he has hung up.
func byFeatureCode(c *center) {
	dial := func(code string) {
		ctx, cancel := c.soon()
		defer cancel()
		require.NoError(c.t, c.call(lab.Caller{From: "1002", To: code}).Wait(ctx), "%s", code)
	}
	phone := c.phones["1002"]
	restore := func() { c.phones["1002"] = phone }
	defer restore()
	dial("*1login")
	c.told("AgentLogin 1002 agentState=1", "Released 1002")
	dial("*1notready12")
	c.told("AgentNotReady 1002 reasonCode=12 reserved=true", "AgentNotReady 1002 reasonCode=12", "Released 1002")
	dial("*1notready3")
	c.told("Released 1002")
	c.until("the phone to be refused", func() bool { return strings.Contains(c.Log(), "agent 1002 notready: InvalidParams") })
	restore()
	c.caller("8001")
	c.told("Queued 8001")
	dial("*1ready")
	c.told("AgentReady 1002 reserved=true", "AgentReady 1002", "Released 1002", "Diverted 8001 thirdDN=1002", "Ringing 1002")
	restore()
	c.answer("1002")
	c.told("Established 1002 thisQueue=8001")
	c.hears(map[string]string{outside: "1002", "1002": outside})
	c.hangUp(outside)
	c.told("Released 1002", "AgentReady 1002 reasonCode=4")
	dial("*1logout")
	c.told("AgentLogout 1002", "Released 1002")
	dial("*1ready")
	// Nobody is logged in at this phone.
	c.until("the refusal to be logged", func() bool { return strings.Contains(c.Log(), "agent 1002 ready: NotFoundAgentID") })
}

func noAnswer(c *center) {
	c.login(isReady, "1004", "1005")
	c.caller("8003")
	c.told("Queued 8003 position=1", "Diverted 8003 thirdDN=1004", "Ringing 1004")
	c.told("AgentNotReady 1004 reasonCode=5", "Released 1004 callState=NoAnswer", "Queued 8003 thirdDN=1004 retries=1",
		"Diverted 8003 thirdDN=1005", "Ringing 1005")
	c.reached("1004", "over")
	c.hears(map[string]string{outside: "music", "1004": ""})
	// 1005 does not answer either; nothing is done to him, and he is called again.
	c.told("Released 1005 callState=NoAnswer", "Queued 8003 retries=2", "Ringing 1005")
	c.answer("1005")
	c.told("Established 1005 thisQueue=8003")
	c.hears(map[string]string{outside: "1005", "1005": outside, "1004": ""})
	c.hangUp("1005")
	c.told("Released 1005", "CallDeleted")
	// Who was put on a break by it takes calls again as soon as he says so.
	c.caller("8003")
	c.told("Ringing 1005")
	c.ask("AgentReady", "1004")
	c.told("Released 1005 callState=NoAnswer", "Ringing 1004")
	c.answer("1004")
	c.told("Established 1004")
	c.recorded([]string{"8003 answered", "8003 answered"},
		[]string{"1004 no-answer", "1005 no-answer", "1005 answered", "1005 no-answer", "1004 answered"})
	c.never("AgentNotReady 1005 reasonCode=5")
}

func rejectBusyUnreachable(c *center) {
	c.login(isReady, "1006", "1007", "1010", "1005")
	c.caller("8004")
	c.told("Ringing 1006")
	c.refuse("1006")
	c.told("AgentNotReady 1006 reasonCode=1", "Released 1006", "Queued 8004 retries=1", "Ringing 1007")
	c.refuse("1007")
	c.told("AgentLogout 1007 reasonCode=3", "Released 1007", "Queued 8004 retries=2", "Diverted 8004 thirdDN=1010")
	c.told("AgentLogout 1010 reasonCode=99", "Ringing 1005")
	c.answer("1005")
	c.told("Established 1005 thisQueue=8004")
	c.hears(map[string]string{outside: "1005", "1006": "", "1007": ""})
	c.recorded([]string{"8004 answered"}, []string{"1006 rejected", "1007 busy", "1010 unreachable", "1005 answered"})
}

func ringAllOneWinner(c *center) {
	c.login(isReady, "1001", "1002", "1003")
	c.caller("8002")
	for _, dn := range []string{"1001", "1002", "1003"} {
		c.reached(dn, "rings")
	}
	c.answer("1002")
	c.answer("1003") // as good as together
	c.told("Established " + outside)
	c.reached("1001", "over")
	c.until("the losers to be silent", func() bool { return c.count("offer where open = 1") == 0 })
	c.readAll()
	winner, established := "", 0
	for _, e := range (*c.heard)[c.matched-1:] {
		if e.MessageID == "EventEstablished" && e.ThisDN != outside {
			winner, established = e.ThisDN, established+1
		}
	}
	require.Equal(c.t, 1, established, "exactly one is joined:\n%s", c.allHeard())
	want := map[string]string{outside: winner, "1001": "", "1002": "", "1003": ""}
	want[winner] = outside
	c.hears(want)
	c.hangUp(winner)
	c.told("Released "+winner, "CallDeleted")
	// Nobody is stuck: the next caller rings with all three.
	c.caller("8002")
	for _, dn := range []string{"1001", "1002", "1003"} {
		c.reached(dn, "rings")
	}
	c.answer("1001")
	c.told("Established 1001")
}

func ringAllCallerLeaves(c *center) {
	c.login(isReady, "1001", "1002", "1003")
	c.caller("98002")
	for _, dn := range []string{"1001", "1002", "1003"} {
		c.reached(dn, "rings")
	}
	c.act(outside, (*lab.SIPp).GiveUp)
	for _, dn := range []string{"1001", "1002", "1003"} {
		c.reached(dn, "over")
	}
	c.told("Released "+outside, "CallDeleted")
	c.never("Established *", "AgentNotReady * reasonCode=4")
	c.requireFree("1001", "1002", "1003")
}

// requireFree holds that agents are ready and idle.
func (c *center) requireFree(dns ...string) {
	c.t.Helper()
	for _, dn := range dns {
		var a struct{ Status, Occupancy string }
		c.until(dn+" to be free", func() bool { c.asJSON("agent "+dn, &a); return a.Status == "free" })
		require.Equal(c.t, "idle", a.Occupancy)
	}
}

// callerLeavesWhileRinging: the phone is silent at once, and there is no after-call work.
func callerLeavesWhileRinging(c *center) {
	for _, to := range []string{"8001", "98001"} {
		quick(c.t, time.Second/2, func() time.Duration {
			before := len(*c.heard)
			c.request("AgentLogin", "1001", "agentID", "1001", "agentState", 1, "phoneType", 4)
			c.caller(to)
			c.reached("1001", "rings")
			c.told("Ringing 1001")
			begun := time.Now()
			if to == "8001" {
				c.hangUp(outside)
			} else {
				c.act(outside, (*lab.SIPp).GiveUp)
			}
			c.reached("1001", "over")
			took := time.Since(begun)
			c.told("Released 1001 callState=Abandoned")
			c.readAll()
			for _, e := range (*c.heard)[before:] {
				require.NotEqual(c.t, "EventAgentNotReady", e.MessageID, "no wrap-up:\n%s", c.allHeard())
				require.False(c.t, e.says("Established 1001"), "%s", e.Raw)
			}
			c.requireFree("1001")
			return took
		})
	}
	c.recorded([]string{"8001 abandoned", "8001 abandoned"}, []string{"1001 caller-left", "1001 caller-left"})
}

func noGhost(c *center) {
	before := c.count("offer")
	c.caller("8001")
	c.told("Queued 8001")
	c.hangUp(outside)
	c.told("Abandoned 8001", "Released "+outside, "CallDeleted")
	c.login(isReady, "1001")
	c.told("AgentLogin 1001")
	c.requireFree("1001")
	c.recorded([]string{"8001 abandoned"}, nil)
	require.Equal(c.t, before, c.count("offer"))
}

// answerAgainstHangup: the phone picks up in the moment in which the caller leaves. Whoever was first, nobody is stuck,
// and the call is one of the two, not both.
func answerAgainstHangup(c *center) {
	for range 5 {
		c.request("AgentLogin", "1001", "agentID", "1001", "agentState", 1, "phoneType", 4)
		c.request("AgentReady", "1001")
		c.caller("8001")
		c.reached("1001", "rings")
		c.answer("1001")
		c.hangUp(outside)
		c.told("CallDeleted")
		c.quiet()
		c.until("the stay to be closed", func() bool { return c.count("queue_stay where open = 1") == 0 })
		outcome := c.outcome()
		require.Contains(c.t, []string{"answered", "abandoned"}, outcome)
		c.readAll()
		joined := false
		for i := len(*c.heard) - 1; (*c.heard)[i].MessageID != "EventCallCreated"; i-- {
			joined = joined || (*c.heard)[i].says("Established 1001")
		}
		require.Equal(c.t, outcome == "answered", joined, "the record says what was told:\n%s", c.allHeard())
		c.ask("AgentReady", "1001")
		c.requireFree("1001")
	}
}

// pausedWhileRinging: he gets not ready while his phone rings, and does not answer. It is in force when the phone is free.
func pausedWhileRinging(c *center) {
	c.login(isReady, "1004")
	c.caller("8003")
	c.told("Ringing 1004")
	c.ask("AgentNotReady", "1004", "reasonCode", 13)
	c.told("AgentNotReady 1004 reasonCode=13 reserved=true", "Released 1004 callState=NoAnswer", "Queued 8003 retries=1")
	c.reached("1004", "over")
	var a struct{ Occupancy, Status string }
	c.asJSON("agent 1004", &a)
	require.Equal(c.t, "idle", a.Occupancy)
	c.ask("AgentReady", "1004")
	c.told("AgentReady 1004", "Ringing 1004")
	c.answer("1004")
	c.told("Established 1004")
}

// wrapUpIsKept: nobody is offered to an agent who works on his last call, whatever the queue; it goes on until he says so
// where it is untimed, and has no end then that could be moved (3.15).
func wrapUpIsKept(c *center) {
	c.login(isReady, "1001")
	c.caller("8009")
	c.answer("1001")
	c.told("Established 1001 wrapUpDuration=-1")
	c.hangUp("1001")
	c.told("AgentNotReady 1001 reasonCode=4 wrapUpDuration=-1", "Released 1001", "CallDeleted")
	c.caller("8001")
	c.told("Queued 8001")
	require.EqualValues(c.t, 302005, c.request("DelayAfterCallWork", "1001", "delaySeconds", 1).ErrorCode)
	mark := len(*c.heard)
	c.ask("AgentReady", "1001")
	c.told("AgentReady 1001", "Diverted 8001", "Ringing 1001")
	for _, e := range (*c.heard)[mark:] {
		if e.says("AgentReady 1001") {
			break
		}
		require.False(c.t, e.says("Ringing 1001"), "not before the end of after-call work:\n%s", c.allHeard())
	}
	c.answer("1001")
	c.told("Established 1001")
}
