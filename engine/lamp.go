package engine

import (
	"strconv"

	"modcti/events"
)

// This file tells what phones' keys show of agents and queues, where the settings want it (CommandPresence).

// lamp is what was last told of an agent or a queue.
type lamp struct {
	due         bool   // it stands in Engine.lamps
	id          string // by which it is watched; empty: nothing was told
	shows, note string
}

// lit is who a lamp belongs to: an agent or a queue.
type lit struct {
	agent *agent
	queue *queue
}

func (e *Engine) relight(a *agent) {
	if e.config.Presence && !a.lamp.due {
		a.lamp.due = true
		e.lamps = append(e.lamps, lit{agent: a})
	}
}

func (e *Engine) relightQueue(q *queue) {
	if e.config.Presence && !q.lamp.due {
		q.lamp.due = true
		e.lamps = append(e.lamps, lit{queue: q})
	}
}

func (e *Engine) relightAll() {
	for _, a := range e.agentsInOrder() {
		e.relight(a)
	}
	for _, q := range e.queuesInOrder() {
		e.relightQueue(q)
	}
}

// showLamps tells what a step has changed. What is watched by an id no more is told of first: another may have it now.
func (e *Engine) showLamps() {
	for _, l := range e.lamps {
		if k := l.lamp(); k.id != "" && k.id != e.watchedAs(l) {
			e.showLamp(l, lamp{id: k.id, shows: LampGone})
			*k = lamp{}
		}
	}
	for _, l := range e.lamps {
		now := lamp{id: e.watchedAs(l)}
		if l.agent != nil {
			now.shows, now.note = l.agent.shows()
		} else {
			now.shows, now.note = l.queue.shows()
		}
		l.lamp().due = false
		if now.id != "" && now != *l.lamp() {
			*l.lamp() = now
			e.showLamp(l, now)
		}
	}
	clear(e.lamps)
	e.lamps = e.lamps[:0]
}

func (e *Engine) showLamp(l lit, k lamp) {
	kind := PresenceAgent
	if l.queue != nil {
		kind = PresenceQueue
	}
	e.command(Command{Kind: CommandPresence, Name: kind, UUID: k.id, Value: k.shows, CallerName: k.note})
}

func (l lit) lamp() *lamp {
	if l.agent != nil {
		return &l.agent.lamp
	}
	return &l.queue.lamp
}

// watchedAs is the id by which keys watch an agent (his work number, or his uuid where he has none) or a queue; empty: he
// or it is not there any more.
func (e *Engine) watchedAs(l lit) string {
	switch a, q := l.agent, l.queue; {
	case q != nil && e.queues[q.config.ID] == q:
		return q.config.ID
	case a == nil || e.agents[a.config.UUID] != a:
		return ""
	case a.config.ID != "":
		return a.config.ID
	default:
		return a.config.UUID
	}
}

// shows is an agent's lamp: dark when he is free or not there, as that of a phone is, blinking when his phone rings, lit
// when he can take no call.
func (a *agent) shows() (state, note string) {
	switch a.occupancy() {
	case events.OccupancyReserved, events.OccupancyRinging:
		return LampEarly, "Ringing"
	case events.OccupancyTalking:
		return LampLit, "Talking"
	case events.OccupancyHeld:
		return LampLit, "Holding"
	}
	switch a.state {
	case AgentLoggedOut:
		return LampDark, "Logged Out"
	case AgentReady:
		return LampDark, "Ready"
	case AfterCallWork:
		return LampLit, "After-Call Work"
	}
	if a.reason == events.ReasonNone {
		return LampLit, "Not Ready"
	}
	return LampLit, "Not Ready " + strconv.FormatInt(a.reason, 10)
}

// shows is a queue's lamp, in the words of mod_callcenter.
func (q *queue) shows() (state, note string) {
	if len(q.stays) == 0 {
		return LampDark, "Idle"
	}
	return LampLit, "Active (" + strconv.Itoa(len(q.stays)) + " waiting)"
}
