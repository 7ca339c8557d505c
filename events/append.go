package events

import "unicode/utf8"

//go:generate go run ./internal/gen

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string, escaped as encoding/json does with HTML escaping off.
func appendString(dst []byte, s string) []byte {
	return append(appendText(append(dst, '"'), s), '"')
}

// Quote is a text as a JSON string.
func Quote(s string) string { return string(appendString(nil, s)) }

// appendText appends what stands between the quotes of s as a JSON string.
func appendText(dst []byte, s string) []byte {
	if plain(s) {
		return append(dst, s...)
	}
	return appendEscaped(dst, s)
}

// appendStrings appends list as a JSON array; nil is the empty array.
func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, list[i])
	}
	return append(dst, ']')
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// plain tells whether s is ASCII without controls, quote and backslash, and so is its own JSON.
// Eight bytes are looked at in one step: ids and numbers, most of what is sent, take a few steps each.
func plain(s string) bool {
	if len(s) < 8 {
		for i := range len(s) {
			if !plainByte(s[i]) {
				return false
			}
		}
		return true
	}
	for i := 0; i+8 <= len(s); i += 8 {
		if marked(load(s[i:])) {
			return false
		}
	}
	return !marked(load(s[len(s)-8:]))
}

func plainByte(b byte) bool {
	return b >= ' ' && b < utf8.RuneSelf && b != '"' && b != '\\'
}

// load reads the first eight bytes of s; the compiler makes one load of it.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// marked tells whether one of the eight bytes of w is not plain: subtracting sets the high bit of a byte that is
// below the subtrahend, and the exclusive or makes zero of the byte that is looked for. A borrow may mark
// the next byte too, but only one that follows a byte rightly marked.
func marked(w uint64) bool {
	control := w - ' '*eachByte
	quote := w ^ '"'*eachByte - eachByte
	backslash := w ^ '\\'*eachByte - eachByte
	return (w|control|quote|backslash)&highBits != 0
}

// appendEscaped appends s with everything escaped that needs it. Broken UTF-8 becomes \ufffd, a byte at a time;
// U+2028 and U+2029 are escaped because JavaScript takes them for line ends.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if !plainByte(b) {
				dst = appendEscape(append(dst, s[from:i]...), b)
				from = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[from:i]...), `\ufffd`...)
			from = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[from:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			from = i + size
		}
		i += size
	}
	return append(dst, s[from:]...)
}

// appendEscape appends the escape of one ASCII byte: a control, a quote or a backslash.
func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xf])
}

// stringSize is the length of what appendString appends.
func stringSize(s string) int {
	if plain(s) {
		return len(s) + len(`""`)
	}
	return len(appendString(nil, s))
}
