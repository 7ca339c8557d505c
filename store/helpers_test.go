package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

const baseMillis = int64(1_790_000_000_000)

// callRecords are the records of one answered inbound call to an extension: 14 of them (call-model 3.1).
func callRecords(i int) []engine.Record {
	id := fmt.Sprintf("%08x%08x%016x", i*2654435761&0xffffffff, i, 0xca11)
	customer := fmt.Sprintf("%08x%08x%016x", i*2246822519&0xffffffff, i, 0xa)
	agent := fmt.Sprintf("%08x%08x%016x", i*3266489917&0xffffffff, i, 0xb)
	start := baseMillis + int64(i)*50
	number, dn := fmt.Sprintf("1380000%04d", i%10000), fmt.Sprint(1000+i%500)
	call := engine.CallRecord{
		CallID: id, CompanyID: "c0ffee00c0ffee00c0ffee00c0ffee00", CallType: events.Inbound, ThisDN: number, OtherDN: dn,
		ANI: number, DNIS: "02012345678", StartMillis: start,
		AttachedData: events.Data{{Key: "level", JSON: `"gold"`}, {Key: "try", JSON: "1"}},
	}
	a := engine.PartyRecord{
		CallID: id, PartyID: customer, LegUUID: customer, SIPCallID: "sip-" + customer, PartyRole: events.Customer,
		DNRole: events.Origination, ThisDN: number, OtherDN: dn, CallerName: "Zoë", StartMillis: start,
	}
	b := a
	b.PartyID, b.LegUUID, b.SIPCallID, b.PartyRole, b.DNRole = agent, agent, "sip-"+agent, events.Agent, events.Destination
	b.ThisDN, b.OtherDN, b.StartMillis = dn, number, start+20
	state := func(p *engine.PartyRecord, ordinal, after int64, state, clause string) engine.Record {
		return engine.Record{Kind: engine.PartyState, State: engine.StateRecord{CallID: id, PartyID: p.PartyID,
			StartMillis: p.StartMillis, Ordinal: ordinal, State: state, AtMillis: start + after, OtherDN: p.OtherDN, Clause: clause}}
	}
	records := []engine.Record{
		{Kind: engine.CallOpened, Call: call}, {Kind: engine.PartyOpened, Party: a}, state(&a, 1, 0, "Dialing", "3.1"),
		{Kind: engine.PartyOpened, Party: b}, state(&b, 1, 200, "Ringing", "3.1"),
		state(&b, 2, 5200, "Talk", "3.1"), state(&a, 2, 5201, "Talk", "3.1"),
		state(&b, 3, 9000, "Held", "3.4"), state(&b, 4, 12000, "Talk", "3.4"),
		state(&a, 3, 65200, "Released", "3.1"), {Kind: engine.PartyClosed, Party: ended(a, start)},
		state(&b, 5, 65201, "Released", "3.1"), {Kind: engine.PartyClosed, Party: ended(b, start)},
	}
	call.AnswerMillis, call.BridgeMillis, call.EndMillis = start+5200, start+5201, start+65201
	call.HangupCause, call.HangupSide = "NORMAL_CLEARING", events.SideCustomer
	return append(records, engine.Record{Kind: engine.CallClosed, Call: call})
}

func ended(p engine.PartyRecord, start int64) engine.PartyRecord {
	p.ProgressMillis, p.AnswerMillis, p.BridgeMillis, p.EndMillis = start+200, start+5200, start+5201, start+65200
	p.LastHoldMillis, p.HoldMillisTotal, p.AnswerSec, p.BillSec = start+9000, 3000, 5, 60
	p.HangupCause, p.SwitchCause, p.HangupSide = "NORMAL_CLEARING", "NORMAL_CLEARING", events.SideCustomer
	p.Disposition, p.EarlyDetectCause = "recv_bye", 200
	return p
}

// again is a later use of the same uuids: the same records, millis later.
func again(records []engine.Record, millis int64) (list []engine.Record) {
	later := func(times ...*int64) {
		for _, at := range times {
			if *at != 0 {
				*at += millis
			}
		}
	}
	for _, r := range records {
		c, p := &r.Call, &r.Party
		later(&c.StartMillis, &c.AnswerMillis, &c.BridgeMillis, &c.EndMillis, &p.StartMillis, &p.ProgressMillis,
			&p.AnswerMillis, &p.BridgeMillis, &p.LastHoldMillis, &p.EndMillis, &r.State.StartMillis, &r.State.AtMillis)
		list = append(list, r)
	}
	return list
}

