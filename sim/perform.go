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
	var other *leg
	if a.Other < len(c.legs) {
		other = c.legs[a.Other]
	}
	return s.actOn(c.legs[a.Leg], other, a)
}

// actOn does one act of l's own if l can do it now.
func (s *Switch) actOn(l, other *leg, a *Act) outcome {
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
	case Press:
		return s.press(l, a.To)
	default:
		return s.operatorActs(l, other, a)
	}
	return did
}

// press: the far end of l sends digits, one record each; whoever it talks to is sent them too.
func (s *Switch) press(l *leg, digits string) outcome {
	if !l.talking {
		return notYet
	}
	for i := range len(digits) {
		in := s.tell(l, engine.LegDTMF, nil)
		in.Text.Digits = digits[i : i+1]
	}
	if l.partner != nil {
		l.partner.digits += digits
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
	if l.partner == nil && !l.mixes {
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
		l.held = held
		s.tell(l, kind, nil)
	}
	s.wake(l.call)
	return did
}

// operatorActs: what is done to a call from outside it.
func (s *Switch) operatorActs(l, other *leg, a *Act) outcome {
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
		if other == nil || !other.talking {
			return notYet
		}
		s.bridgeLegs(l, other)
	case ReferWith:
		if l.partner == nil || other == nil || other.partner == nil {
			return notYet
		}
		s.referWith(l, other)
	}
	return did
}

// referWith: a phone that talks on two legs leaves, and its two partners are joined (2.7). Its own legs end with their
// bridges, unless the phone, which is told that all is well, is quicker to say goodbye.
func (s *Switch) referWith(l, other *leg) {
	s.bridgeLegs(l.partner, other.partner)
	s.after(s.between(8_000, 60_000), (*Switch).saysBye, l, nil)
	s.after(s.between(8_000, 60_000), (*Switch).saysBye, other, nil)
}

func (s *Switch) saysBye(l, _ *leg) {
	if !l.ending {
		s.farEndHangsUp(l)
	}
}

// send transfers l. Its partner's thread notices and, left alone, ends.
func (s *Switch) send(l *leg, to string) {
	s.offHold(l)
	s.jilt(l, nil)
	l.next, l.placed = &app{to: to}, false
	in := s.tell(l, engine.LegTransferred, nil)
	in.Text.Destination = to
	s.interrupt(l)
}

// offHold: whoever is sent elsewhere is taken off the switch's own hold first.
func (s *Switch) offHold(l *leg) {
	if l.held {
		l.held, l.callState = false, engine.CallStateActive
		s.tell(l, engine.LegUnheld, nil)
	}
}

// interrupt takes l's thread out of what it does, so that it turns to what is next for it.
func (s *Switch) interrupt(l *leg) {
	partner := l.partner
	switch {
	case l.inApp():
		s.quit(l)
	case partner == nil:
		s.after(s.between(3_900, 19_000), (*Switch).route, l, nil)
		if near := l.origin; near != nil && near.calling == l { // who called it has lost it
			s.after(s.between(200, 15_000), (*Switch).callFailed, near, l)
		}
	case l.leads:
		l.broken, partner.broken = true, true
		s.after(s.between(1_000, 18_000), (*Switch).follow, partner, nil)
	default:
		l.broken, partner.broken = true, true
		s.after(s.between(2_000, 8_000), (*Switch).route, l, nil)
		s.after(s.between(9_000, 22_000), (*Switch).leave, partner, nil)
	}
}

// quit lets the application that l's thread is in notice that it is wanted elsewhere.
func (s *Switch) quit(l *leg) {
	l.quits = true
	switch {
	case l.calling != nil:
		s.after(s.between(1_000, 20_000), (*Switch).stopCalling, l, l.calling)
	case l.room != "":
		s.after(s.between(9_000, 20_000), (*Switch).leaveRoom, l, nil)
	default:
		s.after(s.between(3_000, 5_000), (*Switch).stopHearing, l, nil)
	}
}

// stopCalling: a's thread is wanted elsewhere while it calls b.
func (s *Switch) stopCalling(a, b *leg) {
	if a.calling == b && !a.ending {
		a.quits = false
		s.cancelCall(a, b)
		s.after(s.between(450, 900), (*Switch).idle, a, nil)
	}
}

// sendBoth is uuid_transfer -both: the partner of the leg that is named is sent first.
func (s *Switch) sendBoth(l, partner *leg, to string) {
	l.next, partner.next = &app{to: to}, &app{to: to}
	l.placed, partner.placed = false, false
	l.broken, partner.broken = true, true
	in := s.tell(partner, engine.LegTransferred, nil)
	in.Text.Destination = to
	s.after(s.between(110, 180), (*Switch).sentToo, l, nil)
	carrier := l
	if partner.leads {
		carrier = partner
	}
	s.after(s.between(7_000, 14_000), (*Switch).leave, carrier, nil)
}

func (s *Switch) sentToo(l, _ *leg) {
	if l.ending || l.next == nil {
		return
	}
	in := s.tell(l, engine.LegTransferred, nil)
	in.Text.Destination = l.next.to
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
