package fsmod

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// threadsOf returns the ids of the switch's threads with the given name.
func (s *freeSwitch) threadsOf(name string) (ids []int) {
	s.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", s.process.Pid))
	require.NoError(s.t, err)
	for _, task := range tasks {
		comm, err := os.ReadFile(filepath.Join(task, "comm"))
		if err == nil && strings.TrimSpace(string(comm)) == name {
			id, err := strconv.Atoi(filepath.Base(task))
			require.NoError(s.t, err)
			ids = append(ids, id)
		}
	}
	return ids
}

// threadsFitForGo: ordinary scheduling whatever the switch runs as, and no asynchronous signal (decision 3).
func threadsFitForGo(t *testing.T, s *freeSwitch) {
	require.NotEmpty(t, s.threadsOf("cti_engine"), "and those that the library made, under its name")
	for name, count := range map[string]int{"cti_fire": 1, "cti_worker": commandWorkers, "cti_phones": 1} {
		s.until(func() bool { return len(s.threadsOf(name)) == count }, "%d threads to have the name %s", count, name)
	}
	for name, nice := range map[string]int{"cti_engine": -5, "cti_fire": 0, "cti_worker": -5, "cti_phones": 0} {
		for _, id := range s.threadsOf(name) {
			require.Zero(t, schedulingPolicy(t, id), "%s is not SCHED_OTHER", name)
			if os.Geteuid() == 0 {
				require.Equal(t, nice, niceness(t, id), name)
			}
			blocked := blockedSignals(t, s.process.Pid, id)
			for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT,
				syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGCHLD, syscall.SIGPIPE} {
				require.NotZero(t, blocked&(1<<(signal-1)), "%s takes %s", name, signal)
			}
			for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGURG} {
				require.Zero(t, blocked&(1<<(signal-1)), "%s blocks %s", name, signal)
			}
		}
	}
}

// niceness is the thread's: what somebody waits for goes before ordinary threads, where the switch may ask for that.
func niceness(t *testing.T, id int) int {
	left, err := syscall.Getpriority(syscall.PRIO_PROCESS, id)
	require.NoError(t, err)
	return 20 - left // as the kernel counts
}

func schedulingPolicy(t *testing.T, id int) int {
	const resetOnFork = 0x40000000 // what the thread makes does not take after it
	policy, _, errno := syscall.Syscall(syscall.SYS_SCHED_GETSCHEDULER, uintptr(id), 0, 0)
	require.Zero(t, errno)
	return int(policy) &^ resetOnFork
}

func blockedSignals(t *testing.T, process, id int) (mask uint64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", process, id))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "SigBlk:")
	require.True(t, found)
	_, err = fmt.Sscanf(strings.TrimSpace(rest), "%x", &mask)
	require.NoError(t, err)
	return mask
}

// realTimeAllowed reports whether this machine lets a process run in real time.
func realTimeAllowed() bool {
	var limit syscall.Rlimit
	const rlimitRTPrio = 14
	_, _, errno := syscall.RawSyscall(syscall.SYS_GETRLIMIT, rlimitRTPrio, uintptr(unsafe.Pointer(&limit)), 0)
	return os.Geteuid() == 0 || (errno == 0 && limit.Cur > 0)
}
