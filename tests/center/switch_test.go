// Package center proves the call center of the engine: a model of a switch, callers and agents who do anything at any
// moment, and the promises of the call model checked after every step; simulated days against queueing theory; and the
// time that a decision takes.
package center

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"modcti/engine"
)

const (
	startMono = int64(1_000_000_000_000)
	startWall = int64(1_700_000_000_000_000)
	company   = "company"
)

// world is a switch, its channels and the engine that steers them, in virtual time.
type world struct {
	engine *engine.Engine
	config engine.Config
	runs   int // engines so far
	out    engine.Output
	rng    *rand.Rand
	now    int64 // monotonic ns
	todo   agenda
	order  int
	timer  int64 // for which deadline of the engine something is on the agenda
	steps  int

	channels map[engine.LegID]*channel
	inOrder  []*channel
	made     int
	strands  map[string]int64        // until when the commands of a call go on
	queued   map[engine.LegID]uint16 // legs that are still to be called, and the cause that one is hung up with before

	fault        faults
	unregistered map[string]bool // phones

	prompt bool                       // commands are carried out at once
	talk   time.Duration              // how long two who are joined talk on average; 0 = until somebody ends it
	phone  func(w *world, c *channel) // what a phone does that is called
	stepIn func(in *engine.Input)     // sees every input before the engine
	stepOn func(in *engine.Input)     // and after it, with w.out
	goOn   func(c *channel)           // the dialplan goes on with a caller
}

// faults are how often, out of 1000, a command is refused, lost, or late by long, and a record of a leg is lost.
type faults struct{ refused, lost, late, records int }

// channel is a leg at the switch.
type channel struct {
	id                 engine.LegID
	uuid, number       string
	outbound, answered bool
	kept               bool // it does not end because whoever it is bridged with does
	stays              bool // nor for this bridge
	ending             bool
	inQueue            string // the argument of cti_queue while it is in it
	parked             bool   // it waits in a queue without being in cti_queue
	partner            *channel
	callID             string
	bornAt             int64
	result             string // of cti_queue
}

type errand struct {
	at    int64
	order int
	do    func()
}

type agenda []errand

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(errand)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last] = errand{}
	*a = (*a)[:last]
	return x
}

func newWorld(seed uint64, config engine.Config) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 17)), now: startMono, channels: map[engine.LegID]*channel{},
		queued: map[engine.LegID]uint16{}, strands: map[string]int64{}, unregistered: map[string]bool{},
	}
	config.CompanyID, config.MonoNanos, config.WallMicros = company, startMono, startWall
	config.LegSeed = [2]uint64{seed, seed + 1}
	if config.Inside == nil {
		config.Inside = func(n string) bool { return len(n) == 4 }
	}
	if config.Dial == nil {
		config.Dial = func(_, n string) (engine.Route, bool) {
			return engine.Route{Address: "user/" + n}, n != "" && n[0] != 'x'
		}
	}
	w.config, w.runs = config, 1
	w.engine = engine.New(config, nil)
	w.goOn = func(c *channel) { w.hangup(c, engine.CauseNormalClearing, engine.SendBye) }
	return w
}

// after puts something on the agenda.
func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.todo, errand{w.now + int64(d), w.order, do})
}

// next does the next thing of the agenda.
func (w *world) next() bool {
	if len(w.todo) == 0 {
		return false
	}
	x := heap.Pop(&w.todo).(errand)
	w.now = max(w.now, x.at)
	x.do()
	return true
}

// step feeds one input.
func (w *world) step(in engine.Input) {
	in.MonoNanos, in.WallMicros = w.now, startWall+(w.now-startMono)/1000
	if w.stepIn != nil {
		w.stepIn(&in)
	}
	w.steps++
	w.engine.Step(&in, &w.out)
	if w.stepOn != nil {
		w.stepOn(&in)
	}
	for _, c := range w.out.Commands {
		w.command(c)
	}
	w.arm()
}

// arm has the engine told when its deadline has come.
func (w *world) arm() {
	at := w.out.NextDeadline
	if at == 0 || w.timer != 0 && w.timer <= at {
		return
	}
	w.timer = at
	w.order++
	heap.Push(&w.todo, errand{max(at, w.now), w.order, func() {
		if w.timer == at {
			w.timer = 0
			w.step(engine.Input{Kind: engine.TimerDue})
		}
	}})
}

func (w *world) fact(kind engine.InputKind, c *channel, fill func(in *engine.Input)) {
	if w.fault.records > 0 && w.rng.IntN(1000) < w.fault.records {
		w.step(engine.Input{Kind: engine.RecordsLost})
		return
	}
	in := engine.Input{Kind: kind, Leg: c.id}
	if fill != nil {
		fill(&in)
	}
	w.step(in)
}

