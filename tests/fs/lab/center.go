package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Supplement is what a switch is given beside its usual configuration.
type Supplement struct {
	CTI            string // the whole cti.conf.xml
	Extensions     string // of the dialplan, looked at before the usual ones
	Configurations string // of other modules: <configuration> elements
}

// Supply writes a supplement into the configuration of a running switch, which reads it at once. Modules that it is for
// are loaded afterwards, or read it at a reload of theirs.
func (s *Switch) Supply(ctx context.Context, more Supplement) error {
	const sections, context = `<section name="configuration">`, `<context name="default">`
	usual := s.cfg
	usual.Sample = more.CTI != ""
	text, err := usual.render()
	if err != nil {
		return err
	}
	whole := strings.Replace(string(text), sections, sections+more.Configurations, 1)
	whole = strings.Replace(whole, context, context+more.Extensions, 1)
	err = errors.Join(os.WriteFile(s.Path("conf", "cti.conf.xml"), []byte(more.CTI), 0o600),
		os.WriteFile(s.Path("conf", "freeswitch.xml"), []byte(whole), 0o600))
	if err != nil {
		return err
	}
	reply, err := s.API(ctx, "reloadxml")
	if err == nil && !strings.HasPrefix(reply, "+OK") {
		err = fmt.Errorf("reloadxml: %s", reply)
	}
	return err
}

// Bell is a phone that notes when it is called, and rings until it is told to refuse.
type Bell struct {
	conn  *net.UDPConn
	rung  chan Rung
	ended chan struct{}
}

// Rung is a call that reached a bell.
type Rung struct {
	Mono int64 // CLOCK_MONOTONIC when its INVITE had arrived
	from netip.AddrPort
	echo string // of its headers, those that an answer repeats
}

// NewBell makes a bell on a port of its own.
func NewBell() (*Bell, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	b := &Bell{conn: conn, rung: make(chan Rung, 16), ended: make(chan struct{})}
	go b.listen()
	return b, nil
}

// Port is where it listens.
func (b *Bell) Port() int { return b.conn.LocalAddr().(*net.UDPAddr).Port }

// Close ends it.
func (b *Bell) Close() {
	_ = b.conn.Close()
	<-b.ended
}

func (b *Bell) listen() {
	defer close(b.ended)
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := b.conn.ReadFromUDPAddrPort(buffer)
		mono := Mono()
		if err != nil {
			return
		}
		r := Rung{Mono: mono, from: from, echo: echoed(string(buffer[:n]))}
		switch method, _, _ := strings.Cut(string(buffer[:n]), " "); method {
		case "INVITE":
			_ = b.answer(r, "180 Ringing")
			b.rung <- r
		case "CANCEL":
			_ = b.answer(r, "200 OK")
			r.echo = strings.Replace(r.echo, "CANCEL", "INVITE", 1)
			_ = b.answer(r, "487 Request Terminated")
		}
	}
}

// echoed are the headers of a request that its answers repeat; To has the bell's tag.
func echoed(request string) string {
	var echo strings.Builder
	for line := range strings.SplitSeq(request, "\r\n") {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "To":
			echo.WriteString(line + ";tag=bell\r\n")
		case "Via", "From", "Call-ID", "CSeq":
			echo.WriteString(line + "\r\n")
		}
	}
	return echo.String()
}

func (b *Bell) answer(r Rung, status string) error {
	text := fmt.Sprintf("SIP/2.0 %s\r\n%sContact: <sip:bell@%s>\r\nContent-Length: 0\r\n\r\n", status, r.echo, b.conn.LocalAddr())
	_, err := b.conn.WriteToUDPAddrPort([]byte(text), r.from)
	return err
}

// Next waits until it is called.
func (b *Bell) Next(ctx context.Context) (Rung, error) {
	select {
	case r := <-b.rung:
		return r, nil
	case <-ctx.Done():
		return Rung{}, fmt.Errorf("the bell is not rung: %w", context.Cause(ctx))
	}
}

// Refuse ends a call.
func (b *Bell) Refuse(r Rung) error { return b.answer(r, "603 Decline") }
