// Package cdr folds the engine's records into call detail records: what the store's tables hold once the records are
// written, without a database.
package cdr

import (
	"slices"

	"modcti/engine"
)

// CDR is one call with its participants in order of joining, and why it went where it went: its stays in queues and the
// offers to agents, in the order of their beginning.
type CDR struct {
	Call    engine.CallRecord
	Closed  bool
	Parties []Party
	Stays   []engine.QueueRecord
	Offers  []engine.OfferRecord
}

// Party is one participant with its state changes.
type Party struct {
	engine.PartyRecord
	Closed bool
	States []engine.StateRecord
}

// Fold collects records in the order in which the engine made them. The zero Fold is ready.
type Fold struct {
	byID   map[string]*CDR
	order  []*CDR
	agents map[string]int // place in states
	states []engine.AgentRecord

	// Faults counts records that fit nothing: a second opening, or a part of a call that was never opened or is closed, and a
	// state change that the store would not find again by its participant.
	Faults int
}

// Add takes the records of one step.
func (f *Fold) Add(records []engine.Record) {
	for i := range records {
		f.add(&records[i])
	}
}

func (f *Fold) add(r *engine.Record) {
	switch r.Kind {
	case engine.CallOpened:
		f.open(&r.Call)
	case engine.CallUpdated:
		if c := f.live(r.Call.CallID); c != nil {
			c.Call = r.Call
		}
	case engine.CallClosed:
		if c := f.live(r.Call.CallID); c != nil {
			c.close(&r.Call)
		}
	case engine.PartyOpened:
		if c := f.live(r.Party.CallID); c != nil {
			c.Parties = append(c.Parties, Party{PartyRecord: r.Party})
		}
	case engine.PartyUpdated, engine.PartyClosed:
		if p := f.party(r.Party.CallID, r.Party.PartyID); p != nil {
			p.PartyRecord, p.Closed = r.Party, r.Kind == engine.PartyClosed
		}
	case engine.PartyState:
		if p := f.party(r.State.CallID, r.State.PartyID); p != nil {
			p.States = append(p.States, r.State)
			if r.State.StartMillis != p.StartMillis {
				f.Faults++
			}
		}
	case engine.QueueEntered, engine.QueueLeft:
		f.stay(r.Kind, r.Queue)
	case engine.OfferMade, engine.OfferEnded:
		f.offer(r.Kind, r.Offer)
	case engine.AgentChanged:
		f.agent(r.Agent)
	case engine.RecordNone:
		f.Faults++
	}
}

func (f *Fold) open(c *engine.CallRecord) {
	if f.byID == nil {
		f.byID = make(map[string]*CDR)
	}
	if have := f.byID[c.CallID]; have != nil && !have.Closed {
		f.Faults++
		return
	}
	made := &CDR{Call: *c}
	f.byID[c.CallID] = made
	f.order = append(f.order, made)
}

// interrupted is the outcome of what a call left open that came to no good end.
const interrupted = "interrupted"

func (c *CDR) close(r *engine.CallRecord) {
	c.Call, c.Closed = *r, true
	switch r.EndReason {
	case engine.EndInterrupted, engine.EndVanished, engine.EndFaulted:
	default:
		return
	}
	for i := range c.Stays {
		if s := &c.Stays[i]; s.Outcome == "" && !s.Callback {
			s.Outcome, s.LeftMillis = interrupted, r.EndMillis
		}
	}
	for i := range c.Offers {
		if o := &c.Offers[i]; o.Outcome == "" {
			o.Outcome, o.EndMillis = interrupted, r.EndMillis
		}
	}
}

func (f *Fold) live(id string) *CDR {
	c := f.byID[id]
	if c == nil || c.Closed {
		f.Faults++
		return nil
	}
	return c
}

func (f *Fold) party(call, party string) *Party {
	c := f.live(call)
	if c == nil {
		return nil
	}
	for i := range c.Parties {
		if p := &c.Parties[i]; p.PartyID == party && !p.Closed {
			return p
		}
	}
	f.Faults++
	return nil
}

// routed is the call that a stay or an offer belongs to. A call-back outlives its call.
func (f *Fold) routed(id string) *CDR {
	c := f.byID[id]
	if c == nil {
		f.Faults++
	}
	return c
}

// stay takes a stay's beginning, and its end, which must have begun.
func (f *Fold) stay(kind engine.RecordKind, r *engine.QueueRecord) {
	c := f.routed(r.CallID)
	if c == nil {
		return
	}
	put(f, &c.Stays, r, kind == engine.QueueEntered, func(s engine.QueueRecord) bool {
		return s.PartyID == r.PartyID && s.QueueID == r.QueueID && s.EnteredMillis == r.EnteredMillis && s.Outcome == ""
	})
}

// put adds what begins, and puts what ends in the place of its beginning.
func put[T any](f *Fold, list *[]T, r *T, begins bool, beginning func(T) bool) {
	if begins {
		*list = append(*list, *r)
	} else if at := slices.IndexFunc(*list, beginning); at >= 0 {
		(*list)[at] = *r
	} else {
		f.Faults++
	}
}

// offer takes an offer's beginning, and its end, which must have begun.
func (f *Fold) offer(kind engine.RecordKind, r *engine.OfferRecord) {
	c := f.routed(r.CallID)
	if c == nil {
		return
	}
	put(f, &c.Offers, r, kind == engine.OfferMade, func(o engine.OfferRecord) bool {
		return o.PartyID == r.PartyID && o.AgentUUID == r.AgentUUID && o.AtMillis == r.AtMillis && o.Outcome == ""
	})
}

func (f *Fold) agent(r *engine.AgentRecord) {
	if f.agents == nil {
		f.agents = make(map[string]int)
	}
	at, known := f.agents[r.UUID]
	if !known {
		at = len(f.states)
		f.agents[r.UUID] = at
		f.states = append(f.states, engine.AgentRecord{})
	}
	f.states[at] = *r
}

// Open are the calls that are not over, as the store hands them to the next start.
func (f *Fold) Open() (open []engine.OpenCall) {
	for _, c := range f.order {
		if c.Closed {
			continue
		}
		o := engine.OpenCall{Call: c.Call}
		for _, p := range c.Parties {
			if p.Closed {
				continue
			}
			state := engine.StateRecord{CallID: p.CallID, PartyID: p.PartyID} // as the store has it of who has none
			if n := len(p.States); n > 0 {
				state = p.States[n-1]
			}
			o.Parties, o.States = append(o.Parties, p.PartyRecord), append(o.States, state)
		}
		open = append(open, o)
	}
	return open
}

// CDRs returns all calls in the order of their beginning.
func (f *Fold) CDRs() []*CDR { return f.order }

// Agents returns the last state of each agent, in the order of their first.
func (f *Fold) Agents() []engine.AgentRecord { return f.states }
