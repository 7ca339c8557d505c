package lab

import (
	"errors"
	"strconv"
	"time"
)

// ErrNoSIPp says that SIPp, which plays phones and callers, is not installed.
var ErrNoSIPp = errors.New("no sipp in PATH")

// Forever is longer than any test.
const Forever = time.Hour

// Phone is what a phone does with every call that it is given (sipp/phone.xml). The zero value rings until cancelled.
type Phone struct {
	First  string        // ring, early or refuse; "" = ring
	Ring   time.Duration // how long it rings; 0 = until cancelled
	Final  string        // answer or refuse; "" = answer
	Status string        // what it refuses with; "" = 486 Busy Here
	Then   string        // wait, hold or refer, once answered; "" = wait
	Pause  time.Duration // how long it talks before that
	Held   time.Duration // how long it holds; 0 = until the call ends
	After  string        // unhold or hangup, after it has held; "" = unhold
	Talk   time.Duration // how long it talks before it hangs up; 0 = until the other side does
	Refer  string        // where it transfers the other side to
	Tone   int           // what it says, Hz: see NewVoice; 0 = it has no sound, nor can it be told what to do
}

// Answers is a phone that rings and then answers, and leaves the end to the other side.
func Answers(ring time.Duration) Phone { return Phone{Ring: ring} }

func (p Phone) values() map[string]string {
	return map[string]string{
		"first": or(p.First, "ring"), "ring": millis(p.Ring), "final": or(p.Final, "answer"),
		"status": or(p.Status, "486 Busy Here"), "then": or(p.Then, "wait"), "pause": millis(max(p.Pause, 1)),
		"held": millis(p.Held), "after": or(p.After, "unhold"), "talk": millis(p.Talk), "refer": p.Refer,
	}
}

// Caller calls through the switch (sipp/caller.xml).
type Caller struct {
	From, Name, To string
	Cancel         bool          // gives up while the other side rings
	Ring           time.Duration // how long it lets it ring before that
	Talk           time.Duration // how long it talks before it hangs up; 0 = until the other side does
	Calls          int           // how many calls; 0 = 1
	PerSecond      int           // how many of them it begins each second; 0 = 10
	Tone           int           // as a Phone's
}

func (c Caller) values() map[string]string {
	ringing := "wait"
	if c.Cancel {
		ringing = "cancel"
	}
	return map[string]string{
		"from": c.From, "name": or(c.Name, c.From), "to": c.To, "ringing": ringing, "ring": millis(max(c.Ring, 1)),
		"talk": millis(c.Talk),
	}
}

func (c Caller) rate() int {
	if c.PerSecond == 0 {
		return 10
	}
	return c.PerSecond
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// millis writes a time as SIPp wants it; no time means for ever.
func millis(d time.Duration) string {
	if d == 0 {
		d = Forever
	}
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}
