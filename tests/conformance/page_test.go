// Package conformance plays every scenario of the specification's page, call-events.json, and holds what a client hears
// against the page: which events, in which order, with which fields of which types and values. Where the engine is right
// to differ, a ruling says so, and is named.
package conformance

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
	"modcti/tests/ladder"
)

// sample is one event of the page.
type sample struct {
	MessageID string `json:"messageID"`
	Fields    map[string]struct {
		Example json.RawMessage `json:"example"`
	} `json:"fields"`
}

// page reads the page: the events of each scenario, in order.
func page(t *testing.T) map[string][]sample {
	raw, err := os.ReadFile("testdata/call-events.json")
	require.NoError(t, err)
	var list []struct {
		Scenario string   `json:"scenario"`
		Events   []sample `json:"events"`
	}
	require.NoError(t, json.Unmarshal(raw, &list))
	scenarios := map[string][]sample{}
	for _, s := range list {
		scenarios[s.Scenario] = s.Events
	}
	require.Len(t, scenarios, 24)
	return scenarios
}

// told is one event or answer as clients of both profiles read it.
type told struct {
	name        string
	basic, full map[string]json.RawMessage
	fullOnly    bool
	dns         []string
}

// who is the event's name and DN.
func (e *told) who() string { return e.name + " " + text(e.full["thisDN"]) }

func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// hear plays a script and returns what was told after its line "# page".
func hear(t *testing.T, file string) (list []told) {
	raw, err := os.ReadFile("testdata/" + file + ".txt")
	require.NoError(t, err)
	before, _, found := strings.Cut(string(raw), "# page\n")
	require.True(t, found, "%s has no line # page", file)
	setUp, err := ladder.Parse(before)
	require.NoError(t, err)
	script, err := ladder.Parse(string(raw))
	require.NoError(t, err)
	run := ladder.NewRun(&script.Scene)
	for i, in := range script.Inputs() {
		if i == len(setUp.Inputs()) {
			run.Hear = func(o *engine.Outgoing) { list = append(list, both(t, o)) }
		}
		run.Step(in)
	}
	require.NoError(t, run.Promises())
	return list
}

func both(t *testing.T, o *engine.Outgoing) told {
	e := told{name: o.Message.Name(), fullOnly: o.FullOnly, dns: append([]string(nil), o.DNs...)}
	require.NoError(t, json.Unmarshal(o.Message.AppendJSON(nil, events.Basic), &e.basic))
	require.NoError(t, json.Unmarshal(o.Message.AppendJSON(nil, events.Full), &e.full))
	return e
}

// TestPage plays every scenario and compares.
func TestPage(t *testing.T) {
	scenarios := page(t)
	for _, p := range plays {
		t.Run(p.script, func(t *testing.T) {
			heard := hear(t, p.script)
			sequence := p.compare(t, scenarios, heard)
			require.Equal(t, p.sequence(scenarios), sequence, "what a basic client hears, in order")
		})
	}
}

// sequence is who is told what: the page's events with the others, that a ruling names, at their places.
func (p *play) sequence(scenarios map[string][]sample) (list []string) {
	for _, step := range p.steps {
		if step.ruling != "" {
			list = append(list, step.other)
			continue
		}
		s := scenarios[step.scenario][step.event]
		list = append(list, s.MessageID+" "+p.number(text(s.Fields["thisDN"].Example)))
	}
	return list
}

// compare holds the events that basic clients hear against the page, one after the other.
func (p *play) compare(t *testing.T, scenarios map[string][]sample, heard []told) (sequence []string) {
	step := 0
	for i := range heard {
		e := &heard[i]
		if e.fullOnly {
			continue
		}
		sequence = append(sequence, e.who())
		if step < len(p.steps) && p.steps[step].ruling == "" {
			at := p.steps[step]
			s := scenarios[at.scenario][at.event]
			if e.name == s.MessageID {
				p.compareFields(t, scenarios, at, s, e)
			}
		}
		step++
	}
	return sequence
}

