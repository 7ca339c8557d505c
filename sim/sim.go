// Package sim is a switch made of Go. It tells the engine what the switch's module would tell it and carries out the
// engine's commands; its callers, phones and operators act by script or at random. Time is virtual, and a seed decides
// everything else: the same seed gives the same inputs, byte for byte. The order of records within a leg, and wherever
// one thread of a real switch waits for another, is that of the recorded scenarios; where two threads race, the seed
// decides who wins.
package sim

import (
	"math/rand/v2"
	"time"

	"modcti/engine"
)

// Options of a Switch. The zero value is useful.
type Options struct {
	// Inside tells which numbers are extensions of the switch's directory. Nil: three to six digits.
	Inside func(number string) bool
	// Room tells which numbers of the dialplan are conferences, beside those that begin with "conf". Nil: no others.
	Room func(number string) bool
	// Phone is how the phone of a number behaves each time that the engine, or the dialplan of a script that is Alive,
	// calls it. What it draws from random the seed decides. Nil: Phones, at the usual tempo.
	Phone func(number string, random *rand.Rand) Behaviour
	// RingTimeout is how long a phone may ring before the switch gives up; 0 = 15 s.
	RingTimeout time.Duration
	// StartMono and StartWall are the two clocks at virtual time 0; zero values stand for fixed times.
	StartMono int64     // ns
	StartWall time.Time // truncated to µs
	// Run tells runs of the same seed apart: their channels have other uuids, and nothing else differs.
	Run uint64
	// Unloaded starts the switch without the module: nothing is told until Load.
	Unloaded bool
	// Faults that the records suffer between the switch and the engine.
	Faults Faults
}

// Switch is not safe for use by two goroutines at once.
type Switch struct {
	options Options
	random  *rand.Rand
	ids     *rand.Rand
	phones  *rand.Rand
	inside  func(string) bool
	start   struct{ monoNanos, wallMicros int64 }

	now     int64 // virtual ns
	queue   queue
	module  bool           // the module is loaded
	unheard engine.Input   // what is told while it is not
	told    []engine.Input // records made and not yet taken
	taken   int            // of told
	live    []*leg         // the session table
	byID    map[engine.LegID]*leg
	calls   int            // up now
	inUse   map[string]int // phones that the engine calls or talks to, by number
	worker  worker
	wire    wire
	scratch []byte
	traffic []*traffic
}

// New makes a switch on which nothing happens yet.
func New(seed uint64, o Options) *Switch {
	s := &Switch{options: o, inside: o.Inside, module: !o.Unloaded, byID: map[engine.LegID]*leg{}, inUse: map[string]int{}}
	s.random = rand.New(rand.NewPCG(seed, 0x6374692d73696d)) // "cti-sim"
	s.ids = rand.New(rand.NewPCG(seed, o.Run))
	s.phones = rand.New(rand.NewPCG(seed, 0x70686f6e))
	s.worker.strands = map[string]*strand{}
	s.wire.random = rand.New(rand.NewPCG(seed, 0x66617565))
	s.wire.faults = o.Faults
	if s.inside == nil {
		s.inside = isExtension
	}
	if s.options.Phone == nil {
		s.options.Phone = Phones(usualTempo)
	}
	if s.options.RingTimeout == 0 {
		s.options.RingTimeout = 15 * time.Second
	}
	if o.StartWall.IsZero() {
		o.StartWall = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	}
	s.start.wallMicros = o.StartWall.UnixMicro()
	s.start.monoNanos = o.StartMono
	if s.start.monoNanos == 0 {
		s.start.monoNanos = int64(time.Hour)
	}
	return s
}

func isExtension(number string) bool {
	if len(number) < 3 || len(number) > 6 {
		return false
	}
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
	}
	return true
}

// Next lets time pass until the switch tells something, and returns it; false when nothing is left to happen.
func (s *Switch) Next() (engine.Input, bool) {
	if s.wire.idle() {
		return s.produce(endOfTime)
	}
	in, ok := s.wire.next(s, endOfTime)
	if !ok {
		return s.wire.flush(s)
	}
	return in, true
}

// NextUntil is Next for a clock that somebody else turns: when nothing is told until t, it is t, and false is returned.
func (s *Switch) NextUntil(t time.Duration) (in engine.Input, ok bool) {
	if s.wire.idle() {
		in, ok = s.produce(t.Nanoseconds())
	} else if in, ok = s.wire.next(s, t.Nanoseconds()); !ok {
		if _, more := s.queue.peek(); !more {
			in, ok = s.wire.flush(s)
		}
	}
	if !ok {
		s.now = max(s.now, t.Nanoseconds())
	}
	return in, ok
}

const endOfTime = 1<<63 - 1

// produce returns the next record as the switch made it, if there is one until the virtual time limit.
func (s *Switch) produce(limit int64) (engine.Input, bool) {
	for s.taken == len(s.told) {
		s.told, s.taken = s.told[:0], 0
		if at, ok := s.queue.peek(); !ok || at > limit {
			return engine.Input{}, false
		}
		m, _ := s.queue.pop()
		s.now = max(s.now, m.at)
		if m.run != nil {
			m.run()
		} else {
			m.do(s, m.a, m.b)
		}
	}
	s.taken++
	return s.told[s.taken-1], true
}

// Due returns the virtual time at which something happens next; false when nothing is left to happen.
func (s *Switch) Due() (time.Duration, bool) {
	if s.taken < len(s.told) || s.wire.full() {
		return time.Duration(s.now), true
	}
	at, ok := s.queue.peek()
	if !ok && !s.wire.idle() {
		return time.Duration(s.now), s.wire.holds()
	}
	return time.Duration(at), ok
}

// Now is the virtual time since the start.
func (s *Switch) Now() time.Duration { return time.Duration(s.now) }

// Mono and Wall are the switch's two clocks now: ns, and Unix µs.
func (s *Switch) Mono() int64 { return s.start.monoNanos + s.now }

// Wall is the real-time clock, Unix µs.
func (s *Switch) Wall() int64 { return s.wall() }

// JumpWall sets the real-time clock forward, or back, as an operator or a time server does.
func (s *Switch) JumpWall(by time.Duration) { s.start.wallMicros += by.Microseconds() }

// Load loads the module, or unloads it. Channels that are up then are known to it from a snapshot; what happens to them
// from then on is told and numbered from 1. Commands that no worker has taken up are lost with the module.
func (s *Switch) Load(loaded bool) {
	if s.module == loaded {
		return
	}
	s.module = loaded
	if !loaded {
		s.worker.stop()
	}
	for _, l := range s.live {
		l.seq = 0
	}
}

// Live is how many channels are up.
func (s *Switch) Live() int { return len(s.live) }

// Calls is how many calls are up or about to begin.
func (s *Switch) Calls() int { return s.calls }

// after lets do happen once d has passed.
func (s *Switch) after(d int64, do act, a, b *leg) {
	s.queue.push(moment{at: s.now + d, tie: s.random.Uint64(), do: do, a: a, b: b})
}

// later is after for what is no leg's.
func (s *Switch) later(d int64, run func()) {
	s.queue.push(moment{at: s.now + d, tie: s.random.Uint64(), run: run})
}

// between draws a time in microseconds from the seed; ns.
func (s *Switch) between(low, high int64) int64 {
	return (low*1000 + int64(s.random.Uint64()>>32)*((high-low)*1000)>>32)
}

const (
	phonePrefix    = "sofia/internal/"
	trunkPrefix    = "sofia/external/"
	loopbackPrefix = "loopback/"
)
