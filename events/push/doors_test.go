package push

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Protocol 3: what EventOpened tells, over every transport.
func TestDoors_Open(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c := dial()
		m := c.open(append(token, "clientName", "wallboard", "profile", "full", "companyId", company, "referenceID", 3)...)
		require.EqualValues(t, 3, m.integer("referenceID"))
		require.Equal(t, "mod_cti", m["server"])
		require.Equal(t, "1.2.3", m["version"])
		require.Equal(t, company, m["companyId"])
		require.Equal(t, "full", m["profile"])
		require.Equal(t, startSeq, m.seq())
		require.Equal(t, false, m["gap"])
		require.EqualValues(t, 0, m.integer("replayed"))
		require.EqualValues(t, 30_000, m.integer("heartbeatMillis"))
		require.Contains(t, m["rights"], "observe")
		limits := message(m["limits"].(map[string]any))
		require.EqualValues(t, 65536, limits.integer("messageBytes"))
		require.EqualValues(t, 16, limits.integer("depth"))
		require.EqualValues(t, 20, limits.integer("requestsPerSecond"))
		require.EqualValues(t, 4<<20, limits.integer("queueBytes"))
		info := b.server.Clients()
		require.Len(t, info, 1)
		require.Equal(t, "wallboard", info[0].Name)
		require.Equal(t, "full", info[0].Profile)
	})
}

// A client that goes away leaves nothing behind, over every transport.
func TestDoors_ClientVanishes(t *testing.T) {
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		c := dial()
		c.open(token...)
		c.register(b, "1001")
		c.raw(`{"messageID":"Requ`) // inside a frame
		require.NoError(t, c.conn.Close())
		require.Eventually(t, func() bool { return b.server.Stats().Closed[gone.String()] == 1 }, patience, tickTime)
		require.Empty(t, b.server.Clients())
		b.publish(b.held("c1", "1001"))
		require.Empty(t, b.server.hub.index)
		require.Empty(t, b.server.hub.clients)
	})
}

// Protocol 1, 6.3: the directory is made with 0750, the socket has 0660, and it goes when the server goes.
func TestUnix_Modes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(shortDir(t), "run", "cti.sock")
	b := newBench(t, func(c *Config) { c.UnixPath = path })
	dir, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), dir.Mode().Perm())
	socket, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket, socket.Mode().Type())
	require.Equal(t, os.FileMode(0o660), socket.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "the private directory is gone")
	b.close()
	_, err = os.Lstat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A client that comes while the rest of the engine is still put in its place is served when it is, and not before.
func TestDoors_Serve(t *testing.T) {
	b := &bench{t: t, posted: make(chan *engine.Request, 1), seq: startSeq, log: new(logBuffer), dir: shortDir(t)}
	c := b.config()
	c.UnixPath = filepath.Join(b.dir, "cti.sock")
	var ready atomic.Bool
	last := c.LastSeq
	c.LastSeq = func() uint64 { assert.True(t, ready.Load(), "served too soon"); return last() }
	var err error
	b.server, err = Open(c)
	require.NoError(t, err)
	t.Cleanup(b.close)
	early := newTestClient(t, dial(t, "unix", c.UnixPath))
	early.send("RequestOpen", "protocol", 1)
	ready.Store(true)
	b.server.Serve()
	early.want("EventOpened")
}

