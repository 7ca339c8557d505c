package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events"
	"modcti/tests/fs/lab"
)

// Record has each scenario write what every client was told, instead of comparing it. Only a real switch may: what it
// does is right, and the simulated one must do the same.
var Record = false

// unportable is what not every system takes in the name of a file.
var unportable = regexp.MustCompile(`[^\w/-]`)

// question is a request, and what answered it.
type question struct {
	text      string
	reference int64
	answer    lab.Message
}

// compare holds everything that every client was told, and what each request was answered by, against what is recorded
// of this scenario: names, fields and values, whatever the switch. What no two runs have in common is normalised, by rule.
func (d *Desk) compare() {
	d.T.Helper()
	d.catchUp(d.asker)
	d.requireTimes(d.full.heard)
	got := d.transcript()
	root, err := lab.Root()
	require.NoError(d.T, err)
	path := strings.Split(unportable.ReplaceAllString(d.T.Name(), ""), "/")
	name := filepath.Join(root, "tests", "scenario", "testdata", path[len(path)-2], path[len(path)-1]+".txt")
	if Record {
		require.NoError(d.T, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(d.T, os.WriteFile(name, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(filepath.Clean(name))
	require.NoError(d.T, err, "record it on a real switch: go test ./tests/fs -run 'TestControl|TestRefusals' -update")
	require.Equal(d.T, string(want), got, "what is told differs from what a real switch has brought about")
}

// event is one for all who are told of it. Who is answered otherwise reads the number of the last event.
type event struct {
	name string
	seq  uint64
}

// transcript writes what was told: to who follows everything in profile full, whole; to the others, where it differs.
func (d *Desk) transcript() string {
	names := d.names()
	text := "answers\n"
	full := d.compared(d.full.inOrder(names))
	place := map[uint64]int{}
	told := map[event]fields{}
	for i, m := range full {
		place[m.Seq] = i
		told[event{m.MessageID, m.Seq}] = d.parse(m, names)
	}
	for _, q := range d.questions {
		text += "  " + names.in(q.text) + " -> " + d.line(q.answer, names, told[event{q.answer.MessageID, q.answer.Seq}]) + "\n"
	}
	text += "profile full\n"
	for _, m := range full {
		text += "  " + d.line(m, names, nil) + "\n"
	}
	text += "profile basic\n"
	for _, m := range d.compared(d.basic.inOrder(names)) {
		text += "  " + d.line(m, names, told[event{m.MessageID, m.Seq}]) + "\n"
	}
	text += "who asked\n"
	asker := slices.DeleteFunc(d.compared(d.asker.heard), func(m lab.Message) bool {
		_, has := told[event{m.MessageID, m.Seq}]
		return !has && m.ReferenceID != 0 // it is among the answers
	})
	slices.SortStableFunc(asker, func(a, b lab.Message) int { return place[a.Seq] - place[b.Seq] })
	for _, m := range asker {
		text += "  " + d.line(m, names, told[event{m.MessageID, m.Seq}]) + "\n"
	}
	return text
}

// inOrder is what was heard, where the switch gives no order by party.
func (w *watcher) inOrder(names labels) []lab.Message {
	list := slices.Clone(w.heard)
	start := 0
	for _, end := range append(slices.Clone(w.ordered), len(list)) {
		slices.SortStableFunc(list[start:end], func(a, b lab.Message) int {
			return strings.Compare(names.of(a), names.of(b))
		})
		start = end
	}
	return list
}

// labels name ids: who has one, and his how many-th it is.
type labels map[string]string

var id = regexp.MustCompile(`[0-9a-f]{32}`)

func (d *Desk) names() labels {
	names, count := labels{}, map[string]int{}
	give := func(id, owner string) {
		if names[id] == "" {
			count[owner]++
			names[id] = fmt.Sprintf("%s.%d", owner, count[owner])
		}
	}
	for _, m := range d.full.heard {
		if m.PartyID != "" {
			give(m.PartyID, m.ThisDN)
		}
	}
	for _, m := range d.full.heard {
		give(m.CallID, "call")
	}
	return names
}

func (l labels) of(m lab.Message) string { return l[m.PartyID] + " " + l[m.CallID] }

func (l labels) in(text string) string {
	return id.ReplaceAllStringFunc(text, func(id string) string {
		if l[id] != "" {
			return l[id]
		}
		return "id"
	})
}

// loose is what cannot be the same in any two runs, for a reason that lies in the switch. Everything else must be.
var loose = []struct {
	scenario, event, dn string // "": whichever
	afterCut            bool   // only when a talk of more than two, or one that was listened to, was cut off
	fields              []string
	maybe               bool // the fields may also not be there
	why                 string
}{{
	event: "EventPartyDeleted", afterCut: true,
	why: "an operator's hangup ends all channels in no order: who hears of whose leaving depends on who leaves first",
}, {
	event: "EventReleased", afterCut: true, fields: []string{"otherDN"},
	why: "likewise: whom the last two of them still talked to",
}, {
	scenario: "redirect", event: "EventReleased", dn: Outside, fields: []string{"progressUepoch"},
	why: "the switch sends him 180 only if it has not yet begun early media, when the first phone is taken from him",
}, {
	scenario: "a_consult_is_not_conferenced:_the_room_is_full", event: "EventPartyError",
	fields: []string{"errorCode", "errorMessage", "detail"},
	why:    "whom the full room has turned away ends: the answer names whichever the switch tells first",
}, {
	scenario: "a_member_of_a_conference_is_turned_away,_the_room_is_full", event: "EventPartyError", fields: []string{"detail"},
	why: "likewise: that it has ended may be seen while the command to move it is carried out, or after",
}, {
	scenario: "by_REFER_with_Replaces", event: "EventReleased", dn: "1001",
	fields: []string{"hangupCause", "hangupDisposition", "hangupSide"},
	why:    "the phone that has referred says goodbye while the switch ends its two channels: either is first",
}, {
	scenario: "by_REFER_with_Replaces", event: "EventReleased", dn: "1001",
	fields: []string{"thirdDN", "thirdDNRole", "callState"}, maybe: true,
	why: "likewise: who has whom now may be told before the end of the second channel, or after it",
}}

// isLoose tells whether a field of a message, or with "" the message itself, is not compared, and whether it may be missing.
func (d *Desk) isLoose(m lab.Message, field string) (is, maybe bool) {
	for _, l := range loose {
		here := l.scenario == "" || strings.HasSuffix(d.T.Name(), "/"+l.scenario)
		it := l.event == m.MessageID && (l.dn == "" || l.dn == m.ThisDN) && (!l.afterCut || m.Seq > d.cut)
		if here && it && (field == "" && l.fields == nil || slices.Contains(l.fields, field)) {
			return true, l.maybe
		}
	}
	return false, false
}

// compared leaves out the messages that cannot be compared.
func (d *Desk) compared(story []lab.Message) []lab.Message {
	return slices.DeleteFunc(slices.Clone(story), func(m lab.Message) bool {
		is, _ := d.isLoose(m, "")
		return is
	})
}

// noteCut is called before whoever is still there is cut off.
func (d *Desk) noteCut() {
	there, third := map[string]bool{}, false
	for _, m := range d.full.heard {
		third = third || m.MessageID == "EventPartyAdded" || m.OtherDNRole == events.ObserveTo
		if m.MessageID == "EventReleased" {
			delete(there, m.PartyID)
		} else if m.PartyID != "" && m.MessageID != "EventCallDeleted" {
			there[m.PartyID] = true
		}
	}
	if d.cut = math.MaxUint64; third && len(there) > 2 {
		d.cut = d.full.heard[len(d.full.heard)-1].Seq
	}
}

type field struct{ key, value string }

type fields []field

func (f fields) value(key string) (string, bool) {
	at := slices.IndexFunc(f, func(f field) bool { return f.key == key })
	if at < 0 {
		return "", false
	}
	return f[at].value, true
}

// parse reads the fields of a message in the order in which they were sent, without what differs from run to run.
func (d *Desk) parse(m lab.Message, names labels) (list fields) {
	decoder := json.NewDecoder(bytes.NewReader(m.Raw))
	_, err := decoder.Token()
	for err == nil && decoder.More() {
		var key json.Token
		var value json.RawMessage
		if key, err = decoder.Token(); err == nil {
			err = decoder.Decode(&value)
		}
		is, kept := d.normal(key.(string), string(value), names)
		loose, maybe := d.isLoose(m, key.(string))
		if loose {
			is = "*"
		}
		if kept && !maybe {
			list = append(list, field{key.(string), is})
		}
	}
	require.NoError(d.T, err, "%s", m.Raw)
	return list
}

// unixMillis is a time of day, as a number of JSON.
var unixMillis = regexp.MustCompile(`(^|:)[0-9]{13}\b`)

// normal is a field's value as it is compared. Ids are named after who has them; of times, only whether there is one:
// requireTimes compares them with each other.
func (d *Desk) normal(key, value string, names labels) (is string, kept bool) {
	switch key {
	case "messageID", "partyID", "seq":
		return "", false // a line begins with it, or it is RequireWhole that looks at it
	case "companyId":
		return value, value != written(d.Company())
	case "referenceID":
		at := slices.IndexFunc(d.questions, func(q question) bool { return fmt.Sprint(q.reference) == value })
		return fmt.Sprint(at + 1), value != "0"
	case "answersec", "billsec":
		return "n", true
	case "recordUrl":
		if value != `""` {
			return "path", true
		}
	}
	return names.in(unixMillis.ReplaceAllString(value, "${1}time")), true
}

// requireTimes holds what is true of the times of every end (R16, R17, R18), and that nobody rings, talks or ends before what he
// was told of first.
func (d *Desk) requireTimes(story []lab.Message) {
	d.T.Helper()
	since := map[string]int64{}
	for _, m := range story {
		switch m.MessageID {
		case "EventDialing", "EventRinging", "EventEstablished", "EventReleased":
			require.LessOrEqual(d.T, since[m.PartyID], m.CreationTime, "%s", m.Raw)
			since[m.PartyID] = m.CreationTime
		}
		last := m.StartUepoch
		for _, next := range []int64{m.ProgressUepoch, m.AnswerUepoch, m.BridgeUepoch, m.EndUepoch, m.CreationTime} {
			if next != 0 {
				require.LessOrEqual(d.T, last, next, "%s", m.Raw)
				last = next
			}
		}
		if m.LastHoldUepoch != 0 {
			require.LessOrEqual(d.T, m.AnswerUepoch, m.LastHoldUepoch, "%s", m.Raw)
			require.LessOrEqual(d.T, m.LastHoldUepoch, m.EndUepoch, "%s", m.Raw)
		}
		if m.MessageID == "EventReleased" {
			requireSeconds(d.T, m)
		}
	}
}

// requireSeconds: both are whole seconds between times that are told, which have lost their microseconds (R18).
func requireSeconds(t testing.TB, m lab.Message) {
	t.Helper()
	if m.AnswerUepoch == 0 {
		require.Zero(t, m.AnswerSec+m.BillSec, "%s", m.Raw)
		return
	}
	require.InDelta(t, m.AnswerUepoch-m.StartUepoch, m.AnswerSec*1000+500, 501, "%s", m.Raw)
	require.InDelta(t, m.EndUepoch-m.AnswerUepoch, m.BillSec*1000+500, 501, "%s", m.Raw)
}

// line writes a message: its name, whose it is, and its fields, or how they differ from the same event's in profile full.
func (d *Desk) line(m lab.Message, names labels, full fields) string {
	text := m.MessageID + " " + names[m.PartyID]
	is := d.parse(m, names)
	for _, f := range is {
		if value, has := full.value(f.key); !has || value != f.value {
			text += " " + f.key + "=" + f.value
		}
	}
	for _, f := range full {
		if _, has := is.value(f.key); !has {
			text += " -" + f.key
		}
	}
	return text
}

func written(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
