package sim

import (
	"slices"

	"modcti/engine"
)

// causeOutOfOrder (DESTINATION_OUT_OF_ORDER) ends a leg whose bridge never came.
const causeOutOfOrder = 27

// run lets l's thread run an application, or its dialplan.
func (s *Switch) run(l *leg, a app) {
	switch a.name {
	case "park":
		s.park(l)
	case "wait":
		s.wait(l, a.sound)
	case voicemail:
		s.speak(l)
	case "conference":
		s.confer(l, a.room)
	case "eavesdrop":
		s.hear(l, a.target, a.heardBy)
	case "intercept":
		in := s.tell(l, engine.LegExecuted, a.target)
		in.Text.App, in.Text.AppArg = "intercept", a.target.text.UUID
		s.after(s.between(30, 120), (*Switch).intercept, l, a.target)
	default:
		s.dialplan(l, a.to)
	}
}

// park: l waits in the switch.
func (s *Switch) park(l *leg) {
	l.waiting, l.sound = true, engine.WaitSilence
	in := s.tell(l, engine.LegExecuted, nil)
	in.Text.App = "park"
	s.wake(l.call)
}

// wait: l waits and hears sound, if it has media. For a caller without it ringback is a 180.
func (s *Switch) wait(l *leg, sound string) {
	l.waiting, l.sound, l.said = true, sound, nil
	if sound == engine.WaitRingback && !l.talking && !l.early && !l.ringing && l.direction == engine.DirectionInbound {
		s.rings(l)
	}
	s.wake(l.call)
}

const (
	voicemail      = "voicemail"
	voicemailLasts = 120_000_000_000 // how long a message may be
)

// speak: l is answered and speaks to voicemail, which ends it.
func (s *Switch) speak(l *leg) {
	if !l.talking {
		s.answered(l)
	}
	l.waiting, l.sound = true, voicemail
	s.after(voicemailLasts, (*Switch).spoken, l, nil)
	s.wake(l.call)
}

func (s *Switch) spoken(l, _ *leg) {
	if l.sound == voicemail {
		l.waiting, l.sound = false, ""
		s.clear(l, nil)
	}
}

// confer: l's thread enters a conference, answering l first. Rooms are told by the event bus, beside the thread.
func (s *Switch) confer(l *leg, room string) {
	l.room, l.enters = room, true
	if !l.talking {
		s.answered(l)
		s.after(s.between(100, 300), (*Switch).enterRoom, l, nil)
		return
	}
	s.enterRoom(l, nil)
}

func (s *Switch) enterRoom(l, _ *leg) {
	if l.ending || l.quits {
		return
	}
	l.mixes = true
	in := s.tell(l, engine.LegExecuted, nil)
	in.Text.App, in.Text.AppArg = "conference", l.room+"@default"
	s.after(s.between(300, 1_200), (*Switch).mixed, l, nil)
	s.after(s.between(350, 1_300), (*Switch).joinedRoom, l, nil)
}

func (s *Switch) mixed(l, _ *leg) {
	l.enters = false
	if !l.ended {
		s.tell(l, engine.LegBridged, nil)
		s.wake(l.call)
	}
}

func (s *Switch) joinedRoom(l, _ *leg) {
	in := s.note(l, engine.RoomJoined)
	in.Text.Room = l.room
	s.wake(l.call)
}

// leaveRoom: the conference's thread of l notices that l ends or is wanted elsewhere.
func (s *Switch) leaveRoom(l, _ *leg) {
	if l.room == "" || !l.quits && !l.ending {
		return
	}
	if l.mixes {
		s.tell(l, engine.LegUnbridged, nil)
		s.after(s.between(150, 1_200), (*Switch).leftRoom, l, nil)
	}
	l.left, l.room, l.enters, l.mixes, l.quits = l.room, "", false, false, false
	s.after(s.between(350, 900), (*Switch).idle, l, nil)
}

func (s *Switch) leftRoom(l, _ *leg) {
	in := s.note(l, engine.RoomLeft)
	in.Text.Room = l.left
}

