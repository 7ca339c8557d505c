package center

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"modcti/engine"
)

// This file holds the engine to where callers go whose call was not taken (3.3).

// anyTargets is a list of that kind, of some that always work, some that may and some that never do.
func anyTargets(r *rand.Rand) (list []engine.Target) {
	for range 1 + r.IntN(3) {
		list = append(list, []engine.Target{
			{Kind: engine.ToRecall}, {Kind: engine.ToRelease}, {Kind: engine.ToQueue, To: queueIDs[r.IntN(len(queueIDs))]},
			{Kind: engine.ToNumber, To: "1390000" + strconv.Itoa(r.IntN(9))}, {Kind: engine.ToNumber, To: "x"},
			{Kind: engine.ToVoicemail, To: "1000"},
		}[r.IntN(6)])
	}
	return list
}

// missedOutcomes are how an offer ends that its agent did not take; a caller who is sent on for it leaves with the same.
var missedOutcomes = []string{engine.OfferNoAnswer, engine.OfferRejected, engine.OfferBusy, engine.OfferUnreachable}

// missed is what the ledger knows of callers whose call was not taken.
type missed struct {
	ended []*offerSeen               // in this step, with such an outcome
	sent  map[engine.LegID]*staySeen // who has left his queue for that, by his leg: he may have his place again
}

var missedCauses = map[string]uint16{
	engine.OfferNoAnswer: engine.CauseNoAnswer, engine.OfferRejected: engine.CauseCallRejected,
	engine.OfferBusy: engine.CauseUserBusy, engine.OfferUnreachable: engine.CauseOutOfOrder,
}

// listFor is the list in force: the agent's, else the queue's.
func (l *ledger) listFor(r *engine.OfferRecord) []engine.Target {
	if list := l.agents[r.AgentUUID].config.MissedOverflow; len(list) > 0 {
		return list
	}
	if q := l.queue(r.QueueID); q != nil {
		return q.MissedOverflow
	}
	return nil
}

// chance is whether a target takes a caller.
type chance uint8

const (
	never chance = iota
	perhaps
	surely
)

func (l *ledger) chanceOf(t engine.Target, s *staySeen) chance {
	switch t.Kind {
	case engine.ToRelease:
		return surely
	case engine.ToNumber:
		if t.To[0] == 'x' {
			return never
		}
		return surely
	case engine.ToQueue:
		q := l.queue(t.To)
		if q == nil || t.To == s.QueueID || slices.Contains(q.Blacklist, s.CallerDN) || l.shut(t.To) {
			return never
		}
		return perhaps
	}
	return never
}

// expected is whether such a list sends a caller on.
func (l *ledger) expected(list []engine.Target, s *staySeen) chance {
	best := never
	for _, t := range list {
		if t.Kind == engine.ToRecall {
			break
		}
		best = max(best, l.chanceOf(t, s))
	}
	return best
}

// missedEnds notes that an offer was not taken.
func (l *ledger) missedEnds(o *offerSeen, outcome string) {
	if slices.Contains(missedOutcomes, outcome) {
		o.Outcome = outcome
		l.missed.ended = append(l.missed.ended, o)
	}
}

// sentOn: a caller leaves a queue because his call was not taken. His phone must have been the last, and its list one that sends
// him on.
func (l *ledger) sentOn(s *staySeen) {
	if !slices.Contains(missedOutcomes, s.Outcome) {
		return
	}
	l.missed.sent[legOf(s.PartyID)] = s
	if s.Callback || s.offers != 0 {
		l.breaks("%s is sent on from %s as %s, and %d phones are called for him", s.CallerDN, s.QueueID, s.Outcome, s.offers)
	}
	for _, o := range l.unroutable() {
		if o.CallID == s.CallID && o.QueueID == s.QueueID && l.expected(l.listFor(o), s) != never {
			return
		}
	}
	for _, o := range l.missed.ended {
		if o.stay == s && o.Outcome == s.Outcome && l.expected(l.listFor(&o.OfferRecord), s) != never {
			return
		}
	}
	l.breaks("%s is sent on from %s as %s, and nothing says so", s.CallerDN, s.QueueID, s.Outcome)
}

// unroutable are the offers of this step to phones to which there was no way.
func (l *ledger) unroutable() (list []*engine.OfferRecord) {
	for _, r := range l.w.out.Records {
		if r.Kind == engine.OfferEnded && r.Offer.PartyID == "" {
			list = append(list, r.Offer)
		}
	}
	return list
}

// comesBack tells whether a stay is the place that its caller had before he was sent on: with the time that he came at.
func (l *ledger) comesBack(s *staySeen) bool {
	was := l.missed.sent[legOfCaller(s)]
	if s.Callback || was == nil || was.QueueID != s.QueueID || s.SinceMillis != was.SinceMillis {
		return false
	}
	l.outcomes["came back"]++
	delete(l.missed.sent, legOfCaller(s))
	return true
}

// nobodyIsForgotten: when the step is over the list in force has been walked for everybody whose last phone rang in vain.
func (l *ledger) nobodyIsForgotten() {
	for _, o := range l.missed.ended {
		s, list := o.stay, l.listFor(&o.OfferRecord)
		if s.offers > 0 || s.consult || s.Callback || l.account.draining || slices.ContainsFunc(l.unroutable(),
			func(r *engine.OfferRecord) bool { return r.CallID == o.CallID }) {
			continue
		}
		if s.LeftMillis == 0 && l.lastMissed(s) == o && l.expected(list, s) == surely {
			l.breaks("%s waits on in %s, whose call was %s by %s, who has %v", s.CallerDN, s.QueueID, o.Outcome, o.AgentUUID, list)
		}
		first := slices.IndexFunc(list, func(t engine.Target) bool { return t.Kind == engine.ToRecall || l.chanceOf(t, s) != never })
		if s.Outcome == o.Outcome && first >= 0 && list[first].Kind == engine.ToRelease {
			l.letGo(s)
		}
	}
	l.missed.ended = l.missed.ended[:0]
}

func (l *ledger) lastMissed(s *staySeen) (last *offerSeen) {
	for _, o := range l.missed.ended {
		if o.stay == s {
			last = o
		}
	}
	return last
}

func (l *ledger) letGo(s *staySeen) {
	l.outcomes["released"]++
	leg := legOfCaller(s)
	for _, c := range l.w.out.Commands {
		if c.Kind == engine.CommandHangup && c.Leg == leg && c.Cause == missedCauses[s.Outcome] {
			return
		}
	}
	l.breaks("%s is to be released as %s, and is not", s.CallerDN, s.Outcome)
}
