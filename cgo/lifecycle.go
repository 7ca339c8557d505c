package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	errState = errors.New("the engine is not in that state")
	errLate  = errors.New("the deadline has passed")
)

// invalidError says that what the host gave is wrong.
type invalidError struct{ cause error }

func (e *invalidError) Error() string { return e.cause.Error() }

func (e *invalidError) Unwrap() error { return e.cause }

// lifecycle holds the one engine of a process: none, running, or stopping.
type lifecycle struct {
	mu      sync.Mutex
	service *service
	release func()          // gives back what the host lent, after the service has ended
	ended   <-chan struct{} // not nil: the service is stopping; closed when it has ended
}

// start begins an engine. An earlier one that did not stop in time must have ended meanwhile.
func (l *lifecycle) start(begin func() (*service, func(), error)) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.collect()
	switch {
	case l.ended != nil:
		return fmt.Errorf("%w: the engine of an earlier start still stops; try again later", errState)
	case l.service != nil:
		return fmt.Errorf("%w: the engine is running already; stop it first", errState)
	}
	s, release, err := begin()
	if err == nil {
		l.service, l.release = s, release
	}
	return err
}

// collect gives a service back that ended after its stop was given up.
func (l *lifecycle) collect() {
	if l.ended == nil {
		return
	}
	select {
	case <-l.ended:
		l.release()
		l.service, l.release, l.ended = nil, nil, nil
	default:
	}
}

// stop ends the engine; errLate when it did not end in time and goes on ending.
func (l *lifecycle) stop(timeout time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.service == nil {
		return fmt.Errorf("%w: the engine is not running", errState)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	ended, err := l.service.stop(ctx)
	l.ended = ended
	if err != nil {
		l.service.log.Error("the engine did not stop in time", "error", err)
		return fmt.Errorf("%w: %w", errLate, err)
	}
	l.collect()
	return nil
}

func (l *lifecycle) reload(settings *Settings) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.service == nil || l.ended != nil {
		return fmt.Errorf("%w: the engine is not running", errState)
	}
	return l.service.reload(settings)
}

func (l *lifecycle) query(line string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.service == nil || l.ended != nil {
		return "-ERR the engine is not running\n"
	}
	return l.service.query(line)
}
