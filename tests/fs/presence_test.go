package fs_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	dark, blinks, lit = "terminated", "early", "confirmed"
	localDomain       = "127.0.0.1"
)

// TestPresence: what phones' keys show that subscribe to agents and queues, as sofia notifies them. An agent's work number is
// his extension too, so that sofia may take his phone's calls for his; and mod_fifo is there, which takes every queue for one
// of its own.
func TestPresence(t *testing.T) {
	s := startSwitch(t, lab.Options{Sample: []byte("<!-- written later -->")})
	c := startCenterOn(t, s, func(s *lab.Switch) lab.Supplement {
		return lab.Supplement{
			CTI:            strings.Replace(deskQueues(s), "<settings>", `<settings><param name="presence" value="true"/>`, 1),
			Configurations: `<configuration name="fifo.conf"><settings/><fifos/></configuration>`,
		}
	}, "mod_fifo")
	c.putPhones(map[string]lab.Phone{"1001": {Tone: tones["1001"]}})
	c.register("1001")
	c.each(t, "an agent", "settings.md presence", agentKeys)
	c.each(t, "a queue", "settings.md presence", queueKeys)
	c.each(t, "unknown", "settings.md presence", unknownKeys)
	c.each(t, "the module goes and comes", "settings.md presence", keysOfAnotherLoad)
}

// watch has a phone's key watch somebody, and returns what waits until it shows something.
func (c *center) watch(whom, pkg string) (key *lab.Key, shows func(what string)) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	key, err := c.Watch(ctx, whom, localDomain, pkg)
	require.NoError(c.t, err)
	c.t.Cleanup(key.Close)
	return key, func(what string) {
		c.t.Helper()
		ctx, cancel := context.WithTimeout(c.ctx, patience)
		defer cancel()
		require.NoError(c.t, key.Shows(ctx, what), whom)
	}
}

// agentKeys: a lamp through an agent's day, and the words beside it.
func agentKeys(c *center) {
	lamp, shows := c.watch("agent+1001", "dialog")
	words, says := c.watch("agent+1001", "presence")
	both := func(lamp, words string) {
		c.t.Helper()
		shows(lamp)
		says(words)
	}
	both(dark, "Logged Out")
	c.login(isNotReady, "1001")
	both(lit, "Not Ready 11")
	c.ask("AgentReady", "1001")
	both(dark, "Ready")
	c.caller("8001")
	both(blinks, "Ringing")
	c.reached("1001", "rings")
	c.answer("1001")
	both(lit, "Talking")
	c.act("1001", (*lab.SIPp).Hold)
	both(lit, "Holding")
	c.act("1001", (*lab.SIPp).Unhold)
	both(lit, "Talking")
	c.hangUp(outside)
	both(lit, "After-Call Work")
	both(dark, "Ready")
	c.reached("1001", "over")
	c.ask("AgentNotReady", "1001", "reasonCode", 12)
	both(lit, "Not Ready 12")
	c.ask("AgentLogout", "1001")
	both(dark, "Logged Out")
	require.Equal(c.t, []string{dark, lit, dark, blinks, lit, dark, lit, dark}, lamp.Shown())
	require.Equal(c.t, []string{"Logged Out", "Not Ready 11", "Ready", "Ringing", "Talking", "Holding", "Talking", "After-Call Work",
		"Ready", "Not Ready 12", "Logged Out"}, words.Shown())
	c.login(isReady, "1001")
	for range 3 { // free at once, though the switch may still know of the call that his phone has just had
		c.caller("8002")
		shows(blinks)
		c.reached("1001", "rings")
		c.answer("1001")
		shows(lit)
		c.hangUp(outside)
		shows(dark)
		c.reached("1001", "over")
	}
}

// queueKeys: lit while somebody waits; by either name. Who watches from now on is told what there is.
func queueKeys(c *center) {
	_, own := c.watch("queue+8002", "dialog")
	_, callcenter := c.watch("callcenter+8002", "dialog")
	_, says := c.watch("callcenter+8002", "presence")
	for _, shows := range []func(string){own, callcenter} {
		shows(dark)
	}
	says("Idle")
	c.caller("8002")
	for _, shows := range []func(string){own, callcenter} {
		shows(lit)
	}
	says("Active (1 waiting)")
	late, lateShows := c.watch("queue+8002", "dialog")
	c.until("mod_fifo and mod_cti to have spoken, and mod_cti once more", func() bool { return late.Heard() >= 3 })
	lateShows(lit)
	c.hangUp(outside)
	for _, shows := range []func(string){own, callcenter, lateShows} {
		shows(dark)
	}
	says("Idle")
}

// unknownKeys: of whom there is not nothing is said; of others it is at once.
func unknownKeys(c *center) {
	nobody, _ := c.watch("agent+4711", "dialog")
	odd, _ := c.watch("callcenter+x%27y", "dialog")
	_, shows := c.watch("agent+1002", "dialog")
	shows(dark)
	require.Empty(c.t, nobody.Shown())
	require.Empty(c.t, odd.Shown())
}

// keysOfAnotherLoad: without an engine nobody is busy; a phone that has subscribed watches again when there is one.
func keysOfAnotherLoad(c *center) {
	key, shows := c.watch("callcenter+8003", "dialog")
	c.caller("8003")
	shows(lit)
	c.hangUp(outside)
	shows(dark)
	c.login(isNotReady, "1001")
	_, agent := c.watch("agent+1001", "dialog")
	agent(lit)
	c.api("unload mod_cti")
	agent(dark)
	c.api("load mod_cti")
	agent(lit)
	require.False(c.t, slices.Contains(key.Shown(), blinks))
	c.open("1001")
	c.ask("AgentLogout", "1001")
	agent(dark)
}
