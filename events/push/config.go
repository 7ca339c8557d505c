// Package push is how events leave and requests enter: the unix and TCP doors, one queue for each client, and the hub
// that knows who hears what. It implements docs/ARCHITECTURE.md, step 5a, and protocol.md 1, 2, 3, 6 and 7.
package push

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"modcti/engine"
	"modcti/events"
)

// Config says which doors are open and who may enter. Names in parentheses are those of the settings.
type Config struct {
	UnixPath string // unix-socket; empty = off
	TCPAddr  string // tcp-listen; empty = off

	// PEM files. With a certificate and a key the TCP door speaks TLS 1.2 or newer. With TLSClientCA a client may show
	// a certificate of that authority in place of a token: its SHA-256 fingerprint is then looked up among the tokens.
	TLSCert, TLSKey, TLSClientCA string // tls-cert, tls-key, tls-client-ca

	CompanyID string // company-id: of the unix door's principals, and of tokens that name none
	Version   string // told in EventOpened
	Tokens    []Token

	QueueBytes        int   // client-queue-bytes: what may wait for one client; 0 = 4 MiB
	RequestsPerSecond int   // requests-per-second: of one client; the burst is twice that; 0 = 20
	HeartbeatMillis   int64 // a quiet connection gets a heartbeat; 0 = 30,000
	ClientsMax        int   // open at once; 0 = 4096

	// Post hands a request to the engine. It must not block; an error refuses the request. It is called by any goroutine.
	Post func(engine.Input) error
	// LastSeq is the number of the engine's last event. It is asked only until the first event has been published, by
	// any goroutine, and must not block.
	LastSeq func() uint64
	// Tap, if not nil, is shown every published event of the basic profile, without a line feed, referenceID 0. It is
	// called by the goroutine that publishes and must neither block nor keep what it is shown.
	Tap func(out *engine.Outgoing, basicJSON []byte)
	Log *slog.Logger // never nil
}

// Token lets a client in and says what it may do (protocol.md 7).
type Token struct {
	HashHex string   // SHA-256 of the token, or of a client certificate in DER form, in hex
	Company string   // empty = Config.CompanyID
	DNs     []string // the numbers it may act for and hear of; "*" = all
	Rights  []string // out of events.Rights; at least one
}

// settings is the part of a Config that may change while the doors are open.
type settings struct {
	queueBytes int
	rate       float64
	heartbeat  time.Duration
	clientsMax int
	tls        *tls.Config // nil: TCP is plain
	tokens     []tokenEntry
}

// newSettings checks what does not need the network. Its errors name the setting.
func newSettings(c *Config) (*settings, error) {
	s := &settings{
		queueBytes: orDefault(c.QueueBytes, queueBytesDefault),
		rate:       float64(orDefault(c.RequestsPerSecond, rateDefault)),
		heartbeat:  time.Duration(orDefault(c.HeartbeatMillis, heartbeatMillisDefault)) * time.Millisecond,
		clientsMax: orDefault(c.ClientsMax, clientsMaxDefault),
	}
	switch {
	case s.queueBytes < queueBytesMin:
		return nil, fmt.Errorf("client-queue-bytes: %d is too small, the least is %d", s.queueBytes, queueBytesMin)
	case s.rate < 1:
		return nil, fmt.Errorf("requests-per-second: %d is not a rate, give 1 or more", c.RequestsPerSecond)
	case s.heartbeat < 0 || s.clientsMax < 0:
		return nil, errors.New("heartbeat and number of clients must not be negative")
	}
	var err error
	if s.tokens, err = newTokens(c); err != nil {
		return nil, err
	}
	s.tls, err = loadTLS(c)
	return s, err
}

func orDefault[T int | int64](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}

// loadTLS reads the certificates, if any are named.
func loadTLS(c *Config) (*tls.Config, error) {
	switch {
	case c.TLSCert == "" && c.TLSKey == "" && c.TLSClientCA == "":
		return nil, nil
	case c.TLSCert == "":
		return nil, errors.New("tls-cert: missing, though tls-key or tls-client-ca is set")
	case c.TLSKey == "":
		return nil, errors.New("tls-key: missing, though tls-cert is set")
	}
	certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("tls-cert, tls-key: %w", err)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	if c.TLSClientCA != "" {
		pem, err := os.ReadFile(c.TLSClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls-client-ca: %w", err)
		}
		t.ClientCAs = x509.NewCertPool()
		if !t.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls-client-ca: %s holds no certificate in PEM form", c.TLSClientCA)
		}
		t.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return t, nil
}

// newTokens checks and indexes the tokens.
func newTokens(c *Config) ([]tokenEntry, error) {
	entries := make([]tokenEntry, 0, len(c.Tokens))
	for i, t := range c.Tokens {
		hash, ok := parseHash(t.HashHex)
		if !ok {
			return nil, fmt.Errorf("tokens: hash of token %d is not 64 hex digits (SHA-256); make one with ctictl token", i+1)
		}
		if slices.ContainsFunc(entries, func(e tokenEntry) bool { return e.hash == hash }) {
			return nil, fmt.Errorf("tokens: token %d has the hash of an earlier one", i+1)
		}
		if len(t.Rights) == 0 {
			return nil, fmt.Errorf("tokens: token %d has no rights, give some out of %v", i+1, events.Rights)
		}
		for _, r := range t.Rights {
			if !slices.Contains(events.Rights, r) {
				return nil, fmt.Errorf("tokens: token %d has the unknown right %q, the rights are %v", i+1, r, events.Rights)
			}
		}
		if t.Company == "" {
			t.Company = c.CompanyID
		}
		entries = append(entries, tokenEntry{hash: hash, principal: newTokenPrincipal(t)})
	}
	return entries, nil
}
