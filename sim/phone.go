package sim

import (
	"math/rand/v2"
	"time"

	"modcti/engine"
)

// Behaviour is what a phone does that is called.
type Behaviour struct {
	// Fails, where it is set, is why the switch cannot even try to reach it: no channel comes to be.
	Fails uint16
	// Deaf: it does not pick up when the switch asks it to (engine.CommandAnswer).
	Deaf bool
	// Acts are what it does then, as in a script whose leg 0 it is; none: nothing ever comes back from it.
	Acts []Act
}

const phoneDelay = 3 * time.Millisecond // from the call to the first answer of the far end's telephone

const (
	causeNotRegistered = 606 // USER_NOT_REGISTERED
	networkTimeout     = 32 * time.Second
)

// Answers is a phone that is picked up after ring, and then does what acts say.
func Answers(ring time.Duration, acts ...Act) Behaviour {
	return Behaviour{Acts: append([]Act{{After: phoneDelay, Do: Ring}, {After: ring, Do: Answer}}, acts...)}
}

// AnswersFor is a phone that is picked up after ring and hangs up after talk.
func AnswersFor(ring, talk time.Duration) Behaviour {
	return Answers(ring, Act{After: talk, Do: Hangup})
}

// Refuses is a phone that rings, or for ring 0 does not, and then refuses with cause.
func Refuses(ring time.Duration, cause uint16) Behaviour {
	refusal := Act{After: phoneDelay, Do: Refuse, Cause: cause}
	if ring == 0 {
		return Behaviour{Acts: []Act{refusal}}
	}
	refusal.After = ring
	return Behaviour{Acts: []Act{{After: phoneDelay, Do: Ring}, refusal}}
}

// IsBusy is a phone that is in use.
func IsBusy() Behaviour { return Refuses(0, engine.CauseUserBusy) }

// NeverAnswers is a phone that rings and rings.
func NeverAnswers() Behaviour { return Behaviour{Acts: []Act{{After: phoneDelay, Do: Ring}}} }

// Unreachable is a phone that the network does not reach, which the switch learns when its own timer has run down.
func Unreachable() Behaviour { return Refuses(0, engine.CauseTimerExpired).after(networkTimeout) }

// NotRegistered is a phone that the switch knows of and has no address for.
func NotRegistered() Behaviour { return Behaviour{Fails: causeNotRegistered} }

func (b Behaviour) after(d time.Duration) Behaviour {
	b.Acts[0].After = d
	return b
}

// Phones is how phones behave where nobody says otherwise: most are picked up, and stay so until the other hangs up or
// for rather long; a few press a key, or hold for a while.
func Phones(tempo Tempo) func(number string, random *rand.Rand) Behaviour {
	return func(_ string, random *rand.Rand) Behaviour {
		about := func(mean time.Duration) time.Duration { return mean/2 + time.Duration(random.Float64()*float64(mean)) }
		ring, talk := about(tempo.Ring), about(3*tempo.Talk)
		switch at := random.IntN(100); {
		case at < 6:
			return IsBusy()
		case at < 11:
			return Refuses(ring, engine.CauseCallRejected)
		case at < 16:
			return NeverAnswers()
		case at < 18:
			return Unreachable()
		case at < 20:
			return NotRegistered()
		case at < 25:
			return Answers(ring, Act{After: talk / 4, Do: Press, To: "1"}, Act{After: talk, Do: Hangup})
		case at < 35:
			return Answers(ring, Act{After: talk / 4, Do: Hold, Run: "phone"},
				Act{After: talk / 8, Do: Unhold, Run: "phone"}, Act{After: talk, Do: Hangup})
		}
		return AnswersFor(ring, talk)
	}
}

// phone asks how the phone of number behaves this time.
func (s *Switch) phone(number string) Behaviour {
	return s.options.Phone(number, s.phones)
}

// Busy tells whether the phone of number is on a channel that has not begun to end.
func (s *Switch) Busy(number string) bool {
	for _, l := range s.live {
		far := l.text.Destination
		if l.direction == engine.DirectionInbound {
			far = l.text.CallerNumber
		}
		if far == number && !l.ending {
			return true
		}
	}
	return false
}

// hungUp: a phone that the engine called is free again.
func (s *Switch) hungUp(l *leg) {
	if s.inUse[l.text.Destination]--; s.inUse[l.text.Destination] == 0 {
		delete(s.inUse, l.text.Destination)
	}
}

// phoneCall is what a phone that behaves by itself goes by: its own leg is the only one of it.
func (s *Switch) phoneCall() *Call {
	s.calls++
	return &Call{}
}

// liven lets the phone of l behave.
func (s *Switch) liven(l *leg, b Behaviour) {
	l.deaf = b.Deaf
	l.call.script.Acts = b.Acts
	if b.Fails != 0 {
		l.call.script.Acts = []Act{{Do: Refuse, Cause: b.Fails}}
	}
	s.plan(l.call)
}

// Act lets the phone of a leg, or an operator, do something now, and tells whether it could. Of a, Leg and Other do not
// count: other is the second leg where the act needs one.
func (s *Switch) Act(id engine.LegID, a Act, other engine.LegID) bool {
	l := s.byID[id]
	if l == nil || l.place == 0 {
		return false
	}
	switch a.Do {
	case Wait, KillAll, CallIn:
		return false // they are acts of a call
	}
	return s.actOn(l, s.byID[other], &a) == did
}
