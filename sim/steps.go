package sim

import (
	"strings"

	"modcti/engine"
)

// The steps of this file are those of the recorded scenarios. Times are in microseconds; a range is what was seen.

// route: l's thread turns to what is next for it.
func (s *Switch) route(l, _ *leg) {
	switch {
	case l.ending || l.next == nil || l.partner != nil && l.leads:
		return
	case l.inApp():
		s.quit(l)
		return
	}
	a := *l.next
	l.next, l.waiting, l.sound, l.parks = nil, false, "", false
	s.run(l, a)
}

// dialplan: the dialplan of l's thread looks for a destination.
func (s *Switch) dialplan(l *leg, to string) {
	switch {
	case to == "park":
		s.park(l)
	case strings.HasPrefix(to, "conf"):
		s.confer(l, to[len("conf"):])
	case s.options.Room != nil && s.options.Room(to):
		s.confer(l, to)
	case strings.HasPrefix(to, "cause_"):
		cause, _ := engine.CauseByName(to[len("cause_"):])
		s.hangup(l, cause, s.bySwitch(l), true)
	case l.call.loopback && l.ends == nil:
		s.dialLoopback(l, to)
	default:
		s.dial(l, to)
	}
}

// dial: l's thread calls a phone or a number.
func (s *Switch) dial(l *leg, to string) {
	channel := trunkPrefix
	if s.inside(to) {
		channel = phonePrefix
	}
	c, alive := l.call, l.call.script.Alive
	if alive {
		c = s.phoneCall()
	}
	far := s.newLeg(c, channel, to, engine.DirectionOutbound)
	if alive {
		s.liven(far, s.phone(to))
	}
	s.call(l, far)
	s.after(s.between(110, 170), (*Switch).created, far, nil)
}

// call: l's thread begins to call far, and gives up when nobody answers.
func (s *Switch) call(l, far *leg) {
	far.origin, l.calling = l, far
	far.text.CallerNumber, far.text.CallerName = l.text.CallerNumber, l.text.CallerName
	if l.direction == engine.DirectionOutbound && l.ends == nil {
		far.text.CallerNumber, far.text.CallerName = l.text.Destination, "Outbound Call"
	}
	far.text.CTICallID = l.text.CTICallID
	s.tell(l, engine.LegOutgoing, far)
	s.after(s.options.RingTimeout.Nanoseconds(), (*Switch).noAnswer, far, nil)
}

func (s *Switch) noAnswer(l, _ *leg) {
	if !l.talking && !l.ending {
		s.hangup(l, engine.CauseNoAnswer, engine.SendCancel, false)
	}
}

// rings: l's phone sends 180. A caller that hears nothing yet is given a ring-back tone.
func (s *Switch) rings(l *leg) {
	l.ringing = true
	l.callState = engine.CallStateRinging
	l.times.Progress = s.wall()
	s.tell(l, engine.LegRinging, nil)
	s.passEarly(l)
	s.wake(l.call)
}

// sendsMedia: l's phone sends 183, or the switch plays something to it before it is answered.
func (s *Switch) sendsMedia(l, _ *leg) {
	if l.early || l.talking || l.ending {
		return
	}
	l.early = true
	l.callState = engine.CallStateEarly
	l.times.Early = s.wall()
	s.tell(l, engine.LegProgress, nil)
	s.passEarly(l)
	s.wake(l.call)
}

func (s *Switch) passEarly(l *leg) {
	if near := l.origin; near != nil && near.calling == l && !near.talking && !near.early {
		s.after(s.between(700, 22_000), (*Switch).sendsMedia, near, nil)
	}
}

// answers: l's far end, or the switch itself, answers.
func (s *Switch) answers(l *leg) {
	s.answered(l)
	switch {
	case l.origin != nil && l.origin.calling == l:
		s.after(s.between(900, 14_000), (*Switch).connect, l.origin, l)
	case l.origin == nil && l.direction == engine.DirectionOutbound && l.ends == nil:
		s.after(s.between(12_000, 19_000), (*Switch).runApp, l, nil)
	}
}

func (s *Switch) answered(l *leg) {
	l.talking = true
	l.callState = engine.CallStateActive
	l.times.Answered = s.wall()
	s.tell(l, engine.LegAnswered, nil)
	s.wake(l.call)
}

