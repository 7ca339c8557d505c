// Package ladder writes CTI events for people: one line an event, with arrows between the numbers, as in a ladder
// diagram that is read from top to bottom.
package ladder

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"modcti/events"
)

// Printer turns events into lines.
type Printer struct {
	Color bool
	Zone  *time.Location // of the times; nil = local
}

// Party is one party in a snapshot.
type Party struct {
	ThisDN    string `json:"thisDN"`
	OtherDN   string `json:"otherDN"`
	PartyRole string `json:"partyRole"`
	State     string `json:"state"`
	Since     int64  `json:"since"`
	CallID    string `json:"callID"`
	PartyID   string `json:"partyID"`
	Muted     bool   `json:"muted"`
	Observed  bool   `json:"observed"`
}

// Event is what the lines tell of an event. Fields that an event does not have are empty.
type Event struct {
	MessageID         string  `json:"messageID"`
	Seq               uint64  `json:"seq"`
	CreationTime      int64   `json:"creationTime"`
	CallID            string  `json:"callID"`
	CallType          string  `json:"callType"`
	PartyRole         string  `json:"partyRole"`
	ThisDN            string  `json:"thisDN"`
	OtherDN           string  `json:"otherDN"`
	ThirdDN           string  `json:"thirdDN"`
	ThirdDNRole       string  `json:"thirdDNRole"`
	ThisQueue         string  `json:"thisQueue"`
	CallState         string  `json:"callState"`
	ANI               string  `json:"ANI"`
	DNIS              string  `json:"DNIS"`
	HangupCause       string  `json:"hangupCause"`
	HangupSide        string  `json:"hangupSide"`
	HangupDisposition string  `json:"hangupDisposition"`
	BillSec           int64   `json:"billsec"`
	AnswerUepoch      int64   `json:"answerUepoch"`
	StartUepoch       int64   `json:"startUepoch"`
	EndUepoch         int64   `json:"endUepoch"`
	DtmfDigits        string  `json:"dtmfDigits"`
	Parties           []Party `json:"parties"`
	ErrorCode         int64   `json:"errorCode"`
	ErrorMessage      string  `json:"errorMessage"`
	Request           string  `json:"request"`
	Detail            string  `json:"detail"`
	From              uint64  `json:"from"`
	To                uint64  `json:"to"`
	RecordState       string  `json:"recordState"`
	RecordURL         string  `json:"recordUrl"`
	SelfLeft          bool    `json:"selfLeft"`

	// Of agents and queues.
	AgentID        string   `json:"agentID"`
	AgentUUID      string   `json:"agentUUID"`
	AgentState     int64    `json:"agentState"`
	ReasonCode     int64    `json:"reasonCode"`
	Reserved       any      `json:"reserved"` // true on an event; what it is in an answer is not told in a line
	ThisQueues     []string `json:"thisQueues"`
	Position       int64    `json:"position"`
	Waiting        int64    `json:"waiting"`
	WaitedMillis   int64    `json:"waitedMillis"`
	ExpirationTime int64    `json:"expirationTime"`

	// Engine holds what the engine itself says in the attached data, the same in both profiles.
	Engine struct {
		ConsultStage   any `json:"consultStage"` // a number, to the party consulted a string
		InterceptCause any `json:"intercept_cause"`
		BargeinCause   any `json:"bargein_cause"`
		WhisperMode    any `json:"whisperMode"`
	} `json:"attachedData"`
}

// Colours of ANSI terminals.
const (
	plain  = ""
	dim    = "2"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
	red    = "31"
)

// look is how an event is shown: the arrow between who and whom, and the colour of its name.
type look struct {
	arrow, color string
}

var looks = map[string]look{
	"EventDialing":             {"──▶", cyan},
	"EventRinging":             {"◀──", yellow},
	"EventOtherRinging":        {"╌╌▶", yellow},
	"EventEstablished":         {"◀─▶", green},
	"EventReleased":            {"──✕", red},
	"EventHeld":                {"─‖─", blue},
	"EventRetrieved":           {"◀─▶", green},
	"EventMuted":               {"─ø▶", blue},
	"EventUnmuted":             {"──▶", blue},
	"EventPartyChanged":        {"◀─▶", cyan},
	"EventPartyAdded":          {"+──", cyan},
	"EventPartyDeleted":        {"-──", cyan},
	"EventDtmfSent":            {"──▶", plain},
	"EventCallCreated":         {"· ·", dim},
	"EventCallDeleted":         {"· ·", dim},
	"EventPartyError":          {"", red},
	"EventAgentError":          {"", red},
	"EventGap":                 {"", red},
	"EventAttachedDataChanged": {"──▶", plain},
	"EventRecordingChanged":    {"", blue},
	"EventQueued":              {"◀──", yellow},
	"EventDiverted":            {"──▶", cyan},
	"EventAbandoned":           {"──✕", red},
	"EventAgentLogin":          {"", green},
	"EventAgentReady":          {"", green},
	"EventAgentNotReady":       {"", yellow},
	"EventAgentLogout":         {"", red},
	"EventDelayAfterCallWork":  {"", blue},
}

// Line turns one event, as JSON, into a line without a line feed. What is not an event is shown as it is.
func (p *Printer) Line(raw []byte) string {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil || e.MessageID == "" {
		return Clean(string(raw))
	}
	return p.Event(&e)
}

