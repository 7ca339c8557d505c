package fs_test

import (
	"context"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	neverMobile   = "13922210001" // the mobiles of three agents, by when they are to ring
	offlineMobile = "13922210002"
	alwaysMobile  = "13922210003"
	pstnPhone     = "13922210004" // the only phone of a fourth
	mobileCaller  = "13811130001"
)

var mobileStage = &stage{
	name: "mobile and PSTN agents",
	phones: map[string]lab.Phone{"1121": {}, "1122": {}, "1123": {}, "1125": {}, neverMobile: {}, offlineMobile: {},
		alwaysMobile: {Status: "603 Decline"}, pstnPhone: {}},
	callers: []string{mobileCaller},
	queues:  []string{"8121", "8122", "8123", "8124"},
	config: func(s *lab.Switch) (r roster) {
		for _, queue := range []string{"8121", "8122", "8123", "8124"} {
			r.queues += queueElement(queue, "wrap-up-time", "1")
		}
		r.agent("1121", []string{"8121"}, "mobile", neverMobile, "mobile-accept", "never")
		r.agent("1122", []string{"8122"}, "mobile", offlineMobile, "mobile-accept", "offline", "device-lost", "logout")
		r.agent("1123", []string{"8123"}, "mobile", alwaysMobile, "mobile-accept", "always")
		r.agent("1124", []string{"8124"})
		r.agent("1125", nil, "device-lost", "logout")
		r.direct(s, "1121", "1122", "1123", neverMobile, offlineMobile, alwaysMobile, pstnPhone)
		return r
	},
	plays: []scene{
		{"never: his phone rings", "UseMobileAccept 0", mobileNever},
		{"offline: the mobile rings while his phone is not registered", "3.15 UseMobileAccept 1", mobileWhenOffline},
		{"always: the mobile rings", "3.3 3.15 3.0-4 R56 UseMobileAccept 2", mobileAlways},
		{"a PSTN phone is all that he has", "R56 R61 phoneType 3", pstnAgent},
	},
}

func mobileNever(p *play) {
	p.login(isReady, "1121")
	p.tells("AgentLogin 1121 agentState=1 phoneType=4")
	p.comes(mobileCaller, "8121", 1)
	p.rings("1121", "8121", mobileCaller)
	p.talks("1121", "8121", mobileCaller)
	p.leavesTalk(mobileCaller, "1121", "1121")
	p.offers("8121", "1121 answered")
}

// mobileWhenOffline: who has a mobile for it is not logged out when his phone is gone; it rings again when it is back.
func mobileWhenOffline(p *play) {
	p.registers("1122", 300)
	p.login(isReady, "1122")
	p.tells("AgentLogin 1122")
	p.comes(mobileCaller, "8122", 1)
	p.rings("1122", "8122", mobileCaller)
	p.hangUp(mobileCaller)
	p.tellsTogether("Released "+mobileCaller, "Released 1122 callState=Abandoned")
	p.tells("CallDeleted " + mobileCaller)

	p.registers("1125", 300)
	p.login(isNotReady, "1125")
	p.registers("1122", 0)
	p.registers("1125", 0)
	p.tells("AgentLogin 1125", "AgentLogout 1125 reasonCode=6") // and that is how long it takes
	p.is("1122", isReady, "idle", "free")
	p.comes(mobileCaller, "8122", 1)
	p.rings(offlineMobile, "8122", mobileCaller)
	p.is("1122", isReady, "ringing", "busy")
	p.talks(offlineMobile, "8122", mobileCaller)
	p.is("1122", isReady, "talking", "busy")
	p.leavesTalk(mobileCaller, offlineMobile, "1122")

	p.registers("1125", 300)
	p.login(isNotReady, "1125")
	p.registers("1122", 300)
	p.registers("1125", 0)
	p.tells("AgentLogin 1125", "AgentLogout 1125 reasonCode=6") // by now it is known that 1122's phone is back
	p.comes(mobileCaller, "8122", 1)
	p.rings("1122", "8122", mobileCaller)
	p.talks("1122", "8122", mobileCaller)
	p.leavesTalk(mobileCaller, "1122", "1122")
	p.offers("8122", "1122 caller-left", offlineMobile+" answered", "1122 answered")
	p.record(1, "Inbound "+mobileCaller+" 8122 customer", mobileCaller+" Customer 8122*", offlineMobile+" Agent 8122*")
	require.EqualValues(p.t, 3, p.count("offer where agent_uuid = 'agent1122'"))
}

