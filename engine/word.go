package engine

import (
	"slices"

	"modcti/events"
)

// word is one of those words of the catalogue that a party keeps, as a number: what an input costs while many calls are
// live is how much of them it has to read.
type word uint8

const (
	noWord word = iota

	// The role of a party.
	agentRole
	customerRole
	thirdRole
	supervisorRole

	// The role of its DN.
	callingDN
	calledDN

	// Who hung up.
	agentSide
	customerSide
	systemSide

	// Why who was called never talked.
	noAnswer
	busy
	abandoned

	// What kind of call it is, and what for it was made.
	inbound
	outbound
	internal
	consultCall
	regular
	directAgent
)

var words = [...]string{
	"", events.Agent, events.Customer, events.ThirdPSTN, events.Supervisor, events.Origination, events.Destination,
	events.SideAgent, events.SideCustomer, events.SideSystem, events.StateNoAnswer, events.StateBusy, events.StateAbandoned,
	events.Inbound, events.Outbound, events.Internal, events.Consult, events.Regular, events.DirectAgent,
}

func (w word) String() string { return words[w] }

// wordOf finds a word by its text; noWord for any other.
func wordOf(text string) word { return word(max(slices.Index(words[:], text), 0)) }

// hangupCause is what a release gives as its cause: byAgent, bySystem, or one more than the number of the switch's cause;
// 0 is none.
type hangupCause uint16

const (
	bySystem hangupCause = 0xfffe
	byAgent  hangupCause = 0xffff
)

func causeOf(number uint16) hangupCause { return hangupCause(number) + 1 }

func (c hangupCause) String() string {
	switch c {
	case 0:
		return ""
	case byAgent:
		return events.ByAgent
	case bySystem:
		return events.BySystem
	}
	return CauseName(uint16(c - 1))
}
