package main

import (
	"encoding/xml"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/events"
)

const tokenHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func paramRow(name, value string) setting {
	return setting{section: "settings", name: name, value: value, line: 7}
}

// with returns the least that can start, and rows.
func with(rows ...setting) []setting {
	return append([]setting{{section: "settings", name: "data-dir", value: "/var/lib/cti", line: 3}}, rows...)
}

// element makes the rows of one <token> or <rule>.
func element(section string, item int, pairs ...string) (rows []setting) {
	for i := 0; i < len(pairs); i += 2 {
		rows = append(rows, setting{section: section, name: pairs[i], value: pairs[i+1], line: 20 + item, item: item})
	}
	return rows
}

// TestSettingsDefaults: the defaults of settings.md.
func TestSettingsDefaults(t *testing.T) {
	s, err := parseSettings(with())
	require.NoError(t, err)
	require.Equal(t, "/var/lib/cti", s.DataDir)
	require.Equal(t, "127.0.0.1:8041", s.TCPListen)
	require.Equal(t, "127.0.0.1:8040", s.HTTPListen)
	require.Equal(t, time.Local, s.TimeZone)
	require.Equal(t, `^\d{3,6}$`, s.Inside.String())
	require.True(t, s.DurabilityFull)
	require.EqualValues(t, 7, s.JournalDays)
	require.EqualValues(t, 2147483648, s.JournalBytes)
	require.True(t, s.FireCustomEvents)
	require.EqualValues(t, 4194304, s.ClientQueueBytes)
	require.EqualValues(t, 20, s.RequestsPerSecond)
	require.Empty(t, s.RecordTemplate)
	require.Empty(t, s.recordPath("call", "party", 0), "no template, no recording")
	require.False(t, s.NotifyObserved, "R39")
	require.False(t, s.Presence)
	require.Empty(t, s.EndStates, "R22")
	require.EqualValues(t, 2, s.GoThreads)
	require.EqualValues(t, 256<<20, s.GoMemoryBytes)
	require.Empty(t, s.UnixSocket, "its default is the host's to expand")
}

func TestSettingsGood(t *testing.T) {
	rows := []setting{
		paramRow("data-dir", " /data "), paramRow("unix-socket", "/run/cti.sock"), paramRow("tcp-listen", "0.0.0.0:8041"),
		paramRow("http-listen", ""), paramRow("tls-cert", "/tls/cert.pem"), paramRow("tls-key", "/tls/key.pem"),
		paramRow("tls-client-ca", "/tls/ca.pem"), paramRow("company-id", "acme-1"), paramRow("sdk-app-id", "1400000001"),
		paramRow("time-zone", "Asia/Shanghai"), paramRow("inside-pattern", `^8\d{3}$`), paramRow("track", "all"),
		paramRow("durability", "normal"), paramRow("journal-days", "30"), paramRow("journal-bytes", "1GiB"),
		paramRow("fire-custom-events", "false"), paramRow("client-queue-bytes", "128KiB"),
		paramRow("requests-per-second", "100"), paramRow("record-template", "/rec/${strftime(%F-%H-%M-%S)}.${uuid}.wav"),
		paramRow("notify-observed", "true"), paramRow("end-states", "103=204, 105=207"),
		paramRow("go-threads", "1"), paramRow("go-memory", "64 MiB"),
	}
	rows = append(rows, element("tokens", 0,
		"hash", strings.ToUpper(tokenHash), "dns", "1001, 1002", "rights", "observe,control")...)
	rows = append(rows, element("dial-plan", 0,
		"pattern", `^(\d{4})$`, "leg", "user/$1@pbx.example", "caller-id", "1000")...)
	rows = append(rows, element("dial-plan", 1, "pattern", `^9(\d+)$`, "leg", "sofia/gateway/trunk/$1")...)
	s, err := parseSettings(rows)
	require.NoError(t, err)
	require.Equal(t, "/data", s.DataDir)
	require.Empty(t, s.HTTPListen)
	require.Equal(t, "Asia/Shanghai", s.TimeZone.String())
	require.True(t, s.Inside.MatchString("8001"))
	require.False(t, s.DurabilityFull)
	require.EqualValues(t, 1<<30, s.JournalBytes)
	require.False(t, s.FireCustomEvents)
	require.EqualValues(t, 128<<10, s.ClientQueueBytes)
	require.EqualValues(t, 64<<20, s.GoMemoryBytes)
	require.EqualValues(t, 1400000001, s.SDKAppID)
	require.Equal(t, events.EndStates{103: 204, 105: 207}, s.EndStates, "R22")
	require.Equal(t, []Token{{
		HashHex: tokenHash, DNs: []string{"1001", "1002"}, Rights: []string{"observe", "control"}, Line: 20,
	}}, s.Tokens)
	require.Len(t, s.DialPlan, 2)
	require.Equal(t, "sofia/gateway/trunk/$1", s.DialPlan[1].Leg)
	require.Equal(t, 21, s.DialPlan[1].Line)
}

