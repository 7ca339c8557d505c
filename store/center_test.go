package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/cdr"
)

// queueRecords are the records of one call that waited in two queues, rang out at one agent and was answered by another
// (3.2, 3.3).
func queueRecords(i int) (records []engine.Record) {
	call := callRecords(i)
	customer, agent, start := call[1].Party, call[3].Party, call[0].Call.StartMillis
	first := engine.QueueRecord{CallID: customer.CallID, PartyID: customer.PartyID, QueueID: "8001", CallerDN: customer.ThisDN,
		Priority: 2, EnteredMillis: start + 1, Position: 3}
	second := first
	second.QueueID, second.EnteredMillis, second.Position = "8002@sales", start+100, 1
	missed := engine.OfferRecord{CallID: customer.CallID, PartyID: fmt.Sprintf("%032x", i+7), QueueID: "8001",
		AgentUUID: "zoë", AgentDN: "1009", AtMillis: start + 20, Strategy: "longest-idle-agent", Level: 1, WaitedMillis: 19,
		Candidates: `[{"agentUUID":"zoë","idleMillis":77}]`, CandidateCount: 1, Reason: "He was free for longest: 77 ms."}
	taken := missed
	taken.QueueID, taken.PartyID, taken.AgentUUID, taken.AgentDN = "8002@sales", agent.PartyID, "bob", agent.ThisDN
	taken.AtMillis, taken.WaitedMillis, taken.Level = start+101, 1, 2
	state := func(uuid, state string, at int64) engine.Record {
		return engine.Record{Kind: engine.AgentChanged, Agent: &engine.AgentRecord{UUID: uuid, ID: "7", DN: "1009", PhoneType: 4,
			State: state, ReasonCode: at % 10, AtMillis: start + at}}
	}
	stay := func(kind engine.RecordKind, q engine.QueueRecord) engine.Record {
		return engine.Record{Kind: kind, Queue: &q}
	}
	offer := func(kind engine.RecordKind, o engine.OfferRecord) engine.Record {
		return engine.Record{Kind: kind, Offer: &o}
	}
	records = append(records, state("zoë", "Ready", 0), state("bob", "Ready", 0))
	records = append(append(records, call[:3]...), stay(engine.QueueEntered, first), offer(engine.OfferMade, missed))
	missed.EndMillis, missed.Outcome = start+90, "no-answer"
	first.LeftMillis, first.Outcome, first.Offers = start+100, string(engine.WhenTimeout), 1
	records = append(records, state("zoë", "NotReady", 85), offer(engine.OfferEnded, missed), stay(engine.QueueLeft, first),
		stay(engine.QueueEntered, second), offer(engine.OfferMade, taken))
	records = append(records, call[3:5]...)
	taken.EndMillis, taken.Outcome = start+5200, "answered"
	second.LeftMillis, second.Outcome, second.AgentUUID, second.Offers = start+5200, "answered", "bob", 1
	records = append(records, offer(engine.OfferEnded, taken), stay(engine.QueueLeft, second))
	work := state("bob", "AfterCallWork", 65_200)
	work.Agent.CallID, work.Agent.PartyID, work.Agent.LoginState = customer.CallID, agent.PartyID, 1
	work.Agent.WrapUntilMillis, work.Agent.CallsTaken, work.Agent.TalkMillis = start+95_200, 4, 60_000
	work.Agent.NextState, work.Agent.NextReason, work.Agent.IdleQueues = "NotReady", 11, []string{"8001", "8003@x"}
	records = append(append(records, call[5:11]...), work)
	records = append(append(records, call[11:]...), state("zoë", "LoggedOut", 70_000))
	for i := range records {
		switch p := &records[i].Party; p.PartyID {
		case customer.PartyID:
			p.QueueID = "8002@sales"
		case agent.PartyID:
			p.QueueID, p.AgentUUID = "8002@sales", "bob"
		}
	}
	return records
}

// Why a call went where it went (issue: decision receipts) can be asked of the store; the answer is of one use of the id.
func TestRouting(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	records := queueRecords(3)
	id := records[2].Call.CallID
	later := againCenter(records, 500_000)
	s.Append(append(records, later...))
	require.NoError(t, s.Flush(deadline(t)))
	stays, offers, err := s.Routing(id)
	require.NoError(t, err)
	var ends []engine.QueueRecord
	var outcomes []engine.OfferRecord
	for _, r := range later {
		switch r.Kind {
		case engine.QueueLeft:
			ends = append(ends, *r.Queue)
		case engine.OfferEnded:
			outcomes = append(outcomes, *r.Offer)
		}
	}
	require.Equal(t, ends, stays)
	require.Equal(t, outcomes, offers)

	require.Equal(t, 2, count(t, dir, `SELECT count(*) FROM cdr WHERE call_id = ? AND queue_id = '8002@sales'
		AND queue_sec BETWEEN 5.198 AND 5.2`, id))
	require.Equal(t, 4, count(t, dir, "SELECT count(*) FROM cdr_party WHERE call_id = ? AND queue_id = '8002@sales'", id))
	require.Equal(t, 2, count(t, dir, `SELECT count(*) FROM cdr_offer WHERE call_id = ? AND outcome = 'no-answer'
		AND rang_sec = 0.07 AND reason LIKE 'He was free%' AND agent_dn = '1009'`, id))
	require.Equal(t, 1, count(t, dir, `SELECT count(*) FROM queue_day WHERE queue_id = '8002@sales' AND entered = 2
		AND answered = 2 AND abandoned = 0 AND waiting = 0 AND answer_sec = 5.1 AND longest_sec = 5.1 AND offers = 2`))
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM queue_day WHERE queue_id = '8001' AND sent_on = 2 AND answered = 0"))

	s.Append(callRecords(9))
	require.NoError(t, s.Flush(deadline(t)))
	for _, other := range []string{callRecords(9)[0].Call.CallID, "unknown"} {
		stays, offers, err = s.Routing(other)
		require.NoError(t, err)
		require.Empty(t, stays)
		require.Empty(t, offers)
	}
}

