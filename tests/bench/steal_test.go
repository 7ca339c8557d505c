package bench_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// stealEvery is how often stealWatch looks; what is measured within stealNear of stolen time is in doubt, as a tick of it
// is counted when it is full.
const stealEvery, stealNear = 100 * time.Millisecond, 500 * time.Millisecond

// stealWatch notes when a hypervisor had this machine's processors run something else: what is measured meanwhile says
// how busy the host is.
type stealWatch struct {
	stop, done chan struct{}
	spans      []stealSpan
}

// stealSpan is a span of CLOCK_MONOTONIC in which time was stolen.
type stealSpan struct{ from, to int64 }

func watchSteal(b *testing.B) *stealWatch {
	b.Helper()
	w := &stealWatch{stop: make(chan struct{}), done: make(chan struct{})}
	before, err := stolenTicks()
	require.NoError(b, err)
	go w.run(before)
	return w
}

func (w *stealWatch) run(before uint64) {
	defer close(w.done)
	tick := time.NewTicker(stealEvery)
	defer tick.Stop()
	for from := lab.Mono(); ; {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		now, err := stolenTicks()
		to := lab.Mono()
		if err != nil || now != before {
			w.spans = append(w.spans, stealSpan{from, to})
		}
		before, from = now, to
	}
}

// end returns when time was stolen.
func (w *stealWatch) end() []stealSpan {
	close(w.stop)
	<-w.done
	return w.spans
}

// stolenTicks is the steal column of proc(5)'s /proc/stat, of all processors together.
func stolenTicks() (uint64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	const steal = 8 // after "cpu": user, nice, system, idle, iowait, irq, softirq
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) <= steal {
		return 0, nil // a kernel that does not count it
	}
	return strconv.ParseUint(string(fields[steal]), 10, 64)
}

// during tells whether time was stolen between two moments, or near them.
func during(spans []stealSpan, from, to int64) bool {
	for _, s := range spans {
		if from <= s.to+int64(stealNear) && to >= s.from-int64(stealNear) {
			return true
		}
	}
	return false
}
