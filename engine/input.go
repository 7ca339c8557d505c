// Package engine is the call model: parties and calls, as tables, without clock, goroutine, lock, socket or file.
// Step takes one Input and returns everything that follows from it in an Output. See docs/ARCHITECTURE.md.
package engine

import "modcti/events"

// LegID names a FreeSWITCH channel: its uuid as 16 bytes, or a hash of it where it is not a canonical uuid.
type LegID [16]byte

// InputKind tells what an Input reports.
type InputKind uint8

// The values of the Leg kinds are those of CTI_LEG_* in cgo/cti.h.
const (
	InputNone InputKind = iota

	// Facts about one channel, in the order in which the channel's own hooks ran.
	LegCreated     // a channel exists; Text is complete; Other is the channel that originates it, if any
	LegOutgoing    // Leg originates Other
	LegRinging     // 180
	LegProgress    // 183 or early media
	LegAnswered    // 200
	LegBridged     // media joined with Other; Other is zero for a spy or a conference member
	LegUnbridged   // media parted from Other
	LegHeld        // the channel's phone put its partner on hold, or the switch did on its behalf
	LegUnheld      // and took it off hold
	LegTransferred // the channel is sent to a new destination, Text.Destination
	LegExecuted    // an application began: Text.App, Text.AppArg
	LegRenamed     // Leg is now called Other; Text carries its new names
	LegHangup      // the channel has begun to end; Cause is final, Disposition may not be
	LegEnded       // the channel has ended: Cause and Disposition are final
	LegDestroyed   // nothing more comes of this channel
	LegLooped      // Leg and Other are the two ends of one loopback pair; both are folded away
	RoomJoined     // the channel entered the conference Text.Room
	RoomLeft       // and left it

	// The live session table, told between SnapshotBegin and SnapshotEnd.
	SnapshotBegin
	LegFound // a live channel: Text, CallState and Times as they are now; Other is its bridge partner
	SnapshotEnd
	RecordsLost // the ring was full; a snapshot is needed

	CommandDone // a command's answer: Command, Cause (0 = accepted)

	// More facts about one channel.
	LegDTMF          // its far end sent Text.Digits
	LegRecordStarted // the switch records it into the file Text.Path
	LegRecordStopped // and has closed the file

	DeviceLost  // the phone of the directory user Text.User is not registered any more
	DeviceFound // and is again

	// Not from the switch's module.
	ClientRequest    // Request is set
	DirectoryChanged // Directory is set: it replaces the one in force
	TimerDue         // the deadline that Output.NextDeadline named has come
	DrainOrdered     // the system is to be emptied: no new work is taken, what runs runs on (3.16)
)

// Direction of a channel as the switch sees it.
type Direction uint8

const (
	DirectionInbound  Direction = 1 // the far end called the switch
	DirectionOutbound Direction = 2 // the switch called the far end
)

// CallState is FreeSWITCH's switch_channel_callstate_t, as far as a snapshot needs it.
type CallState uint8

const (
	CallStateDown CallState = iota
	CallStateRinging
	CallStateEarly
	CallStateActive
	CallStateHeld
	CallStateHangup
)

// Disposition is FreeSWITCH's sip_hangup_disposition: recv_* when the far end ended the channel, send_* when the switch did.
type Disposition uint8

const (
	DispositionNone Disposition = iota
	RecvBye
	RecvCancel
	RecvRefuse
	SendBye
	SendCancel
	SendRefuse
)

// Text holds the names of a channel. LegCreated and LegFound fill it whole; other kinds only what they say.
// The strings of one Input share one allocation, made when the record was decoded.
type Text struct {
	Hex          string // Leg as 32 lower-case hex digits: the party's id on the wire (R57)
	UUID         string // as the switch spells it; needed to address the channel in a command
	Channel      string // channel name, such as sofia/internal/1001@192.0.2.1
	CallerNumber string
	CallerName   string
	Destination  string // the number dialed on an inbound channel, the number called on an outbound one
	User         string // the directory user that the channel belongs to, or empty
	Context      string
	SIPCallID    string
	CTICallID    string // variable cti_call_id: the call that this channel is made for
	App          string
	AppArg       string
	Room         string
	Digits       string
	Path         string
}

// LegTimes are a channel's times as the switch keeps them: Unix µs, 0 when it has not happened.
type LegTimes struct {
	Created, Progress, Early, Answered, Bridged, Held int64
}

