package events

import "strconv"

// WithReference appends encoded to dst with its referenceID replaced by reference, for the one client that asked;
// all others read 0 (protocol.md 2, 3.0-5). encoded is what AppendJSON wrote and is left as it was; anything that
// does not begin as a message does is appended unchanged. It allocates nothing when dst has room.
func WithReference(dst, encoded []byte, reference int64) []byte {
	start, end := referenceSpan(encoded)
	if start < 0 || end < 0 {
		return append(dst, encoded...)
	}
	dst = append(dst, encoded[:start]...)
	dst = strconv.AppendInt(dst, reference, 10)
	return append(dst, encoded[end:]...)
}

// referenceSpan finds the number of referenceID, encoded[start:end]; one of both is negative when there is none.
// Only the name and seq stand in front of it, so the search takes a few bytes, however long the message is.
func referenceSpan(encoded []byte) (start, end int) {
	at := skipText(encoded, 0, `{"messageID":"`)
	at = skipWhile(encoded, at, isNameByte)
	at = skipText(encoded, at, `","seq":`)
	at = skipWhile(encoded, at, isNumberByte)
	start = skipText(encoded, at, `,"referenceID":`)
	return start, skipWhile(encoded, start, isNumberByte)
}

// skipText returns the place behind text, which must stand at place at, else -1. A negative place stays so.
func skipText(encoded []byte, at int, text string) int {
	if at < 0 || len(encoded)-at < len(text) || string(encoded[at:at+len(text)]) != text {
		return -1
	}
	return at + len(text)
}

// skipWhile returns the place behind the bytes from place at that are wanted, at least one, else -1.
func skipWhile(encoded []byte, at int, wanted func(byte) bool) int {
	if at < 0 || at == len(encoded) || !wanted(encoded[at]) {
		return -1
	}
	for at < len(encoded) && wanted(encoded[at]) {
		at++
	}
	return at
}

func isNameByte(b byte) bool { return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' }

func isNumberByte(b byte) bool { return b == '-' || '0' <= b && b <= '9' }
