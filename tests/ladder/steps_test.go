package ladder

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// TestEveryStepHasAScript: each cell of the operation table is taken by a script. Those that none takes yet are listed, and
// the list only gets shorter: whatever is new has a script, and what a script takes is no longer here.
func TestEveryStepHasAScript(t *testing.T) {
	taken := map[string]bool{}
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		s.Scene.StepTaken = func(step string) { taken[step] = true }
		s.Run(s.Inputs())
	})
	missing := map[string]bool{}
	for _, step := range strings.Split(strings.TrimSpace(withoutScript), "\n") {
		missing[step] = true
	}
	known := map[string]bool{}
	for _, step := range engine.OperationSteps() {
		known[step] = true
		require.False(t, missing[step] && taken[step], "a script takes %q: strike it off the list", step)
		require.True(t, missing[step] || taken[step], "no script takes %q", step)
	}
	for step := range missing {
		require.True(t, known[step], "the table has no %q: strike it off the list", step)
	}
}

const withoutScript = `
consult, leaving: with ends
consult, leaving: target ends
consult, calling: by ends
consult, calling: with ends
consult, calling: retrieve
consult, joining: by ends
consult, joining: with ends
consult, joining: target ends
consult, joining: cancel
consult, joining: retrieve
consult, joining: complete
consult, alternated: by ends
consult, alternated: with ends
consult, alternated: target ends
consult, alternated: complete
consult, alternated: confer
consult, merging: by ends
consult, merging: with ends
consult, parting: with ends
consult, parting: target ends
consult, bereft: with ends
consult, bereft: target ends
consult, bereft: with and target joined
consult, bereft: refused
consult, bereft: expired
consult, meeting: by ends
consult, meeting: with ends
consult, meeting: target ends
consult, meeting: refused
consult, meeting: expired
consult, returning: by ends
consult, returning: with ends
consult, returning: by and with joined
consult, returning: refused
consult, returning: expired
consult, resuming: by ends
consult, resuming: refused
consult, resuming: expired
consult, returned: by ends
consult, returned: with ends
consult, returned: expired
consult, rejoining: by ends
consult, rejoining: with ends
consult, rejoining: target ends
consult, rejoining: expired
consult, rejoining: retrieve
consult, rejoining: alternate
consult, swapping: by ends
consult, swapping: with ends
consult, swapping: refused
consult, swapping: expired
consult, swapping: retrieve
consult, swapBack: by ends
consult, swapBack: target ends
consult, swapBack: refused
consult, swapBack: expired
consult, swapBack: retrieve
consult, cancelling: by ends
consult, cancelling: with ends
consult, cancelling: expired
consult, held: by ends
`
