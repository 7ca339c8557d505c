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
	Sections       string // <section> elements beside the usual ones
	Profile        string // <param> elements of the SIP profile, in force after a rescan
}

// Supply writes a supplement into the configuration of a running switch, which reads it at once. Modules that it is for
// are loaded afterwards, or read it at a reload of theirs.
func (s *Switch) Supply(ctx context.Context, more Supplement) error {
	const sections, context, profile = `<section name="configuration">`, `<context name="default">`, `<param name="sip-ip"`
	usual := s.cfg
	usual.Sample = more.CTI != ""
	text, err := usual.render()
	if err != nil {
		return err
	}
	whole := strings.Replace(string(text), sections, more.Sections+sections+more.Configurations, 1)
	whole = strings.Replace(whole, context, context+more.Extensions, 1)
	whole = strings.Replace(whole, profile, more.Profile+profile, 1)
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

// AddPhones gives phones beside those that every lab has ports of their own. The next Supply makes them known.
func (s *Switch) AddPhones(numbers ...string) error {
	ports, err := freePorts(len(numbers))
	if err != nil {
		return err
	}
	for i, number := range numbers {
		s.cfg.Users = append(s.cfg.Users, user{DN: number, Port: ports[i]})
	}
	return nil
}

// Register registers the phone of a number for some seconds, or takes its registration back for 0.
func (s *Switch) Register(ctx context.Context, number string, seconds int) error {
	return s.RegisterAt(ctx, number, s.PhonePort(number), seconds)
}

// RegisterAt is Register of a number's phone at a port: a number may have one at each.
func (s *Switch) RegisterAt(ctx context.Context, number string, port, seconds int) error {
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", s.SIPPort()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	stamp := Mono()
	_, err = fmt.Fprintf(conn, "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\n"+
		"From: <sip:%[3]s@127.0.0.1>;tag=%[2]d\r\nTo: <sip:%[3]s@127.0.0.1>\r\nCall-ID: registers-%[3]s-%[5]d\r\nCSeq: %[4]d REGISTER\r\n"+
		"Contact: <sip:%[3]s@127.0.0.1:%[5]d>\r\nMax-Forwards: 70\r\nExpires: %[6]d\r\nContent-Length: 0\r\n\r\n",
		conn.LocalAddr(), stamp, number, stamp/1_000_000%1_000_000_000, port, seconds)
	if err != nil {
		return err
	}
	answer := make([]byte, 1<<16)
	n, err := conn.Read(answer)
	if err == nil && !strings.HasPrefix(string(answer[:n]), "SIP/2.0 200 ") {
		err = fmt.Errorf("%s is not registered: %s", number, answer[:n])
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
