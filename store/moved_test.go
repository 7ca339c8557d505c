package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/engine/script"
)

// attendedTransfer: an agent's phone holds the customer, calls a colleague and joins the two (3.6). The colleague, c,
// goes on in the customer's call.
const attendedTransfer = `+0 created a in from=13912345678 to=1001
+1 created b out from=13912345678 to=1001 user=1001 origin=a
+2 ringing b
+300 answered b
+10 answered a
+1 bridged b with=a
+0 bridged a with=b
+900 held b
+100 created b2 in from=1001 to=1002 user=1001
+1 created c out from=1001 to=1002 user=1002 origin=b2
+2 ringing c
+300 answered c
+10 answered b2
+1 bridged c with=b2
+0 bridged b2 with=c
+900 unbridged c with=b2
+0 unbridged b2 with=c
+0 unbridged a with=b
+0 unbridged b with=a
+20 bridged c with=a
+0 bridged a with=c
+10 hangup b cause=ATTENDED_TRANSFER
+0 ended b send_bye cause=ATTENDED_TRANSFER
+0 hangup b2 cause=NORMAL_CLEARING
+0 ended b2 send_bye cause=NORMAL_CLEARING
+0 destroyed b
+0 destroyed b2`

const bothHangUp = `+900 hangup a recv_bye cause=NORMAL_CLEARING
+0 hangup c cause=NORMAL_CLEARING
+0 ended a recv_bye cause=NORMAL_CLEARING
+0 ended c send_bye cause=NORMAL_CLEARING
+0 destroyed a
+0 destroyed c`

// switchboard is an engine whose records a store keeps.
type switchboard struct {
	*testing.T
	clock  script.Clock
	engine *engine.Engine
	store  *Store
}

func newSwitchboard(t *testing.T, s *Store, clock script.Clock, calls []engine.OpenCall) *switchboard {
	return &switchboard{T: t, clock: clock, store: s, engine: engine.New(engine.Config{
		Inside:    func(number string) bool { return len(number) == 4 },
		MonoNanos: clock.MonoNanos, WallMicros: clock.WallMicros,
	}, calls)}
}

func startClock() script.Clock {
	return script.Clock{MonoNanos: 1_000_000_000, WallMicros: baseMillis * 1000}
}

func (b *switchboard) play(lines string) {
	b.Helper()
	var out engine.Output
	for line := range strings.Lines(lines) {
		in, err := b.clock.Parse(strings.TrimSpace(line))
		require.NoError(b, err)
		b.engine.Step(&in, &out)
		b.store.Append(out.Records)
	}
	require.NoError(b, b.store.Flush(deadline(b)))
}

