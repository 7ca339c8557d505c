package main

import (
	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
)

// The keys are those of `cti call ID as json`; times are Unix ms, 0 when it never happened.

type callCDR struct {
	CallID       string      `json:"callID"`
	CompanyID    string      `json:"companyId"`
	CallType     string      `json:"callType"`
	ThisDN       string      `json:"thisDN"`
	OtherDN      string      `json:"otherDN"`
	ANI          string      `json:"ANI"`
	DNIS         string      `json:"DNIS"`
	MakeCallType string      `json:"makeCallType"`
	StartMillis  int64       `json:"startMillis"`
	AnswerMillis int64       `json:"answerMillis"`
	BridgeMillis int64       `json:"bridgeMillis"`
	EndMillis    int64       `json:"endMillis"`
	HangupCause  string      `json:"hangupCause"`
	HangupSide   string      `json:"hangupSide"`
	EndReason    string      `json:"endReason"` // empty while the call is live
	MergedInto   string      `json:"mergedInto"`
	AttachedData events.Data `json:"attachedData"`
	Live         bool        `json:"live"` // the recording ends before the call does
	Parties      []partyCDR  `json:"parties"`
}

type partyCDR struct {
	PartyID           string     `json:"partyID"`
	LegUUID           string     `json:"legUUID"`
	SIPCallID         string     `json:"sipCallID"`
	PartyRole         string     `json:"partyRole"`
	DNRole            string     `json:"DNRole"`
	ThisDN            string     `json:"thisDN"`
	OtherDN           string     `json:"otherDN"`
	CallerName        string     `json:"callerName"`
	StartMillis       int64      `json:"startMillis"`
	ProgressMillis    int64      `json:"progressMillis"`
	AnswerMillis      int64      `json:"answerMillis"`
	BridgeMillis      int64      `json:"bridgeMillis"`
	LastHoldMillis    int64      `json:"lastHoldMillis"`
	HoldMillisTotal   int64      `json:"holdMillisTotal"`
	EndMillis         int64      `json:"endMillis"`
	AnswerSec         int64      `json:"answersec"`
	BillSec           int64      `json:"billsec"`
	HangupCause       string     `json:"hangupCause"`
	SwitchCause       string     `json:"switchCause"`
	HangupSide        string     `json:"hangupSide"`
	HangupDisposition string     `json:"hangupDisposition"`
	CallState         string     `json:"callState"`
	EarlyDetectCause  int64      `json:"earlyDetectCause"`
	EndStatus         int64      `json:"endStatus,omitempty"`
	States            []stateCDR `json:"states"`
}

type stateCDR struct {
	AtMillis int64  `json:"atMillis"`
	State    string `json:"state"`
	OtherDN  string `json:"otherDN"`
	Clause   string `json:"clause"`
}

// endReasons are the words of the store's column end_reason.
var endReasons = map[engine.EndReason]string{
	engine.EndNormal: "normal", engine.EndMerged: "merged", engine.EndInterrupted: "interrupted",
	engine.EndVanished: "vanished", engine.EndFaulted: "faulted",
}

func callOf(c *cdr.CDR) callCDR {
	r := &c.Call
	out := callCDR{
		CallID: r.CallID, CompanyID: r.CompanyID, CallType: r.CallType, ThisDN: r.ThisDN, OtherDN: r.OtherDN,
		ANI: r.ANI, DNIS: r.DNIS, MakeCallType: r.MakeCallType, StartMillis: r.StartMillis,
		AnswerMillis: r.AnswerMillis, BridgeMillis: r.BridgeMillis, EndMillis: r.EndMillis,
		HangupCause: r.HangupCause, HangupSide: r.HangupSide, MergedInto: r.MergedInto,
		AttachedData: r.AttachedData, Live: !c.Closed, Parties: []partyCDR{},
	}
	if c.Closed {
		out.EndReason = endReasons[r.EndReason]
	}
	for i := range c.Parties {
		out.Parties = append(out.Parties, partyOf(&c.Parties[i]))
	}
	return out
}

func partyOf(p *cdr.Party) partyCDR {
	out := partyCDR{
		PartyID: p.PartyID, LegUUID: p.LegUUID, SIPCallID: p.SIPCallID, PartyRole: p.PartyRole, DNRole: p.DNRole,
		ThisDN: p.ThisDN, OtherDN: p.OtherDN, CallerName: p.CallerName, StartMillis: p.StartMillis,
		ProgressMillis: p.ProgressMillis, AnswerMillis: p.AnswerMillis, BridgeMillis: p.BridgeMillis,
		LastHoldMillis: p.LastHoldMillis, HoldMillisTotal: p.HoldMillisTotal, EndMillis: p.EndMillis,
		AnswerSec: p.AnswerSec, BillSec: p.BillSec, HangupCause: p.HangupCause, SwitchCause: p.SwitchCause,
		HangupSide: p.HangupSide, HangupDisposition: p.Disposition, CallState: p.CallState,
		EarlyDetectCause: p.EarlyDetectCause, EndStatus: p.EndStatus, States: []stateCDR{},
	}
	for _, s := range p.States {
		out.States = append(out.States, stateCDR{s.AtMillis, s.State, s.OtherDN, s.Clause})
	}
	return out
}
