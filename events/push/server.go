package push

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"modcti/engine"
	"modcti/events"
)

const (
	doorUnix = "unix"
	doorTCP  = "tcp"
	doorTLS  = "tls"
)

// Server is the open doors and the clients that came through them.
type Server struct {
	config    Config
	log       *slog.Logger
	settings  atomic.Pointer[settings]
	queueMax  atomic.Int64 // bytes that may wait for a client, of the settings
	hub       hub
	keys      keyStore
	dialing   dialing
	gate      gate
	counters  counters
	published atomic.Uint64 // number of the last event that is in all queues that it belongs to
	lastID    atomic.Uint64
	taps      taps

	listeners []net.Listener
	release   []func() // undo what the doors left in the file system
	wg        sync.WaitGroup
	closing   chan struct{}

	peersMu sync.Mutex
	peers   map[uint32]*principal
}

// Open checks the configuration and opens the doors; who comes waits before them until Serve. Its errors name the setting
// that is at fault; no door is left open then. The caller closes the server.
func Open(c Config) (*Server, error) {
	s, err := newServer(c)
	if err != nil {
		return nil, err
	}
	if err := s.openDoors(); err != nil {
		s.closeDoors()
		return nil, err
	}
	return s, nil
}

// Serve lets clients in. Their requests may be posted before it returns, and what follows from them published: the caller
// has everything in its place by then. Once only.
func (s *Server) Serve() {
	for _, l := range s.listeners {
		s.wg.Go(func() { s.accept(l) })
	}
}

func newServer(c Config) (*Server, error) {
	current, err := newSettings(&c)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, log: c.Log, peers: make(map[uint32]*principal), closing: make(chan struct{})}
	s.use(current)
	s.hub.clients, s.hub.index = make(map[engine.ClientID]*client), make(map[topic][]subscriber)
	s.gate.clients, s.gate.unopened = make(map[*client]struct{}), make(map[string]int)
	return s, nil
}

