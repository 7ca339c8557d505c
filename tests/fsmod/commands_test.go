package fsmod

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The switch's causes with which a command is refused (cti.h).
const (
	causeChannelGone   = 81
	causeRefused       = 95
	causeDeadlineGone  = 102
	commandQueueLength = 1024
	commandWorkers     = 8
	ringSlots          = 65536
)

func TestCommands(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	s.call(legA, "Commands", "1001", "&park")
	s.awaitKind(0, "EXECUTED", legA)
	for name, test := range map[string]func(*testing.T, *freeSwitch){
		"set variable":       setVariable,
		"refused names":      refusedNames,
		"no such channel":    noSuchChannel,
		"queue is bounded":   queueIsBounded,
		"snapshot":           snapshot,
		"console":            console,
		"late answer":        lateAnswer,
		"completion":         completion,
		"fired events":       firedEvents,
		"threads fit for Go": threadsFitForGo,
	} {
		t.Run(name, func(t *testing.T) { test(t, s.with(t)) })
	}
	hangup(t, s)
	fullRing(t, s)
	s.emptied()
}

// submit has the fake engine submit a command and waits for its answer.
func (s *freeSwitch) submit(format string, arguments ...any) record {
	s.t.Helper()
	mark := s.mark()
	var id uint64
	_, err := fmt.Sscanf(s.api("cti "+format, arguments...), "+OK %d", &id)
	require.NoError(s.t, err)
	return s.await(mark, "answer", func(r record) bool {
		return r.Command == id && (r.Kind == "COMMAND_DONE" || r.Kind == "SNAPSHOT_END")
	})
}

func setVariable(t *testing.T, s *freeSwitch) {
	require.Zero(t, s.submit("set %s cti_call_id 4711", legA).Cause)
	require.Equal(t, "4711", s.api("uuid_getvar %s cti_call_id", legA))
}

// refusedNames: only variables of our own, and no value that the switch would expand (security 6.2).
func refusedNames(t *testing.T, s *freeSwitch) {
	for _, name := range []string{"api_hangup_hook", "cti_", "cti_A", "cti_a.b", "CTI_a", "xcti_a"} {
		require.Equal(t, causeRefused, s.submit("set %s %s 1", legA, name).Cause, name)
	}
	for _, value := range []string{"${system(true)}", "$1", "a\x7fb"} {
		require.Equal(t, causeRefused, s.submit("set %s cti_a %s", legA, value).Cause, value)
	}
	require.Equal(t, "_undef_", s.api("uuid_getvar %s cti_a", legA))
}

func noSuchChannel(t *testing.T, s *freeSwitch) {
	require.Equal(t, causeChannelGone, s.submit("set %s cti_a 1", legC).Cause)
	require.Equal(t, causeChannelGone, s.submit("hangup %s 16", legC).Cause)
}

// queueIsBounded: far more commands than the queue holds; each is either answered or refused at once, none is lost.
func queueIsBounded(t *testing.T, s *freeSwitch) {
	mark, many := s.mark(), 20*commandQueueLength
	var last, refused int
	_, err := fmt.Sscanf(s.api("cti many %d %s", many, legA), "+OK %d %d refused", &last, &refused)
	require.NoError(t, err)
	require.LessOrEqual(t, refused, many-commandQueueLength, "the queue takes what it has room for")
	s.until(func() bool { return count(s.records()[mark:], "COMMAND_DONE") == many-refused }, "the rest to be answered")
	require.Contains(t, s.api("cti status"), fmt.Sprintf("\nmoduleCommandsRefused|%d\n", refused))
}

func count(all []record, kind string) (n int) {
	for _, r := range all {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

func snapshot(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	id := s.submit("snapshot").Command
	var kinds []string
	for _, r := range s.records()[mark:] {
		if r.Command == id {
			kinds = append(kinds, r.Kind)
		}
	}
	require.Equal(t, []string{"SNAPSHOT_BEGIN", "FOUND", "FOUND", "SNAPSHOT_END"}, kinds)
	found := s.awaitKind(mark, "FOUND", legA)
	require.Equal(t, 3, found.State, "active")
	require.Equal(t, 2, found.Direction)
	require.Equal(t, "1001", found.Text[textDestination])
	require.NotEmpty(t, found.Text[textSIPCallID])
	require.Len(t, found.Times, 6)
	require.Positive(t, found.Times[0], "created")
	require.GreaterOrEqual(t, found.Times[3], found.Times[0], "answered")
	require.Zero(t, found.Times[5], "never held")
}

func console(t *testing.T, s *freeSwitch) {
	require.Contains(t, s.api("cti"), "-ERR usage: cti status | version | calls")
	offered := s.api("cti offers")
	s.api("cti import settings")
	require.NotEqual(t, offered, s.api("cti offers"), "the file is read first")
	status := s.api("cti status")
	require.True(t, strings.HasPrefix(status, "+OK\nname|value\nengine|fake\nmoduleRecords|"), status)
	require.Contains(t, status, "\nmoduleRecordsLost|0\nmoduleRingSlots|65536\n")
	before, object, _ := strings.Cut(s.api("cti status as json"), "\n")
	require.Equal(t, "+OK", before)
	figures := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(object), &figures), object)
	require.Equal(t, "fake", figures["engine"])
	require.Equal(t, 65536.0, figures["moduleRingSlots"])
	require.Equal(t, 0.0, figures["moduleRecordsLost"])
}

