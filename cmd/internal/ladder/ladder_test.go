package ladder

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

const (
	callID = "41d3ec9d56d24cddace471f12e910caf"
	at     = 1795253642041 // 2026-11-21 09:34:02.041 UTC
)

func part(role, this, other string) events.CallPart {
	return events.CallPart{CallID: callID, PartyRole: role, ThisDN: this, OtherDN: other, CallType: events.Inbound}
}

func line(m events.Message, color bool) string {
	m.Common().CreationTime = at * 1000
	p := Printer{Color: color, Zone: time.UTC}
	return p.Line(m.AppendJSON(nil, events.Full))
}

// One line an event: time, call, number, message, whom, and what else matters about it.
func TestLines(t *testing.T) {
	const head = "09:34:02.041  41d3ec9d  "
	const noCall = "09:34:02.041                          "
	customer, agent := part("Customer", "13912345678", "1001"), part("Agent", "1001", "13912345678")
	released := events.Released{
		CallPart: agent, HangupCause: "BY_AGENT", HangupSide: "agent", HangupDisposition: "recv_bye",
		StartUepoch: at * 1000, AnswerUepoch: (at + 1000) * 1000, EndUepoch: (at + 66_000) * 1000,
	}
	abandoned := events.Released{CallPart: agent, HangupCause: "ORIGINATOR_CANCEL"}
	abandoned.CallState = events.StateAbandoned
	queued := events.Ringing{CallPart: agent, ThisQueue: "8001"}
	queued.ThirdDN, queued.ThirdDNRole, queued.CallState = "1002", events.TransferBy, events.StateTransferred
	consulting := events.AttachedDataChanged{CallPart: part("Agent", "1001", "1002")}
	consulting.CallState, consulting.ConsultStage = events.StateConsult, events.StageRinging
	consulted := events.Ringing{CallPart: part("Agent", "1002", "1001")}
	consulted.CallState, consulted.ConsultStage, consulted.Consulting = events.StateConsult, events.StageRinging, true
	intercepting := events.Released{CallPart: part("Agent", "1003", "1001"), HangupCause: "NO_ANSWER"}
	intercepting.InterceptCause = events.FailedBeforeAnswer
	left := events.PartyDeleted{CallPart: part("Agent", "1002", "1001"), SelfLeft: true}
	left.ThirdDN, left.ThirdDNRole, left.CallState, left.ConsultStage = "1001", events.DeletedBy, events.StateOK, events.StageLeft
	for _, c := range []struct {
		want    string
		message events.Message
	}{
		{head + "13912345678   CallCreated    · · 1001          Inbound", &events.CallCreated{
			CallID: callID, CallType: events.Inbound, ThisDN: "13912345678", OtherDN: "1001",
		}},
		{head + "13912345678   Dialing        ──▶ 1001          Customer", &events.Dialing{CallPart: customer}},
		{head + "1001          Ringing        ◀── 13912345678   Agent", &events.Ringing{CallPart: agent}},
		{head + "1001          OtherRinging   ╌╌▶ 13912345678   Agent", &events.OtherRinging{CallPart: agent}},
		{head + "1001          Established    ◀─▶ 13912345678   Agent", &events.Established{CallPart: agent}},
		{head + "1001          Held           ─‖─ 13912345678   Agent", &events.Held{CallPart: agent}},
		{head + "1001          DtmfSent       ──▶ 13912345678   12#",
			&events.DtmfSent{CallPart: agent, DtmfDigits: "12#"}},
		{head + "1001          Released       ──✕ 13912345678   BY_AGENT  by agent  recv_bye  talked 1:05 min",
			&released},
		{head + "1001          Released       ──✕ 13912345678   ORIGINATOR_CANCEL  Abandoned", &abandoned},
		{head + "1001          Ringing        ◀── 13912345678   Agent  Transferred  TransferBy 1002  queue 8001",
			&queued},
		{head + "13912345678   CallDeleted    · · 1001          lasted 2.5 s", &events.CallDeleted{
			CallID: callID, ThisDN: "13912345678", OtherDN: "1001", StartUepoch: at * 1000, EndUepoch: (at + 2_510) * 1000,
		}},
		{head + "1001          AttachedDataChanged  ──▶ 1002          Agent  Consult  stage 2", &consulting},
		{head + "1002          Ringing        ◀── 1001          Agent  Consult  stage 2", &consulted},
		{head + "1003          Released       ──✕ 1001          NO_ANSWER  intercept failed 1", &intercepting},
		{head + "1002          PartyDeleted   -── 1001          Agent  DeletedBy 1001  by itself  stage 8", &left},
		{head + "1001          RecordingChanged  paused  /rec/x.wav", &events.RecordingChanged{
			CallPart: agent, RecordState: events.RecordPaused, RecordURL: "/rec/x.wav",
		}},
		{noCall + "PartyError     RequestQueryCall  refused:  301004  NotFoundCallID  Look again.", &events.PartyError{
			ErrorCode: 301004, ErrorMessage: "NotFoundCallID", Request: "RequestQueryCall", Detail: "Look again.",
		}},
		{noCall + "Gap            events 5 to 9 were dropped for this client", &events.Gap{From: 5, To: 9}},
	} {
		require.Equal(t, c.want, line(c.message, false))
	}
}

