package fsmod

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mixed are callers of every kind of queue, some of whom are just told something.
func (s *freeSwitch) mixed(callers int) (all []caller) {
	for i := range callers {
		c := s.inApp([]string{"8101", "8201", "8301", "8401"}[i%4], "cti_queue")
		if i%8 > 3 {
			s.accepted(command{kind: cmdSay, uuid: c.leg, name: "file", value: prompt})
		}
		all = append(all, c)
	}
	return all
}

// wentOn waits until callers are behind our application in the dialplan, told why.
func (s *freeSwitch) wentOn(callers []caller, within time.Duration) {
	s.t.Helper()
	for _, c := range callers {
		require.Eventually(s.t, func() bool { return s.variable(c.leg, "cti_queue_result") == "unavailable" },
			within, 20e6, "%s waits on", c.leg)
		require.Eventually(s.t, func() bool { return s.variable(c.leg, "current_application") == "park" },
			patience, 20e6, "%s does not go on", c.leg)
	}
}

// TestUnloadUnderCallers: who waits goes on in the dialplan, who talks talks on, and nobody is lost, any number of times.
func TestUnloadUnderCallers(t *testing.T) {
	s := start(t, "-np")
	for round := range soaked(4, 2) {
		waiting := s.mixed(16)
		talker, agent := s.inApp("8101", "cti_queue"), s.callUp("0001")
		s.bridgeAway(talker.call, agent)
		mark := s.mark()
		if round%2 == 0 {
			require.Equal(t, "+OK", s.api("unload mod_cti"))
			s.wentOn(waiting, patience)
			require.True(t, s.tryAPI("load mod_cti"), s.log())
		} else {
			require.True(t, s.tryAPI("reload mod_cti"), s.log())
			s.wentOn(waiting, patience)
		}
		s.await(mark, "snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" })
		require.Equal(t, 2*len(waiting)+4, count(s.records()[mark:], "FOUND"), "everybody is still there")
		s.hearsTone(talker.phone, hertzTalk)
		require.Equal(t, causeState, s.do(command{kind: cmdReturn, uuid: waiting[0].leg, value: "late"}))

		mark = s.mark()
		again := s.inApp("8101", "cti_queue")
		s.accepted(command{kind: cmdReturn, uuid: again.leg, value: "timeout"})
		require.Equal(t, "timeout", s.returned(mark, again.leg, "cti_queue_result"))
		s.api("hupall")
		s.emptied()
	}
	s.awaitLog("cti_queue 8101 5: the CTI engine is not there; the caller goes on in the dialplan")
	s.stop()
}

// TestUnloadAmidBridges: a caller whom an agent has just been given is with him afterwards, or goes on in the dialplan.
func TestUnloadAmidBridges(t *testing.T) {
	s := start(t, "-np")
	for range soaked(6, 3) {
		c, agent := s.inApp("8101", "cti_queue"), s.callUp("0001")
		s.api("cti do %s", command{kind: cmdBridge, uuid: agent.leg, other: c.leg, call: "q"})
		begun := time.Now()
		require.Equal(t, "+OK", s.api("unload mod_cti"))
		require.Less(t, time.Since(begun), 4*time.Second, "neither waits for the other")
		require.Eventually(t, func() bool {
			return s.variable(c.leg, "bridge_uuid") == agent.leg || s.variable(c.leg, "cti_queue_result") == "unavailable"
		}, patience, 20e6)
		require.Equal(t, "true", s.api("uuid_exists %s", c.leg))
		mark := s.mark()
		require.True(t, s.tryAPI("load mod_cti"), s.log())
		s.await(mark, "snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" })
		s.api("hupall")
		s.emptied()
	}
	s.stop()
}

