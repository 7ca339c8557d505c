package events

// The messages of this file belong to the protocol itself (protocol.md 2 and 3), not to call-events.txt.

// Limits tells a client what it may send (protocol.md 1).
type Limits struct {
	MessageBytes      int64 `json:"messageBytes"`
	Depth             int64 `json:"depth"`
	RequestsPerSecond int64 `json:"requestsPerSecond"`
	QueueBytes        int64 `json:"queueBytes"`
}

// Opened answers RequestOpen.
//
//event:protocol
type Opened struct {
	Header
	Server          string   `json:"server"`
	Version         string   `json:"version"`
	Rights          []string `json:"rights"`
	Profile         string   `json:"profile"`
	Replayed        int64    `json:"replayed"` // events that follow from before this connection
	Gap             bool     `json:"gap"`      // resumeFrom is older than what is kept
	HeartbeatMillis int64    `json:"heartbeatMillis"`
	Limits          Limits   `json:"limits"`
}

// AgentInfo is an agent's state inside EventRegistered.
type AgentInfo struct {
	AgentID   string `json:"agentID"`
	AgentUUID string `json:"agentUUID"`
}

// Registered answers RequestRegisterDN: the state of the DN at Seq; the stream goes on from there.
//
//event:protocol
type Registered struct {
	Header
	ThisDN  string      `json:"thisDN"`
	Agent   *AgentInfo  `json:"agent"` // nil: nobody is logged in there
	Parties []PartyInfo `json:"parties"`
}

// Unregistered answers RequestUnregisterDN, or comes unasked when the DN is removed.
//
//event:protocol
type Unregistered struct {
	Header
	ThisDN string `json:"thisDN"`
	Reason string `json:"reason"`
}

// CallSnapshot is one call inside EventSubscribed.
type CallSnapshot struct {
	CallID   string      `json:"callID"`
	CallType string      `json:"callType"`
	ANI      string      `json:"ANI"`
	DNIS     string      `json:"DNIS"`
	Parties  []PartyInfo `json:"parties"`
}

// Subscribed answers RequestSubscribe: the calls in scope at Seq; the stream goes on from there.
//
//event:protocol
type Subscribed struct {
	Header
	Scope    string         `json:"scope"`
	IDs      []string       `json:"ids"`
	Snapshot []CallSnapshot `json:"snapshot"`
}

// Unsubscribed answers RequestUnsubscribe.
//
//event:protocol
type Unsubscribed struct {
	Header
	Scope string   `json:"scope"`
	IDs   []string `json:"ids"`
}

// Heartbeat answers RequestHeartbeat, or comes unasked on a quiet connection.
//
//event:protocol
type Heartbeat struct {
	Header
	LastSeq uint64 `json:"lastSeq"` // the last number sent to this client, so that it can see a hole
}

// Gap says that the events From..To of this client's subscriptions were dropped.
//
//event:protocol
type Gap struct {
	Header
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}
