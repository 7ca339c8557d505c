package push

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"modcti/engine"
	"modcti/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	company     = "30f80aa47cde4b10bd89484aeab63691"
	startSeq    = uint64(7) << 32
	secret      = "a token nobody guesses"
	lowSecret   = "a token for two numbers"
	patience    = 10 * time.Second
	tickTime    = 5 * time.Millisecond // between two looks at a counter
	observeOnly = "observe"
)

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// bench is a server with an engine that the test plays: requests come out of posted, Publish is called by the test.
type bench struct {
	t      testing.TB
	server *Server
	posted chan *engine.Request
	seq    uint64
	mu     sync.Mutex
	refuse error // what Post returns
	log    *logBuffer
	dir    string
}

// logBuffer collects log lines of several goroutines.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// config is a Config with no door, one token for everything and one for 1001 and 1002.
func (b *bench) config() Config {
	return Config{
		CompanyID: company, Version: "1.2.3",
		Tokens: []Token{
			{HashHex: hashOf(secret), DNs: []string{"*"}, Rights: []string{"observe", "control"}},
			{HashHex: hashOf(lowSecret), DNs: []string{"1001", "1002"}, Rights: []string{observeOnly}},
		},
		Post: func(in engine.Input) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.refuse != nil {
				return b.refuse
			}
			b.posted <- in.Request
			return nil
		},
		LastSeq: func() uint64 { return startSeq },
		Log:     slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func newBench(t testing.TB, change func(*Config)) *bench {
	b := &bench{t: t, posted: make(chan *engine.Request, 4096), seq: startSeq, log: new(logBuffer)}
	b.dir = shortDir(t)
	c := b.config()
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	require.NoError(t, err)
	b.server = s
	s.Serve()
	t.Cleanup(func() { b.close() })
	return b
}

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "cti")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (b *bench) close() {
	ctx, cancel := contextFor(time.Second)
	defer cancel()
	_ = b.server.Close(ctx)
}

// pipe connects a client through a pipe, as the user of a token or, without one, of this process.
func (b *bench) pipe() *testClient {
	near, far := net.Pipe()
	b.server.attach(far, "pipe", "test", b.server.principalOf(peer{uid: uint32(os.Geteuid())}))
	return newTestClient(b.t, near)
}

// opened connects through a pipe and opens; fields are added to RequestOpen.
func (b *bench) opened(fields ...any) *testClient {
	c := b.pipe()
	c.open(fields...)
	return c
}

// request waits for what the server has posted.
func (b *bench) request() *engine.Request {
	b.t.Helper()
	select {
	case r := <-b.posted:
		return r
	case <-time.After(patience):
		require.FailNow(b.t, "no request was posted")
		return nil
	}
}

// header is that of the next event.
func (b *bench) header() events.Header {
	b.seq++
	return events.Header{Seq: b.seq, CreationTime: 1637128329720_000, CompanyID: company}
}

// now is the header of an answer: it carries the number of the last event.
func (b *bench) now(r *engine.Request) events.Header {
	return events.Header{Seq: b.seq, ReferenceID: r.ReferenceID, CreationTime: 1637128329720_000, CompanyID: company}
}

// answer plays the engine: one answer to each request (protocol.md 3).
func (b *bench) answer(r *engine.Request) {
	var m events.Message
	switch r.Kind {
	case engine.RequestRegisterDN:
		m = &events.Registered{Header: b.now(r), ThisDN: r.ThisDN}
	case engine.RequestUnregisterDN:
		m = &events.Unregistered{Header: b.now(r), ThisDN: r.ThisDN, Reason: "request"}
	case engine.RequestSubscribe:
		m = &events.Subscribed{Header: b.now(r), Scope: r.Scope, IDs: r.IDs}
	case engine.RequestUnsubscribe:
		m = &events.Unsubscribed{Header: b.now(r), Scope: r.Scope, IDs: r.IDs}
	case engine.RequestQueryCall:
		parties := []events.PartyInfo{{ThisDN: "1001"}}
		m = &events.CallInfo{Header: b.now(r), CallID: r.CallID, ThisDN: r.ThisDN, Parties: parties}
	case engine.RequestQueryAgent:
		m = &events.AgentInfo{Header: b.now(r), AgentStatus: events.AgentStatus{AgentUUID: r.AgentUUID, ThisDN: r.ThisDN}}
	case engine.RequestQueryQueue:
		m = &events.QueueInfo{Header: b.now(r), QueueStatus: events.QueueStatus{ThisQueue: r.ThisQueue}}
	}
	b.server.Publish([]engine.Outgoing{{Message: m, To: r.Client, Asker: r.Client}})
}

// serve answers the next request.
func (b *bench) serve() { b.t.Helper(); b.answer(b.request()) }

// held is an event for one number.
func (b *bench) held(callID, dn string) engine.Outgoing {
	return engine.Outgoing{
		Message: &events.Held{Header: b.header(), CallPart: events.CallPart{CallID: callID, ThisDN: dn}},
		CallID:  callID, DNs: []string{dn},
	}
}

func (b *bench) publish(out ...engine.Outgoing) { b.server.Publish(out) }

// testClient is the far end of a connection. Its own goroutine reads, so that nobody waits for the test.
type testClient struct {
	t     testing.TB
	conn  net.Conn
	lines chan string
}

func newTestClient(t testing.TB, conn net.Conn) *testClient {
	c := &testClient{t: t, conn: conn, lines: make(chan string, 65536)}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		defer close(c.lines)
		from := bufio.NewReader(conn)
		for {
			line, err := from.ReadString('\n')
			if err != nil {
				return
			}
			c.lines <- line
		}
	}()
	return c
}

