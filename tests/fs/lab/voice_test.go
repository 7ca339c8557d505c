package lab

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMuLaw: G.711 keeps a sample within its step, and knows its own codes again.
func TestMuLaw(t *testing.T) {
	require.EqualValues(t, 0xff, muLaw(0))
	require.EqualValues(t, 0x80, muLaw(1))
	require.EqualValues(t, 0x00, muLaw(-1))
	for sample := -1.0; sample <= 1; sample += 1.0 / 512 {
		require.InDelta(t, sample, linear[muLaw(sample)], math.Abs(sample)/16+0.001)
	}
	for code := range 256 {
		if code == 0x7f { // the other zero
			continue
		}
		require.EqualValues(t, code, muLaw(linear[code]))
	}
}

// TestTonesAreToldApart: each tone of a sum is heard, and none that is not in it.
func TestTonesAreToldApart(t *testing.T) {
	var samples [packetSamples]float64
	in := []int{Music, 500, 600, 700, 900, 1000, 1100, Ringback}
	for i := range samples {
		for _, hertz := range in {
			samples[i] += amplitude * math.Sin(2*math.Pi*float64(hertz*i)/sampleRate)
		}
		samples[i] = linear[muLaw(samples[i])]
	}
	for hertz := toneStep; hertz < sampleRate/2; hertz += toneStep {
		want := 0.0
		for _, present := range in {
			if present == hertz {
				want = amplitude
			}
		}
		require.InDelta(t, want, goertzel(samples[:], hertz), audible/2, "%d Hz", hertz)
	}
}

// TestVoices: two voices hear each other and nobody else, digits arrive in order, and who is hushed is not heard.
func TestVoices(t *testing.T) {
	a, err := NewVoice(500)
	require.NoError(t, err)
	defer a.Close()
	b, err := NewVoice(600)
	require.NoError(t, err)
	defer b.Close()
	hears := func(v *Voice, want ...int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, Until(ctx, "the sound", func() (bool, error) {
			heard, sure := v.Heard([]int{500, 600, Music})
			return sure && len(heard) == len(want) && (len(want) == 0 || heard[0] == want[0]), nil
		}))
	}
	hears(a)
	a.talkTo(b.Port())
	b.talkTo(a.Port())
	hears(a, 600)
	hears(b, 500)
	a.Press("12#")
	a.Press("D")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, Until(ctx, "the digits", func() (bool, error) { return b.Digits() == "12#D", nil }))
	a.hush(true)
	hears(b)
	hears(a, 600)
	a.hush(false)
	b.talkTo(0)
	hears(a)
	hears(b, 500)
}

// TestRecorded: what is in a file is told packet by packet, in whichever channel it is; what is no recording is refused.
func TestRecorded(t *testing.T) {
	const channels, packets = 2, 3
	data := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data")
	data = binary.LittleEndian.AppendUint32(data, packets*packetSamples*channels*2)
	for i := range packets * packetSamples {
		sample := 0.0
		if i >= packetSamples { // the first packet is silence
			sample = amplitude * math.Sin(2*math.Pi*500*float64(i)/sampleRate)
		}
		data = binary.LittleEndian.AppendUint16(data, 0)
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(sample*0x7fff)))
	}
	path := filepath.Join(t.TempDir(), "a.wav")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	heard, err := Recorded(path, []int{500, 600})
	require.NoError(t, err)
	require.Equal(t, [][]int{nil, {500}, {500}}, heard)
	require.NoError(t, os.WriteFile(path, []byte("nothing of the kind"), 0o600))
	_, err = Recorded(path, []int{500})
	require.ErrorContains(t, err, "no WAV")
}
