package events

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// shape is what a test says of one message: keys with their JSON, and "" for a key that must not be there.
type shape map[string]string

func requireShape(t *testing.T, m Message, p Profile, want shape) {
	t.Helper()
	var written map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(m.AppendJSON(nil, p), &written))
	for key, value := range want {
		if value == "" {
			require.NotContains(t, written, key, "%s, profile %d", m.Name(), p)
			continue
		}
		require.Equal(t, value, string(written[key]), "%s of %s, profile %d", key, m.Name(), p)
	}
}

func partOf(this, other string, keys Keys) CallPart {
	return CallPart{Keys: keys, ThisDN: this, OtherDN: other, AttachedData: Data{{"orderID", `"1"`}}}
}

// TestMomentMillis: a time before the epoch is still rounded down, so that ms never run ahead (R16).
func TestMomentMillis(t *testing.T) {
	for micros, millis := range map[Moment]int64{1999: 1, 0: 0, -1: -1, -1000: -1, -1001: -2} {
		require.Equal(t, millis, micros.Millis(), micros)
	}
}

// TestOneValueTwoProfiles gives for each scenario that the profiles tell differently the one value and both shapes. B
// consults C about the customer A, or C is the supervisor of B. Keys in the first shape are those of the page.
func TestOneValueTwoProfiles(t *testing.T) {
	for _, row := range []struct {
		name        string
		message     Message
		basic, full shape
	}{
		{"R6, 3.6: B leaves a transfer after inquiry", &Released{
			CallPart: partOf("B", "C", Keys{ConsultStage: 6}), ThisDNRole: ConsultBy,
			ThirdPart: ThirdPart{FullThirdDN: "A", CallState: StateTransferred},
		}, shape{"otherDN": `"C"`, "thirdDN": "", "callState": `"Transferred"`, "thisDNRole": `"ConsultBy"`, "consultStage": "",
			"attachedData": `{"orderID":"1","consultStage":6}`},
			shape{"otherDN": `"C"`, "thirdDN": `"A"`, "callState": `"Transferred"`, "consultStage": "6"}},
		{"R6, 3.5: B leaves a single step transfer", &Released{
			CallPart:  partOf("B", "A", Keys{}),
			ThirdPart: ThirdPart{ThirdDN: "C", ThirdDNRole: TransferTo, CallState: StateTransferred},
		}, shape{"otherDN": `"A"`, "thirdDN": `"C"`, "thirdDNRole": `"TransferTo"`, "attachedData": `{"orderID":"1"}`},
			shape{"otherDN": `"A"`, "thirdDN": `"C"`, "thirdDNRole": `"TransferTo"`}},
		{"R33, 3.5: C has the transferred call", &Established{
			CallPart:  partOf("C", "A", Keys{}),
			ThirdPart: ThirdPart{FullThirdDN: "B", FullThirdDNRole: TransferBy, FullCallState: StateTransferred},
		}, shape{"thirdDN": "", "thirdDNRole": "", "callState": ""},
			shape{"thirdDN": `"B"`, "thirdDNRole": `"TransferBy"`, "callState": `"Transferred"`}},
		{"R9: stage 1 has no callState on the page", &AttachedDataChanged{
			CallPart:    partOf("B", "C", Keys{ConsultStage: StageBegun}),
			OtherDNRole: ConsultTo, ThirdPart: ThirdPart{FullThirdDN: "A", FullCallState: StateConsult},
		}, shape{"callState": "", "thirdDN": "", "otherDNRole": "", "attachedData": `{"orderID":"1","consultStage":1}`},
			shape{"callState": `"Consult"`, "thirdDN": `"A"`, "otherDNRole": `"ConsultTo"`, "consultStage": "1"}},
		{"R3, R7: C rings for the consult", &Ringing{
			CallPart:   partOf("C", "B", Keys{ConsultStage: StageRinging, Consulting: true}),
			ThisDNRole: ConsultTo, OtherDNRole: ConsultBy, ThirdPart: ThirdPart{ThirdDN: "A", CallState: StateConsult},
		}, shape{"thisDNRole": "", "otherDNRole": `"ConsultBy"`, "thirdDN": `"A"`, "consultStage": "", "consulting": "",
			"attachedData": `{"orderID":"1","consultStage":"2","consulting":"true"}`},
			shape{"thisDNRole": `"ConsultTo"`, "otherDNRole": `"ConsultBy"`, "consultStage": "2", "consulting": "true",
				"attachedData": `{"orderID":"1","consultStage":"2","consulting":"true"}`}},
		{"R7: C has answered the consult", &Established{
			CallPart:   partOf("C", "B", Keys{ConsultStage: StageAnswered, Consulting: true}),
			ThisDNRole: ConsultTo, OtherDNRole: ConsultBy,
		}, shape{"thisDNRole": "", "attachedData": `{"orderID":"1","consultStage":"4","consulting":"true"}`},
			shape{"thisDNRole": `"ConsultTo"`, "consultStage": "4"}},
		{"R7, R10: C did not answer", &Released{
			CallPart: partOf("C", "B", Keys{ConsultStage: StageCancelled, Consulting: true, ConsultCause: ConsultNoAnswer}),
		}, shape{"consultCause": "", "attachedData": `{"orderID":"1","consultStage":3,"consulting":"true"}`},
			shape{"consultStage": "3", "consultCause": `"NoAnswer"`,
				"attachedData": `{"orderID":"1","consultStage":3,"consulting":"true","consultCause":"NoAnswer"}`}},
		{"R38, 3.11: an intercept failed before the answer", &Released{
			CallPart:  CallPart{Keys: Keys{InterceptCause: FailedBeforeAnswer}, ThisDN: "C", OtherDN: "A"},
			ThirdPart: ThirdPart{ThirdDN: "B", ThirdDNRole: InterceptTo},
		}, shape{"intercept_cause": "", "attachedData": `{"intercept_cause":1}`, "thirdDNRole": `"InterceptTo"`},
			shape{"intercept_cause": "1", "attachedData": `{"intercept_cause":1}`}},
		{"R29, R38, 3.11: a barge-in failed after the answer", &Released{
			CallPart: CallPart{Keys: Keys{BargeinCause: FailedAfterAnswer}}, Supervisor: true,
		}, shape{"bargein_cause": "", "supervisor": "", "attachedData": `{"bargein_cause":2}`},
			shape{"bargein_cause": "2", "supervisor": "true"}},
		{"R29, 3.11: B hears of a barge-in", &PartyAdded{
			CallPart: partOf("B", "C", Keys{}), OtherDNRole: NewParty, Supervisor: true,
			ThirdPart: ThirdPart{ThirdDN: "C", ThirdDNRole: BargeinBy, CallState: StateConference},
		}, shape{"otherDNRole": "", "supervisor": "", "thirdDN": `"C"`, "thirdDNRole": `"BargeinBy"`},
			shape{"otherDNRole": `"NewParty"`, "supervisor": "true"}},
		{"R35, 3.9: C hung up in a conference", &PartyDeleted{
			CallPart: partOf("B", "C", Keys{ConsultStage: StageRemoved}), OtherDNRole: DeletedParty, SelfLeft: true,
			ThirdPart: ThirdPart{ThirdDN: "C", ThirdDNRole: DeletedBy, CallState: StateOK},
		}, shape{"selfLeft": "", "otherDNRole": "", "thirdDN": `"C"`, "thirdDNRole": `"DeletedBy"`},
			shape{"selfLeft": "true", "otherDNRole": `"DeletedParty"`, "consultStage": "9"}},
		{"R39, 3.10: B is told of its observer", &PartyAdded{
			CallPart: partOf("B", "C", Keys{}), ThirdPart: ThirdPart{ThirdDN: "C", ThirdDNRole: ObserveBy},
		}, shape{"otherDN": `"C"`, "thirdDN": `"C"`, "thirdDNRole": ""}, shape{"thirdDNRole": `"ObserveBy"`}},
		{"protocol 4: a whisper", &AttachedDataChanged{CallPart: partOf("C", "B", Keys{WhisperMode: WhisperAgent})},
			shape{"whisperMode": "", "attachedData": `{"orderID":"1","whisperMode":"agent"}`}, shape{"whisperMode": `"agent"`}},
		{"R50: a refused call", &CallDeleted{
			AttachedData: Data{{KeyNoCallReasonCode, `"2"`}}, NoCallReasonCode: NoCallBlacklist,
		}, shape{"NoCallReasonCode": "", "attachedData": `{"NoCallReasonCode":"2"}`}, shape{"NoCallReasonCode": `"2"`}},
		{"3.15, 3.16: a break taken during a call", &AgentNotReady{
			AgentPart: AgentPart{ThisQueues: []string{"8001"}}, ReasonCode: ReasonRest,
			ChangePart: ChangePart{PreviousState: AgentStateReady, Reserved: true},
		}, shape{"reasonCode": "11", "thisQueues": `["8001"]`, "reserved": "", "previousState": "", "previousReasonCode": ""},
			shape{"reasonCode": "11", "reserved": "true", "previousState": "1", "previousReasonCode": "0"}},
		{"R8, R43, 3.15: wrap-up begins", &AgentNotReady{
			AgentPart: AgentPart{AttachedData: Data{{KeyLoginState, `"1"`}}}, ReasonCode: ReasonAfterCallWork, LoginState: "1",
			WrapUpDuration: 60, ExpirationTime: 1637128460000,
		}, shape{"reasonCode": "4", "loginState": "", "attachedData": `{"loginState":"1"}`, "wrapUpDuration": "",
			"expirationTime": "", "reserved": ""},
			shape{"loginState": `"1"`, "wrapUpDuration": "60", "expirationTime": "1637128460000", "reserved": ""}},
		{"3.15: untimed wrap-up", &AgentNotReady{ReasonCode: ReasonAfterCallWork, WrapUpDuration: WrapUpUntimed},
			shape{"wrapUpDuration": ""}, shape{"wrapUpDuration": "-1", "expirationTime": ""}},
		{"R44, 3.16: wrap-up has ended", &AgentReady{
			ReasonCode: ReasonAfterCallWork, ChangePart: ChangePart{AgentStateNotReady, ReasonAfterCallWork, false},
		}, shape{"reasonCode": "4", "previousState": ""},
			shape{"reasonCode": "4", "previousState": "2", "previousReasonCode": "4", "reserved": ""}},
		{"R46: the phone was lost", &AgentLogout{ReasonCode: ReasonDeviceLost}, shape{"reasonCode": "6", "previousState": ""},
			shape{"reasonCode": "6", "previousState": "0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			requireShape(t, row.message, Basic, row.basic)
			requireShape(t, row.message, Full, row.full)
		})
	}
}

