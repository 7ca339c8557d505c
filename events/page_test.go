package events

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is one event as call-events.txt shows it.
type sample struct {
	scenario  string
	messageID string
	fields    map[string]json.RawMessage
}

// samples reads the events of call-events.txt from the file that was read out of the page.
func samples(t *testing.T) []sample {
	text, err := os.ReadFile("testdata/call-events.json")
	require.NoError(t, err)
	var page []struct {
		Scenario string `json:"scenario"`
		Events   []struct {
			MessageID string `json:"messageID"`
			Fields    map[string]struct {
				Example json.RawMessage `json:"example"`
			} `json:"fields"`
		} `json:"events"`
	}
	require.NoError(t, json.Unmarshal(text, &page))
	var all []sample
	for _, scenario := range page {
		for _, event := range scenario.Events {
			s := sample{scenario.Scenario, event.MessageID, map[string]json.RawMessage{}}
			for key, field := range event.Fields {
				s.fields[key] = field.Example
			}
			all = append(all, s)
		}
	}
	require.Len(t, all, 52)
	return all
}

func byName(messageID string) Message {
	for _, m := range everyMessage() {
		if m.Name() == messageID {
			return m
		}
	}
	return nil
}

// fieldOf finds the field of m that has the JSON name key, in m itself or in a part of it.
func fieldOf(m Message, key string) reflect.Value {
	v := reflect.ValueOf(m).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == key && !f.Anonymous {
			return v.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

// digitsMillis is how long a time in ms is; the page has samples of 17 digits, and its text says ms (R16).
const digitsMillis = 13

// set gives the field key of m the value of a sample; attached data keep no order here. The engine's own keys among
// them go into Keys, which writes them back as the page has them: numbers here, strings there (R7).
func set(t *testing.T, m Message, key string, example json.RawMessage) {
	field := fieldOf(m, key)
	require.True(t, field.IsValid(), "%s has no field %s", m.Name(), key)
	if field.Type() == reflect.TypeFor[Moment]() {
		example = append(example[:digitsMillis:digitsMillis], "000"...)
	}
	if field.Type() != reflect.TypeFor[Data]() {
		require.NoError(t, json.Unmarshal(example, field.Addr().Interface()))
		return
	}
	var values map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(example, &values))
	var data Data
	for key, value := range values {
		keys := reflect.ValueOf(m).Elem().FieldByName("Keys")
		if !keys.IsValid() || !Reserved(key) {
			data = data.Set(key, mustJSON(value))
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(strings.Trim(string(value), `"`)), fieldOf(m, key).Addr().Interface()))
	}
	field.Set(reflect.ValueOf(data))
}

// TestEveryEventOfThePage proves that profile Basic can say each of the 52 events of call-events.txt: every field
// is there with the very value and type of the sample, times among them as integers (R16); the samples themselves
// are read as data, for they are not always JSON (R49).
func TestEveryEventOfThePage(t *testing.T) {
	names := map[string]bool{}
	for _, s := range samples(t) {
		names[s.messageID] = true
		m := byName(s.messageID)
		require.NotNil(t, m, "no type for %s", s.messageID)
		for key, example := range s.fields {
			if key == "messageID" {
				continue
			}
			set(t, m, key, example)
		}
		var written map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(m.AppendJSON(nil, Basic), &written))
		for key, example := range s.fields {
			if key == "parties" {
				requirePartiesOfThePage(t, example, written[key])
				continue
			}
			if f := fieldOf(m, key); f.IsValid() && f.Type() == reflect.TypeFor[Moment]() {
				example = example[:digitsMillis]
			}
			require.JSONEq(t, string(example), string(written[key]), "%s of %s in %s", key, s.messageID, s.scenario)
		}
	}
	require.Len(t, names, 24)
	for _, e := range Catalogue {
		require.Equal(t, names[e.Name], e.OnPage, e.Name)
	}
}

