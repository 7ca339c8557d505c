package center

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// This file holds the engine to what becomes of calls to an agent that no queue sends, and that he does not take (3.3).

// direct is such a call.
type direct struct {
	callID string
	caller engine.LegID    // who waits for the agent
	dn     string          // whose phone is to be called,
	target engine.LegID    // and is; zero: not yet
	left   []engine.Target // of the list in force, once he has missed it
	missed bool
}

// directs are those that are under way.
type directs struct {
	list []*direct
	run  int // of the engine
}

// look follows a step before anything else does: who is at a phone is who was there before it.
func (l *ledger) lookDirect(in *engine.Input) {
	d := &l.directs
	if d.run != l.w.runs {
		d.list, d.run = nil, l.w.runs
	}
	if r := in.Request; in.Kind == engine.ClientRequest {
		l.directAsked(r)
	}
	d.list = slices.DeleteFunc(d.list, func(c *direct) bool {
		if l.gone[c.caller] || l.hungUp[c.caller] || in.Kind == engine.LegAnswered && in.Leg == c.target {
			return true
		}
		if p := l.parties[c.target.Hex()]; p != nil && p.established { // the record of his answer was lost
			return true
		}
		if c.target.IsZero() {
			c.target = l.originated(c.callID, c.dn)
			return false
		}
		closed := slices.ContainsFunc(l.w.out.Records, func(r engine.Record) bool {
			return r.Kind == engine.PartyClosed && legOf(r.Party.PartyID) == c.target
		})
		return closed && !l.passedOn(c)
	})
}

// directAsked notes what a request begins: a call of an agent's phone, or of who was sent on to it; and that a phone is being
// answered, which is missed no more.
func (l *ledger) directAsked(r *engine.Request) {
	if slices.ContainsFunc(l.w.out.Events, func(o engine.Outgoing) bool {
		_, refused := o.Message.(*events.PartyError)
		return refused
	}) {
		return
	}
	c := &direct{dn: r.OtherDN}
	for _, o := range l.w.out.Commands {
		switch {
		case c.callID != "": // the first is what tells
		case r.Kind == engine.RequestMakeCall && o.Kind == engine.CommandOriginate && o.CallID == o.Leg.Hex(),
			(r.Kind == engine.RequestSingleStepTransfer || r.Kind == engine.RequestRedirectCall) && o.Kind == engine.CommandWait:
			c.callID, c.caller = o.CallID, o.Leg
		case r.Kind == engine.RequestAnswerCall && o.Kind == engine.CommandAnswer:
			l.directs.forget(func(d *direct) bool { return d.target == o.Leg })
		}
	}
	if c.callID != "" {
		l.directs.forget(func(d *direct) bool { return d.callID == c.callID })
		if l.queue(c.dn) == nil {
			l.directs.list = append(l.directs.list, c)
		}
	}
}

func (d *directs) forget(who func(*direct) bool) { d.list = slices.DeleteFunc(d.list, who) }

// originated is the leg of a number that the step has called into a call.
func (l *ledger) originated(callID, dn string) engine.LegID {
	for _, c := range l.w.out.Commands {
		if c.Kind == engine.CommandOriginate && c.CallID == callID && c.Value == "user/"+dn {
			return c.Leg
		}
	}
	return engine.LegID{}
}

