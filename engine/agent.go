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
	wrapsUp       // a queue's call has ended, or he asks for time to work
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
	tellLogin agentAction = iota
	tellReady
	tellNotReady
	tellLogout
	tellWrapUp
	agentActionCount
)

var agentActionNames = [agentActionCount]string{
	"EventAgentLogin", "EventAgentReady", "EventAgentNotReady", "EventAgentLogout", "EventAgentNotReady{4}",
}

func (a agentAction) String() string { return agentActionNames[a] }

type agentRow struct {
	in     []AgentState
	on     agentStimulus
	to     AgentState
	doing  agentAction
	clause string
}

var loggedIn = []AgentState{AgentReady, AgentNotReady, AfterCallWork}

// agentRows is the whole behaviour of an agent's state (3.15). No two rows match the same cell (a test holds it).
var agentRows = []agentRow{
	{[]AgentState{AgentLoggedOut}, logsInReady, AgentReady, tellLogin, "3.15"},
	{[]AgentState{AgentLoggedOut}, logsInNotReady, AgentNotReady, tellLogin, "3.15"},
	{loggedIn, getsReady, AgentReady, tellReady, "3.15"},
	{loggedIn, getsNotReady, AgentNotReady, tellNotReady, "3.15"},
	{loggedIn, logsOut, AgentLoggedOut, tellLogout, "3.15"},
	{loggedIn, wrapsUp, AfterCallWork, tellWrapUp, "3.15"},
	{[]AgentState{AfterCallWork}, wrapsUpReady, AgentReady, tellReady, "3.15"},
	{[]AgentState{AfterCallWork}, wrapsUpPaused, AgentNotReady, tellNotReady, "3.15"},
}

var agentTable = buildAgentTable(agentRows)

func buildAgentTable(rows []agentRow) (table [agentStateCount][agentStimulusCount]*agentRow) {
	for i := range rows {
		r := &rows[i]
		for _, s := range r.in {
			put(&table[s][r.on], r, s.String()+" on "+r.on.String())
		}
	}
	return table
}

