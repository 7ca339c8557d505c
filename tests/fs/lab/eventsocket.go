package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Event is what the event socket sent: an event's headers, decoded, and its body.
type Event struct {
	Header map[string]string
	Body   string
	Mono   int64 // CLOCK_MONOTONIC when the last byte of it had been read
}

// Name is the event's name, and for CUSTOM events its subclass.
func (e Event) Name() string {
	if subclass := e.Header["Event-Subclass"]; subclass != "" {
		return subclass
	}
	return e.Header["Event-Name"]
}

// UUID is the channel that the event is about.
func (e Event) UUID() string { return e.Header["Unique-ID"] }

// EventSocket is a client of mod_event_socket. One goroutine reads; answers and events come in the order of the wire.
type EventSocket struct {
	conn    net.Conn
	reader  *bufio.Reader
	mu      sync.Mutex // one command at a time
	replies chan string
	events  chan Event
	done    chan struct{}
	closed  chan struct{}
	once    sync.Once
	err     error
}

// eventBacklog is how many events may wait for a test that is not reading.
const eventBacklog = 1 << 16

// DialEventSocket connects and authenticates.
func DialEventSocket(ctx context.Context, port int, password string) (*EventSocket, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	s := &EventSocket{
		conn: conn, reader: bufio.NewReaderSize(conn, 1<<16), replies: make(chan string, 1),
		events: make(chan Event, eventBacklog), done: make(chan struct{}), closed: make(chan struct{}),
	}
	go s.read()
	if reply, err := s.Command(ctx, "auth "+password); err != nil || !strings.HasPrefix(reply, "+OK") {
		s.Close()
		return nil, fmt.Errorf("the event socket refused the password: %q %w", reply, err)
	}
	return s, nil
}

// Close ends the connection and waits for its reader.
func (s *EventSocket) Close() {
	s.once.Do(func() { close(s.closed) })
	_ = s.conn.Close()
	<-s.done
}

// Command sends one command and returns its answer: the text of an api command, the Reply-Text of any other.
func (s *EventSocket) Command(ctx context.Context, command string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if deadline, ok := ctx.Deadline(); ok {
		_ = s.conn.SetWriteDeadline(deadline)
	}
	if _, err := io.WriteString(s.conn, command+"\n\n"); err != nil {
		return "", err
	}
	select {
	case reply := <-s.replies:
		return reply, nil
	case <-s.done:
		return "", fmt.Errorf("the event socket closed while %q waited for its answer: %w", command, s.err)
	case <-ctx.Done():
		_ = s.conn.Close() // a late answer would be taken for the next command's
		return "", fmt.Errorf("%q was not answered: %w", command, context.Cause(ctx))
	}
}

// API runs one API command and waits for its answer.
func (s *EventSocket) API(ctx context.Context, command string) (string, error) {
	reply, err := s.Command(ctx, "api "+command)
	return strings.TrimRight(reply, "\n"), err
}

// Subscribe asks for events by name, in the plain format: "CHANNEL_ANSWER CUSTOM cti::event".
func (s *EventSocket) Subscribe(ctx context.Context, names string) error {
	reply, err := s.Command(ctx, "event plain "+names)
	if err == nil && !strings.HasPrefix(reply, "+OK") {
		err = fmt.Errorf("event plain %s: %s", names, reply)
	}
	return err
}

// Next returns the next event that want accepts, dropping those before it.
func (s *EventSocket) Next(ctx context.Context, want func(Event) bool) (Event, error) {
	for {
		select {
		case e := <-s.events:
			if want(e) {
				return e, nil
			}
		case <-s.done:
			return Event{}, fmt.Errorf("the event socket closed: %w", s.err)
		case <-ctx.Done():
			return Event{}, fmt.Errorf("no such event on the event socket: %w", context.Cause(ctx))
		}
	}
}

// Pending takes every event that has arrived and not been read.
func (s *EventSocket) Pending() []Event {
	var out []Event
	for {
		select {
		case e := <-s.events:
			out = append(out, e)
		default:
			return out
		}
	}
}

func (s *EventSocket) read() {
	defer close(s.done)
	for {
		if s.err = s.readOne(); s.err != nil {
			return
		}
	}
}

func (s *EventSocket) readOne() error {
	header, err := textproto.NewReader(s.reader).ReadMIMEHeader()
	if err != nil {
		return err
	}
	body := make([]byte, contentLength(header.Get("Content-Length")))
	if _, err := io.ReadFull(s.reader, body); err != nil {
		return err
	}
	switch header.Get("Content-Type") {
	case "auth/request":
		return nil
	case "command/reply":
		return s.reply(header.Get("Reply-Text"))
	case "api/response":
		return s.reply(string(body))
	case "text/event-plain":
		event := parsePlain(string(body))
		event.Mono = Mono()
		select {
		case s.events <- event:
			return nil
		case <-s.closed:
			return net.ErrClosed
		case <-time.After(time.Minute):
			return fmt.Errorf("%d events of the event socket were never read", eventBacklog)
		}
	case "text/disconnect-notice":
		return io.EOF
	default:
		return nil
	}
}

func (s *EventSocket) reply(text string) error {
	select {
	case s.replies <- text:
		return nil
	case <-s.closed:
		return net.ErrClosed
	}
}

func contentLength(text string) int {
	length, err := strconv.Atoi(text)
	if err != nil || length < 0 {
		return 0
	}
	return length
}

// parsePlain reads an event in the plain format: encoded headers, a blank line, and a body when there is one.
func parsePlain(text string) Event {
	head, body, _ := strings.Cut(text, "\n\n")
	event := Event{Header: make(map[string]string, 64), Body: body}
	for line := range strings.SplitSeq(head, "\n") {
		name, value, found := strings.Cut(line, ": ")
		if !found {
			continue
		}
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		event.Header[name] = value
	}
	return event
}
