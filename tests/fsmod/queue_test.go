package fsmod

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/store"
)

// What is heard: the template's music and welcome, an agent who talks, and the sayings of testdata/mod_say_ctitest.c.
const (
	hertzMusic    = 550
	hertzWelcome  = 900
	hertzTalk     = 440
	hertzNumber   = 1300
	hertzTime     = 1700
	hertzPrompt   = 2100
	hertzNewMusic = 700
	hertzBefore   = 1100 // the prompts of the tests before a number or a time
)

const (
	prompt          = "tone_stream://%(60000,0,2100)"
	causeCongestion = 42
)

func TestQueueApplication(t *testing.T) {
	share(t).atOnce(map[string]func(*testing.T, *freeSwitch){
		"waits unanswered":   waitsUnanswered,
		"answered, welcomed": answeredAndWelcomed,
		"rings":              ringsInQueue,
		"says":               says,
		"music of the queue": musicOfQueue,
		"say refused":        sayRefused,
		"bridge, music":      bridgesFromQueue("8101", "", hertzMusic),
		"bridge, welcome":    bridgesFromQueue("8201", "", hertzWelcome),
		"bridge, position":   bridgesFromQueue("8101", "position 60", hertzNumber),
		"bridge, file":       bridgesFromQueue("8101", "file "+prompt, hertzPrompt),
		"bridge, silence":    bridgesFromQueue("8301", "", silence),
		"bridge, ringback":   bridgesFromQueue("8401", "", silence),
		"bridge at once":     bridgesFromQueue("8201", "", silence),
		"bridge of a call":   bridgesOutboundFromQueue,
		"parked":             takenElsewhere,
		"parked slowly":      takenSlowly,
		"hangs up":           hangsUpInQueue,
		"return":             returnsFromQueue,
		"voicemail":          speaksToVoicemail,
		"fifty at once":      fiftyAtOnce,
		"queue in a queue":   queueInQueue,
		"agent":              agentApplication,
		"agent in a queue":   agentInQueue,
		"told":               toldApplications,
		"digits in music":    digitsInMusic,
		"music broken off":   musicBrokenOff,
		"sample":             sampleDialplan,
	})
}

// caller is somebody who called a number: the leg that runs the dialplan and the far end that hears it.
type caller struct {
	call
	executed record
}

// inApp has somebody call a number whose dialplan runs an application of ours.
func (s *freeSwitch) inApp(number, application string) caller {
	s.t.Helper()
	mark, phone := s.mark(), s.newLeg()
	name := "caller" + phone[:8]
	s.call(phone, name, number, "&park")
	leg := s.incoming(mark, name, number)
	s.made = append(s.made, leg) // it may answer while its phone is hung up, and hears of no BYE then
	return caller{call{leg, phone}, s.awaitApp(mark, leg, application)}
}

func (s *freeSwitch) awaitApp(mark int, leg, application string) record {
	s.t.Helper()
	return s.await(mark, application+" of "+leg, func(r record) bool {
		return r.Kind == "EXECUTED" && r.Leg == hex(leg) && r.Text[0] == application
	})
}

func (s *freeSwitch) variable(uuid, name string) string {
	return s.api("uuid_getvar %s %s", uuid, name)
}

// returned waits until the dialplan has gone on after our application, and says with which result.
func (s *freeSwitch) returned(mark int, leg, result string) string {
	s.t.Helper()
	s.awaitApp(mark, leg, "park")
	return s.variable(leg, result)
}

// waitsUnanswered: settings.md, answered or not; by default the music is early media and nobody is billed. Digits are
// told and do not end the music.
func waitsUnanswered(t *testing.T, s *freeSwitch) {
	c := s.inApp("8101", "cti_queue")
	require.Equal(t, []string{"cti_queue", "8101 5"}, c.executed.Text)
	require.Equal(t, []string{"CREATED", "PROGRESS", "EXECUTED"}, told(s.records(), c.leg))
	s.hearsTone(c.phone, hertzMusic)
	mark := s.mark()
	s.api("uuid_send_dtmf %s 5", c.phone)
	require.Equal(t, []string{"5"}, s.awaitKind(mark, "DTMF", c.leg).Text)
	s.hearsTone(c.phone, hertzMusic)
	require.Zero(t, count(legOnly(s.records(), c.leg), "ANSWERED"))
}