// ownLeg is a leg that the switch makes by itself, on an operator's behalf; run is what it does when it is answered.
func (s *Switch) ownLeg(c *Call, number string, run app) *leg {
	channel := trunkPrefix
	if s.inside(number) {
		channel = phonePrefix
	}
	l := s.newLeg(c, channel, number, engine.DirectionOutbound)
	l.app = run
	l.text.CallerNumber = "0000000000"
	if c.callerNumber != "" {
		l.text.CallerNumber = c.callerNumber
	}
	return l
}

// originate: the switch calls its own leg.
func (s *Switch) originate(l *leg) {
	s.after(s.between(60, 120), (*Switch).created, l, nil)
	s.after(s.options.RingTimeout.Nanoseconds(), (*Switch).noAnswer, l, nil)
}

func (s *Switch) runApp(l, _ *leg) {
	switch {
	case l.ending || l.busy(): // it was told to do something else meanwhile
	case l.app.name == "": // an originate to a number transfers the leg that it made
		s.send(l, l.app.to)
	default:
		s.run(l, l.app)
	}
}

// hear: l listens to target's call, and is heard by heardBy.
func (s *Switch) hear(l, target *leg, heardBy string) {
	in := s.tell(l, engine.LegExecuted, target)
	in.Flags = engine.FlagObserver
	in.Text.App, in.Text.AppArg = "eavesdrop", target.text.UUID
	if target.ending || target.gone {
		s.after(s.between(100, 300), (*Switch).clear, l, nil)
		return
	}
	l.heard, l.heardBy = target, heardBy
	target.spies = append(target.spies, l)
	s.after(s.between(100, 240), (*Switch).hears, l, nil)
}

func (s *Switch) hears(l, _ *leg) {
	if l.heard != nil && !l.ended {
		l.mixes = true
		s.tell(l, engine.LegBridged, nil)
		s.wake(l.call)
	}
}

// stopHearing: the listener, or whom it listens to, is ending, or the listener is wanted elsewhere.
func (s *Switch) stopHearing(l, _ *leg) {
	target := l.heard
	if target == nil || l.ended || !l.quits && !l.ending && !target.ending {
		return
	}
	target.spies = slices.DeleteFunc(target.spies, func(spy *leg) bool { return spy == l })
	if l.mixes {
		s.tell(l, engine.LegUnbridged, nil)
	}
	l.heard, l.heardBy, l.mixes, l.quits = nil, "", false, false
	s.after(s.between(200, 400), (*Switch).idle, l, nil)
}

// intercept: l takes target away from its partner, who is told that the call was picked up elsewhere.
func (s *Switch) intercept(l, target *leg) {
	if target.ending || target.gone {
		s.clear(l, nil)
		return
	}
	old := target.partner
	l.joins, target.joins = target, l
	if old != nil {
		s.hangup(old, engine.CausePickedOff, s.bySwitch(old), false)
		if old.leads {
			s.after(s.between(9_000, 16_000), (*Switch).leave, old, nil)
		}
	}
	s.after(s.between(33_000, 45_000), (*Switch).join, l, target)
}

// bridgeLegs is uuid_bridge: both are taken away from whatever they are in and joined; a's thread carries the bridge.
func (s *Switch) bridgeLegs(a, b *leg) {
	if a.ending || b.ending || a == b {
		return
	}
	s.offHold(a)
	s.offHold(b)
	s.jilt(a, b)
	s.jilt(b, a)
	a.joins, b.joins, a.next, b.next = b, a, nil, nil
	for _, l := range []*leg{a, b} {
		if l.inApp() {
			s.quit(l)
		} else if l.partner != nil {
			s.breakBridge(l)
		}
		if near := l.origin; near != nil && near.calling == l {
			s.after(s.between(200, 15_000), (*Switch).callFailed, near, l)
		}
	}
	s.after(s.between(33_000, 45_000), (*Switch).join, a, b)
}

// breakBridge: one of a bridge's legs is wanted elsewhere.
func (s *Switch) breakBridge(l *leg) {
	carrier := l
	if !l.leads {
		carrier = l.partner
	}
	l.broken, l.partner.broken = true, true
	s.after(s.between(5_000, 9_000), (*Switch).leave, carrier, nil)
}

// bridgePatience is how long a leg that is to be bridged waits for one that has been sent elsewhere.
const bridgePatience = 20_000_000_000

