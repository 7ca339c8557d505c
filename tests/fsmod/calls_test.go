package fsmod

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	legA = "aaaaaaaa-0000-4000-8000-000000000001"
	legB = "bbbbbbbb-0000-4000-8000-000000000002"
	legC = "cccccccc-0000-4000-8000-000000000003"
	legD = "dddddddd-0000-4000-8000-000000000004" // the near end of the number plan's loopback pair

	normalClearing, userBusy, noAnswer, originatorCancel = 16, 17, 19, 487
	recvBye, recvCancel, recvRefuse                      = 1, 2, 3
	sendBye, sendCancel, sendRefuse                      = 4, 5, 6
)

func TestCalls(t *testing.T) {
	share(t).atOnce(map[string]func(*testing.T, *freeSwitch){
		"answered":         answeredCall,
		"early media":      earlyMedia,
		"cancelled":        cancelled,
		"busy":             busy,
		"forwarded":        forwarded,
		"directory user":   directoryUser,
		"phone's hold":     phoneHolds,
		"switch's hold":    switchHolds,
		"ended while held": endedWhileHeld,
		"proxied hold":     proxiedHold,
		"private command":  privateCommand,
		"transfer":         transfer,
		"loopback":         loopback,
		"room":             room,
		"eavesdrop":        eavesdrop,
		"hostile names":    hostileNames,
	})
}

// answeredCall: the whole life of two legs, and what each record carries (cti.h, cti_record).
func answeredCall(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Alice", "1001", "&park")
	in := s.incoming(mark, "Alice", "1001")
	s.await(mark, "parked leg", func(r record) bool { return r.Kind == "EXECUTED" && r.Leg == hex(near) })
	require.True(t, s.tryAPI("uuid_kill %s", near))
	s.awaitKind(mark, "DESTROYED", near)
	s.awaitKind(mark, "DESTROYED", in)

	all := s.records()[mark:]
	// Who originates sees the answer and goes on before the thread that was answered has told of it, or after.
	require.Contains(t, [][]string{
		{"CREATED", "ANSWERED", "EXECUTED", "HANGUP", "ENDED", "DESTROYED"},
		{"CREATED", "EXECUTED", "ANSWERED", "HANGUP", "ENDED", "DESTROYED"},
	}, told(all, near))
	require.Equal(t, []string{"CREATED", "ANSWERED", "EXECUTED", "HANGUP", "ENDED", "DESTROYED"}, told(all, in))
	for _, uuid := range []string{near, in} {
		s.requireNumbered(all, uuid)
	}
	created := s.awaitKind(mark, "CREATED", near)
	require.Equal(t, 2, created.Direction)
	require.Len(t, created.Text, 9)
	require.Equal(t, near, created.Text[textUUID])
	require.Contains(t, created.Text[textChannel], "sofia/test/1001@127.0.0.1")
	require.Equal(t, "1000", created.Text[textCallerNumber])
	require.Equal(t, "1001", created.Text[textDestination])
	createdIn := s.awaitKind(mark, "CREATED", in)
	require.Equal(t, 1, createdIn.Direction)
	require.Equal(t, "default", createdIn.Text[textContext])
	require.NotEmpty(t, createdIn.Text[textSIPCallID])
	require.Equal(t, "park", s.awaitKind(mark, "EXECUTED", in).Text[0])

	ended := s.awaitKind(mark, "ENDED", near)
	require.Equal(t, normalClearing, ended.Cause)
	require.Equal(t, sendBye, ended.Disposition)
	require.Equal(t, recvBye, s.awaitKind(mark, "ENDED", in).Disposition)
	require.Equal(t, recvBye, s.awaitKind(mark, "HANGUP", in).Disposition, "who ended it is known at once")
	require.Zero(t, s.awaitKind(mark, "HANGUP", near).Disposition)
}

