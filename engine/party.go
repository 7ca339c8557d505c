package engine

import "modcti/events"

// party is one leg's part in one call. It is made when its channel appears and forgotten when the channel is destroyed;
// between its release and that moment it only swallows what comes late.
type party struct {
	// What is read to find who an input is on.
	id        LegID
	slot      uint32 // where in blocks it lies
	state     State
	direction Direction
	inside    bool  // its DN is an extension (settings.md)
	missed    uint8 // snapshots in a row that did not find it
	call      *call
	partner   ref    // whose media is joined with this one's
	bornAt    uint64 // the engine's input count when it was created; no two parties share one
	lastFact  int64  // monotonic ns of the newest fact

	// What every input reads.
	op           *operation // what is being done to it
	numbering    numbering
	observer     bool // it listens to partnerDN's call
	adopted      bool // it was up before the engine
	restored     bool // an earlier run knew it, and no input has spoken of it yet
	ending       bool // its leg has begun to end
	toldRing     bool // EventRinging went out
	talkCounted  bool // its talk counts for its agent
	talked       bool // it was in Talk
	expected     bool // the engine has asked for its leg, and the leg has not appeared
	displaced    bool // the engine has put its leg where it is: nobody else will end it
	phoneHolds   bool // its phone, or the switch for it, has its partner on hold
	supervisor   bool // it has barged in
	member       bool // it is in its call's conference
	role, dnRole word
	side         word
	disposition  Disposition
	cause        uint16
	hangupCause  hangupCause
	blame        blame
	next         *party // in its call, in order of joining

	// What most inputs read.
	origin ref    // whose leg originated this one
	offer  *offer // it is called for a caller of a queue
	agent  *agent // whose phone it is
	times  partyTimes
	waiter *waiter // it waits in a queue
	nail   *nail   // its leg is one that stays up
	insist *insistence
	room   *room
	hangup uint64 // the command that ends its leg; 0 = none
	*partyExtras

	// What is told of it.
	thisDN, otherDN  string
	offsetMicros     int64 // Unix µs of the monotonic clock's zero, as seen when the leg was created
	stateSinceMillis int64
	ordinal          int64     // state changes so far
	queue            *queue    // the queue that its call came from (3.0-6)
	servedFor        *queue    // it is an agent's, called for a caller of this queue
	pending          []pending // requests on it that wait for the switch
	names            names

	// What its birth and its end read too.
	formerPartner ref    // whose media was joined with this one's before
	prev          *party // in its call
	place         place  // among those at its number
	seenIn        uint64 // the last snapshot that found it

	_ [8]byte // so that it is whole lines of the processor's cache
}

// partyExtras are what few parties have. The others share noPartyExtras, which stays as it is, so that an input that looks
// for them reads no memory of its own for it. They are read through the party and written through extrasOf.
type partyExtras struct {
	farewell                       farewell     // what its release shows of the operation that takes it out
	movedBy                        string       // who sent its leg elsewhere while they talked
	takenFrom                      string       // whose call it takes over
	deletedBy                      string       // who takes it out of its conference
	thirdDN                        string       // an observer's customer
	observes                       ref          // the agent whom a supervisor listens to
	waited                         *QueueRecord // its place in a queue when the last run ended, until it has it again
	staysFrom                      int64        // when its next stay may begin, monotonic ns
	hops                           int          // queues that it was sent on through
	heldSince, lastHold, holdTotal int64        // monotonic ns; 0 = never
	recording                      string       // the file that it is recorded into
	recordedEarly                  bool         // early media was recorded
	recordPaused                   bool
	engaged                        bool // the last run has put it into a room, or where it hears something: not only to wait
	muted                          bool // what it says is not heard
	broughtIn                      bool // a conference brought it in
	watchesCall                    bool // as an observer it stays with the call when the agent leaves it
	onHold                         bool // it waits for the others of its call, who talk, after a reload
}

var noPartyExtras partyExtras

// extrasOf is where to write what few parties have.
func (e *Engine) extrasOf(p *party) *partyExtras {
	if p.partyExtras == &noPartyExtras {
		p.partyExtras = e.freePartyExtras.take()
	}
	return p.partyExtras
}

