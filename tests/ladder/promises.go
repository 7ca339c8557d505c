package ladder

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"

	"modcti/engine"
	"modcti/engine/cdr"
	"modcti/events"
)

// note keeps what the promises are about.
func (r *Run) note(o *engine.Outgoing) {
	m := o.Message
	ref := m.Common().ReferenceID
	r.line = m.AppendJSON(r.line[:0], events.Full)
	switch {
	case !json.Valid(r.line):
		r.breaks("%s is no JSON: %s", m.Name(), r.line)
	case ref != 0 && o.Asker == 0:
		r.breaks("%s has a referenceID that no client is to see (3.0-5)", m.Name())
	case ref != 0:
		key := asked{o.Asker, ref}
		if before := r.answered[key]; before != "" {
			r.breaks("request %d of client %d is answered by %s and by %s (3.0-5)", ref, o.Asker, before, m.Name())
		}
		r.answered[key] = m.Name()
	}
	r.checkCompany(o)
	if kind := r.asking[asked{o.Asker, ref}].kind; ref != 0 && !Answers(kind, m) {
		r.breaks("%s of %d answers a request of kind %d (protocol 4)", m.Name(), ref, kind)
	}
	if o.To != 0 { // an answer to one client is no event of the call: it has the number of the last
		return
	}
	if seq := m.Common().Seq; seq != r.lastSeq+1 {
		r.breaks("%s has number %d after %d (R55)", m.Name(), seq, r.lastSeq)
	}
	r.lastSeq++
	if o.CallID == "" { // of an agent or a queue
		return
	}
	e := eventSeen{name: m.Name(), callID: o.CallID}
	if end, ok := m.(*events.CallDeleted); ok {
		e.refused = end.NoCallReasonCode != ""
	}
	if party, ok := m.(interface{ Party() *events.CallPart }); ok {
		e.partyID = party.Party().PartyID
		r.checkCommon(m.Name(), m.Common(), party.Party())
	}
	r.seen = append(r.seen, e)
}

// checkCommon: an event of a party says whose and of what (R25); of who is to be called back a queue tells before he has one.
func (r *Run) checkCommon(name string, header *events.Header, part *events.CallPart) {
	if part.PartyID == "" && slices.Contains([]string{"EventQueued", "EventDiverted", "EventAbandoned"}, name) {
		return
	}
	for _, text := range []string{header.CompanyID, part.CallID, part.PartyID, part.CallType, part.PartyRole, part.ThisDN} {
		if text == "" || header.CreationTime == 0 {
			r.breaks("%s lacks one of the common fields (R25): %+v", name, part)
		}
	}
}

// checkCompany: what is told of a call is its company's alone, and so is who is answered by it (protocol.md 7).
func (r *Run) checkCompany(o *engine.Outgoing) {
	h := o.Message.Common()
	if asks := r.asking[asked{o.Asker, h.ReferenceID}].company; asks != "" && asks != h.CompanyID {
		r.breaks("%s of company %s answers a client of company %s (protocol 7)", o.Message.Name(), h.CompanyID, asks)
	}
	switch of := r.companyOf[o.CallID]; {
	case o.To != 0:
	case o.Message.Name() == "EventCallCreated":
		r.companyOf[o.CallID] = h.CompanyID
	case o.CallID == "" && h.CompanyID != Company, of != "" && of != h.CompanyID:
		r.breaks("%s is told to company %s (protocol 7)", o.Message.Name(), h.CompanyID)
	}
}

func (r *Run) breaks(format string, values ...any) {
	if r.broken == nil {
		r.broken = fmt.Errorf(format, values...)
	}
}

// checkCalls: nobody is in two calls at once, and no call is without parties.
func (r *Run) checkCalls() {
	in := map[string]string{}
	for _, c := range r.Engine.Calls() {
		for _, p := range c.Parties {
			if other := in[p.PartyID]; other != "" {
				r.breaks("party %s is in call %s and in call %s", r.name(p.PartyID), r.name(other), r.name(c.CallID))
			}
			in[p.PartyID] = c.CallID
		}
	}
}

