package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSettingsWithoutEffect: what does nothing because another setting is missing is said, a line a queue or agent, when the
// settings are loaded and when they are loaded again (settings.md); where all is there nothing is said.
func TestSettingsWithoutEffect(t *testing.T) {
	const line = "settings without effect"
	dir := t.TempDir()
	rows := people()
	for i, queue := range [][]string{
		{"announce-position", "true", "exit-keys", "9", "ring-progressively-delay", "5", "overflow", "timeout hangup"},
		{"announce-frequency", "20", "overflow", "key hangup", "tier-rule-no-agent-no-wait", "true", "callback-expires", "60"},
		{"overflow", "full hangup", "overflow", "nobody-ready hangup", "overflow", "blacklisted hangup", "overflow", "closed hangup",
			"overflow", "timeout queue 4", "overflow", "closed queue 7", "max-wait-time", "60", "no-answer-overflow", "queue 4, queue 8"},
		{"announce-position", "true", "announce-frequency", "20", "overflow", "key hangup", "exit-keys", "9",
			"tier-rule-no-agent-no-wait", "true", "level-waits", "10", "callback-expires", "60", "callback-key", "1",
			"overflow", "timeout hangup", "max-wait-time", "60", "overflow", "full hangup", "max-length", "5",
			"overflow", "nobody-ready hangup", "leave-when-nobody-ready", "true", "overflow", "blacklisted hangup", "blacklist", "139",
			"strategy", "ring-progressively", "ring-progressively-delay", "5"},
	} {
		rows = append(rows, element("queues", i+1, append([]string{"name", string(rune('1' + i))}, queue...)...)...)
	}
	rows = append(rows, element("agents", 2, "name", "7003", "contact", "user/1003", "mobile-accept", "always",
		"no-answer-policy", "none", "max-no-answer", "3")...)
	b := begin(t, dir, newFakeHost(), rows...)
	said := func() (list []string) {
		for _, l := range strings.Split(b.host.logged(), "\n") {
			if strings.Contains(l, line) {
				list = append(list, l)
			}
		}
		return list
	}
	told := said()
	require.Len(t, told, 4, told)
	for i, want := range [][]string{
		{"announcements without announce-frequency", "ring-progressively-delay without", "overflow timeout without"},
		{"announce-frequency without", "tier-rule-no-agent-no-wait without", "callback-expires without", "overflow key without"},
		{"overflow full without", "overflow nobody-ready without", "overflow blacklisted without",
			"overflow closed queue 7: there is no such queue", "no-answer-overflow queue 8: there is no such queue"},
		{"mobile-accept without mobile", "max-no-answer without a policy"},
	} {
		require.Equal(t, len(want)-1, strings.Count(told[i], "; "), told[i])
		for _, part := range want {
			require.Contains(t, told[i], part)
		}
	}
	require.NoError(t, b.reload(settingsIn(t, dir, rows...)))
	require.Len(t, said(), 8)
}

// TestNothingIdleOfWhatAFileDoesNotSay: of a callcenter.conf.xml that is taken over, only what it sets itself is named. What
// mod_callcenter does where the file is silent is none of its settings.
func TestNothingIdleOfWhatAFileDoesNotSay(t *testing.T) {
	b := begin(t, t.TempDir(), newFakeHost())
	importing := func(params string) string {
		before := len(b.host.logged())
		path := writeCallcenter(t, `<configuration name="callcenter.conf"><queues><queue name="8021">
			<param name="strategy" value="longest-idle-agent"/><param name="max-wait-time" value="0"/>`+params+`</queue></queues>
			<agents><agent name="helen" type="callback" contact="user/1002"/></agents>
			<tiers><tier agent="helen" queue="8021" level="1" position="1"/></tiers></configuration>`, "")
		require.Contains(t, b.query("import callcenter "+path), "+OK\n")
		return b.host.logged()[before:]
	}
	require.NotContains(t, importing(""), "settings without effect")
	require.NotContains(t, importing(`<param name="tier-rules-apply" value="true"/>`), "settings without effect")
	require.Contains(t, importing(`<param name="tier-rule-no-agent-no-wait" value="true"/>`),
		`settings without effect queue=8021 settings="tier-rule-no-agent-no-wait without level-waits or tier-rules-apply"`)
}

// TestSettingsOfALaterVersion: what this version has no part for is said where somebody wants it otherwise than it stands by
// default, and taken all the same (settings.md).
func TestSettingsOfALaterVersion(t *testing.T) {
	const line = "settings without effect"
	quiet := begin(t, t.TempDir(), newFakeHost(), paramRow("http-listen", ""))
	require.NotContains(t, quiet.host.logged(), line)
	dir := t.TempDir()
	b := begin(t, dir, newFakeHost(), paramRow("http-listen", "127.0.0.1:9040"))
	require.Contains(t, b.host.logged(), line+` settings="http-listen: this version has no such door"`)
	require.NoError(t, b.reload(settingsIn(t, dir, paramRow("journal-days", "30"), paramRow("journal-bytes", "1GiB"))))
	require.Contains(t, b.host.logged(), line+` settings="journal-days: this version keeps no journal; `+
		`journal-bytes: this version keeps no journal"`)
}
