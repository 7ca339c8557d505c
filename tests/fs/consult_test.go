package fs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
	"modcti/tests/fs/lab"
)

// asksConsult: 1001 asks 1002 while the customer waits (3.6: stages 1 and 2).
func asksConsult(d *desk) {
	d.t.Helper()
	d.talk()
	d.ask("InitiateConsult", "1001", "otherDN", "1002")
	d.told("full: Held 1001 other="+outside, "full: Dialing 1001 other=1002",
		"AttachedDataChanged 1001 other=1002 consultStage=1",
		"Ringing 1002 other=1001 otherRole=ConsultBy third="+outside+" state=Consult consultStage=\"2\" consulting=\"true\"",
		"AttachedDataChanged 1001 other=1002 state=Consult consultStage=2")
	d.hear(hearing{outside: "music", "1001": "ringback"})
}

// consults: and 1002 answers (stage 4).
func consults(d *desk) {
	d.t.Helper()
	asksConsult(d)
	d.answer("1002")
	d.told("Established 1002 other=1001 otherRole=ConsultBy third="+outside+" state=Consult consultStage=\"4\"",
		"full: Established 1001 other=1002", "AttachedDataChanged 1001 other=1002 state=Consult consultStage=4")
	d.hear(consulting)
}

var consulting = hearing{outside: "music", "1001": "1002", "1002": "1001"}

const (
	cancelled = "Released 1002 other=1001 otherRole=ConsultBy third=" + outside + " state=Consult consultStage=3"
	retrieved = "Released 1002 other=1001 otherRole=ConsultBy third=" + outside + " state=Consult consultStage=5"
)

// consultations: a consult and everything that can become of it (3.6, 3.7, 3.8).
func consultations(t *testing.T, d *desk) {
	d.each(t, "cancelled", "3.6, R7, R9, stage 3", func(d *desk) {
		asksConsult(d)
		d.ask("CancelConsult", "1001")
		d.told(cancelled, "AttachedDataChanged 1001 other=1002 state=Consult consultStage=3")
		d.over("1002")
		d.hear(hearing{outside: "music", "1001": ""}) // the main talk stays held until it is retrieved
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001 other=" + outside)
		d.hear(talking1001)
	})
	d.each(t, "retrieved", "3.6, R11, stage 5", func(d *desk) {
		consults(d)
		d.ask("RetrieveConsult", "1001")
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "full: Retrieved 1001 other="+outside)
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "transferred", "3.6, 3.0-7, R4, R5, R6, R34, stage 6", func(d *desk) {
		consults(d)
		require.Equal(d.t, "EventReleased", d.ask("CompleteTransfer", "1001").MessageID)
		d.told(transferred...)
		d.over("1001")
		d.hear(hearing{outside: "1002", "1002": outside})
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, outside)
		d.told("~ Released "+outside, "~ Released 1002 other="+outside, "CallDeleted "+outside)
	})
	d.each(t, "transferred while it rings", "3.6 (completed early), 3.7", func(d *desk) {
		asksConsult(d)
		d.ask("CompleteTransfer", "1001")
		d.told(transferred...)
		d.over("1001")
		d.answer("1002")
		d.told("Established 1002 other=" + outside)
		d.hear(hearing{outside: "1002", "1002": outside})
	})
	d.each(t, "conferenced", "3.8, 3.9, R2, R3, R34, R35, stages 7 and 9", func(d *desk) {
		consults(d)
		d.ask("CompleteConference", "1001")
		d.told(conferenced...)
		d.hear(ofThree)
		d.ask("DeleteParty", "1001", "otherDN", "1002")
		d.told("Released 1002", "~ PartyDeleted 1001 other=1002 third=1001 thirdRole=DeletedBy state=OK consultStage=9",
			"full: ~ PartyDeleted "+outside+" other=1002 third=1001 thirdRole=DeletedBy")
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "conferenced, the agent leaves", "3.9, R35, stage 8", func(d *desk) {
		consults(d)
		d.ask("CompleteConference", "1001")
		d.told(conferenced...)
		d.ask("ReleaseCall", "1001")
		d.told("Released 1001", "~ PartyDeleted 1002 other=1001 third=1001 thirdRole=DeletedBy state=OK consultStage=8",
			"full: ~ PartyDeleted "+outside+" other=1001 selfLeft=true")
		d.over("1001")
		d.hear(hearing{outside: "1002", "1002": outside})
	})
	d.each(t, "alternated", "3.6, R11", func(d *desk) {
		consults(d)
		d.ask("AlternateCall", "1001")
		d.told("full: Held 1001 other=1002", "full: Retrieved 1001 other="+outside, "AttachedDataChanged 1001 other="+outside)
		d.hear(hearing{outside: "1001", "1001": outside, "1002": "music"})
		d.ask("AlternateCall", "1001")
		d.told("full: Held 1001 other="+outside, "full: Retrieved 1001 other=1002", "AttachedDataChanged 1001 other=1002")
		d.hear(consulting)
		d.ask("RetrieveConsult", "1001")
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "full: Retrieved 1001 other="+outside)
		d.hear(talking1001)
	})
}

