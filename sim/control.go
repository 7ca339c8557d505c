package sim

import (
	"strings"

	"modcti/engine"
)

// originateFor makes one channel to the number of a dial string. No worker waits for the phone: the command is answered
// when the channel's thread is started. Who hangs it up before that finds no channel, and none comes to be.
func (s *Switch) originateFor(r *strand) {
	q := &r.commands[0]
	channel, number := dialed(q.Value)
	if number == "" || q.Name != "" && q.Name != engine.Kept || q.Leg.IsZero() || s.byID[q.Leg] != nil {
		s.done(r, causeNotAllowed)
		return
	}
	behaviour := s.phone(number)
	switch {
	case q.cancelled != engine.CauseNone:
		s.done(r, q.cancelled)
		return
	case behaviour.Fails != engine.CauseNone:
		s.done(r, behaviour.Fails)
		return
	}
	l := s.newLegAs(s.phoneCall(), q.Leg, channel, number, engine.DirectionOutbound)
	l.text.CTICallID, l.text.CallerNumber, l.text.CallerName = q.CallID, q.CallerNumber, q.CallerName
	l.app = app{name: "wait", sound: engine.WaitSilence}
	l.kept, l.placed = q.Name == engine.Kept, true
	s.inUse[l.text.Destination]++
	s.later(s.between(60, 120), func() {
		if cause := r.commands[0].cancelled; cause != engine.CauseNone {
			l.gone = true
			s.hungUp(l)
			s.over(l.call)
			s.done(r, cause)
			return
		}
		r.commands[0].started = true
		s.byID[l.id] = l
		s.liven(l, behaviour)
		s.after(s.between(10, 80), (*Switch).created, l, nil)
		s.later(s.between(5, 60), func() { s.done(r, engine.CauseNone) })
	})
}

// dialed reads what kind of channel a dial string makes, and to which number: none where it holds what the switch takes
// for more than an address.
func dialed(value string) (channel, number string) {
	hostile := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("${}[]<>|,^'\"\\`", r) }
	if strings.IndexByte(value, '/') < 1 || strings.ContainsFunc(value, hostile) || strings.Contains(value, ":_:") {
		return "", ""
	}
	channel = trunkPrefix
	if strings.HasPrefix(value, "user/") || strings.HasPrefix(value, phonePrefix) {
		channel = phonePrefix
	}
	number = value[strings.LastIndexByte(value, '/')+1:]
	if at := strings.IndexByte(number, '@'); at >= 0 {
		number = number[:at]
	}
	return channel, number
}

// cancel takes back an originate whose channel has not begun, and tells whether there was one. It waits for no turn.
func (s *Switch) cancel(c *engine.Command) bool {
	for _, r := range s.worker.strands {
		for i := range r.commands {
			if q := &r.commands[i]; q.Kind == engine.CommandOriginate && q.Leg == c.Leg && !q.started {
				q.cancelled = causeOr(c.Cause, engine.CauseOriginatorCancel)
				return true
			}
		}
	}
	return false
}

// reaches tells whether l can be sent somewhere: a phone that only rings can be nowhere else yet.
func (l *leg) reaches() bool { return l.talking || l.early || l.direction == engine.DirectionInbound }

// remains tells whether l waits when its bridge is over.
func (l *leg) remains() bool { return l.kept || l.stays }

// bridgeFor joins the media of two channels; whoever they were joined with is parked.
func (s *Switch) bridgeFor(a, b *leg, name string) (uint16, arrival) {
	switch {
	case b == nil:
		return causeNoSuchLeg, nil
	case a == b, name != "" && name != engine.Kept:
		return causeNotAllowed, nil
	case a.partner == b && !a.parks && !b.parks: // neither has been sent elsewhere meanwhile
		a.stays, b.stays = name == engine.Kept, false
	case !a.reaches() || !b.reaches():
		return causeWrongState, nil
	default:
		for _, l := range []*leg{a, b} {
			if !l.talking && l.direction == engine.DirectionInbound {
				s.answered(l)
			}
			s.parkPartner(l)
		}
		a.stays, b.stays = name == engine.Kept, false
		a.placed, b.placed = true, true
		s.bridgeLegs(a, b)
	}
	until := s.now + meetPatience
	return engine.CauseNone, func() (uint16, bool) {
		switch {
		case a.ending || b.ending:
			return s.endAlone(a, b), true
		case a.partner == b:
			return engine.CauseNone, true
		}
		return engine.CauseTimerExpired, s.now > until
	}
}

