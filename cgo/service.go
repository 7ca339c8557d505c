package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"modcti/engine"
	"modcti/engine/loop"
	"modcti/events"
	"modcti/events/push"
	"modcti/store"
	"modcti/store/queuelog"
)

const (
	auditMillis = 5000
	ringMillis  = 30_000 // how long a phone that the engine calls may ring, if the request does not say

	// doorsTimeout is how long clients may take to read what is queued for them when the engine stops.
	doorsTimeout = time.Second
	// queryTimeout is how long a command line waits for the engine.
	queryTimeout = 2 * time.Second
	// flushTimeout is how long it may wait for records to become durable before it reads what there is.
	flushTimeout = 500 * time.Millisecond
	// houseTick is how often what has no hurry is looked after.
	houseTick = time.Minute

	causeCongestion = 42 // SWITCH_CAUSE_SWITCH_CONGESTION: the host had no room for a command
)

// service is one start of the engine: the store, the engine in its loop, the doors, and the reader of the ring.
type service struct {
	host     host
	log      *slog.Logger
	now      func() (monoNanos, wallMicros int64)
	settings atomic.Pointer[Settings]
	since    time.Time
	seqStart uint64

	store  *store.Store
	loop   *loop.Loop
	doors  *push.Server
	reader *reader

	fired, fireDropped, submitRefused atomic.Uint64

	directory atomic.Pointer[store.Directory]
	calendar  atomic.Pointer[store.Calendar]
	queueLog  atomic.Pointer[queuelog.Log] // nil: there is none
	desk      desk

	stopOnce sync.Once
	life     context.Context // of the loop
	stopLoop context.CancelFunc
	drains   atomic.Bool    // the system is being emptied
	drained  atomic.Bool    // it is empty, and the engine stops or has stopped
	work     sync.WaitGroup // the loop and the housekeeping
}

