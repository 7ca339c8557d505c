// Package trace reads call scenarios that were recorded on a real switch and turns them into what the switch's module
// tells the engine: the same inputs, in the same order, at the same times.
//
// A scenario has one or two files of JSON rows, plain or gzip. NAME.jsonl is what an event-socket client received;
// NAME.hooks.jsonl is what hooks inside the switch saw. With both, the hooks give order and times, and the events give
// what hooks do not carry: numbers, causes, conferences. With the event socket alone all is derived from events, in the
// order of their arrival. With the hooks alone numbers come from channel names, and causes are not known.
package trace

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"modcti/engine"
)

// Scenario is one recorded scenario: the files that tell it. Either may be missing.
type Scenario struct {
	Name   string
	Events string // path of the event-socket file, or empty
	Hooks  string // path of the hooks file, or empty
}

const hooksMark = ".hooks"

// Pair sorts files into scenarios by name: NAME.jsonl and NAME.hooks.jsonl, each perhaps with .gz, are one scenario.
// Scenarios come in the order in which their first files were given. Two files of other names are one scenario too where
// one is of hooks, the other of events, and both know a channel.
func Pair(paths []string) ([]Scenario, error) {
	var scenarios []Scenario
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".jsonl")
		name, isHooks := strings.CutSuffix(name, hooksMark)
		at := slices.IndexFunc(scenarios, func(s Scenario) bool { return s.Name == name })
		if at < 0 {
			at = len(scenarios)
			scenarios = append(scenarios, Scenario{Name: name})
		}
		place := &scenarios[at].Events
		if isHooks {
			place = &scenarios[at].Hooks
		}
		if *place != "" {
			return nil, fmt.Errorf("%s and %s record the same side of scenario %s; give one of them",
				*place, path, filepath.Base(name))
		}
		*place = path
	}
	for i := range scenarios {
		scenarios[i].Name = filepath.Base(scenarios[i].Name)
	}
	if len(paths) == 2 && len(scenarios) == 2 && sameChannels(paths[0], paths[1]) {
		return []Scenario{{Name: scenarios[0].Name, Events: paths[0], Hooks: paths[1]}}, nil
	}
	return scenarios, nil
}

// sameChannels tells whether two files are the two sides of one scenario, in whichever order. One that cannot be read is
// not; whoever reads it is told why.
func sameChannels(one, other string) bool {
	a, err := readFile(one)
	if err != nil {
		return false
	}
	b, err := readFile(other)
	if err != nil {
		return false
	}
	known := map[string]bool{}
	for _, row := range slices.Concat(a.hooks, b.hooks) {
		known[row.UUID] = row.UUID != ""
	}
	shared := func(row eventRow) bool { return known[row.UUID] }
	return len(a.hooks) > 0 && slices.ContainsFunc(b.events, shared) || len(b.hooks) > 0 && slices.ContainsFunc(a.events, shared)
}

// Read returns the scenario as the engine's inputs. An error names the file and, where there is one, the line.
func (s Scenario) Read() ([]engine.Input, error) {
	var hooks, events *file
	for _, path := range []string{s.Hooks, s.Events} {
		if path == "" {
			continue
		}
		f, err := readFile(path)
		if err != nil {
			return nil, err
		}
		if len(f.hooks) > 0 {
			hooks, f = f, hooks
		} else {
			events, f = f, events
		}
		if f != nil {
			return nil, fmt.Errorf("%s and %s record the same side of the scenario", s.Hooks, s.Events)
		}
	}
	switch {
	case hooks == nil && events == nil:
		return nil, fmt.Errorf("scenario %q has no file", s.Name)
	case hooks == nil:
		return fromEvents(events)
	}
	return fromHooks(hooks, events)
}

// Read reads one scenario out of its file or its two files.
func Read(paths ...string) ([]engine.Input, error) {
	scenarios, err := Pair(paths)
	if err != nil {
		return nil, err
	}
	if len(scenarios) != 1 {
		return nil, fmt.Errorf("%d scenarios were given where one is wanted", len(scenarios))
	}
	return scenarios[0].Read()
}