// command does what the engine has asked for, after a while, or does not.
func (w *world) command(c engine.Command) {
	if c.Kind == engine.CommandOriginate {
		w.queued[c.Leg] = engine.CauseNone
	}
	if w.prompt {
		w.afterCommand(0, func() {
			if c.Kind == engine.CommandHangup {
				w.hangupCommand(c)
			} else {
				w.perform(c)
			}
		})
		return
	}
	delay := time.Duration(w.rng.IntN(20_000)) * time.Microsecond
	chance := w.rng.IntN(1000)
	switch f := w.fault; {
	case c.Kind == engine.CommandHangup:
		if chance < f.lost {
			return
		}
		w.afterCommand(delay/2, func() { w.hangupCommand(c) })
		return
	case c.Kind == engine.CommandFindDevice:
		w.afterCommand(delay, func() { w.perform(c) })
		return
	case chance < f.refused:
		w.afterCommand(delay, func() {
			delete(w.queued, c.Leg)
			w.done(c, engine.CauseTemporaryFailure)
		})
		return
	case chance < f.refused+f.lost:
		delete(w.queued, c.Leg)
		return
	case chance < f.refused+f.lost+f.late:
		delay += time.Duration(w.rng.IntN(20)) * time.Second
	}
	w.afterCommand(w.inTurn(c, delay), func() { w.perform(c) })
}

// afterCommand does something for the engine of now: with the module go the commands that it has not carried out.
func (w *world) afterCommand(d time.Duration, do func()) {
	run := w.runs
	w.after(d, func() {
		if w.runs == run {
			do()
		}
	})
}

// inTurn: commands of one call are carried out in order (cti.h).
func (w *world) inTurn(c engine.Command, delay time.Duration) time.Duration {
	at := max(w.now+int64(delay), w.strands[c.CallID])
	if c.CallID != "" {
		w.strands[c.CallID] = at
	}
	return time.Duration(at - w.now)
}

func (w *world) done(c engine.Command, cause uint16) {
	w.step(engine.Input{Kind: engine.CommandDone, Command: c.ID, Cause: cause})
}

func (w *world) perform(c engine.Command) {
	switch c.Kind {
	case engine.CommandSnapshot:
		w.snapshot()
		return
	case engine.CommandOriginate:
		w.originate(c)
		return
	case engine.CommandFindDevice:
		w.device(w.unregistered[strings.TrimPrefix(c.Value, "user/")], strings.TrimPrefix(c.Value, "user/"))
		return
	}
	leg, other := w.channels[c.Leg], w.channels[c.Other]
	if leg == nil || leg.ending {
		w.done(c, engine.CauseInvalidCallReference)
		return
	}
	switch c.Kind {
	case engine.CommandBridge:
		if other == nil || other.ending {
			w.done(c, engine.CauseInvalidCallReference)
			return
		}
		w.bridge(leg, other)
		leg.stays, other.stays = c.Name == engine.Kept, false
	case engine.CommandWait, engine.CommandVoicemail:
		w.part(leg)
		leg.inQueue, leg.parked = "", c.Name == engine.WaitQueue && c.Kind == engine.CommandWait
	case engine.CommandReturn:
		if leg.inQueue == "" {
			w.done(c, 101)
			return
		}
		leg.inQueue, leg.result = "", c.Value
		w.done(c, engine.CauseNone)
		w.after(time.Duration(2+w.rng.IntN(100))*time.Millisecond, func() {
			if !leg.ending {
				w.goOn(leg)
			}
		})
		return
	case engine.CommandAnswer:
		w.answer(leg)
	case engine.CommandSetVariable:
		if c.Name == "cti_call_id" {
			leg.callID = c.Value
		}
	}
	w.done(c, engine.CauseNone)
}

// device tells that a phone is not registered any more, or is.
func (w *world) device(gone bool, user string) {
	w.unregistered[user] = gone
	kind := engine.DeviceFound
	if gone {
		kind = engine.DeviceLost
	}
	w.step(engine.Input{Kind: kind, Text: engine.Text{User: user}})
}

func (w *world) hangupCommand(c engine.Command) {
	if leg := w.channels[c.Leg]; leg != nil && !leg.ending {
		w.done(c, engine.CauseNone)
		d := engine.SendBye
		if !leg.answered {
			d = engine.SendCancel
		}
		w.hangup(leg, c.Cause, d)
		return
	}
	if _, queued := w.queued[c.Leg]; queued {
		w.queued[c.Leg] = c.Cause
		w.done(c, engine.CauseNone)
		return
	}
	w.done(c, engine.CauseInvalidCallReference)
}

func (w *world) originate(c engine.Command) {
	cause := w.queued[c.Leg]
	delete(w.queued, c.Leg)
	if cause != engine.CauseNone {
		w.done(c, cause)
		return
	}
	leg := &channel{id: c.Leg, uuid: c.UUID, number: c.Value[len("user/"):], outbound: true, callID: c.CallID}
	leg.kept = c.Name == engine.Kept
	w.add(leg)
	w.step(engine.Input{
		Kind: engine.LegCreated, Leg: leg.id, Direction: engine.DirectionOutbound, Text: leg.text(c.CallerNumber, leg.number),
	})
	w.done(c, engine.CauseNone)
	w.phone(w, leg)
}

func (c *channel) text(from, to string) engine.Text {
	return engine.Text{Hex: c.id.Hex(), UUID: c.uuid, CallerNumber: from, Destination: to, CTICallID: c.callID}
}

