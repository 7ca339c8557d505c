package push

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// kind is the type of a JSON value.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// field is one member of a client's message. Its texts lie in the frame, where the next one will be: who keeps one makes
// a copy of it.
type field struct {
	name string
	raw  string // the value as it is written
	kind kind
}

const usualFields = 8 // of an object

// nameSet holds the names of one object: of a usual one without other memory, of one with many without looking at all.
type nameSet struct {
	few   [usualFields]string
	count int
	many  map[string]struct{}
}

// add reports whether the name was not there.
func (n *nameSet) add(name string) bool {
	if slices.Contains(n.few[:min(n.count, usualFields)], name) {
		return false
	}
	if n.count < usualFields {
		n.few[n.count] = name
		n.count++
		return true
	}
	if _, twice := n.many[name]; twice {
		return false
	}
	if n.many == nil {
		n.many = make(map[string]struct{})
	}
	n.many[name] = struct{}{}
	return true
}

// frameError says why a frame is not one acceptable JSON object.
type frameError struct {
	at   int // byte offset
	what string
}

func (e *frameError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.at) }

// scanner checks JSON strictly (RFC 8259) and keeps nothing but where the top-level values lie, so that a frame
// costs no more memory than itself and its keys.
type scanner struct {
	data string
	pos  int
}

// parseObject reads data as exactly one JSON object: valid UTF-8, no key twice in one object, at most
// frameDepthMax levels. It appends to fields what it finds, which lies in data.
func parseObject(data []byte, fields []field) ([]field, error) {
	if !utf8.Valid(data) {
		return nil, &frameError{what: "bytes that are not UTF-8"}
	}
	s := scanner{data: unsafe.String(unsafe.SliceData(data), len(data))}
	s.space()
	if s.peek() != '{' {
		return nil, s.fail("something other than an object")
	}
	if err := s.object(1, &fields); err != nil {
		return nil, err
	}
	s.space()
	if s.pos != len(data) {
		return nil, s.fail("something after the object")
	}
	return fields, nil
}

func (s *scanner) fail(what string) error { return &frameError{at: s.pos, what: what} }

// peek is the next byte, 0 at the end. A frame that holds a zero byte fails where it is met: no token begins with it.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// object reads an object at the given depth; out, if not nil, gets its fields.
func (s *scanner) object(depth int, out *[]field) error {
	if depth > frameDepthMax {
		return s.fail(fmt.Sprintf("more than %d levels", frameDepthMax))
	}
	s.pos++ // the brace
	if s.take('}') {
		return nil
	}
	var seen nameSet
	for {
		s.space()
		at := s.pos
		name, err := s.text()
		if err != nil {
			return err
		}
		if !seen.add(name) {
			return &frameError{at: at, what: "a key that was there before"}
		}
		if !s.take(':') {
			return s.fail("a key without a colon")
		}
		f := field{name: name}
		if f.kind, f.raw, err = s.value(depth); err != nil {
			return err
		}
		if out != nil {
			*out = append(*out, f)
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fail("an object that does not go on")
		}
	}
}

func (s *scanner) array(depth int) error {
	if depth > frameDepthMax {
		return s.fail(fmt.Sprintf("more than %d levels", frameDepthMax))
	}
	s.pos++ // the bracket
	if s.take(']') {
		return nil
	}
	for {
		if _, _, err := s.value(depth); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.fail("an array that does not go on")
		}
	}
}

// value reads any value that lies in a container at the given depth.
func (s *scanner) value(depth int) (kind, string, error) {
	s.space()
	from := s.pos
	var k kind
	var err error
	switch c := s.peek(); {
	case c == '{':
		k, err = kindObject, s.object(depth+1, nil)
	case c == '[':
		k, err = kindArray, s.array(depth+1)
	case c == '"':
		k = kindString
		_, err = s.text()
	case c == '-' || c >= '0' && c <= '9':
		k, err = kindNumber, s.number()
	case c == 't':
		k, err = kindBool, s.word("true")
	case c == 'f':
		k, err = kindBool, s.word("false")
	case c == 'n':
		k, err = kindNull, s.word("null")
	default:
		err = s.fail("no value")
	}
	return k, s.data[from:s.pos], err
}

func (s *scanner) word(want string) error {
	if !strings.HasPrefix(s.data[s.pos:], want) {
		return s.fail("no value")
	}
	s.pos += len(want)
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("a broken number")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("a broken number")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("a broken number")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	from := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > from
}

// text reads a string and returns what it means; it is a part of the frame unless it had to be put together.
func (s *scanner) text() (string, error) {
	if s.peek() != '"' {
		return "", s.fail("no string")
	}
	s.pos++
	from := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[from : s.pos-1], nil
		case c == '\\':
			return s.escapedText(append(make([]byte, 0, 64), s.data[from:s.pos]...))
		case c < ' ':
			return "", s.fail("a control character inside a string")
		}
		s.pos++
	}
	return "", s.fail("a string without an end")
}

// escapedText goes on with a string at its first backslash; text is what came before.
func (s *scanner) escapedText(text []byte) (string, error) {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(text), nil
		case c < ' ':
			return "", s.fail("a control character inside a string")
		case c != '\\':
			text = append(text, c)
			s.pos++
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		text = utf8.AppendRune(text, r)
	}
	return "", s.fail("a string without an end")
}

var escapes = [256]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads one backslash sequence; half a surrogate pair is no character and is refused.
func (s *scanner) escape() (rune, error) {
	s.pos++
	c := s.peek()
	if r := escapes[c]; r != 0 {
		s.pos++
		return r, nil
	}
	if c != 'u' {
		return 0, s.fail("an unknown escape")
	}
	r, err := s.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if s.peek() == '\\' {
		s.pos++
		if s.peek() == 'u' {
			low, err := s.hex4()
			if err != nil {
				return 0, err
			}
			if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
				return whole, nil
			}
		}
	}
	return 0, s.fail("half a surrogate pair")
}

// hex4 reads the u of an escape and its four digits.
func (s *scanner) hex4() (rune, error) {
	s.pos++
	var r rune
	for range 4 {
		c := s.peek()
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, s.fail("an unknown escape")
		}
		s.pos++
	}
	return r, nil
}
