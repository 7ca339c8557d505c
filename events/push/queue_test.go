package push

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Protocol 3: a connection that does not open has five seconds, however it spends them.
func TestTime_OpenTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		idle, slow := b.pipe(), b.pipe()
		pass(4 * time.Second)
		slow.raw(`{"messageID":`)
		idle.send("RequestHeartbeat")
		idle.refused(events.MessageIDNotMatch)
		pass(2 * time.Second)
		require.Empty(t, idle.closed())
		require.Empty(t, slow.closed())
		require.EqualValues(t, 2, b.server.Stats().Closed[unopened.String()])
		b.close()
	})
}

// Before RequestOpen a few messages are answered, then the connection is closed.
func TestTime_ChatterBeforeOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		begin := time.Now()
		c := b.pipe()
		for range framesBeforeOpenMax {
			c.send("RequestHeartbeat")
			c.refused(events.MessageIDNotMatch)
		}
		require.Empty(t, c.closed())
		c = b.pipe()
		for range framesBeforeOpenMax {
			c.send("RequestOpen")
			c.refused(events.InvalidParams)
		}
		require.Empty(t, c.closed())
		require.Zero(t, time.Since(begin), "before its time is over")
		b.close()
	})
}

// Protocol 3: the server sends EventHeartbeat when quiet for heartbeatMillis, and not while events flow.
func TestTime_Heartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.HeartbeatMillis = 2000 })
		c := b.opened()
		require.EqualValues(t, startSeq, c.register(b, "1001").seq())
		begin := time.Now()
		for _, millis := range []time.Duration{800, 1700, 1900, 100} {
			pass(millis * time.Millisecond)
			b.publish(b.held("c", "1001"))
			c.want("EventHeld")
			c.raw(`{"messageID":"RequestQueryCall","callID":"c"}` + "\n")
			b.serve()
			c.want("EventCallInfo")
		}
		m := c.want("EventHeartbeat")
		require.Equal(t, 4500*time.Millisecond+2*time.Second, time.Since(begin), "two seconds after the last event")
		require.Equal(t, b.seq, m.seq())
		require.Equal(t, b.seq, m.integer("lastSeq"))
		require.EqualValues(t, 0, m.integer("referenceID"))
		c.want("EventHeartbeat")
		require.Equal(t, 4500*time.Millisecond+4*time.Second, time.Since(begin))
		require.EqualValues(t, 999, c.quiet().integer("referenceID"), "RequestHeartbeat is answered")
		b.close()
	})
}

// Protocol 3: three missed heartbeats close the connection; any message of the client begins the count anew.
func TestTime_SilentClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.HeartbeatMillis = 1000 })
		c := b.opened()
		pass(2900 * time.Millisecond)
		c.send("RequestHeartbeat")
		begin := time.Now()
		for range c.closed() {
		}
		require.Equal(t, 3*time.Second, time.Since(begin))
		synctest.Wait()
		require.EqualValues(t, 1, b.server.Stats().Closed[silent.String()])
		require.Contains(t, b.log.String(), silent.String())
		b.close()
	})
}

// Protocol 6, row 301027, by the clock: 40 at once, then one every 50 ms; a principal's clients share ten times that.
func TestTime_Rate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.HeartbeatMillis = 3_600_000 })
		send := func(c *testClient, n int) (served int) {
			for range n {
				c.send("RequestHeartbeat")
				if c.next().name() == "EventHeartbeat" {
					served++
				}
			}
			return served
		}
		first := b.opened()
		require.Equal(t, 40, send(first, 45))
		pass(time.Second)
		require.Equal(t, 20, send(first, 25))
		pass(time.Minute)
		require.Equal(t, 40, send(first, 45), "the burst does not grow")
		pass(time.Minute)
		total := 0
		for range 12 {
			total += send(b.opened(), 40)
		}
		require.Equal(t, 400, total)
		b.close()
	})
}

// A client that goes on far over its rate is read slowly: it cannot spend the server's time.
func TestTime_FloodIsSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		c := b.opened()
		begin := time.Now()
		c.raw(strings.Repeat(`{"messageID":"RequestHeartbeat"}`+"\n", 40+40))
		for range 80 {
			c.next()
		}
		require.Zero(t, time.Since(begin))
		c.raw(strings.Repeat(`{"messageID":"RequestHeartbeat"}`+"\n", 101))
		for range 101 {
			c.next()
		}
		require.GreaterOrEqual(t, time.Since(begin), 50*floodPause)
		b.close()
	})
}