// common are the fields of every event of a call (R23, R25, R26, R55), and detail of every refusal (protocol.md 6).
var common = strings.Fields("messageID seq referenceID creationTime companyId callID partyID callType partyRole thisDN otherDN ANI " +
	"DNIS attachedData detail")

// telling are the fields by which one scenario is told from another.
var telling = strings.Fields("thisDNRole otherDNRole thirdDN thirdDNRole callState")

// requireLiteral: basic has no field that the page does not have in this event, and of those by which scenarios are told apart
// none that it does not have here (R3, R6, R9, R33); but why who was called never talked is told wherever it is so (R37).
func requireLiteral(t *testing.T, scenarios map[string][]sample, s sample, e *told, where string) {
	onPage := map[string]bool{}
	for _, list := range scenarios {
		for _, other := range list {
			for key := range other.Fields {
				onPage[key] = onPage[key] || other.MessageID == s.MessageID
			}
		}
	}
	for key, value := range e.basic {
		_, here := s.Fields[key]
		failed := key == "callState" && slices.Contains([]string{"NoAnswer", "Busy", "Abandoned", "Redirected"}, text(value))
		fits := here || failed || onPage[key] && !slices.Contains(telling, key) || slices.Contains(common, key)
		require.True(t, fits, "%s has %s=%s, which the page lacks", where, key, value)
	}
}

// compareFields: each field of the page is there, with the page's type and value; roles are names, never numbers (R1, R28).
func (p *play) compareFields(t *testing.T, scenarios map[string][]sample, at step, s sample, e *told) {
	requireLiteral(t, scenarios, s, e, at.scenario+" "+s.MessageID)
	for key, field := range s.Fields {
		where := at.scenario + " " + s.MessageID + "." + key
		got, has := e.basic[key]
		require.True(t, has, "%s is missing", where)
		want := field.Example
		if d, deviates := deviationOf(at, s, key); deviates {
			if d.value == "" {
				require.Equal(t, kindOf(want), kindOf(got), "%s is %s (%s)", where, got, d.ruling)
				continue
			}
			want = json.RawMessage(d.value)
		} else if measured[key] {
			p.checkMeasured(t, where, key, got)
			continue
		}
		require.Equal(t, kindOf(want), kindOf(got), "%s is %s", where, got)
		if strings.HasSuffix(key, "DN") || key == "parties" {
			want = p.numbers(want)
		}
		if key == "parties" {
			p.checkParties(t, where, want, got)
			continue
		}
		require.JSONEq(t, string(want), string(got), where)
	}
}

// checkParties: the page's keys of each party, among others (R52).
func (p *play) checkParties(t *testing.T, where string, want, got json.RawMessage) {
	var page, parties []map[string]any
	require.NoError(t, json.Unmarshal(want, &page))
	require.NoError(t, json.Unmarshal(got, &parties))
	require.Len(t, parties, len(page), where)
	for i := range page {
		for key, value := range page[i] {
			if key == "createTime" {
				require.IsType(t, value, parties[i][key], where)
				continue
			}
			require.Equal(t, value, parties[i][key], where)
		}
	}
}

// measured are the fields whose value is the call's own: an id, a time, a duration.
var measured = map[string]bool{
	"callID": true, "partyID": true, "companyId": true, "creationTime": true, "startUepoch": true, "progressUepoch": true,
	"answerUepoch": true, "bridgeUepoch": true, "lastHoldUepoch": true, "endUepoch": true, "billsec": true, "answersec": true,
	"recordUUID": true,
}

var idForm = regexp.MustCompile(`^"[0-9a-f]{32}"$`)

// checkMeasured: ids are 32 hex digits (R57), times ms of 13 digits or 0 (R16, R17), durations whole seconds (R18).
func (p *play) checkMeasured(t *testing.T, where, key string, got json.RawMessage) {
	switch {
	case key == "companyId":
		require.Equal(t, `"`+ladder.Company+`"`, string(got), where)
	case strings.HasSuffix(key, "ID"):
		require.Regexp(t, idForm, string(got), where+" (R57)")
	case strings.HasSuffix(key, "sec"):
		require.Regexp(t, `^\d+$`, string(got), where+" (R18)")
	case strings.HasSuffix(key, "Uepoch"):
		require.Regexp(t, `^(0|\d{13})$`, string(got), where+" (R16, R17)")
	case key == "creationTime":
		require.Regexp(t, `^\d{13}$`, string(got), where+" (R16)")
	default:
		require.NotEqual(t, `""`, string(got), where)
	}
}

