package engine

import (
	"cmp"
	"slices"

	"modcti/events"
)

// request answers what a client asks of the model itself. Nothing changes by it (protocol.md 3).
func (e *Engine) request(r *Request) {
	if r == nil {
		return
	}
	switch r.Kind {
	case RequestRegisterDN:
		e.registered(r)
	case RequestUnregisterDN:
		e.reply(r, &events.Unregistered{ThisDN: r.ThisDN, Reason: "request"})
	case RequestSubscribe:
		e.subscribed(r)
	case RequestUnsubscribe:
		e.reply(r, &events.Unsubscribed{Scope: r.Scope, IDs: r.IDs})
	case RequestQueryCall:
		e.queryCall(r)
	case RequestQueryQueue:
		e.queueInfo(r)
	case RequestQueryAgent, RequestAgentLogin, RequestAgentLogout, RequestAgentReady, RequestAgentNotReady,
		RequestDelayAfterCallWork, RequestForceAgentState:
		e.ofAgent(r)
	default:
		e.control(r)
	}
}

// reply answers one client, with the number of the last event: the stream goes on from there.
func (e *Engine) reply(r *Request, m events.Message) {
	if r.Client == 0 { // asked by an operator or the dialplan, who are answered otherwise
		return
	}
	h := m.Common()
	h.Seq, h.ReferenceID, h.CompanyID = e.seq, r.ReferenceID, r.CompanyID
	h.CreationTime = events.Moment(e.in.WallMicros)
	e.out.Events = append(e.out.Events, Outgoing{Message: m, To: r.Client, Asker: r.Client, CallID: r.CallID})
}

func (e *Engine) refuse(r *Request, code events.Code, detail string) {
	e.stats.Refused++
	e.reply(r, &events.PartyError{
		CallID: r.CallID, ThisDN: r.ThisDN, ErrorCode: int64(code), ErrorMessage: code.Name(),
		Request: r.Name, Detail: detail,
	})
}

func (e *Engine) queryCall(r *Request) {
	c := e.callMeant(r)
	if c == nil {
		e.refuse(r, events.NotFoundCallID, "the call has ended or never was; read the calls of a DN with RequestRegisterDN")
		return
	}
	info := &events.CallInfo{
		CallID: c.id, ThisDN: r.ThisDN, Parties: c.infos(), CallType: c.callType.String(), ANI: c.ani, DNIS: c.dnis,
		AttachedData: c.data,
	}
	for p := c.first; p != nil; p = p.next {
		if r.ThisDN != "" && p.state != Released && e.belongsTo(p, r.CompanyID, r.ThisDN) {
			info.PartyID, info.PartyRole, info.OtherDN = p.names.hex, p.role.String(), p.otherDN
		}
	}
	e.reply(r, info)
}

// staffed tells whether agents and queues are the company's: they are the default company's.
func (e *Engine) staffed(company string) bool { return company == e.config.CompanyID }

// callMeant is the call that a request names, if its company may know of it.
func (e *Engine) callMeant(r *Request) *call {
	if c := e.callNamed(r.CallID); c != nil && !c.forming && c.company == r.CompanyID {
		return c
	}
	return nil
}

// registered answers RequestRegisterDN with all that is at the number (3.16).
func (e *Engine) registered(r *Request) {
	m := &events.Registered{ThisDN: r.ThisDN}
	parties := slices.Collect(e.partiesOf(r.CompanyID, r.ThisDN))
	slices.SortFunc(parties, func(p, q *party) int { return cmp.Compare(p.bornAt, q.bornAt) })
	for _, p := range parties {
		m.Parties = append(m.Parties, p.info())
	}
	if e.staffed(r.CompanyID) {
		if a := e.agentAt(r.ThisDN); a != nil {
			m.Agent = e.agentStatus(a)
		}
		if q := e.queueAt(r.ThisDN); q != nil {
			s := e.queueStatus(q)
			m.Queue = &s
		}
	}
	e.reply(r, m)
}

