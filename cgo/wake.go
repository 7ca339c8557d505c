package main

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// wake is where the reader sleeps. It blocks its thread: the runtime's poller would have another thread notice a wake
// and look for a goroutine, and the switch's threads take the processor between the two.
type wake struct {
	event, poll int // descriptors: the ring's eventfd, an epoll instance that reports each write to it
	over        atomic.Bool
}

// newWake takes over a descriptor of the ring's eventfd.
func newWake(event int) (*wake, error) {
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("epoll_create1 for the ring", err), syscall.Close(event))
	}
	w := &wake{event: event, poll: poll}
	// Edges: nothing need be read from the eventfd, which is a system call less on the way of each event.
	edges := syscall.EpollEvent{Events: syscall.EPOLLIN | 1<<31}
	if err := syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, event, &edges); err != nil {
		w.close()
		return nil, os.NewSyscallError("epoll_ctl of the ring's event descriptor", err)
	}
	return w, nil
}

// wait returns when there was a write since the last wait, or after the timeout, in whole ms; false after stop.
func (w *wake) wait(timeout time.Duration) bool {
	if w.over.Load() {
		return false
	}
	var got [1]syscall.EpollEvent
	_, err := syscall.EpollWait(w.poll, got[:], int(timeout.Milliseconds()))
	return !w.over.Load() && (err == nil || errors.Is(err, syscall.EINTR))
}

// stop ends this wait or the next.
func (w *wake) stop() {
	w.over.Store(true)
	_, _ = syscall.Write(w.event, []byte{0: 1, 7: 0})
}

// close is for nobody waiting any more.
func (w *wake) close() {
	_ = syscall.Close(w.poll)
	_ = syscall.Close(w.event)
}
