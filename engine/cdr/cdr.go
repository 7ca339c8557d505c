// Package cdr folds the engine's records into call detail records: what the store's tables hold once the records are
// written, without a database.
package cdr

import "modcti/engine"

// CDR is one call with its participants in order of joining.
type CDR struct {
	Call    engine.CallRecord
	Closed  bool
	Parties []Party
}

// Party is one participant with its state changes.
type Party struct {
	engine.PartyRecord
	Closed bool
	States []engine.StateRecord
}

// Fold collects records in the order in which the engine made them. The zero Fold is ready.
type Fold struct {
	byID  map[string]*CDR
	order []*CDR

	// Faults counts records that fit nothing: a second opening, or a part of a call that was never opened or is closed.
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
			c.Call, c.Closed = r.Call, true
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
		}
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

// CDRs returns all calls in the order of their beginning.
func (f *Fold) CDRs() []*CDR { return f.order }