func (s *Server) openDoors() error {
	if s.config.UnixPath != "" {
		l, release, err := listenUnix(s.config.UnixPath)
		if err != nil {
			return err
		}
		s.listeners, s.release = append(s.listeners, l), append(s.release, release)
	}
	if s.config.TCPAddr != "" {
		l, err := listenTCP(&s.config)
		if err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

func (s *Server) closeDoors() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	for _, release := range s.release {
		release()
	}
}

func (s *Server) current() *settings { return s.settings.Load() }

func (s *Server) use(next *settings) {
	s.settings.Store(next)
	s.queueMax.Store(int64(next.queueBytes))
}

// seq is the number of the last event that clients have been sent, or that was before them.
func (s *Server) seq() uint64 {
	if n := s.published.Load(); n > 0 {
		return n
	}
	return s.config.LastSeq()
}

// attach makes a client of a connection and serves it until it ends. It takes the connection over.
func (s *Server) attach(conn net.Conn, door, source string, peer *principal) {
	s.counters.connections.Add(1)
	c := &client{
		server: s, id: engine.ClientID(s.lastID.Add(1)), conn: conn, door: door, source: source, peer: peer,
		since: time.Now(), frames: frameReader{from: newReader(conn)},
	}
	c.out = newQueue(conn, &s.queueMax, s.config.CompanyID, &s.counters.directWrites)
	if !s.gate.enter(c) {
		s.counters.closed[crowded].Add(1)
		_ = conn.Close()
		return
	}
	s.wg.Go(func() { c.out.run(c.tick) })
	s.wg.Go(func() { s.serve(c) })
}

// serve is the life of a client.
func (s *Server) serve(c *client) {
	why := c.read()
	s.hub.remove(c)
	c.out.finish(why)
	<-c.out.done
	s.gate.leave(c)
	c.out.mu.Lock()
	why, sent, last := c.out.ending, c.out.messages, c.out.lastSeq
	c.out.mu.Unlock()
	s.counters.closed[why].Add(1)
	s.counters.endedMessages.Add(sent)
	if !c.opened.Load() {
		s.log.Debug("connection closed before it was opened", "client", c.id, "door", c.door, "reason", why.String())
		return
	}
	level := slog.LevelWarn
	if why == gone || why == stopping {
		level = slog.LevelInfo
	}
	s.log.Log(context.Background(), level, "client closed", "client", c.id, "name", c.name, "reason", why.String(),
		"messages", sent, "lastSeq", last)
}

// Publish delivers messages: an answer to the one client it is for, an event to every client whose subscriptions and
// rights match. It is called by the loop's goroutine alone, never blocks, and keeps nothing of what it is handed.
func (s *Server) Publish(batch []engine.Outgoing) {
	s.deliver(batch)
	now := time.Now()
	s.hub.flush(now)
	s.taps.show(batch, s.config.Tap)
}

func (s *Server) deliver(batch []engine.Outgoing) {
	h := &s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	last := s.published.Load()
	s.taps.begin()
	for i := range batch {
		out := &batch[i]
		last = max(last, out.Message.Common().Seq)
		if out.To != 0 {
			h.answer(out, &s.keys)
			continue
		}
		s.counters.published.Add(1)
		h.event.begin(out.Message)
		h.publish(out, &s.keys)
		if s.config.Tap != nil && listingOf(out).basic {
			s.taps.add(i, h.event.of(events.Basic))
		}
		h.event.end()
	}
	s.published.Store(last)
}

// taps keeps the basic form of a batch's events until the clients have theirs.
type taps struct {
	bytes []byte
	marks []tapMark
}

type tapMark struct{ message, from, to int }

func (t *taps) begin() { t.bytes, t.marks = t.bytes[:0], t.marks[:0] }

// add takes an event with its line feed.
func (t *taps) add(message int, line []byte) {
	from := len(t.bytes)
	t.bytes = append(t.bytes, line[:len(line)-1]...)
	t.marks = append(t.marks, tapMark{message, from, len(t.bytes)})
}

func (t *taps) show(batch []engine.Outgoing, tap func(*engine.Outgoing, []byte)) {
	for _, m := range t.marks {
		tap(&batch[m.message], t.bytes[m.from:m.to])
	}
}

// Failed tells the client that the engine failed at its request: the loop recovered a panic of the Step that had it.
// It is called by the loop's goroutine.
func (s *Server) Failed(r *engine.Request) {
	if r == nil {
		return
	}
	c, w := s.hub.takeBack(r.Client, r.ReferenceID, r.Name)
	if c == nil {
		return
	}
	c.refuseAll(&request{name: r.Name, kind: w.kind, referenceID: r.ReferenceID, engine: *r}, w.key, refusal{
		events.CTIException, "The engine failed at this request and said so in its log: try again."})
}

// Reload takes over tokens, certificates and limits. Clients whose token is gone or may do something else now are
// closed. Addresses cannot change while the doors are open. After an error everything is as before.
func (s *Server) Reload(c Config) error {
	if c.UnixPath != s.config.UnixPath {
		return errors.New("unix-socket: cannot change while the module is loaded; load it anew")
	}
	if c.TCPAddr != s.config.TCPAddr {
		return errors.New("tcp-listen: cannot change while the module is loaded; load it anew")
	}
	next, err := newSettings(&c)
	if err != nil {
		return err
	}
	if (next.tls == nil) != (s.current().tls == nil) {
		return errors.New("tls-cert: TLS cannot be switched on or off while the module is loaded; load it anew")
	}
	if err := checkExposure(&c); err != nil {
		return err
	}
	for i, e := range next.tokens {
		if before := findToken(s.current().tokens, e.hash); before != nil && before.sameRights(e.principal) {
			next.tokens[i].principal = before
		}
	}
	s.use(next)
	for _, client := range s.gate.all() {
		if client.opened.Load() && client.principal.token && !next.knows(client.principal) {
			client.out.finish(revoked)
		}
	}
	return nil
}

// knows tells whether one of the tokens still makes the very principal.
func (s *settings) knows(p *principal) bool {
	return slices.ContainsFunc(s.tokens, func(e tokenEntry) bool { return e.principal == p })
}

// Clients lists the open clients, oldest first.
func (s *Server) Clients() []ClientInfo {
	var list []ClientInfo
	for _, c := range s.gate.all() {
		if c.opened.Load() {
			list = append(list, c.info())
		}
	}
	slices.SortFunc(list, func(a, b ClientInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	n := &s.counters
	st := Stats{
		Connections: n.connections.Load(), Requests: n.requests.Load(), Refused: n.refused.Load(),
		BadFrames: n.badFrames.Load(), Published: n.published.Load(), DirectWrites: n.directWrites.Load(),
		Messages: n.endedMessages.Load(), AcceptFailures: n.acceptFailures.Load(), Closed: make(map[string]uint64),
	}
	st.Clients, st.Unopened = s.gate.count()
	for _, c := range s.gate.all() {
		c.out.mu.Lock()
		st.Messages += c.out.messages
		c.out.mu.Unlock()
	}
	for why := gone; why < reasons; why++ {
		if count := n.closed[why].Load(); count > 0 {
			st.Closed[why.String()] = count
		}
	}
	return st
}

// Close closes the doors, lets the clients have what is queued for them until ctx ends, and then closes them. It
// returns when all goroutines of the server have ended. Publish may still be called and reaches nobody.
func (s *Server) Close(ctx context.Context) error {
	clients, first := s.gate.shut()
	if first {
		close(s.closing)
		s.closeDoors()
	}
	for _, c := range clients {
		c.out.finish(stopping)
	}
	ended := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	for _, c := range clients {
		_ = c.conn.Close()
	}
	<-ended
	return ctx.Err()
}

func (s *Server) panicked(what string, value any) {
	s.log.Error(what+" panicked; the connection is closed", "panic", value, "stack", string(debug.Stack()))
}