// names are the texts of a leg that its party keeps.
type names struct {
	hex, uuid, callerName, sipCallID, channel, callerNumber string
}

func namesOf(t *Text) names {
	return names{t.Hex, t.UUID, t.CallerName, t.SIPCallID, t.Channel, t.CallerNumber}
}

// ref points to another party for as long as that party is remembered: parties are reused, birth numbers are not.
type ref struct {
	p      *party
	bornAt uint64
}

func refTo(p *party) ref {
	if p == nil {
		return ref{}
	}
	return ref{p, p.bornAt}
}

// get returns the party, or nil once it is forgotten.
func (r ref) get() *party {
	if r.p != nil && r.p.bornAt == r.bornAt {
		return r.p
	}
	return nil
}

// here tells whether a party of an operation still takes part in it.
func (r ref) here() bool {
	p := r.get()
	return p != nil && !p.ending && p.state != Released
}

// partyTimes are monotonic ns; 0 = never.
type partyTimes struct {
	answered, ended, bridged, created, progress, early int64
}

// setOnce sets a fact's time the first time it is told.
func setOnce(at *int64, now int64) {
	if *at == 0 {
		*at = now
	}
}

// moment turns a monotonic time of this party into Unix time; 0 stays 0 (R16, R17).
func (p *party) moment(mono int64) events.Moment {
	if mono == 0 {
		return 0
	}
	return events.Moment(mono/1000 + p.offsetMicros)
}

func (p *party) millis(mono int64) int64 { return p.moment(mono).Millis() }

func (p *party) answered() bool { return p.times.answered != 0 }

// ringsAt is when the phone began to ring: at 180, else at early media.
func (p *party) ringsAt() int64 {
	if p.times.progress != 0 {
		return p.times.progress
	}
	return p.times.early
}

// answerSec is start to answer, billSec answer to end, in whole seconds; 0 if unanswered (R18).
func (p *party) answerSec() int64 {
	if p.times.answered == 0 {
		return 0
	}
	return max(p.millis(p.times.answered)-p.millis(p.times.created), 0) / 1000
}

func (p *party) billSec() int64 {
	if p.times.answered == 0 || p.times.ended == 0 {
		return 0
	}
	return max(p.millis(p.times.ended)-p.millis(p.times.answered), 0) / 1000
}

// ownSide is who it is when it hangs up (R21).
func (p *party) ownSide() word {
	if p.inside {
		return agentSide
	}
	return customerSide
}

// numbering watches a leg's record numbers: which were lost and which came twice. Threads of the switch may swap
// neighbours, so a number is lost only when later ones came and it did not.
type numbering struct {
	seen uint64 // bit i: high-i has come
	high uint32
}

// start takes the first number that is seen of a leg; what came before it is not missed.
func (n *numbering) start(seq uint32) {
	n.high, n.seen = seq, ^uint64(0)
}

// take notes a number. fresh is false for one that came before.
func (n *numbering) take(seq uint32) (fresh bool) {
	switch {
	case seq == 0:
		return true
	case n.high == 0:
		n.start(seq)
		return true
	case seq > n.high:
		n.seen = n.seen<<(seq-n.high) | 1 // a shift past the width leaves nothing, as it should
		n.high = seq
		return true
	case n.high-seq >= 64:
		return false
	}
	bit := uint64(1) << (n.high - seq)
	if n.seen&bit != 0 {
		return false
	}
	n.seen |= bit
	return true
}

// holes tells whether a number below the highest is missing.
func (n *numbering) holes() bool { return n.high != 0 && n.seen != ^uint64(0) }

// blame is who ended a leg, as the one that ended first hands it to those that end because of it (3.14). It is firm
// between two that talked: then a hangup of the second that crosses the first changes nothing.
type blame struct {
	hangupCause hangupCause
	side        word
	callState   word // why the called party failed (R37)
	firm        bool
	asked       bool // an act of the engine gave it, not the end of another leg
}
