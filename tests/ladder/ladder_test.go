// Package ladder runs scenario scripts through the engine. A script in testdata is blocks of inputs, a line "----", and
// what must come of them: events, state changes and records. Write expectations from call-model.md; -rewrite only
// refreshes their spelling.
package ladder

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write what the engine does now into the scripts; commit only what you can explain")

func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			got, err := play(string(raw))
			require.NoError(t, err)
			if *rewrite {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(raw), got)
		})
	}
}

// TestOrderDoesNotMatter plays every script in orders that the switch might also have given: records of different legs
// within a few ms of one another, swapped. The CDRs must say the same, and the promises of 3.0 hold.
func TestOrderDoesNotMatter(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	const seeds = 200
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		s, err := parse(string(raw))
		require.NoError(t, err)
		if s.ordered {
			continue
		}
		want := s.run(s.inputs()).cdrs()
		for seed := range uint64(seeds) {
			result := s.run(permute(s.inputs(), seed))
			require.NoError(t, result.promises(), "%s seed %d", path, seed)
			require.Equal(t, want, result.cdrs(), "%s seed %d", path, seed)
		}
	}
}

// TestEveryClauseHasAScript: a clause that a row of the table names has a script that takes that row.
func TestEveryClauseHasAScript(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	proved := map[string]bool{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, clause := range clauses(string(raw)) {
			proved[clause] = true
		}
	}
	for _, clause := range tableClauses() {
		require.True(t, proved[clause], "clause %s of the party table has no ladder script", clause)
	}
}
