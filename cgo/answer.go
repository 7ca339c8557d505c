package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"modcti/engine"
	"modcti/events"
)

// answer is what a command line is answered with: one line of text, or tables; and the same as a value for JSON.
type answer struct {
	line   string
	tables []table
	value  any
}

func (a *answer) text(asJSON bool) (string, error) {
	if asJSON {
		encoded, err := json.Marshal(a.value)
		return "+OK\n" + string(encoded) + "\n", err
	}
	if a.line != "" {
		return "+OK " + a.line + "\n", nil
	}
	var text strings.Builder
	text.WriteString("+OK\n")
	for i := range a.tables {
		if i > 0 {
			text.WriteByte('\n')
		}
		a.tables[i].write(&text)
	}
	return text.String(), nil
}

// table is rows under a header, written with | between the columns.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = cell(fmt.Sprint(v))
	}
	t.rows = append(t.rows, row)
}

func (t *table) write(text *strings.Builder) {
	text.WriteString(strings.Join(t.header, "|"))
	text.WriteByte('\n')
	for _, row := range t.rows {
		text.WriteString(strings.Join(row, "|"))
		text.WriteByte('\n')
	}
}

// cell keeps a value within its column and its line, whatever a caller put into a name.
func cell(value string) string { return strings.ReplaceAll(oneLine(value), "|", " ") }

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// moment writes Unix ms as local time; empty when it never happened.
func moment(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).Format("2006-01-02 15:04:05.000")
}

// callInfo is a live call as `as json` shows it. Times are Unix ms.
type callInfo struct {
	CallID       string      `json:"callID"`
	CallType     string      `json:"callType"`
	ThisDN       string      `json:"thisDN"`
	OtherDN      string      `json:"otherDN"`
	ANI          string      `json:"ANI"`
	DNIS         string      `json:"DNIS"`
	StartMillis  int64       `json:"startMillis"`
	AttachedData events.Data `json:"attachedData"`
	Live         bool        `json:"live"`
	Parties      []partyInfo `json:"parties"`
	routingInfo
}

type partyInfo struct {
	PartyID     string `json:"partyID"`
	ThisDN      string `json:"thisDN"`
	OtherDN     string `json:"otherDN"`
	PartyRole   string `json:"partyRole"`
	DNRole      string `json:"DNRole"`
	State       string `json:"state"`
	SinceMillis int64  `json:"sinceMillis"`
	LegUUID     string `json:"legUUID"`
	Channel     string `json:"channel"`
}

func callInfoOf(v *engine.CallView) callInfo {
	c := callInfo{
		CallID: v.CallID, CallType: v.CallType, ThisDN: v.ThisDN, OtherDN: v.OtherDN, ANI: v.ANI, DNIS: v.DNIS,
		StartMillis: v.StartMillis, AttachedData: v.AttachedData, Live: true, Parties: []partyInfo{},
	}
	for i := range v.Parties {
		p := &v.Parties[i]
		c.Parties = append(c.Parties, partyInfo{
			PartyID: p.PartyID, ThisDN: p.ThisDN, OtherDN: p.OtherDN, PartyRole: p.PartyRole, DNRole: p.DNRole,
			State: p.State, SinceMillis: p.Since, LegUUID: p.LegUUID, Channel: p.Channel,
		})
	}
	return c
}

// endedInfo is a call of the store.
type endedInfo struct {
	CallID       string       `json:"callID"`
	CallType     string       `json:"callType"`
	ThisDN       string       `json:"thisDN"`
	OtherDN      string       `json:"otherDN"`
	ANI          string       `json:"ANI"`
	DNIS         string       `json:"DNIS"`
	StartMillis  int64        `json:"startMillis"`
	AnswerMillis int64        `json:"answerMillis"`
	BridgeMillis int64        `json:"bridgeMillis"`
	EndMillis    int64        `json:"endMillis"`
	HangupCause  string       `json:"hangupCause"`
	HangupSide   string       `json:"hangupSide"`
	EndReason    string       `json:"endReason"`
	MergedInto   string       `json:"mergedInto"`
	AttachedData events.Data  `json:"attachedData"`
	Live         bool         `json:"live"`
	Parties      []endedParty `json:"parties"`
	States       []stateInfo  `json:"states"`
	routingInfo
}

