package events

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// everyMessage gives one new message of every type, in the order of the catalogue.
func everyMessage() []Message {
	return []Message{
		&Dialing{}, &Ringing{}, &OtherRinging{}, &Established{}, &Released{}, &AttachedDataChanged{}, &Held{},
		&Retrieved{}, &Muted{}, &Unmuted{}, &PartyChanged{}, &PartyAdded{}, &PartyDeleted{}, &DtmfSent{},
		&RecordingChanged{}, &Queued{}, &Diverted{}, &Abandoned{}, &CallCreated{}, &CallDeleted{}, &CallInfo{},
		&AgentLogin{}, &AgentReady{}, &AgentNotReady{}, &AgentLogout{}, &DelayAfterCallWork{}, &AgentInfo{}, &QueueInfo{},
		&PartyError{}, &AgentError{}, &Opened{}, &Registered{}, &Unregistered{}, &Subscribed{}, &Unsubscribed{},
		&Heartbeat{}, &Gap{},
	}
}

// bytesLeft hands out the input of a fuzz run as values; past its end it hands out zeros.
type bytesLeft struct {
	data []byte
}

func (b *bytesLeft) byte() byte {
	if len(b.data) == 0 {
		return 0
	}
	first := b.data[0]
	b.data = b.data[1:]
	return first
}

// string is any text, and now and then a DN role, for what the encoders do depends on those (R3).
func (b *bytesLeft) string() string {
	kind := b.byte()
	if roles := slices.Sorted(maps.Keys(everyRole)); int(kind) >= 256-len(roles) {
		return roles[int(kind)-(256-len(roles))]
	}
	n := min(int(kind%48), len(b.data))
	text := string(b.data[:n])
	b.data = b.data[n:]
	return text
}

func (b *bytesLeft) number() uint64 {
	var n uint64
	for range b.byte() % 9 {
		n = n<<8 | uint64(b.byte())
	}
	return n
}

// value is compact JSON of some type.
func (b *bytesLeft) value() string {
	switch b.byte() % 4 {
	case 0:
		return "null"
	case 1:
		return mustJSON(int64(b.number()))
	case 2:
		return mustJSON([]any{b.string(), true, map[string]any{"k": b.string()}})
	}
	return mustJSON(b.string())
}

func (b *bytesLeft) attached() Data {
	data := Data{}
	for range b.byte() % 4 {
		data = data.Set(b.string(), b.value())
	}
	return data
}

// fill sets every field of v, which must be settable, from b. Slices are never nil.
func (b *bytesLeft) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(b.string())
	case reflect.Int64:
		v.SetInt(int64(b.number()))
	case reflect.Uint64:
		v.SetUint(b.number())
	case reflect.Bool:
		v.SetBool(b.byte()%2 == 1)
	case reflect.Struct:
		for i := range v.NumField() {
			b.fill(v.Field(i))
		}
	case reflect.Pointer:
		if b.byte()%2 == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			b.fill(v.Elem())
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[Data]() {
			v.Set(reflect.ValueOf(b.attached()))
			return
		}
		n := int(b.byte() % 4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			b.fill(v.Index(i))
		}
	default:
		panic("no value for " + v.Type().String())
	}
}