// Protocol 1: over its bound the client is told EventGap after what was queued, and closed with a reason and a counter.
func TestQueue_Overflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.QueueBytes = queueBytesMin })
		near, far := net.Pipe()
		b.server.attach(far, "pipe", "test", b.server.principalOf(peer{}))
		from := bufio.NewReader(near)
		ask := func(text, want string) {
			_, err := io.WriteString(near, text+"\n")
			require.NoError(t, err)
			if want == "EventRegistered" {
				b.serve()
			}
			line, err := from.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, want, decode(t, line).name())
		}
		ask(`{"messageID":"RequestOpen","protocol":1}`, "EventOpened")
		ask(`{"messageID":"RequestRegisterDN","thisDN":"1001"}`, "EventRegistered")
		for range 100 { // some 250 bytes each
			b.publish(b.held("c", "1001"))
		}
		last, bytes := startSeq, 0
		var gap message
		for gap == nil {
			line, err := from.ReadString('\n')
			require.NoError(t, err)
			m := decode(t, line)
			if m.name() == "EventGap" {
				gap = m
				break
			}
			require.Equal(t, last+1, m.seq())
			last = m.seq()
			bytes += len(line)
		}
		require.LessOrEqual(t, bytes, queueBytesMin)
		require.Greater(t, bytes, queueBytesMin-500)
		require.Equal(t, last+1, gap.integer("from"))
		require.Equal(t, last+1, gap.integer("to"), "the first that did not fit; the connection ends with it")
		require.Equal(t, company, gap["companyId"])
		_, err := from.ReadString('\n')
		require.ErrorIs(t, err, io.EOF)
		pass(time.Second)
		require.EqualValues(t, 1, b.server.Stats().Closed[tooSlow.String()])
		require.Contains(t, b.log.String(), tooSlow.String())
		require.NoError(t, near.Close())
		b.close()
	})
}

// A Reload that changes client-queue-bytes is in force at once, for the clients that are there already as well.
func TestQueue_ReloadChangesItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		c := b.opened()
		c.send("RequestRegisterDN", "thisDN", "1001")
		b.serve()
		c.want("EventRegistered")
		held := func() []engine.Outgoing { // half as much again as the least bound
			var events []engine.Outgoing
			for range 100 {
				events = append(events, b.held("c", "1001"))
			}
			return events
		}
		b.publish(held()...)
		for range 100 {
			c.want("EventHeld")
		}
		less := b.config()
		less.QueueBytes = queueBytesMin
		require.NoError(t, b.server.Reload(less))
		b.publish(held()...)
		told := c.closed()
		require.Less(t, len(told), 100)
		require.Equal(t, "EventGap", told[len(told)-1].name())
		b.close()
	})
}

// A client that takes nothing at all is closed when a write has stood still for ten seconds.
func TestQueue_NeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		near, far := net.Pipe()
		b.server.attach(far, "pipe", "test", b.server.principalOf(peer{}))
		_, err := io.WriteString(near, `{"messageID":"RequestOpen","protocol":1}`+"\n")
		require.NoError(t, err)
		pass(writeTimeout - time.Millisecond)
		require.Len(t, b.server.Clients(), 1)
		pass(2 * time.Millisecond)
		require.Empty(t, b.server.Clients())
		require.EqualValues(t, 1, b.server.Stats().Closed[tooSlow.String()])
		require.NoError(t, near.Close())
		b.close()
	})
}

// An answer may be larger than the queue's bound, so that a snapshot of many calls can be had; but only one at a time.
func TestQueue_LargeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.QueueBytes = queueBytesMin })
		c := b.opened()
		c.send("RequestSubscribe", "scope", "company")
		r := b.request()
		answer := &events.Subscribed{Header: b.now(r), Scope: "company"}
		for range 1000 {
			answer.Snapshot = append(answer.Snapshot, events.CallSnapshot{CallID: "4dce61ec399644029fab7e8251da9bf1332"})
		}
		b.publish(engine.Outgoing{To: r.Client, Message: answer}, b.held("c", "1001"))
		require.Len(t, c.want("EventSubscribed")["snapshot"], 1000)
		c.want("EventHeld")
		synctest.Wait()
		answer.Snapshot = append(answer.Snapshot, answer.Snapshot...)
		b.publish(engine.Outgoing{To: r.Client, Message: answer})
		require.Len(t, c.want("EventSubscribed")["snapshot"], 2000)
		synctest.Wait()
		many := make([]engine.Outgoing, 3)
		for i := range many {
			many[i] = engine.Outgoing{To: r.Client, Message: answer}
		}
		b.publish(many...)
		require.Len(t, c.closed(), 1)
		b.close()
	})
}

