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

// timesOff are the time fields of EventReleased that are not right, per party (R16, R17, R18). Measured twice: to the
// millisecond against the stamps that another module's hooks made of the same facts, and, as far as its clock reaches,
// against what the switch itself says of the channel when it has ended. What did not happen has no time in either.
func (r *rig) timesOff(s *told) (off []string) {
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
			off = append(off, r.offSwitchTimes(m, end)...)
			off = append(off, r.offStampedTimes(m, end.UUID(), stamps)...)
		}
	}
	return off
}

func (c channelEnd) UUID() string { return lab.Event(c).UUID() }

// offSwitchTimes compares with the switch's own times. The switch copies the called leg's progress to the caller; ours is
// the party's own.
func (r *rig) offSwitchTimes(m lab.Message, end channelEnd) (off []string) {
	r.t.Helper()
	within := func(most int64, field string, theirs, ours int64) {
		if max(theirs-ours, ours-theirs) > most {
			off = append(off, fmt.Sprintf("%s of %s: the switch says %d, we say %d", field, m.ThisDN, theirs, ours))
		}
	}
	near := func(field string, theirs, ours int64) {
		require.Equal(r.t, theirs == 0, ours == 0, "%s of %s: the switch says %d, we say %d (R17)", field, m.ThisDN, theirs, ours)
		within(softTimerMillis, field+" (R16)", theirs, ours)
	}
	near("startUepoch", end.millis("start_uepoch"), m.StartUepoch)
	if end.Header["Call-Direction"] == "outbound" {
		near("progressUepoch", end.millis("progress_uepoch"), m.ProgressUepoch)
	}
	near("answerUepoch", end.millis("answer_uepoch"), m.AnswerUepoch)
	near("bridgeUepoch", end.millis("bridge_uepoch"), m.BridgeUepoch)
	near("lastHoldUepoch", end.millis("last_hold_uepoch"), m.LastHoldUepoch)
	near("endUepoch", end.millis("end_uepoch"), m.EndUepoch)
	within(1, "billsec (R18)", end.seconds("billsec"), m.BillSec)
	within(1, "answersec (R18)", end.seconds("answersec"), m.AnswerSec)
	require.Equal(r.t, end.Header["variable_sip_hangup_disposition"], m.HangupDisposition, "R20")
	return off
}

// offStampedTimes compares, from the start of the channel on, with the stamps.
func (r *rig) offStampedTimes(m lab.Message, uuid string, stamps map[lab.StampKey]int64) (off []string) {
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
		after, ours := (stamp-start)/1e6, field.ours-m.StartUepoch
		if stamped && max(after-ours, ours-after) > hookMillis {
			off = append(off, fmt.Sprintf("%s of %s: stamped %d ms after its start, told %d", field.name, m.ThisDN, after, ours))
		}
	}
	return off
}
