package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/store"
)

const patience = 20 * time.Second

// fakeHost is a host that gathers what the engine asks of it.
type fakeHost struct {
	mutex    sync.Mutex
	full     bool // submit has no room
	faulty   bool // fire panics
	commands chan engine.Command
	events   chan fired
	lines    []string
}

func newFakeHost() *fakeHost {
	return &fakeHost{commands: make(chan engine.Command, 256), events: make(chan fired, 256)}
}

func (h *fakeHost) submit(c *engine.Command) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.commands <- *c
	if h.full {
		return errFull
	}
	return nil
}

func (h *fakeHost) fire(f *fired) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.faulty {
		h.faulty = false
		panic("a fault of the host")
	}
	kept := *f
	kept.body = append([]byte{}, f.body...)
	h.events <- kept
	return nil
}

func (h *fakeHost) fires() bool { return true }

func (h *fakeHost) log(_ int, text string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.lines = append(h.lines, text)
}

func (h *fakeHost) logged() string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return strings.Join(h.lines, "\n")
}

// next returns the next event that was fired.
func (h *fakeHost) next(t *testing.T) fired {
	select {
	case f := <-h.events:
		return f
	case <-time.After(patience):
		require.Fail(t, "no event was fired", h.logged())
		return fired{}
	}
}

// bench is a service with a host and a ring made of Go.
type bench struct {
	*service
	host *fakeHost
	ring *fakeRing
	dir  string
}

// settingsIn are the least settings, in a directory, and more.
func settingsIn(t *testing.T, dir string, rows ...setting) *Settings {
	all := append([]setting{paramRow("data-dir", filepath.Join(dir, "data")), paramRow("tcp-listen", ""),
		paramRow("unix-socket", filepath.Join(dir, "s")), paramRow("company-id", "acme")}, rows...)
	s, err := parseSettings(all)
	require.NoError(t, err)
	return s
}

func begin(t *testing.T, dir string, h *fakeHost, rows ...setting) *bench {
	ring, wake := newFakeRing(t)
	s, err := start(settingsIn(t, dir, rows...), h, ring, wake, newLog(h.log, time.Now))
	require.NoError(t, err)
	b := &bench{service: s, host: h, ring: ring, dir: dir}
	t.Cleanup(func() { b.finish(t) })
	return b
}

func (b *bench) finish(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := b.stop(ctx)
	require.NoError(t, err, b.host.logged())
}

// inbound is the first record of a caller's channel.
func inbound(n byte) record {
	r := recordOf(engine.LegCreated, leg(n).Hex(), "sofia/external/x", "13912345678", "Ann", "1001", "", "default", "", "")
	r.leg, r.other, r.direction, r.legSeq = leg(n), engine.LegID{}, uint8(engine.DirectionInbound), 0
	r.monoNanos, r.wallMicros = 1_000_000_000, 1_700_000_000_000_000
	return r
}

func ended(n byte) record {
	r := recordOf(engine.LegEnded)
	r.leg, r.other, r.legSeq, r.cause, r.disposition = leg(n), engine.LegID{}, 0, 487, uint8(engine.RecvCancel)
	r.monoNanos, r.wallMicros = 2_000_000_000, 1_700_000_001_000_000
	return r
}