// Protocol 1: a client that does not read costs the others nothing: they get everything, in order, at once.
func TestQueue_SlowClientAmongOthers(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	b := newBench(t, func(c *Config) { c.UnixPath, c.QueueBytes = path, 256<<10 })
	const others, count = 20, 500
	slow := dial(t, "unix", path)
	defer slow.Close()
	_, err := io.WriteString(slow, `{"messageID":"RequestOpen","protocol":1}`+"\n"+
		`{"messageID":"RequestRegisterDN","thisDN":"1001"}`+"\n")
	require.NoError(t, err)
	b.serve()
	clients, long := make([]*testClient, others), strings.Repeat("c", 2000)
	for i := range clients {
		clients[i] = newTestClient(t, dial(t, "unix", path))
		clients[i].open()
		clients[i].register(b, "1001")
	}
	for i := range count {
		b.publish(b.held(long, "1001"))
		for _, c := range clients { // each has it before the next is published
			require.Equal(t, startSeq+1+uint64(i), c.want("EventHeld").seq())
		}
	}
	stuck := b.server.gate.all()
	stuck = slices.DeleteFunc(stuck, func(c *client) bool { return c.id != 1 })
	require.Len(t, stuck, 1)
	stuck[0].out.mu.Lock()
	require.Equal(t, tooSlow, stuck[0].out.ending)
	stuck[0].out.mu.Unlock()
	rest, err := io.ReadAll(slow)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(rest), "\n"), "\n")
	gap, before := decode(t, lines[len(lines)-1]), decode(t, lines[len(lines)-2])
	require.Equal(t, "EventGap", gap.name(), "it could still be told")
	require.Equal(t, before.seq()+1, gap.integer("from"))
	require.Eventually(t, func() bool { return len(b.server.Clients()) == others }, patience, tickTime)
	require.EqualValues(t, 1, b.server.Stats().Closed[tooSlow.String()])
	for _, c := range clients {
		c.quiet()
	}
}

// Direct writes, partial writes and the writer together keep every byte in order (each transport).
func TestQueue_OrderUnderPressure(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	eachDoor(t, func(t *testing.T, b *bench, dial func() *testClient, token []any) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := dial()
		c.open(token...)
		c.register(b, "1001")
		const count = 1500
		var reader sync.WaitGroup
		reader.Go(func() {
			for i := range count {
				require.Equal(t, startSeq+1+uint64(i), c.want("EventHeld").seq())
			}
		})
		for sent := 0; sent < count; {
			batch := make([]engine.Outgoing, min(1+random.IntN(20), count-sent))
			for i := range batch {
				batch[i] = b.held(strings.Repeat("c", random.IntN(500)), "1001")
			}
			sent += len(batch)
			b.publish(batch...)
		}
		reader.Wait()
		c.quiet()
	})
}

// A failing connection ends the queue with its reason, and nothing more is taken.
func TestQueue_WriteFails(t *testing.T) {
	near, far := net.Pipe()
	require.NoError(t, near.Close())
	q := newQueue(far, limitOf(1000), company, &new(counters).directWrites)
	go q.run(func() time.Duration { return time.Hour })
	require.True(t, q.put([]byte("x\n"), 1, 0))
	q.flush(time.Now(), true)
	<-q.done
	require.Equal(t, gone, q.ending)
	require.False(t, q.put([]byte("y\n"), 2, 0))
	q.finish(silent)
	require.Equal(t, gone, q.ending, "the first reason stands")
}

// watched notes the write deadline that is set last, and hides what kind of connection it is.
type watched struct {
	net.Conn
	mu       sync.Mutex
	deadline time.Time
	set      int
}

func (w *watched) SetWriteDeadline(at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline, w.set = at, w.set+1
	return w.Conn.SetWriteDeadline(at)
}

// The writer leaves no deadline behind: a later write that does without the writer would run into it.
func TestQueue_NoDeadlineIsLeft(t *testing.T) {
	near, far := net.Pipe()
	w := &watched{Conn: near}
	q := newQueue(w, limitOf(1000), company, &new(counters).directWrites)
	go q.run(func() time.Duration { return time.Hour })
	require.True(t, q.put([]byte("x\n"), 1, 0))
	q.flush(time.Now(), true)
	_, err := io.ReadFull(far, make([]byte, 2))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.set == 2 && w.deadline.IsZero()
	}, patience, tickTime)
	q.finish(stopping)
	<-q.done
}

// Large buffers are given back when the queue is empty.
func TestQueue_GivesMemoryBack(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	far := dial(t, "unix", path)
	defer far.Close()
	near, err := l.Accept()
	require.NoError(t, err)
	q := newQueue(near, limitOf(8<<20), company, &new(counters).directWrites)
	go q.run(func() time.Duration { return time.Hour })
	line := []byte(strings.Repeat("x", 1<<20-1) + "\n")
	for range 4 {
		require.True(t, q.put(line, 0, 0))
	}
	q.flush(time.Now(), true)
	_, err = io.ReadFull(far, make([]byte, 4<<20))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return !q.busy && cap(q.pending)+cap(q.spare) <= 2*bufferKeepBytes
	}, patience, tickTime)
	q.pending = make([]byte, 0, 4*bufferKeepBytes)
	require.True(t, q.put([]byte("small\n"), 0, 0))
	q.flush(time.Now(), true)
	require.LessOrEqual(t, cap(q.pending), bufferKeepBytes)
	_, err = io.ReadFull(far, make([]byte, 6))
	require.NoError(t, err, "no write deadline is left behind")
	q.finish(stopping)
	<-q.done
	_, err = far.Read(make([]byte, 1))
	require.True(t, errors.Is(err, io.EOF))
}

func limitOf(bytes int64) *atomic.Int64 {
	limit := new(atomic.Int64)
	limit.Store(bytes)
	return limit
}