func (w *world) add(c *channel) {
	c.bornAt = w.now
	w.channels[c.id] = c
	if len(w.inOrder) > 100+2*len(w.channels) {
		w.forgetDead()
	}
	w.inOrder = append(w.inOrder, c)
}

// arrive makes a leg of somebody who calls the switch.
func (w *world) arrive(from, to string) *channel {
	w.made++
	c := &channel{uuid: fmt.Sprintf("%08x-0000-4000-8000-%012x", w.made, w.made), number: from}
	c.id = engine.LegIDOf(c.uuid)
	c.callID = c.id.Hex()
	w.add(c)
	w.step(engine.Input{
		Kind: engine.LegCreated, Leg: c.id, Direction: engine.DirectionInbound, Text: c.text(from, to),
	})
	return c
}

// enter puts a leg into the application cti_queue.
func (w *world) enter(c *channel, argument string) {
	c.inQueue = argument
	w.fact(engine.LegExecuted, c, func(in *engine.Input) { in.Text.App, in.Text.AppArg = "cti_queue", argument })
}

func (w *world) ring(c *channel) {
	if !c.ending {
		w.fact(engine.LegRinging, c, nil)
	}
}

func (w *world) answer(c *channel) {
	if !c.ending && !c.answered {
		c.answered = true
		w.fact(engine.LegAnswered, c, nil)
	}
}

func (w *world) part(c *channel) {
	if q := c.partner; q != nil {
		c.partner, q.partner = nil, nil
		w.fact(engine.LegUnbridged, c, func(in *engine.Input) { in.Other = q.id })
		w.fact(engine.LegUnbridged, q, func(in *engine.Input) { in.Other = c.id })
	}
}

func (w *world) bridge(a, b *channel) {
	w.part(a)
	w.part(b)
	for _, c := range []*channel{a, b} {
		c.inQueue, c.parked = "", false
		if !c.outbound {
			w.answer(c)
		}
	}
	if a.ending || b.ending {
		return
	}
	a.partner, b.partner = b, a
	if w.talk > 0 {
		w.after(time.Duration(w.rng.ExpFloat64()*float64(w.talk)), func() {
			if a.partner == b {
				w.hangup([]*channel{a, b}[w.rng.IntN(2)], engine.CauseNormalClearing, engine.RecvBye)
			}
		})
	}
	w.fact(engine.LegBridged, a, func(in *engine.Input) { in.Other = b.id })
	w.fact(engine.LegBridged, b, func(in *engine.Input) { in.Other = a.id })
}

// hangup ends a channel, and soon after it whoever it is bridged with.
func (w *world) hangup(c *channel, cause uint16, d engine.Disposition) {
	if c.ending {
		return
	}
	c.ending, c.inQueue, c.parked = true, "", false
	w.fact(engine.LegHangup, c, func(in *engine.Input) { in.Cause, in.Disposition = cause, d })
	w.after(time.Duration(w.rng.IntN(3000))*time.Microsecond, func() {
		w.fact(engine.LegEnded, c, func(in *engine.Input) { in.Cause, in.Disposition = cause, d })
		if q := c.partner; q != nil {
			c.partner, q.partner = nil, nil
			if q.kept || q.stays {
				w.fact(engine.LegUnbridged, q, func(in *engine.Input) { in.Other = c.id })
			} else {
				w.hangup(q, engine.CauseNormalClearing, engine.SendBye)
			}
		}
		w.after(time.Millisecond, func() {
			delete(w.channels, c.id)
			w.fact(engine.LegDestroyed, c, nil)
		})
	})
}

func (w *world) forgetDead() {
	w.inOrder = slices.DeleteFunc(w.inOrder, func(c *channel) bool { return w.channels[c.id] != c })
}

// snapshot tells all live channels; of those in a queue it tells once more that they are.
func (w *world) snapshot() {
	w.step(engine.Input{Kind: engine.SnapshotBegin})
	w.forgetDead()
	for _, c := range slices.Clone(w.inOrder) {
		in := engine.Input{Kind: engine.LegFound, Leg: c.id, CallState: engine.CallStateRinging}
		in.Direction, in.Text = engine.DirectionInbound, c.text(c.number, "")
		if c.outbound {
			in.Direction, in.Text = engine.DirectionOutbound, c.text("", c.number)
		}
		if c.answered {
			in.CallState = engine.CallStateActive
		}
		if c.ending {
			in.CallState = engine.CallStateHangup
		}
		if c.partner != nil {
			in.Other = c.partner.id
		}
		if c.parked {
			in.Flags = engine.FlagParked
		}
		w.step(in)
	}
	for _, c := range slices.Clone(w.inOrder) {
		if c.inQueue != "" && !c.ending {
			w.enter(c, c.inQueue)
		}
	}
	w.step(engine.Input{Kind: engine.SnapshotEnd})
}

func (w *world) request(r engine.Request) {
	r.CompanyID, r.Client = company, 1
	w.step(engine.Input{Kind: engine.ClientRequest, Request: &r})
}
