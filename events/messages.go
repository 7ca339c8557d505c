package events

// Message is one CTI event or answer as a client reads it. A Message holds no pointer into the engine:
// its strings may be kept, its struct may be reused by whoever made it once AppendJSON has returned.
type Message interface {
	// Name is the wire name: the value of messageID.
	Name() string
	// Common is the part that every message has.
	Common() *Header
	// AppendJSON appends the message as one JSON object, without a newline, in the shape of profile p.
	// It allocates nothing when dst has room.
	AppendJSON(dst []byte, p Profile) []byte
}

// Header: what every message carries (protocol.md 2).
type Header struct {
	Seq          uint64 `json:"seq"`          // one growing number for the engine; below 2^53
	ReferenceID  int64  `json:"referenceID"`  // the request that this answers, else 0 (R23)
	CreationTime Moment `json:"creationTime"` // when it happened, Unix ms, or µs with epochUnit us (R16)
	CompanyID    string `json:"companyId"`    // the tenant; d is small (R15)
}

// Common returns the header itself, so that a message that embeds it satisfies Message.
func (h *Header) Common() *Header { return h }

// Keys: what the engine itself writes into the attachedData of a call, behind the business data; in profile full also at
// top level. In attachedData consultStage is a string for the consulted party's stages 2 and 4 and consulting is "true" (R7, R8).
type Keys struct {
	ConsultStage   int64  `json:"consultStage,omitempty" profile:"full"`    // stage of the consult, 1 to 9 (R7)
	Consulting     bool   `json:"consulting,omitempty" profile:"full"`      // thisDN is the one consulted (R7)
	ConsultCause   string `json:"consultCause,omitempty" profile:"full"`    // why stage 3 or 5 came unasked (R10)
	InterceptCause int64  `json:"intercept_cause,omitempty" profile:"full"` // it failed: 1 before the answer, 2 after (R38)
	BargeinCause   int64  `json:"bargein_cause,omitempty" profile:"full"`   // it failed: 1 before the answer, 2 after (R38)
	WhisperMode    string `json:"whisperMode,omitempty" profile:"full"`     // who hears the supervisor (protocol.md 4)
}

// CallPart: what every event of a call carries (R25).
type CallPart struct {
	Keys
	CallID       string `json:"callID"`       // the call, the same for all its parties (R13, R57)
	PartyID      string `json:"partyID"`      // this party, unique for its life (R14)
	CallType     string `json:"callType"`     // Inbound, Outbound, Internal or Consult (R12)
	PartyRole    string `json:"partyRole"`    // Customer, Agent, VirtualAgent, Supervisor or ThirdPSTN (R28)
	ThisDN       string `json:"thisDN"`       // the number this event is about
	OtherDN      string `json:"otherDN"`      // whom this party talks to (R26)
	ANI          string `json:"ANI"`          // the outside line that called, else empty (3.0-8, R56)
	DNIS         string `json:"DNIS"`         // the outside line that was called, else empty (3.0-8, R56)
	AttachedData Data   `json:"attachedData"` // business data of the call and the keys of the engine (R8)
}

// Party returns the part itself, so that it can be read from any event of a party.
func (c *CallPart) Party() *CallPart { return c }

// ThirdPart: the third party of a transfer, consult, conference or supervision, and the state of the call (3.5).
type ThirdPart struct {
	ThirdDN         string `json:"thirdDN,omitempty"`                       // the third party
	FullThirdDN     string `json:"-" full:"thirdDN"`                        // where the page names none (R6, R33)
	ThirdDNRole     string `json:"thirdDNRole,omitempty" profile:"by-role"` // its part in what happened (R1, R3)
	FullThirdDNRole string `json:"-" full:"thirdDNRole"`                    // where the page names none (R6, R33)
	CallState       string `json:"callState,omitempty"`                     // OK, Transferred, Conference ... (R37)
	FullCallState   string `json:"-" full:"callState"`                      // where the page has none (R9)
}

// Dialing: a party has begun a call (3.1).
//
//event:call
type Dialing struct {
	Header
	CallPart
	ThisDNRole   string `json:"thisDNRole"`                         // Origination (R1)
	OtherDNRole  string `json:"otherDNRole"`                        // Destination (R1)
	MakeCallType string `json:"makeCallType,omitempty"`             // Regular or DirectAgent
	ThirdDN      string `json:"thirdDN,omitempty" profile:"full"`   // the customer whom a consult is about (3.6)
	CallState    string `json:"callState,omitempty" profile:"full"` // as on other events (R37)
}

