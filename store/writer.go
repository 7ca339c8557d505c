package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	retryMax    = 5 * time.Second
	drainGroups = 16 // groups read back at one go, before the writer looks at what else is to do
)

// writer is the one goroutine that writes: groups of records into SQLite and, while SQLite cannot, into the spill file.
// As long as the spill file holds a record all others follow it there, so that their order stays.
type writer struct {
	s      *Store
	config *databaseConfig
	db     *database // nil while SQLite is given up until the next try
	damage error     // what was found while the database was in use
	spill  *spill

	directory *Directory // as it is in the database

	next group // what is being written

	retry   *time.Timer
	wait    time.Duration // until the next try, 0 = SQLite is in order
	holding bool          // nothing can be written: records wait in memory for the next try

	readBack             int // records read back from the spill since SQLite failed
	toldStates, toldCDRs uint64
}

func (w *writer) run() {
	defer close(w.s.stopped)
	goOrdinary()
	for {
		select {
		case <-w.s.queue.wake:
			w.guard(w.look)
		case <-w.s.queue.due.C:
			w.guard(w.writeQueue)
		case <-w.retry.C:
			w.guard(w.tryAgain)
		case f := <-w.s.calls:
			w.guard(func() { f(w) })
		case <-w.s.closing:
			w.guard(w.finish)
			return
		}
	}
}

// goOrdinary keeps the calling goroutine on a thread that is no less nice than an ordinary one: a commit must not go
// before an event. Where threads are nicer that is a thread of its own, which ends with the goroutine; elsewhere it would
// only make each wake-up dearer.
func goOrdinary() {
	const ordinary = 20 // as the kernel counts: 20 less the niceness
	runtime.LockOSThread()
	if now, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err == nil && now > ordinary {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 0)
		return
	}
	runtime.UnlockOSThread()
}

// guard keeps a panic from ending the switch: what is queued waits, and is tried again with a new connection.
func (w *writer) guard(act func()) {
	defer func() {
		if value := recover(); value != nil {
			w.s.log.Error("the store's writer panicked; it goes on", "panic", value, "stack", string(debug.Stack()))
			w.holding = true
			w.fail(fmt.Errorf("panic: %v", value))
		}
	}()
	act()
}

// look writes what cannot wait for the end of its gathering: what somebody waits for, and full groups.
func (w *writer) look() {
	_, urgent := w.s.queue.len()
	switch {
	case w.holding && urgent:
		w.tryAgain()
	case urgent:
		w.writeQueue()
	default:
		w.write(0)
	}
}

// writeQueue writes what is queued now. What comes meanwhile is gathered anew: a commit of its own, just after this one,
// would cost as much as a full one.
func (w *writer) writeQueue() {
	if !w.holding {
		w.write(w.s.queue.take())
	}
}

// write writes so many records, and more only as long as they fill a group.
func (w *writer) write(due int) {
	for !w.holding {
		limit := w.s.options.GroupRows
		if n, _ := w.s.queue.len(); n < limit {
			limit = min(due, n)
		}
		if limit <= 0 {
			return
		}
		w.s.queue.peek(&w.next, limit)
		due -= w.next.size
		w.store(&w.next)
	}
}

// store makes one group durable, or leaves it in memory until the next try.
func (w *writer) store(g *group) {
	if w.spill.empty() {
		err := w.commit(g)
		if err == nil {
			w.s.queue.settle(g)
			return
		}
		w.fail(err)
	}
	if err := w.spill.write(g); err != nil {
		w.hold(err)
		return
	}
	w.s.count(func(c *Stats) { c.Spilled += uint64(g.size); c.InSpill = w.spill.lines })
	w.s.queue.settle(g)
}

var errNoDatabase = errors.New("the database is not open")

func (w *writer) commit(g *group) error {
	if w.db == nil {
		return errNoDatabase
	}
	rejected, err := w.db.apply(g)
	if err != nil {
		return err
	}
	for _, r := range rejected {
		line, _ := encodeLine(r.item, false)
		w.reject(line, r.cause)
	}
	w.s.count(func(c *Stats) { c.Groups++; c.Written += uint64(g.size - len(rejected)) })
	return nil
}

// reject keeps a record that the database will never take in a file of its own.
func (w *writer) reject(line []byte, cause error) {
	path := filepath.Join(w.s.options.Dir, rejectedName)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode)
	if err == nil {
		_, err = file.Write(append(line, '\n'))
		err = errors.Join(err, file.Sync(), file.Close())
	}
	w.s.count(func(c *Stats) { c.Rejected++ })
	if err != nil {
		w.s.log.Error("a record was refused and cannot be kept", "cause", cause, "error", err, "record", string(line))
		return
	}
	w.s.log.Error("a record was refused; it is kept in a file", "cause", cause, "file", path)
}

// fail notes that SQLite did not take a group and arranges the next try.
func (w *writer) fail(err error) {
	w.s.count(func(c *Stats) {
		c.Degraded, c.LastError, c.LastErrorMillis = true, err.Error(), time.Now().UnixMilli()
	})
	if w.wait == 0 {
		w.s.log.Error("SQLite cannot write: CDRs go to the spill file until it can again"+advice(err),
			"database", w.config.path, "error", err)
		w.wait = time.Duration(w.s.options.RetryMillis) * time.Millisecond
	} else {
		w.wait = min(2*w.wait, retryMax)
	}
	if isDamage(err) {
		w.damage = err
	}
	if !keepsConnection(err) {
		w.drop()
	}
	w.retry.Reset(w.wait)
}