// start brings everything up and begins to read the ring, or leaves nothing behind. It takes wake over.
func start(settings *Settings, h host, r ring, wake *os.File, log *slog.Logger) (s *service, err error) {
	s = &service{host: h, log: log, now: newClock(), since: time.Now()}
	s.apply(settings)
	defer func() {
		if err != nil {
			s.abandon()
			_ = wake.Close()
			s = nil
		}
	}()
	open, config, err := s.openStore(settings)
	if err != nil {
		return s, err
	}
	if err = s.openQueueLog(settings.QueueLog); err != nil {
		return s, err
	}
	s.loop = s.newLoop(config, open)
	if s.doors, err = push.Open(s.doorsConfig(settings)); err != nil {
		return s, err
	}
	if s.reader, err = newReader(r, wake, s.loop.StepBatch, s.now, log); err != nil {
		return s, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.life, s.stopLoop = ctx, cancel
	s.work.Go(func() { s.loop.Run(ctx) })
	s.work.Go(func() { s.keepHouse(ctx) })
	go s.reader.run()
	s.doors.Serve()
	// The first input has the engine ask for the live session table.
	if err := s.loop.Post(engine.Input{Kind: engine.TimerDue}); err != nil {
		return s, err
	}
	log.Info("the engine has started", "version", version(), "company", s.store.CompanyID(),
		"unix", settings.UnixSocket, "tcp", settings.TCPListen, "open calls", len(open))
	return s, nil
}

// openStore opens the store and reads what an earlier run left: its open calls, and what else an engine begins with. Where
// that shows the database to be damaged, a new one is begun.
func (s *service) openStore(settings *Settings) (open []engine.OpenCall, config engine.Config, err error) {
	durability := "normal"
	if settings.DurabilityFull {
		durability = "full"
	}
	s.store, err = store.Open(store.Options{
		Dir: settings.DataDir, Durability: durability, CompanyID: settings.CompanyID, SDKAppID: settings.SDKAppID, Log: s.log,
	})
	if err != nil {
		return nil, config, err
	}
	if s.seqStart, err = s.store.NextEpoch(); err != nil {
		return nil, config, err
	}
	if open, config, err = s.readPast(settings); err == nil {
		return open, config, nil
	}
	if s.store.Mend(err) != nil {
		return nil, config, err
	}
	return s.readPast(settings)
}

// readPast reads what an earlier run left.
func (s *service) readPast(settings *Settings) (open []engine.OpenCall, config engine.Config, err error) {
	if open, err = s.store.OpenCalls(); err != nil {
		return nil, config, fmt.Errorf("the calls that an earlier run left open cannot be read: %w", err)
	}
	d, calendar, err := s.readDirectory(settings)
	if err != nil {
		return nil, config, err
	}
	s.directory.Store(d)
	s.calendar.Store(&calendar)
	config = s.engineConfig(settings)
	if config.Agents, err = s.store.Agents(); err != nil {
		return nil, config, fmt.Errorf("the agents' states that an earlier run left cannot be read: %w", err)
	}
	if config.Callbacks, err = s.store.Callbacks(); err != nil {
		return nil, config, fmt.Errorf("who is to be called back cannot be read: %w", err)
	}
	if config.Waited, err = s.store.Waited(); err != nil {
		return nil, config, fmt.Errorf("who waited when an earlier run ended cannot be read: %w", err)
	}
	if config.Dropped, err = s.store.Dropped(); err != nil {
		return nil, config, fmt.Errorf("who may return to his place in a queue cannot be read: %w", err)
	}
	if config.Served, err = s.store.Served(); err != nil {
		return nil, config, fmt.Errorf("who served whom last cannot be read: %w", err)
	}
	if config.Offered, err = s.store.Offered(); err != nil {
		return nil, config, fmt.Errorf("the offers that an earlier run left open cannot be read: %w", err)
	}
	s.warnOfGone(&config)
	return open, config, nil
}

// warnOfGone logs who waited in a queue that is gone: nobody there will serve him.
func (s *service) warnOfGone(config *engine.Config) {
	for _, w := range config.Waited {
		if !slices.ContainsFunc(config.Directory.Queues, func(q engine.QueueConfig) bool { return q.ID == w.QueueID }) {
			s.log.Warn("the queue is gone that a caller waited in when the module was stopped: "+
				"the dialplan has him if it sent him there, else he is let go", "queue", w.QueueID, "caller", w.CallerDN, "call", w.CallID)
		}
	}
}

func (s *service) newLoop(config engine.Config, open []engine.OpenCall) *loop.Loop {
	return loop.New(loop.Options{
		Engine: engine.New(config, open), Log: s.log, Now: s.now, Panicked: s.panicked,
		Sinks: loop.Sinks{
			Submit:  func(c []engine.Command) { s.guard("a command", func() { s.submit(c) }) },
			Record:  func(r []engine.Record) { s.guard("a record", func() { s.record(r) }) },
			Publish: func(o []engine.Outgoing) { s.guard("an event", func() { s.publish(o) }) },
		},
	})
}

func (s *service) engineConfig(settings *Settings) engine.Config {
	mono, wall := s.now()
	nailedHears := engine.WaitSilence
	if settings.NailedMusic {
		nailedHears = engine.WaitMusic
	}
	return engine.Config{
		CompanyID: s.store.CompanyID(), Inside: s.inside, Dial: s.dial, RecordPath: s.recordPath, Voicemail: s.voicemail,
		RingMillis: ringMillis, NotifyObserved: settings.NotifyObserved, NailedHears: nailedHears, TrackMarked: settings.TrackMarked,
		Presence: settings.Presence, EndStates: s.endStates,
		AuditMillis: auditMillis, Large: loop.LargePages,
		Directory: s.directory.Load().Engine(), QueueOpen: s.queueOpen, QueueRecordPath: s.queueRecordPath, DayEnd: s.dayEnd,
		SeqStart: s.seqStart, LegSeed: newLegSeed(), MonoNanos: mono, WallMicros: wall,
	}
}

func (s *service) doorsConfig(settings *Settings) push.Config {
	c := push.Config{
		UnixPath: settings.UnixSocket, TCPAddr: settings.TCPListen,
		TLSCert: settings.TLSCert, TLSKey: settings.TLSKey, TLSClientCA: settings.TLSClientCA,
		CompanyID: s.store.CompanyID(), Version: version(),
		QueueBytes: int(settings.ClientQueueBytes), RequestsPerSecond: int(settings.RequestsPerSecond),
		Post: s.loop.Step, LastSeq: func() uint64 { return s.seqStart }, Log: s.log,
	}
	if s.host.fires() {
		c.Tap = s.fire
	}
	for _, t := range settings.Tokens {
		c.Tokens = append(c.Tokens, push.Token{HashHex: t.HashHex, Company: t.Company, DNs: t.DNs, Rights: t.Rights})
	}
	return c
}

// inside is engine.Config.Inside: settings may change it between two calls, never within one.
func (s *service) inside(number string) bool { return s.settings.Load().Inside.MatchString(number) }

// dial is engine.Config.Dial, likewise.
func (s *service) dial(company, number string) (engine.Route, bool) {
	return s.settings.Load().dial(company, number)
}

// voicemail is engine.Config.Voicemail, likewise. A box is a number like any other.
func (s *service) voicemail(box string) (string, bool) {
	return s.settings.Load().Voicemail, events.IsNumber(box)
}

// endStates is engine.Config.EndStates, likewise.
func (s *service) endStates() events.EndStates { return s.settings.Load().EndStates }

// recordPath is engine.Config.RecordPath, likewise.
func (s *service) recordPath(callID, partyID string, wallMicros int64) string {
	return s.settings.Load().recordPath(callID, partyID, wallMicros)
}

// newLegSeed is chance, so that no leg of this start has the uuid of a leg of another.
func newLegSeed() (seed [2]uint64) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails: a system without chance ends the process
	return [2]uint64{binary.NativeEndian.Uint64(random[:8]), binary.NativeEndian.Uint64(random[8:])}
}

