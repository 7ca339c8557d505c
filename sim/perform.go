package sim

import "modcti/engine"

// outcome of an act.
type outcome uint8

const (
	did    outcome = iota
	notYet         // its leg cannot do it yet
	never          // nor ever will
)

// perform does the next act of a call, or lets it wait until something happens in the call.
func (s *Switch) perform(l, _ *leg) {
	c := l.call
	if c.done || c.stuck || c.next == len(c.script.Acts) {
		return
	}
	a := &c.script.Acts[c.next]
	if s.try(c, a) == notYet {
		c.stuck, c.stuckSince = true, s.now
		s.after(patience.Nanoseconds(), (*Switch).giveUp, l, nil)
		return
	}
	c.next++
	s.plan(c)
}

// try does one act if its leg can do it now.
func (s *Switch) try(c *Call, a *Act) outcome {
	switch a.Do {
	case Wait:
		return did
	case KillAll:
		s.killAll(c)
		return did
	case CallIn:
		return s.callIn(c, a)
	}
	if a.Leg >= len(c.legs) || c.legs[a.Leg].place == 0 && !c.legs[a.Leg].gone {
		return notYet
	}
	l := c.legs[a.Leg]
	if l.ending {
		return never
	}
	switch a.Do {
	case Ring, SendMedia, Answer, Refuse:
		return s.phoneActs(l, a)
	case Hangup:
		s.farEndHangsUp(l)
	case Kill:
		s.hangup(l, causeOr(a.Cause, engine.CauseNormalClearing), s.bySwitch(l), false)
	case Vanish:
		s.vanish(l)
	case Hold, Unhold:
		return s.hold(l, a.Do == Hold, a.Run == "phone")
	default:
		return s.operatorActs(c, l, a)
	}
	return did
}

func causeOr(cause, otherwise uint16) uint16 {
	if cause == engine.CauseNone {
		return otherwise
	}
	return cause
}

// phoneActs: what a phone does that is being called.
func (s *Switch) phoneActs(l *leg, a *Act) outcome {
	if l.talking {
		return never
	}
	switch a.Do {
	case Ring:
		s.rings(l)
	case SendMedia:
		s.sendsMedia(l, nil)
	case Refuse:
		s.hangup(l, causeOr(a.Cause, engine.CauseCallRejected), engine.RecvRefuse, true)
	case Answer:
		switch {
		case l.direction == engine.DirectionOutbound:
			s.answers(l)
		case !l.waiting:
			return notYet
		default: // an operator answers it: it is given media first
			s.sendsMedia(l, nil)
			s.after(s.between(250, 400), (*Switch).answeredLater, l, nil)
		}
	}
	return did
}

// farEndHangsUp: the phone says BYE; a caller whom nobody has answered or rung back says CANCEL.
func (s *Switch) farEndHangsUp(l *leg) {
	switch {
	case l.talking, l.early && l.direction == engine.DirectionInbound:
		s.hangup(l, engine.CauseNormalClearing, engine.RecvBye, true)
	case l.direction == engine.DirectionInbound:
		s.hangup(l, engine.CauseOriginatorCancel, engine.RecvCancel, true)
	default:
		s.hangup(l, engine.CauseCallRejected, engine.RecvRefuse, true)
	}
}

// killAll ends every leg of the call, one shortly after the other, as hupall does.
func (s *Switch) killAll(c *Call) {
	delay := int64(0)
	for _, l := range c.legs {
		if !l.gone {
			s.after(delay, (*Switch).kill, l, nil)
			delay += s.between(110, 180)
		}
	}
}

func (s *Switch) kill(l, _ *leg) { s.hangup(l, engine.CauseNormalClearing, s.bySwitch(l), false) }

// hold: the module sees what the switch does by a hook, and what the phone does on the event bus alone.
func (s *Switch) hold(l *leg, held, phone bool) outcome {
	if l.partner == nil {
		return notYet
	}
	if held == (l.callState == engine.CallStateHeld) {
		return never
	}
	kind := engine.LegUnheld
	l.callState = engine.CallStateActive
	if held {
		kind = engine.LegHeld
		l.callState = engine.CallStateHeld
		l.times.Held = s.wall()
	}
	if phone {
		s.note(l, kind)
	} else {
		s.tell(l, kind, nil)
	}
	s.wake(l.call)
	return did
}

// operatorActs: what is done to a call from outside it.
func (s *Switch) operatorActs(c *Call, l *leg, a *Act) outcome {
	if !l.talking {
		return notYet
	}
	switch a.Do {
	case Send:
		if l.partner == nil && !l.waiting {
			return notYet
		}
		s.send(l, a.To)
	case Refer:
		if l.partner == nil {
			return notYet
		}
		s.send(l.partner, a.To)
	case SendBoth:
		if l.partner == nil {
			return notYet
		}
		s.sendBoth(l, l.partner, a.To)
	case BridgeWith:
		if a.Other >= len(c.legs) || !c.legs[a.Other].talking {
			return notYet
		}
		s.bridgeLegs(l, c.legs[a.Other])
	}
	return did
}

// send transfers l. Its partner's thread notices and, left alone, ends.
func (s *Switch) send(l *leg, to string) {
	l.to = to
	in := s.tell(l, engine.LegTransferred, nil)
	in.Text.Destination = to
	partner := l.partner
	switch {
	case partner == nil:
		s.after(s.between(3_900, 19_000), (*Switch).route, l, nil)
	case l.leads:
		s.after(s.between(1_000, 18_000), (*Switch).follow, partner, nil)
	default:
		s.after(s.between(2_000, 8_000), (*Switch).route, l, nil)
		s.after(s.between(9_000, 22_000), (*Switch).leave, partner, nil)
	}
}

func (s *Switch) sendBoth(a, b *leg, to string) {
	if b.leads {
		a, b = b, a
	}
	a.to, b.to = to, to
	in := s.tell(a, engine.LegTransferred, nil)
	in.Text.Destination = to
	s.after(s.between(110, 180), (*Switch).sentToo, b, nil)
	s.after(s.between(7_000, 14_000), (*Switch).leave, a, nil)
}

func (s *Switch) sentToo(l, _ *leg) {
	if l.ending {
		return
	}
	in := s.tell(l, engine.LegTransferred, nil)
	in.Text.Destination = l.to
}

// callIn: an operator calls another phone into the call.
func (s *Switch) callIn(c *Call, a *Act) outcome {
	run := runOf(a.Run, nil)
	if run.name == "eavesdrop" || run.name == "intercept" {
		if a.Leg >= len(c.legs) || c.legs[a.Leg].partner == nil {
			return notYet
		}
		run.target = c.legs[a.Leg]
	}
	s.originate(s.ownLeg(c, a.To, run))
	return did
}
