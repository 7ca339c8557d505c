// Package scenario is what agents, customers and supervisors do with calls, and what must come of it by the call model:
// who is told what, in both profiles, and who hears whom. It knows no switch: tests/fs plays it on a real one with phones
// that speak, and this package's own test on the simulated one, where time is virtual.
package scenario

import (
	"testing"
	"time"

	"modcti/tests/fs/lab"
)

// Who takes part beside the extensions, and what they are sent to.
const (
	Outside = "13800138000" // a caller from outside
	Abroad  = "13912345678" // somebody outside who is called
	Room    = "3001"        // a conference of the dialplan
	Music   = "music"       // what somebody on hold hears
	Ringing = "ringback"    // and somebody for whom it rings
)

// Extensions have a phone each that rings until it is told otherwise. 1008 calls, and nobody is at 1010.
var Extensions = []string{"1001", "1002", "1003", "1004", "1005", "1006", "1007"}

// Act is something that a phone is made to do, once it can.
type Act uint8

const (
	Answer Act = iota // it rings
	Refuse            // likewise, and is busy
	HangUp
	Hold // puts its partner on hold by itself
	Unhold
	Press  // sends digits
	Refer  // sends its partner to a number
	Second // holds somebody, and calls a number beside
	Join   // leaves the two that it talks to, the second by that number, to each other
)

// State is where a phone is.
type State string

const (
	Rings State = "rings"
	Held  State = "held" // the switch has put it on hold
	Over  State = "over" // it has no call
)

// Switch is a switch with the module on it, phones and callers at it, and the doors that clients come in by. A number
// names its phone, and what that phone says.
type Switch interface {
	// For is the same switch for a test that is part of another.
	For(t testing.TB) Switch
	// Open opens a client of a profile, for the length of the test; Post sends its request and Next waits for a message
	// that want accepts, dropping those before it.
	Open(profile string) *lab.Client
	Post(c *lab.Client, request string, fields lab.Fields) (reference int64)
	Next(c *lab.Client, want func(lab.Message) bool) (lab.Message, error)
	// Until waits for what no message tells.
	Until(what string, done func() bool) error

	// Call lets somebody call a number; Act makes a phone do something; Reached waits until it is there.
	Call(from, to string)
	Act(dn string, act Act, to string)
	Reached(dn string, state State)
	// Heard names whom a phone hears now, sorted, with blanks between; Digits are those that it has been sent.
	Heard(dn string) (names string, sure bool)
	Digits(dn string) string

	// SendBoth lets an operator send a party and whom it talks to elsewhere; PickUp lets a phone be called that then takes
	// a party from whom it talks to; Members is how many are in a conference.
	SendBoth(partyID, to string)
	PickUp(dn, partyID string)
	Members(room string) int
	// Talk lets everybody go on for a while; Recording tells how long two say something, or neither, in a recording.
	Talk(d time.Duration)
	Recording(path, one, other string) (talk, silence time.Duration)

	// Settle lets what is on its way arrive, where that takes no time. Clear ends every call; Quiet waits until switch,
	// engine and store have none that is open.
	Settle()
	Clear()
	Quiet()
	// Company is whose calls they are, Detail what the closed record of a call says.
	Company() string
	Detail(callID string) Detail
}

// Detail is what is compared of a call's closed record.
type Detail struct {
	CallType, EndReason    string
	StartMillis, EndMillis int64
	OpenParties            int
}
