package store

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"modcti/engine"
	"modcti/engine/cdr"
)

// storm is a store under faults that come and go, and the records that it was given.
type storm struct {
	*testing.T
	rt      *rapid.T
	dir     string
	s       *Store
	file    *failingFile
	unlock  func()
	options Options
	given   []engine.Record // in order
	batches [][]engine.Record
	vouched int // records that a Flush vouched for
}

// drawStory draws what becomes of one or two calls, cut short or not: a participant changes, all uuids are used again
// by a later call, or two calls are merged.
func drawStory(t *rapid.T, i int) []engine.Record {
	records, least := callRecords(2*i), 1
	switch rapid.SampledFrom([]string{"changes", "used again", "merged", "distributed"}).Draw(t, "story") {
	case "changes":
		records = drawUpdates(t, records)
	case "used again":
		least = len(records)
		records = append(records, drawUpdates(t, again(records, rapid.Int64Range(66_000, 1e9).Draw(t, "later")))...)
	case "merged":
		records = transferRecords(2*i, rapid.IntRange(0, 2).Draw(t, "returns"))
	case "distributed":
		records = queueRecords(2 * i)
	}
	return records[:rapid.IntRange(least, len(records)).Draw(t, "length")]
}

func drawUpdates(t *rapid.T, records []engine.Record) []engine.Record {
	for range rapid.IntRange(0, 2).Draw(t, "updates") {
		update := engine.Record{Kind: engine.PartyUpdated, Party: records[1].Party}
		update.Party.OtherDN = rapid.StringMatching("[0-9]{4}").Draw(t, "other")
		records = append(records[:8:8], append([]engine.Record{update}, records[8:]...)...)
	}
	return records
}

// drawBatches draws some stories, interleaved as they may be, and cut into what the engine hands over at one go.
func drawBatches(t *rapid.T) (batches [][]engine.Record) {
	open := make([][]engine.Record, rapid.IntRange(1, 5).Draw(t, "stories"))
	for i := range open {
		open[i] = drawStory(t, i)
	}
	for len(open) > 0 {
		i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
		size := rapid.IntRange(1, len(open[i])).Draw(t, "size")
		batches = append(batches, open[i][:size])
		if open[i] = open[i][size:]; len(open[i]) == 0 {
			open = append(open[:i], open[i+1:]...)
		}
	}
	return batches
}

// memoryDir is a directory where flushing to the device costs nothing, if the machine has one.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "store-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func (st *storm) start(dir string) {
	var err error
	st.dir, st.options.Dir = dir, dir
	st.s, err = Open(st.options)
	require.NoError(st.rt, err)
	st.file = failSpill(st, st.s)
}

// on runs f in the writer, which may have lost its connection.
func (st *storm) on(f func(w *writer)) { require.NoError(st.rt, st.s.do(f)) }

func (st *storm) pragma(text string) {
	st.on(func(w *writer) {
		if w.db != nil {
			_, err := w.db.conn.ExecContext(context.Background(), "PRAGMA "+text)
			require.NoError(st.rt, err)
		}
	})
}

// commitFails makes every commit fail in SQLite itself, until the connection is opened anew.
func (st *storm) commitFails() {
	st.on(func(w *writer) {
		if w.db == nil {
			return
		}
		require.NoError(st.rt, w.db.conn.Raw(func(raw any) error {
			raw.(*sqlite3.SQLiteConn).RegisterCommitHook(func() int { return 1 })
			return nil
		}))
	})
}

func (st *storm) toggleLock() {
	if st.unlock != nil {
		st.unlock()
		st.unlock = nil
		return
	}
	st.unlock = lock(st, st.dir)
}

func (st *storm) give() {
	if len(st.batches) == 0 {
		return
	}
	st.s.Append(st.batches[0])
	st.given = append(st.given, st.batches[0]...)
	st.batches = st.batches[1:]
}

// flush lets the writer write what it can and notes what it vouches for.
func (st *storm) flush() {
	st.on((*writer).writeQueue)
	if st.s.Stats().Queued == 0 {
		st.vouched = len(st.given)
	}
}

// crash goes on with what a killed process leaves. The engine repeats what nobody vouched for.
func (st *storm) crash() {
	if st.unlock != nil {
		st.toggleLock()
	}
	image := memoryDir(st)
	st.on(func(*writer) { snapshot(st, st.dir, image) })
	_ = st.s.Close(context.Background()) // what it still writes is in the old directory
	st.start(image)
	st.s.Append(st.given[st.vouched:])
}

func (st *storm) calm() {
	if st.unlock != nil {
		st.toggleLock()
	}
	st.on(func(w *writer) {
		st.file.write, st.file.sync, st.file.truncate = nil, nil, nil
		w.drop() // and with it the faults of its connection
	})
	for len(st.batches) > 0 {
		st.give()
	}
	for tries := 0; tries == 0 || st.s.Stats().Degraded && tries < 100; tries++ {
		st.on((*writer).tryAgain)
	}
	require.NoError(st.rt, st.s.Flush(context.Background()))
}

