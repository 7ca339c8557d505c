package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/store"
)

// imported is what was made of a callcenter.conf.xml, and what became of each of its values.
type imported struct {
	directory store.Directory
	lines     []importLine
}

// importLine is one value of the file: taken, or left and why.
type importLine struct {
	Line    int    `json:"line"`
	Element string `json:"element"` // queue, agent, tier, settings
	Name    string `json:"name"`
	Param   string `json:"param"`
	Value   string `json:"value"`
	Result  string `json:"result"` // taken, left
	Why     string `json:"why"`
}

const (
	taken = "taken"
	left  = "left"

	importBytesMax = 16 << 20
)

// ccElement is a <queue>, <agent> or <tier>, or a section's <param>, as the file has it.
type ccElement struct {
	kind   string
	line   int
	values []setting
}

func (e *ccElement) value(name string) string {
	for _, v := range e.values {
		if v.name == name {
			return v.value
		}
	}
	return ""
}

// readCallcenter reads a callcenter.conf.xml, or any file that holds that configuration: the switch's own
// freeswitch.xml.fsxml does, with everything in place. $${...} is filled in from vars.xml of the same configuration.
func readCallcenter(path string) (*imported, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	defer file.Close()
	elements, err := parseCallcenter(io.LimitReader(file, importBytesMax))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	in := newCallcenterImport(readVars(filepath.Join(filepath.Dir(path), "..", "vars.xml")))
	in.take(elements)
	return &in.imported, nil
}

var errNoCallcenter = errors.New(`it holds no <configuration name="callcenter.conf">`)

// parseCallcenter finds the configuration and its elements.
func parseCallcenter(from io.Reader) (elements []ccElement, err error) {
	decoder := xml.NewDecoder(from)
	decoder.Strict = false
	depth, inside := 0, -1 // of the configuration
	section, found := "", false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, _ := decoder.InputPos()
			return nil, fmt.Errorf("line %d is no XML: %w", line, err)
		}
		switch at := token.(type) {
		case xml.StartElement:
			depth++
			line, _ := decoder.InputPos()
			switch {
			case inside < 0:
				if at.Name.Local == "configuration" && attribute(at, "name") == "callcenter.conf" {
					inside, found = depth, true
				}
			case depth == inside+1:
				section = at.Name.Local
				if section == "X-PRE-PROCESS" {
					elements = append(elements, elementOf(at, line, section))
				}
			case depth == inside+2:
				elements = append(elements, elementOf(at, line, section))
			case len(elements) > 0:
				last := &elements[len(elements)-1]
				last.values = append(last.values, setting{name: attribute(at, "name"), value: attribute(at, "value"), line: line})
			}
		case xml.EndElement:
			if depth == inside {
				inside = -1
			}
			depth--
		}
	}
	if !found {
		return nil, errNoCallcenter
	}
	return elements, nil
}

func elementOf(at xml.StartElement, line int, section string) ccElement {
	e := ccElement{kind: at.Name.Local, line: line}
	if e.kind == "param" {
		e.kind = section
		e.values = []setting{{name: attribute(at, "name"), value: attribute(at, "value"), line: line}}
		return e
	}
	for _, a := range at.Attr {
		e.values = append(e.values, setting{name: a.Name.Local, value: a.Value, line: line})
	}
	return e
}

