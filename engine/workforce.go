package engine

import (
	"cmp"
	"slices"

	"modcti/events"
)

// This file makes agents and queues out of a directory, and takes a new directory over while calls run.

// adoptDirectory puts a directory in force. Who is in it before and after keeps his state, his calls and his place.
func (e *Engine) adoptDirectory(d *Directory) {
	if d == nil {
		return
	}
	for _, a := range e.agents {
		a.retired = true
	}
	for _, q := range e.queues {
		q.retired = true
	}
	for i := range d.Queues {
		e.adoptQueue(&d.Queues[i])
	}
	clear(e.agentsByID)
	for i := range d.Agents {
		e.adoptAgent(&d.Agents[i])
	}
	e.adoptTiers(d.Tiers)
	for _, a := range e.agentsInOrder() {
		e.recount(a)
	}
}

func (e *Engine) adoptQueue(c *QueueConfig) {
	q := e.queues[c.ID]
	if q == nil {
		q = &queue{
			ids: []string{c.ID}, emptySince: e.monoNanos,
		}
		e.queues[c.ID] = q
	}
	q.config, q.retired, q.blacklist = c, false, nil
	if len(c.Blacklist) > 0 {
		q.blacklist = make(map[string]bool, len(c.Blacklist))
	}
	for _, number := range c.Blacklist {
		q.blacklist[number] = true
	}
}

func (e *Engine) adoptAgent(c *AgentConfig) {
	a := e.agents[c.UUID]
	if a == nil {
		a = &agent{dn: c.DN, freeSince: e.monoNanos}
		a.alarm.agent = a
		e.agents[c.UUID] = a
	}
	a.config, a.retired, a.nailedUp, a.maxCalls = c, false, c.NailedUp, int32(max(c.MaxCalls, 1))
	if c.ID != "" {
		e.agentsByID[c.ID] = a
	}
}

// adoptTiers rebuilds who works for which queue. An agent who is logged in works for a queue that he is put into now.
func (e *Engine) adoptTiers(configs []TierConfig) {
	old := make(map[*agent][]tier, len(e.agents))
	for _, a := range e.agents {
		e.standBack(a)
		old[a], a.tiers = a.tiers, nil
	}
	e.layOut()
	made := e.tiersOf(configs)
	for len(made) > 0 {
		a, n := made[0].agent, 1
		for n < len(made) && made[n].agent == a {
			n++
		}
		a.tiers, made = made[:n:n], made[n:]
		for i := range a.tiers {
			t := &a.tiers[i]
			t.working = a.state != AgentLoggedOut
			for _, had := range old[a] {
				if had.queue == t.queue {
					t.working = had.working
				}
			}
			t.queue.tiers = append(t.queue.tiers, t)
		}
	}
	for _, q := range e.queues {
		slices.SortFunc(q.tiers, func(a, b *tier) int {
			return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.ordinal, b.ordinal))
		})
		for i, t := range q.tiers {
			t.place = int32(i)
		}
		q.free.seat(len(q.tiers))
		q.label()
	}
	for _, a := range e.agents {
		a.nameQueues()
	}
}

// tiersOf makes tiers of what the directory says of agents and queues that it has. An agent's are in a row: one who moves,
// moves in all of his queues. What it says twice counts once.
func (e *Engine) tiersOf(configs []TierConfig) []tier {
	made := make([]tier, 0, len(configs))
	for i := range configs {
		c := &configs[i]
		a, q := e.agents[c.AgentUUID], e.queueAt(c.QueueID)
		if a == nil || a.retired || q == nil {
			continue
		}
		level := int32(min(max(c.Level, 0), LevelMax))
		if level == 0 {
			level = levelDefault
		}
		made = append(made, tier{
			agent: a, queue: q, on: q.index, level: level, position: int32(c.Position), ordinal: int32(i),
		})
	}
	slices.SortStableFunc(made, func(a, b tier) int { return cmp.Compare(a.agent.index, b.agent.index) })
	seen := make(map[*queue]*agent, len(e.queues)) // who was seen last in a queue
	return slices.DeleteFunc(made, func(t tier) bool {
		twice := seen[t.queue] == t.agent
		seen[t.queue] = t.agent
		return twice
	})
}