// TestSettingsKnowsAll: every parameter of settings.md is known, each at most once.
func TestSettingsKnowsAll(t *testing.T) {
	var names []string
	for _, p := range params {
		names = append(names, p.name)
	}
	require.Equal(t, strings.Fields("data-dir unix-socket tcp-listen http-listen tls-cert tls-key tls-client-ca "+
		"company-id sdk-app-id time-zone inside-pattern track durability journal-days journal-bytes fire-custom-events "+
		"client-queue-bytes requests-per-second record-template notify-observed end-states nailed-up-hears presence voicemail "+
		"queue-log callcenter-conf go-threads go-memory"), names)
}

// TestSettingsBad: an unknown or bad setting is named with its value and line, and with what is allowed.
func TestSettingsBad(t *testing.T) {
	for _, c := range []struct {
		row  setting
		want string
	}{
		{paramRow("color", "red"), `the parameter is unknown; the parameters are data-dir`},
		{setting{section: "wallpaper", name: "x", line: 7}, "the sections are settings, tokens, dial-plan, queues, agents, tiers"},
		{paramRow("data-dir", "/twice"), `given before, as "/var/lib/cti" at line 3`},
		{paramRow("unix-socket", "cti.sock"), "give an absolute path of at most 107 bytes"},
		{paramRow("unix-socket", "/"+strings.Repeat("x", 107)), "give an absolute path of at most 107 bytes"},
		{paramRow("tcp-listen", "8041"), "give an IP address and a port"},
		{paramRow("tcp-listen", "127.0.0.1:0"), "give an IP address and a port"},
		{paramRow("tcp-listen", "127.0.0.1:70000"), "give an IP address and a port"},
		{paramRow("tcp-listen", "some.host:8041"), "give an IP address and a port"},
		{paramRow("tcp-listen", "0.0.0.0:8041"), "set tls-cert and tls-key"},
		{paramRow("http-listen", "[::]:8040"), "set tls-cert and tls-key"},
		{paramRow("tls-cert", "cert.pem"), "give the absolute path"},
		{paramRow("tls-key", "/key.pem"), "give the certificate of tls-key"},
		{paramRow("tls-client-ca", "/ca.pem"), "tls-client-ca needs tls-cert and tls-key"},
		{paramRow("company-id", "a b"), "1 to 64 letters"},
		{paramRow("sdk-app-id", "0"), "a whole number from 1"},
		{paramRow("time-zone", "Mars/Olympus"), "give a zone's name"},
		{paramRow("inside-pattern", "("), "give a regular expression"},
		{paramRow("inside-pattern", ""), "or leave the parameter out"},
		{paramRow("track", "some"), "give all or marked"},
		{paramRow("durability", "FULL"), "give full or normal"},
		{paramRow("journal-days", "0"), "from 1 to 3650"},
		{paramRow("journal-bytes", "1KiB"), "from 1MiB to 1024GiB"},
		{paramRow("journal-bytes", "99999999999999999999GiB"), "from 1MiB to 1024GiB"},
		{paramRow("fire-custom-events", "maybe"), "give true or false"},
		{paramRow("client-queue-bytes", "12"), "from 64KiB to 1GiB"},
		{paramRow("client-queue-bytes", "4 megs"), "from 64KiB to 1GiB"},
		{paramRow("requests-per-second", "-1"), "from 1 to 100000"},
		{paramRow("record-template", "x.wav"), "give at most 1024 bytes: an absolute path such as /var/rec/"},
		{paramRow("notify-observed", "yes"), "give true or false"},
		{paramRow("presence", "on"), "give true or false"},
		{paramRow("end-states", "105"), "give pairs such as 103=210,105=207"},
		{paramRow("end-states", "105=214"), "an end state of the contact-center types"},
		{paramRow("end-states", "101=207"), "how dialing ended (0, 103, 104, 105, 109, 115 or 119)"},
		{paramRow("end-states", "200=201"), "how dialing ended"},
		{paramRow("end-states", "105=204,105=207"), "each once"},
		{paramRow("queue-log", "queue_log"), "give an absolute path, or nothing for off"},
		{paramRow("callcenter-conf", "callcenter.conf.xml"), "give an absolute path"},
		{paramRow("go-threads", "two"), "from 1 to 256"},
		{paramRow("go-memory", "1MiB"), "from 32MiB"},
	} {
		_, err := parseSettings(with(c.row))
		require.ErrorContains(t, err, c.want, c.row)
		require.ErrorContains(t, err, c.row.section)
		if _, given := map[string]bool{"tls-key": true, "tls-client-ca": true}[c.row.name]; !given {
			require.ErrorContains(t, err, "at line 7", c.row)
			require.ErrorContains(t, err, c.row.name)
		}
	}
}

