package lab

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Sound is PCMU over RTP: 8,000 samples a second, 20 ms a packet.
const (
	sampleRate     = 8000
	packetSamples  = 160
	packetInterval = 20 * time.Millisecond
	toneStep       = sampleRate / packetSamples // tones at multiples of it do not disturb each other within one packet

	payloadPCMU  = 0
	payloadEvent = 101 // telephone-event, RFC 4733

	amplitude = 0.1             // of a tone, full scale being 1: eight of them in a conference stay below it
	audible   = amplitude * 0.4 // a tone that is there is at least so strong

	// What a phone hears now is what these packets say; at least so many must say the same.
	windowPackets, surePackets, strayPackets = 12, 9, 2
)

// Tones of the switch, in Hz. Those of the phones are their tests' choice: multiples of 50 beside these.
const (
	Music    = 350  // what somebody on hold hears
	Ringback = 3000 // what somebody hears for whom the switch rings
)

// Voice is the sound of one phone: it says a tone of its own for as long as it talks, and notes what it hears.
type Voice struct {
	conn   *net.UDPConn
	frame  []byte // one packet of the tone: it goes up exactly in a packet
	closed chan struct{}
	wait   sync.WaitGroup

	mu      sync.Mutex
	to      netip.AddrPort // where the far end listens
	quiet   bool           // its call is held: it says nothing
	press   []byte         // digits to be sent
	calls   int            // that are over: what was to be sent in one is not in the next
	heard   []heardPacket  // the last windowPackets
	count   int            // of all that came
	digits  strings.Builder
	digitAt uint32 // RTP time of the last digit: its packets come several times
}

type heardPacket struct {
	at      time.Time
	samples [packetSamples]float64
}

// NewVoice makes a voice that says a tone of that frequency, a multiple of 50 Hz. It is silent until it has a partner.
func NewVoice(hertz int) (*Voice, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	v := &Voice{conn: conn, frame: make([]byte, packetSamples), closed: make(chan struct{})}
	for i := range v.frame {
		v.frame[i] = muLaw(amplitude * math.Sin(2*math.Pi*float64(hertz*i)/sampleRate))
	}
	v.wait.Go(v.say)
	v.wait.Go(v.listen)
	return v, nil
}

// Port is where it listens.
func (v *Voice) Port() int { return v.conn.LocalAddr().(*net.UDPAddr).Port }

// Close ends it.
func (v *Voice) Close() {
	close(v.closed)
	_ = v.conn.Close()
	v.wait.Wait()
}

// talkTo says where the far end listens now; port 0: nowhere.
func (v *Voice) talkTo(port int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.to = netip.AddrPort{}
	if port == 0 {
		v.calls++
		v.press = nil
	} else {
		v.to = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	}
}

// hush stops or resumes what it says.
func (v *Voice) hush(quiet bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quiet = quiet
}

// Press sends digits as a phone's keys do (RFC 4733), one after the other.
func (v *Voice) Press(digits string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.press = append(v.press, digits...)
}

// Digits are those that the far end has sent so far.
func (v *Voice) Digits() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.digits.String()
}

// Received is how many packets of sound have come so far, of 20 ms each.
func (v *Voice) Received() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count
}

// Heard tells which of the tones it hears now, in the order given. sure is false while that changes.
func (v *Voice) Heard(tones []int) (heard []int, sure bool) {
	packets := v.lately()
	sure = true
	for _, tone := range tones {
		count := 0
		for i := range packets {
			if goertzel(packets[i].samples[:], tone) >= audible {
				count++
			}
		}
		switch {
		case count >= surePackets:
			heard = append(heard, tone)
		case count > strayPackets:
			sure = false
		}
	}
	return heard, sure
}

// lately are the packets that came in the last moment: fewer than windowPackets, if they have stopped coming.
func (v *Voice) lately() []heardPacket {
	v.mu.Lock()
	defer v.mu.Unlock()
	oldest := time.Now().Add(-2 * windowPackets * packetInterval)
	for i, packet := range v.heard {
		if packet.at.After(oldest) {
			return append([]heardPacket(nil), v.heard[i:]...)
		}
	}
	return nil
}

// say sends a packet every 20 ms.
func (v *Voice) say() {
	tick := time.NewTicker(packetInterval)
	defer tick.Stop()
	out := rtpSender{ssrc: uint32(v.Port())}
	var pressing keyPress
	calls := 0
	for {
		select {
		case <-v.closed:
			return
		case <-tick.C:
		}
		v.mu.Lock()
		to, quiet := v.to, v.quiet
		if v.calls != calls {
			calls, pressing = v.calls, keyPress{}
		}
		if pressing.done() && len(v.press) > 0 && to.IsValid() {
			pressing, v.press = keyPress{code: eventOf(v.press[0]), start: out.time, packets: 1}, v.press[1:]
		}
		v.mu.Unlock()
		out.time += packetSamples
		if !to.IsValid() || quiet {
			continue
		}
		packet := out.packet(payloadPCMU, out.time, v.frame)
		if event := pressing.next(); event != nil {
			packet = out.packet(payloadEvent, pressing.start, event)
		}
		_, _ = v.conn.WriteToUDPAddrPort(packet, to)
	}
}

// listen receives until the socket is closed.
func (v *Voice) listen() {
	buffer := make([]byte, 2048)
	for {
		n, err := v.conn.Read(buffer)
		if err != nil {
			return
		}
		if n > rtpHeader {
			v.receive(buffer[:n])
		}
	}
}

func (v *Voice) receive(packet []byte) {
	payload := packet[rtpHeader:]
	v.mu.Lock()
	defer v.mu.Unlock()
	switch packet[1] & 0x7f {
	case payloadPCMU:
		if len(v.heard) == windowPackets {
			copy(v.heard, v.heard[1:])
			v.heard = v.heard[:windowPackets-1]
		}
		v.count++
		heard := heardPacket{at: time.Now()}
		for i := range min(len(payload), packetSamples) {
			heard.samples[i] = linear[payload[i]]
		}
		v.heard = append(v.heard, heard)
	case payloadEvent:
		at := binary.BigEndian.Uint32(packet[4:])
		if at != v.digitAt && int(payload[0]) < len(eventKeys) {
			v.digitAt = at
			v.digits.WriteByte(eventKeys[payload[0]])
		}
	}
}

// goertzel is the amplitude of one frequency in the samples.
func goertzel(samples []float64, hertz int) float64 {
	w := 2 * math.Pi * float64(hertz) / sampleRate
	coefficient := 2 * math.Cos(w)
	var s1, s2 float64
	for _, sample := range samples {
		s1, s2 = sample+coefficient*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return 2 * math.Sqrt(max(power, 0)) / float64(len(samples))
}
