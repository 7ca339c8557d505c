package fsmod

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// blame: whoever hangs up at any instant of a bridge is told to have ended before the one who is ended because of it,
// and that it was his phone that said so (3.13, R21: who hung up).
func blame(t *testing.T, s *freeSwitch) {
	const together = 4 // the switch takes 300 channels a second
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 3))
	for round := range soaked(60, 5) {
		mark := s.mark()
		var stay, leave [together]string
		var calls, acts []command
		for i := range together {
			stay[i], leave[i] = s.newLeg(), s.newLeg()
			name := fmt.Sprintf("Blame %d %d", round, i)
			calls = append(calls,
				command{kind: cmdOriginate, uuid: stay[i], value: s.dial("1001"), call: stay[i]},
				command{kind: cmdOriginate, uuid: leave[i], value: s.dial("1002"), callerName: name, call: leave[i]})
		}
		s.all(calls...)
		for i := range together {
			s.awaitKind(mark, "ANSWERED", stay[i])
			s.awaitKind(mark, "ANSWERED", leave[i])
			bridge := command{kind: cmdBridge, uuid: stay[i], other: leave[i], call: stay[i]}
			if random.IntN(2) == 0 {
				bridge.uuid, bridge.other = leave[i], stay[i]
			}
			acts = append(acts, bridge)
			for range random.IntN(60) {
				acts = append(acts, command{kind: cmdSetVariable, uuid: s.newLeg(), name: "cti_a", value: "1", call: "y"})
			}
			far := s.incoming(mark, fmt.Sprintf("Blame %d %d", round, i), "1002")
			acts = append(acts, command{kind: cmdHangup, uuid: far, cause: 16, call: "y"})
		}
		s.all(acts...)
		for i := range together {
			require.Equal(t, recvBye, s.awaitKind(mark, "ENDED", leave[i]).Disposition)
			s.do(command{kind: cmdHangup, uuid: stay[i]}) // where he left before the bridge was
			s.awaitKind(mark, "ENDED", stay[i])
			all := s.records()[mark:]
			require.Less(t, indexOf(all, "HANGUP", leave[i]), indexOf(all, "HANGUP", stay[i]), "round %d", round)
		}
	}
}

// blameObserved: whom a supervisor listens to hangs up, and is told to have ended before the supervisor is, who ends
// because of it (3.10).
func blameObserved(t *testing.T, s *freeSwitch) {
	const together = 8
	for range soaked(40, 3) {
		mark := s.mark()
		var target, observer [together]call
		for i := range together {
			target[i], observer[i] = s.callUp("1001"), s.callUp("1003")
			s.accepted(command{kind: cmdEavesdrop, uuid: observer[i].leg, other: target[i].leg, name: "nobody"})
			s.awaitKind(mark, "BRIDGED", observer[i].leg)
		}
		var acts []command
		for i := range together {
			acts = append(acts, command{kind: cmdHangup, uuid: target[i].phone, cause: 16})
		}
		s.all(acts...)
		for i := range together {
			require.Equal(t, recvBye, s.awaitKind(mark, "ENDED", target[i].leg).Disposition)
			s.awaitKind(mark, "ENDED", observer[i].leg)
			all := s.records()[mark:]
			require.Less(t, indexOf(all, "HANGUP", target[i].leg), indexOf(all, "HANGUP", observer[i].leg))
		}
	}
}

// blameNoted: a phone's BYE is noted on its leg before the leg ends, and the partner is hung up in between, as he is when the
// leg's media have gone. Whose phone hung up is told first all the same (3.14).
func blameNoted(t *testing.T, s *freeSwitch) {
	leaves, stays := s.originate("1001"), s.originate("1002")
	s.bridge(leaves, stays)
	mark := s.mark()
	s.api("uuid_setvar %s sip_term_status 200", leaves)
	s.api("bgapi uuid_kill %s", stays)
	for range 5 {
		s.api("status") // meanwhile the partner's end has begun
	}
	s.api("uuid_kill %s", leaves)
	s.awaitKind(mark, "ENDED", stays)
	s.awaitKind(mark, "ENDED", leaves)
	all := s.records()[mark:]
	first, second := indexOf(all, "HANGUP", leaves), indexOf(all, "HANGUP", stays)
	require.Less(t, first, second)
	require.Equal(t, recvBye, all[first].Disposition)
	require.NotEqual(t, recvBye, all[second].Disposition)
}

func indexOf(all []record, kind, uuid string) int {
	return slices.IndexFunc(all, func(r record) bool { return r.Kind == kind && r.Leg == hex(uuid) })
}
