package ladder

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/engine/script"
	"modcti/events"
)

const (
	startMono = int64(1_000_000_000_000)
	startWall = int64(1_700_000_000_000_000)
	swapNanos = 5_000_000 // records of different legs closer than this have no order
)

// ladder is a parsed script: comments, blocks of inputs, and what is expected of each.
type ladder struct {
	lines   []line
	ordered bool // "# ordered" in its head: the switch does fix the order, or the script breaks it on purpose
	open    []engine.OpenCall
	audit   int64
}

type line struct {
	text  string
	input *engine.Input
}

func parse(text string) (*ladder, error) {
	l := &ladder{}
	clock := script.Clock{MonoNanos: startMono, WallMicros: startWall}
	expected := false
	for number, raw := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case raw == "----":
			expected = true
			l.lines = append(l.lines, line{text: raw})
		case raw == "":
			expected = false
			l.lines = append(l.lines, line{text: raw})
		case expected:
		case strings.HasPrefix(raw, "#"):
			l.ordered = l.ordered || raw == "# ordered"
			if raw == "# audit" {
				l.audit = 5000
			}
			l.lines = append(l.lines, line{text: raw})
		default:
			in, err := clock.Parse(raw)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number+1, err)
			}
			l.lines = append(l.lines, line{text: raw, input: &in})
		}
	}
	return l, nil
}

func (l *ladder) inputs() (list []engine.Input) {
	for _, x := range l.lines {
		if x.input != nil {
			list = append(list, *x.input)
		}
	}
	return list
}

// play runs a script and writes it anew with what came of each block.
func play(text string) (string, error) {
	l, err := parse(text)
	if err != nil {
		return "", err
	}
	r := newRun(l)
	var b strings.Builder
	for _, x := range l.lines {
		b.WriteString(x.text + "\n")
		if x.input != nil {
			r.step(*x.input)
		}
		if x.text == "----" {
			for _, told := range r.told {
				b.WriteString(told + "\n")
			}
			r.told = nil
		}
	}
	if len(r.told) > 0 {
		return "", errors.New("the last block has no ----")
	}
	return b.String(), r.promises()
}

// run is one engine fed with inputs, and all that it said.
type run struct {
	engine *engine.Engine
	out    engine.Output
	names  map[string]string       // hex of a leg -> its name in the script
	callOf map[engine.LegID]string // variable cti_call_id of each leg
	told   []string
	fold   cdr.Fold
	events []eventSeen
}

type eventSeen struct {
	name, callID, partyID string
	seq                   uint64
}

func inside(number string) bool { return regexp.MustCompile(`^\d{3,6}$`).MatchString(number) }

func newRun(l *ladder) *run {
	return &run{
		engine: engine.New(engine.Config{
			CompanyID: "company", Inside: inside, AuditMillis: l.audit, MonoNanos: startMono, WallMicros: startWall,
		}, l.open),
		names: map[string]string{}, callOf: map[engine.LegID]string{},
	}
}

func (l *ladder) run(inputs []engine.Input) *run {
	r := newRun(l)
	for _, in := range inputs {
		r.step(in)
	}
	return r
}

func (r *run) step(in engine.Input) {
	if in.Text.UUID != "" {
		r.names[in.Text.Hex] = in.Text.UUID
	}
	r.setCallID(&in)
	r.engine.Step(&in, &r.out)
	for _, c := range r.out.Commands {
		r.told = append(r.told, strings.TrimSpace(fmt.Sprintf("  command %s %s %s", commandName(c.Kind), c.UUID, variable(c, r.names))))
	}
	r.fold.Add(r.out.Records)
	for _, rec := range r.out.Records {
		if rec.Kind == engine.PartyState {
			s := rec.State
			r.told = append(r.told, fmt.Sprintf("  party %s: %s at %s (%s)", r.name(s.PartyID), s.State, relative(s.AtMillis), s.Clause))
		}
	}
	for _, o := range r.out.Events {
		r.told = append(r.told, r.render(o))
	}
}

// setCallID does what the module does: a leg inherits its origin's cti_call_id, or is given its own id.
func (r *run) setCallID(in *engine.Input) {
	for _, c := range r.out.Commands {
		if c.Kind == engine.CommandSetVariable {
			r.callOf[c.Leg] = c.Value
		}
	}
	if in.Kind != engine.LegCreated {
		return
	}
	if in.Text.CTICallID == "" {
		in.Text.CTICallID = r.callOf[in.Other]
	}
	r.callOf[in.Leg] = in.Text.Hex
	if in.Text.CTICallID != "" {
		r.callOf[in.Leg] = in.Text.CTICallID
	}
}

func commandName(k engine.CommandKind) string {
	return [...]string{"none", "snapshot", "set", "hangup"}[k]
}

func variable(c engine.Command, names map[string]string) string {
	if c.Name == "" {
		return ""
	}
	value := c.Value
	if n := names[value]; n != "" {
		value = n
	}
	return c.Name + "=" + value
}

func (r *run) name(hex string) string {
	if n := r.names[hex]; n != "" {
		return n
	}
	return hex
}

func relative(millis int64) string {
	if millis == 0 {
		return "never"
	}
	return fmt.Sprintf("%dms", millis-startWall/1000)
}

var hidden = map[string]bool{"messageID": true, "seq": true, "referenceID": true, "creationTime": true, "companyId": true}