// Protocol 1: a stale socket is replaced only after a failed connect.
func TestUnix_Stale(t *testing.T) {
	path := filepath.Join(shortDir(t), "cti.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	stale.SetUnlinkOnClose(false)
	c := (&bench{log: new(logBuffer)}).config()
	c.UnixPath = path
	_, err = Open(c)
	require.ErrorContains(t, err, "unix-socket: ")
	require.ErrorContains(t, err, "taken by another process")
	require.NoError(t, stale.Close())
	b := newBench(t, func(c *Config) { c.UnixPath = path })
	newTestClient(t, dial(t, "unix", path)).open()
	b.close()
}

// A socket that another process has put in place of ours is not removed.
func TestUnix_ForeignSocketStays(t *testing.T) {
	path := filepath.Join(shortDir(t), "cti.sock")
	b := newBench(t, func(c *Config) { c.UnixPath = path })
	require.NoError(t, os.Remove(path))
	other, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer other.Close()
	b.close()
	_, err = os.Lstat(path)
	require.NoError(t, err)
}

// Bad input: a door that cannot be opened is one error that names the setting, and no door stays open.
func TestDoors_Unusable(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	dir := shortDir(t)
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	certs := newCertificates(t)
	hash, long, observer := hashOf("x"), strings.Repeat("x", 120), []string{"observe"}
	tokens := func(list ...Token) func(*Config) { return func(c *Config) { c.Tokens = list } }
	clientCA := func(path string) func(*Config) {
		return func(c *Config) { c.TLSCert, c.TLSKey, c.TLSClientCA = certs.cert, certs.key, path }
	}
	for name, row := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"port taken":  {func(c *Config) { c.TCPAddr = taken.Addr().String() }, []string{"tcp-listen: ", "taken"}},
		"no port":     {func(c *Config) { c.TCPAddr = "127.0.0.1" }, []string{"tcp-listen: ", "host:port"}},
		"off, no TLS": {func(c *Config) { c.TCPAddr = "0.0.0.0:0" }, []string{"tcp-listen: ", "tls-cert", "loopback"}},
		"all, no TLS": {func(c *Config) { c.TCPAddr = ":0" }, []string{"tcp-listen: ", "tls-cert", "loopback"}},
		"off, no tokens": {func(c *Config) {
			c.TCPAddr, c.TLSCert, c.TLSKey, c.Tokens = "0.0.0.0:0", certs.cert, certs.key, nil
		}, []string{"tcp-listen: ", "tokens"}},
		"not a socket":  {func(c *Config) { c.UnixPath = file }, []string{"unix-socket: ", "no socket"}},
		"no directory":  {func(c *Config) { c.UnixPath = filepath.Join(file, "x", "s") }, []string{"unix-socket: ", "director"}},
		"too long":      {func(c *Config) { c.UnixPath = filepath.Join(dir, long) }, []string{"unix-socket: ", "107"}},
		"key missing":   {func(c *Config) { c.TLSCert = certs.cert }, []string{"tls-key: "}},
		"cert missing":  {func(c *Config) { c.TLSKey = certs.key }, []string{"tls-cert: "}},
		"no such cert":  {func(c *Config) { c.TLSCert, c.TLSKey = file, file }, []string{"tls-cert, tls-key: "}},
		"no such CA":    {clientCA("none"), []string{"tls-client-ca: "}},
		"empty CA":      {clientCA(file), []string{"tls-client-ca: ", "PEM"}},
		"bad hash":      {tokens(Token{HashHex: "abc", Rights: observer}), []string{"tokens: ", "SHA-256"}},
		"no rights":     {tokens(Token{HashHex: hash}), []string{"tokens: ", "rights"}},
		"unknown right": {tokens(Token{HashHex: hash, Rights: []string{"rule"}}), []string{"tokens: ", `"rule"`}},
		"same twice": {tokens(Token{HashHex: hash, Rights: observer}, Token{HashHex: hash, Rights: observer}),
			[]string{"tokens: ", "token 2"}},
		"tiny queue":   {func(c *Config) { c.QueueBytes = 1 }, []string{"client-queue-bytes: "}},
		"no rate":      {func(c *Config) { c.RequestsPerSecond = -1 }, []string{"requests-per-second: "}},
		"no heartbeat": {func(c *Config) { c.HeartbeatMillis = -1 }, []string{"heartbeat"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := (&bench{log: new(logBuffer)}).config()
			c.UnixPath = filepath.Join(dir, "cti.sock")
			row.change(&c)
			_, err := Open(c)
			for _, part := range row.want {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), "\n", "one line")
			_, err = os.Lstat(filepath.Join(dir, "cti.sock"))
			require.ErrorIs(t, err, os.ErrNotExist, "no door stays open")
		})
	}
}

