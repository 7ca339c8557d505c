package engine

import "modcti/events"

// AgentState is an agent's intent, with after-call work beside it (R41). What he does on the phone is his occupancy, and
// is read off his parties.
type AgentState uint8

const (
	AgentLoggedOut AgentState = iota
	AgentReady
	AgentNotReady
	AfterCallWork
	agentStateCount
)

var agentStateNames = [agentStateCount]string{"LoggedOut", "Ready", "NotReady", "AfterCallWork"}

func (s AgentState) String() string { return agentStateNames[s] }

// agentStimulus is what a request, a call or a timer means to an agent.
type agentStimulus uint8

const (
	logsInReady agentStimulus = iota
	logsInNotReady
	getsReady
	getsNotReady
	logsOut
	wrapsUp       // a queue's call has ended
	wrapsUpReady  // after-call work has ended by itself; he was ready before
	wrapsUpPaused // or was not
	agentStimulusCount
)

var agentStimulusNames = [agentStimulusCount]string{
	"logs in ready", "logs in not ready", "gets ready", "gets not ready", "logs out", "wraps up", "wrap-up ends, ready",
	"wrap-up ends, not ready",
}

func (s agentStimulus) String() string { return agentStimulusNames[s] }

type agentAction uint8

const (
	agentSilent agentAction = iota
	tellLogin
	tellReady
	tellNotReady
	tellLogout
	tellWrapUp
	agentActionCount
)

var agentActionNames = [agentActionCount]string{
	"-", "EventAgentLogin", "EventAgentReady", "EventAgentNotReady", "EventAgentLogout", "EventAgentNotReady(4)",
}

func (a agentAction) String() string { return agentActionNames[a] }

type agentRow struct {
	in     []AgentState
	on     agentStimulus
	to     AgentState
	doing  agentAction
	clause string
}

// agentRows is the whole behaviour of an agent's state (3.15). No two rows match the same cell (a test holds it).
var agentRows = []agentRow{
	{[]AgentState{AgentLoggedOut}, logsInReady, AgentReady, tellLogin, "3.15"},
	{[]AgentState{AgentLoggedOut}, logsInNotReady, AgentNotReady, tellLogin, "3.15"},
	{[]AgentState{AgentReady, AgentNotReady, AfterCallWork}, getsReady, AgentReady, tellReady, "3.15"},
	{[]AgentState{AgentReady, AgentNotReady, AfterCallWork}, getsNotReady, AgentNotReady, tellNotReady, "3.15"},
	{[]AgentState{AgentReady, AgentNotReady, AfterCallWork}, logsOut, AgentLoggedOut, tellLogout, "3.15"},
	{[]AgentState{AgentReady, AgentNotReady, AfterCallWork}, wrapsUp, AfterCallWork, tellWrapUp, "3.15"},
	{[]AgentState{AfterCallWork}, wrapsUpReady, AgentReady, tellReady, "3.15"},
	{[]AgentState{AfterCallWork}, wrapsUpPaused, AgentNotReady, tellNotReady, "3.15"},
}

var agentTable = buildAgentTable(agentRows)

func buildAgentTable(rows []agentRow) (table [agentStateCount][agentStimulusCount]*agentRow) {
	for i := range rows {
		r := &rows[i]
		for _, s := range r.in {
			if table[s][r.on] != nil {
				panic("two rows for one cell: " + s.String() + " on " + r.on.String())
			}
			table[s][r.on] = r
		}
	}
	return table
}

// agent is somebody who takes calls. He is made with the directory and lives as long as it names him.
type agent struct {
	config *AgentConfig
	dn     string // where he is logged in, or was last
	tiers  []*tier

	state      AgentState
	reason     int64
	sinceMono  int64
	phoneType  int64
	next       reserved
	wrap       wrapUp
	calls      int       // live parties at his DN that have been told of
	business   int       // of those, queue calls that were established
	awaited    []*waiter // callers who wait for him in person
	deviceLost bool
	offer      *offer
	closed     bool  // he is offered nothing for a while, after a call that failed
	closedTill int64 // monotonic ns until then
	retired    bool  // the directory does not name him any more

	freeSince int64  // monotonic ns since when he has had no call
	turn      uint64 // the number of the offer that he had last: round robin
	taken     int64
	talkNanos int64
	missed    int // calls in a row that he did not answer
	version   uint32
}

// reserved is a request taken during a call that is in force after it (3.15).
type reserved struct {
	set    bool
	state  AgentState
	reason int64
}

// wrapUp is after-call work.
type wrapUp struct {
	until           int64 // monotonic ns; 0 = untimed
	callID, partyID string
	back            AgentState // where it leads
	backReason      int64
}

