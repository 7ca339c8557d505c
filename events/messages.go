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

// Header is what every message carries (protocol.md 2).
type Header struct {
	Seq          uint64 `json:"seq"`          // one growing number for the engine; below 2^53
	ReferenceID  int64  `json:"referenceID"`  // the request that this answers, else 0 (R23)
	CreationTime int64  `json:"creationTime"` // Unix ms (R16)
	CompanyID    string `json:"companyId"`
}

// Common returns the header itself, so that a message that embeds it satisfies Message.
func (h *Header) Common() *Header { return h }

// CallPart is what every event of a call carries (R25).
type CallPart struct {
	CallID       string `json:"callID"`
	PartyID      string `json:"partyID"`
	CallType     string `json:"callType"`
	PartyRole    string `json:"partyRole"`
	ThisDN       string `json:"thisDN"`
	OtherDN      string `json:"otherDN"`
	ANI          string `json:"ANI"`
	DNIS         string `json:"DNIS"`
	AttachedData Data   `json:"attachedData"`
}

// ThirdPart is the third party of a transfer, consult, conference or supervision, and the state it left the call in.
type ThirdPart struct {
	ThirdDN     string `json:"thirdDN,omitempty"`
	ThirdDNRole string `json:"thirdDNRole,omitempty"`
	CallState   string `json:"callState,omitempty"`
}

// AgentPart is what every event of an agent carries.
type AgentPart struct {
	AgentID      string   `json:"agentID"`
	AgentUUID    string   `json:"agentUUID"`
	ThisDN       string   `json:"thisDN"`
	ThisQueues   []string `json:"thisQueues"`
	AttachedData Data     `json:"attachedData"`
}

// Dialing: a party has begun a call (3.1).
//
//event:call
type Dialing struct {
	Header
	CallPart
	ThisDNRole   string `json:"thisDNRole"`
	OtherDNRole  string `json:"otherDNRole"`
	MakeCallType string `json:"makeCallType,omitempty"`
	CallState    string `json:"callState,omitempty" profile:"full"`
}

// Ringing: a party's phone rings (3.1).
//
//event:call
type Ringing struct {
	Header
	CallPart
	ThirdPart
	ThisDNRole   string `json:"thisDNRole,omitempty"`
	OtherDNRole  string `json:"otherDNRole,omitempty"`
	ThisQueue    string `json:"thisQueue"`
	ConsultStage int64  `json:"consultStage,omitempty" profile:"full"`
}

// OtherRinging tells the party that dialed that the other one rings (R30).
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
	OtherDNRole    string `json:"otherDNRole,omitempty"`
	ThisQueue      string `json:"thisQueue"`
	MakeCallType   string `json:"makeCallType,omitempty"`
	WrapUpDuration int64  `json:"wrapUpDuration,omitempty" profile:"full"` // seconds
	ConsultStage   int64  `json:"consultStage,omitempty" profile:"full"`
}

// Released: a party has left the call. Times are Unix ms, 0 when it never happened (R16, R17).
//
//event:call
type Released struct {
	Header
	CallPart
	ThirdPart
	ThisDNRole         string `json:"thisDNRole,omitempty"`
	OtherDNRole        string `json:"otherDNRole,omitempty"`
	ThisQueue          string `json:"thisQueue"`
	MakeCallType       string `json:"makeCallType,omitempty"`
	BillSec            int64  `json:"billsec"`   // answer to end, seconds, 0 if unanswered (R18)
	AnswerSec          int64  `json:"answersec"` // start to answer, seconds, 0 if unanswered (R18)
	StartUepoch        int64  `json:"startUepoch"`
	ProgressUepoch     int64  `json:"progressUepoch"`
	AnswerUepoch       int64  `json:"answerUepoch"`
	BridgeUepoch       int64  `json:"bridgeUepoch"`
	LastHoldUepoch     int64  `json:"lastHoldUepoch"`
	EndUepoch          int64  `json:"endUepoch"`
	HangupCause        string `json:"hangupCause"`               // BY_AGENT, BY_SYSTEM or FreeSWITCH's cause (R21)
	EarlyDetectCause   int64  `json:"earlyDetectCause"`          // R22
	HangupDisposition  string `json:"hangupDisposition"`         // FreeSWITCH's value (R20)
	RecordedEarlymedia bool   `json:"recordedEarlymedia"`        // literal spelling (R58)
	WrapUpDuration     int64  `json:"wrapUpDuration"`            // seconds (R19)
	HangupSide         string `json:"hangupSide" profile:"full"` // agent, customer, system (R21)
	ConsultStage       int64  `json:"consultStage,omitempty" profile:"full"`
}

// AttachedDataChanged carries the whole map after the change (R60), and the stages of a consult.
//
//event:call
type AttachedDataChanged struct {
	Header
	CallPart
	CallState    string   `json:"callState,omitempty"`
	ChangedKeys  []string `json:"changedKeys,omitempty" profile:"full"`
	ConsultStage int64    `json:"consultStage,omitempty" profile:"full"`
}

// Held: this party put the other on hold (3.4).
//
//event:call
type Held struct {
	Header
	CallPart
}

// Retrieved: this party took the other off hold (3.4).
//
//event:call
type Retrieved struct {
	Header
	CallPart
	CallState string `json:"callState,omitempty" profile:"full"`
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
	ConsultStage int64 `json:"consultStage,omitempty" profile:"full"`
}

