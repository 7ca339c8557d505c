package main

import (
	"syscall"
	"time"
	"unsafe"
)

const clockMonotonic = 1 // CLOCK_MONOTONIC of <time.h>

// newClock returns a function that tells CLOCK_MONOTONIC in nanoseconds, the clock of the hooks' stamps, and the wall
// time in Unix microseconds. Go keeps the same clock but does not show its value: it is read once and measured from.
func newClock() func() (monoNanos, wallMicros int64) {
	var now syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	start, startNanos := time.Now(), now.Nano()
	return func() (int64, int64) {
		t := time.Now()
		return startNanos + int64(t.Sub(start)), t.UnixMicro()
	}
}
