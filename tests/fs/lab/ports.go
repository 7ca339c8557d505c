package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Ports of the laboratory lie below those that the kernel gives to whoever asks for any, and that the switch gives to media:
// what is free when it is chosen is free when it is used. No two of one program are the same.
const firstPort, lastPort = 10_000, 16_383

var nextPort, nextMedia atomic.Uint32

func init() {
	nextPort.Store(rand.Uint32N(lastPort))
	nextMedia.Store(rand.Uint32N(lastPort))
}

// freePorts chooses n ports that are free for UDP and TCP on loopback.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range lastPort - firstPort {
		port := firstPort + int(nextPort.Add(1)%(lastPort-firstPort+1))
		if isFree(port) {
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports on loopback", n)
}

// mediaPort is where a SIPp has ports for media of its own, whether it has any or not. By itself it looks at a hundred, the
// same for all.
func mediaPort() int {
	const first, last, each = 2_000, 9_900, 4
	for {
		port := first + int(nextMedia.Add(1)%((last-first)/each))*each
		if isFree(port) && isFree(port+1) && isFree(port+2) && isFree(port+3) {
			return port
		}
	}
}

func isFree(port int) bool {
	address := "127.0.0.1:" + strconv.Itoa(port)
	tcp, err := net.Listen("tcp4", address)
	if err != nil {
		return false
	}
	_ = tcp.Close()
	udp, err := net.ListenPacket("udp4", address)
	if err != nil {
		return false
	}
	return udp.Close() == nil
}

// Sound of a switch has ports from a range, one for each switch that runs: the switch takes for free what another has.
const rtpFirst, rtpPortsEach, rtpRanges = 16_384, 2_000, 8

var rtp struct {
	sync.Mutex
	switches [rtpRanges]int // how many have a range
}

// takeRange takes a range: one that no switch of this program has, as long as there are any.
func takeRange() (first int) {
	rtp.Lock()
	defer rtp.Unlock()
	i := slices.Index(rtp.switches[:], slices.Min(rtp.switches[:]))
	rtp.switches[i]++
	return rtpFirst + i*rtpPortsEach
}

func returnRange(first int) {
	rtp.Lock()
	defer rtp.Unlock()
	rtp.switches[(first-rtpFirst)/rtpPortsEach]--
}

// boundUDP tells whether the kernel's table of UDP sockets holds the port.
func boundUDP(table []byte, port int) bool {
	return strings.Contains(string(table), fmt.Sprintf(":%04X ", port))
}
