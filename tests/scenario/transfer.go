package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// moved is what is told when 1001 moves the customer to 1002 in one step, until 1002 answers (3.5).
var moved = []string{
	"Released 1001 other=" + Outside + " third=1002 thirdRole=TransferTo state=Transferred",
	"Ringing 1002 other=" + Outside + " third=1001 thirdRole=TransferBy",
	"full: PartyChanged " + Outside + " other=1002 third=1001 thirdRole=TransferBy state=Transferred",
}

// transfers: a transfer in one step, by request and on the phone itself, and what becomes of a failed one (3.5).
func transfers(t *testing.T, d *Desk) {
	d.each(t, "single step", "3.5, R32, R33, R34", func(d *Desk) {
		d.talk()
		require.Equal(d.T, "EventReleased", d.ask("SingleStepTransfer", "1001", "otherDN", "1002").MessageID)
		d.told(moved...)
		d.over("1001")
		d.rings("1002")
		heard, _ := d.Heard(Outside)
		d.hear(Hearing{Outside: waiting(heard)})
		d.answer("1002")
		d.told("Established 1002 other=" + Outside)
		d.hear(Hearing{Outside: "1002", "1002": Outside})
	})
	d.each(t, "to an outside number", "3.5, settings (ThirdPSTN)", func(d *Desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", Abroad)
		d.answer(Abroad)
		d.told("Released 1001 third="+Abroad+" state=Transferred", "Ringing "+Abroad+" other="+Outside+" party=ThirdPSTN",
			"full: PartyChanged "+Outside+" other="+Abroad, "Established "+Abroad)
		d.hear(Hearing{Outside: Abroad, Abroad: Outside})
	})
	d.each(t, "the target refuses: recalled", "3.5 (C fails)", func(d *Desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1002")
		d.rings("1002")
		d.act("1002", Refuse)
		d.told(moved...)
		d.told("Released 1002", "Ringing 1001 other="+Outside+" third=1002 state=Recall")
		d.hear(Hearing{Outside: "music"})
		d.answer("1001")
		d.told("Established 1001 other="+Outside+" third=1002 state=Recall", "full: PartyChanged "+Outside+" other=1001")
		d.hear(talking1001)
	})
	recalled(t, d)
	d.each(t, "the customer hangs up meanwhile", "3.5", func(d *Desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1002")
		d.told(moved...)
		d.act(Outside, HangUp)
		d.told("~ Released "+Outside, "~ Released 1002 state=Abandoned", "CallDeleted "+Outside)
		d.over("1002")
	})
	d.each(t, "by REFER", "3.5, issue: what happens without a request", func(d *Desk) {
		d.talk()
		d.Act("1001", Refer, "1002")
		d.answer("1002")
		d.hear(Hearing{Outside: "1002", "1002": Outside})
		// The switch's own transfer: that the customer has another is known when their media is joined.
		d.told(moved[0], moved[1], "~ Established 1002 other="+Outside, strings.Replace(moved[2], "full: ", "full: ~ ", 1))
		d.silent()
	})
	d.each(t, "by REFER with Replaces", "3.6, issue: what happens without a request", attendedByPhone)
	d.each(t, "picked up", "3.11, issue: what happens without a request", func(d *Desk) {
		d.talk()
		d.PickUp("1003", d.full.heard[1].PartyID)
		d.answer("1003")
		d.hear(Hearing{Outside: "1003", "1003": Outside})
		d.over("1001")
		// The switch's own: whom the third phone is for is known when it takes him.
		d.told("Released 1001 other="+Outside+" third=1003 thirdRole=InterceptBy",
			"Ringing 1003 other="+Outside+" third=1001 thirdRole=InterceptTo",
			"Established 1003 other="+Outside+" third=1001 thirdRole=InterceptTo",
			"full: PartyChanged "+Outside+" other=1003 third=1003 thirdRole=InterceptBy")
	})
}

// recalled: the agent is called again because nobody has taken the call, and there is nobody for whom, or he will not (3.5).
func recalled(t *testing.T, d *Desk) {
	recall := func(d *Desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1002")
		d.rings("1002")
		d.act("1002", Refuse)
		d.told(moved...)
		d.told("Released 1002 cause=USER_BUSY", "Ringing 1001 other="+Outside+" third=1002 state=Recall")
		d.rings("1001")
		d.hear(Hearing{Outside: "music"})
	}
	d.each(t, "the target refuses, and so does the agent", "3.5 (C fails: release A)", func(d *Desk) {
		recall(d)
		d.act("1001", Refuse)
		d.told("Released 1001 other="+Outside+" cause=USER_BUSY", "Released "+Outside, "CallDeleted "+Outside)
		d.over("1001", "1002", Outside)
	})
	d.each(t, "the target refuses, the customer hangs up", "3.5 (C fails), 3.14", func(d *Desk) {
		recall(d)
		d.act(Outside, HangUp)
		d.told("Released "+Outside+"", "Released 1001 state=Abandoned", "CallDeleted "+Outside)
		d.over("1001", "1002", Outside)
	})
	d.each(t, "the target is not there, and the agent refuses", "3.5 (C fails: release A)", func(d *Desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1010")
		d.told("Released 1001 third=1010 thirdRole=TransferTo state=Transferred", "Ringing 1001 other="+Outside+" third=1010 state=Recall")
		d.rings("1001")
		d.hear(Hearing{Outside: "music"})
		d.act("1001", Refuse)
		d.told("Released 1001 other="+Outside+" cause=USER_BUSY", "Released "+Outside, "CallDeleted "+Outside)
		d.over("1001", Outside)
	})
}

// waiting is what somebody may hear who waits for the one that he is transferred to.
func waiting(heard string) string {
	if heard == "ringback" {
		return heard
	}
	return "music"
}

// attendedByPhone: the phone 1001 holds the customer, calls 1002 itself and joins the two.
func attendedByPhone(d *Desk) {
	d.talk()
	d.act("1001", Hold)
	d.told("Held 1001")
	d.Act("1001", Second, "1002")
	d.answer("1002")
	d.told("CallCreated 1001 other=1002 type=Internal", "Dialing 1001 other=1002", "Ringing 1002 other=1001",
		"OtherRinging 1001 other=1002", "~ Established 1001 other=1002", "~ Established 1002 other=1001")
	d.Act("1001", Join, "1002")
	d.hear(Hearing{Outside: "1002", "1002": Outside})
	d.told("~ Released 1001 other=1002", "~ Released 1001 other="+Outside, "~ CallDeleted 1001 other=1002",
		"~ PartyChanged 1002 other="+Outside+" third=1001 thirdRole=TransferBy",
		"full: ~ PartyChanged "+Outside+" other=1002 third=1001 thirdRole=TransferBy")
	d.over("1001")
}
