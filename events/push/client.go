package push

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"modcti/engine"
	"modcti/events"
)

// client is one connection, from its acceptance to its end. Its own goroutine reads and answers; its queue's goroutine
// writes; the goroutine that publishes puts events into the queue.
type client struct {
	server *Server
	id     engine.ClientID
	conn   net.Conn
	door   string // unix, tcp or tls
	source string // what the bound on unopened connections counts by
	peer   *principal
	since  time.Time
	out    *queue

	// Of the reading goroutine.
	frames  frameReader
	usual   [usualFields]field
	request request   // the one under way
	now     time.Time // when the frame under way was read
	rate    bucket
	bad     int    // bad frames in a row
	early   int    // frames before RequestOpen was accepted
	tooFast bucket // refusals that are not slowed down

	// Set before opened is, and constant from then on.
	opened    atomic.Bool
	principal *principal
	profile   events.Profile
	name      string

	admitted bool // under the gate's lock

	// Under the hub's lock.
	topics  map[topic]interest
	shared  map[string]struct{} // the registered numbers that it acts for
	waiting []awaited
	gone    bool

	// Of the publishing goroutine.
	round uint64
	dirty bool
}

// ClientInfo describes an open client.
type ClientInfo struct {
	ID           engine.ClientID
	Name         string // as the client calls itself
	Principal    string // token and the begin of its hash, or uid and the number
	CompanyID    string
	Door         string // unix, tcp or tls
	Remote       string // address, empty on the unix door
	Profile      string // basic or full
	SinceMillis  int64  // Unix ms
	LastSeq      uint64 // number of the last event sent
	SentMessages uint64
	QueuedBytes  int
	DNs          []string // registered, sorted
	Topics       int      // subscriptions beside the registrations
}

func (c *client) info() ClientInfo {
	i := ClientInfo{
		ID: c.id, Name: c.name, Principal: c.principal.name, CompanyID: c.principal.company, Door: c.door,
		Profile: profileName(c.profile), SinceMillis: c.since.UnixMilli(),
	}
	if c.door != doorUnix {
		i.Remote = c.conn.RemoteAddr().String()
	}
	c.server.hub.mu.Lock()
	for t := range c.topics {
		if t.scope == scopeDN {
			i.DNs = append(i.DNs, t.id)
		}
	}
	i.Topics = len(c.topics) - len(i.DNs)
	c.server.hub.mu.Unlock()
	slices.Sort(i.DNs)
	c.out.mu.Lock()
	i.LastSeq, i.SentMessages, i.QueuedBytes = c.out.lastSeq, c.out.messages, c.out.queued()
	c.out.mu.Unlock()
	return i
}

func profileName(p events.Profile) string {
	if p.Full() {
		return "full"
	}
	return "basic"
}

func epochUnit(p events.Profile) string {
	if p&events.Micros != 0 {
		return "us"
	}
	return "ms"
}

// read reads and answers until the connection is to end, and says why.
func (c *client) read() (why closeReason) {
	defer func() {
		if value := recover(); value != nil {
			c.server.panicked("a request of a client", value)
			why = failed
		}
	}()
	_ = c.conn.SetReadDeadline(c.since.Add(openTimeout))
	for why == open {
		limit := frameBytesBeforeOpenMax
		if c.opened.Load() {
			limit = frameBytesMax
			_ = c.conn.SetReadDeadline(time.Now().Add(heartbeatsMax * c.server.current().heartbeat))
		}
		line, err := c.frames.next(limit)
		c.now = time.Now()
		switch {
		case err == nil:
			why = c.take(line)
		case errors.Is(err, errFrameTooLong):
			why = c.badFrame(fmt.Sprintf("The message is longer than %d bytes", limit))
		default:
			why = c.readEnded(err)
		}
	}
	return why
}

func (c *client) readEnded(err error) closeReason {
	var late net.Error
	switch {
	case errors.Is(err, errFrameEndless):
		return garbled
	case !errors.As(err, &late) || !late.Timeout():
		return gone
	case c.opened.Load():
		return silent
	}
	return unopened
}

