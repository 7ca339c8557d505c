package ladder

import (
	"slices"

	"modcti/engine"
	"modcti/events"
)

// answers are the events that protocol.md 4 gives as the answer to a request on calls, the first of those that are told
// of the party that asks. What is no such request is not here.
var answers = map[engine.RequestKind][]string{
	engine.RequestMakeCall:             {"EventDialing"},
	engine.RequestAnswerCall:           {"EventEstablished"},
	engine.RequestReleaseCall:          {"EventReleased"},
	engine.RequestRedirectCall:         {"EventReleased"},
	engine.RequestHoldCall:             {"EventHeld"},
	engine.RequestRetrieveCall:         {"EventRetrieved"},
	engine.RequestMuteCall:             {"EventMuted"},
	engine.RequestUnmuteCall:           {"EventUnmuted"},
	engine.RequestSendDtmf:             {"EventDtmfSent"},
	engine.RequestSingleStepTransfer:   {"EventReleased"},
	engine.RequestInitiateConsult:      {"EventAttachedDataChanged"},
	engine.RequestCancelConsult:        {"EventAttachedDataChanged"},
	engine.RequestRetrieveConsult:      {"EventAttachedDataChanged"},
	engine.RequestCompleteTransfer:     {"EventReleased", "EventPartyChanged"}, // of C, where B ends before he and A are joined
	engine.RequestCompleteConference:   {"EventPartyAdded"},
	engine.RequestAlternateCall:        {"EventAttachedDataChanged"},
	engine.RequestDeleteParty:          {"EventPartyDeleted"},
	engine.RequestSingleStepConference: {"EventPartyAdded"},
	engine.RequestMonitorCall:          {"EventRinging"},
	engine.RequestWhisper:              {"EventAttachedDataChanged"},
	engine.RequestBargeIn:              {"EventRinging", "EventPartyAdded"}, // from monitoring there is no new ringing (3.11)
	engine.RequestInterceptCall:        {"EventRinging"},
	engine.RequestUpdateAttachedData:   {"EventAttachedDataChanged"},
	engine.RequestStartRecording:       {"EventRecordingChanged"},
	engine.RequestPauseRecording:       {"EventRecordingChanged"},
	engine.RequestResumeRecording:      {"EventRecordingChanged"},
	engine.RequestStopRecording:        {"EventRecordingChanged"},
}

var stages = map[engine.RequestKind]int64{
	engine.RequestInitiateConsult: 1, engine.RequestCancelConsult: 3, engine.RequestAlternateCall: 4, engine.RequestRetrieveConsult: 5,
}

var recordStates = map[engine.RequestKind]string{
	engine.RequestStartRecording: "started", engine.RequestPauseRecording: "paused", engine.RequestResumeRecording: "resumed",
	engine.RequestStopRecording: "stopped",
}

// Answers tells whether an event may answer a request on calls (protocol.md 4, 6).
func Answers(kind engine.RequestKind, m events.Message) bool {
	names := answers[kind]
	if names == nil || m.Name() == "EventPartyError" {
		return true
	}
	if !slices.Contains(names, m.Name()) {
		return false
	}
	switch m := m.(type) {
	case *events.AttachedDataChanged:
		return m.ConsultStage == stages[kind] && (m.WhisperMode != "") == (kind == engine.RequestWhisper)
	case *events.PartyDeleted:
		return !m.SelfLeft && m.ThirdDN == m.ThisDN
	case *events.RecordingChanged:
		return m.RecordState == recordStates[kind]
	}
	return true
}
