package store

import (
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"modcti/engine"
)

// item is a copy of one record on its way to the database.
type item struct {
	record engine.Record // its attached data is in data
	data   string        // attached data as JSON text
	number uint64        // counts what was queued, from 1
	last   bool          // ends what one Append was handed
}

// sheddable tells that the rows of calls, participants, stays and offers can do without this record: what it begins or
// changes, an end tells whole.
func (it *item) sheddable() bool { return sheddable(it.record.Kind) }

func sheddable(kind engine.RecordKind) bool {
	switch kind {
	case engine.PartyState, engine.PartyUpdated, engine.QueueEntered, engine.OfferMade:
		return true
	}
	return false
}

// leisure is how many times longer than an end a record may wait that an end will follow. A commit writes each page that
// its records lie on, once for all of them.
const leisure = 5

func canWait(kind engine.RecordKind) bool {
	switch kind {
	case engine.PartyClosed, engine.CallClosed, engine.QueueLeft, engine.AgentChanged:
		return false
	}
	return true
}

// chunk is a piece of the queue. Pieces keep Append from ever copying what is queued already, and are used again.
type chunk struct {
	items [64]item
	used  int
	next  *chunk
}

const freeChunksMax = 64

// group is what the writer makes durable at one go: records that lie in the queue, which nobody changes there.
type group struct {
	parts [][]item
	size  int
}

func (g *group) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for _, part := range g.parts {
			for i := range part {
				if !yield(&part[i]) {
					return
				}
			}
		}
	}
}

func (g *group) add(part []item) {
	g.parts = append(g.parts, part)
	g.size += len(part)
}

func (g *group) last() *item {
	part := g.parts[len(g.parts)-1]
	return &part[len(part)-1]
}

// queue holds records in order between the engine's loop, which puts, and the writer, which peeks and settles.
// It is bounded: over the limit it sheds state changes first and calls and participants last, and counts both.
type queue struct {
	wake chan struct{} // holds a token when the writer has something to look at
	due  *time.Timer   // ends the gathering

	mu         sync.Mutex
	max        int64
	enough     int64         // records that are worth a group at once
	wait       time.Duration // how long a gathering lasts from its first record that ends something
	gathering  bool
	presses    bool // there is such a record in it
	head, tail *chunk
	skip       int          // records of head that are settled
	count      atomic.Int64 // records not settled; changed with mu held
	spare      int          // those that can be shed
	held       int          // those at the front that the writer is writing
	free       *chunk
	freeCount  int
	put        uint64 // number of the newest record
	settled    uint64 // number up to which every record is settled
	waiters    []waiter
	urgent     atomic.Bool // somebody waits for a commit; changed with mu held
	closed     bool
	scratch    []byte

	shedStates, shedCDRs uint64
}

type waiter struct {
	number uint64
	done   chan struct{}
}

func newQueue(limit, enough int, wait time.Duration) *queue {
	first, due := &chunk{}, time.NewTimer(wait)
	due.Stop()
	return &queue{
		wake: make(chan struct{}, 1), due: due, max: int64(limit), enough: int64(enough), wait: wait, head: first, tail: first,
	}
}

// append queues copies of records. The first one sets the timer itself, so that the writer is woken once a group.
func (q *queue) append(records []engine.Record) {
	q.mu.Lock()
	before := q.count.Load()
	var last *item
	presses := false
	for i := range records {
		if it := q.push(&records[i]); it != nil {
			last = it
			presses = presses || !canWait(records[i].Kind)
		}
	}
	if last != nil {
		last.last = true
		q.gather(presses)
	}
	full := before < q.enough && q.count.Load() >= q.enough
	q.mu.Unlock()
	if full {
		q.signal()
	}
}

// gather sets the timer, if it is not set so soon already.
func (q *queue) gather(presses bool) {
	switch {
	case presses && !q.presses:
		q.due.Reset(q.wait)
	case !q.gathering:
		q.due.Reset(leisure * q.wait)
	}
	q.gathering, q.presses = true, q.presses || presses
}

// push copies one record to the end, or drops it and returns nil.
func (q *queue) push(record *engine.Record) *item {
	q.put++
	spare := sheddable(record.Kind)
	if !q.room(spare) {
		return nil
	}
	it := q.slot()
	q.count.Add(1)
	it.record, it.number, it.last, it.data = *record, q.put, false, ""
	if data := record.Call.AttachedData; len(data) > 0 {
		q.scratch = data.AppendJSON(q.scratch[:0])
		it.data = string(q.scratch)
	}
	it.record.Call.AttachedData = nil
	if spare {
		q.spare++
	}
	return it
}

