package fsmod

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sipp starts SIPp at a port against the switch. It ends with the test at the latest.
func (s *freeSwitch) sipp(t *testing.T, scenario string, port int, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		t.Skip("SIPp is not installed")
	}
	scenario, err = filepath.Abs(filepath.Join("testdata", "sipp", scenario+".xml"))
	require.NoError(t, err)
	cmd := exec.Command(path, append([]string{fmt.Sprintf("127.0.0.1:%d", s.sipPort), "-sf", scenario, "-i", "127.0.0.1",
		"-p", fmt.Sprint(port), "-mp", fmt.Sprint(mediaPort()), "-nostdin", "-timeout", "60s"}, arguments...)...)
	cmd.Dir = s.dir
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

// mediaPort is where a SIPp has ports for sound of its own, whether it has any or not. By itself it looks at few, which are
// the same for all.
func mediaPort() int {
	const first, last, each = 2000, 9900, 4
	for {
		port := first + int(takes.Add(1)*each+int64(os.Getpid()))%(last-first)/each*each
		if portIsFree("udp", port) && portIsFree("udp", port+1) && portIsFree("udp", port+2) && portIsFree("udp", port+3) {
			return port
		}
	}
}
