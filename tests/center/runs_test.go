package center

import (
	"maps"
	"time"

	"modcti/engine"
	"modcti/events"
)

const minute = int64(60_000_000) // µs

// openAt: two of the queues are closed for every other minute, one is for the second half of each three, the others never.
func openAt(queueID string, wallMicros int64) bool {
	switch at := wallMicros / minute; queueID {
	case "8003":
		return at%2 == 0
	case "8005":
		return at%2 == 1
	case "8009":
		return at%3 != 2
	}
	return true
}

// drain empties the system, and a new run follows.
func (c *chaos) drain() {
	if c.ledger.account.draining {
		return
	}
	c.step(engine.Input{Kind: engine.DrainOrdered})
	c.after(10*time.Second+c.some(20*time.Second), func() {
		if c.ledger.account.draining {
			c.restart()
		}
	})
}

// restart loads the module anew, under calls, with what the store has kept.
func (c *chaos) restart() {
	c.kept.restart(c.world, c.dir)
	c.ledger.restarted()
	c.step(engine.Input{Kind: engine.TimerDue})
}

// restarted: legs that stay up are known again when they are parked; nobody is kept from calls by one that failed.
func (l *ledger) restarted() {
	l.account.restarted()
	clear(l.nails.idle)
	clear(l.nails.waits)
	for id, places := range l.account.dropped { // a place that was out of time then is no more
		maps.DeleteFunc(places, func(_ string, p place) bool { return l.w.now-p.left > l.queue(id).ResumeMillis*1e6 })
	}
	named := map[string]bool{}
	for i := range l.directory.Agents {
		named[l.directory.Agents[i].UUID] = true
	}
	for uuid, a := range l.agents {
		a.closed, a.dead, a.under = 0, 0, reservation{}
		if !named[uuid] {
			a.state, a.reason, a.next, a.back = 0, 0, reservation{}, reservation{}
		}
	}
	for _, p := range l.parties { // the store knows whose a phone was when the call came to it, and the run whom it names
		if a := l.agents[p.agentUUID]; !named[p.agentUUID] || p.late && a.state == events.AgentStateLoggedOut {
			p.agentUUID = ""
		}
	}
}