func answeredAndWelcomed(t *testing.T, s *freeSwitch) {
	mark, phone, heard := s.mark(), s.newLeg(), s.tapeAt("welcome.wav")
	s.api("bgapi originate {origination_uuid=%s,origination_caller_id_name=welcomed,execute_on_answer='record_session %s'}%s &park",
		phone, heard.path, s.dial("8501"))
	c := call{s.incoming(mark, "welcomed", "8501"), phone}
	s.awaitApp(mark, c.leg, "cti_queue")
	require.Equal(t, []string{"CREATED", "ANSWERED", "EXECUTED"}, told(s.records(), c.leg))
	heard.holds(hertzWelcome, hertzMusic)
}

// ringsInQueue: without media, and when something is said there is.
func ringsInQueue(t *testing.T, s *freeSwitch) {
	c := s.inApp("8401", "cti_queue")
	require.Equal(t, []string{"CREATED", "RINGING", "EXECUTED"}, told(s.records(), c.leg))
	mark := s.mark()
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "timeout"})
	require.Equal(t, "timeout", s.returned(mark, c.leg, "cti_queue_result"))

	c = s.inApp("8402", "cti_queue")
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.awaitKind(0, "PROGRESS", c.leg)
	s.hearsTone(c.phone, hertzPrompt)
}

// says: position and waiting time in whole minutes by the switch's say interface, files by playing them; one right after
// the other, and music goes on afterwards.
func says(t *testing.T, s *freeSwitch) {
	c := s.inApp("8101", "cti_queue")
	heard := s.newTape(c.phone)
	heard.holds(hertzMusic)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"})
	s.awaitLog("said number 1\n")
	heard.holds(hertzMusic, hertzBefore, hertzNumber, hertzMusic)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "wait", value: "61"})
	s.awaitLog("said time 120\n")
	heard.holds(hertzNumber, hertzMusic, hertzBefore, hertzTime, hertzMusic)
	require.Equal(t, []int{0, 0, 0}, s.all(
		command{kind: cmdSay, uuid: c.leg, name: "file", value: "tone_stream://%(500,0,2100)"},
		command{kind: cmdSay, uuid: c.leg, name: "wait", value: "5"},
		command{kind: cmdSay, uuid: c.leg, name: "position", value: "2"}))
	heard.holds(hertzTime, hertzMusic, hertzPrompt, hertzBefore, hertzTime, hertzBefore, hertzNumber, hertzMusic)
	s.awaitLog("said time 60\n")
	s.awaitLog("said number 2\n")
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.hear(map[*tape]float64{heard: hertzPrompt})
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "key"}) // while it is said
	require.Equal(t, "key", s.returned(0, c.leg, "cti_queue_result"))
}

// musicOfQueue: what the engine says about music comes before the dialplan's word; in silence a prompt is heard too.
func musicOfQueue(t *testing.T, s *freeSwitch) {
	c := s.inApp("8301", "cti_queue")
	heard := s.newTape(c.phone)
	heard.holds(silence)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: "tone_stream://%(500,0,2100)"})
	heard.holds(silence, hertzPrompt, silence)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "music", value: "tone_stream://%(10000,0,700);loops=-1"})
	heard.holds(hertzPrompt, silence, hertzNewMusic)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"})
	heard.holds(silence, hertzNewMusic, hertzBefore, hertzNumber, hertzNewMusic)
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "music", value: "no-such-file.wav"}) // and there is nothing else
	heard.holds(hertzNumber, hertzNewMusic, silence)
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "full"})
}

