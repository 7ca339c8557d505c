package fs_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const forcedCaller = "13811140001"

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
		return r
	},
	plays: []scene{
		{"an agent who is idle", "3.15 R42", forcedIdle},
		{"what is refused", "3.0-10 protocol 6", forcedRefused},
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
	refused := func(code int64, fields ...any) {
		p.t.Helper()
		m := p.request("ForceAgentState", "1131", fields...)
		require.Equal(p.t, code, m.ErrorCode, "%s", m.Raw)
		require.Equal(p.t, "EventAgentError", m.MessageID)
		require.NotEmpty(p.t, m.Detail)
	}
	refused(302001, "agentUUID", "nobody", "agentState", isReady)
	refused(302002, "agentUUID", "agent1131", "agentState", isLoggedOut)
	refused(301018, "agentUUID", "agent1131", "agentState", 3)
	p.ask("AgentLogin", "1132", "agentID", "1131", "agentState", isReady, "phoneType", 4)
	p.tells("AgentLogin 1132 agentID=1131")
	refused(302004, "agentUUID", "agent1132", "agentState", isReady)
	p.is("1131", isReady, "idle", "free")
	p.is("1132", isLoggedOut, "idle", "offline")
	p.ask("AgentLogout", "1132")
	p.tells("AgentLogout 1132 agentID=1131")
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
