package events

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStringsEscaped gives the escapes as RFC 8259, 7 and encoding/json have them.
func TestStringsEscaped(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", `""`},
		{"1001", `"1001"`},
		{"4dce61ec399644029fab7e8251da9bf1332", `"4dce61ec399644029fab7e8251da9bf1332"`},
		{`a"b\c/d`, `"a\"b\\c/d"`},
		{"\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"\x00\x01\x1f", `"\u0000\u0001\u001f"`},
		{"\x7f", "\"\x7f\""},
		{"<a href='x'>&", `"<a href='x'>&"`},
		{"坐席 é 😀", `"坐席 é 😀"`},
		{"\u2028\u2029\u202a", `"\u2028\u2029` + "\u202a" + `"`},
		{"a\xffb\xc3(\xed\xa0\x80", `"a\ufffdb\ufffd(\ufffd\ufffd\ufffd"`},
		{"\ufffd", "\"\ufffd\""},
		{"cut \xe2\x80", `"cut \ufffd\ufffd"`},
	} {
		require.Equal(t, row.want, string(appendString(nil, row.text)), "%q", row.text)
		require.Equal(t, row.want, byEncodingJSON(row.text), "encoding/json on %q", row.text)
	}
}

// TestEveryByteAtEveryPlace walks the eight-byte steps of plain: one odd byte at each place of strings of each length.
func TestEveryByteAtEveryPlace(t *testing.T) {
	for length := 1; length <= 20; length++ {
		for at := range length {
			for b := range 256 {
				text := strings.Repeat("~", at) + string([]byte{byte(b)}) + strings.Repeat(" ", length-at-1)
				want := b >= 0x20 && b < 0x80 && b != '"' && b != '\\'
				if plain(text) != want {
					t.Fatalf("plain(%q) is %t", text, !want)
				}
			}
		}
	}
}

// FuzzAppendString proves that a string is escaped as encoding/json does it.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{
		"", "1001", "\xff\xfe", "a\u2028b", "\"\\\x00\x7f", "12345678\"", "é1234567", "\xe2\x80\xa8\xe2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := byEncodingJSON(s)
		require.Equal(t, want, string(appendString(nil, s)))
		require.Equal(t, len(want), stringSize(s))
	})
}

func TestStringsAppended(t *testing.T) {
	require.Equal(t, `[]`, string(appendStrings(nil, nil)))
	require.Equal(t, `["8001"]`, string(appendStrings(nil, []string{"8001"})))
	require.Equal(t, `["8001","8\n02"]`, string(appendStrings(nil, []string{"8001", "8\n02"})))
}
