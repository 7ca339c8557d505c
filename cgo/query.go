package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"modcti/engine"
	"modcti/engine/loop"
	"modcti/store"
)

const usage = "usage: cti status | version | calls | call <callID> | clients | agents | " +
	"agent <id> [login [dn] | logout | ready | notready [reason]] | queues | queue <id> | import callcenter [file] | " +
	"import settings | drain | reload; " +
	"lists also `as json`"

// query answers one line of the `cti` command (settings.md), without the word cti. Answers begin +OK or -ERR.
func (s *service) query(line string) string {
	words := strings.Fields(line)
	asJSON := false
	if n := len(words); n >= 2 && words[n-2] == "as" && words[n-1] == "json" {
		words, asJSON = words[:n-2], true
	}
	answer, err := s.answer(words)
	if errors.Is(err, loop.ErrStopped) && s.drained.Load() {
		err = errDrained
	}
	if err != nil {
		return "-ERR " + oneLine(err.Error()) + "\n"
	}
	text, err := answer.text(asJSON)
	if err != nil {
		return "-ERR " + oneLine(err.Error()) + "\n"
	}
	return text
}

func (s *service) answer(words []string) (answer, error) {
	name := ""
	if len(words) > 0 {
		name = words[0]
	}
	switch {
	case name == "status" && len(words) == 1:
		return s.status()
	case name == "version" && len(words) == 1:
		return answer{line: version(), value: map[string]string{"version": version()}}, nil
	case name == "calls" && len(words) == 1:
		return s.calls()
	case name == "call" && len(words) == 2:
		return s.call(words[1])
	case name == "clients" && len(words) == 1:
		return s.clients(), nil
	case name == "agents" && len(words) == 1:
		return s.agents()
	case name == "agent" && len(words) >= 2:
		return s.agent(words[1], words[2:])
	case name == "queues" && len(words) == 1:
		return s.queues()
	case name == "queue" && len(words) == 2:
		return s.queue(words[1])
	case name == "import" && len(words) >= 2 && words[1] == "callcenter":
		return s.importCallcenter(strings.Join(words[2:], " "))
	case name == "import" && len(words) == 2 && words[1] == "settings":
		return s.importSettings()
	case name == "drain" && len(words) == 1:
		return s.drain()
	case name == "reload" && len(words) == 1:
		return answer{}, errors.New("reload is done by the module that reads the configuration, not by the engine")
	}
	return answer{}, errors.New(usage)
}

// ask runs f in the engine's loop.
func (s *service) ask(f func(*engine.Engine)) error {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	if err := s.loop.Do(ctx, f); err != nil {
		return fmt.Errorf("the engine does not answer: %w", err)
	}
	return nil
}

func (s *service) calls() (answer, error) {
	var views []engine.CallView
	if err := s.ask(func(e *engine.Engine) { views = e.Calls() }); err != nil {
		return answer{}, err
	}
	list := make([]callInfo, 0, len(views))
	t := table{header: []string{"callID", "callType", "thisDN", "otherDN", "ANI", "DNIS", "start", "parties"}}
	for i := range views {
		c := callInfoOf(&views[i])
		list = append(list, c)
		t.add(c.CallID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, moment(c.StartMillis), len(c.Parties))
	}
	return answer{tables: []table{t}, value: list}, nil
}

// call tells of the call of that id, else of the one whose id, or a participant's, begins so: as ctictl and the switch's own
// lists show them.
func (s *service) call(id string) (answer, error) {
	a, err := s.callOf(id)
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	ids, err := s.store.CallsNamed(strings.ToLower(strings.ReplaceAll(id, "-", "")))
	switch {
	case err != nil:
		return answer{}, err
	case len(ids) == 0:
		return answer{}, fmt.Errorf("no call %q is live or in the store", id)
	case len(ids) > 1:
		return answer{}, fmt.Errorf("%q may be %s or another call: give more of the id", id, strings.Join(ids, ", "))
	}
	return s.callOf(ids[0])
}

