package events

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReferenceOnlyForTheAsker proves 3.0-5: the spliced bytes are those of the message with that referenceID, and the
// shared bytes stay as they are.
func TestReferenceOnlyForTheAsker(t *testing.T) {
	for _, m := range filled() {
		m.Common().ReferenceID = 0
		shared := encode(m, Full)
		for _, reference := range []int64{0, 7, 123456, -1, math.MaxInt64, math.MinInt64} {
			spliced := string(WithReference([]byte("x"), []byte(shared), reference))
			m.Common().ReferenceID = reference
			require.Equal(t, "x"+encode(m, Full), spliced, m.Name())
			back := string(WithReference(nil, []byte(spliced[1:]), 0))
			require.Equal(t, shared, back, m.Name())
		}
	}
}

// TestReferenceInsideDataIsNotTouched: attached data may hold a key of the same name.
func TestReferenceInsideDataIsNotTouched(t *testing.T) {
	m := &CallCreated{AttachedData: Data{{"referenceID", "0"}}, CallID: `","referenceID":0`}
	want := &CallCreated{AttachedData: m.AttachedData, CallID: m.CallID, Header: Header{ReferenceID: 5}}
	require.Equal(t, encode(want, Basic), string(WithReference(nil, []byte(encode(m, Basic)), 5)))
}

// TestReferenceOfNoMessage: what does not begin as a message does is handed on unchanged.
func TestReferenceOfNoMessage(t *testing.T) {
	message := encode(&Heartbeat{}, Basic)
	for _, text := range []string{
		"", "{", "{}", `{"messageID":`, `{"messageID":""`, `{"messageID":"EventGap"`, `{"messageID":"EventGap","seq":`,
		`{"messageID":"EventGap","seq":1,"referenceID":`, `{"seq":1,"referenceID":0}`, " " + message,
		`{"messageID":"EventGap","seq":1,"referenceID":"0"}`, `{"messageID":"EventGap","referenceID":0}`,
	} {
		require.Equal(t, text, string(WithReference(nil, []byte(text), 9)), "%q", text)
	}
}

func TestReferenceAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 4<<10)
	shared := (&Released{}).AppendJSON(nil, Full)
	require.Zero(t, testing.AllocsPerRun(100, func() { dst = WithReference(dst[:0], shared, 123456) }))
}
