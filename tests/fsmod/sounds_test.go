package fsmod

import (
	le "encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
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

// A tape is read by frames of 20 ms, as the switch writes it. A machine that is busy, or is not given its processors for
// a while, lets frames be late, and silence takes their place: two or three frames wherever it happens. So a tone is as
// long as its frames are together, and silence is only what lasts.
const (
	frameBytes    = 2 * sampleRate / 50
	toneFrames    = 5  // so much of a tone is heard as one
	strayFrames   = 2  // no more of one is where two tones meet
	silenceFrames = 15 // so much silence on end is not for frames that are late
)

const (
	silence = 0
	unclear = -1 // neither a tone nor silence: where two meet
)

// tape is a recording of what a channel hears, read while it is made.
type tape struct {
	s          *freeSwitch
	uuid, path string
	pitches    []float64 // of each frame, or silence or unclear
}

// newTape begins to record what a channel hears, as soon as it can hear anything.
func (s *freeSwitch) newTape(uuid string) *tape {
	s.t.Helper()
	p := s.tapeAt(fmt.Sprintf("tape-%s-%d.wav", uuid, takes.Add(1)))
	p.uuid = uuid
	s.until(func() bool { return s.do(command{kind: cmdRecordStart, uuid: uuid, value: p.path}) == 0 }, "%s to have media", uuid)
	return p
}

// tapeAt is a recording that another makes.
func (s *freeSwitch) tapeAt(name string) *tape { return &tape{s: s, path: s.path("rec", name)} }

// stop ends the recording.
func (p *tape) stop() {
	p.s.t.Helper()
	mark := p.s.mark()
	p.s.accepted(command{kind: cmdRecordStop, uuid: p.uuid, value: p.path})
	p.s.awaitKind(mark, "RECORD_STOPPED", p.uuid)
}

// play takes in what has been recorded since.
func (p *tape) play() {
	const header = 44
	file, err := os.Open(p.path)
	if err != nil {
		return // it has not begun
	}
	defer file.Close()
	for frame := make([]byte, frameBytes); ; {
		at := int64(header + len(p.pitches)*frameBytes)
		if n, _ := file.ReadAt(frame, at); n < len(frame) {
			return
		}
		p.pitches = append(p.pitches, pitch(frame))
	}
}

// pitch is how often a frame rises through zero each second.
func pitch(frame []byte) float64 {
	if loudest(frame) < 1000 {
		return silence
	}
	rises, first, last, before := 0, 0, 0, 0
	for at := 0; at+1 < len(frame); at += 2 {
		sample := int(int16(le.LittleEndian.Uint16(frame[at:])))
		if before < 0 && sample >= 0 {
			if rises++; rises == 1 {
				first = at / 2
			}
			last = at / 2
		}
		before = sample
	}
	if rises < 2 {
		return unclear
	}
	return float64(rises-1) * sampleRate / float64(last-first)
}

func sameTone(a, b float64) bool { return math.Abs(a-b) < 40 }

// run is a piece of a tape: one tone, or silence.
type run struct {
	hertz  float64
	frames int
}

// runs are the pieces that frames make, without what is too short to be one.
func runs(pitches []float64) (all []run) {
	quiet := 0
	for _, hertz := range pitches {
		if hertz == silence {
			quiet++
		} else if hertz != unclear {
			all, quiet = extended(all, hertz, 1), 0
		}
		if quiet == silenceFrames {
			all = extended(all, silence, silenceFrames)
		} else if quiet > silenceFrames {
			all[len(all)-1].frames++
		}
	}
	var clear []run
	for i, r := range all {
		if r.frames > strayFrames || i == len(all)-1 {
			clear = extended(clear, r.hertz, r.frames)
		}
	}
	return clear
}

// extended adds frames to the last run, or begins another.
func extended(all []run, hertz float64, frames int) []run {
	if last := len(all) - 1; last >= 0 && (hertz == silence) == (all[last].hertz == silence) && sameTone(all[last].hertz, hertz) {
		all[last].frames += frames
		return all
	}
	return append(all, run{hertz, frames})
}

// have tells whether tones, with silence among them, are among runs, each right after the one before.
func have(all []run, tones []float64) bool {
	for from := range len(all) - len(tones) + 1 {
		if slices.EqualFunc(all[from:from+len(tones)], tones, func(r run, hertz float64) bool {
			return sameTone(r.hertz, hertz) && r.frames >= toneFrames
		}) {
			return true
		}
	}
	return false
}

// holds waits until tones are on the tape, each right after the one before and nothing between.
func (p *tape) holds(tones ...float64) {
	p.s.t.Helper()
	p.s.until(func() bool {
		p.play()
		return have(runs(p.pitches), tones)
	}, "%v to be on the tape %s", tones, p.path)
}

// hear waits until each tape has what is wanted of it from now on: a tone, or silence in the end. What is heard at first
// may be what was under way before.
func (s *freeSwitch) hear(want map[*tape]float64) {
	s.t.Helper()
	const underWayFrames, settledFrames = 6, 25
	from := map[*tape]int{}
	for p := range want {
		p.play()
		from[p] = len(p.pitches)
	}
	s.until(func() bool {
		for p, hertz := range want {
			p.play()
			since := p.pitches[from[p]:]
			if hertz != silence {
				if !have(runs(since[min(underWayFrames, len(since)):]), []float64{hertz}) {
					return false
				}
			} else if len(since) < settledFrames+silenceFrames ||
				slices.ContainsFunc(since[len(since)-silenceFrames:], func(hertz float64) bool { return hertz != silence }) {
				return false
			}
		}
		return true
	}, "everybody to hear what he should: %v", want)
}

// hearsTone waits until a channel hears a tone.
func (s *freeSwitch) hearsTone(uuid string, hertz float64) {
	s.t.Helper()
	p := s.newTape(uuid)
	s.hear(map[*tape]float64{p: hertz})
	p.stop()
}

// TestTapes: how a tape is read, with the gaps that a busy machine leaves in it.
func TestTapes(t *testing.T) {
	const a, b = 1100, 1300
	frames := func(pairs ...float64) (all []float64) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, slices.Repeat([]float64{pairs[i]}, int(pairs[i+1]))...)
		}
		return all
	}
	broken := frames(silence, 2, a, 2, silence, 2, a-15, 2, silence, 1, a+15, 3, silence, 2, unclear, 1, b, 20, silence, 40, b, 5)
	require.Equal(t, []run{{a, 7}, {b, 20}, {silence, 40}, {b, 5}}, runs(broken))
	require.True(t, have(runs(broken), []float64{a, b, silence, b}))
	require.False(t, have(runs(broken), []float64{a, silence}), "nothing may lie between")
	require.False(t, have(runs(broken), []float64{b, b}))
	require.False(t, have(runs(frames(a, toneFrames-1)), []float64{a}), "too short")
	require.False(t, have(runs(frames(a, 20, b, 3, a, 20)), []float64{a, a}), "a snatch of another")
	require.Equal(t, []run{{a, 40}}, runs(frames(a, 20, b, strayFrames, a, 20)))
	require.False(t, have(nil, []float64{a}))

	path := t.TempDir() + "/tone.wav"
	writeTone(t, path, a, time.Second)
	p := tape{path: path}
	p.play()
	require.Len(t, p.pitches, 50)
	for _, hertz := range p.pitches {
		require.InDelta(t, a, hertz, 20)
	}
}