// TestServiceCall: records become events on the switch's bus with the headers of protocol 1, and a CDR.
func TestServiceCall(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	require.Equal(t, engine.CommandSnapshot, (<-b.host.commands).Kind, "the live session table is asked for at the start")
	id := leg(1).Hex()
	b.ring.push(true, inbound(1))
	created, dialing := b.host.next(t), b.host.next(t)
	require.Equal(t, "EventCallCreated", created.messageID)
	require.Equal(t, "EventDialing", dialing.messageID)
	require.Equal(t, id, dialing.callID)
	require.Equal(t, id, dialing.partyID)
	require.Equal(t, "13912345678", dialing.thisDN)
	require.Equal(t, "acme", dialing.companyID)
	require.Equal(t, uint64(1<<32+2), dialing.seq, "protocol 2: the first start counts from 2^32")
	var body map[string]any
	require.NoError(t, json.Unmarshal(dialing.body, &body))
	require.Equal(t, "EventDialing", body["messageID"])
	require.EqualValues(t, 0, body["referenceID"])

	require.Contains(t, b.query("calls"),
		"+OK\ncallID|callType|thisDN|otherDN|ANI|DNIS|start|parties\n"+id+"|Inbound|13912345678|1001|")
	require.Contains(t, b.query("call "+id), "|Dialing|")
	b.ring.push(true, ended(1))
	require.Equal(t, "EventReleased", b.host.next(t).messageID)
	require.Equal(t, "EventCallDeleted", b.host.next(t).messageID)
	var call map[string]any
	answer, found := strings.CutPrefix(b.query("call "+id+" as json"), "+OK\n")
	require.True(t, found)
	require.NoError(t, json.Unmarshal([]byte(answer), &call))
	require.Equal(t, "normal", call["endReason"])
	require.Equal(t, "ORIGINATOR_CANCEL", call["hangupCause"])
	require.EqualValues(t, 1_700_000_000_000, call["startMillis"])
	require.EqualValues(t, 1_700_000_001_000, call["endMillis"])
}

// dials has an extension call a number outside, whose phone is off; it returns what the store keeps of the called one.
func (b *bench) dials(t *testing.T, caller, called byte) (party map[string]any) {
	from := recordOf(engine.LegCreated, leg(caller).Hex(), "sofia/internal/x", "1001", "Ann", "13912345678", "1001", "default", "", "")
	to := recordOf(engine.LegCreated, leg(called).Hex(), "sofia/external/x", "1001", "Ann", "13912345678", "", "default", "", "")
	from.leg, from.other, from.direction, from.legSeq = leg(caller), engine.LegID{}, uint8(engine.DirectionInbound), 0
	to.leg, to.other, to.direction, to.legSeq = leg(called), leg(caller), uint8(engine.DirectionOutbound), 0
	off := ended(called)
	off.cause, off.disposition = 20, uint8(engine.RecvRefuse) // SUBSCRIBER_ABSENT
	b.ring.push(true, from, to, off, ended(caller))
	for b.host.next(t).messageID != "EventCallDeleted" {
	}
	var call struct{ Parties []map[string]any }
	answer, found := strings.CutPrefix(b.query("call "+leg(caller).Hex()+" as json"), "+OK\n")
	require.True(t, found)
	require.NoError(t, json.Unmarshal([]byte(answer), &call))
	require.Len(t, call.Parties, 2)
	require.NotContains(t, call.Parties[0], "endStatus", "nobody called the caller")
	return call.Parties[1]
}

// TestServiceEndStates proves R22: the record of a call out has its end state, which the settings may change at any time.
func TestServiceEndStates(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost())
	party := b.dials(t, 1, 2)
	require.EqualValues(t, 105, party["earlyDetectCause"])
	require.EqualValues(t, 204, party["endStatus"])
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("end-states", "105=207"))))
	party = b.dials(t, 3, 4)
	require.EqualValues(t, 105, party["earlyDetectCause"])
	require.EqualValues(t, 207, party["endStatus"])
}

// TestServiceStartsAfresh: a start after a stop is a new engine in the same process, with numbers of its own.
func TestServiceStartsAfresh(t *testing.T) {
	dir := t.TempDir()
	for starts := uint64(1); starts <= 3; starts++ {
		b := begin(t, dir, newFakeHost())
		b.ring.push(true, inbound(byte(starts)))
		require.Equal(t, starts<<32+1, b.host.next(t).seq)
		b.ring.push(false, ended(byte(starts)))
		b.finish(t)
		require.Contains(t, b.host.logged(), "the engine has stopped")
		for range 3 {
			b.host.next(t) // what was in the ring at the stop was still told
		}
	}
}

// TestServiceFireOff: fire-custom-events may be switched at any time.
func TestServiceFireOff(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), paramRow("fire-custom-events", "false"))
	b.ring.push(true, inbound(1))
	b.awaitStat(t, func(s engine.Stats) bool { return s.Events == 2 })
	require.Empty(t, b.host.events)
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("fire-custom-events", "true"))))
	b.ring.push(true, ended(1))
	require.Equal(t, "EventReleased", b.host.next(t).messageID)
}

