package fsmod

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	forkUser = "1510"
	forkDial = "user/1510@cti.test"
)

// rung is what a fork has told of its leg: the uuid that it goes by now, and the kinds of its records in order.
func (s *freeSwitch) rung(mark int, uuid string) (now string, kinds []string) {
	now = uuid
	for _, r := range s.records()[mark:] {
		if r.Leg != hex(now) || r.Kind == "FOUND" {
			continue
		}
		kinds = append(kinds, r.Kind)
		if r.Kind == "RENAMED" {
			now = r.Text[textUUID]
		}
	}
	return now, kinds
}

// phones registers two phones of one user and has each play its part; the first is the one that the directory names first
// unless swapped. The test ends both registrations.
func (s *freeSwitch) phones(t *testing.T, parts [2][]string) (playing [2]*exec.Cmd) {
	t.Helper()
	for i, part := range parts {
		device := string(rune('a' + i))
		s.register(forkUser, device, "300")
		t.Cleanup(func() { s.register(forkUser, device, "0") })
		port := devicePorts[forkUser+device]
		playing[i] = s.sipp(t, part[0], port, append([]string{"-m", "1"}, part[1:]...)...)
		require.Eventually(t, func() bool { return taken(port) }, patience, 5*time.Millisecond)
	}
	return playing
}

// taken tells whether somebody listens at a port. To bind it, to see, could keep the other from it.
func taken(port int) bool {
	sockets, err := os.ReadFile("/proc/net/udp")
	return err != nil || strings.Contains(string(sockets), fmt.Sprintf(":%04X ", port))
}

// bothWays plays two parts by the two phones of a user, either part by either.
func (s *freeSwitch) bothWays(t *testing.T, one, other []string, then func(s *freeSwitch, uuid string, mark int)) {
	if _, err := exec.LookPath("sipp"); err != nil {
		t.Skip("SIPp is not installed")
	}
	for name, parts := range map[string][2][]string{"one way": {one, other}, "other way": {other, one}} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			playing := s.phones(t, parts)
			uuid, mark := s.newLeg(), s.mark()
			s.accepted(command{kind: cmdOriginate, uuid: uuid, value: forkDial, call: "fork", callerNumber: "555"})
			then(s, uuid, mark)
			for i := range playing {
				require.NoError(t, playing[i].Wait(), "phone %d", i)
			}
			s.emptied()
			require.Equal(t, 1, made(s.records()[mark:]), "the engine hears of one leg")
		})
	}
}

// made counts the channels to the user that were told of.
func made(all []record) (n int) {
	for _, r := range all {
		if r.Kind == "CREATED" && r.Text[textUser] == forkUser {
			n++
		}
	}
	return n
}

// allRing: cti.h, ORIGINATE: of several phones all ring, one answers, the others are cancelled, and the leg that the engine
// knows goes on as the one that answered.
func allRing(t *testing.T, s *freeSwitch) {
	renamed := 0
	s.bothWays(t, []string{"cancelled"}, []string{"answers", "-d", "300"}, func(s *freeSwitch, uuid string, mark int) {
		s.accepted(command{kind: cmdSetVariable, uuid: uuid, name: "cti_note", value: "told before"})
		s.await(mark, "answer", func(r record) bool { return r.Kind == "ANSWERED" })
		now, kinds := s.rung(mark, uuid)
		if now != uuid {
			renamed++
			require.Equal(s.t, []string{"CREATED", "RINGING", "RENAMED", "ANSWERED"}, kinds)
		} else {
			require.Equal(s.t, []string{"CREATED", "RINGING", "ANSWERED"}, kinds)
		}
		s.inState(now, "CS_PARK")
		for name, want := range map[string]string{
			"cti_note": "told before", "cti_party_id": hex(uuid), "cti_call_id": "fork", "cti_desk": "yes", "desk": "by the window",
			"dialed_user": forkUser, "presence_id": forkUser + "@cti.test",
		} {
			require.Equal(s.t, want, s.api("uuid_getvar %s %s", now, name), name)
		}
		s.submit("snapshot")
		require.Equal(s.t, 1, count(s.records()[mark:], "FOUND"))
		partner := s.originate("1001")
		s.accepted(command{kind: cmdBridge, uuid: partner, other: now, call: "fork"})
		s.awaitBridge(mark, partner, now)
		s.accepted(command{kind: cmdHangup, uuid: uuid, call: "fork"}) // by the name that the engine may still know
		s.awaitKind(mark, "DESTROYED", now)
		_, kinds = s.rung(mark, uuid)
		kinds = slices.DeleteFunc(kinds, func(kind string) bool { return kind == "UNBRIDGED" }) // told by either side's thread
		require.Equal(s.t, "ENDED DESTROYED", strings.Join(kinds[len(kinds)-2:], " "))
	})
	require.Equal(t, 1, renamed, "one of the two phones was the one that the engine knew from the start")
}