// apply puts into force what may change at any time.
func (s *service) apply(settings *Settings) {
	s.settings.Store(settings)
	runtime.GOMAXPROCS(int(settings.GoThreads))
	debug.SetMemoryLimit(settings.GoMemoryBytes)
}

// submit hands commands to the host. What the host cannot take is told to the engine as a command that failed.
func (s *service) submit(commands []engine.Command) {
	for i := range commands {
		c := &commands[i]
		err := s.host.submit(c)
		if err == nil {
			continue
		}
		s.submitRefused.Add(1)
		s.log.Warn("the host took no command; the engine goes on without it", "command", c.Kind, "leg", c.UUID, "error", err)
		if err := s.loop.Post(engine.Input{Kind: engine.CommandDone, Command: c.ID, Cause: causeCongestion}); err != nil {
			s.log.Warn("a refused command could not be told to the engine", "command", c.Kind, "error", err)
		}
	}
}

// fire is push's tap: every event of the basic profile also goes to the switch's own event bus.
func (s *service) fire(out *engine.Outgoing, basicJSON []byte) {
	if !s.settings.Load().FireCustomEvents {
		return
	}
	f := firedOf(out, basicJSON)
	if s.host.fire(&f) == nil {
		s.fired.Add(1)
	} else {
		s.fireDropped.Add(1)
	}
}

// panicked writes a fault of the engine down, and tells the client whose request was at fault, if one was.
func (s *service) panicked(last []engine.Input, value any, stack []byte) {
	writeFault(s.settings.Load().DataDir, last, value, stack, s.log)
	if len(last) > 0 {
		s.doors.Failed(last[len(last)-1].Request)
	}
}

