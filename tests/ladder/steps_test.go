package ladder

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// TestEveryStepHasAScript: each cell of the operation table is taken by a script.
func TestEveryStepHasAScript(t *testing.T) {
	taken := map[string]bool{}
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		s.Scene.StepTaken = func(step string) { taken[step] = true }
		s.Run(s.Inputs())
	})
	for _, step := range engine.OperationSteps() {
		require.True(t, taken[step], "no script takes %q", step)
	}
}
