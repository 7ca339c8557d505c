// Package loop owns an engine: one goroutine, one timer, a bounded inbox. It carries out what a Step returns.
package loop

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"modcti/engine"
)

// ErrBusy says that the inbox is full; nothing was queued.
var ErrBusy = errors.New("the engine's inbox is full")

// ErrStopped says that the loop has ended.
var ErrStopped = errors.New("the engine has stopped")

// Sinks are where a Step's consequences go, in this order. They are called by the loop's goroutine and must not block.
// What they are handed is valid until they return.
type Sinks struct {
	Submit  func([]engine.Command)
	Publish func([]engine.Outgoing)
	Record  func([]engine.Record) // last: nobody waits for it
}

// Options of a Loop.
type Options struct {
	Engine *engine.Engine
	Sinks  Sinks
	Inbox  int                                  // requests and answers that may wait; 0 = 4096
	Log    *slog.Logger                         // never nil
	Now    func() (monoNanos, wallMicros int64) // the clocks that stamp what does not come from the switch
	// Panicked is told of a recovered panic, with the last inputs, the one that caused it at the end; may be nil.
	Panicked func(last []engine.Input, value any, stack []byte)
}

// Loop is the one owner of an engine: one goroutine at a time uses it, the loop's own or the caller of StepBatch.
type Loop struct {
	engine   *engine.Engine
	sinks    Sinks
	log      *slog.Logger
	now      func() (int64, int64)
	panicked func([]engine.Input, any, []byte)
	recent   recent

	inbox   chan engine.Input
	calls   chan func(*engine.Engine)
	moved   chan struct{} // holds a token when the timer would ring too late
	stopped chan struct{}

	mu    sync.Mutex // held by whoever uses the engine and what is below
	out   engine.Output
	ended bool

	// Without mu: who is only to set the timer, and may have to wait for a processor, is not to keep others from the
	// engine meanwhile.
	next  atomic.Int64 // the engine's next deadline, 0 = none
	armed atomic.Int64 // the deadline that the timer is set to, 0 = none
}

// New makes a loop. Nothing runs until Run.
func New(o Options) *Loop {
	if o.Inbox == 0 {
		o.Inbox = 4096
	}
	return &Loop{
		engine: o.Engine, sinks: o.Sinks, log: o.Log, now: o.Now, panicked: o.Panicked,
		inbox: make(chan engine.Input, o.Inbox), calls: make(chan func(*engine.Engine)),
		moved: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
}

// Post queues one input: a client's request or a command's answer. It never blocks.
func (l *Loop) Post(in engine.Input) error {
	select {
	case <-l.stopped:
		return ErrStopped
	default:
	}
	select {
	case l.inbox <- in:
		return nil
	default:
		return ErrBusy
	}
}

// Step takes one input in the caller's own goroutine, as StepBatch does with records of the switch: a client's request
// is then on its way to the switch without another goroutine having been woken. The input's clocks are set here.
func (l *Loop) Step(in engine.Input) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return ErrStopped
	}
	in.MonoNanos, in.WallMicros = l.now()
	l.step(&in)
	l.rearm()
	return nil
}

// StepBatch steps a batch of the switch's records in the caller's own goroutine, between two turns of the loop, and
// returns when all of it has been stepped: the ring's reader thereby waits in the ring, which is bounded and counts
// what it cannot hold, and an idle process has two threads less to wake on the way of each event. The sinks are then
// called by the caller's goroutine, never at the same time as by the loop's.
func (l *Loop) StepBatch(ins []engine.Input) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return ErrStopped
	}
	l.engine.Batch(ins, l.step)
	l.rearm()
	return nil
}

// rearm has Run look at the timer anew if it would ring too late. A timer that rings too early is cheaper than a thread
// that is woken at each input.
func (l *Loop) rearm() {
	next, armed := l.next.Load(), l.armed.Load()
	if next == 0 || armed != 0 && armed <= next {
		return
	}
	select {
	case l.moved <- struct{}{}:
	default:
	}
}

// Do runs f with the engine between two Steps and returns when it has run. f must neither block nor keep the engine.
func (l *Loop) Do(ctx context.Context, f func(*engine.Engine)) error {
	ran := make(chan struct{})
	select {
	case l.calls <- func(e *engine.Engine) { defer close(ran); f(e) }:
	case <-l.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-ran:
		return nil
	case <-l.stopped:
		return ErrStopped
	}
}

// Run owns the engine until ctx ends.
func (l *Loop) Run(ctx context.Context) {
	defer close(l.stopped)
	defer l.locked(func() { l.ended = true })
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		l.arm(timer)
		select {
		case <-ctx.Done():
			return
		case in := <-l.inbox:
			l.locked(func() {
				in.MonoNanos, in.WallMicros = l.now()
				l.step(&in)
			})
		case f := <-l.calls:
			l.locked(func() { l.do(f) })
		case <-timer.C:
			l.locked(func() {
				mono, wall := l.now()
				if next := l.out.NextDeadline; next != 0 && next <= mono {
					l.step(&engine.Input{Kind: engine.TimerDue, MonoNanos: mono, WallMicros: wall})
				}
			})
		case <-l.moved:
		}
	}
}

func (l *Loop) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// arm sets the one timer to the engine's next deadline.
func (l *Loop) arm(timer *time.Timer) {
	next := l.next.Load()
	l.armed.Store(next)
	// A deadline that came meanwhile was compared with what the timer was set to before.
	for now := l.next.Load(); now != next; now = l.next.Load() {
		next = now
		l.armed.Store(next)
	}
	if next == 0 {
		timer.Stop()
		return
	}
	mono, _ := l.now()
	timer.Reset(time.Duration(max(next-mono, 0)))
}

// step takes one input. A panic is a fault of one call: that call is closed, the fault is told, and the loop goes on.
func (l *Loop) step(in *engine.Input) {
	l.recent.add(in)
	if l.guard(func() { l.engine.Step(in, &l.out) }) && !l.guard(func() { l.engine.Quarantine(in, &l.out) }) {
		l.log.Error("the call at fault was closed", "leg", in.Leg.Hex())
	}
	l.next.Store(l.out.NextDeadline)
	l.deliver()
}

// guard runs f and tells whether it panicked.
func (l *Loop) guard(f func()) (panicked bool) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		panicked = true
		stack := debug.Stack()
		l.log.Error("the engine panicked", "panic", value, "stack", string(stack))
		if l.panicked != nil {
			l.panicked(l.recent.list(), value, stack)
		}
	}()
	f()
	return false
}

func (l *Loop) deliver() {
	if len(l.out.Commands) > 0 {
		l.sinks.Submit(l.out.Commands)
	}
	if len(l.out.Events) > 0 {
		l.sinks.Publish(l.out.Events)
	}
	if len(l.out.Records) > 0 {
		l.sinks.Record(l.out.Records)
	}
}

func (l *Loop) do(f func(*engine.Engine)) {
	l.guard(func() { f(l.engine) })
}

// recent remembers the last inputs, so that a fault can be written down as a script that repeats it.
type recent struct {
	inputs [256]engine.Input
	count  int
}

func (r *recent) add(in *engine.Input) {
	r.inputs[r.count%len(r.inputs)] = *in
	r.count++
}

func (r *recent) list() []engine.Input {
	if r.count <= len(r.inputs) {
		return slices.Clone(r.inputs[:r.count])
	}
	at := r.count % len(r.inputs)
	return slices.Concat(r.inputs[at:], r.inputs[:at])
}
