package fsmod

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRegistrations: cti.h, DEVICE_LOST and DEVICE_FOUND, with phones that register.
func TestRegistrations(t *testing.T) {
	share(t).oneByOne(map[string]func(*testing.T, *freeSwitch){
		"unregisters":    unregisters,
		"last of two":    lastOfTwo,
		"expires":        expires,
		"registers anew": registersAnew,
		"of another":     oddUsers,
		"loaded anew":    lostWhileUnloaded,
		"asked for":      askedFor,
	})
}

var (
	registerSteps = 1
	devicePorts   = map[string]int{} // a phone that registers again has its address still
)

// register has a user's phone register for some seconds, or unregister for 0.
func (s *freeSwitch) register(user, device, seconds string) {
	s.t.Helper()
	registerSteps++
	if devicePorts[user+device] == 0 {
		devicePorts[user+device] = freePort(s.t, "udp")
	}
	cmd := s.sipp(s.t, "registers", devicePorts[user+device], "-m", "1", "-cid_str", user+device, "-set", "user", user,
		"-set", "device", device, "-set", "expires", seconds, "-set", "step", fmt.Sprint(registerSteps))
	require.NoError(s.t, cmd.Wait(), "%s %s %s", user, device, seconds)
}

func (s *freeSwitch) registered(user string) bool {
	return s.api("sofia_contact */%s@cti.test", user) != "error/user_not_registered"
}

// devices are the facts on a user's phones since a mark.
func (s *freeSwitch) devices(mark int, user string) (kinds []string) {
	for _, r := range s.records()[mark:] {
		if strings.HasPrefix(r.Kind, "DEVICE_") && r.Text[0] == user {
			kinds = append(kinds, strings.TrimPrefix(r.Kind, "DEVICE_"))
		}
	}
	return kinds
}

func (s *freeSwitch) awaitDevices(mark int, user string, want ...string) {
	s.t.Helper()
	s.until(func() bool { return strings.Join(s.devices(mark, user), " ") == strings.Join(want, " ") }, "%s: %v", user, want)
}

func unregisters(t *testing.T, s *freeSwitch) {
	s.quick(2*time.Second, func() time.Duration {
		mark := s.mark()
		s.register("1501", "a", "300")
		require.True(t, s.registered("1501"))
		begun := monotonic()
		s.register("1501", "a", "0")
		lost := s.await(mark, "loss", func(r record) bool { return r.Kind == "DEVICE_LOST" && r.Text[0] == "1501" })
		require.Empty(t, lost.Leg)
		require.Zero(t, lost.Seq)
		t.Logf("told after %v", time.Duration(lost.Mono-begun))
		return time.Duration(lost.Mono - begun)
	})
}

// lastOfTwo: a user with two phones is there until both are gone.
func lastOfTwo(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	s.register("1502", "desk", "300")
	s.register("1502", "soft", "300")
	s.register("1502", "desk", "0")
	s.register("1503", "z", "300")
	s.register("1503", "z", "0")
	s.awaitDevices(mark, "1503", "LOST") // so long it would have taken for the other
	require.Empty(t, s.devices(mark, "1502"))
	s.register("1502", "soft", "0")
	s.awaitDevices(mark, "1502", "LOST")
}

// expires: a phone that is switched off says nothing; the switch looks for it once a minute at the latest.
func expires(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	s.register("1504", "a", "300")
	require.True(t, s.tryAPI("sofia profile test flush_inbound_reg 1504@cti.test"))
	s.awaitDevices(mark, "1504", "LOST")
}

// registersAnew: who was missed and is there again is told of once; who only refreshes is not told of.
func registersAnew(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	s.register("1505", "a", "300")
	s.register("1505", "a", "300")
	s.register("1505", "a", "0")
	s.awaitDevices(mark, "1505", "LOST")
	s.register("1505", "b", "300")
	s.awaitDevices(mark, "1505", "LOST", "FOUND")
	s.register("1505", "b", "300")
	s.register("1505", "b", "0")
	s.awaitDevices(mark, "1505", "LOST", "FOUND", "LOST")
}

