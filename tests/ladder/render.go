package ladder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/events"
)

var commandNames = [...]string{
	"none", "snapshot", "set", "hangup", "originate", "bridge", "wait", "join-room", "hold", "unhold", "mute", "unmute",
	"send-dtmf", "answer", "eavesdrop", "eavesdrop-mode", "record-start", "record-stop", "record-pause", "record-resume",
	"return", "say", "presence", "voicemail", "find-device",
}

func commandName(k engine.CommandKind) string { return commandNames[k] }

// commandText is a command's kind, the leg that it acts on, and what else it says.
func (r *Run) commandText(c *engine.Command) string {
	words := []string{commandName(c.Kind)}
	leg := c.UUID
	if !c.Leg.IsZero() {
		leg = r.name(c.Leg.Hex())
	}
	other := r.name(c.Other.Hex())
	switch c.Kind {
	case engine.CommandSnapshot:
	case engine.CommandSetVariable:
		value := r.name(c.Value)
		if millis, err := strconv.ParseInt(value, 10, 64); err == nil && strings.HasSuffix(c.Name, "_ms") {
			value = relative(millis)
		}
		words = append(words, leg, c.Name+"="+value)
	case engine.CommandHangup:
		words = append(words, leg, engine.CauseName(c.Cause))
	case engine.CommandOriginate:
		words = append(words, leg+"="+c.Value, "call="+r.name(c.CallID), "from="+c.CallerNumber)
		if c.Name != "" {
			words = append(words, c.Name)
		}
		if c.CallerName != "" {
			words = append(words, "name="+strconv.Quote(c.CallerName))
		}
	case engine.CommandBridge, engine.CommandEavesdrop:
		words = append(words, leg, other, c.Name)
	case engine.CommandJoinRoom:
		words = append(words, leg, r.name(c.Name))
	default:
		words = append(words, leg, c.Name, c.Value)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func relative(millis int64) string {
	if millis == 0 {
		return "never"
	}
	return fmt.Sprintf("%dms", millis-StartWall/1000)
}

var hidden = map[string]bool{"messageID": true, "seq": true, "referenceID": true, "creationTime": true}

// render writes an event as: who hears it, its name, every field that says something, and whose request it answers.
func (r *Run) render(o *engine.Outgoing) string {
	raw := o.Message.AppendJSON(nil, events.Full)
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return "INVALID JSON " + string(raw)
	}
	text := strings.Join(o.DNs, ",")
	if o.To != 0 {
		text = fmt.Sprintf("client %d", o.To)
	}
	text += fmt.Sprintf(" < %s{%s}", o.Message.Name(), strings.Join(r.words(fields), " "))
	if o.FullOnly {
		text = "full: " + text
	}
	if ref := o.Message.Common().ReferenceID; ref != 0 {
		text += fmt.Sprintf(" ref=%d", ref)
	}
	if o.Asker != 0 && o.To == 0 {
		text += fmt.Sprintf(" client=%d", o.Asker)
	}
	return text
}

func (r *Run) words(fields map[string]json.RawMessage) (words []string) {
	for key, raw := range fields {
		if hidden[key] {
			continue
		}
		if word := r.word(key, raw); word != "" {
			words = append(words, word)
		}
	}
	sort.Strings(words)
	return words
}

func (r *Run) word(key string, raw json.RawMessage) string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return key + "=INVALID"
	}
	switch v := value.(type) {
	case string:
		if v == "" || key == "companyId" && v == Company {
			return ""
		}
		return key + "=" + r.name(v)
	case json.Number:
		n, err := v.Int64()
		switch {
		case err != nil || n == 0:
			return ""
		case strings.HasSuffix(key, "Uepoch") || key == "since" || key == "createTime" || key == "enteredTime" ||
			key == "expirationTime" || key == "wrapUpExpiration":
			return key + "=" + relative(n)
		}
		return key + "=" + v.String()
	case bool:
		if v {
			return key
		}
	case map[string]any:
		if len(v) > 0 {
			return key + "=" + string(raw)
		}
	case []any:
		return key + "=[" + r.list(raw) + "]"
	}
	return ""
}

func (r *Run) list(raw json.RawMessage) string {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return "INVALID"
	}
	var words []string
	for _, item := range items {
		fields := map[string]json.RawMessage{}
		var text string
		switch {
		case json.Unmarshal(item, &text) == nil:
			words = append(words, r.name(text))
		case json.Unmarshal(item, &fields) == nil:
			words = append(words, "{"+strings.Join(r.words(fields), " ")+"}")
		default:
			words = append(words, string(item))
		}
	}
	return strings.Join(words, " ")
}