// Root cannot be kept out by modes; another user is.
func TestUnix_DirectoryNotWritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	dir := shortDir(t)
	require.NoError(t, os.Chmod(dir, 0o500))
	_, _, err := listenUnix(filepath.Join(dir, "cti.sock"))
	require.ErrorContains(t, err, "unix-socket: ")
	require.ErrorContains(t, err, "not writable")
}

// Protocol 7: root, the process's user and its group may enter by the unix door; others may not.
func TestUnix_Peers(t *testing.T) {
	uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
	require.True(t, peer{uid: 0}.trusted())
	require.True(t, peer{uid: uid, groups: []uint32{gid + 7}}.trusted())
	require.True(t, peer{uid: uid + 7, groups: []uint32{gid + 1, gid}}.trusted())
	require.False(t, peer{uid: uid + 7, groups: []uint32{gid + 7}}.trusted())
	require.False(t, peer{uid: uid + 7}.trusted())

	b := newBench(t, func(c *Config) { c.Tokens = nil })
	near, far := net.Pipe()
	b.server.attach(far, doorUnix, "uid 7", b.server.principalOf(peer{uid: uid + 7}))
	c := newTestClient(t, near)
	c.send("RequestOpen", "protocol", 1)
	require.Contains(t, c.refused(events.RegisterDNNotMatch)["detail"], "owner and group")
	require.Empty(t, c.closed())
}

// SO_PEERCRED says who is at the other end: here the test itself.
func TestUnix_PeerOf(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	near := dial(t, "unix", path)
	defer near.Close()
	far, err := l.Accept()
	require.NoError(t, err)
	defer far.Close()
	p, err := peerOf(far.(*net.UnixConn))
	require.NoError(t, err)
	require.EqualValues(t, os.Geteuid(), p.uid)
	require.Contains(t, p.groups, uint32(os.Getegid()))
	groups, err := os.Getgroups()
	require.NoError(t, err)
	for _, g := range groups {
		require.Contains(t, p.groups, uint32(g), "supplementary groups count too")
	}
}

// Protocol 7: with no tokens configured nobody opens the TCP door, and the refusal says so.
func TestTCP_NoTokens(t *testing.T) {
	b := newBench(t, func(c *Config) { c.TCPAddr, c.Tokens = "127.0.0.1:0", nil })
	for _, token := range [][]any{nil, {"token", secret}} {
		c := newTestClient(t, dial(t, "tcp", b.server.listeners[0].Addr().String()))
		c.send("RequestOpen", append([]any{"protocol", 1}, token...)...)
		require.Contains(t, c.refused(events.RegisterDNNotMatch)["detail"], "No tokens are configured")
		require.Empty(t, c.closed())
	}
	require.NotContains(t, b.log.String(), secret)
}

// Protocol 7: a wrong token and none; the connection is closed, and no log holds a token.
func TestTCP_WrongToken(t *testing.T) {
	b := newBench(t, func(c *Config) { c.TCPAddr = "127.0.0.1:0" })
	address := b.server.listeners[0].Addr().String()
	c := newTestClient(t, dial(t, "tcp", address))
	c.send("RequestOpen", "protocol", 1, "token", "a wrong one")
	require.Contains(t, c.refused(events.RegisterDNNotMatch)["detail"], "token")
	require.Empty(t, c.closed())
	c = newTestClient(t, dial(t, "tcp", address))
	c.send("RequestOpen", "protocol", 1)
	require.Contains(t, c.refused(events.InvalidParams)["detail"], "token")
	require.Empty(t, c.closed())
	c = newTestClient(t, dial(t, "tcp", address))
	c.send("RequestOpen", "protocol", 1, "token", secret, "companyId", "another")
	require.Contains(t, c.refused(events.InvalidParams)["detail"], "companyId")
	require.Empty(t, c.closed())
	newTestClient(t, dial(t, "tcp", address)).open("token", secret)
	require.NotContains(t, b.log.String(), secret)
	require.NotContains(t, b.log.String(), "a wrong one")
}