func sayRefused(t *testing.T, s *freeSwitch) {
	c := s.inApp("8101", "cti_queue")
	for _, say := range [][2]string{{"", "1"}, {"song", "1"}, {"position", ""}, {"position", "two"}, {"position", "-1"},
		{"wait", "1e9"}, {"wait", "1234567890"}, {"file", ""}, {"file", "../../etc/x.wav"}, {"file", "shout://a/b"},
		{"file", "http://a/b.wav"}, {"file", "say:x"}, {"file", "phrase:x"}, {"file", "{a=b}c.wav"}, {"file", "${x}"},
		{"music", ""}, {"music", "a|b"}, {"file", "a\nb"}, {"file", "[a=b]c.wav"}, {"music", "vlc://x"}} {
		require.Equal(t, causeRefused, s.do(command{kind: cmdSay, uuid: c.leg, name: say[0], value: say[1]}), "%q", say)
	}
	s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
	s.hearsTone(c.phone, hertzPrompt)
	for range 8 {
		s.accepted(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"})
	}
	require.Equal(t, causeCongestion, s.do(command{kind: cmdSay, uuid: c.leg, name: "position", value: "1"}), "it would be late")
	other := s.callUp("1001")
	require.Equal(t, causeState, s.do(command{kind: cmdSay, uuid: other.leg, name: "position", value: "1"}), "it does not wait")
	for _, sound := range anySounds() { // what the settings take, the module plays, and nothing else
		refused := s.do(command{kind: cmdSay, uuid: other.leg, name: "file", value: sound}) == causeRefused
		require.Equal(t, store.IsSound(sound), !refused, "%q", sound)
	}
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdSay, uuid: s.newLeg(), name: "position", value: "1"}))
}

// anySounds are names of sounds, good and bad.
func anySounds() []string {
	list := []string{"", "a", "ivr/8000/a b.wav", "/sounds/a.wav", "local_stream://moh", "tone_stream://%(2000,4000,440);loops=-1",
		"silence_stream://-1", "%(1000,0,700)", "shout://radio/a.mp3", "http_cache://a/b.wav", "say:x", "LOCAL_STREAM://moh",
		"local_stream:moh", "a:b", "../a.wav", "a/../b.wav", "a..wav", "local_stream://..", "file_string://a!b", "ringback", "silence",
		strings.Repeat("a", 512), strings.Repeat("a", 513), "Grüße.wav"}
	for c := byte(1); c < 0x80; c++ {
		list = append(list, "a"+string(c)+"b.wav")
	}
	return list
}

// bridgeAway joins a caller who waits with an agent, and returns how long it took.
func (s *freeSwitch) bridgeAway(waiting, agent call) time.Duration {
	s.t.Helper()
	mark, begun := s.mark(), monotonic()
	s.accepted(command{kind: cmdBridge, uuid: agent.leg, other: waiting.leg, call: "q"})
	s.awaitBridge(mark, agent.leg, waiting.leg)
	joined := s.await(mark, "bridge", func(r record) bool { return r.Kind == "BRIDGED" && r.Leg == hex(waiting.leg) })
	return time.Duration(joined.Mono - begun)
}

// bridgesFromQueue: whatever a caller hears, an agent does not wait for the end of it, which is a minute away; and then he
// hears the agent alone.
func bridgesFromQueue(number, says string, hears float64) func(*testing.T, *freeSwitch) {
	return func(t *testing.T, s *freeSwitch) {
		c, agent := s.inApp(number, "cti_queue"), s.callUp("0001")
		if says != "" {
			kind, value, _ := strings.Cut(says, " ")
			s.accepted(command{kind: cmdSay, uuid: c.leg, name: kind, value: value})
			s.accepted(command{kind: cmdSay, uuid: c.leg, name: "position", value: "7"})
		}
		if hears != silence {
			s.hearsTone(c.phone, hears)
		}
		t.Logf("from the command to the bridge: %v", s.bridgeAway(c.call, agent))
		heard := s.newTape(c.phone)
		s.hear(map[*tape]float64{heard: hertzTalk})
		s.hear(map[*tape]float64{heard: hertzTalk}) // nor anything else a little later
		require.Equal(t, 1, count(legOnly(s.records(), c.leg), "EXECUTED"), "the dialplan does not go on")
		require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: c.leg, value: "late"}))
		mark := s.mark()
		s.accepted(command{kind: cmdHangup, uuid: agent.leg})
		s.awaitKind(mark, "ENDED", c.leg)
	}
}

