package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"modcti/cmd/internal/client"
	"modcti/sim"
	"modcti/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const recordings = "../../tests/traces/testdata/"

func ctisim(t *testing.T, arguments ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), arguments, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

type line struct {
	MessageID string `json:"messageID"`
	Seq       uint64 `json:"seq"`
	CompanyID string `json:"companyId"`
	Scenario  string `json:"scenario"`
	CDR       *struct {
		CompanyID    string            `json:"companyId"`
		EndReason    string            `json:"endReason"`
		AttachedData map[string]string `json:"attachedData"`
		Live         bool              `json:"live"`
		Parties      []partyCDR        `json:"parties"`
	} `json:"cdr"`
}

func parseLines(t *testing.T, out string) (lines []line) {
	t.Helper()
	for text := range strings.Lines(out) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l), text)
		lines = append(lines, l)
	}
	return lines
}

// A replay prints the events, numbered from 1, and then the CDR, one JSON object a line.
func TestReplay(t *testing.T) {
	code, out, errs := ctisim(t, "-replay", recordings+"hold_by_api.jsonl.gz", recordings+"hold_by_api.hooks.jsonl.gz")
	require.Equal(t, exitOK, code, errs)
	lines := parseLines(t, out)
	last := lines[len(lines)-1]
	require.NotNil(t, last.CDR)
	require.False(t, last.CDR.Live)
	require.Equal(t, "normal", last.CDR.EndReason)
	require.Equal(t, replayCompany, last.CDR.CompanyID)
	require.NotNil(t, last.CDR.AttachedData)
	require.Len(t, last.CDR.Parties, 2)
	require.NotEmpty(t, last.CDR.Parties[1].States)
	for i, l := range lines[:len(lines)-1] {
		require.Equal(t, uint64(i+1), l.Seq)
		require.Equal(t, replayCompany, l.CompanyID)
	}
	require.Equal(t, "EventCallCreated", lines[0].MessageID)
	require.Equal(t, "EventCallDeleted", lines[len(lines)-2].MessageID)
}

// The same recording gives the same bytes; the order in which its two files are named does not matter.
func TestReplayIsDeterministic(t *testing.T) {
	events, hooks := recordings+"three_way_by_conference.jsonl.gz", recordings+"three_way_by_conference.hooks.jsonl.gz"
	_, first, _ := ctisim(t, "-replay", events, hooks)
	_, again, _ := ctisim(t, "-replay", events, hooks)
	_, swapped, _ := ctisim(t, "-replay", hooks, events)
	_, behind, _ := ctisim(t, hooks, "-profile", "basic", events, "-replay")
	require.NotEmpty(t, first)
	require.Equal(t, first, again)
	require.Equal(t, first, swapped)
	require.Equal(t, first, behind)
}

// Profile full shows what basic leaves out (protocol 2): the side that hung up.
func TestReplayProfile(t *testing.T) {
	file := recordings + "inbound_answered_caller_hangs_up.hooks.jsonl.gz"
	_, basic, _ := ctisim(t, "-replay", file)
	_, full, _ := ctisim(t, "-replay", "-profile=full", file)
	events := func(out string) string { return strings.Split(out, `{"cdr"`)[0] }
	require.NotContains(t, events(basic), `"hangupSide"`)
	require.Contains(t, events(full), `"hangupSide"`)
}

// What a customer is told of a transfer or a conference belongs to profile full alone (protocol 2, R34).
func TestReplayKeepsOutsidersOutOfBasic(t *testing.T) {
	for name, message := range map[string]string{
		"blind_transfer_by_api": "EventPartyChanged", "three_way_by_conference": "EventPartyAdded",
	} {
		files := []string{"-replay", recordings + name + ".jsonl.gz", recordings + name + ".hooks.jsonl.gz"}
		_, basic, _ := ctisim(t, files...)
		_, full, _ := ctisim(t, append(files, "-profile=full")...)
		told := func(out string) (of []string) {
			for text := range strings.Lines(out) {
				var l struct{ MessageID, PartyRole, ThisDN string }
				require.NoError(t, json.Unmarshal([]byte(text), &l))
				if l.MessageID == message && l.PartyRole != "Agent" {
					of = append(of, l.ThisDN)
				}
			}
			return of
		}
		require.NotEmpty(t, told(full), name)
		require.Empty(t, told(basic), name)
	}
}