// awaitStat asks the engine until its counters are as wanted.
func (b *bench) awaitStat(t *testing.T, wanted func(engine.Stats) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for met := false; !met; {
		require.NoError(t, b.loop.Do(ctx, func(e *engine.Engine) { met = wanted(e.Stats()) }), b.host.logged())
	}
}

// TestServiceHostFull: a command that the host has no room for is told to the engine as one that failed.
func TestServiceHostFull(t *testing.T) {
	h := newFakeHost()
	h.full = true
	b := begin(t, t.TempDir(), h)
	b.awaitStat(t, func(s engine.Stats) bool { return s.Inputs == 2 }) // the first input, and the refusal
	require.EqualValues(t, 1, b.submitRefused.Load())
	require.Contains(t, h.logged(), "the host took no command")
	require.Contains(t, b.query("status"), "commandsRefused|1\n")
}

// TestServicePanicInSink: a panic stays inside (architecture, decision 13).
func TestServicePanicInSink(t *testing.T) {
	h := newFakeHost()
	h.faulty = true
	b := begin(t, t.TempDir(), h)
	b.ring.push(true, inbound(1), inbound(2))
	require.Equal(t, leg(2).Hex(), b.host.next(t).callID)
	require.Contains(t, h.logged(), "an event panicked")
}

// TestServiceStartFails: an error names what is at fault, and nothing is left: the same directory can be used at once.
func TestServiceStartFails(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for _, bad := range []struct {
		row  setting
		want string
	}{
		{paramRow("data-dir", filepath.Join(dir, "file", "data")), "data-dir"},
		{paramRow("unix-socket", filepath.Join(dir, "file", "s")), "unix-socket"},
		{paramRow("tcp-listen", "192.0.2.1:1"), "tcp-listen"},
	} {
		settings := settingsIn(t, dir)
		require.NoError(t, parseParam(settings, bad.row, map[string]setting{}))
		ring, wake := newFakeRing(t)
		s, err := start(settings, newFakeHost(), ring, wake, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, bad.want)
		require.Nil(t, s)
	}
	begin(t, dir, newFakeHost())
}

// TestServiceStopLate: a stop that takes too long says what it waits for and ends behind the caller's back.
func TestServiceStopLate(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	b.ring.mutex.Lock() // the reader cannot drain
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := b.stop(ctx)
	require.ErrorContains(t, err, "the engine still waits for")
	b.ring.mutex.Unlock()
	ctx, cancel = context.WithTimeout(context.Background(), patience)
	defer cancel()
	done, err := b.stop(ctx)
	require.NoError(t, err)
	<-done
}

// TestServiceReload: what an engine is made of cannot change under it; the rest is in force at once, or not at all.
func TestServiceReload(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost())
	for name, value := range map[string]string{
		"durability": "normal", "sdk-app-id": "7", "notify-observed": "true", "presence": "true",
	} {
		err := b.reload(settingsIn(t, dir, paramRow(name, value)))
		require.ErrorContains(t, err, name+": cannot change while the module is loaded")
	}
	bad := settingsIn(t, dir, paramRow("inside-pattern", "^7$"))
	bad.TCPListen = "127.0.0.1:8041"
	require.ErrorContains(t, b.reload(bad), "tcp-listen")
	require.False(t, b.inside("7"), "the old settings stay whole")
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("inside-pattern", "^7$"))))
	require.True(t, b.inside("7"))
	require.False(t, b.inside("1001"))
}

