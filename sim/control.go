package sim

import (
	"strings"

	"modcti/engine"
)

// originateFor makes one channel to the number of a dial string. No worker waits for the phone: the command is answered
// when the channel is under way. Who hangs it up before that finds no channel, and none comes to be.
func (s *Switch) originateFor(r *strand) {
	q := &r.commands[0]
	channel, number := dialed(q.Value)
	if number == "" || s.byID[q.Leg] != nil {
		s.done(r, causeNotAllowed)
		return
	}
	if q.cancelled {
		s.done(r, engine.CauseOriginatorCancel)
		return
	}
	behaviour := s.phone(number)
	if behaviour.Fails != engine.CauseNone {
		s.done(r, behaviour.Fails)
		return
	}
	l := s.newLegAs(s.phoneCall(), q.Leg, channel, number, engine.DirectionOutbound)
	l.text.CTICallID, l.text.CallerNumber, l.text.CallerName = q.CallID, q.CallerNumber, q.CallerName
	l.app = app{name: "wait", sound: engine.WaitSilence}
	s.byID[l.id] = l
	s.after(s.between(60, 120), (*Switch).created, l, nil)
	s.later(s.between(40, 160), func() {
		if l.gone {
			s.done(r, engine.CauseOriginatorCancel)
			return
		}
		l.accepted = true
		s.done(r, engine.CauseNone)
	})
	s.liven(l, behaviour)
}

// dialed reads what kind of channel a dial string makes, and to which number.
func dialed(value string) (channel, number string) {
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

// hangupFor ends a channel, or has an originate that waits or is under way come to nothing.
func (s *Switch) hangupFor(c *engine.Command) uint16 {
	cause := causeOr(c.Cause, engine.CauseNormalClearing)
	l := s.byID[c.Leg]
	switch {
	case l == nil && s.cancel(c.Leg):
		return engine.CauseNone
	case l == nil || l.ending:
		return causeNoSuchLeg
	case l.place == 0 && !l.accepted && s.random.Uint64()&1 == 0: // its thread is not started any more
		delete(s.byID, l.id)
		l.gone = true
		s.over(l.call)
	default:
		s.hangup(l, cause, s.bySwitch(l), false)
	}
	return engine.CauseNone
}

// cancel takes back an originate that has not had its turn, and tells whether there was one.
func (s *Switch) cancel(id engine.LegID) (found bool) {
	for _, r := range s.worker.strands {
		for i := range r.commands {
			if q := &r.commands[i]; q.Kind == engine.CommandOriginate && q.Leg == id {
				q.cancelled, found = true, true
			}
		}
	}
	return found
}

// reaches tells whether l can be sent somewhere: a phone that has not answered yet can only answer or end.
func (l *leg) reaches() bool { return l.talking || l.direction == engine.DirectionInbound }

// bridgeFor joins the media of two channels; whoever they were joined with is parked.
func (s *Switch) bridgeFor(a, b *leg) uint16 {
	switch {
	case b == nil:
		return causeNoSuchLeg
	case a == b:
		return causeNotAllowed
	case !a.reaches() || !b.reaches():
		return causeWrongState
	}
	for _, l := range []*leg{a, b} {
		if !l.talking {
			s.answered(l)
		}
		s.parkPartner(l)
	}
	s.bridgeLegs(a, b)
	return engine.CauseNone
}

// parkPartner: whoever l is bridged with waits when that bridge is over.
func (s *Switch) parkPartner(l *leg) {
	if p := l.partner; p != nil && !p.ending {
		p.parks = true
	}
}

func (s *Switch) waitFor(l *leg, sound string) uint16 {
	switch sound {
	case engine.WaitMusic, engine.WaitRingback, engine.WaitSilence:
		return s.sendFor(l, app{name: "wait", sound: sound})
	}
	return causeNotAllowed
}

func (s *Switch) joinRoom(l *leg, room string) uint16 {
	if room == "" {
		return causeNotAllowed
	}
	return s.sendFor(l, app{name: "conference", room: room})
}

// sendFor takes l out of whatever it is in and runs a; whoever it was bridged with is parked.
func (s *Switch) sendFor(l *leg, a app) uint16 {
	if !l.reaches() {
		return causeWrongState
	}
	s.parkPartner(l)
	s.send(l, a)
	return engine.CauseNone
}

func heardMode(name string) bool {
	switch name {
	case engine.HeardByNobody, engine.HeardByTarget, engine.HeardByPartner, engine.HeardByBoth:
		return true
	}
	return false
}

func (s *Switch) eavesdrop(l, target *leg, heardBy string) uint16 {
	switch {
	case target == nil:
		return causeNoSuchLeg
	case !heardMode(heardBy) || l == target:
		return causeNotAllowed
	}
	return s.sendFor(l, app{name: "eavesdrop", target: target, heardBy: heardBy})
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
	if !l.talking || held == (l.callState == engine.CallStateHeld) {
		return causeWrongState
	}
	l.held, l.callState = held, engine.CallStateActive
	if held {
		l.callState, l.times.Held = engine.CallStateHeld, s.wall()
		s.tell(l, engine.LegHeld, nil)
	} else {
		s.tell(l, engine.LegUnheld, nil)
	}
	s.wake(l.call)
	return engine.CauseNone
}

func (s *Switch) mute(l *leg, muted bool) uint16 {
	if !l.talking {
		return causeWrongState
	}
	l.muted = muted
	return engine.CauseNone
}

func (s *Switch) sendDTMF(l *leg, digits string) uint16 {
	switch {
	case digits == "" || strings.Trim(digits, "0123456789*#ABCD") != "":
		return causeNotAllowed
	case !l.talking && !l.early:
		return causeWrongState
	}
	return engine.CauseNone
}

// askToAnswer asks the ringing phone of l to pick up, which it does unless it is deaf to it.
func (s *Switch) askToAnswer(l *leg) uint16 {
	if l.talking || l.direction == engine.DirectionInbound || !l.ringing && !l.early {
		return causeWrongState
	}
	if !l.deaf {
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
	case path == "" || l.recording(path) >= 0:
		return causeNotAllowed
	case !l.talking && !l.early:
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
