package fsmod

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"
)

const patience = 40 * time.Second // for what should take far less; only a failure waits so long

// machine is a private switch in a directory of its own.
type machine struct {
	dir                                         string
	sipPort, proxyHoldPort, eventPort, rtpRange int
	process                                     *os.Process
	ended                                       chan error // how, once; then closed
	told                                        recordLog
}

// freeSwitch is a switch as one test sees it.
type freeSwitch struct {
	*machine
	t     *testing.T
	since int          // how many records are older than the test
	made  []string     // the legs that end with its test
	line  *eventSocket // by which it asks the switch
}

// with is the same switch as seen by a test of its own.
func (s *freeSwitch) with(t *testing.T) *freeSwitch {
	own := &freeSwitch{machine: s.machine, t: t, since: s.since}
	t.Cleanup(func() {
		if own.line != nil {
			own.line.Close()
		}
	})
	return own
}

// start runs a switch with the module loaded, unless the settings do not let it. It ends after the test.
func start(t *testing.T, arguments ...string) *freeSwitch {
	t.Helper()
	return startWith(t, defaultSettings, arguments...)
}

const defaultSettings = `<configuration name="cti.conf"><settings>
  <param name="tcp-listen" value=""/>
</settings></configuration>`

func startWith(t *testing.T, settings string, arguments ...string) *freeSwitch {
	t.Helper()
	s := launch(t, settings, arguments...)
	t.Cleanup(func() { ending.add(s.machine) })
	return s
}

func launch(t *testing.T, settings string, arguments ...string) *freeSwitch {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
	dir, err := os.MkdirTemp(workDir, "switch")
	require.NoError(t, err)
	s := (&freeSwitch{machine: &machine{dir: dir}}).with(t)
	s.choosePorts()
	s.lay(settings)
	s.run(arguments)
	s.until(s.up, "the switch to come up")
	return s
}

var shared *machine

// share is the switch of all tests that leave it as they found it. It is running already, unless a test has failed on it.
func share(t *testing.T) *freeSwitch {
	t.Helper()
	if shared == nil {
		shared = launch(t, defaultSettings, "-np").machine
	}
	s := (&freeSwitch{machine: shared}).with(t)
	s.since = s.mark()
	t.Cleanup(func() {
		if t.Failed() {
			ending.add(shared)
			shared = nil
		}
	})
	return s
}

// Ports that the kernel gives to nobody by itself: those of a switch that is about to come up, or of a phone that is
// switched off, are nobody else's meanwhile.
const firstPort, lastPort, rtpPortsEach, rtpRanges = 28000, 32700, 600, 20

var ports = struct {
	sync.Mutex
	next   int
	ranges [rtpRanges]int // how many switches have it
}{next: firstPort + os.Getpid()*37%(lastPort-firstPort)}

func freePort(t *testing.T, network string) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for {
		if ports.next++; ports.next > lastPort {
			ports.next = firstPort
		}
		if portIsFree(network, ports.next) {
			return ports.next
		}
	}
}

func portIsFree(network string, port int) bool {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		return err == nil && conn.Close() == nil
	}
	listener, err := net.Listen(network, address)
	return err == nil && listener.Close() == nil
}

func (s *freeSwitch) choosePorts() {
	s.sipPort, s.proxyHoldPort, s.eventPort = freePort(s.t, "udp"), freePort(s.t, "udp"), freePort(s.t, "tcp")
	ports.Lock()
	defer ports.Unlock()
	s.rtpRange = slices.Index(ports.ranges[:], slices.Min(ports.ranges[:]))
	ports.ranges[s.rtpRange]++
}