// lateAnswer: who asks waits 5 s and no longer; the next answer is not the last one's.
func lateAnswer(t *testing.T, s *freeSwitch) {
	begun := time.Now()
	require.Equal(t, "-ERR the engine did not answer in 5 s", s.api("cti sleep 7000"))
	require.Greater(t, time.Since(begun), 4900*time.Millisecond)
	require.Equal(t, "+OK fakecti", s.api("cti anything"))
}

func completion(t *testing.T, s *freeSwitch) {
	for _, word := range []string{"status", "version", "calls", "call", "clients", "reload"} {
		pattern := regexp.MustCompile(`\[\s*` + word + `\]`)
		// The switch keeps completions in its database, which it writes in its own time.
		s.until(func() bool { return pattern.MatchString(s.api("console_complete cti ")) }, "%s to be completed", word)
	}
	require.Regexp(t, `\[\s*0a1b\]`, s.api("console_complete cti call "))
	require.Regexp(t, `\[\s*0c2d\]`, s.api("console_complete cti call "))
	require.NotContains(t, s.api("console_complete cti call "), "callID")
}

// firedEvents: protocol.md 1, the FreeSWITCH event.
func firedEvents(t *testing.T, s *freeSwitch) {
	e, err := dialEventSocket(s.eventPort)
	require.NoError(t, err)
	defer e.Close()
	_, err = e.command("event plain CUSTOM cti::event", patience)
	require.NoError(t, err)
	require.Equal(t, "+OK 0 refused", s.api("cti fire 2"))
	for seq := 1; seq <= 2; seq++ {
		r, err := e.read(patience)
		require.NoError(t, err)
		for _, header := range []string{
			"CTI-Message-ID: EventRinging", fmt.Sprintf("CTI-Seq: %d", seq), "CTI-Call-ID: call",
			"CTI-Party-ID: party", "CTI-This-DN: 1001", "CTI-Agent-UUID: agent", "CTI-Company-ID: company",
		} {
			require.Contains(t, r.body, header+"\n")
		}
		require.True(t, strings.HasSuffix(r.body, "\n\n"+`{"n":"%s"}`), r.body)
	}

	// More than the box holds: what is not fired is refused, whatever is not refused is fired, and the engine never waits.
	const many = 300000
	var refused int
	_, err = fmt.Sscanf(s.api("cti fire %d", many), "+OK %d refused", &refused)
	require.NoError(t, err)
	s.until(func() bool { return s.figure("moduleFired|") == many-refused+2 }, "all that was taken to be fired")
}

func hangup(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	require.Zero(t, s.submit("hangup %s 21", legA).Cause)
	require.Equal(t, 21, s.awaitKind(mark, "ENDED", legA).Cause)
}

// fullRing: while nobody reads, calls go on, what finds no room is counted, and a snapshot leaves room for the calls.
func fullRing(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	s.api("cti pause")
	for before := s.posted(); s.posted()-before < ringSlots*7/8; {
		s.api("cti many %d %s", commandQueueLength, legC)
	}
	s.until(func() bool { return s.figure("moduleCommandsQueued|") == 0 }, "the commands to be taken")
	for range commandWorkers { // each waits for room now
		require.Contains(t, s.api("cti snapshot"), " 0 refused")
	}
	s.until(func() bool { return s.figure("moduleCommandsQueued|") == 0 }, "the commands to be taken")
	s.api("cti late %s", legC)
	s.call(legB, "FullRing", "1002", "&park")
	s.inState(legB, "CS_EXECUTE")
	s.api("uuid_kill %s", legB)
	require.Equal(t, 0, s.lost())
	s.api("cti resume")
	s.awaitKind(mark, "DESTROYED", legB)
	s.requireNumbered(s.records()[mark:], legB)
	require.Equal(t, causeDeadlineGone, s.await(mark, "late command", func(r record) bool {
		return r.Kind == "COMMAND_DONE" && r.Cause != causeChannelGone
	}).Cause)
	s.until(func() bool { return count(s.records()[mark:], "SNAPSHOT_END") == commandWorkers }, "all snapshots to end")

	s.api("cti pause")
	for s.lost() == 0 {
		s.api("cti many %d %s", commandQueueLength, legC)
	}
	s.call(legB, "Overrun", "1002", "&park")
	s.inState(legB, "CS_EXECUTE")
	s.api("uuid_kill %s", legB)
	s.api("cti resume")
	s.submit("snapshot")
}

func (s *freeSwitch) posted() int { return s.figure("moduleRecords|") }
func (s *freeSwitch) lost() int   { return s.figure("moduleRecordsLost|") }

func (s *freeSwitch) figure(name string) (value int) {
	s.t.Helper()
	_, rest, found := strings.Cut(s.api("cti status"), "\n"+name)
	require.True(s.t, found, name)
	_, err := fmt.Sscan(rest, &value)
	require.NoError(s.t, err)
	return value
}
