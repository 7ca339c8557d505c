package store

import (
	"database/sql"
	"fmt"
	"strings"

	"modcti/engine"
)

const (
	stayColumns = "call_id, party_id, queue_id, caller_dn, priority, entered_millis, left_millis, outcome, agent_uuid, " +
		"offers, position, callback, since_millis, early_millis"
	stayKey      = "call_id, party_id, queue_id, entered_millis"
	offerColumns = "call_id, party_id, queue_id, agent_uuid, agent_dn, at_millis, strategy, level, waited_millis, " +
		"candidates, candidate_count, reason, end_millis, outcome"
	offerKey          = "call_id, agent_uuid, party_id, at_millis"
	agentStateColumns = "agent_uuid, agent_id, dn, phone_type, state, reason_code, login_state, wrap_until_millis, call_id, " +
		"party_id, at_millis, calls_taken, talk_millis, next_state, next_reason, idle_queues, back_reason, under_state, under_reason"
)

// What a start reads of what is past.
const (
	pastMax     = 1 << 16 // stays
	monthMillis = 31 * 86_400_000
)

// What a start asks of the past goes by places in the tables: a database of years takes no longer than one of weeks.
var (
	askDropped = fmt.Sprintf("SELECT "+stayColumns+" FROM "+
		"(SELECT *, max(iif(callback = 0, entered_millis, 0)) OVER (PARTITION BY queue_id, caller_dn) AS came "+
		"FROM queue_stay NOT INDEXED WHERE id > (SELECT max(id) FROM queue_stay) - %d "+
		"AND queue_id IN (SELECT queue_id FROM queue WHERE resume_millis > 0)) s "+
		"WHERE outcome IN ('%s', '%s') AND callback = 0 AND came <= left_millis AND NOT EXISTS (SELECT 1 FROM party p "+
		"WHERE p.call_id = s.call_id AND p.party_id = s.party_id AND p.agent_uuid <> '') ORDER BY left_millis, id",
		pastMax, engine.StayAbandoned, engine.StayInterrupted)
	askServed = fmt.Sprintf("SELECT caller_dn, agent_uuid, max(left_millis) AS left FROM "+
		"(SELECT * FROM queue_stay WHERE entered_millis > (SELECT max(entered_millis) FROM queue_stay) - %d "+
		"AND outcome = '%s' AND EXISTS (SELECT 1 FROM queue WHERE last_seat_millis > 0) ORDER BY entered_millis DESC LIMIT %d) "+
		"GROUP BY caller_dn ORDER BY left", monthMillis, engine.StayAnswered, pastMax)
)

// Stays and offers are made once and ended once, as calls are. Of an agent's states the last one that was written is the
// one in force: records keep their order on every way to the database.
var (
	enterQueue = insert("queue_stay", stayColumns, 1) + " ON CONFLICT DO NOTHING"
	leaveQueue = insert("queue_stay", stayColumns, 0) + onConflict(stayColumns, stayKey, "queue_stay.open = 1")
	makeOffer  = insert("offer", offerColumns, 1) + " ON CONFLICT DO NOTHING"
	endOffer   = insert("offer", offerColumns, 0) + onConflict(offerColumns, offerKey, "offer.open = 1")
	endStays   = "UPDATE queue_stay SET open = 0, outcome = 'interrupted', left_millis = ?2 " +
		"WHERE call_id = ?1 AND open = 1 AND callback = 0" // a call-back outlives the call that asked for it
	endOffers   = "UPDATE offer SET open = 0, outcome = 'interrupted', end_millis = ?2 WHERE call_id = ?1 AND open = 1"
	logAgent    = "INSERT INTO agent_state_log (" + agentStateColumns + ") VALUES (" + marks(agentStateColumns) + ") ON CONFLICT DO NOTHING"
	changeAgent = "INSERT INTO agent_state (" + agentStateColumns + ", login_millis) VALUES (" + marks(agentStateColumns) +
		", iif(?5 = 'LoggedOut', 0, ?11)) ON CONFLICT (agent_uuid) DO UPDATE SET " + strings.Join(agentStateTerms(), ", ") +
		", login_millis = iif(excluded.state = 'LoggedOut', 0, iif(login_millis = 0, excluded.at_millis, login_millis))"
)

