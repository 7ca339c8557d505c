package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

// Group is a part of what Play plays.
type Group struct {
	Name  string
	tests func(t *testing.T, d *Desk)
}

// Groups are all parts.
var Groups = []Group{
	{"talk", talks}, {"hold", holds}, {"consult", consultations}, {"consult fails", failures}, {"transfer", transfers},
	{"conference", conferences}, {"supervision", supervisions},
}

// Play plays every request of protocol.md 4, and what phones do by themselves, on one switch: what is told, in both
// profiles, and who hears whom.
func Play(t *testing.T, s Switch, groups ...Group) {
	d := open(t, s)
	for _, group := range groups {
		t.Run(group.Name, func(t *testing.T) { group.tests(t, d) })
	}
}

// makesCalls: an agent calls, and whoever does not answer ends it (3.1).
func makesCalls(t *testing.T, d *Desk) {
	d.each(t, "make call", "3.1 (basic), R30, R31, 3.0-5", makesCall)
	d.each(t, "make call, internal", "3.1, R30", func(d *Desk) {
		d.ask("MakeCall", "1001", "otherDN", "1002")
		d.told("CallCreated 1001 type=Internal", "Dialing 1001 other=1002")
		d.answer("1001", "1002")
		d.told("Ringing 1002 other=1001", "OtherRinging 1001 other=1002", "~ Established 1001 other=1002",
			"~ Established 1002 other=1001")
		d.hear(Hearing{"1001": "1002", "1002": "1001"})
		d.ask("ReleaseCall", "1002")
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released 1002 cause=BY_AGENT", "CallDeleted 1001 other=1002")
	})
	d.each(t, "make call, the agent does not pick up", "3.1 (basic), R37", func(d *Desk) {
		d.ask("MakeCall", "1001", "otherDN", Abroad, "answerTimeout", 1)
		d.told("CallCreated 1001", "Dialing 1001", "Released 1001 cause=NO_ANSWER", "CallDeleted 1001")
		d.over("1001")
	})
	d.each(t, "make call, the customer is busy", "3.1", func(d *Desk) {
		d.ask("MakeCall", "1001", "otherDN", Abroad)
		d.answer("1001")
		d.rings(Abroad)
		d.act(Abroad, Refuse)
		d.told("CallCreated 1001", "Dialing 1001", "Ringing "+Abroad, "OtherRinging 1001",
			"~ Released "+Abroad+" cause=USER_BUSY state=Busy", "~ Released 1001", "CallDeleted 1001")
		d.over("1001")
	})
	d.each(t, "make call, the agent gives up", "3.1, 3.0-3", func(d *Desk) {
		d.ask("MakeCall", "1001", "otherDN", Abroad)
		d.answer("1001")
		d.told("CallCreated 1001", "Dialing 1001", "Ringing "+Abroad, "OtherRinging 1001")
		d.hear(Hearing{"1001": "ringback"})
		d.ask("ReleaseCall", "1001")
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+Abroad+" state=Abandoned", "CallDeleted 1001")
		d.over("1001", Abroad)
	})
}