// lay makes the directory: configuration, modules, and the module under test beside its library.
func (s *freeSwitch) lay(settings string) {
	for _, sub := range []string{"conf/autoload_configs", "conf/dialplan", "log", "db", "run", "mod", "scripts", "sounds/ivr"} {
		require.NoError(s.t, os.MkdirAll(filepath.Join(s.dir, sub), 0o755))
	}
	modules := []string{"mod_logfile", "mod_event_socket", "mod_commands", "mod_dptools", "mod_dialplan_xml",
		"mod_loopback", "mod_conference", "mod_tone_stream", "mod_sndfile", "mod_sofia", "mod_say_ctitest", "mod_cti"}
	for _, name := range modules[:len(modules)-2] {
		require.NoError(s.t, os.Symlink(filepath.Join(moduleDir, name+".so"), s.path("mod", name+".so")))
	}
	copyFile(s.t, builtSay, s.path("mod", "mod_say_ctitest.so"))
	copyFile(s.t, filepath.Join(repository, "fsmod", "conf", "dialplan", "default", "10_cti.xml"),
		s.path("conf", "dialplan", "10_cti.xml"))
	for _, name := range []string{"you_are_number", "estimated_hold_time"} {
		writeTone(s.t, s.path("sounds", "ivr", "ivr-"+name+".wav"), 1100, 400*time.Millisecond)
	}
	copyFile(s.t, builtModule, s.path("mod", "mod_cti.so"))
	copyFile(s.t, fakeCTI, s.path("mod", "libcti.so"))
	s.configure(settings)
	file, err := os.Create(s.path("conf", "freeswitch.xml"))
	require.NoError(s.t, err)
	defer file.Close()
	page := template.Must(template.ParseFiles("testdata/freeswitch.xml.tmpl"))
	require.NoError(s.t, page.Execute(file, map[string]any{
		"Dir": s.dir, "Modules": modules, "SIPPort": s.sipPort, "EventPort": s.eventPort,
		"RTPFirst": firstPort - (s.rtpRange+1)*rtpPortsEach, "RTPLast": firstPort - s.rtpRange*rtpPortsEach - 1,
		"Profiles": []map[string]any{
			{"Name": "test", "Port": s.sipPort, "ProxyHold": false},
			{"Name": "proxyhold", "Port": s.proxyHoldPort, "ProxyHold": true},
		},
	}))
}

func (s *freeSwitch) configure(settings string) {
	require.NoError(s.t, os.WriteFile(s.path("conf", "autoload_configs", "cti.conf.xml"), []byte(settings), 0o644))
}

func (m *machine) path(parts ...string) string {
	return filepath.Join(append([]string{m.dir}, parts...)...)
}

func copyFile(t *testing.T, from, to string) {
	in, err := os.Open(from)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
}

func (s *freeSwitch) run(arguments []string) {
	arguments = append([]string{"-nonat", "-nf", "-nc", "-conf", s.path("conf"), "-log", s.path("log"),
		"-db", s.path("db"), "-run", s.path("run"), "-mod", s.path("mod"), "-scripts", s.path("scripts"),
		"-temp", s.path("run")}, arguments...)
	console, err := os.Create(s.path("log", "console"))
	require.NoError(s.t, err)
	defer console.Close()
	cmd := exec.Command(binary, arguments...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.Env = append(os.Environ(), "FAKECTI_LOG="+s.path("records.jsonl"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.ended = make(chan error, 1)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // it dies with the thread that started it
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		s.process = cmd.Process
		started <- err
		if err == nil {
			s.ended <- cmd.Wait()
			close(s.ended)
			ports.Lock()
			defer ports.Unlock()
			ports.ranges[s.rtpRange]--
		}
	}()
	require.NoError(s.t, <-started)
}

func (s *freeSwitch) up() bool {
	e, err := dialEventSocket(s.eventPort)
	if err != nil {
		return false
	}
	defer e.Close()
	r, err := e.command("api status", time.Second)
	return err == nil && strings.HasPrefix(r.body, "UP") && strings.Contains(r.body, "is ready")
}

// stop ends the switch in an orderly way and waits for it.
func (s *freeSwitch) stop() {
	s.t.Helper()
	require.NoError(s.t, s.end())
}

// end is stop for a switch that may have been stopped already.
func (m *machine) end() error {
	_ = m.process.Signal(syscall.SIGTERM)
	select {
	case err := <-m.ended:
		if err != nil {
			return fmt.Errorf("the switch ended badly: %w\n%s", err, m.log())
		}
		return nil
	case <-time.After(patience):
		_ = m.process.Kill()
		<-m.ended
		return fmt.Errorf("the switch did not end within %s and was killed:\n%s", patience, m.log())
	}
}

// endings are the switches that end while the tests go on: a switch takes seconds for it, most of which it sleeps.
type endings struct {
	mu   sync.Mutex
	wait sync.WaitGroup
	errs []error
}

var ending endings

func (e *endings) add(m *machine) {
	e.wait.Go(func() {
		err := m.end()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.errs = append(e.errs, err)
	})
}

// all waits for them and says how they ended.
func (e *endings) all() error {
	e.wait.Wait()
	return errors.Join(e.errs...)
}

// until waits for what should be true in a moment.
func (s *freeSwitch) until(done func() bool, format string, arguments ...any) {
	s.t.Helper()
	s.within(patience, done, format, arguments...)
}

func (s *freeSwitch) within(limit time.Duration, done func() bool, format string, arguments ...any) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); !done(); <-tick.C {
		if time.Since(begun) > limit {
			require.FailNow(s.t, "waited in vain for "+fmt.Sprintf(format, arguments...), "channels:\n%s\nlog:\n%s",
				s.api("show channels"), s.log())
		}
	}
}

