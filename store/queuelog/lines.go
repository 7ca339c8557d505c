package queuelog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// none stands where a line has no call, queue or agent.
const none = "NONE"

// stateMax bounds each of the maps below. Calls end; where their ends are never told, what is known of them goes.
const stateMax = 1 << 16

// event is a line that speaks of the whole system.
type event string

// batch is what one step brought that lines are made of.
type batch []item

// item is one record. Of a participant it keeps what tells how he left.
type item struct {
	kind  engine.RecordKind
	queue *engine.QueueRecord
	offer *engine.OfferRecord
	agent *engine.AgentRecord
	party parting
}

// parting is what is known of a participant.
type parting struct {
	id, otherDN, side string
	endMillis         int64
}

func batchOf(records []engine.Record) (b batch) {
	for i := range records {
		r := &records[i]
		it := item{kind: r.Kind, queue: r.Queue, offer: r.Offer, agent: r.Agent}
		switch r.Kind {
		case engine.QueueEntered, engine.QueueLeft, engine.OfferMade, engine.OfferEnded, engine.AgentChanged:
			if it.queue == nil && it.offer == nil && it.agent == nil {
				continue
			}
		case engine.PartyUpdated:
			it.party = parting{id: r.Party.PartyID, otherDN: r.Party.OtherDN}
		case engine.PartyState:
			it.party = parting{id: r.State.PartyID, otherDN: r.State.OtherDN}
		case engine.PartyClosed:
			it.party = parting{r.Party.PartyID, r.Party.OtherDN, r.Party.HangupSide, r.Party.EndMillis}
		default:
			continue
		}
		b = append(b, it)
	}
	return b
}

// lines makes lines of records. It knows who waits, rings and talks, because a line tells of more than one record.
type lines struct {
	people map[string]person // by uuid
	staff  map[string]state  // by uuid

	waiting map[stayKey]*engine.QueueRecord
	offers  map[offerKey]*engine.OfferRecord
	handed  map[placeKey]bool  // places that agents have left to their callers, who are about to have them
	serving map[string]*served // by the agent's party
	callers map[string]*served // by the caller's party: who serves him, or has left him and it is not yet known how
}

type stayKey struct {
	party, queue string
	entered      int64
}

// placeKey is a place in a queue, whoever of a call has it.
type placeKey struct {
	call, queue string
	entered     int64
}

type offerKey struct{ call, agent string }

// person is an agent as lines name him.
type person struct {
	name     string
	nailedUp bool
	queues   []string
}

// state is an agent's, as far as lines tell of it.
type state struct {
	person       // as whom he logged in; his queues are those that he works for
	login  int64 // Unix ms; 0: he is logged out
	dn     string
	idle   []string // the queues that he has not logged in for
	paused bool
	reason int64
}

// served is a call that an agent took from a queue.
type served struct {
	call, queue, agent     string
	agentParty, caller     string
	agentDN                string
	hold, position         int64
	answered               int64
	left                   int64 // when the agent left; 0: he has not
	side, otherDN          string
	callerGone, otherDNSet bool
	into                   string // the queue that the agent has left the caller in, before he goes
}

func (l *lines) begin(o *Options) {
	l.staff = map[string]state{}
	l.waiting, l.offers = map[stayKey]*engine.QueueRecord{}, map[offerKey]*engine.OfferRecord{}
	l.handed = map[placeKey]bool{}
	l.serving, l.callers = map[string]*served{}, map[string]*served{}
	if o.Directory != nil {
		l.people = peopleOf(o.Directory)
	}
	for i := range o.Agents {
		a := &o.Agents[i]
		if a.State != engine.AgentLoggedOut.String() {
			since := o.Logins[a.UUID]
			if since == 0 {
				since = a.AtMillis
			}
			l.staff[a.UUID] = state{l.personOf(a.UUID, a.IdleQueues), since, a.DN, a.IdleQueues, isPaused(a), a.ReasonCode}
		}
	}
	l.append(nil, batchOf(o.Calls))
}

func peopleOf(d *engine.Directory) map[string]person {
	people := make(map[string]person, len(d.Agents))
	for i := range d.Agents {
		a := &d.Agents[i]
		p := person{name: a.ID, nailedUp: a.NailedUp}
		for _, name := range []string{a.DN, a.UUID} {
			if p.name == "" {
				p.name = name
			}
		}
		p.name = "Agent/" + p.name
		people[a.UUID] = p
	}
	for _, t := range d.Tiers {
		p, known := people[t.AgentUUID]
		if known && !slices.Contains(p.queues, t.QueueID) {
			p.queues = append(p.queues, t.QueueID)
			people[t.AgentUUID] = p
		}
	}
	return people
}

