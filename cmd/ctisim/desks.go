package main

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"modcti/engine"
	"modcti/events"
)

// desks are the agents' desktops: clients within the process that, when their agent talks, ask for what a CTI client can
// ask for. What comes of it everybody else hears too.
type desks struct {
	*options
	company   string
	random    *rand.Rand
	talks     chan talk
	due       deeds
	reference int64
}

// deskClient is no client of a door: theirs count from 1.
const deskClient engine.ClientID = math.MaxUint64

// talk is an agent who has just been put through.
type talk struct{ callID, dn string }

// deed is a request and when it is made.
type deed struct {
	at time.Time
	*engine.Request
}

func newDesks(o *options, company string) *desks {
	return &desks{
		options: o, company: company, random: rand.New(rand.NewPCG(o.seed, 0x6465736b)), talks: make(chan talk, 256),
	}
}

// hear looks for agents who talk now. It runs between two steps of the engine and never blocks.
func (d *desks) hear(told []engine.Outgoing) {
	if !d.requests {
		return
	}
	for i := range told {
		m, ok := told[i].Message.(*events.Established)
		if !ok || m.PartyRole != events.Agent || m.OtherDNRole != "" {
			continue // somebody who was consulted, or listens, leaves what is done to the other
		}
		select {
		case d.talks <- talk{m.CallID, m.ThisDN}:
		default:
		}
	}
}

// run lets the agents ask until ctx ends.
func (d *desks) run(ctx context.Context, post func(engine.Input) error) {
	if !d.requests {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	if d.calls == 0 {
		d.callOut(time.Now())
	}
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-d.talks:
			d.plan(t, time.Now())
		case <-timer.C:
		}
		now := time.Now()
		for len(d.due) > 0 && !d.due[0].at.After(now) {
			next := heap.Pop(&d.due).(deed)
			if next.Kind == engine.RequestMakeCall {
				d.callOut(now)
			}
			_ = post(engine.Input{Kind: engine.ClientRequest, Request: next.Request}) // a busy engine refuses; so be it
		}
		if len(d.due) > 0 {
			timer.Reset(time.Until(d.due[0].at))
		}
	}
}

// plan draws what an agent does with a call. Half of them only talk.
func (d *desks) plan(t talk, now time.Time) {
	other := d.another(t.dn)
	then := d.sequence(t, now)
	switch d.random.IntN(20) {
	case 0, 1:
		then(engine.RequestHoldCall, "RequestHoldCall", "")
		then(engine.RequestRetrieveCall, "RequestRetrieveCall", "")
	case 2:
		d.consult(then, other, engine.RequestCompleteTransfer, "RequestCompleteTransfer")
	case 3:
		d.consult(then, other, engine.RequestCompleteConference, "RequestCompleteConference")
		then(engine.RequestDeleteParty, "RequestDeleteParty", other)
	case 4:
		d.consult(then, other, engine.RequestAlternateCall, "RequestAlternateCall")
		then(engine.RequestRetrieveConsult, "RequestRetrieveConsult", "")
	case 5:
		then(engine.RequestSingleStepTransfer, "RequestSingleStepTransfer", other)
	case 6:
		then(engine.RequestSingleStepConference, "RequestSingleStepConference", other)
	case 7:
		then(engine.RequestMuteCall, "RequestMuteCall", "")
		then(engine.RequestUnmuteCall, "RequestUnmuteCall", "")
		then(engine.RequestSendDtmf, "RequestSendDtmf", "").DTMFDigits = "1#"
	case 8:
		order := strconv.Itoa(d.random.IntN(100_000))
		then(engine.RequestUpdateAttachedData, "RequestUpdateAttachedData", "").AttachedData =
			events.Data{{Key: "order", JSON: order}}
	case 9:
		d.watched(d.sequence(talk{dn: other}, now), t.dn)
	}
}

// watched: another agent listens to dn, whispers and steps in, or takes the call.
func (d *desks) watched(then ask, dn string) {
	if d.random.IntN(3) == 0 {
		then(engine.RequestInterceptCall, "RequestInterceptCall", "").ThirdDN = dn
		return
	}
	then(engine.RequestMonitorCall, "RequestMonitorCall", dn).Scope = "call"
	then(engine.RequestWhisper, "RequestWhisper", "").Mode = events.WhisperAgent
	then(engine.RequestBargeIn, "RequestBargeIn", "").ThirdDN = dn
}

func (d *desks) consult(then ask, other string, end engine.RequestKind, name string) {
	then(engine.RequestInitiateConsult, "RequestInitiateConsult", other)
	then(end, name, "")
	then(engine.RequestRetrieveCall, "RequestRetrieveCall", "") // where the consult came to nothing
}

// ask adds a request that comes some time after the one before it.
type ask func(kind engine.RequestKind, name, otherDN string) *engine.Request

func (d *desks) sequence(t talk, now time.Time) ask {
	at := now
	return func(kind engine.RequestKind, name, otherDN string) *engine.Request {
		at = at.Add(d.about(d.tempo.Talk / 3))
		r := &engine.Request{Kind: kind, Name: name, CallID: t.callID, ThisDN: t.dn, OtherDN: otherDN}
		return d.later(at, r)
	}
}

// later queues a request and returns it, so that more can be said of it.
func (d *desks) later(at time.Time, r *engine.Request) *engine.Request {
	d.reference++
	r.Client, r.ReferenceID, r.CompanyID = deskClient, d.reference, d.company
	heap.Push(&d.due, deed{at: at, Request: r})
	return r
}

// callOut lets some agent call by a request, now and then.
func (d *desks) callOut(now time.Time) {
	gap := time.Duration(d.random.ExpFloat64() / d.rate * 4 * float64(time.Second))
	from := d.agents[d.random.IntN(len(d.agents))]
	to := d.another(from)
	if d.random.IntN(3) > 0 {
		to = strconv.FormatInt(13_000_000_000+d.random.Int64N(1_000_000_000), 10)
	}
	d.later(now.Add(gap), &engine.Request{
		Kind: engine.RequestMakeCall, Name: "RequestMakeCall", ThisDN: from, OtherDN: to,
	})
}

// another is some other agent.
func (d *desks) another(dn string) string {
	at := d.random.IntN(len(d.agents))
	if d.agents[at] == dn {
		at = (at + 1) % len(d.agents)
	}
	return d.agents[at]
}

// about draws a time between half and one and a half of mean.
func (d *desks) about(mean time.Duration) time.Duration {
	return mean/2 + time.Duration(d.random.Float64()*float64(mean))
}

// deeds is a heap, the next first.
type deeds []deed

func (q deeds) Len() int           { return len(q) }
func (q deeds) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q deeds) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *deeds) Push(x any)        { *q = append(*q, x.(deed)) }
func (q *deeds) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