// The questions that reports ask have an index.
func TestCenterIndexes(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	tx, err := s.read()
	require.NoError(t, err)
	defer tx.Rollback()
	for _, query := range []string{
		"SELECT * FROM offer WHERE call_id = 'x'", "SELECT * FROM offer WHERE agent_uuid = 'x' AND at_millis > 5",
		"SELECT * FROM offer WHERE at_millis > 5", "SELECT * FROM queue_stay WHERE call_id = 'x'",
		"SELECT * FROM queue_stay WHERE queue_id = 'x' AND entered_millis > 5",
		"SELECT * FROM queue_stay WHERE entered_millis > 5", "SELECT * FROM queue_stay WHERE open = 1",
		"SELECT * FROM agent_state_log WHERE agent_uuid = 'x' AND at_millis > 5",
		"SELECT * FROM agent_state_log WHERE at_millis > 5", "SELECT * FROM cdr_offer WHERE call_id = 'x'",
	} {
		rows, err := tx.Query("EXPLAIN QUERY PLAN " + query)
		require.NoError(t, err)
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			fmt.Fprintln(&plan, detail)
		}
		require.NoError(t, rows.Err())
		require.Regexp(t, "USING (COVERING )?INDEX", plan.String(), query)
		require.NotContains(t, plan.String(), "SCAN o\n", query)
	}
}

// againCenter is again for records of the call center too.
func againCenter(records []engine.Record, millis int64) []engine.Record {
	list := again(records, millis)
	later := func(times ...*int64) {
		for _, at := range times {
			if *at != 0 {
				*at += millis
			}
		}
	}
	for i := range list {
		r := &list[i]
		switch {
		case r.Queue != nil:
			q := *r.Queue
			later(&q.EnteredMillis, &q.LeftMillis)
			r.Queue = &q
		case r.Offer != nil:
			o := *r.Offer
			later(&o.AtMillis, &o.EndMillis)
			r.Offer = &o
		case r.Agent != nil:
			a := *r.Agent
			later(&a.AtMillis, &a.WrapUntilMillis)
			r.Agent = &a
		}
	}
	return list
}

// A restart begins with the last state of each agent, also where the clock was put back meanwhile; the log keeps all.
func TestAgentsAtARestart(t *testing.T) {
	dir := t.TempDir()
	records := queueRecords(3)
	start := records[2].Call.StartMillis
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(records) })
	s := open(t, Options{Dir: dir})
	agents, err := s.Agents()
	require.NoError(t, err)
	require.Len(t, agents, 2)
	require.Equal(t, engine.AgentRecord{UUID: "bob", ID: "7", DN: "1009", PhoneType: 4, State: "AfterCallWork",
		LoginState: 1, WrapUntilMillis: start + 95_200, CallID: records[2].Call.CallID,
		PartyID: callRecords(3)[3].Party.PartyID, AtMillis: start + 65_200, CallsTaken: 4, TalkMillis: 60_000,
		NextState: "NotReady", NextReason: 11, IdleQueues: []string{"8001", "8003@x"}}, agents[0])
	require.Equal(t, "LoggedOut", agents[1].State)
	logins, err := s.Logins()
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"bob": start}, logins)

	gone := engine.AgentRecord{UUID: "bob", State: "Ready", AtMillis: start - 7_200_000, NextState: "LoggedOut", NextReason: 6,
		UnderState: "NotReady", UnderReason: 12}
	s.Append([]engine.Record{{Kind: engine.AgentChanged, Agent: &gone}})
	require.NoError(t, s.Flush(deadline(t)))
	agents, err = s.Agents()
	require.NoError(t, err)
	require.Equal(t, gone, agents[0])

	back := engine.AgentRecord{UUID: "bob", State: "AfterCallWork", LoginState: 2, BackReason: 12, AtMillis: start - 3_600_000}
	s.Append([]engine.Record{{Kind: engine.AgentChanged, Agent: &back}})
	require.NoError(t, s.Flush(deadline(t)))
	agents, err = s.Agents()
	require.NoError(t, err)
	require.Equal(t, back, agents[0])
	require.Equal(t, 7, count(t, dir, "SELECT count(*) FROM agent_state_log"))
}