// oddUsers: a user's name comes from outside: one that is no plain name is not asked for.
func oddUsers(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	s.register("a~b", "a", "300")
	s.register("a~b", "a", "0")
	s.register("1506", "a", "300")
	s.register("1506", "a", "0")
	s.awaitDevices(mark, "1506", "LOST")
	require.Empty(t, s.devices(mark, "a~b"))
}

// lostWhileUnloaded: a new load tells who of those that had registered is gone, whenever he went, and nobody else.
func lostWhileUnloaded(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	for _, user := range []string{"1507", "1508", "1509"} {
		s.register(user, "a", "300")
	}
	s.register("1508", "a", "0")
	s.awaitDevices(mark, "1508", "LOST")
	require.True(t, s.tryAPI("unload mod_cti"))
	s.register("1507", "a", "0")
	mark = s.mark()
	require.True(t, s.tryAPI("load mod_cti"))
	s.awaitDevices(mark, "1507", "LOST")
	s.awaitDevices(mark, "1508", "LOST")
	s.register("1508", "a", "300")
	s.awaitDevices(mark, "1508", "LOST", "FOUND")
	s.register("1508", "a", "0")
	s.awaitDevices(mark, "1508", "LOST", "FOUND", "LOST")
	require.Empty(t, s.devices(mark, "1509"))
	require.Len(t, s.threadsOf("cti_phones"), 1)
	s.register("1509", "a", "0")
}

// find has the fake engine ask for a phone, and returns whether that was taken.
func (s *freeSwitch) find(dial string, deadline int) bool {
	s.t.Helper()
	said := s.api("cti do %s", command{kind: cmdFindDevice, value: dial, deadline: deadline})
	require.Contains(s.t, said, "+OK")
	return strings.Contains(said, " 0 refused")
}

// askedFor: cti.h, FIND_DEVICE: whoever has never registered is told to be gone, where he is called by a registration, each
// time that it is asked; others are told to be there, or nothing is told of them.
func askedFor(t *testing.T, s *freeSwitch) {
	mark := s.mark()
	for _, bad := range []string{"", "1511", "user/15 11", "user/${x}", "user/1511,user/1512"} {
		require.False(t, s.find(bad, 0), "%q", bad)
	}
	for _, unknown := range []string{"sofia/gateway/trunk/1513", "user/1513@cti.test", "user/a~b", "sofia/test/1514@127.0.0.1"} {
		require.True(t, s.find(unknown, 0), "%q", unknown)
	}
	require.True(t, s.find("user/1801@cti.test", 0), "he needs no registration")
	s.awaitDevices(mark, "1801", "FOUND")
	require.True(t, s.find("user/1512@cti.test", 0), "nor does his other phone")
	s.awaitDevices(mark, "1512", "FOUND")
	require.True(t, s.find("user/1511@cti.test", 0))
	s.awaitDevices(mark, "1511", "LOST")
	require.True(t, s.find("user/1511", 0))
	s.awaitDevices(mark, "1511", "LOST", "LOST")
	s.register("1511", "a", "300")
	s.awaitDevices(mark, "1511", "LOST", "LOST", "FOUND")
	require.True(t, s.find("user/1511@cti.test", 0))
	s.awaitDevices(mark, "1511", "LOST", "LOST", "FOUND", "FOUND")
	s.register("1511", "a", "0")
	s.awaitDevices(mark, "1511", "LOST", "LOST", "FOUND", "FOUND", "LOST")

	require.True(t, s.find("sofia/test/1515%cti.test", 0), "a name at a profile, of nobody in the directory")
	s.awaitDevices(mark, "1515", "LOST")
	asked := monotonic()
	require.True(t, s.find("sofia/test/1516%cti.test", 300))
	s.awaitDevices(mark, "1516", "LOST")
	lost := s.await(mark, "loss", func(r record) bool { return r.Kind == "DEVICE_LOST" && r.Text[0] == "1516" })
	require.GreaterOrEqual(t, lost.Mono-asked, (300 * time.Millisecond).Nanoseconds(), "it has so long to register")
	for _, user := range []string{"1513", "a~b", "1514", "gateway"} {
		require.Empty(t, s.devices(mark, user))
	}
}
