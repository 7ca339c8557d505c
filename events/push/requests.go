package push

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"slices"

	"modcti/engine"
	"modcti/events"
)

// openUp handles RequestOpen.
func (c *client) openUp(r *request) closeReason {
	if r.bad != nil {
		c.refuse(r, *r.bad)
		if c.early >= framesBeforeOpenMax {
			return unopened
		}
		return open
	}
	p, why := c.authenticate(r.open.token)
	if p == nil {
		c.refuse(r, why)
		return refused
	}
	if r.open.companyID != "" && r.open.companyID != p.company {
		c.refuse(r, refusal{events.InvalidParams, "companyId is not the company of this principal: leave it out."})
		return refused
	}
	if !c.server.gate.open(c, c.server.current().clientsMax) {
		c.refuse(r, refusal{events.CTIException, "As many clients are connected as are served: close one and try again."})
		return crowded
	}
	c.principal, c.profile, c.name = p, r.open.profile, r.open.clientName
	c.topics, c.shared = make(map[topic]interest), make(map[string]struct{})
	c.out.mu.Lock()
	c.out.header.CompanyID, c.out.profile = p.company, c.profile
	c.out.mu.Unlock()
	c.opened.Store(true)
	if p.token && !c.server.current().knows(p) {
		return revoked // a Reload went by between the look at the token and now
	}
	c.server.hub.add(c)
	c.server.log.Info("client opened", "client", c.id, "name", c.name, "principal", p.name, "door", c.door)
	c.tell(c.greeting(r), true)
	return open
}

// greeting answers RequestOpen. Nothing older than this connection is kept, so that a client that resumes has a gap
// unless nothing has happened since.
func (c *client) greeting(r *request) *events.Opened {
	s := c.server.current()
	return &events.Opened{
		Header: events.Header{ReferenceID: r.referenceID},
		Server: "mod_cti", Version: c.server.config.Version,
		Rights: c.principal.rights, Profile: profileName(c.profile), EpochUnit: epochUnit(c.profile),
		Gap:             r.open.resume && r.open.resumeFrom != c.server.seq(),
		HeartbeatMillis: s.heartbeat.Milliseconds(),
		Limits: events.Limits{
			MessageBytes: frameBytesMax, Depth: frameDepthMax,
			RequestsPerSecond: int64(s.rate), QueueBytes: int64(s.queueBytes),
		},
	}
}

// authenticate finds out who the client is: by its token, its certificate, or its user on this machine.
func (c *client) authenticate(token string) (*principal, refusal) {
	tokens := c.server.current().tokens
	if token != "" && len(tokens) > 0 {
		if p := findToken(tokens, sha256.Sum256([]byte(token))); p != nil {
			return p, refusal{}
		}
		return nil, refusal{events.RegisterDNNotMatch, "The token is not known here: make one with ctictl token."}
	}
	if p := c.certified(tokens); p != nil {
		return p, refusal{}
	}
	if c.peer != nil && token == "" {
		return c.peer, refusal{}
	}
	switch {
	case len(tokens) > 0:
		return nil, refusal{events.InvalidParams, "token is missing: give one made with ctictl token."}
	case c.door == doorUnix:
		return nil, refusal{events.RegisterDNNotMatch,
			"No tokens are configured: only root and the socket's owner and group may connect, without a token."}
	}
	return nil, refusal{events.RegisterDNNotMatch,
		"No tokens are configured, so nobody can open this door: add one made with ctictl token, or use the unix socket."}
}

// certified finds the principal of a verified client certificate.
func (c *client) certified(tokens []tokenEntry) *principal {
	conn, secure := c.conn.(*tls.Conn)
	if !secure {
		return nil
	}
	state := conn.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	return findToken(tokens, sha256.Sum256(state.PeerCertificates[0].Raw))
}

// serve carries out one request of an open client.
func (c *client) serve(r *request) {
	switch {
	case r.kind == requestUnknown && r.bad != nil && r.bad.code == events.MessageIDNotMatch:
		c.refuse(r, *r.bad)
	case r.kind == requestUnknown:
		c.refuse(r, refusal{events.MessageIDNotMatch, "The protocol has no such request: check how messageID is spelled."})
	case r.kind == requestOpen:
		c.refuse(r, refusal{events.MessageIDNotMatch, "The connection is open: RequestOpen is sent once."})
	case r.bad != nil:
		c.refuse(r, *r.bad)
	case r.kind == requestHeartbeat:
		c.tell(&events.Heartbeat{Header: events.Header{ReferenceID: r.referenceID}}, true)
	default:
		if why := c.forbids(r); why != nil {
			c.refuse(r, *why)
			return
		}
		c.ask(r)
	}
}

var (
	foreign = refusal{events.RegisterDNNotMatch, "thisDN is not yours: register a number that you may act for."}
	barred  = refusal{events.RegisterDNNotMatch, "This client may not do that: thisDN must be registered by it in mode " +
		"share, and its rights must cover the request and every number in it."}
)

