package events

// The messages of this file belong to the protocol itself (protocol.md 2, 3 and 6), not to call-events.txt, but for the
// two refusals.

// PartyError: refuses a request on a call or of the protocol (protocol.md 6).
//
//event:error
type PartyError struct {
	Header
	CallID       string `json:"callID"`       // the call of the request, if it named one
	PartyID      string `json:"partyID"`      // the party of the request, if it has one (R25)
	ThisDN       string `json:"thisDN"`       // the DN of the request
	ErrorCode    int64  `json:"errorCode"`    // 301xxx or 303xxx (R48)
	ErrorMessage string `json:"errorMessage"` // the name that goes with the code (R47)
	Request      string `json:"request"`      // the messageID of the request
	Detail       string `json:"detail"`       // a sentence that says what to do
	AttachedData Data   `json:"attachedData"` // of the request (R25)
}

// AgentError: refuses a request on an agent (protocol.md 6).
//
//event:error
type AgentError struct {
	Header
	AgentPart
	ErrorCode    int64  `json:"errorCode"`    // 302xxx (R48)
	ErrorMessage string `json:"errorMessage"` // the name that goes with the code (R47)
	Request      string `json:"request"`      // the messageID of the request
	Detail       string `json:"detail"`       // a sentence that says what to do
}

// Limits: what a client may send (protocol.md 1).
type Limits struct {
	MessageBytes      int64 `json:"messageBytes"`      // longest message, bytes
	Depth             int64 `json:"depth"`             // deepest nesting, levels
	RequestsPerSecond int64 `json:"requestsPerSecond"` // requests a second (protocol.md 6)
	QueueBytes        int64 `json:"queueBytes"`        // what may wait for a slow client, bytes
}

// Opened: answers RequestOpen; events after seq follow (protocol.md 3).
//
//event:protocol
type Opened struct {
	Header
	Server          string   `json:"server"`          // the name of the server
	Version         string   `json:"version"`         // its version
	Rights          []string `json:"rights"`          // observe, control, supervise, admin (protocol.md 7)
	Profile         string   `json:"profile"`         // basic or full (protocol.md 2)
	EpochUnit       string   `json:"epochUnit"`       // ms or us: the unit of creationTime and of every *Uepoch (R16)
	Replayed        int64    `json:"replayed"`        // events that follow from before this connection
	Gap             bool     `json:"gap"`             // resumeFrom is older than what is kept
	HeartbeatMillis int64    `json:"heartbeatMillis"` // quiet time after which the server sends a heartbeat, ms
	Limits          Limits   `json:"limits"`          // what the client may send
}

// Registered: answers RequestRegisterDN with the state of the DN at seq; the stream goes on from there (protocol.md 3).
//
//event:protocol
type Registered struct {
	Header
	ThisDN  string       `json:"thisDN"`  // the DN
	Agent   *AgentStatus `json:"agent"`   // null: nobody is logged in there
	Queue   *QueueStatus `json:"queue"`   // null: the DN is no queue (3.16)
	Parties []PartyInfo  `json:"parties"` // the parties in calls there
}

// Unregistered: answers RequestUnregisterDN, or comes unasked when the DN is removed (protocol.md 3).
//
//event:protocol
type Unregistered struct {
	Header
	ThisDN string `json:"thisDN"` // the DN
	Reason string `json:"reason"` // why
}

// CallSnapshot: one call inside EventSubscribed (protocol.md 3).
type CallSnapshot struct {
	CallID   string      `json:"callID"`   // the call
	CallType string      `json:"callType"` // Inbound, Outbound, Internal or Consult (R12)
	ANI      string      `json:"ANI"`      // the outside line that called, else empty (3.0-8)
	DNIS     string      `json:"DNIS"`     // the outside line that was called, else empty (3.0-8)
	Parties  []PartyInfo `json:"parties"`  // the parties in the call
}

// Subscribed: answers RequestSubscribe with what is in scope at seq; the stream goes on from there (protocol.md 3).
//
//event:protocol
type Subscribed struct {
	Header
	Scope    string         `json:"scope"`    // company, queue, agent or call
	IDs      []string       `json:"ids"`      // those of the request
	Snapshot []CallSnapshot `json:"snapshot"` // the calls in scope
	Agents   []AgentStatus  `json:"agents"`   // those whom scope agent names; with scope company all (3.16)
	Queues   []QueueStatus  `json:"queues"`   // those that scope queue names; with scope company all (3.16)
}

// Unsubscribed: answers RequestUnsubscribe (protocol.md 3).
//
//event:protocol
type Unsubscribed struct {
	Header
	Scope string   `json:"scope"` // company, queue, agent or call
	IDs   []string `json:"ids"`   // those of the request
}

// Heartbeat: answers RequestHeartbeat, or comes unasked on a quiet connection (protocol.md 3).
//
//event:protocol
type Heartbeat struct {
	Header
	LastSeq uint64 `json:"lastSeq"` // the last number sent to this client, so that it can see a hole
}

// Gap: the events from..to of this client's subscriptions were dropped (protocol.md 2).
//
//event:protocol
type Gap struct {
	Header
	From uint64 `json:"from"` // the first that was dropped
	To   uint64 `json:"to"`   // the last that was dropped
}
