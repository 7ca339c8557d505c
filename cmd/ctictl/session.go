package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"modcti/cmd/internal/client"
	"modcti/cmd/internal/ladder"
)

const answerTimeout = 5 * time.Second

// durationFlag is a time that must be positive; 0 stands for the default.
type durationFlag struct{ time.Duration }

// Set implements flag.Value.
func (d *durationFlag) Set(text string) error {
	value, err := time.ParseDuration(text)
	if err != nil || value <= 0 {
		return errors.New("want a time such as 2s or 500ms")
	}
	d.Duration = value
	return nil
}

// session is one connection that serves one command.
type session struct {
	*client.Client
	o       *options
	out     io.Writer
	printer ladder.Printer
	stop    func() bool
}

func connect(ctx context.Context, o *options, out io.Writer) (*session, error) {
	if o.client.Unix == "" && o.client.TCP == "" {
		var err error
		if o.client.Unix, err = client.FindSocket(); err != nil {
			return nil, err
		}
	}
	if o.tokenFile != "" {
		var err error
		if o.client.Token, err = client.ReadToken(o.tokenFile); err != nil {
			return nil, err
		}
	}
	o.client.Name = "ctictl"
	c, err := client.Dial(o.client)
	if err != nil {
		return nil, err
	}
	s := &session{Client: c, o: o, out: out}
	s.printer.Color = o.color == "always" || o.color == "auto" && ladder.IsTerminal(out) && os.Getenv("NO_COLOR") == ""
	s.stop = context.AfterFunc(ctx, c.Close)
	return s, nil
}

func (s *session) close() {
	s.stop()
	s.Close()
}

// within bounds how long the answers of a command may take.
func (s *session) within(do func() error) error {
	timeout := s.o.timeout.Duration
	if timeout == 0 {
		timeout = answerTimeout
	}
	expired := make(chan struct{})
	timer := time.AfterFunc(timeout, func() { close(expired); s.Close() })
	defer timer.Stop()
	err := do()
	select {
	case <-expired:
		if err != nil {
			return fmt.Errorf("the engine did not answer within %v: try a longer -timeout", timeout)
		}
	default:
	}
	return err
}

// print writes a line for people, or the message itself for programs.
func (s *session) print(line []byte) error {
	var err error
	if s.o.json {
		_, err = fmt.Fprintf(s.out, "%s\n", line)
	} else {
		_, err = fmt.Fprintln(s.out, s.printer.Line(line))
	}
	return err
}

// follow prints events until the connection ends. What the engine answers to the registrations is shown as the calls
// that are up already; the stream goes on from there without a hole.
func (s *session) follow([]string) error {
	for _, dn := range s.o.dns {
		request := map[string]any{"messageID": "RequestRegisterDN", "thisDN": dn, "mode": "monitor"}
		if err := s.Send(request); err != nil {
			return err
		}
	}
	if len(s.o.dns) == 0 {
		if err := s.Send(map[string]any{"messageID": "RequestSubscribe", "scope": "company"}); err != nil {
			return err
		}
	}
	return s.stream()
}

// stream prints what comes until the connection ends.
func (s *session) stream() error {
	for {
		line, err := s.Next()
		if err != nil {
			return err
		}
		if err := s.show(line); err != nil {
			return err
		}
	}
}

