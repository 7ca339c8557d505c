package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

// asksConsult: 1001 asks 1002 while the customer waits (3.6: stages 1 and 2).
func asksConsult(d *Desk) {
	d.T.Helper()
	d.talk()
	d.ask("InitiateConsult", "1001", "otherDN", "1002")
	d.told("full: Held 1001 other="+Outside, "full: Dialing 1001 other=1002",
		"AttachedDataChanged 1001 other=1002 consultStage=1",
		"Ringing 1002 other=1001 otherRole=ConsultBy third="+Outside+" state=Consult consultStage=\"2\" consulting=\"true\"",
		"AttachedDataChanged 1001 other=1002 state=Consult consultStage=2")
	d.hear(Hearing{Outside: "music", "1001": "ringback"})
}

// consults: and 1002 answers (stage 4).
func consults(d *Desk) {
	d.T.Helper()
	asksConsult(d)
	d.answer("1002")
	d.told("Established 1002 other=1001 otherRole=ConsultBy third="+Outside+" state=Consult consultStage=\"4\"",
		"full: Established 1001 other=1002", "AttachedDataChanged 1001 other=1002 state=Consult consultStage=4")
	d.hear(consulting)
}

var consulting = Hearing{Outside: "music", "1001": "1002", "1002": "1001"}

const (
	cancelled = "Released 1002 other=1001 otherRole=ConsultBy third=" + Outside + " state=Consult consultStage=3"
	retrieved = "Released 1002 other=1001 otherRole=ConsultBy third=" + Outside + " state=Consult consultStage=5"
)

// consultations: a consult and everything that can become of it (3.6, 3.7, 3.8).
func consultations(t *testing.T, d *Desk) {
	d.each(t, "cancelled", "3.6, R7, R9, stage 3", func(d *Desk) {
		asksConsult(d)
		d.ask("CancelConsult", "1001")
		d.told(cancelled, "AttachedDataChanged 1001 other=1002 state=Consult consultStage=3")
		d.over("1002")
		d.hear(Hearing{Outside: "music", "1001": ""}) // the main talk stays held until it is retrieved
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001 other=" + Outside)
		d.hear(talking1001)
	})
	d.each(t, "retrieved", "3.6, R11, stage 5", func(d *Desk) {
		consults(d)
		d.ask("RetrieveConsult", "1001")
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "full: Retrieved 1001 other="+Outside)
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "transferred", "3.6, 3.0-7, R4, R5, R6, R34, stage 6", func(d *Desk) {
		consults(d)
		require.Equal(d.T, "EventReleased", d.ask("CompleteTransfer", "1001").MessageID)
		d.told(transferred...)
		d.over("1001")
		d.hear(Hearing{Outside: "1002", "1002": Outside})
		d.act(Outside, HangUp)
		d.told("~ Released "+Outside, "~ Released 1002 other="+Outside, "CallDeleted "+Outside)
	})
	d.each(t, "transferred while it rings", "3.6 (completed early), 3.7", func(d *Desk) {
		asksConsult(d)
		d.ask("CompleteTransfer", "1001")
		d.told(transferred...)
		d.over("1001")
		d.answer("1002")
		d.told("Established 1002 other=" + Outside)
		d.hear(Hearing{Outside: "1002", "1002": Outside})
	})
	d.each(t, "conferenced", "3.8, 3.9, R2, R3, R34, R35, stages 7 and 9", func(d *Desk) {
		consults(d)
		d.ask("CompleteConference", "1001")
		d.told(conferenced...)
		d.hear(ofThree)
		d.ask("DeleteParty", "1001", "otherDN", "1002")
		d.told("Released 1002", "~ PartyDeleted 1001 other=1002 third=1001 thirdRole=DeletedBy state=OK consultStage=9",
			"full: ~ PartyDeleted "+Outside+" other=1002 third=1001 thirdRole=DeletedBy")
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "conferenced, the agent leaves", "3.9, R35, stage 8", func(d *Desk) {
		consults(d)
		d.ask("CompleteConference", "1001")
		d.told(conferenced...)
		d.ask("ReleaseCall", "1001")
		d.told("Released 1001", "~ PartyDeleted 1002 other=1001 third=1001 thirdRole=DeletedBy state=OK consultStage=8",
			"full: ~ PartyDeleted "+Outside+" other=1001 selfLeft=true")
		d.over("1001")
		d.hear(Hearing{Outside: "1002", "1002": Outside})
	})
	d.each(t, "alternated", "3.6, R11", func(d *Desk) {
		consults(d)
		d.ask("AlternateCall", "1001")
		d.told("full: Held 1001 other=1002", "full: Retrieved 1001 other="+Outside, "AttachedDataChanged 1001 other="+Outside)
		d.hear(Hearing{Outside: "1001", "1001": Outside, "1002": "music"})
		d.ask("AlternateCall", "1001")
		d.told("full: Held 1001 other="+Outside, "full: Retrieved 1001 other=1002", "AttachedDataChanged 1001 other=1002")
		d.hear(consulting)
		d.ask("RetrieveConsult", "1001")
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "full: Retrieved 1001 other="+Outside)
		d.hear(talking1001)
	})
}

