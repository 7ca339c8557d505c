package engine

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// desk asks for what an agent's desktop asks for, with nothing allocated of its own. Numbers are looked up as settings
// have it: by regular expressions.
type desk struct {
	e   *Engine
	out Output
	in  Input
	r   Request
	now int64
}

var (
	deskInside = regexp.MustCompile(`^\d{3,6}$`)
	deskTrunk  = regexp.MustCompile(`^\+?\d{7,15}$`)
)

func newDesk() *desk {
	return &desk{now: 1e12, e: New(Config{
		CompanyID: "company", LegSeed: [2]uint64{1, 2}, Inside: deskInside.MatchString,
		Dial: func(_, number string) (Route, bool) {
			switch {
			case deskInside.MatchString(number):
				return Route{Address: "user/agent"}, true
			case deskTrunk.MatchString(number):
				return Route{Address: "sofia/gateway/trunk/number"}, true
			}
			return Route{}, false
		},
	}, nil)}
}

// step tells the engine of one thing, a millisecond after the one before.
func (d *desk) step(in Input) {
	d.now += 1_000_000
	d.in = in
	d.in.MonoNanos, d.in.WallMicros = d.now, d.now/1000
	d.e.Step(&d.in, &d.out)
}

func (d *desk) ask(r Request) {
	d.r = r
	d.r.Client, d.r.ReferenceID, d.r.CompanyID = 1, 7, "company"
	d.step(Input{Kind: ClientRequest, Request: &d.r})
}

func (d *desk) makeCall() {
	d.ask(Request{Kind: RequestMakeCall, Name: "RequestMakeCall", ThisDN: "1001", OtherDN: "13912345678"})
}

// end lets the switch take the command that calls a leg, and the leg end.
func (d *desk) end(call Command) {
	leg := call.Leg
	d.step(Input{Kind: CommandDone, Command: call.ID})
	d.step(Input{Kind: LegEnded, Leg: leg, Cause: 16})
	d.step(Input{Kind: LegDestroyed, Leg: leg})
	d.now += 60_000_000_000
	d.step(Input{Kind: TimerDue})
}

// talk is a call between a customer and an agent.
func (d *desk) talk() (a, b LegID) {
	a, b = legOf(1, false), legOf(1, true)
	d.step(Input{Kind: LegCreated, Leg: a, Direction: DirectionInbound,
		Text: Text{Hex: a.Hex(), CallerNumber: "13912345678", Destination: "1001"}})
	d.step(Input{Kind: LegCreated, Leg: b, Other: a, Direction: DirectionOutbound,
		Text: Text{Hex: b.Hex(), Destination: "1001", User: "1001", CTICallID: a.Hex()}})
	for _, leg := range []LegID{b, a} {
		d.step(Input{Kind: LegAnswered, Leg: leg})
	}
	d.step(Input{Kind: LegBridged, Leg: a, Other: b})
	return a, b
}

// holdAndRetrieve is a hold and its end, each asked for, taken and confirmed.
func (d *desk) holdAndRetrieve(leg LegID) {
	d.ask(Request{Kind: RequestHoldCall, Name: "RequestHoldCall", ThisDN: "1001"})
	d.confirm(Input{Kind: LegHeld, Leg: leg})
	d.ask(Request{Kind: RequestRetrieveCall, Name: "RequestRetrieveCall", ThisDN: "1001"})
	d.confirm(Input{Kind: LegUnheld, Leg: leg})
	d.now += 60_000_000_000
	d.step(Input{Kind: TimerDue})
}

func (d *desk) confirm(in Input) {
	d.step(Input{Kind: CommandDone, Command: d.out.Commands[0].ID})
	d.step(in)
}

// TestRequestAllocations: what a request costs once its like has come before. A hold and a retrieval cost nothing; a call
// that is made costs its leg's names and its operation.
func TestRequestAllocations(t *testing.T) {
	d := newDesk()
	_, b := d.talk()
	require.Zero(t, testing.AllocsPerRun(100, func() { d.holdAndRetrieve(b) }))
	require.Zero(t, d.e.Stats().Refused)

	d = newDesk()
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		d.makeCall()
		d.end(d.out.Commands[0])
	}), 3.0)
	require.Zero(t, d.e.Stats().Refused)
	require.EqualValues(t, 101, d.e.Stats().CallsTotal)
}

// BenchmarkRequest is the engine's part of the way from a request to its command (ns/request), and what the call of
// which it is part allocates.
func BenchmarkRequest(b *testing.B) {
	run := func(name string, turn func(d *desk, asks func(Request))) {
		b.Run(name, func(b *testing.B) {
			d := newDesk()
			d.talk()
			var took time.Duration
			asks := func(r Request) {
				start := time.Now()
				d.ask(r)
				took += time.Since(start)
			}
			b.ReportAllocs()
			for b.Loop() {
				turn(d, asks)
			}
			require.Zero(b, d.e.Stats().Refused)
			b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/request")
		})
	}
	run("make-call", func(d *desk, asks func(Request)) {
		asks(Request{Kind: RequestMakeCall, Name: "RequestMakeCall", ThisDN: "1002", OtherDN: "13912345678"})
		d.end(d.out.Commands[0])
	})
	run("hold", func(d *desk, asks func(Request)) {
		asks(Request{Kind: RequestHoldCall, Name: "RequestHoldCall", ThisDN: "1001"})
		d.confirm(Input{Kind: LegHeld, Leg: legOf(1, true)})
		d.ask(Request{Kind: RequestRetrieveCall, Name: "RequestRetrieveCall", ThisDN: "1001"})
		d.confirm(Input{Kind: LegUnheld, Leg: legOf(1, true)})
		d.now += 60_000_000_000
		d.step(Input{Kind: TimerDue})
	})
	run("consult", func(d *desk, asks func(Request)) {
		asks(Request{Kind: RequestInitiateConsult, Name: "RequestInitiateConsult", ThisDN: "1001", OtherDN: "1002"})
		d.end(d.out.Commands[0])
		d.ask(Request{Kind: RequestRetrieveCall, Name: "RequestRetrieveCall", ThisDN: "1001"})
		d.confirm(Input{Kind: LegBridged, Leg: legOf(1, false), Other: legOf(1, true)})
	})
}