// mobileAlways: what he does with the mobile counts as with his phone; his events name the DN that he is at, and requests
// for that DN are about it.
func mobileAlways(p *play) {
	p.login(isReady, "1123")
	p.tells("AgentLogin 1123")
	p.comes(mobileCaller, "8123", 1)
	p.rings(alwaysMobile, "8123", mobileCaller)
	p.refuse(alwaysMobile)
	p.tells("Released "+alwaysMobile+" thisQueue=8123", "Queued 8123 retries=1 thirdDN="+alwaysMobile)
	p.rings(alwaysMobile, "8123", mobileCaller)
	p.ask("AgentNotReady", "1123", "reasonCode", 12)
	p.tells("AgentNotReady 1123 reasonCode=12 reserved=true")
	p.answer(alwaysMobile)
	p.tellsTogether("Established "+mobileCaller+" otherDN="+alwaysMobile+" ANI="+mobileCaller,
		"Established "+alwaysMobile+" otherDN="+mobileCaller+" ANI="+mobileCaller+" DNIS=8123 wrapUpDuration=1")
	p.hears(map[string]string{mobileCaller: alwaysMobile, alwaysMobile: mobileCaller})
	p.ask("HoldCall", "1123")
	p.tells("Held " + alwaysMobile)
	p.hears(map[string]string{mobileCaller: "music"})
	p.is("1123", isReady, "held", "busy")
	p.ask("RetrieveCall", "1123")
	p.tells("Retrieved " + alwaysMobile)
	p.hears(map[string]string{mobileCaller: alwaysMobile, alwaysMobile: mobileCaller})
	p.ask("ReleaseCall", "1123")
	p.tellsTogether("AgentNotReady 1123 reasonCode=4 loginState=2 wrapUpDuration=1", "Released "+alwaysMobile+" hangupSide=agent",
		"Released "+mobileCaller+" hangupSide=agent")
	p.tells("CallDeleted "+mobileCaller, "AgentNotReady 1123 reasonCode=12")
	p.is("1123", isNotReady, "idle", "rest")
	p.stays("8123", mobileCaller+" answered")
	p.offers("8123", alwaysMobile+" rejected", alwaysMobile+" answered")
}

// pstnAgent logs in at a number outside, where the dial plan calls him.
func pstnAgent(p *play) {
	p.ask("AgentLogin", pstnPhone, "agentID", "1124", "agentState", isReady, "phoneType", 3)
	p.tells("AgentLogin " + pstnPhone + " agentID=1124 agentState=1 phoneType=3")
	p.comes(mobileCaller, "8124", 1)
	p.rings(pstnPhone, "8124", mobileCaller)
	p.talks(pstnPhone, "8124", mobileCaller)
	p.ask("HoldCall", pstnPhone)
	p.tells("Held " + pstnPhone)
	p.hears(map[string]string{mobileCaller: "music"})
	p.is("1124", isReady, "held", "busy")
	p.ask("RetrieveCall", pstnPhone)
	p.tells("Retrieved " + pstnPhone)
	p.hears(map[string]string{mobileCaller: pstnPhone, pstnPhone: mobileCaller})
	p.leavesTalk(mobileCaller, pstnPhone, pstnPhone)
	p.ask("AgentLogout", pstnPhone)
	p.tells("AgentLogout " + pstnPhone)
	p.record(0, "Inbound "+mobileCaller+" 8124 customer", mobileCaller+" Customer 8124*", pstnPhone+" Agent 8124*")
}

// registers registers a phone for some seconds, or takes its registration back for 0.
func (p *play) registers(number string, seconds int) {
	p.t.Helper()
	p.registersAt(number, p.PhonePort(number), seconds)
}

func (p *play) registersAt(number string, port, seconds int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, p.RegisterAt(ctx, number, port, seconds))
}
