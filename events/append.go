package events

//go:generate go run ./internal/gen

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string, escaped as encoding/json does with HTML escaping off.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
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
