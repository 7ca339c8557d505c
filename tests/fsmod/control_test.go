package fsmod

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The commands of cti.h.
const (
	cmdSetVariable = iota + 2
	cmdHangup
	cmdOriginate
	cmdBridge
	cmdWait
	cmdJoinRoom
	cmdHold
	cmdUnhold
	cmdMute
	cmdUnmute
	cmdSendDTMF
	cmdAnswer
	cmdEavesdrop
	cmdEavesdropMode
	cmdRecordStart
	cmdRecordStop
	cmdRecordPause
	cmdRecordResume
	cmdReturn
	cmdSay
)

const causeState = 101 // not to a channel as this one is now

// command is one of cti.h, with the fields that it uses.
type command struct {
	kind                     int
	uuid, other              string
	name, value, call        string
	callerNumber, callerName string
	cause, deadline          int
}

// String is the command as the fake engine reads it.
func (c command) String() string {
	words := []string{fmt.Sprintf("kind=%d", c.kind)}
	for _, field := range []struct{ name, value string }{
		{"uuid", c.uuid}, {"other", c.other}, {"name", c.name}, {"value", c.value}, {"call", c.call},
		{"number", c.callerNumber}, {"caller", c.callerName},
	} {
		if field.value != "" {
			words = append(words, field.name+"="+strings.ReplaceAll(url.QueryEscape(field.value), "+", "%20"))
		}
	}
	if c.cause != 0 {
		words = append(words, fmt.Sprintf("cause=%d", c.cause))
	}
	if c.deadline != 0 {
		words = append(words, fmt.Sprintf("deadline=%d", c.deadline))
	}
	return strings.Join(words, " ")
}

// do carries out one command and returns the cause with which it was answered.
func (s *freeSwitch) do(c command) int {
	s.t.Helper()
	return s.submit("do %s", c).Cause
}

// all submits commands at once, in order, and returns the causes with which they were answered.
func (s *freeSwitch) all(commands ...command) (causes []int) {
	s.t.Helper()
	for _, answer := range s.answers(commands...) {
		causes = append(causes, answer.Cause)
	}
	return causes
}

// answers submits commands at once, in order, and returns what answered them.
func (s *freeSwitch) answers(commands ...command) []record {
	s.t.Helper()
	var words []string
	for _, c := range commands {
		words = append(words, c.String())
	}
	mark := s.mark()
	first := s.submit("do %s", strings.Join(words, " ; ")).Command - uint64(len(commands)) + 1
	answers, missing := make([]record, len(commands)), len(commands)
	s.await(mark, "answers", func(r record) bool {
		if i := r.Command - first; r.Kind == "COMMAND_DONE" && i < uint64(len(answers)) {
			answers[i] = r
			missing--
		}
		return missing == 0
	})
	return answers
}

// accepted is do for a command that must be.
func (s *freeSwitch) accepted(c command) {
	s.t.Helper()
	require.Zero(s.t, s.do(c), "%v", c)
}

var legs atomic.Int32

// newLeg gives a uuid that no other leg of the package has.
func (s *freeSwitch) newLeg() string {
	uuid := fmt.Sprintf("%08x-0000-4000-8000-0000000000aa", legs.Add(1))
	s.made = append(s.made, uuid)
	return uuid
}

func (s *freeSwitch) dial(number string) string {
	return fmt.Sprintf("sofia/test/%s@127.0.0.1:%d", number, s.sipPort)
}

// originate calls a number of the test's own dialplan and waits until its leg is answered.
func (s *freeSwitch) originate(number string) string {
	s.t.Helper()
	uuid, mark := s.newLeg(), s.mark()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial(number), call: "call-1"})
	s.awaitKind(mark, "ANSWERED", uuid)
	return uuid
}

// inState waits until a channel's thread is in a state of the switch.
func (s *freeSwitch) inState(uuid, state string) {
	s.t.Helper()
	s.until(func() bool {
		return strings.Contains(s.api("uuid_dump %s", uuid), "Channel-State: "+state+"\n")
	}, "%s to be in state %s", uuid, state)
}

func (s *freeSwitch) awaitBridge(mark int, a, b string) {
	s.t.Helper()
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		s.await(mark, "bridge", func(r record) bool {
			return r.Kind == "BRIDGED" && r.Leg == hex(pair[0]) && r.Other == hex(pair[1])
		})
	}
}

