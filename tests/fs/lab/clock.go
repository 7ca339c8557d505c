package lab

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// Mono is CLOCK_MONOTONIC in nanoseconds: the clock that the module's hooks stamp their records with.
func Mono() int64 {
	const clockMonotonic = 1
	nanos, _ := clockNanos(clockMonotonic)
	return nanos
}

// CPU is the processor time, user and system, that all threads of a process have used since it began.
func CPU(pid int) (time.Duration, error) {
	const wholeProcess = 2
	nanos, err := clockNanos(uintptr(^pid<<3 | wholeProcess))
	if err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	return time.Duration(nanos), nil
}

func clockNanos(clock uintptr) (int64, error) {
	var at syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&at)), 0)
	if errno != 0 {
		return 0, errno
	}
	return at.Nano(), nil
}