// Event turns one event into a line without a line feed.
func (p *Printer) Event(e *Event) string {
	as := looks[e.MessageID]
	name := Clean(strings.TrimPrefix(e.MessageID, "Event"))
	var b strings.Builder
	b.WriteString(p.paint(dim, p.clock(e.CreationTime)))
	b.WriteString("  ")
	b.WriteString(p.paint(dim, Pad(Short(e.CallID), 8)))
	b.WriteString("  ")
	b.WriteString(Pad(Clean(e.ThisDN), 12))
	b.WriteString("  ")
	b.WriteString(p.paint(as.color, Pad(name, 13)))
	for _, word := range append([]string{p.rung(e, as)}, details(e)...) {
		if word != "" {
			b.WriteString("  ")
			b.WriteString(word)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// rung is an arrow from or to the number that the event is of, and the number at its other end.
func (p *Printer) rung(e *Event, as look) string {
	if as.arrow == "" || e.OtherDN == "" {
		return ""
	}
	return p.paint(as.color, as.arrow) + " " + Pad(Clean(e.OtherDN), 12)
}

// details are the words behind the rung.
func details(e *Event) []string {
	switch e.MessageID {
	case "EventCallCreated":
		return []string{Clean(e.CallType)}
	case "EventCallDeleted":
		return []string{"lasted " + Duration(e.EndUepoch-e.StartUepoch)}
	case "EventReleased":
		return released(e)
	case "EventPartyError", "EventAgentError":
		return []string{
			Clean(e.Request), "refused:", strconv.FormatInt(e.ErrorCode, 10), Clean(e.ErrorMessage), Clean(e.Detail),
		}
	case "EventGap":
		return []string{fmt.Sprintf("events %d to %d were dropped for this client", e.From, e.To)}
	case "EventDtmfSent":
		return []string{Clean(e.DtmfDigits)}
	case "EventRecordingChanged":
		return []string{Clean(e.RecordState), Clean(e.RecordURL)}
	case "EventQueued":
		return append([]string{fmt.Sprintf("place %d of %d", e.Position, e.Waiting)}, common(e)...)
	case "EventDiverted", "EventAbandoned":
		return append(common(e), "waited "+Duration(e.WaitedMillis))
	case "EventAgentLogin", "EventAgentReady", "EventAgentNotReady", "EventAgentLogout", "EventDelayAfterCallWork":
		return agent(e)
	}
	return append([]string{Clean(e.PartyRole)}, common(e)...)
}

func common(e *Event) []string {
	var words []string
	if e.CallState != "" && e.CallState != "OK" {
		words = append(words, Clean(e.CallState))
	}
	if e.ThirdDN != "" {
		words = append(words, Clean(e.ThirdDNRole)+" "+Clean(e.ThirdDN))
	}
	if e.ThisQueue != "" && e.ThisQueue != e.ThisDN {
		words = append(words, "queue "+Clean(e.ThisQueue))
	}
	if e.SelfLeft {
		words = append(words, "by itself")
	}
	for _, said := range []struct {
		what  string
		value any
	}{
		{"stage", e.Engine.ConsultStage}, {"intercept failed", e.Engine.InterceptCause},
		{"barge-in failed", e.Engine.BargeinCause}, {"whisper to", e.Engine.WhisperMode},
	} {
		if said.value != nil {
			words = append(words, said.what+" "+Clean(fmt.Sprint(said.value)))
		}
	}
	return words
}

// agent are the words about what an agent does.
func agent(e *Event) []string {
	who := Clean(e.AgentID)
	if who == "" {
		who = Short(e.AgentUUID)
	}
	words := []string{"agent " + who}
	switch e.AgentState {
	case events.AgentStateReady:
		words = append(words, "ready")
	case events.AgentStateNotReady:
		words = append(words, "not ready")
	}
	if e.ReasonCode != 0 {
		words = append(words, "reason "+strconv.FormatInt(e.ReasonCode, 10))
	}
	if e.Reserved == true {
		words = append(words, "after the call")
	}
	if e.ExpirationTime != 0 {
		words = append(words, "for "+Duration(e.ExpirationTime-e.CreationTime))
	}
	if len(e.ThisQueues) > 0 {
		words = append(words, "queues "+Clean(strings.Join(e.ThisQueues, ", ")))
	}
	return words
}

func released(e *Event) []string {
	words := append([]string{Clean(e.HangupCause)}, common(e)...)
	if e.HangupSide != "" {
		words = append(words, "by "+Clean(e.HangupSide))
	}
	if e.HangupDisposition != "" {
		words = append(words, Clean(e.HangupDisposition))
	}
	if e.AnswerUepoch > 0 {
		words = append(words, "talked "+Duration(e.EndUepoch-e.AnswerUepoch))
	}
	return words
}

// clock is a time of day to the millisecond.
func (p *Printer) clock(unixMilli int64) string {
	if unixMilli == 0 {
		return "            "
	}
	zone := p.Zone
	if zone == nil {
		zone = time.Local
	}
	return time.UnixMilli(unixMilli).In(zone).Format("15:04:05.000")
}

func (p *Printer) paint(color, text string) string {
	if !p.Color || color == plain {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Short is the beginning of an id, enough for a person to tell calls apart.
func Short(id string) string { return Clean(id[:min(len(id), 8)]) }

// Duration of milliseconds for people.
func Duration(millis int64) string {
	d := time.Duration(max(millis, 0)) * time.Millisecond
	if d < time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}

// Clean takes out what could command a terminal: names and numbers come from whoever calls.
func Clean(text string) string {
	if !strings.ContainsFunc(text, hidden) && utf8.ValidString(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(text, "·"))
}

// hidden tells whether a rune is not to be seen: control and format characters, such as those that turn writing round.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// Pad fills text with blanks to a width.
func Pad(text string, width int) string {
	if missing := width - utf8.RuneCountInString(text); missing > 0 {
		return text + strings.Repeat(" ", missing)
	}
	return text
}
