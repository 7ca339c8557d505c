package engine

import (
	"cmp"
	"slices"

	"modcti/events"
)

// Engine owns all calls. It is not safe for use by two goroutines at once.
type Engine struct {
	config Config
	stats  Stats
	seq    uint64

	blocks   blocks
	legs     legs
	folded   map[LegID]*fold
	outgoing map[LegID]LegID // leg that is originated -> leg that originates it, told before the former exists
	rooms    map[string]*room
	calls    calls // by what callKey makes of a call's id
	numbers  index // the newest party of each hash of a number

	freePartyExtras spare[partyExtras]
	freeCallExtras  spare[callExtras]

	agents     map[string]*agent // by uuid
	agentsByID map[string]*agent
	agentsByDN map[string]*agent // who is logged in there
	lost       map[string]bool   // the phones that are gone, whoever is logged in there
	queues     map[string]*queue
	lastServed map[string]*agent // caller's number -> who served him last
	turns      []uint32          // by agent.index: grows whenever he is free no more
	tops       []queueTop        // by queue.index
	restless   []*agent          // to be matched with a caller when the step's own consequences are done
	waiters    []*waiter         // to be matched with an agent then
	turned     []*queue          // that have turned the caller away whom the step is about
	changed    []*queue          // whose callers have to be looked at again
	lamps      []lit             // whose lamps may show something else when the step is done

	nails      map[LegID]*nail // phone legs that stay up between calls
	nailOrders map[uint64]*nail
	tending    []*agent  // whose nailed-up leg is to be looked after, when the step's own consequences are done
	connecting []ref     // parties that are to be put through on one
	returning  []wayBack // and those that it is taken from

	fetched int64    // what fetch has read, so that it does
	hearers []string // of a call's end
	ringers int      // callers whose phones others may join

	restlessSpare []*agent
	waitersSpare  []*waiter
	inherited     uint64          // who was born until then is of the last run
	orphans       []ref           // who is where the last run has put him
	parked        []ref           // who waits in a queue since the last run: his place is his when all are known
	strays        map[LegID]stray // applications of legs that no record has told of
	untracked     map[LegID]*untracked
	dayEnds       int64 // Unix µs; then the counters that routing reads begin anew
	draining      bool  // the system is being emptied
	offers        uint64
	stayed        int
	drawn         uint64
	refused       events.Code // of the last request on an agent
	answering     asker       // whose request the next event of an agent answers
	resumed       bool

	timers       heapOf[timer]
	alarms       heapOf[*alarm]
	ordered      map[uint64]ref // command that somebody waits for -> party
	originations uint64         // legs that the engine has named
	awaited      uint32         // commands that operations have waited for
	refusal      uint16         // the switch's cause, while a refused command is dealt with

	audit      audit
	dismissed  []AgentRecord // of the last run, who were at work and are not in the directory any more: logged out with the first step
	unfinished []*call       // restored without a party: closed with the first step

	// The clocks of the last step.
	monoNanos, wallMicros int64

	// Of the step under way.
	in  *Input
	out *Output
}

// New makes an engine; open are the calls that an earlier run left open. Their channels are expected in the first
// snapshot; those that it does not show are closed as interrupted.
func New(config Config, open []OpenCall) *Engine {
	e := &Engine{
		config: config, seq: config.SeqStart,
		folded: make(map[LegID]*fold), outgoing: make(map[LegID]LegID),
		nails: make(map[LegID]*nail), nailOrders: make(map[uint64]*nail),
		rooms: make(map[string]*room), ordered: make(map[uint64]ref),
		agents: make(map[string]*agent), agentsByID: make(map[string]*agent), agentsByDN: make(map[string]*agent),
		lost: make(map[string]bool), queues: make(map[string]*queue), lastServed: make(map[string]*agent), strays: make(map[LegID]stray),
		untracked: make(map[LegID]*untracked),
	}
	e.legs.large, e.calls.large, e.numbers.large = config.Large, config.Large, config.Large
	e.blocks.large, e.legs.blocks, e.calls.blocks = config.Large, &e.blocks, &e.blocks
	e.monoNanos, e.wallMicros = config.MonoNanos, config.WallMicros
	if config.DayEnd != nil {
		e.dayEnds = config.DayEnd(config.WallMicros)
	}
	e.adoptDirectory(config.Directory)
	e.restoreAgents(config.Agents)
	e.restoreCallbacks(config.Callbacks)
	e.restorePast()
	for i := range open {
		e.restore(&open[i])
	}
	e.inherited = e.stats.Inputs
	return e
}

