package fsmod

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPhoneControl(t *testing.T) {
	s := share(t)
	s.atOnce(map[string]func(*testing.T, *freeSwitch){
		"record":        records,
		"record pauses": recordPauses,
		"hostile files": hostileFiles,
		"mute":          mutes,
		"digits":        digits,
		"hold":          holds,
		"held parts":    heldParts,
		"answer":        answersPhone,
		"eavesdrop":     whispers,
		"observer ends": observerEnds,
	})
}

// call is a leg that we called and the switch's own leg at its far end, which hears what the phone would.
type call struct{ leg, phone string }

func (s *freeSwitch) callUp(number string) call {
	s.t.Helper()
	mark, uuid := s.mark(), s.newLeg()
	name := "call" + uuid[:8]
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial(number), callerName: name})
	s.awaitKind(mark, "ANSWERED", uuid)
	c := call{uuid, s.incoming(mark, name, number)}
	s.inState(uuid, "CS_PARK")
	return c
}

func (s *freeSwitch) bridge(a, b string) {
	s.t.Helper()
	mark := s.mark()
	s.accepted(command{kind: cmdBridge, uuid: a, other: b, call: "b"})
	s.awaitBridge(mark, a, b)
}

const aSecond = 16000 // bytes of 8 kHz, 16 bits

// grown waits until a recording holds so much more than it did.
func (s *freeSwitch) grown(path string, bytes int64) {
	s.t.Helper()
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	s.until(func() bool { return size() >= before+bytes }, "%s to grow", path)
}

// loudest is the largest sample.
func loudest(samples []byte) (most int) {
	for at := 0; at+1 < len(samples); at += 2 {
		sample := int(int16(uint16(samples[at]) | uint16(samples[at+1])<<8))
		most = max(most, sample, -sample)
	}
	return most
}

var takes atomic.Int64

// records: both directions, in directories that are made; told from its first frame to the closed file.
func records(t *testing.T, s *freeSwitch) {
	mark, talker, listener := s.mark(), s.callUp("0001"), s.callUp("1001")
	s.bridge(talker.leg, listener.leg)
	path := s.path("rec", "2026", "07", "a-b_c.wav")
	for _, uuid := range []string{talker.leg, listener.leg} {
		file := strings.Replace(path, "07", uuid, 1)
		s.accepted(command{kind: cmdRecordStart, uuid: uuid, value: file})
		require.Equal(t, []string{file}, s.awaitKind(mark, "RECORD_STARTED", uuid).Text)
		require.Equal(t, causeState, s.do(command{kind: cmdRecordStart, uuid: uuid, value: file}), "it is recorded already")
		(&tape{s: s, path: file}).holds(hertzTalk)
		s.accepted(command{kind: cmdRecordStop, uuid: uuid, value: file})
		require.Equal(t, []string{file}, s.awaitKind(mark, "RECORD_STOPPED", uuid).Text)
		require.Equal(t, causeState, s.do(command{kind: cmdRecordStop, uuid: uuid, value: file}), "it is not recorded any more")
	}
	s.accepted(command{kind: cmdRecordStart, uuid: talker.leg, value: path})
	s.grown(path, aSecond/4)
	s.bridge(talker.leg, s.callUp("1002").leg)
	s.grown(path, aSecond/4)
	mark = s.mark()
	s.accepted(command{kind: cmdHangup, uuid: talker.leg})
	require.Equal(t, []string{path}, s.awaitKind(mark, "RECORD_STOPPED", talker.leg).Text, "at the channel's end at last")
}

// recordPauses: a pause is silence in the file.
func recordPauses(t *testing.T, s *freeSwitch) {
	talker := s.callUp("0001")
	p := s.newTape(talker.leg)
	p.holds(hertzTalk)
	s.accepted(command{kind: cmdRecordPause, uuid: talker.leg, value: p.path})
	p.holds(hertzTalk, silence)
	s.accepted(command{kind: cmdRecordResume, uuid: talker.leg, value: p.path})
	p.holds(hertzTalk, silence, hertzTalk)
	p.stop()
	require.Equal(t, causeState, s.do(command{kind: cmdRecordPause, uuid: talker.leg, value: p.path}))
}

