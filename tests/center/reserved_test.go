package center

import (
	"modcti/engine"
	"modcti/events"
)

// reservation is where an agent has been told that he lands when his call, or the work after it, is over.
type reservation struct {
	set           bool
	state, reason int64
}

// reservedTold: what was told gives way to a request, and to what the engine tells of in its place: a logout because his
// phone is gone, until it is back, or because the directory does not name him any more (3.15).
func (l *ledger) reservedTold(o *engine.Outgoing, uuid string, told reservation) {
	a := l.agents[uuid]
	before := a.next
	leaves := told.state == events.AgentStateLoggedOut
	told.set = told.state != a.state || told.state != events.AgentStateReady && told.reason != a.reason
	a.next = told
	switch {
	case o.Asker != 0, leaves && (told.reason == events.ReasonForced || told.reason == events.ReasonDrain):
	case leaves && told.reason == events.ReasonDeviceLost:
		if before.set && before.state == events.AgentStateLoggedOut {
			l.breaks("agent %s was to be logged out (%d), and is told %v", uuid, before.reason, told)
		}
		a.under = before
	case before.set && before.state == events.AgentStateLoggedOut && before.reason == events.ReasonDeviceLost:
		if a.under.set && told != a.under || !a.under.set && told.set {
			l.breaks("the phone of agent %s is back: he had reserved %v, and is told %v", uuid, a.under, told)
		}
	case before.set:
		l.breaks("agent %s was to be %v, and is told %v, which nobody asked for", uuid, before, told)
	}
}

// settle holds what is told of an agent, asked for by nobody, to what he was told before: that is in force now, or after
// the work that begins now. Only who has no phone any more, or no place, is logged out instead.
func (l *ledger) settle(uuid string, state, reason int64) {
	a := l.agents[uuid]
	works := a.state == events.AgentStateNotReady && a.reason == events.ReasonAfterCallWork
	told := reservation{true, state, reason}
	switch {
	case state == events.AgentStateLoggedOut && leavesUnasked[reason], told == a.next:
		a.next, a.back = reservation{}, reservation{}
	case state == events.AgentStateNotReady && reason == events.ReasonAfterCallWork:
		if a.next.set {
			a.next, a.back = reservation{}, a.next
		}
	case reason == events.ReasonDrain && l.account.draining:
		a.next, a.back = reservation{}, reservation{}
	case works && a.back.set:
		if a.back.state != state || a.back.reason != reason && state != events.AgentStateReady {
			l.breaks("agent %s was to be %v after his work, and is told %v", uuid, a.back, told)
		}
		a.back = reservation{}
	case works && state == events.AgentStateReady && reason == events.ReasonAfterCallWork: // it settles nothing by itself
	case a.next.set:
		l.breaks("agent %s was to be %v after his call, and is told %v", uuid, a.next, told)
	}
}

var leavesUnasked = map[int64]bool{
	events.ReasonDeviceLost: true, events.ReasonForced: true, events.ReasonDrain: true, events.ReasonIdle: true,
	events.ReasonReplaced: true,
}