// Protocol 1: TLS 1.2 or newer; a client certificate in place of a token.
func TestTLS(t *testing.T) {
	certs := newCertificates(t)
	fingerprint := sha256.Sum256(certs.client.Certificate[0])
	b := newBench(t, func(c *Config) {
		c.TCPAddr, c.TLSCert, c.TLSKey, c.TLSClientCA = "127.0.0.1:0", certs.cert, certs.key, certs.ca
		c.Tokens = append(c.Tokens, Token{
			HashHex: hex.EncodeToString(fingerprint[:]), DNs: []string{"1001"}, Rights: []string{"observe"},
		})
	})
	address := b.server.listeners[0].Addr().String()
	connect := func(t *testing.T, change func(*tls.Config)) net.Conn {
		config := &tls.Config{RootCAs: certs.pool, ServerName: "localhost"}
		change(config)
		conn := tls.Client(dial(t, "tcp", address), config)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	t.Run("old version", func(t *testing.T) {
		conn := connect(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
		require.Error(t, conn.(*tls.Conn).Handshake())
	})
	t.Run("1.2", func(t *testing.T) {
		newTestClient(t, connect(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })).open("token", secret)
	})
	t.Run("certificate", func(t *testing.T) {
		c := newTestClient(t, connect(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{certs.client} }))
		c.open()
		c.register(b, "1001")
		c.send("RequestRegisterDN", "thisDN", "1002")
		c.refused(events.RegisterDNNotMatch)
	})
	t.Run("certificate of another authority", func(t *testing.T) {
		foreign := newCertificates(t)
		conn := connect(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{foreign.client} })
		c := newTestClient(t, conn)
		_, _ = conn.Write([]byte(`{"messageID":"RequestOpen","protocol":1}` + "\n"))
		require.Empty(t, c.closed())
	})
	t.Run("neither", func(t *testing.T) {
		c := newTestClient(t, connect(t, func(*tls.Config) {}))
		c.send("RequestOpen", "protocol", 1)
		c.refused(events.InvalidParams)
	})
	t.Run("no TLS at all", func(t *testing.T) {
		c := newTestClient(t, dial(t, "tcp", address))
		c.raw(`{"messageID":"RequestOpen","protocol":1,"token":"` + secret + `"}` + "\n")
		for line, more := c.line(); more; line, more = c.line() {
			require.NotContains(t, line, "Event")
		}
	})
}

// brokenListener fails as a process without descriptors does, and then works.
type brokenListener struct {
	failures int
	conns    chan net.Conn
	at       []time.Time
}

func (l *brokenListener) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		l.at = append(l.at, time.Now())
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	conn, more := <-l.conns
	if !more {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *brokenListener) Close() error   { return nil }
func (l *brokenListener) Addr() net.Addr { return &net.TCPAddr{} }

// A lack of descriptors only slows accepting down: the pauses double up to a second, and then connections are served.
func TestDoors_OutOfDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		l := &brokenListener{failures: 12, conns: make(chan net.Conn)}
		b.server.wg.Go(func() { b.server.accept(l) })
		near, far := net.Pipe()
		l.conns <- far
		close(l.conns)
		newTestClient(t, near).open("token", secret)
		pause := acceptPauseMin
		for i := 1; i < len(l.at); i++ {
			require.Equal(t, pause, l.at[i].Sub(l.at[i-1]))
			pause = min(2*pause, acceptPauseMax)
		}
		require.Equal(t, acceptPauseMax, pause)
		require.EqualValues(t, 12, b.server.Stats().AcceptFailures)
		b.close()
	})
}

// An accept loop that waits for descriptors ends with the server.
func TestDoors_CloseWhileOutOfDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.server.wg.Go(func() { b.server.accept(&brokenListener{failures: 1 << 30}) })
		synctest.Wait()
		b.close()
	})
}

// 6.3: connections that do not open are bounded for each source and in all; clients that are open are not counted.
func TestDoors_UnopenedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		connect := func(source string) *testClient {
			near, far := net.Pipe()
			b.server.attach(far, "pipe", source, nil)
			return newTestClient(t, near)
		}
		first := connect("A")
		first.open("token", secret)
		for range unopenedOfSourceMax {
			connect("A")
		}
		begin := time.Now()
		require.Empty(t, connect("A").closed(), "the 65th of one source")
		require.Zero(t, time.Since(begin), "is closed at once")
		connect("B").open("token", secret)
		require.Equal(t, 64, b.server.Stats().Unopened)
		pass(openTimeout + time.Second)
		require.Equal(t, 0, b.server.Stats().Unopened, "they had five seconds")
		require.EqualValues(t, 64, b.server.Stats().Closed[unopened.String()])
		connect("A").open("token", secret)
		for i := range unopenedMax {
			connect("source " + string(rune('0'+i/50)))
		}
		begin = time.Now()
		require.Empty(t, connect("C").closed(), "1,024 in all")
		require.Zero(t, time.Since(begin))
		first.quiet()
		b.close()
	})
}