// hostileFiles: a file's name is absolute, stays where it says, and is no stream, no parameter and no variable.
func hostileFiles(t *testing.T, s *freeSwitch) {
	leg := s.callUp("1001").leg
	dir := s.path("rec")
	for _, path := range []string{"", "a.wav", "/", "/a", dir + "/../a.wav", dir + "/.a.wav", dir + "/a b.wav", dir + "/a.wav\n",
		dir + "/${x}.wav", dir + "/{x=y}a.wav", dir + "/[x=y]a.wav", dir + "/a,b.wav", dir + "/a'b.wav", "shout://x/a.wav",
		dir + "/a\\b.wav", dir + "/a", dir + "/a.", "/x:y/a.wav", "|/a.wav"} {
		for _, kind := range []int{cmdRecordStart, cmdRecordStop, cmdRecordPause, cmdRecordResume} {
			require.Equal(t, causeRefused, s.do(command{kind: kind, uuid: leg, value: path}), "%d %q", kind, path)
		}
	}
	require.NotZero(t, s.do(command{kind: cmdRecordStart, uuid: leg, value: "/proc/nowhere/a.wav"}))
	require.NotZero(t, s.do(command{kind: cmdRecordStart, uuid: leg, value: filepath.Join(dir, "a.nosuchformat")}))
}

// mutes: what the phone says is heard by nobody, in the bridge, in the next one and in a room; and then again.
func mutes(t *testing.T, s *freeSwitch) {
	talker, listener := s.callUp("0001"), s.callUp("1001")
	heard := s.newTape(listener.phone)
	s.bridge(talker.leg, listener.leg)
	s.hear(map[*tape]float64{heard: hertzTalk})
	s.accepted(command{kind: cmdMute, uuid: talker.leg})
	s.accepted(command{kind: cmdMute, uuid: talker.leg})
	s.hear(map[*tape]float64{heard: silence})
	s.accepted(command{kind: cmdWait, uuid: listener.leg, name: "silence"})
	s.bridge(listener.leg, talker.leg)
	s.hear(map[*tape]float64{heard: silence}) // bridged again
	s.accepted(command{kind: cmdHold, uuid: talker.leg})
	s.accepted(command{kind: cmdUnhold, uuid: talker.leg})
	s.hear(map[*tape]float64{heard: silence})
	mark := s.mark()
	for _, c := range []call{talker, listener} {
		s.accepted(command{kind: cmdJoinRoom, uuid: c.leg, name: "mute", call: "r"})
		s.awaitKind(mark, "ROOM_JOINED", c.leg)
	}
	s.hear(map[*tape]float64{heard: silence}) // in a room
	s.accepted(command{kind: cmdUnmute, uuid: talker.leg})
	s.hear(map[*tape]float64{heard: hertzTalk})
	s.bridge(talker.leg, listener.leg)
	s.hear(map[*tape]float64{heard: hertzTalk})
	s.accepted(command{kind: cmdUnmute, uuid: talker.leg})
}

// digits: SEND_DTMF reaches the far end, which is told as it comes in; nothing but digits passes.
func digits(t *testing.T, s *freeSwitch) {
	c := s.callUp("1001")
	for _, pair := range [][2]string{{c.leg, c.phone}, {c.phone, c.leg}} {
		mark := s.mark()
		s.accepted(command{kind: cmdSendDTMF, uuid: pair[0], value: "12*#A"})
		var got string
		s.until(func() bool {
			got = ""
			for _, r := range s.records()[mark:] {
				if r.Kind == "DTMF" && r.Leg == hex(pair[1]) {
					got += r.Text[0]
				}
			}
			return len(got) == 5
		}, "five digits")
		require.Equal(t, "12*#A", got)
	}
	for _, value := range []string{"", "1 2", "w1", "1F", "E", "1+2", "~1", "1@100", strings.Repeat("1", 129)} {
		require.Equal(t, causeRefused, s.do(command{kind: cmdSendDTMF, uuid: c.leg, value: value}), value)
	}
}

// holds: the phone is put on hold by re-INVITE and taken off; each is told, and neither twice.
func holds(t *testing.T, s *freeSwitch) {
	a, b := s.callUp("1001"), s.callUp("1002")
	s.bridge(a.leg, b.leg)
	mark := s.mark()
	s.accepted(command{kind: cmdHold, uuid: a.leg})
	s.awaitKind(mark, "HELD", a.leg)
	s.awaitKind(mark, "HELD", a.phone) // what the phone sees of it
	require.Equal(t, causeState, s.do(command{kind: cmdHold, uuid: a.leg}))
	s.accepted(command{kind: cmdUnhold, uuid: a.leg})
	s.awaitKind(mark, "UNHELD", a.leg)
	s.awaitKind(mark, "UNHELD", a.phone)
	require.Equal(t, causeState, s.do(command{kind: cmdUnhold, uuid: a.leg}))
}