// Ringing: a party's phone rings (3.1).
//
//event:call
type Ringing struct {
	Header
	CallPart
	ThirdPart
	ThisDNRole  string `json:"thisDNRole,omitempty" profile:"by-role"`  // Destination, ConsultTo, ObserveBy (R1, R3)
	OtherDNRole string `json:"otherDNRole,omitempty" profile:"by-role"` // Origination, ConsultBy, ObserveTo (R1)
	ThisQueue   string `json:"thisQueue"`                               // queue it came from, else empty (3.0-6)
	Supervisor  bool   `json:"supervisor,omitempty" profile:"full"`     // thisDN is a supervisor who barges in (R29)
}

// OtherRinging: the phone of the other one rings; told to the party that dialed (R30).
//
//event:call
type OtherRinging struct {
	Header
	CallPart
}

// Established: a party talks (3.1).
//
//event:call
type Established struct {
	Header
	CallPart
	ThirdPart
	ThisDNRole     string `json:"thisDNRole,omitempty" profile:"full"`     // ConsultTo, ObserveBy (R3)
	OtherDNRole    string `json:"otherDNRole,omitempty" profile:"by-role"` // ConsultBy, ObserveTo, ConsultTo (R1, R3)
	ThisQueue      string `json:"thisQueue"`                               // queue it came from, else empty (3.0-6)
	MakeCallType   string `json:"makeCallType,omitempty"`                  // Regular or DirectAgent
	WrapUpDuration int64  `json:"wrapUpDuration,omitempty" profile:"full"` // seconds that will follow (3.15)
	Supervisor     bool   `json:"supervisor,omitempty" profile:"full"`     // thisDN is a supervisor who barged in (R29)
}

// Released: a party has left the call; a time is 0 when its event never happened (3.0-2).
//
//event:call
type Released struct {
	Header
	CallPart
	ThirdPart
	ThisDNRole         string `json:"thisDNRole,omitempty" profile:"by-role"`  // ConsultBy on a transfer (R3, R4)
	OtherDNRole        string `json:"otherDNRole,omitempty" profile:"by-role"` // ConsultBy, ObserveTo (R1, R3)
	ThisQueue          string `json:"thisQueue"`                               // queue it came from, else empty (3.0-6)
	MakeCallType       string `json:"makeCallType,omitempty"`                  // Regular or DirectAgent
	BillSec            int64  `json:"billsec"`                                 // answer to end, s, 0 unanswered (R18)
	AnswerSec          int64  `json:"answersec"`                               // start to answer, s, 0 unanswered (R18)
	StartUepoch        Moment `json:"startUepoch"`                             // the leg began, Unix ms or µs (R16, R17)
	ProgressUepoch     Moment `json:"progressUepoch"`                          // its phone rang, Unix ms or µs (R16, R17)
	AnswerUepoch       Moment `json:"answerUepoch"`                            // it answered, Unix ms or µs (R16, R17)
	BridgeUepoch       Moment `json:"bridgeUepoch"`                            // it heard another, Unix ms or µs (R16, R17)
	LastHoldUepoch     Moment `json:"lastHoldUepoch"`                          // it last held, Unix ms or µs (R16, R17)
	EndUepoch          Moment `json:"endUepoch"`                               // it ended, Unix ms or µs (R16, R17)
	HangupCause        string `json:"hangupCause"`                             // BY_AGENT, BY_SYSTEM, FreeSWITCH's (R21)
	EarlyDetectCause   int64  `json:"earlyDetectCause"`                        // how dialing ended, by number (R22)
	HangupDisposition  string `json:"hangupDisposition"`                       // FreeSWITCH's value (R20)
	RecordedEarlymedia bool   `json:"recordedEarlymedia"`                      // early media was recorded (R58)
	WrapUpDuration     int64  `json:"wrapUpDuration"`                          // seconds; 0 for all but agents (R19)
	HangupSide         string `json:"hangupSide" profile:"full"`               // agent, customer, system (R21)
	Supervisor         bool   `json:"supervisor,omitempty" profile:"full"`     // thisDN is a supervisor who barged in (R29)
}

// AttachedDataChanged: data of the call has changed; attachedData is the whole map after it (R60).
//
//event:call
type AttachedDataChanged struct {
	Header
	CallPart
	ThirdPart
	OtherDNRole string   `json:"otherDNRole,omitempty" profile:"full"` // ConsultTo (R3)
	ChangedKeys []string `json:"changedKeys,omitempty" profile:"full"` // keys set, replaced or removed (R60)
}

// Held: this party put the other on hold (3.4).
//
//event:call
type Held struct {
	Header
	CallPart
	CallState string `json:"callState,omitempty" profile:"full"` // Consult when held for one (3.6, R11)
}

