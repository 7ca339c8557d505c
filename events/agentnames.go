package events

// What an agent means to do: the values of agentState (R41).
const (
	AgentStateLoggedOut int64 = 0
	AgentStateReady     int64 = 1
	AgentStateNotReady  int64 = 2
)

// What an agent does: the values of occupancy (R41).
const (
	OccupancyIdle          = "idle"
	OccupancyReserved      = "reserved" // picked for a caller; the phone does not ring yet
	OccupancyRinging       = "ringing"
	OccupancyTalking       = "talking"
	OccupancyHeld          = "held"
	OccupancyAfterCallWork = "afterCallWork"
)

// The six statuses of contact-center-types, derived from what an agent means to do and does (R41).
const (
	StatusFree          = "free"
	StatusBusy          = "busy"
	StatusRest          = "rest"
	StatusNotReady      = "notReady"
	StatusAfterCallWork = "afterCallWork"
	StatusOffline       = "offline"
)

// StatusOf derives the status of an agent: whoever is in a call is busy, whatever he means to do after it; a break is
// rest or one of the company's own reasons (R41, R42).
func StatusOf(agentState, reasonCode int64, occupancy string) string {
	switch {
	case agentState == AgentStateLoggedOut:
		return StatusOffline
	case occupancy == OccupancyAfterCallWork:
		return StatusAfterCallWork
	case occupancy != OccupancyIdle:
		return StatusBusy
	case agentState == AgentStateReady:
		return StatusFree
	case reasonCode == ReasonAfterCallWork:
		return StatusAfterCallWork
	case reasonCode >= ReasonRest && reasonCode <= ReasonLast:
		return StatusRest
	}
	return StatusNotReady
}

// Why an agent is not ready, or has gone: the values of reasonCode (R42, 3.3, 3.15).
const (
	ReasonNone          int64 = 0
	ReasonRejected      int64 = 1
	ReasonDoNotDisturb  int64 = 2
	ReasonBusy          int64 = 3
	ReasonAfterCallWork int64 = 4
	ReasonNoAnswer      int64 = 5
	ReasonDeviceLost    int64 = 6
	ReasonForced        int64 = 7
	ReasonDrain         int64 = 8
	ReasonIdle          int64 = 9
	ReasonReplaced      int64 = 10
	ReasonRest          int64 = 11
	ReasonLast          int64 = 98 // 12 to 98 are the company's own
	ReasonUnreachable   int64 = 99
)

// Reasons says what each reasonCode means.
var Reasons = []struct {
	Code    int64
	Meaning string
}{
	{ReasonNone, "none: ready, asked for"},
	{ReasonRejected, "a call was rejected"},
	{ReasonDoNotDisturb, "do not disturb"},
	{ReasonBusy, "the phone was busy"},
	{ReasonAfterCallWork, "after-call work; on EventAgentReady: it has ended"},
	{ReasonNoAnswer, "a call was not answered"},
	{ReasonDeviceLost, "the phone is not registered any more"},
	{ReasonForced, "by a supervisor"},
	{ReasonDrain, "the system is being emptied"},
	{ReasonIdle, "no call for too long"},
	{ReasonReplaced, "another login took the phone or the agent"},
	{ReasonRest, "rest"},
	{ReasonUnreachable, "the phone could not be reached"},
}

// ReasonByRequest tells whether a client may give the reason (protocol.md 5).
func ReasonByRequest(code int64) bool {
	return code == ReasonDoNotDisturb || code == ReasonAfterCallWork || ReasonRest <= code && code <= ReasonLast
}

// What an agent talks with: the values of phoneType (R61).
const (
	PhoneWeb         int64 = 1
	PhoneMiniProgram int64 = 2
	PhonePSTN        int64 = 3
	PhoneSIP         int64 = 4
)

// WrapUpUntimed is the wrapUpDuration of after-call work that ends only when the agent says so (3.15).
const WrapUpUntimed int64 = -1
