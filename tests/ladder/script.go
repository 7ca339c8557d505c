// Package ladder plays scenario scripts through the engine. A script is blocks of inputs, a line "----", and what must
// come of them: commands to the switch, state changes, events and answers. Lines that begin with # say what is shown and
// set the scene:
//
//	# proves 3.4 R59             clauses and rulings that the script proves
//	# ordered                    the switch fixes the order, or the script breaks it on purpose
//	# audit                      the engine compares itself with the session table
//	# ring 20000                 Config.RingMillis
//	# record /rec/$call-$party-$at.wav
//	# notify-observed
//	# track marked              only marked channels are followed
//	# nailed-hears music
//	# legs 2                     Config.LegsMax; rooms 1: Config.RoomsMax
//	# queue 8001 strategy=...     a skill group, as Scene.queue reads it
//	# agent 1001 queues=8001:1    an agent and his places, as Scene.agent reads it
//	# dial ^(\d{4})$ user/$1     the dial plan, first match first, in place of the usual one; then the caller's number
//	# dial-for other ^1 user/$0  a rule of one company's; a request of its client says company=other
//
// A leg that the engine originates is called n1, n2 ... in the order of the commands, a conference that it opens room1 ...;
// later inputs use these names. "command-done b hold cause=..." answers the last command hold for leg b.
package ladder

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/engine/script"
)

// Every run begins at these times, so that what it prints is the same each time.
const (
	StartMono = int64(1_000_000_000_000)
	StartWall = int64(1_700_000_000_000_000)
)

// Company is the default company of every script, and its clients' unless they say otherwise.
const Company = "company"

// Script is a parsed script.
type Script struct {
	Ordered bool     // the order of its inputs is part of it
	Proves  []string // the clauses and rulings that it names
	Scene   Scene
	lines   []line
}

// Scene is what a run has around it.
type Scene struct {
	AuditMillis, RingMillis int64
	NotifyObserved          bool
	NailedHears             string
	TrackMarked             bool
	LegsMax, RoomsMax       int
	Record                  string // template of the recording's file; empty = off
	DialPlan                []DialRule
	Directory               engine.Directory
	Closed                  []string         // queues that take nobody now
	Closes, Opens           map[string]int64 // when queues close, and open again: ms
	Open                    []engine.OpenCall
	StepTaken               func(step string) // hears of every step of the operation table that a run takes
}

// DialRule is one line of the dial plan, of one company or of every.
type DialRule struct {
	Company           string
	Pattern           *regexp.Regexp
	Address, CallerID string
}

// An extension is a user of the switch's own; any other number is reached by a trunk, with the company's number.
var usualDialPlan = []DialRule{
	{Pattern: regexp.MustCompile(`^\d{3,6}$`), Address: "user/$0"},
	{Pattern: regexp.MustCompile(`^\d{7,15}$`), Address: "trunk/$0", CallerID: "01088886666"},
}

func inside(number string) bool { return usualDialPlan[0].Pattern.MatchString(number) }

func (s *Scene) dial(company, number string) (engine.Route, bool) {
	plan := s.DialPlan
	if plan == nil {
		plan = usualDialPlan
	}
	for _, rule := range plan {
		match := rule.Pattern.FindStringSubmatchIndex(number)
		if match == nil || rule.Company != "" && rule.Company != company {
			continue
		}
		address := strings.ReplaceAll(rule.Address, "$0", "${0}")
		return engine.Route{
			Address:  string(rule.Pattern.ExpandString(nil, address, number, match)),
			CallerID: rule.CallerID,
		}, true
	}
	return engine.Route{}, false
}

type line struct {
	text  string
	input *engine.Input
}

// Parse reads a script; what is expected in it is left out.
func Parse(text string) (*Script, error) {
	s := &Script{Scene: Scene{Closes: map[string]int64{}, Opens: map[string]int64{}}}
	clock := script.Clock{MonoNanos: StartMono, WallMicros: StartWall}
	expected := false
	for number, raw := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case raw == "----":
			expected = true
			s.lines = append(s.lines, line{text: raw})
		case raw == "":
			expected = false
			s.lines = append(s.lines, line{text: raw})
		case expected:
		case strings.HasPrefix(raw, "#"):
			if err := s.setting(strings.Fields(raw[1:])); err != nil {
				return nil, fmt.Errorf("line %d: %w", number+1, err)
			}
			s.lines = append(s.lines, line{text: raw})
		default:
			in, err := parseLine(&clock, raw)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number+1, err)
			}
			s.lines = append(s.lines, line{text: raw, input: &in})
		}
	}
	return s, nil
}

