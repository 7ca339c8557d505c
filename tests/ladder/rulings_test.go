package ladder

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// proofs says where each ruling is proved: by a script here that names it, by a test in a package that names it, or by both. A
// script shows what profile full tells; what basic leaves out is seen by TestPage. Each of them has been seen to fail when what
// its ruling says was not so.
var proofs = []struct {
	ruling       int
	script       string // of testdata
	folder, test string
}{
	{ruling: 1, folder: "events", test: "TestRolesAreAllThere"},
	{ruling: 2, script: "consult_conference"},
	{ruling: 3, script: "consult_cancel", folder: "tests/conformance", test: "TestPage"},
	{ruling: 4, script: "consult_complete"},
	{ruling: 5, script: "consult_complete"},
	{ruling: 6, script: "consult_complete", folder: "tests/conformance", test: "TestPage"},
	{ruling: 7, script: "consult_cancel"},
	{ruling: 8, script: "attached_data"},
	{ruling: 9, script: "consult_cancel", folder: "tests/conformance", test: "TestPage"},
	{ruling: 10, script: "consult_no_answer"},
	{ruling: 11, script: "consult_alternate"},
	{ruling: 12, script: "consult_customer_hangs_up"},
	{ruling: 13, script: "consult_complete"},
	{ruling: 14, script: "leg_renamed"},
	{ruling: 15, folder: "events", test: "TestCommonFieldsAlways"},
	{ruling: 16, folder: "tests/ladder", test: "TestMomentsToTheMicrosecond"},
	{ruling: 17, script: "inbound_cancelled"},
	{ruling: 18, script: "make_call"},
	{ruling: 19, script: "queue_answered", folder: "tests/conformance", test: "TestPage"},
	{ruling: 20, folder: "engine", test: "TestDispositions"},
	{ruling: 21, script: "who_hung_up"},
	{ruling: 22, folder: "cgo", test: "TestServiceEndStates"},
	{ruling: 23, script: "hold_retrieve_by_request"},
	{ruling: 24, script: "answer_by_request"},
	{ruling: 25, folder: "tests/ladder", test: "TestScripts"},
	{ruling: 26, script: "hold_retrieve_by_request"},
	{ruling: 27, script: "queue_answered"},
	{ruling: 28, folder: "tests/conformance", test: "TestPage"},
	{ruling: 29, script: "barge_in"},
	{ruling: 30, script: "make_call"},
	{ruling: 31, script: "make_call"},
	{ruling: 32, script: "single_step_transfer_recall", folder: "tests/conformance", test: "TestPage"},
	{ruling: 33, script: "single_step_transfer", folder: "tests/conformance", test: "TestPage"},
	{ruling: 34, script: "consult_complete"},
	{ruling: 35, script: "consult_conference"},
	{ruling: 36, script: "barge_in"},
	{ruling: 37, script: "make_call_agent_does_not_pick_up", folder: "tests/conformance", test: "TestPage"},
	{ruling: 38, script: "barge_in_fails_before_answer"},
	{ruling: 39, script: "monitor_by_request"},
	{ruling: 40, script: "mute_and_dtmf"},
	{ruling: 41, script: "agent_occupancy"},
	{ruling: 42, script: "agent_states", folder: "events", test: "TestReasons"},
	{ruling: 43, script: "agent_after_call_work_asked_for"},
	{ruling: 44, script: "agent_after_call_work_asked_for"},
	{ruling: 45, script: "agent_two_places"},
	{ruling: 46, script: "agent_states"},
	{ruling: 47, script: "refusals", folder: "events", test: "TestErrorsOfThePage"},
	{ruling: 48, script: "refusals", folder: "events", test: "TestErrorsOfThePage"},
	{ruling: 49, folder: "tests/conformance", test: "TestPage"},
	{ruling: 50, script: "refused_call"},
	{ruling: 51, script: "recordings"},
	{ruling: 52, script: "mute_and_dtmf"},
	{ruling: 53, script: "queue_answered"},
	{ruling: 54, folder: "tests/ladder", test: "TestEveryRequestHasAScript"},
	{ruling: 55, folder: "tests/ladder", test: "TestScripts"},
	{ruling: 56, script: "mobile_commanded"},
	{ruling: 57, folder: "tests/conformance", test: "TestPage"},
	{ruling: 58, script: "intercept_fails_before_answer"},
	{ruling: 59, script: "mute_and_dtmf"},
	{ruling: 60, script: "attached_data"},
	{ruling: 61, script: "agent_two_places"},
}

const lastRuling = 61

// TestEveryRulingIsProved: no ruling of rulings.md is left out, and each is named where it is said to be proved.
func TestEveryRulingIsProved(t *testing.T) {
	require.Len(t, proofs, lastRuling)
	for i, p := range proofs {
		name := "R" + strconv.Itoa(i+1)
		require.Equal(t, i+1, p.ruling)
		require.True(t, p.script != "" || p.test != "", "%s has no proof", name)
		if p.script != "" {
			raw, err := os.ReadFile("testdata/" + p.script + ".txt")
			require.NoError(t, err, name)
			require.Contains(t, parsed(t, string(raw)).Proves, name, "%s does not name %s", p.script, name)
		}
		if p.test != "" {
			requireTest(t, "../../"+p.folder, p.test, name)
		}
	}
}

// requireTest: the package has the test, and one of its files names the ruling.
func requireTest(t *testing.T, folder, test, ruling string) {
	files, err := filepath.Glob(folder + "/*.go")
	require.NoError(t, err)
	has, names := false, false
	word := regexp.MustCompile(`\b` + ruling + `\b`)
	for _, file := range files {
		if filepath.Base(file) == "rulings_test.go" {
			continue
		}
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		has = has || strings.HasSuffix(file, "_test.go") && strings.Contains(string(raw), "func "+test+"(t *testing.T)")
		names = names || word.Match(raw)
	}
	require.True(t, has, "%s has no %s, which proves %s", folder, test, ruling)
	require.True(t, names, "%s does not name %s", folder, ruling)
}