// take handles one frame.
func (c *client) take(line []byte) closeReason {
	fields, err := parseObject(line, c.usual[:0])
	if err != nil {
		return c.badFrame("The message is not one JSON object: " + err.Error())
	}
	c.bad = 0
	r := &c.request
	r.parse(fields)
	if !c.opened.Load() {
		return c.takeEarly(r)
	}
	c.server.counters.requests.Add(1)
	if who, rate := c.charge(); rate > 0 {
		c.refuse(r, refusal{events.RequestTooFast, fmt.Sprintf("%s more than %.0f requests a second, or %.0f at once: "+
			"wait a second and send this one again; requests-per-second in the settings says how many may come.",
			who, rate, rate*burstSeconds)})
		c.slowDown()
		return open
	}
	c.serve(r)
	return open
}

// takeEarly handles a frame before RequestOpen has been accepted.
func (c *client) takeEarly(r *request) closeReason {
	c.early++
	if r.kind == requestOpen {
		return c.openUp(r)
	}
	c.refuse(r, refusal{events.MessageIDNotMatch, "The connection is not open yet: send RequestOpen first."})
	if c.early >= framesBeforeOpenMax {
		return unopened
	}
	return open
}

// badFrame refuses what is not a message; badFramesMax in a row end the connection.
func (c *client) badFrame(detail string) closeReason {
	c.server.counters.badFrames.Add(1)
	c.bad++
	c.refuse(&request{}, refusal{events.SocketToJSon, detail + ". Send one JSON object a line."})
	if c.bad >= badFramesMax {
		return garbled
	}
	if c.opened.Load() {
		if _, over := c.charge(); over > 0 {
			c.slowDown()
		}
	}
	return open
}

// charge takes one request out of the client's and the principal's rate. Where one of them has none left it tells whose
// that is; else the rate is 0.
func (c *client) charge() (who string, rate float64) {
	rate = c.server.current().rate
	if !c.rate.take(c.now, rate, rate*burstSeconds) {
		return "This connection has sent", rate
	}
	if rate *= principalRateFactor; !c.principal.take(c.now, rate) {
		return "All connections of this token or user together have sent", rate
	}
	return "", 0
}

// slowDown lets a client that goes on sending too fast feel it: as many refusals as there may be requests are free, and
// beyond them its messages are read more slowly than it sends them.
func (c *client) slowDown() {
	if rate := c.server.current().rate; c.tooFast.take(c.now, rate, rate*burstSeconds) {
		return
	}
	pause := time.NewTimer(floodPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-c.out.done:
	}
}

// refuse answers a request (protocol.md 6).
func (c *client) refuse(r *request, why refusal) {
	c.server.counters.refused.Add(1)
	c.tell(r.refusalOf(events.Header{}, why), true)
}

// tell sends a message that the door makes itself. It carries the number of the last event published, so that numbers
// never fall on one connection.
func (c *client) tell(m events.Message, answer bool) {
	published := c.server.seq()
	now := time.Now()
	h := m.Common()
	c.out.mu.Lock()
	h.CompanyID, h.CreationTime, h.Seq = c.out.header.CompanyID, events.Moment(now.UnixMicro()), max(published, c.out.lastSeq)
	place := uint64(0)
	switch m := m.(type) {
	case *events.Opened:
		place = h.Seq
	case *events.Heartbeat:
		m.LastSeq = c.out.lastSeq
	}
	line := append(m.AppendJSON(nil, c.out.profile), '\n')
	answerBytes := 0
	if answer {
		answerBytes = len(line)
	}
	c.out.add(line, place, answerBytes)
	c.out.mu.Unlock()
	c.out.flush(now, true)
}

// tick is called on a connection that may be quiet; it sends the heartbeat that is due and returns when to look again.
func (c *client) tick() time.Duration {
	every := c.server.current().heartbeat
	if !c.opened.Load() {
		return every
	}
	c.out.mu.Lock()
	quiet := time.Since(c.out.lastSend)
	c.out.mu.Unlock()
	if quiet < every {
		return every - quiet
	}
	c.tell(&events.Heartbeat{}, false)
	return every
}
