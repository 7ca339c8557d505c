package fs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
	"modcti/tests/fs/lab"
)

// TestControl drives every request of protocol.md 4, and what phones do by themselves, on one switch: what is told, in
// both profiles, and who hears whom.
func TestControl(t *testing.T) {
	d := startDesk(t)
	for _, group := range []struct {
		name  string
		tests func(t *testing.T, d *desk)
	}{
		{"talk", talks}, {"hold", holds}, {"consult", consultations}, {"consult fails", failures}, {"transfer", transfers},
		{"conference", conferences}, {"supervision", supervisions},
	} {
		t.Run(group.name, func(t *testing.T) { group.tests(t, d) })
	}
}

// talks are the requests that concern one talk.
func talks(t *testing.T, d *desk) {
	d.each(t, "make call", "3.1 (basic), R30, R31, 3.0-5", makesCall)
	d.each(t, "make call, internal", "3.1, R30", func(d *desk) {
		d.ask("MakeCall", "1001", "otherDN", "1002")
		d.told("CallCreated 1001 type=Internal", "Dialing 1001 other=1002")
		d.answer("1001", "1002")
		d.told("Ringing 1002 other=1001", "OtherRinging 1001 other=1002", "~ Established 1001 other=1002",
			"~ Established 1002 other=1001")
		d.hear(hearing{"1001": "1002", "1002": "1001"})
		d.ask("ReleaseCall", "1002")
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released 1002 cause=BY_AGENT", "CallDeleted 1001 other=1002")
	})
	d.each(t, "make call, the agent does not pick up", "3.1 (basic), R37", func(d *desk) {
		d.ask("MakeCall", "1001", "otherDN", abroad, "answerTimeout", 1)
		d.told("CallCreated 1001", "Dialing 1001", "Released 1001 cause=NO_ANSWER", "CallDeleted 1001")
		d.over("1001")
	})
	d.each(t, "make call, the customer is busy", "3.1", func(d *desk) {
		d.ask("MakeCall", "1001", "otherDN", abroad)
		d.answer("1001")
		d.rings(abroad)
		d.act(func(p *lab.SIPp) error { return p.Refuse(d.ctx) }, abroad)
		d.told("CallCreated 1001", "Dialing 1001", "Ringing "+abroad, "OtherRinging 1001",
			"~ Released "+abroad+" cause=USER_BUSY state=Busy", "~ Released 1001", "CallDeleted 1001")
		d.over("1001")
	})
	d.each(t, "make call, the agent gives up", "3.1, 3.0-3", func(d *desk) {
		d.ask("MakeCall", "1001", "otherDN", abroad)
		d.answer("1001")
		d.told("CallCreated 1001", "Dialing 1001", "Ringing "+abroad, "OtherRinging 1001")
		d.hear(hearing{"1001": "ringback"})
		d.ask("ReleaseCall", "1001")
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+abroad+" state=Abandoned", "CallDeleted 1001")
		d.over("1001", abroad)
	})
	d.each(t, "answer", "protocol 4, R24", func(d *desk) {
		d.customer("1001")
		d.rings("1001")
		m := d.ask("AnswerCall", "1001")
		require.Equal(d.t, "EventEstablished", m.MessageID)
		require.Equal(d.t, "1001", m.ThisDN)
		d.told("Established "+outside, "Established 1001")
		d.hear(talking1001)
	})
	d.each(t, "release in talk", "3.1, R20, R21", func(d *desk) {
		d.talk()
		m := d.ask("ReleaseCall", "1001")
		require.Equal(d.t, "EventReleased", m.MessageID)
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+outside+" cause=BY_AGENT", "CallDeleted "+outside)
		d.over("1001", outside)
	})
	d.each(t, "release while it rings", "3.1", func(d *desk) {
		d.customer("1001")
		d.rings("1001")
		d.ask("ReleaseCall", "1001")
		d.told("~ Released 1001", "~ Released "+outside, "CallDeleted "+outside)
		d.over("1001", outside)
	})
	d.each(t, "redirect", "3.13", func(d *desk) {
		d.customer("1001")
		d.rings("1001")
		m := d.ask("RedirectCall", "1001", "otherDN", "1002")
		require.Equal(d.t, "EventReleased", m.MessageID)
		d.told("Released 1001 state=Redirected", "Ringing 1002 other="+outside+" third=1001")
		d.answer("1002")
		d.hear(hearing{outside: "1002", "1002": outside})
		d.over("1001")
	})
	d.each(t, "attached data", "R8, R60, protocol 4", attachesData)
	d.each(t, "query call", "R52", queriesCall)
	d.each(t, "recording", "protocol 4, R51", records)
}

func makesCall(d *desk) {
	m := d.ask("MakeCall", "1001", "otherDN", abroad, "attachedData", map[string]any{"orderID": "7"})
	require.Contains(d.t, []string{"EventCallCreated", "EventDialing"}, m.MessageID)
	d.told("CallCreated 1001 type=Outbound orderID=\"7\"",
		"Dialing 1001 other="+abroad+" role=Origination otherRole=Destination make=Regular")
	d.silent() // nothing of the agent's own phone ringing (R31)
	d.answer("1001")
	d.told("Ringing "+abroad+" other=1001 party=Customer", "OtherRinging 1001 other="+abroad)
	d.hear(hearing{"1001": "ringback"})
	d.answer(abroad)
	d.told("Established "+abroad+" other=1001", "Established 1001 other="+abroad+" orderID=\"7\"")
	d.hear(hearing{"1001": abroad, abroad: "1001"})
	d.ask("ReleaseCall", "1001")
	d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+abroad+" cause=BY_AGENT", "CallDeleted 1001 other="+abroad)
	d.over("1001", abroad)
}

