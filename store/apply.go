package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-sqlite3"

	"modcti/engine"
)

// The columns of a row, in the order in which its values are bound, and those that tell it from all others. An id can be
// used again, by another start; who goes on in another call keeps his id and his start.
const (
	callColumns = "call_id, company_id, call_type, this_dn, other_dn, ani, dnis, make_call_type, start_millis, " +
		"answer_millis, bridge_millis, end_millis, hangup_cause, hangup_side, end_reason, merged_into, adopted, attached_data"
	callKey      = "call_id, start_millis"
	partyColumns = "party_id, call_id, leg_uuid, sip_call_id, party_role, dn_role, this_dn, other_dn, caller_name, " +
		"start_millis, progress_millis, answer_millis, bridge_millis, last_hold_millis, hold_millis_total, end_millis, " +
		"answer_sec, bill_sec, hangup_cause, switch_cause, hangup_side, disposition, call_state, early_detect_cause, queue_id, " +
		"agent_uuid, end_status"
	partyKey     = "call_id, party_id, start_millis"
	stateColumns = "start_millis, party_id, ordinal, call_id, state, at_millis, other_dn, clause"
)

// The statements are such that repeated records change nothing: a row is made once, changed while it is open, and ended
// once. An end makes its row when the beginning never came. A participant that left for another call, which gave its
// row no end_millis, may come back: its row is then open again.
var (
	openCall      = insert("call", callColumns, 1) + " ON CONFLICT DO NOTHING"
	endCall       = insert("call", callColumns, 0) + onConflict(callColumns, callKey, "call.open = 1")
	endSameCall   = update("call", callColumns, callKey+", ani", ", open = 0")
	updateCall    = update("call", callColumns, callKey, "")
	openParty     = insert("party", partyColumns, 1) + onConflict(partyColumns, partyKey, leftParty)
	leftParty     = "party.open = 0 AND party.end_millis = 0"
	endParty      = insert("party", partyColumns, 0) + onConflict(partyColumns, partyKey, "party.open = 1")
	endSameParty  = update("party", partyColumns, partyKey+", this_dn, other_dn", ", open = 0")
	updateParty   = update("party", partyColumns, partyKey, "")
	addPartyState = "INSERT INTO party_state (" + stateColumns + ") VALUES (" +
		strings.Replace(marks(stateColumns), "?1", stateStart, 1) + ") ON CONFLICT DO NOTHING"
)

// stateStart is the start of a state change's participant. A line that an earlier version has left in the spill file does
// not tell it: it is then the last of that id that began no later, or the first, which has moved into the call.
const stateStart = "coalesce(nullif(?1, 0)" +
	", (SELECT max(start_millis) FROM party WHERE call_id = ?4 AND party_id = ?2 AND start_millis <= ?6)" +
	", (SELECT min(start_millis) FROM party WHERE call_id = ?4 AND party_id = ?2), 0)"

func insert(table, columns string, open int) string {
	return fmt.Sprintf("INSERT INTO %s (%s, open) VALUES (%s, %d)", table, columns, marks(columns), open)
}

// onConflict goes behind an insert: it overwrites the row of the same key where that row is as told.
func onConflict(columns, key, where string) string {
	_, set := terms(columns, key)
	return fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s, open = excluded.open WHERE %s",
		key, strings.Join(set, ", "), where)
}

// update changes an open row in all columns but the same ones, by which it finds it. Indexed columns are best among
// them: nearly always they are what they were, and their indexes are then left alone.
func update(table, columns, same, also string) string {
	where, set := terms(columns, same)
	return fmt.Sprintf("UPDATE %s SET %s%s WHERE %s AND open = 1",
		table, strings.Join(set, ", "), also, strings.Join(where, " AND "))
}

// terms makes "column = value" of each column, those that are named in same apart from all others.
func terms(columns, same string) (named, others []string) {
	for i, name := range strings.Split(columns, ", ") {
		term := fmt.Sprintf("%s = ?%d", name, i+1)
		if slices.Contains(strings.Split(same, ", "), name) {
			named = append(named, term)
		} else {
			others = append(others, term)
		}
	}
	return named, others
}

func marks(columns string) string {
	var list []string
	for i := range strings.Split(columns, ", ") {
		list = append(list, fmt.Sprintf("?%d", i+1))
	}
	return strings.Join(list, ", ")
}

// statement is a prepared statement of the writer's connection, used without database/sql in between: a group binds
// thousands of values.
type statement struct {
	stmt *sqlite3.SQLiteStmt
	args []driver.NamedValue
	or   *statement // does it where this one finds no row; takes the same values
}

func (s *statement) exec(values ...driver.Value) error {
	for i, value := range values {
		if text, ok := value.(string); ok && !utf8.ValidString(text) {
			value = string([]rune(text)) // U+FFFD for each bad byte, as a record that went through the spill file has
		}
		s.args[i].Value = value
	}
	result, err := s.stmt.ExecContext(context.Background(), s.args)
	if err != nil || s.or == nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed > 0 {
		return err
	}
	return s.or.exec(values...)
}

