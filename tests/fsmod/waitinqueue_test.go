package fsmod

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	newMusic   = "tone_stream://%(10000,0,700);loops=-1"
	welcomes   = "tone_stream://%(500,0,900)"
	holdsMusic = "tone_stream://%%(10000,0,550);loops=-1" // as a format
)

// TestWaitInQueue: a channel that no dialplan has sent into cti_queue hears there what it would have heard in it.
func TestWaitInQueue(t *testing.T) {
	share(t).atOnce(map[string]func(*testing.T, *freeSwitch){
		"welcome, music, words": parkedHears,
		"from queue to queue":   parkedAnew,
		"unanswered":            parkedUnanswered,
		"rings":                 parkedRings,
		"bridge, music":         bridgesParked("", "", hertzMusic),
		"bridge, file":          bridgesParked("file", prompt, hertzPrompt),
		"bridge, position":      bridgesParked("position", "60", hertzNumber),
		"bridge, silence":       bridgesParked("music", "silence", silence),
		"taken elsewhere":       parkedTaken,
		"hangs up":              parkedHangsUp,
	})
}

// waitsInQueue is a phone that was called and waits in a queue, told so much before it has heard anything.
func (s *freeSwitch) waitsInQueue(words ...command) call {
	s.t.Helper()
	c := s.callUp("1001")
	s.api("uuid_setvar %s hold_music "+holdsMusic, c.leg)
	commands := []command{{kind: cmdWait, uuid: c.leg, name: "queue", call: "w"}}
	for _, word := range words {
		word.kind, word.uuid, word.call = cmdSay, c.leg, "w"
		commands = append(commands, word)
	}
	require.Equal(s.t, make([]int, len(commands)), s.all(commands...))
	return c
}

// parkedHears: the welcome first, without a snatch of other music before it, then the queue's music and what is said over it.
// Nothing ends it but being taken out.
func parkedHears(t *testing.T, s *freeSwitch) {
	c := s.callUp("1001")
	heard, mark := s.newTape(c.phone), s.mark()
	heard.holds(silence)
	s.api("uuid_setvar %s hold_music "+holdsMusic, c.leg)
	require.Equal(t, []int{0, 0, 0}, s.all(
		command{kind: cmdWait, uuid: c.leg, name: "queue", call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "music", value: newMusic, call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "file", value: welcomes, call: "w"}))
	heard.holds(silence, hertzWelcome, hertzNewMusic)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "position", value: "3"})
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "wait", value: "61"})
	heard.holds(hertzWelcome, hertzNewMusic, hertzBefore, hertzNumber, hertzBefore, hertzTime, hertzNewMusic)
	s.api("uuid_send_dtmf %s 5", c.phone)
	require.Equal(t, []string{"5"}, s.awaitKind(mark, "DTMF", c.leg).Text)
	require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: c.leg, value: "timeout"}), "it is in no application")
	s.hear(map[*tape]float64{heard: hertzNewMusic})
	require.Zero(t, count(legOnly(s.records()[mark:], c.leg), "EXECUTED"))
}

// parkedAnew: of the queue that it leaves it hears nothing any more.
func parkedAnew(t *testing.T, s *freeSwitch) {
	c := s.waitsInQueue(
		command{name: "music", value: newMusic}, command{name: "file", value: prompt}, command{name: "position", value: "1"})
	heard := s.newTape(c.phone)
	heard.holds(hertzPrompt)
	require.Equal(t, []int{0, 0}, s.all(
		command{kind: cmdWait, uuid: c.leg, name: "queue", call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "file", value: welcomes, call: "w"}))
	heard.holds(hertzPrompt, hertzWelcome, hertzMusic)
}

// parkedUnanswered: a caller stays unanswered, and hears it as early media.
func parkedUnanswered(t *testing.T, s *freeSwitch) {
	c := s.inApp("8101", "cti_queue")
	require.Equal(t, []int{0, 0, 0}, s.all(
		command{kind: cmdWait, uuid: c.leg, name: "queue", call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "music", value: newMusic, call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt, call: "w"}))
	s.hearsTone(c.phone, hertzPrompt)
	agent := s.callUp("0001")
	require.NotContains(t, told(s.records(), c.leg), "ANSWERED")
	s.bridgeAway(c.call, agent)
	s.hearsTone(c.phone, hertzTalk)
}

