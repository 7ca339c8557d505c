package main

import (
	"modcti/engine"
	"modcti/events"
)

// fired is what the host fires as CUSTOM cti::event: the headers of protocol.md 1, and the JSON.
type fired struct {
	messageID, callID, partyID, thisDN, agentUUID, companyID string
	seq                                                      uint64
	body                                                     []byte // the sender's; valid during the call
}

// firedOf reads the headers from an event. What a message does not have is empty.
func firedOf(out *engine.Outgoing, body []byte) fired {
	m := out.Message
	header := m.Common()
	f := fired{messageID: m.Name(), callID: out.CallID, companyID: header.CompanyID, seq: header.Seq, body: body}
	switch m := m.(type) {
	case interface{ Party() *events.CallPart }:
		part := m.Party()
		f.callID, f.partyID, f.thisDN = part.CallID, part.PartyID, part.ThisDN
	case *events.CallCreated:
		f.callID, f.partyID, f.thisDN = m.CallID, m.PartyID, m.ThisDN
	case *events.CallDeleted:
		f.callID, f.partyID, f.thisDN = m.CallID, m.PartyID, m.ThisDN
	case *events.DelayAfterCallWork:
		f.callID, f.partyID, f.thisDN, f.agentUUID = m.CallID, m.PartyID, m.ThisDN, m.AgentUUID
	case interface{ Agent() *events.AgentPart }:
		part := m.Agent()
		f.agentUUID, f.thisDN = part.AgentUUID, part.ThisDN
	}
	return f
}
