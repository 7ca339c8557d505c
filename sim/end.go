package sim

import "modcti/engine"

// bySwitch is the disposition of a leg that the switch ends by itself.
func (s *Switch) bySwitch(l *leg) engine.Disposition {
	switch {
	case l.flags&engine.FlagLoopback != 0:
		return engine.DispositionNone
	case l.talking:
		return engine.SendBye
	case l.direction == engine.DirectionInbound:
		return engine.SendRefuse
	}
	return engine.SendCancel
}

// hangup ends l. own tells that its own thread does; otherwise that thread has to notice first. A second hangup of the
// same leg does nothing (3.14).
func (s *Switch) hangup(l *leg, cause uint16, disposition engine.Disposition, own bool) {
	if l.ending || l.gone {
		return
	}
	l.cause, l.disposition = cause, disposition
	if l.place == 0 { // its thread has not started; it ends as soon as it has
		s.after(s.between(200, 400), (*Switch).hangupLater, l, nil)
		return
	}
	l.ending = true
	in := s.tell(l, engine.LegHangup, nil)
	in.Cause = cause
	if disposition <= engine.RecvRefuse {
		in.Disposition = disposition // what the switch itself sends is known when it has been sent
	}
	s.unwind(l, own)
	for _, spy := range l.spies {
		s.after(s.between(2_000, 4_000), (*Switch).stopHearing, spy, nil)
	}
	if far := l.ends; far != nil {
		s.after(s.between(90, 200), (*Switch).endFollows, far, l)
	}
	s.wake(l.call)
}

func (s *Switch) hangupLater(l, _ *leg) { s.hangup(l, l.cause, l.disposition, false) }

// unwind: what l's thread, and those that wait for it, still have to do.
func (s *Switch) unwind(l *leg, own bool) {
	near, partner := l.origin, l.partner
	switch {
	case l.calling != nil:
		s.after(s.between(110, 180), (*Switch).cancelCall, l, l.calling)
		s.after(s.between(450, 900), (*Switch).end, l, nil)
		return
	case l.room != "":
		s.after(s.between(9_000, 20_000), (*Switch).leaveRoom, l, nil)
		return
	case l.heard != nil:
		s.after(s.between(3_000, 5_000), (*Switch).stopHearing, l, nil)
		return
	case partner != nil && l.leads:
		s.after(s.between(1_000, 17_000), (*Switch).follow, partner, nil)
		return // and its own thread leaves the bridge when the partner's has
	case partner != nil:
		s.after(s.between(500, 20_000), (*Switch).leave, partner, nil)
	case near != nil && near.calling == l:
		wait := s.between(200, 15_000)
		if l.cause == engine.CauseNoAnswer {
			wait = s.between(200, 400)
		}
		s.after(wait, (*Switch).callFailed, near, l)
	}
	if own {
		s.after(s.between(90, 220), (*Switch).end, l, nil)
	} else {
		s.after(s.between(140, 7_000), (*Switch).end, l, nil)
	}
}

// cancelCall: a's thread gives up calling b, because a is gone.
func (s *Switch) cancelCall(a, b *leg) {
	a.calling = nil
	if b.talking {
		s.hangup(b, engine.CauseNormalClearing, engine.SendBye, false)
	} else {
		s.hangup(b, engine.CauseOriginatorCancel, s.bySwitch(b), false)
	}
}

// callFailed: a's thread sees that b, whom it calls, is gone; its dialplan has no other way.
func (s *Switch) callFailed(a, b *leg) {
	if a.calling != b {
		return
	}
	a.calling, a.quits = nil, false
	if a.next != nil || a.joins != nil {
		s.idle(a, nil)
		return
	}
	cause := b.cause
	if cause == engine.CauseNoAnswer || cause == engine.CauseNone {
		cause = engine.CauseNormalClearing // the dialplan ran to its end
	}
	s.hangup(a, cause, s.bySwitch(a), true)
}

// follow: the thread of l sees that its partner is gone, or is being taken away.
func (s *Switch) follow(l, _ *leg) {
	other := l.partner
	switch {
	case other == nil || l.joins != nil || l.next != nil || !other.ending && !l.broken:
		return
	case (l.parks || l.remains()) && l.leads:
		s.after(s.between(90, 900), (*Switch).leave, l, nil)
		return
	case l.parks, l.remains():
		s.after(s.between(90, 900), (*Switch).leave, other, nil)
		return
	}
	s.hangup(l, engine.CauseNormalClearing, s.bySwitch(l), true)
}

// endFollows: one end of a loopback pair does not outlive the other.
func (s *Switch) endFollows(l, other *leg) { s.hangup(l, other.cause, engine.DispositionNone, false) }

// end: l's hangup handlers run; its driver has said goodbye to the far end.
func (s *Switch) end(l, _ *leg) {
	if l.ended || l.gone {
		return
	}
	for len(l.files) > 0 {
		s.closeFile(l, 0)
	}
	l.ended = true
	l.callState = engine.CallStateHangup
	in := s.tell(l, engine.LegEnded, nil)
	in.Cause, in.Disposition = l.cause, l.disposition
	s.after(s.between(120, 320), (*Switch).destroy, l, nil)
}

// destroy: nobody holds l any more.
func (s *Switch) destroy(l, _ *leg) {
	if l.gone {
		return
	}
	if l.partner != nil {
		s.after(s.between(300, 900), (*Switch).destroy, l, nil)
		return
	}
	s.tell(l, engine.LegDestroyed, nil)
	s.forget(l)
}

// vanish: l is gone without a word; so are whoever waits for it and the bridge that it was in.
func (s *Switch) vanish(l *leg) {
	partner := l.partner
	if partner != nil {
		partner.partner, l.partner = nil, nil
		partner.leads, l.leads = false, false
	}
	if l.origin != nil && l.origin.calling == l {
		l.origin.calling = nil
	}
	l.ending, l.ended, l.calling = true, true, nil
	for _, spy := range l.spies {
		s.after(s.between(2_000, 4_000), (*Switch).stopHearing, spy, nil)
	}
	s.forget(l)
	s.wake(l.call)
}
