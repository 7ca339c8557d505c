package fs_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	forcedCaller = "13811140001"
	colleague    = "the token of one who has no supervisor's right"
	deputy       = "the token of a supervisor of 1132 alone"
)

var forcedStage = &stage{
	name:    "forced by a supervisor",
	phones:  map[string]lab.Phone{"1131": {}, "1132": {}},
	callers: []string{forcedCaller},
	queues:  []string{"8131", "8132"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8131", "wrap-up-time", "1") + queueElement("8132", "wrap-up-time", "untimed")
		r.agent("1131", []string{"8131", "8132"})
		r.agent("1132", nil)
		r.direct(s, "1131", "1132")
		r.token(colleague, "1131,1132", "observe,control")
		r.token(deputy, "1132", "supervise")
		return r
	},
	plays: []scene{
		{"an agent who is idle", "3.15 R42", forcedIdle},
		{"what is refused", "3.0-10 protocol 6", forcedRefused},
		{"by who may not", "protocol 6 and 7", forcedWithoutRight},
		{"while his phone rings", "3.15 R43 PISTON-116", forcedRinging},
		{"in talk", "3.15 3.0-4", forcedInTalk},
		{"in after-call work", "3.15", forcedInWrapUp},
	},
}

// force sends a supervisor's request, which must not be refused.
func (p *play) force(dn string, state int) {
	p.t.Helper()
	p.ask("ForceAgentState", dn, "agentUUID", "agent"+dn, "agentState", state)
}

func forcedIdle(p *play) {
	p.force("1131", isReady)
	p.tells("AgentLogin 1131 agentState=1 reasonCode=0")
	p.force("1131", isNotReady)
	p.tells("AgentNotReady 1131 reasonCode=7 previousState=1")
	p.is("1131", isNotReady, "idle", "notReady")
	p.comes(forcedCaller, "8131", 1)
	p.hears(map[string]string{forcedCaller: "music"})
	p.force("1131", isReady)
	p.tells("AgentReady 1131 reasonCode=7 previousState=2 previousReasonCode=7")
	p.rings("1131", "8131", forcedCaller)
	p.talks("1131", "8131", forcedCaller)
	p.leavesTalk(forcedCaller, "1131", "1131")
	p.force("1131", isLoggedOut)
	p.tells("AgentLogout 1131 reasonCode=7")
	p.is("1131", isLoggedOut, "idle", "offline")
	p.force("1131", isNotReady)
	p.tells("AgentLogin 1131 agentState=2 reasonCode=7")
}

// forcedRefused: nothing has changed, and nobody is told but who asked.
func forcedRefused(p *play) {
	refusedAt := func(dn string, code int64, fields ...any) {
		p.t.Helper()
		m := p.request("ForceAgentState", dn, fields...)
		require.Equal(p.t, code, m.ErrorCode, "%s", m.Raw)
		require.Equal(p.t, "EventAgentError", m.MessageID)
		require.NotEmpty(p.t, m.Detail)
	}
	refusedAt("1131", 302001, "agentUUID", "nobody", "agentState", isReady)
	refusedAt("1132", 302001, "agentUUID", "agent1131", "agentState", isReady) // that is not his phone
	refusedAt("1131", 302002, "agentUUID", "agent1131", "agentState", isLoggedOut)
	refusedAt("1131", 301018, "agentUUID", "agent1131", "agentState", 3)
	p.ask("AgentLogin", "1132", "agentID", "1131", "agentState", isReady, "phoneType", 4)
	p.tells("AgentLogin 1132 agentID=1131")
	refusedAt("1132", 302004, "agentUUID", "agent1132", "agentState", isReady)
	refusedAt("1131", 302001, "agentUUID", "agent1131", "agentState", isNotReady) // nor is this now
	p.is("1131", isReady, "idle", "free")
	p.is("1132", isLoggedOut, "idle", "offline")
	p.ask("AgentLogout", "1132")
	p.tells("AgentLogout 1132 agentID=1131")
}

// forcedWithoutRight: who has no right to it, or none for that agent, changes nothing, whatever he names; nobody else is
// told.
func forcedWithoutRight(p *play) {
	p.login(isReady, "1131")
	p.tells("AgentLogin 1131")
	mate := p.enters(colleague)
	ctx, cancel := p.soon()
	defer cancel()
	require.NoError(p.t, mate.Register(ctx, "1131", "1132"))
	refused := func(client *lab.Client, code int64, dn string) {
		p.t.Helper()
		for _, state := range []int{isLoggedOut, isReady, isNotReady} {
			fields := lab.Fields{"agentUUID": "agent1131", "agentState": state}
			if dn != "" {
				fields["thisDN"] = dn
			}
			m, err := client.Request(ctx, "RequestForceAgentState", fields)
			require.NoError(p.t, err)
			require.Equal(p.t, "EventAgentError", m.MessageID, "%s", m.Raw)
			require.Equal(p.t, code, m.ErrorCode, "%s", m.Raw)
			p.is("1131", isReady, "idle", "free")
		}
	}
	refused(mate, 301026, "1131")
	refused(mate, 301026, "")
	second := p.enters(deputy)
	refused(second, 301026, "1131")
	refused(second, 301026, "")
	refused(second, 302001, "1132") // his own, and another's agent

	m, err := second.Request(ctx, "RequestForceAgentState",
		lab.Fields{"thisDN": "1132", "agentUUID": "agent1132", "agentState": isReady})
	require.NoError(p.t, err)
	require.Zero(p.t, m.ErrorCode, "%s", m.Raw)
	p.tells("AgentLogin 1132 agentState=1") // and nothing was told before
}

