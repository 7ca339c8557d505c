package events

// Profile selects the shape in which a message is written (protocol.md 2).
type Profile uint8

const (
	Basic Profile = iota // what call-events.txt shows, and the common fields (R25)
	Full                 // basic and every field marked profile:"full"
)

// Call types. The type of a call never changes (settings.md; R12).
const (
	Inbound  = "Inbound"
	Outbound = "Outbound"
	Internal = "Internal"
	Consult  = "Consult"
)

// Party roles; sent by name only (R1, R28).
const (
	Customer     = "Customer"
	Agent        = "Agent"
	VirtualAgent = "VirtualAgent"
	Supervisor   = "Supervisor"
	ThirdPSTN    = "ThirdPSTN"
)

// DN roles; sent by name only (R1).
const (
	Origination = "Origination"
	Destination = "Destination"
	AddedBy     = "AddedBy"
	DeletedBy   = "DeletedBy"
	TransferBy  = "TransferBy"
	ConsultBy   = "ConsultBy"
	BargeinTo   = "BargeinTo"
	InterceptTo = "InterceptTo"
	BargeinBy   = "BargeinBy"
	TransferTo  = "TransferTo"
	ObserveTo   = "ObserveTo"
	InterceptBy = "InterceptBy"
	ObserveBy   = "ObserveBy"

	ConsultTo    = "ConsultTo"    // profile full (R3)
	NewParty     = "NewParty"     // profile full (R3)
	DeletedParty = "DeletedParty" // profile full (R3)
)

// Call states (R37).
const (
	StateOK          = "OK"
	StateTransferred = "Transferred"
	StateConference  = "Conference"
	StateConsult     = "Consult"
	StateNoAnswer    = "NoAnswer"
	StateBusy        = "Busy"
	StateAbandoned   = "Abandoned"
	StateRedirected  = "Redirected"
	StateRecall      = "Recall"
)

// How a call was begun.
const (
	Regular     = "Regular"     // by a request
	DirectAgent = "DirectAgent" // on the phone itself
)

// Hangup causes that are not FreeSWITCH's own, and sides (R21).
const (
	ByAgent      = "BY_AGENT"
	BySystem     = "BY_SYSTEM"
	SideAgent    = "agent"
	SideCustomer = "customer"
	SideSystem   = "system"
)

// Party states as clients see them (R40).
const (
	PartyIdle    = "Idle"
	PartyDialing = "Dialing"
	PartyRinging = "Ringing"
	PartyTalk    = "Talk"
	PartyHeld    = "Held"
)
