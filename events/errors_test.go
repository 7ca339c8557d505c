package events

import (
	"bufio"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// oursBesideThePage are the codes that R48 asks for and the page lacks.
var oursBesideThePage = map[int64]string{
	302002: "AgentNotLoggedIn", 302003: "AgentAlreadyLoggedIn", 302004: "DNHasAgent", 302005: "InvalidAgentTransition",
	302006: "AgentInCall", 304000: "Unknown", 304001: "NotFoundQueue", 304002: "AgentNotInQueue",
}

// TestErrorsOfThePage proves R47 and R48: code and message are the pairs of call-events.txt, all of them, and ours beside them.
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
	maps.Copy(onPage, oursBesideThePage)
	inTable := map[int64]string{}
	for _, e := range Errors {
		inTable[int64(e.Code)] = e.Message
		require.Equal(t, e.Message, ErrorMessage(int64(e.Code)))
		require.Equal(t, e.Message, e.Code.Name())
		require.NotEmpty(t, e.When)
	}
	require.Equal(t, onPage, inTable)
	require.True(t, slices.IsSortedFunc(Errors, func(a, b ErrorInfo) int { return int(a.Code - b.Code) }))
	require.Len(t, Errors, len(inTable), "a code stands twice")
}

// TestReservedCodes proves R48: no code in use is reserved, and a reserved or unknown one is "Unknown".
func TestReservedCodes(t *testing.T) {
	for _, code := range []Code{301023, 301024, 302007, 302999, 304003, 304999} {
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
