package main

import (
	"time"

	"modcti/engine"
	"modcti/store"
)

// status is the engine in figures: one list for people and for programs.
func (s *service) status() (answer, error) {
	var seq uint64
	var e engine.Stats
	if err := s.ask(func(live *engine.Engine) { e, seq = live.Stats(), live.Seq() }); err != nil {
		return answer{}, err
	}
	doors, ring, kept := s.doors.Stats(), s.reader.stats(), s.store.Stats()
	t := table{header: []string{"name", "value"}}
	values := map[string]any{}
	for _, row := range []struct {
		name  string
		value any
	}{
		{"version", version()}, {"uptimeSeconds", int64(time.Since(s.since).Seconds())},
		{"companyId", s.store.CompanyID()}, {"sdkAppId", s.store.SDKAppID()}, {"seq", seq},
		{"calls", e.Calls}, {"parties", e.Parties}, {"callsTotal", e.CallsTotal}, {"clients", doors.Clients},
		{"inputs", e.Inputs}, {"events", e.Events}, {"records", e.Records}, {"commands", e.Commands},
		{"commandsRefused", s.submitRefused.Load()}, {"emptyCells", e.EmptyCells}, {"duplicateInputs", e.DuplicateInputs},
		{"lateInputs", e.LateInputs}, {"lostInputs", e.LostInputs}, {"snapshots", e.Snapshots}, {"repairs", e.Repairs},
		{"ringRecords", ring.Records}, {"ringWakes", ring.Wakes}, {"ringLost", ring.Lost}, {"ringMalformed", ring.Malformed},
		{"connections", doors.Connections}, {"requests", doors.Requests}, {"requestsRefused", doors.Refused},
		{"badFrames", doors.BadFrames}, {"messages", doors.Messages},
		{"storeWritten", kept.Written}, {"storeQueued", kept.Queued}, {"storeInSpill", kept.InSpill},
		{"storeRejected", kept.Rejected}, {"storeDropped", kept.DroppedCDRs + kept.DroppedStates},
		{"storeState", storeState(&kept)}, {"fired", s.fired.Load()}, {"fireDropped", s.fireDropped.Load()},
		{"draining", s.drains.Load()}, {"queueLogDropped", s.queueLogDropped()},
	} {
		t.add(row.name, row.value)
		values[row.name] = row.value
	}
	return answer{tables: []table{t}, value: values}, nil
}

func storeState(s *store.Stats) string {
	switch {
	case s.Degraded:
		return "degraded: " + s.LastError
	case s.SetAside != "":
		return "ok; a damaged database was set aside as " + s.SetAside
	}
	return "ok"
}