func earlyMedia(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Early", "2001", "&park")
	in := s.incoming(mark, "Early", "2001")
	s.awaitKind(mark, "PROGRESS", near)
	s.awaitKind(mark, "PROGRESS", in)
	require.True(t, s.tryAPI("uuid_kill %s", near))
	s.awaitKind(mark, "ENDED", in)
	require.NotContains(t, told(s.records()[mark:], near), "ANSWERED")
}

func cancelled(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Cancel", "3001", "&park")
	in := s.incoming(mark, "Cancel", "3001")
	s.awaitKind(mark, "RINGING", near)
	s.awaitKind(mark, "RINGING", in)
	require.True(t, s.tryAPI("uuid_kill %s", near))
	require.Equal(t, sendCancel, s.awaitKind(mark, "ENDED", near).Disposition)
	ended := s.awaitKind(mark, "ENDED", in)
	require.Equal(t, recvCancel, ended.Disposition)
	require.Equal(t, originatorCancel, ended.Cause)
}

func busy(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Busy", "4001", "&park")
	in := s.incoming(mark, "Busy", "4001")
	ended := s.awaitKind(mark, "ENDED", near)
	require.Equal(t, userBusy, ended.Cause)
	require.Equal(t, recvRefuse, ended.Disposition)
	refused := s.awaitKind(mark, "ENDED", in)
	require.Equal(t, userBusy, refused.Cause)
	require.Equal(t, sendRefuse, refused.Disposition)
}

// forwarded: a leg that originates another is told by OUTGOING and by the other's CREATED; a bridge by both legs.
func forwarded(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Forward", "51002", "&park")
	first := s.incoming(mark, "Forward", "51002")
	second := s.incoming(mark, "Forward", "1002")
	outgoing := s.awaitKind(mark, "OUTGOING", first)
	called := s.await(mark, "called leg", func(r record) bool { return r.Kind == "CREATED" && r.Leg == outgoing.Other })
	require.Equal(t, hex(first), called.Other)
	require.Equal(t, hex(first), called.Text[textCTICallID], "the leg belongs to the call of who originates it")
	require.Equal(t, hex(first), s.api("uuid_getvar %s cti_call_id", first), "who begins a call gives it its id")
	require.Equal(t, called.Leg, s.api("uuid_getvar %s cti_party_id", called.Text[textUUID]))
	bridged := s.awaitKind(mark, "BRIDGED", first)
	require.Equal(t, called.Leg, bridged.Other)
	require.Equal(t, hex(first), s.awaitKind(mark, "BRIDGED", called.Text[textUUID]).Other)
	require.True(t, s.tryAPI("uuid_kill %s", second))
	s.awaitKind(mark, "DESTROYED", first)
	require.Equal(t, called.Leg, s.awaitKind(mark, "UNBRIDGED", first).Other)

	kinds := strings.Join(told(s.records()[mark:], first), " ")
	require.Equal(t, 1, strings.Count(kinds, "OUTGOING"), "the answer of the leg it called is no second call")
	require.Equal(t, 1, strings.Count(kinds, " BRIDGED"))
}

func directoryUser(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "User", "81801", "&park")
	in := s.incoming(mark, "User", "81801")
	s.incoming(mark, "User", "1801")
	called := s.await(mark, "called leg", func(r record) bool { return r.Kind == "CREATED" && r.Other == hex(in) })
	require.Equal(t, "1801", called.Text[textUser])
	s.awaitKind(mark, "BRIDGED", in)
	kinds := strings.Join(told(s.records()[mark:], in), " ")
	require.Equal(t, 1, strings.Count(kinds, "OUTGOING"), "a dialed user is originated inside an originate: %s", kinds)
}

// pair brings up two legs that the switch bridges: A, and the leg that A's far end called. It returns both ends of it.
func pair(s *freeSwitch, name string) (first, called, last string) {
	s.t.Helper()
	near := s.newLeg()
	mark := s.mark()
	s.call(near, name, "51002", "&park")
	first, last = s.incoming(mark, name, "51002"), s.incoming(mark, name, "1002")
	bridged := s.awaitKind(mark, "BRIDGED", first)
	r := s.await(mark, "called leg", func(r record) bool { return r.Kind == "CREATED" && r.Leg == bridged.Other })
	return first, r.Text[textUUID], last
}

