package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const benchRows = 1000 // records a transaction

// rawLoop is the bare way to the same rows: prepared statements of the mattn driver through database/sql, one
// transaction a batch, the same pragmas.
type rawLoop struct {
	db    *sql.DB
	kinds [engine.CallClosed + 1]*sql.Stmt
}

func newRawLoop(b *testing.B, dir, synchronous string) *rawLoop {
	b.Helper()
	// The store makes the tables, so that both write into the same schema.
	s, err := Open(Options{Dir: dir})
	require.NoError(b, err)
	require.NoError(b, s.Close(deadline(b)))
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+
		"?_txlock=immediate&_journal_mode=WAL&_synchronous="+synchronous)
	require.NoError(b, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec(writerPragmas)
	require.NoError(b, err)
	b.Cleanup(func() { db.Close() })
	r := &rawLoop{db: db}
	for kind, query := range map[engine.RecordKind]string{
		engine.CallOpened: openCall, engine.CallClosed: endCall, engine.PartyOpened: openParty,
		engine.PartyClosed: endParty, engine.PartyState: addPartyState,
	} {
		r.kinds[kind], err = db.Prepare(query)
		require.NoError(b, err)
	}
	return r
}

func (r *rawLoop) write(b *testing.B, records []engine.Record) {
	tx, err := r.db.Begin()
	require.NoError(b, err)
	var stmts [len(r.kinds)]*sql.Stmt
	for kind, stmt := range r.kinds {
		if stmt != nil {
			stmts[kind] = tx.Stmt(stmt)
		}
	}
	for i := range records {
		if err := rawExec(stmts[records[i].Kind], &records[i]); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, tx.Commit())
}

func rawExec(stmt *sql.Stmt, r *engine.Record) (err error) {
	switch c, p, s := &r.Call, &r.Party, &r.State; r.Kind {
	case engine.CallOpened, engine.CallClosed:
		_, err = stmt.Exec(c.CallID, c.CompanyID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, c.MakeCallType,
			c.StartMillis, c.AnswerMillis, c.BridgeMillis, c.EndMillis, c.HangupCause, c.HangupSide, "normal",
			c.MergedInto, c.Adopted, string(c.AttachedData.AppendJSON(nil)))
	case engine.PartyOpened, engine.PartyClosed:
		_, err = stmt.Exec(p.PartyID, p.CallID, p.LegUUID, p.SIPCallID, p.PartyRole, p.DNRole, p.ThisDN, p.OtherDN,
			p.CallerName, p.StartMillis, p.ProgressMillis, p.AnswerMillis, p.BridgeMillis, p.LastHoldMillis,
			p.HoldMillisTotal, p.EndMillis, p.AnswerSec, p.BillSec, p.HangupCause, p.SwitchCause, p.HangupSide,
			p.Disposition, p.CallState, p.EarlyDetectCause)
	case engine.PartyState:
		_, err = stmt.Exec(s.PartyID, s.Ordinal, s.CallID, s.State, s.AtMillis, s.OtherDN, s.Clause)
	}
	return err
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
		b.Run(durability, func(b *testing.B) {
			s := open(b, Options{Dir: b.TempDir(), Durability: durability, GroupRows: benchRows})
			raw := newRawLoop(b, b.TempDir(), durability)
			var ratios []float64
			var storeTime, rawTime time.Duration
			next := 0
			for b.Loop() {
				for turn := range 2 { // store first, then raw first
					var batches [][]engine.Record
					batches, next = benchBatches(next, 10*benchRows)
					var took [2]time.Duration
					for half := range 2 {
						start := time.Now()
						if half == turn {
							storeLoop(b, s, batches)
							took[0] = time.Since(start)
							continue
						}
						for _, batch := range batches {
							raw.write(b, batch)
						}
						took[1] = time.Since(start)
					}
					ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
					storeTime, rawTime = storeTime+took[0], rawTime+took[1]
				}
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "of-raw")
			rows := float64(len(ratios) * 10 * (benchRows / 14) * 14)
			b.ReportMetric(rows/storeTime.Seconds(), "store-rows/s")
			b.ReportMetric(rows/rawTime.Seconds(), "raw-rows/s")
			b.ReportMetric(0, "ns/op")
		})
	}
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

// BenchmarkAppend is what the engine's loop pays for the records of one call, 14 of them.
func BenchmarkAppend(b *testing.B) {
	s := open(b, Options{Dir: b.TempDir(), Durability: "normal"})
	records := callRecords(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Append(records)
		if i%1000 == 999 {
			b.StopTimer()
			require.NoError(b, s.Flush(context.Background()))
			b.StartTimer()
		}
	}
}