// bridgesOutboundFromQueue: a call that the switch made and sent into a queue; no music plays over the agent.
func bridgesOutboundFromQueue(t *testing.T, s *freeSwitch) {
	mark, leg := s.mark(), s.newLeg()
	s.call(leg, "callback", "1001", "&cti_queue(8101)")
	s.awaitApp(mark, leg, "cti_queue")
	c := call{leg, s.incoming(mark, "callback", "1001")}
	s.accepted(command{kind: cmdSay, uuid: leg, name: "music", value: "tone_stream://%(10000,0,550);loops=-1"})
	s.hearsTone(c.phone, hertzMusic)
	agent := s.callUp("0001")
	s.bridgeAway(c, agent)
	s.hearsTone(c.phone, hertzTalk)
	mark = s.mark()
	s.accepted(command{kind: cmdHangup, uuid: c.leg})
	s.awaitKind(mark, "ENDED", agent.leg)
}

// takenElsewhere: other commands, and other people's, take a caller out of the queue as well.
func takenElsewhere(t *testing.T, s *freeSwitch) {
	for _, number := range []string{"8101", "8201", "8301", "8401"} {
		c := s.inApp(number, "cti_queue")
		s.accepted(command{kind: cmdWait, uuid: c.leg, name: "silence"})
		s.inState(c.leg, "CS_PARK")
		require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: c.leg, value: "late"}))

		c = s.inApp(number, "cti_queue")
		mark := s.mark()
		require.True(t, s.tryAPI("uuid_transfer %s 1001", c.leg))
		s.awaitApp(mark, c.leg, "park")
		require.Equal(t, "_undef_", s.variable(c.leg, "cti_queue_result"))
	}
}

// takenSlowly: a channel is told that it has to leave before its state says where it goes. A caller who is being joined with
// an agent must not run in between what the dialplan has for those whom nobody has served.
func takenSlowly(t *testing.T, s *freeSwitch) {
	c := s.inApp("8101", "cti_queue")
	mark := s.mark()
	s.api("ctitest_move %s 300", c.leg)
	require.Eventually(t, func() bool { return strings.Contains(s.api("uuid_dump %s", c.leg), "Channel-State: CS_PARK") },
		patience, 10*time.Millisecond)
	for _, r := range s.records()[mark:] {
		require.False(t, r.Kind == "EXECUTED" && r.Leg == hex(c.leg), "the dialplan went on: %v", r.Text)
	}
}

// hangsUpInQueue: at any instant, with nothing left behind.
func hangsUpInQueue(t *testing.T, s *freeSwitch) {
	for _, number := range []string{"8101", "8201", "8301", "8401"} {
		for _, says := range []bool{false, true} {
			s.quick(time.Second/2, func() time.Duration {
				c, mark := s.inApp(number, "cti_queue"), s.mark()
				if says {
					s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
				}
				begun := monotonic()
				require.True(t, s.tryAPI("uuid_kill %s", c.phone))
				return time.Duration(s.awaitKind(mark, "DESTROYED", c.leg).Mono - begun)
			})
		}
	}
}

// returnsFromQueue: RETURN, with the variables that were set before it; once, and with a value that may be one.
func returnsFromQueue(t *testing.T, s *freeSwitch) {
	c, mark := s.inApp("8101", "cti_queue"), s.mark()
	for _, value := range []string{"a$b", "a\x7fb", strings.Repeat("a", 64)} {
		require.Equal(t, causeRefused, s.do(command{kind: cmdReturn, uuid: c.leg, value: value}))
	}
	causes := s.all(
		command{kind: cmdSetVariable, uuid: c.leg, name: "cti_queue_left_ms", value: "4711", call: "q"},
		command{kind: cmdReturn, uuid: c.leg, value: "nobody-on", call: "q"},
		command{kind: cmdReturn, uuid: c.leg, value: "again", call: "q"})
	require.Equal(t, []int{0, 0, causeState}, causes)
	require.Equal(t, "nobody-on", s.returned(mark, c.leg, "cti_queue_result"))
	require.Equal(t, "4711", s.variable(c.leg, "cti_queue_left_ms"))
	require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: c.leg, value: "late"}))
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdReturn, uuid: s.newLeg(), value: "late"}))
}

