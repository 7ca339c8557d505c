package fs_test

import (
	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const missedCaller = "13811160001"

// missedStage has agents of whom each fails in a way of his own; nothing is at 1154 and 1158.
var missedStage = &stage{
	name: "calls that are not taken",
	phones: map[string]lab.Phone{"1151": {}, "1152": {Status: "603 Decline"}, "1153": {}, "1155": {Status: "603 Decline"},
		"1156": {}, "1157": {}, "1159": {}, "1165": {}, "1166": {Status: "603 Decline"}, "1167": {}},
	callers: []string{missedCaller},
	queues:  []string{"8151", "8152", "8153", "8156"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8151", "ring-time", "20") + queueElement("8152", "strategy", "top-down") +
			queueElement("8153", "strategy", "top-down") +
			queueElement("8156", "no-answer-overflow", "queue 8999, voicemail 1167, number 1167, recall")
		r.agent("1151", []string{"8151"}, "no-answer-policy", "logout", "max-no-answer", "2", "ring-time", "1")
		r.agent("1152", []string{"8152"}, "reject-policy", "logout", "max-no-answer", "1", "busy-policy", "not-ready")
		r.agent("1153", []string{"8152"}, "reject-policy", "logout", "max-no-answer", "1", "busy-policy", "not-ready")
		r.agent("1154", []string{"8152"}, "unreachable-policy", "not-ready", "max-no-answer", "1")
		r.agent("1155", []string{"8153"}, "reject-delay-time", "2")
		r.agent("1156", []string{"8153"}, "busy-delay-time", "2")
		r.agent("1157", []string{"8153"}, "no-answer-delay-time", "2", "ring-time", "1")
		r.agent("1158", []string{"8153"}, "unreachable-delay-time", "2")
		r.agent("1159", []string{"8152"})
		r.agent("1165", []string{"8156"}, "no-answer-policy", "logout", "max-no-answer", "1", "ring-time", "1")
		r.agent("1166", []string{"8156"}, "no-answer-overflow", "release")
		r.direct(s, "1151", "1152", "1153", "1155", "1156", "1157", "1159", "1165", "1166", "1167")
		r.rules += element("rule", "pattern", "^115[48]$", "leg", "user/1999@127.0.0.1")
		return r
	},
	plays: []scene{
		{"no answer, twice in a row", "3.3 R42 KZ#6609", missedTwice},
		{"each failure has a setting of its own, the last of the list cannot be reached", "3.3 R42 FS#152 FS#153 FS#1216", eachFailure},
		{"each failure has a delay of its own", "3.3", eachDelay},
		{"sent on and back by the queue's list, released by the agent's", "3.3", sentOnAndBack},
	},
}

// missedTwice: he is the only one; he rings as long as he has it, not as long as the queue has, and comes back by himself.
func missedTwice(p *play) {
	p.login(isReady, "1151")
	p.tells("AgentLogin 1151")
	p.comes(missedCaller, "8151", 1)
	p.rings("1151", "8151", missedCaller)
	p.tells("Released 1151 callState=NoAnswer", "Queued 8151 retries=1 position=1 thirdDN=1151")
	p.is("1151", isReady, "idle", "free")
	p.hears(map[string]string{missedCaller: "music"})
	p.rings("1151", "8151", missedCaller)
	p.tells("AgentLogout 1151 reasonCode=5", "Released 1151 callState=NoAnswer", "Queued 8151 retries=2 thirdDN=1151")
	p.reached("1151", "over")
	p.is("1151", isLoggedOut, "idle", "offline")
	p.login(isReady, "1151")
	p.tells("AgentLogin 1151 previousReasonCode=5")
	p.rings("1151", "8151", missedCaller)
	p.talks("1151", "8151", missedCaller)
	p.hangUp("1151")
	p.tellsTogether("Released 1151 hangupSide=agent", "Released "+missedCaller+" hangupSide=agent")
	p.tells("CallDeleted " + missedCaller)
	p.is("1151", isReady, "idle", "free")
	p.stays("8151", missedCaller+" answered")
	p.offers("8151", "1151 no-answer", "1151 no-answer", "1151 answered")
	p.record(0, "Inbound "+missedCaller+" 8151 agent", missedCaller+" Customer 8151*", "1151 Agent 8151", "1151 Agent 8151",
		"1151 Agent 8151*")
}

// eachFailure: the caller goes down the list, keeps his place, and gets who comes to work then.
func eachFailure(p *play) {
	p.login(isReady, "1152", "1153")
	p.try("cti agent 1154 login")
	p.tells("AgentLogin 1152", "AgentLogin 1153")
	queued := p.comes(missedCaller, "8152", 1)
	p.rings("1152", "8152", missedCaller)
	p.refuse("1152")
	p.tells("AgentLogout 1152 reasonCode=1", "Released 1152 hangupCause=CALL_REJECTED", "Queued 8152 retries=1 thirdDN=1152")
	p.rings("1153", "8152", missedCaller)
	p.refuse("1153")
	p.tells("AgentNotReady 1153 reasonCode=3", "Released 1153 callState=Busy", "Queued 8152 retries=2 thirdDN=1153")
	again := p.tells("Diverted 8152 thirdDN=1154", "Queued 8152 retries=3 thirdDN=1154 position=1")
	require.Equal(p.t, queued.fields["enteredTime"], again.fields["enteredTime"])
	p.is("1152", isLoggedOut, "idle", "offline")
	p.is("1153", isNotReady, "idle", "notReady")
	p.is("1154", isNotReady, "idle", "notReady")
	p.hears(map[string]string{missedCaller: "music"})
	p.login(isReady, "1159")
	p.tells("AgentLogin 1159")
	p.rings("1159", "8152", missedCaller)
	p.talks("1159", "8152", missedCaller)
	p.hangUp(missedCaller)
	p.tellsTogether("Released "+missedCaller, "Released 1159 hangupSide=customer")
	p.tells("CallDeleted " + missedCaller)
	p.offers("8152", "1152 rejected", "1153 busy", "1154 unreachable", "1159 answered")
	p.try("cti agent 1154 logout")
}

// eachDelay: nobody is called again before his time, and everybody soon after it.
func eachDelay(p *play) {
	p.login(isReady, "1155", "1156", "1157")
	p.try("cti agent 1158 login")
	p.tells("AgentLogin 1155", "AgentLogin 1156", "AgentLogin 1157")
	p.comes(missedCaller, "8153", 1)
	for round := range 2 {
		p.rings("1155", "8153", missedCaller)
		p.refuse("1155")
		p.tells("Released 1155 hangupCause=CALL_REJECTED", "Queued 8153 thirdDN=1155")
		p.rings("1156", "8153", missedCaller)
		p.refuse("1156")
		p.tells("Released 1156 callState=Busy", "Queued 8153 thirdDN=1156")
		p.rings("1157", "8153", missedCaller)
		if round == 0 {
			p.tells("Released 1157 callState=NoAnswer", "Queued 8153 thirdDN=1157")
			p.tells("Diverted 8153 thirdDN=1158", "Queued 8153 retries=4 thirdDN=1158")
		}
	}
	p.hangUp(missedCaller)
	p.tellsTogether("Released "+missedCaller, "Released 1157 callState=Abandoned")
	p.tells("CallDeleted " + missedCaller)
	p.offers("8153", "1155 rejected", "1156 busy", "1157 no-answer", "1158 unreachable", "1155 rejected", "1156 busy", "1157 caller-left")
	for _, r := range p.query("select a.agent_dn, b.at_millis - a.end_millis as closed from offer a join offer b using (agent_uuid) " +
		"where a.queue_id = '8153' and a.id < b.id") {
		p.t.Logf("%s was called again after %d ms", r.text("agent_dn"), r.number("closed"))
		require.GreaterOrEqual(p.t, r.number("closed"), int64(2000))
		require.Less(p.t, r.number("closed"), 2000+atOnce.Milliseconds())
	}
	p.try("cti agent 1158 logout")
}

// sentOnAndBack: there is no such queue, this switch has no voicemail, and the number is busy: the caller has his place again, with the
// time at which he came. The next agent rejects him, and his own list says what becomes of that.
func sentOnAndBack(p *play) {
	p.login(isReady, "1165")
	p.tells("AgentLogin 1165")
	queued := p.comes(missedCaller, "8156", 1)
	p.rings("1165", "8156", missedCaller)
	p.tells("AgentLogout 1165 reasonCode=5", "Released 1165 callState=NoAnswer", "Queued 8156 retries=1 thirdDN=1165",
		"Diverted 8156 callState=Redirected thirdDN=1167", "Ringing 1167 otherDN="+missedCaller)
	p.reached("1165", "over")
	p.reached("1167", "rings")
	p.hears(map[string]string{missedCaller: "music"})
	p.refuse("1167")
	p.tells("Released 1167 callState=Busy")
	again := p.tells("Queued 8156 retries=1 position=1")
	require.Equal(p.t, queued.fields["enteredTime"], again.fields["enteredTime"])
	p.hears(map[string]string{missedCaller: "music"})
	require.Contains(p.t, p.try("cti queue 8156"), "\nqueue 8999, voicemail 1167, number 1167, recall")
	p.login(isReady, "1166")
	p.tells("AgentLogin 1166")
	p.rings("1166", "8156", missedCaller)
	p.refuse("1166")
	p.tells("Released 1166 hangupCause=CALL_REJECTED", "Queued 8156 retries=2 thirdDN=1166", "Diverted 8156 callState=Redirected",
		"Released "+missedCaller+" hangupSide=system", "CallDeleted "+missedCaller)
	p.act(missedCaller, (*lab.SIPp).Wait)
	p.stays("8156", missedCaller+" no-answer", missedCaller+" rejected")
	p.offers("8156", "1165 no-answer", "1166 rejected")
}