func (s *session) show(line []byte) error {
	if s.o.json {
		return s.print(line)
	}
	var e struct {
		MessageID string         `json:"messageID"`
		ThisDN    string         `json:"thisDN"`
		Parties   []ladder.Party `json:"parties"`
		Snapshot  []callSnapshot `json:"snapshot"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return s.print(line)
	}
	switch e.MessageID {
	case "EventHeartbeat":
		return nil
	case "EventSubscribed":
		return s.live(e.Snapshot)
	case "EventRegistered":
		return s.parties("-- "+ladder.Clean(e.ThisDN)+" is registered", e.Parties)
	case "EventPartyError", "EventAgentError":
		return client.AsRefusal(line)
	case "EventAgentInfo":
		return showEntry(s, line, (*agentStatus).line)
	case "EventQueueInfo":
		return showEntry(s, line, (*queueStatus).line)
	}
	return s.print(line)
}

type callSnapshot struct {
	CallID   string         `json:"callID"`
	CallType string         `json:"callType"`
	ANI      string         `json:"ANI"`
	DNIS     string         `json:"DNIS"`
	Parties  []ladder.Party `json:"parties"`
}

// head is a line about the call as a whole. An internal call has no outside line, so neither ANI nor DNIS.
func (c *callSnapshot) head() string {
	head := ladder.Clean(c.CallID) + "  " + ladder.Clean(c.CallType)
	if c.ANI != "" || c.DNIS != "" {
		head += "  " + ladder.Clean(c.ANI) + " → " + ladder.Clean(c.DNIS)
	}
	return head
}

// live prints the calls that are up.
func (s *session) live(calls []callSnapshot) error {
	if _, err := fmt.Fprintf(s.out, "-- %s\n", count(len(calls), "live call")); err != nil {
		return err
	}
	for _, c := range calls {
		if err := s.parties("-- "+c.head(), c.Parties); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) parties(head string, parties []ladder.Party) error {
	lines := []string{head}
	for _, p := range parties {
		words := []string{
			"     " + ladder.Pad(ladder.Clean(p.ThisDN), 12), ladder.Pad(ladder.Clean(p.State), 8),
			ladder.Pad(ladder.Clean(p.OtherDN), 12), ladder.Clean(p.PartyRole),
		}
		if p.Since > 0 {
			words = append(words, "for "+ladder.Duration(time.Now().UnixMilli()-p.Since))
		}
		if p.Muted {
			words = append(words, "muted")
		}
		if p.Observed {
			words = append(words, "observed")
		}
		lines = append(lines, strings.Join(words, "  "))
	}
	_, err := fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

// snapshot asks for all live calls.
func (s *session) snapshot() (line []byte, calls []callSnapshot, err error) {
	if err := s.Send(map[string]any{"messageID": "RequestSubscribe", "scope": "company"}); err != nil {
		return nil, nil, err
	}
	if line, err = s.Await("EventSubscribed"); err != nil {
		return nil, nil, err
	}
	var e struct {
		Snapshot []callSnapshot `json:"snapshot"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, nil, fmt.Errorf("the engine's answer is not to be understood: %w", err)
	}
	return line, e.Snapshot, nil
}

// query prints one live call.
func (s *session) query(words []string) error {
	return s.within(func() error {
		id, err := s.wholeID(strings.ReplaceAll(strings.ToLower(words[0]), "-", ""))
		if err != nil {
			return err
		}
		if err := s.Send(map[string]any{"messageID": "RequestQueryCall", "callID": id}); err != nil {
			return err
		}
		line, err := s.Await("EventCallInfo")
		if err != nil {
			return err
		}
		if s.o.json {
			return s.print(line)
		}
		var c callSnapshot
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("the engine's answer is not to be understood: %w", err)
		}
		return s.parties(c.head(), c.Parties)
	})
}

const idLength = 32 // hex digits (R57)

// wholeID completes the beginning of an id, as follow shows it.
func (s *session) wholeID(id string) (string, error) {
	if len(id) >= idLength {
		return id, nil
	}
	_, calls, err := s.snapshot()
	if err != nil {
		return "", err
	}
	var found []string
	for _, c := range calls {
		if strings.HasPrefix(c.CallID, id) {
			found = append(found, c.CallID)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no live call's id begins with %s; ctictl status lists the live calls", ladder.Clean(id))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d live calls begin with %s: %s", len(found), ladder.Clean(id), strings.Join(found, ", "))
}

// status prints what the engine is and what is going on in it.
func (s *session) status([]string) error {
	return s.within(func() error {
		began := time.Now()
		if err := s.Send(map[string]any{"messageID": "RequestHeartbeat"}); err != nil {
			return err
		}
		if _, err := s.Await("EventHeartbeat"); err != nil {
			return err
		}
		answered := time.Since(began)
		line, calls, err := s.snapshot()
		if err != nil {
			return err
		}
		if s.o.json {
			return s.statusJSON(line, answered)
		}
		o := &s.Opened
		release := strings.TrimPrefix(o.Version, o.Server+" ")
		_, err = fmt.Fprintf(s.out, "engine   %s %s\ncompany  %s\nrights   %s\nevents   %d so far (seq), profile %s\n"+
			"limits   %d requests a second, %d bytes may wait for a client\nanswers  in %v\n",
			ladder.Clean(o.Server), ladder.Clean(release), ladder.Clean(o.CompanyID), strings.Join(o.Rights, ", "),
			o.Seq, o.Profile, o.Limits.RequestsPerSecond, o.Limits.QueueBytes, answered.Round(10*time.Microsecond))
		if err != nil {
			return err
		}
		return s.live(calls)
	})
}

func (s *session) statusJSON(subscribed []byte, answered time.Duration) error {
	var calls struct {
		Snapshot json.RawMessage `json:"snapshot"`
	}
	if err := json.Unmarshal(subscribed, &calls); err != nil {
		return fmt.Errorf("the engine's answer is not to be understood: %w", err)
	}
	return json.NewEncoder(s.out).Encode(map[string]any{
		"opened": s.Opened, "answerMicros": answered.Microseconds(), "calls": calls.Snapshot,
	})
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
