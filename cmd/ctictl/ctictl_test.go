package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"modcti/engine"
	"modcti/engine/loop"
	"modcti/events/push"
	"modcti/sim/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-token-nobody-guesses"

// world is an engine with its doors; the test plays the switch.
type world struct {
	t         *testing.T
	loop      *loop.Loop
	unix, tcp string
	inputs    []engine.Input // of a recorded call, not yet told
}

func newWorld(t *testing.T, more ...push.Token) *world {
	dir, err := os.MkdirTemp("", "cti") // short: a socket's path has little room
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{t: t, unix: filepath.Join(dir, "cti.sock"), tcp: freeAddress(t)}
	w.inputs, err = trace.Read("../../tests/traces/testdata/inbound_answered_caller_hangs_up.hooks.jsonl.gz",
		"../../tests/traces/testdata/inbound_answered_caller_hangs_up.jsonl.gz")
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	inside := regexp.MustCompile(`^\d{3,6}$`)
	e := engine.New(engine.Config{CompanyID: "company", Inside: inside.MatchString}, nil)
	var doors *push.Server
	w.loop = loop.New(loop.Options{
		Engine: e, Log: log, Now: func() (int64, int64) { return time.Now().UnixNano(), time.Now().UnixMicro() },
		Sinks: loop.Sinks{
			Submit: func([]engine.Command) {}, Record: func([]engine.Record) {},
			Publish: func(o []engine.Outgoing) { doors.Publish(o) },
		},
	})
	hash := sha256.Sum256([]byte(token))
	doors, err = push.Open(push.Config{
		UnixPath: w.unix, TCPAddr: w.tcp, CompanyID: "company", Version: "9.9.9", Log: log,
		Tokens: append(more, push.Token{
			HashHex: hex.EncodeToString(hash[:]), DNs: []string{"1001"}, Rights: []string{"observe"},
		}),
		Post: w.loop.Post, LastSeq: func() uint64 { return 0 },
	})
	require.NoError(t, err)
	doors.Serve()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); w.loop.Run(ctx) }()
	t.Cleanup(func() {
		require.NoError(t, doors.Close(context.Background()))
		stop()
		<-ended
	})
	return w
}

func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// tell plays the recorded call on, until it has told kind for the leg-th time.
func (w *world) tell(kind engine.InputKind, times int) {
	for i, in := range w.inputs {
		if in.Kind == kind {
			times--
		}
		if times == 0 {
			require.NoError(w.t, w.loop.StepBatch(w.inputs[:i+1]))
			w.inputs = w.inputs[i+1:]
			return
		}
	}
	require.Fail(w.t, "the recording does not tell that")
}

func ctictl(arguments ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), arguments, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// following is a ctictl follow that runs beside the test.
type following struct {
	t     *testing.T
	lines *bufio.Scanner
	stop  context.CancelFunc
	code  chan int
	errs  bytes.Buffer
}

func follow(t *testing.T, arguments ...string) *following {
	ctx, stop := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	f := &following{t: t, lines: bufio.NewScanner(reader), stop: stop, code: make(chan int, 1)}
	go func() {
		f.code <- run(ctx, append(arguments, "follow"), writer, &f.errs)
		_ = writer.Close()
	}()
	t.Cleanup(func() { stop(); _ = reader.Close() })
	return f
}

func (f *following) next() string {
	if !f.lines.Scan() {
		require.FailNow(f.t, "the output ended", f.errs.String()) // which is whole by now
	}
	return f.lines.Text()
}

func (f *following) end() int {
	f.stop()
	for f.lines.Scan() { // what was on its way
	}
	return <-f.code
}

