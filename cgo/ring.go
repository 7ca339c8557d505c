package main

/*
#include "cti_ring.h"

// Clearing is an exchange, so that a producer who still saw the flag set has its record seen by the drain that follows.
static inline void cti_ring_clear(cti_ring *ring)
{
	atomic_exchange_explicit(&ring->signalled, false, memory_order_acq_rel);
}

static inline bool cti_ring_woken(cti_ring *ring)
{
	return atomic_load_explicit(&ring->signalled, memory_order_acquire);
}

// A place was claimed whose record is not yet there; its producer may have seen no need to wake anyone.
static inline bool cti_ring_unfinished(cti_ring *ring)
{
	return atomic_load_explicit(&ring->tail, memory_order_relaxed) != ring->head;
}

static inline int cti_ring_fd(cti_ring *ring) { return ring->event_fd; }

#cgo noescape cti_ring_drain
#cgo nocallback cti_ring_drain
#cgo nocallback cti_ring_woken
#cgo nocallback cti_ring_clear
#cgo nocallback cti_ring_unfinished
#cgo nocallback cti_ring_lost
*/
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"modcti/engine"
)

// hostRing is the consumer's side of the host's ring. Its one reader calls drain; the others any goroutine.
type hostRing struct {
	ring    *C.cti_ring
	records *C.cti_record // batchRecords of them, in C memory
}

func newHostRing(ring *C.cti_ring) *hostRing {
	return &hostRing{ring: ring, records: (*C.cti_record)(C.calloc(batchRecords, C.sizeof_cti_record))}
}

// free gives the batch back; the ring itself stays the host's.
func (r *hostRing) free() {
	C.free(unsafe.Pointer(r.records))
	r.records = nil
}

// open returns a file of the reader's own on the ring's eventfd, which the runtime's poller waits on.
func (r *hostRing) open() (*os.File, error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(C.cti_ring_fd(r.ring)), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return nil, fmt.Errorf("the ring's event descriptor cannot be duplicated: %w", errno)
	}
	return os.NewFile(fd, "cti ring"), nil
}

func (r *hostRing) woken() bool { return bool(C.cti_ring_woken(r.ring)) }

func (r *hostRing) clear() { C.cti_ring_clear(r.ring) }

func (r *hostRing) drain() ([]record, bool) {
	count := C.cti_ring_drain(r.ring, r.records, batchRecords)
	records := unsafe.Slice((*record)(unsafe.Pointer(r.records)), int(count))
	return records, count < batchRecords && bool(C.cti_ring_unfinished(r.ring))
}

func (r *hostRing) lost() uint64 { return uint64(C.cti_ring_lost(r.ring)) }

// Each line compiles only while record and cti_record have the same shape.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(record{})-C.sizeof_cti_record]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.monoNanos)-unsafe.Offsetof(C.cti_record{}.mono_ns)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.wallMicros)-unsafe.Offsetof(C.cti_record{}.wall_us)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.leg)-unsafe.Offsetof(C.cti_record{}.leg)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.other)-unsafe.Offsetof(C.cti_record{}.other)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.command)-unsafe.Offsetof(C.cti_record{}.command)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.legSeq)-unsafe.Offsetof(C.cti_record{}.leg_seq)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.flags)-unsafe.Offsetof(C.cti_record{}.flags)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.kind)-unsafe.Offsetof(C.cti_record{}.kind)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.cause)-unsafe.Offsetof(C.cti_record{}.cause)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.direction)-unsafe.Offsetof(C.cti_record{}.direction)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.callState)-unsafe.Offsetof(C.cti_record{}.call_state)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.disposition)-unsafe.Offsetof(C.cti_record{}.disposition)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.textLen)-unsafe.Offsetof(C.cti_record{}.text_len)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.timesMicros)-unsafe.Offsetof(C.cti_record{}.times_us)]
	_ = [1]struct{}{}[unsafe.Offsetof(record{}.text)-unsafe.Offsetof(C.cti_record{}.text)]
)

// And these only while the numbers of cti.h are the engine's.
var (
	_ = [1]struct{}{}[engine.LegCreated-C.CTI_LEG_CREATED]
	_ = [1]struct{}{}[engine.LegOutgoing-C.CTI_LEG_OUTGOING]
	_ = [1]struct{}{}[engine.LegRinging-C.CTI_LEG_RINGING]
	_ = [1]struct{}{}[engine.LegProgress-C.CTI_LEG_PROGRESS]
	_ = [1]struct{}{}[engine.LegAnswered-C.CTI_LEG_ANSWERED]
	_ = [1]struct{}{}[engine.LegBridged-C.CTI_LEG_BRIDGED]
	_ = [1]struct{}{}[engine.LegUnbridged-C.CTI_LEG_UNBRIDGED]
	_ = [1]struct{}{}[engine.LegHeld-C.CTI_LEG_HELD]
	_ = [1]struct{}{}[engine.LegUnheld-C.CTI_LEG_UNHELD]
	_ = [1]struct{}{}[engine.LegTransferred-C.CTI_LEG_TRANSFERRED]
	_ = [1]struct{}{}[engine.LegExecuted-C.CTI_LEG_EXECUTED]
	_ = [1]struct{}{}[engine.LegRenamed-C.CTI_LEG_RENAMED]
	_ = [1]struct{}{}[engine.LegHangup-C.CTI_LEG_HANGUP]
	_ = [1]struct{}{}[engine.LegEnded-C.CTI_LEG_ENDED]
	_ = [1]struct{}{}[engine.LegDestroyed-C.CTI_LEG_DESTROYED]
	_ = [1]struct{}{}[engine.LegLooped-C.CTI_LEG_LOOPED]
	_ = [1]struct{}{}[engine.RoomJoined-C.CTI_ROOM_JOINED]
	_ = [1]struct{}{}[engine.RoomLeft-C.CTI_ROOM_LEFT]
	_ = [1]struct{}{}[engine.SnapshotBegin-C.CTI_SNAPSHOT_BEGIN]
	_ = [1]struct{}{}[engine.LegFound-C.CTI_LEG_FOUND]
	_ = [1]struct{}{}[engine.SnapshotEnd-C.CTI_SNAPSHOT_END]
	_ = [1]struct{}{}[engine.RecordsLost-C.CTI_RECORDS_LOST]
	_ = [1]struct{}{}[engine.CommandDone-C.CTI_COMMAND_DONE]
	_ = [1]struct{}{}[engine.CommandSnapshot-C.CTI_CMD_SNAPSHOT]
	_ = [1]struct{}{}[engine.CommandSetVariable-C.CTI_CMD_SET_VARIABLE]
	_ = [1]struct{}{}[engine.CommandHangup-C.CTI_CMD_HANGUP]
	_ = [1]struct{}{}[engine.FlagLoopback-C.CTI_FLAG_LOOPBACK]
	_ = [1]struct{}{}[engine.FlagTruncated-C.CTI_FLAG_TRUNCATED]
	_ = [1]struct{}{}[engine.FlagMarked-C.CTI_FLAG_MARKED]
	_ = [1]struct{}{}[engine.FlagObserver-C.CTI_FLAG_OBSERVER]
	_ = [1]struct{}{}[textBytes-C.CTI_TEXT_BYTES]
)
