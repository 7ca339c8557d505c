package main

import (
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// outboxMemory mirrors cti_outbox, and boxed the head of a cti_boxed, of cti_outbox.h; contract.go refuses to compile
// when they differ.
type outboxMemory struct {
	put     uint64 // bytes ever put in; atomic
	_       [56]byte
	taken   uint64 // bytes ever taken out; atomic, the host's to write
	_       [56]byte
	sleeps  uint32 // atomic
	eventFD int32
	mask    uint64
	memory  unsafe.Pointer
	_       [40]byte
}

type boxed struct {
	seq    uint64
	bytes  uint32
	filler uint32
}

// outbox is the producer's side of the host's box of events to fire. One goroutine at a time puts into it.
type outbox struct {
	box    *outboxMemory
	memory []byte
}

func newOutbox(box *outboxMemory) *outbox {
	return &outbox{box: box, memory: unsafe.Slice((*byte)(box.memory), box.mask+1)}
}

// put copies an event into the box, or fails with errFull.
func (o *outbox) put(f *fired) error {
	texts := [7]string{
		f.messageID, f.callID, f.partyID, f.thisDN, f.agentUUID, f.companyID,
		unsafe.String(unsafe.SliceData(f.body), len(f.body)),
	}
	size := uint64(unsafe.Sizeof(boxed{}))
	for i := range texts {
		if end := strings.IndexByte(texts[i], 0); end >= 0 {
			texts[i] = texts[i][:end] // as any text that C reads
		}
		size += uint64(len(texts[i])) + 1
	}
	size = (size + 15) &^ 15
	m, put := o.box, o.box.put
	skip := m.mask + 1 - put&m.mask
	if skip >= size {
		skip = 0
	}
	if put+skip+size-atomic.LoadUint64(&m.taken) > m.mask+1 {
		return errFull
	}
	if skip > 0 {
		*o.head(put) = boxed{bytes: uint32(skip), filler: 1}
	}
	*o.head(put + skip) = boxed{seq: f.seq, bytes: uint32(size)}
	to := o.memory[(put+skip)&m.mask+uint64(unsafe.Sizeof(boxed{})):]
	for _, text := range texts {
		to[copy(to, text)] = 0
		to = to[len(text)+1:]
	}
	atomic.StoreUint64(&m.put, put+skip+size)
	if atomic.SwapUint32(&m.sleeps, 0) != 0 {
		o.wake()
	}
	return nil
}

func (o *outbox) head(at uint64) *boxed {
	return (*boxed)(unsafe.Pointer(&o.memory[at&o.box.mask]))
}

// wake writes to the event descriptor, which never blocks: a raw call spares the runtime's waking of its own thread.
func (o *outbox) wake() {
	one := uint64(1)
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, uintptr(o.box.eventFD), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
}