func TestSettingsNeedDataDir(t *testing.T) {
	_, err := parseSettings(nil)
	require.EqualError(t, err, `<settings> data-dir="": give the absolute path of a directory that the switch may write`)
}

// TestSettingsOffLoopback: TLS alone does not open a door to others, a token or certificate must be known (protocol 1).
func TestSettingsOffLoopback(t *testing.T) {
	rows := with(paramRow("tcp-listen", "192.0.2.1:8041"), paramRow("tls-cert", "/c"), paramRow("tls-key", "/k"))
	_, err := parseSettings(rows)
	require.ErrorContains(t, err, `tcp-listen="192.0.2.1:8041" at line 7: give a loopback address, or make a token`)
	_, err = parseSettings(append(rows, element("tokens", 0, "hash", tokenHash, "dns", "*", "rights", "admin")...))
	require.NoError(t, err)
	for _, here := range []string{"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"} {
		_, err = parseSettings(with(paramRow("tcp-listen", here)))
		require.NoError(t, err, here)
	}
}

func TestSettingsBadSections(t *testing.T) {
	good := func(pairs ...string) []string { return pairs }
	for _, c := range []struct {
		section string
		pairs   []string
		want    string
	}{
		{"tokens", good("secret", "x"), "the attributes are hash, company, dns, rights"},
		{"tokens", good("hash", "abc", "dns", "*", "rights", "admin"), "ctictl token makes one"},
		{"tokens", good("dns", "*", "rights", "admin"), "ctictl token makes one"},
		{"tokens", good("hash", tokenHash, "hash", tokenHash), "given before"},
		{"tokens", good("hash", tokenHash, "rights", "admin"), "separated by commas, or *"},
		{"tokens", good("hash", tokenHash, "dns", "*"), "some of observe, control, supervise, admin"},
		{"tokens", good("hash", tokenHash, "dns", "*", "rights", "root"), "some of observe"},
		{"tokens", good("hash", tokenHash, "company", "a b", "dns", "*", "rights", "admin"), "1 to 64"},
		{"dial-plan", good("target", "x"), "the attributes are pattern, leg, caller-id, company"},
		{"dial-plan", good("pattern", ".", "leg", "user/1", "company", "a b"), "leave it out for every company"},
		{"dial-plan", good("leg", "x"), "give a regular expression"},
		{"dial-plan", good("pattern", "["), "give a regular expression"},
		{"dial-plan", good("pattern", "."), "give one leg, such as user/$0@$${domain}"},
		{"dial-plan", good("pattern", "^(.)$", "leg", "user/$2"), "no more than $1"},
		{"dial-plan", good("pattern", ".", "leg", "user/1", "caller-id", strings.Repeat("1", 65)), "at most 64 letters"},
	} {
		_, err := parseSettings(with(element(c.section, 0, c.pairs...)...))
		require.ErrorContains(t, err, c.want, c.pairs)
		require.ErrorContains(t, err, c.section)
		require.ErrorContains(t, err, "at line 20")
	}
	twice := append(element("tokens", 0, "hash", tokenHash, "dns", "*", "rights", "admin"),
		element("tokens", 1, "hash", tokenHash, "dns", "*", "rights", "admin")...)
	_, err := parseSettings(with(twice...))
	require.ErrorContains(t, err, "at line 21: another token has the same hash")
}

