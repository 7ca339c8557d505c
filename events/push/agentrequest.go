package push

import (
	"fmt"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// agentRequests are the rows of the table in protocol.md 5. An agent's own requests are made for the phone that he uses,
// thisDN; a supervisor names the agent.
var agentRequests = map[string]*action{
	"RequestAgentLogin":         {kind: engine.RequestAgentLogin, parse: (*request).parseLogin},
	"RequestAgentLogout":        {kind: engine.RequestAgentLogout, parse: (*request).parseLogout},
	"RequestAgentReady":         {kind: engine.RequestAgentReady},
	"RequestAgentNotReady":      {kind: engine.RequestAgentNotReady, parse: (*request).parseNotReady},
	"RequestDelayAfterCallWork": {kind: engine.RequestDelayAfterCallWork, parse: (*request).parseDelay},
	"RequestForceAgentState":    {kind: engine.RequestForceAgentState, parse: (*request).parseForce, supervises: true},
}

// parseOnAgent reads a request of protocol.md 5. Where it names the agent more than once, the engine holds the names
// against each other.
func (r *request) parseOnAgent() {
	r.act = agentRequests[r.name]
	e := &r.engine
	e.Kind = r.act.kind
	e.AgentUUID = r.text("agentUUID", r.act.supervises, textLenMax)
	e.AgentID = r.text("agentID", optional, textLenMax)
	e.ThisDN = r.number("thisDN", !r.act.supervises)
	e.AttachedData = r.data("attachedData")
	if r.act.parse != nil {
		r.act.parse(r)
	}
}

// parseLogin reads what an agent begins with: not ready unless he says otherwise (R42).
func (r *request) parseLogin() {
	e := &r.engine
	if e.AgentUUID == "" && e.AgentID == "" {
		r.fault("agentUUID", "and agentID are missing: one of them must name the agent")
	}
	e.ThisQueues = r.queues("thisQueues")
	e.PhoneType = r.integer("phoneType", optional, events.PhoneWeb, events.PhoneSIP)
	e.AgentState = r.integer("agentState", optional, events.AgentStateReady, events.AgentStateNotReady)
	e.ReasonCode = r.reason(optional)
	switch {
	case e.AgentState == events.AgentStateReady:
		e.ReasonCode = events.ReasonNone
	case e.ReasonCode == events.ReasonNone:
		e.ReasonCode = events.ReasonDoNotDisturb
		fallthrough
	default:
		e.AgentState = events.AgentStateNotReady
	}
}

func (r *request) parseLogout() { r.engine.ReasonCode = r.reason(optional) }

func (r *request) parseNotReady() { r.engine.ReasonCode = r.reason(required) }

func (r *request) parseDelay() {
	r.engine.DelaySeconds = r.integer("delaySeconds", required, 1, delaySecondsMax)
}

func (r *request) parseForce() {
	r.engine.AgentState = r.integer("agentState", required, events.AgentStateLoggedOut, events.AgentStateNotReady)
	r.engine.ReasonCode = r.reason(optional)
}

func (r *request) parseQueryAgent() {
	e := &r.engine
	e.Kind = engine.RequestQueryAgent
	e.AgentUUID = r.text("agentUUID", optional, textLenMax)
	e.AgentID = r.text("agentID", optional, textLenMax)
	e.ThisDN = r.number("thisDN", optional)
	if e.AgentUUID == "" && e.AgentID == "" && e.ThisDN == "" {
		r.fault("agentUUID", "agentID and thisDN are missing: one of them must name the agent")
	}
}

func (r *request) parseQueryQueue() {
	r.engine.Kind = engine.RequestQueryQueue
	r.engine.ThisQueue = strings.TrimSpace(r.text("thisQueue", required, textLenMax))
	if r.engine.ThisQueue == "" {
		r.fault("thisQueue", "is empty")
	}
}

// reason reads a reasonCode that a client may give; where it need not give one, 0 is none.
func (r *request) reason(must bool) int64 {
	code := r.integer("reasonCode", must, 0, events.ReasonLast)
	if (code != events.ReasonNone || must) && !events.ReasonByRequest(code) {
		r.fault("reasonCode", fmt.Sprintf("must be %d, %d, %d, or the company's own from %d to %d", events.ReasonDoNotDisturb,
			events.ReasonAfterCallWork, events.ReasonRest, events.ReasonRest+1, events.ReasonLast))
		return 0
	}
	return code
}

// queues reads the names of queues, each once and trimmed (R27).
func (r *request) queues(name string) (list []string) {
	seen := make(map[string]bool)
	for _, queue := range r.list(name, idsMax, textLenMax) {
		queue = strings.TrimSpace(queue)
		if queue == "" {
			r.fault(name, "must hold no empty name")
			return nil
		}
		if !seen[queue] {
			list = append(list, queue)
		}
		seen[queue] = true
	}
	return list
}

// refusalOf answers a request with EventAgentError if it is on an agent, else with EventPartyError (protocol.md 6).
func (r *request) refusalOf(header events.Header, why refusal) events.Message {
	header.ReferenceID = r.referenceID
	e := &r.engine
	if r.kind == requestOnAgent || r.kind == requestQueryAgent {
		return &events.AgentError{
			Header: header,
			AgentPart: events.AgentPart{
				AgentID: e.AgentID, AgentUUID: e.AgentUUID, ThisDN: e.ThisDN, ThisQueues: e.ThisQueues,
				AttachedData: e.AttachedData,
			},
			ErrorCode: int64(why.code), ErrorMessage: why.code.Name(), Request: r.name, Detail: why.detail,
		}
	}
	dn := e.ThisDN
	if r.kind == requestQueryQueue {
		dn = e.ThisQueue
	}
	return &events.PartyError{
		Header: header, CallID: e.CallID, ThisDN: dn, AttachedData: e.AttachedData,
		ErrorCode: int64(why.code), ErrorMessage: why.code.Name(), Request: r.name, Detail: why.detail,
	}
}
