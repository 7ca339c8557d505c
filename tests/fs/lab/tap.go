package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Tap receives a byte stream and notes when each piece of it arrived. It looks at nothing while it receives, so that
// measuring does not delay what is measured: one blocking read after the other on a thread of its own.
type Tap struct {
	file   *os.File
	done   chan struct{}
	data   []byte
	pieces []piece
	length atomic.Int64 // bytes received so far
}

type piece struct {
	end  int   // bytes received with it
	mono int64 // when
}

// Tapped is one message of a tapped stream, and when its last byte had arrived.
type Tapped struct {
	Text []byte
	Mono int64
}

// newTap takes over a connection on which everything has been asked for; early holds what was read from it already.
func newTap(conn interface{ File() (*os.File, error) }, early []byte) (*Tap, error) {
	file, err := conn.File()
	if err != nil {
		return nil, err
	}
	fd := int(file.Fd())
	if err := syscall.SetNonblock(fd, false); err != nil {
		return nil, err
	}
	t := &Tap{file: file, done: make(chan struct{}), data: append(make([]byte, 0, 64<<20), early...)}
	t.pieces = append(make([]piece, 0, 1<<16), piece{len(early), Mono()})
	t.length.Store(int64(len(early)))
	go t.receive(fd)
	return t, nil
}

func (t *Tap) receive(fd int) {
	defer close(t.done)
	runtime.LockOSThread()
	// Both kinds of client get the processor when their bytes arrive, where the machine allows it: what is measured is
	// the way to them, not what else runs here.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, -10)
	buffer := make([]byte, 1<<20)
	for {
		n, err := syscall.Read(fd, buffer)
		mono := Mono()
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if n <= 0 {
			return
		}
		t.data = append(t.data, buffer[:n]...)
		t.pieces = append(t.pieces, piece{len(t.data), mono})
		t.length.Store(int64(len(t.data)))
	}
}

// Received is how many bytes have arrived so far.
func (t *Tap) Received() int64 { return t.length.Load() }

// Stop ends the connection and the receiving.
func (t *Tap) Stop() {
	_ = syscall.Shutdown(int(t.file.Fd()), syscall.SHUT_RDWR)
	<-t.done
	_ = t.file.Close()
}

// arrival tells when the byte before offset end had arrived. Offsets must grow from call to call.
func (t *Tap) arrival(end int, at *int) int64 {
	for t.pieces[*at].end < end {
		*at++
	}
	return t.pieces[*at].mono
}

// Lines are the messages of a stream of lines. Only after Stop.
func (t *Tap) Lines() (lines []Tapped) {
	at := 0
	for start := 0; ; {
		n := bytes.IndexByte(t.data[start:], '\n')
		if n < 0 {
			return lines
		}
		lines = append(lines, Tapped{t.data[start : start+n], t.arrival(start+n+1, &at)})
		start += n + 1
	}
}

// Bodies are the messages of an event-socket stream. Only after Stop.
func (t *Tap) Bodies() (bodies []Tapped) {
	at := 0
	for start := 0; ; {
		n := bytes.Index(t.data[start:], []byte("\n\n"))
		if n < 0 {
			return bodies
		}
		body := start + n + 2
		end := body + headerLength(t.data[start:body])
		if end > len(t.data) {
			return bodies
		}
		if end > body { // a reply to a command has no body
			bodies = append(bodies, Tapped{t.data[body:end], t.arrival(end, &at)})
		}
		start = end
	}
}

func headerLength(head []byte) int {
	for line := range bytes.Lines(head) {
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ := strconv.Atoi(string(bytes.TrimSpace(value)))
			return length
		}
	}
	return 0
}

// TapEngine opens on the engine's unix socket, subscribes to everything and taps it.
func TapEngine(ctx context.Context, socket, profile string) (*Tap, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	open, _ := json.Marshal(map[string]any{
		"messageID": "RequestOpen", "protocol": 1, "clientName": "tap", "profile": profile,
	})
	subscribe := []byte(`{"messageID":"RequestSubscribe","scope":"company"}` + "\n")
	if _, err := conn.Write(append(append(open, '\n'), subscribe...)); err != nil {
		return nil, err
	}
	early, err := readUntil(conn, "EventSubscribed", "\n")
	if err != nil {
		return nil, err
	}
	return newTap(conn.(*net.UnixConn), early)
}

// TapEventSocket authenticates on the event socket, asks for events in JSON and taps it.
func (s *Switch) TapEventSocket(ctx context.Context, names string) (*Tap, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(s.cfg.EventPort))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "auth %s\n\nevent json %s\n\n", s.cfg.Password, names); err != nil {
		return nil, err
	}
	early, err := readUntil(conn, "+OK event listener enabled json", "\n\n")
	if err != nil {
		return nil, err
	}
	return newTap(conn.(*net.TCPConn), early)
}

// readUntil reads until mark has come, and the end of the message that holds it.
func readUntil(conn net.Conn, mark, end string) ([]byte, error) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	var all []byte
	buffer := make([]byte, 1<<16)
	for {
		if at := bytes.Index(all, []byte(mark)); at >= 0 && bytes.Contains(all[at:], []byte(end)) {
			return all, nil
		}
		n, err := conn.Read(buffer)
		all = append(all, buffer[:n]...)
		if errors.Is(err, io.EOF) || err != nil && n == 0 {
			return nil, fmt.Errorf("%q never came, only %q: %w", mark, all, err)
		}
	}
}
