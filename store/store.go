// Package store keeps call detail records in SQLite, and the engine's identity and the call center's directory beside
// them.
//
// The engine's loop hands records to Append, which copies them into a bounded queue and never waits. One goroutine
// writes them in groups: into cti.db, or into spill.jsonl while SQLite cannot, from where they are read back in order.
// Every record may be written twice without harm, so neither a crash nor a failed commit doubles a row.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"modcti/engine"
)

const (
	databaseName = "cti.db"
	spillName    = "spill.jsonl"
	rejectedName = "rejected.jsonl"
)

// Options of a Store. Zero values take the defaults.
type Options struct {
	Dir         string       // setting data-dir: made if absent, owned by one process at a time
	Durability  string       // setting durability: "full" (default) survives power loss, "normal" a crash of the process
	CompanyID   string       // setting company-id; empty = the one made at the first start
	SDKAppID    int64        // setting sdk-app-id; 0 = the one made at the first start
	Log         *slog.Logger // nil = no log
	GroupMillis int          // how long an end may wait for others to share its commit, 1..50, default 50; the rest 5 times
	GroupRows   int          // records that are worth a commit at once, default 1000
	QueueMax    int          // records held in memory while nothing can be written, default 65536 (about 50 MiB)
	BusyMillis  int          // how long a commit waits for another process's lock, default 1000
	RetryMillis int          // the first wait before SQLite is tried again, default 100; doubles up to 5 s

	migrations fs.FS         // embedded ones, but in tests of upgrades
	check      time.Duration // how long a start may look for damage: checkTime, but in tests of what that does not reach
}

// Stats are counters since Open, and the state of the store.
type Stats struct {
	Queued          int    // records that are not durable yet
	Written         uint64 // records committed to SQLite, those read back from the spill among them
	Groups          uint64 // transactions
	Spilled         uint64 // records written to the spill file
	InSpill         int    // records that wait there
	Rejected        uint64 // records that SQLite refuses for good; they are in rejected.jsonl
	DroppedStates   uint64 // state changes and the like dropped because nothing could be written and memory was full
	DroppedCDRs     uint64 // other records dropped for the same reason, after all of those
	Degraded        bool   // SQLite cannot write at present
	LastError       string
	LastErrorMillis int64  // Unix ms
	SetAside        string // the new name of a database that was found damaged; empty: none was
}

// Store owns a data directory. Append, Flush, Stats and the reading methods may be called by any goroutine.
type Store struct {
	options  Options
	log      *slog.Logger
	queue    *queue
	lock     *os.File
	identity atomic.Pointer[identity]
	readers  atomic.Pointer[sql.DB]

	calls     chan func(*writer)
	closing   chan struct{}
	closeOnce sync.Once
	stopped   chan struct{}
	closeErr  error // read after stopped

	mu          sync.Mutex
	stats       Stats
	toldDropped uint64 // by Flush
}

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the store is closed")

// ErrDropped says that records were dropped since the last Flush.
var ErrDropped = errors.New("records were dropped")

// Open takes the data directory, brings its database up to date and reads back what an earlier run left in the spill
// file. An error names the setting or the file that is at fault, and nothing stays open.
func Open(options Options) (*Store, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	lock, err := prepareDir(options.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		options: options, log: options.Log, lock: lock,
		queue: newQueue(options.QueueMax, options.GroupRows, time.Duration(options.GroupMillis)*time.Millisecond),
		calls: make(chan func(*writer)), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	w := &writer{s: s}
	if err := w.open(); err != nil {
		w.drop()
		lock.Close()
		return nil, err
	}
	go w.run()
	return s, nil
}

func (o *Options) complete() error {
	if o.Durability == "" {
		o.Durability = "full"
	}
	if o.Durability != "full" && o.Durability != "normal" {
		return fmt.Errorf("durability %q: want full or normal", o.Durability)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, setting := range []struct {
		value         *int
		standard, max int
		name          string
	}{
		{&o.GroupMillis, 50, 50, "GroupMillis"}, {&o.GroupRows, 1000, 1 << 16, "GroupRows"},
		{&o.QueueMax, 1 << 16, 1 << 24, "QueueMax"}, {&o.BusyMillis, 1000, 60_000, "BusyMillis"},
		{&o.RetryMillis, 100, 5000, "RetryMillis"},
	} {
		if *setting.value == 0 {
			*setting.value = setting.standard
		}
		if *setting.value < 1 || *setting.value > setting.max {
			return fmt.Errorf("%s %d: want 1 to %d", setting.name, *setting.value, setting.max)
		}
	}
	if o.migrations == nil {
		o.migrations = embedded
	}
	if o.check == 0 {
		o.check = checkTime
	}
	return nil
}

// Append queues copies of records, in order, and returns at once. What one call hands over is committed together.
// It keeps the records' strings, and what Queue, Offer and Agent point to, and nothing else of them.
func (s *Store) Append(records []engine.Record) { s.queue.append(records) }

// Flush waits until everything appended so far is durable: in the database or in the spill file. While neither can be
// written it waits, until ctx ends. It fails with ErrDropped when records were dropped since the last Flush.
func (s *Store) Flush(ctx context.Context) error {
	if done := s.queue.flushed(); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return fmt.Errorf("records are not durable yet: %w", ctx.Err())
		case <-s.stopped:
			return ErrClosed
		}
	}
	states, cdrs := s.queue.shedCounts()
	s.mu.Lock()
	defer s.mu.Unlock()
	if lost := states + cdrs - s.toldDropped; lost > 0 {
		s.toldDropped = states + cdrs
		return fmt.Errorf("%w: %d", ErrDropped, lost)
	}
	return nil
}

