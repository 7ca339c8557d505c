package events

// Code is the errorCode of a refusal: EventPartyError carries 301xxx and 303xxx, EventAgentError 302xxx
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
	SupervisorUnknown        Code = 303000
	AgentIsInBargedInScene   Code = 303001
	AgentIsInMonitorScene    Code = 303002
	AgentIsInInterceptScene  Code = 303003
	AgentIsInConsultScene    Code = 303004
	AgentIsInConferenceScene Code = 303005
)

var codeNames = map[Code]string{
	CallUnknown:              "Unknown",
	AgentMonitoredBy:         "AgentMonitoredBy",
	SupervisorMonitoring:     "SupervisorMonitoring",
	SupervisorInCall:         "SupervisorInCall",
	NotFoundCallID:           "NotFoundCallID",
	InvalidCallType:          "InvalidCallType",
	InvalidAgentState:        "InvalidAgentState",
	CallHasObserver:          "CallHasObserver",
	ConferenceToTransfer:     "ConferenceToTransfer",
	TargetPartyIsSelf:        "TargetPartyIsSelf",
	HeldInProcess:            "HeldInProcess",
	NotFoundOtherParty:       "NotFoundOtherParty",
	TargetPartyInCall:        "TargetPartyInCall",
	PartyIsObserver:          "PartyIsObserver",
	NotFoundAgent:            "NotFoundAgent",
	CustomerAddByConference:  "CustomerAddByConference",
	NotFoundParty:            "NotFoundParty",
	NotEnoughMeetmeRoom:      "NotEnoughMeetmeRoom",
	InvalidParams:            "InvalidParams",
	PBXError:                 "PBXError",
	CTIException:             "CTIException",
	NotFoundChannel:          "NotFoundChannel",
	SocketToJSon:             "SocketToJSon",
	MessageIDNotMatch:        "MessageIDNotMatch",
	RegisterDNNotMatch:       "RegisterDNNotMatch",
	RequestTooFast:           "RequestTooFast",
	AgentUnknown:             "Unknown",
	NotFoundAgentID:          "NotFoundAgentID",
	SupervisorUnknown:        "Unknown",
	AgentIsInBargedInScene:   "AgentIsInBargedInScene",
	AgentIsInMonitorScene:    "AgentIsInMonitorScene",
	AgentIsInInterceptScene:  "AgentIsInInterceptScene",
	AgentIsInConsultScene:    "AgentIsInConsultScene",
	AgentIsInConferenceScene: "AgentIsInConferenceScene",
}

// Name is the errorMessage that goes with the code; a code outside the table is "Unknown".
func (c Code) Name() string {
	if name, known := codeNames[c]; known {
		return name
	}
	return codeNames[CallUnknown]
}
