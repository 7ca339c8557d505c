package trace

import (
	"strings"

	"modcti/engine"
)

// leg gathers what a whole file tells of one channel, so that a fact can carry what was recorded later than it.
type leg struct {
	uuid       string
	channel    string
	created    *eventRow
	hangup     *eventRow
	complete   *eventRow
	executed   []*eventRow // applications in order, but for the switch's own uuid_bridge
	transfers  []string    // destinations that it was sent to, in order
	source     string      // the last Caller-Transfer-Source
	originator string
	called     string // the first leg that it originated
	outbound   bool

	told       bool // LegCreated has been told
	held       bool
	ending     bool
	done       bool // its end was told
	answered   bool
	early      bool
	spying     bool
	nExecuted  int
	nTransfers int
}

type legs map[string]*leg

func (ls legs) of(uuid string) *leg {
	l := ls[uuid]
	if l == nil {
		l = &leg{uuid: uuid}
		ls[uuid] = l
	}
	return l
}

// learnEvents notes what events say of each channel.
func (ls legs) learnEvents(events []eventRow) {
	for i := range events {
		row := &events[i]
		if row.UUID == "" {
			continue
		}
		l := ls.of(row.UUID)
		if row.Channel != "" {
			l.channel = row.Channel
		}
		if to, ok := row.transfer(); ok && row.TransferSource != l.source {
			l.source = row.TransferSource
			l.transfers = append(l.transfers, to)
		}
		switch row.Name {
		case "CHANNEL_CREATE":
			l.created = row
			l.originator = row.Originator
		case "CHANNEL_OUTGOING":
			l.outbound = true
		case "CHANNEL_EXECUTE":
			if row.Application != "uuid_bridge" {
				l.executed = append(l.executed, row)
			}
		case "CHANNEL_HANGUP":
			l.hangup = row
		case "CHANNEL_HANGUP_COMPLETE":
			l.complete = row
		}
	}
}

// learnHooks notes what hooks say of each channel.
func (ls legs) learnHooks(rows []hookRow) {
	for i := range rows {
		row := &rows[i]
		if row.UUID == "" {
			continue
		}
		l := ls.of(row.UUID)
		if row.Channel != "" {
			l.channel = row.Channel
		}
		switch {
		case row.Source == "hook outgoing_channel":
			called := ls.of(row.NewUUID)
			called.outbound = true
			if called.originator == "" {
				called.originator = row.UUID
			}
			if l.called == "" {
				l.called = row.NewUUID
			}
		case row.Source == "event bind" && (row.Name == "CHANNEL_OUTGOING" || row.Name == "CHANNEL_ORIGINATE"):
			l.outbound = true
		}
	}
}

// transfer is the destination that a channel was sent to, out of "epoch:uuid:bl_xfer:destination/context/dialplan".
func (row *eventRow) transfer() (string, bool) {
	_, to, ok := strings.Cut(row.TransferSource, ":bl_xfer:")
	if !ok {
		return "", false
	}
	for range 2 {
		if slash := strings.LastIndexByte(to, '/'); slash >= 0 {
			to = to[:slash]
		}
	}
	return to, true
}

// numberOf is the number in a channel's name: sofia/internal/1001@192.0.2.1, loopback/1001-a, verto.rtc/1001.
func numberOf(channel string) string {
	number := channel[strings.LastIndexByte(channel, '/')+1:]
	number, _, _ = strings.Cut(number, "@")
	number = strings.TrimPrefix(number, "sip:")
	if isLoopback(channel) {
		number = strings.TrimSuffix(strings.TrimSuffix(number, "-a"), "-b")
	}
	return number
}

func isLoopback(channel string) bool { return strings.HasPrefix(channel, "loopback/") }

// loopbackBase is what the two ends of one loopback pair share.
func loopbackBase(channel string) string {
	return strings.TrimSuffix(strings.TrimSuffix(channel, "-a"), "-b")
}

// text is what the module would have read from the channel when it was created.
func (ls legs) text(l *leg) (engine.Text, engine.Direction) {
	direction := engine.DirectionInbound
	if l.outbound {
		direction = engine.DirectionOutbound
	}
	text := engine.Text{Hex: engine.LegIDOf(l.uuid).Hex(), UUID: l.uuid, Channel: l.channel}
	row := l.created
	if row == nil {
		own := numberOf(l.channel)
		if l.outbound {
			text.Destination = own
			if from := ls[l.originator]; from != nil {
				text.CallerNumber = numberOf(from.channel)
			}
		} else {
			text.CallerNumber = own
			if called := ls[l.called]; called != nil {
				text.Destination = numberOf(called.channel)
			}
		}
		return text, direction
	}
	if row.Direction == "inbound" {
		direction = engine.DirectionInbound
	}
	text.CallerNumber, text.CallerName = row.CallerNumber, row.CallerName
	text.Destination, text.Context = row.Destination, row.Context
	text.SIPCallID, text.CTICallID = row.SIPCallID, row.CTICallID
	text.User = row.UserName
	if direction == engine.DirectionOutbound {
		text.User = row.DialedUser
	}
	return text, direction
}

var dispositions = map[string]engine.Disposition{
	"": engine.DispositionNone, "recv_bye": engine.RecvBye, "recv_cancel": engine.RecvCancel,
	"recv_refuse": engine.RecvRefuse, "send_bye": engine.SendBye, "send_cancel": engine.SendCancel,
	"send_refuse": engine.SendRefuse,
}

// end is how an event says that a channel ended; a nil row says nothing.
func (f *file) end(row *eventRow) (cause uint16, disposition engine.Disposition, err error) {
	if row == nil {
		return engine.CauseNone, engine.DispositionNone, nil
	}
	disposition, ok := dispositions[row.Disposition]
	if !ok {
		return 0, 0, f.errorAt(row.line, "sip_hangup_disposition %q is not one of the switch's", row.Disposition)
	}
	cause, ok = engine.CauseByName(row.HangupCause)
	if !ok && row.HangupCause != "" {
		return 0, 0, f.errorAt(row.line, "Hangup-Cause %q is not one of the switch's", row.HangupCause)
	}
	return cause, disposition, nil
}
