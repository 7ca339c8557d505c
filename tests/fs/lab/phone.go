package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// ErrNoSIPp says that SIPp, which plays phones and callers, is not installed.
var ErrNoSIPp = errors.New("no sipp in PATH")

// Forever is longer than any test.
const Forever = time.Hour

// Phone is what a phone does with every call that it is given (sipp/phone.xml). The zero value rings until cancelled.
type Phone struct {
	First  string        // ring, early or refuse; "" = ring
	Ring   time.Duration // how long it rings; 0 = until cancelled
	Final  string        // answer or refuse; "" = answer
	Status string        // what it refuses with; "" = 486 Busy Here
	Then   string        // wait, hold or refer, once answered; "" = wait
	Pause  time.Duration // how long it talks before that
	Held   time.Duration // how long it holds; 0 = until the call ends
	After  string        // unhold or hangup, after it has held; "" = unhold
	Talk   time.Duration // how long it talks before it hangs up; 0 = until the other side does
	Refer  string        // where it transfers the other side to
}

// Answers is a phone that rings and then answers, and leaves the end to the other side.
func Answers(ring time.Duration) Phone { return Phone{Ring: ring} }

func (p Phone) values() map[string]string {
	return map[string]string{
		"first": or(p.First, "ring"), "ring": millis(p.Ring), "final": or(p.Final, "answer"),
		"status": or(p.Status, "486 Busy Here"), "then": or(p.Then, "wait"), "pause": millis(max(p.Pause, 1)),
		"held": millis(p.Held), "after": or(p.After, "unhold"), "talk": millis(p.Talk), "refer": p.Refer,
	}
}

// Caller calls through the switch (sipp/caller.xml).
type Caller struct {
	From, Name, To string
	Cancel         bool          // gives up while the other side rings
	Ring           time.Duration // how long it lets it ring before that
	Talk           time.Duration // how long it talks before it hangs up; 0 = until the other side does
	Calls          int           // how many calls; 0 = 1
	PerSecond      int           // how many of them it begins each second; 0 = 10
}

func (c Caller) values() map[string]string {
	ringing := "wait"
	if c.Cancel {
		ringing = "cancel"
	}
	return map[string]string{
		"from": c.From, "name": or(c.Name, c.From), "to": c.To, "ringing": ringing, "ring": millis(max(c.Ring, 1)),
		"talk": millis(c.Talk),
	}
}

func (c Caller) rate() int {
	if c.PerSecond == 0 {
		return 10
	}
	return c.PerSecond
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// millis writes a time as SIPp wants it; no time means for ever.
func millis(d time.Duration) string {
	if d == 0 {
		d = Forever
	}
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// SIPp is a running SIPp.
type SIPp struct {
	process *process
	errors  string // the file with what it did not expect
}

// Phones starts a SIPp that plays the phone of a DN, or everything behind the trunk, and returns when it listens.
// scenarios is the directory that holds phone.xml and caller.xml.
func (s *Switch) Phones(ctx context.Context, scenarios, dn string, phone Phone) (*SIPp, error) {
	port := s.PhonePort(dn)
	values := phone.values()
	values["switch"] = strconv.Itoa(s.SIPPort())
	sipp, err := s.sipp(filepath.Join(scenarios, "phone.xml"), values, "-p", strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	listening := func() (bool, error) {
		table, err := os.ReadFile("/proc/net/udp")
		if err == nil && !sipp.process.running() {
			err = sipp.failure()
		}
		return boundUDP(table, port), err
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
	return s.sipp(filepath.Join(scenarios, "caller.xml"), caller.values(), "-p", strconv.Itoa(ports[0]),
		"-m", strconv.Itoa(max(caller.Calls, 1)), "-r", strconv.Itoa(caller.rate()),
		"-l", "5000", "127.0.0.1:"+strconv.Itoa(s.SIPPort()))
}

func (s *Switch) sipp(scenario string, values map[string]string, arguments ...string) (*SIPp, error) {
	path, err := exec.LookPath("sipp")
	if err != nil {
		return nil, ErrNoSIPp
	}
	text, err := os.ReadFile(scenario)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.Path("temp"), "sipp")
	if err != nil {
		return nil, err
	}
	filled := filepath.Join(dir, filepath.Base(scenario))
	if err := os.WriteFile(filled, []byte(fill(string(text), values)), 0o600); err != nil {
		return nil, err
	}
	sipp := &SIPp{errors: filepath.Join(dir, "errors.log")}
	screen, err := os.Create(filepath.Join(dir, "screen.txt"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = screen.Close() }()
	cmd := exec.Command(path, append([]string{"-sf", filled, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-bind_local",
		"-ci", "127.0.0.1", "-nostdin", "-aa", "-trace_err", "-error_file", sipp.errors}, arguments...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, screen, screen
	cmd.Env = append(os.Environ(), "TERM=dumb")
	sipp.process, err = launch(cmd)
	return sipp, err
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

// Stop ends SIPp at once, as if its machine had lost power: the calls that it has are told nothing.
func (p *SIPp) Stop() { p.process.end(0) }