// layOut gives queues and agents their places among what decisions look at. Nobody is free before he comes forward again.
func (e *Engine) layOut() {
	e.tops = slices.Grow(e.tops[:0], len(e.queues))
	for _, q := range e.queues {
		q.tiers, q.on = nil, 0
		clear(q.onLevel[:])
		if q.retired {
			continue
		}
		q.index = int32(len(e.tops))
		e.tops = append(e.tops, nobodyThere())
		for level := range q.waiting {
			e.noteNext(q, level)
		}
	}
	e.turns = make([]uint32, 0, len(e.agents))
	for _, a := range e.agents {
		a.index = int32(len(e.turns))
		e.turns = append(e.turns, 0)
	}
}

// directoryChanged is adoptDirectory while the engine runs. Agents who are not in it any more go when their calls are
// over, callers of a queue that is gone at once, to wherever its overflow for nobody being on leads.
func (e *Engine) directoryChanged(d *Directory) {
	if d == nil {
		return
	}
	idle := make(map[*agent][]string)
	for _, a := range e.agents {
		if list := a.idleQueues(); list != nil {
			idle[a] = list
		}
	}
	on := make(map[*queue]bool, len(e.queues))
	for _, q := range e.queues {
		on[q] = q.on > 0
	}
	e.changed = e.changed[:0]
	e.adoptDirectory(d)
	for _, a := range e.agentsInOrder() {
		if a.retired && a.busy() && a.state != AgentLoggedOut {
			e.reserve(a, AgentLoggedOut, events.ReasonForced)
		}
		if !slices.Equal(idle[a], a.idleQueues()) { // the next run is to know it too
			e.recordAgent(a)
		}
		e.reviewAwaited(a)
		e.agentMoved(a)
	}
	for _, q := range e.queuesInOrder() {
		if on[q] && q.on == 0 {
			q.emptySince = e.in.MonoNanos
		}
		e.queueChanged(q)
		if e.hopeless(q) {
			e.changed = append(e.changed, q)
		}
	}
	for _, q := range e.queuesInOrder() {
		e.relightQueue(q)
	}
	for id, q := range e.queues {
		if q.retired {
			delete(e.queues, id)
		}
	}
}

// reviewAwaited: who waits for an agent in person goes on to, unless his queue does not have that agent any more.
func (e *Engine) reviewAwaited(a *agent) {
	for _, w := range slices.Clone(a.awaited) {
		if t := a.tierIn(w.queue); t == nil || !t.working || w.queue.config.LastSeatMillis == 0 {
			e.waitForAny(w)
		}
	}
}

func (e *Engine) queueChanged(q *queue) {
	for _, w := range e.callersOf(q) {
		if q.retired {
			e.overflow(w, WhenNobodyOn)
			continue
		}
		waits := w.at >= 0
		e.stepOut(w)
		w.level, w.key = q.levelAfter(e.in.MonoNanos-w.entered), w.turn()
		if waits {
			e.lineUp(w)
		}
		e.matchLater(w)
		e.armWaiter(w)
	}
}

// dismissAgent lets go of an agent who is not in the directory any more and has no call.
func (e *Engine) dismissAgent(a *agent) {
	if a.state != AgentLoggedOut {
		e.agentDoes(a, logsOut, events.ReasonForced)
		return // which comes here again
	}
	if e.agents[a.config.UUID] == a {
		delete(e.agents, a.config.UUID)
	}
	e.setAlarm(&a.alarm, 0)
}

// agentsInOrder lists the agents by uuid: maps have no order, and the engine has to be the same each time.
func (e *Engine) agentsInOrder() (list []*agent) {
	for _, a := range e.agents {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *agent) int { return cmp.Compare(a.config.UUID, b.config.UUID) })
	return list
}

func (e *Engine) queuesInOrder() (list []*queue) {
	for _, q := range e.queues {
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b *queue) int { return cmp.Compare(a.config.ID, b.config.ID) })
	return list
}

// restoreAgents gives agents back what they were when the last run ended.
func (e *Engine) restoreAgents(records []AgentRecord) {
	for i := range records {
		if a := e.agents[records[i].UUID]; a != nil {
			e.restoreAgent(a, &records[i])
		} else if records[i].State != AgentLoggedOut.String() {
			e.dismissed = append(e.dismissed, records[i])
		}
	}
}

