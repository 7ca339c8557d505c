package fsmod

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLegs tries what legs may meet with on one switch, one case after the other.
func TestLegs(t *testing.T) {
	share(t).oneByOne(map[string]func(*testing.T, *freeSwitch){
		"who hung up":        blame,
		"observed":           blameObserved,
		"noted":              blameNoted,
		"sent on":            sentOn,
		"adopted":            adopted,
		"all phones ring":    allRing,
		"one phone refuses":  oneRefuses,
		"the person refuses": personRefuses,
		"all refuse":         allRefuse,
		"all are cancelled":  allCancelled,
		"both answer":        bothAnswer,
		"lamps":              lamps,
		"flickering lamps":   flickering,
	})
}

// sentOn: that a leg is sent to a number is told once, and before what it does there, also when another thread than its
// own sends it: when it is answered, or out of what it did.
func sentOn(t *testing.T, s *freeSwitch) {
	const together = 8
	for range soaked(20, 3) {
		mark := s.mark()
		var legs [together]string
		for i := range together {
			legs[i] = s.newLeg()
			s.api("bgapi originate {origination_uuid=%s}%s 8101 XML default", legs[i], s.dial("1001"))
		}
		for _, leg := range legs {
			s.awaitApp(mark, leg, "cti_queue")
			require.True(t, s.tryAPI("uuid_transfer %s 7001 XML default", leg))
			s.awaitApp(mark, leg, "conference")
		}
		for _, leg := range legs {
			kinds := slices.DeleteFunc(told(s.records()[mark:], leg), func(kind string) bool {
				return kind != "TRANSFERRED" && kind != "EXECUTED"
			})
			require.Equal(t, []string{"TRANSFERRED", "EXECUTED", "TRANSFERRED", "EXECUTED"}, kinds)
		}
		for _, leg := range legs {
			s.api("uuid_kill %s", leg)
		}
		s.gone(legs[:]...)
	}
}

// adopted: channels that were up before the module take every command at once, wherever they are: parked, in an
// application or bridged (cti.h, WAIT, JOIN_ROOM, EAVESDROP, BRIDGE).
func adopted(t *testing.T, s *freeSwitch) {
	require.True(t, s.tryAPI("unload mod_cti"))
	uuids := map[string]string{}
	for name, leg := range map[string]string{
		"parked": "&park", "playing": "&endless_playback(tone_stream://%(10000,0,440);loops=-1)", "supervisor": "&park",
		"joins": "&park", "first": "&park", "second": "&park", "third": "&park",
	} {
		uuids[name] = s.newLeg()
		s.api("originate {origination_uuid=%s}%s %s", uuids[name], s.dial("1001"), leg)
	}
	require.True(t, s.tryAPI("uuid_bridge %s %s", uuids["first"], uuids["second"]))
	s.until(func() bool {
		return s.api("uuid_getvar %s bridge_to", uuids["first"]) == uuids["second"] &&
			s.api("uuid_getvar %s bridge_to", uuids["second"]) == uuids["first"]
	}, "the switch to bridge, which it does in its own time")
	mark := s.mark()
	require.True(t, s.tryAPI("load mod_cti"))
	s.await(mark, "unasked snapshot", func(r record) bool { return r.Kind == "SNAPSHOT_END" && r.Command == 0 })

	for _, name := range []string{"parked", "playing", "first"} {
		s.accepted(command{kind: cmdWait, uuid: uuids[name], name: "music", call: name})
		s.inState(uuids[name], "CS_PARK")
	}
	s.inState(uuids["second"], "CS_PARK") // its partner was taken away: it is parked, not ended
	s.accepted(command{kind: cmdJoinRoom, uuid: uuids["joins"], name: "adopted"})
	s.accepted(command{kind: cmdJoinRoom, uuid: uuids["second"], name: "adopted"})
	for _, name := range []string{"joins", "second"} {
		require.Equal(t, []string{"adopted"}, s.awaitKind(mark, "ROOM_JOINED", uuids[name]).Text, name)
	}
	s.accepted(command{kind: cmdEavesdrop, uuid: uuids["supervisor"], other: uuids["third"], name: "nobody"})
	require.Equal(t, hex(uuids["third"]), s.awaitKind(mark, "EXECUTED", uuids["supervisor"]).Other)
	s.accepted(command{kind: cmdEavesdropMode, uuid: uuids["supervisor"], name: "both"})
	s.accepted(command{kind: cmdBridge, uuid: uuids["parked"], other: uuids["playing"], call: "b"})
	s.awaitBridge(mark, uuids["parked"], uuids["playing"])
	for _, uuid := range []string{uuids["parked"], uuids["joins"], uuids["supervisor"]} {
		s.requireNumbered(s.records()[mark:], uuid)
	}
}
