package fs_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	calledBack = "13811110001" // has a phone at which he can be called back
	patient    = "13811110002" // and waits himself
)

var callbackStage = &stage{
	name:    "call-back",
	phones:  map[string]lab.Phone{"1101": {}, "1102": {}, calledBack: {}},
	callers: []string{patient}, queues: []string{"8101", "8102"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8101", "callback-key", "1", "wrap-up-time", "1") + queueElement("8102", "callback-key", "1")
		r.agent("1101", []string{"8101", "8102"})
		r.agent("1102", []string{"8102"})
		r.direct(s, "1101", "1102", calledBack)
		return r
	},
	plays: []scene{
		{"he is called in his turn", "3.2 3.12 3.15 KZ fusionpbx#1322", calledInTurn},
		{"he does not take it", "3.2", callbackRefused},
		{"the agent does not wait for him", "3.2 3.14", callbackGivenUp},
		{"he calls again himself", "3.2", callsAgainHimself},
	},
}

// asksForCallback: he comes, presses the key, is in the dialplan again and hangs up.
func (p *play) asksForCallback(queue string) (queued heardEvent) {
	p.t.Helper()
	queued = p.comes(calledBack, queue, 1)
	p.hears(map[string]string{calledBack: "music"})
	p.leavesForCallback(queue)
	return queued
}

func (p *play) leavesForCallback(queue string) {
	p.t.Helper()
	p.phones[calledBack].Voice().Press("51") // the first is no key
	p.tells("Diverted " + queue + " callState=Redirected thirdDN= otherDN=" + calledBack)
	p.hears(map[string]string{calledBack: "dialplan"})
	p.hangUp(calledBack)
	p.tells("Released "+calledBack+" thisQueue=", "CallDeleted "+calledBack)
	p.phones[calledBack] = p.home[calledBack]
}

// agentIsCalled: his phone rings for who is to be called back, who has not been called yet.
func (p *play) agentIsCalled(dn, queue string) {
	p.t.Helper()
	p.tells("CallCreated " + queue + " callType=Outbound otherDN=" + calledBack)
	p.rings(dn, queue, calledBack)
}

// calledInTurn: his place waits on, before who came after him.
func calledInTurn(p *play) {
	p.login(isNotReady, "1101")
	p.tells("AgentLogin 1101 agentState=2 reasonCode=11")
	p.comes(calledBack, "8101", 1)
	p.comes(patient, "8101", 2)
	p.leavesForCallback("8101")
	var queue struct {
		Waiting int
		Callers []struct {
			OtherDN     string
			EnteredTime int64
		}
	}
	p.asJSON("queue 8101", &queue)
	require.Equal(p.t, 2, queue.Waiting)
	require.Equal(p.t, calledBack, queue.Callers[0].OtherDN)
	require.Less(p.t, queue.Callers[0].EnteredTime, queue.Callers[1].EnteredTime)
	p.ask("AgentReady", "1101")
	p.tells("AgentReady 1101")
	p.agentIsCalled("1101", "8101")
	p.is("1101", isReady, "ringing", "busy")
	p.answer("1101")
	p.tells("Ringing " + calledBack + " otherDN=1101 partyRole=Customer")
	p.reached(calledBack, "rings")
	p.hears(map[string]string{"1101": "ringback", patient: "music"})
	p.answer(calledBack)
	p.tellsTogether("Established 1101 thisQueue=8101 otherDN="+calledBack+" wrapUpDuration=1", "Established "+calledBack+" otherDN=1101")
	p.hears(map[string]string{calledBack: "1101", "1101": calledBack, patient: "music"})
	p.is("1101", isReady, "talking", "busy")
	p.hangUp(calledBack)
	p.tellsTogether("Released "+calledBack+" hangupSide=customer", "AgentNotReady 1101 reasonCode=4 wrapUpDuration=1",
		"Released 1101 thisQueue=8101")
	p.tells("CallDeleted 8101", "AgentReady 1101 reasonCode=4")
	p.rings("1101", "8101", patient)
	p.talks("1101", "8101", patient)
	p.leavesTalk(patient, "1101", "1101")
	p.stays("8101", calledBack+" callback", patient+" answered", calledBack+" answered callback")
	p.offers("8101", "1101 answered", "1101 answered")
	p.record(2, "Outbound 8101 "+calledBack+" customer", "1101 Agent 8101*", calledBack+" Customer 8101*")
}

// callbackRefused: the agent is there and he is not: that was it, and no work for the agent.
func callbackRefused(p *play) {
	p.asksForCallback("8101")
	p.login(isReady, "1101")
	p.tells("AgentLogin 1101 agentState=1")
	p.agentIsCalled("1101", "8101")
	p.answer("1101")
	p.tells("Ringing " + calledBack)
	p.refuse(calledBack)
	p.tellsTogether("Released "+calledBack+" callState=Busy", "Released 1101 callState=Busy")
	p.tells("CallDeleted 8101")
	p.reached("1101", "over")
	p.is("1101", isReady, "idle", "free")
	p.stays("8101", calledBack+" callback", calledBack+" no-callback callback")
	p.offers("8101", "1101 failed")
	p.waiting("8101", 0)
}

// callbackGivenUp: the agent hangs up while the customer's phone rings, which is silent at once. Another agent is called
// for him, who had done nothing.
func callbackGivenUp(p *play) {
	p.asksForCallback("8102")
	p.login(isReady, "1101")
	p.tells("AgentLogin 1101")
	p.agentIsCalled("1101", "8102")
	p.login(isReady, "1102")
	p.tells("AgentLogin 1102")
	p.answer("1101")
	p.tells("Ringing " + calledBack)
	p.reached(calledBack, "rings")
	begun := time.Now()
	p.hangUp("1101")
	p.reached(calledBack, "over")
	require.Less(p.t, time.Since(begun), atOnce)
	p.tells("Released 1101 hangupSide=agent")
	p.tells("CallCreated 8102 otherDN="+calledBack, "Diverted 8102 thirdDN=1102")
	p.tellsTogether("Released "+calledBack+" callState=Abandoned", "CallDeleted 8102", "Ringing 1102")
	p.answer("1102")
	p.tells("Ringing " + calledBack + " otherDN=1102")
	p.answer(calledBack)
	p.tellsTogether("Established 1102 thisQueue=8102", "Established "+calledBack+" otherDN=1102")
	p.hears(map[string]string{calledBack: "1102", "1102": calledBack})
	p.hangUp("1102")
	p.tellsTogether("Released 1102 hangupSide=agent", "Released "+calledBack+" hangupSide=agent")
	p.tells("CallDeleted 8102")
	p.stays("8102", calledBack+" callback", calledBack+" answered callback")
	p.offers("8102", "1101 failed", "1102 answered")
}

// callsAgainHimself: he has the place that was kept for him, and is not called back as well.
func callsAgainHimself(p *play) {
	first := p.asksForCallback("8101")
	again := p.comes(calledBack, "8101", 1)
	require.Equal(p.t, first.fields["enteredTime"], again.fields["enteredTime"])
	p.waiting("8101", 1)
	p.login(isReady, "1101")
	p.tells("AgentLogin 1101")
	p.rings("1101", "8101", calledBack)
	p.talks("1101", "8101", calledBack)
	p.leavesTalk(calledBack, "1101", "1101")
	p.stays("8101", calledBack+" callback", calledBack+" replaced callback", calledBack+" answered")
	p.offers("8101", "1101 answered")
}