func agentStateTerms() []string {
	_, others := terms(agentStateColumns, "agent_uuid")
	return others
}

// closed ends what a call that came to no good end left open: the engine that would have told is gone or at fault.
func (d *database) closed(c *engine.CallRecord) error {
	switch c.EndReason {
	case engine.EndInterrupted, engine.EndVanished, engine.EndFaulted:
		if err := d.endStays.exec(c.CallID, c.EndMillis); err != nil {
			return err
		}
		return d.endOffers.exec(c.CallID, c.EndMillis)
	}
	return nil
}

// writeCenter writes a record of the call center.
func (d *database) writeCenter(r *engine.Record) error {
	switch {
	case (r.Kind == engine.QueueEntered || r.Kind == engine.QueueLeft) && r.Queue != nil:
		return d.writes[r.Kind].stay(r.Queue)
	case (r.Kind == engine.OfferMade || r.Kind == engine.OfferEnded) && r.Offer != nil:
		return d.writes[r.Kind].offer(r.Offer)
	case r.Kind == engine.AgentChanged && r.Agent != nil:
		if err := d.logAgent.agent(r.Agent); err != nil {
			return err
		}
		return d.writes[r.Kind].agent(r.Agent)
	}
	return fmt.Errorf("%w: %d", errUnknownKind, r.Kind)
}

func (s *statement) stay(q *engine.QueueRecord) error {
	return s.exec(q.CallID, q.PartyID, q.QueueID, q.CallerDN, int64(q.Priority), q.EnteredMillis, q.LeftMillis, q.Outcome,
		q.AgentUUID, int64(q.Offers), int64(q.Position), q.Callback, q.SinceMillis, q.EarlyMillis)
}

func (s *statement) offer(o *engine.OfferRecord) error {
	return s.exec(o.CallID, o.PartyID, o.QueueID, o.AgentUUID, o.AgentDN, o.AtMillis, o.Strategy, int64(o.Level),
		o.WaitedMillis, o.Candidates, int64(o.CandidateCount), o.Reason, o.EndMillis, o.Outcome)
}

func (s *statement) agent(a *engine.AgentRecord) error {
	return s.exec(a.UUID, a.ID, a.DN, a.PhoneType, a.State, a.ReasonCode, a.LoginState, a.WrapUntilMillis, a.CallID,
		a.PartyID, a.AtMillis, a.CallsTaken, a.TalkMillis, a.NextState, a.NextReason, strings.Join(a.IdleQueues, " "),
		a.BackReason, a.UnderState, a.UnderReason)
}

