package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say which private switch to start.
type Options struct {
	// ModuleDirs hold modules of our own (mod_cti.so with libcti.so beside it); they join the installed ones.
	ModuleDirs []string
	// Modules are loaded at the start, after all others: "mod_cti".
	Modules []string
	// Settings of cti.conf.xml. None = the section is absent.
	Settings []Setting
	// Sample is a whole cti.conf.xml, instead of Settings.
	Sample []byte
	// World lets every call that comes in ring, parked: whoever drives this switch decides what becomes of it.
	World bool
	// PhonesAt is the SIP port of all phones and of the trunk; 0 = each has one of its own.
	PhonesAt int
	// RealTime starts without -np: the switch asks for real-time scheduling, as it does in production.
	RealTime bool
	// BypassMedia keeps the switch out of the media path of bridged calls.
	BypassMedia bool
	// Debug raises the log level.
	Debug bool
}

// Switch is a running private FreeSWITCH.
type Switch struct {
	Install Install
	Dir     string // everything that it writes is below
	Options Options

	cfg      config
	rtpFirst int // of its ports for sound; 0 = it has none
	process  *process
	stopped  bool // it was told to stop

	mu      sync.Mutex
	control *EventSocket // for API; nil until first used
}

// starts is how often a start is tried again because another program took a port between its choice and its use.
const starts = 3

// Start starts a private switch and returns when it answers commands and its SIP profile runs.
func Start(ctx context.Context, install Install, options Options) (*Switch, error) {
	var failed error
	for range starts {
		s := &Switch{Install: install, Options: options}
		err := s.layOut()
		if err == nil {
			err = s.run(ctx)
		}
		if err == nil {
			return s, nil
		}
		s.Kill()
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

// Path is a file or directory of this switch.
func (s *Switch) Path(names ...string) string {
	return filepath.Join(append([]string{s.Dir}, names...)...)
}

// Configure writes the configuration with these settings of the module. A running switch reads it at reloadxml.
func (s *Switch) Configure(settings []Setting) error {
	s.cfg.Settings = settings
	text, err := s.cfg.render()
	if err != nil {
		return err
	}
	return os.WriteFile(s.Path("conf", "freeswitch.xml"), text, 0o600)
}

func (s *Switch) run(ctx context.Context) error {
	cmd := exec.Command(s.Install.Binary, s.arguments()...)
	output, err := os.Create(s.Path("log", "output.txt"))
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	cmd.Stdout, cmd.Stderr = output, output
	process, err := launch(cmd)
	if err != nil {
		return err
	}
	s.process = process
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := Until(ready, "the switch to be ready", func() (bool, error) { return s.ready(ready) }); err != nil {
		return fmt.Errorf("%w\n%s", err, s.LogTail(20))
	}
	s.keepCerts()
	return nil
}

func (s *Switch) arguments() []string {
	arguments := []string{"-nc", "-nf", "-nonat", "-nocal"}
	if !s.Options.RealTime {
		arguments = append(arguments, "-np")
	}
	for _, name := range directories {
		arguments = append(arguments, "-"+name, s.Path(name))
	}
	return arguments
}

// ready asks the switch itself: its event socket answers, its core says so, and its SIP profile runs.
func (s *Switch) ready(ctx context.Context) (bool, error) {
	if !s.process.running() {
		return false, fmt.Errorf("the switch ended while it started: %w", s.process.err)
	}
	status, err := s.API(ctx, "status")
	var refused *net.OpError
	if errors.As(err, &refused) {
		return false, nil
	}
	if err != nil || !strings.Contains(status, "is ready") {
		return false, err
	}
	profiles, err := s.API(ctx, "sofia status")
	return strings.Contains(profiles, "RUNNING"), err
}

// Pid is the switch's process.
func (s *Switch) Pid() int { return s.process.pid() }

// Running tells whether the switch still runs.
func (s *Switch) Running() bool { return s.process.running() }

// Died tells how the switch ended, where nobody told it to.
func (s *Switch) Died() error {
	if s.stopped || s.process.running() {
		return nil
	}
	output, _ := os.ReadFile(s.Path("log", "output.txt"))
	return fmt.Errorf("the switch died: %w\n%s\n%s", s.process.err, output, s.LogTail(20))
}

// Signal sends a signal to the switch.
func (s *Switch) Signal(signal syscall.Signal) error { return s.process.cmd.Process.Signal(signal) }

// Shutdown stops the switch in order, as the machine would; after grace it is killed. Its files stay until Kill.
func (s *Switch) Shutdown(grace time.Duration) {
	s.mu.Lock()
	s.hangUp()
	s.mu.Unlock()
	s.stopped = true
	if s.process != nil {
		s.process.end(grace)
	}
}

// Kill ends the switch at once and removes its files.
func (s *Switch) Kill() {
	s.Shutdown(0)
	if s.rtpFirst != 0 {
		returnRange(s.rtpFirst)
		s.rtpFirst = 0
	}
	_ = os.RemoveAll(s.Dir)
}

// EventSocket connects a new client to the switch's event socket.
func (s *Switch) EventSocket(ctx context.Context) (*EventSocket, error) {
	return DialEventSocket(ctx, s.cfg.EventPort, s.cfg.Password)
}

// API runs one API command, over a connection that is kept for the next.
func (s *Switch) API(ctx context.Context, command string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.control == nil {
		control, err := s.EventSocket(ctx)
		if err != nil {
			return "", err
		}
		s.control = control
	}
	reply, err := s.control.API(ctx, command)
	if err != nil {
		s.hangUp()
	}
	return reply, err
}

// hangUp closes the kept connection. The caller holds mu.
func (s *Switch) hangUp() {
	if s.control != nil {
		s.control.Close()
		s.control = nil
	}
}

// CLI runs one command through fs_cli and returns what it printed.
func (s *Switch) CLI(ctx context.Context, command string) (string, error) {
	out, err := exec.CommandContext(ctx, s.Install.CLI, "-H", "127.0.0.1", "-P", fmt.Sprint(s.cfg.EventPort),
		"-p", s.cfg.Password, "-x", command).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// SIPPort is where the switch takes calls.
func (s *Switch) SIPPort() int { return s.cfg.SIPPort }

// PhonePort is where the switch looks for the phone of a DN; any other number is behind the trunk.
func (s *Switch) PhonePort(dn string) int {
	for _, u := range s.cfg.Users {
		if u.DN == dn {
			return u.Port
		}
	}
	return s.cfg.TrunkPort
}

// Log is the switch's log so far.
func (s *Switch) Log() string {
	text, _ := os.ReadFile(s.Path("log", "freeswitch.log"))
	return string(text)
}

// LogTail is the last lines of the switch's log.
func (s *Switch) LogTail(lines int) string {
	all := strings.Split(strings.TrimRight(s.Log(), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