// subscribed answers RequestSubscribe with what is in scope (3.16).
func (e *Engine) subscribed(r *Request) {
	m := &events.Subscribed{Scope: r.Scope, IDs: r.IDs, Snapshot: e.callsIn(r)}
	if e.staffed(r.CompanyID) {
		for _, a := range e.Agents() {
			if r.Scope == "company" || r.Scope == "agent" && (r.names(a.AgentUUID) || r.names(a.ThisDN)) {
				m.Agents = append(m.Agents, a)
			}
		}
		for _, q := range e.Queues() {
			if r.Scope == "company" || r.Scope == "queue" && r.names(q.ThisQueue) {
				m.Queues = append(m.Queues, q)
			}
		}
	}
	e.reply(r, m)
}

func (r *Request) names(id string) bool { return slices.Contains(r.IDs, id) }

// callsIn lists the live calls of a subscription's scope.
func (e *Engine) callsIn(r *Request) (list []events.CallSnapshot) {
	inScope := func(c *call) bool { return !c.forming && c.company == r.CompanyID && c.inScope(r) }
	for _, c := range e.callsWho(inScope) {
		list = append(list, events.CallSnapshot{
			CallID: c.id, CallType: c.callType.String(), ANI: c.ani, DNIS: c.dnis, Parties: c.infos(),
		})
	}
	return list
}

func (c *call) inScope(r *Request) bool {
	switch r.Scope {
	case "company":
		return true
	case "call":
		return r.names(c.id)
	case "agent":
		if c.reached(r.names) {
			return true
		}
	}
	for p := c.first; p != nil; p = p.next {
		if r.Scope == "agent" && p.agent != nil && r.names(p.agent.config.UUID) || r.Scope == "queue" && r.names(p.queueID()) {
			return true
		}
	}
	return false
}

func (c *call) infos() (list []events.PartyInfo) {
	for p := c.first; p != nil; p = p.next {
		if p.state != Released {
			list = append(list, p.info())
		}
	}
	return list
}

func (p *party) info() events.PartyInfo {
	since := p.stateSinceMillis
	if since == 0 {
		since = p.millis(p.times.created)
	}
	return events.PartyInfo{
		ThisDN: p.thisDN, AgentDN: p.agentDN(), DNRole: p.dnRole.String(), CreateTime: p.millis(p.times.created), CallID: p.call.id,
		PartyID: p.names.hex, PartyRole: p.role.String(), State: p.state.String(), OtherDN: p.otherDN, Since: since,
		Observed: p.observed(), Muted: p.muted,
	}
}

// observed tells whether somebody in the call listens to this party (3.10).
func (p *party) observed() bool {
	for q := p.call.first; q != nil; q = q.next {
		if q.observer && q.state == Talk && q.otherDN == p.thisDN {
			return true
		}
	}
	return false
}

// Calls returns every live call that clients know of, oldest first.
func (e *Engine) Calls() (list []CallView) {
	for _, c := range e.callsWho(func(c *call) bool { return !c.forming }) {
		list = append(list, c.view())
	}
	return list
}

// Call returns one live call.
func (e *Engine) Call(id string) (CallView, bool) {
	if c := e.callNamed(id); c != nil && !c.forming {
		return c.view(), true
	}
	return CallView{}, false
}

func (c *call) view() CallView {
	v := CallView{
		CallID: c.id, CallType: c.callType.String(), ThisDN: c.thisDN, OtherDN: c.otherDN, ANI: c.ani, DNIS: c.dnis,
		StartMillis: c.millis(c.created), AttachedData: c.data,
	}
	for p := c.first; p != nil; p = p.next {
		if p.state != Released {
			v.Parties = append(v.Parties, PartyView{PartyInfo: p.info(), LegUUID: p.names.uuid, Channel: p.names.channel})
		}
	}
	return v
}
