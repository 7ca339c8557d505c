package main

import (
	"strings"
	"unicode/utf8"

	"modcti/engine"
)

// textBytes is CTI_TEXT_BYTES and hexBytes the length of a party's id; contract.go checks the first against cti.h.
const (
	textBytes = 384
	hexBytes  = 32
)

// record mirrors cti_record of cti.h byte for byte; contract.go refuses to compile when the two differ.
type record struct {
	monoNanos   int64
	wallMicros  int64
	leg, other  engine.LegID
	command     uint64
	legSeq      uint32
	flags       uint32
	kind        uint16
	cause       uint16
	direction   uint8
	callState   uint8
	disposition uint8
	_           uint8
	textLen     uint16
	_           [3]uint16
	timesMicros [6]int64
	text        [textBytes]byte
}

// decode fills in with what r says. It reports false, and leaves in undefined, when r is not a record that a hook may
// write: an unknown kind, a value outside its enumeration, a text longer than its place, a leg fact without a leg.
func decode(r *record, in *engine.Input) bool {
	if !valid(r) {
		return false
	}
	*in = engine.Input{
		Kind:        engine.InputKind(r.kind),
		Direction:   engine.Direction(r.direction),
		CallState:   engine.CallState(r.callState),
		Disposition: engine.Disposition(r.disposition),
		Cause:       r.cause,
		LegSeq:      r.legSeq,
		Flags:       r.flags,
		Leg:         r.leg,
		Other:       r.other,
		Command:     r.command,
		MonoNanos:   r.monoNanos,
		WallMicros:  r.wallMicros,
	}
	if in.Kind == engine.LegFound {
		t := &r.timesMicros
		in.Times = engine.LegTimes{Created: t[0], Progress: t[1], Early: t[2], Answered: t[3], Bridged: t[4], Held: t[5]}
	}
	decodeText(r, in)
	return true
}

func valid(r *record) bool {
	kind := engine.InputKind(r.kind)
	switch {
	case r.kind == 0 || r.kind > uint16(engine.DeviceFound):
		return false
	case r.textLen > textBytes, r.direction > uint8(engine.DirectionOutbound):
		return false
	case r.callState > uint8(engine.CallStateHangup), r.disposition > uint8(engine.SendRefuse):
		return false
	}
	return !r.leg.IsZero() || !ofLeg(kind)
}

// ofLeg tells whether a kind speaks of one channel.
func ofLeg(kind engine.InputKind) bool {
	switch kind {
	case engine.SnapshotBegin, engine.SnapshotEnd, engine.RecordsLost, engine.CommandDone, engine.DeviceLost,
		engine.DeviceFound:
		return false
	}
	return true
}

// decodeText gives in the texts of r. They are parts of one string, so that a record costs one allocation at most.
func decodeText(r *record, in *engine.Input) {
	t := &in.Text
	var f fields
	switch in.Kind {
	case engine.LegCreated, engine.LegFound, engine.LegRenamed:
		f, t.Hex = decodeFields(r, r.leg)
		f.names(t)
	case engine.LegTransferred:
		f, _ = decodeFields(r, engine.LegID{})
		t.Destination = f.next()
	case engine.LegExecuted:
		f, _ = decodeFields(r, engine.LegID{})
		t.App = f.next()
		t.AppArg = f.next()
	case engine.RoomJoined, engine.RoomLeft:
		f, _ = decodeFields(r, engine.LegID{})
		t.Room = f.next()
	case engine.LegDTMF:
		f, _ = decodeFields(r, engine.LegID{})
		t.Digits = f.next()
	case engine.LegRecordStarted, engine.LegRecordStopped:
		f, _ = decodeFields(r, engine.LegID{})
		t.Path = f.next()
	case engine.DeviceLost, engine.DeviceFound:
		f, _ = decodeFields(r, engine.LegID{})
		t.User = f.next()
	}
}

// fields are what is left of a record's NUL-terminated texts.
type fields string

// next takes the first field off; a field that is missing is empty.
func (f *fields) next() string {
	field, rest, _ := strings.Cut(string(*f), "\x00")
	*f = fields(rest)
	return field
}

// names takes the fields of a record that carries a channel's names, in the order that cti.h gives.
func (f *fields) names(t *engine.Text) {
	t.UUID = f.next()
	t.Channel = f.next()
	t.CallerNumber = f.next()
	t.CallerName = f.next()
	t.Destination = f.next()
	t.User = f.next()
	t.Context = f.next()
	t.SIPCallID = f.next()
	t.CTICallID = f.next()
}

// decodeFields returns the texts of r and id in hexadecimal ("" for the zero id) as parts of one string. What the far
// end put into a name is not always UTF-8; clients and the store get nothing else.
func decodeFields(r *record, id engine.LegID) (fields, string) {
	var buf [textBytes + hexBytes]byte
	raw := append(buf[:0], r.text[:r.textLen]...)
	if !id.IsZero() {
		raw = appendHex(raw, id)
	}
	tail := len(raw) - int(r.textLen)
	all := string(raw)
	if !utf8.ValidString(all) {
		all = strings.ToValidUTF8(all, "\uFFFD")
	}
	return fields(all[:len(all)-tail]), all[len(all)-tail:]
}

func appendHex(dst []byte, id engine.LegID) []byte {
	const digits = "0123456789abcdef"
	for _, b := range id {
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}