// heldParts: who is moved while on hold, or whose partner is, is taken off hold: its phone would stay silent for ever.
func heldParts(t *testing.T, s *freeSwitch) {
	a, b, c := s.callUp("1001"), s.callUp("1002"), s.callUp("1003")
	for _, held := range []call{a, b} {
		s.bridge(a.leg, b.leg)
		mark := s.mark()
		s.accepted(command{kind: cmdHold, uuid: held.leg})
		s.awaitKind(mark, "HELD", held.phone)
		s.bridge(a.leg, c.leg)
		s.awaitKind(mark, "UNHELD", held.leg)
		s.awaitKind(mark, "UNHELD", held.phone)
		s.inState(b.leg, "CS_PARK")
	}
}

// answersPhone: the phone is asked to pick up, which the switch's own far end does.
func answersPhone(t *testing.T, s *freeSwitch) {
	mark, uuid := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial("3001")})
	s.awaitKind(mark, "RINGING", uuid)
	s.accepted(command{kind: cmdAnswer, uuid: uuid})
	s.awaitKind(mark, "ANSWERED", uuid)
	require.Equal(t, causeState, s.do(command{kind: cmdAnswer, uuid: s.callUp("1001").leg}), "it has been answered")
}

// whispers: who hears the observer, by what their phones get (design/freeswitch.md 2.8).
func whispers(t *testing.T, s *freeSwitch) {
	target, partner, observer := s.callUp("1001"), s.callUp("1002"), s.callUp("0001")
	byTarget, byPartner := s.newTape(target.phone), s.newTape(partner.phone)
	s.bridge(target.leg, partner.leg)
	mark := s.mark()
	s.accepted(command{kind: cmdEavesdrop, uuid: observer.leg, other: target.leg, name: "target", call: "e"})
	executed := s.awaitKind(mark, "EXECUTED", observer.leg)
	require.Equal(t, flagObserver, executed.Flags&flagObserver)
	require.Equal(t, hex(target.leg), executed.Other)
	s.awaitKind(mark, "BRIDGED", observer.leg)
	for i, mode := range []struct {
		name                string
		toTarget, toPartner float64
	}{
		{"target", hertzTalk, silence}, {"partner", silence, hertzTalk}, {"both", hertzTalk, hertzTalk}, {"nobody", silence, silence},
		{"target", hertzTalk, silence},
	} {
		if i > 0 {
			s.accepted(command{kind: cmdEavesdropMode, uuid: observer.leg, name: mode.name, call: "e"})
		}
		s.hear(map[*tape]float64{byTarget: mode.toTarget, byPartner: mode.toPartner})
	}
	require.Equal(t, causeRefused, s.do(command{kind: cmdEavesdropMode, uuid: observer.leg, name: "all"}))
	require.Equal(t, causeRefused, s.do(command{kind: cmdEavesdrop, uuid: observer.leg, other: target.leg, name: ""}))
	require.Equal(t, causeRefused, s.do(command{kind: cmdEavesdrop, uuid: observer.leg, other: "all", name: "nobody"}))
	require.Equal(t, causeRefused, s.do(command{kind: cmdEavesdrop, uuid: target.leg, other: target.leg, name: "nobody"}))
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdEavesdrop, uuid: observer.leg, other: s.newLeg(), name: "nobody"}))
	require.Equal(t, causeState, s.do(command{kind: cmdEavesdropMode, uuid: target.leg, name: "both"}), "it does not listen")
	// From observing into the call itself (3.11).
	mark = s.mark()
	for _, c := range []call{target, partner, observer} {
		s.accepted(command{kind: cmdJoinRoom, uuid: c.leg, name: "barge", call: "e"})
		s.awaitKind(mark, "ROOM_JOINED", c.leg)
	}
	s.hear(map[*tape]float64{byPartner: hertzTalk})
}

// observerEnds: who listens ends with whom it listens to, and ends alone without harm to them.
func observerEnds(t *testing.T, s *freeSwitch) {
	target, partner := s.callUp("1001"), s.callUp("1002")
	s.bridge(target.leg, partner.leg)
	for _, first := range []string{"observer", "target"} {
		observer, mark := s.callUp("1003"), s.mark()
		s.accepted(command{kind: cmdEavesdrop, uuid: observer.leg, other: target.leg, name: "nobody"})
		s.awaitKind(mark, "BRIDGED", observer.leg)
		if first == "observer" {
			s.accepted(command{kind: cmdHangup, uuid: observer.leg})
			s.awaitKind(mark, "DESTROYED", observer.leg)
			require.Empty(t, told(s.records()[mark:], target.leg))
		} else {
			s.accepted(command{kind: cmdHangup, uuid: target.leg})
			s.awaitKind(mark, "ENDED", observer.leg)
			s.awaitKind(mark, "ENDED", partner.leg)
		}
	}
}
