package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// hostBox is a box in memory of Go's, and the host's side of it, as cti_outbox.h has them.
type hostBox struct {
	*outbox
	memory []boxed // aligned as C's
}

func newHostBox(t *testing.T, bytes uint64) *hostBox {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	require.Zero(t, errno)
	t.Cleanup(func() { _ = syscall.Close(int(fd)) })
	memory := make([]boxed, bytes/uint64(unsafe.Sizeof(boxed{})))
	return &hostBox{newOutbox(&outboxMemory{mask: bytes - 1, memory: unsafe.Pointer(&memory[0]), eventFD: int32(fd)}), memory}
}

// next takes the oldest event, as cti_outbox_next and cti_outbox_take do.
func (h *hostBox) next() (f fired, found bool) {
	m := h.box
	for m.taken != atomic.LoadUint64(&m.put) {
		head := *h.head(m.taken)
		texts := strings.Split(string(h.outbox.memory[m.taken&m.mask+16:][:head.bytes-16]), "\x00")
		atomic.StoreUint64(&m.taken, m.taken+uint64(head.bytes))
		if head.filler == 0 {
			return fired{texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], head.seq, []byte(texts[6])}, true
		}
	}
	return fired{}, false
}

// wakes tells how often the host was woken since it was last asked.
func (h *hostBox) wakes() (count uint64) {
	_, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(h.box.eventFD), uintptr(unsafe.Pointer(&count)), 8)
	if errno != 0 {
		return 0
	}
	return count
}

func shot(n int) *fired {
	body := fmt.Sprintf(`{"n":%d,"x":"%s"}`, n, strings.Repeat("x", n%97))
	return &fired{"EventRinging", "call", fmt.Sprint(n), "1001", "", "company", uint64(n), []byte(body)}
}

// TestOutboxLaps: events come out whole and in order, over many laps of the memory; one that finds no room is refused, and
// leaves the box as it was.
func TestOutboxLaps(t *testing.T) {
	h := newHostBox(t, 4096)
	put, got := 0, 0
	for got < 1000 {
		for h.put(shot(put)) == nil {
			put++
		}
		require.Greater(t, put, got+10, "the box holds some events")
		for range 7 {
			f, found := h.next()
			require.True(t, found)
			require.Equal(t, *shot(got), f)
			got++
		}
	}
	for ; got < put; got++ {
		f, _ := h.next()
		require.Equal(t, *shot(got), f)
	}
	_, found := h.next()
	require.False(t, found)
}

// TestOutboxBounds: an event that the box can never hold is refused and holds up nothing; the NUL of a text ends it.
func TestOutboxBounds(t *testing.T) {
	h := newHostBox(t, 4096)
	require.NoError(t, h.put(shot(1)))
	require.ErrorIs(t, h.put(&fired{body: []byte(strings.Repeat("x", 4096))}), errFull)
	require.NoError(t, h.put(&fired{messageID: "a", thisDN: "10\x0001", body: []byte("{}")}))
	f, _ := h.next()
	require.Equal(t, *shot(1), f)
	f, _ = h.next()
	require.Equal(t, fired{messageID: "a", thisDN: "10", body: []byte("{}")}, f)

	for range 100 { // one that takes exactly what there is
		require.NoError(t, h.put(&fired{body: []byte(strings.Repeat("y", 4096-16-7-int(h.box.put&h.box.mask)))}))
		_, found := h.next()
		require.True(t, found)
		require.Zero(t, h.box.put&h.box.mask)
		require.NoError(t, h.put(shot(2)))
		_, _ = h.next()
	}
}

// TestOutboxWakes: only a host that sleeps is woken, and once.
func TestOutboxWakes(t *testing.T) {
	h := newHostBox(t, 4096)
	require.NoError(t, h.put(shot(1)))
	require.Zero(t, h.wakes())
	atomic.StoreUint32(&h.box.sleeps, 1)
	require.NoError(t, h.put(shot(2)))
	require.NoError(t, h.put(shot(3)))
	require.EqualValues(t, 1, h.wakes())
}

// TestOutboxAtOnce: the race detector judges whether the positions order the copies.
func TestOutboxAtOnce(t *testing.T) {
	const many = 20000
	h := newHostBox(t, 4096)
	go func() {
		for n := 0; n < many; {
			if h.put(shot(n)) == nil {
				n++
			} else {
				runtime.Gosched()
			}
		}
	}()
	for n := 0; n < many; {
		if f, found := h.next(); found {
			require.Equal(t, *shot(n), f)
			n++
		} else {
			runtime.Gosched()
		}
	}
}
