package push

import (
	"bytes"
	"encoding/json"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// action is a row of the tables in protocol.md 4 and 5.
type action struct {
	kind       engine.RequestKind
	parse      func(*request) // the fields beside those that all rows have; may be nil
	supervises bool           // it reaches into somebody else's call, or is on another agent: needs the right for that
}

var callRequests = map[string]*action{
	"RequestMakeCall":             {kind: engine.RequestMakeCall, parse: (*request).parseMakeCall},
	"RequestAnswerCall":           {kind: engine.RequestAnswerCall},
	"RequestReleaseCall":          {kind: engine.RequestReleaseCall},
	"RequestRedirectCall":         {kind: engine.RequestRedirectCall, parse: (*request).parseTarget},
	"RequestHoldCall":             {kind: engine.RequestHoldCall},
	"RequestRetrieveCall":         {kind: engine.RequestRetrieveCall},
	"RequestMuteCall":             {kind: engine.RequestMuteCall},
	"RequestUnmuteCall":           {kind: engine.RequestUnmuteCall},
	"RequestSendDtmf":             {kind: engine.RequestSendDtmf, parse: (*request).parseDigits},
	"RequestSingleStepTransfer":   {kind: engine.RequestSingleStepTransfer, parse: (*request).parseTarget},
	"RequestInitiateConsult":      {kind: engine.RequestInitiateConsult, parse: (*request).parseTarget},
	"RequestCancelConsult":        {kind: engine.RequestCancelConsult},
	"RequestRetrieveConsult":      {kind: engine.RequestRetrieveConsult},
	"RequestCompleteTransfer":     {kind: engine.RequestCompleteTransfer},
	"RequestCompleteConference":   {kind: engine.RequestCompleteConference},
	"RequestAlternateCall":        {kind: engine.RequestAlternateCall},
	"RequestDeleteParty":          {kind: engine.RequestDeleteParty, parse: (*request).parseTarget},
	"RequestSingleStepConference": {kind: engine.RequestSingleStepConference, parse: (*request).parseTarget},
	"RequestMonitorCall":          {kind: engine.RequestMonitorCall, parse: (*request).parseMonitor, supervises: true},
	"RequestWhisper":              {kind: engine.RequestWhisper, parse: (*request).parseWhisper, supervises: true},
	"RequestBargeIn":              {kind: engine.RequestBargeIn, parse: (*request).parseThird, supervises: true},
	"RequestInterceptCall":        {kind: engine.RequestInterceptCall, parse: (*request).parseThird, supervises: true},
	"RequestUpdateAttachedData":   {kind: engine.RequestUpdateAttachedData, parse: (*request).parseUpdate},
	"RequestStartRecording":       {kind: engine.RequestStartRecording},
	"RequestPauseRecording":       {kind: engine.RequestPauseRecording},
	"RequestResumeRecording":      {kind: engine.RequestResumeRecording},
	"RequestStopRecording":        {kind: engine.RequestStopRecording},
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
	if !events.AreKeys(digits) {
		r.fault("dtmfDigits", "must be out of 0-9 * # A-D")
	}
	r.engine.DTMFDigits = digits
}

func (r *request) parseMonitor() {
	r.parseTarget()
	r.engine.Scope = r.word("scope", optional, "call", "agent")
}

func (r *request) parseWhisper() {
	r.engine.Mode = r.word("mode", required, events.WhisperAgent, events.WhisperCustomer, events.WhisperOff)
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
		_ = json.Compact(&value, []byte(f.raw)) // cannot fail either
		data = append(data, events.Pair{Key: strings.Clone(f.name), JSON: value.String()})
	}
	if _, _, err := events.Data(nil).Merge(data); err != nil {
		r.fault(name, "is refused: "+err.Error())
		return nil
	}
	return data
}