var answeredCommand = regexp.MustCompile(`^(\S+ command-done \S+) ([a-z][a-z-]*)( |$)`)

// parseLine reads an input. A command that is answered is named by its kind, which travels as the application's name
// until the run knows the command's number.
func parseLine(clock *script.Clock, raw string) (engine.Input, error) {
	return clock.Parse(answeredCommand.ReplaceAllString(raw, "$1 app=$2$3"))
}

// setting takes a comment that sets the scene; any other says something to the reader.
func (s *Script) setting(words []string) (err error) {
	switch {
	case len(words) == 0:
	case words[0] == "proves":
		s.Proves = append(s.Proves, words[1:]...)
	case len(words) == 1 && words[0] == "ordered":
		s.Ordered = true
	case len(words) == 1 && words[0] == "audit":
		s.Scene.AuditMillis = 5000
	case len(words) == 1 && words[0] == "notify-observed":
		s.Scene.NotifyObserved = true
	case len(words) == 2 && words[0] == "track" && words[1] == "marked":
		s.Scene.TrackMarked = true
	case len(words) == 2 && words[0] == "nailed-hears":
		s.Scene.NailedHears = words[1]
	case len(words) == 2 && words[0] == "legs":
		s.Scene.LegsMax, err = strconv.Atoi(words[1])
	case len(words) == 2 && words[0] == "rooms":
		s.Scene.RoomsMax, err = strconv.Atoi(words[1])
	case len(words) == 2 && words[0] == "ring":
		s.Scene.RingMillis, err = strconv.ParseInt(words[1], 10, 64)
	case len(words) == 2 && words[0] == "record":
		s.Scene.Record = words[1]
	case words[0] == "queue" && len(words) > 1 && inside(words[1]):
		return s.Scene.queue(words[1:])
	case words[0] == "agent" && len(words) > 1 && inside(words[1]):
		return s.Scene.agent(words[1:])
	case words[0] == "dial" && (len(words) == 3 || len(words) == 4):
		return s.Scene.rule("", words[1:])
	case words[0] == "dial-for" && (len(words) == 4 || len(words) == 5):
		return s.Scene.rule(words[1], words[2:])
	}
	return err
}

func (s *Scene) rule(company string, words []string) (err error) {
	rule := DialRule{Company: company, Address: words[1]}
	if rule.Pattern, err = regexp.Compile(words[0]); err != nil {
		return err
	}
	if len(words) == 3 {
		rule.CallerID = words[2]
	}
	s.DialPlan = append(s.DialPlan, rule)
	return nil
}

// Inputs are the script's inputs, copied.
func (s *Script) Inputs() (list []engine.Input) {
	for _, x := range s.lines {
		if x.input != nil {
			list = append(list, *x.input)
		}
	}
	return list
}

// Play runs the script and writes it anew with what came of each block. The error is a promise that was not kept.
func (s *Script) Play() (string, error) {
	r := NewRun(&s.Scene)
	var b strings.Builder
	for _, x := range s.lines {
		b.WriteString(x.text + "\n")
		if x.input != nil {
			r.Step(*x.input)
		}
		if x.text == "----" {
			for _, told := range r.Told {
				b.WriteString(told + "\n")
			}
			r.Told = nil
		}
	}
	if len(r.Told) > 0 {
		return b.String(), fmt.Errorf("the last block has no ----, and this was told: %s", strings.Join(r.Told, "; "))
	}
	return b.String(), r.Promises()
}

// Run plays inputs in the script's scene, quietly.
func (s *Script) Run(inputs []engine.Input) *Run {
	r := NewRun(&s.Scene)
	r.Quiet = true
	for _, in := range inputs {
		r.Step(in)
	}
	return r
}