// callOf tells of one call: a live one as it is now, an ended one as the store keeps it.
func (s *service) callOf(id string) (answer, error) {
	var view engine.CallView
	var live bool
	if err := s.ask(func(e *engine.Engine) { view, live = e.Call(id) }); err != nil {
		return answer{}, err
	}
	if live {
		info := callInfoOf(&view)
		s.flushSoon()
		if err := s.addRouting(id, &info.routingInfo); err != nil {
			s.log.Warn("the routing of a live call cannot be read", "call", id, "error", err)
		}
		return liveCall(info), nil
	}
	s.flushSoon() // the last records of a call that has just ended may still wait for their commit
	call, parties, states, err := s.store.Call(id)
	if err != nil {
		return answer{}, err
	}
	value := endedInfoOf(&call, parties, states)
	if err := s.addRouting(id, &value.routingInfo); err != nil {
		return answer{}, err
	}
	return endedCall(&call, parties, states, value), nil
}

func liveCall(c callInfo) answer {
	parties := table{header: []string{"partyID", "thisDN", "otherDN", "role", "dnRole", "state", "since", "channel"}}
	for _, p := range c.Parties {
		parties.add(p.PartyID, p.ThisDN, p.OtherDN, p.PartyRole, p.DNRole, p.State, moment(p.SinceMillis), p.Channel)
	}
	head := table{header: []string{"callID", "callType", "thisDN", "otherDN", "ANI", "DNIS", "start"}}
	head.add(c.CallID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, moment(c.StartMillis))
	return answer{tables: append([]table{head, parties}, c.tables()...), value: c}
}

func endedCall(c *engine.CallRecord, parties []engine.PartyRecord, states []engine.StateRecord, value endedInfo) answer {
	head := table{header: []string{
		"callID", "callType", "thisDN", "otherDN", "ANI", "DNIS", "start", "answer", "end", "cause", "side", "reason"}}
	head.add(c.CallID, c.CallType, c.ThisDN, c.OtherDN, c.ANI, c.DNIS, moment(c.StartMillis), moment(c.AnswerMillis),
		moment(c.EndMillis), c.HangupCause, c.HangupSide, value.EndReason)
	rows := table{header: []string{
		"partyID", "thisDN", "otherDN", "role", "start", "answer", "end", "answersec", "billsec", "cause", "side",
		"disposition"}}
	for i := range parties {
		p := &parties[i]
		rows.add(p.PartyID, p.ThisDN, p.OtherDN, p.PartyRole, moment(p.StartMillis), moment(p.AnswerMillis),
			moment(p.EndMillis), p.AnswerSec, p.BillSec, p.HangupCause, p.HangupSide, p.Disposition)
	}
	changes := table{header: []string{"at", "partyID", "state", "otherDN", "clause"}}
	for _, r := range states {
		changes.add(moment(r.AtMillis), r.PartyID, r.State, r.OtherDN, r.Clause)
	}
	return answer{tables: append([]table{head, rows, changes}, value.tables()...), value: value}
}

func (s *service) clients() answer {
	infos := s.doors.Clients()
	list := make([]clientInfo, 0, len(infos))
	t := table{header: []string{
		"id", "name", "principal", "door", "remote", "profile", "since", "lastSeq", "sent", "queuedBytes", "DNs", "topics"}}
	for _, c := range infos {
		list = append(list, clientInfo{
			ID: uint64(c.ID), Name: c.Name, Principal: c.Principal, CompanyID: c.CompanyID, Door: c.Door, Remote: c.Remote,
			Profile: c.Profile, SinceMillis: c.SinceMillis, LastSeq: c.LastSeq, SentMessages: c.SentMessages,
			QueuedBytes: c.QueuedBytes, DNs: append([]string{}, c.DNs...), Topics: c.Topics,
		})
		t.add(c.ID, c.Name, c.Principal, c.Door, c.Remote, c.Profile, moment(c.SinceMillis), c.LastSeq, c.SentMessages,
			c.QueuedBytes, strings.Join(c.DNs, " "), c.Topics)
	}
	return answer{tables: []table{t}, value: list}
}
