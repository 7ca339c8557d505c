package events

import (
	"bufio"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErrorsOfThePage proves R47: code and message are the pairs of call-events.txt, all of them and no other.
func TestErrorsOfThePage(t *testing.T) {
	file, err := os.Open("testdata/error-codes.txt")
	require.NoError(t, err)
	defer file.Close()
	line := regexp.MustCompile(`^- (\w+)\((\d+)\)$`)
	onPage := map[int64]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		match := line.FindStringSubmatch(lines.Text())
		require.NotNil(t, match, lines.Text())
		code, err := strconv.ParseInt(match[2], 10, 64)
		require.NoError(t, err)
		onPage[code] = match[1]
	}
	require.Len(t, onPage, 34)
	inTable := map[int64]string{}
	for _, e := range Errors {
		inTable[int64(e.Code)] = e.Message
		require.Equal(t, e.Message, ErrorMessage(int64(e.Code)))
		require.Equal(t, e.Message, e.Code.Name())
		require.NotEmpty(t, e.When)
	}
	require.Equal(t, onPage, inTable)
	require.Len(t, Errors, len(inTable), "a code stands twice")
}

// TestReservedCodes proves R48: no code in use is reserved, and a reserved or unknown one is "Unknown".
func TestReservedCodes(t *testing.T) {
	for _, code := range []Code{301023, 301024, 302002, 302003, 304000, 304001} {
		reserved := false
		for _, r := range ReservedCodes {
			reserved = reserved || r.First <= code && code <= r.Last
		}
		require.True(t, reserved, "%d", code)
		require.Equal(t, "Unknown", code.Name())
	}
	for _, e := range Errors {
		for _, r := range ReservedCodes {
			require.False(t, r.First <= e.Code && e.Code <= r.Last, "%d", e.Code)
		}
	}
	require.Equal(t, "Unknown", ErrorMessage(0))
}
