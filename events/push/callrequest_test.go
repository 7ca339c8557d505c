package push

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// fieldFault is a value that a field must not have; missing stands for a field that is not there.
type fieldFault any

type missing struct{}

var (
	wrongText   = []fieldFault{7, true, []string{"a"}, map[string]any{"a": 1}}
	wrongNumber = append([]fieldFault{strings.Repeat("9", 33), "10 01", "1001;", "a", "1001@host", "user/1001", "${x}", "+",
		"1+1", "1e3", "Ａ", "1\n2", "1\x002", "{x=y}1", "[1]", "<1>", "1,2", "1|2", "1:2", "1^2", "1'", `1\`, "1$", "1&2",
	}, wrongText...)
	wrongID     = append([]fieldFault{strings.Repeat("c", 65), "a\nb", "a\x00b"}, wrongText...)
	wrongData   = []fieldFault{"x", 7, true, []string{"a"}, tooMuchData(1)}
	wrongDigits = append([]fieldFault{strings.Repeat("1", 65), "12 3", "e", "a", "+1", "1;2", "1\n", "é"}, wrongText...)
	wrongTime   = []fieldFault{0, 601, -1, 1.5, "30", true, []int{1}, uint64(1) << 63}
	wrongWord   = append([]fieldFault{"regular", "all", strings.Repeat("x", 65)}, wrongText...)
	wrongKeys   = []fieldFault{"key", 7, map[string]any{}, []any{1}, []any{"a", nil}, []any{""}, []any{"a\nb"},
		make([]string, idsMax+1), []string{"consultStage"}}
)

// tooMuchData is attached data of so many bytes more than are allowed (R8).
func tooMuchData(over int) map[string]any {
	return map[string]any{"k": strings.Repeat("x", events.MaxDataBytes-len(`{"k":""}`)+over)}
}

// requestRow is a row of protocol.md 4 as the test reads it: the fields beside the common ones with a good value each
// (JSON), those that are required, and what the engine is asked.
type requestRow struct {
	name     string
	fields   map[string]any
	required string
	kind     engine.RequestKind
	want     func(*engine.Request)
}

func number(dn string) map[string]any { return map[string]any{"otherDN": dn} }

func otherDN(dn string) func(*engine.Request) { return func(r *engine.Request) { r.OtherDN = dn } }

func thirdDN(dn string) func(*engine.Request) { return func(r *engine.Request) { r.ThirdDN = dn } }

var requestRows = []requestRow{
	{"MakeCall", map[string]any{"otherDN": "+4930123456", "callerNumber": "01088886666", "makeCallType": "DirectAgent",
		"answerTimeout": 30}, "otherDN", engine.RequestMakeCall, func(r *engine.Request) {
		r.OtherDN, r.CallerNumber, r.MakeCallType, r.AnswerTimeoutMillis = "+4930123456", "01088886666", "DirectAgent", 30_000
	}},
	{"AnswerCall", nil, "", engine.RequestAnswerCall, nil},
	{"ReleaseCall", nil, "", engine.RequestReleaseCall, nil},
	{"RedirectCall", number("1002"), "otherDN", engine.RequestRedirectCall, otherDN("1002")},
	{"HoldCall", nil, "", engine.RequestHoldCall, nil},
	{"RetrieveCall", nil, "", engine.RequestRetrieveCall, nil},
	{"MuteCall", nil, "", engine.RequestMuteCall, nil},
	{"UnmuteCall", nil, "", engine.RequestUnmuteCall, nil},
	{"SendDtmf", map[string]any{"dtmfDigits": "0123456789*#ABCD"}, "dtmfDigits", engine.RequestSendDtmf,
		func(r *engine.Request) { r.DTMFDigits = "0123456789*#ABCD" }},
	{"SingleStepTransfer", number("8001"), "otherDN", engine.RequestSingleStepTransfer, otherDN("8001")},
	{"InitiateConsult", number("1003"), "otherDN", engine.RequestInitiateConsult, otherDN("1003")},
	{"CancelConsult", nil, "", engine.RequestCancelConsult, nil},
	{"RetrieveConsult", nil, "", engine.RequestRetrieveConsult, nil},
	{"CompleteTransfer", nil, "", engine.RequestCompleteTransfer, nil},
	{"CompleteConference", nil, "", engine.RequestCompleteConference, nil},
	{"AlternateCall", nil, "", engine.RequestAlternateCall, nil},
	{"DeleteParty", number("1003"), "otherDN", engine.RequestDeleteParty, otherDN("1003")},
	{"SingleStepConference", number("1003"), "otherDN", engine.RequestSingleStepConference, otherDN("1003")},
	{"MonitorCall", map[string]any{"otherDN": "1002", "scope": "agent"}, "otherDN", engine.RequestMonitorCall,
		func(r *engine.Request) { r.OtherDN, r.Scope = "1002", "agent" }},
	{"Whisper", map[string]any{"mode": "customer"}, "mode", engine.RequestWhisper,
		func(r *engine.Request) { r.Mode = "customer" }},
	{"BargeIn", map[string]any{"thirdDN": "1002"}, "thirdDN", engine.RequestBargeIn, thirdDN("1002")},
	{"InterceptCall", map[string]any{"thirdDN": "1002"}, "thirdDN", engine.RequestInterceptCall, thirdDN("1002")},
	{"UpdateAttachedData", map[string]any{"remove": []string{"old", "older"}}, "", engine.RequestUpdateAttachedData,
		func(r *engine.Request) { r.Remove = []string{"old", "older"} }},
	{"StartRecording", nil, "", engine.RequestStartRecording, nil},
	{"PauseRecording", nil, "", engine.RequestPauseRecording, nil},
	{"ResumeRecording", nil, "", engine.RequestResumeRecording, nil},
	{"StopRecording", nil, "", engine.RequestStopRecording, nil},
}

// commonFaults are those of the fields that all requests have, faultsOf those of the others.
var (
	commonFaults = map[string][]fieldFault{
		"thisDN": append([]fieldFault{missing{}, nil, ""}, wrongNumber...), "callID": wrongID, "requestKey": wrongID,
		"referenceID": {"5", -1, 1.5, true, uint64(1) << 53}, "attachedData": wrongData,
	}
	faultsOf = map[string][]fieldFault{
		"otherDN": wrongNumber, "thirdDN": wrongNumber, "callerNumber": wrongNumber, "makeCallType": wrongWord,
		"answerTimeout": wrongTime, "dtmfDigits": wrongDigits, "scope": wrongWord, "mode": wrongWord, "remove": wrongKeys,
	}
)

// acting is a client that has registered 1001 to share, on a bench that limits no rate.
func acting(t *testing.T, change func(*Config)) (*bench, *testClient) {
	b := newBench(t, func(c *Config) {
		c.RequestsPerSecond = 100_000
		if change != nil {
			change(c)
		}
	})
	c := b.opened()
	c.register(b, "1001")
	return b, c
}

// sendMap sends a request with the fields of all maps; a later one wins.
func (c *testClient) sendMap(name string, all ...map[string]any) {
	c.t.Helper()
	m := map[string]any{"messageID": "Request" + name}
	for _, fields := range all {
		maps.Copy(m, fields)
	}
	maps.DeleteFunc(m, func(_ string, value any) bool { return value == missing{} })
	line, err := json.Marshal(m)
	require.NoError(c.t, err)
	c.raw(string(line) + "\n")
}

// Protocol 4: the rows of the table are those of this version.
func TestCallRequest_Rows(t *testing.T) {
	require.Len(t, callRequests, len(requestRows))
	for _, row := range requestRows {
		known := callRequests["Request"+row.name]
		require.NotNil(t, known, row.name)
		require.Equal(t, row.kind, known.kind, row.name)
	}
}

// Protocol 4: what a request with all its fields, and one with only those that it must have, asks of the engine.
func TestCallRequest_Parsed(t *testing.T) {
	b, c := acting(t, nil)
	common := map[string]any{
		"thisDN": "1001", "callID": "4dce61ec399644029fab7e8251da9bf1", "referenceID": 123456, "requestKey": nil,
		"attachedData": json.RawMessage(`{"z" : [1, {"a":null}], "a":"ü"}`),
	}
	for _, row := range requestRows {
		want := &engine.Request{
			Client: b.server.Clients()[0].ID, Kind: row.kind, Name: "Request" + row.name, ReferenceID: 123456,
			CompanyID: company, ThisDN: "1001", CallID: "4dce61ec399644029fab7e8251da9bf1",
			AttachedData: events.Data{{Key: "z", JSON: `[1,{"a":null}]`}, {Key: "a", JSON: `"ü"`}},
		}
		if row.want != nil {
			row.want(want)
		}
		c.sendMap(row.name, common, row.fields, map[string]any{"unknown": 1})
		require.Equal(t, want, b.request(), row.name)
	}
	for _, row := range requestRows {
		fields := map[string]any{"thisDN": "1001"}
		if row.required != "" {
			fields[row.required] = row.fields[row.required]
		}
		if row.name == "UpdateAttachedData" {
			fields["attachedData"] = map[string]any{"k": 1}
		}
		c.sendMap(row.name, fields)
		got := b.request()
		require.Equal(t, "1001", got.ThisDN, row.name)
		require.Zero(t, got.AnswerTimeoutMillis)
		require.Empty(t, got.CallID+got.Scope+got.MakeCallType+got.CallerNumber)
	}
}

// Protocol 6, row 301018: each request with each field missing, of the wrong type, or out of range; detail names the
// field, and the engine is asked nothing.
func TestCallRequest_FieldFaults(t *testing.T) {
	b, c := acting(t, nil)
	for _, row := range requestRows {
		faults := maps.Clone(commonFaults)
		for field := range row.fields {
			faults[field] = faultsOf[field]
			require.NotEmpty(t, faults[field])
		}
		if row.required != "" {
			faults[row.required] = append([]fieldFault{missing{}, nil, ""}, faults[row.required]...)
		}
		good := map[string]any{"thisDN": "1001", "callID": "c1", "referenceID": 77}
		for field, values := range faults {
			for _, value := range values {
				c.sendMap(row.name, good, row.fields, map[string]any{field: value})
				m := c.refused(events.InvalidParams)
				require.Contains(t, m["detail"], field, "%s %v", row.name, value)
				require.Equal(t, "Request"+row.name, m["request"])
				if field != "referenceID" {
					require.EqualValues(t, 77, m.integer("referenceID"))
				}
				if field != "callID" {
					require.Equal(t, "c1", m["callID"])
				}
			}
		}
	}
	require.Empty(t, b.posted, "nothing has changed (protocol 6)")
}

// The bounds themselves are allowed: an answerTimeout of 1 and 600 s, 64 digits, 16 KiB of attached data, 32 characters.
func TestCallRequest_Bounds(t *testing.T) {
	b, c := acting(t, nil)
	this := map[string]any{"thisDN": "1001", "otherDN": strings.Repeat("9", 32)}
	for _, seconds := range []int64{1, 600} {
		c.sendMap("MakeCall", this, map[string]any{"answerTimeout": seconds, "makeCallType": "Regular"})
		r := b.request()
		require.Equal(t, seconds*1000, r.AnswerTimeoutMillis)
		require.Equal(t, events.Regular, r.MakeCallType)
	}
	c.sendMap("SendDtmf", this, map[string]any{"dtmfDigits": strings.Repeat("#", 64)})
	require.Len(t, b.request().DTMFDigits, 64)
	c.sendMap("HoldCall", this, map[string]any{"attachedData": tooMuchData(0)})
	require.Equal(t, events.MaxDataBytes, b.request().AttachedData.Size())
	c.sendMap("HoldCall", this, map[string]any{"attachedData": map[string]any{}})
	require.Empty(t, b.request().AttachedData)
}

// R8: no request writes a key that belongs to the engine, nor takes one out; the refusal returns the request's own data.
func TestCallRequest_ReservedKeys(t *testing.T) {
	b, c := acting(t, nil)
	this := map[string]any{"thisDN": "1001"}
	reserved := []string{"consultStage", "consulting", "consultCause", "intercept_cause", "bargein_cause", "loginState",
		"NoCallReasonCode"}
	for _, row := range requestRows {
		for _, key := range reserved {
			c.sendMap(row.name, row.fields, this, map[string]any{"attachedData": map[string]any{"order": "1", key: "3"}})
			detail := c.refused(events.InvalidParams)["detail"]
			require.Contains(t, detail, "attachedData")
			require.Contains(t, detail, key)
		}
	}
	for _, key := range reserved {
		c.sendMap("UpdateAttachedData", this, map[string]any{"remove": []string{"order", key}})
		detail := c.refused(events.InvalidParams)["detail"]
		require.Contains(t, detail, "remove")
		require.Contains(t, detail, key)
	}
	require.Empty(t, b.posted)
	c.sendMap("SendDtmf", this, map[string]any{"attachedData": map[string]any{"order": "1"}, "dtmfDigits": "x"})
	require.Equal(t, map[string]any{"order": "1"}, c.refused(events.InvalidParams)["attachedData"], "R25")
}

// Protocol 4: RequestUpdateAttachedData changes at least one key.
func TestCallRequest_UpdateNothing(t *testing.T) {
	b, c := acting(t, nil)
	this := map[string]any{"thisDN": "1001"}
	for _, fields := range []map[string]any{
		{}, {"attachedData": map[string]any{}}, {"remove": []string{}}, {"attachedData": nil, "remove": nil},
	} {
		c.sendMap("UpdateAttachedData", this, fields)
		require.Contains(t, c.refused(events.InvalidParams)["detail"], "attachedData")
	}
	require.Empty(t, b.posted)
	c.sendMap("UpdateAttachedData", this, map[string]any{"attachedData": map[string]any{"a": 1}, "remove": []string{"b"}})
	r := b.request()
	require.Equal(t, events.Data{{Key: "a", JSON: "1"}}, r.AttachedData)
	require.Equal(t, []string{"b"}, r.Remove)
}

// What a request asks of the engine is within the bounds of protocol 4 and 6, whatever a client sends.
func FuzzCallRequest(f *testing.F) {
	for _, row := range requestRows {
		fields := map[string]any{"messageID": "Request" + row.name, "thisDN": "1001", "callID": "c", "referenceID": 1,
			"requestKey": "k", "attachedData": map[string]any{"a": []any{1, "b"}}}
		maps.Copy(fields, row.fields)
		line, _ := json.Marshal(fields)
		f.Add(string(line))
	}
	f.Add(`{"messageID":"RequestMakeCall","thisDN":"1001","otherDN":"1\u0000{x}","attachedData":{"consultStage":1}}`)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parsed(t, line)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(r.name), textLenMax)
		if r.bad != nil {
			require.NotEmpty(t, r.bad.detail)
			require.NotEqual(t, "Unknown", r.bad.code.Name())
			return
		}
		if r.kind == requestOnCall {
			requireSound(t, line, &r.engine)
		}
	})
}

func requireSound(t *testing.T, line string, e *engine.Request) {
	require.NotEqual(t, engine.RequestNone, e.Kind)
	require.NotEmpty(t, e.ThisDN)
	for _, dn := range []string{e.ThisDN, e.OtherDN, e.ThirdDN, e.CallerNumber} {
		require.Regexp(t, `^(\+?[0-9A-D*#]{1,32})?$`, dn)
	}
	require.Regexp(t, `^[0-9*#A-D]{0,64}$`, e.DTMFDigits)
	require.Contains(t, []string{"", "agent", "customer", "off"}, e.Mode)
	require.Contains(t, []string{"", "call", "agent"}, e.Scope)
	require.Contains(t, []string{"", events.Regular, events.DirectAgent}, e.MakeCallType)
	require.Zero(t, e.AnswerTimeoutMillis%1000)
	require.LessOrEqual(t, e.AnswerTimeoutMillis, int64(600_000))
	require.LessOrEqual(t, e.AttachedData.Size(), events.MaxDataBytes)
	for _, key := range append(e.AttachedData.Keys(), e.Remove...) {
		require.False(t, events.Reserved(key), key)
	}
	frame := decode(t, line) // as encoding/json reads it
	sent, _ := frame["attachedData"].(map[string]any)
	require.Equal(t, fmt.Sprint(sent), fmt.Sprint(map[string]any(decode(t, string(e.AttachedData.AppendJSON(nil))))))
	require.NotContains(t, string(e.AttachedData.AppendJSON(nil)), "\n", "one message a line")
}
