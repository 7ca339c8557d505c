package fs_test

import (
	"fmt"
	"strings"
	"time"

	"modcti/tests/fs/lab"
)

const (
	lateCaller = "13811120001"
	inTime     = "13811120002"
	farZone    = "Pacific/Kiritimati" // 14 hours before UTC, all the year
)

// hoursStage has queues that are closed now, each for a reason of its own and with somewhere else to send callers. 1111 is a
// number, 1112 the voicemail, which answers by itself.
var hoursStage = &stage{
	name:    "working hours",
	phones:  map[string]lab.Phone{"1111": {}, "1112": {Ring: 50 * ms}, "1113": {}},
	callers: []string{lateCaller, inTime},
	queues:  []string{"8111", "8112", "8113", "8114", "8115", "8116", "8117", "8118"},
	config: func(s *lab.Switch) (r roster) {
		now := time.Now().UTC()
		at := func(hours int) string { return now.Add(time.Duration(hours) * time.Hour).Format("15:04") }
		open, shut := fmt.Sprintf("daily %s-%s", at(-1), at(1)), fmt.Sprintf("daily %s-%s", at(3), at(4))
		holiday := func(rest string) []string {
			return []string{"time-zone", "UTC", "holiday", now.Format(time.DateOnly) + rest, "holiday",
				now.Add(time.Hour).Format("01-02") + rest} // it may be midnight soon
		}
		if now.Day() == now.Add(time.Hour).Day() {
			holiday = func(rest string) []string { return []string{"time-zone", "UTC", "holiday", now.Format("01-02") + rest} }
		}
		r.queues = queueElement("8111", append(holiday(" closed Founder's Day"), "overflow", "closed number 1111")...) +
			queueElement("8112", "time-zone", farZone, "hours", open, "overflow", "closed voicemail 1112") +
			queueElement("8113", "time-zone", "UTC", "hours", open, "overflow", "closed hangup") +
			queueElement("8114", "hours", open, "overflow", "closed hangup", "wrap-up-time", "1") +
			queueElement("8115", append(holiday(""), "overflow", "closed queue 8116")...) +
			queueElement("8116", append(holiday(" 00:00-24:00 open all day"), "hours", shut)...) +
			queueElement("8117", "time-zone", "UTC", "hours", shut) +
			queueElement("8118", "hours", fmt.Sprintf("daily %s-%s", at(14-1), at(14+1)), "wrap-up-time", "1")
		r.agent("1113", []string{"8113", "8114", "8116", "8117", "8118"})
		r.direct(s, "1111", "1112", "1113")
		return r
	},
	plays: []scene{
		{"a holiday: on to a number", "3.2 3.13", holidayToNumber},
		{"closed where the queue is: to a voicemail that is not there, and on in the dialplan", "3.2", closedToVoicemail},
		{"closed: on in the dialplan", "3.2", closedToDialplan},
		{"a holiday: on to a queue that is open on it", "3.2", holidayToQueue},
		{"one opens, and one closes while somebody waits", "3.2", opens},
	},
}

// turnedAway: nobody is told that he waits, for he does not.
func (p *play) turnedAway(queue string) {
	p.t.Helper()
	p.dials(lateCaller, queue)
}

func holidayToNumber(p *play) {
	p.turnedAway("8111")
	p.tells("Ringing 1111 otherDN=" + lateCaller)
	p.reached("1111", "rings")
	p.hears(map[string]string{lateCaller: "music"})
	p.answer("1111")
	p.tellsTogether("Established "+lateCaller+" otherDN=1111", "Established 1111 otherDN="+lateCaller)
	p.hears(map[string]string{lateCaller: "1111", "1111": lateCaller})
	p.hangUp("1111")
	p.tellsTogether("Released 1111", "Released "+lateCaller)
	p.tells("CallDeleted " + lateCaller)
	p.stays("8111", lateCaller+" closed")
	p.offers("8111")
	p.record(0, "Inbound "+lateCaller+" 8111 agent", lateCaller+" Customer *", "1111 Agent *")
}

// closedToVoicemail: it is open by the clock of UTC, and closed by that of the queue. This switch has no voicemail: the caller
// goes on in the dialplan, and nobody's phone rings.
func closedToVoicemail(p *play) {
	p.turnedAway("8112")
	p.hears(map[string]string{lateCaller: "dialplan"})
	p.until("the log to say why", func() bool { return strings.Contains(p.Log(), lateCaller+" is back from queue 8112: closed") })
	p.hangUp(lateCaller)
	p.tells("Released "+lateCaller, "CallDeleted "+lateCaller)
	p.stays("8112", lateCaller+" closed")
}

func closedToDialplan(p *play) {
	p.turnedAway("8117")
	p.hears(map[string]string{lateCaller: "dialplan"})
	p.until("the log to say why", func() bool { return strings.Contains(p.Log(), lateCaller+" is back from queue 8117: closed") })
	p.hangUp(lateCaller)
	p.tells("Released "+lateCaller, "CallDeleted "+lateCaller)
	p.stays("8117", lateCaller+" closed")
}

// holidayToQueue: the next queue would be closed at this hour, but not on this day.
func holidayToQueue(p *play) {
	p.login(isReady, "1113")
	p.tells("AgentLogin 1113")
	p.turnedAway("8115")
	p.tells("Queued 8116 thisQueue=8116 otherDN=" + lateCaller)
	p.rings("1113", "8116", lateCaller)
	p.talks("1113", "8116", lateCaller)
	p.hangUp(lateCaller)
	p.tellsTogether("Released "+lateCaller, "Released 1113")
	p.tells("CallDeleted " + lateCaller)
	p.stays("8115", lateCaller+" closed")
	p.stays("8116", lateCaller+" answered")
}

// opens: the same hours are open in one zone and closed in another; the zone of the settings is changed by `cti reload`.
// Who came in time is served; nobody is let in after him.
func opens(p *play) {
	p.login(isReady, "1113")
	p.tells("AgentLogin 1113")
	p.turnedAway("98114")
	p.tells("Released "+lateCaller+" hangupSide=system", "CallDeleted "+lateCaller)
	p.act(lateCaller, (*lab.SIPp).Wait)
	p.stays("8114", lateCaller+" closed")
	p.comes(lateCaller, "8113", 1)
	p.rings("1113", "8113", lateCaller)
	p.act(lateCaller, (*lab.SIPp).HangUp)
	p.tellsTogether("Released "+lateCaller, "Released 1113 callState=Abandoned")
	p.tells("CallDeleted " + lateCaller)
	p.ask("AgentNotReady", "1113", "reasonCode", 11)
	p.tells("AgentNotReady 1113")
	p.comes(inTime, "8118", 1)
	p.hears(map[string]string{inTime: "music"})
	p.zone("UTC")
	p.reloads()
	p.turnedAway("8118")
	p.hears(map[string]string{lateCaller: "dialplan", inTime: "music"})
	p.hangUp(lateCaller)
	p.tells("Released "+lateCaller, "CallDeleted "+lateCaller)
	p.ask("AgentReady", "1113")
	p.tells("AgentReady 1113")
	p.rings("1113", "8118", inTime)
	p.talks("1113", "8118", inTime)
	p.leavesTalk(inTime, "1113", "1113")
	p.stays("8118", inTime+" answered", lateCaller+" closed")
	p.comes(lateCaller, "8114", 1)
	p.rings("1113", "8114", lateCaller)
	p.talks("1113", "8114", lateCaller)
	p.leavesTalk(lateCaller, "1113", "1113")
	p.stays("8114", lateCaller+" closed", lateCaller+" answered")
	p.offers("8114", "1113 answered")
}
