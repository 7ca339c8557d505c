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
func (s *freeSwitch) wentOn(callers []caller) {
	s.t.Helper()
	for _, c := range callers {
		s.until(func() bool { return s.variable(c.leg, "cti_queue_result") == "unavailable" }, "%s not to wait any more", c.leg)
		s.until(func() bool { return s.variable(c.leg, "current_application") == "park" }, "%s to go on", c.leg)
	}
}

// TestUnloadUnderCallers: who waits goes on in the dialplan, who talks talks on, and nobody is lost, any number of times.
func TestUnloadUnderCallers(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	for round := range soaked(4, 2) {
		waiting := s.mixed(16)
		talker, agent := s.inApp("8101", "cti_queue"), s.callUp("0001")
		s.bridgeAway(talker.call, agent)
		mark := s.mark()
		if round%2 == 0 {
			require.Equal(t, "+OK", s.api("unload mod_cti"))
			s.wentOn(waiting)
			require.True(t, s.tryAPI("load mod_cti"), s.log())
		} else {
			require.True(t, s.tryAPI("reload mod_cti"), s.log())
			s.wentOn(waiting)
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
}

// TestUnloadAmidBridges: a caller whom an agent has just been given is with him afterwards, or goes on in the dialplan.
func TestUnloadAmidBridges(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	for range soaked(6, 3) {
		c, agent := s.inApp("8101", "cti_queue"), s.callUp("0001")
		s.api("cti do %s", command{kind: cmdBridge, uuid: agent.leg, other: c.leg, call: "q"})
		begun := time.Now()
		s.until(func() bool { // the switch does not begin with it at the moment that an application of the module runs
			answer := s.api("unload mod_cti")
			require.Contains(t, []string{"+OK", "-ERR [Module in use.]"}, answer)
			return answer == "+OK"
		}, "the module to go")
		require.Less(t, time.Since(begun), 4*time.Second, "neither waits for the other")
		s.until(func() bool {
			return s.variable(c.leg, "bridge_uuid") == agent.leg || s.variable(c.leg, "cti_queue_result") == "unavailable"
		}, "the caller to be bridged or to go on")
		require.Equal(t, "true", s.api("uuid_exists %s", c.leg))
		mark := s.mark()
		require.True(t, s.tryAPI("load mod_cti"), s.log())
		s.await(mark, "snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" })
		s.api("hupall")
		s.emptied()
	}
}

// TestEngineDoesNotRead: an engine that has stopped reading what it is told lets nobody go; callers do not wait for it.
func TestEngineDoesNotRead(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	waiting := s.mixed(4)
	s.api("cti pause")
	s.call(s.newLeg(), "unread", "1001", "&park")
	s.wentOn(waiting)

	phone := s.newLeg()
	s.call(phone, "late", "8301", "&park")
	s.until(func() bool { return strings.Contains(s.api("show channels"), ",park,") }, "who comes later to go on too")
	mark := s.mark()
	s.api("cti resume")
	leg := s.incoming(mark, "late", "8301")
	require.Equal(t, "unavailable", s.returned(mark, leg, "cti_queue_result"))
	require.Equal(t, 1, count(legOnly(s.records()[mark:], leg), "EXECUTED"), "who comes later is not kept at all: only the park is told")
	s.until(func() bool {
		c := s.callNow("8301")
		return s.do(command{kind: cmdReturn, uuid: c, value: "timeout"}) == 0
	}, "it to read again, and callers to wait again")
	s.api("hupall")
	s.emptied()
}

// callNow has somebody call a number and returns the leg that runs the dialplan.
func (s *freeSwitch) callNow(number string) string {
	mark, phone := s.mark(), s.newLeg()
	s.call(phone, "now"+phone[:8], number, "&park")
	return s.incoming(mark, "now"+phone[:8], number)
}

// TestFullRingCallers: what cannot be told will not be answered: the caller goes on at once.
func TestFullRingCallers(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	s.api("cti pause")
	for s.figure("moduleRecordsLost|") == 0 {
		s.api("cti many %d %s", commandQueueLength, s.newLeg())
	}
	begun, phone := time.Now(), s.newLeg()
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
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Pid))
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
		s.until(func() bool { return count(s.records()[mark:], "EXECUTED") >= callers }, "everybody to wait")
		s.until(func() bool { return s.api("show channels count") == fmt.Sprintf("%d total.", callers) }, "nobody else to be there")
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

// TestSnapshotTellsWhoWaits: cti.h, EXECUTED and the flag PARKED: each snapshot tells once more who is in cti_queue, between his
// FOUND and its end, and not of whom something has taken out or lets go; of who waits in a queue without it, it tells that.
func TestSnapshotTellsWhoWaits(t *testing.T) {
	t.Parallel()
	s := start(t, "-np")
	waiting, returned, moved := s.mixed(8), s.inApp("8101", "cti_queue"), s.inApp("8301", "cti_queue")
	parked, bridged, agent := s.inApp("8101", "cti_queue"), s.inApp("8101", "cti_queue"), s.callUp("0001")
	s.accepted(command{kind: cmdReturn, uuid: returned.leg, value: "timeout"})
	s.accepted(command{kind: cmdWait, uuid: moved.leg, name: "music"})
	s.accepted(command{kind: cmdWait, uuid: parked.leg, name: "queue"})
	s.bridgeAway(bridged.call, agent)
	for range 3 {
		mark := s.mark()
		s.submit("snapshot")
		told, inside, parkedNow := map[string]string{}, map[string]bool{}, []string{}
		for _, r := range s.records()[mark:] {
			switch {
			case r.Kind == "FOUND":
				inside[r.Leg] = true
				if r.Flags&flagParked != 0 {
					parkedNow = append(parkedNow, r.Leg)
				}
			case r.Kind == "SNAPSHOT_END":
				clear(inside)
			case r.Kind == "EXECUTED" && r.Text[0] == "cti_queue":
				require.True(t, inside[r.Leg], "between its FOUND and the end")
				require.Zero(t, r.Seq, "it is none of the channel's own")
				told[r.Leg] = r.Text[1]
			}
		}
		require.Equal(t, []string{hex(parked.leg)}, parkedNow)
		require.Len(t, told, len(waiting))
		for _, c := range waiting {
			require.Equal(t, c.executed.Text[1], told[hex(c.leg)])
		}
	}
	for _, c := range waiting { // those who leave while snapshots are told one after the other are not told of when they have left
		s.api("cti do %s", command{kind: cmdReturn, uuid: c.leg, value: "timeout"})
		s.submit("snapshot")
	}
	answered := map[string]bool{}
	for _, r := range s.records() {
		switch {
		case r.Kind == "EXECUTED" && r.Text[0] == "park":
			answered[r.Leg] = true
		case r.Kind == "EXECUTED" && r.Text[0] == "cti_queue":
			require.False(t, answered[r.Leg], "told again when it has left")
		}
	}
	s.api("hupall")
	s.emptied()
}