// TestShippedSettings: what the module is shipped with is taken as it stands, and so is every line of it that is commented
// out, and its values are the defaults.
func TestShippedSettings(t *testing.T) {
	shipped, err := os.ReadFile("../fsmod/conf/autoload_configs/cti.conf.xml")
	require.NoError(t, err)
	text := strings.NewReplacer("$${domain}", "pbx.example", "$${", "/", "_dir}", "").Replace(string(shipped))
	s, err := parseSettings(rowsOf(t, text))
	require.NoError(t, err)
	defaults := defaultSettings()
	defaults.DataDir, defaults.UnixSocket, defaults.DialPlan = s.DataDir, s.UnixSocket, s.DialPlan
	require.Equal(t, defaults, s)
	require.Equal(t, "user/1001@pbx.example", mustRoute(t, s, "1001"))

	commented := regexp.MustCompile(`<!-- (<(?:param|rule)[^>]*/>) -->`)
	require.Len(t, commented.FindAllString(text, -1), 13)
	text = commented.ReplaceAllString(text, "$1")
	several := regexp.MustCompile(`(?s)<!--(\s+<(?:queue|agent|tier) .*?)-->`)
	require.Len(t, several.FindAllString(text, -1), 3)
	s, err = parseSettings(rowsOf(t, several.ReplaceAllString(text, "$1")))
	require.NoError(t, err)
	require.Len(t, s.Roster.Queues, 1)
	require.Len(t, s.Roster.Agents, 1)
	require.Len(t, s.Roster.Tiers, 1)
	require.Equal(t, "/log/queue_log", s.QueueLog)
	require.Equal(t, "/conf/autoload_configs/callcenter.conf.xml", s.CallcenterConf)
	require.Equal(t, "sofia/gateway/trunk/0049301", mustRoute(t, s, "0049301"))
	require.Equal(t, "/recordings/2023-11-15-06-13-20.p.wav", s.recordPath("c", "p", 1_700_000_000_000_000))
}

// rowsOf makes rows of an XML file as fsmod/config.c does.
func rowsOf(t *testing.T, text string) (rows []setting) {
	type node struct {
		XMLName    xml.Name
		Attributes []xml.Attr `xml:",any,attr"`
		Children   []node     `xml:",any"`
	}
	var root node
	require.NoError(t, xml.Unmarshal([]byte(text), &root))
	for _, section := range root.Children {
		for item, element := range section.Children {
			row := setting{section: section.XMLName.Local, item: item}
			for _, param := range append([]node{element}, element.Children...) {
				of := map[string]string{}
				for _, a := range param.Attributes {
					of[a.Name.Local] = a.Value
					if param.XMLName.Local != "param" {
						row.name, row.value = a.Name.Local, a.Value
						rows = append(rows, row)
					}
				}
				if param.XMLName.Local == "param" {
					row.name, row.value = of["name"], of["value"]
					rows = append(rows, row)
				}
			}
		}
	}
	return rows
}
