package events

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	keysOracle    = regexp.MustCompile(`^[0-9A-D*#]*$`)
	numberOracle  = regexp.MustCompile(`^\+?[0-9A-D*#]{1,32}$`)
	companyOracle = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
)

// FuzzShapes: numbers and companies' ids are what the regular expressions say (protocol.md 6, settings.md). They are told by
// hand because each request that calls somebody waits for it, and a regular expression takes several times as long.
func FuzzShapes(f *testing.F) {
	nines := strings.Repeat("9", 32)
	for _, text := range []string{
		"", "+", "++1", "1+2", "1001", "+4930123", "*#06#", "ABCD", "1001E", "a", "acme.Ltd-2_x", "1\n", "\n1", "1 2", "１２", "é1",
		"1\xff", "1/2",
		"@", "G", "[", "`", "{", ":", "$1", nines, nines + "9", "+" + nines, "+" + nines + "9", nines + nines, nines + nines + "9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, keysOracle.MatchString(text), AreKeys(text), "%q", text)
		require.Equal(t, numberOracle.MatchString(text), IsNumber(text), "%q", text)
		require.Equal(t, companyOracle.MatchString(text), IsCompanyID(text), "%q", text)
	})
}
