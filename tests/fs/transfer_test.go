package fs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// moved is what is told when 1001 moves the customer to 1002 in one step, until 1002 answers (3.5).
var moved = []string{
	"Released 1001 other=" + outside + " third=1002 thirdRole=TransferTo state=Transferred",
	"Ringing 1002 other=" + outside + " third=1001 thirdRole=TransferBy",
	"full: PartyChanged " + outside + " other=1002 third=1001 thirdRole=TransferBy state=Transferred",
}

// transfers: a transfer in one step, by request and on the phone itself, and what becomes of a failed one (3.5).
func transfers(t *testing.T, d *desk) {
	d.each(t, "single step", "3.5, R32, R33, R34", func(d *desk) {
		d.talk()
		require.Equal(d.t, "EventReleased", d.ask("SingleStepTransfer", "1001", "otherDN", "1002").MessageID)
		d.told(moved...)
		d.over("1001")
		d.rings("1002")
		heard, _ := d.heardBy(outside)
		d.hear(hearing{outside: waiting(heard)})
		d.answer("1002")
		d.told("Established 1002 other=" + outside)
		d.hear(hearing{outside: "1002", "1002": outside})
	})
	d.each(t, "to an outside number", "3.5, settings (ThirdPSTN)", func(d *desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", abroad)
		d.answer(abroad)
		d.told("Released 1001 third="+abroad+" state=Transferred", "Ringing "+abroad+" other="+outside+" party=ThirdPSTN",
			"full: PartyChanged "+outside+" other="+abroad, "Established "+abroad)
		d.hear(hearing{outside: abroad, abroad: outside})
	})
	d.each(t, "the target refuses: recalled", "3.5 (C fails)", func(d *desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1002")
		d.rings("1002")
		d.act(func(p *lab.SIPp) error { return p.Refuse(d.ctx) }, "1002")
		d.told(moved...)
		d.told("Released 1002", "Ringing 1001 other="+outside+" third=1002 state=Recall")
		d.hear(hearing{outside: "music"})
		d.answer("1001")
		d.read(d.full, "the talk", func() bool { return is("EventEstablished", "1001")(d.full.heard[len(d.full.heard)-1]) })
		d.hear(talking1001)
	})
	d.each(t, "the customer hangs up meanwhile", "3.5", func(d *desk) {
		d.talk()
		d.ask("SingleStepTransfer", "1001", "otherDN", "1002")
		d.told(moved...)
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, outside)
		d.told("~ Released "+outside, "~ Released 1002 state=Abandoned", "CallDeleted "+outside)
		d.over("1002")
	})
	d.each(t, "by REFER", "3.5, issue: what happens without a request", func(d *desk) {
		d.talk()
		d.act(func(p *lab.SIPp) error { return p.Transfer(d.ctx, d.Switch, "1002") }, "1001")
		d.answer("1002")
		d.hear(hearing{outside: "1002", "1002": outside})
		// The switch's own transfer: that the customer has another is known when their media is joined.
		d.told(moved[0], moved[1], "~ Established 1002 other="+outside, strings.Replace(moved[2], "full: ", "full: ~ ", 1))
		d.silent()
	})
	d.each(t, "by REFER with Replaces", "3.6, issue: what happens without a request", attendedByPhone)
	d.each(t, "picked up", "3.11, issue: what happens without a request", func(d *desk) {
		d.talk()
		customer := leg(d.full.heard[1].PartyID)
		d.api(fmt.Sprintf("bgapi originate {ignore_early_media=true}user/1003@127.0.0.1 &intercept(%s)", customer))
		d.answer("1003")
		d.hear(hearing{outside: "1003", "1003": outside})
		d.over("1001")
		d.read(d.full, "the new talk", func() bool { return strings.Contains(describeAll(d.full.heard), "Established 1003") })
		require.Contains(d.t, describeAll(d.full.heard), "Released 1001 other="+outside+" third=1003 thirdRole=InterceptBy")
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
func attendedByPhone(d *desk) {
	d.talk()
	d.act(func(p *lab.SIPp) error { return p.Hold(d.ctx) }, "1001")
	d.told("Held 1001")
	agent := d.phones["1001"]
	defer func() { d.phones["1001"] = agent }()
	second := d.call(lab.Caller{From: "1001", To: "1002", Tone: tones["1004"]})
	d.answer("1002")
	ctx, cancel := d.soon()
	defer cancel()
	require.NoError(d.t, second.Reached(ctx, "talks"))
	require.NoError(d.t, agent.TransferTo(ctx, d.Switch, "1002", second))
	d.hear(hearing{outside: "1002", "1002": outside})
	d.read(d.full, "the transfer", func() bool {
		all := describeAll(d.full.heard)
		return strings.Contains(all, "PartyChanged 1002 ") || strings.Contains(all, "PartyChanged "+outside)
	})
	require.NoError(d.t, second.Reached(ctx, "over"))
}