type message map[string]any

func (m message) name() string { return fmt.Sprint(m["messageID"]) }
func (m message) seq() uint64  { return m.integer("seq") }

func (m message) integer(key string) uint64 {
	n, _ := m[key].(json.Number)
	var value uint64
	_, _ = fmt.Sscan(n.String(), &value)
	return value
}

// send writes a request: its name and then keys and values.
func (c *testClient) send(name string, fields ...any) {
	m := message{"messageID": name}
	for i := 0; i < len(fields); i += 2 {
		m[fields[i].(string)] = fields[i+1]
	}
	line, err := json.Marshal(m)
	require.NoError(c.t, err)
	c.raw(string(line) + "\n")
}

func (c *testClient) raw(text string) {
	_, err := io.WriteString(c.conn, text)
	require.NoError(c.t, err)
}

func (c *testClient) open(fields ...any) message {
	c.t.Helper()
	c.send("RequestOpen", append([]any{"protocol", 1}, fields...)...)
	return c.want("EventOpened")
}

// next is the next message, which must come.
func (c *testClient) next() message {
	c.t.Helper()
	line, ok := c.line()
	require.True(c.t, ok, "the connection was closed")
	return decode(c.t, line)
}

func decode(t testing.TB, line string) message {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var m message
	require.NoError(t, d.Decode(&m), line)
	return m
}

func (c *testClient) line() (string, bool) {
	c.t.Helper()
	select {
	case line, ok := <-c.lines:
		return line, ok
	case <-time.After(patience):
		require.FailNow(c.t, "nothing came")
		return "", false
	}
}

func (c *testClient) want(name string) message {
	c.t.Helper()
	m := c.next()
	require.Equal(c.t, name, m.name(), "%v", m)
	return m
}

// refused is the next message, which must be a refusal with the code.
func (c *testClient) refused(code events.Code) message {
	c.t.Helper()
	return c.refusedBy("EventPartyError", code)
}

// agentRefused is refused of a request on agents (protocol 6).
func (c *testClient) agentRefused(code events.Code) message {
	c.t.Helper()
	return c.refusedBy("EventAgentError", code)
}

func (c *testClient) refusedBy(name string, code events.Code) message {
	c.t.Helper()
	m := c.want(name)
	require.EqualValues(c.t, code, m.integer("errorCode"), "%v", m)
	require.Equal(c.t, code.Name(), m["errorMessage"], "code and message come from one table (protocol 6)")
	require.NotEmpty(c.t, m["detail"], "detail says what to do (protocol 6)")
	return m
}

// closed reads to the end of the connection, which must come, and returns what was read.
func (c *testClient) closed() []message {
	c.t.Helper()
	var rest []message
	for {
		line, ok := c.line()
		if !ok {
			return rest
		}
		rest = append(rest, decode(c.t, line))
	}
}

// quiet proves that the client has been sent nothing: a heartbeat asked for now is the next that comes.
func (c *testClient) quiet() message {
	c.t.Helper()
	c.send("RequestHeartbeat", "referenceID", 999)
	return c.want("EventHeartbeat")
}

// register registers a number with the bench's engine.
func (c *testClient) register(b *bench, dn string) message {
	c.t.Helper()
	c.send("RequestRegisterDN", "thisDN", dn)
	b.serve()
	return c.want("EventRegistered")
}

func (c *testClient) subscribe(b *bench, scope string, fields ...any) message {
	c.t.Helper()
	c.send("RequestSubscribe", append([]any{"scope", scope}, fields...)...)
	b.serve()
	return c.want("EventSubscribed")
}

// door is a way to connect to a bench of its own.
type door struct {
	name   string
	change func(b *bench, c *Config)
	dial   func(t testing.TB, b *bench) net.Conn
	token  []any // fields of RequestOpen
}

// eachDoor runs a test over every transport.
func eachDoor(t *testing.T, test func(t *testing.T, b *bench, dial func() *testClient, token []any)) {
	certificates := newCertificates(t)
	doors := []door{
		{name: "unix", change: func(b *bench, c *Config) { c.UnixPath = filepath.Join(b.dir, "cti.sock") },
			dial: func(t testing.TB, b *bench) net.Conn { return dial(t, "unix", filepath.Join(b.dir, "cti.sock")) }},
		{name: "tcp", change: func(_ *bench, c *Config) { c.TCPAddr = "127.0.0.1:0" },
			dial:  func(t testing.TB, b *bench) net.Conn { return dial(t, "tcp", b.server.listeners[0].Addr().String()) },
			token: []any{"token", secret}},
		{name: "tls", change: func(_ *bench, c *Config) {
			c.TCPAddr, c.TLSCert, c.TLSKey = "127.0.0.1:0", certificates.cert, certificates.key
		}, dial: func(t testing.TB, b *bench) net.Conn {
			conn := dial(t, "tcp", b.server.listeners[0].Addr().String())
			return tls.Client(conn, &tls.Config{RootCAs: certificates.pool, ServerName: "localhost"})
		}, token: []any{"token", secret}},
	}
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			b := &bench{t: t, posted: make(chan *engine.Request, 4096), seq: startSeq, log: new(logBuffer), dir: shortDir(t)}
			c := b.config()
			d.change(b, &c)
			var err error
			b.server, err = Open(c)
			require.NoError(t, err)
			b.server.Serve()
			t.Cleanup(b.close)
			test(t, b, func() *testClient { return newTestClient(t, d.dial(t, b)) }, d.token)
		})
	}
}

func dial(t testing.TB, network, address string) net.Conn {
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	return conn
}

// pass lets the time of a synctest bubble go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
