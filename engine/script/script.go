// Package script writes inputs of the engine as lines of text and reads them back: for ladder scripts, and for the
// faults that the loop writes down. A line is
//
//	+12.5 ringing b
//	+0 created a in from=13912345678 to=1001 name="A B" user=1001 origin=x flags=loopback
//
//	+0 directory data={"Agents":[{"UUID":"8e0e","DN":"1001"}]}
//	+0 request HoldCall thisDN=1001 ref=7 client=1 data={"orderID":"5"}
//
// The first word is the time since the line before in ms; the second the kind; the third the leg, or what a client
// requests. Legs are named by their uuid; a short word will do. "+12.5@-3600000" says that the wall clock was set back by
// an hour meanwhile.
package script

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"modcti/engine"
)

var kinds = map[string]engine.InputKind{
	"created": engine.LegCreated, "outgoing": engine.LegOutgoing, "ringing": engine.LegRinging,
	"progress": engine.LegProgress, "answered": engine.LegAnswered, "bridged": engine.LegBridged,
	"unbridged": engine.LegUnbridged, "held": engine.LegHeld, "unheld": engine.LegUnheld,
	"transferred": engine.LegTransferred, "executed": engine.LegExecuted, "renamed": engine.LegRenamed,
	"hangup": engine.LegHangup, "ended": engine.LegEnded, "destroyed": engine.LegDestroyed, "looped": engine.LegLooped,
	"room-joined": engine.RoomJoined, "room-left": engine.RoomLeft, "snapshot-begin": engine.SnapshotBegin,
	"found": engine.LegFound, "snapshot-end": engine.SnapshotEnd, "records-lost": engine.RecordsLost,
	"timer": engine.TimerDue, "command-done": engine.CommandDone, "dtmf": engine.LegDTMF,
	"record-started": engine.LegRecordStarted, "record-stopped": engine.LegRecordStopped, "request": engine.ClientRequest,
	"directory": engine.DirectoryChanged, "device-lost": engine.DeviceLost,
	"device-found": engine.DeviceFound, "drain": engine.DrainOrdered,
}

var kindNames = func() map[engine.InputKind]string {
	names := make(map[engine.InputKind]string, len(kinds))
	for name, kind := range kinds {
		names[kind] = name
	}
	return names
}()

var flagNames = []struct {
	flag uint32
	name string
}{
	{engine.FlagLoopback, "loopback"}, {engine.FlagTruncated, "truncated"}, {engine.FlagMarked, "marked"},
	{engine.FlagObserver, "observer"}, {engine.FlagParked, "parked"}, {engine.FlagPlaced, "placed"},
	{engine.FlagEngaged, "engaged"},
}

var callStates = []string{"down", "ringing", "early", "active", "held", "hangup"}

// text fields by their word in a line.
func fields(t *engine.Text) map[string]*string {
	return map[string]*string{
		"from": &t.CallerNumber, "name": &t.CallerName, "to": &t.Destination, "user": &t.User, "channel": &t.Channel,
		"context": &t.Context, "sip": &t.SIPCallID, "call": &t.CTICallID, "app": &t.App, "arg": &t.AppArg, "room": &t.Room,
		"digits": &t.Digits, "path": &t.Path,
	}
}

var fieldOrder = []string{"from", "name", "to", "user", "channel", "context", "sip", "call", "app", "arg", "room", "digits",
	"path"}

// setMillis: clocks that differ by less have only been read one after the other.
const setMillis = 1

// Clock is the time that lines are relative to.
type Clock struct {
	MonoNanos, WallMicros int64
}

// Parse reads one line and moves the clock on by its first word. It returns an error that names the word at fault.
func (c *Clock) Parse(line string) (engine.Input, error) {
	words, err := split(line)
	if err != nil {
		return engine.Input{}, err
	}
	if len(words) < 2 || !strings.HasPrefix(words[0], "+") {
		return engine.Input{}, fmt.Errorf("%q: want +MS KIND [LEG] [WORD=VALUE...]", line)
	}
	if err := c.pass(words[0]); err != nil {
		return engine.Input{}, err
	}
	kind, ok := kinds[words[1]]
	if !ok {
		return engine.Input{}, fmt.Errorf("%q is no kind of input", words[1])
	}
	in := engine.Input{Kind: kind, MonoNanos: c.MonoNanos, WallMicros: c.WallMicros}
	if kind == engine.ClientRequest {
		in.Request, err = parseRequest(words[2:])
		return in, err
	}
	return in, parseWords(&in, words[2:])
}

