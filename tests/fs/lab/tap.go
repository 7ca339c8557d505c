package lab

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:embed tap/tap.c
var tapSource []byte

// Tap is a process that receives a byte stream and notes when each piece of it arrived.
type Tap struct {
	cmd    *exec.Cmd
	out    io.ReadCloser
	data   []byte
	pieces []piece
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

// tapProgram builds the program once in the life of this one, and says where it is.
var tapProgram = sync.OnceValues(func() (string, error) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		return "", ErrNoCompiler
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ModuleDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tap-"+strconv.Itoa(os.Getpid()))
	cmd := exec.Command(compiler, "-std=gnu11", "-Wall", "-Wextra", "-O2", "-x", "c", "-", "-o", path)
	cmd.Stdin = bytes.NewReader(tapSource)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("tap.c does not compile: %w\n%s", err, out)
	}
	// Another process may be building it too.
	program := filepath.Join(dir, "tap")
	return program, os.Rename(path, program)
})

// newTap takes over a connection on which everything has been asked for; early holds what was read from it already.
func newTap(ctx context.Context, conn interface{ File() (*os.File, error) }, early []byte) (*Tap, error) {
	program, err := tapProgram()
	if err != nil {
		return nil, err
	}
	file, err := conn.File()
	if err != nil {
		return nil, err
	}
	// Only the process keeps the stream: Go's poller would be woken beside it by all that arrives.
	defer file.Close()
	if err := syscall.SetNonblock(int(file.Fd()), false); err != nil {
		return nil, err
	}
	t := &Tap{cmd: exec.CommandContext(ctx, program), data: early, pieces: []piece{{len(early), Mono()}}}
	t.cmd.ExtraFiles = []*os.File{file}
	return t, t.start()
}

// start returns when the process receives.
func (t *Tap) start() (err error) {
	if t.out, err = t.cmd.StdoutPipe(); err != nil {
		return err
	}
	if err := t.cmd.Start(); err != nil {
		return err
	}
	if _, err := io.ReadFull(t.out, make([]byte, 1)); err != nil {
		return fmt.Errorf("the tap did not begin: %w", errors.Join(err, t.cmd.Wait()))
	}
	return nil
}

// Stop takes over what was received, when no more comes.
func (t *Tap) Stop() error {
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	received, err := io.ReadAll(t.out)
	if err := errors.Join(err, t.cmd.Wait()); err != nil {
		return fmt.Errorf("the tap failed: %w", err)
	}
	for end := len(t.data); len(received) >= 16; {
		mono, bytes := binary.NativeEndian.Uint64(received), binary.NativeEndian.Uint64(received[8:])
		received = received[16:]
		if bytes == 0 {
			break
		}
		end += int(bytes)
		t.pieces = append(t.pieces, piece{end, int64(mono)})
	}
	t.data = append(t.data, received...)
	return nil
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
	return newTap(ctx, conn.(*net.UnixConn), early)
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
	return newTap(ctx, conn.(*net.TCPConn), early)
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
