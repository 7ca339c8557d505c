package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modcti/cmd/internal/client"
	"modcti/cmd/internal/ladder"
	"modcti/engine"
	"modcti/engine/loop"
	"modcti/events"
	"modcti/events/push"
	"modcti/sim"
	"modcti/store"
)

const (
	auditMillis  = 5_000
	doorsTimeout = time.Second
	settleMax    = 4 * auditMillis * time.Millisecond
)

// mix is a day at a call center: mostly calls that go well.
var mix = []sim.Share{
	{Story: sim.Answered, Weight: 30}, {Story: sim.Outbound, Weight: 10}, {Story: sim.Internal, Weight: 8},
	{Story: sim.ClickToDial, Weight: 10}, {Story: sim.Canceled, Weight: 6}, {Story: sim.Busy, Weight: 4},
	{Story: sim.Rejected, Weight: 4}, {Story: sim.Unanswered, Weight: 3}, {Story: sim.EarlyMedia, Weight: 3},
	{Story: sim.HeldOnce, Weight: 6}, {Story: sim.HungUpHeld, Weight: 2}, {Story: sim.BothAtOnce, Weight: 2},
	{Story: sim.Transferred, Weight: 4}, {Story: sim.Referred, Weight: 2}, {Story: sim.ThreeWay, Weight: 3},
	{Story: sim.Monitored, Weight: 3}, {Story: sim.Intercepted, Weight: 2}, {Story: sim.Consulted, Weight: 3},
	{Story: sim.ParkedThenUp, Weight: 3}, {Story: sim.Abandoned, Weight: 2}, {Story: sim.Looped, Weight: 2},
	{Story: sim.Failed, Weight: 1}, {Story: sim.Vanished, Weight: 1},
}

// simulation is the engine, its doors, its store and the simulated switch in one process.
type simulation struct {
	*options
	out   io.Writer
	log   *slog.Logger
	token string

	store *store.Store
	loop  *loop.Loop
	doors *push.Server
	pump  *pump
	desks *desks
	shut  bool // the doors are closed
}

func simulate(ctx context.Context, o *options, out, errs io.Writer) (err error) {
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	s := &simulation{options: o, out: out, log: slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))}
	remove, err := s.places()
	if err != nil {
		return err
	}
	defer remove()
	if err := s.openToken(); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	return s.run(ctx)
}

// places fills in where socket and data go, and returns what removes what is not to stay.
func (s *simulation) places() (remove func(), err error) {
	remove = func() {}
	if s.unixSet && s.data != "" {
		return remove, nil
	}
	dir := filepath.Join("build", "run")
	if !inCheckout() {
		if dir, err = os.MkdirTemp("", "ctisim"); err != nil {
			return remove, err
		}
		remove = func() { _ = os.RemoveAll(dir) }
	}
	if !s.unixSet {
		s.unix = filepath.Join(dir, "cti.sock")
	}
	if s.data == "" {
		s.data = filepath.Join(dir, "ctisim")
	}
	return remove, nil
}

// inCheckout tells whether the working directory is the root of mod_cti's own repository.
func inCheckout() bool {
	text, err := os.ReadFile("go.mod")
	return err == nil && strings.HasPrefix(string(text), "module modcti\n")
}

// openToken reads or makes the token of the TCP door.
func (s *simulation) openToken() (err error) {
	switch {
	case s.tcp == "":
	case s.tokenFile != "":
		s.token, err = client.ReadToken(s.tokenFile)
	default:
		s.token = rand.Text()
	}
	return err
}

// start brings everything up, or leaves nothing behind.
func (s *simulation) start() (err error) {
	defer func() {
		if err != nil {
			s.closeStore()
		}
	}()
	if s.store, err = store.Open(store.Options{Dir: s.data, Durability: "normal", Log: s.log}); err != nil {
		return err
	}
	seqStart, err := s.store.NextEpoch()
	if err != nil {
		return err
	}
	open, err := s.store.OpenCalls()
	if err != nil {
		return err
	}
	s.pump = newPump(s.seed, seqStart, s.tempo)
	s.desks = newDesks(s.options, s.store.CompanyID())
	e := engine.New(engine.Config{
		CompanyID: s.store.CompanyID(), Inside: insidePattern.MatchString, SeqStart: seqStart,
		MonoNanos: s.pump.sim.Mono(), WallMicros: s.pump.sim.Wall(), AuditMillis: auditMillis,
		Dial: s.dial, LegSeed: [2]uint64{s.seed, seqStart}, Large: loop.LargePages,
	}, open)
	s.loop = loop.New(loop.Options{Engine: e, Log: s.log, Now: s.pump.clocks, Sinks: loop.Sinks{
		Submit: s.submit, Record: s.store.Append, Publish: s.publish,
	}})
	if s.doors, err = push.Open(s.doorsConfig(seqStart)); err != nil {
		return err
	}
	s.doors.Serve()
	return nil
}

// dial is the simulation's dial plan: extensions inside, all else by a trunk.
func (s *simulation) dial(_, number string) (engine.Route, bool) {
	if insidePattern.MatchString(number) {
		return engine.Route{Address: "user/" + number}, true
	}
	return engine.Route{Address: "sofia/gateway/trunk/" + number}, true
}

func (s *simulation) publish(o []engine.Outgoing) {
	s.desks.hear(o)
	s.doors.Publish(o)
}

