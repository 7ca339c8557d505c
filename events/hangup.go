package events

// How dialing ended, as told by earlyDetectCause on EventReleased (R22; call-events.txt, hang up calls).
const (
	DetectUnknown      int64 = 0
	DetectOutOfService int64 = 103
	DetectNotExist     int64 = 104
	DetectPoweredOff   int64 = 105
	DetectBusy         int64 = 109
	DetectNoAnswer     int64 = 115
	DetectLineFault    int64 = 119
	DetectAnswered     int64 = 200
)

// detected holds the hangup causes of FreeSWITCH from which the end of dialing can be told. A line fault is a cause of
// Q.850's class "resource unavailable", or an interface out of order. No cause tells "out of service" (103) apart: only
// hearing the network's announcement could.
var detected = map[string]int64{
	"USER_BUSY":                 DetectBusy,
	"NO_ANSWER":                 DetectNoAnswer,
	"NO_USER_RESPONSE":          DetectNoAnswer,
	"ALLOTTED_TIMEOUT":          DetectNoAnswer,
	"UNALLOCATED_NUMBER":        DetectNotExist,
	"SUBSCRIBER_ABSENT":         DetectPoweredOff,
	"DESTINATION_OUT_OF_ORDER":  DetectLineFault,
	"NORMAL_CIRCUIT_CONGESTION": DetectLineFault,
	"NETWORK_OUT_OF_ORDER":      DetectLineFault,
	"NORMAL_TEMPORARY_FAILURE":  DetectLineFault,
	"SWITCH_CONGESTION":         DetectLineFault,
	"REQUESTED_CHAN_UNAVAIL":    DetectLineFault,
	"GATEWAY_DOWN":              DetectLineFault,
}

// EarlyDetectCause tells how dialing ended: answered, or what the hangup cause of FreeSWITCH (such as "USER_BUSY")
// tells of it, else DetectUnknown (R22).
func EarlyDetectCause(hangupCause string, answered bool) int64 {
	if answered {
		return DetectAnswered
	}
	return detected[hangupCause]
}

// EndOK is the end state of who was answered.
const EndOK int64 = 1

// endStates are the contact-center types' end states of a call out, by how dialing ended. 103 and 105 can be translated in
// more than one way: settings may say otherwise (R22).
var endStates = map[int64]int64{
	DetectUnknown:      201,
	DetectOutOfService: 210,
	DetectNotExist:     205,
	DetectPoweredOff:   204,
	DetectBusy:         206,
	DetectNoAnswer:     202,
	DetectLineFault:    208,
	DetectAnswered:     EndOK,
}

// endStatesByCause are those of hangup causes that tell nothing of the line.
var endStatesByCause = map[string]int64{
	"CALL_REJECTED":            203,
	"ORIGINATOR_CANCEL":        209,
	"USER_NOT_REGISTERED":      210,
	"RECOVERY_ON_TIMER_EXPIRE": 208,
}

// EndStates are the end states that settings give to ends of dialing other than the usual ones (R22); nil gives none.
type EndStates map[int64]int64

// CanSet tells whether settings may give an end of dialing that end state: who was answered ended well, always.
func (s EndStates) CanSet(detected, state int64) bool {
	_, listed := endStates[detected]
	return listed && detected != DetectAnswered && (state >= 201 && state <= 213 || state >= 215 && state <= 222)
}

// Of is the end state of a call out, by earlyDetectCause, or by FreeSWITCH's hangup cause where that knows nothing (R22).
func (s EndStates) Of(detected int64, hangupCause string) int64 {
	if state, found := endStatesByCause[hangupCause]; found && detected == DetectUnknown {
		return state
	}
	if state, found := s[detected]; found {
		return state
	}
	return endStates[detected]
}
