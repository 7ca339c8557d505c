package sim

import (
	"time"

	"modcti/engine"
)

// Begin is how a call comes about.
type Begin uint8

const (
	// FromPhone: a phone or the outside calls Script.To; leg 0 is the caller, and the dialplan routes it.
	FromPhone Begin = iota
	// FromSwitch: the switch calls Script.From on an operator's behalf; leg 0 is that phone. What it does when it is
	// answered stands in Script.Run: park, or empty to go to Script.To as if it had dialed it.
	FromSwitch
)

// Verb is what a person, a phone or an operator of the switch does.
type Verb uint8

const (
	Ring       Verb = iota // the phone of Leg sends 180
	SendMedia              // ... 183 with media
	Answer                 // ... 200; a leg that waits in the switch is answered by an operator
	Refuse                 // ... a final refusal, Cause
	Hangup                 // the far end of Leg says BYE, or CANCEL when it waits unanswered in the switch
	Kill                   // an operator ends Leg with Cause (0 = normal clearing)
	KillAll                // an operator ends every leg
	Hold                   // an operator has Leg put its partner on hold; with Run "phone" its own phone does
	Unhold                 // and takes it off hold
	Send                   // an operator sends Leg to To (uuid_transfer)
	SendBoth               // an operator sends both legs of Leg's bridge to To
	Refer                  // the phone of Leg sends its partner to To
	ReferWith              // the phone that talks on Leg and on Other leaves its two partners to each other
	Press                  // the phone of Leg sends the digits To
	BridgeWith             // an operator joins Leg with Other (uuid_bridge)
	CallIn                 // an operator calls To, a new leg that runs Run; Leg is whom it listens to or intercepts
	Vanish                 // Leg is gone and nobody is told
	Wait                   // nothing: time passes
)

// Act is one thing that happens in a call. It is done After the act before it, or, when its leg cannot do it yet, as
// soon as it can. An act that has become impossible is left out.
type Act struct {
	After time.Duration
	Do    Verb
	Leg   int // legs are numbered in the order of their making
	Other int
	To    string
	Run   string // park, conference ROOM, eavesdrop, intercept; of a hold: phone
	Cause uint16
}

// Script is a call: who calls whom, and what happens then.
type Script struct {
	Begin    Begin
	From, To string
	Name     string // the caller's name
	Run      string
	Target   engine.LegID // whom Run listens to or intercepts; a leg that is up
	Number   string       // what a phone that the switch calls is shown; empty: 0000000000
	Loopback bool         // the dialplan reaches To through a loopback pair
	Alive    bool         // the phones that the dialplan calls behave as Options.Phone says; the acts are the caller's own
	Acts     []Act
}

// Call is one call of a script.
type Call struct {
	script       Script
	callerNumber string
	loopback     bool
	legs         []*leg
	next         int  // the act that comes next
	stuck        bool // it waits for its leg
	stuckSince   int64
	done         bool  // every leg is gone
	agents       []int // busy in traffic, as long as the call is up
	traffic      *traffic
}

// Legs returns the ids of the call's legs in the order of their making.
func (c *Call) Legs() []engine.LegID {
	ids := make([]engine.LegID, len(c.legs))
	for i, l := range c.legs {
		ids[i] = l.id
	}
	return ids
}

// Start lets the call begin at a virtual time; a time that has passed means now.
func (s *Switch) Start(at time.Duration, script Script) *Call {
	c := &Call{script: script, callerNumber: script.Number, loopback: script.Loopback}
	s.calls++
	delay := max(at.Nanoseconds()-s.now, 0)
	if script.Begin == FromSwitch {
		run := runOf(script.Run, s.byID[script.Target])
		run.to = script.To
		l := s.ownLeg(c, script.From, run)
		s.after(delay, (*Switch).beginFromSwitch, l, nil)
		return c
	}
	channel := trunkPrefix
	if s.inside(script.From) {
		channel = phonePrefix
	}
	l := s.newLeg(c, channel, script.From, engine.DirectionInbound)
	l.text.CallerName, l.text.Destination = script.Name, script.To
	l.next = &app{to: script.To}
	if channel == phonePrefix {
		l.text.User = l.text.CallerNumber
	}
	s.after(delay, (*Switch).beginFromPhone, l, nil)
	return c
}

func (s *Switch) beginFromPhone(l, _ *leg) {
	s.created(l, nil)
	s.after(s.between(550, 1_250), (*Switch).route, l, nil)
	s.plan(l.call)
}

func (s *Switch) beginFromSwitch(l, _ *leg) {
	s.originate(l)
	s.plan(l.call)
}

func runOf(run string, target *leg) app {
	const conference = "conference "
	if len(run) > len(conference) && run[:len(conference)] == conference {
		return app{name: "conference", room: run[len(conference):]}
	}
	return app{name: run, target: target}
}

// plan lets the next act of the script come.
func (s *Switch) plan(c *Call) {
	if c.next < len(c.script.Acts) {
		s.after(c.script.Acts[c.next].After.Nanoseconds(), (*Switch).perform, c.legs[0], nil)
	}
}

// patience is how long an act may wait for its leg before it is left out.
const patience = time.Minute

// giveUp leaves out an act that has waited too long.
func (s *Switch) giveUp(l, _ *leg) {
	if c := l.call; c.stuck && s.now-c.stuckSince >= patience.Nanoseconds() {
		c.stuck = false
		c.next++
		s.plan(c)
	}
}

// wake: something happened in the call, so that an act that waits may be possible now.
func (s *Switch) wake(c *Call) {
	if c.stuck {
		c.stuck = false
		s.after(s.between(800, 2_000), (*Switch).perform, c.legs[0], nil)
	}
}

// over: the last leg of the call is gone.
func (s *Switch) over(c *Call) {
	s.calls--
	c.done = true
	if c.traffic != nil {
		c.traffic.free(c)
	}
}
