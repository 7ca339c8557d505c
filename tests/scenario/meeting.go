package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

// conferences: a third party and more in one step, and leaving (3.8, 3.9).
func conferences(t *testing.T, d *Desk) {
	d.each(t, "single step", "3.8, 3.9, protocol 4", func(d *Desk) {
		d.talk()
		asked := d.post("SingleStepConference", "1001", "otherDN", "1002")
		d.told("Ringing 1002 third=1001")
		d.hear(talking1001) // while the third phone rings they go on
		d.answer("1002")
		require.Equal(d.T, "EventPartyAdded", d.answerTo(asked).MessageID)
		d.told("Established 1002", "~ PartyAdded 1001 other=1002 third=1001 thirdRole=AddedBy state=Conference",
			"full: ~ PartyAdded "+Outside+" other=1002")
		d.hear(ofThree)
		d.ask("MuteCall", "1002")
		d.told("Muted 1002")
		d.hear(Hearing{Outside: "1001", "1001": Outside, "1002": Outside + " 1001"})
		d.ask("UnmuteCall", "1002")
		d.told("Unmuted 1002")
		d.hear(ofThree)
		d.refuse(int64(events.ConferenceToTransfer), "SingleStepTransfer", "1001", "otherDN", "1003")
		d.act(Outside, HangUp)
		d.told("Released "+Outside, "~ PartyDeleted 1001 other="+Outside+" third="+Outside+" thirdRole=DeletedBy state=OK",
			"~ PartyDeleted 1002 other="+Outside)
		d.hear(Hearing{"1001": "1002", "1002": "1001"})
	})
	d.each(t, "the third refuses", "3.8, protocol 6", func(d *Desk) {
		d.talk()
		asked := d.post("SingleStepConference", "1001", "otherDN", "1002")
		d.told("Ringing 1002")
		d.act("1002", Refuse)
		require.Equal(d.T, int64(events.PBXError), d.answerTo(asked).ErrorCode)
		d.told("Released 1002")
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "of eight", "issue: conferences of at least 8 parties, 3.0-9", ofEight)
	d.each(t, "from the dialplan", "issue: what happens without a request", func(d *Desk) {
		d.threeInRoom()
		d.act(Outside, HangUp)
		d.told("Released "+Outside+" state=", "~ PartyDeleted 1001 other="+Outside, "~ PartyDeleted 1008 other="+Outside)
		d.act("1001", HangUp)
		d.told("Released 1001 other=1008 state= third=")
	})
}

// threeInRoom: the customer and 1001 are sent to a room of the dialplan, and 1008 comes there by itself.
func (d *Desk) threeInRoom() {
	d.T.Helper()
	d.talk()
	d.SendBoth(d.full.heard[1].PartyID, Room)
	d.until("two members", func() bool { return d.Members(Room) == 2 })
	d.hear(talking1001)
	d.Call("1008", Room)
	d.until("three members", func() bool { return d.Members(Room) == 3 })
	d.told("CallCreated 1008 other="+Room, "Dialing 1008 other="+Room, "CallDeleted 1008", "Established 1008 state=",
		"~ PartyAdded 1001 other=1008 third=1008 thirdRole=AddedBy state=Conference", "full: ~ PartyAdded "+Outside+" other=1008")
	d.hear(Hearing{Outside: "1001 1008", "1001": Outside + " 1008", "1008": Outside + " 1001"})
}

func ofEight(d *Desk) {
	d.talk()
	everybody := append([]string{Outside}, Extensions...)
	here := []string{"1001"} // of those who are told in both profiles
	for _, dn := range Extensions[1:] {
		asked := d.post("SingleStepConference", "1001", "otherDN", dn)
		d.answer(dn)
		require.Zero(d.T, d.answerTo(asked).ErrorCode)
		want := []string{
			"Ringing " + dn + " third=1001 thirdRole=AddedBy", "Established " + dn,
			"full: ~ PartyAdded " + Outside + " other=" + dn,
		}
		for _, other := range here {
			want = append(want, "~ PartyAdded "+other+" other="+dn+" third=1001 thirdRole=AddedBy state=Conference")
		}
		d.told(want...)
		here = append(here, dn)
	}
	want := Hearing{}
	for _, dn := range everybody {
		others := make([]string, 0, len(everybody))
		for _, other := range everybody {
			if other != dn {
				others = append(others, other)
			}
		}
		want[dn] = strings.Join(others, " ")
	}
	d.hear(want)
	d.ask("DeleteParty", "1001", "otherDN", "1007")
	d.over("1007")
	left := []string{"Released 1007", "full: ~ PartyDeleted " + Outside + " other=1007"}
	for _, dn := range here[:len(here)-1] { // more than two remain (3.0-9)
		left = append(left, "~ PartyDeleted "+dn+" other=1007 third=1001 thirdRole=DeletedBy state=Conference")
	}
	d.told(left...)
	delete(want, "1007")
	for dn := range want {
		want[dn] = strings.TrimSpace(strings.Replace(want[dn], "1007", "", 1))
	}
	d.hear(want)
}

// supervisions: who listens hears both and is heard by whom he should be alone; who barges in or takes over is told
// of as the call model says; who fails leaves the call as it was (3.10, 3.11).
func supervisions(t *testing.T, d *Desk) {
	watches(t, d)
	all := Hearing{Outside: "1001 1003", "1001": Outside + " 1003", "1003": Outside + " 1001"}
	d.each(t, "barge in", "3.11, R29, R34", func(d *Desk) {
		d.talk()
		d.ask("BargeIn", "1003", "thirdDN", "1001")
		d.told("Ringing 1003 other=" + Outside + " third=1001 thirdRole=BargeinTo")
		d.hear(talking1001)
		d.answer("1003")
		d.told("Established 1003 other="+Outside+" third=1001 thirdRole=BargeinTo",
			"~ PartyAdded 1001 other=1003 third=1003 thirdRole=BargeinBy state=Conference", "full: ~ PartyAdded "+Outside+" other=1003")
		d.hear(all)
	})
	d.each(t, "from monitor to barge in", "3.11", func(d *Desk) {
		monitors(d)
		d.ask("BargeIn", "1003", "thirdDN", "1001")
		d.told("~ PartyAdded 1001 other=1003 third=1003 thirdRole=BargeinBy state=Conference", "full: ~ PartyAdded "+Outside+" other=1003")
		d.hear(all)
	})
	d.each(t, "barge in fails", "3.11, R38, R58", func(d *Desk) {
		d.talk()
		d.ask("BargeIn", "1003", "thirdDN", "1001")
		d.rings("1003")
		d.act("1003", Refuse)
		d.told("Ringing 1003", "Released 1003 third=1001 thirdRole=BargeinTo bargein_cause=1")
		d.over("1003")
		d.hear(talking1001)
	})
	d.each(t, "intercept", "3.11, R29, R34", func(d *Desk) {
		d.talk()
		d.ask("InterceptCall", "1003", "thirdDN", "1001")
		d.told("Ringing 1003 other=" + Outside + " third=1001 thirdRole=InterceptTo")
		d.answer("1003")
		d.told("Established 1003 other="+Outside+" third=1001 thirdRole=InterceptTo",
			"Released 1001 third=1003 thirdRole=InterceptBy", "full: PartyChanged "+Outside+" other=1003 third=1003 thirdRole=InterceptBy")
		d.over("1001")
		d.hear(Hearing{Outside: "1003", "1003": Outside})
	})
	d.each(t, "intercept fails", "3.11, R38, R58", func(d *Desk) {
		d.talk()
		d.ask("InterceptCall", "1003", "thirdDN", "1001")
		d.rings("1003")
		d.act("1003", Refuse)
		d.told("Ringing 1003", "Released 1003 third=1001 thirdRole=InterceptTo intercept_cause=1")
		d.over("1003")
		d.hear(talking1001)
	})
}

var monitored = Hearing{Outside: "1001", "1001": Outside, "1003": Outside + " 1001"}

// monitors: 1003 listens to 1001, who talks to the customer (3.10).
func monitors(d *Desk) {
	d.T.Helper()
	d.talk()
	require.Equal(d.T, "EventRinging", d.ask("MonitorCall", "1003", "otherDN", "1001").MessageID)
	d.answer("1003")
	d.told("Ringing 1003 other=1001 otherRole=ObserveTo third="+Outside+" party=Supervisor",
		"Established 1003 other=1001 otherRole=ObserveTo third="+Outside+" party=Supervisor")
	d.hear(monitored)
}

// watches: who listens, and whispers (3.10).
func watches(t *testing.T, d *Desk) {
	d.each(t, "monitor", "3.10, R39", func(d *Desk) {
		monitors(d)
		d.refuse(int64(events.AgentMonitoredBy), "MonitorCall", "1004", "otherDN", "1001")
		d.ask("ReleaseCall", "1003")
		d.told("Released 1003")
		d.over("1003")
		d.hear(talking1001)
		d.silent()
	})
	d.each(t, "monitor, the agent hangs up", "3.10", func(d *Desk) {
		monitors(d)
		d.act("1001", HangUp)
		d.told("~ Released 1001 cause=BY_AGENT", "~ PartyDeleted 1003 other=1001 third=1001 thirdRole=DeletedBy",
			"~ Released 1003", "~ Released "+Outside+" cause=BY_AGENT", "CallDeleted "+Outside)
		d.over("1001", "1003", Outside)
	})
	d.each(t, "whisper", "3.10, R39, protocol 4", func(d *Desk) {
		monitors(d)
		d.ask("Whisper", "1003", "mode", "agent")
		d.hear(Hearing{Outside: "1001", "1001": Outside + " 1003", "1003": Outside + " 1001"})
		d.ask("Whisper", "1003", "mode", "customer")
		d.hear(Hearing{Outside: "1001 1003", "1001": Outside, "1003": Outside + " 1001"})
		d.ask("Whisper", "1003", "mode", "off")
		d.hear(monitored)
		for range 3 {
			d.told("AttachedDataChanged 1003", "full: PartyChanged 1003")
		}
	})
}
