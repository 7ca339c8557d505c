package scenario_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events/push"
	"modcti/sim"
	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

const (
	company = "30f80aa47cde4b10bd89484aeab63691"
	ms      = time.Millisecond
)

// plant is an engine, a simulated switch and the doors. Time is virtual and passes only while a test waits for something
// to happen. Clients' requests come in by goroutines of the doors: the test holds mu but for the moments that it gives them.
type plant struct {
	mu     sync.Mutex
	doors  *push.Server
	socket string
	boxes  map[*lab.Client]*box
	spoken map[string]*spoken // by path of a recording
	people *rand.Rand
	sim    *sim.Switch
	engine *engine.Engine
	out    engine.Output
	fold   cdr.Fold
	events int // told since the start
	sabotage
}

// box is what a client has been sent and nobody has taken.
type box struct {
	messages []lab.Message
	seen     int   // events that were told when it last caught up
	beats    int64 // heartbeats that it was asked for
}

type spoken struct{ talk, silence time.Duration }

func newPlant(t testing.TB, seed uint64) *plant {
	t.Helper()
	p := &plant{socket: filepath.Join(t.TempDir(), "cti.sock"), boxes: map[*lab.Client]*box{}, spoken: map[string]*spoken{}}
	p.sabotage = sabotage{map[engine.LegID]time.Duration{}, map[engine.LegID]bool{}, -1}
	p.people = rand.New(rand.NewPCG(seed, 0x70656f706c65))
	p.sim = sim.New(seed, sim.Options{
		Phone: phone, Room: func(number string) bool { return number == scenario.Room }, RingTimeout: time.Minute,
		Faults: sim.Faults{Command: p.fate},
	})
	p.engine = engine.New(engine.Config{
		CompanyID: company, Inside: inside, Dial: dial, LegSeed: [2]uint64{seed, ^seed}, AuditMillis: 5_000,
		MonoNanos: p.sim.Mono(), WallMicros: p.sim.Wall(),
		RecordPath: func(_, party string, _ int64) string { return "/recordings/" + party + ".wav" },
	}, nil)
	p.step(&engine.Input{Kind: engine.TimerDue, MonoNanos: p.sim.Mono(), WallMicros: p.sim.Wall()})
	p.mu.Lock()
	var err error
	p.doors, err = push.Open(push.Config{
		UnixPath: p.socket, CompanyID: company, Version: "simulated", RequestsPerSecond: 1_000_000, Post: p.post,
		LastSeq: func() uint64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	p.doors.Serve()
	t.Cleanup(func() {
		p.mu.Unlock()
		require.NoError(t, p.doors.Close(context.Background()))
	})
	return p
}

// phone: extensions have one that rings until it is made to do something, and so has everybody outside; nobody is at 1010.
func phone(number string, _ *rand.Rand) sim.Behaviour {
	if inside(number) && number != "1008" && !slices.Contains(scenario.Extensions, number) {
		return sim.Refuses(0, engine.CauseTemporaryFailure)
	}
	return sim.NeverAnswers()
}

func inside(number string) bool { return len(number) >= 3 && len(number) <= 6 }

// dial is the laboratory's dial plan.
func dial(_, number string) (engine.Route, bool) {
	switch {
	case len(number) == 4 && number[0] == '1':
		return engine.Route{Address: "user/" + number + "@127.0.0.1"}, true
	case len(number) == 11 && number[0] == '1':
		return engine.Route{Address: "sofia/gateway/trunk/" + number}, true
	}
	return engine.Route{}, false
}

// post takes a client's request.
func (p *plant) post(in engine.Input) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in.MonoNanos, in.WallMicros = p.sim.Mono(), p.sim.Wall()
	p.step(&in)
	return nil
}

func (p *plant) step(in *engine.Input) {
	p.engine.Step(in, &p.out)
	for _, c := range p.out.Commands {
		p.sim.Do(c)
	}
	p.fold.Add(p.out.Records)
	if len(p.out.Events) > 0 {
		p.doors.Publish(p.out.Events)
		p.events += len(p.out.Events)
	}
}

// pass lets the next thing happen that the switch tells or the engine waits for; when nothing does until then, it is then,
// and false is returned.
func (p *plant) pass(then time.Duration) bool {
	before, channels := p.sim.Now(), p.sim.Channels()
	defer func() { p.record(channels, p.sim.Now()-before) }()
	limit := then
	if p.out.NextDeadline != 0 {
		limit = min(limit, p.sim.Now()+time.Duration(max(p.out.NextDeadline-p.sim.Mono(), 0)))
	}
	in, ok := p.sim.NextUntil(limit)
	if !ok {
		if p.out.NextDeadline == 0 || p.out.NextDeadline > p.sim.Mono() {
			return false
		}
		in = engine.Input{Kind: engine.TimerDue, MonoNanos: p.sim.Mono(), WallMicros: p.sim.Wall()}
	}
	p.step(&in)
	return true
}

// record keeps what was recorded on these channels for so long.
func (p *plant) record(channels []sim.Channel, d time.Duration) {
	for _, c := range channels {
		for _, path := range c.Records {
			if p.spoken[path] == nil {
				p.spoken[path] = &spoken{}
			}
			if slices.Contains(c.Paused, path) || c.Partner.IsZero() {
				p.spoken[path].silence += d
			} else {
				p.spoken[path].talk += d
			}
		}
	}
}

const beats = 1 << 40 // above every reference that a client itself uses

// catchUp puts everything into a client's box that it has been sent: it is asked for a heartbeat, which comes last.
func (p *plant) catchUp(t testing.TB, c *lab.Client) *box {
	t.Helper()
	b := p.boxes[c]
	seen := p.events
	p.mu.Unlock()
	defer p.mu.Lock()
	b.beats++
	require.NoError(t, c.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": beats + b.beats}))
	_, err := c.Next(t.Context(), func(m lab.Message) bool {
		if m.MessageID == "EventHeartbeat" && m.ReferenceID == beats+b.beats {
			return true
		}
		b.messages = append(b.messages, m)
		return false
	})
	require.NoError(t, err)
	b.seen = seen
	return b
}

// take takes messages out of the box until one is wanted.
func (b *box) take(want func(lab.Message) bool) (lab.Message, bool) {
	for i, m := range b.messages {
		if want(m) {
			b.messages = b.messages[i+1:]
			return m, true
		}
	}
	b.messages = nil
	return lab.Message{}, false
}

// next waits for a client's message.
func (p *plant) next(t testing.TB, c *lab.Client, want func(lab.Message) bool) (m lab.Message, err error) {
	t.Helper()
	err = p.until("a message of the engine", func() (found bool) {
		b := p.boxes[c]
		if m, found = b.take(want); !found && b.seen != p.events {
			m, found = p.catchUp(t, c).take(want)
		}
		return found
	})
	return m, err
}

const patience = 10 * time.Second

// until lets things happen until done.
func (p *plant) until(what string, done func() bool) error {
	for limit := p.sim.Now() + patience; !done(); {
		if !p.pass(limit) {
			if done() {
				return nil
			}
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
	return nil
}