// talks are the requests that concern one talk.
func talks(t *testing.T, d *Desk) {
	makesCalls(t, d)
	d.each(t, "answer", "protocol 4, R24", func(d *Desk) {
		d.customer("1001")
		d.rings("1001")
		m := d.ask("AnswerCall", "1001")
		require.Equal(d.T, "EventEstablished", m.MessageID)
		require.Equal(d.T, "1001", m.ThisDN)
		d.told("Established "+Outside, "Established 1001")
		d.hear(talking1001)
	})
	d.each(t, "release in talk", "3.1, R20, R21", func(d *Desk) {
		d.talk()
		m := d.ask("ReleaseCall", "1001")
		require.Equal(d.T, "EventReleased", m.MessageID)
		d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+Outside+" cause=BY_AGENT", "CallDeleted "+Outside)
		d.over("1001", Outside)
	})
	d.each(t, "release while it rings", "3.1", func(d *Desk) {
		d.customer("1001")
		d.rings("1001")
		d.ask("ReleaseCall", "1001")
		d.told("~ Released 1001", "~ Released "+Outside, "CallDeleted "+Outside)
		d.over("1001", Outside)
	})
	d.each(t, "redirect", "3.13", func(d *Desk) {
		d.customer("1001")
		d.rings("1001")
		m := d.ask("RedirectCall", "1001", "otherDN", "1002")
		require.Equal(d.T, "EventReleased", m.MessageID)
		d.told("Released 1001 state=Redirected", "Ringing 1002 other="+Outside+" third=1001")
		d.answer("1002")
		d.told("~ Established "+Outside+" other=1002", "~ Established 1002 other="+Outside)
		d.hear(Hearing{Outside: "1002", "1002": Outside})
		d.over("1001")
	})
	d.each(t, "attached data", "R8, R60, protocol 4", attachesData)
	d.each(t, "query call", "R52", queriesCall)
	d.each(t, "recording", "protocol 4, R51", records)
}

func makesCall(d *Desk) {
	m := d.ask("MakeCall", "1001", "otherDN", Abroad, "attachedData", map[string]any{"orderID": "7"})
	require.Contains(d.T, []string{"EventCallCreated", "EventDialing"}, m.MessageID)
	d.told("CallCreated 1001 type=Outbound orderID=\"7\"",
		"Dialing 1001 other="+Abroad+" role=Origination otherRole=Destination make=Regular")
	d.silent() // nothing of the agent's own phone ringing (R31)
	d.answer("1001")
	d.told("Ringing "+Abroad+" other=1001 party=Customer", "OtherRinging 1001 other="+Abroad)
	d.hear(Hearing{"1001": "ringback"})
	d.answer(Abroad)
	d.told("Established "+Abroad+" other=1001", "Established 1001 other="+Abroad+" orderID=\"7\"")
	d.hear(Hearing{"1001": Abroad, Abroad: "1001"})
	d.ask("ReleaseCall", "1001")
	d.told("~ Released 1001 cause=BY_AGENT", "~ Released "+Abroad+" cause=BY_AGENT", "CallDeleted 1001 other="+Abroad)
	d.over("1001", Abroad)
}

func attachesData(d *Desk) {
	d.talk()
	d.ask("UpdateAttachedData", "1001", "attachedData", map[string]any{"orderID": "5", "gone": 1})
	d.told("~ AttachedDataChanged 1001 orderID=\"5\"", "~ AttachedDataChanged "+Outside+" orderID=\"5\"")
	d.ask("UpdateAttachedData", "1001", "attachedData", map[string]any{"orderID": "6"}, "remove", []string{"gone"})
	d.told("~ AttachedDataChanged 1001 orderID=\"6\"", "~ AttachedDataChanged "+Outside+" orderID=\"6\"")
	require.NotContains(d.T, d.full.heard[len(d.full.heard)-1].AttachedData, "gone")
	d.refuse(int64(events.InvalidParams), "UpdateAttachedData", "1001", "attachedData", map[string]any{"consultStage": 1})
}

func queriesCall(d *Desk) {
	d.talk()
	id := d.full.heard[0].CallID
	m := d.ask("QueryCall", "1001", "callID", id)
	require.Equal(d.T, "EventCallInfo", m.MessageID)
	states := map[string]string{}
	for _, p := range m.Parties {
		states[p.ThisDN] = p.State
	}
	require.Equal(d.T, map[string]string{Outside: "Talk", "1001": "Talk"}, states)
	d.ask("HoldCall", "1001")
	d.told("Held 1001")
	for _, p := range d.ask("QueryCall", "1001", "callID", id).Parties {
		states[p.ThisDN] = p.State
	}
	require.Equal(d.T, map[string]string{Outside: "Talk", "1001": "Held"}, states)
	d.refuse(int64(events.NotFoundCallID), "QueryCall", "1001", "callID", "0123456789abcdef0123456789abcdef")
}