// Routing answers why a call went where it went: the stays in queues and the offers to agents of the newest call of that
// id, in order of time. It is empty for a call that was in no queue, or that the store does not know.
func (s *Store) Routing(callID string) (stays []engine.QueueRecord, offers []engine.OfferRecord, err error) {
	tx, err := s.read()
	if err != nil {
		return nil, nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	const newest = " WHERE call_id = ?1 AND call_start_millis IS (SELECT max(start_millis) FROM call WHERE call_id = ?1)"
	stays, err = scanAll(tx, scanStay, "SELECT "+stayColumns+" FROM stay"+newest+" ORDER BY entered_millis, id", callID)
	if err != nil {
		return nil, nil, err
	}
	offers, err = scanAll(tx, scanOffer, "SELECT "+offerColumns+" FROM offered"+newest+" ORDER BY at_millis, id", callID)
	return stays, offers, err
}

// Agents returns the last state of each agent, which a restart begins with.
func (s *Store) Agents() ([]engine.AgentRecord, error) {
	return readAll(s, scanAgent, "SELECT "+agentStateColumns+" FROM agent_state ORDER BY agent_uuid")
}

// Callbacks returns those who are still to be called back, in the order in which they asked for it.
func (s *Store) Callbacks() ([]engine.QueueRecord, error) {
	return readAll(s, scanStay, "SELECT "+stayColumns+" FROM queue_stay WHERE open = 1 AND callback = 1 ORDER BY id")
}

// Waited returns the stays of those who were waiting when the last run ended, in the order in which they came, each with
// what his place is counted from: the first of his stays there that a restart ended.
func (s *Store) Waited() ([]engine.QueueRecord, error) {
	scan := func(rows *sql.Rows, q *engine.QueueRecord) error {
		return rows.Scan(&q.CallID, &q.PartyID, &q.QueueID, &q.CallerDN, &q.Priority, &q.EnteredMillis, &q.Offers, &q.Position,
			&q.SinceMillis)
	}
	return readAll(s, scan, "SELECT call_id, party_id, queue_id, caller_dn, priority, entered_millis, offers, position, "+
		"(SELECT min(iif(f.since_millis > 0, f.since_millis, f.entered_millis)) FROM queue_stay f "+
		"WHERE f.call_id = s.call_id AND f.party_id = s.party_id "+
		"AND f.queue_id = s.queue_id AND (f.open = 1 OR f.outcome = 'interrupted')) "+
		"FROM queue_stay s WHERE open = 1 AND callback = 0 ORDER BY id")
}

// Dropped returns the stays of those who hung up while they waited, or whom the end of a run cut off, and who have not come into
// that queue since, the eldest first, of queues that keep their places. An agent's who consulted is none.
func (s *Store) Dropped() ([]engine.QueueRecord, error) {
	return readAll(s, scanStay, askDropped)
}

// Served returns, of each caller of the last month, who served him last; the eldest first. There are none where no queue has
// callers wait for him.
func (s *Store) Served() ([]engine.QueueRecord, error) {
	scan := func(rows *sql.Rows, q *engine.QueueRecord) error {
		return rows.Scan(&q.CallerDN, &q.AgentUUID, &q.LeftMillis)
	}
	return readAll(s, scan, askServed)
}

// Offered returns the offers that the last run left open; a call that has ended has none.
func (s *Store) Offered() ([]engine.OfferRecord, error) {
	return readAll(s, scanOffer, "SELECT "+offerColumns+" FROM offer WHERE open = 1 AND call_id IN "+
		"(SELECT call_id FROM call WHERE open = 1) ORDER BY id")
}

// Logins tells since when each agent who is logged in has been, in Unix ms.
func (s *Store) Logins() (map[string]int64, error) {
	type login struct {
		uuid  string
		since int64
	}
	logins, err := readAll(s, func(rows *sql.Rows, l *login) error { return rows.Scan(&l.uuid, &l.since) },
		"SELECT agent_uuid, login_millis FROM agent_state WHERE login_millis > 0")
	since := make(map[string]int64, len(logins))
	for _, l := range logins {
		since[l.uuid] = l.since
	}
	return since, err
}

func scanStay(rows *sql.Rows, q *engine.QueueRecord) error {
	return rows.Scan(&q.CallID, &q.PartyID, &q.QueueID, &q.CallerDN, &q.Priority, &q.EnteredMillis, &q.LeftMillis, &q.Outcome,
		&q.AgentUUID, &q.Offers, &q.Position, &q.Callback, &q.SinceMillis, &q.EarlyMillis)
}

func scanOffer(rows *sql.Rows, o *engine.OfferRecord) error {
	return rows.Scan(&o.CallID, &o.PartyID, &o.QueueID, &o.AgentUUID, &o.AgentDN, &o.AtMillis, &o.Strategy, &o.Level,
		&o.WaitedMillis, &o.Candidates, &o.CandidateCount, &o.Reason, &o.EndMillis, &o.Outcome)
}

func scanAgent(rows *sql.Rows, a *engine.AgentRecord) error {
	var idle string
	err := rows.Scan(&a.UUID, &a.ID, &a.DN, &a.PhoneType, &a.State, &a.ReasonCode, &a.LoginState, &a.WrapUntilMillis,
		&a.CallID, &a.PartyID, &a.AtMillis, &a.CallsTaken, &a.TalkMillis, &a.NextState, &a.NextReason, &idle, &a.BackReason,
		&a.UnderState, &a.UnderReason)
	if idle != "" {
		a.IdleQueues = strings.Split(idle, " ")
	}
	return err
}