// jilt: l will not be joined with whom it was to be joined with, unless that is other.
func (s *Switch) jilt(l, other *leg) {
	old := l.joins
	if old == nil || old == other {
		return
	}
	l.joins = nil
	s.after(bridgePatience, (*Switch).jilted, old, l)
}

func (s *Switch) jilted(l, other *leg) {
	if l.joins == other && other.joins != l && !l.ending {
		l.joins = nil
		if l.remains() {
			s.clear(l, nil)
			return
		}
		s.hangup(l, causeOutOfOrder, s.bySwitch(l), true)
	}
}

// join: both threads are ready for the new bridge.
func (s *Switch) join(a, b *leg) {
	switch {
	case a.joins != b || b.joins != a:
	case a.ending || b.ending:
		a.joins, b.joins = nil, nil
		s.abandon(a, b)
	case a.partner != nil || b.partner != nil || a.inApp() || b.inApp():
		s.after(s.between(2_000, 6_000), (*Switch).join, a, b)
	default:
		s.bridge(a, b)
	}
}

// dialLoopback: l's thread calls to through a loopback pair. The near end is early at once, so that l is bridged with
// it long before the phone behind the far end answers.
func (s *Switch) dialLoopback(l *leg, to string) {
	near := s.newLeg(l.call, loopbackPrefix, to, engine.DirectionOutbound)
	near.flags = engine.FlagLoopback
	far := s.newLeg(l.call, loopbackPrefix, to, engine.DirectionInbound)
	far.flags = engine.FlagLoopback
	far.text.Channel = far.text.Channel[:len(far.text.Channel)-1] + "b"
	near.ends, far.ends = far, near
	s.call(l, near)
	far.text.CallerNumber, far.text.CallerName = near.text.CallerNumber, near.text.CallerName
	far.text.Destination, far.text.SIPCallID = to, ""
	far.next, far.placed = &app{to: to}, false
	s.after(s.between(110, 170), (*Switch).created, near, nil)
	s.after(s.between(400, 600), (*Switch).createdFar, far, near)
}

func (s *Switch) createdFar(far, near *leg) {
	s.created(far, nil)
	s.tell(far, engine.LegLooped, near).Flags = engine.FlagLoopback
	s.after(s.between(200, 300), (*Switch).loopEarly, near, far)
	s.after(s.between(600, 900), (*Switch).route, far, nil)
}

func (s *Switch) loopEarly(near, far *leg) {
	if near.ending || far.ending {
		return
	}
	s.sendsMedia(near, nil)
	s.after(s.between(20, 60), (*Switch).sendsMedia, far, nil)
	wait := s.between(300, 3_000)
	if !near.origin.talking {
		wait = s.between(20_000, 26_000) // it is given a ring-back tone first
	}
	s.after(wait, (*Switch).bridgeEarly, near.origin, near)
}

// bridgeEarly: a loopback end that is early is bridged before it is answered, unless it has been answered meanwhile.
func (s *Switch) bridgeEarly(a, b *leg) {
	if a != nil && a.calling == b && !b.ending && !b.talking {
		s.bridge(a, b)
	}
}

// loopAnswered: the phone behind the far end answered; the near end passes it on to whoever called it.
func (s *Switch) loopAnswered(far *leg) {
	near := far.ends
	s.answered(near)
	if near.origin.calling == near {
		s.after(s.between(900, 14_000), (*Switch).connect, near.origin, near)
	}
	if caller := near.partner; caller != nil && !caller.talking {
		s.after(s.between(2_000, 20_000), (*Switch).answeredLater, caller, nil)
	}
}

func (s *Switch) answeredLater(l, _ *leg) {
	if !l.talking && !l.ending {
		s.answered(l)
	}
}

// mayBowOut: once both ends of a loopback pair are in answered bridges it takes itself out of the way.
func (s *Switch) mayBowOut(l *leg) {
	near, far := l, l.ends
	if near.direction == engine.DirectionInbound {
		near, far = far, near
	}
	if near.partner == nil || far.partner == nil || !near.talking || !far.talking {
		return
	}
	s.after(s.between(300_000, 2_300_000), (*Switch).bowOut, near, far)
}

func (s *Switch) bowOut(near, far *leg) {
	if near.ending || far.ending || near.partner == nil || far.partner == nil {
		return
	}
	s.bridgeLegs(near.partner, far.partner)
}
