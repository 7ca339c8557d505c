package fs_test

import (
	"fmt"
	"strconv"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	// hookMillis is how far apart two modules' hooks on the same fact may run, on a machine that does other things too.
	hookMillis = 20
	// softTimerMillis is how far the switch's own times may lie from the truth: it takes them from its soft timer, which
	// turns every 20 ms, and later than that on a busy machine.
	softTimerMillis = 20 + 60
)

// channelEnd is what the switch itself says of a channel that has ended.
type channelEnd lab.Event

func (c channelEnd) millis(name string) int64 {
	micros, _ := strconv.ParseInt(c.Header["variable_"+name], 10, 64)
	return micros / 1000
}

func (c channelEnd) seconds(name string) int64 {
	seconds, _ := strconv.ParseInt(c.Header["variable_"+name], 10, 64)
	return seconds
}

// ends waits for the switch's own word on each channel.
func (r *rig) ends(uuids map[string]bool) map[string]channelEnd {
	r.t.Helper()
	ctx, cancel := r.soon()
	defer cancel()
	found := map[string]channelEnd{}
	for len(found) < len(uuids) {
		event, err := r.events.Next(ctx, func(e lab.Event) bool {
			return e.Name() == "CHANNEL_HANGUP_COMPLETE" && uuids[e.UUID()]
		})
		require.NoError(r.t, err)
		found[event.UUID()] = channelEnd(event)
	}
	return found
}

// requireTimes: every time field of EventReleased is right, per party (R16, R17, R18). Measured twice: to the millisecond
// against the stamps that another module's hooks made of the same facts, and, as far as its clock reaches, against what
// the switch itself says of the channel when it has ended.
func (r *rig) requireTimes(s *told) {
	r.t.Helper()
	uuids := map[string]bool{}
	for _, m := range s.story {
		if m.MessageID == "EventReleased" {
			uuids[leg(m.PartyID)] = true
		}
	}
	stamps, err := r.Stamps()
	require.NoError(r.t, err)
	ends := r.ends(uuids)
	for _, m := range s.story {
		if m.MessageID == "EventReleased" {
			end := ends[leg(m.PartyID)]
			r.requireSwitchTimes(m, end)
			r.requireStampedTimes(m, end.UUID(), stamps)
		}
	}
}

func (c channelEnd) UUID() string { return lab.Event(c).UUID() }

// requireSwitchTimes compares with the switch's own times. The switch copies the called leg's progress to the caller;
// ours is the party's own.
func (r *rig) requireSwitchTimes(m lab.Message, end channelEnd) {
	r.t.Helper()
	r.near(m, "startUepoch", end.millis("start_uepoch"), m.StartUepoch)
	if end.Header["Call-Direction"] == "outbound" {
		r.near(m, "progressUepoch", end.millis("progress_uepoch"), m.ProgressUepoch)
	}
	r.near(m, "answerUepoch", end.millis("answer_uepoch"), m.AnswerUepoch)
	r.near(m, "bridgeUepoch", end.millis("bridge_uepoch"), m.BridgeUepoch)
	r.near(m, "lastHoldUepoch", end.millis("last_hold_uepoch"), m.LastHoldUepoch)
	r.near(m, "endUepoch", end.millis("end_uepoch"), m.EndUepoch)
	require.InDelta(r.t, end.seconds("billsec"), m.BillSec, 1, "billsec of %s (R18)", m.ThisDN)
	require.InDelta(r.t, end.seconds("answersec"), m.AnswerSec, 1, "answersec of %s (R18)", m.ThisDN)
	require.Equal(r.t, end.Header["variable_sip_hangup_disposition"], m.HangupDisposition, "R20")
}

// near: both never happened, or at the same time as far as the switch can tell.
func (r *rig) near(m lab.Message, field string, theirs, ours int64) {
	r.t.Helper()
	what := fmt.Sprintf("%s of %s: the switch says %d, we say %d, off by %d", field, m.ThisDN, theirs, ours, ours-theirs)
	require.Equal(r.t, theirs == 0, ours == 0, "%s (R17)", what)
	require.InDelta(r.t, theirs, ours, softTimerMillis, "%s (R16)", what)
}

// requireStampedTimes compares, from the start of the channel on, with the stamps.
func (r *rig) requireStampedTimes(m lab.Message, uuid string, stamps map[lab.StampKey]int64) {
	r.t.Helper()
	start, ok := stamps[lab.StampKey{Kind: lab.StampInit, UUID: uuid}]
	require.True(r.t, ok, "the start of %s was stamped", m.ThisDN)
	for _, field := range []struct {
		name string
		ours int64
		kind lab.StampKind
	}{
		{"progressUepoch", m.ProgressUepoch, lab.StampRing}, {"answerUepoch", m.AnswerUepoch, lab.StampAnswer},
		{"bridgeUepoch", m.BridgeUepoch, lab.StampBridge}, {"endUepoch", m.EndUepoch, lab.StampHangup},
	} {
		stamp, stamped := stamps[lab.StampKey{Kind: field.kind, UUID: uuid}]
		require.Equal(r.t, stamped, field.ours != 0, "%s of %s (R17)", field.name, m.ThisDN)
		if stamped {
			after := float64(stamp-start) / 1e6
			require.InDelta(r.t, after, field.ours-m.StartUepoch, hookMillis, "%s of %s, ms after its start (R16)", field.name, m.ThisDN)
		}
	}
}
