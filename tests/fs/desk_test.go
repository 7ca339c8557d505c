package fs_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// desk is a rig with agents' phones that do what they are told, a client that acts for all of them, and one watcher a
// profile.
type desk struct {
	*rig
	asker *lab.Client
	full  *watcher
	basic *watcher
}

// watcher hears everything that one profile tells of calls.
type watcher struct {
	client *lab.Client
	heard  []lab.Message
	told   int // how many of them have been compared
}

var desks = []string{"1001", "1002", "1003", "1004", "1005", "1006", "1007"}

// startDesk starts a switch with phones that ring until they are told otherwise.
func startDesk(t *testing.T) *desk {
	t.Helper()
	quick := settings(lab.Setting{Name: "requests-per-second", Value: "1000"},
		lab.Setting{Name: "record-template", Value: "$${recordings_dir}/${strftime(%Y-%m-%d-%H-%M-%S)}.${uuid}.wav"})
	d := &desk{rig: startRig(t, lab.Options{Settings: quick})}
	d.client.Close()
	ctx, cancel := d.soon()
	defer cancel()
	d.putPhones(append([]string{abroad}, desks...))
	var err error
	d.asker, err = lab.OpenClient(ctx, d.socket(), "full")
	require.NoError(t, err)
	t.Cleanup(d.asker.Close)
	require.NoError(t, d.asker.Register(ctx, desks...))
	d.full = &watcher{client: d.connect()}
	basic, err := lab.DialClient(ctx, d.socket(), "basic")
	require.NoError(t, err)
	t.Cleanup(basic.Close)
	d.basic = &watcher{client: basic}
	return d
}

// putPhones puts a phone at each DN, all at once.
func (d *desk) putPhones(dns []string) {
	d.t.Helper()
	phones, errs := make([]*lab.SIPp, len(dns)), make([]error, len(dns))
	var wait sync.WaitGroup
	for i, dn := range dns {
		wait.Go(func() {
			ctx, cancel := d.soon()
			defer cancel()
			phones[i], errs[i] = d.Phones(ctx, scenarios, dn, speaking(dn, lab.Phone{}))
		})
	}
	wait.Wait()
	for i, dn := range dns {
		require.NoError(d.t, errs[i])
		d.t.Cleanup(phones[i].Stop)
		d.rig.phones[dn] = phones[i]
	}
}

// each runs a test of its own on the same switch, which is empty before and after, and holds what is true of whatever
// happens: 3.0, protocol 2, one closed record a call, no channel left.
func (d *desk) each(t *testing.T, name, proves string, do func(d *desk)) {
	t.Run(name, func(t *testing.T) {
		t.Log("proves", proves)
		local, rig := *d, *d.rig
		local.rig = &rig
		local.t, local.ctx = t, t.Context()
		local.empty()
		do(&local)
		local.end()
	})
}

// empty leaves nothing of an earlier test.
func (d *desk) empty() {
	d.t.Helper()
	d.try("hupall NORMAL_CLEARING")
	d.quiet()
	d.until("the engine to have no calls", func() bool { return d.listed("calls") == 0 })
	for _, w := range []*watcher{d.full, d.basic} {
		require.NoError(d.t, w.client.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": 1}))
		d.read(w, "the heartbeat", func() bool { return w.heard[len(w.heard)-1].MessageID == "EventHeartbeat" })
		w.heard, w.told = nil, 0
	}
}

// end lets all hang up, and holds what is true of whatever happened.
func (d *desk) end() {
	d.t.Helper()
	d.try("hupall NORMAL_CLEARING")
	calls := map[string]bool{}
	for _, w := range []*watcher{d.full, d.basic} {
		d.read(w, "all calls to be deleted", func() bool {
			clear(calls)
			for _, m := range w.heard {
				calls[m.CallID] = m.MessageID != "EventCallDeleted"
			}
			for _, open := range calls {
				if open {
					return false
				}
			}
			return true
		})
	}
	d.requireWhole(d.full.heard)
	d.quiet()
	require.Empty(d.t, d.query("select * from call where open = 1"))
	require.Empty(d.t, d.query("select * from party where open = 1"))
	for dn, phone := range d.phones {
		if errors := phone.Errors(); errors != "" {
			d.t.Logf("what the phone %s did not expect: %s", dn, errors)
		}
	}
}

// read reads until done.
func (d *desk) read(w *watcher, what string, done func() bool) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	for len(w.heard) == 0 || !done() {
		m, err := w.client.Next(ctx, func(m lab.Message) bool { return m.CallID != "" || m.MessageID == "EventHeartbeat" })
		require.NoError(d.t, err, "%s; told since the last comparison:\n%s", what, describeAll(w.heard[w.told:]))
		w.heard = append(w.heard, m)
	}
}