// Past the bound of clients RequestOpen is refused.
func TestDoors_ClientsAreBounded(t *testing.T) {
	b := newBench(t, func(c *Config) { c.ClientsMax = 2 })
	first := b.opened()
	b.opened()
	c := b.pipe()
	c.send("RequestOpen", "protocol", 1)
	c.refused(events.CTIException)
	require.Empty(t, c.closed())
	require.NoError(t, first.conn.Close())
	require.Eventually(t, func() bool { return b.server.Stats().Clients == 1 }, patience, tickTime)
	b.opened()
}

// Close lets a client have what is queued for it, then closes it; a client that does not read is cut at the deadline.
func TestDoors_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		reader := b.opened()
		reader.register(b, "1001")
		near, far := net.Pipe()
		b.server.attach(far, "pipe", "test", b.server.principalOf(peer{uid: 0}))
		_, err := near.Write([]byte(`{"messageID":"RequestOpen","protocol":1}` + "\n"))
		require.NoError(t, err)
		synctest.Wait() // its writer waits for a reader
		b.publish(b.held("c1", "1001"), b.held("c2", "1001"))
		ctx, cancel := contextFor(time.Second)
		defer cancel()
		require.Error(t, b.server.Close(ctx))
		rest := reader.closed()
		require.Len(t, rest, 2)
		require.Equal(t, "c2", rest[1]["callID"])
		b.publish(b.held("c3", "1001"))
		require.NoError(t, b.server.Close(t.Context()), "closing twice is harmless")
		require.NoError(t, near.Close())
	})
}

// Reload takes tokens away in mid-session, and refuses what it cannot do without leaving a trace.
func TestReload(t *testing.T) {
	b := newBench(t, nil)
	connect := func(token string) *testClient {
		near, far := net.Pipe()
		b.server.attach(far, "pipe", "test", nil)
		c := newTestClient(t, near)
		c.open("token", token)
		return c
	}
	all, low := connect(secret), connect(lowSecret)
	for _, change := range []func(*Config){
		func(c *Config) { c.TCPAddr = "127.0.0.1:0" },
		func(c *Config) { c.UnixPath = "elsewhere" },
		func(c *Config) { c.QueueBytes = 1 },
	} {
		c := b.config()
		change(&c)
		require.Error(t, b.server.Reload(c))
	}
	require.NoError(t, b.server.Reload(b.config()))
	all.quiet()
	low.quiet()
	c := b.config()
	c.Tokens[1].DNs = []string{"1001"}
	require.NoError(t, b.server.Reload(c))
	require.Empty(t, low.closed(), "its numbers have changed")
	c.Tokens = c.Tokens[1:]
	require.NoError(t, b.server.Reload(c))
	require.Empty(t, all.closed(), "its token is gone")
	low = connect(lowSecret)
	low.send("RequestRegisterDN", "thisDN", "1002")
	low.refused(events.RegisterDNNotMatch)
	require.Eventually(t, func() bool { return b.server.Stats().Closed[revoked.String()] == 2 }, patience, tickTime)
}

// A fault of the server ends the connection that met it, is told in the log, and touches nobody else.
func TestDoors_PanicStaysInside(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Post = func(engine.Input) error { panic("a fault") }
	})
	other, c := b.opened(), b.opened()
	c.send("RequestRegisterDN", "thisDN", "1001")
	require.Empty(t, c.closed())
	require.Eventually(t, func() bool { return b.server.Stats().Closed[failed.String()] == 1 }, patience, tickTime)
	require.Contains(t, b.log.String(), "a fault")
	other.quiet()
}