// drop closes a connection that cannot be trusted any more.
func (w *writer) drop() {
	if w.db == nil {
		return
	}
	w.s.readers.Store(nil)
	if err := w.db.close(); err != nil {
		w.s.log.Warn("the database did not close cleanly", "database", w.config.path, "error", err)
	}
	w.db = nil
}

// hold keeps what is queued in memory until the next try.
func (w *writer) hold(err error) {
	w.s.count(func(c *Stats) { c.LastError, c.LastErrorMillis = err.Error(), time.Now().UnixMilli() })
	if !w.holding {
		w.holding = true
		w.s.log.Error("neither SQLite nor the spill file can be written: CDRs wait in memory; make room on the disk",
			"directory", w.s.options.Dir, "error", err)
	}
	w.s.queue.letGo()
	w.tellDropped()
}

// tellDropped logs what was dropped since it was last told. The engine's loop only counts: a log may block.
func (w *writer) tellDropped() {
	states, cdrs := w.s.queue.shedCounts()
	if states == w.toldStates && cdrs == w.toldCDRs {
		return
	}
	w.s.log.Error("records were dropped: nothing could be written and the memory for them is full",
		"state changes", states-w.toldStates, "records of calls and parties", cdrs-w.toldCDRs)
	w.toldStates, w.toldCDRs = states, cdrs
}

// tryAgain tries SQLite again: it reads the spill back in order, then writes what waits in memory.
func (w *writer) tryAgain() {
	w.holding = false
	done, err := w.drain(drainGroups)
	switch {
	case err != nil:
		w.fail(err)
	case !done:
		w.retry.Reset(0)
	}
	w.writeQueue() // to the spill file as long as that holds a record
	if done && w.spill.empty() && !w.holding {
		w.healthy()
	}
}

func (w *writer) healthy() {
	w.retry.Stop()
	w.tellDropped()
	if w.wait > 0 {
		w.s.log.Info("SQLite works again", "database", w.config.path, "read back from the spill file", w.readBack)
	}
	w.wait, w.readBack = 0, 0
	w.s.count(func(c *Stats) { c.Degraded = false })
}

// drain reads at most limit groups of the spill back into SQLite. It is done when the file is empty.
func (w *writer) drain(limit int) (done bool, err error) {
	if err := w.reopen(); err != nil || w.spill.empty() {
		return err == nil, err
	}
	// The file is emptied once its records are committed, so they must not depend on a later flush.
	if err := w.db.careful(true); err != nil {
		return false, err
	}
	for ; limit > 0 && w.spill.lines > 0; limit-- {
		if err := w.drainGroup(); err != nil {
			return false, err
		}
	}
	if w.spill.lines > 0 {
		return false, nil
	}
	if err := w.spill.reset(); err != nil {
		return false, err
	}
	return true, w.db.careful(false)
}

func (w *writer) drainGroup() error {
	lines, length, err := w.spill.read(w.s.options.GroupRows)
	if err != nil {
		return err
	}
	items := make([]item, 0, len(lines))
	var unreadable []rejectedLine
	for _, line := range lines {
		it, err := decodeLine(line)
		if err != nil {
			unreadable = append(unreadable, rejectedLine{line, err})
			continue
		}
		items = append(items, it)
	}
	if err := w.commit(&group{[][]item{items}, len(items)}); err != nil {
		return err
	}
	for _, r := range unreadable {
		w.reject(r.text, fmt.Errorf("a line of the spill file cannot be read: %w", r.cause))
	}
	w.spill.committed(len(lines), length)
	w.readBack += len(lines)
	w.s.count(func(c *Stats) { c.InSpill = w.spill.lines })
	return nil
}

type rejectedLine struct {
	text  []byte
	cause error
}

// reopen opens the database again where it was closed because of an error.
func (w *writer) reopen() (err error) {
	if w.db != nil {
		return nil
	}
	db, aside, err := openDatabase(w.config, w.damage)
	if aside != "" {
		w.damage = nil
		w.s.count(func(c *Stats) { c.SetAside = aside })
	}
	if err != nil {
		return err
	}
	w.db = db
	w.s.readers.Store(db.readers)
	return errors.Join(w.keepDirectory(), w.s.keepIdentity(db, *w.s.identity.Load()))
}

// mend opens the database again after what a reader met: one that this tells to be damaged is set aside first.
func (w *writer) mend(met error) error {
	if isDamage(met) {
		w.damage = met
		w.drop()
	}
	err := w.reopen()
	if err != nil {
		w.fail(err)
	}
	return err
}

// finish writes what is left and closes everything.
func (w *writer) finish() {
	w.s.queue.close()
	w.holding = false
	w.writeQueue()
	if n, _ := w.s.queue.len(); n > 0 {
		w.s.closeErr = fmt.Errorf("%d records are lost: neither SQLite nor the spill file can be written", n)
		w.s.log.Error("the store was closed with records in memory, which are lost", "records", n)
	}
	w.tellDropped()
	if w.db != nil {
		if err := w.db.checkpoint(); err != nil {
			w.s.log.Warn("the WAL could not be written into the database; the next start does it",
				"database", w.config.path, "error", err)
		}
	}
	w.drop()
	w.s.closeErr = errors.Join(w.s.closeErr, w.spill.close(), w.s.lock.Close())
}
