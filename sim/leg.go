package sim

import (
	"slices"

	"modcti/engine"
)

// leg is one channel of the switch.
type leg struct {
	id        engine.LegID
	text      engine.Text
	direction engine.Direction
	flags     uint32
	call      *Call

	seq         uint32
	cause       uint16
	disposition engine.Disposition
	callState   engine.CallState
	times       engine.LegTimes
	place       int // in Switch.live, from 1; 0 when the switch does not list it

	origin  *leg // whose thread calls it
	calling *leg // whom its thread is calling now
	partner *leg // whose media is joined with its
	joins   *leg // whom uuid_bridge or an intercept will join it with
	heard   *leg // whom it eavesdrops
	spies   []*leg
	ends    *leg // the other end of a loopback pair
	app     app  // what it runs once it is answered
	next    *app // where its thread goes next: it was transferred

	room    string   // the conference that it is in
	left    string   // and the one that it is leaving
	sound   string   // what it hears while it waits: one of engine.Wait*
	said    []string // what it has been told while it waits in a queue
	heardBy string   // who hears it while it eavesdrops: one of engine.HeardBy*
	files   []recording
	digits  string // what its far end has been sent

	leads   bool // its thread runs the bridge
	broken  bool // its bridge is being taken apart
	enters  bool // the room does not count it yet
	quits   bool // its thread is being taken out of its application
	parks   bool // it waits, rather than ends, when its bridge is over
	kept    bool // it waits, rather than ends, when whatever it is in is over
	stays   bool // so does it for the bridge that it is in
	placed  bool // a command has put it where it is, or was to join it with its partner
	mixes   bool // its media is joined with a conference, or with a call that it eavesdrops
	ringing bool
	early   bool
	waiting bool // parked
	talking bool // answered
	held    bool // put on hold by the switch
	muted   bool
	deaf    bool // its phone does not pick up when the switch asks it to
	ending  bool // hung up
	ended   bool // its hangup handlers have run
	gone    bool
}

// busy tells whether l's thread has something to do, so that it does not end by itself.
func (l *leg) busy() bool {
	return l.joins != nil || l.next != nil || l.partner != nil || l.waiting || l.parks || l.inApp()
}

// inApp tells whether l's thread is in an application that has to notice when it is wanted elsewhere.
func (l *leg) inApp() bool { return l.calling != nil || l.room != "" || l.heard != nil }

// app is what a leg's thread runs.
type app struct {
	name    string // park, wait, conference, eavesdrop, intercept, or empty: the dialplan sends it to
	to      string
	room    string
	sound   string
	heardBy string
	target  *leg
}

// waits tells whether nobody is heard in it.
func (a *app) waits() bool { return a.name == "wait" && a.sound != engine.WaitQueue }

// newLeg makes a channel to or from number. Nothing is told of it yet.
func (s *Switch) newLeg(c *Call, channel, number string, direction engine.Direction) *leg {
	return s.newLegAs(c, s.newID(), channel, number, direction)
}

// newLegAs is newLeg for an id that somebody else chose.
func (s *Switch) newLegAs(c *Call, id engine.LegID, channel, number string, direction engine.Direction) *leg {
	l := &leg{id: id, call: c, direction: direction}
	s.name(l, channel, number)
	c.legs = append(c.legs, l)
	return l
}

