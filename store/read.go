package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"modcti/engine"
	"modcti/events"
)

const partiesOf = "SELECT " + partyColumns + " FROM participant WHERE call_id = ? AND call_start_millis = ?"

// ErrNotFound says that the store holds no such call.
var ErrNotFound = errors.New("no such call in the store")

// Call reads one call, the newest of that id, with all its participants in order of joining and the state changes that
// they had in it in order of time. It sees what is committed: an end is, 50 ms after Append or earlier,
// and all else after 250 ms, unless SQLite is out of order.
func (s *Store) Call(id string) (engine.CallRecord, []engine.PartyRecord, []engine.StateRecord, error) {
	tx, err := s.read()
	if err != nil {
		return engine.CallRecord{}, nil, nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	calls, err := scanAll(tx, scanCall,
		"SELECT "+callColumns+" FROM call WHERE call_id = ? ORDER BY start_millis DESC LIMIT 1", id)
	if err == nil && len(calls) == 0 {
		err = fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err != nil {
		return engine.CallRecord{}, nil, nil, err
	}
	parties, err := scanAll(tx, scanParty, partiesOf+" ORDER BY id", id, calls[0].StartMillis)
	if err != nil {
		return engine.CallRecord{}, nil, nil, err
	}
	states, err := scanAll(tx, scanState, askStates, id, calls[0].StartMillis)
	return calls[0], parties, states, err
}

var askStates = "SELECT s." + strings.ReplaceAll(stateColumns, ", ", ", s.") + " FROM participant p JOIN party_state s" +
	" ON s.start_millis = p.start_millis AND s.party_id = p.party_id AND s.call_id = p.call_id" +
	" WHERE p.call_id = ? AND p.call_start_millis = ? ORDER BY s.at_millis, p.id, s.ordinal"

// callsNamedMax is enough to say that there are several.
const callsNamedMax = 2

// CallsNamed finds calls whose id begins so, or that of a participant.
func (s *Store) CallsNamed(beginning string) (ids []string, err error) {
	if !hexPattern.MatchString(beginning) {
		return nil, nil
	}
	tx, err := s.read()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	return scanAll(tx, func(r *sql.Rows, id *string) error { return r.Scan(id) }, askCallsNamed, beginning, callsNamedMax)
}

// askCallsNamed: whose id is the call's own is found as that.
const askCallsNamed = "SELECT call_id FROM call WHERE call_id BETWEEN ?1 AND ?1 || 'g' UNION " +
	"SELECT call_id FROM party WHERE party_id BETWEEN ?1 AND ?1 || 'g' AND party_id <> call_id LIMIT ?2"

// hexPattern is the beginning of an id that is long enough to mean one.
var hexPattern = regexp.MustCompile(`^[0-9a-f]{4,32}$`)

// OpenCalls returns the calls that an earlier run left open, oldest first, each with the participants that it left open
// and their last states. To be called before the engine's first Append. What waits in the spill file because SQLite does not
// take it counts as much as what SQLite holds.
func (s *Store) OpenCalls() ([]engine.OpenCall, error) {
	var waits *spilled
	if err := s.do(func(w *writer) { waits = w.spilled() }); err != nil {
		return nil, err
	}
	tx, err := s.read()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	calls, err := scanAll(tx, scanCall, "SELECT "+callColumns+" FROM call WHERE open = 1 ORDER BY id")
	if err != nil {
		return nil, err
	}
	calls = waits.calls.over(calls, callKeyOf, waits.calls.all)
	open := make([]engine.OpenCall, len(calls))
	for i := range calls {
		open[i].Call = calls[i]
		parties, err := scanAll(tx, scanParty, partiesOf+" AND open = 1 ORDER BY id", calls[i].CallID, calls[i].StartMillis)
		if err != nil {
			return nil, err
		}
		open[i].Parties = waits.parties.over(parties, partyKeyOf, waits.parties.ofCall[calls[i].CallID])
		for j := range open[i].Parties {
			state, err := lastState(tx, &open[i].Parties[j])
			if err != nil {
				return nil, err
			}
			if last := waits.states[state.PartyID]; last.Ordinal != 0 && last.AtMillis >= open[i].Parties[j].StartMillis {
				state = last
			}
			open[i].States = append(open[i].States, state)
		}
	}
	return open, nil
}

const askLastState = "SELECT " + stateColumns +
	" FROM party_state WHERE start_millis = ? AND party_id = ? ORDER BY ordinal DESC LIMIT 1"

// lastState is the zero state, ordinal 0, when the party's first state change was not written any more. The last one
// may be of the call that the party was in before: a move by itself changes no state, and the ordinals go on.
func lastState(tx *sql.Tx, p *engine.PartyRecord) (engine.StateRecord, error) {
	states, err := scanAll(tx, scanState, askLastState, p.StartMillis, p.PartyID)
	if err != nil || len(states) == 0 {
		return engine.StateRecord{CallID: p.CallID, PartyID: p.PartyID}, err
	}
	return states[0], nil
}

// read begins a transaction in which all queries see the same state of the database.
func (s *Store) read() (*sql.Tx, error) {
	readers := s.readers.Load()
	if readers == nil {
		return nil, fmt.Errorf("the database in %s is out of order; see the log", s.options.Dir)
	}
	tx, err := readers.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("the database in %s cannot be read: %w", s.options.Dir, err)
	}
	return tx, nil
}

// readAll is scanAll of what is committed now.
func readAll[T any](s *Store, scan func(*sql.Rows, *T) error, query string) ([]T, error) {
	tx, err := s.read()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to lose
	return scanAll(tx, scan, query)
}

func scanAll[T any](tx *sql.Tx, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var row T
		if err := scan(rows, &row); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func scanCall(rows *sql.Rows, c *engine.CallRecord) error {
	var reason, data string
	err := rows.Scan(&c.CallID, &c.CompanyID, &c.CallType, &c.ThisDN, &c.OtherDN, &c.ANI, &c.DNIS, &c.MakeCallType,
		&c.StartMillis, &c.AnswerMillis, &c.BridgeMillis, &c.EndMillis, &c.HangupCause, &c.HangupSide, &reason,
		&c.MergedInto, &c.Adopted, &data)
	if err != nil {
		return err
	}
	c.EndReason = reasonOf(reason)
	c.AttachedData, err = parseData(data)
	if err != nil {
		return &damageError{fmt.Sprintf("attached data of call %s: %v", c.CallID, err)}
	}
	return nil
}

func scanParty(rows *sql.Rows, p *engine.PartyRecord) error {
	return rows.Scan(&p.PartyID, &p.CallID, &p.LegUUID, &p.SIPCallID, &p.PartyRole, &p.DNRole, &p.ThisDN, &p.OtherDN,
		&p.CallerName, &p.StartMillis, &p.ProgressMillis, &p.AnswerMillis, &p.BridgeMillis, &p.LastHoldMillis,
		&p.HoldMillisTotal, &p.EndMillis, &p.AnswerSec, &p.BillSec, &p.HangupCause, &p.SwitchCause, &p.HangupSide,
		&p.Disposition, &p.CallState, &p.EarlyDetectCause, &p.QueueID, &p.AgentUUID, &p.EndStatus)
}

func scanState(rows *sql.Rows, r *engine.StateRecord) error {
	return rows.Scan(&r.StartMillis, &r.PartyID, &r.Ordinal, &r.CallID, &r.State, &r.AtMillis, &r.OtherDN, &r.Clause)
}

// parseData reads one JSON object as attached data, in the order of its keys.
func parseData(text string) (events.Data, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.Join(errors.New("it is not a JSON object"), err)
	}
	var data events.Data
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		data = append(data, events.Pair{Key: key.(string), JSON: string(value)})
	}
	_, err := decoder.Token()
	return data, err
}
