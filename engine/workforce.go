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
	named := make(map[string]bool, len(d.Agents)+len(d.Queues))
	for i := range d.Queues {
		c := &d.Queues[i]
		named["queue "+c.ID] = true
		q := e.queues[c.ID]
		if q == nil {
			q = &queue{dropped: make(map[string]droppedCaller)}
			e.queues[c.ID] = q
		}
		q.config, q.retired = c, false
		q.tiers = q.tiers[:0]
	}
	for i := range d.Agents {
		c := &d.Agents[i]
		named["agent "+c.UUID] = true
		a := e.agents[c.UUID]
		if a == nil {
			a = &agent{dn: c.DN, freeSince: e.config.MonoNanos}
			e.agents[c.UUID] = a
		}
		a.config, a.retired = c, false
	}
	e.adoptTiers(d.Tiers)
	e.retireOthers(named)
	for _, a := range e.agents {
		if a.id() != "" {
			e.agentsByID[a.id()] = a
		}
	}
	e.countStaff()
}

func (a *agent) id() string { return a.config.ID }

// adoptTiers rebuilds who works for which queue. An agent who is logged in works for a queue that he is put into now.
func (e *Engine) adoptTiers(configs []TierConfig) {
	old := make(map[*agent][]*tier, len(e.agents))
	for _, a := range e.agents {
		for _, t := range a.tiers {
			t.queue.takeOut(t)
		}
		old[a], a.tiers = a.tiers, nil
	}
	for i := range configs {
		c := &configs[i]
		a, q := e.agents[c.AgentUUID], e.queues[c.QueueID]
		if a == nil || q == nil {
			continue
		}
		t := &tier{agent: a, queue: q, position: c.Position, at: -1, working: a.state != AgentLoggedOut}
		t.level = min(max(c.Level, 0), LevelMax)
		if t.level == 0 {
			t.level = levelDefault
		}
		for _, had := range old[a] {
			if had.queue == q {
				t.working = had.working
			}
		}
		a.tiers = append(a.tiers, t)
		q.tiers = append(q.tiers, t)
	}
}

// retireOthers lets go of whom the directory does not name any more: agents when their calls are over, callers of a
// removed queue at once, to wherever its overflow for nobody being on leads.
func (e *Engine) retireOthers(named map[string]bool) {
	for id, q := range e.queues {
		if named["queue "+id] || q.retired {
			continue
		}
		q.retired = true
		e.emptied = append(e.emptied, q)
	}
	for uuid, a := range e.agents {
		if named["agent "+uuid] || a.retired {
			continue
		}
		a.retired = true
		delete(e.agentsByID, a.config.ID)
	}
}

// directoryChanged is adoptDirectory while the engine runs.
func (e *Engine) directoryChanged(d *Directory) {
	e.adoptDirectory(d)
	for _, a := range e.agentsInOrder() {
		if a.retired && a.state != AgentLoggedOut && a.calls == 0 {
			e.agentDoes(a, logsOut, events.ReasonForced)
		}
		e.agentMoved(a)
	}
	for _, q := range e.emptied {
		for _, w := range e.callersOf(q) {
			e.overflow(w, WhenNobodyOn)
		}
	}
	e.emptied = e.emptied[:0]
}

// agentsInOrder lists the agents by uuid: maps have no order, and the engine has to be the same each time.
func (e *Engine) agentsInOrder() (list []*agent) {
	for _, a := range e.agents {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *agent) int { return cmp.Compare(a.config.UUID, b.config.UUID) })
	return list
}

// callersOf lists the callers of a queue, the first first.
func (e *Engine) callersOf(q *queue) (list []*waiter) {
	for p := e.eldest; p != nil; p = p.younger {
		if w := p.waiter; w != nil && w.queue == q && !w.gone {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b *waiter) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return list
}

// countStaff counts anew who is on and who is ready.
func (e *Engine) countStaff() {
	for _, q := range e.queues {
		q.on, q.ready = 0, 0
		for _, t := range q.tiers {
			t.count(1)
		}
	}
}

// count adds a tier to what its queue knows of its staff, or takes it out.
func (t *tier) count(by int) {
	if !t.working || t.agent.state == AgentLoggedOut || t.agent.retired {
		return
	}
	t.queue.on += by
	if t.agent.state == AgentReady {
		t.queue.ready += by
	}
}

// restoreAgents gives agents back what they were when the last run ended.
func (e *Engine) restoreAgents(records []AgentRecord) {
	for i := range records {
		r := &records[i]
		a := e.agents[r.UUID]
		if a == nil || a.retired {
			continue
		}
		a.dn, a.phoneType, a.reason = r.DN, r.PhoneType, r.ReasonCode
		a.taken, a.talkNanos = r.CallsTaken, r.TalkMillis*1_000_000
		for s, name := range agentStateNames {
			if name == r.State {
				a.state = AgentState(s)
			}
		}
		a.sinceMono = e.monoOf(r.AtMillis)
		if a.state == AfterCallWork {
			a.wrap = wrapUp{callID: r.CallID, partyID: r.PartyID, back: AgentReady}
			if r.LoginState == 2 {
				a.wrap.back = AgentNotReady
			}
			if r.WrapUntilMillis != 0 {
				a.wrap.until = max(e.monoOf(r.WrapUntilMillis), 1)
			}
		}
		if a.state != AgentLoggedOut {
			e.agentsByDN[a.dn] = a
			for _, t := range a.tiers {
				t.working = true
			}
		}
	}
	for _, a := range e.agents {
		if a.config.LoginAtStart && a.state == AgentLoggedOut && a.sinceMono == 0 && e.agentsByDN[a.dn] == nil {
			a.state = AgentReady
			e.agentsByDN[a.dn] = a
			for _, t := range a.tiers {
				t.working = true
			}
		}
	}
	e.countStaff()
}

// monoOf turns Unix ms into the monotonic clock of this run.
func (e *Engine) monoOf(millis int64) int64 {
	return e.config.MonoNanos + (millis*1000-e.config.WallMicros)*1000
}

// resume does with the first step what a restart has to: timers run again, and the free are choosable.
func (e *Engine) resume() {
	for _, a := range e.agentsInOrder() {
		if a.state == AfterCallWork {
			e.armWrapUp(a)
		}
		e.agentMoved(a)
	}
}
