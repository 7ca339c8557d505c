package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// leaveSpill makes a directory in which a killed process left records in the spill file alone, as they were handed to it.
func leaveSpill(t *testing.T, handed ...[]engine.Record) (dir string) {
	t.Helper()
	from, dir := t.TempDir(), t.TempDir()
	s := open(t, quiet(from))
	unlock := lock(t, from)
	defer unlock()
	for _, records := range handed {
		s.Append(records)
	}
	require.NoError(t, s.Flush(deadline(t)))
	onWriter(t, s, func(*writer) { snapshot(t, from, dir) })
	return dir
}

func editSpill(t *testing.T, dir string, edit func(text string) string) {
	t.Helper()
	path := filepath.Join(dir, spillName)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(edit(string(text))), fileMode))
}

// What an earlier run left in the spill file is in the database when Open returns, before anybody asks for open calls.
func TestSpillIsReadBackAtStart(t *testing.T) {
	records := append(calls(0, 3), callRecords(3)[:5]...)
	dir := leaveSpill(t, records)
	require.Positive(t, spillSize(t, dir))
	s := open(t, Options{Dir: dir})
	require.Zero(t, spillSize(t, dir))
	open, err := s.OpenCalls()
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, callRecords(3)[0].Call, open[0].Call)
	require.Len(t, open[0].Parties, 2)
	require.Equal(t, faultless(t, records), dump(t, dir))
	require.EqualValues(t, len(records), s.Stats().Written)
}

// A spill that was read back but not yet emptied when the process died is read again without harm.
func TestSpillReadTwice(t *testing.T) {
	records := calls(0, 5)
	dir, again := leaveSpill(t, records), t.TempDir()
	spilled, err := os.ReadFile(filepath.Join(dir, spillName))
	require.NoError(t, err)
	s := open(t, Options{Dir: dir})
	onWriter(t, s, func(*writer) { snapshot(t, dir, again) })
	require.NoError(t, os.WriteFile(filepath.Join(again, spillName), spilled, fileMode))
	open(t, Options{Dir: again})
	require.Equal(t, faultless(t, records), dump(t, again))
	require.Zero(t, spillSize(t, again))
}

// A process that is killed while it writes may leave any part of what it wrote. Of what was handed over together all is
// read or nothing, and what is dropped is told.
func TestSpillWithATornEnd(t *testing.T) {
	for name, keep := range map[string]func(text string) int{
		"in a line":       func(text string) int { return len(text) - 40 },
		"between lines":   func(text string) int { return strings.LastIndex(text[:len(text)-1], "\n") + 1 },
		"after the first": func(text string) int { return strings.Index(text, "\n") + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := leaveSpill(t, calls(0, 1), calls(1, 2))
			editSpill(t, dir, func(text string) string { return text[:keep(text)] })
			book, log := newLog()
			s := open(t, Options{Dir: dir, Log: log})
			whole := 1
			if name == "after the first" {
				whole = 0
			}
			require.Equal(t, faultless(t, calls(0, whole)), dump(t, dir))
			require.Contains(t, book.String(), "the spill file ended in the middle of what an earlier run was writing")
			require.Zero(t, s.Stats().Rejected)
		})
	}
}

// A line that cannot be read holds up nothing and is kept aside.
func TestSpillWithADamagedLine(t *testing.T) {
	records := calls(0, 2)
	dir := leaveSpill(t, records)
	editSpill(t, dir, func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		lines[6] = "{\"kind\":\"PartySt\x00\x00\n"
		return strings.Join(lines, "")
	})
	s := open(t, Options{Dir: dir})
	require.EqualValues(t, 1, s.Stats().Rejected)
	require.Equal(t, faultless(t, append(records[:6:6], records[7:]...)), dump(t, dir))
	kept, err := os.ReadFile(filepath.Join(dir, rejectedName))
	require.NoError(t, err)
	require.Equal(t, "{\"kind\":\"PartySt\x00\x00\n", string(kept))
}

// The format of the spill file is read by later versions: this file was written by version 1.
func TestSpillOfVersion1(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/spill-v1.jsonl")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, spillName), text, fileMode))
	moved := callRecords(2)[1]
	moved.Kind, moved.Party.OtherDN = engine.PartyUpdated, "1999"
	open(t, Options{Dir: dir})
	require.Equal(t, faultless(t, append(append(callRecords(1), callRecords(2)[:2]...), moved)), dump(t, dir))
}

// Versions up to 10 wrote state changes without the start of their participant.
func TestSpillOfVersion10(t *testing.T) {
	records := versionRecords(3)
	without := slices.Clone(records)
	for i := range without {
		without[i].State.StartMillis = 0
	}
	dir := leaveSpill(t, without)
	editSpill(t, dir, func(text string) string {
		require.Contains(t, text, `"StartMillis":0,"Ordinal"`)
		return strings.ReplaceAll(text, `"StartMillis":0,"Ordinal"`, `"Ordinal"`)
	})
	open(t, Options{Dir: dir})
	require.Equal(t, faultless(t, records), dump(t, dir))
}