// pass moves the clock on by the first word of a line.
func (c *Clock) pass(word string) error {
	passed, set, jumps := strings.Cut(word[1:], "@")
	ms, err := strconv.ParseFloat(passed, 64)
	if err != nil {
		return fmt.Errorf("%q is no time in ms", word)
	}
	jump := 0.0
	if jumps {
		if jump, err = strconv.ParseFloat(set, 64); err != nil {
			return fmt.Errorf("%q sets the wall clock by no time in ms", word)
		}
	}
	c.MonoNanos += int64(ms * 1e6)
	c.WallMicros += int64((ms + jump) * 1e3)
	return nil
}

func parseWords(in *engine.Input, words []string) error {
	texts := fields(&in.Text)
	for i, word := range words {
		key, value, valued := strings.Cut(word, "=")
		switch {
		case !valued && i == 0:
			in.Leg = engine.LegIDOf(word)
			in.Text.UUID, in.Text.Hex = word, in.Leg.Hex()
		case !valued && word == "in":
			in.Direction = engine.DirectionInbound
		case !valued && word == "out":
			in.Direction = engine.DirectionOutbound
		case !valued:
			disposition, ok := dispositionByName(word)
			if !ok {
				return fmt.Errorf("%q is neither in, out nor a hangup disposition", word)
			}
			in.Disposition = disposition
		default:
			if err := parseValue(in, texts, key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func parseValue(in *engine.Input, texts map[string]*string, key, value string) error {
	if text := texts[key]; text != nil {
		*text = value
		return nil
	}
	switch key {
	case "other", "origin", "with":
		in.Other = engine.LegIDOf(value)
		if in.Kind == engine.LegRenamed {
			in.Text.UUID = value
		}
	case "cause":
		cause, ok := engine.CauseByName(value)
		if !ok {
			return fmt.Errorf("%q is no hangup cause of FreeSWITCH", value)
		}
		in.Cause = cause
	case "seq":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return fmt.Errorf("seq=%q is no number", value)
		}
		in.LegSeq = uint32(n)
	case "data": // directory: the whole of it
		return json.Unmarshal([]byte(value), &in.Directory)
	case "command":
		id, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("command=%q is no number", value)
		}
		in.Command = id
	case "state":
		return parseCallState(in, value)
	case "flags":
		return parseFlags(in, value)
	case "ago": // found: how long ago in ms it was created, progressed, answered, bridged
		return parseAgo(in, value)
	default:
		return fmt.Errorf("%q is no word of an input", key)
	}
	return nil
}

func parseCallState(in *engine.Input, value string) error {
	for i, name := range callStates {
		if name == value {
			in.CallState = engine.CallState(i)
			return nil
		}
	}
	return fmt.Errorf("state=%q is no call state", value)
}

func parseFlags(in *engine.Input, value string) error {
	for _, word := range strings.Split(value, ",") {
		known := false
		for _, f := range flagNames {
			if f.name == word {
				in.Flags |= f.flag
				known = true
			}
		}
		if !known {
			return fmt.Errorf("flags=%q is no flag", word)
		}
	}
	return nil
}

func parseAgo(in *engine.Input, value string) error {
	times := []*int64{&in.Times.Created, &in.Times.Progress, &in.Times.Answered, &in.Times.Bridged}
	for i, word := range strings.Split(value, ",") {
		if word == "" || i >= len(times) {
			continue
		}
		ms, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return fmt.Errorf("ago=%q is no list of ms", value)
		}
		*times[i] = in.WallMicros - ms*1000
	}
	return nil
}

func dispositionByName(name string) (engine.Disposition, bool) {
	for d := engine.RecvBye; d <= engine.SendRefuse; d++ {
		if d.String() == name {
			return d, true
		}
	}
	return 0, false
}

// Format writes an input as a line that Parse reads, and moves the clock on to it. A leg whose uuid the input does not
// carry is named by its hex digits.
func (c *Clock) Format(in *engine.Input) string {
	ms := float64(in.MonoNanos-c.MonoNanos) / 1e6
	jump := float64(in.WallMicros-c.WallMicros)/1e3 - ms
	c.MonoNanos, c.WallMicros = in.MonoNanos, in.WallMicros
	passed := "+" + strconv.FormatFloat(ms, 'f', -1, 64)
	if math.Abs(jump) >= setMillis {
		passed += "@" + strconv.FormatFloat(jump, 'f', 3, 64)
	}
	line := []string{passed, kindNames[in.Kind]}
	if in.Request != nil {
		return strings.Join(append(line, formatRequest(in.Request)...), " ")
	}
	uuid, other := in.Text.UUID, ""
	if in.Kind == engine.LegRenamed { // its texts are those of its new name
		uuid, other = other, uuid
	}
	if !in.Leg.IsZero() {
		line = append(line, legName(uuid, in.Leg))
	}
	switch in.Direction {
	case engine.DirectionInbound:
		line = append(line, "in")
	case engine.DirectionOutbound:
		line = append(line, "out")
	}
	if !in.Other.IsZero() {
		line = append(line, "other="+legName(other, in.Other))
	}
	if in.Disposition != engine.DispositionNone {
		line = append(line, in.Disposition.String())
	}
	line = append(line, formatValues(in)...)
	return strings.Join(line, " ")
}

func formatValues(in *engine.Input) (words []string) {
	if in.Directory != nil {
		if data, err := json.Marshal(in.Directory); err == nil { // it is plain data, and cannot fail
			words = append(words, "data="+string(data))
		}
	}
	if in.Cause != 0 {
		words = append(words, "cause="+engine.CauseName(in.Cause))
	}
	if in.LegSeq != 0 {
		words = append(words, "seq="+strconv.FormatUint(uint64(in.LegSeq), 10))
	}
	if in.Command != 0 {
		words = append(words, "command="+strconv.FormatUint(in.Command, 10))
	}
	if in.CallState != engine.CallStateDown {
		words = append(words, "state="+callStates[in.CallState])
	}
	var flags []string
	for _, f := range flagNames {
		if in.Flags&f.flag != 0 {
			flags = append(flags, f.name)
		}
	}
	if len(flags) > 0 {
		words = append(words, "flags="+strings.Join(flags, ","))
	}
	texts := fields(&in.Text)
	for _, key := range fieldOrder {
		if value := *texts[key]; value != "" {
			words = append(words, key+"="+quote(value))
		}
	}
	return words
}

// legName spells a leg so that LegIDOf gives it back: its uuid, or its id in the form of one.
func legName(uuid string, id engine.LegID) string {
	if uuid != "" {
		return uuid
	}
	h := id.Hex()
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// quote writes a value so that split gives it back: as it stands, unless that could be read in another way.
func quote(s string) string {
	quoted := strconv.Quote(s)
	if len(quoted) != len(s)+2 || strings.ContainsAny(s, " =") || strings.HasPrefix(s, "{") {
		return quoted
	}
	return s
}

// split cuts a line into words; a value may be a quoted Go string, or a JSON object as it stands.
func split(line string) (words []string, err error) {
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		end := strings.IndexAny(rest, " \t\"{")
		if end < 0 {
			return append(words, rest), nil
		}
		switch {
		case rest[end] == '{' && end > 0 && rest[end-1] == '=':
			object := json.NewDecoder(strings.NewReader(rest[end:]))
			var raw json.RawMessage
			if err := object.Decode(&raw); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			end += int(object.InputOffset())
			words, rest = append(words, rest[:end]), rest[end:]
		case rest[end] == '"':
			quoted, err := strconv.QuotedPrefix(rest[end:])
			if err != nil {
				return nil, fmt.Errorf("%q: a quote does not close", line)
			}
			value, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("%q: %q is no quoted string", line, quoted)
			}
			words, rest = append(words, rest[:end]+value), rest[end+len(quoted):]
		default:
			if end = strings.IndexAny(rest, " \t"); end < 0 {
				end = len(rest)
			}
			words, rest = append(words, rest[:end]), rest[end:]
		}
	}
	return words, nil
}
