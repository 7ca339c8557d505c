package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/loop"
)

// fakeRing is a ring whose producer is the test. Its wake is an eventfd, as that of cti_ring.
type fakeRing struct {
	mutex     sync.Mutex
	queue     []record
	signalled bool
	claimed   int // looks that find the next place claimed but not filled
	dropped   uint64
	panics    int
	emptied   func() // called by a look at an empty ring
	wake      *os.File
}

func newFakeRing(t *testing.T) (*fakeRing, *os.File) {
	fd, _, errno := syscall.Syscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	require.Zero(t, errno)
	reader, err := syscall.Dup(int(fd))
	require.NoError(t, err)
	wake, in := os.NewFile(uintptr(reader), "reader"), os.NewFile(fd, "producer")
	t.Cleanup(func() { _ = in.Close(); _ = wake.Close() })
	return &fakeRing{wake: in}, wake
}

// attach makes a reader of the ring.
func (f *fakeRing) attach(t *testing.T, wake *os.File, got *inputs) *reader {
	r, err := newReader(f, wake, got.post, fixedNow, quiet())
	require.NoError(t, err)
	return r
}

func (f *fakeRing) woken() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.signalled
}

func (f *fakeRing) clear() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.signalled = false
}

func (f *fakeRing) next() *record {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.panics > 0 {
		f.panics--
		panic("a fault in the reader")
	}
	if f.claimed > 0 {
		return nil
	}
	if len(f.queue) == 0 {
		if f.emptied != nil {
			f.emptied()
		}
		return nil
	}
	return &f.queue[0]
}

func (f *fakeRing) take() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.queue = f.queue[1:]
}

func (f *fakeRing) unfinished() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.claimed = max(f.claimed-1, 0)
	return f.claimed > 0
}

func (f *fakeRing) lost() uint64 {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.dropped
}

// push does as cti_ring_push: it wakes once until the reader has cleared.
func (f *fakeRing) push(wake bool, records ...record) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.queue = append(f.queue, records...)
	f.wakeUp(wake)
}

func (f *fakeRing) wakeUp(wake bool) {
	if wake && !f.signalled {
		f.signalled = true
		_, _ = f.wake.Write([]byte{0: 1, 7: 0})
	}
}

// inputs gathers what a reader hands over.
type inputs struct {
	taken chan engine.Input
	err   error
}

func newInputs() *inputs { return &inputs{taken: make(chan engine.Input, 4096)} }

func (i *inputs) post(ins []engine.Input) error {
	for _, in := range ins {
		i.taken <- in
	}
	return i.err
}

