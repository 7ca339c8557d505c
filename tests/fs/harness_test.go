package fs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
	"modcti/tests/scenario"
)

const (
	scenarios = "sipp"
	outside   = scenario.Outside
	abroad    = scenario.Abroad
	ms        = time.Millisecond
	patience  = 30 * time.Second // for what should take far less; only a failure waits so long
)

// machine is what this machine has; the test is skipped, in one line, where something is missing.
func machine(t testing.TB) lab.Install {
	t.Helper()
	install, err := lab.Find()
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	for _, tool := range []string{"sipp", "sqlite3", "cc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: a FreeSWITCH is here, but %s is not in PATH", tool)
		}
	}
	return install
}

// rig is a switch with the module, and who watches it.
type rig struct {
	*lab.Switch
	t      testing.TB
	ctx    context.Context
	client *lab.Client      // hears everything, in the full profile
	heard  *[]lab.Message   // what it heard of calls since the last story
	events *lab.EventSocket // hears how channels end, and cti::event
	phones map[string]*lab.SIPp
}

// settings are the usual ones of a test: no port is opened, data and socket lie in the switch's own directories.
func settings(more ...lab.Setting) []lab.Setting {
	return append([]lab.Setting{{Name: "tcp-listen"}, {Name: "http-listen"}, {Name: "company-id", Value: company}}, more...)
}

const company = "30f80aa47cde4b10bd89484aeab63691"

// startSwitch starts a switch that ends with the test.
func startSwitch(t testing.TB, options lab.Options) *lab.Switch {
	t.Helper()
	install := machine(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir, err := lab.BuildCTI(ctx)
	require.NoError(t, err)
	options.ModuleDirs = append(options.ModuleDirs, dir)
	s, err := lab.Start(ctx, install, options)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := s.Died(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of the switch's log:\n%s", s.LogTail(60))
		}
		s.Kill()
	})
	return s
}

// startRig starts a switch with the module loaded, and connects to both.
func startRig(t testing.TB, options lab.Options) *rig {
	t.Helper()
	if options.Settings == nil {
		options.Settings = settings()
	}
	options.Modules = append(options.Modules, "mod_cti")
	return watch(t, startSwitch(t, options))
}

// withStamps has the laboratory's own module loaded too.
func withStamps(t testing.TB) lab.Options {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, lab.BuildModule(t.Context(), machine(t), dir))
	return lab.Options{ModuleDirs: []string{dir}, Modules: []string{"mod_ctilab"}}
}

func watch(t testing.TB, s *lab.Switch) *rig {
	t.Helper()
	r := &rig{Switch: s, t: t, ctx: t.Context(), heard: new([]lab.Message), phones: map[string]*lab.SIPp{}}
	r.client = r.connect()
	r.events = r.eventSocket("CHANNEL_HANGUP_COMPLETE CUSTOM cti::event")
	return r
}

func (r *rig) socket() string { return r.Path("run", "cti.sock") }

// soon is a context for what must happen in a moment.
func (r *rig) soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.ctx, patience)
}

// connect opens a client that hears everything.
func (r *rig) connect() *lab.Client {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	client, err := lab.DialClient(ctx, r.socket(), "full")
	require.NoError(r.t, err)
	r.t.Cleanup(client.Close)
	return client
}

func (r *rig) eventSocket(names string) *lab.EventSocket {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	events, err := r.EventSocket(ctx)
	require.NoError(r.t, err)
	r.t.Cleanup(events.Close)
	require.NoError(r.t, events.Subscribe(ctx, names))
	return events
}

// phone puts a phone at a DN, for the length of the test.
func (r *rig) phone(dn string, phone lab.Phone) *lab.SIPp {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	sipp, err := r.Phones(ctx, scenarios, dn, phone)
	require.NoError(r.t, err)
	r.t.Cleanup(sipp.Stop)
	r.phones[dn] = sipp
	return sipp
}