// newID draws a random uuid (version 4).
func (s *Switch) newID() (id engine.LegID) {
	high, low := s.ids.Uint64(), s.ids.Uint64()
	for i := range 8 {
		id[i], id[8+i] = byte(high>>(56-8*i)), byte(low>>(56-8*i))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// name fills in the names of a channel. They are parts of one string, as they are in a decoded record.
func (s *Switch) name(l *leg, channel, number string) {
	const digits = "0123456789abcdef"
	buf := s.scratch[:0]
	for _, b := range l.id {
		buf = append(buf, digits[b>>4], digits[b&15])
	}
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			buf = append(buf, '-')
		}
		buf = append(buf, buf[i])
	}
	buf = append(buf, channel...)
	buf = append(buf, number...)
	named := len(buf)
	if channel == loopbackPrefix {
		buf = append(buf, "-a"...)
	} else {
		buf = append(buf, "@192.0.2.1"...)
	}
	all := string(buf)
	s.scratch = buf
	l.text.Hex, l.text.UUID, l.text.Channel = all[:32], all[32:68], all[68:]
	l.text.Context = "default"
	if l.direction == engine.DirectionOutbound {
		l.text.Destination = all[68+len(channel) : named]
		if s.inside(l.text.Destination) && channel == phonePrefix {
			l.text.User = l.text.Destination
		}
	} else {
		l.text.CallerNumber = all[68+len(channel) : named]
		l.text.SIPCallID = l.text.UUID
	}
}

// tell gives out one record of l's, numbered within the leg and stamped with the present.
func (s *Switch) tell(l *leg, kind engine.InputKind, other *leg) *engine.Input {
	in := s.note(l, kind)
	if s.module {
		l.seq++
	}
	in.LegSeq = l.seq
	if other != nil {
		in.Other = other.id
	}
	return in
}

// note gives out one record about l that the event bus tells: it has no number.
func (s *Switch) note(l *leg, kind engine.InputKind) *engine.Input {
	in := &s.unheard
	if s.module {
		in = s.record(kind)
	}
	in.Leg = l.id
	return in
}

// record makes room for one record and stamps it. It is valid until the next one is made.
func (s *Switch) record(kind engine.InputKind) *engine.Input {
	s.told = append(s.told, engine.Input{Kind: kind})
	in := &s.told[len(s.told)-1]
	in.MonoNanos, in.WallMicros = s.start.monoNanos+s.now, s.wall()
	return in
}

// wall is the switch's real-time clock, Unix µs.
func (s *Switch) wall() int64 { return s.start.wallMicros + s.now/1000 }

// created: the channel exists and its thread runs.
func (s *Switch) created(l, _ *leg) {
	if l.ending || l.gone {
		return
	}
	l.callState = engine.CallStateDown
	l.times.Created = s.wall()
	s.live = append(s.live, l)
	l.place = len(s.live)
	s.byID[l.id] = l
	in := s.tell(l, engine.LegCreated, l.origin)
	in.Direction, in.Text, in.Flags = l.direction, l.text, l.flags
	if s.module && l.text.CTICallID == "" {
		l.text.CTICallID = l.text.Hex // the module sets it, and whoever l calls inherits it
	}
	if l.direction == engine.DirectionInbound {
		l.callState = engine.CallStateRinging
	}
	s.wake(l.call)
}

// forget takes the channel out of the session table.
func (s *Switch) forget(l *leg) {
	if l.place == 0 {
		return
	}
	last := s.live[len(s.live)-1]
	s.live[l.place-1] = last
	last.place = l.place
	s.live[len(s.live)-1] = nil
	s.live = s.live[:len(s.live)-1]
	l.place = 0
	delete(s.byID, l.id)
	l.gone = true
	if l.app.name == "wait" {
		s.hungUp(l)
	}
	if c := l.call; !slices.ContainsFunc(c.legs, func(l *leg) bool { return !l.gone }) {
		s.over(c)
	}
}

// found is l as the session table shows it.
func (s *Switch) found(l *leg, command uint64) {
	in := s.record(engine.LegFound)
	in.Leg, in.Command, in.Direction, in.Flags, in.Text = l.id, command, l.direction, l.flags, l.text
	in.CallState, in.Times = l.callState, l.times
	if l.sound == engine.WaitQueue {
		in.Flags |= engine.FlagParked
	}
	if l.placed && (l.partner == nil || l.next != nil) || l.parks || l.remains() {
		in.Flags |= engine.FlagPlaced
		if l.room != "" || l.heard != nil || l.sound == voicemail || l.next != nil && !l.next.waits() {
			in.Flags |= engine.FlagEngaged
		}
	}
	if l.partner != nil {
		in.Other = l.partner.id
	}
}
