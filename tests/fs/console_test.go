package fs_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// cli runs a cti command through fs_cli, as an operator does.
func (r *rig) cli(command string) string {
	r.t.Helper()
	if r.Install.CLI == "" {
		r.t.Skip("skipped: no fs_cli beside this FreeSWITCH")
	}
	ctx, cancel := r.soon()
	defer cancel()
	out, err := r.CLI(ctx, command)
	require.NoError(r.t, err)
	return out
}

// asJSON reads the answer to a cti command, which begins with a line +OK (settings.md).
func (r *rig) asJSON(command string, into any) {
	r.t.Helper()
	reply := r.try("cti " + command + " as json")
	text, found := strings.CutPrefix(reply, "+OK\n")
	require.True(r.t, found, "%s", reply)
	require.NoError(r.t, json.Unmarshal([]byte(text), into), "%s", reply)
}

// listed counts the rows of a `cti` list.
func (r *rig) listed(list string) int {
	r.t.Helper()
	var rows []json.RawMessage
	r.asJSON(list, &rows)
	return len(rows)
}

// TestConsole drives the `cti` command of settings.md through fs_cli, and its completion.
func TestConsole(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	r.phone("1001", lab.Answers(100*ms))

	require.True(t, strings.HasPrefix(r.cli("cti version"), "+OK mod_cti "), r.cli("cti version"))
	require.True(t, strings.HasPrefix(r.cli("cti status"), "+OK"), r.cli("cti status"))
	require.Equal(t, 0, r.listed("calls"))
	require.Equal(t, 0, r.listed("agents"))
	require.Equal(t, 0, r.listed("queues"))

	r.call(fromOutside)
	created := r.next(is("EventCallCreated", outside))
	r.established("1001")
	calls := r.cli("cti calls")
	require.Contains(t, calls, "|", "lists are tables with a header line")
	require.Contains(t, calls, created.CallID)
	require.Equal(t, 1, r.listed("calls"))
	call := r.cli("cti call " + created.CallID)
	require.True(t, strings.HasPrefix(call, "+OK"), call)
	require.Contains(t, call, "1001")
	require.Contains(t, call, outside)
	var one map[string]any
	r.asJSON("call "+created.CallID, &one)
	require.Equal(t, created.CallID, one["callID"])
	require.GreaterOrEqual(t, r.listed("clients"), 1)
	require.Contains(t, r.cli("cti clients"), "lab")

	require.True(t, strings.HasPrefix(r.cli("cti call nonsense"), "-ERR"), r.cli("cti call nonsense"))
	require.True(t, strings.HasPrefix(r.cli("cti nonsense"), "-ERR"), r.cli("cti nonsense"))
	require.True(t, strings.HasPrefix(r.cli("cti reload"), "+OK"), r.cli("cti reload"))
	require.Equal(t, 1, r.listed("calls"), "a reload drops no call")

	for _, word := range []string{
		"status", "version", "calls", "call", "clients", "reload", "agents", "agent", "queues", "queue", "import", "drain",
	} {
		require.Contains(t, r.api("console_complete cti "+word[:2]), word, "completion")
	}
	r.api("hupall")
	r.story(1)
}