// Step takes one input and fills out with everything that follows from it. It keeps neither in nor out.
func (e *Engine) Step(in *Input, out *Output) {
	out.Commands, out.Records, out.Events = out.Commands[:0], out.Records[:0], out.Events[:0]
	out.pool.reset()
	e.in, e.out = in, out
	e.monoNanos, e.wallMicros = in.MonoNanos, in.WallMicros
	e.stats.Inputs++
	for _, c := range e.unfinished {
		e.close(c)
	}
	e.unfinished = nil
	if !e.resumed {
		e.resumed = true
		e.resume()
	}
	e.dispatch(in)
	e.settle()
	e.showLamps()
	e.scheduleAudit()
	out.NextDeadline = e.due()
	e.stats.Events += uint64(len(out.Events))
	e.stats.Records += uint64(len(out.Records))
	e.in, e.out = nil, nil
}

func (e *Engine) dispatch(in *Input) {
	switch in.Kind {
	case LegCreated:
		e.legCreated(in)
	case LegFound:
		e.legFound(in)
	case SnapshotBegin:
		e.snapshotBegin(in)
	case SnapshotEnd:
		e.snapshotEnd(in)
	case RecordsLost:
		e.stats.LostInputs++
		e.audit.soon(in.MonoNanos)
	case CommandDone:
		e.commandDone(in)
	case DirectoryChanged:
		e.directoryChanged(in.Directory)
	case DeviceLost:
		e.deviceGone(in.Text.User)
	case DeviceFound:
		e.deviceFound(in.Text.User)
	case DrainOrdered:
		e.drain()
	case ClientRequest:
		e.request(in.Request)
	case TimerDue:
		e.timerDue(in)
	case InputNone:
	default:
		e.legFact(in)
	}
}

// Stats returns the counters.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Calls, s.Parties = e.calls.count, 0
	for c := range e.calls.all {
		s.Parties += c.live
	}
	return s
}

// Seq is the number of the last event.
func (e *Engine) Seq() uint64 { return e.seq }

// forget gives a party back once its channel is destroyed. A ref to it ends with it.
func (e *Engine) forget(p *party) {
	e.legs.drop(p)
	e.unlist(p)
	e.leaveRoom(p)
	if p.agent != nil {
		e.detach(p)
	}
	if c := p.call; c != nil {
		c.remove(p)
	}
	if p.partyExtras != &noPartyExtras {
		*p.partyExtras = partyExtras{}
		e.freePartyExtras.giveBack(p.partyExtras)
	}
	slot := p.slot
	*p = party{pending: p.pending[:0], partyExtras: &noPartyExtras}
	e.blocks.giveBackParty(slot)
}

// remember makes a party findable by its leg.
func (e *Engine) remember(p *party) {
	e.legs.put(p)
	e.list(p)
}

// partiesWho lists the parties of which something holds, eldest first.
func (e *Engine) partiesWho(holds func(*party) bool) (list []*party) {
	for p := range e.legs.all {
		if holds(p) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(p, q *party) int { return cmp.Compare(p.bornAt, q.bornAt) })
	return list
}

// callsWho lists the live calls of which something holds, oldest first.
func (e *Engine) callsWho(holds func(*call) bool) (list []*call) {
	for c := range e.calls.all {
		if holds(c) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(c, d *call) int { return cmp.Compare(c.bornAt, d.bornAt) })
	return list
}

// newParty makes a party that nobody knows of yet, in a block that it is to be near; forget gives it back.
func (e *Engine) newParty(near uint32) *party {
	p := e.blocks.takeParty(near)
	p.partyExtras = &noPartyExtras
	return p
}

// newCall makes a call that by begins, of the default company until it is known to be another's.
func (e *Engine) newCall(by *party) *call {
	c := e.blocks.takeCall(by.block())
	c.callExtras = &noCallExtras
	c.company = e.config.CompanyID
	return c
}

// include puts a party into a call, and its agent, who is of the call's company, on it.
func (e *Engine) include(c *call, p *party) {
	c.add(p)
	if p.agent == nil {
		e.attach(p)
	}
}

// link puts a call among the live ones; unlink takes it out and gives it back when it has no parties.
func (e *Engine) link(c *call) { e.calls.put(c) }

func (e *Engine) unlink(c *call) {
	e.calls.drop(c)
	for p := c.first; p != nil; {
		next := p.next
		p.next, p.prev, p.call = nil, nil, nil
		p = next
	}
	dns := c.dns
	clear(dns)
	if c.callExtras != &noCallExtras {
		*c.callExtras = callExtras{}
		e.freeCallExtras.giveBack(c.callExtras)
	}
	slot := c.slot
	*c = call{dns: dns[:0], callExtras: &noCallExtras}
	e.blocks.giveBackCall(slot)
}