type endedParty struct {
	PartyID           string `json:"partyID"`
	ThisDN            string `json:"thisDN"`
	OtherDN           string `json:"otherDN"`
	PartyRole         string `json:"partyRole"`
	StartMillis       int64  `json:"startMillis"`
	ProgressMillis    int64  `json:"progressMillis"`
	AnswerMillis      int64  `json:"answerMillis"`
	BridgeMillis      int64  `json:"bridgeMillis"`
	EndMillis         int64  `json:"endMillis"`
	AnswerSec         int64  `json:"answersec"`
	BillSec           int64  `json:"billsec"`
	HangupCause       string `json:"hangupCause"`
	SwitchCause       string `json:"switchCause"`
	HangupSide        string `json:"hangupSide"`
	HangupDisposition string `json:"hangupDisposition"`
	LegUUID           string `json:"legUUID"`
	EarlyDetectCause  int64  `json:"earlyDetectCause"`
	EndStatus         int64  `json:"endStatus,omitempty"`
}

type stateInfo struct {
	AtMillis int64  `json:"atMillis"`
	PartyID  string `json:"partyID"`
	State    string `json:"state"`
	OtherDN  string `json:"otherDN"`
	Clause   string `json:"clause"`
}

func endedInfoOf(c *engine.CallRecord, parties []engine.PartyRecord, states []engine.StateRecord) endedInfo {
	e := endedInfo{
		CallID: c.CallID, CallType: c.CallType, ThisDN: c.ThisDN, OtherDN: c.OtherDN, ANI: c.ANI, DNIS: c.DNIS,
		StartMillis: c.StartMillis, AnswerMillis: c.AnswerMillis, BridgeMillis: c.BridgeMillis, EndMillis: c.EndMillis,
		HangupCause: c.HangupCause, HangupSide: c.HangupSide, EndReason: endReason(c), MergedInto: c.MergedInto,
		AttachedData: c.AttachedData, Parties: []endedParty{}, States: []stateInfo{},
	}
	for i := range parties {
		p := &parties[i]
		e.Parties = append(e.Parties, endedParty{
			PartyID: p.PartyID, ThisDN: p.ThisDN, OtherDN: p.OtherDN, PartyRole: p.PartyRole, StartMillis: p.StartMillis,
			ProgressMillis: p.ProgressMillis, AnswerMillis: p.AnswerMillis, BridgeMillis: p.BridgeMillis, EndMillis: p.EndMillis,
			AnswerSec: p.AnswerSec, BillSec: p.BillSec, HangupCause: p.HangupCause, SwitchCause: p.SwitchCause,
			HangupSide: p.HangupSide, HangupDisposition: p.Disposition, LegUUID: p.LegUUID,
			EarlyDetectCause: p.EarlyDetectCause, EndStatus: p.EndStatus,
		})
	}
	for _, r := range states {
		e.States = append(e.States, stateInfo{AtMillis: r.AtMillis, PartyID: r.PartyID, State: r.State, OtherDN: r.OtherDN,
			Clause: r.Clause})
	}
	return e
}

// endReasons are the words of the store's column end_reason.
var endReasons = [...]string{
	engine.EndNormal: "normal", engine.EndMerged: "merged", engine.EndInterrupted: "interrupted",
	engine.EndVanished: "vanished", engine.EndFaulted: "faulted",
}

// endReason is empty while a call's end is not yet in the store.
func endReason(c *engine.CallRecord) string {
	if c.EndMillis == 0 || int(c.EndReason) >= len(endReasons) {
		return ""
	}
	return endReasons[c.EndReason]
}

// clientInfo is one client of the doors.
type clientInfo struct {
	ID           uint64   `json:"id"`
	Name         string   `json:"name"`
	Principal    string   `json:"principal"`
	CompanyID    string   `json:"companyId"`
	Door         string   `json:"door"`
	Remote       string   `json:"remote"`
	Profile      string   `json:"profile"`
	SinceMillis  int64    `json:"sinceMillis"`
	LastSeq      uint64   `json:"lastSeq"`
	SentMessages uint64   `json:"sentMessages"`
	QueuedBytes  int      `json:"queuedBytes"`
	DNs          []string `json:"DNs"`
	Topics       int      `json:"topics"`
}