// call lets somebody call, and does not wait.
func (r *rig) call(caller lab.Caller) *lab.SIPp {
	r.t.Helper()
	sipp, err := r.Call(scenarios, caller)
	require.NoError(r.t, err)
	r.t.Cleanup(sipp.Stop)
	r.phones[caller.From] = sipp
	return sipp
}

// api runs an API command of the switch, which must not fail.
func (r *rig) api(command string) string {
	r.t.Helper()
	reply := r.try(command)
	require.False(r.t, strings.HasPrefix(reply, "-ERR"), "%s: %s", command, reply)
	return reply
}

// try runs an API command of the switch.
func (r *rig) try(command string) string {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	reply, err := r.events.API(ctx, command)
	require.NoError(r.t, err)
	return reply
}

// next waits for a message of the engine. The call events that it sees stay for the story.
func (r *rig) next(want func(lab.Message) bool) lab.Message {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	m, err := r.client.Next(ctx, func(m lab.Message) bool {
		if m.CallID != "" {
			*r.heard = append(*r.heard, m)
		}
		return want(m)
	})
	require.NoError(r.t, err, "heard so far: %v", tellAll(*r.heard))
	return m
}

// is waits for: a message of that name about that DN.
func is(name, dn string) func(lab.Message) bool {
	return func(m lab.Message) bool { return m.MessageID == name && (dn == "" || m.ThisDN == dn) }
}

// until polls, with a deadline, what no event tells.
func (r *rig) until(what string, done func() bool) {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	require.NoError(r.t, lab.Until(ctx, what, func() (bool, error) { return done(), nil }))
}

// quick: some try takes less than the limit. A machine that is busy, or is not given its processors for a while, may
// spoil the others.
func quick(t testing.TB, limit time.Duration, try func() time.Duration) {
	t.Helper()
	const tries = 5
	var took []time.Duration
	for range tries {
		took = append(took, try())
		if took[len(took)-1] < limit {
			t.Logf("it took %v", took)
			return
		}
	}
	require.Failf(t, "too slow", "%v, and never less than %v", took, limit)
}

// quiet waits until the switch has no channel left.
func (r *rig) quiet() {
	r.t.Helper()
	r.until("the switch to have no sessions", func() bool { return strings.HasPrefix(r.try("show channels count"), "\n0 total") })
}

// leg is a party's channel: the dashed form of its party ID (R57).
func leg(partyID string) string {
	if len(partyID) != 32 {
		return ""
	}
	return strings.Join([]string{partyID[:8], partyID[8:12], partyID[12:16], partyID[16:20], partyID[20:]}, "-")
}

// row is one row of the CDR database.
type row map[string]any

func (r row) text(column string) string { s, _ := r[column].(string); return s }

func (r row) number(column string) int64 { n, _ := r[column].(float64); return int64(n) }

// query reads the CDR database with the sqlite3 tool, as an operator would.
func (r *rig) query(sql string) []row {
	r.t.Helper()
	rows, err := query(r.Path("db", "cti", "cti.db"), sql)
	require.NoError(r.t, err)
	return rows
}

func query(database, sql string) ([]row, error) {
	out, err := exec.Command("sqlite3", "-readonly", "-json", "-cmd", ".timeout 5000", filepath.Clean(database), sql).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = errors.New(string(failed.Stderr))
	}
	if err != nil || len(strings.TrimSpace(string(out))) == 0 {
		return nil, err
	}
	var rows []row
	return rows, json.Unmarshal(out, &rows)
}

// cdr waits until a call's record is closed and returns it with its parties.
func (r *rig) cdr(callID string) (call row, parties []row) {
	r.t.Helper()
	r.until("the CDR of "+callID+" to be closed", func() bool {
		rows := r.query("select * from call where open = 0 and call_id = '" + callID + "'")
		if len(rows) == 1 {
			call = rows[0]
		}
		return len(rows) == 1
	})
	return call, r.query("select * from party where call_id = '" + callID + "' order by id")
}
