package fsmod

import (
	"fmt"
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
		"-p", fmt.Sprint(port), "-nostdin", "-timeout", "60s"}, arguments...)...)
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