// TestEngineDoesNotRead: an engine that has stopped reading what it is told lets nobody go; callers do not wait for it.
func TestEngineDoesNotRead(t *testing.T) {
	s := start(t, "-np")
	waiting := s.mixed(4)
	s.api("cti pause")
	s.call(newLeg(), "unread", "1001", "&park")
	s.wentOn(waiting, patience)

	begun, phone := time.Now(), newLeg()
	s.call(phone, "late", "8301", "&park")
	require.Eventually(t, func() bool {
		return strings.Contains(s.api("show channels"), ",8301 5,") ||
			strings.Contains(s.api("show channels"), ",park,")
	}, patience, 20e6)
	require.Less(t, time.Since(begun), 3*time.Second, "who comes later is not kept at all")
	mark := s.mark()
	s.api("cti resume")
	leg := s.incoming(mark, "late", "8301")
	require.Equal(t, "unavailable", s.returned(mark, leg, "cti_queue_result"))
	require.Eventually(t, func() bool {
		c := s.callNow("8301")
		return s.do(command{kind: cmdReturn, uuid: c, value: "timeout"}) == 0
	}, patience, 1e9, "it reads again, and callers wait again")
	s.api("hupall")
	s.emptied()
}

// callNow has somebody call a number and returns the leg that runs the dialplan.
func (s *freeSwitch) callNow(number string) string {
	mark, phone := s.mark(), newLeg()
	s.call(phone, "now"+phone[:8], number, "&park")
	return s.incoming(mark, "now"+phone[:8], number)
}

// TestFullRingCallers: what cannot be told will not be answered: the caller goes on at once.
func TestFullRingCallers(t *testing.T) {
	s := start(t, "-np")
	s.api("cti pause")
	for s.figure("moduleRecordsLost|") == 0 {
		s.api("cti many %d %s", commandQueueLength, newLeg())
	}
	begun, phone := time.Now(), newLeg()
	s.call(phone, "full", "8301", "&park")
	s.awaitLog("cti_queue 8301 5: the CTI engine is not there; the caller goes on in the dialplan")
	require.Less(t, time.Since(begun), 3*time.Second)
	s.api("cti resume")
	s.api("hupall")
	s.emptied()
}

// processor is how much of the processor the switch has used.
func (s *freeSwitch) processor() time.Duration {
	s.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	require.NoError(s.t, err)
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+2:]))
	const ticksPerSecond, user, system = 100, 11, 12
	ticks := 0
	for _, field := range []int{user, system} {
		n, err := strconv.Atoi(fields[field])
		require.NoError(s.t, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond
}

// TestSoakWaitingCosts: a caller who waits costs what the switch's own parked channel does, and one without media nothing.
func TestSoakWaitingCosts(t *testing.T) {
	if os.Getenv("CTI_SOAK") == "" {
		t.Skip("CTI_SOAK is not set: what waiting callers cost was not measured")
	}
	const callers, span = 100, 4 * time.Second
	s := start(t, "-np")
	cost := func(callers int, what, number string) float64 {
		s.t.Helper()
		mark := s.mark()
		if callers > 0 {
			s.sipp(t, "waits", freePort(t, "udp"), "-m", fmt.Sprint(callers), "-r", "100", "-rp", "1000", "-s", number)
		}
		require.Eventually(t, func() bool { return count(s.records()[mark:], "EXECUTED") >= callers }, patience, 50e6)
		require.Eventually(t, func() bool { return s.api("show channels count") == fmt.Sprintf("%d total.", callers) }, patience, 50e6)
		posted, used, begun := s.posted(), s.processor(), time.Now()
		<-time.After(span)
		percent := 100 * (s.processor() - used).Seconds() / time.Since(begun).Seconds()
		require.LessOrEqual(t, s.posted()-posted, 2, "nothing happens")
		t.Logf("%d callers, %s: %.1f %% of a processor", callers, what, percent)
		s.api("hupall")
		s.emptied()
		return percent
	}
	idle := cost(0, "none", "")
	parked := cost(callers, "parked", "1001")
	silent := cost(callers, "in a queue in silence", "8301")
	ringing := cost(callers, "in a queue that rings, without media", "8401")
	music := cost(callers, "in a queue with music of their own each", "8101")
	require.Less(t, silent, 1.5*parked+3)
	require.Less(t, ringing, idle+2)
	require.Positive(t, music)
}
