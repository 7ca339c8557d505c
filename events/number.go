package events

const (
	numberKeysMax = 32
	companyIDMax  = 64
)

// AreKeys tells whether a text is made of the keys of a telephone alone; it may be empty.
func AreKeys(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'D', c == '*', c == '#':
		default:
			return false
		}
	}
	return true
}

// IsNumber tells whether a text is a telephone number: 1 to 32 keys, with a + at most in front (protocol.md 6). Nothing in it
// means anything to the switch's dial strings.
func IsNumber(text string) bool {
	keys := text
	if text != "" && text[0] == '+' {
		keys = text[1:]
	}
	return keys != "" && len(keys) <= numberKeysMax && AreKeys(keys)
}

// IsCompanyID tells whether a text may be a companyId: 1 to 64 letters, digits, dots, dashes or underscores. A setting and a
// token carry it, so nothing in it needs to be escaped.
func IsCompanyID(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return text != "" && len(text) <= companyIDMax
}