// oneRefuses: a phone that is busy leaves the other ringing; what the leg is told as goes on in either case.
func oneRefuses(t *testing.T, s *freeSwitch) {
	s.bothWays(t, []string{"refuses", "-d", "50"}, []string{"answers", "-d", "600"},
		func(s *freeSwitch, uuid string, mark int) {
			s.await(mark, "answer", func(r record) bool { return r.Kind == "ANSWERED" })
			now, kinds := s.rung(mark, uuid)
			require.NotContains(s.t, kinds, "HANGUP")
			s.accepted(command{kind: cmdHangup, uuid: now, call: "fork"})
			s.awaitKind(mark, "DESTROYED", now)
		})
}

// personRefuses: who declines (603) declines for all of his phones, and is told to have.
func personRefuses(t *testing.T, s *freeSwitch) {
	s.bothWays(t, []string{"cancelled"}, []string{"refuses", "-d", "200", "-set", "declines", "1"},
		func(s *freeSwitch, uuid string, mark int) {
			const callRejected = 21
			ended := s.await(mark, "end", func(r record) bool { return r.Kind == "ENDED" })
			require.Equal(s.t, callRejected, ended.Cause)
			require.Equal(s.t, recvRefuse, ended.Disposition)
			_, kinds := s.rung(mark, uuid)
			require.Equal(s.t, 1, strings.Count(strings.Join(kinds, " "), "ENDED"))
		})
}

// allRefuse: when the last phone is gone so is the leg, once.
func allRefuse(t *testing.T, s *freeSwitch) {
	s.bothWays(t, []string{"refuses", "-d", "50"}, []string{"refuses", "-d", "400"},
		func(s *freeSwitch, uuid string, mark int) {
			s.await(mark, "end", func(r record) bool { return r.Kind == "DESTROYED" })
			_, kinds := s.rung(mark, uuid)
			require.Equal(s.t, "HANGUP ENDED DESTROYED", strings.Join(kinds[len(kinds)-3:], " "))
			require.Equal(s.t, 1, count(s.records()[mark:], "ENDED"))
		})
}

// allCancelled: the HANGUP of what rings at several phones silences all of them.
func allCancelled(t *testing.T, s *freeSwitch) {
	s.bothWays(t, []string{"cancelled"}, []string{"cancelled"}, func(s *freeSwitch, uuid string, mark int) {
		require.Eventually(s.t, func() bool { return strings.Count(s.api("show channels"), "RINGING") == 2 }, patience, 20e6)
		s.accepted(command{kind: cmdHangup, uuid: uuid, call: "fork", cause: 16})
		s.awaitKind(mark, "DESTROYED", uuid)
		require.Equal(s.t, []string{"CREATED", "RINGING", "HANGUP", "ENDED", "DESTROYED"}, told(s.records()[mark:], uuid))
	})
}

// bothAnswer: at the same moment: one is the leg, the other is hung up, and nobody is left.
func bothAnswer(t *testing.T, s *freeSwitch) {
	for range soaked(20, 1) {
		atOnce := []string{"answers", "-set", "at_once", "1"}
		s.bothWays(t, atOnce, atOnce, func(s *freeSwitch, uuid string, mark int) {
			s.await(mark, "answer", func(r record) bool { return r.Kind == "ANSWERED" })
			require.Eventually(s.t, func() bool { return strings.HasPrefix(s.api("show channels count"), "1 total") }, patience, 20e6)
			now, kinds := s.rung(mark, uuid)
			require.Equal(s.t, 1, strings.Count(strings.Join(kinds, " "), "ANSWERED"))
			require.Equal(s.t, "true", s.api("uuid_exists %s", now))
			s.accepted(command{kind: cmdHangup, uuid: now})
		})
	}
}