// spell says what the store holds of a call: from when until when it was, who took part, and the states of each there,
// in ms since the start.
func spell(t *testing.T, s *Store, leg string) (lines []string) {
	t.Helper()
	names := map[string]string{}
	for _, name := range []string{"a", "b", "b2", "c", "d"} {
		names[engine.LegIDOf(name).Hex()] = name
	}
	after := func(millis int64) string {
		if millis == 0 {
			return "-"
		}
		return fmt.Sprint(millis - baseMillis)
	}
	call, parties, states, err := s.Call(engine.LegIDOf(leg).Hex())
	require.NoError(t, err)
	lines = append(lines, fmt.Sprintf("%s %s-%s", names[call.CallID], after(call.StartMillis), after(call.EndMillis)))
	for _, p := range parties {
		line := fmt.Sprintf("%s %s-%s", names[p.PartyID], after(p.StartMillis), after(p.EndMillis))
		for _, state := range states {
			if state.PartyID == p.PartyID {
				line += fmt.Sprintf(" %d:%s:%s", state.Ordinal, state.State, after(state.AtMillis))
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// 3.6, R16: whoever goes on in another call has a row in both, each with what happened there.
func TestAMovedParticipantIsInBothCalls(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	b := newSwitchboard(t, s, startClock(), nil)
	b.play(attendedTransfer)
	b.play(bothHangUp)
	require.Equal(t, []string{
		"a 0-3458",
		"a 0-3458 1:Dialing:0 2:Talk:314 3:Released:3458",
		"b 1-2558 1:Ringing:3 2:Talk:314 3:Held:1214 4:Released:2558",
		"c 1315-3458 3:Released:3458",
	}, spell(t, s, "a"))
	require.Equal(t, []string{
		"b2 1314-2558",
		"b2 1314-2558 1:Dialing:1314 2:Talk:1628 3:Released:2558",
		"c 1315-- 1:Ringing:1317 2:Talk:1628",
	}, spell(t, s, "b2"))
	require.Zero(t, count(t, dir, "SELECT sum(open) FROM (SELECT open FROM call UNION ALL SELECT open FROM party)"))
	c := engine.LegIDOf("c").Hex()
	require.Equal(t, 1830, count(t, dir,
		"SELECT lasted_millis FROM cdr_timeline WHERE party_id = ? AND state = 'Talk'", c), "a state lasts over the move")
	// Agents are named in the order in which they answered; 1001's phone heard of 1002's answer.
	require.Equal(t, 3, count(t, dir, "SELECT parties FROM cdr WHERE call_type = 'Inbound' AND agents = '1001,1002'"))
	require.Equal(t, 2, count(t, dir, "SELECT parties FROM cdr WHERE call_type = 'Internal' AND agents = '1002,1001'"))
	for _, callType := range []string{"Inbound", "Internal"} {
		require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM cdr_party WHERE party_id = ? AND call_type = ?", c, callType))
	}
}

// A restart under a call that somebody was moved into: the call comes back with those who are in it, each where it
// stood, and goes on to one CDR (architecture 9).
func TestAMovedParticipantComesBack(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	require.NoError(t, err)
	b := newSwitchboard(t, s, startClock(), nil)
	b.play(attendedTransfer)
	require.NoError(t, s.Close(deadline(t)))

	s = open(t, Options{Dir: dir})
	calls, err := s.OpenCalls()
	require.NoError(t, err)
	require.Len(t, calls, 1)
	require.Equal(t, engine.LegIDOf("a").Hex(), calls[0].Call.CallID)
	var stood []string
	for i, p := range calls[0].Parties {
		require.Equal(t, calls[0].Call.CallID, p.CallID)
		require.Equal(t, p.PartyID, calls[0].States[i].PartyID)
		stood = append(stood, fmt.Sprint(p.ThisDN, " ", calls[0].States[i].Ordinal, " ", calls[0].States[i].State))
	}
	require.Equal(t, []string{"13912345678 2 Talk", "1002 2 Talk"}, stood)

	next := newSwitchboard(t, s, b.clock, calls)
	next.play(bothHangUp)
	require.Equal(t, []string{
		"a 0-3458",
		"a 0-3458 1:Dialing:0 2:Talk:314 3:Released:3458",
		"b 1-2558 1:Ringing:3 2:Talk:314 3:Held:1214 4:Released:2558",
		"c 1315-3458 3:Released:3458",
	}, spell(t, s, "a"))
}

// Whoever goes into another call and comes back while the first one lives has one row in it, which is open again.
func TestAParticipantComesBackToACall(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	b := newSwitchboard(t, s, startClock(), nil)
	b.play(`+0 created a in from=13912345678 to=1001
+0 created b out from=13912345678 to=1001 user=1001 origin=a
+100 answered b
+0 answered a
+0 bridged b with=a
+0 bridged a with=b
+100 created d in from=13988886666 to=meet
+0 answered d
+0 room-joined d room=meet
+100 unbridged a with=b
+0 unbridged b with=a
+0 room-joined b room=meet
+100 room-left b room=meet
+0 bridged b with=a
+0 bridged a with=b`)
	aCall, bParty := engine.LegIDOf("a").Hex(), engine.LegIDOf("b").Hex()
	rows := func(where string) int {
		return count(t, dir, "SELECT count(*) FROM party WHERE party_id = ? AND "+where, bParty)
	}
	require.Equal(t, 2, rows("true"))
	require.Equal(t, 1, rows("open = 1 AND call_id = '"+aCall+"'"))
	require.Equal(t, 1, rows("open = 0 AND end_millis = 0 AND call_id <> '"+aCall+"'"))

	b.play(`+100 hangup a recv_bye cause=NORMAL_CLEARING
+0 ended a recv_bye cause=NORMAL_CLEARING
+0 hangup b cause=NORMAL_CLEARING
+0 ended b send_bye cause=NORMAL_CLEARING`)
	require.Equal(t, 1, rows("open = 0 AND end_millis > 0 AND call_id = '"+aCall+"'"))
}

// A channel's uuid that is used again makes a call of its own, whose records never touch the older one; and what is
// repeated of the older one does not touch the newer.
func TestAUUIDIsUsedAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	first := callRecords(1)
	update := engine.Record{Kind: engine.PartyUpdated, Party: first[1].Party}
	update.Party.OtherDN = "1999"
	first = append(first[:8:8], append([]engine.Record{update}, first[8:]...)...)
	second := again(first, 100_000)
	id := first[0].Call.CallID

	s.Append(first)
	require.NoError(t, s.Flush(deadline(t)))
	old := dump(t, dir)
	s.Append(second[:7])
	require.NoError(t, s.Flush(deadline(t)))
	calls, err := s.OpenCalls()
	require.NoError(t, err)
	require.Equal(t, []engine.OpenCall{{Call: second[0].Call,
		Parties: []engine.PartyRecord{second[1].Party, second[3].Party},
		States:  []engine.StateRecord{second[6].State, second[5].State},
	}}, calls)
	call, parties, states, err := s.Call(id)
	require.NoError(t, err)
	require.Equal(t, second[0].Call, call)
	require.Equal(t, calls[0].Parties, parties)
	require.Len(t, states, 4)

	want := dump(t, dir)
	s.Append(first)
	require.NoError(t, s.Flush(deadline(t)))
	require.Equal(t, want, dump(t, dir), "repeats of the ended call leave the living one alone")
	require.Zero(t, s.Stats().Rejected)
	s.Append(second[7:])
	require.NoError(t, s.Flush(deadline(t)))
	for line := range strings.Lines(old) {
		require.Contains(t, dump(t, dir), line, "the older call stays")
	}
	for table, want := range map[string]int{"call": 2, "party": 4, "party_state": 16} {
		require.Equal(t, want, count(t, dir, "SELECT count(*) FROM "+table), table)
	}
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM cdr WHERE parties = 2 AND agents = '1001'"))
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM cdr_party c JOIN cdr_party d USING (party_id) "+
		"WHERE c.started < d.started"))
	require.Equal(t, 2, count(t, dir, "SELECT count(*) FROM cdr_timeline WHERE state = 'Held' AND lasted_millis = 3000"))
	require.Equal(t, 4, count(t, dir,
		"SELECT count(*) FROM cdr_timeline WHERE state = 'Released' AND lasted_millis IS NULL"))
}