// Close writes what is queued, checkpoints the WAL into the database and gives the directory up. When ctx ends first it
// returns, and the rest happens behind its back. Records appended afterwards are counted as dropped.
func (s *Store) Close(ctx context.Context) error {
	s.closeOnce.Do(func() { close(s.closing) })
	select {
	case <-s.stopped:
		return s.closeErr
	case <-ctx.Done():
		return fmt.Errorf("the store is still writing: %w", ctx.Err())
	}
}

// Stats returns the counters.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	stats := s.stats
	s.mu.Unlock()
	stats.Queued, _ = s.queue.len()
	stats.DroppedStates, stats.DroppedCDRs = s.queue.shedCounts()
	return stats
}

func (s *Store) count(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}

// do runs f in the writer's goroutine, between two groups.
func (s *Store) do(f func(*writer)) error {
	ran := make(chan struct{})
	select {
	case s.calls <- func(w *writer) { defer close(ran); f(w) }:
	case <-s.stopped:
		return ErrClosed
	}
	<-ran
	return nil
}

// Mend is for a start whose reading has met an error, for damage shows only where it is read. nil: what there is can be
// read now, be it in a new database, the damaged one having been set aside.
func (s *Store) Mend(met error) (err error) {
	doErr := s.do(func(w *writer) { err = w.mend(met) })
	return errors.Join(doErr, err)
}

// open prepares the writer before its goroutine runs.
func (w *writer) open() (err error) {
	s := w.s
	list, err := loadMigrations(s.options.migrations)
	if err != nil {
		return err
	}
	w.config = &databaseConfig{
		path: filepath.Join(s.options.Dir, databaseName), full: s.options.Durability == "full",
		busyMillis: s.options.BusyMillis, check: s.options.check, migrations: list, log: s.log,
	}
	err = w.openOwn(nil)
	if isDamage(err) { // the search for it has not got so far
		w.drop()
		err = w.openOwn(err)
	}
	if err != nil {
		return err
	}
	w.retry = time.NewTimer(time.Hour)
	w.retry.Stop()
	return w.openSpill()
}

// openOwn opens the database and reads what the store itself needs of it.
func (w *writer) openOwn(damage error) (err error) {
	s := w.s
	if w.db, s.stats.SetAside, err = openDatabase(w.config, damage); err != nil {
		return err
	}
	s.readers.Store(w.db.readers)
	id, err := loadIdentity(context.Background(), w.db.conn, s.options.Dir)
	if err != nil {
		return err
	}
	if err := s.keepIdentity(w.db, id); err != nil {
		return err
	}
	if err := w.loadDirectory(); err != nil {
		return fmt.Errorf("the directory cannot be read: %w", err)
	}
	return nil
}

// openSpill reads back what an earlier run left. What SQLite does not take now it is offered again later.
func (w *writer) openSpill() (err error) {
	path := filepath.Join(w.s.options.Dir, spillName)
	var torn int64
	if w.spill, torn, err = openSpill(path, w.config.full); err != nil {
		return err
	}
	if torn > 0 {
		w.s.log.Warn("the spill file ended in the middle of what an earlier run was writing; what came before is read",
			"file", path, "bytes dropped", torn)
	}
	if w.spill.empty() {
		return nil
	}
	w.s.log.Info("an earlier run left records in the spill file; they are read back",
		"file", path, "records", w.spill.lines)
	w.s.stats.InSpill = w.spill.lines
	for done := false; !done; {
		if done, err = w.drain(drainGroups); err != nil {
			w.fail(err)
			return nil
		}
	}
	w.healthy()
	return nil
}