// checkEnds: the record of a party says how it left its call as its release in full does (R37).
func (r *Run) checkEnds() {
	recorded := map[string]string{}
	for i := range r.out.Records {
		switch p := &r.out.Records[i].Party; r.out.Records[i].Kind {
		case engine.PartyOpened, engine.PartyUpdated:
			r.phoneOf[p.PartyID] = p.AgentUUID
		case engine.PartyClosed:
			recorded[p.PartyID] = p.CallState
			if of := r.phoneOf[p.PartyID]; of != "" && p.AgentUUID != of {
				r.breaks("%s is on the phone of agent %s, and its last record names %q (R45)", r.name(p.PartyID), of, p.AgentUUID)
			}
		default:
		}
	}
	for i := range r.out.Events {
		m, is := r.out.Events[i].Message.(*events.Released)
		if !is {
			continue
		}
		state, closed := recorded[m.PartyID]
		if told := cmp.Or(m.FullCallState, m.CallState); !closed || told != state && !showsOperation(m, told, state) {
			r.breaks("the release of %s says %q, and its record %q (closed: %v) (R37)", r.name(m.PartyID), told, state, closed)
		}
	}
}

// checkTimes: nothing has happened to a party before it began, or after it ended (R16).
func (r *Run) checkTimes() {
	for i := range r.out.Events {
		m, is := r.out.Events[i].Message.(*events.Released)
		if !is {
			continue
		}
		for _, at := range []events.Moment{m.ProgressUepoch, m.AnswerUepoch, m.BridgeUepoch, m.LastHoldUepoch, m.EndUepoch} {
			if at != 0 && (at < m.StartUepoch || at > m.EndUepoch) {
				r.breaks("the release of %s tells of %d, but is from %d to %d (R16)", r.name(m.PartyID), at, m.StartUepoch, m.EndUepoch)
			}
		}
	}
}

// showsOperation tells whether a release shows what its party was called for, which is no way of leaving.
func showsOperation(m *events.Released, told, recorded string) bool {
	switch told {
	case events.StateConsult:
		return m.Consulting
	case events.StateConference, events.StateRecall:
		return recorded == ""
	case events.StateTransferred:
		return recorded == "" && m.FullThirdDNRole == events.TransferBy
	}
	return false
}

// checkRefusal: a request that a step did nothing but refuse has changed nothing (protocol.md 6).
func (r *Run) checkRefusal(asks *engine.Request, before []engine.CallView) {
	refused := len(r.out.Events) > 0
	for i := range r.out.Events {
		o := &r.out.Events[i]
		name := o.Message.Name()
		refused = refused && o.Asker == asks.Client && o.Message.Common().ReferenceID == asks.ReferenceID &&
			(name == "EventPartyError" || name == "EventAgentError")
	}
	if !refused {
		return
	}
	commands, records := len(r.out.Commands), len(r.out.Records)
	for i := range r.out.Commands {
		if r.out.Commands[i].Kind == engine.CommandSnapshot { // the engine's own look at what is live
			commands--
		}
	}
	if commands+records > 0 {
		r.breaks("refused request %d has made %d commands and %d records (protocol 6)", asks.ReferenceID, commands, records)
	}
	if after := r.Engine.Calls(); !reflect.DeepEqual(before, after) {
		r.breaks("refused request %d has changed %+v into %+v (protocol 6)", asks.ReferenceID, before, after)
	}
}

// Promises checks 3.0-1, 3.0-2 and 3.0-5, that nobody is in two calls, that refusals change nothing, and that the CDRs
// are whole.
func (r *Run) Promises() error {
	if r.broken != nil {
		return r.broken
	}
	created, deleted := map[string]bool{}, map[string]bool{}
	parties := map[string]*partySeen{}
	for _, e := range r.seen {
		if e.name == "EventCallCreated" && deleted[e.callID] { // its leg's uuid was used again: another call
			delete(deleted, e.callID)
			delete(created, e.callID)
			clear(parties)
		}
		switch {
		case deleted[e.callID]:
			return fmt.Errorf("%s of call %s after EventCallDeleted (3.0-1)", e.name, r.name(e.callID))
		case e.name != "EventCallCreated" && !created[e.callID] && e.name != "EventCallDeleted":
			return fmt.Errorf("%s of call %s before EventCallCreated (3.0-1)", e.name, r.name(e.callID))
		case e.refused && created[e.callID]:
			return fmt.Errorf("call %s was told of, and its end has a code (R50)", r.name(e.callID))
		case e.name == "EventCallCreated" && created[e.callID]:
			return fmt.Errorf("two EventCallCreated for call %s (3.0-1)", r.name(e.callID))
		}
		created[e.callID] = created[e.callID] || e.name == "EventCallCreated"
		deleted[e.callID] = e.name == "EventCallDeleted"
		if e.partyID == "" {
			continue
		}
		if err := r.partyPromise(parties, e); err != nil {
			return err
		}
	}
	for id, p := range parties {
		if p.told && !p.released && deleted[p.callID] {
			return fmt.Errorf("party %s was never released, though its call ended (3.0-2)", r.name(id))
		}
	}
	return r.recordPromise(deleted)
}