// Retrieved: this party took the other off hold (3.4).
//
//event:call
type Retrieved struct {
	Header
	CallPart
	CallState string `json:"callState,omitempty" profile:"full"` // OK or Conference (R37)
	ThisQueue string `json:"thisQueue,omitempty" profile:"full"` // queue it came from (3.0-6)
}

// Muted: this party is no longer heard (R59).
//
//event:call
type Muted struct {
	Header
	CallPart
}

// Unmuted: this party is heard again (R59).
//
//event:call
type Unmuted struct {
	Header
	CallPart
}

// PartyChanged: whom this party talks to has changed (3.5, 3.6).
//
//event:call
type PartyChanged struct {
	Header
	CallPart
	ThirdPart
}

// PartyAdded: otherDN joined this party's call (3.8).
//
//event:call
type PartyAdded struct {
	Header
	CallPart
	ThirdPart
	OtherDNRole string `json:"otherDNRole,omitempty" profile:"full"` // NewParty, ObserveBy (R3)
	Supervisor  bool   `json:"supervisor,omitempty" profile:"full"`  // otherDN is a supervisor who barged in (R29)
}

// PartyDeleted: otherDN left this party's call (3.9).
//
//event:call
type PartyDeleted struct {
	Header
	CallPart
	ThirdPart
	OtherDNRole string `json:"otherDNRole,omitempty" profile:"full"` // DeletedParty (R3)
	SelfLeft    bool   `json:"selfLeft,omitempty" profile:"full"`    // otherDN hung up; nobody removed it (R35)
	Supervisor  bool   `json:"supervisor,omitempty" profile:"full"`  // otherDN is a supervisor who had barged in (R29)
}

// DtmfSent: this party sent digits to the other (call-events.txt).
//
//event:call
type DtmfSent struct {
	Header
	CallPart
	DtmfDigits string `json:"dtmfDigits"` // 0-9, *, #, A-D (protocol.md 4)
}

// RecordingChanged: the recording of this party has begun, pauses, goes on or has ended (protocol.md 4).
//
//event:call extra
type RecordingChanged struct {
	Header
	CallPart
	RecordState string `json:"recordState"` // started, paused, resumed, stopped
	RecordUUID  string `json:"recordUUID"`  // the recording, unique for good (R51)
	RecordURL   string `json:"recordUrl"`   // where it is, or will be (R51)
}

// Queued: a caller waits in a queue, for the first time or again after a phone that was not answered; one event a
// queue (3.2, 3.3).
//
//event:call extra
type Queued struct {
	Header
	CallPart
	ThisQueue   string   `json:"thisQueue"`             // the queue, which is thisDN too (3.2)
	ThisQueues  []string `json:"thisQueues"`            // all queues that the caller waits in (3.2, R27)
	Position    int64    `json:"position"`              // his place, from 1 (3.2)
	Waiting     int64    `json:"waiting"`               // callers who wait there, he among them (3.2)
	EnteredTime int64    `json:"enteredTime"`           // he came in, Unix ms; the same when he waits again (3.3)
	Retries     int64    `json:"retries"`               // phones that rang for him in vain (3.3)
	CallState   string   `json:"callState,omitempty"`   // OK; AnsweringMachineDetected of a dialed customer (3.12)
	ThirdDN     string   `json:"thirdDN,omitempty"`     // the agent who did not answer (3.3)
	ThirdDNRole string   `json:"thirdDNRole,omitempty"` // his part: Destination (3.3)
}

// Diverted: a caller leaves a queue for an agent or another target; one event a queue he waited in, before the phone
// rings (3.2).
//
//event:call extra
type Diverted struct {
	Header
	CallPart
	ThisQueue    string `json:"thisQueue"`           // the queue, which is thisDN too (3.2)
	ThirdDN      string `json:"thirdDN"`             // the agent, the next queue or the number; empty: none (3.2)
	ThirdDNRole  string `json:"thirdDNRole"`         // its part: Destination (3.2)
	CallState    string `json:"callState,omitempty"` // OK; Redirected when the queue gave him up (3.2, R37)
	WaitedMillis int64  `json:"waitedMillis"`        // since he came in, ms (3.2)
}

// Abandoned: a caller has hung up in a queue, before a phone was answered (3.0-3, 3.2).
//
//event:call extra
type Abandoned struct {
	Header
	CallPart
	ThisQueue    string `json:"thisQueue"`           // the queue, which is thisDN too (3.2)
	CallState    string `json:"callState,omitempty"` // Abandoned (3.0-3)
	WaitedMillis int64  `json:"waitedMillis"`        // since he came in, ms (3.2)
}

