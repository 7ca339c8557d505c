package scenario

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/events"
	"modcti/tests/fs/lab"
)

// Saboteur is a switch that can be made to fail.
type Saboteur interface {
	Switch
	// Stall lets a party's channel do nothing at all for a while; DropAtAnswer ends it as soon as its phone has answered.
	Stall(partyID string, d time.Duration)
	DropAtAnswer(partyID string)
	// Rooms lets conferences have so many members, and no more; with 0 there are none at all. It lasts for the test.
	Rooms(members int)
}

// Refusals is what a switch, after a phone has answered or when a consult is completed, does not do: nobody has lost whom
// he had (3.6, 3.8, 3.11). They are for a Saboteur.
var Refusals = Group{"refused by the switch", refusals}

// tooLong is longer than anybody waits for a channel that does nothing.
const tooLong = 8 * time.Second

func refusals(t *testing.T, d *Desk) {
	supervisorsFail(t, d)
	completionsFail(t, d)
	membersStay(t, d)
}

// membersStay: a conference of the dialplan goes into a room of the call's own when another is brought in, and the switch does
// not move one of its members.
func membersStay(t *testing.T, d *Desk) {
	saboteur := func(d *Desk) Saboteur { return d.Switch.(Saboteur) }
	bring := func(d *Desk, who string) lab.Message {
		asked := d.post("SingleStepConference", "1001", "otherDN", who)
		d.told("Ringing " + who + " third=1001")
		d.answer(who)
		return d.answerTo(asked)
	}
	d.each(t, "a member of a conference follows late", "3.8, 3.9", func(d *Desk) {
		d.threeInRoom()
		at := slices.IndexFunc(d.full.heard, func(m lab.Message) bool { return m.ThisDN == "1008" && m.PartyID != "" })
		saboteur(d).Stall(d.full.heard[at].PartyID, tooLong)
		require.Equal(d.T, "EventPartyAdded", bring(d, "1002").MessageID)
		d.told("Established 1002", "~ PartyAdded 1001 other=1002 third=1001 thirdRole=AddedBy state=Conference",
			"~ PartyAdded 1008 other=1002", "full: ~ PartyAdded "+Outside+" other=1002")
		d.until("nobody to be left in the first room", func() bool { return d.Members(Room) == 0 })
		d.hear(Hearing{
			Outside: "1001 1002 1008", "1001": Outside + " 1002 1008", "1002": Outside + " 1001 1008", "1008": Outside + " 1001 1002",
		})
	})
	d.each(t, "a member of a conference is turned away, the room is full", "3.8, protocol 6", func(d *Desk) {
		d.threeInRoom()
		saboteur(d).Rooms(2)
		require.Equal(d.T, int64(events.PBXError), bring(d, "1002").ErrorCode)
		d.over("1002", "1008")
		d.told("~ Released 1002", "~ Released 1008", "~ PartyDeleted 1001 other=1008 third=1008 thirdRole=DeletedBy state=OK",
			"full: ~ PartyDeleted "+Outside+" other=1008")
		d.hear(talking1001)
	})
}