// TestBasicIsThePage proves protocol 2 and R25: what profile Basic may write of an event beyond what the page shows of it
// are the common fields and those that a ruling puts there, and nothing else.
func TestBasicIsThePage(t *testing.T) {
	common := strings.Fields("seq referenceID companyId attachedData callID partyID callType partyRole thisDN otherDN ANI DNIS " +
		"agentID agentUUID thisQueues")
	ruled := map[string]string{
		"EventAttachedDataChanged": "thirdDN thirdDNRole", // a whisper's customer (protocol.md 4): the page has no whisper
		"EventAgentLogout":         "reasonCode",          // R46
		"EventPartyError":          "detail",              // protocol.md 6
		"EventAgentError":          "detail",              // protocol.md 6
	}
	page := map[string]map[string]bool{}
	for _, s := range samples(t) {
		if page[s.messageID] == nil {
			page[s.messageID] = map[string]bool{}
		}
		for key := range s.fields {
			page[s.messageID][key] = true
		}
	}
	for _, e := range Catalogue {
		if !e.OnPage {
			continue
		}
		var beyond []string
		for _, f := range e.AllFields() {
			inBasic := f.Presence == Always || f.Presence == Optional
			if inBasic && !page[e.Name][f.Key] && !slices.Contains(common, f.Key) {
				beyond = append(beyond, f.Key)
			}
		}
		require.ElementsMatch(t, strings.Fields(ruled[e.Name]), beyond, e.Name)
	}
}

// requirePartiesOfThePage: the old keys of a party of EventCallInfo keep their values beside the new ones (R52).
func requirePartiesOfThePage(t *testing.T, example, written json.RawMessage) {
	var want, got []map[string]any
	require.NoError(t, json.Unmarshal(example, &want))
	require.NoError(t, json.Unmarshal(written, &got))
	require.Len(t, got, len(want))
	for i := range want {
		require.Subset(t, got[i], want[i])
	}
}

// TestTimesAreIntegers proves R16 for every time field of every message, by its name.
func TestTimesAreIntegers(t *testing.T) {
	timeKeys := []string{"creationTime", "expirationTime", "enteredTime", "since", "wrapUpExpiration"}
	seen := 0
	for _, e := range Catalogue {
		for _, f := range e.AllFields() {
			if strings.HasSuffix(f.Key, "Uepoch") || slices.Contains(timeKeys, f.Key) {
				require.Equal(t, "integer", f.Type, "%s of %s", f.Key, e.Name)
				seen++
			}
		}
	}
	require.Equal(t, len(Catalogue)+6+3+1+1+1+2, seen,
		"creationTime of all; Released, CallDeleted; DelayAfterCallWork, AgentNotReady; Queued; AgentInfo")
}

// TestCommonFieldsAlways proves R25 and protocol 2: an empty message has every common field of its kind all the same.
func TestCommonFieldsAlways(t *testing.T) {
	every := []string{"messageID", "seq", "creationTime", "companyId", "referenceID"}
	onPage := append(every[:len(every):len(every)], "attachedData")
	common := map[Group][]string{
		GroupCall: append(onPage[:len(onPage):len(onPage)],
			"callID", "partyID", "callType", "partyRole", "thisDN", "otherDN", "ANI", "DNIS"),
		GroupAgent:    append(onPage[:len(onPage):len(onPage)], "agentID", "agentUUID", "thisDN", "thisQueues"),
		GroupError:    append(onPage[:len(onPage):len(onPage)], "thisDN", "errorCode", "errorMessage", "request", "detail"),
		GroupProtocol: every,
	}
	for _, m := range everyMessage() {
		var written map[string]any
		require.NoError(t, json.Unmarshal(m.AppendJSON(nil, Basic), &written))
		for _, key := range common[Find(m.Name()).Group] {
			require.Contains(t, written, key, m.Name())
			require.NotNil(t, written[key], "%s of %s", key, m.Name())
		}
	}
	require.Contains(t, encode(&PartyError{}, Basic), `"partyID":""`, "R25 names it")
	delay := &DelayAfterCallWork{PartyIDLiteral: "p", PartyID: "p"}
	require.Contains(t, encode(delay, Basic), `"partyId":"p","partyID":"p"`, "R15")
}