// numbers waits for count inputs and returns their LegSeq.
func (i *inputs) numbers(count int) (seqs []uint32) {
	for range count {
		seqs = append(seqs, (<-i.taken).LegSeq)
	}
	return seqs
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func fixedNow() (int64, int64) { return 100, 200 }

func numbered(from, count int) (records []record, seqs []uint32) {
	for n := from; n < from+count; n++ {
		r := recordOf(engine.LegAnswered)
		r.legSeq = uint32(n)
		records, seqs = append(records, r), append(seqs, uint32(n))
	}
	return records, seqs
}

// TestReaderMissesNoWake: whenever a record comes, before, within or after the reader's look at the ring, it is read at
// once. The tick, which would hide a wake that was missed, is put off.
func TestReaderMissesNoWake(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	r := ring.attach(t, wake, got)
	r.tick = time.Hour
	go r.run()
	defer r.stop()
	const count = 20_000
	go func() {
		for n := range count {
			records, _ := numbered(n, 1)
			ring.push(true, records...)
			if n%3 == 0 {
				runtime.Gosched()
			}
		}
	}()
	for n := range count {
		require.EqualValues(t, n, (<-got.taken).LegSeq)
	}
	for n := range count / 10 {
		records, seqs := numbered(n, 1)
		ring.push(true, records...)
		require.Equal(t, seqs, got.numbers(1))
	}
}

func TestReaderKeepsOrder(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	r := ring.attach(t, wake, got)
	go r.run()
	defer r.stop()
	first, seqs := numbered(1, 3*batchRecords+5)
	ring.push(true, first...)
	require.Equal(t, seqs, got.numbers(len(seqs)))
	second, seqs := numbered(1000, 2)
	ring.push(true, second...)
	require.Equal(t, seqs, got.numbers(len(seqs)))
	require.EqualValues(t, 3*batchRecords+7, r.stats().Records)
}

// TestReaderWokenWhileDraining: a record that comes while the reader looks at an empty ring is read without the tick,
// because signalled was cleared before the drain.
func TestReaderWokenWhileDraining(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	late, _ := numbered(2, 1)
	ring.emptied = func() {
		ring.emptied = nil
		ring.queue = append(ring.queue, late...)
		require.False(t, ring.signalled, "cleared only after the drain: this record would lie until the tick")
		ring.wakeUp(true)
	}
	r := ring.attach(t, wake, got)
	go r.run()
	defer r.stop()
	first, _ := numbered(1, batchRecords)
	ring.push(true, first...)
	got.numbers(batchRecords)
	require.Equal(t, []uint32{2}, got.numbers(1))
}

// TestReaderTicks: records that wake nobody, and places not yet filled, are read by and by.
func TestReaderTicks(t *testing.T) {
	ring, wake := newFakeRing(t)
	ring.claimed = 3
	got := newInputs()
	r := ring.attach(t, wake, got)
	records, seqs := numbered(1, 2)
	ring.push(false, records...)
	go r.run()
	defer r.stop()
	require.Equal(t, seqs, got.numbers(2))
}

func TestReaderSkipsMalformed(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	var logged bytes.Buffer
	r := ring.attach(t, wake, got)
	r.log = slog.New(slog.NewTextHandler(&logged, nil))
	records, _ := numbered(1, 3)
	records[1].kind = 99
	ring.push(true, records...)
	go r.run()
	require.Equal(t, []uint32{1, 3}, got.numbers(2))
	r.stop()
	require.EqualValues(t, 2, r.stats().Records)
	require.EqualValues(t, 1, r.stats().Malformed)
	require.Contains(t, logged.String(), "kind=99")
}

// TestReaderTellsLost: a full ring becomes one input, with the time at which it was found; what an earlier engine lost
// is not told again.
func TestReaderTellsLost(t *testing.T) {
	ring, wake := newFakeRing(t)
	ring.dropped = 40
	got := newInputs()
	r := ring.attach(t, wake, got)
	ring.dropped = 47
	records, _ := numbered(1, 1)
	ring.push(true, records...)
	go r.run()
	require.Equal(t, engine.LegAnswered, (<-got.taken).Kind)
	require.Equal(t, engine.Input{Kind: engine.RecordsLost, MonoNanos: 100, WallMicros: 200}, <-got.taken)
	r.stop()
	require.EqualValues(t, 1, r.stats().Records)
	require.EqualValues(t, 7, r.stats().Lost)
	require.Empty(t, got.taken)
}

// TestReaderStopDrains: what is in the ring when the engine stops is still read.
func TestReaderStopDrains(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	r := ring.attach(t, wake, got)
	go r.run()
	records, seqs := numbered(1, 2*batchRecords+1)
	ring.push(false, records...)
	r.stop()
	require.Equal(t, seqs, got.numbers(len(seqs)))
}

func TestReaderEndsWithTheLoop(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	got.err = loop.ErrStopped
	r := ring.attach(t, wake, got)
	records, _ := numbered(1, 1)
	ring.push(true, records...)
	r.run()
	require.Len(t, got.taken, 1)
}

func TestReaderGoesOnWhenBusy(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	got.err = errors.New("another fault")
	r := ring.attach(t, wake, got)
	go r.run()
	defer r.stop()
	for n := range 3 {
		records, seqs := numbered(n, 1)
		ring.push(true, records...)
		require.Equal(t, seqs, got.numbers(1))
	}
}

// TestReaderSurvivesPanic: a panic stays inside (architecture, decision 13).
func TestReaderSurvivesPanic(t *testing.T) {
	ring, wake := newFakeRing(t)
	ring.panics = 1
	got := newInputs()
	r := ring.attach(t, wake, got)
	records, seqs := numbered(1, 2)
	ring.push(true, records...)
	go r.run()
	defer r.stop()
	require.Equal(t, seqs, got.numbers(2))
}

// TestReaderDropsWhatPanics: a record that makes the reader panic is not looked at again.
func TestReaderDropsWhatPanics(t *testing.T) {
	ring, wake := newFakeRing(t)
	got := newInputs()
	r := ring.attach(t, wake, got)
	r.log = slog.New(&panickyLog{})
	records, _ := numbered(1, 3)
	records[1].kind = 99 // refused, and the log of it panics
	ring.push(true, records...)
	go r.run()
	defer r.stop()
	require.Equal(t, []uint32{3}, got.numbers(1), "the batch under way was lost, the next is not")
}

// panickyLog panics at its first entry.
type panickyLog struct {
	slog.Handler
	once sync.Once
}

func (p *panickyLog) Enabled(context.Context, slog.Level) bool { return true }

func (p *panickyLog) Handle(context.Context, slog.Record) error {
	p.once.Do(func() { panic("a fault of the log") })
	return nil
}

func TestClock(t *testing.T) {
	now := newClock()
	mono, wall := now()
	again, wallAgain := now()
	require.Positive(t, mono)
	require.GreaterOrEqual(t, again, mono)
	require.GreaterOrEqual(t, wallAgain, wall)
}
