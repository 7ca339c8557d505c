package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"modcti/engine"
)

// queueModel is the queue as a plain slice.
type queueModel struct {
	limit        int
	records      []modelRecord
	held         int
	states, cdrs uint64
}

type modelRecord struct {
	ordinal   int64
	sheddable bool
}

func (m *queueModel) put(r modelRecord) {
	if len(m.records) >= m.limit && !r.sheddable {
		kept := append([]modelRecord(nil), m.records[:m.held]...)
		for _, have := range m.records[m.held:] {
			if have.sheddable {
				m.states++
			} else {
				kept = append(kept, have)
			}
		}
		m.records = kept
	}
	switch {
	case len(m.records) < m.limit:
		m.records = append(m.records, r)
	case r.sheddable:
		m.states++
	default:
		m.cdrs++
	}
}

func recordOf(r modelRecord) engine.Record {
	if r.sheddable {
		return engine.Record{Kind: engine.PartyState, State: engine.StateRecord{Ordinal: r.ordinal}}
	}
	return engine.Record{Kind: engine.PartyClosed, Party: engine.PartyRecord{StartMillis: r.ordinal}}
}

func (it *item) ordinal() int64 { return it.record.State.Ordinal + it.record.Party.StartMillis }

// The queue behaves as a bounded slice that drops state changes first: same order, same counts, and a group never has a
// hole or a part of what one Append was handed.
func TestQueueIsABoundedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := queueModel{limit: rapid.IntRange(1, 300).Draw(t, "limit")}
		q := newQueue(model.limit, 50, time.Hour)
		var g group
		ordinal := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				var records []engine.Record
				for _, sheddable := range rapid.SliceOfN(rapid.Bool(), 0, 100).Draw(t, "sheddable") {
					ordinal++
					model.put(modelRecord{ordinal, sheddable})
					records = append(records, recordOf(modelRecord{ordinal, sheddable}))
				}
				q.append(records)
			},
			"peek": func(t *rapid.T) {
				limit := rapid.IntRange(1, 200).Draw(t, "limit")
				q.peek(&g, limit)
				model.held = g.size
				require.GreaterOrEqual(t, g.size, min(limit, len(model.records)))
				i := 0
				for it := range g.all() {
					require.Equal(t, model.records[i].ordinal, it.ordinal())
					require.False(t, i > limit && g.size > limit && i < g.size-1 && i >= limit && it.last)
					i++
				}
				require.Equal(t, g.size, i)
				if g.size > 0 && g.size < len(model.records) {
					require.True(t, g.last().last)
				}
			},
			"settle": func(*rapid.T) {
				if model.held == 0 {
					return
				}
				model.records = model.records[model.held:]
				model.held = 0
				q.settle(&g)
			},
			"let go": func(*rapid.T) {
				model.held = 0
				q.letGo()
			},
			"": func(t *rapid.T) {
				n, _ := q.len()
				states, cdrs := q.shedCounts()
				require.Equal(t, len(model.records), n)
				require.Equal(t, [2]uint64{model.states, model.cdrs}, [2]uint64{states, cdrs})
			},
		})
	})
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Flush waits for what was queued before it and for nothing that came after.
func TestFlushWaitsForWhatWasQueuedBefore(t *testing.T) {
	q := newQueue(100, 50, time.Hour)
	require.Nil(t, q.flushed())
	q.append(callRecords(1))
	done := q.flushed()
	q.append(callRecords(2))
	var g group
	q.peek(&g, 14)
	require.False(t, closed(done), "nothing is settled yet")
	q.settle(&g)
	require.True(t, closed(done))
	n, urgent := q.len()
	require.Equal(t, 14, n)
	require.False(t, urgent)
}

// A record that was dropped keeps nobody waiting.
func TestFlushDoesNotWaitForWhatWasDropped(t *testing.T) {
	q := newQueue(14, 50, time.Hour)
	q.append(callRecords(1))
	q.append(callRecords(2)[2:3])
	done := q.flushed()
	var g group
	q.peek(&g, 14)
	q.settle(&g)
	require.True(t, closed(done))
}

// The engine's loop allocates nothing for a record without attached data.
func TestAppendDoesNotAllocate(t *testing.T) {
	q := newQueue(1000, 50, time.Hour)
	records := callRecords(1)[1:13]
	var g group
	round := func() {
		for range 10 {
			q.append(records)
		}
		q.peek(&g, q.take())
		q.settle(&g)
	}
	round()
	require.Zero(t, testing.AllocsPerRun(100, round))
}

// TestQueueNeverLooksEmpty: the writer counts without the lock, and would go to sleep on records that are being thinned
// out if it saw none.
func TestQueueNeverLooksEmpty(t *testing.T) {
	const limit = 2000
	for range 50 {
		q := newQueue(limit, 50, time.Hour)
		begun, done, empty := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
		q.append(stateRecords(limit - 1))
		q.append([]engine.Record{{Kind: engine.CallClosed}})
		go func() {
			close(begun)
			seen := false
			for {
				n, _ := q.len()
				seen = seen || n == 0
				select {
				case <-done:
					empty <- seen
					return
				default:
				}
			}
		}()
		<-begun
		q.append([]engine.Record{{Kind: engine.CallClosed}}) // there is no room: the state changes go
		close(done)
		require.False(t, <-empty)
		n, _ := q.len()
		require.Equal(t, 2, n)
	}
}

func stateRecords(count int) []engine.Record {
	records := make([]engine.Record, count)
	for i := range records {
		records[i].Kind = engine.PartyState
	}
	return records
}