func TestCallControl(t *testing.T) {
	s := share(t)
	s.oneByOne(map[string]func(*testing.T, *freeSwitch){
		"hostile originate":    hostileOriginate,
		"cancel is not queued": cancelIsNotQueued,
	})
	s.atOnce(map[string]func(*testing.T, *freeSwitch){
		"originate":           originates,
		"originate a user":    originatesUser,
		"originate fails":     originateFails,
		"shown as":            shownAs,
		"cancel":              cancels,
		"bridge":              bridges,
		"bridge again":        bridgesAgain,
		"moved at once":       movedAtOnce,
		"ends at any instant": endsAtAnyInstant,
		"bridge a caller":     bridgesCaller,
		"bridge refused":      bridgeRefused,
		"wait":                waits,
		"wait parts":          waitParts,
		"wait of a caller":    waitOfCaller,
		"room":                roomOfEight,
		"strands":             strands,
		"kept":                keptLegs,
		"kept bridge":         keptBridges,
	})
}

// originates: cti.h, ORIGINATE: this uuid, this call, no other variables; once answered it waits in silence.
func originates(t *testing.T, s *freeSwitch) {
	mark, uuid := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial("1001"), call: "c0ffee", callerNumber: "555", callerName: "Desk"})
	created := s.awaitKind(mark, "CREATED", uuid)
	require.Equal(t, uuid, created.Text[textUUID])
	require.Equal(t, "c0ffee", created.Text[textCTICallID])
	require.Equal(t, "555", created.Text[textCallerNumber])
	require.Equal(t, "Desk", created.Text[textCallerName])
	require.Equal(t, "1001", created.Text[textDestination])
	require.Equal(t, 2, created.Direction)
	s.awaitKind(mark, "ANSWERED", uuid)
	s.inState(uuid, "CS_PARK")
	in := s.incoming(mark, "Desk", "1001")
	require.Equal(t, s.awaitKind(mark, "CREATED", in).Text[textSIPCallID], created.Text[textSIPCallID])
	require.NotEmpty(t, created.Text[textSIPCallID])
	s.accepted(command{kind: cmdHangup, uuid: uuid, cause: 16})
	s.awaitKind(mark, "DESTROYED", uuid)
	s.awaitKind(mark, "DESTROYED", in)
	s.requireNumbered(s.records()[mark:], uuid)
	require.Equal(t, []string{"CREATED", "ANSWERED", "HANGUP", "ENDED", "DESTROYED"}, told(s.records()[mark:], uuid))
}

// originatesUser: a directory user is one channel too, and its uuid is ours though another originate made it.
func originatesUser(t *testing.T, s *freeSwitch) {
	mark, uuid := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: "user/1801@cti.test", call: "c1"})
	require.Equal(t, "1801", s.awaitKind(mark, "CREATED", uuid).Text[textUser])
	s.awaitKind(mark, "ANSWERED", uuid)
	s.inState(uuid, "CS_PARK")
	created := 0
	for _, r := range s.records()[mark:] {
		if r.Kind == "CREATED" && r.Text[textDestination] == "1801" {
			created++
		}
	}
	require.Equal(t, 2, created, "the leg and its far end")
}

// originateFails: what the switch knows at once is the answer; what the phone says is the leg's end.
func originateFails(t *testing.T, s *freeSwitch) {
	const subscriberAbsent, notImplemented, invalidProfile = 20, 66, 811
	for dial, cause := range map[string]int{
		"user/9999@cti.test":   subscriberAbsent,
		"nosuch/1001":          notImplemented,
		"sofia/nosuch/1@a.b.c": invalidProfile,
		"error/USER_BUSY":      userBusy,
	} {
		mark, uuid := s.mark(), s.newLeg()
		require.Equal(t, cause, s.do(command{kind: cmdOriginate, uuid: uuid, value: dial}), dial)
		require.Empty(t, told(s.records()[mark:], uuid), dial)
	}
	mark, uuid := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial("4001")})
	ended := s.awaitKind(mark, "ENDED", uuid)
	require.Equal(t, userBusy, ended.Cause)
	require.Equal(t, recvRefuse, ended.Disposition)
}

