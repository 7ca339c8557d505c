package store

import (
	"bufio"
	"io"
	"math"

	"modcti/engine"
)

// spilled is what waits in the spill file because SQLite does not take it, as the tables would hold it.
type spilled struct {
	calls   rows[engine.CallRecord]
	parties rows[engine.PartyRecord]
	states  map[string]engine.StateRecord // the last of each participant, by its id
}

// rowKey tells the row of a call or a participant from all others (callKey, partyKey).
type rowKey struct {
	callID, partyID string
	startMillis     int64
}

func callKeyOf(c *engine.CallRecord) rowKey {
	return rowKey{callID: c.CallID, startMillis: c.StartMillis}
}

func partyKeyOf(p *engine.PartyRecord) rowKey { return rowKey{p.CallID, p.PartyID, p.StartMillis} }

// rows are what records make of one table's rows.
type rows[R any] struct {
	byKey  map[rowKey]*row[R]
	all    []*row[R] // as they came first
	ofCall map[string][]*row[R]
}

func newRows[R any]() rows[R] {
	return rows[R]{byKey: map[rowKey]*row[R]{}, ofCall: map[string][]*row[R]{}}
}

type row[R any] struct {
	key          rowKey
	record       R
	begun, ended bool
}

func (t *rows[R]) put(key rowKey, record *R, begins, ends bool) {
	r := t.byKey[key]
	if r == nil {
		r = &row[R]{key: key}
		t.byKey[key] = r
		t.all, t.ofCall[key.callID] = append(t.all, r), append(t.ofCall[key.callID], r)
	}
	r.record, r.begun, r.ended = *record, r.begun || begins, ends
}

// over is a list of a table's open rows as it is once these have been written; those that are not in it yet come last.
func (t *rows[R]) over(list []R, keyOf func(*R) rowKey, these []*row[R]) []R {
	var open []R
	there := map[rowKey]bool{}
	for i := range list {
		key := keyOf(&list[i])
		there[key] = true
		if r := t.byKey[key]; r == nil {
			open = append(open, list[i])
		} else if !r.ended {
			open = append(open, r.record)
		}
	}
	for _, r := range these {
		if r.begun && !r.ended && !there[r.key] {
			open = append(open, r.record)
		}
	}
	return open
}

// spilled reads what waits in the spill file. A line that cannot be read is met when it is read back.
func (w *writer) spilled() *spilled {
	waits := &spilled{newRows[engine.CallRecord](), newRows[engine.PartyRecord](), map[string]engine.StateRecord{}}
	if w.spill.lines == 0 {
		return waits
	}
	lines := bufio.NewScanner(io.NewSectionReader(w.spill.file, w.spill.from, w.spill.size-w.spill.from))
	lines.Buffer(nil, math.MaxInt32)
	for lines.Scan() {
		if it, err := decodeLine(lines.Bytes()); err == nil {
			waits.add(&it)
		}
	}
	if err := lines.Err(); err != nil {
		w.s.log.Warn("the spill file cannot be read to its end: what waits there of calls that are up is not known", "error", err)
	}
	return waits
}

func (s *spilled) add(it *item) {
	switch r := &it.record; r.Kind {
	case engine.CallOpened, engine.CallUpdated, engine.CallClosed:
		if data, err := parseData(it.data); err == nil {
			r.Call.AttachedData = data
		}
		s.calls.put(callKeyOf(&r.Call), &r.Call, r.Kind == engine.CallOpened, r.Kind == engine.CallClosed)
	case engine.PartyOpened, engine.PartyUpdated, engine.PartyClosed:
		s.parties.put(partyKeyOf(&r.Party), &r.Party, r.Kind == engine.PartyOpened, r.Kind == engine.PartyClosed)
	case engine.PartyState:
		s.states[r.State.PartyID] = r.State
	}
}