// phoneHolds: the far end of last sees a re-INVITE, as from a phone's hold key; only the event bus tells of it.
func phoneHolds(t *testing.T, s *freeSwitch) {
	first, called, last := pair(s, "PhoneHold")
	mark := s.mark()
	require.True(t, s.tryAPI("uuid_hold %s", last))
	require.Zero(t, s.awaitKind(mark, "HELD", called).Seq)
	require.True(t, s.tryAPI("uuid_hold off %s", last))
	s.awaitKind(mark, "UNHELD", called)
	require.Equal(t, []string{"HELD", "UNHELD"}, told(s.records()[mark:], called))
	require.Empty(t, told(s.records()[mark:], first))
}

// switchHolds: the message tells it; the event that follows is its echo.
func switchHolds(t *testing.T, s *freeSwitch) {
	_, _, last := pair(s, "SwitchHold")
	mark := s.mark()
	for range 3 {
		require.True(t, s.tryAPI("uuid_hold %s", last))
		require.True(t, s.tryAPI("uuid_hold off %s", last))
	}
	require.True(t, s.tryAPI("uuid_kill %s", last))
	s.awaitKind(mark, "DESTROYED", last)
	all := s.records()[mark:]
	require.Equal(t, "HELD UNHELD HELD UNHELD HELD UNHELD HANGUP ENDED DESTROYED", strings.Join(told(all, last), " "))
}

// endedWhileHeld: the switch takes a held channel off hold to end it; nobody retrieved the call.
func endedWhileHeld(t *testing.T, s *freeSwitch) {
	_, called, last := pair(s, "HeldEnd")
	mark := s.mark()
	require.True(t, s.tryAPI("uuid_hold %s", last))
	s.awaitKind(mark, "HELD", called)
	require.True(t, s.tryAPI("uuid_kill %s", called))
	s.awaitKind(mark, "DESTROYED", called)
	s.awaitKind(mark, "DESTROYED", last)
	s.flushEvents()
	require.NotContains(t, told(s.records()[mark:], called), "UNHELD")
	require.NotContains(t, told(s.records()[mark:], last), "UNHELD")
}

// proxiedHold: the profile passes the phone's hold on to its partner instead of taking it; the holder is told as ever.
func proxiedHold(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.callAt(s.proxyHoldPort, near, "Proxied", "51002", "&park")
	first := s.incoming(mark, "Proxied", "51002")
	called := s.awaitKind(mark, "BRIDGED", first).Other
	s.awaitKind(mark, "EXECUTED", near)
	mark = s.mark()
	require.True(t, s.tryAPI("uuid_hold %s", near))
	s.awaitKind(mark, "HELD", first)
	require.True(t, s.tryAPI("uuid_hold off %s", near))
	s.awaitKind(mark, "UNHELD", first)
	require.Empty(t, told(s.records()[mark:], called))
}

// flushEvents waits until every event that was fired so far has been delivered to the module.
func (s *freeSwitch) flushEvents() {
	s.t.Helper()
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Flush", "7999", "&park")
	in := s.incoming(mark, "Flush", "7999")
	s.awaitKind(mark, "ROOM_JOINED", in)
	s.api("uuid_kill %s", near)
	s.awaitKind(mark, "ROOM_LEFT", in)
}

// privateCommand: an application run in the middle of a bridge parts nobody.
func privateCommand(t *testing.T, s *freeSwitch) {
	first, _, _ := pair(s, "Private")
	mark := s.mark()
	require.True(t, s.tryAPI("uuid_broadcast %s set::cti_test_app=ran aleg", first))
	s.until(func() bool { return s.api("uuid_getvar %s cti_test_app", first) == "ran" }, "the application to have run")
	require.Empty(t, told(s.records()[mark:], first))
}

