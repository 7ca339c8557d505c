package fs_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const deskCaller = "13811150001"

// registrationStage has agents whose phones are called where they have registered.
var registrationStage = &stage{
	name:    "registrations",
	phones:  map[string]lab.Phone{"1141": {}, "1142": {}, "1143": {}},
	callers: []string{deskCaller},
	queues:  []string{"8141", "8142"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8141", "wrap-up-time", "1") + queueElement("8142", "wrap-up-time", "1")
		r.agent("1141", []string{"8141"}, "device-lost", "logout")
		r.agent("1142", []string{"8142"}, "device-lost", "stay")
		r.agent("1143", []string{"8142"}, "device-lost", "logout")
		r.rules = element("rule", "pattern", "^114.$", "leg", "sofia/internal/$0%127.0.0.1")
		return r
	},
	plays: []scene{
		{"unregistered: he is logged out", "3.15 R42 fusionpbx#2831", phoneGone},
		{"unregistered while he talks: after it, unless it comes back", "3.15 3.0-4", phoneGoneInTalk},
		{"it never was registered: he is logged out", "3.15 R42 fusionpbx#2831", phoneNeverThere},
		{"it expires", "3.15 R42", phoneExpires},
		{"one of his two expires: he stays", "3.15 R42", oneOfTwoExpires},
		{"he stays: it cannot be reached until it is back", "3.3 3.15", phoneGoneAgentStays},
	},
}

// phoneGone: a phone that registers anew in time is not missed; one that comes back does not log anybody in.
func phoneGone(p *play) {
	p.registers("1141", 300)
	p.login(isReady, "1141")
	p.tells("AgentLogin 1141")
	p.registers("1141", 300)
	p.registers("1141", 0)
	p.tells("AgentLogout 1141 reasonCode=6")
	p.is("1141", isLoggedOut, "idle", "offline")
	p.registers("1141", 300)
	p.comes(deskCaller, "8141", 1)
	p.hears(map[string]string{deskCaller: "music"})
	p.login(isReady, "1141")
	p.tells("AgentLogin 1141 previousReasonCode=6")
	p.rings("1141", "8141", deskCaller)
	p.talks("1141", "8141", deskCaller)
	p.leavesTalk(deskCaller, "1141", "1141")
	p.registers("1141", 0)
	p.tells("AgentLogout 1141 reasonCode=6")
}

// phoneGoneInTalk: the talk goes on, for the phone is in it. It is told when he will have to go, and when not.
func phoneGoneInTalk(p *play) {
	p.registers("1141", 300)
	p.login(isReady, "1141")
	p.tells("AgentLogin 1141")
	p.comes(deskCaller, "8141", 1)
	p.rings("1141", "8141", deskCaller)
	p.talks("1141", "8141", deskCaller)
	p.registers("1141", 0)
	p.tells("AgentLogout 1141 reasonCode=6 reserved=true")
	p.is("1141", isReady, "talking", "busy")
	p.registers("1141", 300)
	p.tells("AgentReady 1141 reserved=true")
	p.registers("1141", 0)
	p.tells("AgentLogout 1141 reasonCode=6 reserved=true")
	p.hears(map[string]string{deskCaller: "1141", "1141": deskCaller})
	p.hangUp(deskCaller)
	p.tellsTogether("Released "+deskCaller, "AgentLogout 1141 reasonCode=6", "Released 1141 hangupSide=customer")
	p.tells("CallDeleted " + deskCaller)
	p.is("1141", isLoggedOut, "idle", "offline")
	p.stays("8141", deskCaller+" answered")
	p.record(0, "Inbound "+deskCaller+" 8141 customer", deskCaller+" Customer 8141*", "1141 Agent 8141*")
}

// phoneNeverThere: nobody has ever seen his phone. He may come when it is there.
func phoneNeverThere(p *play) {
	p.login(isReady, "1143")
	p.tells("AgentLogin 1143", "AgentLogout 1143 reasonCode=6")
	p.is("1143", isLoggedOut, "idle", "offline")
	p.registers("1143", 300)
	p.login(isReady, "1143")
	p.tells("AgentLogin 1143 previousReasonCode=6")
	p.comes(deskCaller, "8142", 1)
	p.rings("1143", "8142", deskCaller)
	p.talks("1143", "8142", deskCaller)
	p.leavesTalk(deskCaller, "1143", "1143")
	p.registers("1143", 0)
	p.tells("AgentLogout 1143 reasonCode=6")
}

func phoneExpires(p *play) {
	p.registers("1141", 1)
	p.login(isReady, "1141")
	p.tells("AgentLogin 1141", "AgentLogout 1141 reasonCode=6")
	p.is("1141", isLoggedOut, "idle", "offline")
}

// oneOfTwoExpires: who has registered twice can be called until both are gone. The other user's phone, which expires later,
// says when the first has.
func oneOfTwoExpires(p *play) {
	contacts := func() int { return strings.Count(p.api("sofia_contact */1141@127.0.0.1"), "sip:1141@") }
	p.registers("1141", 300)
	p.registersAt("1141", p.PhonePort("1142"), 1)
	p.registers("1143", 2)
	require.Equal(p.t, 2, contacts())
	p.login(isReady, "1141")
	p.tells("AgentLogin 1141")
	p.login(isReady, "1143")
	p.tells("AgentLogin 1143", "AgentLogout 1143 reasonCode=6")
	require.Equal(p.t, 1, contacts())
	p.is("1141", isReady, "idle", "free")
	p.comes(deskCaller, "8141", 1)
	p.rings("1141", "8141", deskCaller)
	p.talks("1141", "8141", deskCaller)
	p.leavesTalk(deskCaller, "1141", "1141")
	p.registers("1141", 0)
	p.tells("AgentLogout 1141 reasonCode=6")
}

// phoneGoneAgentStays: each call finds the phone gone, and the caller waits on until it is back.
func phoneGoneAgentStays(p *play) {
	p.registers("1142", 300)
	p.login(isReady, "1142")
	p.tells("AgentLogin 1142")
	p.registers("1142", 0)
	p.missed("1142")
	p.is("1142", isReady, "idle", "free")
	p.comes(deskCaller, "8142", 1)
	p.tells("Diverted 8142 thirdDN=1142", "Queued 8142 retries=1 thirdDN=1142") // what never rang is not told of
	p.registers("1142", 300)
	p.rings("1142", "8142", deskCaller)
	p.talks("1142", "8142", deskCaller)
	p.leavesTalk(deskCaller, "1142", "1142")
	p.stays("8142", deskCaller+" answered")
	p.offers("8142", "1142 unreachable", "1142 answered")
	p.registers("1142", 0)
}

// missed waits until the switch does not know where a phone is.
func (p *play) missed(number string) {
	p.t.Helper()
	p.until(number+" to be missed", func() bool { return strings.HasPrefix(p.try("sofia_contact */"+number+"@127.0.0.1"), "error/") })
}
