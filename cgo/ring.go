package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// ring is the consumer's side of the host's ring. Its one reader calls next, take, unfinished and clear.
type ring interface {
	// woken tells whether a producer has woken the reader since the last clear.
	woken() bool
	// clear says that the reader is awake: from now on a producer that has something to tell wakes it again. A record
	// whose producer still saw the reader awake is seen by the next that follows.
	clear()
	// next is the oldest record, which is the reader's until take; nil when there is none.
	next() *record
	// take gives the place of the oldest record back.
	take()
	// unfinished tells whether a place is claimed whose record is not there yet.
	unfinished() bool
	// lost tells how many records found no room since the ring was made.
	lost() uint64
}

// ringMemory mirrors cti_ring, and slot mirrors cti_slot, of cti_ring.h; contract.go refuses to compile when they differ.
type ringMemory struct {
	tail      uint64 // next place to claim; atomic
	_         [56]byte
	head      uint64 // next place to read; the consumer's alone
	_         [56]byte
	signalled uint32 // atomic
	_         uint32
	lost      uint64 // atomic
	mask      uint64
	eventFD   int32
	_         uint32
	slots     unsafe.Pointer
}

type slot struct {
	turn   uint64 // atomic
	record record
}

// sharedRing consumes a ring where the host has it. It is cti_ring_drain in Go: each call into C by an otherwise idle
// process wakes a thread of Go's runtime, which costs more than all else on the way of an event.
type sharedRing struct {
	memory *ringMemory
	slots  []slot
}

func newSharedRing(memory *ringMemory) *sharedRing {
	return &sharedRing{memory: memory, slots: unsafe.Slice((*slot)(memory.slots), memory.mask+1)}
}

func (r *sharedRing) woken() bool { return atomic.LoadUint32(&r.memory.signalled) != 0 }

func (r *sharedRing) clear() { atomic.SwapUint32(&r.memory.signalled, 0) }

func (r *sharedRing) next() *record {
	s := &r.slots[r.memory.head&r.memory.mask]
	if atomic.LoadUint64(&s.turn) != r.memory.head+1 {
		return nil
	}
	return &s.record
}

func (r *sharedRing) take() {
	m := r.memory
	atomic.StoreUint64(&r.slots[m.head&m.mask].turn, m.head+m.mask+1)
	m.head++
}

func (r *sharedRing) unfinished() bool { return atomic.LoadUint64(&r.memory.tail) != r.memory.head }

func (r *sharedRing) lost() uint64 { return atomic.LoadUint64(&r.memory.lost) }

// open returns a file of the reader's own on the ring's eventfd, which the runtime's poller waits on.
func (r *sharedRing) open() (*os.File, error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(r.memory.eventFD), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("fcntl of the ring's event descriptor", errno)
	}
	return os.NewFile(fd, "cti ring"), nil
}
