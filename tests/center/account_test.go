package center

import (
	"slices"

	"modcti/engine"
)

// account is what the model itself knows of phones and callers, from what the engine was told and has asked the switch for.
// The engine is never asked.
type account struct {
	phones   map[engine.LegID]string // the number of each leg that is there, or was asked for
	ordered  map[uint64]engine.LegID // commands that make one
	since    map[engine.LegID]int64  // since when the switch does not have it
	draining bool
	held     bool                        // the first snapshot of a run is still to come; those who are to be called back wait for it
	dropped  map[string]map[string]place // by queue and number
	idleApp  map[engine.LegID]int64      // since when a caller has been in the application, and in no queue
	waited   []*staySeen                 // stays that the end of a run has ended
}

// place is what a caller had who hung up before he was served.
type place struct{ sinceMillis, left int64 }

// goneFor is how long a phone may count as called that never rings, or a leg as there whose end was not told.
const goneFor = int64(60e9)

// forgottenFor is how long a caller may be on his way out of a queue: a command may be lost, and late.
const forgottenFor = int64(90e9)

func newAccount() account {
	return account{
		phones: map[engine.LegID]string{}, ordered: map[uint64]engine.LegID{}, since: map[engine.LegID]int64{},
		dropped: map[string]map[string]place{}, idleApp: map[engine.LegID]int64{},
	}
}

// look follows the legs.
func (a *account) look(in *engine.Input, w *world) {
	switch in.Kind {
	case engine.LegCreated, engine.LegFound:
		a.phones[in.Leg] = in.Text.Destination
		if in.Direction == engine.DirectionInbound {
			a.phones[in.Leg] = in.Text.CallerNumber
		}
	case engine.LegEnded, engine.LegDestroyed:
		delete(a.phones, in.Leg)
	case engine.CommandDone:
		if leg, made := a.ordered[in.Command]; made && in.Cause != engine.CauseNone {
			delete(a.phones, leg)
		}
		delete(a.ordered, in.Command)
	case engine.DrainOrdered:
		a.draining = true
	case engine.SnapshotEnd:
		asked := map[engine.LegID]bool{} // by this run, and not answered yet: it is still to come
		for _, leg := range a.ordered {
			asked[leg] = true
		}
		for leg := range a.phones {
			if a.held && w.channels[leg] == nil && !asked[leg] {
				delete(a.phones, leg)
			}
		}
		a.held = false
	}
	for _, c := range w.out.Commands {
		if c.Kind == engine.CommandOriginate && c.Name != engine.Kept {
			a.phones[c.Leg], a.ordered[c.ID] = c.Value[len("user/"):], c.Leg
		}
	}
	if w.steps%64 != 0 {
		return
	}
	for leg := range a.phones {
		switch since, missing := a.since[leg]; {
		case w.channels[leg] != nil:
			delete(a.since, leg)
		case !missing:
			a.since[leg] = w.now
		case w.now-since > goneFor:
			delete(a.phones, leg)
			delete(a.since, leg)
		}
	}
}

// restarted: the module that gave the commands is gone. That a phone it has had called is not there the new run learns from the
// first snapshot.
func (a *account) restarted() {
	a.draining, a.held, a.waited = false, true, nil
	clear(a.ordered)
}

// waitedOn: whom a request has put into a queue, or who was left there in an agent's place, waits on while no engine is there. He
// has not come anew: like all who wait he stays when his queue closes or its black list names him (docs/ARCHITECTURE.md 11).
func (a *account) waitedOn(s *staySeen, w *world) bool {
	leg := w.channels[legOfCaller(s)]
	return leg != nil && leg.inQueue == "" && slices.ContainsFunc(a.waited, func(was *staySeen) bool {
		return was.QueueID == s.QueueID && s.SinceMillis <= was.SinceMillis
	})
}

// occupied tells whether an agent is on a call, or about to be.
func (l *ledger) occupied(uuid string) bool {
	a := l.agents[uuid]
	if l.callsAt(uuid, "") > 0 {
		return true
	}
	for leg, number := range l.account.phones {
		if (number == a.dn || number == a.config.Mobile) && l.nails.owner[leg] == "" {
			return true
		}
	}
	return false
}

