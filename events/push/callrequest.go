package push

import (
	"bytes"
	"encoding/json"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// callRequest is a row of the table in protocol.md 4.
type callRequest struct {
	kind       engine.RequestKind
	parse      func(*request) // the fields beside those that all rows have; may be nil
	answers    interest       // the events one of which is the first to answer, in basic or in full
	supervises bool           // it reaches into somebody else's call: needs the right for that
}

var callRequests = map[string]*callRequest{
	"RequestMakeCall": {kind: engine.RequestMakeCall, parse: (*request).parseMakeCall,
		answers: anyOf("CallCreated", "Dialing")},
	"RequestAnswerCall":   {kind: engine.RequestAnswerCall, answers: anyOf("Established")},
	"RequestReleaseCall":  {kind: engine.RequestReleaseCall, answers: anyOf("Released")},
	"RequestRedirectCall": {kind: engine.RequestRedirectCall, parse: (*request).parseTarget, answers: anyOf("Released")},
	"RequestHoldCall":     {kind: engine.RequestHoldCall, answers: anyOf("Held")},
	"RequestRetrieveCall": {kind: engine.RequestRetrieveCall, answers: anyOf("Retrieved")},
	"RequestMuteCall":     {kind: engine.RequestMuteCall, answers: anyOf("Muted")},
	"RequestUnmuteCall":   {kind: engine.RequestUnmuteCall, answers: anyOf("Unmuted")},
	"RequestSendDtmf":     {kind: engine.RequestSendDtmf, parse: (*request).parseDigits, answers: anyOf("DtmfSent")},
	"RequestSingleStepTransfer": {kind: engine.RequestSingleStepTransfer, parse: (*request).parseTarget,
		answers: anyOf("Released")},
	"RequestInitiateConsult": {kind: engine.RequestInitiateConsult, parse: (*request).parseTarget,
		answers: anyOf("AttachedDataChanged", "Held", "Dialing")},
	"RequestCancelConsult": {kind: engine.RequestCancelConsult, answers: anyOf("Released", "AttachedDataChanged")},
	"RequestRetrieveConsult": {kind: engine.RequestRetrieveConsult,
		answers: anyOf("Released", "AttachedDataChanged", "Retrieved")},
	"RequestCompleteTransfer": {kind: engine.RequestCompleteTransfer, answers: anyOf("Released")},
	"RequestCompleteConference": {kind: engine.RequestCompleteConference,
		answers: anyOf("PartyAdded", "Released", "Retrieved")},
	"RequestAlternateCall": {kind: engine.RequestAlternateCall, answers: anyOf("Held", "Retrieved")},
	"RequestDeleteParty": {kind: engine.RequestDeleteParty, parse: (*request).parseTarget,
		answers: anyOf("PartyDeleted", "Released")},
	"RequestSingleStepConference": {kind: engine.RequestSingleStepConference, parse: (*request).parseTarget,
		answers: anyOf("Ringing", "PartyAdded")},
	"RequestMonitorCall": {kind: engine.RequestMonitorCall, parse: (*request).parseMonitor,
		answers: anyOf("Ringing", "PartyAdded"), supervises: true},
	"RequestWhisper": {kind: engine.RequestWhisper, parse: (*request).parseWhisper,
		answers: anyOf("AttachedDataChanged", "PartyChanged"), supervises: true},
	"RequestBargeIn": {kind: engine.RequestBargeIn, parse: (*request).parseThird,
		answers: anyOf("Ringing", "PartyAdded"), supervises: true},
	"RequestInterceptCall": {kind: engine.RequestInterceptCall, parse: (*request).parseThird,
		answers: anyOf("Ringing", "Established"), supervises: true},
	"RequestUpdateAttachedData": {kind: engine.RequestUpdateAttachedData, parse: (*request).parseUpdate,
		answers: anyOf("AttachedDataChanged")},
	"RequestStartRecording":  {kind: engine.RequestStartRecording, answers: anyOf("RecordingChanged")},
	"RequestPauseRecording":  {kind: engine.RequestPauseRecording, answers: anyOf("RecordingChanged")},
	"RequestResumeRecording": {kind: engine.RequestResumeRecording, answers: anyOf("RecordingChanged")},
	"RequestStopRecording":   {kind: engine.RequestStopRecording, answers: anyOf("RecordingChanged")},
}

func anyOf(names ...string) (all interest) {
	for _, name := range names {
		all |= interestOf("Event" + name)
	}
	return all
}

// parseOnCall reads a request of protocol.md 4.
func (r *request) parseOnCall() {
	r.act = callRequests[r.name]
	e := &r.engine
	e.Kind = r.act.kind
	e.ThisDN = r.number("thisDN", required)
	e.CallID = r.text("callID", optional, textLenMax)
	e.AttachedData = r.data("attachedData")
	if r.act.parse != nil {
		r.act.parse(r)
	}
}

func (r *request) parseTarget() { r.engine.OtherDN = r.number("otherDN", required) }

func (r *request) parseThird() { r.engine.ThirdDN = r.number("thirdDN", required) }

func (r *request) parseMakeCall() {
	r.parseTarget()
	e := &r.engine
	e.CallerNumber = r.number("callerNumber", optional)
	e.MakeCallType = r.word("makeCallType", optional, events.Regular, events.DirectAgent)
	e.AnswerTimeoutMillis = 1000 * r.integer("answerTimeout", optional, 1, answerSecondsMax)
}

func (r *request) parseDigits() {
	digits := r.text("dtmfDigits", required, dtmfDigitsMax)
	if strings.Trim(digits, "0123456789*#ABCD") != "" {
		r.fault("dtmfDigits", "must be out of 0-9 * # A-D")
	}
	r.engine.DTMFDigits = digits
}

func (r *request) parseMonitor() {
	r.parseTarget()
	r.engine.Scope = r.word("scope", optional, "call", "agent")
}

func (r *request) parseWhisper() {
	r.engine.Mode = r.word("mode", required, "agent", "customer", "off")
}

func (r *request) parseUpdate() {
	e := &r.engine
	e.Remove = r.list("remove", idsMax, events.MaxDataBytes)
	if _, _, err := events.Data(nil).Merge(nil, e.Remove...); err != nil {
		r.fault("remove", "is refused: "+err.Error())
	}
	if len(e.AttachedData)+len(e.Remove) == 0 {
		r.fault("attachedData", "holds no key, and remove names none: at least one key must change")
	}
}

// data reads attached data: an object that is not too large and leaves the engine's own keys alone (R8).
func (r *request) data(name string) events.Data {
	f, has := r.want(name, optional, kindObject, "an object")
	if !has {
		return nil
	}
	var fields []field
	_ = (&scanner{data: f.raw}).object(1, &fields) // cannot fail: the frame was read
	data := make(events.Data, 0, len(fields))
	var value bytes.Buffer
	for _, f := range fields {
		value.Reset()
		_ = json.Compact(&value, f.raw) // cannot fail either
		data = append(data, events.Pair{Key: f.name, JSON: value.String()})
	}
	if _, _, err := events.Data(nil).Merge(data); err != nil {
		r.fault(name, "is refused: "+err.Error())
		return nil
	}
	return data
}
