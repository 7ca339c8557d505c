package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"modcti/engine"
	"modcti/events"
	"modcti/store"
)

const agentUsage = "usage: cti agent <id> [login [dn] | logout | ready | notready [reason]]"

var agentHeader = []string{"id", "agentUUID", "name", "DN", "state", "reason", "occupancy", "status", "since", "queues", "calls"}

// agents lists everybody who works here.
func (s *service) agents() (answer, error) {
	d := s.directory.Load()
	t := table{header: agentHeader}
	list := make([]*events.AgentStatus, 0, len(d.Agents))
	for i := range d.Agents {
		status, err := s.agentStatus(&engine.Request{AgentUUID: d.Agents[i].UUID})
		if unknown := (*unknownError)(nil); errors.As(err, &unknown) {
			continue // the engine is about to be told of him
		}
		if err != nil {
			return answer{}, err
		}
		list = append(list, status)
		addAgent(&t, status)
	}
	return answer{tables: []table{t}, value: list}, nil
}

// unknownError says that the engine knows no such agent or queue.
type unknownError struct{ cause error }

func (e *unknownError) Error() string { return e.cause.Error() }

func (s *service) agentStatus(r *engine.Request) (*events.AgentStatus, error) {
	r.Kind, r.Name = engine.RequestQueryAgent, "RequestQueryAgent"
	info, err := queried[*events.AgentInfo](s, r)
	if err != nil {
		return nil, err
	}
	return &info.AgentStatus, nil
}

// queried asks the engine for what there is of somebody or something.
func queried[M events.Message](s *service, r *engine.Request) (info M, err error) {
	m, err := s.request(r)
	if err != nil && m != nil {
		return info, &unknownError{err}
	}
	if err != nil {
		return info, err
	}
	info, is := m.(M)
	if !is {
		return info, fmt.Errorf("the engine answered with %T", m)
	}
	return info, nil
}

func addAgent(t *table, a *events.AgentStatus) {
	t.add(agentName(a), a.AgentUUID, a.Name, a.ThisDN, agentState(a), a.ReasonCode, a.Occupancy, a.Status, moment(a.Since),
		strings.Join(a.ThisQueues, " "), len(a.Calls))
}

// agentName is what the command line calls an agent: his work number if he has one.
func agentName(a *events.AgentStatus) string {
	if a.AgentID != "" {
		return a.AgentID
	}
	return a.AgentUUID
}

var intents = map[int64]string{
	events.AgentStateLoggedOut: "logged-out", events.AgentStateReady: "ready", events.AgentStateNotReady: "not-ready",
}

// agentState is his intent, and where he lands after his call if that is another.
func agentState(a *events.AgentStatus) string {
	if a.Reserved != nil {
		return fmt.Sprintf("%s then %s", intents[a.AgentState], intents[a.Reserved.AgentState])
	}
	return intents[a.AgentState]
}

// agent tells of an agent, named by his work number, his uuid or the number that he is logged in at, or does what the
// words behind the name say, and tells what became of it.
func (s *service) agent(id string, words []string) (answer, error) {
	named := s.agentNamed(id)
	if len(words) > 0 {
		r, err := agentRequest(words)
		if err != nil {
			return answer{}, err
		}
		r.AgentUUID, r.AgentID = named.AgentUUID, named.AgentID
		if r.AgentUUID == "" && r.AgentID == "" {
			return answer{}, fmt.Errorf("no agent has the id %q", id)
		}
		if _, err := s.request(r); err != nil {
			return answer{}, err
		}
	}
	status, err := s.agentStatus(&named)
	if unknown := (*unknownError)(nil); errors.As(err, &unknown) {
		return answer{}, fmt.Errorf("no agent has the id %q, or is logged in at that number", id)
	}
	if err != nil {
		return answer{}, err
	}
	head := table{header: agentHeader}
	addAgent(&head, status)
	calls := table{header: []string{"partyID", "otherDN", "role", "state", "since"}}
	for i := range status.Calls {
		p := &status.Calls[i]
		calls.add(p.PartyID, p.OtherDN, p.PartyRole, p.State, moment(p.Since))
	}
	info := agentInfo{AgentStatus: status}
	for _, a := range s.directory.Load().Agents {
		if a.UUID == status.AgentUUID {
			info.NoAnswerOverflow = store.TargetsText(a.MissedOverflow)
		}
	}
	return answer{tables: []table{head, calls, overflowTable(info.NoAnswerOverflow, "as the queue says")}, value: info}, nil
}

// agentInfo is an agent with where callers go whom he does not take, as `as json` shows it; empty: as the queue says.
type agentInfo struct {
	*events.AgentStatus
	NoAnswerOverflow string `json:"noAnswerOverflow"`
}

func overflowTable(list, none string) table {
	t := table{header: []string{"noAnswerOverflow"}}
	t.add(cmp.Or(list, none))
	return t
}