// setDirectory puts a directory in force, and tells what changes for those who are logged in.
func (l *lines) setDirectory(dst []byte, d *engine.Directory, at int64) []byte {
	l.people = peopleOf(d)
	for _, uuid := range slices.Sorted(maps.Keys(l.staff)) {
		was := l.staff[uuid]
		now := was
		now.person = l.personOf(uuid, was.idle)
		if _, known := l.people[uuid]; !known {
			delete(l.staff, uuid)
			dst = was.logOff(dst, at)
			continue
		}
		if now.name != was.name || now.nailedUp != was.nailedUp {
			now.login = at
			dst = now.logOn(was.logOff(dst, at), at)
			if now.paused {
				dst = now.pause(dst, at)
			}
		} else if !now.nailedUp {
			come := without(now.queues, was.queues)
			dst = members(dst, at, now.name, "REMOVEMEMBER", without(was.queues, now.queues))
			dst = members(dst, at, now.name, "ADDMEMBER", come)
			if now.paused {
				dst = members(dst, at, now.name, "PAUSE", come, strconv.FormatInt(now.reason, 10))
			}
		}
		l.staff[uuid] = now
	}
	return dst
}

// personOf is an agent with the queues that he works for.
func (l *lines) personOf(uuid string, idle []string) person {
	p, known := l.people[uuid]
	if !known {
		p.name = "Agent/" + uuid
	}
	p.queues = without(p.queues, idle)
	return p
}

func without(list, others []string) (rest []string) {
	for _, one := range list {
		if !slices.Contains(others, one) {
			rest = append(rest, one)
		}
	}
	return rest
}

func (l *lines) nameOf(uuid string) string { return l.personOf(uuid, nil).name }

// append makes the lines of one step.
func (l *lines) append(dst []byte, b batch) []byte {
	for i := range b {
		it := &b[i]
		switch it.kind {
		case engine.QueueEntered:
			dst = l.entered(dst, it.queue, b[i+1:])
		case engine.QueueLeft:
			dst = l.left(dst, it.queue)
		case engine.OfferMade:
			keep(l.offers, offerKey{it.offer.CallID, it.offer.AgentUUID}, it.offer)
		case engine.OfferEnded:
			dst = l.offerEnded(dst, it.offer)
		case engine.AgentChanged:
			dst = l.agent(dst, it.agent)
		case engine.PartyUpdated, engine.PartyState, engine.PartyClosed:
			dst = l.party(dst, &it.party)
		}
	}
	return dst
}

// keep puts an entry into a map that does not grow without end.
func keep[K comparable, V any](m map[K]V, key K, value V) {
	if len(m) >= stateMax {
		clear(m)
	}
	m[key] = value
}

func keyOf(q *engine.QueueRecord) stayKey { return stayKey{q.PartyID, q.QueueID, q.EnteredMillis} }

// turnedAway tells that a caller never came into the queue for the tools that count callers.
func turnedAway(outcome string) bool {
	switch engine.OverflowWhen(outcome) {
	case engine.WhenFull, engine.WhenClosed, engine.WhenBlacklisted:
		return true
	}
	return false
}

func (l *lines) entered(dst []byte, q *engine.QueueRecord, rest batch) []byte {
	if q.Callback { // he has been in the queue since he came, and that line is written
		keep(l.waiting, keyOf(q), q)
		return dst
	}
	if s := l.callers[q.PartyID]; s != nil && s.left > 0 {
		dst = l.transferred(dst, s, blindTransfer, q.QueueID, "")
	} else if s != nil {
		s.into = q.QueueID
	}
	if place := (placeKey{q.CallID, q.QueueID, q.EnteredMillis}); l.handed[place] { // which was told of when the agent came
		delete(l.handed, place)
		keep(l.waiting, keyOf(q), q)
		return dst
	}
	for i := range rest {
		if r := &rest[i]; r.kind == engine.QueueLeft && keyOf(r.queue) == keyOf(q) && turnedAway(r.queue.Outcome) {
			return dst
		}
	}
	keep(l.waiting, keyOf(q), q)
	return appendLine(dst, q.EnteredMillis, q.CallID, q.QueueID, none, "ENTERQUEUE", "", q.CallerDN, number(q.Position))
}

// place is where a caller stood among those of his queue when he left it, by the time of entering.
func (l *lines) place(q *engine.QueueRecord) string {
	place := 1
	for key, other := range l.waiting {
		if key.queue == q.QueueID && key != keyOf(q) && other.EnteredMillis <= q.EnteredMillis {
			place++
		}
	}
	return number(place)
}