var (
	transferred = []string{
		"Released 1001 role=ConsultBy other=1002 state=Transferred consultStage=6",
		"basic: PartyChanged 1002 other=" + Outside + " third=1001 thirdRole=TransferBy state=OK consultStage=6",
		"full: PartyChanged 1002 other=" + Outside + " third=1001 thirdRole=TransferBy consultStage=6",
		"full: PartyChanged " + Outside + " other=1002 third=1001 thirdRole=TransferBy state=Transferred",
	}
	conferenced = []string{
		"full: Retrieved 1001 other=" + Outside,
		"PartyAdded 1001 other=1002 third=1001 thirdRole=AddedBy state=Conference consultStage=7",
		"full: PartyAdded " + Outside + " other=1002 third=1001 thirdRole=AddedBy state=Conference",
		"PartyChanged 1002 other=" + Outside + " third=1001 thirdRole=AddedBy state=Conference consultStage=7",
	}
	ofThree = Hearing{Outside: "1001 1002", "1001": Outside + " 1002", "1002": Outside + " 1001"}
)

// failures: what goes wrong with a consult leaves the first call as it was (3.6, 3.14, R10).
func failures(t *testing.T, d *Desk) {
	back := func(d *Desk) {
		d.over("1002")
		d.hear(Hearing{Outside: "music", "1001": ""})
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001 other=" + Outside)
		d.hear(talking1001)
	}
	d.each(t, "the other refuses", "3.6, R10", func(d *Desk) {
		asksConsult(d)
		d.act("1002", Refuse)
		d.told(cancelled, "AttachedDataChanged 1001 other=1002 consultStage=3")
		back(d)
	})
	d.each(t, "the other is not there", "3.6, R10", func(d *Desk) {
		d.talk()
		d.ask("InitiateConsult", "1001", "otherDN", "1010")
		d.told("full: Held 1001", "full: Dialing 1001 other=1010", "AttachedDataChanged 1001 other=1010 consultStage=1",
			"AttachedDataChanged 1001 other=1010 consultStage=3")
		d.hear(Hearing{Outside: "music", "1001": ""})
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001")
		d.hear(talking1001)
	})
	d.each(t, "the other hangs up", "3.6, R10", func(d *Desk) {
		consults(d)
		d.act("1002", HangUp)
		d.told(retrieved, "AttachedDataChanged 1001 other=1002 consultStage=5")
		back(d)
	})
	d.each(t, "the customer hangs up", "3.6, R12", func(d *Desk) {
		consults(d)
		d.act(Outside, HangUp)
		d.told("Released " + Outside)
		d.hear(Hearing{"1001": "1002", "1002": "1001"})
	})
	d.each(t, "the agent hangs up", "3.6", func(d *Desk) {
		consults(d)
		d.act("1001", HangUp)
		// 1001 hears of stage 5 only while it is there: all end at once.
		d.toldToTheEnd("Released 1002 other=1001 otherRole=ConsultBy state=Consult consultStage=5",
			"Released 1001 cause=BY_AGENT", "Released "+Outside+" cause=BY_AGENT")
		d.over("1001", "1002", Outside)
	})
	d.each(t, "refused", "protocol 6", func(d *Desk) {
		d.talk()
		d.refuse(int64(events.TargetPartyIsSelf), "InitiateConsult", "1001", "otherDN", "1001")
		d.refuse(int64(events.InvalidParams), "InitiateConsult", "1001", "otherDN", "1|2")
		d.refuse(int64(events.InvalidParams), "InitiateConsult", "1001", "otherDN", "999999999")
		d.refuse(int64(events.NotFoundParty), "InitiateConsult", "1002", "otherDN", "1003")
		for _, request := range []string{"CancelConsult", "RetrieveConsult", "CompleteTransfer", "CompleteConference", "AlternateCall"} {
			m := d.request(request, "1001")
			require.NotZero(d.T, m.ErrorCode, "%s without a consult: %s", request, m.Raw)
			d.silent()
		}
		d.hear(talking1001)
	})
}
