package lab

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// freePorts reserves n ports that are free for UDP and TCP on loopback, all held until all are found, then let go.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for len(ports) < n {
		tcp, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("no free port on loopback: %w", err)
		}
		defer func() { _ = tcp.Close() }()
		port := tcp.Addr().(*net.TCPAddr).Port
		udp, err := net.ListenPacket("udp4", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue // taken by another program for UDP: the next one then
		}
		defer func() { _ = udp.Close() }()
		ports = append(ports, port)
	}
	return ports, nil
}

// boundUDP tells whether the kernel's table of UDP sockets holds the port.
func boundUDP(table []byte, port int) bool {
	return strings.Contains(string(table), fmt.Sprintf(":%04X ", port))
}