// PartyAdded: otherDN joined this party's call (3.8).
//
//event:call
type PartyAdded struct {
	Header
	CallPart
	ThirdPart
	OtherDNRole  string `json:"otherDNRole,omitempty" profile:"full"`
	Supervisor   bool   `json:"supervisor,omitempty" profile:"full"` // R29
	ConsultStage int64  `json:"consultStage,omitempty" profile:"full"`
}

// PartyDeleted: otherDN left this party's call (3.9).
//
//event:call
type PartyDeleted struct {
	Header
	CallPart
	ThirdPart
	OtherDNRole  string `json:"otherDNRole,omitempty" profile:"full"`
	SelfLeft     bool   `json:"selfLeft,omitempty" profile:"full"` // R35
	ConsultStage int64  `json:"consultStage,omitempty" profile:"full"`
}

// DtmfSent: this party sent digits to the other.
//
//event:call
type DtmfSent struct {
	Header
	CallPart
	DtmfDigits string `json:"dtmfDigits"`
}

// CallCreated is the first event of a call (3.0-1). ThisDN is who began it.
//
//event:call
type CallCreated struct {
	Header
	CallID       string `json:"callID"`
	ThisDN       string `json:"thisDN"`
	CallType     string `json:"callType"`
	AttachedData Data   `json:"attachedData"`
	ANI          string `json:"ANI"`
	DNIS         string `json:"DNIS"`
}

// CallDeleted is the last event of a call (3.0-1), or the only one of a refused call (R50).
//
//event:call
type CallDeleted struct {
	Header
	CallID       string `json:"callID"`
	ThisDN       string `json:"thisDN"`  // who began the call
	OtherDN      string `json:"otherDN"` // whom the call was for
	CallType     string `json:"callType"`
	StartUepoch  int64  `json:"startUepoch"`
	BridgeUepoch int64  `json:"bridgeUepoch"`
	EndUepoch    int64  `json:"endUepoch"`
	RecordUUID   string `json:"recordUUID"`
	RecordURL    string `json:"recordUrl"`
	AttachedData Data   `json:"attachedData"`
	ANI          string `json:"ANI"`
	DNIS         string `json:"DNIS"`
}

// PartyInfo is one party in an answer about a call or a DN (R52).
type PartyInfo struct {
	ThisDN     string `json:"thisDN"`
	DNRole     string `json:"DNRole"`
	CreateTime int64  `json:"createTime"` // Unix ms
	CallID     string `json:"callID"`
	PartyID    string `json:"partyID"`
	PartyRole  string `json:"partyRole"`
	State      string `json:"state"` // Idle, Dialing, Ringing, Talk, Held (R40)
	OtherDN    string `json:"otherDN"`
	Muted      bool   `json:"muted"`
	Observed   bool   `json:"observed"`
	Since      int64  `json:"since"` // Unix ms at which the state began
}

// CallInfo answers RequestQueryCall.
//
//event:call
type CallInfo struct {
	Header
	CallID       string      `json:"callID"`
	ThisDN       string      `json:"thisDN"` // who asked
	Parties      []PartyInfo `json:"parties"`
	CallType     string      `json:"callType"`
	ANI          string      `json:"ANI"`
	DNIS         string      `json:"DNIS"`
	AttachedData Data        `json:"attachedData"`
}

// AgentLogin: an agent is at work.
//
//event:agent
type AgentLogin struct {
	Header
	AgentPart
	PhoneType  int64 `json:"phoneType"`
	AgentState int64 `json:"agentState"` // 1 ready, 2 not ready
	ReasonCode int64 `json:"reasonCode"`
}

// AgentReady: an agent takes calls.
//
//event:agent
type AgentReady struct {
	Header
	AgentPart
	ReasonCode int64 `json:"reasonCode"`
}

// AgentNotReady: an agent takes no calls.
//
//event:agent
type AgentNotReady struct {
	Header
	AgentPart
	ReasonCode int64 `json:"reasonCode"`
}

// AgentLogout: an agent has gone.
//
//event:agent
type AgentLogout struct {
	Header
	AgentPart
	ReasonCode int64 `json:"reasonCode"`
}

// DelayAfterCallWork: after-call work now ends at ExpirationTime.
//
//event:agent
type DelayAfterCallWork struct {
	Header
	AgentID        string `json:"agentID"`
	AgentUUID      string `json:"agentUUID"`
	ThisDN         string `json:"thisDN"`
	CallID         string `json:"callID"`
	PartyIDLiteral string `json:"partyId"` // the page's spelling (R15)
	PartyID        string `json:"partyID"`
	ExpirationTime int64  `json:"expirationTime"` // Unix ms
}

// PartyError refuses a request on a call or of the protocol (protocol.md 6).
//
//event:error
type PartyError struct {
	Header
	CallID       string `json:"callID"`
	PartyID      string `json:"partyID"`
	ThisDN       string `json:"thisDN"`
	ErrorCode    int64  `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	Request      string `json:"request"`
	Detail       string `json:"detail"` // a sentence that says what to do
}

// AgentError refuses a request on an agent (protocol.md 6).
//
//event:error
type AgentError struct {
	Header
	AgentPart
	ErrorCode    int64  `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	Request      string `json:"request"`
	Detail       string `json:"detail"`
}
