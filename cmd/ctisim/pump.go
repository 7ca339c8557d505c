package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"modcti/engine"
	"modcti/engine/loop"
	"modcti/sim"
)

const (
	batchMax    = 1024
	commandsMax = 1 << 16
	idleMax     = 200 * time.Millisecond // how long to sleep when the switch has nothing to do
)

// pump drives the simulated switch by the real clock: what is due goes to the engine, commands come back.
type pump struct {
	sim      *sim.Switch
	began    time.Time
	mono     int64 // of the switch at began
	commands chan engine.Command
	batch    []engine.Input
}

func newPump(seed, run uint64, tempo sim.Tempo) *pump {
	p := &pump{began: time.Now(), commands: make(chan engine.Command, commandsMax)}
	phones := sim.Phones(tempo)
	p.sim = sim.New(seed, sim.Options{
		StartWall: p.began, Run: run, Phone: func(number string, random *rand.Rand) sim.Behaviour {
			if p.sim.Busy(number) { // nobody takes a second call
				return sim.IsBusy()
			}
			return phones(number, random)
		},
	})
	p.mono = p.sim.Mono()
	return p
}

// clocks are the switch's, so that requests and records are stamped alike. Any goroutine may call it.
func (p *pump) clocks() (monoNanos, wallMicros int64) {
	now := time.Now()
	return p.mono + int64(now.Sub(p.began)), now.UnixMicro()
}

// submit queues a command; false when there is no room.
func (p *pump) submit(c engine.Command) bool {
	select {
	case p.commands <- c:
		return true
	default:
		return false
	}
}

// run goes on until ctx ends or, once no call is left and none will come, settled says that the engine knows it too.
func (p *pump) run(ctx context.Context, post func([]engine.Input) error, settled func() bool) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var commands []engine.Command
		select {
		case <-ctx.Done():
			return nil
		case c := <-p.commands:
			commands = append(commands, c)
		case <-timer.C:
		}
		if err := p.advance(post); err != nil { // so that a command is carried out now, not when the switch last spoke
			return err
		}
		for _, c := range commands {
			p.sim.Do(c)
		}
		if p.sim.Calls() == 0 && settled() {
			return nil
		}
		wait := idleMax
		if due, more := p.sim.Due(); more {
			wait = min(wait, max(due-time.Since(p.began), 0))
		}
		timer.Reset(wait)
	}
}

// advance hands over what the switch tells until now.
func (p *pump) advance(post func([]engine.Input) error) error {
	now := time.Since(p.began)
	for {
		p.batch = p.batch[:0]
		for len(p.batch) < batchMax {
			in, ok := p.sim.NextUntil(now)
			if !ok {
				break
			}
			p.batch = append(p.batch, in)
		}
		if len(p.batch) == 0 {
			return nil
		}
		if err := post(p.batch); err != nil && !errors.Is(err, loop.ErrStopped) {
			return err
		}
	}
}