// api runs one API command as fs_cli does.
func (s *freeSwitch) api(command string, arguments ...any) string {
	s.t.Helper()
	if s.line == nil {
		var err error
		s.line, err = dialEventSocket(s.eventPort)
		require.NoError(s.t, err)
	}
	r, err := s.line.command("api "+fmt.Sprintf(command, arguments...), patience)
	require.NoError(s.t, err)
	return strings.TrimSpace(r.body)
}

// tryAPI reports whether the switch answers the command without an error.
func (s *freeSwitch) tryAPI(command string, arguments ...any) bool {
	s.t.Helper()
	return !strings.Contains(s.api(command, arguments...), "-ERR")
}

func (m *machine) log() string {
	log, _ := os.ReadFile(m.path("log", "freeswitch.log"))
	console, _ := os.ReadFile(m.path("log", "console"))
	return string(log) + string(console)
}

// emptied waits until the switch has no session left: nobody holds a lock on one.
func (s *freeSwitch) emptied() {
	s.t.Helper()
	s.until(func() bool {
		return strings.HasPrefix(s.api("show channels count"), "0 total") &&
			strings.Contains(s.api("status"), "\n0 session(s) - ")
	}, "all sessions to be gone")
}

// oneByOne runs tests each of which has the switch to itself.
func (s *freeSwitch) oneByOne(tests map[string]func(*testing.T, *freeSwitch)) {
	s.t.Helper()
	for name, test := range tests {
		s.t.Run(name, func(t *testing.T) {
			own := s.with(t)
			defer func() {
				own.api("hupall")
				own.emptied()
			}()
			test(t, own)
		})
	}
}

// atOnce runs tests at the same time: each has calls of its own, which are over after it. That nothing is left is looked at
// by the test and not by its cleanup: what ends there takes all that its subtests have to say with it.
func (s *freeSwitch) atOnce(tests map[string]func(*testing.T, *freeSwitch)) {
	s.t.Helper()
	s.t.Run("at once", func(all *testing.T) {
		for name, test := range tests {
			all.Run(name, func(t *testing.T) {
				t.Parallel()
				own := s.with(t)
				test(t, own)
				for _, uuid := range own.made {
					own.api("uuid_kill %s", uuid)
				}
				own.gone(own.made...)
			})
		}
	})
	// The phones here are the switch's own. One that answers as its call is cancelled may keep its leg: the SIP stack of who
	// called it has then sent a CANCEL that comes too late, and no BYE.
	s.api("hupall")
	s.emptied()
}

// gone waits until channels are no more.
func (s *freeSwitch) gone(uuids ...string) {
	s.t.Helper()
	for _, uuid := range uuids {
		s.until(func() bool { return s.api("uuid_exists %s", uuid) == "false" }, "%s to be gone", uuid)
	}
}

// quick: some try takes less than the limit. A machine that is busy, or is not given its processors for a while, may
// spoil the others.
func (s *freeSwitch) quick(limit time.Duration, try func() time.Duration) {
	s.t.Helper()
	const tries = 5
	var took []time.Duration
	for range tries {
		took = append(took, try())
		if took[len(took)-1] < limit {
			return
		}
	}
	require.Failf(s.t, "too slow", "%v, and never less than %v", took, limit)
}

// awaitLog waits for a text in the log, which the switch writes in its own time.
func (s *freeSwitch) awaitLog(text string) {
	s.t.Helper()
	s.until(func() bool { return strings.Contains(s.log(), text) }, "the log to say %q", text)
}

// call has the switch call itself at number; its own end gets uuid and, once answered, runs application.
// name is unique: it is the caller's name on both ends.
func (s *freeSwitch) call(uuid, name, number, application string) {
	s.t.Helper()
	s.callAt(s.sipPort, uuid, name, number, application)
}

func (s *freeSwitch) callAt(port int, uuid, name, number, application string) {
	s.t.Helper()
	out := s.api("bgapi originate {origination_uuid=%s,origination_caller_id_name=%s,"+
		"origination_caller_id_number=1000}sofia/test/%s@127.0.0.1:%d %s", uuid, name, number, port, application)
	require.Contains(s.t, out, "+OK")
}
