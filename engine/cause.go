package engine

// Causes that the engine and the simulator name themselves; all others are known by number and name alone.
const (
	CauseNone                 uint16 = 0
	CauseNormalClearing       uint16 = 16
	CauseUserBusy             uint16 = 17
	CauseNoAnswer             uint16 = 19
	CauseCallRejected         uint16 = 21
	CauseOutOfOrder           uint16 = 27
	CauseTemporaryFailure     uint16 = 41
	CauseInvalidCallReference uint16 = 81  // no such channel
	CauseTimerExpired         uint16 = 102 // the switch has given up waiting
	CauseOriginatorCancel     uint16 = 487
	CauseLoseRace             uint16 = 702
	CauseManagerRequest       uint16 = 703
	CauseBlindTransfer        uint16 = 800
	CauseAttendedTransfer     uint16 = 801
	CausePickedOff            uint16 = 805
	CauseBowout               uint16 = 814
)

// cause pairs a number of switch_call_cause_t with the name that the switch writes into hangup_cause.
type cause struct {
	number uint16
	name   string
}

// causes holds every value of switch_call_cause_t (FreeSWITCH 1.10.12), by number.
var causes = [...]cause{
	{0, "NONE"},
	{1, "UNALLOCATED_NUMBER"},
	{2, "NO_ROUTE_TRANSIT_NET"},
	{3, "NO_ROUTE_DESTINATION"},
	{6, "CHANNEL_UNACCEPTABLE"},
	{7, "CALL_AWARDED_DELIVERED"},
	{16, "NORMAL_CLEARING"},
	{17, "USER_BUSY"},
	{18, "NO_USER_RESPONSE"},
	{19, "NO_ANSWER"},
	{20, "SUBSCRIBER_ABSENT"},
	{21, "CALL_REJECTED"},
	{22, "NUMBER_CHANGED"},
	{23, "REDIRECTION_TO_NEW_DESTINATION"},
	{25, "EXCHANGE_ROUTING_ERROR"},
	{27, "DESTINATION_OUT_OF_ORDER"},
	{28, "INVALID_NUMBER_FORMAT"},
	{29, "FACILITY_REJECTED"},
	{30, "RESPONSE_TO_STATUS_ENQUIRY"},
	{31, "NORMAL_UNSPECIFIED"},
	{34, "NORMAL_CIRCUIT_CONGESTION"},
	{38, "NETWORK_OUT_OF_ORDER"},
	{41, "NORMAL_TEMPORARY_FAILURE"},
	{42, "SWITCH_CONGESTION"},
	{43, "ACCESS_INFO_DISCARDED"},
	{44, "REQUESTED_CHAN_UNAVAIL"},
	{45, "PRE_EMPTED"},
	{50, "FACILITY_NOT_SUBSCRIBED"},
	{52, "OUTGOING_CALL_BARRED"},
	{54, "INCOMING_CALL_BARRED"},
	{57, "BEARERCAPABILITY_NOTAUTH"},
	{58, "BEARERCAPABILITY_NOTAVAIL"},
	{63, "SERVICE_UNAVAILABLE"},
	{65, "BEARERCAPABILITY_NOTIMPL"},
	{66, "CHAN_NOT_IMPLEMENTED"},
	{69, "FACILITY_NOT_IMPLEMENTED"},
	{79, "SERVICE_NOT_IMPLEMENTED"},
	{81, "INVALID_CALL_REFERENCE"},
	{88, "INCOMPATIBLE_DESTINATION"},
	{95, "INVALID_MSG_UNSPECIFIED"},
	{96, "MANDATORY_IE_MISSING"},
	{97, "MESSAGE_TYPE_NONEXIST"},
	{98, "WRONG_MESSAGE"},
	{99, "IE_NONEXIST"},
	{100, "INVALID_IE_CONTENTS"},
	{101, "WRONG_CALL_STATE"},
	{102, "RECOVERY_ON_TIMER_EXPIRE"},
	{103, "MANDATORY_IE_LENGTH_ERROR"},
	{111, "PROTOCOL_ERROR"},
	{127, "INTERWORKING"},
	{142, "SUCCESS"},
	{487, "ORIGINATOR_CANCEL"},
	{700, "CRASH"},
	{701, "SYSTEM_SHUTDOWN"},
	{702, "LOSE_RACE"},
	{703, "MANAGER_REQUEST"},
	{800, "BLIND_TRANSFER"},
	{801, "ATTENDED_TRANSFER"},
	{802, "ALLOTTED_TIMEOUT"},
	{803, "USER_CHALLENGE"},
	{804, "MEDIA_TIMEOUT"},
	{805, "PICKED_OFF"},
	{806, "USER_NOT_REGISTERED"},
	{807, "PROGRESS_TIMEOUT"},
	{808, "INVALID_GATEWAY"},
	{809, "GATEWAY_DOWN"},
	{810, "INVALID_URL"},
	{811, "INVALID_PROFILE"},
	{812, "NO_PICKUP"},
	{813, "SRTP_READ_ERROR"},
	{814, "BOWOUT"},
	{815, "BUSY_EVERYWHERE"},
	{816, "DECLINE"},
	{817, "DOES_NOT_EXIST_ANYWHERE"},
	{818, "NOT_ACCEPTABLE"},
	{819, "UNWANTED"},
	{820, "NO_IDENTITY"},
	{821, "BAD_IDENTITY_INFO"},
	{822, "UNSUPPORTED_CERTIFICATE"},
	{823, "INVALID_IDENTITY"},
	{824, "STALE_DATE"},
	{825, "REJECT_ALL"},
}

// CauseName is the switch's name of a cause; "" for a number that the switch does not know.
func CauseName(number uint16) string {
	low, high := 0, len(causes)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if causes[middle].number < number {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(causes) && causes[low].number == number {
		return causes[low].name
	}
	return ""
}

// CauseByName is the number of a cause that the switch calls name; false when there is none.
func CauseByName(name string) (uint16, bool) {
	for i := range causes {
		if causes[i].name == name {
			return causes[i].number, true
		}
	}
	return 0, false
}
