package fs_test

import (
	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	firstCaller  = "13811170001"
	secondCaller = "13811170002"
	unwanted     = "13811170003"
	greeting     = 2400 // Hz
)

var togetherStage = &stage{
	name:    "callers and agents together",
	phones:  map[string]lab.Phone{"1161": {}, "1162": {}, "1163": {Status: "603 Decline"}},
	callers: []string{firstCaller, secondCaller, unwanted},
	queues:  []string{"8161", "8162", "8163", "8164"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8161", "strategy", "ring-all", "record-template", s.Path("recordings")+"/${uuid}.${strftime(%s)}.wav") +
			queueElement("8162", "last-seat-time", "20") +
			queueElement("8163", "abandoned-resume-allowed", "true") +
			queueElement("8164", "blacklist", unwanted, "overflow", "blacklisted hangup", "welcome-sound", forEver(greeting))
		r.agent("1161", []string{"8161", "8162", "8163", "8164"})
		r.agent("1162", []string{"8161", "8162"})
		r.agent("1163", []string{"8161"})
		r.direct(s, "1161", "1162", "1163")
		return r
	},
	plays: []scene{
		{"ring-all: one refuses, one is quicker, and the talk is recorded", "3.14 R51 AST#176 mikopbx#1084", ringAllRecorded},
		{"who served him last", "3.2 UsingLastSeat", lastSeat},
		{"who dropped has his place again", "3.2", returnsInTime},
		{"a greeting does not hold the agent up", "3.2 FS#1148 FS#1170", greeted},
		{"an unwanted caller", "3.2", turnedAwayForGood},
	},
}

func ringAllRecorded(p *play) {
	p.login(isReady, "1161", "1162", "1163")
	p.tells("AgentLogin 1161", "AgentLogin 1162", "AgentLogin 1163")
	p.comes(firstCaller, "8161", 1)
	p.tells("Diverted 8161 callState=OK otherDN=" + firstCaller) // once, however many phones there are
	p.tellsTogether("Ringing 1161 thisQueue=8161", "Ringing 1162 thisQueue=8161", "Ringing 1163 thisQueue=8161")
	p.refuse("1163")
	p.tells("Released 1163 thisQueue=8161 hangupCause=CALL_REJECTED")
	p.answer("1162")
	p.tellsTogether("Established "+firstCaller+" otherDN=1162", "Established 1162 thisQueue=8161", "Released 1161 callState=PickedUp",
		"RecordingChanged "+firstCaller+" recordState=started")
	p.reached("1161", "over")
	p.hears(map[string]string{firstCaller: "1162", "1162": firstCaller, "1161": "", "1163": ""})
	p.is("1161", isReady, "idle", "free")
	voice := p.phones[firstCaller].Voice()
	until := voice.Received() + 20
	p.until("something to be said", func() bool { return voice.Received() >= until })
	p.hangUp(firstCaller)
	p.tellsTogether("RecordingChanged "+firstCaller+" recordState=stopped", "Released "+firstCaller, "Released 1162")
	deleted := p.tells("CallDeleted " + firstCaller)
	both := []int{p.says["1162"], p.says[firstCaller]}
	p.until("the recording to hold both", func() bool {
		heard, err := lab.Recorded(deleted.RecordURL, both)
		said := 0
		for _, tones := range heard {
			said += len(tones) / len(both)
		}
		return err == nil && said >= 15
	})
	p.stays("8161", firstCaller+" answered")
	p.rows("offers", "select agent_dn || ' ' || outcome as text from offer where queue_id = '8161' order by agent_dn",
		[]string{"1161 lost", "1162 answered", "1163 rejected"})
}

// lastSeat: who served him last is busy, and he waits for that one although another is free.
func lastSeat(p *play) {
	p.login(isReady, "1162")
	p.tells("AgentLogin 1162")
	p.comes(firstCaller, "8162", 1)
	p.rings("1162", "8162", firstCaller)
	p.talks("1162", "8162", firstCaller)
	p.hangUp(firstCaller)
	p.tellsTogether("Released "+firstCaller, "Released 1162")
	p.tells("CallDeleted " + firstCaller)
	p.comes(secondCaller, "8162", 1)
	p.rings("1162", "8162", secondCaller)
	p.talks("1162", "8162", secondCaller)
	p.login(isReady, "1161")
	p.tells("AgentLogin 1161")
	p.comes(firstCaller, "8162", 1)
	p.hears(map[string]string{firstCaller: "music"})
	p.is("1161", isReady, "idle", "free")
	p.hangUp(secondCaller)
	p.tellsTogether("Released "+secondCaller+" hangupSide=customer", "Released 1162 hangupSide=customer", "CallDeleted "+secondCaller,
		"Diverted 8162 thirdDN=1162 otherDN="+firstCaller, "Ringing 1162 otherDN="+firstCaller)
	p.talks("1162", "8162", firstCaller)
	p.hangUp(firstCaller)
	p.tellsTogether("Released "+firstCaller, "Released 1162")
	p.tells("CallDeleted " + firstCaller)
	p.offers("8162", "1162 answered", "1162 answered", "1162 answered")
}

// returnsInTime: he comes before who had been behind him.
func returnsInTime(p *play) {
	p.login(isNotReady, "1161")
	p.tells("AgentLogin 1161")
	first := p.comes(firstCaller, "8163", 1)
	p.comes(secondCaller, "8163", 2)
	p.hangUp(firstCaller)
	p.tells("Abandoned 8163 otherDN="+firstCaller, "Released "+firstCaller, "CallDeleted "+firstCaller)
	again := p.comes(firstCaller, "8163", 1)
	require.Equal(p.t, first.fields["enteredTime"], again.fields["enteredTime"])
	p.ask("AgentReady", "1161")
	p.tells("AgentReady 1161")
	p.rings("1161", "8163", firstCaller)
	p.talks("1161", "8163", firstCaller)
	p.hears(map[string]string{secondCaller: "music"})
	p.hangUp(secondCaller)
	p.tells("Abandoned 8163 otherDN="+secondCaller, "Released "+secondCaller, "CallDeleted "+secondCaller)
	p.hangUp(firstCaller)
	p.tellsTogether("Released "+firstCaller, "Released 1161")
	p.tells("CallDeleted " + firstCaller)
	p.stays("8163", firstCaller+" abandoned", secondCaller+" abandoned", firstCaller+" answered")
}

func greeted(p *play) {
	p.comes(firstCaller, "8164", 1)
	p.hears(map[string]string{firstCaller: "greeting"})
	p.login(isReady, "1161")
	p.tells("AgentLogin 1161")
	p.rings("1161", "8164", firstCaller)
	p.hears(map[string]string{firstCaller: "greeting"})
	p.talks("1161", "8164", firstCaller)
	p.hangUp(firstCaller)
	p.tellsTogether("Released "+firstCaller, "Released 1161")
	p.tells("CallDeleted " + firstCaller)
}

func turnedAwayForGood(p *play) {
	p.dials(unwanted, "98164")
	p.tells("Released "+unwanted+" hangupSide=system", "CallDeleted "+unwanted)
	p.act(unwanted, (*lab.SIPp).Wait)
	p.stays("8164", unwanted+" blacklisted")
	p.offers("8164")
}