// prepare makes the writer's statements.
func (d *database) prepare() error {
	return d.conn.Raw(func(raw any) error {
		conn, ok := raw.(*sqlite3.SQLiteConn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", raw)
		}
		for _, p := range []struct {
			target  **statement
			queries []string
		}{
			{&d.begin, []string{"BEGIN IMMEDIATE"}}, {&d.commit, []string{"COMMIT"}}, {&d.rollback, []string{"ROLLBACK"}},
			{&d.writes[engine.CallOpened], []string{openCall}},
			{&d.writes[engine.CallUpdated], []string{updateCall}},
			{&d.writes[engine.CallClosed], []string{endCall, endSameCall}},
			{&d.writes[engine.PartyOpened], []string{openParty}},
			{&d.writes[engine.PartyUpdated], []string{updateParty}},
			{&d.writes[engine.PartyClosed], []string{endParty, endSameParty}},
			{&d.writes[engine.PartyState], []string{addPartyState}},
			{&d.writes[engine.QueueEntered], []string{enterQueue}},
			{&d.writes[engine.QueueLeft], []string{leaveQueue}},
			{&d.writes[engine.OfferMade], []string{makeOffer}},
			{&d.writes[engine.OfferEnded], []string{endOffer}},
			{&d.writes[engine.AgentChanged], []string{changeAgent}}, {&d.logAgent, []string{logAgent}},
			{&d.endStays, []string{endStays}}, {&d.endOffers, []string{endOffers}},
		} {
			for _, query := range p.queries {
				s, err := newStatement(conn, query)
				if err != nil {
					return err
				}
				s.or, *p.target = *p.target, s
			}
		}
		return nil
	})
}

func newStatement(conn *sqlite3.SQLiteConn, query string) (*statement, error) {
	prepared, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(*sqlite3.SQLiteStmt)
	if !ok {
		return nil, fmt.Errorf("the driver's statement is a %T", prepared)
	}
	args := make([]driver.NamedValue, stmt.NumInput())
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return &statement{stmt: stmt, args: args}, nil
}

func (d *database) statements() []*statement {
	var made []*statement
	for _, first := range append([]*statement{d.begin, d.commit, d.rollback, d.logAgent, d.endStays, d.endOffers}, d.writes[:]...) {
		for s := first; s != nil; s = s.or {
			made = append(made, s)
		}
	}
	return made
}

// rejection is a record that the database will never take.
type rejection struct {
	item  *item
	cause error
}

// apply writes a group in one transaction: all of it, but for records that the database itself refuses, or nothing.
// When the commit itself fails the group may be written all the same, so whoever repeats it relies on the statements.
func (d *database) apply(g *group) (rejected []rejection, err error) {
	if err := d.moved(); err != nil {
		return nil, err
	}
	err = d.conn.Raw(func(any) error {
		if err := d.begin.exec(); err != nil {
			return err
		}
		for it := range g.all() {
			if err := d.write(it); isRecordFault(err) {
				rejected = append(rejected, rejection{it, err})
			} else if err != nil {
				return errors.Join(err, notInTransaction(d.rollback.exec()))
			}
		}
		if err := d.commit.exec(); err != nil {
			return errors.Join(err, notInTransaction(d.rollback.exec()))
		}
		return nil
	})
	return rejected, err
}

var errUnknownKind = errors.New("unknown kind of record, or one without its part")

func (d *database) write(it *item) error {
	record := &it.record
	switch record.Kind {
	case engine.CallOpened, engine.CallUpdated:
		return d.writes[record.Kind].call(&record.Call, it.data, false)
	case engine.CallClosed:
		if err := d.writes[record.Kind].call(&record.Call, it.data, true); err != nil {
			return err
		}
		return d.closed(&record.Call)
	case engine.PartyOpened, engine.PartyUpdated, engine.PartyClosed:
		return d.writes[record.Kind].party(&record.Party)
	case engine.PartyState:
		return d.writes[record.Kind].state(&record.State)
	}
	return d.writeCenter(record)
}

func (s *statement) call(c *engine.CallRecord, data string, ended bool) error {
	reason := ""
	if ended {
		reason = reasonName(c.EndReason)
	}
	if data == "" {
		data = "{}"
	}
	return s.exec(c.CallID, c.CompanyID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, c.MakeCallType, c.StartMillis,
		c.AnswerMillis, c.BridgeMillis, c.EndMillis, c.HangupCause, c.HangupSide, reason, c.MergedInto, c.Adopted, data)
}

func (s *statement) party(p *engine.PartyRecord) error {
	return s.exec(p.PartyID, p.CallID, p.LegUUID, p.SIPCallID, p.PartyRole, p.DNRole, p.ThisDN, p.OtherDN, p.CallerName,
		p.StartMillis, p.ProgressMillis, p.AnswerMillis, p.BridgeMillis, p.LastHoldMillis, p.HoldMillisTotal, p.EndMillis,
		p.AnswerSec, p.BillSec, p.HangupCause, p.SwitchCause, p.HangupSide, p.Disposition, p.CallState, p.EarlyDetectCause,
		p.QueueID, p.AgentUUID, p.EndStatus)
}

func (s *statement) state(r *engine.StateRecord) error {
	return s.exec(r.StartMillis, r.PartyID, r.Ordinal, r.CallID, r.State, r.AtMillis, r.OtherDN, r.Clause)
}

var reasonNames = [...]string{
	engine.EndNormal: "normal", engine.EndMerged: "merged",
	engine.EndInterrupted: "interrupted", engine.EndVanished: "vanished", engine.EndFaulted: "faulted",
}

func reasonName(reason engine.EndReason) string {
	if int(reason) < len(reasonNames) {
		return reasonNames[reason]
	}
	return fmt.Sprintf("reason %d", reason)
}

func reasonOf(name string) engine.EndReason {
	for reason, have := range reasonNames {
		if have == name {
			return engine.EndReason(reason)
		}
	}
	return engine.EndNormal
}
