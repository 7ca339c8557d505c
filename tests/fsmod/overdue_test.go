package fsmod

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const causeOverdue = 102 // the deadline passed first

// TestBridgeOverdue: two who were to be joined are up, and the thread of one of them does not come to it in time. The command is
// answered, and the other is not lost: he hears what he is told to, also when that thread is free again or its channel ended.
func TestBridgeOverdue(t *testing.T) {
	share(t).atOnce(map[string]func(*testing.T, *freeSwitch){
		"from cti_queue, the agent first": overdueBridge(func(s *freeSwitch) call { return s.inApp("8101", "cti_queue").call }, false),
		"parked, the agent first":         overdueBridge(func(s *freeSwitch) call { return s.waitsInQueue() }, false),
		"from cti_queue, he first":        overdueBridge(func(s *freeSwitch) call { return s.inApp("8101", "cti_queue").call }, true),
		"parked, he first":                overdueBridge(func(s *freeSwitch) call { return s.waitsInQueue() }, true),
		"the caller's thread":             overdueCaller,
	})
}

func overdueBridge(waits func(*freeSwitch) call, first bool) func(*testing.T, *freeSwitch) {
	return func(t *testing.T, s *freeSwitch) {
		c, agent := waits(s), s.callUp("0001")
		join := command{kind: cmdBridge, uuid: agent.leg, other: c.leg, call: c.leg}
		if first {
			join.uuid, join.other = c.leg, agent.leg
		}
		s.stalls(agent.leg, 9*time.Second)
		require.Equal(t, []int{causeOverdue, 0, 0}, s.all(join,
			command{kind: cmdWait, uuid: c.leg, name: "queue", call: c.leg}, command{kind: cmdHangup, uuid: agent.leg, call: c.leg}))
		heard := s.newTape(c.phone)
		s.hear(map[*tape]float64{heard: hertzMusic})
		s.awaitKind(0, "ENDED", agent.leg)
		s.hear(map[*tape]float64{heard: hertzMusic})
		s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
		s.hear(map[*tape]float64{heard: hertzPrompt})
		s.bridgeAway(c, s.callUp("0001"))
		s.hear(map[*tape]float64{heard: hertzTalk})
	}
}

// overdueCaller: it is the caller's own thread that is late, and the agent's waits for it.
func overdueCaller(t *testing.T, s *freeSwitch) {
	c, agent := s.inApp("8101", "cti_queue").call, s.callUp("0001")
	s.stalls(c.leg, 6*time.Second)
	require.Equal(t, []int{causeOverdue, 0, 0}, s.all(command{kind: cmdBridge, uuid: agent.leg, other: c.leg, call: c.leg},
		command{kind: cmdWait, uuid: c.leg, name: "queue", call: c.leg}, command{kind: cmdHangup, uuid: agent.leg, call: c.leg}))
	s.awaitKind(0, "ENDED", agent.leg)
	heard := s.newTape(c.phone)
	s.hear(map[*tape]float64{heard: hertzMusic})
	s.bridgeAway(c, s.callUp("0001"))
	s.hear(map[*tape]float64{heard: hertzTalk})
}

// stalls keeps a channel's thread busy for so long.
func (s *freeSwitch) stalls(leg string, during time.Duration) {
	s.t.Helper()
	s.api("uuid_broadcast %s ctitest_stall::%d aleg", leg, during.Milliseconds())
	s.until(func() bool { return s.variable(leg, "current_application") == "ctitest_stall" }, "%s to be busy", leg)
}
