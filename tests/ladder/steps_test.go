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
consult, meeting: by ends
`
