package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"modcti/engine"
	"modcti/events"
)

// emptyTick is how often a system that is being emptied is looked at.
const emptyTick = time.Second

// draining is what `cti drain` answers.
type draining struct {
	Calls  int `json:"calls"`  // up
	Agents int `json:"agents"` // logged in
}

// drain has the system emptied (3.16): agents take no more calls and are logged out as theirs end, callers of queues are
// sent on, no call is made any more and none taken from outside. With the last call the engine stops. Asked again, it tells
// how far that is.
func (s *service) drain() (answer, error) {
	if s.drains.CompareAndSwap(false, true) {
		if err := s.loop.Step(engine.Input{Kind: engine.DrainOrdered}); err != nil {
			s.drains.Store(false)
			return answer{}, fmt.Errorf("the engine does not answer: %w", err)
		}
		s.log.Info("the system is being emptied; the engine stops with the last call")
		go s.stopWhenEmpty(s.life)
	}
	var d draining
	err := s.ask(func(e *engine.Engine) {
		d.Calls = e.Stats().Calls
		for _, a := range e.Agents() {
			if a.AgentState != events.AgentStateLoggedOut {
				d.Agents++
			}
		}
	})
	if err != nil {
		return answer{}, err
	}
	t := table{header: []string{"calls", "agents"}}
	t.add(d.Calls, d.Agents)
	return answer{tables: []table{t}, value: d}, nil
}

// errDrained is what every question to the engine is answered with once it has stopped so.
var errDrained = errors.New("the system was drained, and the engine has stopped with the last call: " +
	"`reload mod_cti` starts it again")

// stopWhenEmpty ends the engine when no call is up any more. The module is there until it is unloaded.
func (s *service) stopWhenEmpty(life context.Context) {
	ticker := time.NewTicker(emptyTick)
	defer ticker.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-ticker.C:
		}
		calls := 1
		if s.loop.Do(life, func(e *engine.Engine) { calls = e.Stats().Calls }) != nil {
			return
		}
		if calls == 0 {
			s.log.Info("the system is empty: the engine stops; `reload mod_cti` starts it again")
			s.drained.Store(true)
			_, _ = s.stop(context.Background())
			return
		}
	}
}