// byEncodingJSON is v as encoding/json writes it with HTML escaping off.
func byEncodingJSON(v any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func mustJSON(v any) string { return byEncodingJSON(v) }

// everyRole are the DN roles (R1), and which of them profile basic lacks (R3).
var everyRole = map[string]bool{
	"Origination": false, "Destination": false, "AddedBy": false, "DeletedBy": false, "TransferBy": false, "ConsultBy": false,
	"BargeinTo": false, "InterceptTo": false, "BargeinBy": false, "TransferTo": false, "ObserveTo": false, "InterceptBy": false,
	"ConsultTo": true, "ObserveBy": true, "NewParty": true, "DeletedParty": true,
}

// byReflection is m in the shape of profile p, put together from the tags of its fields (protocol.md 2).
func byReflection(m Message, p Profile) string {
	fields := []wireField{{"messageID", m.Name()}}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			if v.Type().Field(i).Anonymous {
				walk(v.Field(i))
			} else if f, written := fieldIn(v, i, p); written {
				fields = append(slices.DeleteFunc(fields, func(old wireField) bool { return old.key == f.key }), f)
			}
		}
	}
	walk(reflect.ValueOf(m).Elem())
	var parts []string
	for _, f := range fields {
		parts = append(parts, `"`+f.key+`":`+byEncodingJSON(f.value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

type wireField struct {
	key   string
	value any
}

// fieldIn is field i of v in profile p, if it is written there.
func fieldIn(v reflect.Value, i int, p Profile) (f wireField, written bool) {
	tag := v.Type().Field(i).Tag
	key, option, _ := strings.Cut(tag.Get("json"), ",")
	if base := tag.Get("full"); base != "" {
		return wireField{base, v.Field(i).Interface()}, p.Full() && !v.Field(i).IsZero()
	}
	f = wireField{key, v.Field(i).Interface()}
	if keys := v.FieldByName("Keys"); keys.IsValid() && key == "attachedData" {
		f.value = withKeys(f.value.(Data), keys.Interface().(Keys), p)
	}
	if at, moment := f.value.(Moment); moment && p&Micros == 0 {
		f.value = new(big.Int).Div(big.NewInt(int64(at)), big.NewInt(1000)).Int64() // rounds down
	}
	empty := v.Field(i).IsZero() || v.Field(i).Kind() == reflect.Slice && v.Field(i).Len() == 0
	role, _ := f.value.(string)
	switch {
	case option == "omitempty" && empty, tag.Get("profile") == "full" && !p.Full():
		return f, false
	case tag.Get("profile") == "by-role" && !p.Full() && everyRole[role]:
		return f, false
	}
	return f, true
}

// withKeys are the business data with the keys of the engine behind them (R7, R8, R10).
func withKeys(business Data, k Keys, p Profile) Data {
	all := slices.Clone(business)
	if k.ConsultStage != 0 {
		stage := mustJSON(k.ConsultStage)
		if k.Consulting && (k.ConsultStage == 2 || k.ConsultStage == 4) {
			stage = `"` + stage + `"`
		}
		all = append(all, Pair{"consultStage", stage})
	}
	if k.Consulting {
		all = append(all, Pair{"consulting", `"true"`})
	}
	if k.ConsultCause != "" && p.Full() {
		all = append(all, Pair{"consultCause", mustJSON(k.ConsultCause)})
	}
	for _, cause := range []struct {
		key   string
		value int64
	}{{"intercept_cause", k.InterceptCause}, {"bargein_cause", k.BargeinCause}} {
		if cause.value != 0 {
			all = append(all, Pair{cause.key, mustJSON(cause.value)})
		}
	}
	if k.WhisperMode != "" {
		all = append(all, Pair{"whisperMode", mustJSON(k.WhisperMode)})
	}
	return all
}

func encode(m Message, p Profile) string { return string(m.AppendJSON(nil, p)) }

// FuzzMessages proves every encoder: both profiles are what encoding/json makes of the fields that the tags of the
// struct give to them (protocol.md 2). kind picks the message.
func FuzzMessages(f *testing.F) {
	for kind := range everyMessage() {
		f.Add(byte(kind), []byte{})
		f.Add(byte(kind), []byte("\x05hello\x05wor\"d\x08\xff\xe2\x80\xa8\n\\/<&>\x00\x1f\x7f"))
		f.Add(byte(kind), bytes.Repeat([]byte("\x07agent\xc3\x28\x03\x01\x02\xf0\x9f\x98\x80"), 60))
		f.Add(byte(kind), bytes.Repeat([]byte{3, 1, 2, 7, 0xff, 0x80, 9}, 200))
		f.Add(byte(kind), bytes.Repeat([]byte{0xf0, 0xf6, 0xfc, 1, 2}, 200))
		f.Add(byte(kind), append([]byte("\x01\x01\x01\x01\x01\x01\x01c\x01\x02\x01\x04\xff\x01\x01"), "\x05stage\x01\x02\x01\x00"...))
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		messages := everyMessage()
		m := messages[int(kind)%len(messages)]
		source := &bytesLeft{data: data}
		source.fill(reflect.ValueOf(m).Elem())
		for p := range Profile(Profiles) {
			require.Equal(t, byReflection(m, p), encode(m, p), "%s, profile %d", m.Name(), p)
		}
	})
}

// filled gives every message with a value in every field, so that nothing optional is left out.
func filled() []Message {
	messages := everyMessage()
	for _, m := range messages {
		fillRich(reflect.ValueOf(m).Elem())
	}
	return messages
}

func fillRich(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("4dce61ec399644029fab7e8251da9bf1")
	case reflect.Int64:
		v.SetInt(1637128416617)
	case reflect.Uint64:
		v.SetUint(1 << 33)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			fillRich(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillRich(v.Elem())
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[Data]() {
			v.Set(reflect.ValueOf(Data{{"campaignID", `"123"`}, {"contactSN", `"456"`}}))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillRich(v.Index(0))
		fillRich(v.Index(1))
	}
}

// TestNilSlices proves that a nil slice is the empty array and nil attached data the empty object: a client need not
// know null.
func TestNilSlices(t *testing.T) {
	require.Equal(t, `{"messageID":"EventOpened","seq":0,"referenceID":0,"creationTime":0,"companyId":"","server":"",`+
		`"version":"","rights":[],"profile":"","epochUnit":"","replayed":0,"gap":false,"heartbeatMillis":0,"limits":{"messageBytes":0,`+
		`"depth":0,"requestsPerSecond":0,"queueBytes":0}}`, encode(&Opened{}, Basic))
	require.Contains(t, encode(&CallInfo{}, Basic), `"parties":[],"callType":"","ANI":"","DNIS":"","attachedData":{}`)
	require.Contains(t, encode(&Registered{}, Basic), `"agent":null,"queue":null,"parties":[]`)
	require.Contains(t, encode(&Registered{Agent: &AgentStatus{}, Queue: &QueueStatus{}}, Basic),
		`"agent":{"agentID":"","agentUUID":"","name":"","thisDN":"","thisQueues":[],"phoneType":0,"agentState":0,`+
			`"reasonCode":0,"reserved":null,"occupancy":"","status":"","since":0,"wrapUpExpiration":0,"calls":[]},`+
			`"queue":{"thisQueue":"","name":"","strategy":"","waiting":0,"longestWaitMillis":0,"agents":{"free":0,"busy":0,`+
			`"rest":0,"notReady":0,"afterCallWork":0,"offline":0},"callers":[]},"parties":[]`)
	require.Contains(t, encode(&Subscribed{Snapshot: make([]CallSnapshot, 2)}, Basic),
		`"ids":[],"snapshot":[{"callID":"","callType":"","ANI":"","DNIS":"","parties":[]},{"callID":""`)
}

// TestAppendKeepsWhatWasThere proves that AppendJSON appends: the bytes before are the caller's.
func TestAppendKeepsWhatWasThere(t *testing.T) {
	for _, m := range filled() {
		require.Equal(t, "before"+encode(m, Full), string(m.AppendJSON([]byte("before"), Full)), m.Name())
	}
}

func TestCommonIsTheHeaderOfTheMessage(t *testing.T) {
	for _, m := range everyMessage() {
		m.Common().Seq = 1<<32 + 7
		require.Contains(t, encode(m, Basic), `{"messageID":"`+m.Name()+`","seq":4294967303,"referenceID":0,`)
	}
}

// TestEncodingAllocatesNothing holds the encoder to its word: no allocation when dst has room.
func TestEncodingAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 16<<10)
	for _, m := range filled() {
		for p := range Profile(Profiles) {
			require.Zero(t, testing.AllocsPerRun(100, func() { dst = m.AppendJSON(dst[:0], p) }), m.Name())
		}
	}
	odd := &Held{CallPart: CallPart{ThisDN: "\"\\\n\x01\xff\u2028é"}}
	require.Zero(t, testing.AllocsPerRun(100, func() { dst = odd.AppendJSON(dst[:0], Full) }), "escapes")
}

// eachKey calls yield for every key of the object that text is, in the order of the text.
func eachKey(text []byte, yield func(key string)) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		yield(key.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}
