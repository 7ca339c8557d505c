package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const benchRows = 1000 // records a transaction

// rawLoop is the bare way to the same rows: the store's own statements, prepared, in one transaction a batch, with the
// same pragmas, through database/sql or straight through the driver. Nothing is queued, copied, checked or retried.
type rawLoop struct {
	db      *sql.DB
	conn    *sql.Conn
	queries [engine.CallClosed + 1]string
	stmts   [engine.CallClosed + 1]*sql.Stmt
	direct  [engine.CallClosed + 1]driver.StmtExecContext
}

func newRawLoop(b testing.TB, dir, synchronous string) *rawLoop {
	b.Helper()
	s, err := Open(Options{Dir: dir}) // makes the tables, so that both write into the same schema
	require.NoError(b, err)
	require.NoError(b, s.Close(deadline(b)))
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+
		"?_txlock=immediate&_mutex=no&_journal_mode=WAL&_synchronous="+synchronous)
	require.NoError(b, err)
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(writerPragmas)
	require.NoError(b, err)
	r := &rawLoop{db: db}
	r.queries = [...]string{
		engine.CallOpened: openCall, engine.CallClosed: endSameCall, engine.PartyOpened: openParty,
		engine.PartyClosed: endSameParty, engine.PartyState: addPartyState,
	}
	return r
}

// write goes through database/sql.
func (r *rawLoop) write(b testing.TB, records []engine.Record) {
	for kind, query := range r.queries {
		if query != "" && r.stmts[kind] == nil {
			var err error
			r.stmts[kind], err = r.db.Prepare(query)
			require.NoError(b, err)
		}
	}
	tx, err := r.db.Begin()
	require.NoError(b, err)
	var stmts [len(r.stmts)]*sql.Stmt
	for kind, stmt := range r.stmts {
		if stmt != nil {
			stmts[kind] = tx.Stmt(stmt)
		}
	}
	for i := range records {
		if _, err := stmts[records[i].Kind].Exec(rawValues(&records[i])...); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, tx.Commit())
}

// writeDirect goes straight through the driver.
func (r *rawLoop) writeDirect(b testing.TB, records []engine.Record) {
	ctx := context.Background()
	if r.conn == nil {
		var err error
		r.conn, err = r.db.Conn(ctx)
		require.NoError(b, err)
		b.Cleanup(func() { r.conn.Close() })
	}
	require.NoError(b, r.conn.Raw(func(raw any) error {
		conn := raw.(*sqlite3.SQLiteConn)
		_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE", nil)
		require.NoError(b, err)
		for i := range records {
			kind := records[i].Kind
			if r.direct[kind] == nil {
				stmt, err := conn.Prepare(r.queries[kind])
				require.NoError(b, err)
				r.direct[kind] = stmt.(driver.StmtExecContext)
			}
			values := rawValues(&records[i])
			args := make([]driver.NamedValue, len(values))
			for n, value := range values {
				args[n] = driver.NamedValue{Ordinal: n + 1, Value: value}
			}
			if _, err := r.direct[kind].ExecContext(ctx, args); err != nil {
				b.Fatal(err)
			}
		}
		_, err = conn.ExecContext(ctx, "COMMIT", nil)
		return err
	}))
}

func rawValues(r *engine.Record) []any {
	switch c, p, s := &r.Call, &r.Party, &r.State; r.Kind {
	case engine.CallOpened, engine.CallClosed:
		return []any{c.CallID, c.CompanyID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, c.MakeCallType,
			c.StartMillis, c.AnswerMillis, c.BridgeMillis, c.EndMillis, c.HangupCause, c.HangupSide, "normal",
			c.MergedInto, c.Adopted, string(c.AttachedData.AppendJSON(nil))}
	case engine.PartyOpened, engine.PartyClosed:
		return []any{p.PartyID, p.CallID, p.LegUUID, p.SIPCallID, p.PartyRole, p.DNRole, p.ThisDN, p.OtherDN,
			p.CallerName, p.StartMillis, p.ProgressMillis, p.AnswerMillis, p.BridgeMillis, p.LastHoldMillis,
			p.HoldMillisTotal, p.EndMillis, p.AnswerSec, p.BillSec, p.HangupCause, p.SwitchCause, p.HangupSide,
			p.Disposition, p.CallState, p.EarlyDetectCause, p.QueueID, p.AgentUUID, p.EndStatus}
	default:
		return []any{s.StartMillis, s.PartyID, s.Ordinal, s.CallID, s.State, s.AtMillis, s.OtherDN, s.Clause}
	}
}