// connect: a's thread sees that b, whom it calls, has answered; it answers a and bridges the two.
func (s *Switch) connect(a, b *leg) {
	if a.ending || b.ending || a.calling != b || a.quits {
		return
	}
	if a.ends != nil && !a.ends.talking {
		s.loopAnswered(a)
		s.after(s.between(30, 120), (*Switch).connect, a, b)
		return
	}
	if !a.talking {
		s.answered(a)
		s.after(s.between(190, 460), (*Switch).connectAnswered, a, b)
		return
	}
	s.connectAnswered(a, b)
}

// connectAnswered: a call to a directory user is a call within a call, which takes a little longer to join.
func (s *Switch) connectAnswered(a, b *leg) {
	switch {
	case a.ending || b.ending || a.calling != b || a.quits:
	case b.text.User == "":
		s.bridge(a, b)
	default:
		s.after(s.between(340, 520), (*Switch).bridge, a, b)
	}
}

// bridge: a's thread joins the media of a and b, and from now on carries it.
func (s *Switch) bridge(a, b *leg) {
	if a.calling == b {
		if a.quits {
			return // its thread is about to give up the call
		}
		a.calling = nil
	}
	if a.ending || b.ending || a.partner != nil || b.partner != nil {
		s.abandon(a, b)
		return
	}
	for _, l := range []*leg{a, b} {
		l.joins, l.waiting, l.sound, l.parks, l.broken = nil, false, "", false, false
	}
	a.partner, b.partner, a.leads, b.leads = b, a, true, false
	b.times.Bridged = s.wall()
	s.tell(b, engine.LegBridged, a)
	s.after(s.between(4, 28), (*Switch).bridged, a, b)
}

func (s *Switch) bridged(a, b *leg) {
	if a.partner != b {
		return
	}
	a.times.Bridged = s.wall()
	s.tell(a, engine.LegBridged, b)
	s.wake(a.call)
	if b.call != a.call {
		s.wake(b.call)
	}
	for _, l := range []*leg{a, b} {
		if l.ends != nil {
			s.mayBowOut(l)
		}
	}
}

// abandon: a bridge that cannot be made leaves nobody waiting.
func (s *Switch) abandon(a, b *leg) {
	for _, l := range []*leg{a, b} {
		if !l.ending && l.partner == nil {
			s.after(s.between(100, 300), (*Switch).clear, l, nil)
		}
	}
}

// clear: l's own thread ends it, because there is nothing left for it to do after other has gone.
func (s *Switch) clear(l, other *leg) {
	if l.ending || l.busy() {
		return
	}
	if l.remains() {
		s.wait(l, engine.WaitSilence)
		return
	}
	cause := engine.CauseNormalClearing
	if other != nil && other.ending {
		cause = other.cause
	}
	s.hangup(l, cause, s.bySwitch(l), true)
}

// leave: a's thread ends the bridge that it carries, and tells both ends. The far end hears of it only while its own
// hangup handlers have not run.
func (s *Switch) leave(a, _ *leg) {
	b := a.partner
	if b == nil || !a.leads || !(a.broken || a.ending || b.ending) {
		return
	}
	a.partner, b.partner, a.leads, a.broken, b.broken = nil, nil, false, false, false
	if !b.ended {
		s.tell(b, engine.LegUnbridged, a)
		s.after(s.between(3, 12), (*Switch).parted, a, b)
		return
	}
	s.parted(a, b)
}

func (s *Switch) parted(a, b *leg) {
	s.tell(a, engine.LegUnbridged, b)
	switch {
	case a.ending:
		s.after(s.between(90, 280), (*Switch).end, a, nil)
	case a.next != nil:
		s.after(s.between(300, 900), (*Switch).route, a, nil)
	default:
		s.after(s.between(90, 200), (*Switch).idle, a, b)
	}
	switch {
	case b.ending:
	case b.next != nil:
		s.after(s.between(4_000, 7_000), (*Switch).route, b, nil)
	default:
		s.after(s.between(200, 17_000), (*Switch).idle, b, a)
	}
}

// idle: l's thread has come out of what it did; other is whom it was joined with.
func (s *Switch) idle(l, other *leg) {
	switch {
	case l.gone:
	case l.ending:
		s.end(l, nil)
	case l.next != nil:
		s.route(l, nil)
	case l.parks:
		l.parks = false
		if !l.busy() { // it may be elsewhere already
			l.waiting, l.sound = true, engine.WaitSilence
			s.wake(l.call)
		}
	default:
		s.clear(l, other)
	}
}
