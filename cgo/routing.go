package main

import (
	"encoding/json"

	"modcti/engine"
)

// routingInfo is why a call went where it went, as `as json` shows it.
type routingInfo struct {
	Queues []stayInfo  `json:"queues"`
	Offers []offerInfo `json:"offers"`
}

type stayInfo struct {
	ThisQueue     string `json:"thisQueue"`
	PartyID       string `json:"partyID"`
	Priority      int    `json:"priority"`
	Position      int    `json:"position"`
	EnteredMillis int64  `json:"enteredMillis"`
	LeftMillis    int64  `json:"leftMillis"`
	Outcome       string `json:"outcome"`
	AgentUUID     string `json:"agentUUID"`
	Offers        int    `json:"offers"`
}

type offerInfo struct {
	AtMillis       int64           `json:"atMillis"`
	ThisQueue      string          `json:"thisQueue"`
	AgentUUID      string          `json:"agentUUID"`
	ThisDN         string          `json:"thisDN"`
	PartyID        string          `json:"partyID"`
	Strategy       string          `json:"strategy"`
	Level          int             `json:"level"`
	WaitedMillis   int64           `json:"waitedMillis"`
	Reason         string          `json:"reason"`
	CandidateCount int             `json:"candidateCount"`
	Candidates     json.RawMessage `json:"candidates"`
	EndMillis      int64           `json:"endMillis"`
	Outcome        string          `json:"outcome"`
}

// addRouting reads the receipts of a call from the store.
func (s *service) addRouting(callID string, to *routingInfo) error {
	stays, offers, err := s.store.Routing(callID)
	if err != nil {
		return err
	}
	*to = routingOf(stays, offers)
	return nil
}

func routingOf(stays []engine.QueueRecord, offers []engine.OfferRecord) routingInfo {
	r := routingInfo{Queues: []stayInfo{}, Offers: []offerInfo{}}
	for i := range stays {
		q := &stays[i]
		r.Queues = append(r.Queues, stayInfo{ThisQueue: q.QueueID, PartyID: q.PartyID, Priority: q.Priority,
			Position: q.Position, EnteredMillis: q.EnteredMillis, LeftMillis: q.LeftMillis, Outcome: q.Outcome,
			AgentUUID: q.AgentUUID, Offers: q.Offers})
	}
	for i := range offers {
		o := &offers[i]
		info := offerInfo{AtMillis: o.AtMillis, ThisQueue: o.QueueID, AgentUUID: o.AgentUUID, ThisDN: o.AgentDN,
			PartyID: o.PartyID, Strategy: o.Strategy, Level: o.Level, WaitedMillis: o.WaitedMillis, Reason: o.Reason,
			CandidateCount: o.CandidateCount, Candidates: json.RawMessage("null"), EndMillis: o.EndMillis, Outcome: o.Outcome}
		if json.Valid([]byte(o.Candidates)) {
			info.Candidates = json.RawMessage(o.Candidates)
		}
		r.Offers = append(r.Offers, info)
	}
	return r
}

// tables are for people: none for a call that was in no queue.
func (r *routingInfo) tables() []table {
	if len(r.Queues)+len(r.Offers) == 0 {
		return nil
	}
	stays := table{header: []string{"queue", "entered", "left", "outcome", "agentUUID", "position", "offers"}}
	for _, q := range r.Queues {
		stays.add(q.ThisQueue, moment(q.EnteredMillis), moment(q.LeftMillis), q.Outcome, q.AgentUUID, q.Position, q.Offers)
	}
	offers := table{header: []string{"offered", "queue", "agentDN", "agentUUID", "outcome", "end", "level", "candidates", "reason"}}
	for _, o := range r.Offers {
		offers.add(moment(o.AtMillis), o.ThisQueue, o.ThisDN, o.AgentUUID, o.Outcome, moment(o.EndMillis), o.Level,
			o.CandidateCount, o.Reason)
	}
	return []table{stays, offers}
}
