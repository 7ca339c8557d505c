package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Key is a phone's key that watches somebody: a SIP subscriber that notes what it is notified of.
type Key struct {
	conn     *net.UDPConn
	accepted chan string // the status lines of answers to its SUBSCRIBE
	ended    chan struct{}

	mu    sync.Mutex
	shown []string
	heard int
}

// Watch subscribes to whom@domain: package dialog for a lamp, presence for words.
func (s *Switch) Watch(ctx context.Context, whom, domain, pkg string) (*Key, error) {
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.SIPPort()}
	conn, err := net.DialUDP("udp4", nil, to)
	if err != nil {
		return nil, err
	}
	k := &Key{conn: conn, accepted: make(chan string, 16), ended: make(chan struct{})}
	go k.listen()
	if err := k.subscribe(ctx, whom+"@"+domain, pkg); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

func (k *Key) subscribe(ctx context.Context, whom, pkg string) error {
	accept := map[string]string{"dialog": "application/dialog-info+xml", "presence": "application/pidf+xml"}[pkg]
	own, id := k.conn.LocalAddr().String(), fmt.Sprintf("key-%d-%d", k.conn.LocalAddr().(*net.UDPAddr).Port, Mono())
	request := strings.Join([]string{
		"SUBSCRIBE sip:" + whom + " SIP/2.0", "Via: SIP/2.0/UDP " + own + ";branch=z9hG4bK" + id, "From: <sip:key@127.0.0.1>;tag=" + id,
		"To: <sip:" + whom + ">", "Call-ID: " + id, "CSeq: 1 SUBSCRIBE", "Contact: <sip:key@" + own + ">", "Event: " + pkg,
		"Accept: " + accept, "Expires: 600", "Max-Forwards: 70", "Content-Length: 0", "", "",
	}, "\r\n")
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		if _, err := k.conn.Write([]byte(request)); err != nil {
			return err
		}
		select {
		case status := <-k.accepted:
			if strings.HasPrefix(status, "SIP/2.0 2") {
				return nil
			}
			if !strings.HasPrefix(status, "SIP/2.0 1") {
				return errors.New(whom + " may not be watched: " + status)
			}
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("nobody answers who watches %s: %w", whom, context.Cause(ctx))
		}
	}
}

// Close ends it without a word, as a phone does that is switched off.
func (k *Key) Close() {
	_ = k.conn.Close()
	<-k.ended
}

func (k *Key) listen() {
	defer close(k.ended)
	buffer := make([]byte, 1<<16)
	for {
		n, err := k.conn.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the switch has gone, or has not come yet
		}
		text := string(buffer[:n])
		first, _, _ := strings.Cut(text, "\r\n")
		switch {
		case strings.HasPrefix(first, "SIP/2.0 "):
			select {
			case k.accepted <- first:
			default:
			}
		case strings.HasPrefix(first, "NOTIFY "):
			_, _ = k.conn.Write([]byte("SIP/2.0 200 OK\r\n" + echoed(text) + "Content-Length: 0\r\n\r\n"))
			k.note(text)
		}
	}
}

var (
	dialogState = regexp.MustCompile(`<state>([^<]*)</state>`)
	noteText    = regexp.MustCompile(`<note>([^<]*)</note>|<dm:note>([^<]*)</dm:note>`)
)

// note takes what a NOTIFY says. A dialog-info without a dialog says that there is none any more.
func (k *Key) note(notify string) {
	_, body, _ := strings.Cut(notify, "\r\n\r\n")
	shows := ""
	if found := dialogState.FindStringSubmatch(body); found != nil {
		shows = found[1]
	} else if strings.Contains(body, "<dialog-info") {
		shows = "terminated"
	} else if found := noteText.FindStringSubmatch(body); found != nil {
		shows = found[1] + found[2]
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heard++
	if last := len(k.shown) - 1; shows != "" && (last < 0 || k.shown[last] != shows) {
		k.shown = append(k.shown, shows)
	}
}

// Shown is what it has shown so far, each change once.
func (k *Key) Shown() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.shown)
}

// Heard is how often it was notified.
func (k *Key) Heard() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.heard
}

// Shows waits until it shows that.
func (k *Key) Shows(ctx context.Context, what string) error {
	err := Until(ctx, "a key to show "+what, func() (bool, error) {
		shown := k.Shown()
		return len(shown) > 0 && shown[len(shown)-1] == what, nil
	})
	if err != nil {
		return fmt.Errorf("%w; it has shown %q", err, k.Shown())
	}
	return nil
}
