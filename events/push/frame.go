package push

import (
	"bytes"
	"errors"
	"io"
)

var (
	errFrameTooLong = errors.New("the message is too long")
	errFrameEndless = errors.New("an oversized message did not end")
)

// frameReader cuts a stream into lines. Its buffer grows with the messages but never past the bound it is asked for.
type frameReader struct {
	from     io.Reader
	buf      []byte
	head     int // of what was read and not yet handed out
	tail     int
	scanned  int  // of it, what is known to hold no line feed
	skipping bool // the rest of an oversized line is still to be read away
	skipped  int
}

// next returns the next line without its line feed; it is valid until the call after. A line of more than limit bytes
// is errFrameTooLong, told as soon as it is seen; the call after it reads the rest of the line away. After
// errFrameEndless, as after any other error, nothing more can be read. A last line without line feed is dropped.
func (f *frameReader) next(limit int) ([]byte, error) {
	for {
		if line, ok, err := f.cut(limit); ok || err != nil {
			return line, err
		}
		f.room(limit)
		n, err := f.from.Read(f.buf[f.tail:])
		f.tail += n
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// cut takes a line out of the buffer, if a whole one is there.
func (f *frameReader) cut(limit int) (line []byte, ok bool, err error) {
	end := bytes.IndexByte(f.buf[f.head+f.scanned:f.tail], '\n')
	if f.skipping {
		return f.skip(end, limit)
	}
	if end < 0 {
		f.scanned = f.tail - f.head
		if f.scanned > limit {
			return nil, false, f.tooLong()
		}
		return nil, false, nil
	}
	line = f.buf[f.head : f.head+f.scanned+end]
	if len(line) > limit {
		return nil, false, f.tooLong()
	}
	f.head += len(line) + 1
	f.scanned = 0
	return line, true, nil
}

func (f *frameReader) tooLong() error {
	f.skipping, f.skipped, f.scanned = true, 0, 0
	return errFrameTooLong
}

// skip drops the buffered part of an oversized line.
func (f *frameReader) skip(end, limit int) ([]byte, bool, error) {
	if end < 0 {
		f.skipped += f.tail - f.head
		f.head, f.tail = 0, 0
		if f.skipped > frameSkipBytesMax {
			return nil, false, errFrameEndless
		}
		return nil, false, nil
	}
	f.head += end + 1
	f.skipping = false
	return f.cut(limit)
}

// room makes space for reading: to the front of the buffer first, then by doubling it up to the bound.
func (f *frameReader) room(limit int) {
	if f.head == f.tail {
		f.head, f.tail = 0, 0
	}
	if f.tail < len(f.buf) {
		return
	}
	if f.head > 0 {
		f.tail = copy(f.buf, f.buf[f.head:f.tail])
		f.head = 0
		return
	}
	size := min(max(2*len(f.buf), 1024), limit+1)
	f.buf = append(make([]byte, 0, size), f.buf[:f.tail]...)[:size]
}