// agentNamed finds whom the command line means.
func (s *service) agentNamed(id string) (r engine.Request) {
	d := s.directory.Load()
	for i := range d.Agents {
		switch a := &d.Agents[i]; id {
		case a.UUID:
			return engine.Request{AgentUUID: a.UUID}
		case a.ID:
			r.AgentUUID = a.UUID
		}
	}
	if r.AgentUUID == "" {
		r.ThisDN = id
	}
	return r
}

// agentRequest reads what an agent is to do.
func agentRequest(words []string) (*engine.Request, error) {
	argument := ""
	if len(words) > 1 {
		argument = words[1]
	}
	r := &engine.Request{}
	switch {
	case words[0] == "login" && len(words) <= 2:
		r.Kind, r.Name, r.ThisDN = engine.RequestAgentLogin, "RequestAgentLogin", argument
		r.AgentState, r.PhoneType = events.AgentStateReady, events.PhoneSIP
		if argument != "" && !events.IsNumber(argument) {
			return nil, fmt.Errorf("%q is no number", argument)
		}
	case words[0] == "logout" && len(words) == 1:
		r.Kind, r.Name = engine.RequestAgentLogout, "RequestAgentLogout"
	case words[0] == "ready" && len(words) == 1:
		r.Kind, r.Name = engine.RequestAgentReady, "RequestAgentReady"
	case words[0] == "notready" && len(words) <= 2:
		r.Kind, r.Name, r.ReasonCode = engine.RequestAgentNotReady, "RequestAgentNotReady", events.ReasonDoNotDisturb
		if argument != "" {
			code, err := strconv.ParseInt(argument, 10, 64)
			if err != nil || !events.ReasonByRequest(code) {
				return nil, fmt.Errorf("reason %q: want %d, %d or %d to %d", argument, events.ReasonDoNotDisturb,
					events.ReasonAfterCallWork, events.ReasonRest, events.ReasonLast)
			}
			r.ReasonCode = code
		}
	default:
		return nil, errors.New(agentUsage)
	}
	return r, nil
}

var queueHeader = []string{"queue", "name", "strategy", "waiting", "longestWait", "free", "busy", "rest", "notReady",
	"afterCallWork", "offline"}

func (s *service) queueStatus(id string) (*events.QueueStatus, error) {
	info, err := queried[*events.QueueInfo](s, &engine.Request{
		Kind: engine.RequestQueryQueue, Name: "RequestQueryQueue", ThisQueue: id,
	})
	if err != nil {
		return nil, err
	}
	return &info.QueueStatus, nil
}

func addQueue(t *table, q *events.QueueStatus) {
	n := &q.Agents
	t.add(q.ThisQueue, q.Name, q.Strategy, q.Waiting, q.LongestWaitMillis/1000, n.Free, n.Busy, n.Rest, n.NotReady,
		n.AfterCallWork, n.Offline)
}

// queues lists all queues.
func (s *service) queues() (answer, error) {
	d := s.directory.Load()
	t := table{header: queueHeader}
	list := make([]*events.QueueStatus, 0, len(d.Queues))
	for i := range d.Queues {
		status, err := s.queueStatus(d.Queues[i].ID)
		if unknown := (*unknownError)(nil); errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return answer{}, err
		}
		list = append(list, status)
		addQueue(&t, status)
	}
	return answer{tables: []table{t}, value: list}, nil
}

// queueStaff is an agent's place in a queue as `as json` shows it.
type queueStaff struct {
	AgentUUID string `json:"agentUUID"`
	AgentID   string `json:"agentID"`
	Name      string `json:"name"`
	Level     int    `json:"level"`
	Position  int    `json:"position"`
	State     string `json:"state"`
	Status    string `json:"status"`
}

// queueInfo is a queue with its staff.
type queueInfo struct {
	*events.QueueStatus
	Staff            []queueStaff `json:"staff"`
	NoAnswerOverflow string       `json:"noAnswerOverflow"`
}

// queue tells of one queue: who waits there and who works for it.
func (s *service) queue(id string) (answer, error) {
	status, err := s.queueStatus(id)
	if err != nil {
		return answer{}, err
	}
	head := table{header: queueHeader}
	addQueue(&head, status)
	callers := table{header: []string{"position", "callID", "otherDN", "entered", "priority"}}
	for _, c := range status.Callers {
		callers.add(c.Position, c.CallID, c.OtherDN, moment(c.EnteredTime), c.Priority)
	}
	info := queueInfo{QueueStatus: status, Staff: []queueStaff{}, NoAnswerOverflow: "recall"}
	directory := s.directory.Load()
	for i := range directory.Queues {
		if q := &directory.Queues[i]; q.ID == id && len(q.MissedOverflow) > 0 {
			info.NoAnswerOverflow = store.TargetsText(q.MissedOverflow)
		}
	}
	staff := table{header: []string{"id", "agentUUID", "name", "level", "position", "state", "status"}}
	for _, t := range directory.Tiers {
		if t.QueueID != id {
			continue
		}
		a, err := s.agentStatus(&engine.Request{AgentUUID: t.AgentUUID})
		if err != nil {
			continue // he has just left the directory
		}
		staff.add(agentName(a), a.AgentUUID, a.Name, t.Level, t.Position, agentState(a), a.Status)
		info.Staff = append(info.Staff, queueStaff{AgentUUID: a.AgentUUID, AgentID: a.AgentID, Name: a.Name, Level: t.Level,
			Position: t.Position, State: agentState(a), Status: a.Status})
	}
	return answer{tables: []table{head, callers, staff, overflowTable(info.NoAnswerOverflow, "")}, value: info}, nil
}