// render writes an event as: who hears it, its name, and every field that says something.
func (r *run) render(o engine.Outgoing) string {
	raw := o.Message.AppendJSON(nil, events.Full)
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return "INVALID JSON " + string(raw)
	}
	seen := eventSeen{name: o.Message.Name(), seq: o.Message.Common().Seq}
	seen.callID, _ = fields["callID"].(string)
	seen.partyID, _ = fields["partyID"].(string)
	if o.To == 0 { // an answer to one client is no event of the call
		r.events = append(r.events, seen)
	}
	var words []string
	for key, value := range fields {
		if word := r.word(key, value); word != "" && !hidden[key] {
			words = append(words, word)
		}
	}
	sort.Strings(words)
	return fmt.Sprintf("%s < %s{%s}", strings.Join(o.DNs, ","), o.Message.Name(), strings.Join(words, " "))
}

func (r *run) word(key string, value any) string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return ""
		}
		return key + "=" + r.name(v)
	case float64:
		if v == 0 {
			return ""
		}
		if strings.HasSuffix(key, "Uepoch") {
			return key + "=" + relative(int64(v))
		}
		return fmt.Sprintf("%s=%v", key, v)
	case bool:
		if v {
			return key
		}
	}
	return ""
}

// promises checks 3.0-1 and 3.0-2 and that the CDRs are whole.
func (r *run) promises() error {
	deleted, released := map[string]bool{}, map[string]bool{}
	created := map[string]bool{}
	for _, e := range r.events {
		if e.name == "EventCallCreated" && deleted[e.callID] { // its leg's uuid was used again: another call
			delete(deleted, e.callID)
			clear(released)
		}
		if deleted[e.callID] {
			return fmt.Errorf("%s of call %s after EventCallDeleted (3.0-1)", e.name, e.callID)
		}
		if e.name != "EventCallCreated" && !created[e.callID] {
			return fmt.Errorf("%s of call %s before EventCallCreated (3.0-1)", e.name, e.callID)
		}
		switch e.name {
		case "EventCallCreated":
			created[e.callID] = true
		case "EventCallDeleted":
			deleted[e.callID] = true
		case "EventReleased":
			if released[e.callID+e.partyID] {
				return fmt.Errorf("two EventReleased for party %s (3.0-2)", e.partyID)
			}
			released[e.callID+e.partyID] = true
		default:
			if released[e.callID+e.partyID] && e.partyID != "" {
				return fmt.Errorf("%s for party %s after its EventReleased (3.0-2)", e.name, e.partyID)
			}
		}
	}
	if r.fold.Faults > 0 {
		return fmt.Errorf("%d records fit no CDR", r.fold.Faults)
	}
	last := map[string]bool{}
	for _, c := range r.fold.CDRs() {
		last[c.Call.CallID] = c.Closed
	}
	for _, c := range r.fold.CDRs() {
		if last[c.Call.CallID] != deleted[c.Call.CallID] {
			return fmt.Errorf("call %s: CDR closed %v, EventCallDeleted %v", c.Call.CallID, c.Closed, deleted[c.Call.CallID])
		}
	}
	return nil
}

// cdrs says what each call and party came to, without times, in an order that does not depend on theirs.
func (r *run) cdrs() (list []string) {
	for _, c := range r.fold.CDRs() {
		list = append(list, fmt.Sprintf("call %s %s %s->%s", r.name(c.Call.CallID), c.Call.CallType, c.Call.ThisDN, c.Call.OtherDN))
		for _, p := range c.Parties {
			list = append(list, fmt.Sprintf("party %s %s %s %s answered=%v bridged=%v talked=%v %s", r.name(p.PartyID), p.PartyRole,
				p.DNRole, p.ThisDN, p.AnswerMillis != 0, p.BridgeMillis != 0, talked(p), p.SwitchCause))
		}
	}
	sort.Strings(list)
	return list
}

func talked(p cdr.Party) bool {
	for _, s := range p.States {
		if s.State == "Talk" {
			return true
		}
	}
	return false
}

// permute swaps neighbours of different legs that lie within swapNanos, at random; each leg keeps its own order.
func permute(ins []engine.Input, seed uint64) []engine.Input {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 2 * len(ins) {
		i := rng.IntN(max(len(ins)-1, 1))
		if i+1 >= len(ins) {
			break
		}
		a, b := &ins[i], &ins[i+1]
		if a.Leg == b.Leg || b.MonoNanos-a.MonoNanos > swapNanos || causes(a, b) {
			continue
		}
		a.MonoNanos, b.MonoNanos = b.MonoNanos, a.MonoNanos
		a.WallMicros, b.WallMicros = b.WallMicros, a.WallMicros
		*a, *b = *b, *a
	}
	return ins
}

// causes tells whether b cannot come before a: a leg is created by another, or joined with it.
func causes(a, b *engine.Input) bool {
	return a.Other == b.Leg || b.Other == a.Leg
}

var clauseWord = regexp.MustCompile(`\((\d\.\d+)\)`)

func clauses(text string) (list []string) {
	for _, m := range clauseWord.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	for _, raw := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(raw, "# proves "); ok {
			list = append(list, strings.Fields(rest)...)
		}
	}
	return list
}

func tableClauses() []string { return engine.Clauses() }