// supervisorsFail: what a supervisor does fails after he has answered.
func supervisorsFail(t *testing.T, d *Desk) {
	failed := func(kind string) string {
		return "Released 1003 third=1001 thirdRole=" + kind + "To "
	}
	saboteur := func(d *Desk) Saboteur { return d.Switch.(Saboteur) }
	d.each(t, "intercept, his phone has gone as it answered", "3.11, R38, R58", func(d *Desk) {
		supervisorAnswers(d, "InterceptCall", saboteur(d).DropAtAnswer)
		d.told(failed("Intercept") + "intercept_cause=2")
		d.afterFailure()
	})
	d.each(t, "intercept, the switch does not join them", "3.11, R38, R58", func(d *Desk) {
		supervisorAnswers(d, "InterceptCall", func(string) { saboteur(d).Stall(d.full.heard[0].CallID, tooLong) })
		d.told(failed("Intercept") + "intercept_cause=2")
		d.afterFailure()
	})
	d.each(t, "barge in, his phone has gone as it answered", "3.11, R38, R58", func(d *Desk) {
		supervisorAnswers(d, "BargeIn", saboteur(d).DropAtAnswer)
		d.told(failed("Bargein") + "bargein_cause=2")
		d.afterFailure()
	})
	d.each(t, "barge in, the room is full", "3.11, R38, R58", func(d *Desk) {
		saboteur(d).Rooms(2)
		supervisorAnswers(d, "BargeIn", func(string) {})
		d.told(failed("Bargein") + "bargein_cause=2")
		d.afterFailure()
	})
	d.each(t, "barge in, there are no rooms", "3.11, R38, R58", func(d *Desk) {
		saboteur(d).Rooms(0)
		supervisorAnswers(d, "BargeIn", func(string) {})
		d.told(failed("Bargein") + "bargein_cause=2")
		d.afterFailure()
	})
}

// supervisorAnswers: 1003 is called for what he asks for about 1001, who talks to the customer; before it answers something
// is done, given its party.
func supervisorAnswers(d *Desk, request string, before func(partyID string)) {
	d.T.Helper()
	d.talk()
	d.ask(request, "1003", "thirdDN", "1001")
	d.told("Ringing 1003 other=" + Outside + " third=1001")
	d.rings("1003")
	before(d.full.heard[len(d.full.heard)-1].PartyID)
	d.answer("1003")
}

// afterFailure: the supervisor is gone, and the first call as it was.
func (d *Desk) afterFailure() {
	d.T.Helper()
	d.over("1003")
	d.hear(talking1001)
	d.silent()
}

// completionsFail: the switch does not do what completes a consult.
func completionsFail(t *testing.T, d *Desk) {
	saboteur := func(d *Desk) Saboteur { return d.Switch.(Saboteur) }
	retrieves := func(d *Desk) {
		d.ask("RetrieveConsult", "1001")
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "full: Retrieved 1001 other="+Outside)
		d.over("1002")
		d.hear(talking1001)
	}
	goesOn := func(d *Desk, request string) {
		require.Equal(d.T, int64(events.PBXError), d.request(request, "1001").ErrorCode)
		d.hear(consulting)
		d.silent()
		retrieves(d)
	}
	d.each(t, "a consult is not transferred", "3.6, protocol 6", func(d *Desk) {
		consults(d)
		saboteur(d).Stall(d.full.heard[0].CallID, tooLong)
		goesOn(d, "CompleteTransfer")
	})
	d.each(t, "a consult alternates late, and the other hangs up", "3.6, 3.14, R10", func(d *Desk) {
		consults(d)
		saboteur(d).Stall(d.full.heard[0].CallID, 3*time.Second)
		asked := d.post("AlternateCall", "1001")
		d.act("1002", HangUp)
		require.Equal(d.T, int64(events.NotFoundOtherParty), d.answerTo(asked).ErrorCode)
		d.told("~ "+retrieved, "~ AttachedDataChanged 1001 other=1002 state=Consult consultStage=5", "Retrieved 1001 other="+Outside)
		d.over("1002")
		d.hear(talking1001)
	})
	d.each(t, "a consult is not conferenced: no rooms", "3.8, protocol 6", func(d *Desk) {
		consults(d)
		saboteur(d).Rooms(0)
		goesOn(d, "CompleteConference")
	})
	d.each(t, "a consult is not conferenced: the room is full", "3.8, 3.14, protocol 6", func(d *Desk) {
		consults(d)
		saboteur(d).Rooms(2)
		require.NotZero(d.T, d.request("CompleteConference", "1001").ErrorCode)
		d.told(retrieved, "AttachedDataChanged 1001 other=1002 state=Consult consultStage=5")
		d.over("1002")
		d.hear(Hearing{Outside: "music", "1001": ""})
		d.ask("RetrieveCall", "1001")
		d.told("Retrieved 1001 other=" + Outside)
		d.hear(talking1001)
	})
}