// hostileOriginate: a dial string is code; none of its metacharacters passes, and a uuid is one.
func hostileOriginate(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	values := []string{"", "sofia", "/1001", "sofia/", "a b/1001", "loopback/app=system:id", "LOOPBACK/APP=system:id", "sofia/test/1:_:2"}
	for _, c := range "${}[]<>|,^'\"\\` \n\t\x7fé" {
		values = append(values, "sofia/test/1001"+string(c)+"@127.0.0.1")
	}
	for _, value := range values {
		require.Equal(t, causeRefused, s.do(command{kind: cmdOriginate, uuid: s.newLeg(), value: value}), "%q", value)
	}
	for _, uuid := range []string{"", "1", "zzzzzzzz-0000-4000-8000-000000000001", strings.Repeat("a", 37)} {
		require.Equal(t, causeRefused, s.do(command{kind: cmdOriginate, uuid: uuid, value: s.dial("1001")}), uuid)
	}
	require.Equal(t, causeRefused, s.do(command{kind: cmdOriginate, uuid: s.newLeg(), value: s.dial("1001"), call: "${x}"}))
	require.Zero(t, count(s.records()[mark:], "CREATED"))
}

// shownAs: what a header or a variable would take for more than text is not in a caller's number or name.
func shownAs(t *testing.T, s *freeSwitch) {
	mark, uuid := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: uuid, value: s.dial("1001"),
		callerNumber: "+49(30) 1,api_hangup_hook=x", callerName: "Zoë ${system id}\r\n\"<x>\""})
	created := s.awaitKind(mark, "CREATED", uuid)
	require.Equal(t, "+49301api_hangup_hookx", created.Text[textCallerNumber])
	require.Equal(t, "Zoë system idx", created.Text[textCallerName])
}

// cancels: at any instant of an originate its HANGUP leaves no channel, and what was told of the leg is told to its end.
func cancels(t *testing.T, s *freeSwitch) {
	rounds := soaked(200, 40)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	mark := s.mark()
	var uuids []string
	for i := range rounds {
		uuid := s.newLeg()
		uuids = append(uuids, uuid)
		call, number := fmt.Sprintf("call-%d", i%3), s.dial([]string{"1001", "2001", "3001", "4001"}[random.IntN(4)])
		if random.IntN(4) == 0 {
			number = "user/1802@cti.test"
		}
		batch := []command{{kind: cmdOriginate, uuid: uuid, value: number, call: call}}
		hangup := command{kind: cmdHangup, uuid: uuid, call: call, cause: 16}
		switch random.IntN(3) {
		case 0: // while it is queued or running
			s.all(append(batch, hangup)...)
		case 1: // when it has been launched
			s.all(batch...)
			s.do(hangup)
		default: // some fillers between the two
			for range random.IntN(40) {
				batch = append(batch, command{kind: cmdSetVariable, uuid: uuid, name: "cti_a", value: "1", call: call + "x"})
			}
			s.all(append(batch, hangup)...)
		}
	}
	s.gone(uuids...)
	for _, uuid := range uuids {
		s.until(func() bool {
			kinds := told(s.records()[mark:], uuid)
			return len(kinds) == 0 || kinds[0] == "CREATED" && kinds[len(kinds)-1] == "DESTROYED"
		}, "%s to be told to its end", uuid)
	}
}

// cancelIsNotQueued: the HANGUP of what waits in a strand does not wait there, and the rest of the strand keeps its order.
func cancelIsNotQueued(t *testing.T, s *freeSwitch) {
	mark, uuid, other := s.mark(), s.newLeg(), s.originate("1001")
	const call = "busy-strand"
	causes := s.all(
		command{kind: cmdWait, uuid: other, name: "music", call: call},
		command{kind: cmdSetVariable, uuid: other, name: "cti_a", value: "1", call: call},
		command{kind: cmdOriginate, uuid: uuid, value: s.dial("3001"), call: call},
		command{kind: cmdHangup, uuid: other, call: call, cause: 16},
		command{kind: cmdHangup, uuid: uuid, call: call, cause: 21},
	)
	require.Equal(t, []int{0, 0, 21, 0, 0}, causes)
	s.awaitKind(mark, "ENDED", other)
	require.Empty(t, told(s.records()[mark:], uuid))
}