func (l *lines) left(dst []byte, q *engine.QueueRecord) []byte {
	if _, known := l.waiting[keyOf(q)]; !known && turnedAway(q.Outcome) {
		return dst
	}
	place, position, waited := l.place(q), number(q.Position), seconds(q.LeftMillis-q.EnteredMillis)
	delete(l.waiting, keyOf(q))
	line := func(name string, data ...string) []byte {
		return appendLine(dst, q.LeftMillis, q.CallID, q.QueueID, none, name, data...)
	}
	switch q.Outcome {
	case engine.StayHandedOver:
		keep(l.handed, placeKey{q.CallID, q.QueueID, q.EnteredMillis}, true)
		return dst
	case engine.StayAnswered:
		return l.connected(dst, q)
	case engine.StayAbandoned, engine.StayUnanswered, engine.StayExpired:
		return line("ABANDON", place, position, waited)
	case string(engine.WhenCallback): // his place stays
		return dst
	case string(engine.WhenTimeout), string(engine.WhenNoAnswer), string(engine.WhenRejected), string(engine.WhenBusy),
		string(engine.WhenUnreachable): // as of a Queue() that tries its members once
		return line("EXITWITHTIMEOUT", place, position, waited)
	case string(engine.WhenKey):
		return line("EXITWITHKEY", "", place, position, waited)
	}
	return line("EXITEMPTY", place, position, waited)
}

func (l *lines) connected(dst []byte, q *engine.QueueRecord) []byte {
	key := offerKey{q.CallID, q.AgentUUID}
	offer := l.offers[key]
	delete(l.offers, key)
	hold := (q.LeftMillis - q.EnteredMillis) / 1000
	channel, rang := "", "0"
	if offer != nil {
		channel, rang = offer.PartyID, seconds(q.LeftMillis-offer.AtMillis)
		s := &served{call: q.CallID, queue: q.QueueID, agent: q.AgentUUID, agentParty: offer.PartyID, caller: q.PartyID,
			agentDN: offer.AgentDN, hold: hold, position: int64(q.Position), answered: q.LeftMillis}
		keep(l.serving, offer.PartyID, s)
		if q.PartyID != "" {
			keep(l.callers, q.PartyID, s)
		}
	}
	return appendLine(dst, q.LeftMillis, q.CallID, q.QueueID, l.nameOf(q.AgentUUID), "CONNECT",
		strconv.FormatInt(hold, 10), channel, rang)
}

func (l *lines) offerEnded(dst []byte, o *engine.OfferRecord) []byte {
	if o.Outcome == engine.OfferAnswered { // the stay's end tells of it, before or after
		return dst
	}
	delete(l.offers, offerKey{o.CallID, o.AgentUUID})
	name := ""
	switch o.Outcome {
	case engine.OfferNoAnswer, engine.OfferRejected, engine.OfferBusy, engine.OfferUnreachable, engine.OfferFailed:
		name = "RINGNOANSWER"
	case engine.OfferCallerLeft:
		name = "RINGCANCELED"
	default:
		return dst
	}
	return appendLine(dst, o.EndMillis, o.CallID, o.QueueID, l.nameOf(o.AgentUUID), name,
		strconv.FormatInt(max(o.EndMillis-o.AtMillis, 0), 10))
}

// party follows the callers who are served and the agents who serve them: an agent who leaves has ended the call if the
// caller then goes too, and has transferred it if the caller has another partner.
func (l *lines) party(dst []byte, p *parting) []byte {
	ended := p.endMillis != 0
	if s := l.serving[p.id]; s != nil && ended {
		delete(l.serving, p.id)
		s.left, s.side = p.endMillis, p.side
		if s.callerGone || s.side == events.SideCustomer || s.caller == "" {
			return l.completed(dst, s)
		}
		if s.into != "" {
			return l.transferred(dst, s, blindTransfer, s.into, "")
		}
		if s.otherDNSet {
			return l.transferred(dst, s, "ATTENDEDTRANSFER", "BRIDGE", s.otherDN)
		}
		return dst
	}
	s := l.callers[p.id]
	if s == nil {
		return dst
	}
	moved := p.otherDN != "" && p.otherDN != s.agentDN
	switch {
	case ended && s.left > 0:
		return l.completed(dst, s)
	case ended:
		s.callerGone = true
	case moved && s.left > 0:
		return l.transferred(dst, s, blindTransfer, p.otherDN, "")
	default:
		s.otherDN, s.otherDNSet = p.otherDN, moved
	}
	return dst
}

