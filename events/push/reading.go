package push

import (
	"slices"

	"modcti/engine"
	"modcti/events"
)

// What is told of a thing that does not exist, and of one that the client may not know of.
var unknown = map[requestKind]refusal{
	requestUnknown:   {events.CallUnknown, "The answer came too late to be told: ask again."},
	requestQueryCall: {events.NotFoundCallID, "The call is not known here: it has ended, or callID is wrong."},
	requestQueryAgent: {events.NotFoundAgentID,
		"The agent is not known here, or is not at that phone: check agentUUID, agentID and thisDN."},
	requestQueryQueue: {events.NotFoundQueue, "The queue is not known here: check thisQueue."},
}

// mayRead returns the answer to a request as the client's rights let it read it (protocol.md 7). What it may not know of
// is answered exactly as what does not exist.
func (c *client) mayRead(m events.Message, w *awaited) events.Message {
	p, why := c.principal, unknown[w.kind]
	mine, code := true, int64(0)
	switch m := m.(type) {
	case *events.CallInfo:
		mine = m.CompanyID == p.company && p.permitsParties(m.Parties)
	case *events.AgentInfo:
		mine = m.CompanyID == p.company && p.permitsDN(m.ThisDN)
	case *events.QueueInfo:
		mine = m.CompanyID == p.company && p.permitsDN(m.ThisQueue)
	case *events.PartyError:
		code = m.ErrorCode
	case *events.AgentError:
		code = m.ErrorCode
	case *events.Subscribed:
		return p.readable(m)
	}
	if !mine || code != 0 && code == int64(why.code) {
		return w.refusalOf(*m.Common(), why)
	}
	return m
}

// refusalOf answers a request that the engine has been handed.
func (w *awaited) refusalOf(header events.Header, why refusal) events.Message {
	r := &request{name: w.name, kind: w.kind, referenceID: w.reference, engine: engine.Request{
		CallID: w.callID, ThisDN: w.thisDN, AgentUUID: w.agentUUID, AgentID: w.agentID, ThisQueue: w.queue,
	}}
	return r.refusalOf(header, why)
}

// readable is a snapshot without the calls, agents and queues that are not the principal's to know of.
func (p *principal) readable(m *events.Subscribed) *events.Subscribed {
	if p.allDNs {
		return m
	}
	less := *m
	less.Snapshot = slices.DeleteFunc(slices.Clone(m.Snapshot), func(s events.CallSnapshot) bool {
		return !p.permitsParties(s.Parties)
	})
	less.Agents = slices.DeleteFunc(slices.Clone(m.Agents), func(a events.AgentStatus) bool { return !p.permitsDN(a.ThisDN) })
	less.Queues = slices.DeleteFunc(slices.Clone(m.Queues), func(q events.QueueStatus) bool {
		return !p.permitsDN(q.ThisQueue)
	})
	return &less
}
