package fs_test

import "modcti/tests/fs/lab"

const directCaller = "13811200001"

// directStage has an agent who calls others and sends a caller on to them, without a queue. 1202 does not answer, 1204 plays a tone
// of its own while it rings, and 1205 refuses.
var directStage = &stage{
	name:    "direct calls that are not taken",
	phones:  map[string]lab.Phone{"1201": {}, "1202": {}, "1203": {}, "1204": {First: "early"}, "1205": {Status: "603 Decline"}},
	callers: []string{directCaller},
	queues:  []string{"8201"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8201")
		r.agent("1201", []string{"8201"})
		r.agent("1202", nil, "ring-time", "1", "direct-policy", "not-ready", "no-answer-overflow", "recall, number 1203")
		r.agent("1204", nil, "ring-time", "3", "no-answer-overflow", "voicemail 1203, number 1203")
		r.agent("1205", nil, "reject-policy", "logout", "no-answer-overflow", "number 1203")
		r.direct(s, "1201", "1202", "1203", "1204", "1205")
		return r
	},
	plays: []scene{
		{"a call that an agent makes goes down the list of who does not answer", "3.3 3.1 R42", makeCallPassedOn},
		{"he hears the tones of a phone that does not answer, and then the next one ring", "3.3", passedOnFromEarly},
		{"it is a call like any other if it does answer", "3.3 3.1", earlyAnswers},
		{"a caller who is transferred to who refuses, and then to nobody", "3.3 3.5 R32", transferPassedOn},
	},
}

// makes has 1201 call somebody, whose phone rings then.
func (p *play) makes(to string) {
	p.t.Helper()
	p.ask("MakeCall", "1201", "otherDN", to)
	p.tells("CallCreated 1201 callType=Internal otherDN="+to, "Dialing 1201 otherDN="+to)
	p.reached("1201", "rings")
	p.answer("1201")
	p.tells("Ringing "+to+" otherDN=1201", "OtherRinging 1201 otherDN="+to)
}

// talkOver lets 1201 and somebody talk until that one hangs up.
func (p *play) talkOver(with string) {
	p.t.Helper()
	p.answer(with)
	p.tellsTogether("Established 1201 otherDN="+with, "Established "+with+" otherDN=1201")
	p.hears(map[string]string{"1201": with, with: "1201"})
	p.hangUp(with)
	p.tellsTogether("Released "+with+" hangupSide=agent", "Released 1201 hangupSide=agent")
	p.tells("CallDeleted 1201")
	p.reached("1201", "over")
}

func makeCallPassedOn(p *play) {
	p.login(isReady, "1202")
	p.tells("AgentLogin 1202")
	p.makes("1202")
	p.tells("AgentNotReady 1202 reasonCode=5", "Released 1202 callState=NoAnswer",
		"Ringing 1203 otherDN=1201", "OtherRinging 1201 otherDN=1203")
	p.reached("1203", "rings")
	p.hears(map[string]string{"1201": "ringback"})
	p.is("1202", isNotReady, "idle", "notReady")
	p.talkOver("1203")
	p.record(0, "Internal 1201 1202 agent", "1201 Agent *", "1202 Agent ", "1203 Agent *")
}

func passedOnFromEarly(p *play) {
	p.login(isReady, "1204")
	p.tells("AgentLogin 1204")
	p.makes("1204")
	p.hears(map[string]string{"1201": "1204"})
	p.tells("Released 1204 callState=NoAnswer", "Ringing 1203 otherDN=1201", "OtherRinging 1201 otherDN=1203")
	p.reached("1203", "rings")
	p.hears(map[string]string{"1201": "ringback"})
	p.is("1204", isReady, "idle", "free")
	p.talkOver("1203")
}

func earlyAnswers(p *play) {
	p.login(isReady, "1204")
	p.tells("AgentLogin 1204")
	p.makes("1204")
	p.hears(map[string]string{"1201": "1204"})
	p.talkOver("1204")
}

// transferPassedOn: what a queue's call would do to who refuses has no meaning. When nobody of his list takes it either, who has
// transferred the call has it again.
func transferPassedOn(p *play) {
	p.login(isReady, "1201", "1205")
	p.tells("AgentLogin 1201", "AgentLogin 1205")
	p.comes(directCaller, "8201", 1)
	p.rings("1201", "8201", directCaller)
	p.talks("1201", "8201", directCaller)
	p.ask("SingleStepTransfer", "1201", "otherDN", "1205")
	p.tells("Released 1201 callState=Transferred", "Ringing 1205 thirdDN=1201", "PartyChanged "+directCaller+" otherDN=1205 thirdDN=1201")
	p.reached("1205", "rings")
	p.refuse("1205")
	p.tells("Released 1205 hangupCause=CALL_REJECTED", "Ringing 1203 thirdDN=1201",
		"PartyChanged "+directCaller+" otherDN=1203 thirdDN=1201")
	p.is("1205", isReady, "idle", "free")
	p.reached("1203", "rings")
	p.hears(map[string]string{directCaller: "music"})
	p.refuse("1203")
	p.tells("Released 1203 callState=Busy", "Ringing 1201 callState=Recall thirdDN=1203")
	p.reached("1201", "rings")
	p.answer("1201")
	p.tellsTogether("Established 1201 callState=Recall", "PartyChanged "+directCaller+" otherDN=1201")
	p.hears(map[string]string{directCaller: "1201", "1201": directCaller})
	p.hangUp(directCaller)
	p.tellsTogether("Released "+directCaller+" hangupSide=customer", "Released 1201 hangupSide=customer")
	p.tells("CallDeleted " + directCaller)
}