// speaksToVoicemail: a caller who waits is answered and speaks to a box, and nobody is called; then his channel ends.
func speaksToVoicemail(t *testing.T, s *freeSwitch) {
	for profile, want := range map[string]string{
		"default": "default " + s.api("global_getvar domain") + " 1000", "sales pbx.example": "sales pbx.example 1000",
	} {
		c, mark := s.inApp("8101", "cti_queue"), s.mark()
		s.accepted(command{kind: cmdVoicemail, uuid: c.leg, name: profile, value: "1000"})
		s.awaitKind(mark, "ANSWERED", c.leg)
		s.until(func() bool { return s.variable(c.leg, "ctitest_voicemail") == want }, "%s", want)
		s.awaitKind(mark, "ENDED", c.leg)
		for _, r := range s.records()[mark:] {
			require.NotEqual(t, "OUTGOING", r.Kind)
		}
	}
	c := s.inApp("8101", "cti_queue")
	for _, bad := range []command{
		{name: "default", value: ""}, {name: "default", value: "1 2"}, {name: "default", value: "${x}"},
		{name: "default", value: strings.Repeat("1", 34)}, {name: "", value: "1000"}, {name: "a,b", value: "1000"},
	} {
		bad.kind, bad.uuid = cmdVoicemail, c.leg
		require.Equal(t, causeRefused, s.do(bad))
	}
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdVoicemail, uuid: s.newLeg(), name: "default", value: "1000"}))
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "timeout"})
}

// fiftyAtOnce: everybody is told of once and gets his own result.
func fiftyAtOnce(t *testing.T, s *freeSwitch) {
	const callers = 50
	mark := s.mark()
	for i := range callers {
		s.call(s.newLeg(), fmt.Sprintf("fifty%d", i), "8101", "&park")
	}
	var legs []string
	for i := range callers {
		leg := s.incoming(mark, fmt.Sprintf("fifty%d", i), "8101")
		s.awaitApp(mark, leg, "cti_queue")
		legs = append(legs, leg)
	}
	for i, leg := range legs {
		s.accepted(command{kind: cmdReturn, uuid: leg, value: fmt.Sprintf("result-%d", i)})
	}
	for i, leg := range legs {
		require.Equal(t, fmt.Sprintf("result-%d", i), s.returned(mark, leg, "cti_queue_result"))
	}
}

// queueInQueue: an application that another runs while it waits is refused where the engine could not tell the two apart.
func queueInQueue(t *testing.T, s *freeSwitch) {
	c, mark := s.inApp("8101", "cti_queue"), s.mark()
	s.api("uuid_broadcast %s cti_queue::8102 aleg", c.leg)
	s.until(func() bool { return s.variable(c.leg, "cti_queue_result") == "unavailable" }, "the inner one to be refused")
	s.hearsTone(c.phone, hertzMusic)
	require.Zero(t, count(legOnly(s.records()[mark:], c.leg), "EXECUTED"))
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "key"})
	require.Equal(t, "key", s.returned(mark, c.leg, "cti_queue_result"))
}

// agentApplication: it waits for the engine's answer and no longer than 2 s.
func agentApplication(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	c := s.inApp("*1login", "cti_agent")
	require.Equal(t, []string{"cti_agent", "login"}, c.executed.Text)
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "ok"})
	require.Equal(t, "ok", s.returned(mark, c.leg, "cti_agent_result"))

	s.quick(3*time.Second, func() time.Duration {
		c, mark := s.inApp("*1notready", "cti_agent"), s.mark()
		require.Equal(t, "timeout", s.returned(mark, c.leg, "cti_agent_result"))
		waited := time.Duration(s.awaitApp(mark, c.leg, "park").Mono - c.executed.Mono)
		require.Greater(t, waited, 1900*time.Millisecond)
		require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: c.leg, value: "late"}))
		return waited
	})

	s.quick(time.Second/2, func() time.Duration {
		c, mark := s.inApp("*1ready", "cti_agent"), s.mark()
		begun := monotonic()
		require.True(t, s.tryAPI("uuid_kill %s", c.phone))
		return time.Duration(s.awaitKind(mark, "DESTROYED", c.leg).Mono - begun) // a phone hangs up
	})
}

// agentInQueue: the answer is for the application that asked last.
func agentInQueue(t *testing.T, s *freeSwitch) {
	c, mark := s.inApp("8101", "cti_queue"), s.mark()
	s.api("uuid_broadcast %s cti_agent::logout aleg", c.leg)
	s.awaitApp(mark, c.leg, "cti_agent")
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "ok"})
	s.hearsTone(c.phone, hertzMusic)
	require.Equal(t, "ok", s.variable(c.leg, "cti_agent_result"))
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "full"})
	require.Equal(t, "full", s.returned(mark, c.leg, "cti_queue_result"))
}