func transfer(t *testing.T, s *freeSwitch) {
	first, called, _ := pair(s, "Transfer")
	mark := s.mark()
	require.True(t, s.tryAPI("uuid_transfer %s 1003", first))
	require.Equal(t, []string{"1003"}, s.awaitKind(mark, "TRANSFERRED", first).Text)
	require.Equal(t, hex(called), s.awaitKind(mark, "UNBRIDGED", first).Other)
	s.awaitKind(mark, "ENDED", called)
	s.awaitKind(mark, "EXECUTED", first)
}

// loopback: both ends are marked, and the pair is told once both exist.
func loopback(t *testing.T, s *freeSwitch) {
	caller := s.newLeg()
	mark := s.mark()
	s.call(caller, "Loop", "61004", "&park")
	in := s.incoming(mark, "Loop", "61004")
	far := s.incoming(mark, "Loop", "1004")
	near := s.awaitKind(mark, "CREATED", legD)
	require.Equal(t, hex(in), near.Other)
	require.Equal(t, hex(legD), s.awaitKind(mark, "OUTGOING", in).Other, "the uuid that was asked for")
	require.Equal(t, flagLoopback, near.Flags)
	require.Equal(t, flagLoopback, s.awaitKind(mark, "CREATED", far).Flags)
	require.Equal(t, near.Leg, s.awaitKind(mark, "LOOPED", far).Other)
	require.Equal(t, near.Leg, s.awaitKind(mark, "BRIDGED", in).Other)
	require.Zero(t, s.awaitKind(mark, "CREATED", in).Flags)
}

func room(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	s.call(near, "Room", "7001", "&park")
	in := s.incoming(mark, "Room", "7001")
	require.Equal(t, []string{"7001"}, s.awaitKind(mark, "ROOM_JOINED", in).Text)
	require.Equal(t, []string{"conference", "7001@default"}, s.awaitKind(mark, "EXECUTED", in).Text)
	require.Empty(t, s.awaitKind(mark, "BRIDGED", in).Other)
	require.True(t, s.tryAPI("uuid_kill %s", near))
	require.Equal(t, []string{"7001"}, s.awaitKind(mark, "ROOM_LEFT", in).Text)
}

// eavesdrop: the observer says whom it listens to; its bridge has no partner, whatever text the message carries.
func eavesdrop(t *testing.T, s *freeSwitch) {
	spy := s.newLeg()
	_, called, _ := pair(s, "Spied")
	mark := s.mark()
	s.call(spy, "Spy", "1009", fmt.Sprintf("&eavesdrop(%s)", called))
	executed := s.awaitKind(mark, "EXECUTED", spy)
	require.Equal(t, flagObserver, executed.Flags)
	require.Equal(t, hex(called), executed.Other)
	require.Empty(t, s.awaitKind(mark, "BRIDGED", spy).Other)
	require.True(t, s.tryAPI("uuid_kill %s", called))
	require.Empty(t, s.awaitKind(mark, "UNBRIDGED", spy).Other)
}

// hostileNames: a name that is too long is cut at a character, and no other field with it.
func hostileNames(t *testing.T, s *freeSwitch) {
	near := s.newLeg()
	mark := s.mark()
	long := strings.Repeat("é", 400)
	s.api("bgapi originate {origination_uuid=%s,origination_caller_id_name=%s,cti_call_id=0123456789abcdef}"+
		"sofia/test/1006@127.0.0.1:%d &park", near, long, s.sipPort)
	created := s.awaitKind(mark, "CREATED", near)
	require.Equal(t, flagTruncated, created.Flags)
	require.Equal(t, near, created.Text[textUUID])
	require.Equal(t, "1006", created.Text[textDestination])
	require.Equal(t, "0123456789abcdef", created.Text[textCTICallID])
	require.True(t, strings.HasPrefix(long, created.Text[textCallerName]))
	require.Greater(t, len(created.Text[textCallerName]), 100)
	require.Zero(t, len(created.Text[textCallerName])%2, "cut within a character")
}
