package main

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// leg returns a leg id that is not zero.
func leg(n byte) engine.LegID { return engine.LegID{0: 0xa0, 15: n} }

// recordOf makes a record of a kind with NUL-terminated fields, as a hook writes it.
func recordOf(kind engine.InputKind, fields ...string) record {
	r := record{kind: uint16(kind), leg: leg(1), other: leg(2), monoNanos: 7, wallMicros: 8, legSeq: 3}
	text := ""
	for _, field := range fields {
		text += field + "\x00"
	}
	r.textLen = uint16(copy(r.text[:], text))
	return r
}

// TestDecodeNames: cti.h gives the order of a channel's names; the party's id is 32 lower-case hex digits (R57).
func TestDecodeNames(t *testing.T) {
	fields := []string{
		"uuid-1", "sofia/internal/1001@host", "1001", "Ann", "2002", "1001", "default", "sip-call", "call-9",
	}
	for _, kind := range []engine.InputKind{engine.LegCreated, engine.LegFound, engine.LegRenamed} {
		r := recordOf(kind, fields...)
		var in engine.Input
		require.True(t, decode(&r, &in))
		require.Equal(t, kind, in.Kind)
		require.Equal(t, engine.Text{Hex: "a0000000000000000000000000000001", UUID: "uuid-1",
			Channel: "sofia/internal/1001@host", CallerNumber: "1001",
			CallerName: "Ann", Destination: "2002", User: "1001", Context: "default", SIPCallID: "sip-call",
			CTICallID: "call-9"}, in.Text)
	}
}

// TestDecodeOtherTexts: the other kinds fill what they say and nothing else (engine.Text).
func TestDecodeOtherTexts(t *testing.T) {
	cases := []struct {
		kind   engine.InputKind
		fields []string
		want   engine.Text
	}{
		{engine.LegTransferred, []string{"3003"}, engine.Text{Destination: "3003"}},
		{engine.LegExecuted, []string{"eavesdrop", "abc"}, engine.Text{App: "eavesdrop", AppArg: "abc"}},
		{engine.LegExecuted, []string{"park"}, engine.Text{App: "park"}},
		{engine.RoomJoined, []string{"room"}, engine.Text{Room: "room"}},
		{engine.RoomLeft, []string{"room"}, engine.Text{Room: "room"}},
		{engine.LegDTMF, []string{"12#"}, engine.Text{Digits: "12#"}},
		{engine.LegRecordStarted, []string{"/rec/a.wav"}, engine.Text{Path: "/rec/a.wav"}},
		{engine.LegRecordStopped, []string{"/rec/a.wav"}, engine.Text{Path: "/rec/a.wav"}},
		{engine.DeviceLost, []string{"1001"}, engine.Text{User: "1001"}},
		{engine.DeviceFound, []string{"1001"}, engine.Text{User: "1001"}},
		{engine.LegAnswered, []string{"noise"}, engine.Text{}},
	}
	for _, c := range cases {
		r := recordOf(c.kind, c.fields...)
		var in engine.Input
		require.True(t, decode(&r, &in))
		require.Equal(t, c.want, in.Text)
	}
}

// TestDecodeNumbers: every number of the record arrives, and times only where the kind has them.
func TestDecodeNumbers(t *testing.T) {
	r := recordOf(engine.LegFound)
	r.command, r.flags, r.cause = 11, engine.FlagMarked, 17
	r.direction, r.callState, r.disposition = 2, 3, 6
	r.timesMicros = [6]int64{1, 2, 3, 4, 5, 6}
	var in engine.Input
	require.True(t, decode(&r, &in))
	require.Equal(t, engine.Input{Kind: engine.LegFound, Direction: engine.DirectionOutbound,
		CallState: engine.CallStateActive, Disposition: engine.SendRefuse, Cause: 17, LegSeq: 3, Flags: engine.FlagMarked,
		Leg: leg(1), Other: leg(2), Command: 11, MonoNanos: 7, WallMicros: 8,
		Times: engine.LegTimes{Created: 1, Progress: 2, Early: 3, Answered: 4, Bridged: 5, Held: 6},
		Text:  engine.Text{Hex: leg(1).Hex()}}, in)

	r.kind = uint16(engine.LegAnswered)
	require.True(t, decode(&r, &in))
	require.Zero(t, in.Times)
	require.Zero(t, in.Text)
}