// agent is somebody who takes calls. He is made with the directory and lives as long as it names him, and until his
// calls are over.
type agent struct {
	// What decisions look at comes first, side by side.
	state      AgentState
	next       reserved
	closed     bool     // he is offered nothing for a while, after a call that failed
	retired    bool     // the directory does not name him any more
	nailedUp   bool     // config.NailedUp
	forward    bool     // he may be chosen in his queues
	restless   bool     // he stands in Engine.restless
	tending    bool     // he stands in Engine.tending
	nailFailed bool     // the last attempt to call his nailed-up leg was in vain
	known      bool     // the last run knew him
	index      int32    // in Engine.turns
	maxCalls   int32    // at once
	offer      *offer   // a phone of his is being called for a caller
	nail       *nail    // his leg that stays up between calls
	parties    []*party // at his phone, from their birth to their release
	tiers      []tier
	counted    []int32 // where he is counted as free: queue.index * LevelMax + level - 1
	freeSince  int64   // monotonic ns since when he has had no call
	config     *AgentConfig

	awaited   []*waiter // callers who wait for him in person
	turn      uint64    // the number of the offer that he had last: round robin
	taken     int64
	talkNanos int64
	dn        string // where he is logged in, or was last
	alarm     alarm
	sinceMono int64
	reason    int64
	wrap      wrapUp

	belongs, working []string // his queues, and those that he has logged in for

	phoneType  int64
	business   int   // of his parties, queue calls that were established
	closedTill int64 // monotonic ns until when he is offered nothing
	nailAfter  int64 // monotonic ns until when his nailed-up leg is not called again; 0 = it may be
	missed     int   // calls in a row that he did not take
	dead       int   // calls in a row for which his phone could not be reached

	under reserved // what next was before his phone was gone

	lamp lamp
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

type agentView struct {
	state  AgentState
	reason int64
}

// agentDoes lets a stimulus act on an agent by way of the table. What he had reserved for later is settled by it.
func (e *Engine) agentDoes(a *agent, on agentStimulus, reason int64) {
	e.agentDoesFor(a, on, reason, wrapUp{})
}

// agentDoesFor is agentDoes with the after-call work that the stimulus begins.
func (e *Engine) agentDoesFor(a *agent, on agentStimulus, reason int64, wrap wrapUp) {
	r := agentTable[a.state][on]
	if r == nil {
		e.stats.EmptyCells++
		return
	}
	before := agentView{a.state, a.reason}
	a.state, a.reason, a.sinceMono = r.to, reason, e.in.MonoNanos
	if a.wrap = wrap; on != wrapsUpReady && on != wrapsUpPaused { // by itself it settles nothing
		a.next = reserved{}
	}
	if r.to == AgentReady {
		a.reason = events.ReasonNone
	}
	if r.to == AgentLoggedOut || on == getsReady { // he asks anew
		a.nailFailed, a.nailAfter = false, 0
	}
	if r.to == AgentLoggedOut && e.agentsByDN[a.dn] == a {
		delete(e.agentsByDN, a.dn)
	}
	e.recount(a)
	e.tellAgent(a, r.doing, reason, before)
	e.recordAgent(a)
	e.agentMoved(a)
}

// available tells whether an agent may be offered a call now.
func (a *agent) available() bool {
	return a.state == AgentReady && !a.next.set && a.offer == nil && len(a.parties) < int(a.maxCalls) &&
		!a.closed && !a.retired && a.nailReady()
}

// busy tells whether an agent is on a call, or a phone of his is called for one.
func (a *agent) busy() bool { return len(a.parties) > 0 || a.offer != nil }

// expected tells whether whoever waits for this agent in person may hope for him.
func (a *agent) expected() bool { return a.state == AgentReady && !a.next.set && !a.retired }

// leaves tells whether an agent is logged out when his call is over.
func (a *agent) leaves() bool { return a.next.set && a.next.state == AgentLoggedOut }

// hasAsked tells whether something was asked for that is to be in force after his call, or after the work that follows it.
func (a *agent) hasAsked() bool {
	return a.next.set || a.state == AfterCallWork && a.wrap.back != AgentReady
}

// agentMoved follows whatever changes when an agent may have a call: who may not is not choosable from here on, who may
// is matched when the step is done.
func (e *Engine) agentMoved(a *agent) {
	e.relight(a)
	if !a.available() {
		e.standBack(a)
	} else if !a.restless {
		a.restless = true
		e.restless = append(e.restless, a)
	}
	if !a.expected() {
		for len(a.awaited) > 0 {
			e.waitForAny(a.awaited[0])
		}
	}
	e.armAgent(a)
	e.tendLater(a)
	if a.retired && !a.busy() {
		e.dismissAgent(a)
	}
}

// startWrapUp puts an agent into after-call work, before the event that frees his phone (3.0-4). p is what it is about;
// nil when he asked for it while he was idle.
func (e *Engine) startWrapUp(a *agent, millis int64, untimed bool, p *party) {
	wrap := wrapUp{back: AgentReady}
	switch {
	case p == nil && a.config.ManualToReady && !e.draining:
	case a.next.set:
		wrap.back, wrap.backReason = a.next.state, a.next.reason
	case a.state == AgentNotReady:
		wrap.back, wrap.backReason = AgentNotReady, a.reason
	case a.state == AfterCallWork:
		wrap.back, wrap.backReason = a.wrap.back, a.wrap.backReason
	}
	if p != nil {
		wrap.callID, wrap.partyID = p.call.id, p.names.hex
	}
	if !untimed {
		wrap.until = e.in.MonoNanos + millis*1_000_000
	}
	e.agentDoesFor(a, wrapsUp, events.ReasonAfterCallWork, wrap)
}

// wrapUpOver: its time has come.
func (e *Engine) wrapUpOver(a *agent) {
	if a.next.set && !a.busy() {
		e.applyReserved(a)
		return
	}
	if a.wrap.back == AgentNotReady {
		e.agentDoes(a, wrapsUpPaused, a.wrap.backReason)
		return
	}
	e.agentDoes(a, wrapsUpReady, events.ReasonAfterCallWork)
}

// applyReserved puts in force what was asked for during a call.
func (e *Engine) applyReserved(a *agent) {
	next := a.next
	if !next.set {
		return
	}
	switch next.state {
	case AgentReady:
		e.agentDoes(a, getsReady, next.reason)
	case AgentNotReady:
		e.agentDoes(a, getsNotReady, next.reason)
	case AgentLoggedOut:
		e.agentDoes(a, logsOut, next.reason)
	case AfterCallWork: // nobody can reserve it: it follows a call by itself
	}
}

// armAgent sets his alarm to the first of what only time brings about.
func (e *Engine) armAgent(a *agent) {
	at := int64(0)
	if a.state == AfterCallWork {
		at = a.wrap.until
	}
	if a.closed {
		at = nextDeadline(at, a.closedTill)
	}
	at = nextDeadline(at, a.nailAfter)
	e.setAlarm(&a.alarm, nextDeadline(at, a.idleTill()))
}

// idleTill is when an agent without a call is logged out; 0 = never.
func (a *agent) idleTill() int64 {
	if a.config.IdleLogout == 0 || a.state == AgentLoggedOut || a.busy() {
		return 0
	}
	return max(a.freeSince, a.sinceMono) + a.config.IdleLogout*1_000_000
}

func (e *Engine) agentDue(a *agent, now int64) {
	if a.closed && now >= a.closedTill {
		a.closed = false
		e.agentMoved(a)
	}
	if a.nailAfter != 0 && now >= a.nailAfter {
		a.nailAfter = 0
		e.tendLater(a)
	}
	if a.state == AfterCallWork && a.wrap.until != 0 && now >= a.wrap.until {
		e.wrapUpOver(a)
	} else if till := a.idleTill(); till != 0 && now >= till {
		e.agentDoes(a, logsOut, events.ReasonIdle)
	}
	e.armAgent(a)
}
