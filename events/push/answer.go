package push

import (
	"slices"
	"time"

	"modcti/engine"
	"modcti/events"
)

// awaited is a request that the engine has been handed and has not answered.
type awaited struct {
	name      string
	kind      requestKind
	reference int64
	scope     string
	keep      interest
	share     bool
	key       *keyed // not nil: the answer is kept for repeats
	since     time.Time

	// Whom and what it names.
	callID, thisDN, agentUUID, agentID, queue string
}

// await notes a request before it is posted, so that its answer finds it.
func (h *hub) await(c *client, w awaited) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.waiting = append(c.waiting, w)
}

// takeBack removes the newest awaited request of that reference and name: no answer will come. The client is nil if
// it is not known any more.
func (h *hub) takeBack(id engine.ClientID, reference int64, name string) (c *client, w awaited) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c = h.clients[id]; c == nil {
		return nil, awaited{}
	}
	for i, w := range slices.Backward(c.waiting) {
		if w.name == name && w.reference == reference {
			c.waiting = slices.Delete(c.waiting, i, i+1)
			h.forget(c)
			return c, w
		}
	}
	return c, awaited{}
}

// room tells whether a client may wait for one more answer, and hear of more topics. What has waited for as long as a
// key lives is given up. The hub's lock is held, for the next two as well.
func (c *client) room(topics int) (answer, topic bool) {
	c.waiting = slices.DeleteFunc(c.waiting, func(w awaited) bool { return c.now.Sub(w.since) >= keyLife })
	return len(c.waiting) < pendingAnswersMax, len(c.topics)+topics <= subscriptionsMax
}

// registered tells whether a client has registered a number, or is about to.
func (c *client) registered(dn string) bool {
	if _, has := c.topics[topic{scopeDN, dn}]; has {
		return true
	}
	return slices.ContainsFunc(c.waiting, func(w awaited) bool {
		return w.kind == requestRegisterDN && w.thisDN == dn
	})
}

// acting tells whether a client may act for a number: whether the last that it asked for is to register it to share.
func (c *client) acting(dn string) bool {
	for _, w := range slices.Backward(c.waiting) {
		if w.thisDN == dn && (w.kind == requestRegisterDN || w.kind == requestUnregisterDN) {
			return w.share
		}
	}
	_, shared := c.shared[dn]
	return shared
}

// answer delivers a message to the one client it is for. Subscriptions begin and end here, between two events of the
// stream, so that the state told in the answer and the events after it meet without a hole.
func (h *hub) answer(out *engine.Outgoing, keys *keyStore) {
	c := h.clients[out.To]
	if c == nil {
		return
	}
	reference := out.Message.Common().ReferenceID
	w := c.takeAwaited(func(w *awaited) bool { return w.reference == reference && w.answeredBy(out.Message) })
	m := c.mayRead(out.Message, &w)
	if !c.gone {
		h.apply(c, m, w)
	}
	line := append(m.AppendJSON(nil, c.profile), '\n')
	seq := m.Common().Seq
	if !c.gone {
		h.deliver(c, line, seq, len(line))
	}
	if w.key != nil {
		for _, r := range keys.settle(w.key, line) {
			h.deliver(r.client, events.WithReference(nil, line, r.reference), seq, len(line))
		}
		h.forget(c)
	}
}

// settle hands an event to the one whose request on calls it answers, whatever else it listens to, and to those who
// repeated the request: to them it is the answer, with their reference, and does not come again as an event.
func (h *hub) settle(out *engine.Outgoing, known listing, keys *keyStore) {
	c := h.clients[out.Asker]
	if c == nil {
		return
	}
	w := c.takeAwaited(func(w *awaited) bool { return w.reference == h.event.reference && w.name == out.Request })
	if w.name == "" {
		return
	}
	var line []byte
	seq := out.Message.Common().Seq
	if known.reaches(c) && c.mayHear(out) {
		line = h.event.ofAsker(c.profile)
		h.deliver(c, line, seq, len(line))
		c.round = h.round
	}
	if w.key == nil {
		return
	}
	for _, r := range keys.settle(w.key, line) {
		if len(line) > 0 && r != (repeat{c, w.reference}) {
			h.deliver(r.client, events.WithReference(nil, line, r.reference), seq, len(line))
			r.client.round = h.round
		}
	}
	h.forget(c)
}

// takeAwaited takes out the oldest request of that kind.
func (c *client) takeAwaited(is func(*awaited) bool) (w awaited) {
	if i := slices.IndexFunc(c.waiting, func(w awaited) bool { return is(&w) }); i >= 0 {
		w = c.waiting[i]
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	return w
}

// answeredBy tells whether a message may be the answer to the request.
func (w *awaited) answeredBy(m events.Message) bool {
	switch m := m.(type) {
	case *events.Registered:
		return w.kind == requestRegisterDN && w.thisDN == m.ThisDN
	case *events.Unregistered:
		return w.kind == requestUnregisterDN && w.thisDN == m.ThisDN
	case *events.Subscribed:
		return w.kind == requestSubscribe && w.scope == m.Scope
	case *events.Unsubscribed:
		return w.kind == requestUnsubscribe && w.scope == m.Scope
	case *events.CallInfo:
		return w.kind == requestQueryCall
	case *events.AgentInfo:
		return w.kind == requestQueryAgent
	case *events.QueueInfo:
		return w.kind == requestQueryQueue && w.queue == m.ThisQueue
	case *events.PartyError:
		return m.Request == w.name
	case *events.AgentError:
		return m.Request == w.name
	}
	return false
}

// apply makes an answer true for the events that follow it.
func (h *hub) apply(c *client, m events.Message, w awaited) {
	switch m := m.(type) {
	case *events.Registered:
		h.subscribe(c, topic{scopeDN, m.ThisDN}, everything)
		delete(c.shared, m.ThisDN)
		if w.share {
			c.shared[m.ThisDN] = struct{}{}
		}
	case *events.Unregistered:
		delete(c.shared, m.ThisDN)
		h.unsubscribe(c, topic{scopeDN, m.ThisDN})
	case *events.Subscribed:
		keep := everything
		if w.kind == requestSubscribe {
			keep = w.keep
		}
		for _, t := range topicsOf(m.Scope, m.IDs) {
			h.subscribe(c, t, keep)
		}
	case *events.Unsubscribed:
		h.unsubscribeAll(c, m)
	}
}

func topicsOf(name string, ids []string) []topic {
	s, known := scopeNames[name]
	if !known {
		return nil
	}
	if s == scopeCompany {
		return []topic{{scope: scopeCompany}}
	}
	topics := make([]topic, 0, len(ids))
	for _, id := range ids {
		topics = append(topics, topic{s, id})
	}
	return topics
}

// unsubscribeAll ends the topics that an answer names; without ids all of the scope.
func (h *hub) unsubscribeAll(c *client, m *events.Unsubscribed) {
	topics := topicsOf(m.Scope, m.IDs)
	if len(m.IDs) == 0 {
		for t := range c.topics {
			if t.scope == scopeNames[m.Scope] && t.scope != scopeDN {
				topics = append(topics, t)
			}
		}
	}
	for _, t := range topics {
		h.unsubscribe(c, t)
	}
}