// leavesPlace: who hangs up before he is served, or whose wait ends with the run, may have his place again for a while (3.2).
func (l *ledger) leavesPlace(s *staySeen) {
	q := l.queue(s.QueueID)
	if s.Outcome == engine.StayInterrupted && !s.Callback {
		l.account.waited = append(l.account.waited, s)
	}
	unserved := s.Outcome == engine.StayAbandoned || s.Outcome == engine.StayInterrupted
	if !unserved || s.consult || s.Callback || q == nil || q.ResumeMillis == 0 {
		return
	}
	if l.account.dropped[q.ID] == nil {
		l.account.dropped[q.ID] = map[string]place{}
	}
	l.account.dropped[q.ID][s.CallerDN] = place{s.SinceMillis, l.w.now}
}

// takesPlace: he is back in time, and is not behind where he was.
func (l *ledger) takesPlace(s *staySeen) {
	had, dropped := l.account.dropped[s.QueueID][s.CallerDN]
	if q := l.queue(s.QueueID); !dropped || s.consult || s.Callback || q == nil {
		return
	} else if l.w.now-had.left <= (q.ResumeMillis-1)*1e6 { // of what another run has told the next one knows the ms
		if l.outcomes["returned"]++; s.SinceMillis > had.sinceMillis+1 { // it is told by another moment's clocks, cut to µs
			l.breaks("%s is back in %s, and has lost his place: %d, and was %d", s.CallerDN, q.ID, s.SinceMillis, had.sinceMillis)
		}
	}
	delete(l.account.dropped[s.QueueID], s.CallerDN)
}

// passesOn: the caller whom an agent leaves in a queue has his place, and whoever is called for it is called for him (3.6).
func (l *ledger) passesOn(from, to *staySeen) {
	l.passed = nil
	if !from.consult || to.QueueID != from.QueueID || to.EnteredMillis != from.EnteredMillis || to.SinceMillis != from.SinceMillis {
		l.breaks("%s has left his place in %s, of %d, and %s has one in %s, of %d", from.CallerDN, from.QueueID, from.EnteredMillis,
			to.CallerDN, to.QueueID, to.EnteredMillis)
	}
	delete(l.account.dropped[to.QueueID], to.CallerDN)
	to.consult, to.enteredAt = false, from.enteredAt
	to.offers, from.offers = from.offers, 0
	for _, o := range l.offers {
		if o.stay == from {
			o.stay = to
		}
	}
}

// shut tells whether a queue takes nobody by its hours.
func (l *ledger) shut(queueID string) bool { return !openAt(queueID, l.wall()) }

func (l *ledger) wall() int64 { return startWall + (l.w.now-startMono)/1000 }

// justChanged: the minute has only just begun, and the timer of those who are to be called back may run in the next step.
func (l *ledger) justChanged() bool { return l.wall()%minute < 1000 }

// waitsApart: nobody is called back while his queue is closed, or those may still come who waited before him.
func (l *ledger) waitsApart(s *staySeen) bool {
	return s.Callback && (l.account.held || l.shut(s.QueueID) || l.justChanged())
}

// nobodyEntersInVain: a queue that is closed, is emptied or turns a caller away has nobody new when the step is over (3.2).
func (l *ledger) nobodyEntersInVain(s *staySeen) {
	q := l.queue(s.QueueID)
	if s.LeftMillis != 0 || s.consult || s.Callback || s.returned || s.found || q == nil {
		return
	}
	if l.account.draining || l.shut(q.ID) || slices.Contains(q.Blacklist, s.CallerDN) {
		l.breaks("%s waits in %s, which takes him not", s.CallerDN, q.ID)
	}
}

// nobodyIsLost: who is in the application waits in a queue, has an agent or a number called, or is on his way out.
func (l *ledger) nobodyIsLost() {
	if l.w.steps%64 != 0 {
		return
	}
	waits := map[engine.LegID]bool{}
	for _, list := range l.inQueue {
		for _, s := range list {
			if s.PartyID != "" {
				waits[legOf(s.PartyID)] = true
			}
		}
	}
	for id, c := range l.w.channels {
		since, idle := l.account.idleApp[id]
		switch {
		case c.ending || c.inQueue == "" || waits[id]:
			delete(l.account.idleApp, id)
		case !idle:
			l.account.idleApp[id] = l.w.now
		case l.w.now-since > forgottenFor:
			l.breaks("%s is in the application of %s, and nobody knows", c.number, c.inQueue)
		}
	}
	for _, o := range l.offers {
		if l.w.now-o.madeAt > int64(3*minute*1000) {
			l.breaks("the phone %s has been called for %s for minutes", o.AgentDN, o.stay.CallerDN)
		}
	}
}
