package lab

import (
	"encoding/binary"
	"math"
	"strings"
)

// rtpHeader is the length of a header without extensions, which neither the switch nor a Voice sends.
const rtpHeader = 12

// rtpSender numbers the packets of one stream.
type rtpSender struct {
	sequence uint16
	time     uint32
	ssrc     uint32
}

func (s *rtpSender) packet(payloadType byte, at uint32, payload []byte) []byte {
	s.sequence++
	packet := make([]byte, rtpHeader, rtpHeader+len(payload))
	packet[0], packet[1] = 0x80, payloadType
	binary.BigEndian.PutUint16(packet[2:], s.sequence)
	binary.BigEndian.PutUint32(packet[4:], at)
	binary.BigEndian.PutUint32(packet[8:], s.ssrc)
	return append(packet, payload...)
}

// eventKeys are the keys by their number in a telephone event.
const eventKeys = "0123456789*#ABCD"

func eventOf(key byte) byte { return byte(max(strings.IndexByte(eventKeys, key), 0)) }

// A key is pressed for some packets, let go in three that say so, and followed by a pause: the tone goes on.
const (
	pressedPackets = 6
	letGoPackets   = 3
	pausePackets   = 4
)

// keyPress is a key that is being pressed. The zero value is none.
type keyPress struct {
	code    byte
	start   uint32 // RTP time
	packets int    // the next packet, from 1
}

func (k *keyPress) done() bool {
	return k.packets == 0 || k.packets > pressedPackets+letGoPackets+pausePackets
}

// next is the next packet's payload, nil where it is the tone's turn.
func (k *keyPress) next() []byte {
	if k.done() {
		return nil
	}
	const volume, end = 10, 0x80
	payload := []byte{k.code, volume, 0, 0}
	if k.packets > pressedPackets {
		payload[1] |= end
	}
	binary.BigEndian.PutUint16(payload[2:], uint16(min(k.packets, pressedPackets)*packetSamples))
	if k.packets++; k.packets > pressedPackets+letGoPackets+1 {
		return nil
	}
	return payload
}

// muLaw encodes a sample between -1 and 1 (G.711).
func muLaw(sample float64) byte {
	const bias, most = 0x84, 0x7fff - 0x84
	value := int(math.Round(sample * 0x7fff))
	var sign byte
	if value < 0 {
		value, sign = -value, 0x80
	}
	value = min(value, most) + bias
	exponent := byte(7)
	for mask := 0x4000; value&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	mantissa := byte(value>>(exponent+3)) & 0x0f
	return ^(sign | exponent<<4 | mantissa)
}

// linear decodes G.711 µ-law.
var linear = func() (table [256]float64) {
	for code := range table {
		value := ^byte(code)
		magnitude := (int(value&0x0f)<<3 + 0x84) << (value >> 4 & 7)
		sample := float64(magnitude-0x84) / 0x7fff
		if value&0x80 != 0 {
			sample = -sample
		}
		table[code] = sample
	}
	return table
}()