// slot is the next free place at the end.
func (q *queue) slot() *item {
	if q.tail.used == len(q.tail.items) {
		if q.free == nil {
			q.tail.next = &chunk{}
		} else {
			q.tail.next, q.free = q.free, q.free.next
			q.tail.next.next = nil
			q.freeCount--
		}
		q.tail = q.tail.next
	}
	q.tail.used++
	return &q.tail.items[q.tail.used-1]
}

// room makes room for one record, or counts it as dropped.
func (q *queue) room(sheddable bool) bool {
	if !q.closed && q.count.Load() < q.max {
		return true
	}
	if !q.closed && !sheddable && q.spare > 0 {
		q.shed()
		if q.count.Load() < q.max {
			return true
		}
	}
	if sheddable {
		q.shedStates++
	} else {
		q.shedCDRs++
	}
	return false
}

// shed drops every record that the CDRs can do without, but for those that are being written.
func (q *queue) shed() {
	from, skip, count := q.head, q.skip, int(q.count.Load())
	fresh := &chunk{}
	q.head, q.tail, q.skip, q.spare = fresh, fresh, 0, 0
	for index := range count {
		if skip == len(from.items) {
			from, skip = from.next, 0
		}
		it := &from.items[skip]
		skip++
		if index >= q.held && it.sheddable() {
			q.shedStates++
			q.count.Add(-1)
			continue
		}
		if it.sheddable() {
			q.spare++
		}
		*q.slot() = *it
	}
}

// take ends the gathering and returns how many records are to be written now; the next one begins another.
func (q *queue) take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gathering, q.presses = false, false
	q.due.Stop()
	return int(q.count.Load())
}

// peek makes g the next group: limit records if there are as many, and never a part of what one Append was handed.
// The writer settles it or lets go of it.
func (q *queue) peek(g *group, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(g.parts)
	g.parts, g.size = g.parts[:0], 0
	from, skip := q.head, q.skip
	for g.size < int(q.count.Load()) && (g.size < limit || !g.last().last) {
		if skip == len(from.items) {
			from, skip = from.next, 0
		}
		end := min(from.used, skip+max(limit-g.size, 1))
		g.add(from.items[skip:end])
		skip = end
	}
	q.held = g.size
}

// letGo says that the group that was peeked cannot be written now.
func (q *queue) letGo() {
	q.mu.Lock()
	q.held = 0
	q.urgent.Store(false)
	q.mu.Unlock()
}

// settle removes the group that was peeked: it is durable.
func (q *queue) settle(g *group) {
	if g.size == 0 {
		return
	}
	spare, number := 0, g.last().number
	for it := range g.all() {
		if it.sheddable() {
			spare++
		}
	}
	done := q.remove(g.size, spare, number)
	for c := done; c != nil; c = c.next {
		clear(c.items[:]) // outside the lock: the engine's loop must not wait for it
	}
	q.reuse(done)
}

// remove takes the first n records off the queue and returns the chunks that have become free.
func (q *queue) remove(n, spare int, number uint64) (done *chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held, q.settled = 0, number
	q.count.Add(int64(-n))
	q.spare, q.skip = q.spare-spare, q.skip+n
	for q.skip >= len(q.head.items) && q.head != q.tail {
		freed := q.head
		q.head, q.skip = freed.next, q.skip-len(freed.items)
		freed.next, done = done, freed
	}
	if q.count.Load() == 0 {
		q.settled = q.put
	}
	q.tellWaiters()
	return done
}

// reuse keeps some free chunks for the records to come.
func (q *queue) reuse(done *chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for done != nil && q.freeCount < freeChunksMax {
		c := done
		done = c.next
		c.used, c.next, q.free = 0, q.free, c
		q.freeCount++
	}
}

func (q *queue) tellWaiters() {
	waiting := q.waiters[:0]
	for _, w := range q.waiters {
		if w.number <= q.settled {
			close(w.done)
		} else {
			waiting = append(waiting, w)
		}
	}
	clear(q.waiters[len(waiting):])
	q.waiters = waiting
	q.urgent.Store(len(waiting) > 0)
}

// flushed returns a channel that is closed when everything queued so far is settled, or nil when it is.
func (q *queue) flushed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count.Load() == 0 {
		return nil
	}
	w := waiter{q.put, make(chan struct{})}
	q.waiters = append(q.waiters, w)
	q.urgent.Store(true)
	q.signal()
	return w.done
}

// close refuses all further records, and counts them as dropped.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// len is how many records are not settled, and whether somebody waits for them. It takes no lock: a writer that has just
// been woken, and may have to wait for a processor, is not to keep the engine waiting for it.
func (q *queue) len() (n int, urgent bool) {
	n = int(q.count.Load())
	return n, n > 0 && q.urgent.Load()
}

// shedCounts returns how many state changes, and how many records of calls and participants, were dropped.
func (q *queue) shedCounts() (states, cdrs uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.shedStates, q.shedCDRs
}
