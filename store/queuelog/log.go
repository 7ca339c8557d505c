// Package queuelog writes the call center's records as lines of Asterisk's queue_log, for the report tools that read it.
//
// The engine's loop hands records to Append, which copies what it needs and never waits. One goroutine makes lines of
// them (lines.go) and writes them to the file, which may be renamed at any time: the next line then begins a new one.
package queuelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"modcti/engine"
)

const (
	fileMode = 0o640

	// pendingMax bounds what waits for a disk that does not write; more is dropped and counted.
	pendingMax = 1 << 16
)

// Options of a Log.
type Options struct {
	Path      string
	Directory *engine.Directory
	Agents    []engine.AgentRecord // what agents are at the start
	Logins    map[string]int64     // since when they are logged in, Unix ms, by uuid
	Calls     []engine.Record      // the stays and offers of calls that are up already
	Now       func() time.Time
	Log       *slog.Logger
}

// Log is one queue_log. Append and the settings' methods may be called by any goroutine.
type Log struct {
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	pending []any // batch, *engine.Directory, reload, or a line as it stands
	count   int   // of items in it
	dropped uint64
	busy    bool // what was taken of it is being written
	closed  bool

	lines lines    // the goroutine's alone, as what follows
	path  string   // of the file, which is opened when a line is written
	file  *os.File // nil: not open
	told  bool     // that the file cannot be written
	buf   []byte
}

// Open begins a log. It fails when the file cannot be written.
func Open(o Options) (*Log, error) {
	if err := probe(o.Path); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := newLog(&o)
	go l.run()
	return l, nil
}

func newLog(o *Options) *Log {
	l := &Log{now: o.Now, log: o.Log, path: o.Path, wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.lines.begin(o)
	l.push(event("QUEUESTART"), 1)
	return l
}

// probe tells whether a line could be written there.
func probe(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return fmt.Errorf("queue-log: %w; name a file that the switch's user can write", err)
	}
	return file.Close()
}

// Append takes the records of one step.
func (l *Log) Append(records []engine.Record) {
	if b := batchOf(records); len(b) > 0 {
		l.push(b, len(b))
	}
}

// reload is a path that is put in force: what was told before it belongs to the file before it.
type reload struct{ path string }

// Reload puts another path in force; the same one is opened anew. On an error the old one stays.
func (l *Log) Reload(path string) error {
	if err := probe(path); err != nil {
		return err
	}
	l.push(reload{path}, 1)
	return nil
}

// Directory puts another directory in force.
func (l *Log) Directory(d *engine.Directory) { l.push(d, 1) }

// Dropped is how many records were dropped because the file could not be written.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Close writes what is pending and closes the file.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.signal()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the queue log is still writing: %w", ctx.Err())
	}
}

func (l *Log) push(what any, items int) {
	l.mu.Lock()
	if _, is := what.(batch); l.closed || is && l.count+items > pendingMax {
		l.dropped += uint64(items)
		l.mu.Unlock()
		return
	}
	l.pending = append(l.pending, what)
	l.count += items
	l.mu.Unlock()
	l.signal()
}

func (l *Log) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Log) run() {
	defer close(l.done)
	for range l.wake {
		pending, closed := l.take()
		for _, what := range pending {
			l.guard(func() { l.write(what) })
		}
		l.guard(l.flush)
		l.mu.Lock()
		l.busy = false
		l.mu.Unlock()
		if closed {
			l.shut()
			return
		}
	}
}

func (l *Log) take() (pending []any, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pending, l.pending, l.count, l.busy = l.pending, nil, 0, true
	return pending, l.closed
}

// guard keeps a panic from ending the switch: it costs the lines that were being made.
func (l *Log) guard(act func()) {
	defer func() {
		if value := recover(); value != nil {
			l.log.Error("the queue log panicked; it goes on", "panic", value, "stack", string(debug.Stack()))
		}
	}()
	act()
}

// write makes lines of something that was pending. They are written at one go, or one for each file.
func (l *Log) write(what any) {
	switch what := what.(type) {
	case batch:
		l.buf = l.lines.append(l.buf, what)
	case *engine.Directory:
		l.buf = l.lines.setDirectory(l.buf, what, l.now().UnixMilli())
	case event:
		l.tell(what)
	case reload:
		l.flush()
		l.shut()
		l.path = what.path
		l.tell("CONFIGRELOAD")
	}
}

func (l *Log) tell(what event) {
	l.buf = appendLine(l.buf, l.now().UnixMilli(), none, none, none, string(what))
}

// flush writes the lines, and says so once when they cannot be.
func (l *Log) flush() {
	if len(l.buf) == 0 {
		return
	}
	err := l.put()
	l.buf = l.buf[:0]
	if err != nil {
		l.shut()
		if !l.told {
			l.log.Error("the queue log cannot be written: lines are lost until it can", "file", l.path, "error", err)
		}
	}
	l.told = err != nil
}

// put writes the lines, into a new file where the path does not name the open one any more.
func (l *Log) put() (err error) {
	if l.file != nil && l.moved() {
		l.shut()
	}
	if l.file == nil {
		if l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode); err != nil {
			return err
		}
	}
	_, err = l.file.Write(l.buf)
	return err
}

func (l *Log) moved() bool {
	here, err := l.file.Stat()
	named, nameErr := os.Stat(l.path)
	return errors.Join(err, nameErr) != nil || !os.SameFile(here, named)
}

func (l *Log) shut() {
	if l.file == nil {
		return
	}
	if err := l.file.Close(); err != nil {
		l.log.Warn("the queue log was not closed well", "file", l.path, "error", err)
	}
	l.file = nil
}