// kindOf is the JSON type of a value.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// number is the telephone number that stands for a letter of the page.
func (p *play) number(letter string) string {
	if n := p.names[letter]; n != "" {
		return n
	}
	return letter
}

var quotedLetter = regexp.MustCompile(`"[ABC]"`)

func (p *play) numbers(raw json.RawMessage) json.RawMessage {
	return quotedLetter.ReplaceAllFunc(raw, func(quoted []byte) []byte {
		return []byte(`"` + p.number(string(quoted[1:2])) + `"`)
	})
}

// TestEveryEventOfThePageIsPlayed: no event of the page is left out, but those of agents, which are no calls.
func TestEveryEventOfThePageIsPlayed(t *testing.T) {
	played := map[step]bool{}
	for _, p := range plays {
		for _, s := range p.steps {
			played[s] = true
		}
	}
	for scenario, list := range page(t) {
		for i := range list {
			agents := strings.HasPrefix(scenario, "EventAgent") || scenario == "EventDelayAfterCallWork"
			require.NotEqual(t, agents, played[step{scenario: scenario, event: i}], "%s %d", scenario, i)
		}
	}
}

// TestEveryDeviationIsMet: a deviation that nothing deviates by is a mistake in the table.
func TestEveryDeviationIsMet(t *testing.T) {
	for _, d := range deviations {
		require.Regexp(t, `^(R\d+|3\.\d+)`, d.ruling)
		list := page(t)[d.scenario]
		require.Less(t, d.event, len(list), "%s %d", d.scenario, d.event)
		example, has := list[d.event].Fields[d.key]
		require.True(t, has, "%s %d has no %s", d.scenario, d.event, d.key)
		if d.value != "" {
			require.NotEqual(t, d.value, string(example.Example), "%s %d %s is as the page has it", d.scenario, d.event, d.key)
		}
	}
}

// fullDiffers are the fields for which full tells another value than basic, by ruling or clause.
var fullDiffers = map[string]string{
	"EventPartyChanged callState": "3.6: C is told that it is a transfer, where the page has OK",
}

// TestFullIsASuperset: whatever basic tells, full tells too, and with the same value.
func TestFullIsASuperset(t *testing.T) {
	differ := map[string]bool{}
	for _, p := range plays {
		for _, e := range hear(t, p.script) {
			for key, value := range e.basic {
				full, has := e.full[key]
				require.True(t, has, "%s: %s of %s is missing in full", p.script, key, e.who())
				if key != "attachedData" && string(value) != string(full) {
					differ[e.name+" "+key] = true
				}
			}
			requireWithin(t, e.basic["attachedData"], e.full["attachedData"], p.script+": attachedData of "+e.who())
		}
	}
	require.Len(t, differ, len(fullDiffers), "%v", differ)
	for field := range differ {
		require.Contains(t, fullDiffers, field)
	}
}

// requireWithin: every key of one object is in the other, with the same value.
func requireWithin(t *testing.T, part, whole json.RawMessage, where string) {
	if part == nil {
		return
	}
	var small, large map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(part, &small), where)
	require.NoError(t, json.Unmarshal(whole, &large), where)
	for key, value := range small {
		require.Equal(t, string(value), string(large[key]), where)
	}
}

// TestOnlyThePageInBasic: an event that the page does not have is for full alone (protocol.md 2).
func TestOnlyThePageInBasic(t *testing.T) {
	for _, p := range plays {
		for _, e := range hear(t, p.script) {
			entry := events.Find(e.name)
			require.NotNil(t, entry, e.name)
			require.True(t, entry.OnPage || e.fullOnly || entry.Group != events.GroupCall, "%s tells %s", p.script, e.who())
		}
	}
}
