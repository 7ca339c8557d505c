package push

import (
	"io"
	"net"
	"syscall"
	"unsafe"
)

// rawOf is what writeNow and rawReader work on; nil for a connection that is not a bare socket.
func rawOf(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	switch c := conn.(type) {
	case *net.UnixConn:
		raw, _ = c.SyscallConn()
	case *net.TCPConn:
		raw, _ = c.SyscallConn()
	}
	return raw
}

// writeNow is write(2) on a socket that does not block. It does not tell the scheduler of the call: in an idle process
// that would wake another thread before the bytes are out, and cost a third of the way to the client.
func writeNow(fd uintptr, data []byte) (int, error) {
	return transfer(syscall.SYS_WRITE, fd, data)
}

// transfer is read(2) or write(2) of bytes.
func transfer(call, fd uintptr, data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// rawReader reads from a socket as writeNow writes to it. It waits as the connection's own Read does.
type rawReader struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool
	into    []byte
	read    int
	failed  error
}

// newReader reads from a connection without detours, if it can be done.
func newReader(conn net.Conn) io.Reader {
	raw := rawOf(conn)
	if raw == nil {
		return conn
	}
	r := &rawReader{raw: raw}
	r.attempt = func(fd uintptr) bool {
		r.failed = syscall.EINTR
		for r.failed == syscall.EINTR {
			r.read, r.failed = transfer(syscall.SYS_READ, fd, r.into)
		}
		return r.failed != syscall.EAGAIN
	}
	return r
}

func (r *rawReader) Read(into []byte) (int, error) {
	r.into = into
	err := r.raw.Read(r.attempt)
	r.into = nil
	switch {
	case err != nil:
		return 0, err
	case r.failed != nil:
		return 0, r.failed
	case r.read == 0 && len(into) > 0:
		return 0, io.EOF
	}
	return r.read, nil
}
