package lab

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// SIPp is a running SIPp that plays a phone or a caller. One with a tone has a voice, tells what becomes of its call, and
// does what it is told.
type SIPp struct {
	process *process
	errors  string   // the file with what it did not expect
	port    int      // where it takes requests
	voice   *Voice   // nil: it has no sound
	log     *os.File // what its scenario logs, as it happens; nil without a voice
	read    chan struct{}

	mu     sync.Mutex
	call   string // Call-ID of the last call
	state  string // as its scenario logs it: rings, talks, holds, held, over
	dialog string // how another dialog of the same phone names this one: the value of a Replaces
}

// Phones starts a SIPp that plays the phone of a DN, or everything behind the trunk, and returns when it listens.
// scenarios is the directory that holds phone.xml and caller.xml.
func (s *Switch) Phones(ctx context.Context, scenarios, dn string, phone Phone) (*SIPp, error) {
	values := phone.values()
	values["switch"] = strconv.Itoa(s.SIPPort())
	sipp := &SIPp{port: s.PhonePort(dn)}
	if err := s.launchSIPp(sipp, filepath.Join(scenarios, "phone.xml"), phone.Tone, values); err != nil {
		return nil, err
	}
	listening := func() (bool, error) {
		table, err := os.ReadFile("/proc/net/udp")
		if err == nil && !sipp.process.running() {
			err = sipp.failure()
		}
		return boundUDP(table, sipp.port), err
	}
	if err := Until(ctx, "the phone "+dn+" to listen", listening); err != nil {
		sipp.Stop()
		return nil, err
	}
	return sipp, nil
}

// Call starts a SIPp that calls. Wait tells how it went.
func (s *Switch) Call(scenarios string, caller Caller) (*SIPp, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	sipp := &SIPp{port: ports[0]}
	return sipp, s.launchSIPp(sipp, filepath.Join(scenarios, "caller.xml"), caller.Tone, caller.values(),
		"-m", strconv.Itoa(max(caller.Calls, 1)), "-r", strconv.Itoa(caller.rate()),
		"-l", "5000", "127.0.0.1:"+strconv.Itoa(s.SIPPort()))
}

func (s *Switch) launchSIPp(sipp *SIPp, scenario string, tone int, values map[string]string, arguments ...string) error {
	path, err := exec.LookPath("sipp")
	if err != nil {
		return ErrNoSIPp
	}
	dir, err := os.MkdirTemp(s.Path("temp"), "sipp")
	if err != nil {
		return err
	}
	sipp.errors = filepath.Join(dir, "errors.log")
	arguments = append([]string{"-sf", filepath.Join(dir, "scenario.xml"), "-i", "127.0.0.1", "-mi", "127.0.0.1",
		"-bind_local", "-ci", "127.0.0.1", "-p", strconv.Itoa(sipp.port),
		"-mp", strconv.Itoa(mediaPort()), "-nostdin", "-aa",
		"-trace_err", "-error_file", sipp.errors}, arguments...)
	values["media"] = "[media_port]"
	if tone != 0 {
		logged, err := sipp.giveVoice(dir, tone)
		if err != nil {
			return err
		}
		values["media"] = strconv.Itoa(sipp.voice.Port())
		arguments = append(logged, arguments...)
	}
	err = writeScenario(filepath.Join(dir, "scenario.xml"), scenario, values)
	if err == nil {
		sipp.process, err = launchIn(dir, path, arguments)
	}
	if err != nil {
		sipp.Stop()
	}
	return err
}

func writeScenario(to, from string, values map[string]string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(fill(string(text), values)), 0o600)
}