// Whatever fails in whatever order, once it works again the database holds what a run without faults gives.
func TestAnyFaultsEndInTheSameDatabase(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		st := &storm{T: t, rt: rt, batches: drawBatches(rt), options: Options{
			Durability: "normal", BusyMillis: 1, RetryMillis: 5000, GroupRows: rapid.IntRange(1, 20).Draw(rt, "group"),
		}}
		var all []engine.Record
		for _, batch := range st.batches {
			all = append(all, batch...)
		}
		st.start(memoryDir(t))
		on := rapid.Bool()
		rt.Repeat(map[string]func(*rapid.T){
			"give":   func(*rapid.T) { st.give() },
			"flush":  func(*rapid.T) { st.flush() },
			"retry":  func(*rapid.T) { st.on((*writer).tryAgain) },
			"lock":   func(*rapid.T) { st.toggleLock() },
			"commit": func(*rapid.T) { st.commitFails() },
			"full": func(rt *rapid.T) {
				st.pragma(map[bool]string{true: "max_page_count = 1", false: "max_page_count = 1000000"}[on.Draw(rt, "full")])
			},
			"read only":      func(*rapid.T) { st.pragma("query_only = 1") },
			"spill write":    func(rt *rapid.T) { st.fail(&st.file.write, on.Draw(rt, "fails"), syscall.ENOSPC) },
			"spill sync":     func(rt *rapid.T) { st.fail(&st.file.sync, on.Draw(rt, "fails"), syscall.EIO) },
			"spill truncate": func(rt *rapid.T) { st.fail(&st.file.truncate, on.Draw(rt, "fails"), syscall.EIO) },
			"crash":          func(*rapid.T) { st.crash() },
		})
		st.calm()
		stats := st.s.Stats()
		require.Zero(rt, stats.Rejected+stats.DroppedCDRs+stats.DroppedStates)
		require.Zero(rt, stats.InSpill)
		require.False(rt, stats.Degraded)
		have := dump(t, st.dir)
		requireFold(rt, st.s, all)
		require.NoError(rt, st.s.Close(context.Background()))
		require.Equal(rt, faultless(t, all), have)
		require.Equal(rt, have, dump(t, st.dir))
	})
}

func (st *storm) fail(fault *error, on bool, err error) {
	st.on(func(*writer) {
		if *fault = nil; on {
			*fault = err
		}
	})
}

// requireFold compares what the store reads back, all of it, with the CDRs into which the records fold.
func requireFold(t *rapid.T, s *Store, records []engine.Record) {
	var fold cdr.Fold
	fold.Add(records)
	require.Zero(t, fold.Faults)
	newest, order := map[string]*cdr.CDR{}, fold.CDRs()
	for _, c := range order {
		newest[c.Call.CallID] = c
	}
	for id, want := range newest {
		call, parties, states, err := s.Call(id)
		require.NoError(t, err)
		require.Equal(t, want.Call, call)
		wantParties, wantStates := rowsOf(want)
		require.Equal(t, wantParties, parties)
		require.ElementsMatch(t, wantStates, states)
		stays, offers, err := s.Routing(id)
		require.NoError(t, err)
		require.Equal(t, want.Stays, stays)
		require.Equal(t, want.Offers, offers)
	}
	agents, err := s.Agents()
	require.NoError(t, err)
	require.ElementsMatch(t, fold.Agents(), agents)
	have, err := s.OpenCalls()
	require.NoError(t, err)
	require.Equal(t, openCalls(order, records), have)
}

// rowsOf is what a call's tables hold: one row a participant, also of one who came back.
func rowsOf(c *cdr.CDR) (parties []engine.PartyRecord, states []engine.StateRecord) {
	for _, p := range c.Parties {
		at := slices.IndexFunc(parties, func(q engine.PartyRecord) bool { return q.PartyID == p.PartyID })
		if at < 0 {
			parties = append(parties, p.PartyRecord)
		} else {
			parties[at] = p.PartyRecord
		}
		states = append(states, p.States...)
	}
	return parties, states
}

// openCalls are the calls that are not closed, with their participants and where each of these stands.
func openCalls(order []*cdr.CDR, records []engine.Record) []engine.OpenCall {
	type life struct {
		id    string
		start int64
	}
	starts, last := map[string]int64{}, map[life]engine.StateRecord{}
	for i := range records {
		switch r := &records[i]; r.Kind {
		case engine.PartyOpened:
			starts[r.Party.PartyID] = r.Party.StartMillis
		case engine.PartyState:
			last[life{r.State.PartyID, starts[r.State.PartyID]}] = r.State
		}
	}
	list := []engine.OpenCall{}
	for _, c := range order {
		if c.Closed {
			continue
		}
		open := engine.OpenCall{Call: c.Call}
		parties, _ := rowsOf(c)
		for _, p := range parties {
			if !slices.ContainsFunc(c.Parties, func(q cdr.Party) bool { return q.PartyID == p.PartyID && !q.Closed }) {
				continue
			}
			state, known := last[life{p.PartyID, p.StartMillis}]
			if !known {
				state = engine.StateRecord{CallID: p.CallID, PartyID: p.PartyID}
			}
			open.Parties, open.States = append(open.Parties, p), append(open.States, state)
		}
		list = append(list, open)
	}
	return list
}
