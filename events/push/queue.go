package push

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"modcti/events"
)

// queue holds what one client is still to be sent, bounded in bytes. Whoever puts something in never waits: either the
// socket takes it at once, or the client's writer does the waiting.
type queue struct {
	conn net.Conn
	wake chan struct{} // one token: the writer has something to do
	done chan struct{} // closed when the writer has ended and the connection is closed

	limit *atomic.Int64 // of bytes; a Reload may change it at any time

	mu       sync.Mutex
	pending  []byte
	spare    []byte // the writer's other buffer
	inFlight int    // bytes the writer has taken and the socket has not
	extra    int    // an answer may exceed the limit by its own size; until the queue has been empty
	busy     bool   // the writer owns the connection's write side
	ending   closeReason
	header   events.Header // company and profile of EventGap
	profile  events.Profile
	lastSeq  uint64
	lastSend time.Time
	messages uint64

	raw     syscall.RawConn // nil: no attempt without the writer
	direct  *atomic.Uint64  // counts the attempts that succeeded
	attempt func(fd uintptr) bool
	wrote   int
	failed  error
}

func newQueue(conn net.Conn, limit *atomic.Int64, companyID string, direct *atomic.Uint64) *queue {
	q := &queue{
		conn: conn, limit: limit, header: events.Header{CompanyID: companyID}, lastSend: time.Now(), direct: direct,
		wake: make(chan struct{}, 1), done: make(chan struct{}), raw: rawOf(conn),
	}
	q.attempt = func(fd uintptr) bool {
		q.wrote, q.failed = writeNow(fd, q.pending)
		return true
	}
	return q
}

// put adds one line. seq is the number it carries, 0 for one that tells no place in the stream; answerBytes is its
// length if it answers a request, else 0. Over the limit the client is told that it has a hole, takes nothing more, and
// is closed once it has been written what it can be. put reports whether the queue must be flushed.
func (q *queue) put(line []byte, seq uint64, answerBytes int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.add(line, seq, answerBytes)
}

func (q *queue) add(line []byte, seq uint64, answerBytes int) bool {
	if q.ending != open {
		return false
	}
	if q.queued()+len(line) > int(q.limit.Load())+q.extra {
		if answerBytes == 0 || q.extra > 0 {
			q.overflow(seq)
			return true
		}
		q.extra = answerBytes
	}
	q.pending = append(q.pending, line...)
	q.lastSeq = max(q.lastSeq, seq)
	q.messages++
	return true
}

func (q *queue) queued() int { return len(q.pending) + q.inFlight }

// overflow ends the queue. The gap reaches from the last number that is queued to the first that is not.
func (q *queue) overflow(seq uint64) {
	q.ending = tooSlow
	if seq <= q.lastSeq {
		return
	}
	gap := events.Gap{Header: q.header, From: q.lastSeq + 1, To: seq}
	gap.Seq, gap.CreationTime = seq, events.Moment(time.Now().UnixMicro())
	q.pending = append(gap.AppendJSON(q.pending, q.profile), '\n')
}

// flush sends what is queued: at once, if direct is set and the socket takes it, else by the writer. It never waits.
func (q *queue) flush(now time.Time, direct bool) {
	q.mu.Lock()
	q.lastSend = now
	if q.busy || len(q.pending) == 0 && q.ending == open {
		q.mu.Unlock()
		return
	}
	if direct && q.raw != nil && q.ending == open && q.writeNow() {
		q.mu.Unlock()
		return
	}
	q.busy = true
	q.mu.Unlock()
	q.notify()
}

func (q *queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// writeNow makes one attempt at the socket and reports whether all went out.
func (q *queue) writeNow() bool {
	q.wrote, q.failed = 0, nil
	err := q.raw.Write(q.attempt)
	if err == nil {
		err = q.failed
	}
	q.pending = q.pending[:copy(q.pending, q.pending[max(q.wrote, 0):])]
	if err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
		q.ending = gone
		return false
	}
	if len(q.pending) > 0 {
		return false
	}
	q.direct.Add(1)
	q.emptied()
	return true
}

// emptied is called when nothing waits any more.
func (q *queue) emptied() {
	q.extra = 0
	if cap(q.pending) > bufferKeepBytes {
		q.pending = nil
	}
	if cap(q.spare) > bufferKeepBytes {
		q.spare = nil
	}
}

// finish lets the queue take nothing more; what is in it is still written, then the connection is closed.
// The first reason given stands.
func (q *queue) finish(why closeReason) {
	q.mu.Lock()
	if q.ending == open {
		q.ending = why
	}
	q.busy = true
	q.mu.Unlock()
	q.notify()
}

// run is the writer. It ends with the connection, which it closes; tick is called on a quiet connection and returns
// how long it may stay so.
func (q *queue) run(tick func() time.Duration) {
	defer close(q.done)
	defer q.conn.Close()
	timer := time.NewTimer(tick())
	defer timer.Stop()
	for {
		select {
		case <-q.wake:
			if !q.drain() {
				return
			}
		case <-timer.C:
			timer.Reset(tick())
		}
	}
}

// drain writes until nothing waits, and reports whether the connection goes on.
func (q *queue) drain() bool {
	deadline := false
	for {
		q.mu.Lock()
		if len(q.pending) == 0 {
			goesOn := q.ending == open
			if goesOn {
				if deadline {
					_ = q.conn.SetWriteDeadline(time.Time{})
				}
				q.emptied()
				q.busy = false
			}
			q.mu.Unlock()
			return goesOn
		}
		batch := q.pending
		q.pending, q.spare = q.spare[:0], nil
		q.inFlight = len(batch)
		q.mu.Unlock()
		deadline = true
		if err := q.write(batch); err != nil {
			q.broke(err)
			return false
		}
		q.mu.Lock()
		q.spare = batch[:0]
		q.mu.Unlock()
	}
}

// write writes a batch in chunks, so that a client is closed for standing still, not for being slow.
func (q *queue) write(batch []byte) error {
	for len(batch) > 0 {
		chunk := batch[:min(len(batch), writeChunkBytes)]
		if err := q.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := q.conn.Write(chunk); err != nil {
			return err
		}
		batch = batch[len(chunk):]
		q.mu.Lock()
		q.inFlight -= len(chunk)
		q.mu.Unlock()
	}
	return nil
}

func (q *queue) broke(err error) {
	why := gone
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		why = tooSlow
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ending == open {
		q.ending = why
	}
}
