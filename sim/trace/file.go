package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// lineBytesMax bounds one row: an event with all its variables is some kilobytes.
const lineBytesMax = 1 << 20

// hookRow is one call of a hook inside the switch, or one event that the recording module was told.
type hookRow struct {
	At            int64  `json:"at"`   // Unix µs
	Mono          int64  `json:"mono"` // CLOCK_MONOTONIC, ns
	Source        string `json:"source"`
	Name          string `json:"name"`
	UUID          string `json:"uuid"`
	Channel       string `json:"channel"`
	StringArg     string `json:"string_arg"`
	NumericArg    int64  `json:"numeric_arg"`
	NewUUID       string `json:"new_uuid"`
	EventSequence string `json:"event_sequence"`

	line int
}

// eventRow is one event of the event socket: the headers that tell the engine something.
type eventRow struct {
	Name             string `json:"Event-Name"`
	Subclass         string `json:"Event-Subclass"`
	Timestamp        int64  `json:"Event-Date-Timestamp,string"` // Unix µs
	Sequence         string `json:"Event-Sequence"`
	UUID             string `json:"Unique-ID"`
	OldUUID          string `json:"Old-Unique-ID"`
	Channel          string `json:"Channel-Name"`
	Direction        string `json:"Call-Direction"`
	AnswerState      string `json:"Answer-State"`
	CallerNumber     string `json:"Caller-Caller-ID-Number"`
	CallerName       string `json:"Caller-Caller-ID-Name"`
	Destination      string `json:"Caller-Destination-Number"`
	Context          string `json:"Caller-Context"`
	TransferSource   string `json:"Caller-Transfer-Source"`
	DialedUser       string `json:"variable_dialed_user"`
	UserName         string `json:"variable_user_name"`
	Originator       string `json:"variable_originator"`
	SIPCallID        string `json:"variable_sip_call_id"`
	CTICallID        string `json:"variable_cti_call_id"`
	OtherLoopbackLeg string `json:"variable_other_loopback_leg_uuid"`
	Disposition      string `json:"variable_sip_hangup_disposition"`
	TermStatus       string `json:"variable_sip_term_status"`
	HangupCause      string `json:"Hangup-Cause"`
	Application      string `json:"Application"`
	ApplicationData  string `json:"Application-Data"`
	BridgeA          string `json:"Bridge-A-Unique-ID"`
	BridgeB          string `json:"Bridge-B-Unique-ID"`
	Action           string `json:"Action"`
	Conference       string `json:"Conference-Name"`

	at   int64 // Unix µs of arrival
	line int
}

// file is one recorded file, whichever of the two kinds it is.
type file struct {
	path   string
	hooks  []hookRow
	events []eventRow
	rows   int
}

func (f *file) errorAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.path, line, fmt.Sprintf(format, args...))
}

func readFile(path string) (*file, error) {
	disk, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer disk.Close()
	return readRows(path, disk)
}

// readRows reads JSON rows, plain or gzip; path is for messages.
func readRows(path string, r io.Reader) (*file, error) {
	f := &file{path: path}
	buffered := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("%s: not a gzip file, though it begins like one: %w", path, err)
		}
		buffered = bufio.NewReaderSize(unzipped, 64<<10)
	}
	lines := bufio.NewScanner(buffered)
	lines.Buffer(nil, lineBytesMax)
	line := 0
	for lines.Scan() {
		line++
		if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 {
			if err := f.add(line, text); err != nil && (lines.Scan() || lines.Err() == nil) {
				return nil, err // and not because the file was cut in the middle of the row
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, f.errorAt(line+1, "the row is longer than %d bytes", lineBytesMax)
	} else if err != nil {
		return nil, f.errorAt(line, "the file cannot be read further: %v", err)
	}
	if f.rows == 0 {
		return nil, fmt.Errorf("%s: the file holds no row", path)
	}
	return f, nil
}

// add takes a row: {"at","event"} or {"at","api","reply"} of the event socket, {"at","mono","source"...} of the hooks.
func (f *file) add(line int, text []byte) error {
	var shape struct {
		At     *int64          `json:"at"`
		Event  json.RawMessage `json:"event"`
		API    *string         `json:"api"`
		Source *string         `json:"source"`
	}
	if err := json.Unmarshal(text, &shape); err != nil {
		return f.errorAt(line, "not a JSON row: %v", err)
	}
	isHook := shape.Source != nil
	switch {
	case !isHook && shape.Event == nil && shape.API == nil:
		return f.errorAt(line, `the row has none of "source", "event" and "api": not a recorded scenario`)
	case shape.At == nil:
		return f.errorAt(line, `the row has no "at"`)
	case isHook && len(f.hooks) < f.rows, !isHook && len(f.hooks) > 0:
		return f.errorAt(line, "rows of hooks and of the event socket stand in one file; give them as two files")
	}
	f.rows++
	if isHook {
		return f.addHook(line, text)
	}
	if shape.Event != nil {
		return f.addEvent(line, *shape.At, shape.Event)
	}
	return nil
}

func (f *file) addHook(line int, text []byte) error {
	row := hookRow{line: line}
	if err := json.Unmarshal(text, &row); err != nil {
		return f.errorAt(line, "not a row of a hook: %v", err)
	}
	if row.Mono <= 0 || row.Name == "" {
		return f.errorAt(line, `a row of a hook needs "mono" and "name"`)
	}
	f.hooks = append(f.hooks, row)
	return nil
}

func (f *file) addEvent(line int, at int64, text []byte) error {
	row := eventRow{line: line, at: at}
	if err := json.Unmarshal(text, &row); err != nil {
		return f.errorAt(line, "not an event: %v", err)
	}
	if row.Name == "" {
		return f.errorAt(line, "the event has no Event-Name")
	}
	if row.Timestamp <= 0 {
		row.Timestamp = at
	}
	f.events = append(f.events, row)
	return nil
}
