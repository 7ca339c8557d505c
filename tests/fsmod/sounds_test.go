package fsmod

import (
	le "encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const sampleRate = 8000

// writeTone writes a WAV file that holds one tone.
func writeTone(t *testing.T, path string, hertz float64, length time.Duration) {
	t.Helper()
	count := int(length.Seconds() * sampleRate)
	file := []byte("RIFF\x00\x00\x00\x00WAVEfmt ")
	for _, word := range []uint32{16, 1<<16 | 1, sampleRate, 2 * sampleRate, 16<<16 | 2} {
		file = le.LittleEndian.AppendUint32(file, word)
	}
	file = le.LittleEndian.AppendUint32(append(file, "data"...), uint32(2*count))
	for i := range count {
		sample := 8000 * math.Sin(2*math.Pi*hertz*float64(i)/sampleRate)
		file = le.LittleEndian.AppendUint16(file, uint16(int16(sample)))
	}
	le.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	require.NoError(t, os.WriteFile(path, file, 0o644))
}

// listen records a moment of what a channel hears and returns the pitch of it, or 0 where there is silence.
func (s *freeSwitch) listen(uuid string) float64 {
	s.t.Helper()
	takes++
	mark, path := s.mark(), s.path("rec", fmt.Sprintf("listen%d.wav", takes))
	s.accepted(command{kind: cmdRecordStart, uuid: uuid, value: path})
	s.grown(path, aSecond/4)
	s.accepted(command{kind: cmdRecordStop, uuid: uuid, value: path})
	s.awaitKind(mark, "RECORD_STOPPED", uuid)
	if loudness(s.t, path, aSecond/8, 0) < 1000 {
		return 0
	}
	data, err := os.ReadFile(path)
	require.NoError(s.t, err)
	return pitch(data[44+aSecond/8:])
}

// tape begins to record what a channel hears.
func (s *freeSwitch) tape(uuid string) (path string) {
	s.t.Helper()
	takes++
	path = s.path("rec", fmt.Sprintf("tape%d.wav", takes))
	s.accepted(command{kind: cmdRecordStart, uuid: uuid, value: path})
	return path
}

// tapeHolds waits until tones, 0 for silence, are on a tape one after the other.
func (s *freeSwitch) tapeHolds(path string, tones ...float64) {
	s.t.Helper()
	const window = 2 * sampleRate / 10
	require.Eventually(s.t, func() bool {
		data, err := os.ReadFile(path)
		if err != nil || len(data) < 44 {
			return false
		}
		next, at := 0, 44
		for ; at+window <= len(data) && next < len(tones); at += window {
			piece := data[at : at+window]
			hertz := 0.0
			if loudest(piece) > 1000 {
				hertz = pitch(piece)
			}
			if math.Abs(hertz-tones[next]) < 40 {
				next++
			}
		}
		return next == len(tones)
	}, patience, 50e6, "%v are not on the tape", tones)
}

// pitch counts how often the samples rise through zero.
func pitch(data []byte) float64 {
	rises, before := 0, int16(0)
	for at := 0; at+1 < len(data); at += 2 {
		sample := int16(le.LittleEndian.Uint16(data[at:]))
		if before < 0 && sample >= 0 {
			rises++
		}
		before = sample
	}
	return float64(rises) * sampleRate / float64(len(data)/2)
}

// hearsTone waits until a channel hears a tone.
func (s *freeSwitch) hearsTone(uuid string, hertz float64) {
	s.t.Helper()
	var heard float64
	for range 8 {
		if heard = s.listen(uuid); math.Abs(heard-hertz) < 40 {
			return
		}
	}
	require.InDelta(s.t, hertz, heard, 40, "%s hears another tone", uuid)
}