// strands: the commands of one call in order, those of others meanwhile.
func strands(t *testing.T, s *freeSwitch) {
	uuid := s.originate("1001")
	var commands []command
	for i := range 200 {
		commands = append(commands,
			command{kind: cmdSetVariable, uuid: uuid, name: "cti_n", value: fmt.Sprint(i), call: "one"},
			command{kind: cmdSetVariable, uuid: uuid, name: fmt.Sprintf("cti_o%d", i), value: "1", call: fmt.Sprint(i)})
	}
	mark, answers := s.mark(), s.answers(commands...)
	require.Equal(t, "199", s.api("uuid_getvar %s cti_n", uuid))
	one, last := map[uint64]bool{}, uint64(0)
	for i := 0; i < len(answers); i += 2 {
		one[answers[i].Command] = true
	}
	for _, r := range s.records()[mark:] {
		if r.Kind == "COMMAND_DONE" && one[r.Command] {
			require.Greater(t, r.Command, last, "the answers of one strand")
			last = r.Command
		}
	}
}

// bridges: two that wait are joined; when one ends, so does the other, at once.
func bridges(t *testing.T, s *freeSwitch) {
	for _, ends := range []int{0, 1} {
		s.quick(time.Second/2, func() time.Duration {
			mark := s.mark()
			pair := []string{s.originate("1001"), s.originate("1002")}
			s.accepted(command{kind: cmdBridge, uuid: pair[0], other: pair[1], call: "b"})
			s.awaitBridge(mark, pair[0], pair[1])
			s.accepted(command{kind: cmdBridge, uuid: pair[1], other: pair[0], call: "b"}) // already are
			s.accepted(command{kind: cmdHangup, uuid: pair[ends], call: "b"})
			first := s.awaitKind(mark, "HANGUP", pair[ends])
			second := s.awaitKind(mark, "HANGUP", pair[1-ends])
			return time.Duration(second.Mono - first.Mono)
		})
	}
}

// endsAtAnyInstant: however an end meets a bridge, a wait or a room, nobody is left behind whom the engine does not know to
// be alone: either the command was refused or what was joined ends together.
func endsAtAnyInstant(t *testing.T, s *freeSwitch) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	for range soaked(40, 10) {
		a, b, mark := s.originate("1001"), s.originate("1002"), s.mark()
		if random.IntN(2) == 0 {
			s.bridge(a, b)
		}
		first := command{kind: cmdBridge, uuid: a, other: b, call: "x"}
		switch random.IntN(4) {
		case 0:
			first = command{kind: cmdWait, uuid: a, name: "music", call: "x"}
		case 1:
			first = command{kind: cmdJoinRoom, uuid: a, name: "room", call: "x"}
		}
		batch := []command{first}
		for range random.IntN(60) {
			batch = append(batch, command{kind: cmdSetVariable, uuid: s.newLeg(), name: "cti_a", value: "1", call: "y"})
		}
		ends := []string{a, b}[random.IntN(2)]
		causes := s.all(append(batch, command{kind: cmdHangup, uuid: ends, call: "y"})...)
		s.awaitKind(mark, "ENDED", ends)
		other := map[string]string{a: b, b: a}[ends]
		if first.kind == cmdBridge && causes[0] == 0 {
			s.awaitKind(mark, "ENDED", other)
		} else {
			s.do(command{kind: cmdHangup, uuid: other})
		}
		s.gone(a, b)
	}
}

// movedAtOnce: whoever is moved out of a bridge as soon as the command has been answered is not ended by the partner's
// thread, which may not have come into it yet.
func movedAtOnce(t *testing.T, s *freeSwitch) {
	a, b := s.originate("1001"), s.originate("1002")
	for range soaked(60, 10) {
		for _, moved := range []string{a, b} {
			require.Equal(t, []int{0, 0}, s.all(command{kind: cmdBridge, uuid: a, other: b, call: "x"},
				command{kind: cmdWait, uuid: moved, name: "music", call: "x"}))
			s.inState(a, "CS_PARK")
			s.inState(b, "CS_PARK")
		}
	}
}