// toldApplications: what only tells does not wait.
func toldApplications(t *testing.T, s *freeSwitch) {
	c, mark := s.callUp("1001"), s.mark()
	s.api("uuid_broadcast %s cti_track::lang=en,tier=gold aleg", c.leg)
	track := s.awaitApp(mark, c.leg, "cti_track")
	require.Equal(t, []string{"cti_track", "lang=en,tier=gold"}, track.Text)
	require.Equal(t, flagMarked, track.Flags)
	s.api("uuid_broadcast %s cti_ivr_result::account=12345 aleg", c.leg)
	ivr := s.awaitApp(mark, c.leg, "cti_ivr_result")
	require.Equal(t, []string{"cti_ivr_result", "account=12345"}, ivr.Text)
	require.Zero(t, ivr.Flags)
	mark = s.mark()
	s.api("uuid_broadcast %s cti_track::long=%s aleg", c.leg, strings.Repeat("x", 400))
	track = s.awaitApp(mark, c.leg, "cti_track")
	require.Equal(t, flagMarked|flagTruncated, track.Flags)
	s.awaitLog(fmt.Sprintf("cti_track: no more than the first %d bytes", len(track.Text[1])))
	s.requireNumbered(s.records(), c.leg)
}

// digitsInMusic: WAIT plays for ever, also to who presses keys.
func digitsInMusic(t *testing.T, s *freeSwitch) {
	c, mark := s.callUp("1001"), s.mark()
	s.api("uuid_setvar %s hold_music tone_stream://%%(10000,0,550);loops=-1", c.leg)
	s.accepted(command{kind: cmdWait, uuid: c.leg, name: "music"})
	s.hearsTone(c.phone, hertzMusic)
	s.api("uuid_send_dtmf %s 5", c.phone)
	s.awaitKind(mark, "DTMF", c.leg)
	s.hearsTone(c.phone, hertzMusic)
}

// musicBrokenOff: WAIT plays for ever, also where others break off again and again what the channel hears.
func musicBrokenOff(t *testing.T, s *freeSwitch) {
	c := s.callUp("1001")
	s.api("uuid_setvar %s hold_music tone_stream://%%(10000,0,550);loops=-1", c.leg)
	s.accepted(command{kind: cmdWait, uuid: c.leg, name: "music"})
	s.hearsTone(c.phone, hertzMusic)
	for range 60 {
		s.api("uuid_break %s", c.leg)
	}
	s.hearsTone(c.phone, hertzMusic)
}

// sampleDialplan: the sample that is delivered does what it says.
func sampleDialplan(t *testing.T, s *freeSwitch) {
	c := s.inApp("s8401", "cti_queue")
	require.Equal(t, []string{"cti_queue", "8401"}, c.executed.Text)
	require.Contains(t, told(s.records(), c.leg), "ANSWERED")
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "unknown"})
	s.awaitKind(0, "ENDED", c.leg)
	s.awaitLog("1000 was not served: unknown")
	s.awaitLog("cti_queue 8401: there is no such queue; the caller goes on in the dialplan")
	c = s.inApp("s8999", "cti_queue")
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "callback"})
	s.awaitKind(0, "ENDED", c.leg)
	require.NotContains(t, s.log(), "was not served: callback")
	for number, says := range map[string]string{"s*111001": "login 1001", "s*11": "login ", "s*12": "logout", "s*13": "ready",
		"s*14": "notready ", "s*1411": "notready 11"} {
		c := s.inApp(number, "cti_agent")
		require.Equal(t, []string{"cti_agent", says}, c.executed.Text)
		s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "ok"})
		s.awaitKind(0, "ENDED", c.leg)
		require.NotContains(t, s.log(), says+": ok")
	}
	c = s.inApp("s*12", "cti_agent")
	s.accepted(command{kind: cmdReturn, uuid: c.leg, value: "AgentNotLoggedIn"})
	s.awaitLog("1000 logout: AgentNotLoggedIn")
}
