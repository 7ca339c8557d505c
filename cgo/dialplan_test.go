package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

func planOf(t *testing.T, rules ...[]string) *Settings {
	rows := with()
	for i, pairs := range rules {
		rows = append(rows, element("dial-plan", i, pairs...)...)
	}
	s, err := parseSettings(rows)
	require.NoError(t, err)
	return s
}

// TestDial: the first rule that is the company's and matches makes the one leg of a number (settings.md, protocol 7).
func TestDial(t *testing.T) {
	s := planOf(t,
		[]string{"pattern", `^1\d{3}$`, "leg", "user/$0@pbx.example"},
		[]string{"pattern", `^0(0\d+)$`, "leg", "sofia/gateway/abroad/$1", "caller-id", "+4930123", "company", "acme"},
		[]string{"pattern", `^0\d+$`, "leg", "sofia/gateway/trunk/$0"},
		[]string{"pattern", `^(9)(\d)(\d*)$`, "leg", "sofia/internal/$3$2$1@192.0.2.1:5060;transport=tls"},
		[]string{"pattern", `^\*97$`, "leg", "user/mailbox", "caller-id", "anonymous"},
		[]string{"pattern", `8`, "leg", "user/$0"},
		[]string{"pattern", `^\+\d+$`, "leg", "sofia/gateway/trunk/$0", "company", "other"},
	)
	for _, row := range []struct {
		company, number string
		want            engine.Route
	}{
		{"acme", "1001", engine.Route{Address: "user/1001@pbx.example"}},
		{"acme", "0049301", engine.Route{Address: "sofia/gateway/abroad/049301", CallerID: "+4930123"}},
		{"other", "0049301", engine.Route{Address: "sofia/gateway/trunk/0049301"}},
		{"", "0049301", engine.Route{Address: "sofia/gateway/trunk/0049301"}},
		{"acme", "9123", engine.Route{Address: "sofia/internal/2319@192.0.2.1:5060;transport=tls"}},
		{"acme", "91", engine.Route{Address: "sofia/internal/19@192.0.2.1:5060;transport=tls"}},
		{"acme", "*97", engine.Route{Address: "user/mailbox", CallerID: "anonymous"}},
		{"acme", "2822", engine.Route{Address: "user/2822"}}, // $0 is the number, however little of it matched
		{"other", "+49301", engine.Route{Address: "sofia/gateway/trunk/+49301"}},
		{"acme", "+49301", engine.Route{}},
		{"acme", "2000", engine.Route{}},
	} {
		route, found := s.dial(row.company, row.number)
		require.Equal(t, row.want, route, row.number)
		require.Equal(t, row.want.Address != "", found, row.number)
	}
	_, found := planOf(t).dial("acme", "1001")
	require.False(t, found, "no rule: InvalidParams (settings.md)")
}

// TestCompanies: what a client of a company asks for goes by the company's dial plan, and neither the client nor a command
// of another company reaches it (protocol 7); the token that names no company is of the default one.
func TestCompanies(t *testing.T) {
	var rows []setting
	for i, token := range [][]string{{"ours"}, {"theirs", "company", "other"}} {
		sum := sha256.Sum256([]byte(token[0]))
		pairs := append([]string{"hash", hex.EncodeToString(sum[:]), "dns", "*", "rights", "observe,control"}, token[1:]...)
		rows = append(rows, element("tokens", i, pairs...)...)
	}
	rows = append(rows, element("dial-plan", 0, "pattern", `^\d{4}$`, "leg", "user/$0@other", "company", "other")...)
	rows = append(rows, element("dial-plan", 1, "pattern", `^\d{4}$`, "leg", "user/$0@home")...)
	b := begin(t, t.TempDir(), newFakeHost(), rows...)
	require.Equal(t, engine.CommandSnapshot, (<-b.host.commands).Kind)
	var calls []string
	for i, want := range []struct{ token, company, leg string }{
		{"theirs", "other", "user/1001@other"}, {"ours", "acme", "user/1001@home"},
	} {
		c := clientOf(t, b, want.token)
		c.send(map[string]any{"messageID": "RequestRegisterDN", "thisDN": "1001", "referenceID": 1})
		require.Equal(t, "EventRegistered", c.answer(1))
		var told struct{ Parties []any }
		require.NoError(t, json.Unmarshal(c.lines.Bytes(), &told))
		require.Empty(t, told.Parties, "the other company's call is not this one's")
		c.send(map[string]any{"messageID": "RequestMakeCall", "thisDN": "1001", "otherDN": "1002", "referenceID": 2})
		require.Equal(t, "EventDialing", c.answer(2))
		originated := <-b.host.commands
		require.Equal(t, want.leg, originated.Value)
		calls = append(calls, originated.CallID)
		for range 2 {
			require.Equal(t, want.company, b.host.next(t).companyID)
		}
		for j, callID := range calls {
			c.send(map[string]any{"messageID": "RequestReleaseCall", "thisDN": "1001", "callID": callID, "referenceID": 3 + j})
		}
		if i == 1 {
			require.Equal(t, "EventPartyError", c.answer(3))
			require.Contains(t, c.lines.Text(), "NotFoundCallID")
		}
		require.Equal(t, calls[i], (<-b.host.commands).CallID, "only his own call is hung up")
	}
}