// bridgesAgain: the partners of before are parked, not ended, whichever side of the bridge they were (cti.h, BRIDGE).
func bridgesAgain(t *testing.T, s *freeSwitch) {
	a, b, c, d := s.originate("1001"), s.originate("1002"), s.originate("1003"), s.originate("1004")
	s.accepted(command{kind: cmdBridge, uuid: a, other: b, call: "b"})
	s.accepted(command{kind: cmdBridge, uuid: c, other: d, call: "b"})
	for range 3 {
		for _, pair := range [][4]string{{a, c, b, d}, {b, d, a, c}, {a, b, c, d}, {c, d, a, b}} {
			mark := s.mark()
			s.accepted(command{kind: cmdBridge, uuid: pair[0], other: pair[1], call: "b"})
			s.awaitBridge(mark, pair[0], pair[1])
		}
	}
	mark := s.mark()
	s.accepted(command{kind: cmdBridge, uuid: b, other: c, call: "b"})
	s.awaitBridge(mark, b, c)
	s.inState(a, "CS_PARK")
	s.inState(d, "CS_PARK")
	s.accepted(command{kind: cmdHangup, uuid: c, call: "b"})
	s.awaitKind(mark, "ENDED", b)
	require.Equal(t, "true", s.api("uuid_exists %s", a))
	require.Equal(t, "true", s.api("uuid_exists %s", d))
	s.accepted(command{kind: cmdBridge, uuid: a, other: d, call: "b"})
	s.accepted(command{kind: cmdHangup, uuid: a, call: "b"})
	s.awaitKind(mark, "ENDED", d)
}

// bridgesCaller: one that called the switch and rings at another is answered and taken; who rang for it rings no more.
func bridgesCaller(t *testing.T, s *freeSwitch) {
	caller, in, target := s.ringsFor("Caller")
	mark := s.mark()
	agent := s.originate("1001")
	s.accepted(command{kind: cmdBridge, uuid: agent, other: in, call: "b"})
	s.awaitBridge(mark, agent, in)
	s.awaitKind(mark, "ANSWERED", in)
	s.await(mark, "end of the target", func(r record) bool { return r.Kind == "ENDED" && r.Leg == target })
	s.accepted(command{kind: cmdHangup, uuid: agent, call: "b"})
	s.awaitKind(mark, "ENDED", in)
	s.awaitKind(mark, "ENDED", caller)
}

// ringsFor has somebody call a number that goes on to a phone, which rings.
func (s *freeSwitch) ringsFor(name string) (caller, in, target string) {
	s.t.Helper()
	mark, caller := s.mark(), s.newLeg()
	s.call(caller, name, "93001", "&park")
	in = s.incoming(mark, name, "93001")
	target = s.awaitKind(mark, "OUTGOING", in).Other
	s.await(mark, "target", func(r record) bool { return r.Kind == "RINGING" && r.Leg == target })
	return caller, in, target
}

// bridgeRefused: nothing is joined with what only rings, is gone or is itself; what was up stays as it was.
func bridgeRefused(t *testing.T, s *freeSwitch) {
	a, mark, ringing := s.originate("1001"), s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: ringing, value: s.dial("3001")})
	s.awaitKind(mark, "RINGING", ringing)
	require.Equal(t, causeState, s.do(command{kind: cmdBridge, uuid: a, other: ringing}))
	require.Equal(t, causeState, s.do(command{kind: cmdBridge, uuid: ringing, other: a}))
	require.Equal(t, causeState, s.do(command{kind: cmdWait, uuid: ringing, name: "music"}))
	require.Equal(t, causeRefused, s.do(command{kind: cmdBridge, uuid: a, other: a}))
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdBridge, uuid: a, other: s.newLeg()}))
	require.Equal(t, causeChannelGone, s.do(command{kind: cmdBridge, uuid: s.newLeg(), other: a}))
	s.inState(a, "CS_PARK")
	early, mark := s.newLeg(), s.mark()
	s.accepted(command{kind: cmdOriginate, uuid: early, value: s.dial("2001")})
	s.awaitKind(mark, "PROGRESS", early)
	s.accepted(command{kind: cmdBridge, uuid: a, other: early})
	s.awaitBridge(mark, a, early)
	s.accepted(command{kind: cmdHangup, uuid: early})
	s.awaitKind(mark, "ENDED", a)
}

// waits: from one to the other, for ever, and out of it into a bridge.
func waits(t *testing.T, s *freeSwitch) {
	a, b := s.originate("1001"), s.originate("1002")
	for _, name := range []string{"music", "ringback", "silence", "queue", "queue", "music", "music", "queue", "silence", "silence"} {
		s.accepted(command{kind: cmdWait, uuid: a, name: name, call: "w"})
		s.inState(a, "CS_PARK")
	}
	require.Equal(t, causeRefused, s.do(command{kind: cmdWait, uuid: a, name: "jazz"}))
	for _, name := range []string{"music", "ringback", "silence", "queue"} {
		mark := s.mark()
		s.accepted(command{kind: cmdWait, uuid: a, name: name, call: "w"})
		s.accepted(command{kind: cmdBridge, uuid: a, other: b, call: "w"})
		s.awaitBridge(mark, a, b)
	}
	s.accepted(command{kind: cmdHangup, uuid: b})
}