// guard runs f; a panic costs what f was doing, not the switch.
func (s *service) guard(what string, f func()) {
	defer func() {
		if value := recover(); value != nil {
			s.log.Error(what+" panicked", "panic", value, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// keepHouse does what has no hurry until ctx ends.
func (s *service) keepHouse(ctx context.Context) {
	ticker := time.NewTicker(houseTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.guard("housekeeping", func() { s.reserveNumbers(ctx) })
		}
	}
}

// reserveNumbers has the store take the numbers of a next start before this one runs into them.
func (s *service) reserveNumbers(ctx context.Context) {
	var seq uint64
	if s.loop.Do(ctx, func(e *engine.Engine) { seq = e.Seq() }) != nil {
		return
	}
	if err := s.store.Reached(seq); err != nil {
		s.log.Error("event numbers could not be reserved in data-dir", "seq", seq, "error", err)
	}
}

// reload puts new settings in force, or keeps the old ones whole: then it says so by an invalidError. What an engine is
// made of cannot change under it. While the store cannot be read, its agents, queues and tiers alone stay as they are.
func (s *service) reload(settings *Settings) error {
	old := s.settings.Load()
	for _, fixed := range []struct {
		name string
		same bool
	}{
		{"data-dir", settings.DataDir == old.DataDir}, {"company-id", settings.CompanyID == old.CompanyID},
		{"sdk-app-id", settings.SDKAppID == old.SDKAppID},
		{"notify-observed", settings.NotifyObserved == old.NotifyObserved},
		{"presence", settings.Presence == old.Presence},
		{"track", settings.TrackMarked == old.TrackMarked},
		{"nailed-up-hears", settings.NailedMusic == old.NailedMusic},
		{"durability", settings.DurabilityFull == old.DurabilityFull},
	} {
		if !fixed.same {
			return &invalidError{fmt.Errorf("%s: cannot change while the module is loaded; load it anew", fixed.name)}
		}
	}
	d, calendar, unread := s.readDirectory(settings)
	if unread != nil {
		var err error
		d = s.directory.Load()
		if calendar, err = d.Calendar(settings.TimeZone); err != nil {
			return &invalidError{err}
		}
		unread = fmt.Errorf("the agents, queues and tiers of the store cannot be read, and the old ones stay in force; "+
			"all other settings are in force: %w", unread)
	}
	if err := s.reloadQueueLog(settings.QueueLog); err != nil {
		return &invalidError{err}
	}
	if err := s.doors.Reload(s.doorsConfig(settings)); err != nil {
		return &invalidError{errors.Join(err, s.reloadQueueLog(old.QueueLog))}
	}
	s.apply(settings)
	if err := s.useDirectory(d, calendar); err != nil {
		return err
	}
	s.log.Info("new settings are in force")
	return unread
}

// stop ends everything, in the order in which events and records flow, so that nothing on its way is lost: the reader
// with what is in the ring, the doors with what is queued, the loop, the store. When ctx ends first it says what it was
// waiting for and goes on behind the caller's back until done is closed.
func (s *service) stop(ctx context.Context) (done <-chan struct{}, err error) {
	ended := make(chan struct{})
	var at atomic.Value
	at.Store("an earlier stop")
	go func() {
		defer close(ended)
		s.stopOnce.Do(func() { s.end(func(step string) { at.Store(step) }) })
	}()
	select {
	case <-ended:
		return ended, nil
	case <-ctx.Done():
		return ended, fmt.Errorf("the engine still waits for %s", at.Load())
	}
}

func (s *service) end(step func(string)) {
	step("the reader of the ring")
	s.reader.stop()
	step("the clients")
	s.closeDoors()
	step("the engine's loop")
	s.stopLoop()
	s.work.Wait()
	step("the queue log")
	s.closeQueueLog()
	step("the store")
	if err := s.store.Close(context.Background()); err != nil {
		s.log.Error("the store was not closed well", "error", err)
	}
	s.log.Info("the engine has stopped")
}

// closeDoors gives clients that read too slowly no more than doorsTimeout.
func (s *service) closeDoors() {
	ctx, cancel := context.WithTimeout(context.Background(), doorsTimeout)
	defer cancel()
	if err := s.doors.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("the doors were not closed well", "error", err)
	}
}

// abandon undoes a start that failed half way.
func (s *service) abandon() {
	if s.stopLoop != nil {
		s.end(func(string) {})
		return
	}
	if s.doors != nil {
		s.closeDoors()
	}
	s.closeQueueLog()
	if s.store != nil {
		_ = s.store.Close(context.Background())
	}
}