// TestFullHearsRecordings proves protocol.md 4: the message is not on the page, so that basic has no such event.
func TestFullHearsRecordings(t *testing.T) {
	require.False(t, Find("EventRecordingChanged").OnPage)
	m := &RecordingChanged{CallPart: partOf("B", "A", Keys{}), RecordState: RecordPaused, RecordUUID: "r", RecordURL: "/x.wav"}
	requireShape(t, m, Full, shape{"recordState": `"paused"`, "recordUUID": `"r"`, "recordUrl": `"/x.wav"`, "thisDN": `"B"`})
}

// TestFullHearsQueues proves 3.2: the page has no queue events, so that they are of profile full alone; a queue is thisDN and
// thisQueue of each.
func TestFullHearsQueues(t *testing.T) {
	part := CallPart{CallID: "c", ThisDN: "8001", OtherDN: "A"}
	for _, row := range []struct {
		message Message
		want    shape
	}{
		{&Queued{
			CallPart: part, ThisQueue: "8001", ThisQueues: []string{"8001", "8002"}, Position: 2, Waiting: 5,
			EnteredTime: 1637128370000, Retries: 1, CallState: StateOK,
		}, shape{"thisQueue": `"8001"`, "thisQueues": `["8001","8002"]`, "position": "2", "waiting": "5",
			"enteredTime": "1637128370000", "retries": "1", "callState": `"OK"`, "thirdDN": ""}},
		{&Diverted{
			CallPart: part, ThisQueue: "8001", ThirdDN: "1001", ThirdDNRole: Destination, WaitedMillis: 20000,
		}, shape{"thisQueue": `"8001"`, "thirdDN": `"1001"`, "thirdDNRole": `"Destination"`, "waitedMillis": "20000",
			"callState": ""}},
		{&Abandoned{CallPart: part, ThisQueue: "8001", CallState: StateAbandoned, WaitedMillis: 15000},
			shape{"thisQueue": `"8001"`, "callState": `"Abandoned"`, "waitedMillis": "15000"}},
	} {
		e := Find(row.message.Name())
		require.False(t, e.OnPage)
		require.Equal(t, GroupCall, e.Group)
		requireShape(t, row.message, Full, row.want)
		requireShape(t, row.message, Full, shape{"thisDN": `"8001"`, "otherDN": `"A"`, "callID": `"c"`})
	}
	require.Equal(t, "PickedUp", StatePickedUp, "3.14")
}

// TestRolesAreAllThere proves R1 and R3: each role is told in full; in basic those alone that the page has.
func TestRolesAreAllThere(t *testing.T) {
	for role, fullOnly := range everyRole {
		require.Equal(t, role, roleIn(Full, role))
		require.Equal(t, fullOnly, roleIn(Basic, role) == "", role)
	}
	require.ElementsMatch(t, []string{
		Origination, Destination, AddedBy, DeletedBy, TransferBy, ConsultBy, BargeinTo, InterceptTo, BargeinBy, TransferTo,
		ObserveTo, InterceptBy, ConsultTo, ObserveBy, NewParty, DeletedParty,
	}, keysOf(everyRole))
}

func keysOf(m map[string]bool) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