// TestRawLoop: what the store is measured against writes the same rows.
func TestRawLoop(t *testing.T) {
	records := calls(0, 3)
	s := open(t, Options{Dir: t.TempDir()})
	s.Append(records)
	require.NoError(t, s.Flush(deadline(t)))
	for _, write := range []func(*rawLoop, testing.TB, []engine.Record){(*rawLoop).write, (*rawLoop).writeDirect} {
		raw := newRawLoop(t, t.TempDir(), "full")
		write(raw, t, records)
		if raw.conn != nil {
			require.NoError(t, raw.conn.Close()) // there is one alone
		}
		for _, table := range []string{"call", "party", "party_state"} {
			require.Equal(t, tableRows(t, s.readers.Load(), table), tableRows(t, raw.db, table))
		}
	}
}

// tableRows are all rows of a table, as text.
func tableRows(t *testing.T, db *sql.DB, table string) (rows []string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	require.NoError(t, err)
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for found.Next() {
		require.NoError(t, found.Scan(places...))
		rows = append(rows, fmt.Sprint(values))
	}
	require.NoError(t, found.Err())
	require.NotEmpty(t, rows)
	return rows
}

// storeLoop hands the same batches to a Store and waits until all are durable.
func storeLoop(b *testing.B, s *Store, batches [][]engine.Record) {
	for _, batch := range batches {
		s.Append(batch)
		for s.Stats().Queued > 8*benchRows {
			require.NoError(b, s.Flush(context.Background()))
		}
	}
	require.NoError(b, s.Flush(context.Background()))
	require.Zero(b, s.Stats().Spilled, "the store must have written to SQLite")
}

func benchBatches(from, rows int) (batches [][]engine.Record, next int) {
	per := len(callRecords(0))
	for rows > 0 {
		n := min(rows, benchRows) / per
		batches = append(batches, calls(from, from+n))
		from, rows = from+n, rows-max(n*per, per)
	}
	return batches, from
}

// BenchmarkCDRRatio writes the records of answered two-party calls (14 each) through the store and through a bare mattn
// loop, in turns, and prints how many rows a second the store reaches of the bare loop: at least 0.80 is wanted.
func BenchmarkCDRRatio(b *testing.B) {
	for _, durability := range []string{"full", "normal"} {
		b.Run("database-sql/"+durability, func(b *testing.B) { compare(b, durability, (*rawLoop).write) })
		b.Run("driver/"+durability, func(b *testing.B) { compare(b, durability, (*rawLoop).writeDirect) })
	}
}

func compare(b *testing.B, durability string, write func(*rawLoop, testing.TB, []engine.Record)) {
	s := open(b, Options{Dir: b.TempDir(), Durability: durability, GroupRows: benchRows})
	raw := newRawLoop(b, b.TempDir(), durability)
	ways := [2]func(batches [][]engine.Record){
		func(batches [][]engine.Record) { storeLoop(b, s, batches) },
		func(batches [][]engine.Record) {
			for _, batch := range batches {
				write(raw, b, batch)
			}
		},
	}
	var ratios []float64
	var total [2]time.Duration
	rows, next := 0, 0
	for b.Loop() {
		for _, first := range []int{0, 1, 1, 0} {
			var batches [][]engine.Record
			batches, next = benchBatches(next, 10*benchRows)
			var took [2]time.Duration
			for _, way := range []int{first, 1 - first} {
				began := time.Now()
				ways[way](batches)
				took[way] = time.Since(began)
				total[way] += took[way]
			}
			ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
			for _, batch := range batches {
				rows += len(batch)
			}
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "of-raw")
	b.ReportMetric(float64(rows)/total[0].Seconds(), "store-rows/s")
	b.ReportMetric(float64(rows)/total[1].Seconds(), "raw-rows/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDurability is the price of durability by size of group: rows a second of the store.
func BenchmarkDurability(b *testing.B) {
	for _, durability := range []string{"full", "normal"} {
		for _, rows := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", durability, rows), func(b *testing.B) {
				s := open(b, Options{Dir: b.TempDir(), Durability: durability, GroupRows: rows})
				records, written, next := calls(0, 100), 0, 100
				for b.Loop() {
					if len(records) < rows {
						b.StopTimer()
						records = calls(next, next+100)
						next += 100
						b.StartTimer()
					}
					s.Append(records[:rows])
					require.NoError(b, s.Flush(context.Background()))
					records, written = records[rows:], written+rows
				}
				b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// BenchmarkAppend is what the engine's loop pays for the records of one call, 14 of them, and the queue's own part of
// taking them off again.
func BenchmarkAppend(b *testing.B) {
	q := newQueue(1<<16, benchRows, time.Hour)
	records := callRecords(1)
	var g group
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q.append(records)
		if i%70 == 69 {
			q.peek(&g, q.take())
			q.settle(&g)
		}
	}
}