// What a call that came to no good end left open ends with it: no caller waits for ever in a report.
func TestInterruptedStays(t *testing.T) {
	for _, reason := range []engine.EndReason{engine.EndInterrupted, engine.EndVanished, engine.EndFaulted, engine.EndNormal} {
		dir := t.TempDir()
		s := open(t, Options{Dir: dir})
		records := queueRecords(1)[:7]
		ended := records[2].Call
		ended.EndMillis, ended.EndReason = ended.StartMillis+9000, reason
		s.Append(append(records, engine.Record{Kind: engine.CallClosed, Call: ended}))
		require.NoError(t, s.Flush(deadline(t)))
		stays, offers, err := s.Routing(ended.CallID)
		require.NoError(t, err)
		require.Len(t, stays, 1)
		require.Len(t, offers, 1)
		if reason == engine.EndNormal {
			require.Empty(t, stays[0].Outcome)
			continue
		}
		require.Equal(t, []any{"interrupted", ended.EndMillis, "interrupted", ended.EndMillis},
			[]any{stays[0].Outcome, stays[0].LeftMillis, offers[0].Outcome, offers[0].EndMillis})
		require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM queue_day WHERE waiting = 0 AND sent_on = 1"))
	}
}

// Who is to be called back keeps his place when his call has ended, however it ended, and over a restart.
func TestCallbacks(t *testing.T) {
	dir := t.TempDir()
	records := queueRecords(1)[:6]
	stay := *records[5].Queue
	back := stay
	back.PartyID, back.Callback = "", true
	stay.LeftMillis, stay.Outcome = stay.EnteredMillis+40, string(engine.WhenCallback)
	gone := records[2].Call
	gone.EndMillis, gone.EndReason = gone.StartMillis+50, engine.EndVanished
	records = append(records, engine.Record{Kind: engine.QueueLeft, Queue: &stay},
		engine.Record{Kind: engine.QueueEntered, Queue: &back}, engine.Record{Kind: engine.CallClosed, Call: gone})
	openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(records) })
	s := open(t, Options{Dir: dir})
	callbacks, err := s.Callbacks()
	require.NoError(t, err)
	require.Equal(t, []engine.QueueRecord{back}, callbacks)
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM queue_day WHERE entered = 1 AND callbacks = 1 AND waiting = 0"))
	served := back
	served.LeftMillis, served.Outcome, served.AgentUUID, served.Offers = back.EnteredMillis+9000, engine.StayAnswered, "bob", 2
	s.Append([]engine.Record{{Kind: engine.QueueLeft, Queue: &served}})
	require.NoError(t, s.Flush(deadline(t)))
	callbacks, err = s.Callbacks()
	require.NoError(t, err)
	require.Empty(t, callbacks)
	stays, _, err := s.Routing(gone.CallID)
	require.NoError(t, err)
	require.Equal(t, []engine.QueueRecord{stay, served}, stays)

	var fold cdr.Fold
	fold.Add(append(records, engine.Record{Kind: engine.QueueLeft, Queue: &served}))
	require.Zero(t, fold.Faults)
	require.Equal(t, stays, fold.CDRs()[0].Stays)
}

// While neither place can be written what an end tells whole is dropped first; ends and agents' states stay.
func TestCenterRecordsThatCanBeShed(t *testing.T) {
	for kind, want := range map[engine.RecordKind]bool{
		engine.QueueEntered: true, engine.OfferMade: true, engine.QueueLeft: false, engine.OfferEnded: false,
		engine.AgentChanged: false, engine.CallUpdated: false,
	} {
		require.Equal(t, want, sheddable(kind), kind)
	}
	var ends []engine.Record
	for _, r := range queueRecords(4) {
		if !sheddable(r.Kind) {
			ends = append(ends, r)
		}
	}
	stays, offers := func(records []engine.Record) (any, any) {
		s := open(t, Options{Dir: t.TempDir()})
		s.Append(records)
		require.NoError(t, s.Flush(deadline(t)))
		stays, offers, err := s.Routing(records[2].Call.CallID)
		require.NoError(t, err)
		return stays, offers
	}(queueRecords(4))
	s := open(t, Options{Dir: t.TempDir()})
	s.Append(ends)
	require.NoError(t, s.Flush(deadline(t)))
	someStays, someOffers, err := s.Routing(queueRecords(4)[2].Call.CallID)
	require.NoError(t, err)
	require.Equal(t, stays, any(someStays))
	require.Equal(t, offers, any(someOffers))
}

// A record without the part that its kind names is refused, and holds up nothing.
func TestACenterRecordWithoutItsPart(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	s.Append(append([]engine.Record{{Kind: engine.QueueLeft}, {Kind: engine.OfferMade}, {Kind: engine.AgentChanged}},
		callRecords(1)...))
	require.NoError(t, s.Flush(deadline(t)))
	require.EqualValues(t, 3, s.Stats().Rejected)
	require.EqualValues(t, 14, s.Stats().Written)
}
