package lab

import (
	"encoding/binary"
	"errors"
	"os"
)

// Recorded reads a recording (WAV, 8 kHz, 16 bits, one or two channels) and tells of each 20 ms of it which of the tones
// are in it, in any channel.
func Recorded(path string, tones []int) (heard [][]int, err error) {
	const riffHeader, chunkHeader, formatBytes = 12, 8, 16
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < riffHeader || string(data[:4]) != "RIFF" || string(data[8:riffHeader]) != "WAVE" {
		return nil, errors.New(path + " is no WAV file")
	}
	channels := 0
	for data = data[riffHeader:]; len(data) >= chunkHeader; {
		name, size := string(data[:4]), int(binary.LittleEndian.Uint32(data[4:]))
		body := data[chunkHeader:min(len(data), chunkHeader+size)]
		switch {
		case name == "fmt " && len(body) >= formatBytes:
			channels = int(binary.LittleEndian.Uint16(body[2:]))
			if binary.LittleEndian.Uint32(body[4:]) != sampleRate || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return nil, errors.New(path + " is not of 8 kHz and 16 bits")
			}
		case name == "data" && channels > 0:
			return tonesOf(body, channels, tones), nil
		}
		data = data[len(body)+chunkHeader:]
	}
	return nil, errors.New(path + " holds no sound")
}

func tonesOf(body []byte, channels int, tones []int) (heard [][]int) {
	packetBytes := packetSamples * channels * 2
	for ; len(body) >= packetBytes; body = body[packetBytes:] {
		var found []int
		for _, tone := range tones {
			for channel := range channels {
				var samples [packetSamples]float64
				for i := range samples {
					samples[i] = float64(int16(binary.LittleEndian.Uint16(body[(i*channels+channel)*2:]))) / 0x7fff
				}
				if goertzel(samples[:], tone) >= audible/2 { // the mean of both directions is half as loud
					found = append(found, tone)
					break
				}
			}
		}
		heard = append(heard, found)
	}
	return heard
}