// hostile are numbers with what means something to the switch (protocol 6: only +0-9A-D*#).
var hostile = []string{
	"", "+", "1{a=b}", "[x]1", "<x>1", "1,2", "1|2", "1:_:2", "^^:1", "1'", `1\2`, "$1", "${system(id)}", "1/2", "1&park", "1;2",
	"1 2", " 1", "1 ", "1\x002", "1\n", "\n1", "1\r", "1\t", "1@h", "1\"", "1%20", "1++", "1+2", "abc", "1001E", "a", "１２", "é1",
	"1\u2028", "1\xff", strings.Repeat("1", 33),
}

// TestDialRefusesHostileNumbers: no rule, however wide, lets one through.
func TestDialRefusesHostileNumbers(t *testing.T) {
	s := planOf(t, []string{"pattern", `(?s).*`, "leg", "user/$0"})
	for _, number := range hostile {
		route, found := s.dial("acme", number)
		require.False(t, found, "%q", number)
		require.Zero(t, route, "%q", number)
	}
	for _, number := range []string{"1", "+1", "*#06#", "ABCD", strings.Repeat("9", 32)} {
		route, found := s.dial("acme", number)
		require.True(t, found, number)
		require.Equal(t, "user/"+number, route.Address)
	}
}

// FuzzDial: whatever the number, an address is the template with nothing but digits of a number in its places.
func FuzzDial(f *testing.F) {
	for _, number := range append(hostile, "1001", "+4930123", "*97", "0049") {
		f.Add(number)
	}
	plan := &Settings{DialPlan: []DialRule{
		{Pattern: regexp.MustCompile(`^0(.*)$`), Leg: "sofia/gateway/trunk/$1"},
		{Pattern: regexp.MustCompile(`(?s)^(.)(.*)(.)$`), Leg: "sofia/internal/$3$2$1@192.0.2.1:5060"},
		{Pattern: regexp.MustCompile(`(?s).*`), Leg: "user/$0@pbx"},
	}}
	wanted := regexp.MustCompile(
		`^(sofia/gateway/trunk/[0-9A-D*#]*|sofia/internal/[+0-9A-D*#]{2,33}@192\.0\.2\.1:5060|user/[+0-9A-D*#]{1,33}@pbx)$`)
	f.Fuzz(func(t *testing.T, number string) {
		route, found := plan.dial("acme", number)
		require.Equal(t, found, route.Address != "")
		if !found {
			return
		}
		require.NotContains(t, number, "@")
		require.False(t, strings.ContainsAny(number, "{}[]<>,|:^'\"\\$/&; \x00\r\n\t"), "%q", number)
		require.Regexp(t, wanted, route.Address)
	})
}

// FuzzRule: a leg template that is taken has no place for code, and what it makes has none either.
func FuzzRule(f *testing.F) {
	for _, leg := range []string{
		"user/$0@pbx", "sofia/gateway/a/$1", "user/$0@${domain}", "user/$$0", "{a=b}user/$0", "user/$0,user/$1", "user/$0|x/1",
		"user/$0:_:user/1", "&park", "user", "/1", "user/", "user/$", "user/$a", "user/a b", "user/$9", "<x>user/1", "user/[x]1",
		"user/'1'", `user/\1`, "user/^1", "user/1\n", "user/\x00", "user/$10", "loopback/$0/default", "user/1(2)", "user/`id`",
	} {
		f.Add(leg, "1001")
	}
	f.Fuzz(func(t *testing.T, leg, number string) {
		s, err := parseSettings(with(element("dial-plan", 0, "pattern", "^(.*)$", "leg", leg)...))
		if err != nil {
			require.ErrorContains(t, err, "<dial-plan> leg=")
			return
		}
		if route, found := s.dial("acme", number); found {
			require.False(t, strings.ContainsAny(route.Address, "{}[]<>,|^'\"\\$&()` \x00\r\n\t"), "%q", route.Address)
			require.NotContains(t, route.Address, ":_:")
		}
	})
}

// TestLegTemplates: what a dial string could take for more than one leg, for variables or for an application is refused
// when the settings are read, with the rule's line.
func TestLegTemplates(t *testing.T) {
	for _, leg := range []string{
		"user/$0@${domain}", "user/$$0", "user/$", "user/$x", "{a=b}user/$0", "[a=b]user/$0", "<a=b>user/$0", "user/$0,user/1",
		"user/$0|user/1", "user/$0:_:user/1", "&park", "user/1&park", "user", "user/", "/1", "user/a b", "user/'1'", `user/"1"`,
		`user/\1`, "^^:user/1", "user/1(2)", "user/\x01", "user/é", "user/" + strings.Repeat("1", textBytesMax),
	} {
		_, err := parseSettings(with(element("dial-plan", 0, "pattern", "^(.*)$", "leg", leg)...))
		require.ErrorContains(t, err, "at line 20: give one leg, such as user/$0@$${domain}", "%q", leg)
	}
	_, err := parseSettings(with(element("dial-plan", 0, "pattern", "^(.*)$", "leg", "user/$1$2")...))
	require.ErrorContains(t, err, "no more than $1")
	require.Equal(t, "user/10010", mustRoute(t, planOf(t, []string{"pattern", "^(.*)$", "leg", "user/$10"}), "1001"),
		"a placeholder is one digit")
}

func mustRoute(t *testing.T, s *Settings, number string) string {
	route, found := s.dial("acme", number)
	require.True(t, found)
	return route.Address
}