// Lines about agents and queues say what a person at the wall wants to know of them.
func TestLinesOfAgentsAndQueues(t *testing.T) {
	const head, noCall = "09:34:02.041  41d3ec9d  ", "09:34:02.041            "
	queue := part("VirtualAgent", "8001", "13912345678")
	who := events.AgentPart{AgentID: "77", AgentUUID: "8e0ec51fdf3b57a4", ThisDN: "1001", ThisQueues: []string{"8001", "8002"}}
	nameless := who
	nameless.AgentID, nameless.ThisQueues = "", nil
	for _, row := range []struct {
		want    string
		message events.Message
	}{
		{head + "8001          Queued         ◀── 13912345678   place 3 of 5",
			&events.Queued{CallPart: queue, ThisQueue: "8001", Position: 3, Waiting: 5, CallState: events.StateOK}},
		{head + "8001          Diverted       ──▶ 13912345678   Destination 1001  waited 20.0 s", &events.Diverted{
			CallPart: queue, ThisQueue: "8001", ThirdDN: "1001", ThirdDNRole: events.Destination, WaitedMillis: 20_000,
		}},
		{head + "8001          Abandoned      ──✕ 13912345678   Abandoned  waited 15.0 s", &events.Abandoned{
			CallPart: queue, ThisQueue: "8001", CallState: events.StateAbandoned, WaitedMillis: 15_000,
		}},
		{noCall + "1001          AgentLogin     agent 77  not ready  reason 2  queues 8001, 8002",
			&events.AgentLogin{AgentPart: who, AgentState: 2, ReasonCode: 2}},
		{noCall + "1001          AgentReady     agent 8e0ec51f", &events.AgentReady{AgentPart: nameless}},
		{noCall + "1001          AgentNotReady  agent 8e0ec51f  reason 11  after the call", &events.AgentNotReady{
			AgentPart: nameless, ReasonCode: 11, ChangePart: events.ChangePart{Reserved: true},
		}},
		{noCall + "1001          AgentNotReady  agent 8e0ec51f  reason 4  for 30.0 s",
			&events.AgentNotReady{AgentPart: nameless, ReasonCode: 4, ExpirationTime: at + 30_000}},
		{noCall + "1001          AgentLogout    agent 8e0ec51f  reason 6", &events.AgentLogout{AgentPart: nameless, ReasonCode: 6}},
	} {
		require.Equal(t, row.want, line(row.message, false))
	}
}

// Every message of the catalogue has a line of its own, and colours change nothing but the colours.
func TestEveryMessageHasALine(t *testing.T) {
	for _, entry := range events.Catalogue {
		p := Printer{Zone: time.UTC}
		got := p.Line([]byte(`{"messageID":"` + entry.Name + `","thisDN":"1001","otherDN":"1002"}`))
		require.Contains(t, got, entry.Name[len("Event"):])
		require.Contains(t, got, "1001")
		require.NotContains(t, got, "\n")
	}
	colored := line(&events.Ringing{CallPart: part("Agent", "1001", "1002")}, true)
	require.Contains(t, colored, "\x1b[33m")
	require.Equal(t, bytes.Count([]byte(colored), []byte("\x1b[")), 2*bytes.Count([]byte(colored), []byte("\x1b[0m")))
}

// What callers send cannot command the terminal of whoever looks on.
func TestHostileNames(t *testing.T) {
	hostile := "1\x1b]0;x\a\x9b31m\u202e2\r\n3"
	got := line(&events.Dialing{CallPart: part("Customer", hostile, hostile)}, false)
	require.NotContains(t, got, "\x1b")
	require.NotContains(t, got, "\n")
	require.NotContains(t, got, "\r")
	require.NotContains(t, got, "\u202e")
	require.Contains(t, got, "1·]0;x·�31m·2··3")
	require.Equal(t, "not·json", (&Printer{}).Line([]byte("not\x1bjson")))
	require.Equal(t, "a··b", Clean("a\xff\u009bb"))
}

func TestDurations(t *testing.T) {
	for millis, want := range map[int64]string{
		-5: "0.0 s", 0: "0.0 s", 2_510: "2.5 s", 60_000: "1:00 min", 3_725_000: "62:05 min",
	} {
		require.Equal(t, want, Duration(millis))
	}
}

func TestOnlyATerminalIsATerminal(t *testing.T) {
	require.False(t, IsTerminal(&bytes.Buffer{}))
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	require.False(t, IsTerminal(null))
	require.NoError(t, null.Close())
}