func attribute(at xml.StartElement, name string) string {
	for _, a := range at.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

var variable = regexp.MustCompile(`\$\$\{([^{}$]+)\}`)

// readVars reads the values that a vars.xml sets; none where there is no such file.
func readVars(path string) map[string]string {
	vars := map[string]string{}
	text, err := os.ReadFile(path)
	if err != nil {
		return vars
	}
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	decoder.Strict = false
	for {
		token, err := decoder.Token()
		if err != nil {
			return vars
		}
		at, is := token.(xml.StartElement)
		if !is || at.Name.Local != "X-PRE-PROCESS" || attribute(at, "cmd") != "set" {
			continue
		}
		if name, value, good := strings.Cut(attribute(at, "data"), "="); good {
			vars[strings.TrimSpace(name)] = expand(vars, strings.TrimSpace(value))
		}
	}
}

// expand fills in what is known; the rest stays.
func expand(vars map[string]string, text string) string {
	return variable.ReplaceAllStringFunc(text, func(used string) string {
		if value, known := vars[used[3:len(used)-1]]; known {
			return value
		}
		return used
	})
}

// callcenterImport is an import while it is made.
type callcenterImport struct {
	imported
	vars     map[string]string
	agents   map[string]int                 // place in directory.Agents, by name
	rules    map[string]tierRules           // by queue
	policies map[string]engine.MissedPolicy // agent-no-answer-status, by queue
	levels   map[string]map[int][]int       // places in directory.Tiers, by queue and the file's level
}

func newCallcenterImport(vars map[string]string) *callcenterImport {
	return &callcenterImport{
		vars: vars, agents: map[string]int{}, rules: map[string]tierRules{}, policies: map[string]engine.MissedPolicy{},
		levels: map[string]map[int][]int{},
	}
}

func (in *callcenterImport) tell(e *ccElement, v setting, result, why string) {
	name := e.value("name")
	if e.kind == "tier" {
		name = e.value("agent") + " " + e.value("queue")
	}
	in.lines = append(in.lines, importLine{Line: v.line, Element: e.kind, Name: name, Param: v.name, Value: v.value,
		Result: result, Why: why})
}

func (in *callcenterImport) take(elements []ccElement) {
	for _, pass := range []struct {
		kind string
		take func(*ccElement)
	}{{"queue", in.takeQueue}, {"agent", in.takeAgent}, {"tier", in.takeTier}} {
		for i := range elements {
			if elements[i].kind == pass.kind {
				in.fillIn(&elements[i])
				pass.take(&elements[i])
			}
		}
	}
	for i := range elements {
		in.leaveOthers(&elements[i])
	}
	in.placeLevels()
	in.placePolicies()
	slices.SortStableFunc(in.lines, func(a, b importLine) int { return a.Line - b.Line })
}

func (in *callcenterImport) fillIn(e *ccElement) {
	for i := range e.values {
		e.values[i].value = strings.TrimSpace(expand(in.vars, e.values[i].value))
	}
}

func (in *callcenterImport) leaveOthers(e *ccElement) {
	for _, v := range e.values {
		switch e.kind {
		case "queue", "agent", "tier":
			continue
		case "X-PRE-PROCESS":
			in.tell(e, v, left, "what it includes is not read: name freeswitch.xml.fsxml in the switch's log directory, which has it")
		default:
			in.tell(e, v, left, "it is about mod_callcenter's own database, which is not read")
		}
	}
}

// takeValue takes a value by the field of that name.
func takeValue[T any](draft *T, fields []field[T], v setting) (result, why string) {
	at := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == v.name })
	switch {
	case variable.MatchString(v.value):
		return left, "what $${...} stands for is not known here: vars.xml does not say"
	case at < 0:
		return left, "the parameter is unknown"
	case !fields[at].parse(draft, v.value):
		return left, "it would have to be " + fields[at].allowed
	}
	return taken, ""
}

var noAnswerStatus = map[string]engine.MissedPolicy{
	"On Break": engine.MissedNotReady, "Logged Out": engine.MissedLogout, "Available": engine.MissedNone,
}

// callcenterQueueParams is how many of queueFields callcenter.conf.xml has: those of ours do not come from there.
const callcenterQueueParams = 16

func (in *callcenterImport) takeQueue(e *ccElement) {
	draft, policy := queueDraft{}, engine.MissedNotReady
	for _, v := range e.values {
		result, why := taken, ""
		switch v.name {
		case "max-wait-time-with-no-agent-time-reached":
			result, why = left, "each caller waits his own max-wait-time-with-no-agent"
		case "agent-no-answer-status":
			var known bool
			if policy, known = noAnswerStatus[v.value]; !known {
				policy, result, why = engine.MissedNotReady, left, "it would have to be On Break, Logged Out or Available"
			} else {
				why = "as no-answer-policy of its agents"
			}
		case "skip-agents-with-external-calls":
			if v.value != "true" {
				result, why = left, "an agent on a call is offered no other; max-calls of the agent may say how many he takes at once"
			}
		default:
			result, why = takeValue(&draft, queueFields[:callcenterQueueParams], v)
		}
		in.tell(e, v, result, why)
	}
	if err := draft.complete(entry{{section: "queues", name: "name", value: draft.ID, line: e.line}}); err != nil {
		in.tell(e, setting{line: e.line}, left, "the queue: "+err.Error())
		return
	}
	if hasQueue(&in.directory, draft.ID) {
		in.tell(e, setting{line: e.line}, left, "the queue: another one has the same name")
		return
	}
	in.directory.Queues = append(in.directory.Queues, draft.Queue)
	in.rules[draft.ID], in.policies[draft.ID], in.levels[draft.ID] = draft.rules, policy, map[int][]int{}
}