// A record is the same in the database whichever way it went, also when its text is not UTF-8 or not small.
func TestTextThroughTheSpillFile(t *testing.T) {
	records := callRecords(1)
	records[1].Party.CallerName = "a\xff\xfeb\xe4\xb8 \u2028<&>\"\\\n\x00"
	records[10].Party.CallerName = records[1].Party.CallerName
	records[13].Call.AttachedData = events.Data{{Key: "large", JSON: `"` + strings.Repeat("x", 200_000) + `"`},
		{Key: "html", JSON: `{"a":["<b>",null, 1e3]}`}}
	dir := leaveSpill(t, records)
	s := open(t, Options{Dir: dir})
	require.Equal(t, faultless(t, records), dump(t, dir))
	call, parties, _, err := s.Call(records[0].Call.CallID)
	require.NoError(t, err)
	require.Equal(t, "a\ufffd\ufffdb\ufffd\ufffd \u2028<&>\"\\\n\x00", parties[0].CallerName)
	require.Equal(t, records[13].Call.AttachedData, call.AttachedData)
}

// While the spill holds a record all others follow it there, also during a long read-back.
func TestOrderIsKeptDuringALongReadBack(t *testing.T) {
	dir := t.TempDir()
	options := quiet(dir)
	options.GroupRows, options.Durability = 14, "normal"
	s := open(t, options)
	unlock := lock(t, dir)
	s.Append(calls(0, 40))
	require.NoError(t, s.Flush(deadline(t)))
	unlock()
	onWriter(t, s, func(w *writer) {
		s.Append(calls(40, 42))
		w.tryAgain()
		require.Equal(t, (42-drainGroups)*14, w.spill.lines)
		require.True(t, s.Stats().Degraded)
		require.Equal(t, 2, synchronous(t, w), "the spill must not be emptied before its records are on the device")
	})
	for range 3 { // the rest follows by itself, but not later than this
		onWriter(t, s, (*writer).tryAgain)
	}
	heal(t, s)
	onWriter(t, s, func(w *writer) { require.Equal(t, 1, synchronous(t, w)) })
	require.EqualValues(t, 42*14, s.Stats().Spilled)
	require.Equal(t, faultless(t, calls(0, 42)), dump(t, dir))
}

// A spill that cannot be emptied after its records are committed takes all that follows, until it can.
func TestSpillThatCannotBeEmptied(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	unlock := lock(t, dir)
	s.Append(callRecords(0))
	require.NoError(t, s.Flush(deadline(t)))
	unlock()
	file := failSpill(t, s)
	onWriter(t, s, func(w *writer) { file.truncate = syscall.EIO; w.tryAgain() })
	require.Contains(t, s.Stats().LastError, "the spill file cannot be emptied")
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM call"))
	onWriter(t, s, func(w *writer) {
		require.Zero(t, w.spill.lines)
		require.False(t, w.spill.empty())
		file.truncate = nil
	})
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM call"))
	heal(t, s)
	require.Equal(t, faultless(t, calls(0, 2)), dump(t, dir))
	require.Zero(t, spillSize(t, dir))
}

// durability full flushes each group of the spill to the device; normal does not.
func TestSpillIsFlushedToTheDevice(t *testing.T) {
	for durability, flushed := range map[string]bool{"full": true, "normal": false} {
		dir := t.TempDir()
		options := quiet(dir)
		options.Durability = durability
		s := open(t, options)
		unlock := lock(t, dir)
		file := failSpill(t, s)
		onWriter(t, s, func(*writer) { file.sync = syscall.EIO })
		s.Append(callRecords(0))
		onWriter(t, s, (*writer).writeQueue)
		require.Equal(t, flushed, s.Stats().Queued > 0, durability)
		onWriter(t, s, func(*writer) { file.sync = nil })
		unlock()
		heal(t, s)
		require.Equal(t, faultless(t, callRecords(0)), dump(t, dir))
	}
}

// A spill file that cannot be opened is refused in a line that names it.
func TestSpillThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, spillName)
	require.NoError(t, os.Mkdir(path, 0o750))
	_, err := Open(Options{Dir: dir})
	require.ErrorContains(t, err, fmt.Sprintf("open %s", path))
	require.NoError(t, os.Remove(path))
	openOnce(t, Options{Dir: dir}, func(*Store) {})
}

// Of what an earlier run left open, a start that finds SQLite locked knows as much as one that has read the spill file back:
// whatever SQLite had taken by then, and whatever had ended.
func TestOpenCallsOfALockedStart(t *testing.T) {
	var records []engine.Record
	one, two := transferRecords(1, 1), callRecords(5)
	for i := range max(len(one), len(two)) {
		records = append(records, one[min(i, len(one)):min(i+1, len(one))]...)
		records = append(records, two[min(i, len(two)):min(i+1, len(two))]...)
	}
	for taken := 0; taken < len(records); taken += 7 {
		for _, given := range []int{taken + 1, (taken + 1 + len(records)) / 2, len(records)} {
			dir := memoryDir(t)
			openOnce(t, Options{Dir: dir}, func(s *Store) { s.Append(records[:taken]) })
			unlock := lock(t, dir)
			openOnce(t, quiet(dir), func(s *Store) { s.Append(records[taken:given]) })
			var locked, free []engine.OpenCall
			openOnce(t, quiet(dir), func(s *Store) {
				var err error
				require.NotZero(t, s.Stats().InSpill)
				locked, err = s.OpenCalls()
				require.NoError(t, err)
			})
			unlock()
			openOnce(t, Options{Dir: dir}, func(s *Store) {
				var err error
				free, err = s.OpenCalls()
				require.NoError(t, err)
			})
			require.Equal(t, free, locked, "%d of %d records were taken, %d given", taken, len(records), given)
		}
	}
}