// parkedRings: a queue whose music is ringback rings a caller without media, who can be told something and is given media then.
func parkedRings(t *testing.T, s *freeSwitch) {
	c := s.inApp("8401", "cti_queue")
	require.Equal(t, []int{0, 0}, s.all(
		command{kind: cmdWait, uuid: c.leg, name: "queue", call: "w"},
		command{kind: cmdSay, uuid: c.leg, name: "music", value: "ringback", call: "w"}))
	s.inState(c.leg, "CS_PARK")
	require.NotContains(t, told(s.records(), c.leg), "PROGRESS")
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.awaitKind(0, "PROGRESS", c.leg)
	s.hearsTone(c.phone, hertzPrompt)
}

// bridgesParked: whatever it hears, an agent does not wait for the end of it, which is a minute away.
func bridgesParked(name, value string, hears float64) func(*testing.T, *freeSwitch) {
	return func(t *testing.T, s *freeSwitch) {
		var words []command
		if name != "" {
			words = []command{{name: name, value: value}, {name: "position", value: "7"}}
		}
		c, agent := s.waitsInQueue(words...), s.callUp("0001")
		if hears != silence {
			s.hearsTone(c.phone, hears)
		}
		require.Less(t, s.bridgeAway(c, agent), 5*time.Second)
		heard := s.newTape(c.phone)
		s.hear(map[*tape]float64{heard: hertzTalk})
		s.hear(map[*tape]float64{heard: hertzTalk}) // nor anything else a little later
		require.Equal(t, causeState, s.do(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"}))
		mark := s.mark()
		s.accepted(command{kind: cmdHangup, uuid: agent.leg})
		s.awaitKind(mark, "ENDED", c.leg)
	}
}

// parkedTaken: every command that takes a channel elsewhere does so amid what is said, and it waits in no queue then.
func parkedTaken(t *testing.T, s *freeSwitch) {
	said := command{name: "file", value: prompt}
	for _, name := range []string{"silence", "music", "ringback"} {
		c := s.waitsInQueue(said)
		s.accepted(command{kind: cmdWait, uuid: c.leg, name: name})
		require.Equal(t, causeState, s.do(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"}))
	}
	c, mark := s.waitsInQueue(said), s.mark()
	s.accepted(command{kind: cmdJoinRoom, uuid: c.leg, name: "cti-" + c.leg[:8]})
	s.awaitKind(mark, "ROOM_JOINED", c.leg)
	require.Equal(t, causeState, s.do(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"}))
	s.accepted(command{kind: cmdWait, uuid: c.leg, name: "queue"})
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.hearsTone(c.phone, hertzPrompt)
}

// parkedHangsUp: at once, whoever ends it.
func parkedHangsUp(t *testing.T, s *freeSwitch) {
	s.quick(time.Second/2, func() time.Duration {
		c, mark := s.waitsInQueue(command{name: "file", value: prompt}), s.mark()
		begun := monotonic()
		require.True(t, s.tryAPI("uuid_kill %s", c.phone))
		return time.Duration(s.awaitKind(mark, "DESTROYED", c.leg).Mono - begun)
	})
	s.quick(time.Second/2, func() time.Duration {
		c, mark := s.waitsInQueue(command{name: "position", value: "5"}), s.mark()
		begun := monotonic()
		s.accepted(command{kind: cmdHangup, uuid: c.leg})
		return time.Duration(s.awaitKind(mark, "DESTROYED", c.leg).Mono - begun)
	})
}

// TestUnloadUnderParked: who waits in a queue without its application has nowhere to go when the module does: his music goes on,
// and the next engine may tell him something, or join him.
func TestUnloadUnderParked(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	c := s.waitsInQueue(command{name: "music", value: newMusic})
	heard := s.newTape(c.phone)
	heard.holds(hertzNewMusic)
	require.Equal(t, "+OK", s.api("unload mod_cti"))
	mark := s.mark()
	require.True(t, s.tryAPI("load mod_cti"), s.log())
	s.await(mark, "snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" })
	require.Len(t, legOnly(s.records()[mark:], c.leg), 1, "it is found, and nothing has happened to it")
	s.hear(map[*tape]float64{heard: hertzNewMusic})
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.hear(map[*tape]float64{heard: hertzPrompt})
	s.bridgeAway(c, s.callUp("0001"))
	s.hear(map[*tape]float64{heard: hertzTalk})
	s.api("hupall")
	s.emptied()
}