func (l *lines) forget(s *served) {
	delete(l.serving, s.agentParty)
	if l.callers[s.caller] == s {
		delete(l.callers, s.caller)
	}
}

func (l *lines) completed(dst []byte, s *served) []byte {
	l.forget(s)
	name := "COMPLETEAGENT"
	if s.side == events.SideCustomer {
		name = "COMPLETECALLER"
	}
	return appendLine(dst, s.left, s.call, s.queue, l.nameOf(s.agent), name,
		strconv.FormatInt(s.hold, 10), seconds(s.left-s.answered), strconv.FormatInt(s.position, 10))
}

// blindTransfer tells a number and its context in a dialplan. Numbers here are in none, so that this one is empty.
const blindTransfer = "BLINDTRANSFER"

func (l *lines) transferred(dst []byte, s *served, name, how, to string) []byte {
	l.forget(s)
	return appendLine(dst, s.left, s.call, s.queue, l.nameOf(s.agent), name, how, to,
		strconv.FormatInt(s.hold, 10), seconds(s.left-s.answered), strconv.FormatInt(s.position, 10))
}

func isPaused(a *engine.AgentRecord) bool {
	return a.State == engine.AgentNotReady.String() || a.State == engine.AfterCallWork.String() && a.LoginState == 2
}

// agent tells of logins and pauses. After-call work is no pause: it is part of a call.
func (l *lines) agent(dst []byte, a *engine.AgentRecord) []byte {
	was := l.staff[a.UUID]
	now := was
	now.dn = a.DN
	switch a.State {
	case engine.AgentLoggedOut.String():
		delete(l.staff, a.UUID)
		return was.logOff(dst, a.AtMillis)
	case engine.AgentNotReady.String():
		now.paused, now.reason = true, a.ReasonCode
	case engine.AgentReady.String():
		now.paused, now.reason = false, 0
	}
	if was.login == 0 {
		now.person, now.login, now.idle = l.personOf(a.UUID, a.IdleQueues), a.AtMillis, a.IdleQueues
		dst = now.logOn(dst, a.AtMillis)
	}
	keep(l.staff, a.UUID, now)
	if was.paused && (!now.paused || now.reason != was.reason) {
		dst = members(dst, a.AtMillis, now.name, "UNPAUSE", now.queues)
		dst = appendLine(dst, a.AtMillis, none, none, now.name, "UNPAUSEALL")
	}
	if now.paused && (!was.paused || now.reason != was.reason) {
		dst = now.pause(dst, a.AtMillis)
	}
	return dst
}

// logOn: an agent whose phone does not stay connected is a member of his queues while he is logged in.
func (s *state) logOn(dst []byte, at int64) []byte {
	if s.nailedUp {
		return appendLine(dst, at, none, none, s.name, "AGENTLOGIN", s.dn)
	}
	return members(dst, at, s.name, "ADDMEMBER", s.queues)
}

func (s *state) logOff(dst []byte, at int64) []byte {
	if s.nailedUp {
		return appendLine(dst, at, none, none, s.name, "AGENTLOGOFF", s.dn, seconds(at-s.login))
	}
	return members(dst, at, s.name, "REMOVEMEMBER", s.queues)
}

func (s *state) pause(dst []byte, at int64) []byte {
	reason := strconv.FormatInt(s.reason, 10)
	dst = members(dst, at, s.name, "PAUSE", s.queues, reason)
	return appendLine(dst, at, none, none, s.name, "PAUSEALL", reason)
}

// members tells the same of an agent in each of some queues.
func members(dst []byte, at int64, name, word string, queues []string, reason ...string) []byte {
	for _, queue := range queues {
		dst = appendLine(dst, at, none, queue, name, word, reason...)
	}
	return dst
}

func number(n int) string { return strconv.Itoa(n) }

func seconds(millis int64) string { return strconv.FormatInt(max(millis, 0)/1000, 10) }

var unsafeInField = strings.NewReplacer("|", " ", "\n", " ", "\r", " ", "\x00", " ")

// appendLine writes time, call, queue, agent, event and what the event tells. Fields missing at the end are left out.
func appendLine(dst []byte, millis int64, call, queue, agent, name string, data ...string) []byte {
	dst = strconv.AppendInt(dst, millis/1000, 10)
	for len(data) > 1 && data[len(data)-1] == "" {
		data = data[:len(data)-1]
	}
	if len(data) == 0 {
		data = []string{""}
	}
	for _, field := range slices.Concat([]string{call, queue, agent, name}, data) {
		dst = append(dst, '|')
		dst = append(dst, unsafeInField.Replace(field)...)
	}
	return append(dst, '\n')
}