var clock = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}  `)

// follow shows a call as it happens, one line an event, in the order of 3.1.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	f := follow(t, "-unix", w.unix)
	require.Equal(t, "-- 0 live calls", f.next())
	w.tell(engine.LegDestroyed, 2)
	for _, want := range []string{
		"ec204906  13912345678   CallCreated    · · 1001          Inbound",
		"ec204906  13912345678   Dialing        ──▶ 1001          Customer",
		"ec204906  1001          Ringing        ◀── 13912345678   Agent",
		"ec204906  13912345678   Established    ◀─▶ 1001          Customer",
		"ec204906  1001          Established    ◀─▶ 13912345678   Agent",
		"ec204906  13912345678   Released       ──✕ 1001          NORMAL_CLEARING  by customer  recv_bye  talked 2.5 s",
		"ec204906  1001          Released       ──✕ 13912345678   NORMAL_CLEARING  by customer  send_bye  talked 2.5 s",
		"ec204906  13912345678   CallDeleted    · · 1001          lasted 2.8 s",
	} {
		got := f.next()
		require.Regexp(t, clock, got)
		require.Equal(t, want, clock.ReplaceAllString(got, ""))
	}
	require.Equal(t, exitOK, f.end(), "an interrupt is how follow ends")
	require.Empty(t, f.errs.String())
}

// follow -dn hears of its numbers alone, and shows first what they are in already: no hole between state and stream.
func TestFollowNumbers(t *testing.T) {
	w := newWorld(t)
	w.tell(engine.LegRinging, 1)
	f := follow(t, "-unix", w.unix, "-dn", "1001, 1002")
	require.Equal(t, "-- 1001 is registered", f.next())
	require.Regexp(t, `^     1001          Ringing   13912345678   Agent  for `, f.next())
	require.Equal(t, "-- 1002 is registered", f.next())
	w.tell(engine.LegDestroyed, 2)
	for _, want := range []string{"1001          Established", "1001          Released", "CallDeleted"} {
		require.Contains(t, f.next(), want)
	}
	require.Equal(t, exitOK, f.end())
}

// -json gives what the engine sent, line by line, in the profile asked for.
func TestFollowJSON(t *testing.T) {
	w := newWorld(t)
	f := follow(t, "-unix", w.unix, "-json", "-profile", "basic", "-color", "always")
	var first struct {
		MessageID string `json:"messageID"`
	}
	require.NoError(t, json.Unmarshal([]byte(f.next()), &first))
	require.Equal(t, "EventSubscribed", first.MessageID)
	w.tell(engine.LegDestroyed, 2)
	var released map[string]any
	for seq := 1; seq <= 8; seq++ {
		event := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(f.next()), &event))
		require.EqualValues(t, seq, event["seq"])
		if event["messageID"] == "EventReleased" {
			released = event
		}
	}
	require.Equal(t, "NORMAL_CLEARING", released["hangupCause"])
	require.NotContains(t, released, "hangupSide", "that is for profile full")
	require.Equal(t, exitOK, f.end())
}

func TestFollowInColor(t *testing.T) {
	w := newWorld(t)
	f := follow(t, "-unix", w.unix, "-color", "always")
	f.next()
	w.tell(engine.LegRinging, 1)
	require.Contains(t, f.next(), "\x1b[")
	require.Equal(t, exitOK, f.end())
}

// query finds one live call by its id, with or without dashes, or by the beginning that follow shows.
func TestQuery(t *testing.T) {
	w := newWorld(t)
	w.tell(engine.LegBridged, 2)
	const id = "ec2049062b6e4042a1289acc8dbf9c57"
	for _, asked := range []string{id, "ec204906", "EC204906-2b6e-4042-a128-9acc8dbf9c57"} {
		code, out, errs := ctictl("query", asked, "-unix", w.unix)
		require.Equal(t, exitOK, code, errs)
		lines := strings.Split(out, "\n")
		require.Equal(t, id+"  Inbound  13912345678 → 1001", lines[0])
		require.Regexp(t, `^     13912345678   Talk      1001          Customer  for `, lines[1])
		require.Regexp(t, `^     1001          Talk      13912345678   Agent  for `, lines[2])
	}
	code, out, _ := ctictl("-json", "-unix", w.unix, "query", id)
	require.Equal(t, exitOK, code)
	var info struct {
		MessageID string `json:"messageID"`
		Parties   []any  `json:"parties"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &info))
	require.Equal(t, "EventCallInfo", info.MessageID)
	require.Len(t, info.Parties, 2)

	code, _, errs := ctictl("-unix", w.unix, "query", "0000")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "ctictl: no live call's id begins with 0000; ctictl status lists the live calls\n", errs)
	code, _, errs = ctictl("-unix", w.unix, "query", strings.Repeat("0", 32))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "RequestQueryCall was refused: 301004 NotFoundCallID")
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	w.tell(engine.LegBridged, 2)
	code, out, errs := ctictl("status", "-unix", w.unix)
	require.Equal(t, exitOK, code, errs)
	for _, want := range []string{
		"engine   mod_cti 9.9.9\n", "company  company\n", "rights   observe, control, supervise, admin\n",
		"events   5 so far", "-- 1 live call\n-- ec2049062b6e4042a1289acc8dbf9c57  Inbound  13912345678 → 1001\n",
	} {
		require.Contains(t, out, want)
	}
	code, out, _ = ctictl("status", "-unix", w.unix, "-json")
	require.Equal(t, exitOK, code)
	var status struct {
		Opened struct {
			Version string `json:"version"`
		} `json:"opened"`
		Calls []struct {
			Parties []any `json:"parties"`
		} `json:"calls"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &status))
	require.Equal(t, "9.9.9", status.Opened.Version)
	require.Len(t, status.Calls, 1)
	require.Len(t, status.Calls[0].Parties, 2)
}

// Over TCP the token of a file lets in, with its own rights (protocol 7).
func TestTCP(t *testing.T) {
	w := newWorld(t)
	good, bad := filepath.Join(t.TempDir(), "good"), filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(good, []byte(token+"\n"), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("guess"), 0o600))
	code, out, errs := ctictl("-tcp", w.tcp, "-token-file", good, "status")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "rights   observe\n")
	f := follow(t, "-tcp", w.tcp, "-token-file", good, "-dn", "1001")
	require.Equal(t, "-- 1001 is registered", f.next())
	w.tell(engine.LegRinging, 1)
	require.Contains(t, f.next(), "CallCreated")
	require.Contains(t, f.next(), "1001          Ringing")
	require.Equal(t, exitOK, f.end())
	f = follow(t, "-tcp", w.tcp, "-token-file", good, "-dn", "1002")
	require.False(t, f.lines.Scan())
	require.Equal(t, exitFailed, <-f.code)
	require.Contains(t, f.errs.String(), "RequestRegisterDN was refused: 301026 RegisterDNNotMatch")

	code, _, errs = ctictl("-tcp", w.tcp, "-token-file", bad, "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "RequestOpen was refused")
	code, _, errs = ctictl("-tcp", w.tcp, "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "RequestOpen was refused")
}

// Every way of not reaching an engine says what is wrong and what to do.
func TestErrorsSayWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.MkdirTemp("", "cti")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	stale := filepath.Join(dir, "stale.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	require.NoError(t, err)
	listener.SetUnlinkOnClose(false)
	require.NoError(t, listener.Close())
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte(" \n"), 0o600))
	two := filepath.Join(dir, "two")
	require.NoError(t, os.WriteFile(two, []byte("one two\n"), 0o600))
	for want, arguments := range map[string][]string{
		"the file must hold one token":               {"-tcp", "127.0.0.1:1", "-token-file", two, "status"},
		"there is no such socket: is mod_cti loaded": {"-unix", filepath.Join(dir, "none"), "status"},
		"nobody listens there any more":              {"-unix", stale, "status"},
		"is the engine running, and tcp-listen set":  {"-tcp", freeAddress(t), "status"},
		"the token: ":                 {"-tcp", "127.0.0.1:1", "-token-file", filepath.Join(dir, "none"), "status"},
		"the file holds no token":     {"-tcp", "127.0.0.1:1", "-token-file", empty, "status"},
		"the authority's certificate": {"-tcp", "127.0.0.1:1", "-ca", filepath.Join(dir, "none"), "status"},
		"no certificate in PEM form":  {"-tcp", "127.0.0.1:1", "-ca", empty, "status"},
	} {
		code, out, errs := ctictl(arguments...)
		require.Equal(t, exitFailed, code, want)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
}

func TestWrongUse(t *testing.T) {
	for want, arguments := range map[string][]string{
		"a command is missing":                   {},
		`"dance" is no command`:                  {"dance"},
		"query needs a call's id":                {"query"},
		`status takes no "more"`:                 {"status", "more"},
		"-unix and -tcp exclude each other":      {"-unix", "a", "-tcp", "b", "status"},
		"-tls and -ca go with -tcp":              {"-tls", "status"},
		"-profile odd: there are basic and full": {"-profile", "odd", "status"},
		"-color pink: there are auto":            {"-color", "pink", "status"},
		"-dn is for follow":                      {"-dn", "1001", "status"},
		"-follow is for requests":                {"-follow", "status"},
		"request needs a request's name":         {"request"},
		"call needs who calls and whom":          {"call"},
		"transfer needs to whom":                 {"transfer", "1001"},
		`"1002" is no field: want FIELD=VALUE`:   {"hold", "1001", "1002"},
		`"messageID=X" is no field`:              {"request", "HoldCall", "messageID=X"},
		"referenceID must be a whole number":     {"hold", "1001", "referenceID=soon"},
		"-dn names no number":                    {"-dn", ",", "follow"},
		"want a time such as 2s":                 {"-timeout", "soon", "status"},
		"not defined: -fast":                     {"status", "-fast"},
	} {
		code, out, errs := ctictl(arguments...)
		require.Equal(t, exitUsage, code, want)
		require.Empty(t, out)
		require.Contains(t, errs, want)
		require.Contains(t, errs, "ctictl -h tells how to use it")
	}
	code, out, errs := ctictl("follow", "-h")
	require.Equal(t, exitOK, code)
	require.Empty(t, errs)
	require.Equal(t, usage, out)
}

// scripted is a server that reads nothing and says what the test wants.
func scripted(t *testing.T, lines ...string) string {
	dir, err := os.MkdirTemp("", "cti")
	require.NoError(t, err)
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, strings.Join(lines, ""))
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
		_ = os.RemoveAll(dir)
	})
	return path
}

// A server that is none of ours, that hangs, or that goes away is told of, not waited for.
func TestBadServers(t *testing.T) {
	const opened = `{"messageID":"EventOpened","heartbeatMillis":30000}` + "\n"
	code, _, errs := ctictl("-unix", scripted(t, "220 mail ready\n"), "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "does not speak this protocol")

	code, _, errs = ctictl("-unix", scripted(t, opened), "status", "-timeout", "20ms")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "did not answer within 20ms")

	code, _, errs = ctictl("-unix", scripted(t, opened, "{\"messageID\":\"EventHeartbeat\"}\n", "not json\n"), "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "sent what is not JSON")
}

func TestServerGoesAway(t *testing.T) {
	dir, err := os.MkdirTemp("", "cti")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer listener.Close()
	f := follow(t, "-unix", path)
	conn, err := listener.Accept()
	require.NoError(t, err)
	_, err = io.WriteString(conn, `{"messageID":"EventOpened","heartbeatMillis":30000}`+"\n"+
		`{"messageID":"EventSubscribed","snapshot":[]}`+"\n")
	require.NoError(t, err)
	require.Equal(t, "-- 0 live calls", f.next())
	require.NoError(t, conn.Close())
	require.False(t, f.lines.Scan())
	require.Equal(t, exitFailed, <-f.code)
	require.Contains(t, f.errs.String(), "the engine closed the connection")
}