// told compares what has been told since the last time with what the call model says, in both profiles. A line names
// the event, whom it is told to, and the fields that matter, as describe writes them; "full:" before a line keeps it
// from the basic profile, "basic:" from the full one. Neighbouring lines that begin with "~" have no order.
func (d *desk) told(lines ...string) {
	d.t.Helper()
	for _, w := range []*watcher{d.full, d.basic} {
		profile, other := "full", "basic: "
		if w == d.basic {
			profile, other = "basic", "full: "
		}
		var want []string
		for _, line := range lines {
			if !strings.HasPrefix(line, other) {
				want = append(want, strings.TrimPrefix(line, profile+": "))
			}
		}
		d.read(w, "what is told in profile "+profile, func() bool { return len(w.heard)-w.told >= len(want) })
		got := w.heard[w.told : w.told+len(want)]
		w.told += len(want)
		for start := 0; start < len(want); {
			end := start + 1
			for strings.HasPrefix(want[start], "~") && end < len(want) && strings.HasPrefix(want[end], "~") {
				end++
			}
			d.requireTold(profile, want[start:end], got[start:end], got)
			start = end
		}
	}
}

func (d *desk) requireTold(profile string, want []string, group, all []lab.Message) {
	d.t.Helper()
	left := slices.Clone(group)
	for _, line := range want {
		at := slices.IndexFunc(left, func(m lab.Message) bool { return says(m, strings.TrimSpace(strings.TrimPrefix(line, "~"))) })
		require.GreaterOrEqual(d.t, at, 0, "%q is not told in its place, in profile %s. Told is:\n%s", line, profile, describeAll(all))
		left = slices.Delete(left, at, at+1)
	}
}