// enters opens a client by its token.
func (p *play) enters(token string) *lab.Client {
	p.t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	client, err := lab.ConnectClient(ctx, p.socket())
	require.NoError(p.t, err)
	p.t.Cleanup(client.Close)
	_, err = client.Ask(ctx, map[string]any{"messageID": "RequestOpen", "protocol": 1, "token": token}, "EventOpened")
	require.NoError(p.t, err)
	return client
}

// token lets in who knows it.
func (r *roster) token(secret, dns, rights string) {
	r.tokens += element("token", "hash", fmt.Sprintf("%x", sha256.Sum256([]byte(secret))), "dns", dns, "rights", rights)
}

// forcedRinging: the phone rings on, and the call may still be taken; where he lands is decided.
func forcedRinging(p *play) {
	p.login(isReady, "1131")
	p.tells("AgentLogin 1131")
	p.comes(forcedCaller, "8131", 1)
	p.rings("1131", "8131", forcedCaller)
	p.force("1131", isNotReady)
	p.tells("AgentNotReady 1131 reasonCode=7 reserved=true")
	p.is("1131", isReady, "ringing", "busy")
	p.talks("1131", "8131", forcedCaller)
	p.hangUp(forcedCaller)
	p.tellsTogether("Released "+forcedCaller, "AgentNotReady 1131 reasonCode=4 loginState=2", "Released 1131")
	p.tells("CallDeleted "+forcedCaller, "AgentNotReady 1131 reasonCode=7")
	p.is("1131", isNotReady, "idle", "notReady")

	p.ask("AgentReady", "1131")
	p.tells("AgentReady 1131")
	p.comes(forcedCaller, "8131", 1)
	p.rings("1131", "8131", forcedCaller)
	p.force("1131", isLoggedOut)
	p.tells("AgentLogout 1131 reasonCode=7 reserved=true")
	begun := time.Now()
	p.hangUp(forcedCaller)
	p.reached("1131", "over")
	require.Less(p.t, time.Since(begun), atOnce)
	p.tellsTogether("Released "+forcedCaller, "AgentLogout 1131 reasonCode=7", "Released 1131 callState=Abandoned")
	p.tells("CallDeleted " + forcedCaller)
	p.is("1131", isLoggedOut, "idle", "offline")
	p.stays("8131", forcedCaller+" answered", forcedCaller+" abandoned")
	p.offers("8131", "1131 answered", "1131 caller-left")
}

// forcedInTalk: the last word counts; who is to go has no after-call work.
func forcedInTalk(p *play) {
	p.login(isReady, "1131")
	p.tells("AgentLogin 1131")
	p.comes(forcedCaller, "8131", 1)
	p.rings("1131", "8131", forcedCaller)
	p.talks("1131", "8131", forcedCaller)
	p.force("1131", isNotReady)
	p.tells("AgentNotReady 1131 reasonCode=7 reserved=true")
	p.force("1131", isReady)
	p.tells("AgentReady 1131 reasonCode=7 reserved=true")
	p.force("1131", isLoggedOut)
	p.tells("AgentLogout 1131 reasonCode=7 reserved=true")
	p.is("1131", isReady, "talking", "busy")
	p.hears(map[string]string{forcedCaller: "1131", "1131": forcedCaller})
	p.hangUp("1131")
	p.tellsTogether("AgentLogout 1131 reasonCode=7", "Released 1131 hangupSide=agent", "Released "+forcedCaller+" hangupSide=agent")
	p.tells("CallDeleted " + forcedCaller)
	p.is("1131", isLoggedOut, "idle", "offline")
	p.record(0, "Inbound "+forcedCaller+" 8131 agent", forcedCaller+" Customer 8131*", "1131 Agent 8131*")
}

// forcedInWrapUp: it ends after-call work, which would not end by itself.
func forcedInWrapUp(p *play) {
	p.login(isReady, "1131")
	p.tells("AgentLogin 1131")
	for _, forced := range []struct {
		state int
		told  string
	}{
		{isReady, "AgentReady 1131 reasonCode=7 previousState=2 previousReasonCode=4"},
		{isNotReady, "AgentNotReady 1131 reasonCode=7 previousReasonCode=4"},
		{isLoggedOut, "AgentLogout 1131 reasonCode=7 previousReasonCode=4"},
	} {
		p.comes(forcedCaller, "8132", 1)
		if forced.state == isLoggedOut {
			p.ask("AgentReady", "1131")
			p.tells("AgentReady 1131")
		}
		p.rings("1131", "8132", forcedCaller)
		p.talks("1131", "8132", forcedCaller)
		p.hangUp(forcedCaller)
		p.tellsTogether("Released "+forcedCaller, "AgentNotReady 1131 reasonCode=4 wrapUpDuration=-1", "Released 1131")
		p.tells("CallDeleted " + forcedCaller)
		p.is("1131", isNotReady, "afterCallWork", "afterCallWork")
		p.force("1131", forced.state)
		p.tells(forced.told)
	}
	p.is("1131", isLoggedOut, "idle", "offline")
	p.stays("8132", forcedCaller+" answered", forcedCaller+" answered", forcedCaller+" answered")
}