// forbids checks a request against what the client has registered and what its principal may do (protocol.md 7).
func (c *client) forbids(r *request) *refusal {
	e := &r.engine
	c.server.hub.mu.Lock()
	defer c.server.hub.mu.Unlock()
	answer, topics := c.room(max(1, len(e.IDs)))
	switch {
	case !answer:
		return &refusal{events.RequestTooFast, fmt.Sprintf(
			"%d requests of this connection wait for an answer: wait for one of them and send this one again.", pendingAnswersMax)}
	case r.kind == requestOnCall && !c.mayAct(r), r.kind == requestOnAgent && !c.mayActOnAgent(r):
		return &barred
	case r.kind == requestUnregisterDN && !c.registered(e.ThisDN):
		return &foreign
	case e.ThisDN != "" && !c.principal.permitsDN(e.ThisDN):
		return &foreign
	case e.Scope == "company" && len(e.IDs) > 0 && !slices.Equal(e.IDs, []string{c.principal.company}):
		return &refusal{events.InvalidParams, "ids names another company: leave it out."}
	case (r.kind == requestRegisterDN || r.kind == requestSubscribe) && !topics:
		return &refusal{events.InvalidParams, fmt.Sprintf(
			"ids: a client may have %d registrations and subscriptions, and these would be more.", subscriptionsMax)}
	}
	return nil
}

// mayAct tells whether the client may ask for an act on calls: for a number that it has registered in mode share, with
// the right to control, and as a supervisor only toward numbers of its own principal (protocol.md 7).
func (c *client) mayAct(r *request) bool {
	e, p := &r.engine, c.principal
	if !p.has(events.RightControl) || !c.acting(e.ThisDN) {
		return false
	}
	toward := func(dn string) bool { return dn == "" || p.permitsDN(dn) }
	return !r.act.supervises || p.has(events.RightSupervise) && toward(e.OtherDN) && toward(e.ThirdDN)
}

// mayActOnAgent tells whether the client may change an agent's state: its own at a number that it has registered in mode
// share, with the right to control; as a supervisor any whose phone it names, or any at all if all numbers are its
// principal's (protocol.md 7).
func (c *client) mayActOnAgent(r *request) bool {
	dn, p := r.engine.ThisDN, c.principal
	if r.act.supervises {
		return (p.has(events.RightSupervise) || p.has(events.RightAdmin)) && p.permitsDN(dn)
	}
	return p.has(events.RightControl) && c.acting(dn)
}

// ask hands a request to the engine. Its answer comes back through Publish.
func (c *client) ask(r *request) {
	key, first := c.claim(r)
	if !first {
		return
	}
	e := r.engine // the engine keeps it
	e.Client, e.CompanyID = c.id, c.principal.company
	if e.Kind == engine.RequestMakeCall && !c.server.dialing.take(e.CompanyID, e.ThisDN, c.now) {
		c.refuseAll(r, key, refusal{events.RequestTooFast, fmt.Sprintf(
			"More than %d calls a second were asked for from this thisDN: wait a second and send this one again.", makeCallsPerSecond)})
		return
	}
	c.server.hub.await(c, awaited{
		name: r.name, kind: r.kind, reference: r.referenceID, scope: e.Scope, keep: r.messages, share: r.share, key: key,
		since: c.now, callID: e.CallID, thisDN: e.ThisDN, agentUUID: e.AgentUUID, agentID: e.AgentID, queue: e.ThisQueue,
	})
	if err := c.server.config.Post(engine.Input{Kind: engine.ClientRequest, Request: &e}); err != nil {
		c.server.hub.takeBack(c.id, r.referenceID, r.name)
		c.refuseAll(r, key, refusal{events.CTIException, fmt.Sprintf("The engine could not take it: %v. Try again.", err)})
	}
}

// refuseAll refuses a request that the engine has not carried out, and all that wait for its answer.
func (c *client) refuseAll(r *request, key *keyed, why refusal) {
	c.refuse(r, why)
	if key == nil {
		return
	}
	for _, other := range c.server.keys.cancel(key) {
		again := *r
		again.referenceID = other.reference
		other.client.refuse(&again, why)
	}
}

// claim looks at the request's key, if it has one, and reports whether the request is to be carried out.
func (c *client) claim(r *request) (key *keyed, first bool) {
	if r.key == "" {
		return nil, true
	}
	name := keyName{c.principal.name, c.principal.company, r.key}
	bound := r.kind >= requestRegisterDN && r.kind <= requestUnsubscribe
	key, verdict := c.server.keys.claim(name, subjectOf(r), repeat{c, r.referenceID}, bound, c.now)
	switch verdict {
	case keyFirst:
		return key, true
	case keyAnswered:
		if len(key.answer) > 0 {
			line := events.WithReference(nil, key.answer, r.referenceID)
			c.out.put(line, 0, len(line))
			c.out.flush(c.now, true)
		}
	case keyConflict:
		c.refuse(r, refusal{events.InvalidParams,
			"requestKey was used for another request (" + key.subject.name + "): give each request a new one."})
	case keyWaits:
	}
	return nil, false
}