// passedOn holds the engine to the list of who has missed a call, and tells whether another phone is called for it.
func (l *ledger) passedOn(c *direct) bool {
	if !c.missed {
		c.missed = true
		for _, a := range l.agents {
			if a.dn == c.dn && a.state != events.AgentStateLoggedOut {
				c.left = a.config.MissedOverflow
			}
		}
		if len(c.left) == 0 {
			return false
		}
	}
	leg := l.w.channels[c.caller]
	if leg == nil || leg.ending {
		return false
	}
	for len(c.left) > 0 {
		to := c.left[0]
		c.left = c.left[1:]
		switch {
		case to.Kind == engine.ToRelease:
			l.outcomes["direct released"]++
			if !l.isHungUp(c.caller) {
				l.breaks("%s is to be released, whose call %s did not take, and is not", leg.number, c.dn)
			}
			return false
		case to.Kind == engine.ToQueue && l.entered(c.caller, to.To):
			l.outcomes["direct queued"]++
			return false
		case to.Kind == engine.ToNumber && to.To[0] != 'x' && to.To != leg.number:
			l.outcomes["direct passed on"]++
			if c.target = l.originated(c.callID, to.To); c.target.IsZero() {
				l.breaks("%s is to be sent on to %s by %s, who did not take his call, and is not", leg.number, to.To, c.dn)
			}
			return true
		}
	}
	l.outcomes["direct given up"]++
	if !l.isHungUp(c.caller) && !slices.ContainsFunc(l.w.out.Commands, func(o engine.Command) bool {
		return o.CallID == c.callID && (o.Kind == engine.CommandOriginate || // he is called again who sent him there,
			o.Kind == engine.CommandBridge && o.Leg == c.caller && l.nails.owner[o.Other] != "") // or has him, on a leg that stays up
	}) {
		l.breaks("%s waits for nobody: %s did not take his call, nor did anybody of his list", leg.number, c.dn)
	}
	return false
}

// isHungUp tells whether a leg is hung up in this step. One that stays up is only taken out of its call.
func (l *ledger) isHungUp(leg engine.LegID) bool {
	if l.nails.owner[leg] != "" && slices.ContainsFunc(l.w.out.Records, func(r engine.Record) bool {
		return r.Kind == engine.PartyClosed && engine.LegIDOf(r.Party.LegUUID) == leg
	}) {
		return true
	}
	return slices.ContainsFunc(l.w.out.Commands, func(c engine.Command) bool {
		return c.Kind == engine.CommandHangup && c.Leg == leg
	})
}

// entered tells whether a caller has come into a queue in this step.
func (l *ledger) entered(leg engine.LegID, queueID string) bool {
	return slices.ContainsFunc(l.w.out.Records, func(r engine.Record) bool {
		return r.Kind == engine.QueueEntered && r.Queue.QueueID == queueID && legOfCaller(&staySeen{QueueRecord: *r.Queue}) == leg
	})
}

func (c *chaos) askDirect() {
	c.ref++
	kinds := []engine.RequestKind{engine.RequestMakeCall, engine.RequestMakeCall, engine.RequestMakeCall, engine.RequestMakeCall,
		engine.RequestSingleStepTransfer, engine.RequestRedirectCall}
	c.request(engine.Request{Kind: kinds[c.rng.IntN(len(kinds))], ReferenceID: c.ref, ThisDN: c.anyDN(), OtherDN: c.anyDN()})
}

// TestDirectPromises: the promises hold where agents call each other, and what is not taken goes where their lists say (3.3).
func TestDirectPromises(t *testing.T) { holdDirectPromises(t, 20, 10_000) }

// TestSoakDirectPromises is the same for more than a million steps.
func TestSoakDirectPromises(t *testing.T) {
	soak(t)
	holdDirectPromises(t, 60, 25_000)
}

func holdDirectPromises(t *testing.T, seeds uint64, steps int) {
	outcomes := map[string]int{}
	for _, seed := range worlds(t, 1000, seeds) {
		f := []faults{{}, {refused: 10, lost: 5, late: 10}, {records: 5}}[seed%3]
		c := newChaos(t, seed, f)
		c.direct = true
		require.NoError(t, c.run(steps), "seed %d", seed)
		c.atRest(t)
		for what, n := range c.ledger.outcomes {
			outcomes[what] += n
		}
	}
	for _, what := range []string{"direct passed on", "direct queued", "direct released", "direct given up"} {
		t.Log(what, outcomes[what])
		require.NotZero(t, outcomes[what], what)
	}
}