// transferRecords are the records of two calls of which the second one's agent goes on in the first, after he was there
// and back the given number of times (3.6).
func transferRecords(i, returns int) (list []engine.Record) {
	x, y := callRecords(i), callRecords(i+1)
	here, ordinal := y[3].Party, y[5].State.Ordinal
	there := here
	there.CallID, there.OtherDN = x[0].Call.CallID, x[1].Party.ThisDN
	state := func(p *engine.PartyRecord, state, clause string, at int64) engine.Record {
		ordinal++
		return engine.Record{Kind: engine.PartyState, State: engine.StateRecord{CallID: p.CallID, PartyID: p.PartyID,
			StartMillis: p.StartMillis, Ordinal: ordinal, State: state, AtMillis: at, OtherDN: p.OtherDN, Clause: clause}}
	}
	list = append(append(list, x[:9]...), y[:7]...)
	for range returns {
		list = append(list, engine.Record{Kind: engine.PartyClosed, Party: here},
			engine.Record{Kind: engine.PartyOpened, Party: there}, state(&there, "Held", "3.4", there.StartMillis+6000),
			engine.Record{Kind: engine.PartyUpdated, Party: there}, engine.Record{Kind: engine.PartyClosed, Party: there})
		here.HoldMillisTotal++
		list = append(list, engine.Record{Kind: engine.PartyOpened, Party: here},
			state(&here, "Talk", "3.4", here.StartMillis+6001))
	}
	merged := y[13].Call
	merged.EndReason, merged.MergedInto = engine.EndMerged, x[0].Call.CallID
	list = append(list, engine.Record{Kind: engine.PartyClosed, Party: here},
		engine.Record{Kind: engine.PartyOpened, Party: there}, x[11], x[12], y[9], y[10],
		engine.Record{Kind: engine.CallClosed, Call: merged}, x[9], x[10])
	return append(list, state(&there, "Released", "3.1", there.StartMillis+65200),
		engine.Record{Kind: engine.PartyClosed, Party: ended(there, there.StartMillis)}, x[13])
}

func calls(from, to int) (records []engine.Record) {
	for i := from; i < to; i++ {
		records = append(records, callRecords(i)...)
	}
	return records
}

func open(t testing.TB, options Options) *Store {
	t.Helper()
	s, err := Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(deadline(t))) })
	return s
}

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// onWriter runs f between two groups.
func onWriter(t testing.TB, s *Store, f func(*writer)) {
	t.Helper()
	require.NoError(t, s.do(f))
}

// dump is the whole content of the CDR tables but for the row numbers, read by a connection of its own.
func dump(t testing.TB, dir string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	var out strings.Builder
	for _, query := range []string{
		"SELECT " + callColumns + ", open FROM call ORDER BY call_id, start_millis",
		"SELECT " + partyColumns + ", open FROM party ORDER BY party_id, call_id, start_millis",
		"SELECT " + stateColumns + " FROM party_state ORDER BY party_id, ordinal, at_millis",
		"SELECT " + stayColumns + ", open FROM queue_stay ORDER BY " + stayKey,
		"SELECT " + offerColumns + ", open FROM offer ORDER BY " + offerKey,
		"SELECT " + agentStateColumns + ", login_millis FROM agent_state ORDER BY agent_uuid",
		"SELECT " + agentStateColumns + " FROM agent_state_log ORDER BY agent_uuid, at_millis, state, calls_taken",
	} {
		rows, err := db.Query(query)
		require.NoError(t, err)
		names, err := rows.Columns()
		require.NoError(t, err)
		values, targets := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		for rows.Next() {
			require.NoError(t, rows.Scan(targets...))
			fmt.Fprintln(&out, values...)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return out.String()
}

// planOf is how SQLite would carry out a query.
func planOf(t testing.TB, tx *sql.Tx, query string, args ...any) []string {
	t.Helper()
	plan, err := scanAll(tx, func(rows *sql.Rows, detail *string) error {
		var id, parent, unused int
		return rows.Scan(&id, &parent, &unused, detail)
	}, "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err)
	return plan
}

func count(t testing.TB, dir, query string, args ...any) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRow(query, args...).Scan(&n))
	return n
}

// logBook collects what is logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newLog() (*logBook, *slog.Logger) {
	book := &logBook{}
	return book, slog.New(slog.NewTextHandler(book, nil))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// snapshot copies what a killed process would leave of a data directory. The store's writer must be at rest.
func snapshot(t testing.TB, from, to string) {
	t.Helper()
	for _, name := range []string{databaseName, databaseName + "-wal", spillName, identityName, rejectedName} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, name), text, fileMode))
	}
}
