package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/script"
	"modcti/events"
)

// TestAnswerTable: no name that a caller made up can leave its column or its line.
func TestAnswerTable(t *testing.T) {
	rows := table{header: []string{"name", "n"}}
	rows.add("a|b\nc\x00d", 1)
	a := answer{tables: []table{rows, {header: []string{"x"}}}, value: []int{1}}
	text, err := a.text(false)
	require.NoError(t, err)
	require.Equal(t, "+OK\nname|n\na b c d|1\n\nx\n", text)
	text, err = a.text(true)
	require.NoError(t, err)
	require.Equal(t, "+OK\n[1]\n", text)
}

func TestMoment(t *testing.T) {
	require.Empty(t, moment(0))
	at := time.Date(2026, 11, 21, 10, 0, 0, 7_000_000, time.Local)
	require.Equal(t, "2026-11-21 10:00:00.007", moment(at.UnixMilli()))
}

// TestFiredHeaders: protocol 1 names the headers of CUSTOM cti::event.
func TestFiredHeaders(t *testing.T) {
	header := events.Header{Seq: 7, CompanyID: "acme"}
	party := events.CallPart{CallID: "c", PartyID: "p", ThisDN: "1001"}
	for _, c := range []struct {
		message events.Message
		want    fired
	}{
		{&events.Ringing{Header: header, CallPart: party},
			fired{messageID: "EventRinging", callID: "c", partyID: "p", thisDN: "1001"}},
		{&events.CallDeleted{Header: header, CallID: "c", ThisDN: "1002", PartyID: "p"},
			fired{messageID: "EventCallDeleted", callID: "c", partyID: "p", thisDN: "1002"}},
		{&events.CallCreated{Header: header, CallID: "c", ThisDN: "1002", PartyID: "p"},
			fired{messageID: "EventCallCreated", callID: "c", partyID: "p", thisDN: "1002"}},
		{&events.AgentReady{Header: header, AgentPart: events.AgentPart{AgentUUID: "u", ThisDN: "1001"}},
			fired{messageID: "EventAgentReady", callID: "c", thisDN: "1001", agentUUID: "u"}},
		{&events.DelayAfterCallWork{Header: header, AgentPart: events.AgentPart{AgentUUID: "u", ThisDN: "1001"},
			CallID: "c", PartyID: "p"},
			fired{messageID: "EventDelayAfterCallWork", callID: "c", partyID: "p", thisDN: "1001", agentUUID: "u"}},
	} {
		c.want.seq, c.want.companyID, c.want.body = 7, "acme", []byte("{}")
		require.Equal(t, c.want, firedOf(&engine.Outgoing{Message: c.message, CallID: "c"}, []byte("{}")))
	}
}

// TestFaultScript: what led to a panic can be read back, line by line, as the inputs that it was.
func TestFaultScript(t *testing.T) {
	last := []engine.Input{
		{Kind: engine.LegCreated, Leg: engine.LegIDOf("a"), Direction: engine.DirectionInbound,
			MonoNanos: 5e9, WallMicros: 9e6,
			Text: engine.Text{UUID: "a", Hex: engine.LegIDOf("a").Hex(), CallerNumber: "1", Destination: "2"}},
		{Kind: engine.ClientRequest, MonoNanos: 5e9, WallMicros: 9e6, Request: &engine.Request{ThisDN: "secret"}},
		{Kind: engine.LegRinging, Leg: engine.LegIDOf("a"), MonoNanos: 6e9, WallMicros: 10e6},
	}
	text := faultScript(last, "bad\nthing", []byte("stack\n"))
	require.NotContains(t, text, "secret")
	clock := script.Clock{MonoNanos: 5e9, WallMicros: 9e6}
	var read []engine.Input
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			in, err := clock.Parse(line)
			require.NoError(t, err)
			read = append(read, in)
		}
	}
	require.Len(t, read, 2)
	require.Equal(t, last[0], read[0])
	require.Equal(t, engine.LegRinging, read[1].Kind)
	require.EqualValues(t, 6e9, read[1].MonoNanos)
}

// TestFaultFiles: faults are written into data-dir, and no more of them than are of use.
func TestFaultFiles(t *testing.T) {
	dir := t.TempDir()
	for range faultsMax + 3 {
		writeFault(dir, nil, "bad", nil, quiet())
	}
	files, err := filepath.Glob(filepath.Join(dir, "fault-*.txt"))
	require.NoError(t, err)
	require.Len(t, files, faultsMax)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "# panic: bad\n")
}

func TestVersion(t *testing.T) {
	require.True(t, strings.HasPrefix(version(), "mod_cti 0.1.0 go1."))
	require.Equal(t, " 0123456789ab+changes", revision([]debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}))
	require.Equal(t, " 0123", revision([]debug.BuildSetting{{Key: "vcs.revision", Value: "0123"}}))
	require.Empty(t, revision(nil))
}