func attachesData(d *desk) {
	d.talk()
	d.ask("UpdateAttachedData", "1001", "attachedData", map[string]any{"orderID": "5", "gone": 1})
	d.told("~ AttachedDataChanged 1001 orderID=\"5\"", "~ AttachedDataChanged "+outside+" orderID=\"5\"")
	d.ask("UpdateAttachedData", "1001", "attachedData", map[string]any{"orderID": "6"}, "remove", []string{"gone"})
	d.told("~ AttachedDataChanged 1001 orderID=\"6\"", "~ AttachedDataChanged "+outside+" orderID=\"6\"")
	require.NotContains(d.t, d.full.heard[len(d.full.heard)-1].AttachedData, "gone")
	d.refuse(int64(events.InvalidParams), "UpdateAttachedData", "1001", "attachedData", map[string]any{"consultStage": 1})
}

func queriesCall(d *desk) {
	d.talk()
	id := d.full.heard[0].CallID
	m := d.ask("QueryCall", "1001", "callID", id)
	require.Equal(d.t, "EventCallInfo", m.MessageID)
	states := map[string]string{}
	for _, p := range m.Parties {
		states[p.ThisDN] = p.State
	}
	require.Equal(d.t, map[string]string{outside: "Talk", "1001": "Talk"}, states)
	d.ask("HoldCall", "1001")
	d.told("Held 1001")
	for _, p := range d.ask("QueryCall", "1001", "callID", id).Parties {
		states[p.ThisDN] = p.State
	}
	require.Equal(d.t, map[string]string{outside: "Talk", "1001": "Held"}, states)
	d.refuse(int64(events.NotFoundCallID), "QueryCall", "1001", "callID", "0123456789abcdef0123456789abcdef")
}

// holds: hold, mute and digits, by request and on the phone itself: the customer hears music, never silence (3.4,
// R26, R59).
func holds(t *testing.T, d *desk) {
	held := hearing{outside: "music", "1001": ""}
	d.each(t, "hold and retrieve", "3.4, R26", func(d *desk) {
		d.talk()
		for range 2 {
			require.Equal(d.t, "EventHeld", d.ask("HoldCall", "1001").MessageID)
			d.told("Held 1001 other=" + outside)
			d.hear(held)
			require.Equal(d.t, "EventRetrieved", d.ask("RetrieveCall", "1001").MessageID)
			d.told("Retrieved 1001 other=" + outside)
			d.hear(talking1001)
		}
		d.ask("HoldCall", "1001")
		d.told("Held 1001")
		d.refuse(int64(events.HeldInProcess), "HoldCall", "1001")
		d.refuse(int64(events.InvalidCallType), "SendDtmf", "1001", "dtmfDigits", "1")
	})
	d.each(t, "hold by the phone", "3.4, issue: what happens without a request", func(d *desk) {
		d.talk()
		for range 2 {
			d.act(func(p *lab.SIPp) error { return p.Hold(d.ctx) }, "1001")
			d.told("Held 1001 other=" + outside)
			d.hear(hearing{outside: "music"})
			d.act(func(p *lab.SIPp) error { return p.Unhold(d.ctx) }, "1001")
			d.told("Retrieved 1001 other=" + outside)
			d.hear(talking1001)
		}
	})
	d.each(t, "hold, the customer hangs up", "3.4", func(d *desk) {
		d.talk()
		d.ask("HoldCall", "1001")
		d.told("Held 1001")
		d.act(func(p *lab.SIPp) error { return p.Reached(d.ctx, "held") }, "1001")
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, outside)
		d.told("~ Released "+outside+" cause=NORMAL_CLEARING", "~ Released 1001 cause=NORMAL_CLEARING", "CallDeleted "+outside)
		require.Equal(d.t, "customer", d.full.heard[len(d.full.heard)-2].HangupSide)
		d.over("1001")
	})
	d.each(t, "mute and unmute", "R26, R59", func(d *desk) {
		d.talk()
		d.ask("MuteCall", "1001")
		d.told("Muted 1001 other=" + outside)
		d.hear(hearing{outside: "", "1001": outside})
		d.ask("UnmuteCall", "1001")
		d.told("Unmuted 1001 other=" + outside)
		d.hear(talking1001)
	})
	d.each(t, "mute survives hold", "R59", func(d *desk) {
		d.talk()
		d.ask("MuteCall", "1001")
		d.ask("HoldCall", "1001")
		d.hear(held)
		d.ask("RetrieveCall", "1001")
		d.told("Muted 1001", "Held 1001", "Retrieved 1001")
		d.hear(hearing{outside: "", "1001": outside})
	})
	d.each(t, "digits by request", "protocol 4 (RequestSendDtmf)", func(d *desk) {
		d.talk()
		require.Equal(d.t, "EventDtmfSent", d.ask("SendDtmf", "1001", "dtmfDigits", "123#").MessageID)
		d.told("DtmfSent 1001 other=" + outside + " digits=123#")
		d.until("the digits at the customer's phone", func() bool { return d.phones[outside].Voice().Digits() == "123#" })
		d.refuse(int64(events.InvalidParams), "SendDtmf", "1001", "dtmfDigits", "12w")
	})
	d.each(t, "digits on the phone", "issue: what happens without a request", func(d *desk) {
		d.talk()
		d.phones["1001"].Voice().Press("7")
		d.told("DtmfSent 1001 other=" + outside + " digits=7")
		d.until("the digit at the customer's phone", func() bool { return d.phones[outside].Voice().Digits() == "7" })
	})
}