// silent makes sure that nothing was told since the last comparison: asked for the heartbeat, the engine answers after
// whatever it had to tell.
func (d *desk) silent() {
	d.t.Helper()
	for _, w := range []*watcher{d.full, d.basic} {
		require.NoError(d.t, w.client.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": 1}))
		d.read(w, "the heartbeat", func() bool { return w.heard[len(w.heard)-1].MessageID == "EventHeartbeat" })
		w.heard = w.heard[:len(w.heard)-1]
		require.Len(d.t, w.heard, w.told, "more was told:\n%s", describeAll(w.heard[w.told:]))
	}
}

// says tells whether a message is what a line of an expectation says: name, DN, and fields of its description.
func says(m lab.Message, line string) bool {
	want := strings.Fields(line)
	got := strings.Fields(describe(m))
	if got[0] != want[0] || got[1] != want[1] {
		return false
	}
	for _, field := range want[2:] {
		if !slices.Contains(got, field) {
			return false
		}
	}
	return true
}

// describe writes a message as expectations do: name, DN and every field that is not empty.
func describe(m lab.Message) string {
	text := strings.TrimPrefix(m.MessageID, "Event") + " " + m.ThisDN
	add := func(key, value string) {
		if value != "" {
			text += " " + key + "=" + strings.ReplaceAll(value, " ", "_")
		}
	}
	data := func(key string) {
		if value, has := m.AttachedData[key]; has {
			written, _ := json.Marshal(value)
			add(key, string(written))
		}
	}
	add("role", m.ThisDNRole)
	add("other", m.OtherDN)
	add("otherRole", m.OtherDNRole)
	add("third", m.ThirdDN)
	add("thirdRole", m.ThirdDNRole)
	add("state", m.CallState)
	add("party", m.PartyRole)
	add("type", m.CallType)
	add("make", m.MakeCallType)
	add("cause", m.HangupCause)
	add("side", m.HangupSide)
	add("digits", m.DTMFDigits)
	add("record", m.RecordState)
	if m.SelfLeft {
		add("selfLeft", "true")
	}
	for _, key := range []string{"consultStage", "consulting", "intercept_cause", "bargein_cause", "orderID"} {
		data(key)
	}
	return text
}

func describeAll(story []lab.Message) string {
	var lines []string
	for _, m := range story {
		lines = append(lines, describe(m))
	}
	return strings.Join(lines, "\n")
}

// ask sends a request for a DN, which must not be refused, and returns what answers it. more are the names and values of
// further fields.
func (d *desk) ask(request, thisDN string, more ...any) lab.Message {
	d.t.Helper()
	m := d.request(request, thisDN, more...)
	require.Zero(d.t, m.ErrorCode, "%s for %s was refused: %s %s", request, thisDN, m.ErrorMessage, m.Detail)
	return m
}

// refuse sends a request that must be refused with that code, and nothing else be told.
func (d *desk) refuse(code int64, request, thisDN string, more ...any) {
	d.t.Helper()
	m := d.request(request, thisDN, more...)
	require.Equal(d.t, code, m.ErrorCode, "%s for %s: %s", request, thisDN, m.Raw)
	require.NotEmpty(d.t, m.Detail)
	d.silent()
}

func (d *desk) request(request, thisDN string, more ...any) lab.Message {
	d.t.Helper()
	return d.answerTo(d.post(request, thisDN, more...))
}

// post sends a request and does not wait: what answers it comes when a phone has done its part.
func (d *desk) post(request, thisDN string, more ...any) (reference int64) {
	d.t.Helper()
	fields := lab.Fields{"thisDN": thisDN}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	reference, err := d.asker.Post("Request"+request, fields)
	require.NoError(d.t, err)
	return reference
}

// answerTo waits for what answers a request.
func (d *desk) answerTo(reference int64) lab.Message {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	m, err := d.asker.Answer(ctx, reference)
	require.NoError(d.t, err, "told since the last comparison:\n%s", describeAll(d.full.heard[d.full.told:]))
	return m
}

// answer makes phones that ring, or will in a moment, answer.
func (d *desk) answer(dns ...string) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	for _, dn := range dns {
		require.NoError(d.t, d.phones[dn].Answer(ctx), "%s", dn)
	}
}

// act is something that a phone is made to do.
func (d *desk) act(act func(p *lab.SIPp) error, dn string) {
	d.t.Helper()
	require.NoError(d.t, act(d.phones[dn]), "%s", dn)
}

// rings waits until a phone rings.
func (d *desk) rings(dn string) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	require.NoError(d.t, d.phones[dn].Reached(ctx, "rings"), "%s", dn)
}

// over waits until a phone has no call.
func (d *desk) over(dns ...string) {
	d.t.Helper()
	ctx, cancel := d.soon()
	defer cancel()
	for _, dn := range dns {
		require.NoError(d.t, d.phones[dn].Reached(ctx, "over"), "%s", dn)
	}
}

// customer lets the customer call a DN.
func (d *desk) customer(to string) {
	d.t.Helper()
	d.call(lab.Caller{From: outside, To: to, Tone: tones[outside]})
	d.told("CallCreated "+outside+" type=Inbound", "Dialing "+outside+" other="+to, "Ringing "+to+" other="+outside)
}

// talk is where most begin: the customer talks to 1001.
func (d *desk) talk() {
	d.t.Helper()
	d.customer("1001")
	d.answer("1001")
	d.told("Established "+outside+" other=1001", "Established 1001 other="+outside)
	d.hear(talking1001)
}

var talking1001 = hearing{outside: "1001", "1001": outside}
