package engine_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPurity: neither engine nor events depends, however indirectly, on a clock, a lock, a socket, a file or chance.
func TestPurity(t *testing.T) {
	banned := []string{"time", "sync", "os", "net", "fmt", "math/rand", "math/rand/v2", "io", "context", "log", "log/slog"}
	for _, pkg := range []string{"modcti/engine", "modcti/events"} {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		require.NoError(t, err)
		deps := strings.Fields(string(out))
		for _, bad := range banned {
			require.False(t, slices.Contains(deps, bad), "%s depends on %s", pkg, bad)
		}
	}
}
