package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"modcti/engine"
)

// requestNames are the wire names of requests without "Request" in front.
var requestNames = map[engine.RequestKind]string{
	engine.RequestNone: "None", engine.RequestRegisterDN: "RegisterDN", engine.RequestUnregisterDN: "UnregisterDN",
	engine.RequestSubscribe: "Subscribe", engine.RequestUnsubscribe: "Unsubscribe", engine.RequestQueryCall: "QueryCall",
	engine.RequestMakeCall: "MakeCall", engine.RequestAnswerCall: "AnswerCall", engine.RequestReleaseCall: "ReleaseCall",
	engine.RequestRedirectCall: "RedirectCall", engine.RequestHoldCall: "HoldCall",
	engine.RequestRetrieveCall: "RetrieveCall", engine.RequestMuteCall: "MuteCall",
	engine.RequestUnmuteCall: "UnmuteCall", engine.RequestSendDtmf: "SendDtmf",
	engine.RequestSingleStepTransfer: "SingleStepTransfer", engine.RequestInitiateConsult: "InitiateConsult",
	engine.RequestCancelConsult: "CancelConsult", engine.RequestRetrieveConsult: "RetrieveConsult",
	engine.RequestCompleteTransfer: "CompleteTransfer", engine.RequestCompleteConference: "CompleteConference",
	engine.RequestAlternateCall: "AlternateCall", engine.RequestDeleteParty: "DeleteParty",
	engine.RequestSingleStepConference: "SingleStepConference", engine.RequestMonitorCall: "MonitorCall",
	engine.RequestWhisper: "Whisper", engine.RequestBargeIn: "BargeIn", engine.RequestInterceptCall: "InterceptCall",
	engine.RequestUpdateAttachedData: "UpdateAttachedData", engine.RequestStartRecording: "StartRecording",
	engine.RequestPauseRecording: "PauseRecording", engine.RequestResumeRecording: "ResumeRecording",
	engine.RequestStopRecording: "StopRecording", engine.RequestQueryAgent: "QueryAgent",
	engine.RequestQueryQueue: "QueryQueue", engine.RequestAgentLogin: "AgentLogin",
	engine.RequestAgentLogout: "AgentLogout", engine.RequestAgentReady: "AgentReady",
	engine.RequestAgentNotReady: "AgentNotReady", engine.RequestDelayAfterCallWork: "DelayAfterCallWork",
	engine.RequestForceAgentState: "ForceAgentState",
}

var requestKinds = func() map[string]engine.RequestKind {
	kinds := make(map[string]engine.RequestKind, len(requestNames))
	for kind, name := range requestNames {
		kinds[name] = kind
	}
	return kinds
}()

// requestTexts are the texts of a request by their word in a line.
func requestTexts(r *engine.Request) map[string]*string {
	return map[string]*string{
		"name": &r.Name, "company": &r.CompanyID, "thisDN": &r.ThisDN, "callID": &r.CallID, "otherDN": &r.OtherDN,
		"thirdDN": &r.ThirdDN, "scope": &r.Scope, "callerNumber": &r.CallerNumber, "makeCallType": &r.MakeCallType,
		"digits": &r.DTMFDigits, "mode": &r.Mode,
		"agentUUID": &r.AgentUUID, "agentID": &r.AgentID, "thisQueue": &r.ThisQueue,
	}
}

var requestOrder = []string{
	"company", "thisDN", "callID", "otherDN", "thirdDN", "scope", "callerNumber", "makeCallType", "digits", "mode",
	"agentUUID", "agentID", "thisQueue",
}

// requestNumbers are the numbers of a request by their word in a line.
func requestNumbers(r *engine.Request) map[string]*int64 {
	return map[string]*int64{
		"answerTimeout": &r.AnswerTimeoutMillis, "phoneType": &r.PhoneType, "agentState": &r.AgentState,
		"reasonCode": &r.ReasonCode, "delaySeconds": &r.DelaySeconds, "ref": &r.ReferenceID,
	}
}

var numberOrder = []string{"answerTimeout", "phoneType", "agentState", "reasonCode", "delaySeconds", "ref"}

// parseRequest reads what follows the word request: the kind, then words with values. id and remove may come often.
func parseRequest(words []string) (*engine.Request, error) {
	if len(words) == 0 {
		return nil, errors.New("a request needs a kind")
	}
	kind, known := requestKinds[words[0]]
	if !known {
		return nil, fmt.Errorf("%q is no kind of request", words[0])
	}
	r := &engine.Request{Kind: kind, Name: "Request" + words[0]}
	texts := requestTexts(r)
	for _, word := range words[1:] {
		key, value, valued := strings.Cut(word, "=")
		if !valued {
			return nil, fmt.Errorf("%q is no word of a request: want WORD=VALUE", word)
		}
		if text := texts[key]; text != nil {
			*text = value
		} else if err := parseRequestValue(r, key, value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func parseRequestValue(r *engine.Request, key, value string) (err error) {
	if number := requestNumbers(r)[key]; number != nil {
		if *number, err = strconv.ParseInt(value, 10, 64); err != nil {
			return fmt.Errorf("%s=%q is no number", key, value)
		}
		return nil
	}
	switch key {
	case "client":
		var id uint64
		id, err = strconv.ParseUint(value, 10, 64)
		r.Client = engine.ClientID(id)
	case "thisQueues": // an empty list is not the same as none
		r.ThisQueues = strings.FieldsFunc(value, func(c rune) bool { return c == ',' })
	case "id":
		r.IDs = append(r.IDs, value)
	case "remove":
		r.Remove = append(r.Remove, value)
	case "data":
		return parseData(r, value)
	default:
		return fmt.Errorf("%q is no word of a request", key)
	}
	if err != nil {
		return fmt.Errorf("%s=%q is no number", key, value)
	}
	return nil
}

// parseData reads attached data, which keeps its order and the spelling of its values.
func parseData(r *engine.Request, text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("data=%q is no JSON object", text)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fmt.Errorf("data=%q: %w", text, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("data=%q: %w", text, err)
		}
		r.AttachedData = r.AttachedData.Set(key.(string), string(value))
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("data=%q: %w", text, err)
	}
	return nil
}

func formatRequest(r *engine.Request) []string {
	words := []string{requestNames[r.Kind]}
	if r.Name != "Request"+requestNames[r.Kind] {
		words = append(words, "name="+quote(r.Name))
	}
	texts := requestTexts(r)
	for _, key := range requestOrder {
		if value := *texts[key]; value != "" {
			words = append(words, key+"="+quote(value))
		}
	}
	for _, id := range r.IDs {
		words = append(words, "id="+quote(id))
	}
	for _, key := range r.Remove {
		words = append(words, "remove="+quote(key))
	}
	if r.ThisQueues != nil {
		words = append(words, "thisQueues="+quote(strings.Join(r.ThisQueues, ",")))
	}
	numbers := requestNumbers(r)
	for _, key := range numberOrder {
		if n := *numbers[key]; n != 0 {
			words = append(words, key+"="+strconv.FormatInt(n, 10))
		}
	}
	if r.Client != 0 {
		words = append(words, "client="+strconv.FormatUint(uint64(r.Client), 10))
	}
	if len(r.AttachedData) > 0 {
		data := string(r.AttachedData.AppendJSON(nil))
		if strings.ContainsAny(data, "\r\n") {
			data = strconv.Quote(data)
		}
		words = append(words, "data="+data)
	}
	return words
}