const (
	meetPatience   = 5_000_000_000 // how long a worker waits for two to be joined
	settlePatience = 2_000_000_000 // and for one to be where it was sent
)

// endAlone: one of two that were to be joined has ended, and the other ends with it, unless it is kept.
func (s *Switch) endAlone(a, b *leg) uint16 {
	if a.ending {
		a, b = b, a
	}
	if !a.remains() {
		s.hangup(a, b.cause, s.bySwitch(a), false)
	}
	return b.cause
}

// parkPartner: whoever l is bridged with waits when that bridge is over, unless it is a phone that was only called for l.
func (s *Switch) parkPartner(l *leg) {
	if p := l.partner; p != nil && !p.ending && (p.talking || p.direction == engine.DirectionInbound) {
		s.offHold(p)
		p.parks, p.placed = true, true
	}
}

func (s *Switch) waitFor(l *leg, sound string) (uint16, arrival) {
	switch sound {
	case engine.WaitMusic, engine.WaitRingback, engine.WaitSilence, engine.WaitQueue:
		return s.moveTo(l, app{name: "wait", sound: sound})
	}
	return causeNotAllowed, nil
}

// say tells a leg that waits in a queue something, in the order in which it was asked for.
func (s *Switch) say(l *leg, what, value string) uint16 {
	switch what {
	case engine.SayPosition, engine.SayWait:
		if !only(value, "0123456789") {
			return causeNotAllowed
		}
	case engine.SayFile, engine.SayMusic:
		if value == "" {
			return causeNotAllowed
		}
	default:
		return causeNotAllowed
	}
	if l.sound != engine.WaitQueue {
		return causeWrongState
	}
	l.said = append(l.said, what+" "+value)
	return engine.CauseNone
}

func (s *Switch) joinRoom(l *leg, room string) (uint16, arrival) {
	if !only(room, letters+"0123456789-_.") {
		return causeNotAllowed, nil
	}
	cause, arrived := s.moveTo(l, app{name: "conference", room: room})
	if cause != engine.CauseNone {
		return cause, nil
	}
	until := s.now + settlePatience
	return cause, func() (uint16, bool) { // the room counts it
		cause, over := arrived()
		return cause, over && (cause != engine.CauseNone || !l.enters || s.now > until)
	}
}

// moveTo takes l out of whatever it is in and runs a; whoever it was bridged with is parked.
func (s *Switch) moveTo(l *leg, a app) (uint16, arrival) {
	if !l.reaches() {
		return causeWrongState, nil
	}
	s.parkPartner(l)
	s.offHold(l)
	s.jilt(l, nil)
	l.stays, l.placed = false, true
	next := &a
	l.next = next
	s.interrupt(l)
	until := s.now + settlePatience
	return engine.CauseNone, func() (uint16, bool) {
		if l.ending {
			return l.cause, true
		}
		return engine.CauseNone, l.next != next || s.now > until
	}
}

