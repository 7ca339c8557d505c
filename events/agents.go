package events

// AgentPart: what every event of an agent carries (R25).
type AgentPart struct {
	AgentID      string   `json:"agentID"`      // work number, may be empty (R45)
	AgentUUID    string   `json:"agentUUID"`    // the agent for good (R45)
	ThisDN       string   `json:"thisDN"`       // the phone the agent uses
	ThisQueues   []string `json:"thisQueues"`   // queues the agent works for, bare numbers (R27)
	AttachedData Data     `json:"attachedData"` // business data and the keys of the engine (R8)
}

// Agent returns the part itself, so that it can be read from any event of an agent.
func (a *AgentPart) Agent() *AgentPart { return a }

// ChangePart: what an agent was before the event, and whether what it tells waits for the end of a call (3.15, 3.16).
type ChangePart struct {
	PreviousState      int64 `json:"previousState" profile:"full"`      // 0 logged out, 1 ready, 2 not ready (3.16)
	PreviousReasonCode int64 `json:"previousReasonCode" profile:"full"` // and why (3.16)
	Reserved           bool  `json:"reserved,omitempty" profile:"full"` // it comes into force after the call (3.15)
}

// AgentLogin: an agent is at work (3.15).
//
//event:agent
type AgentLogin struct {
	Header
	AgentPart
	ChangePart
	PhoneType  int64 `json:"phoneType"`  // 1 web phone, 2 mini program, 3 PSTN, 4 SIP phone (R61)
	AgentState int64 `json:"agentState"` // 1 ready, 2 not ready (R41)
	ReasonCode int64 `json:"reasonCode"` // 0 when ready; else as on EventAgentNotReady (R42)
}

// AgentReady: an agent takes calls, now or after the call that he is in, as on EventAgentNotReady (3.15).
//
//event:agent
type AgentReady struct {
	Header
	AgentPart
	ChangePart
	ReasonCode int64 `json:"reasonCode"` // why: 4 wrap-up ended, 0 other (R44)
}

// AgentNotReady: an agent takes no calls. A request during a call is answered at once and profile basic sees the event as
// any other, for the page has no busy state and no call is offered from then on; full has reserved with it, and the
// event once more when it comes into force (3.15).
//
//event:agent
type AgentNotReady struct {
	Header
	AgentPart
	ChangePart
	ReasonCode     int64  `json:"reasonCode"`                              // as the table of reason codes has it (R42)
	LoginState     string `json:"loginState,omitempty" profile:"full"`     // state to return to after wrap-up, 1 or 2 (R8, R43)
	WrapUpDuration int64  `json:"wrapUpDuration,omitempty" profile:"full"` // seconds of wrap-up, -1 untimed (3.15)
	ExpirationTime int64  `json:"expirationTime,omitempty" profile:"full"` // when it ends by itself, Unix ms (3.15)
}

// AgentLogout: an agent has gone (3.15).
//
//event:agent
type AgentLogout struct {
	Header
	AgentPart
	ChangePart
	ReasonCode int64 `json:"reasonCode"` // why; 0 asked for (R46)
}

// DelayAfterCallWork: after-call work now ends at another time (3.15).
//
//event:agent
type DelayAfterCallWork struct {
	Header
	AgentPart
	CallID         string `json:"callID"`         // the call that the work is about
	PartyIDLiteral string `json:"partyId"`        // the party of the agent, in the page's spelling (R15)
	PartyID        string `json:"partyID"`        // the same (R15)
	ExpirationTime int64  `json:"expirationTime"` // when it ends by itself, Unix ms
}

// ReservedState: what a request during a call has reserved for after it (3.15).
type ReservedState struct {
	AgentState int64 `json:"agentState"` // 0 logged out, 1 ready, 2 not ready (R41)
	ReasonCode int64 `json:"reasonCode"` // as on the event that will tell it (R42)
}

// AgentStatus: an agent as he is now (3.16).
type AgentStatus struct {
	AgentID          string         `json:"agentID"`          // work number, may be empty (R45)
	AgentUUID        string         `json:"agentUUID"`        // the agent for good (R45)
	Name             string         `json:"name"`             // his name
	ThisDN           string         `json:"thisDN"`           // the phone he uses, empty when logged out
	ThisQueues       []string       `json:"thisQueues"`       // queues he works for, bare numbers (R27)
	PhoneType        int64          `json:"phoneType"`        // 1 web phone, 2 mini program, 3 PSTN, 4 SIP phone (R61)
	AgentState       int64          `json:"agentState"`       // intent: 0 logged out, 1 ready, 2 not ready (R41)
	ReasonCode       int64          `json:"reasonCode"`       // why; 0 when ready (R42)
	Reserved         *ReservedState `json:"reserved"`         // null: nothing changes after the call (3.15)
	Occupancy        string         `json:"occupancy"`        // idle, reserved, ringing, talking, held, afterCallWork (R41)
	Status           string         `json:"status"`           // free, busy, rest, notReady, afterCallWork, offline (R41)
	Since            int64          `json:"since"`            // agentState and reasonCode began, Unix ms
	WrapUpExpiration int64          `json:"wrapUpExpiration"` // after-call work ends by itself, Unix ms; 0 untimed, or none
	Calls            []PartyInfo    `json:"calls"`            // his parties in calls
}

// QueueAgents: how many of a queue's staff are in each status (R41).
type QueueAgents struct {
	Free          int64 `json:"free"`          // takes calls and has none
	Busy          int64 `json:"busy"`          // is picked, rings, talks or holds
	Rest          int64 `json:"rest"`          // on break
	NotReady      int64 `json:"notReady"`      // takes no calls
	AfterCallWork int64 `json:"afterCallWork"` // works on a call that has ended
	Offline       int64 `json:"offline"`       // not logged in
}

// QueueCaller: one who waits in a queue (protocol.md 3).
type QueueCaller struct {
	CallID      string `json:"callID"`      // his call
	OtherDN     string `json:"otherDN"`     // his number
	Position    int64  `json:"position"`    // his place, from 1
	EnteredTime int64  `json:"enteredTime"` // he came in, Unix ms
	Priority    int64  `json:"priority"`    // higher goes first
}

// QueueStatus: a queue as it is now (3.16).
type QueueStatus struct {
	ThisQueue         string        `json:"thisQueue"`         // its number
	Name              string        `json:"name"`              // its name
	Strategy          string        `json:"strategy"`          // how it picks an agent
	Waiting           int64         `json:"waiting"`           // callers who wait
	LongestWaitMillis int64         `json:"longestWaitMillis"` // how long the first of them has waited, ms
	Agents            QueueAgents   `json:"agents"`            // its staff by status
	Callers           []QueueCaller `json:"callers"`           // who waits, in the order in which they are served
}

// AgentInfo: answers RequestQueryAgent (protocol.md 3).
//
//event:protocol
type AgentInfo struct {
	Header
	AgentStatus
}

// QueueInfo: answers RequestQueryQueue (protocol.md 3).
//
//event:protocol
type QueueInfo struct {
	Header
	QueueStatus
}