func (in *callcenterImport) takeAgent(e *ccElement) {
	draft := newAgentDraft()
	draft.WrapUpMillis = 0 // as mod_callcenter has it where the file does not say
	for _, v := range e.values {
		result, why := taken, ""
		switch v.name {
		case "type":
			result, why = agentType(&draft, v.value)
		case "status":
			result, why = agentStatus(&draft, v.value)
		case "contact":
			if err := takeContact(&draft.AgentConfig, v.value); err != nil {
				result, why = left, err.Error()+"; he logs in with his number"
			} else if draft.Mobile != "" {
				why = "as his mobile number " + draft.Mobile + ", which the dial plan reaches"
			}
		default:
			result, why = takeValue(&draft, agentFields, v)
		}
		in.tell(e, v, result, why)
	}
	draft.missedGiven = true // placePolicies decides it
	if err := draft.complete(entry{{section: "agents", name: "name", value: draft.key, line: e.line}}); err != nil {
		in.tell(e, setting{line: e.line}, left, "the agent: "+err.Error())
		return
	}
	if _, twice := in.agents[draft.key]; twice {
		in.tell(e, setting{line: e.line}, left, "the agent: another one has the same name")
		return
	}
	in.agents[draft.key] = len(in.directory.Agents)
	in.directory.Agents = append(in.directory.Agents, draft.AgentConfig)
}

func agentType(draft *agentDraft, value string) (result, why string) {
	switch value {
	case "callback":
		return taken, ""
	case "uuid-standby":
		draft.NailedUp = true
		return taken, "as a phone that stays connected between calls"
	}
	return left, "it would have to be callback or uuid-standby"
}

func agentStatus(draft *agentDraft, value string) (result, why string) {
	switch value {
	case "Available":
		draft.LoginAtStart = true
		return taken, "he is logged in at the start"
	case "Available (On Demand)":
		draft.LoginAtStart = true
		return taken, "as Available: he is ready by himself after each call"
	case "Logged Out":
		return taken, ""
	}
	return left, "he is not logged in at the start"
}

func (in *callcenterImport) takeTier(e *ccElement) {
	level, position := 1, 1
	agent, known := in.agents[e.value("agent")]
	queue := e.value("queue")
	for _, v := range e.values {
		result, why := taken, ""
		switch n, err := strconv.Atoi(v.value); {
		case v.name == "agent" && !known:
			result, why = left, "there is no such agent in the file"
		case v.name == "queue" && in.levels[queue] == nil:
			result, why = left, "there is no such queue in the file"
		case v.name == "agent" || v.name == "queue":
		case v.name != "level" && v.name != "position" && v.name != "state":
			result, why = left, "the parameter is unknown"
		case v.name == "state":
			result, why = left, "the engine knows by itself"
		case err != nil || n < 0 || n > 1_000_000:
			result, why = left, "it would have to be a whole number"
		case v.name == "level":
			level = n
		default:
			position = n
		}
		in.tell(e, v, result, why)
	}
	if !known || in.levels[queue] == nil {
		return
	}
	uuid := in.directory.Agents[agent].UUID
	if slices.ContainsFunc(in.directory.Tiers, func(t engine.TierConfig) bool { return t.AgentUUID == uuid && t.QueueID == queue }) {
		in.tell(e, setting{line: e.line}, left, "the agent has a place in this queue already")
		return
	}
	in.levels[queue][level] = append(in.levels[queue][level], len(in.directory.Tiers))
	in.directory.Tiers = append(in.directory.Tiers, engine.TierConfig{AgentUUID: uuid, QueueID: queue, Position: position})
}

// placeLevels gives the levels of each queue, whatever their numbers are, the ranks from 1 to 5. A level without anybody is
// not waited for where the file does not say, as mod_callcenter has it; where no level is waited for there is none to skip.
func (in *callcenterImport) placeLevels() {
	for i := range in.directory.Queues {
		q := &in.directory.Queues[i]
		rules, of := in.rules[q.ID], in.levels[q.ID]
		var levels []int
		for level := range of {
			levels = append(levels, level)
		}
		slices.Sort(levels)
		q.LevelAfter = [engine.LevelMax]int64{}
		for place, level := range levels {
			rank := min(place+1, engine.LevelMax)
			for _, tier := range of[level] {
				in.directory.Tiers[tier].Level = rank
			}
			if place > 0 && place < engine.LevelMax {
				q.LevelAfter[rank-1] = rules.after(level)
			}
		}
		if !rules.emptyGiven {
			q.SkipEmptyLevels = q.LevelAfter != [engine.LevelMax]int64{}
		}
		if len(levels) > engine.LevelMax {
			in.lines = append(in.lines, importLine{Element: "queue", Name: q.ID, Param: "level", Result: taken,
				Why: fmt.Sprintf("of its %d levels the last ones are level %d together", len(levels), engine.LevelMax)})
		}
	}
}

// placePolicies gives agents the policy that their first queue has for those who do not answer.
func (in *callcenterImport) placePolicies() {
	for i := range in.directory.Agents {
		a := &in.directory.Agents[i]
		if a.MissedMax == 0 {
			continue
		}
		a.MissedPolicy = engine.MissedNotReady
		first := slices.IndexFunc(in.directory.Tiers, func(t engine.TierConfig) bool { return t.AgentUUID == a.UUID })
		if first >= 0 {
			a.MissedPolicy = in.policies[in.directory.Tiers[first].QueueID]
		}
	}
}
