package fs_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// TestBadSettings: with a setting that cannot be used the module refuses to load and says which and why in one clear
// line of the log, and the switch goes on taking calls (settings.md; issue: bad input).
func TestBadSettings(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	s := startSwitch(t, lab.Options{Settings: settings()})
	r := &rig{Switch: s, t: t, ctx: t.Context(), phones: map[string]*lab.SIPp{}}
	r.events = r.eventSocket("CHANNEL_HANGUP_COMPLETE")
	blocker := s.Path("temp", "file")
	require.NoError(t, os.WriteFile(blocker, nil, 0o600))
	newer := s.Path("temp", "newer")
	require.NoError(t, os.Mkdir(newer, 0o700))
	out, err := exec.Command("sqlite3", filepath.Join(newer, "cti.db"), "pragma user_version = 9999").CombinedOutput()
	require.NoError(t, err, "%s", out)

	for _, bad := range []struct {
		what    string
		setting lab.Setting
		names   []string // what the line must name
	}{
		{"unknown", lab.Setting{Name: "no-such-setting", Value: "1"}, []string{"no-such-setting"}},
		{"bad value", lab.Setting{Name: "durability", Value: "sometimes"}, []string{"durability", "sometimes"}},
		{"bad pattern", lab.Setting{Name: "inside-pattern", Value: "(["}, []string{"inside-pattern"}},
		{"port taken", lab.Setting{Name: "tcp-listen", Value: taken.Addr().String()}, []string{taken.Addr().String()}},
		{"off loopback without TLS", lab.Setting{Name: "tcp-listen", Value: "0.0.0.0:0"}, []string{"tcp-listen"}},
		{"data directory not usable", lab.Setting{Name: "data-dir", Value: filepath.Join(blocker, "cti")}, []string{blocker}},
		{"database of a newer version", lab.Setting{Name: "data-dir", Value: newer}, []string{"cti.db", "9999"}},
	} {
		t.Run(bad.what, func(t *testing.T) {
			local := *r
			local.t, local.ctx = t, t.Context()
			before := len(s.Log())
			require.NoError(t, s.Configure(overriding(bad.setting)))
			local.try("reloadxml")
			reply := local.try("load mod_cti")
			require.Contains(t, reply, "-ERR", "the module refuses to load")
			local.requireOneLine(before, bad.names)
			local.requireSwitchWorks()
		})
	}
	require.NoError(t, s.Configure(settings()))
	r.api("reloadxml")
	r.api("load mod_cti")
	r.client = r.connect()
}

// overriding is the usual settings with one replaced or added.
func overriding(setting lab.Setting) (all []lab.Setting) {
	for _, usual := range settings() {
		if usual.Name != setting.Name {
			all = append(all, usual)
		}
	}
	return append(all, setting)
}

// requireOneLine: exactly one error of ours, which names the cause. The log is written behind the switch's back.
func (r *rig) requireOneLine(before int, names []string) {
	r.t.Helper()
	var errors []string
	r.until("the switch to log that the load failed", func() bool {
		errors = nil
		loader := false
		for line := range strings.Lines(r.Log()[before:]) {
			switch {
			case strings.Contains(line, "switch_loadable_module.c"):
				loader = loader || strings.Contains(line, "mod_cti.so")
			case strings.Contains(line, "[ERR]"), strings.Contains(line, "[CRIT]"):
				errors = append(errors, line)
			}
		}
		return loader
	})
	require.Len(r.t, errors, 1, "one clear line:\n%s", r.Log()[before:])
	for _, name := range names {
		require.Contains(r.t, errors[0], name)
	}
}

// requireSwitchWorks: a call goes through, module or not.
func (r *rig) requireSwitchWorks() {
	r.t.Helper()
	defer r.phone("1001", lab.Answers(50*ms)).Stop()
	ctx, cancel := r.soon()
	defer cancel()
	require.NoError(r.t, r.call(caller(50*ms)).Wait(ctx))
}

// TestBadReload: a bad setting at a reload is named, and the last good configuration stays in force.
func TestBadReload(t *testing.T) {
	t.Parallel()
	r := startRig(t, lab.Options{})
	require.NoError(t, r.Configure(overriding(lab.Setting{Name: "durability", Value: "sometimes"})))
	reply := r.try("cti reload")
	require.True(t, strings.HasPrefix(reply, "-ERR"), reply)
	require.Contains(t, reply, "durability")
	r.phone("1001", lab.Answers(50*ms))
	r.call(caller(100 * ms))
	r.requireWhole(r.story(1))
	require.NoError(t, r.Configure(settings()))
	require.True(t, strings.HasPrefix(r.try("cti reload"), "+OK"))
}

// TestDamagedDatabase: a damaged database is set aside, a new one begun, and it is said loudly.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	s := startSwitch(t, lab.Options{Settings: settings()})
	dir := s.Path("db", "cti")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	damaged := []byte(strings.Repeat("this is no database ", 1000))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cti.db"), damaged, 0o600))
	r := &rig{Switch: s, t: t, ctx: t.Context(), heard: new([]lab.Message), phones: map[string]*lab.SIPp{}}
	r.events = r.eventSocket("CUSTOM cti::event")
	r.api("load mod_cti")
	r.client = r.connect()
	require.Contains(t, s.Log(), "cti.db")
	kept, err := filepath.Glob(filepath.Join(dir, "cti.db?*"))
	require.NoError(t, err)
	found := false
	for _, path := range kept {
		text, _ := os.ReadFile(path)
		found = found || string(text) == string(damaged)
	}
	require.True(t, found, "the damaged file is kept aside: %v", kept)
	r.phone("1001", lab.Answers(50*ms))
	r.call(caller(100 * ms))
	r.requireWhole(r.story(1))
}
