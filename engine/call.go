package engine

import (
	"slices"

	"modcti/events"
)

// call is what its parties have in common. It is forming until the engine knows what it is: an agent's leg that the
// switch originates alone is told of only when its first target is known (3.1, R31).
type call struct {
	// What most inputs read.
	key                    LegID  // callKey of its id
	slot                   uint32 // where in blocks it lies
	forming                bool
	meeting                bool // it is a conference
	barged                 bool // a supervisor has barged into it
	adopted                bool
	begun                  ref    // who began it
	first, last            *party // in order of joining
	endReason              EndReason
	hangupSide             word
	hangupCause            hangupCause
	callType, makeCallType word
	begunRole              word // of who began it, which outlives it
	unwatched              bool // who watches it waits until somebody has it
	atThis, atOther        bool // who is at its numbers is to hear of its end

	// What is told of it.
	live                int   // parties not yet released
	answered, bridgedAt int64 // monotonic ns
	created             int64 // monotonic ns
	*callExtras
	queue           *queue // that it was last served from
	id              string
	company         string // that it belongs to: of the client who asked for it, else the default one
	ani, dnis       string
	thisDN, otherDN string
	data            events.Data

	// What its beginning and its end read too.
	bornAt       uint64
	begunParty   string // the id of who began it, which outlives it; empty when the switch itself did
	ended        int64  // monotonic ns
	offsetMicros int64
	dns          []string // who else is to hear of its end
	refused      bool     // it was not let in: it forms until it is over, or has become a call all the same (R50)

	_ [15]byte // so that it is whole lines of the processor's cache
}

// callExtras are what few calls have, as partyExtras are of parties.
type callExtras struct {
	mergedInto            string
	meetingRoom           string // of the conference that the engine makes of it; empty = none
	orphaned              bool   // the last run has put somebody of it somewhere
	consulting, consulted ref    // who made a conference of a consult, and who was consulted
	recordUUID, recordURL string // of its last recording
}

var noCallExtras callExtras

// extrasOfCall is where to write what few calls have.
func (e *Engine) extrasOfCall(c *call) *callExtras {
	if c.callExtras == &noCallExtras {
		c.callExtras = e.freeCallExtras.take()
	}
	return c.callExtras
}

func (c *call) moment(mono int64) events.Moment {
	if mono == 0 {
		return 0
	}
	return events.Moment(mono/1000 + c.offsetMicros)
}

func (c *call) millis(mono int64) int64 { return c.moment(mono).Millis() }

func (c *call) add(p *party) {
	p.call = c
	p.prev, p.next = c.last, nil
	if c.last != nil {
		c.last.next = p
	} else {
		c.first = p
	}
	c.last = p
	if p.state != Released {
		c.live++
	}
}

func (c *call) remove(p *party) {
	if c.hangupCause == 0 && p.state == Released && c.begun.get() == p { // its last legs may outlive him
		c.hangupCause, c.hangupSide = p.hangupCause, p.side
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		c.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		c.last = p.prev
	}
	p.next, p.prev, p.call = nil, nil, nil
	if p.state != Released {
		c.live--
	}
}

// addDN notes a DN whose subscribers are to hear of the call's end. The numbers that the call has anyway are only marked:
// most calls know no others.
func (c *call) addDN(dn string) {
	switch dn {
	case "":
		return
	case c.thisDN:
		c.atThis = true
		return
	case c.otherDN:
		c.atOther = true
		return
	}
	if !slices.Contains(c.dns, dn) {
		c.dns = append(c.dns, dn)
	}
}

// reached tells whether a DN of which something holds was noted.
func (c *call) reached(holds func(string) bool) bool {
	return c.atThis && holds(c.thisDN) || c.atOther && holds(c.otherDN) || slices.ContainsFunc(c.dns, holds)
}

// hasCustomer tells whether an outside party is in the call already: the next one is a ThirdPSTN (settings.md).
func (c *call) hasCustomer() bool {
	for p := c.first; p != nil; p = p.next {
		if p.role == customerRole {
			return true
		}
	}
	return false
}

// setBeginner notes which party the call was begun by.
func (c *call) setBeginner(p *party) {
	p.dnRole = callingDN
	c.begun, c.begunParty, c.begunRole = refTo(p), p.names.hex, p.role
}
