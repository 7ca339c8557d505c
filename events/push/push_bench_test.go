package push

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// sampleEvent is an EventEstablished of usual size.
func sampleEvent(seq uint64) engine.Outgoing {
	m := &events.Established{Header: events.Header{Seq: seq, CreationTime: 1637128329720_000, CompanyID: company}}
	m.CallID, m.PartyID = "4dce61ec399644029fab7e8251da9bf1", "123e45670e8942d33a456426655440000"
	m.CallType, m.PartyRole, m.ThisDN, m.OtherDN = events.Inbound, events.Agent, "1001", "13988886666"
	m.ANI, m.DNIS, m.OtherDNRole, m.CallState = "13988886666", "01088886666", events.Origination, events.StateOK
	m.AttachedData = events.Data{{Key: "orderID", JSON: `"ef3ed1a8d50558389a21300c70f21694"`}}
	return engine.Outgoing{Message: m, CallID: m.CallID, DNs: []string{"1001"}}
}

// attachRaw connects over the unix door and registers 1001; what comes after is left in the socket.
func attachRaw(tb testing.TB, b *bench, path string) net.Conn {
	conn := dial(tb, "unix", path)
	tb.Cleanup(func() { _ = conn.Close() })
	_, err := io.WriteString(conn, `{"messageID":"RequestOpen","protocol":1}`+"\n"+
		`{"messageID":"RequestRegisterDN","thisDN":"1001"}`+"\n")
	require.NoError(tb, err)
	b.serve()
	for line := range 2 {
		one := make([]byte, 1)
		for one[0] != '\n' {
			_, err := io.ReadFull(conn, one)
			require.NoError(tb, err, line)
		}
	}
	return conn
}

func benchmarkPublish(b *testing.B, clients int) {
	path := filepath.Join(shortDir(b), "s")
	s := newBench(b, func(c *Config) {
		c.UnixPath, c.QueueBytes, c.RequestsPerSecond, c.Log = path, 1<<30, 100_000, slog.New(slog.DiscardHandler)
	})
	out := sampleEvent(startSeq + 1)
	size := int64(len(out.Message.AppendJSON(nil, events.Basic)) + 1)
	var readers sync.WaitGroup
	for range clients {
		conn := attachRaw(b, s, path)
		want := size * int64(b.N)
		readers.Go(func() {
			buf := make([]byte, 64<<10)
			for want > 0 {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				want -= int64(n)
			}
		})
	}
	batch := []engine.Outgoing{out}
	b.ReportAllocs()
	for b.Loop() {
		s.server.Publish(batch)
	}
	publishing := b.Elapsed()
	readers.Wait()
	b.ReportMetric(float64(publishing.Nanoseconds())/float64(b.N)/float64(clients), "ns/client")
}

// Publish to clients of the unix door who all read.
func BenchmarkPublish1(b *testing.B)    { benchmarkPublish(b, 1) }
func BenchmarkPublish100(b *testing.B)  { benchmarkPublish(b, 100) }
func BenchmarkPublish1000(b *testing.B) { benchmarkPublish(b, 1000) }

// echo is a bare server that sends back what it reads.
func echo(tb testing.TB) net.Conn {
	path := filepath.Join(shortDir(tb), "e")
	l, err := net.Listen("unix", path)
	require.NoError(tb, err)
	near := dial(tb, "unix", path)
	far, err := l.Accept()
	require.NoError(tb, err)
	var server sync.WaitGroup
	server.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			if _, err := far.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	tb.Cleanup(func() { _ = near.Close(); server.Wait(); _ = far.Close(); _ = l.Close() })
	return near
}

// BenchmarkEcho is one message to a bare unix-socket server and back.
func BenchmarkEcho(b *testing.B) {
	conn := echo(b)
	line := append(sampleEvent(1).Message.AppendJSON(nil, events.Basic), '\n')
	buf := make([]byte, len(line))
	for b.Loop() {
		bounce(b, conn, line, buf)
	}
}

func bounce(tb testing.TB, conn net.Conn, line, buf []byte) {
	_, err := conn.Write(line)
	require.NoError(tb, err)
	_, err = io.ReadFull(conn, buf)
	require.NoError(tb, err)
}

// BenchmarkUnixLatency is the time from Publish to the read of the client that is served last, by turns with a bare
// echo of the same bytes. The ratio of the medians is reported.
func BenchmarkUnixLatency(b *testing.B) {
	for _, clients := range []int{1, 4, 20} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) { benchmarkLatency(b, clients) })
	}
}

func benchmarkLatency(b *testing.B, clients int) {
	path := filepath.Join(shortDir(b), "s")
	s := newBench(b, func(c *Config) {
		c.UnixPath, c.RequestsPerSecond, c.Log = path, 100_000, slog.New(slog.DiscardHandler)
	})
	out := sampleEvent(startSeq + 1)
	line := append(out.Message.AppendJSON(nil, events.Basic), '\n')
	arrived := make(chan time.Time, 1)
	for i := range clients {
		conn := attachRaw(b, s, path)
		go func() {
			buf := make([]byte, len(line))
			for {
				if _, err := io.ReadFull(conn, buf); err != nil {
					return
				}
				if i == clients-1 { // the last one to be served
					arrived <- time.Now()
				}
			}
		}()
	}
	bare, buf := echo(b), make([]byte, len(line))
	batch := []engine.Outgoing{out}
	var pushes, echoes []time.Duration
	for b.Loop() {
		begin := time.Now()
		s.server.Publish(batch)
		pushes = append(pushes, (<-arrived).Sub(begin))
		begin = time.Now()
		bounce(b, bare, line, buf)
		echoes = append(echoes, time.Since(begin))
	}
	slices.Sort(pushes)
	slices.Sort(echoes)
	push, bounced := pushes[len(pushes)/2], echoes[len(echoes)/2]
	b.ReportMetric(float64(push.Nanoseconds()), "push-median-ns")
	b.ReportMetric(float64(pushes[len(pushes)*99/100].Nanoseconds()), "push-p99-ns")
	b.ReportMetric(float64(bounced.Nanoseconds()), "echo-median-ns")
	b.ReportMetric(float64(push)/float64(bounced), "ratio")
}