// The two sides of one scenario are known by their channels where their names do not say it.
func TestReplayOfFilesWithOtherNames(t *testing.T) {
	dir := t.TempDir()
	copied := func(from, to string) string {
		text, err := os.ReadFile(recordings + from)
		require.NoError(t, err)
		to = filepath.Join(dir, to)
		require.NoError(t, os.WriteFile(to, text, 0o600))
		return to
	}
	events, hooks := copied("hold_by_api.jsonl.gz", "before.json"), copied("hold_by_api.hooks.jsonl.gz", "after.json")
	_, want, _ := ctisim(t, "-replay", recordings+"hold_by_api.jsonl.gz", recordings+"hold_by_api.hooks.jsonl.gz")
	for _, files := range [][]string{{events, hooks}, {hooks, events}} {
		code, out, errs := ctisim(t, append(files, "-replay")...)
		require.Equal(t, exitOK, code, errs)
		require.Equal(t, want, out)
	}
	_, out, _ := ctisim(t, "-replay", events, copied("click_to_dial.hooks.jsonl.gz", "other.json"))
	require.Equal(t, 2, strings.Count(out, `{"scenario":`), "those of two scenarios are two")
	code, _, errs := ctisim(t, "-replay", events, copied("../traces_test.go", "none.json"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "none.json:1: not a JSON row")
}

// Several recordings are played each into an engine of its own, and told apart.
func TestReplayOfSeveral(t *testing.T) {
	code, out, errs := ctisim(t, "-replay", recordings+"click_to_dial.jsonl.gz", recordings+"hold_by_api.jsonl.gz")
	require.Equal(t, exitOK, code, errs)
	var names []string
	cdrs := 0
	for _, l := range parseLines(t, out) {
		if l.Scenario != "" {
			names = append(names, l.Scenario)
		}
		if l.CDR != nil {
			cdrs++
		}
	}
	require.Equal(t, []string{"click_to_dial", "hold_by_api"}, names)
	require.Equal(t, 2, cdrs)
	require.Equal(t, 2, strings.Count(out, `"seq":1,`))
}

// Every recording can be replayed, whichever of its files is given.
func TestEveryRecordingReplays(t *testing.T) {
	all, err := filepath.Glob(recordings + "*.jsonl.gz")
	require.NoError(t, err)
	require.Len(t, all, 44)
	for _, file := range all {
		code, out, errs := ctisim(t, "-replay", file)
		require.Equal(t, exitOK, code, "%s: %s", file, errs)
		require.Contains(t, out, `{"cdr":`, file)
	}
}

// A bad file or command line: a clear error, exit status 2, and nothing printed that looks like a result.
func TestBadUse(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.jsonl")
	require.NoError(t, os.WriteFile(bad, []byte("{\"at\":1,\"api\":\"x\",\"reply\":\"y\"}\n{]\n"), 0o600))
	for want, arguments := range map[string][]string{
		bad + ":2: not a JSON row":             {"-replay", bad},
		"no such file":                         {"-replay", "missing.jsonl"},
		"record the same side":                 {"-replay", bad, bad + ".gz"},
		"-replay needs at least one file":      {"-replay"},
		`"x.jsonl": files go with -replay`:     {"x.jsonl"},
		"-rate, -seed: not with -replay":       {"-replay", "-rate", "1", "-seed", "2", bad},
		"-profile: only with -replay":          {"-profile", "full"},
		"-profile wide: there are":             {"-replay", "-profile", "wide", bad},
		"-rate must be above 0":                {"-rate", "0"},
		"-calls must not be negative":          {"-calls", "-1"},
		"-duration must not be negative":       {"-duration", "-1s"},
		"-token-file goes with -tcp":           {"-token-file", "x"},
		"-follow needs the unix socket":        {"-follow", "-unix", ""},
		`-agents "10x1": an extension has`:     {"-agents", "10x1"},
		"-agents 1006-1001: not a range":       {"-agents", "1006-1001"},
		"flag provided but not defined: -fast": {"-fast"},
		`invalid value "many" for flag -calls`: {"-calls", "many"},
	} {
		code, out, errs := ctisim(t, arguments...)
		require.Equal(t, exitUsage, code, want)
		require.Empty(t, out, want)
		require.Contains(t, errs, want)
		require.Contains(t, errs, "ctisim -h tells how to use it")
	}
	code, out, errs := ctisim(t, "-h")
	require.Equal(t, exitOK, code)
	require.Empty(t, errs)
	flags := regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(out, -1)
	require.Len(t, flags, 13, "every flag is told of")
}

func TestAgents(t *testing.T) {
	got, err := numbers("1001-1003, 0098-0101,200")
	require.NoError(t, err)
	require.Equal(t, []string{"1001", "1002", "1003", "0098", "0099", "0100", "0101", "200"}, got)
}

// quick are options under which people hardly take time, so that a test need not either.
func quick(t *testing.T, calls int, stories ...sim.Story) *options {
	t.Helper()
	dir, err := os.MkdirTemp("", "cti") // short: a socket's path has little room
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	o := &options{
		unix: filepath.Join(dir, "cti.sock"), unixSet: true, data: filepath.Join(dir, "data"), rate: 200, seed: 3,
		calls: calls, agents: []string{"1001", "1002", "1003", "1004", "1005", "1006"},
		tempo: sim.Tempo{Ring: time.Millisecond, Talk: 2 * time.Millisecond},
	}
	for _, story := range stories {
		o.mix = append(o.mix, sim.Share{Story: story, Weight: 1})
	}
	return o
}

// A simulation of a number of calls ends by itself; its events could be followed, and every call has its CDR.
func TestSimulation(t *testing.T) {
	const calls = 12
	o := quick(t, calls, sim.Answered, sim.Outbound, sim.Internal)
	o.follow = true
	var out, errs bytes.Buffer
	require.NoError(t, simulate(context.Background(), o, &out, &errs), errs.String())
	text := out.String()
	require.Contains(t, text, "connect with: ctictl -unix "+o.unix+" follow\n")
	require.Contains(t, text, "ctisim: 12 calls, of which 0 are still up")
	require.Equal(t, calls, strings.Count(text, "CallCreated"), text)
	require.Equal(t, calls, strings.Count(text, "CallDeleted"), text)
	require.Empty(t, errs.String(), "nothing to warn of")
	require.NoFileExists(t, o.unix)

	s, err := store.Open(store.Options{Dir: o.data})
	require.NoError(t, err)
	open, err := s.OpenCalls()
	require.NoError(t, err)
	require.Empty(t, open)
	require.NoError(t, s.Close(context.Background()))
}

// Agents at their desktops use requests, so that a run shows the whole call model: each of these events is seen, and the
// engine is left with no call that nobody ends.
func TestDesks(t *testing.T) {
	want := map[string]bool{}
	for _, name := range []string{
		"Held", "Retrieved", "AttachedDataChanged", "PartyChanged", "PartyAdded", "Muted", "Unmuted", "DtmfSent", "OtherRinging",
	} {
		want[name] = true
	}
	o := quick(t, 0, sim.Answered)
	o.rate, o.follow, o.requests = 15, true, true
	o.tempo = sim.Tempo{Ring: 50 * time.Millisecond, Talk: 400 * time.Millisecond}
	for n := range 40 {
		o.agents = append(o.agents, strconv.Itoa(2000+n))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { defer writer.Close(); ended <- simulate(ctx, o, writer, io.Discard) }()
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		for name := range want {
			if strings.Contains(lines.Text(), " "+name+" ") {
				delete(want, name)
			}
		}
		if len(want) == 0 {
			cancel()
		}
	}
	require.NoError(t, <-ended)
	require.Empty(t, want, "never seen")
}

// A second run on the same data, with the same seed, makes the same calls as other calls: no CDR is taken for another.
func TestRunsDoNotMixTheirCalls(t *testing.T) {
	o := quick(t, 5, sim.Answered)
	ids := regexp.MustCompile(`(?m)^[0-9:.]+  ([0-9a-f]{8})  \S+ +CallCreated`)
	seen := map[string]bool{}
	for range 2 {
		o.follow = true
		var out bytes.Buffer
		require.NoError(t, simulate(context.Background(), o, &out, io.Discard))
		for _, id := range ids.FindAllStringSubmatch(out.String(), -1) {
			require.False(t, seen[id[1]])
			seen[id[1]] = true
		}
	}
	require.Len(t, seen, 10)
}

// TCP clients need the token that was printed (protocol 7), and see events until the simulation is interrupted.
func TestTCPDoor(t *testing.T) {
	o := quick(t, 0, sim.Answered)
	o.tcp = freeAddress(t)
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- simulate(ctx, o, writer, io.Discard) }()
	printed := make([]byte, 4096)
	var text string
	for !strings.Contains(text, "CDRs:") {
		n, err := reader.Read(printed)
		require.NoError(t, err)
		text += string(printed[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	defer reader.Close()
	token := regexp.MustCompile(`with the token (\S+)\n`).FindStringSubmatch(text)
	require.NotNil(t, token, text)

	_, err := client.Dial(client.Options{TCP: o.tcp, Name: "test", Profile: "basic", Token: "guess"})
	require.Error(t, err)
	c, err := client.Dial(client.Options{TCP: o.tcp, Name: "test", Profile: "basic", Token: token[1]})
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Send(map[string]any{"messageID": "RequestSubscribe", "scope": "company"}))
	_, err = c.Await("EventCallDeleted")
	require.NoError(t, err)
	interrupt()
	require.NoError(t, <-ended)
}

func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// What cannot be opened is named, and nothing is left running.
func TestCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	o := quick(t, 1, sim.Answered)
	o.tcp = taken.Addr().String()
	require.ErrorContains(t, simulate(context.Background(), o, io.Discard, io.Discard), "tcp-listen")

	o = quick(t, 1, sim.Answered)
	require.NoError(t, os.WriteFile(o.data, nil, 0o600))
	require.ErrorContains(t, simulate(context.Background(), o, io.Discard, io.Discard), o.data)

	o = quick(t, 1, sim.Answered)
	o.tcp, o.tokenFile = freeAddress(t), filepath.Join(t.TempDir(), "none")
	require.ErrorIs(t, simulate(context.Background(), o, io.Discard, io.Discard), os.ErrNotExist)
}

// Without -unix and -data everything lives in a directory that is removed at the end.
func TestTemporaryPlaces(t *testing.T) {
	o := quick(t, 2, sim.Answered)
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	o.unix, o.unixSet, o.data = "", false, ""
	var out bytes.Buffer
	require.NoError(t, simulate(context.Background(), o, &out, io.Discard))
	require.Contains(t, out.String(), "2 calls")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}
