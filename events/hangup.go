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
