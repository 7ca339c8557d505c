package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"modcti/engine"
	"modcti/engine/loop"
)

const (
	batchRecords = 64

	// tick is how long a record that told nobody anything, and therefore woke nobody, may lie in the ring.
	tick = 500 * time.Millisecond
	// unfinishedTick is how soon a place is looked at again that was claimed but not yet filled.
	unfinishedTick = time.Millisecond

	// lastBatches bounds what is still read when the engine stops: four million records, far more than any ring.
	lastBatches = 1 << 16
)

// readerStats are counters since the reader was made.
type readerStats struct {
	Records, Wakes, Malformed, Lost uint64
}

// reader is the one consumer of the ring: it waits, drains, decodes and hands over.
type reader struct {
	ring ring
	wake *os.File        // written to when a producer wakes the reader
	poll syscall.RawConn // of wake
	look func(uintptr) bool
	tick time.Duration
	post func([]engine.Input) error
	now  func() (monoNanos, wallMicros int64)
	log  *slog.Logger

	ins        [batchRecords]engine.Input
	waited     bool   // the poller has waited since wait was called
	timed      bool   // a tick is set that has not passed
	holds      bool   // a record is looked at and not yet taken
	unfinished bool   // the last drain found a place claimed but not filled
	ended      bool   // the loop takes no more
	lostKnown  uint64 // of ring.lost; the reader's alone

	records, wakes, malformed, lost atomic.Uint64
	done                            chan struct{}
}

// newReader takes wake over and closes it when it stops. What the ring lost before is not this engine's loss.
func newReader(
	r ring, wake *os.File, post func([]engine.Input) error, now func() (int64, int64), log *slog.Logger,
) (*reader, error) {
	poll, err := wake.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("the ring's event descriptor cannot be waited on: %w", err)
	}
	reader := &reader{
		ring: r, wake: wake, poll: poll, tick: tick, post: post, now: now, log: log, lostKnown: r.lost(),
		done: make(chan struct{}),
	}
	reader.look = reader.awake
	return reader, nil
}

// run reads until stop is called or post says that the loop has stopped.
func (r *reader) run() {
	defer close(r.done)
	defer r.wake.Close()
	for r.guard(r.once) {
	}
	for range lastBatches {
		if !r.guard(r.batch) {
			return
		}
	}
}

// stop has the reader read what is in the ring and returns when it has ended.
func (r *reader) stop() {
	_ = r.wake.Close()
	<-r.done
}

// once waits for a wake, at most a tick, and reads all there is. It reports whether to go on.
func (r *reader) once() bool {
	if !r.wait() {
		return false
	}
	r.ring.clear()
	for r.batch() {
	}
	r.checkLost()
	return !r.ended
}

// wait returns when the reader was woken or the tick has passed; false when wake was closed. The poller reports every
// write to wake (its edges), so nothing is read from it: two system calls less on the way of each event. A tick that was
// set stays: one that passes early is cheaper than a timer that is moved at each wake.
func (r *reader) wait() bool {
	if timeout := r.nextTick(); timeout > 0 {
		if err := r.wake.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return false
		}
	}
	r.waited = false
	switch err := r.poll.Read(r.look); {
	case err == nil:
		r.wakes.Add(1)
		return true
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.timed = false
		return true
	}
	return false
}

// nextTick is when to look without being woken, 0 = as it is set.
func (r *reader) nextTick() time.Duration {
	switch {
	case r.unfinished:
		r.timed = false
		return unfinishedTick
	case r.timed:
		return 0
	}
	r.timed = true
	return r.tick
}

// awake is asked by the poller before it waits and after each wake. An edge from before it was first asked may be
// forgotten by then; but who has written to wake has set the ring's flag first.
func (r *reader) awake(uintptr) bool {
	if r.waited || r.ring.woken() {
		return true
	}
	r.waited = true
	return false
}

// batch reads one batch and hands it over. It reports whether there may be more at once.
func (r *reader) batch() bool {
	read, count := 0, 0
	for ; read < batchRecords; read++ {
		rec := r.ring.next()
		if rec == nil {
			break
		}
		r.holds = true
		if decode(rec, &r.ins[count]) {
			count++
		} else {
			r.refuse(rec)
		}
		r.ring.take()
		r.holds = false
	}
	r.unfinished = read < batchRecords && r.ring.unfinished()
	r.records.Add(uint64(count))
	if count > 0 {
		r.hand(r.ins[:count])
	}
	return read == batchRecords && !r.ended
}

func (r *reader) refuse(rec *record) {
	r.malformed.Add(1)
	r.log.Warn("a record of the ring is malformed and was skipped: host and engine do not belong together",
		"kind", rec.kind, "text", rec.textLen, "leg", rec.leg.Hex())
}

// checkLost tells the engine once for each time that it finds new records lost.
func (r *reader) checkLost() {
	lost := r.ring.lost()
	if lost == r.lostKnown {
		return
	}
	r.lost.Add(lost - r.lostKnown)
	r.log.Warn("the ring was full and records were lost: the engine asks for the live session table",
		"lost", lost-r.lostKnown)
	r.lostKnown = lost
	mono, wall := r.now()
	r.ins[0] = engine.Input{Kind: engine.RecordsLost, MonoNanos: mono, WallMicros: wall}
	r.hand(r.ins[:1])
}

func (r *reader) hand(ins []engine.Input) {
	if errors.Is(r.post(ins), loop.ErrStopped) {
		r.ended = true
	}
}

// guard runs one round; a panic costs that round alone.
func (r *reader) guard(round func() bool) (more bool) {
	defer func() {
		if value := recover(); value != nil {
			r.log.Error("the ring's reader panicked; a batch may be lost", "panic", value, "stack", string(debug.Stack()))
			if r.holds {
				r.ring.take()
				r.holds = false
			}
			more = true
		}
	}()
	return round()
}

func (r *reader) stats() readerStats {
	return readerStats{
		Records: r.records.Load(), Wakes: r.wakes.Load(), Malformed: r.malformed.Load(), Lost: r.lost.Load(),
	}
}