// Input is one fact or request, with its time. MonoNanos orders and measures; WallMicros is what clients and records are told.
type Input struct {
	Kind        InputKind
	Direction   Direction
	CallState   CallState
	Disposition Disposition
	Cause       uint16 // FreeSWITCH's switch_call_cause_t; for CommandDone the switch's answer
	LegSeq      uint32 // counts this leg's records from 1: a hole is a lost record; 0 = not counted
	Flags       uint32 // Flag*
	Leg, Other  LegID
	Command     uint64
	MonoNanos   int64 // CLOCK_MONOTONIC
	WallMicros  int64 // CLOCK_REALTIME, Unix µs
	Times       LegTimes
	Text        Text
	Request     *Request
	Directory   *Directory
}

func (in *Input) wallMillis() int64 { return events.Moment(in.WallMicros).Millis() }

const (
	FlagLoopback  uint32 = 1 << 0 // the channel is one end of a loopback pair
	FlagTruncated uint32 = 1 << 1 // a text was longer than the record holds
	FlagMarked    uint32 = 1 << 2 // cti_track marked the channel
	FlagObserver  uint32 = 1 << 3 // LegExecuted: the application listens to Other (eavesdrop)
	FlagParked    uint32 = 1 << 4 // LegFound: a CommandWait has put the channel into a queue, and it is there
	FlagPlaced    uint32 = 1 << 5 // LegFound: a command has put the channel where it is, or where it will be: nobody else will end it
	FlagEngaged   uint32 = 1 << 6 // LegFound: and there it is in a room, listens, or speaks to a voicemail
)

// ClientID names a connection for as long as it is open; 0 is nobody.
type ClientID uint64

// RequestKind is a request of protocol.md that the engine itself answers.
type RequestKind uint8

const (
	RequestNone RequestKind = iota

	// protocol.md 3
	RequestRegisterDN
	RequestUnregisterDN
	RequestSubscribe
	RequestUnsubscribe
	RequestQueryCall

	// protocol.md 4
	RequestMakeCall
	RequestAnswerCall
	RequestReleaseCall
	RequestRedirectCall
	RequestHoldCall
	RequestRetrieveCall
	RequestMuteCall
	RequestUnmuteCall
	RequestSendDtmf
	RequestSingleStepTransfer
	RequestInitiateConsult
	RequestCancelConsult
	RequestRetrieveConsult
	RequestCompleteTransfer
	RequestCompleteConference
	RequestAlternateCall
	RequestDeleteParty
	RequestSingleStepConference
	RequestMonitorCall
	RequestWhisper
	RequestBargeIn
	RequestInterceptCall
	RequestUpdateAttachedData
	RequestStartRecording
	RequestPauseRecording
	RequestResumeRecording
	RequestStopRecording

	// protocol.md 3 and 5
	RequestQueryAgent
	RequestQueryQueue
	RequestAgentLogin
	RequestAgentLogout
	RequestAgentReady
	RequestAgentNotReady
	RequestDelayAfterCallWork
	RequestForceAgentState
	requestKindCount
)

// Request is a client's request after the door has parsed it, checked its rights and its rate. Its strings and slices
// belong to the engine once it is posted.
type Request struct {
	Client       ClientID
	Kind         RequestKind
	Name         string // wire name
	ReferenceID  int64
	CompanyID    string
	ThisDN       string // the DN acted for
	CallID       string // empty: the one call that the DN is in
	OtherDN      string // target
	ThirdDN      string // RequestBargeIn, RequestInterceptCall: the agent who is joined or relieved
	Scope        string // RequestSubscribe: company, queue, agent, call; RequestMonitorCall: call, agent
	IDs          []string
	AttachedData events.Data // merged into the call's
	Remove       []string    // RequestUpdateAttachedData: keys taken out

	CallerNumber        string // RequestMakeCall: shown to the one who is called; empty = the dial plan's
	MakeCallType        string // RequestMakeCall: events.Regular or events.DirectAgent; empty = Regular
	AnswerTimeoutMillis int64  // RequestMakeCall: how long each phone may ring; 0 = Config.RingMillis
	DTMFDigits          string // RequestSendDtmf: 0-9 * # A-D
	Mode                string // RequestWhisper: agent, customer, off

	AgentUUID, AgentID string   // requests on agents: one of them, or ThisDN
	ThisQueue          string   // RequestQueryQueue
	ThisQueues         []string // RequestAgentLogin: nil = all of his
	PhoneType          int64    // RequestAgentLogin: 1 web phone, 2 mini program, 3 PSTN, 4 SIP phone
	AgentState         int64    // RequestAgentLogin, RequestForceAgentState: 0 logged out, 1 ready, 2 not ready
	ReasonCode         int64
	DelaySeconds       int64 // RequestDelayAfterCallWork: 1 to 3600
}