func (e *Engine) restoreAgent(a *agent, r *AgentRecord) {
	a.dn, a.phoneType, a.reason, a.known = r.DN, r.PhoneType, r.ReasonCode, true
	if e.config.DayEnd == nil || e.config.DayEnd(r.AtMillis*1000) > e.wallMicros {
		a.taken, a.talkNanos = r.CallsTaken, r.TalkMillis*1_000_000
	}
	a.state, a.sinceMono = agentStateNamed(r.State), e.monoOf(r.AtMillis)
	if a.state == AfterCallWork {
		a.wrap = wrapUp{callID: r.CallID, partyID: r.PartyID, back: AgentReady}
		if r.LoginState == events.AgentStateNotReady {
			a.wrap.back, a.wrap.backReason = AgentNotReady, cmp.Or(r.BackReason, events.ReasonDoNotDisturb)
		}
		if r.WrapUntilMillis != 0 {
			a.wrap.until = max(e.monoOf(r.WrapUntilMillis), 1)
		}
	}
	if a.state == AgentLoggedOut || a.dn == "" || e.agentsByDN[a.dn] != nil {
		a.state = AgentLoggedOut
		return
	}
	if r.NextState != "" {
		a.next = reserved{set: true, state: agentStateNamed(r.NextState), reason: r.NextReason}
		if a.leaves() && r.NextReason == events.ReasonDeviceLost { // its return is to call that off
			e.lost[a.dn] = true
			a.under = reserved{set: r.UnderState != "", state: agentStateNamed(r.UnderState), reason: r.UnderReason}
		}
	}
	e.agentsByDN[a.dn] = a
	for i := range a.tiers {
		t := &a.tiers[i]
		t.working = !slices.Contains(r.IdleQueues, t.queue.config.ID)
	}
	a.nameQueues()
	e.recount(a)
}

func agentStateNamed(name string) AgentState {
	return AgentState(max(slices.Index(agentStateNames[:], name), 0))
}

// restoreService counts a call that has outlived the last run for the agent whose phone it is on.
func (e *Engine) restoreService(p *party, r *PartyRecord) {
	if a := e.agents[r.AgentUUID]; a != nil {
		e.attachTo(a, p)
	}
	e.restoreNail(p, e.agents[r.AgentUUID])
	p.queue = e.queueAt(r.QueueID)
	if p.agent == nil {
		return
	}
	p.talkCounted = p.talked
	if p.queue != nil && r.AgentUUID != "" && p.dnRole == calledDN {
		p.servedFor = p.queue
		if p.talked {
			p.agent.business++
		}
	}
}

// monoOf turns Unix ms into the monotonic clock of this run.
func (e *Engine) monoOf(millis int64) int64 {
	return e.config.MonoNanos + (millis*1000-e.config.WallMicros)*1000
}

// resume does with the first step what a restart has to: who is to be at work is, what was reserved for the end of a
// call that has ended meanwhile is in force, phones that rang for callers of the last run are silent, timers run again.
func (e *Engine) resume() {
	e.relightAll()
	e.endInterrupted()
	for _, r := range e.dismissed {
		e.out.Records = append(e.out.Records, Record{Kind: AgentChanged, Agent: &AgentRecord{
			UUID: r.UUID, ID: r.ID, DN: r.DN, PhoneType: r.PhoneType, State: AgentLoggedOut.String(), ReasonCode: events.ReasonForced,
			AtMillis: e.in.wallMillis(), CallsTaken: r.CallsTaken, TalkMillis: r.TalkMillis,
		}})
	}
	e.dismissed = nil
	for _, a := range e.agentsInOrder() {
		if a.state != AgentLoggedOut {
			e.findPhone(a, phoneBackMillis)
		}
		switch {
		case a.state == AgentLoggedOut && !a.known && a.config.LoginAtStart && e.agentsByDN[a.dn] == nil && a.dn != "":
			e.logIn(&Request{AgentState: events.AgentStateReady, PhoneType: events.PhoneSIP}, a, a.dn, nil)
		case a.next.set && !a.busy():
			e.applyReserved(a)
		default:
			e.agentMoved(a)
		}
	}
	rings := func(p *party) bool { return p.servedFor != nil && !p.talked && p.state != Released && !p.ending }
	for _, p := range e.partiesWho(rings) {
		e.insistOn(p, Command{Kind: CommandHangup, Cause: CauseOriginatorCancel})
	}
}
