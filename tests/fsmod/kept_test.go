package fsmod

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// keptLegs: cti.h, ORIGINATE with the name kept: the channel is parked, not ended, when its bridge ends because the other did,
// whichever of the two the command named first, or its room, or whom it listens to.
func keptLegs(t *testing.T, s *freeSwitch) {
	mark, b := s.mark(), s.newLeg()
	s.accepted(command{kind: cmdOriginate, uuid: b, name: "kept", value: s.dial("1001"), call: "nailed-1"})
	s.awaitKind(mark, "ANSWERED", b)
	require.Equal(t, causeRefused, s.do(command{kind: cmdOriginate, uuid: s.newLeg(), name: "other", value: s.dial("1001")}))
	parked := func() {
		s.inState(b, "CS_PARK")
		s.accepted(command{kind: cmdWait, uuid: b, name: "silence", call: "k"})
		s.inState(b, "CS_PARK")
	}
	for round := range 10 {
		mark, c := s.mark(), s.originate("1002")
		pair := command{kind: cmdBridge, uuid: b, other: c, call: "k"}
		if round%2 == 1 {
			pair.uuid, pair.other = c, b
		}
		s.accepted(pair)
		s.awaitBridge(mark, b, c)
		s.accepted(command{kind: cmdHangup, uuid: c})
		s.awaitKind(mark, "DESTROYED", c)
		s.awaitKind(mark, "UNBRIDGED", b)
		parked()
	}
	mark = s.mark()
	c := s.originate("1002")
	s.accepted(command{kind: cmdEavesdrop, uuid: b, other: c, name: "nobody", call: "k"})
	s.accepted(command{kind: cmdHangup, uuid: c})
	s.awaitKind(mark, "DESTROYED", c)
	parked()
	s.accepted(command{kind: cmdJoinRoom, uuid: b, name: "cti-kept", call: "k"})
	s.awaitKind(mark, "ROOM_JOINED", b)
	s.api("conference cti-kept kick all")
	s.awaitKind(mark, "ROOM_LEFT", b)
	parked()
	s.accepted(command{kind: cmdHangup, uuid: b})
	s.awaitKind(mark, "DESTROYED", b)
}

// keptBridges: cti.h, BRIDGE with the name kept: the first channel is parked, not ended, when the other ends, and the other ends
// with the first; of two that are joined already only that is changed.
func keptBridges(t *testing.T, s *freeSwitch) {
	join := func(name, a, b string) {
		mark := s.mark()
		s.accepted(command{kind: cmdBridge, uuid: a, other: b, name: name, call: "k"})
		if name != "" {
			s.awaitBridge(mark, a, b)
		}
	}
	end := func(uuid string) {
		mark := s.mark()
		s.accepted(command{kind: cmdHangup, uuid: uuid})
		s.awaitKind(mark, "DESTROYED", uuid)
	}
	a := s.originate("1001")
	for range 10 {
		b := s.originate("1002")
		require.Equal(t, causeRefused, s.do(command{kind: cmdBridge, uuid: a, other: b, name: "other", call: "k"}))
		join("kept", a, b)
		mark := s.mark()
		end(b)
		s.awaitKind(mark, "UNBRIDGED", a)
		s.inState(a, "CS_PARK")
	}
	mark := s.mark()
	b := s.originate("1002")
	join("kept", a, b)
	end(a)
	s.awaitKind(mark, "DESTROYED", b)
	a, b = s.originate("1001"), s.originate("1002")
	join("kept", a, b)
	join("", a, b)
	mark = s.mark()
	end(b)
	s.awaitKind(mark, "DESTROYED", a)
}
