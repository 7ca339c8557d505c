package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"modcti/engine"
	"modcti/store"
)

// The sections <queues>, <agents> and <tiers> fill an empty store. Later they come into it only when somebody asks.

// importSettings puts what the sections say into the store and in force, over what has the same name; all else stays.
func (s *service) importSettings() (answer, error) {
	settings := s.settings.Load()
	d := &settings.Roster
	if d.Empty() {
		return answer{}, errors.New("<queues>, <agents> and <tiers> of the settings hold nothing")
	}
	if err := s.takeIn(d); err != nil {
		return answer{}, err
	}
	t := table{header: []string{"queues", "agents", "tiers"}}
	t.add(len(d.Queues), len(d.Agents), len(d.Tiers))
	return answer{tables: []table{t}, value: map[string]int{
		"queues": len(d.Queues), "agents": len(d.Agents), "tiers": len(d.Tiers)}}, nil
}

// takeIn puts a directory over that of the store, and in force.
func (s *service) takeIn(d *store.Directory) error {
	if err := s.store.Merge(d); err != nil {
		return fmt.Errorf("nothing was taken: %w", err)
	}
	if err := s.directoryInForce(s.settings.Load()); err != nil {
		return fmt.Errorf("all was taken, but is not in force before cti reload: %w", err)
	}
	return nil
}

// sayOutside names what the sections say that the store does not: whoever has just written it there waits for it in vain.
func (s *service) sayOutside(settings *Settings, d *store.Directory) {
	var said []any
	for _, list := range outside(&settings.Roster, d) {
		if len(list.names) > 0 {
			said = append(said, list.of, strings.Join(list.names, ","))
		}
	}
	if len(said) > 0 {
		s.log.Warn("these stand in the settings and are not, or not so, in the store, which is the truth: "+
			"cti import settings puts them there", said...)
	}
}

type namesOf struct {
	of    string
	names []string
}

// outside are those of wanted that there are not in d, or not as wanted.
func outside(wanted, d *store.Directory) []namesOf {
	name := map[string]string{} // of agents, by uuid: what the command line calls them
	for i := range wanted.Agents {
		a := &wanted.Agents[i]
		name[a.UUID] = cmp.Or(a.ID, a.UUID)
	}
	return []namesOf{
		{"queues", missing(wanted.Queues, d.Queues, func(q *store.Queue) string { return q.ID })},
		{"agents", missing(wanted.Agents, d.Agents, func(a *engine.AgentConfig) string { return cmp.Or(name[a.UUID], a.UUID) })},
		{"tiers", missing(wanted.Tiers, d.Tiers, func(t *engine.TierConfig) string {
			return cmp.Or(name[t.AgentUUID], t.AgentUUID) + " in " + t.QueueID
		})},
	}
}

// missing names the wanted of which have holds no equal. A list without anything in it is one that is not there.
func missing[T any](wanted, have []T, name func(*T) string) (names []string) {
	known := map[string]bool{}
	for i := range have {
		known[fmt.Sprintf("%+v", have[i])] = true
	}
	for i := range wanted {
		if !known[fmt.Sprintf("%+v", wanted[i])] {
			names = append(names, name(&wanted[i]))
		}
	}
	return names
}