var (
	transferred = []string{
		"Released 1001 role=ConsultBy other=1002 state=Transferred consultStage=6",
		"basic: PartyChanged 1002 other=" + outside + " third=1001 thirdRole=TransferBy state=OK consultStage=6",
		"full: PartyChanged 1002 other=" + outside + " third=1001 thirdRole=TransferBy consultStage=6",
		"full: PartyChanged " + outside + " other=1002 third=1001 thirdRole=TransferBy state=Transferred",
	}
	conferenced = []string{
		"full: Retrieved 1001 other=" + outside,
		"PartyAdded 1001 other=1002 third=1001 thirdRole=AddedBy state=Conference consultStage=7",
		"full: PartyAdded " + outside + " other=1002 third=1001 thirdRole=AddedBy state=Conference",
		"PartyChanged 1002 other=" + outside + " third=1001 thirdRole=AddedBy state=Conference consultStage=7",
	}
	ofThree = hearing{outside: "1001 1002", "1001": outside + " 1002", "1002": outside + " 1001"}
)

// failures: what goes wrong with a consult leaves the first call as it was (3.6, 3.14, R10).
func failures(t *testing.T, d *desk) {
	back := func(d *desk) {
		d.over("1002")
		d.hear(hearing{outside: "music", "1001": ""})
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001 other=" + outside)
		d.hear(talking1001)
	}
	d.each(t, "the other refuses", "3.6, R10", func(d *desk) {
		asksConsult(d)
		d.act(func(p *lab.SIPp) error { return p.Refuse(d.ctx) }, "1002")
		d.told(cancelled, "AttachedDataChanged 1001 other=1002 consultStage=3")
		back(d)
	})
	d.each(t, "the other is not there", "3.6, R10", func(d *desk) {
		d.talk()
		d.ask("InitiateConsult", "1001", "otherDN", "1010")
		d.told("full: Held 1001", "full: Dialing 1001 other=1010", "AttachedDataChanged 1001 other=1010 consultStage=1",
			"AttachedDataChanged 1001 other=1010 consultStage=3")
		d.hear(hearing{outside: "music", "1001": ""})
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001")
		d.hear(talking1001)
	})
	d.each(t, "the other hangs up", "3.6, R10", func(d *desk) {
		consults(d)
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, "1002")
		d.told(retrieved, "AttachedDataChanged 1001 other=1002 consultStage=5")
		back(d)
	})
	d.each(t, "the customer hangs up", "3.6, R12", func(d *desk) {
		consults(d)
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, outside)
		d.told("Released " + outside)
		d.hear(hearing{"1001": "1002", "1002": "1001"})
	})
	d.each(t, "the agent hangs up", "3.6", func(d *desk) {
		consults(d)
		d.act(func(p *lab.SIPp) error { return p.HangUp(d.ctx) }, "1001")
		d.over("1001", "1002", outside)
	})
	d.each(t, "refused", "protocol 6", func(d *desk) {
		d.talk()
		d.refuse(int64(events.TargetPartyIsSelf), "InitiateConsult", "1001", "otherDN", "1001")
		d.refuse(int64(events.InvalidParams), "InitiateConsult", "1001", "otherDN", "1|2")
		d.refuse(int64(events.InvalidParams), "InitiateConsult", "1001", "otherDN", "999999999")
		d.refuse(int64(events.NotFoundParty), "InitiateConsult", "1002", "otherDN", "1003")
		for _, request := range []string{"CancelConsult", "RetrieveConsult", "CompleteTransfer", "CompleteConference", "AlternateCall"} {
			m := d.request(request, "1001")
			require.NotZero(d.t, m.ErrorCode, "%s without a consult: %s", request, m.Raw)
			d.silent()
		}
		d.hear(talking1001)
	})
}