// importReport is what `cti import callcenter` did, as `as json` shows it.
type importReport struct {
	File   string       `json:"file"`
	Queues int          `json:"queues"`
	Agents int          `json:"agents"`
	Tiers  int          `json:"tiers"`
	Lines  []importLine `json:"lines"`
}

// importCallcenter puts what a callcenter.conf.xml says into the store and in force, and tells of each value what became
// of it. Agents and queues of other names stay as they are.
func (s *service) importCallcenter(path string) (answer, error) {
	if path == "" {
		path = s.settings.Load().CallcenterConf
	}
	if path == "" {
		return answer{}, errors.New("name the file: import callcenter <path>")
	}
	made, err := readCallcenter(path)
	if err != nil {
		return answer{}, err
	}
	if made.directory.Empty() {
		return answer{}, fmt.Errorf("%s holds no queue, agent or tier that can be taken", path)
	}
	if err := s.takeIn(&made.directory); err != nil {
		return answer{}, err
	}
	report := importReport{File: path, Queues: len(made.directory.Queues), Agents: len(made.directory.Agents),
		Tiers: len(made.directory.Tiers), Lines: made.lines}
	head := table{header: []string{"file", "queues", "agents", "tiers"}}
	head.add(report.File, report.Queues, report.Agents, report.Tiers)
	lines := table{header: []string{"line", "element", "name", "param", "value", "result", "why"}}
	for _, l := range report.Lines {
		lines.add(l.Line, l.Element, l.Name, l.Param, l.Value, l.Result, l.Why)
	}
	return answer{tables: []table{head, lines}, value: report}, nil
}

// directoryInForce reads the directory and puts it in force everywhere.
func (s *service) directoryInForce(settings *Settings) error {
	d, calendar, err := s.readDirectory(settings)
	if err != nil {
		return err
	}
	return s.useDirectory(d, calendar)
}

// readDirectory reads who works here from the store, which begins with what the settings say.
func (s *service) readDirectory(settings *Settings) (*store.Directory, store.Calendar, error) {
	seeded, err := s.store.Seed(&settings.Roster)
	if err != nil {
		return nil, nil, fmt.Errorf("<queues>, <agents> and <tiers> cannot be put into the store: %w", err)
	}
	d, err := s.store.Directory()
	if err != nil {
		return nil, nil, err
	}
	if seeded {
		s.log.Info("the store was empty and now has the queues, agents and tiers of the settings",
			"queues", len(d.Queues), "agents", len(d.Agents), "tiers", len(d.Tiers))
	}
	s.sayOutside(settings, d)
	s.sayIdle(settings, d)
	calendar, err := d.Calendar(settings.TimeZone)
	return d, calendar, err
}

// useDirectory tells the engine, and everything else that names agents.
func (s *service) useDirectory(d *store.Directory, calendar store.Calendar) error {
	s.directory.Store(d)
	s.calendar.Store(&calendar)
	if log := s.queueLog.Load(); log != nil {
		log.Directory(d.Engine())
	}
	if err := s.loop.Post(engine.Input{Kind: engine.DirectoryChanged, Directory: d.Engine()}); err != nil {
		return fmt.Errorf("the engine does not answer: %w", err)
	}
	return nil
}

// queueRecordPath is engine.Config.QueueRecordPath, as recordPath is for calls of no queue.
func (s *service) queueRecordPath(template, callID, partyID string, wallMicros int64) string {
	of := Settings{TimeZone: s.settings.Load().TimeZone}
	if !recordPathTemplate(&of, template) {
		return ""
	}
	return of.recordPath(callID, partyID, wallMicros)
}

// dayEnd is engine.Config.DayEnd: midnight in the zone of the settings, or the moment at which the clock is put forward
// over it.
func (s *service) dayEnd(wallMicros int64) int64 {
	zone := s.settings.Load().TimeZone
	year, month, day := time.UnixMicro(wallMicros).In(zone).Date()
	end := time.Date(year, month, day+1, 0, 0, 0, 0, zone)
	if end.Day() == day {
		_, end = end.ZoneBounds()
	}
	return end.UnixMicro()
}

// queueOpen is engine.Config.QueueOpen: settings and directory may change it between two calls, never within one.
func (s *service) queueOpen(queueID string, wallMicros int64) bool {
	return s.calendar.Load().Open(queueID, wallMicros)
}
