package push

import (
	"fmt"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// requestKind tells who serves a request of protocol.md 3 to 5.
type requestKind uint8

const (
	requestUnknown requestKind = iota
	requestOpen
	requestHeartbeat
	requestRegisterDN // the effect of this and the next three lives in the connection
	requestUnregisterDN
	requestSubscribe
	requestUnsubscribe
	requestQueryCall
	requestQueryAgent
	requestQueryQueue
	requestOnCall  // one of callRequests
	requestOnAgent // one of agentRequests
)

var requestKinds = map[string]requestKind{
	"RequestOpen":         requestOpen,
	"RequestHeartbeat":    requestHeartbeat,
	"RequestRegisterDN":   requestRegisterDN,
	"RequestUnregisterDN": requestUnregisterDN,
	"RequestSubscribe":    requestSubscribe,
	"RequestUnsubscribe":  requestUnsubscribe,
	"RequestQueryCall":    requestQueryCall,
	"RequestQueryAgent":   requestQueryAgent,
	"RequestQueryQueue":   requestQueryQueue,
}

func init() {
	for name := range callRequests {
		requestKinds[name] = requestOnCall
	}
	for name := range agentRequests {
		requestKinds[name] = requestOnAgent
	}
}

// request is a client's message once it is known to be one JSON object.
type request struct {
	name        string
	kind        requestKind
	referenceID int64
	key         string // requestKey
	engine      engine.Request
	act         *action     // of requestOnCall and requestOnAgent
	share       bool        // RequestRegisterDN: the client is going to act for thisDN
	messages    interest    // RequestSubscribe
	open        openRequest // RequestOpen
	bad         *refusal    // the first fault among the fields
	fields      []field
}

// openRequest holds what only RequestOpen carries.
type openRequest struct {
	token, clientName, companyID string
	profile                      events.Profile
	resume                       bool
	resumeFrom                   uint64
}

// refusal is why a request is not done: a code of protocol.md 6 and a sentence that says what to do.
type refusal struct {
	code   events.Code
	detail string
}

// parse reads the fields of a message. What is wrong with them is in bad; the name, the reference and the key are read
// in any case, so that the refusal can name them. Nothing of the frame is kept.
func (r *request) parse(fields []field) {
	*r = request{fields: fields}
	r.referenceID = r.integer("referenceID", optional, 0, referenceMax)
	messageID, _ := r.present("messageID")
	if name, ok := stringOf(messageID); ok {
		r.name, r.kind = clip(name), requestKinds[name]
	} else {
		r.bad = &refusal{events.MessageIDNotMatch, "messageID is missing or not a string: name a request in it."}
	}
	r.key = r.text("requestKey", optional, textLenMax)
	switch r.kind {
	case requestOpen:
		r.parseOpen()
	case requestUnknown, requestHeartbeat:
	default:
		r.parseEngine()
	}
	r.fields = nil
}

func (r *request) parseOpen() {
	if r.integer("protocol", required, 0, referenceMax) != 1 {
		r.fault("protocol", "must be 1, the version that this server speaks")
	}
	r.open.token = r.text("token", optional, tokenLenMax)
	r.open.clientName = r.text("clientName", optional, textLenMax)
	r.open.companyID = r.text("companyId", optional, textLenMax)
	if r.word("profile", optional, "basic", "full") == "full" {
		r.open.profile = events.Full
	}
	if r.word("epochUnit", optional, "ms", "us") == "us" {
		r.open.profile |= events.Micros
	}
	_, r.open.resume = r.present("resumeFrom")
	r.open.resumeFrom = uint64(r.integer("resumeFrom", optional, 0, referenceMax))
}

func (r *request) parseEngine() {
	e := &r.engine
	e.Name, e.ReferenceID = r.name, r.referenceID
	switch r.kind {
	case requestRegisterDN:
		e.Kind = engine.RequestRegisterDN
		e.ThisDN = r.number("thisDN", required)
		r.share = r.word("mode", optional, "share", "monitor") != "monitor"
	case requestUnregisterDN:
		e.Kind = engine.RequestUnregisterDN
		e.ThisDN = r.number("thisDN", required)
	case requestSubscribe:
		e.Kind = engine.RequestSubscribe
		r.parseScope()
		r.messages = r.names("messages")
		if e.Scope != "" && e.Scope != "company" && len(e.IDs) == 0 {
			r.fault("ids", "must name at least one "+e.Scope)
		}
	case requestUnsubscribe:
		e.Kind = engine.RequestUnsubscribe
		r.parseScope()
	case requestQueryCall:
		e.Kind = engine.RequestQueryCall
		e.CallID = r.text("callID", required, textLenMax)
		e.ThisDN = r.number("thisDN", optional)
	case requestQueryAgent:
		r.parseQueryAgent()
	case requestQueryQueue:
		r.parseQueryQueue()
	case requestOnCall:
		r.parseOnCall()
	case requestOnAgent:
		r.parseOnAgent()
	case requestUnknown, requestOpen, requestHeartbeat:
	}
}

func (r *request) parseScope() {
	r.engine.Scope = r.word("scope", required, "company", "queue", "agent", "call")
	r.engine.IDs = r.list("ids", idsMax, textLenMax)
}

const (
	required = true
	optional = false
)

// fault notes the first field that is wrong.
func (r *request) fault(name, problem string) {
	if r.bad == nil {
		r.bad = &refusal{events.InvalidParams, fmt.Sprintf("%s %s.", name, problem)}
	}
}

// present finds a field; null is as good as absent.
func (r *request) present(name string) (field, bool) {
	for i := range r.fields {
		if f := &r.fields[i]; f.name == name {
			return *f, f.kind != kindNull
		}
	}
	return field{}, false
}

// want finds a field of a type; a required one that is missing is a fault.
func (r *request) want(name string, must bool, k kind, typeName string) (field, bool) {
	f, has := r.present(name)
	switch {
	case !has && must:
		r.fault(name, "is missing: it must be "+typeName)
	case has && f.kind != k:
		r.fault(name, "is of the wrong type: it must be "+typeName)
		return field{}, false
	}
	return f, has
}

// integer reads a whole number from least to most; 0 stands for one that is absent.
func (r *request) integer(name string, must bool, least, most int64) int64 {
	f, has := r.want(name, must, kindNumber, "a whole number")
	if !has {
		return 0
	}
	n, err := strconv.ParseInt(f.raw, 10, 64)
	if err != nil || n < least || n > most {
		r.fault(name, fmt.Sprintf("must be a whole number from %d to %d", least, most))
		return 0
	}
	return n
}

// text reads a string of at most size bytes without control characters; a required one must not be empty.
func (r *request) text(name string, must bool, size int) string {
	return strings.Clone(r.view(name, must, size))
}

// view is text for what is looked at and not kept: it may lie in the frame.
func (r *request) view(name string, must bool, size int) string {
	f, has := r.want(name, must, kindString, "a string")
	if !has {
		return ""
	}
	text, _ := stringOf(f)
	switch {
	case len(text) > size:
		r.fault(name, fmt.Sprintf("is longer than %d bytes", size))
		return ""
	case strings.ContainsFunc(text, isControl):
		r.fault(name, "holds a control character")
		return ""
	case text == "" && must:
		r.fault(name, "is empty")
	}
	return text
}

// word reads a string that is one of a few.
func (r *request) word(name string, must bool, words ...string) string {
	text := r.view(name, must, textLenMax)
	for _, w := range words {
		if text == w {
			return w
		}
	}
	if text != "" {
		r.fault(name, "must be one of "+strings.Join(words, ", "))
	}
	return ""
}

// number reads a telephone number.
func (r *request) number(name string, must bool) string {
	text := r.view(name, must, textLenMax)
	if text != "" && (len(text) > numberLenMax || !events.IsNumber(text)) {
		r.fault(name, fmt.Sprintf("must be 1 to %d characters out of 0-9 A-D * #, with a + at most in front", numberLenMax))
		return ""
	}
	return strings.Clone(text)
}

func isControl(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }

// list reads an array of at most so many strings, each as text does.
func (r *request) list(name string, most, size int) []string {
	f, has := r.want(name, optional, kindArray, "an array of strings")
	if !has {
		return nil
	}
	var list []string
	s := scanner{data: f.raw, pos: 1}
	for !s.take(']') {
		s.take(',')
		s.space()
		k, raw, err := s.value(1)
		text, ok := stringOf(field{kind: k, raw: raw})
		switch {
		case err != nil || !ok:
			r.fault(name, "must be an array of strings")
			return nil
		case text == "" || len(text) > size || strings.ContainsFunc(text, isControl):
			r.fault(name, fmt.Sprintf("must hold strings of 1 to %d bytes without control characters", size))
			return nil
		case len(list) == most:
			r.fault(name, fmt.Sprintf("holds more than %d entries", most))
			return nil
		}
		list = append(list, strings.Clone(text))
	}
	return list
}

// names reads the names of messages to keep; none keeps all.
func (r *request) names(name string) interest {
	list := r.list(name, messagesMax, textLenMax)
	if len(list) == 0 {
		return everything
	}
	var kept interest
	for _, n := range list {
		one := interestOf(n)
		if one == 0 {
			r.fault(name, "holds the unknown event name "+strconv.Quote(n))
			return 0
		}
		kept |= one
	}
	return kept
}

// stringOf is what a string value means; it may lie in the frame.
func stringOf(f field) (string, bool) {
	if f.kind != kindString || len(f.raw) == 0 {
		return "", false
	}
	s := scanner{data: f.raw}
	text, err := s.text()
	return text, err == nil
}

// clip copies a name that came from outside and may be repeated to it, and shortens it.
func clip(name string) string {
	if len(name) > textLenMax {
		name = strings.ToValidUTF8(name[:textLenMax], "")
	}
	return strings.Clone(name)
}
