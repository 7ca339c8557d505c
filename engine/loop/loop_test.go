package loop

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"modcti/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type sinks struct {
	order    []string
	records  []engine.Record
	events   []string
	commands []engine.Command
}

func (s *sinks) make() Sinks {
	return Sinks{
		Submit:  func(c []engine.Command) { s.order = append(s.order, "commands"); s.commands = append(s.commands, c...) },
		Record:  func(r []engine.Record) { s.order = append(s.order, "records"); s.records = append(s.records, r...) },
		Publish: func(o []engine.Outgoing) { s.order = append(s.order, "events"); s.names(o) },
	}
}

func (s *sinks) names(list []engine.Outgoing) {
	for _, o := range list {
		s.events = append(s.events, o.Message.Name())
	}
}

func clock() func() (int64, int64) {
	start := time.Now()
	return func() (int64, int64) { return int64(time.Since(start)) + 1e9, time.Now().UnixMicro() }
}

func newLoop(s *sinks, auditMillis int64) *Loop {
	e := engine.New(engine.Config{CompanyID: "c", Inside: func(n string) bool { return len(n) < 7 }, AuditMillis: auditMillis}, nil)
	return New(Options{Engine: e, Sinks: s.make(), Log: slog.New(slog.DiscardHandler), Now: clock()})
}

func created(leg string) engine.Input {
	id := engine.LegIDOf(leg)
	return engine.Input{
		Kind: engine.LegCreated, Leg: id, Direction: engine.DirectionInbound,
		Text: engine.Text{Hex: id.Hex(), UUID: leg, CallerNumber: "13912345678", Destination: "1001"},
	}
}

// run starts the loop in the bubble and returns what ends it.
func run(l *Loop) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); l.Run(ctx) }()
	return func() { cancel(); <-ended }
}

// TestDeliverOrder: commands, then records, then events (architecture, the way of one event).
func TestDeliverOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sinks{}
		l := newLoop(s, 5000)
		stop := run(l)
		require.NoError(t, l.StepBatch([]engine.Input{created("a")}))
		stop()
		require.Equal(t, []string{"commands", "events", "records"}, s.order)
		require.Equal(t, []string{"EventCallCreated", "EventDialing"}, s.events)
	})
}

// TestOneTimerServesTheAudit: the engine asks for the session table at the start and every AuditMillis, in virtual time.
func TestOneTimerServesTheAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sinks{}
		l := newLoop(s, 5000)
		stop := run(l)
		require.NoError(t, l.Post(engine.Input{Kind: engine.TimerDue}))
		for range 3 {
			synctest.Wait()
			require.NoError(t, l.StepBatch([]engine.Input{{Kind: engine.SnapshotBegin}, {Kind: engine.SnapshotEnd}}))
			<-time.After(5 * time.Second)
		}
		synctest.Wait()
		stop()
		require.Len(t, s.commands, 4)
		for _, c := range s.commands {
			require.Equal(t, engine.CommandSnapshot, c.Kind)
		}
	})
}

func TestInboxIsBounded(t *testing.T) {
	s := &sinks{}
	l := New(Options{Engine: engine.New(engine.Config{Inside: func(string) bool { return true }}, nil), Sinks: s.make(), Inbox: 2,
		Log: slog.New(slog.DiscardHandler), Now: clock()})
	require.NoError(t, l.Post(engine.Input{}))
	require.NoError(t, l.Post(engine.Input{}))
	require.ErrorIs(t, l.Post(engine.Input{}), ErrBusy)
}

func TestStopped(t *testing.T) {
	l := newLoop(&sinks{}, 0)
	run(l)()
	require.ErrorIs(t, l.Post(engine.Input{}), ErrStopped)
	require.ErrorIs(t, l.StepBatch(nil), ErrStopped)
	require.ErrorIs(t, l.Do(context.Background(), func(*engine.Engine) {}), ErrStopped)
}

// TestPanicStaysInside: a panic closes the call at fault, is told with the inputs that led to it, and the loop goes on.
func TestPanicStaysInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sinks{}
		var last []engine.Input
		e := engine.New(engine.Config{CompanyID: "c", Inside: func(n string) bool {
			if n == "poison" {
				panic("poisoned")
			}
			return len(n) < 7
		}}, nil)
		l := New(Options{Engine: e, Sinks: s.make(), Log: slog.New(slog.DiscardHandler), Now: clock(),
			Panicked: func(ins []engine.Input, _ any, stack []byte) {
				last = ins
				require.NotEmpty(t, stack)
			}})
		stop := run(l)
		poison := created("b")
		poison.Direction, poison.Text.Destination = engine.DirectionOutbound, "poison"
		poison.Other = engine.LegIDOf("a")
		require.NoError(t, l.StepBatch([]engine.Input{created("a"), poison, created("c")}))
		require.NoError(t, l.Do(context.Background(), func(e *engine.Engine) { require.Len(t, e.Calls(), 2) }))
		stop()
		require.Len(t, last, 2)
		require.Equal(t, poison.Leg, last[1].Leg)
	})
}

func TestQueryPanicStaysInside(t *testing.T) {
	l := newLoop(&sinks{}, 0)
	stop := run(l)
	defer stop()
	require.NoError(t, l.Do(context.Background(), func(*engine.Engine) { panic("query") }))
	require.NoError(t, l.Do(context.Background(), func(*engine.Engine) {}))
}
