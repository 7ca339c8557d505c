package engine

import "modcti/events"

// RecordKind tells what a Record writes. A call's records come in order: CallOpened, then per party PartyOpened,
// its PartyState rows and PartyClosed, then CallClosed.
type RecordKind uint8

const (
	RecordNone RecordKind = iota
	CallOpened
	CallUpdated // its attached data or its kind changed while it lives
	PartyOpened
	PartyState
	PartyUpdated // a time, the partner or the role changed while the party lives
	PartyClosed
	CallClosed

	QueueEntered // a caller has come into a queue
	QueueLeft    // and has left it: served, gone, or sent on
	OfferMade    // a caller was offered to an agent: who could have had it, and why this one
	OfferEnded   // and what came of it
	AgentChanged // an agent's state, whole
)

// Record is one step of a CDR. Only the part that Kind names is set. Times are Unix ms, 0 when it never happened.
type Record struct {
	Kind  RecordKind
	Call  CallRecord
	Party PartyRecord
	State StateRecord
	Queue *QueueRecord // rare beside the others: the store keeps them
	Offer *OfferRecord
	Agent *AgentRecord
}

// QueueRecord is one stay of a caller in a queue. QueueEntered sets all but what its end brings.
type QueueRecord struct {
	CallID, PartyID string // of the caller
	QueueID         string
	CallerDN        string
	Priority        int
	EnteredMillis   int64
	SinceMillis     int64 // what his place is counted from: earlier for who came back in time or is called back
	EarlyMillis     int64 // how long his call had been up then, where his turn is counted from that (SinceCall)
	LeftMillis      int64
	Outcome         string // one of Stay*, or an OverflowWhen
	AgentUUID       string // who answered
	Offers          int    // phones that were called for it
	Position        int    // when it entered, from 1
	Callback        bool   // nobody waits: the caller is to be called back at CallerDN, and PartyID is empty
}

// OfferRecord is one phone called for one caller: the decision and its outcome.
type OfferRecord struct {
	CallID, PartyID string // of the agent's leg
	QueueID         string
	AgentUUID       string
	AgentDN         string
	AtMillis        int64
	Strategy        string
	Level           int    // the agent's in the queue
	WaitedMillis    int64  // how long the caller had waited
	Candidates      string // JSON: who was free, best first, at most CandidatesMax, each with what he was judged by
	CandidateCount  int    // how many were free
	Reason          string // a sentence: why this one
	EndMillis       int64
	Outcome         string // one of Offer*
}

// CandidatesMax is how many candidates an offer's receipt names.
const CandidatesMax = 10

// AgentRecord is an agent's state from AtMillis on. The last one of each agent is what a restart begins with.
type AgentRecord struct {
	UUID, ID        string
	DN              string
	PhoneType       int64
	State           string // LoggedOut, Ready, NotReady, AfterCallWork
	ReasonCode      int64
	LoginState      int64  // AfterCallWork: the agentState to return to
	BackReason      int64  // AfterCallWork that returns to not ready: the reason then
	WrapUntilMillis int64  // AfterCallWork: when it ends by itself; 0 = untimed
	CallID, PartyID string // AfterCallWork: what it is about
	AtMillis        int64
	CallsTaken      int64 // today's counters that routing reads
	TalkMillis      int64
	NextState       string // what a request during a call has reserved for after it; empty = nothing
	NextReason      int64  // and why
	UnderState      string // what was reserved before the phone was gone, and is again when it is back; empty = nothing
	UnderReason     int64
	IdleQueues      []string // those of his queues that he has not logged in for
}

// EndReason tells how a call's CDR was closed.
type EndReason uint8

const (
	EndNormal      EndReason = iota
	EndMerged                // its parties went on in another call
	EndInterrupted           // the switch or the module stopped under it
	EndVanished              // its channels were gone without a word
	EndFaulted               // the engine was at fault and gave the call up
)

// CallRecord is the CDR row of a call. CallOpened sets what is known when it begins, CallClosed sets all of it.
type CallRecord struct {
	CallID       string
	CompanyID    string
	CallType     string
	ThisDN       string // who began it
	OtherDN      string // whom it was for
	ANI, DNIS    string
	MakeCallType string
	StartMillis  int64
	AnswerMillis int64 // first party established
	BridgeMillis int64
	EndMillis    int64
	HangupCause  string
	HangupSide   string
	EndReason    EndReason
	MergedInto   string
	Adopted      bool // it was up before the module was loaded
	AttachedData events.Data
}

// PartyRecord is the CDR row of one participant.
type PartyRecord struct {
	CallID, PartyID  string
	LegUUID          string
	SIPCallID        string
	PartyRole        string
	DNRole           string
	ThisDN, OtherDN  string
	CallerName       string
	StartMillis      int64
	ProgressMillis   int64
	AnswerMillis     int64
	BridgeMillis     int64
	LastHoldMillis   int64
	HoldMillisTotal  int64
	EndMillis        int64
	AnswerSec        int64
	BillSec          int64
	HangupCause      string // as in EventReleased
	SwitchCause      string // FreeSWITCH's own name for it
	HangupSide       string
	Disposition      string
	CallState        string
	EarlyDetectCause int64
	EndStatus        int64  // the contact-center types' end state of whom the switch called outside (R22); 0: it called nobody there
	QueueID          string // that its call came from, or that it waits in (3.0-6)
	AgentUUID        string // of whoever's phone it is
}

// StateRecord is one state change of a participant.
type StateRecord struct {
	CallID, PartyID string
	StartMillis     int64  // the participant's
	Ordinal         int64  // 1, 2, ... per party
	State           string // Idle, Dialing, Ringing, Talk, Held, Released
	AtMillis        int64
	OtherDN         string
	Clause          string // the clause of call-model.md whose row was taken
}

// OpenCall is a call that an earlier run left open: what the store read back at start.
type OpenCall struct {
	Call    CallRecord
	Parties []PartyRecord // those not yet closed
	States  []StateRecord // the last state of each of Parties, in the same order
}
