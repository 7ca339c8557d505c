package center

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
	"modcti/store"
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
	return openThere(queueID, wallMicros)
}

// abroad are the hours of two queues as the store has them. One is in Kathmandu, 5 h 45 min before UTC: the first day is a
// holiday of that year with hours of its own, which every year's would close. One is in Newfoundland, 3 h 30 min behind: its
// Tuesdays have hours, which its holiday of every year does not leave before the evening.
func abroad(t *testing.T) store.Calendar {
	t.Helper()
	east := store.Schedule{TimeZone: "Asia/Kathmandu", Holidays: []store.Holiday{{Day: "11-15"}}}
	west := store.Schedule{TimeZone: "America/St_Johns", Hours: []store.Hours{{Weekday: time.Tuesday, To: store.DayMinutes}}}
	for at := 180; at < 480; at += 10 {
		east.Holidays = append(east.Holidays, store.Holiday{Day: "2023-11-15", From: at, To: at + 7})
	}
	for at := 1080; at < 1380; at += 6 {
		west.Holidays = append(west.Holidays, store.Holiday{Day: "11-14", From: at, To: at + 5})
	}
	d := store.Directory{Queues: []store.Queue{
		{QueueConfig: engine.QueueConfig{ID: "8006"}, Schedule: east}, {QueueConfig: engine.QueueConfig{ID: "8007"}, Schedule: west},
	}}
	calendar, err := d.Calendar(time.UTC)
	require.NoError(t, err)
	return calendar
}

// openThere says the same without a calendar, by how far the clocks there are from UTC in November 2023, the 14th of which is
// the 19675th day.
func openThere(queueID string, wallMicros int64) bool {
	const dayMinutes = 24 * 60
	there := func(offset int64) (day, at int64) {
		local := wallMicros/minute + offset
		return local / dayMinutes, local % dayMinutes
	}
	switch queueID {
	case "8006":
		day, at := there(345)
		return day != 19676 || at >= 180 && at < 480 && at%10 < 7
	case "8007":
		day, at := there(-210)
		return day == 19675 && at >= 1080 && at < 1380 && at%6 < 5
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
		a.closed, a.dead = 0, 0
		if !named[uuid] {
			a.state, a.reason, a.next, a.under, a.back = 0, 0, reservation{}, reservation{}, reservation{}
		}
	}
	for id, p := range l.parties { // the store knows whose a phone was; of a call that was nobody's, the run knows who is there
		if p.agentUUID = l.owners[id]; named[p.agentUUID] {
			continue
		}
		p.agentUUID = ""
		for uuid, a := range l.agents {
			if a.dn == p.dn && a.state != events.AgentStateLoggedOut {
				p.agentUUID = uuid
			}
		}
	}
	clear(l.missed.sent) // nobody knows any more where they came from
}