// CallCreated: the first event of a call (3.0-1).
//
//event:call
type CallCreated struct {
	Header
	CallID       string `json:"callID"`       // the call
	ThisDN       string `json:"thisDN"`       // who began the call
	CallType     string `json:"callType"`     // Inbound, Outbound or Internal (R12)
	AttachedData Data   `json:"attachedData"` // business data of the call and the keys of the engine (R8)
	ANI          string `json:"ANI"`          // the outside line that called, else empty (3.0-8)
	DNIS         string `json:"DNIS"`         // the outside line that was called, else empty (3.0-8)
	PartyID      string `json:"partyID"`      // the party of thisDN (R25)
	PartyRole    string `json:"partyRole"`    // the role of thisDN (R25, R28)
	OtherDN      string `json:"otherDN"`      // whom the call is for (R25)
}

// CallDeleted: the last event of a call, or the only one of a refused call (3.0-1, R50).
//
//event:call
type CallDeleted struct {
	Header
	CallID           string `json:"callID"`                                    // the call
	ThisDN           string `json:"thisDN"`                                    // who began the call
	OtherDN          string `json:"otherDN"`                                   // whom the call was for
	CallType         string `json:"callType"`                                  // Inbound, Outbound or Internal (R12)
	StartUepoch      Moment `json:"startUepoch"`                               // the first leg began, Unix ms or µs (R16, R17)
	BridgeUepoch     Moment `json:"bridgeUepoch"`                              // two first heard each other, Unix ms or µs (R16, R17)
	EndUepoch        Moment `json:"endUepoch"`                                 // the last leg ended, Unix ms or µs (R16, R17)
	RecordUUID       string `json:"recordUUID"`                                // the recording, empty without one (R51)
	RecordURL        string `json:"recordUrl"`                                 // where it is, empty without one (R51)
	AttachedData     Data   `json:"attachedData"`                              // with NoCallReasonCode on a refused call (R8, R50)
	ANI              string `json:"ANI"`                                       // the outside line that called, else empty (3.0-8)
	DNIS             string `json:"DNIS"`                                      // the outside line that was called, else empty (3.0-8)
	PartyID          string `json:"partyID"`                                   // the party of thisDN (R25)
	PartyRole        string `json:"partyRole"`                                 // the role of thisDN (R25, R28)
	NoCallReasonCode string `json:"NoCallReasonCode,omitempty" profile:"full"` // of a refused call: 1, 2 or 400 (R8, R50)
}

// PartyInfo: one party in an answer about a call or a DN (R52).
type PartyInfo struct {
	ThisDN     string `json:"thisDN"`            // its number
	AgentDN    string `json:"agentDN,omitempty"` // where the agent whose other phone it is is logged in (R56)
	DNRole     string `json:"DNRole"`            // Origination or Destination (R1)
	CreateTime int64  `json:"createTime"`        // its leg began, Unix ms
	CallID     string `json:"callID"`            // its call
	PartyID    string `json:"partyID"`           // unique for its life (R14)
	PartyRole  string `json:"partyRole"`         // Customer, Agent, VirtualAgent, Supervisor or ThirdPSTN (R28)
	State      string `json:"state"`             // Idle, Dialing, Ringing, Talk, Held (R40)
	OtherDN    string `json:"otherDN"`           // whom it talks to
	Muted      bool   `json:"muted"`             // it is not heard (R40)
	Observed   bool   `json:"observed"`          // a supervisor listens (R40)
	Since      int64  `json:"since"`             // the state began, Unix ms
}

// CallInfo: answers RequestQueryCall (R52).
//
//event:call
type CallInfo struct {
	Header
	CallID       string      `json:"callID"`       // the call asked for
	ThisDN       string      `json:"thisDN"`       // who asked
	Parties      []PartyInfo `json:"parties"`      // the parties still in the call
	CallType     string      `json:"callType"`     // Inbound, Outbound, Internal or Consult (R12)
	ANI          string      `json:"ANI"`          // the outside line that called, else empty (3.0-8)
	DNIS         string      `json:"DNIS"`         // the outside line that was called, else empty (3.0-8)
	AttachedData Data        `json:"attachedData"` // business data of the call and the keys of the engine (R8)
	PartyID      string      `json:"partyID"`      // the party of thisDN, empty if it has none there (R25)
	PartyRole    string      `json:"partyRole"`    // the role of thisDN, empty if it has none there (R25, R28)
	OtherDN      string      `json:"otherDN"`      // whom thisDN talks to, else empty (R25)
}
