package events

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPure holds the package pure: no clock, lock, file, socket or chance among all that it depends on.
func TestPure(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	packages := strings.Fields(string(out))
	require.Contains(t, packages, "strconv", "the list is not that of this package")
	for _, name := range packages {
		for _, impure := range []string{"time", "sync", "os", "net", "fmt", "math/rand"} {
			require.False(t, name == impure || strings.HasPrefix(name, impure+"/"), "events depends on %s", name)
		}
	}
}
