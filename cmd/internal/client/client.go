// Package client speaks the engine's protocol for the command line tools: it connects, opens, sends requests and reads
// events (protocol.md 1 to 3).
package client

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	openTimeout  = 5 * time.Second
	lineBytesMax = 16 << 20 // a snapshot of many calls is one line
	silencesMax  = 3        // heartbeats that may be missed (protocol.md 3)
)

// Options say where the engine is and how to enter.
type Options struct {
	Unix  string // path of the unix socket; used when TCP is empty
	TCP   string // host:port
	TLS   bool   // TCP with TLS 1.2 or newer
	CA    string // PEM file of the authority that signed the server's certificate; empty = the system's. Implies TLS
	Token string

	Name    string // what the server calls this client
	Profile string // basic or full
}

// Opened is what the server said when it let us in.
type Opened struct {
	MessageID       string   `json:"messageID"`
	Server          string   `json:"server"`
	Version         string   `json:"version"`
	CompanyID       string   `json:"companyId"`
	Rights          []string `json:"rights"`
	Profile         string   `json:"profile"`
	Seq             uint64   `json:"seq"`
	HeartbeatMillis int64    `json:"heartbeatMillis"`
	Limits          struct {
		RequestsPerSecond int64 `json:"requestsPerSecond"`
		QueueBytes        int64 `json:"queueBytes"`
	} `json:"limits"`
}

// Refusal is a request that the server refused.
type Refusal struct {
	MessageID    string `json:"messageID"`
	ErrorCode    int64  `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	Request      string `json:"request"`
	Detail       string `json:"detail"`
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s was refused: %d %s. %s", r.Request, r.ErrorCode, r.ErrorMessage, r.Detail)
}

// Client is one open connection. Send may be called by any goroutine, Next by one at a time.
type Client struct {
	Opened Opened

	conn    net.Conn
	lines   *bufio.Scanner
	writing sync.Mutex
	stop    chan struct{}
	beating sync.WaitGroup
	closing sync.Once
}

// Dial connects and opens. Its errors say what to do.
func Dial(o Options) (*Client, error) {
	conn, err := dial(&o)
	if err != nil {
		return nil, err
	}
	return enter(conn, &o)
}

// enter opens on a connection, which it takes over.
func enter(conn net.Conn, o *Options) (*Client, error) {
	c := &Client{conn: conn, lines: bufio.NewScanner(conn), stop: make(chan struct{})}
	c.lines.Buffer(make([]byte, 0, 64<<10), lineBytesMax)
	if err := c.open(o); err != nil {
		_ = conn.Close()
		return nil, err
	}
	c.beating.Go(c.beat)
	return c, nil
}

func dial(o *Options) (net.Conn, error) {
	if o.TCP == "" {
		conn, err := net.DialTimeout("unix", o.Unix, openTimeout)
		if err != nil {
			return nil, unixError(o.Unix, err)
		}
		return conn, nil
	}
	dialer := &net.Dialer{Timeout: openTimeout}
	if !o.TLS && o.CA == "" {
		conn, err := dialer.Dial("tcp", o.TCP)
		if err != nil {
			return nil, fmt.Errorf("%w: is the engine running, and tcp-listen set to this address?", err)
		}
		return conn, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("the authority's certificate: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in PEM form", o.CA)
		}
	}
	conn, err := tls.DialWithDialer(dialer, "tcp", o.TCP, config)
	if err != nil {
		return nil, fmt.Errorf("%w: does the server speak TLS (tls-cert), and is -ca its authority?", err)
	}
	return conn, nil
}

// unixError says why a socket cannot be connected to, and what to do.
func unixError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such socket: is mod_cti loaded (fs_cli -x 'cti status') or ctisim running? "+
			"Name the socket with -unix", path)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nobody listens there any more: start the engine again, "+
			"or name another socket with -unix", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: not allowed: join the group that owns the socket, or use -tcp with -token-file", path)
	}
	return err
}

func (c *Client) open(o *Options) error {
	_ = c.conn.SetDeadline(time.Now().Add(openTimeout))
	request := map[string]any{"messageID": "RequestOpen", "protocol": 1, "clientName": o.Name, "profile": o.Profile}
	if o.Token != "" {
		request["token"] = o.Token
	}
	if err := c.Send(request); err != nil {
		return err
	}
	line, err := c.Next()
	if err != nil {
		return fmt.Errorf("the server did not answer RequestOpen: %w", err)
	}
	if err := AsRefusal(line); err != nil {
		return err
	}
	if err := json.Unmarshal(line, &c.Opened); err != nil || c.Opened.MessageID != "EventOpened" {
		return errors.New("what listens there does not speak this protocol: is the address right?")
	}
	return c.conn.SetDeadline(time.Time{})
}

// AsRefusal returns the refusal that a line is, or nil.
func AsRefusal(line []byte) error {
	var r Refusal
	if json.Unmarshal(line, &r) == nil && strings.HasSuffix(r.MessageID, "Error") && r.ErrorCode != 0 {
		return &r
	}
	return nil
}

// beat keeps the server from taking us for dead.
func (c *Client) beat() {
	every := time.Duration(max(c.Opened.HeartbeatMillis, 1000)) * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
			if c.Send(map[string]any{"messageID": "RequestHeartbeat"}) != nil {
				return
			}
		}
	}
}

// Send sends one request.
func (c *Client) Send(request any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("the connection to the engine is lost: %w", err)
	}
	return nil
}

// Next returns the next message, valid until the one after it. It fails when the connection ends, or when the server
// has been silent for three heartbeats.
func (c *Client) Next() ([]byte, error) {
	if every := c.Opened.HeartbeatMillis; every > 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(silencesMax * time.Duration(every) * time.Millisecond))
	}
	if c.lines.Scan() {
		return c.lines.Bytes(), nil
	}
	err := c.lines.Err()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errors.New("the engine has been silent for too long")
	case err == nil || errors.Is(err, syscall.ECONNRESET):
		return nil, fmt.Errorf("the engine closed the connection: %w", io.EOF)
	}
	return nil, fmt.Errorf("the connection to the engine is lost: %w", err)
}

// Await returns the first message of one of the names, or the refusal of our own request.
func (c *Client) Await(names ...string) ([]byte, error) {
	for {
		line, err := c.Next()
		if err != nil {
			return nil, err
		}
		if err := AsRefusal(line); err != nil {
			return nil, err
		}
		var head struct {
			MessageID string `json:"messageID"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, fmt.Errorf("the engine sent what is not JSON: %w", err)
		}
		for _, name := range names {
			if head.MessageID == name {
				return line, nil
			}
		}
	}
}

// Close ends the connection; a Next that waits returns with an error.
func (c *Client) Close() {
	c.closing.Do(func() {
		close(c.stop)
		_ = c.conn.Close()
	})
	c.beating.Wait()
}
