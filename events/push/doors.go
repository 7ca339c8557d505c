package push

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

const (
	acceptPauseMin = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// listenTCP opens the TCP door.
func listenTCP(c *Config) (net.Listener, error) {
	if err := checkExposure(c); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.TCPAddr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("tcp-listen: %s is taken by another process; stop it or set another port (%w)", c.TCPAddr, err)
	case err != nil:
		return nil, fmt.Errorf("tcp-listen: %s cannot be listened on: %w", c.TCPAddr, err)
	}
	return l, nil
}

// checkExposure refuses a TCP door that others than this machine could reach, unless it has TLS and asks who comes
// (protocol.md 1).
func checkExposure(c *Config) error {
	if c.TCPAddr == "" {
		return nil
	}
	address, err := net.ResolveTCPAddr("tcp", c.TCPAddr)
	if err != nil {
		return fmt.Errorf("tcp-listen: %q is not host:port: %w", c.TCPAddr, err)
	}
	if address.IP.IsLoopback() {
		return nil
	}
	switch {
	case c.TLSCert == "":
		return fmt.Errorf("tcp-listen: %s is not loopback, which needs tls-cert and tls-key; set them or listen on 127.0.0.1",
			c.TCPAddr)
	case len(c.Tokens) == 0:
		return fmt.Errorf("tcp-listen: %s is not loopback, which needs tokens; add one or listen on 127.0.0.1", c.TCPAddr)
	}
	return nil
}

// accept admits connections until the listener is closed. A lack of descriptors or memory only slows it down.
func (s *Server) accept(l net.Listener) {
	pause := acceptPauseMin
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = acceptPauseMin
			s.admit(conn)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			s.counters.acceptFailures.Add(1)
			s.log.Warn("a connection could not be accepted", "door", l.Addr().String(), "error", err, "pauseMillis",
				pause.Milliseconds())
			if !s.rest(pause) {
				return
			}
			pause = min(2*pause, acceptPauseMax)
		}
	}
}

// rest waits, and reports false when the server is closed meanwhile.
func (s *Server) rest(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}

// admit finds out where a connection comes from.
func (s *Server) admit(conn net.Conn) {
	if unix, is := conn.(*net.UnixConn); is {
		peer, err := peerOf(unix)
		if err != nil {
			s.log.Warn("a connection was closed, for its owner could not be found out", "door", doorUnix, "error", err)
			_ = conn.Close()
			return
		}
		s.attach(conn, doorUnix, fmt.Sprintf("uid %d", peer.uid), s.principalOf(peer))
		return
	}
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	if s.current().tls == nil {
		s.attach(conn, doorTCP, host, nil)
		return
	}
	s.attach(tls.Server(conn, s.current().tls), doorTLS, host, nil)
}

// principalOf is who a process on this machine is: nil unless it is root, or of the user or a group of this process.
func (s *Server) principalOf(p peer) *principal {
	if !p.trusted() {
		return nil
	}
	s.peersMu.Lock()
	defer s.peersMu.Unlock()
	known := s.peers[p.uid]
	if known == nil {
		known = newPeerPrincipal(p.uid, s.config.CompanyID)
		s.peers[p.uid] = known
	}
	return known
}
