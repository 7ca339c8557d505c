package events

// Code is the errorCode of a refusal: 301xxx of calls and of the protocol, 302xxx of agents, 303xxx of supervisors, 304xxx
// of queues. A request on agents is refused by EventAgentError whatever the code, any other by EventPartyError
// (protocol.md 6, R47, R48).
type Code int64

// Refusals of requests on calls and of the protocol itself.
const (
	CallUnknown              Code = 301000
	AgentMonitoredBy         Code = 301001
	SupervisorMonitoring     Code = 301002
	SupervisorInCall         Code = 301003
	NotFoundCallID           Code = 301004
	InvalidCallType          Code = 301005
	InvalidAgentState        Code = 301006
	CallHasObserver          Code = 301007
	ConferenceToTransfer     Code = 301008
	TargetPartyIsSelf        Code = 301009
	HeldInProcess            Code = 301010
	NotFoundOtherParty       Code = 301011
	TargetPartyInCall        Code = 301012
	PartyIsObserver          Code = 301013
	NotFoundAgent            Code = 301014
	CustomerAddByConference  Code = 301015
	NotFoundParty            Code = 301016
	NotEnoughMeetmeRoom      Code = 301017
	InvalidParams            Code = 301018
	PBXError                 Code = 301019
	CTIException             Code = 301020
	NotFoundChannel          Code = 301021
	SocketToJSon             Code = 301022
	MessageIDNotMatch        Code = 301025
	RegisterDNNotMatch       Code = 301026
	RequestTooFast           Code = 301027
	AgentUnknown             Code = 302000
	NotFoundAgentID          Code = 302001
	AgentNotLoggedIn         Code = 302002
	AgentAlreadyLoggedIn     Code = 302003
	DNHasAgent               Code = 302004
	InvalidAgentTransition   Code = 302005
	AgentInCall              Code = 302006
	SupervisorUnknown        Code = 303000
	AgentIsInBargedInScene   Code = 303001
	AgentIsInMonitorScene    Code = 303002
	AgentIsInInterceptScene  Code = 303003
	AgentIsInConsultScene    Code = 303004
	AgentIsInConferenceScene Code = 303005
	QueueUnknown             Code = 304000
	NotFoundQueue            Code = 304001
	AgentNotInQueue          Code = 304002
)

// ErrorInfo is one refusal: its code, the errorMessage that goes with it, and when it is given.
type ErrorInfo struct {
	Code    Code
	Message string
	When    string
}

// Errors holds every code in use, ascending. Messages are those of call-events.txt, with its spelling (R47, R58); those from
// 302002 and the 304xxx are ours (R48).
var Errors = []ErrorInfo{
	{CallUnknown, "Unknown", "a refusal that no other code names"},
	{AgentMonitoredBy, "AgentMonitoredBy", "the agent is monitored"},
	{SupervisorMonitoring, "SupervisorMonitoring", "the supervisor already monitors"},
	{SupervisorInCall, "SupervisorInCall", "the supervisor is in a call"},
	{NotFoundCallID, "NotFoundCallID", "callID is unknown"},
	{InvalidCallType, "InvalidCallType", "the request is not allowed in the party's state"},
	{InvalidAgentState, "InvalidAgentState", "the agent is not in a state that allows it"},
	{CallHasObserver, "CallHasObserver", "the call already has an observer"},
	{ConferenceToTransfer, "ConferenceToTransfer", "a conference was asked to transfer"},
	{TargetPartyIsSelf, "TargetPartyIsSelf", "the target is the asker itself"},
	{HeldInProcess, "HeldInProcess", "a hold is under way"},
	{NotFoundOtherParty, "NotFoundOtherParty", "the other party is gone"},
	{TargetPartyInCall, "TargetPartyInCall", "the target is on a call"},
	{PartyIsObserver, "PartyIsObserver", "the target is an observer"},
	{NotFoundAgent, "NotFoundAgent", "the agent of a call request is unknown"},
	{CustomerAddByConference, "CustomerAddByConference", "the customer was brought in by a conference"},
	{NotFoundParty, "NotFoundParty", "the party has ended"},
	{NotEnoughMeetmeRoom, "NotEnoughMeetmeRoom", "no conference room is left"},
	{InvalidParams, "InvalidParams", "a field is missing, of the wrong type or out of range"},
	{PBXError, "PBXError", "the switch refused, or did not confirm in time"},
	{CTIException, "CTIException", "the engine failed"},
	{NotFoundChannel, "NotFoundChannel", "the channel is gone"},
	{SocketToJSon, "SocketToJSon", "the frame is not one JSON object, too long, too deep, or broken"},
	{MessageIDNotMatch, "MessageIDNotMatch", "messageID is unknown, or a request came before RequestOpen"},
	{RegisterDNNotMatch, "RegisterDNNotMatch", "thisDN is not registered by this client, or not its right"},
	{RequestTooFast, "RequestTooFast", "requests come too fast"},
	{AgentUnknown, "Unknown", "a refusal on an agent that no other code names"},
	{NotFoundAgentID, "NotFoundAgentID", "the agent of an agent request is unknown"},
	{AgentNotLoggedIn, "AgentNotLoggedIn", "the agent is not logged in"},
	{AgentAlreadyLoggedIn, "AgentAlreadyLoggedIn", "the agent is logged in already"},
	{DNHasAgent, "DNHasAgent", "another agent is logged in at the DN"},
	{InvalidAgentTransition, "InvalidAgentTransition", "the agent's state does not allow the request"},
	{AgentInCall, "AgentInCall", "the agent is in a call"},
	{SupervisorUnknown, "Unknown", "a refusal on a supervisor that no other code names"},
	{AgentIsInBargedInScene, "AgentIsInBargedInScene", "the agent is in a barge-in"},
	{AgentIsInMonitorScene, "AgentIsInMonitorScene", "the agent is monitored"},
	{AgentIsInInterceptScene, "AgentIsInInterceptScene", "the agent is in an intercept"},
	{AgentIsInConsultScene, "AgentIsInConsultScene", "the agent is in a consult"},
	{AgentIsInConferenceScene, "AgentIsInConferenceScene", "the agent is in a conference"},
	{QueueUnknown, "Unknown", "a refusal on a queue that no other code names"},
	{NotFoundQueue, "NotFoundQueue", "the queue is unknown"},
	{AgentNotInQueue, "AgentNotInQueue", "the agent does not work for the queue"},
}

// CodeRange is the codes First..Last, both included.
type CodeRange struct {
	First, Last Code
	Why         string
}

// ReservedCodes are given to nothing yet (R48).
var ReservedCodes = []CodeRange{
	{301023, 301024, "left out by call-events.txt; never given, for an older server may have"},
	{302007, 302999, "for refusals on agents"},
	{304003, 304999, "for refusals on queues and campaigns"},
}

// Name is the errorMessage that goes with the code; a code outside the table is "Unknown".
func (c Code) Name() string {
	for i := range Errors {
		if Errors[i].Code == c {
			return Errors[i].Message
		}
	}
	return "Unknown"
}

// ErrorMessage is the errorMessage that goes with an errorCode as it stands in a message.
func ErrorMessage(code int64) string { return Code(code).Name() }
