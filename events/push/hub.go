package push

import (
	"maps"
	"slices"
	"sync"
	"time"

	"modcti/engine"
	"modcti/events"
)

// scope is the kind of a topic.
type scope uint8

const (
	scopeDN scope = iota // a registration; the others are subscriptions
	scopeCompany
	scopeCall
	scopeAgent // by agentUUID or DN
	scopeQueue
	scopes
)

var scopeNames = map[string]scope{
	"company": scopeCompany, "call": scopeCall, "agent": scopeAgent, "queue": scopeQueue,
}

// topic is what a client can hear of. The id of the company scope is empty: a client has one company.
type topic struct {
	scope scope
	id    string
}

// interest is a set of messages, a bit for each entry of the catalogue.
type interest uint64

const everything = ^interest(0)

// listing is what the hub needs to know of a message by its name.
type listing struct {
	bit   interest
	basic bool // profile basic has it
}

var listings = func() map[string]listing {
	m := make(map[string]listing, len(events.Catalogue))
	for i := range events.Catalogue {
		e := &events.Catalogue[i]
		m[e.Name] = listing{bit: 1 << i, basic: e.OnPage || e.Group == events.GroupProtocol}
	}
	return m
}()

// listingOf is what the hub knows of a message that is on its way.
func listingOf(out *engine.Outgoing) listing {
	known := listings[out.Message.Name()]
	known.basic = known.basic && !out.FullOnly
	return known
}

// reaches tells whether a client's profile has the message (protocol.md 2).
func (l listing) reaches(c *client) bool { return l.basic || c.profile.Full() }

// interestOf is the set of one message, empty if there is none of that name.
func interestOf(name string) interest { return listings[name].bit }

// subscriber is one client's interest in a topic.
type subscriber struct {
	client *client
	keep   interest
}

// hub knows who hears what. It is used by the goroutine that publishes and, for short, by those that read requests.
type hub struct {
	mu      sync.Mutex
	clients map[engine.ClientID]*client
	index   map[topic][]subscriber
	used    [scopes]int // topics of a scope that have subscribers

	// Only of the goroutine that publishes; mu is held but while dirty is flushed.
	event encoding
	round uint64    // numbers the events, so that a client is served once
	dirty []*client // have bytes that are not handed to the writer yet
}

// encoding is the event under way, made at most once for each profile and unit of time.
type encoding struct {
	message   events.Message
	reference int64
	made      [events.Profiles]bool
	bytes     [events.Profiles][]byte
	asked     []byte
}

func (e *encoding) begin(m events.Message) {
	e.message, e.made = m, [events.Profiles]bool{}
	h := m.Common()
	e.reference, h.ReferenceID = h.ReferenceID, 0
}

func (e *encoding) end() {
	e.message.Common().ReferenceID = e.reference
	e.message = nil
}

// of returns the event with its line feed as everybody of a profile reads it.
func (e *encoding) of(p events.Profile) []byte {
	if !e.made[p] {
		e.bytes[p] = append(e.message.AppendJSON(e.bytes[p][:0], p), '\n')
		e.made[p] = true
	}
	return e.bytes[p]
}

// ofAsker returns the event as the client reads it that asked for it.
func (e *encoding) ofAsker(p events.Profile) []byte {
	e.asked = events.WithReference(e.asked[:0], e.of(p), e.reference)
	return e.asked
}

func (h *hub) subscribe(c *client, t topic, keep interest) {
	if _, has := c.topics[t]; has {
		for i, s := range h.index[t] {
			if s.client == c {
				h.index[t][i].keep = keep
			}
		}
		c.topics[t] = keep
		return
	}
	if len(h.index[t]) == 0 {
		h.used[t.scope]++
	}
	c.topics[t] = keep
	h.index[t] = append(h.index[t], subscriber{c, keep})
}

func (h *hub) unsubscribe(c *client, t topic) {
	if _, has := c.topics[t]; !has {
		return
	}
	delete(c.topics, t)
	list := slices.DeleteFunc(h.index[t], func(s subscriber) bool { return s.client == c })
	if len(list) > 0 {
		h.index[t] = list
		return
	}
	delete(h.index, t)
	h.used[t.scope]--
}

// drop ends a topic for all.
func (h *hub) drop(t topic) {
	list, has := h.index[t]
	if !has {
		return
	}
	for _, s := range list {
		delete(s.client.topics, t)
	}
	delete(h.index, t)
	h.used[t.scope]--
}

func (h *hub) add(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[c.id] = c
}

// remove forgets a client. While an answer is due that a repeat of its request may ask for, its name stays known.
func (h *hub) remove(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range maps.Clone(c.topics) {
		h.unsubscribe(c, t)
	}
	c.gone = true
	h.forget(c)
}

func (h *hub) forget(c *client) {
	if c.gone && !slices.ContainsFunc(c.waiting, func(w awaited) bool { return w.key != nil }) {
		delete(h.clients, c.id)
	}
}

// publish delivers one event to everybody whose topics, rights and profile match it (protocol.md 2, 3 and 7).
func (h *hub) publish(out *engine.Outgoing, keys *keyStore) {
	known := listingOf(out)
	h.round++
	if out.Asker != 0 {
		h.settle(out, known, keys)
	}
	if h.used[scopeCompany] > 0 {
		h.offer(out, topic{scope: scopeCompany}, known)
	}
	for _, dn := range out.DNs {
		h.offer(out, topic{scopeDN, dn}, known)
		if h.used[scopeAgent] > 0 {
			h.offer(out, topic{scopeAgent, dn}, known)
		}
	}
	if h.used[scopeCall] > 0 && out.CallID != "" {
		h.offer(out, topic{scopeCall, out.CallID}, known)
	}
	if h.used[scopeAgent] > 0 && out.AgentUUID != "" {
		h.offer(out, topic{scopeAgent, out.AgentUUID}, known)
	}
	if h.used[scopeQueue] > 0 {
		for _, queue := range out.Queues {
			h.offer(out, topic{scopeQueue, queue}, known)
		}
	}
	if _, last := out.Message.(*events.CallDeleted); last {
		h.drop(topic{scopeCall, out.CallID})
	}
}

// mayHear tells whether the client's company and numbers let it know of an event (protocol.md 7).
func (c *client) mayHear(out *engine.Outgoing) bool {
	return c.principal.company == out.Message.Common().CompanyID && c.principal.permitsAny(out.DNs)
}

func (h *hub) offer(out *engine.Outgoing, t topic, known listing) {
	for _, s := range h.index[t] {
		c := s.client
		if c.round == h.round || s.keep&known.bit == 0 || !known.reaches(c) {
			continue
		}
		if !c.mayHear(out) {
			continue
		}
		c.round = h.round
		line := h.event.of(c.profile)
		if out.Asker == c.id && h.event.reference != 0 {
			line = h.event.ofAsker(c.profile)
		}
		h.deliver(c, line, out.Message.Common().Seq, 0)
	}
}

// flush hands what was delivered to the sockets or, when many clients have something, to their writers: together these
// write while the publishing goroutine goes on.
func (h *hub) flush(now time.Time) {
	direct := len(h.dirty) <= directClientsMax
	for i, c := range h.dirty {
		h.dirty[i], c.dirty = nil, false
		c.out.flush(now, direct)
	}
	h.dirty = h.dirty[:0]
}

// deliver puts a line into a client's queue; answerBytes is its length if it is an answer, else 0.
func (h *hub) deliver(c *client, line []byte, seq uint64, answerBytes int) {
	if c.out.put(line, seq, answerBytes) && !c.dirty {
		c.dirty = true
		h.dirty = append(h.dirty, c)
	}
}