func launchIn(dir, path string, arguments []string) (*process, error) {
	screen, err := os.Create(filepath.Join(dir, "screen.txt"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = screen.Close() }()
	cmd := exec.Command(path, arguments...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, screen, screen
	cmd.Env = append(os.Environ(), "TERM=dumb")
	return launch(cmd)
}

// giveVoice gives it a voice, which follows what its scenario logs, and returns the options that make it log.
func (p *SIPp) giveVoice(dir string, tone int) ([]string, error) {
	path := filepath.Join(dir, "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	var err error
	// Opened for both, so that neither side waits for the other to open it.
	if p.log, err = os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err != nil {
		return nil, err
	}
	if p.voice, err = NewVoice(tone); err != nil {
		_ = p.log.Close()
		p.log = nil
		return nil, err
	}
	p.read = make(chan struct{})
	go p.follow()
	return []string{"-trace_logs", "-log_file", path}, nil
}

func (p *SIPp) follow() {
	defer close(p.read)
	for lines := bufio.NewScanner(p.log); lines.Scan(); {
		word, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		p.note(word, rest)
	}
}

// note takes a line of the scenario's log.
func (p *SIPp) note(word, rest string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch word {
	case "call":
		p.call, p.state = rest, ""
		p.voice.hush(false)
	case "media":
		port, _ := strconv.Atoi(rest)
		p.voice.talkTo(port)
	case "dialog":
		p.dialog = strings.Replace(rest, ";to-tag;tag=", ";to-tag=", 1) // SIPp writes the tag as a header has it
	case "over":
		if rest == p.call { // a phone may have several
			p.state = word
			p.voice.talkTo(0)
		}
	default:
		p.state = word
		p.voice.hush(word == "holds" || word == "held")
	}
}

// Voice is what it hears and says; only one with a tone has it.
func (p *SIPp) Voice() *Voice { return p.voice }

// Reached waits until its call is in one of the states that its scenario logs: rings, talks, holds, held, over.
func (p *SIPp) Reached(ctx context.Context, states ...string) error {
	return Until(ctx, "the phone to be where it "+strings.Join(states, " or "), func() (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Contains(states, p.state), nil
	})
}

// Answer makes a phone that rings answer.
func (p *SIPp) Answer(ctx context.Context) error { return p.tell(ctx, "ANSWER", "", "rings") }

// Refuse makes a phone that rings refuse.
func (p *SIPp) Refuse(ctx context.Context) error { return p.tell(ctx, "REFUSE", "", "rings") }

// GiveUp makes a caller cancel.
func (p *SIPp) GiveUp(ctx context.Context) error { return p.tell(ctx, "GIVEUP", "", "rings") }

// Hold makes a phone put its partner on hold, and waits until it has.
func (p *SIPp) Hold(ctx context.Context) error {
	if err := p.tell(ctx, "HOLD", "", "talks"); err != nil {
		return err
	}
	return p.Reached(ctx, "holds")
}

// Unhold makes it take its partner off hold, and waits until it has.
func (p *SIPp) Unhold(ctx context.Context) error {
	if err := p.tell(ctx, "UNHOLD", "", "holds"); err != nil {
		return err
	}
	return p.Reached(ctx, "talks")
}

// HangUp makes it hang up.
func (p *SIPp) HangUp(ctx context.Context) error {
	return p.tell(ctx, "HANGUP", "", "talks", "holds", "held")
}

// Transfer makes a phone transfer its partner blindly to a number (REFER).
func (p *SIPp) Transfer(ctx context.Context, s *Switch, number string) error {
	return p.tell(ctx, "TRANSFER", fmt.Sprintf("<sip:%s@127.0.0.1:%d>", number, s.SIPPort()), "talks", "held")
}

// TransferTo makes a phone transfer its partner to whom the same phone talks to in another call (REFER with Replaces).
func (p *SIPp) TransferTo(ctx context.Context, s *Switch, number string, other *SIPp) error {
	other.mu.Lock()
	replaces := strings.NewReplacer(";", "%3B", "=", "%3D", "@", "%40").Replace(other.dialog)
	other.mu.Unlock()
	return p.tell(ctx, "TRANSFER", fmt.Sprintf("<sip:%s@127.0.0.1:%d?Replaces=%s>", number, s.SIPPort(), replaces),
		"talks", "holds", "held")
}

// tell sends a request of its own call's to the SIPp, once the call is where it can be done.
func (p *SIPp) tell(ctx context.Context, method, refer string, states ...string) error {
	if err := p.Reached(ctx, states...); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	p.mu.Lock()
	call := p.call
	p.state = "" // until its scenario says where it is then
	p.mu.Unlock()
	conn, err := net.Dial("udp4", "127.0.0.1:"+strconv.Itoa(p.port))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	request := fmt.Sprintf("%s sip:phone@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\n"+
		"From: <sip:lab@127.0.0.1>;tag=lab\r\nTo: <sip:phone@127.0.0.1>\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n",
		method, conn.LocalAddr(), time.Now().UnixNano(), call, method)
	if refer != "" {
		request += "Refer-To: " + refer + "\r\n"
	}
	_, err = conn.Write([]byte(request + "Content-Length: 0\r\n\r\n"))
	return err
}

// fill puts the values into a scenario. SIPp's own [$name] stays as it is.
func fill(text string, values map[string]string) string {
	return os.Expand(text, func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return "$" + name
	})
}

// Wait waits until every call of a caller has ended as its scenario says.
func (p *SIPp) Wait(ctx context.Context) error {
	select {
	case <-p.process.done:
		if p.process.err != nil {
			return p.failure()
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the calls did not end: %w", context.Cause(ctx))
	}
}

func (p *SIPp) failure() error {
	text, _ := os.ReadFile(p.errors)
	const enough = 2000 // it writes a line for every call
	return fmt.Errorf("sipp ended with %w: %s", p.process.err, text[:min(len(text), enough)])
}

// Errors is what the phone did not expect, so far. That its machine was busy is none of it.
func (p *SIPp) Errors() string {
	text, _ := os.ReadFile(p.errors)
	var unexpected strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "watchdog timer") && !strings.HasPrefix(line, "The following events occurred") {
			unexpected.WriteString(line)
		}
	}
	return unexpected.String()
}

// Stop ends SIPp at once, as if its machine had lost power: the calls that it has are told nothing.
func (p *SIPp) Stop() {
	if p.process != nil {
		p.process.end(0)
	}
	p.mu.Lock()
	voice := p.voice
	p.mu.Unlock()
	if voice != nil && p.log != nil {
		_ = p.log.Close()
		<-p.read
		p.log = nil
		voice.Close()
	}
}