// TestDecodeMalformed: what no hook writes is refused.
func TestDecodeMalformed(t *testing.T) {
	for name, spoil := range map[string]func(*record){
		"kind 0":           func(r *record) { r.kind = 0 },
		"a client's kind":  func(r *record) { r.kind = uint16(engine.ClientRequest) },
		"an unknown kind":  func(r *record) { r.kind = 300 },
		"text too long":    func(r *record) { r.textLen = textBytes + 1 },
		"no leg":           func(r *record) { r.leg = engine.LegID{} },
		"bad direction":    func(r *record) { r.direction = 3 },
		"bad call state":   func(r *record) { r.callState = 6 },
		"bad disposition":  func(r *record) { r.disposition = 7 },
		"everything at 1s": func(r *record) { *r = ones() },
	} {
		r := recordOf(engine.LegCreated, "u")
		var in engine.Input
		require.True(t, decode(&r, &in), name)
		spoil(&r)
		require.False(t, decode(&r, &in), name)
	}
	for _, kind := range []engine.InputKind{engine.SnapshotEnd, engine.DeviceLost} {
		r := recordOf(kind)
		r.leg = engine.LegID{}
		var in engine.Input
		require.True(t, decode(&r, &in), "a snapshot's end and a device speak of no leg")
	}
}

func ones() (r record) {
	raw := bytesOf(&r)
	for i := range raw {
		raw[i] = 0xff
	}
	return r
}

func bytesOf(r *record) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r)) }

// TestDecodeUTF8: a name that is not UTF-8, or was cut within a character, is repaired and the id is not touched.
func TestDecodeUTF8(t *testing.T) {
	r := recordOf(engine.LegCreated, "u", "ch", "1", "M\xfcller", "2")
	var in engine.Input
	require.True(t, decode(&r, &in))
	require.Equal(t, "M\uFFFDller", in.Text.CallerName)
	require.Equal(t, "2", in.Text.Destination)
	require.Equal(t, leg(1).Hex(), in.Text.Hex)
}

// TestDecodeFull: a text that fills its place to the last byte ends without a NUL.
func TestDecodeFull(t *testing.T) {
	r := recordOf(engine.LegCreated, "u", strings.Repeat("x", textBytes))
	require.EqualValues(t, textBytes, r.textLen)
	var in engine.Input
	require.True(t, decode(&r, &in))
	require.Equal(t, strings.Repeat("x", textBytes-2), in.Text.Channel)
	require.Equal(t, leg(1).Hex(), in.Text.Hex)
}

// TestDecodeAllocates: one allocation for a record with texts, none for one without.
func TestDecodeAllocates(t *testing.T) {
	named := recordOf(engine.LegCreated, "u", "sofia/internal/1001", "1001", "Ann", "2002")
	bare := recordOf(engine.LegAnswered)
	var in engine.Input
	require.EqualValues(t, 1, testing.AllocsPerRun(100, func() { decode(&named, &in) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { decode(&bare, &in) }))
}

// FuzzDecode: no bytes in the ring can make the reader fail, and what passes is what the engine may be given.
func FuzzDecode(f *testing.F) {
	for kind := engine.LegCreated; kind <= engine.DeviceFound; kind++ {
		r := recordOf(kind, "u", "sofia/internal/1001", "1001", "A\xffn", "2002")
		f.Add(bytesOf(&r))
	}
	all := ones()
	f.Add(bytesOf(&all))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r record
		copy(bytesOf(&r), data)
		var in engine.Input
		if !decode(&r, &in) {
			return
		}
		require.NotEqual(t, engine.InputNone, in.Kind)
		require.LessOrEqual(t, in.Kind, engine.DeviceFound)
		require.True(t, in.Text.Hex == "" || len(in.Text.Hex) == hexBytes)
		for _, text := range []string{in.Text.Hex, in.Text.UUID, in.Text.Channel, in.Text.CallerNumber, in.Text.CallerName,
			in.Text.Destination, in.Text.User, in.Text.Context, in.Text.SIPCallID, in.Text.CTICallID, in.Text.App,
			in.Text.AppArg, in.Text.Room, in.Text.Digits, in.Text.Path} {
			require.True(t, utf8.ValidString(text))
			require.NotContains(t, text, "\x00")
		}
	})
}

func BenchmarkDecodeNames(b *testing.B) {
	r := recordOf(engine.LegCreated, "fc1a8c1e-6a0f-11ee-8c99-0242ac120002", "sofia/internal/1001@192.0.2.1", "1001",
		"Ann Example", "2002", "1001", "default", "a84b4c76e66710", "")
	var in engine.Input
	b.ReportAllocs()
	for b.Loop() {
		decode(&r, &in)
	}
}