// waitParts: who waits leaves its bridge, and its partner is parked, whichever side of it each was.
func waitParts(t *testing.T, s *freeSwitch) {
	a, b := s.originate("1001"), s.originate("1002")
	for _, pair := range [][2]string{{a, b}, {b, a}, {a, b}} {
		for _, leaves := range pair {
			mark := s.mark()
			s.accepted(command{kind: cmdBridge, uuid: pair[0], other: pair[1], call: "w"})
			s.awaitBridge(mark, a, b)
			s.accepted(command{kind: cmdWait, uuid: leaves, name: "music", call: "w"})
			s.awaitKind(mark, "UNBRIDGED", a)
			s.awaitKind(mark, "UNBRIDGED", b)
			s.inState(a, "CS_PARK")
			s.inState(b, "CS_PARK")
		}
	}
}

// waitOfCaller: a caller whose target rings is taken out, stays unanswered, and the target is cancelled.
func waitOfCaller(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	caller, in, target := s.ringsFor("Waiting")
	s.accepted(command{kind: cmdWait, uuid: in, name: "ringback", call: "w"})
	ended := s.await(mark, "end of the target", func(r record) bool { return r.Kind == "ENDED" && r.Leg == target })
	require.Equal(t, originatorCancel, ended.Cause)
	s.inState(in, "CS_PARK")
	s.awaitKind(mark, "RINGING", caller)
	require.NotContains(t, told(s.records()[mark:], in), "ANSWERED")
	for _, name := range []string{"music", "queue", "silence", "ringback"} {
		s.accepted(command{kind: cmdWait, uuid: in, name: name, call: "w"})
		s.inState(in, "CS_PARK")
	}
	require.NotContains(t, told(s.records()[mark:], in), "ANSWERED")
	b := s.originate("1001")
	s.accepted(command{kind: cmdBridge, uuid: in, other: b, call: "w"})
	s.awaitBridge(mark, in, b)
	s.awaitKind(mark, "ANSWERED", caller)
	s.accepted(command{kind: cmdHangup, uuid: in, call: "w"})
	s.awaitKind(mark, "ENDED", b)
}

// roomOfEight: eight from wherever they are; who leaves for a bridge leaves the others in the room.
func roomOfEight(t *testing.T, s *freeSwitch) {
	mark, room := s.mark(), "cti-0a1b"
	var all []string
	for i := range 8 {
		all = append(all, s.originate(fmt.Sprintf("10%02d", i)))
	}
	s.accepted(command{kind: cmdBridge, uuid: all[0], other: all[1], call: "r"})
	s.accepted(command{kind: cmdWait, uuid: all[2], name: "music", call: "r"})
	for i, uuid := range all {
		s.accepted(command{kind: cmdJoinRoom, uuid: uuid, name: room, call: "r"})
		count := s.api("conference %s list count", room)
		require.Contains(t, count, fmt.Sprint(i+1), "he is a member before the next of the strand comes")
		require.Equal(t, []string{room}, s.awaitKind(mark, "ROOM_JOINED", uuid).Text)
	}
	require.Contains(t, s.api("conference %s list count", room), "8")
	for _, name := range []string{"", "a b", "a@b", "a+flags{moderator}", "../a", "${a}", "a'b"} {
		if name != "../a" {
			require.Equal(t, causeRefused, s.do(command{kind: cmdJoinRoom, uuid: all[0], name: name}), name)
		}
	}
	mark = s.mark()
	s.accepted(command{kind: cmdBridge, uuid: all[0], other: all[1], call: "r"})
	s.awaitKind(mark, "ROOM_LEFT", all[0])
	s.awaitKind(mark, "ROOM_LEFT", all[1])
	s.awaitBridge(mark, all[0], all[1])
	s.accepted(command{kind: cmdWait, uuid: all[2], name: "silence", call: "r"})
	s.awaitKind(mark, "ROOM_LEFT", all[2])
	s.accepted(command{kind: cmdHangup, uuid: all[3], call: "r"})
	s.awaitKind(mark, "ROOM_LEFT", all[3])
	require.Contains(t, s.api("conference %s list count", room), "4")
	s.accepted(command{kind: cmdJoinRoom, uuid: all[2], name: room, call: "r"})
	s.awaitKind(mark, "ROOM_JOINED", all[2])
}
