package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// readAll reads all frames of a stream; an oversized one is noted as such.
func readAll(t *testing.T, from io.Reader, limit int) (frames []string, last error) {
	f := frameReader{from: from}
	for {
		line, err := f.next(limit)
		require.LessOrEqual(t, cap(f.buf), max(limit+1, 1024), "the buffer stays bounded")
		switch {
		case errors.Is(err, errFrameTooLong):
			frames = append(frames, "too long")
		case err != nil:
			return frames, err
		default:
			frames = append(frames, string(line))
		}
	}
}

// Protocol 1: one message a line; however the bytes arrive, the same lines come out.
func TestFrame_Lines(t *testing.T) {
	long := strings.Repeat("y", 100)
	stream := "a\n\n" + strings.Repeat("x", 50) + "\n" + long + "\nb\n" + long + long + "\n" + "c\r\nunfinished"
	want := []string{"a", "", strings.Repeat("x", 50), "too long", "b", "too long", "c\r"}
	for name, from := range map[string]io.Reader{
		"at once":    strings.NewReader(stream),
		"by halves":  iotest.HalfReader(strings.NewReader(stream)),
		"one byte":   iotest.OneByteReader(strings.NewReader(stream)),
		"data + EOF": iotest.DataErrReader(strings.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			frames, err := readAll(t, from, 50)
			require.Equal(t, want, frames)
			require.ErrorIs(t, err, io.EOF)
		})
	}
}

// zeros is an endless line.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += len(p)
	return len(p), nil
}

// A line without an end is told at once, and given up after a bound, without memory for it.
func TestFrame_Endless(t *testing.T) {
	from := &zeros{}
	f := frameReader{from: from}
	_, err := f.next(frameBytesMax)
	require.ErrorIs(t, err, errFrameTooLong)
	require.LessOrEqual(t, from.read, frameBytesMax+1)
	_, err = f.next(frameBytesMax)
	require.ErrorIs(t, err, errFrameEndless)
	require.LessOrEqual(t, from.read, frameSkipBytesMax+2*frameBytesMax)
	require.LessOrEqual(t, cap(f.buf), frameBytesMax+1)
}

// The bound grows when the client opens, with what was read already.
func TestFrame_BoundGrows(t *testing.T) {
	f := frameReader{from: strings.NewReader("ab\n" + strings.Repeat("x", 5000) + "\n")}
	line, err := f.next(10)
	require.NoError(t, err)
	require.Equal(t, "ab", string(line))
	line, err = f.next(frameBytesMax)
	require.NoError(t, err)
	require.Len(t, line, 5000)
}

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{"", "a\n", "aa\nbbb\n\n", strings.Repeat("x", 40) + "\ny\n", "no end"} {
		f.Add([]byte(seed), uint8(16))
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit uint8) {
		want := []string{}
		lines := bytes.Split(stream, []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			if len(line) > int(limit) {
				want = append(want, "too long")
			} else {
				want = append(want, string(line))
			}
		}
		if len(lines[len(lines)-1]) > int(limit) {
			want = append(want, "too long")
		}
		whole, err := readAll(t, bytes.NewReader(stream), int(limit))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, want, append([]string{}, whole...))
		drops, err := readAll(t, iotest.OneByteReader(bytes.NewReader(stream)), int(limit))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, whole, drops)
	})
}

// What is taken means what encoding/json takes it to mean; what it does not take is refused.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : [ 1 , -0.5e+3 , "\u00e9\ud83d\ude00" , {"b":null} ] , "c":true } `, `{"a":1,"a":2}`, `[]`, `{"a":01}`,
		`{"a":"\x"}`, `{"a":"\ud800"}`, "{\"a\":\"\t\"}", `{"a":1}}`,
		strings.TrimSpace(nested(17)), "{\"\xff\":1}", `{"a":tru}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := parseObject(data, nil)
		var want map[string]json.RawMessage
		known := json.Unmarshal(data, &want)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NoError(t, known)
		require.True(t, utf8.Valid(data))
		require.Len(t, fields, len(want))
		for _, field := range fields {
			raw, has := want[field.name]
			require.True(t, has, field.name)
			require.Equal(t, string(raw), string(field.raw))
			if text, ok := stringOf(field); ok {
				var meant string
				require.NoError(t, json.Unmarshal(raw, &meant))
				require.Equal(t, meant, text)
			}
		}
	})
}

// levels is the depth of valid JSON.
func levels(data []byte) (deepest int) {
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// Any object that encoding/json writes is taken, unless it is too deep.
func FuzzObject_Complete(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}],"d":null}`)
	f.Add(`{"":{"":{"":[]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var value map[string]any
		if json.Unmarshal([]byte(text), &value) != nil || value == nil {
			t.Skip()
		}
		written, err := json.Marshal(value)
		require.NoError(t, err)
		_, err = parseObject(written, nil)
		if levels(written) > frameDepthMax {
			require.Error(t, err)
			return
		}
		require.NoError(t, err, string(written))
	})
}

// parsed is the request in a line. Nothing of it lies in the frame, whose place the next one takes.
func parsed(t *testing.T, line string) (*request, error) {
	r, again := new(request), new(request)
	fields, err := parseObject([]byte(line), nil)
	if err != nil {
		return nil, err
	}
	r.parse(fields)
	frame := []byte(line)
	fields, err = parseObject(frame, make([]field, 0, usualFields))
	require.NoError(t, err)
	again.parse(fields)
	clear(frame)
	require.Equal(t, r, again)
	return r, nil
}

// No message makes the parser fail, and what goes on to the engine holds only what protocol 6 allows.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"messageID":"RequestOpen","protocol":1,"token":"t","profile":"full","resumeFrom":9}`,
		`{"messageID":"RequestRegisterDN","thisDN":"+1001","mode":"share","requestKey":"k"}`,
		`{"messageID":"RequestSubscribe","scope":"call","ids":["a","b"],"messages":["EventHeld"]}`,
		`{"messageID":"RequestQueryCall","callID":"c","referenceID":1e3}`,
		`{"messageID":"RequestSubscribe","scope":"agent","ids":[1,[],{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parsed(t, string(data))
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(r.name), textLenMax)
		if r.bad != nil {
			require.NotEmpty(t, r.bad.detail)
			return
		}
		require.Empty(t, strings.Trim(r.engine.ThisDN, "+0123456789ABCD*#"))
		require.LessOrEqual(t, len(r.engine.ThisDN), numberLenMax)
		require.LessOrEqual(t, len(r.engine.CallID), textLenMax)
		require.LessOrEqual(t, len(r.engine.IDs), idsMax)
		require.LessOrEqual(t, r.referenceID, int64(referenceMax))
	})
}