func (s *simulation) doorsConfig(seqStart uint64) push.Config {
	c := push.Config{
		UnixPath: s.unix, TCPAddr: s.tcp, CompanyID: s.store.CompanyID(), Version: "simulated",
		Post: s.loop.Step, LastSeq: func() uint64 { return seqStart }, Log: s.log,
	}
	if s.token != "" {
		hash := sha256.Sum256([]byte(s.token))
		c.Tokens = []push.Token{{
			HashHex: hex.EncodeToString(hash[:]), DNs: []string{"*"},
			Rights: []string{events.RightObserve, events.RightControl, events.RightSupervise},
		}}
	}
	return c
}

// submit hands commands to the switch. One that it cannot take is told to the engine as a command that failed.
func (s *simulation) submit(commands []engine.Command) {
	const congestion = 42
	for _, c := range commands {
		if s.pump.submit(c) {
			continue
		}
		s.log.Warn("the switch took no command; the engine goes on without it", "command", c.Kind, "leg", c.UUID)
		_ = s.loop.Post(engine.Input{Kind: engine.CommandDone, Command: c.ID, Cause: congestion})
	}
}

// run lets calls happen until ctx, -duration or -calls ends it.
func (s *simulation) run(ctx context.Context) error {
	loopCtx, stopLoop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.loop.Run(loopCtx) }()
	defer func() { s.closeDoors(); stopLoop(); <-ended; s.closeStore() }()

	s.announce()
	stopFollowing, err := s.followSelf()
	if err != nil {
		return err
	}
	if s.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.duration)
		defer cancel()
	}
	err = s.loop.Post(engine.Input{Kind: engine.TimerDue})
	if err == nil {
		s.pump.sim.Run(sim.Traffic{
			Rate: s.rate, Calls: s.calls, Agents: s.agents, Mix: s.mix, Tempo: s.tempo,
		})
		done := make(chan struct{})
		sitting, leave := context.WithCancel(ctx)
		go func() { defer close(done); s.desks.run(sitting, s.loop.Post) }()
		err = s.pump.run(ctx, s.loop.StepBatch, s.settled())
		leave()
		<-done
	}
	stats := s.stats()
	stopFollowing()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "ctisim: %d calls, of which %d are still up; %d events, %d inputs\n",
		stats.CallsTotal, stats.Calls, stats.Events, stats.Inputs)
	return err
}

// settled returns a function that tells whether the engine has no call left either. A channel that vanished is missed
// only after some audits.
func (s *simulation) settled() func() bool {
	var since time.Time
	return func() bool {
		if since.IsZero() {
			since = time.Now()
		}
		return s.stats().Calls == 0 || time.Since(since) > settleMax
	}
}

func (s *simulation) stats() (stats engine.Stats) {
	ctx, cancel := context.WithTimeout(context.Background(), doorsTimeout)
	defer cancel()
	if err := s.loop.Do(ctx, func(e *engine.Engine) { stats = e.Stats() }); err != nil {
		s.log.Warn("the engine does not answer", "error", err)
	}
	return stats
}

// announce says where to connect.
func (s *simulation) announce() {
	say := func(format string, values ...any) { fmt.Fprintf(s.out, "ctisim: "+format+"\n", values...) }
	say("%.3g calls a second to and from %d extensions, seed %d; ctrl-C ends it", s.rate, len(s.agents), s.seed)
	if s.unix != "" {
		say("connect with: ctictl -unix %s follow", s.unix)
	}
	if s.tcp != "" {
		say("or by TCP at %s with the token %s", s.tcp, s.shownToken())
	}
	say("CDRs: sqlite3 %s 'select * from cdr'", filepath.Join(s.data, "cti.db"))
}

func (s *simulation) shownToken() string {
	if s.tokenFile != "" {
		return "in " + s.tokenFile
	}
	return s.token
}

// followSelf prints the events as any client sees them: through the unix socket.
func (s *simulation) followSelf() (stop func(), err error) {
	if !s.follow {
		return func() {}, nil
	}
	c, err := client.Dial(client.Options{Unix: s.unix, Name: "ctisim", Profile: "full"})
	if err != nil {
		return nil, err
	}
	if err := c.Send(map[string]any{"messageID": "RequestSubscribe", "scope": "company"}); err != nil {
		c.Close()
		return nil, err
	}
	if _, err := c.Await("EventSubscribed"); err != nil {
		c.Close()
		return nil, err
	}
	printer := ladder.Printer{Color: ladder.IsTerminal(s.out) && os.Getenv("NO_COLOR") == ""}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for line, err := c.Next(); err == nil; line, err = c.Next() {
			if _, err := fmt.Fprintln(s.out, printer.Line(line)); err != nil {
				return
			}
		}
	}()
	return func() { s.closeDoors(); <-ended; c.Close() }, nil
}

// closeDoors lets clients have what is queued for them.
func (s *simulation) closeDoors() {
	if s.doors == nil || s.shut {
		return
	}
	s.shut = true
	ctx, cancel := context.WithTimeout(context.Background(), doorsTimeout)
	defer cancel()
	if err := s.doors.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("the doors were not closed well", "error", err)
	}
}

func (s *simulation) closeStore() {
	if s.store == nil {
		return
	}
	if err := s.store.Close(context.Background()); err != nil {
		s.log.Error("the store was not closed well", "error", err)
	}
	s.store = nil
}
