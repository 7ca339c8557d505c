package fs_test

import (
	"os/exec"
	"strings"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	urgent        = "13811190001"
	ordinary      = "13811190002"
	alsoOrdinary  = "13811190003"
	strandedFirst = "13811190011"
	strandedNext  = "13811190012"
	strandedLater = "13811190013"
)

// urgentExtension: 7, a priority and a queue.
const urgentExtension = `
<extension name="urgent">
  <condition field="destination_number" expression="^7(\d)(8\d{3})$">
    <action application="answer"/>
    <action application="cti_queue" data="$2 $1"/>
  </condition>
</extension>`

var urgentStage = &stage{
	name:    "priority",
	phones:  map[string]lab.Phone{"1181": {}},
	callers: []string{urgent, ordinary, alsoOrdinary},
	queues:  []string{"8181", "8182"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8181", "priority-step", "3600", "wrap-up-time", "1") +
			queueElement("8182", "priority-step", "1", "wrap-up-time", "1")
		r.agent("1181", []string{"8181", "8182"})
		r.direct(s, "1181")
		return r
	},
	plays: []scene{
		{"who is urgent goes first", "3.2", urgentFirst},
		{"who has waited for long goes before him", "3.2", waitedForLong},
	},
}

// comesUrgently lets somebody call a queue with a priority, and waits until he is in it.
func (p *play) comesUrgently(from, priority, queue, position string) {
	p.t.Helper()
	p.dials(from, "7"+priority+queue)
	p.tells("Queued " + queue + " thisQueue=" + queue + " position=" + position + " otherDN=" + from)
}

// servesAll: the agent gets ready, and the callers of a queue come to him in this order.
func (p *play) servesAll(agent, queue string, callers ...string) {
	p.t.Helper()
	p.ask("AgentReady", agent)
	p.tells("AgentReady " + agent)
	for _, from := range callers {
		p.rings(agent, queue, from)
		p.talks(agent, queue, from)
		p.leavesTalk(from, agent, agent)
	}
	var offers []string
	for range callers {
		offers = append(offers, agent+" answered")
	}
	p.rows("served in turn", "select caller_dn as text from queue_stay where outcome = 'answered' and queue_id = '"+queue+
		"' order by left_millis", callers)
	p.offers(queue, offers...)
}

func urgentFirst(p *play) {
	p.login(isNotReady, "1181")
	p.tells("AgentLogin 1181")
	p.comes(ordinary, "8181", 1)
	p.comesUrgently(alsoOrdinary, "1", "8181", "1")
	p.comesUrgently(urgent, "2", "8181", "1")
	p.hears(map[string]string{ordinary: "music", alsoOrdinary: "music", urgent: "music"})
	p.servesAll("1181", "8181", urgent, alsoOrdinary, ordinary)
}

// waitedForLong: a step of priority is a head start of a second, and he has waited for more than one.
func waitedForLong(p *play) {
	p.login(isNotReady, "1181")
	p.tells("AgentLogin 1181")
	p.comes(ordinary, "8182", 1)
	voice := p.phones[ordinary].Voice()
	until := voice.Received() + 100 // 20 ms each
	p.until("two seconds of music", func() bool { return voice.Received() >= until })
	p.comesUrgently(alsoOrdinary, "1", "8182", "2")
	p.comesUrgently(urgent, "9", "8182", "1")
	p.servesAll("1181", "8182", urgent, ordinary, alsoOrdinary)
}

var changedStage = &stage{
	name:    "changed while callers wait",
	phones:  map[string]lab.Phone{"1191": {}, "1192": {}},
	callers: []string{strandedFirst, strandedNext, strandedLater},
	queues:  []string{"8191", "8192", "8193"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8191", "overflow", "nobody-on queue 8192") + queueElement("8192", "wrap-up-time", "1") +
			queueElement("8193", "max-wait-time-with-no-agent", "1", "overflow", "nobody-on hangup")
		r.agent("1191", []string{"8191", "8193"})
		r.agent("1192", []string{"8192"})
		r.direct(s, "1191", "1192")
		return r
	},
	plays: []scene{
		{"a queue is gone", "3.2 3.16", queueGone},
		{"a queue has nobody any more", "3.2 3.16", queueEmptied},
	},
}

// reloads puts in force what has changed.
func (p *play) reloads() {
	p.t.Helper()
	reply := p.try("cti reload")
	require.True(p.t, strings.HasPrefix(reply, "+OK"), reply)
}

// manage changes the directory where it is kept.
func (p *play) manage(sql string) {
	p.t.Helper()
	out, err := exec.Command("sqlite3", "-cmd", ".timeout 5000", p.Path("db", "cti", "cti.db"), sql).CombinedOutput()
	require.NoError(p.t, err, "%s", out)
	p.reloads()
}

// queueGone: one caller's phone rings, another waits. The phone is silent, and both are where the queue's overflow leads,
// in their order; who calls the queue now is back in the dialplan.
func queueGone(p *play) {
	p.login(isReady, "1191")
	p.login(isNotReady, "1192")
	p.tells("AgentLogin 1191", "AgentLogin 1192")
	p.comes(strandedFirst, "8191", 1)
	p.rings("1191", "8191", strandedFirst)
	p.comes(strandedNext, "8191", 2)
	p.manage("delete from tier where queue_id = '8191'; delete from queue_overflow where queue_id = '8191'; " +
		"delete from queue where queue_id = '8191'")
	p.tells("Diverted 8191 callState=Redirected thirdDN=8192 otherDN="+strandedFirst,
		"Queued 8192 position=1 otherDN="+strandedFirst,
		"Diverted 8191 callState=Redirected thirdDN=8192 otherDN="+strandedNext,
		"Queued 8192 position=2 otherDN="+strandedNext,
		"Released 1191")
	p.reached("1191", "over")
	p.is("1191", isReady, "idle", "free")
	p.hears(map[string]string{strandedFirst: "music", strandedNext: "music"})
	p.dials(strandedLater, "8191")
	p.hears(map[string]string{strandedLater: "unknown"})
	p.hangUp(strandedLater)
	p.tells("Released "+strandedLater, "CallDeleted "+strandedLater)
	p.servesAll("1192", "8192", strandedFirst, strandedNext)
	p.rows("stays", "select caller_dn || ' ' || outcome as text from queue_stay where open = 0 and queue_id = '8191' order by id",
		[]string{strandedFirst + " nobody-on", strandedNext + " nobody-on"})
	p.offers("8191", "1191 caller-left")
}

// queueEmptied: nobody works for it any more, and who waits goes where its overflow leads when he has waited for as long as
// he may then.
func queueEmptied(p *play) {
	p.login(isNotReady, "1191")
	p.tells("AgentLogin 1191")
	p.comes(strandedLater, "8193", 1)
	p.manage("delete from tier where queue_id = '8193'")
	p.tells("Diverted 8193 callState=Redirected thirdDN= otherDN="+strandedLater, "Released "+strandedLater+" hangupSide=system",
		"CallDeleted "+strandedLater)
	p.act(strandedLater, (*lab.SIPp).Wait)
	p.is("1191", isNotReady, "idle", "rest")
	p.stays("8193", strandedLater+" nobody-on")
	p.offers("8193")
}
