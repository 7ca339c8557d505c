package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/events/push"
)

// element is a <token> of cti.conf.xml.
type element struct {
	XMLName xml.Name `xml:"token"`
	Hash    string   `xml:"hash,attr"`
	Company string   `xml:"company,attr"`
	DNs     string   `xml:"dns,attr"`
	Rights  string   `xml:"rights,attr"`
}

func elementOf(t *testing.T, line string) (e element) {
	t.Helper()
	require.NoError(t, xml.Unmarshal([]byte(line), &e), line)
	return e
}

// settings.md: tokens are made by ctictl token. What it makes opens the door, with the rights that it was asked for.
func TestTokenOpensTheDoor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	code, out, errs := ctictl("token", "dns=1001,1002", "rights=observe,control", "-token-file", file)
	require.Equal(t, exitOK, code, errs)
	line, advice, _ := strings.Cut(out, "\n")
	made := elementOf(t, line)
	require.Equal(t, "1001,1002", made.DNs)
	require.Equal(t, "observe,control", made.Rights)
	require.Contains(t, advice, "cti reload")
	require.Contains(t, advice, file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode(), "a token is nobody else's")
	secret, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, out, strings.TrimSpace(string(secret)))

	w := newWorld(t, push.Token{
		HashHex: made.Hash, DNs: strings.Split(made.DNs, ","), Rights: strings.Split(made.Rights, ","),
	})
	code, out, errs = ctictl("-tcp", w.tcp, "-token-file", file, "status")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "rights   observe, control\n")

	code, _, errs = ctictl("token", "-token-file", file)
	require.Equal(t, exitFailed, code, "a token in use is not written over")
	require.Contains(t, errs, "exists")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, secret, kept)
}

// Without a file the token is shown, once; without words it may hear of everything and do nothing.
func TestTokenIsShown(t *testing.T) {
	code, out, errs := ctictl("-json", "token", "company=c-1")
	require.Equal(t, exitOK, code, errs)
	var first struct{ Token, Hash, Element string }
	require.NoError(t, json.Unmarshal([]byte(out), &first))
	made := elementOf(t, first.Element)
	require.Equal(t, element{XMLName: made.XMLName, Hash: first.Hash, Company: "c-1", DNs: "*", Rights: "observe"}, made)
	require.GreaterOrEqual(t, len(first.Token), 26, "at least 128 bits of chance")

	code, out, errs = ctictl("token")
	require.Equal(t, exitOK, code, errs)
	line, advice, _ := strings.Cut(out, "\n")
	require.NotEqual(t, first.Hash, elementOf(t, line).Hash)
	require.NotContains(t, line, "company")
	require.Regexp(t, `the client shows [A-Z2-7]{26,}\n`, advice)
}

func TestTokenWrongUse(t *testing.T) {
	for want, word := range map[string]string{
		`rights: "spy" is none of`:         "rights=observe,spy",
		`"colour=red" is no word of token`: "colour=red",
		"company: 1 to 64 letters, digits": `company=a"b`,
		`dns: "10 01" is no number`:        "dns=1001,10 01",
		`rights is empty`:                  "rights=",
		`dns is empty`:                     "dns=,",
		`"observe" is no word of token`:    "observe",
	} {
		code, out, errs := ctictl("token", word)
		require.Equal(t, exitUsage, code, want)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
}
