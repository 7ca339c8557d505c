package fsmod

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// eventSocket is one connection to the switch's event socket.
type eventSocket struct {
	conn net.Conn
	in   *bufio.Reader
}

type reply struct {
	header textproto.MIMEHeader
	body   string
}

func dialEventSocket(port int) (*eventSocket, error) {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), patience)
	if err != nil {
		return nil, err
	}
	e := &eventSocket{conn: conn, in: bufio.NewReader(conn)}
	if _, err := e.read(patience); err != nil { // auth/request
		conn.Close()
		return nil, err
	}
	r, err := e.command("auth fsmod", 5*time.Second)
	if err == nil && !strings.HasPrefix(r.header.Get("Reply-Text"), "+OK") {
		err = fmt.Errorf("event socket: %s", r.header.Get("Reply-Text"))
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return e, nil
}

// command sends one command and returns its reply.
func (e *eventSocket) command(line string, timeout time.Duration) (reply, error) {
	if _, err := io.WriteString(e.conn, line+"\n\n"); err != nil {
		return reply{}, err
	}
	return e.read(timeout)
}

// read returns the next message, with its body.
func (e *eventSocket) read(timeout time.Duration) (r reply, err error) {
	if err := e.conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return r, err
	}
	if r.header, err = textproto.NewReader(e.in).ReadMIMEHeader(); err != nil {
		return r, err
	}
	length, _ := strconv.Atoi(r.header.Get("Content-Length"))
	body := make([]byte, length)
	_, err = io.ReadFull(e.in, body)
	r.body = string(body)
	return r, err
}

func (e *eventSocket) Close() error { return e.conn.Close() }