type partySeen struct {
	callID         string
	told, released bool
}

// partyPromise: a party is released once, and nothing is said of it afterwards (3.0-2).
func (r *Run) partyPromise(parties map[string]*partySeen, e eventSeen) error {
	p := parties[e.partyID]
	if p == nil {
		p = &partySeen{}
		parties[e.partyID] = p
	}
	if p.released && e.name != "EventCallDeleted" {
		return fmt.Errorf("%s for party %s after its EventReleased (3.0-2)", e.name, r.name(e.partyID))
	}
	p.callID = e.callID
	switch e.name {
	case "EventDialing", "EventRinging", "EventEstablished":
		p.told = true
	case "EventReleased":
		p.released = true
	}
	return nil
}

func (r *Run) recordPromise(deleted map[string]bool) error {
	if r.Fold.Faults > 0 {
		return fmt.Errorf("%d records fit no CDR", r.Fold.Faults)
	}
	last := map[string]bool{}
	for _, c := range r.Fold.CDRs() {
		last[c.Call.CallID] = c.Closed
	}
	for _, c := range r.Fold.CDRs() {
		if last[c.Call.CallID] != deleted[c.Call.CallID] {
			return fmt.Errorf("call %s: CDR closed %v, EventCallDeleted %v",
				r.name(c.Call.CallID), c.Closed, deleted[c.Call.CallID])
		}
	}
	return nil
}

// CDRs says what each call and party came to, without times, in an order that does not depend on theirs.
func (r *Run) CDRs() (list []string) {
	for _, c := range r.Fold.CDRs() {
		list = append(list, fmt.Sprintf("call %s %s %s->%s", r.name(c.Call.CallID), c.Call.CallType, c.Call.ThisDN, c.Call.OtherDN))
		for _, p := range c.Parties {
			list = append(list, fmt.Sprintf("party %s %s %s %s answered=%v bridged=%v talked=%v %s", r.name(p.PartyID), p.PartyRole,
				p.DNRole, p.ThisDN, p.AnswerMillis != 0, p.BridgeMillis != 0, talked(p), p.SwitchCause))
		}
	}
	sort.Strings(list)
	return list
}

func talked(p cdr.Party) bool {
	for _, s := range p.States {
		if s.State == "Talk" {
			return true
		}
	}
	return false
}

const swapNanos = 5_000_000 // records of different legs closer than this have no order

// Permute swaps neighbours of different legs that lie within swapNanos, at random; each leg keeps its own order, and
// what a client asks and what a timer does stay where they are.
func Permute(ins []engine.Input, seed uint64) []engine.Input {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 2 * len(ins) {
		i := rng.IntN(max(len(ins)-1, 1))
		if i+1 >= len(ins) {
			break
		}
		a, b := &ins[i], &ins[i+1]
		if fixed(a) || fixed(b) || a.Leg == b.Leg || b.MonoNanos-a.MonoNanos > swapNanos || causes(a, b) {
			continue
		}
		a.MonoNanos, b.MonoNanos = b.MonoNanos, a.MonoNanos
		a.WallMicros, b.WallMicros = b.WallMicros, a.WallMicros
		*a, *b = *b, *a
	}
	return ins
}

func fixed(in *engine.Input) bool {
	return in.Kind == engine.ClientRequest || in.Kind == engine.TimerDue || in.Kind == engine.CommandDone
}

// causes tells whether b cannot come before a: a leg is created by another, or joined with it.
func causes(a, b *engine.Input) bool {
	return a.Other == b.Leg || b.Other == a.Leg
}