// TestServiceEngineConfig: the dial plan and the recordings' template that the engine asks are those in force when it asks.
func TestServiceEngineConfig(t *testing.T) {
	dir := t.TempDir()
	plan := func(leg string) []setting {
		return append(element("dial-plan", 0, "pattern", `^\d+$`, "leg", leg),
			paramRow("record-template", "/rec/"+leg+"/${uuid}.${strftime(%s)}.wav"))
	}
	b := begin(t, dir, newFakeHost(), plan("user/$0")[:2]...)
	config := b.engineConfig(b.settings.Load())
	route, found := config.Dial("acme", "1001")
	require.True(t, found)
	require.Equal(t, engine.Route{Address: "user/1001"}, route)
	require.Empty(t, config.RecordPath("c", "p", 7_000_000), "no template, no recording")
	require.NoError(t, b.reload(settingsIn(t, dir, plan("sofia/gateway/trunk/$0")[:2]...)))
	route, _ = config.Dial("acme", "1001")
	require.Equal(t, engine.Route{Address: "sofia/gateway/trunk/1001"}, route)
	require.NoError(t, b.reload(settingsIn(t, dir, plan("user/x")...)))
	require.Equal(t, "/rec/user/x/p.7.wav", config.RecordPath("c", "p", 7_000_000))
	require.NoError(t, b.reload(settingsIn(t, dir)))
	_, found = config.Dial("acme", "1001")
	require.False(t, found, "a reload may take a rule away")

	require.EqualValues(t, 30_000, config.RingMillis)
	require.False(t, config.NotifyObserved, "R39: silent by default")
	require.False(t, config.Presence)
	require.True(t, b.engineConfig(settingsIn(t, dir, paramRow("presence", "true"))).Presence)
	require.True(t, b.engineConfig(settingsIn(t, dir, paramRow("notify-observed", "true"))).NotifyObserved)
	require.False(t, config.TrackMarked)
	require.True(t, b.engineConfig(settingsIn(t, dir, paramRow("track", "marked"))).TrackMarked)
	require.ErrorContains(t, b.reload(settingsIn(t, dir, paramRow("track", "marked"))), "track: cannot change")
	require.Equal(t, engine.WaitSilence, config.NailedHears)
	require.Equal(t, engine.WaitMusic, b.engineConfig(settingsIn(t, dir, paramRow("nailed-up-hears", "music"))).NailedHears)
	require.ErrorContains(t, b.reload(settingsIn(t, dir, paramRow("nailed-up-hears", "music"))), "nailed-up-hears: cannot change")
	require.NotEqual(t, config.LegSeed, b.engineConfig(b.settings.Load()).LegSeed, "no two starts share one")
	require.NotZero(t, config.LegSeed[0])
	require.NotZero(t, config.LegSeed[1])
}

func TestServiceQueries(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	require.Equal(t, "+OK "+version()+"\n", b.query("version"))
	require.Equal(t, "+OK\n[]\n", b.query(" calls  as json "))
	require.Equal(t, "+OK\n[]\n", b.query("clients as json"))
	require.Contains(t, b.query("status"), "+OK\nname|value\nversion|mod_cti 0.1.0")
	require.Contains(t, b.query("status"), "companyId|acme\n")
	require.Contains(t, b.query("status as json"), `"companyId":"acme"`)
	require.Equal(t, "-ERR no call \"none\" is live or in the store\n", b.query("call none"))
	require.Contains(t, b.query("reload"), "-ERR reload is done by the module")
	for _, wrong := range []string{"", "as json", "status now", "call", "call a b", "calls as xml", "help"} {
		require.Equal(t, "-ERR "+usage+"\n", b.query(wrong))
	}
	b.finish(t)
	require.Equal(t, "-ERR the engine does not answer: the engine has stopped\n", b.query("calls"))
}

func TestServiceReservesNumbers(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	b.reserveNumbers(context.Background())
	require.NotContains(t, b.host.logged(), "could not be reserved")
}

// TestServiceFault: a fault of the engine is written down in data-dir, and said loudly.
func TestServiceFault(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	b.panicked([]engine.Input{{Kind: engine.LegRinging, Leg: leg(1)}}, "bad", []byte("stack"))
	files, err := filepath.Glob(filepath.Join(b.dir, "data", "fault-*.txt"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Contains(t, b.host.logged(), "the fault was written down")
}

func TestStoreState(t *testing.T) {
	require.Equal(t, "ok", storeState(&store.Stats{}))
	require.Equal(t, "degraded: disk full", storeState(&store.Stats{Degraded: true, LastError: "disk full"}))
	require.Contains(t, storeState(&store.Stats{SetAside: "cti.db.1"}), "set aside as cti.db.1")
}
