package engine

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// callLoad makes the records of typical calls (a customer, an agent, answered, ended) so that always `live` calls are
// up: each turn ends the oldest call and begins a new one.
type callLoad struct {
	ins   []Input // of one call, in order
	live  int
	begun uint64
	now   int64
	texts []Text
}

const beginning = 9 // of a call's inputs; the rest end it

func newCallLoad(live int) *callLoad {
	kinds := []struct {
		kind InputKind
		b    bool
	}{
		{LegCreated, false}, {LegOutgoing, false}, {LegCreated, true}, {LegRinging, true}, {LegProgress, false},
		{LegAnswered, true}, {LegAnswered, false}, {LegBridged, true}, {LegBridged, false},
		{LegHangup, false}, {LegHangup, true}, {LegUnbridged, true}, {LegUnbridged, false},
		{LegEnded, false}, {LegEnded, true}, {LegDestroyed, false}, {LegDestroyed, true},
	}
	l := &callLoad{live: live, now: 1e12, texts: make([]Text, 2*live+2)}
	for _, k := range kinds {
		in := Input{Kind: k.kind, Direction: DirectionInbound}
		if k.b {
			in.Direction = DirectionOutbound
			in.Flags = 1 << 31 // marks leg b for fill
		}
		if k.kind == LegHangup || k.kind == LegEnded {
			in.Cause, in.Disposition = 16, RecvBye
		}
		l.ins = append(l.ins, in)
	}
	for i := range l.texts {
		number := strconv.Itoa(1000 + i%9000)
		l.texts[i] = Text{CallerNumber: "139" + strconv.Itoa(10000000+i), Destination: number, Channel: "sofia/internal/" + number}
	}
	return l
}

func legOf(call uint64, b bool) (id LegID) {
	binary.BigEndian.PutUint64(id[:], call+1)
	if b {
		id[15] = 1
	}
	return id
}

// fill makes ins[i] speak of call n.
func (l *callLoad) fill(i int, n uint64) *Input {
	in := &l.ins[i]
	b := in.Flags != 0
	slot := int(n%uint64(l.live+1)) * 2
	in.Leg, in.Other = legOf(n, b), LegID{}
	if in.Kind == LegOutgoing || in.Kind == LegBridged || in.Kind == LegUnbridged || (b && in.Kind == LegCreated) {
		in.Other = legOf(n, !b)
	}
	if in.Kind == LegCreated {
		if b {
			slot++
			l.texts[slot].CTICallID = l.texts[slot-1].Hex
		}
		if l.texts[slot].Hex == "" || n >= uint64(l.live) {
			l.texts[slot].Hex = l.hex(slot, in.Leg)
		}
		in.Text = l.texts[slot]
	}
	l.now += 1000
	in.MonoNanos, in.WallMicros = l.now, l.now/1000
	return in
}

// hex is what the reader does when it decodes a record: it is no part of the step, so slots keep theirs.
func (l *callLoad) hex(slot int, id LegID) string {
	if l.texts[slot].Hex != "" {
		return l.texts[slot].Hex
	}
	return id.Hex()
}

func (l *callLoad) begin(e *Engine, out *Output) {
	for i := range beginning {
		e.Step(l.fill(i, l.begun), out)
	}
	l.begun++
}

func (l *callLoad) turn(e *Engine, out *Output) {
	oldest := l.begun - uint64(l.live)
	for i := beginning; i < len(l.ins); i++ {
		e.Step(l.fill(i, oldest), out)
	}
	l.begin(e, out)
}

func benchEngine(live int) (*Engine, *callLoad, *Output) {
	e := New(Config{CompanyID: "company", Inside: func(n string) bool { return len(n) <= 6 }}, nil)
	l, out := newCallLoad(live), &Output{}
	for range live {
		l.begin(e, out)
	}
	for range live {
		l.turn(e, out)
	}
	return e, l, out
}

// TestStepAllocatesNothing in steady state, when calls come and go.
func TestStepAllocatesNothing(t *testing.T) {
	e, l, out := benchEngine(50)
	require.Zero(t, testing.AllocsPerRun(2000, func() { l.turn(e, out) }))
	require.Equal(t, 50, e.Stats().Calls)
}

// TestPartyBytes: at most 4 KiB a party, all that the engine keeps for it counted.
func TestPartyBytes(t *testing.T) {
	const calls = 20_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	e := New(Config{CompanyID: "company", Inside: func(n string) bool { return len(n) <= 6 }}, nil)
	l, out := newCallLoad(calls), &Output{}
	for range calls {
		l.begin(e, out)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	perParty := (after.HeapAlloc - before.HeapAlloc) / (2 * calls)
	t.Logf("%d bytes a party, texts included", perParty)
	require.Less(t, perParty, uint64(4096))
	runtime.KeepAlive(e)
	runtime.KeepAlive(l)
}
