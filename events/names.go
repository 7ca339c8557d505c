package events

import "strconv"

// Profile selects the shape in which a message is written (protocol.md 2): Basic, or Full, each also with Micros.
type Profile uint8

const (
	Basic  Profile = 0 // what call-events.txt shows, and the common fields (R25)
	Full   Profile = 1 // basic and every field marked profile:"full"
	Micros Profile = 2 // with one of both: moments are Unix µs, not ms (R16)

	Profiles = 4 // so many shapes there are
)

// Full tells whether it is the full profile, in either unit of time.
func (p Profile) Full() bool { return p&Full != 0 }

// Moment is a time in Unix µs that is written in the unit of the profile; 0 when it never happened (R16, R17).
type Moment int64

// Millis is the moment in Unix ms.
func (m Moment) Millis() int64 {
	millis := int64(m) / 1000
	if m%1000 < 0 {
		millis--
	}
	return millis
}

// appendMoment appends a moment in the unit of the profile.
func appendMoment(dst []byte, m Moment, p Profile) []byte {
	at := int64(m)
	if p&Micros == 0 {
		at = m.Millis()
	}
	return strconv.AppendInt(dst, at, 10)
}

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
	Origination  = "Origination"
	Destination  = "Destination"
	AddedBy      = "AddedBy"
	DeletedBy    = "DeletedBy"
	TransferBy   = "TransferBy"
	ConsultBy    = "ConsultBy"
	BargeinTo    = "BargeinTo"
	InterceptTo  = "InterceptTo"
	BargeinBy    = "BargeinBy"
	TransferTo   = "TransferTo"
	ObserveTo    = "ObserveTo"
	InterceptBy  = "InterceptBy"
	ConsultTo    = "ConsultTo"    // profile full (R3)
	ObserveBy    = "ObserveBy"    // profile full (R3)
	NewParty     = "NewParty"     // profile full (R3)
	DeletedParty = "DeletedParty" // profile full (R3)
)

// roleIn is a DN role as profile p tells it: those that the page lacks are told in profile full alone (R3).
func roleIn(p Profile, role string) string {
	if !p.Full() {
		switch role {
		case ConsultTo, ObserveBy, NewParty, DeletedParty:
			return ""
		}
	}
	return role
}

// textIn is text, or in profile Full what stands there instead, if anything does.
func textIn(p Profile, text, full string) string {
	if p.Full() && full != "" {
		return full
	}
	return text
}

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
	StatePickedUp    = "PickedUp"                 // another phone of the same ringing answered (3.14)
	StateMachine     = "AnsweringMachineDetected" // of EventQueued, for a customer who was dialed (3.12)
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

// Stages of a consult, the values of consultStage (3.6, 3.8, 3.9).
const (
	StageBegun       int64 = 1 // it has begun
	StageRinging     int64 = 2 // the consulted party rings
	StageCancelled   int64 = 3 // it ended before the answer
	StageAnswered    int64 = 4 // the consulted party has answered
	StageRetrieved   int64 = 5 // it ended after the answer
	StageTransferred int64 = 6 // the consulted party has the call
	StageConference  int64 = 7 // all three talk
	StageLeft        int64 = 8 // who consulted has left the conference
	StageRemoved     int64 = 9 // the consulted party is out of the conference, removed or by itself (R35)
)

// Why a consult ended though who consulted asked for nothing: the values of consultCause (R10).
const (
	ConsultNoAnswer     = "NoAnswer"     // the consulted party did not answer in time
	ConsultBusy         = "Busy"         // it was busy
	ConsultRejected     = "Rejected"     // it refused
	ConsultFailed       = "Failed"       // it could not be reached, or was lost
	ConsultReleased     = "Released"     // it hung up
	ConsultCustomerLeft = "CustomerLeft" // the customer hung up
)

// When an intercept or a barge-in failed: the values of intercept_cause and bargein_cause (3.11, R38).
const (
	FailedBeforeAnswer int64 = 1 // before the supervisor's phone answered
	FailedAfterAnswer  int64 = 2 // its media could not be joined
)

// Why a call was refused: the values of NoCallReasonCode, which are strings (R50).
const (
	NoCallArrears   = "1"
	NoCallBlacklist = "2"
	NoCallUnknown   = "400"
)

// What has become of a recording: the values of recordState.
const (
	RecordStarted = "started"
	RecordPaused  = "paused"
	RecordResumed = "resumed"
	RecordStopped = "stopped"
)

// What a principal may do (protocol.md 7).
const (
	RightObserve   = "observe" // any of the others implies it
	RightControl   = "control"
	RightSupervise = "supervise"
	RightAdmin     = "admin"
)

// Rights are all that there are. Nobody may change the list.
var Rights = []string{RightObserve, RightControl, RightSupervise, RightAdmin}

// Who hears a supervisor: the values of whisperMode (protocol.md 4).
const (
	WhisperAgent    = "agent"
	WhisperCustomer = "customer"
	WhisperOff      = "off"
)