// holds: hold, mute and digits, by request and on the phone itself: the customer hears music, never silence (3.4,
// R26, R59).
func holds(t *testing.T, d *Desk) {
	held := Hearing{Outside: "music", "1001": ""}
	d.each(t, "hold and retrieve", "3.4, R26", func(d *Desk) {
		d.talk()
		for range 2 {
			require.Equal(d.T, "EventHeld", d.ask("HoldCall", "1001").MessageID)
			d.told("Held 1001 other=" + Outside)
			d.hear(held)
			require.Equal(d.T, "EventRetrieved", d.ask("RetrieveCall", "1001").MessageID)
			d.told("Retrieved 1001 other=" + Outside)
			d.hear(talking1001)
		}
		d.ask("HoldCall", "1001")
		d.told("Held 1001")
		d.refuse(int64(events.HeldInProcess), "HoldCall", "1001")
		d.refuse(int64(events.InvalidCallType), "SendDtmf", "1001", "dtmfDigits", "1")
	})
	d.each(t, "hold by the phone", "3.4, issue: what happens without a request", func(d *Desk) {
		d.talk()
		for range 2 {
			d.act("1001", Hold)
			d.told("Held 1001 other=" + Outside)
			d.hear(Hearing{Outside: "music"})
			d.act("1001", Unhold)
			d.told("Retrieved 1001 other=" + Outside)
			d.hear(talking1001)
		}
	})
	d.each(t, "hold, the customer hangs up", "3.4", func(d *Desk) {
		d.talk()
		d.ask("HoldCall", "1001")
		d.told("Held 1001")
		d.Reached("1001", Held)
		d.act(Outside, HangUp)
		d.told("~ Released "+Outside+" cause=NORMAL_CLEARING", "~ Released 1001 cause=NORMAL_CLEARING", "CallDeleted "+Outside)
		require.Equal(d.T, "customer", d.full.heard[len(d.full.heard)-2].HangupSide)
		d.over("1001")
	})
	d.each(t, "mute and unmute", "R26, R59", func(d *Desk) {
		d.talk()
		d.ask("MuteCall", "1001")
		d.told("Muted 1001 other=" + Outside)
		d.hear(Hearing{Outside: "", "1001": Outside})
		d.ask("UnmuteCall", "1001")
		d.told("Unmuted 1001 other=" + Outside)
		d.hear(talking1001)
	})
	d.each(t, "mute survives hold", "R59", func(d *Desk) {
		d.talk()
		d.ask("MuteCall", "1001")
		d.ask("HoldCall", "1001")
		d.hear(held)
		d.ask("RetrieveCall", "1001")
		d.told("Muted 1001", "Held 1001", "Retrieved 1001")
		d.hear(Hearing{Outside: "", "1001": Outside})
	})
	d.each(t, "digits by request", "protocol 4 (RequestSendDtmf)", sendsDigits)
	d.each(t, "digits on the phone", "issue: what happens without a request", pressesDigits)
}

func sendsDigits(d *Desk) {
	d.talk()
	require.Equal(d.T, "EventDtmfSent", d.ask("SendDtmf", "1001", "dtmfDigits", "123#").MessageID)
	d.told("DtmfSent 1001 other=" + Outside + " digits=123#")
	d.until("the digits at the customer's phone", func() bool { return d.Digits(Outside) == "123#" })
	d.refuse(int64(events.InvalidParams), "SendDtmf", "1001", "dtmfDigits", "12w")
}

func pressesDigits(d *Desk) {
	d.talk()
	d.Act("1001", Press, "7")
	d.told("DtmfSent 1001 other=" + Outside + " digits=7")
	d.until("the digit at the customer's phone", func() bool { return d.Digits(Outside) == "7" })
}
