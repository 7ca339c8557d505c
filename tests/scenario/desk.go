package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// Desk is a switch with a client that acts for all extensions, and one watcher a profile.
type Desk struct {
	Switch
	T         testing.TB
	asker     *watcher // acts for all extensions, and hears of them
	full      *watcher
	basic     *watcher
	questions []question
	cut       uint64 // the last event before whoever was still there was cut off, if they were more than two
}

// watcher hears everything that one profile tells of calls.
type watcher struct {
	client  *lab.Client
	heard   []lab.Message
	told    int   // how many of them have been compared
	ordered []int // where, among them, what comes after has really come after
}

func open(t testing.TB, s Switch) *Desk {
	t.Helper()
	d := &Desk{Switch: s, T: t, asker: &watcher{client: s.Open("full")}, full: &watcher{client: s.Open("full")}}
	d.basic = &watcher{client: s.Open("basic")}
	for _, dn := range Extensions {
		require.Equal(t, "EventRegistered", d.request("RegisterDN", dn).MessageID)
	}
	for _, w := range []*watcher{d.full, d.basic} {
		reference := d.Post(w.client, "RequestSubscribe", lab.Fields{"scope": "company"})
		m, err := d.Next(w.client, func(m lab.Message) bool { return m.ReferenceID == reference })
		require.NoError(t, err)
		require.Equal(t, "EventSubscribed", m.MessageID)
	}
	return d
}

// each runs a test of its own on the same switch, which is empty before and after, and holds what is true of whatever
// happens: 3.0, protocol 2, one closed record a call, no channel left.
func (d *Desk) each(t *testing.T, name, proves string, do func(d *Desk)) {
	t.Run(name, func(t *testing.T) {
		t.Log("proves", proves)
		local := *d
		local.T, local.Switch = t, d.For(t)
		local.empty()
		do(&local)
		local.end()
	})
}

// empty leaves nothing of an earlier test.
func (d *Desk) empty() {
	d.T.Helper()
	d.Clear()
	d.Quiet()
	for _, w := range []*watcher{d.asker, d.full, d.basic} {
		d.catchUp(w)
		w.heard, w.told, w.ordered = nil, 0, nil
	}
	d.questions = nil
}

// end makes sure that all has been told that should be, lets all hang up, and holds what is true of whatever happened.
func (d *Desk) end() {
	d.T.Helper()
	d.Settle()
	d.silent()
	d.noteCut()
	d.Clear()
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
	RequireWhole(d.T, d.Switch, d.full.heard)
	d.Quiet()
	d.compare()
}

// ask sends a request for a DN, which must not be refused, and returns what answers it. more are the names and values of
// further fields.
func (d *Desk) ask(request, thisDN string, more ...any) lab.Message {
	d.T.Helper()
	m := d.request(request, thisDN, more...)
	require.Zero(d.T, m.ErrorCode, "%s for %s was refused: %s %s", request, thisDN, m.ErrorMessage, m.Detail)
	return m
}

// refuse sends a request that must be refused with that code, and nothing else be told.
func (d *Desk) refuse(code int64, request, thisDN string, more ...any) {
	d.T.Helper()
	m := d.request(request, thisDN, more...)
	require.Equal(d.T, code, m.ErrorCode, "%s for %s: %s", request, thisDN, m.Raw)
	require.NotEmpty(d.T, m.Detail)
	d.silent()
}

func (d *Desk) request(request, thisDN string, more ...any) lab.Message {
	d.T.Helper()
	return d.answerTo(d.post(request, thisDN, more...))
}

// post sends a request and does not wait: what answers it comes when a phone has done its part.
func (d *Desk) post(request, thisDN string, more ...any) (reference int64) {
	d.T.Helper()
	fields := lab.Fields{"thisDN": thisDN}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	reference = d.Post(d.asker.client, "Request"+request, fields)
	d.questions = append(d.questions, question{text: request + " " + written(fields), reference: reference})
	return reference
}

// answerTo waits for what answers a request.
func (d *Desk) answerTo(reference int64) lab.Message {
	d.T.Helper()
	m, err := d.Next(d.asker.client, func(m lab.Message) bool {
		if m.CallID != "" {
			d.asker.heard = append(d.asker.heard, m)
		}
		return m.ReferenceID == reference
	})
	require.NoError(d.T, err, "a request is not answered; told since the last comparison:\n%s", describeAll(d.full.heard[d.full.told:]))
	for i := range d.questions {
		if d.questions[i].reference == reference {
			d.questions[i].answer = m
		}
	}
	return m
}

func (d *Desk) until(what string, done func() bool) {
	d.T.Helper()
	require.NoError(d.T, d.Until(what, done))
}

// answer makes phones that ring, or will in a moment, answer.
func (d *Desk) answer(dns ...string) {
	d.T.Helper()
	for _, dn := range dns {
		d.act(dn, Answer)
	}
}

func (d *Desk) act(dn string, act Act) {
	d.T.Helper()
	d.Act(dn, act, "")
}

// rings waits until a phone rings.
func (d *Desk) rings(dn string) {
	d.T.Helper()
	d.Reached(dn, Rings)
}

// over waits until phones have no call.
func (d *Desk) over(dns ...string) {
	d.T.Helper()
	for _, dn := range dns {
		d.Reached(dn, Over)
	}
}

// customer lets the customer call a DN.
func (d *Desk) customer(to string) {
	d.T.Helper()
	d.Call(Outside, to)
	d.told("CallCreated "+Outside+" type=Inbound", "Dialing "+Outside+" other="+to, "Ringing "+to+" other="+Outside)
}

// talk is where most begin: the customer talks to 1001.
func (d *Desk) talk() {
	d.T.Helper()
	d.customer("1001")
	d.answer("1001")
	d.told("Established "+Outside+" other=1001", "Established 1001 other="+Outside)
	d.hear(talking1001)
}

var talking1001 = Hearing{Outside: "1001", "1001": Outside}

// Hearing is who hears whom: DNs, Music and Ringing, by the DN that hears them, with blanks between. Nothing else is
// heard: "" is silence.
type Hearing map[string]string

// Is tells whether that, and nothing else, is what each hears, and what they hear.
func (h Hearing) Is(heard func(dn string) (names string, sure bool)) (right bool, is Hearing) {
	right, is = true, Hearing{}
	for dn, others := range h {
		names, sure := heard(dn)
		is[dn] = names
		right = right && sure && names == sorted(others)
	}
	return right, is
}

// hear waits until everybody hears that and nothing else.
func (d *Desk) hear(want Hearing) {
	d.T.Helper()
	var is Hearing
	err := d.Until("everybody to hear what they should", func() (right bool) {
		right, is = want.Is(d.Heard)
		return right
	})
	require.NoError(d.T, err, "should be heard: %v; is heard: %v\ntold so far:\n%s", want, is, describeAll(d.full.heard))
}
