package fsmod

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second // for what should take far less; only a failure waits so long

// freeSwitch is a private switch in a directory of its own.
type freeSwitch struct {
	t                                 *testing.T
	dir                               string
	sipPort, proxyHoldPort, eventPort int
	process                           *exec.Cmd
}

// start runs a switch with the module loaded, unless the settings do not let it. It ends with the test.
func start(t *testing.T, arguments ...string) *freeSwitch {
	return startWith(t, defaultSettings, arguments...)
}

const defaultSettings = `<configuration name="cti.conf"><settings>
  <param name="tcp-listen" value=""/>
</settings></configuration>`

func startWith(t *testing.T, settings string, arguments ...string) *freeSwitch {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
	s := &freeSwitch{t: t, dir: t.TempDir()}
	s.sipPort, s.proxyHoldPort, s.eventPort = freePort(t, "udp"), freePort(t, "udp"), freePort(t, "tcp")
	s.lay(settings)
	s.run(arguments)
	t.Cleanup(s.kill)
	require.Eventually(t, s.up, patience, 50*time.Millisecond, "the switch did not come up:\n%s", s.log())
	return s
}

func freePort(t *testing.T, network string) int {
	if network == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		defer conn.Close()
		return conn.LocalAddr().(*net.UDPAddr).Port
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
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
		"Profiles": []map[string]any{
			{"Name": "test", "Port": s.sipPort, "ProxyHold": false},
			{"Name": "proxyhold", "Port": s.proxyHoldPort, "ProxyHold": true},
		},
	}))
}

func (s *freeSwitch) configure(settings string) {
	require.NoError(s.t, os.WriteFile(s.path("conf", "autoload_configs", "cti.conf.xml"), []byte(settings), 0o644))
}

func (s *freeSwitch) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
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
	s.process = exec.Command(binary, arguments...)
	s.process.Stdout, s.process.Stderr = console, console
	s.process.Env = append(os.Environ(), "FAKECTI_LOG="+s.path("records.jsonl"))
	require.NoError(s.t, s.process.Start())
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

// kill ends the switch at once, if it has not been stopped.
func (s *freeSwitch) kill() {
	if s.process.ProcessState == nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	}
}

// stop ends the switch in an orderly way and waits for it.
func (s *freeSwitch) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(patience, func() { _ = s.process.Process.Kill() })
	err := s.process.Wait()
	if !killer.Stop() {
		s.t.Errorf("the switch did not end within %s and was killed:\n%s", patience, s.log())
	}
	if err != nil {
		s.t.Errorf("the switch ended badly: %v\n%s", err, s.log())
	}
}

// api runs one API command as fs_cli does.
func (s *freeSwitch) api(command string, arguments ...any) string {
	s.t.Helper()
	e, err := dialEventSocket(s.eventPort)
	require.NoError(s.t, err, s.log())
	defer e.Close()
	r, err := e.command("api "+fmt.Sprintf(command, arguments...), patience)
	require.NoError(s.t, err)
	return strings.TrimSpace(r.body)
}

// tryAPI reports whether the switch answers the command without an error.
func (s *freeSwitch) tryAPI(command string, arguments ...any) bool {
	s.t.Helper()
	return !strings.Contains(s.api(command, arguments...), "-ERR")
}

func (s *freeSwitch) log() string {
	log, _ := os.ReadFile(s.path("log", "freeswitch.log"))
	console, _ := os.ReadFile(s.path("log", "console"))
	return string(log) + string(console)
}

// emptied waits until the switch has no session left: nobody holds a lock on one.
func (s *freeSwitch) emptied() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return strings.HasPrefix(s.api("show channels count"), "0 total") &&
			strings.Contains(s.api("status"), "\n0 session(s) - ")
	}, patience, 50*time.Millisecond, "sessions stay:\n%s", s.api("show channels"))
}

// awaitLog waits for a text in the log, which the switch writes in its own time.
func (s *freeSwitch) awaitLog(text string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Contains(s.log(), text) }, patience, 20*time.Millisecond,
		"the log does not say %q", text)
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