// voicemail has l speak to a box. A name that the switch would not take is refused as it does.
func (s *Switch) voicemail(l *leg, profile, box string) (uint16, arrival) {
	if !only(profile, letters+"0123456789-_. ") || !only(box, "0123456789+*#ABCD") {
		return causeNotAllowed, nil
	}
	return s.moveTo(l, app{name: voicemail})
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// only tells whether text is made of these characters, and is not empty.
func only(text, characters string) bool { return text != "" && strings.Trim(text, characters) == "" }

// isFile tells whether the switch takes path for a file to record into: absolute, leading nowhere else, with an ending.
func isFile(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.HasPrefix(path, "/") && only(path, letters+"0123456789/-_.+=@") && len(path) <= 512 &&
		!strings.Contains(path, "/.") && strings.LastIndexByte(name, '.') > 0 && name[len(name)-1] != '.'
}

func heardMode(name string) bool {
	switch name {
	case engine.HeardByNobody, engine.HeardByTarget, engine.HeardByPartner, engine.HeardByBoth:
		return true
	}
	return false
}

func (s *Switch) eavesdrop(l, target *leg, heardBy string) (uint16, arrival) {
	switch {
	case !heardMode(heardBy) || l == target:
		return causeNotAllowed, nil
	case target == nil:
		return causeNoSuchLeg, nil
	case !l.talking:
		return causeWrongState, nil
	}
	return s.moveTo(l, app{name: "eavesdrop", target: target, heardBy: heardBy})
}

func (s *Switch) eavesdropMode(l *leg, heardBy string) uint16 {
	switch {
	case !heardMode(heardBy):
		return causeNotAllowed
	case l.heard == nil:
		return causeWrongState
	}
	l.heardBy = heardBy
	return engine.CauseNone
}

func (s *Switch) holdFor(l *leg, held bool) uint16 {
	switch {
	case held && (!l.talking || l.callState == engine.CallStateHeld), !held && !l.held:
		return causeWrongState
	case held:
		l.held, l.callState, l.times.Held = true, engine.CallStateHeld, s.wall()
		s.tell(l, engine.LegHeld, nil)
	default:
		s.offHold(l)
	}
	s.wake(l.call)
	return engine.CauseNone
}

func (s *Switch) mute(l *leg, muted bool) uint16 {
	if !l.talking && !l.early {
		return causeWrongState
	}
	l.muted = muted
	return engine.CauseNone
}

func (s *Switch) sendDTMF(l *leg, digits string) uint16 {
	switch {
	case !only(digits, "0123456789*#ABCDabcd") || len(digits) > 128:
		return causeNotAllowed
	case !l.talking:
		return causeWrongState
	}
	l.digits += digits
	return engine.CauseNone
}

// askToAnswer asks the phone of l to pick up, which it does when it rings unless it is deaf to it.
func (s *Switch) askToAnswer(l *leg) uint16 {
	if l.talking || l.direction == engine.DirectionInbound {
		return causeWrongState
	}
	if !l.deaf && (l.ringing || l.early) {
		s.after(s.between(5_000, 60_000), (*Switch).picksUp, l, nil)
	}
	return engine.CauseNone
}

func (s *Switch) picksUp(l, _ *leg) {
	if !l.talking && !l.ending {
		s.answers(l)
	}
}

// recording is a file into which the switch records a leg.
type recording struct {
	path   string
	open   bool // its begin was told
	paused bool
}

func (s *Switch) recordStart(l *leg, path string) uint16 {
	switch {
	case !isFile(path):
		return causeNotAllowed
	case !l.talking && !l.early || l.recording(path) >= 0:
		return causeWrongState
	}
	l.files = append(l.files, recording{path: path})
	s.later(s.between(1_000, 40_000), func() { // with the first frame of sound
		if at := l.recording(path); at >= 0 && !l.files[at].open && !l.ended {
			l.files[at].open = true
			s.note(l, engine.LegRecordStarted).Text.Path = path
		}
	})
	return engine.CauseNone
}

// recording returns which of l's recordings goes into path, or -1.
func (l *leg) recording(path string) int {
	for i := range l.files {
		if l.files[i].path == path {
			return i
		}
	}
	return -1
}

func (s *Switch) recordChange(l *leg, c *engine.Command) uint16 {
	at := l.recording(c.Value)
	switch {
	case !isFile(c.Value):
		return causeNotAllowed
	case at < 0:
		return causeWrongState
	case c.Kind == engine.CommandRecordStop:
		s.closeFile(l, at)
	default:
		l.files[at].paused = c.Kind == engine.CommandRecordPause
	}
	return engine.CauseNone
}

// closeFile closes the file of a recording, and tells it where its begin was told.
func (s *Switch) closeFile(l *leg, at int) {
	file := l.files[at]
	l.files = append(l.files[:at], l.files[at+1:]...)
	if file.open {
		s.note(l, engine.LegRecordStopped).Text.Path = file.path
	}
}