// tier is an agent's place in a queue.
type tier struct {
	agent    *agent
	queue    *queue
	level    int // 1 to LevelMax
	position int
	at       int   // in queue.free[level], from 0; -1 = not there
	key      int64 // by what he is chosen there: the least first
	working  bool  // he has logged in for this queue
}

// agentDoes lets a stimulus act on an agent by way of the table.
func (e *Engine) agentDoes(a *agent, on agentStimulus, reason int64) bool {
	r := agentTable[a.state][on]
	if r == nil {
		e.stats.EmptyCells++
		return false
	}
	before := agentView{a.state, a.reason}
	e.countTiers(a, -1)
	a.state, a.reason, a.sinceMono = r.to, reason, e.in.MonoNanos
	a.version++
	switch r.to {
	case AgentReady, AgentLoggedOut:
		a.next = reserved{}
		if r.to == AgentReady {
			a.reason = events.ReasonNone
		}
		a.wrap = wrapUp{}
	case AgentNotReady:
		a.next, a.wrap = reserved{}, wrapUp{}
	case AfterCallWork:
	}
	e.countTiers(a, 1)
	if r.to == AgentLoggedOut && e.agentsByDN[a.dn] == a {
		delete(e.agentsByDN, a.dn)
	}
	e.tellAgent(a, r.doing, reason, before)
	e.recordAgent(a)
	e.agentMoved(a)
	return true
}

func (e *Engine) countTiers(a *agent, by int) {
	for _, t := range a.tiers {
		t.count(by)
	}
}

type agentView struct {
	state  AgentState
	reason int64
}

// available tells whether an agent may be offered a call now.
func (a *agent) available() bool {
	return a.state == AgentReady && !a.next.set && a.offer == nil && a.calls < a.maxCalls() && !a.closed && !a.retired
}

func (a *agent) maxCalls() int { return max(a.config.MaxCalls, 1) }

// agentMoved keeps the free lists of his queues true, and offers him the caller who has waited longest for him.
func (e *Engine) agentMoved(a *agent) {
	if !a.available() {
		for _, t := range a.tiers {
			t.queue.takeOut(t)
		}
		return
	}
	e.restless = append(e.restless, a)
}

// settle matches callers and agents after a step: by then all of its consequences for both are known.
func (e *Engine) settle() {
	for len(e.restless) > 0 || len(e.waiters) > 0 {
		agents, waiters := e.restless, e.waiters
		e.restless, e.waiters = nil, nil
		for _, w := range waiters {
			if !w.gone && len(w.offers) == 0 {
				e.findAgent(w)
			}
		}
		for _, a := range agents {
			if a.available() {
				e.findCaller(a)
			}
		}
		if e.restless == nil && e.waiters == nil {
			e.restless, e.waiters = agents[:0], waiters[:0]
			return
		}
	}
}

// startWrapUp puts an agent into after-call work, before the event that frees his phone (3.0-4). seconds < 0 is untimed.
func (e *Engine) startWrapUp(a *agent, millis int64, untimed bool, p *party) {
	back := reserved{state: AgentReady}
	switch {
	case a.next.set:
		back = a.next
	case a.state == AgentNotReady:
		back = reserved{state: AgentNotReady, reason: a.reason}
	}
	a.wrap = wrapUp{back: back.state, backReason: back.reason}
	if p != nil {
		a.wrap.callID, a.wrap.partyID = p.call.id, p.names.hex
	}
	if !untimed {
		a.wrap.until = e.in.MonoNanos + millis*1_000_000
	}
	wrap := a.wrap
	e.agentDoes(a, wrapsUp, events.ReasonAfterCallWork)
	a.wrap, a.next = wrap, reserved{}
	e.armWrapUp(a)
}

func (e *Engine) armWrapUp(a *agent) {
	if a.wrap.until != 0 {
		e.agentTimer(a, wrapUpTimer, a.wrap.until)
	}
}

// wrapUpOver: its time has come, or the agent ended it by getting ready.
func (e *Engine) wrapUpOver(a *agent) {
	back := a.wrap
	switch back.back {
	case AgentNotReady:
		e.agentDoes(a, wrapsUpPaused, back.backReason)
	case AgentLoggedOut:
		e.agentDoes(a, logsOut, back.backReason)
	default:
		e.agentDoes(a, wrapsUpReady, events.ReasonAfterCallWork)
	}
}

// applyReserved puts in force what was asked for during a call.
func (e *Engine) applyReserved(a *agent) {
	next := a.next
	if !next.set {
		return
	}
	a.next = reserved{}
	switch next.state {
	case AgentNotReady:
		e.agentDoes(a, getsNotReady, next.reason)
	case AgentLoggedOut:
		e.agentDoes(a, logsOut, next.reason)
	case AgentReady, AfterCallWork:
	}
}
