package fsmod

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// record is one line of the fake engine's log.
type record struct {
	Kind                                      string
	Mono, Wall                                int64
	Leg, Other                                string
	Command                                   uint64
	Seq, Flags, Cause, Direction, Disposition int
	State                                     int
	Times                                     []int64
	Text                                      []string
}

// The order in which cti.h gives the names of a channel.
const (
	textUUID = iota
	textChannel
	textCallerNumber
	textCallerName
	textDestination
	textUser
	textContext
	textSIPCallID
	textCTICallID
)

const (
	flagLoopback  = 1
	flagTruncated = 2
	flagMarked    = 4
	flagObserver  = 8
	flagParked    = 16
)

// hex is the leg's id of a canonical uuid.
func hex(uuid string) string { return strings.ReplaceAll(uuid, "-", "") }

// recordLog is what the fake engine has written so far.
type recordLog struct {
	mu   sync.Mutex
	read int64 // bytes
	all  []record
}

// more reads what has been written since.
func (l *recordLog) more(path string) ([]record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, l.read, math.MaxInt64-l.read))
	if err != nil {
		return nil, err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	l.read += int64(len(text))
	for line := range bytes.Lines(text) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		l.all = append(l.all, r)
	}
	return l.all, nil
}

// records are all records since the test began.
func (s *freeSwitch) records() []record {
	s.t.Helper()
	all, err := s.told.more(s.path("records.jsonl"))
	require.NoError(s.t, err)
	return all[s.since:]
}

// mark is the number of records so far: from here on is what happens next.
func (s *freeSwitch) mark() int { return len(s.records()) }

// await waits for a record after mark that ok accepts, and returns it.
func (s *freeSwitch) await(mark int, what string, ok func(record) bool) (found record) {
	s.t.Helper()
	s.until(func() bool {
		all := s.records()
		for ; mark < len(all); mark++ {
			if ok(all[mark]) {
				found = all[mark]
				return true
			}
		}
		return false
	}, "the record: %s", what)
	return found
}

func (s *freeSwitch) awaitKind(mark int, kind, uuid string) record {
	s.t.Helper()
	return s.await(mark, kind+" of "+uuid, func(r record) bool { return r.Kind == kind && r.Leg == hex(uuid) })
}

// incoming waits for the inbound leg that a call of the given name and number brings, and returns its uuid.
func (s *freeSwitch) incoming(mark int, name, number string) string {
	s.t.Helper()
	r := s.await(mark, "incoming leg "+name, func(r record) bool {
		return r.Kind == "CREATED" && r.Direction == 1 && r.Text[textCallerName] == name &&
			r.Text[textDestination] == number
	})
	return r.Text[textUUID]
}

// told gives the kinds of a leg's records in ring order.
func told(all []record, uuid string) (kinds []string) {
	for _, r := range all {
		if r.Leg == hex(uuid) && r.Kind != "FOUND" {
			kinds = append(kinds, r.Kind)
		}
	}
	return kinds
}

// requireNumbered holds that the leg's own records count from 1 without a hole.
func (s *freeSwitch) requireNumbered(all []record, uuid string) {
	s.t.Helper()
	next := 1
	for _, r := range all {
		if r.Leg == hex(uuid) && r.Seq != 0 {
			require.Equal(s.t, next, r.Seq, "%s of %s", r.Kind, uuid)
			next++
		}
	}
	require.Greater(s.t, next, 1, "%s told nothing", uuid)
}

// monotonic is now on the clock of a record's Mono.
func monotonic() int64 {
	var at syscall.Timespec
	const clockMonotonic = 1
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&at)), 0)
	return at.Nano()
}
