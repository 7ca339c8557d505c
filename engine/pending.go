package engine

import (
	"slices"

	"modcti/events"
)

// asker is the client whose request an event answers; all others see no reference (R23).
type asker struct {
	client    ClientID
	reference int64
	name      string // of the request
	company   string
	dn        string // that the client acts for
}

func askerOf(r *Request) asker { return asker{r.Client, r.ReferenceID, r.Name, r.CompanyID, r.ThisDN} }

// pending is a request on a party that waits for the switch: the event that answers it, or a refusal.
type pending struct {
	asker
	event   string // the wire name of the event that answers it
	command uint64 // the act of the switch that must not be refused
	dueAt   int64  // monotonic ns; 0 = an operation watches over it
	value   string // the digits, who is to hear a supervisor, or whom to take out
	kind    RequestKind
}

// ask takes a request that an event of a party will answer. With a command, the switch must confirm it in time.
func (e *Engine) ask(p *party, r *Request, event string, command uint64) *pending {
	e.mergeData(r, p.call)
	a := pending{asker: askerOf(r), event: event, command: command, kind: r.Kind}
	if command != 0 {
		a.dueAt = e.in.MonoNanos + confirmMillis*1_000_000
		e.startTimer(p, confirmTimer, 0, confirmMillis)
	}
	p.pending = append(p.pending, a)
	return &p.pending[len(p.pending)-1]
}

// answer finds the request that an event of a party answers and settles it.
func (p *party) answer(m events.Message) (asker, bool) {
	for i := range p.pending {
		if p.pending[i].answeredBy(m) {
			a := p.pending[i].asker
			p.settle(i)
			return a, true
		}
	}
	return asker{}, false
}

// answeredBy tells whether an event is what a request waits for: of its name, and about what was asked for.
func (a *pending) answeredBy(m events.Message) bool {
	if a.event != m.Name() {
		return false
	}
	switch m := m.(type) {
	case *events.AttachedDataChanged:
		return m.ConsultStage == stageAnswering[a.kind] && m.WhisperMode == a.value
	case *events.PartyAdded:
		if a.kind == RequestBargeIn {
			return m.ThirdDNRole == events.BargeinBy
		}
		return m.ThirdDN == m.ThisDN // not who comes by himself
	case *events.PartyDeleted:
		return m.OtherDN == a.value && !m.SelfLeft
	case *events.DtmfSent:
		return m.DtmfDigits == a.value
	case *events.RecordingChanged:
		return m.RecordState == recordAnswering[a.kind]
	}
	return true
}

// stageAnswering is the stage of a consult that answers a request on it (protocol.md 4); for any other it is none.
var stageAnswering = map[RequestKind]int64{
	RequestInitiateConsult: events.StageBegun, RequestCancelConsult: events.StageCancelled,
	RequestRetrieveConsult: events.StageRetrieved, RequestAlternateCall: events.StageAnswered,
}

var recordAnswering = map[RequestKind]string{
	RequestStartRecording: events.RecordStarted, RequestPauseRecording: events.RecordPaused,
	RequestResumeRecording: events.RecordResumed, RequestStopRecording: events.RecordStopped,
}

// awaits tells whether an event of a party answers a request.
func (p *party) awaits(m events.Message) bool {
	return slices.ContainsFunc(p.pending, func(a pending) bool { return a.answeredBy(m) })
}

func (p *party) settle(i int) {
	p.pending = append(p.pending[:i], p.pending[i+1:]...)
}

// asked tells whether a request of a party waits for an event.
func (p *party) asked(event string) bool {
	for i := range p.pending {
		if p.pending[i].event == event {
			return true
		}
	}
	return false
}

// waits tells whether a request of a kind waits on a party: a second of its kind asks for what is under way, and an event
// answers one (3.0-5), so it is refused as not allowed in the party's state (protocol.md 6).
func (p *party) waits(kind RequestKind) bool {
	return slices.ContainsFunc(p.pending, func(a pending) bool { return a.kind == kind })
}

// foremost lets a request be answered before others that wait for the same.
func (p *party) foremost(i int) {
	a := p.pending[i]
	copy(p.pending[1:i+1], p.pending[:i])
	p.pending[0] = a
}

// unconfirmed refuses what the switch has not confirmed in time; the party is as it was (protocol.md 6).
func (e *Engine) unconfirmed(p *party, now int64) {
	for i := 0; i < len(p.pending); {
		if a := p.pending[i]; a.dueAt != 0 && a.dueAt <= now {
			e.refuseCommanded(p, a.command, events.PBXError, "the switch took the command and did not confirm it in time")
			continue
		}
		i++
	}
}

// refuseAll refuses what a party that has ended can no longer answer (3.14).
func (e *Engine) refuseAll(p *party) {
	for len(p.pending) > 0 {
		a := p.pending[0].asker
		p.settle(0)
		e.refuseParty(p, a, events.NotFoundParty, "the party ended before the request was done")
	}
}

func (e *Engine) refuseParty(p *party, a asker, code events.Code, detail string) {
	r := Request{Client: a.client, ReferenceID: a.reference, Name: a.name, CompanyID: a.company, ThisDN: a.dn}
	if p.call != nil {
		r.CallID = p.call.id
	}
	e.refuse(&r, code, detail)
}

// refuseAsked refuses the request that an operation carries out, unless an event has answered it already. The switch waits as
// long for what it was to do as the engine does: which of the two gives up first makes no difference.
func (e *Engine) refuseAsked(o *operation) {
	detail := "the switch did not do it"
	if c := e.refusal; c != CauseNone && c != CauseTimerExpired {
		detail = "the switch refused: " + CauseName(c)
	}
	e.refuseAskedWith(o, events.PBXError, detail)
}

func (e *Engine) refuseAskedWith(o *operation, code events.Code, detail string) {
	for _, r := range []ref{o.by, o.target, o.with} {
		p := r.get()
		if p == nil {
			continue
		}
		for i := range p.pending {
			if p.pending[i].asker == o.asker {
				p.settle(i)
				e.refuseParty(p, o.asker, code, detail)
				return
			}
		}
	}
}

// commandAnswered meets the switch's answer to a command that somebody waits for.
func (e *Engine) commandAnswered(in *Input) {
	p := e.ordered[in.Command].get()
	delete(e.ordered, in.Command)
	if p == nil {
		e.nailAnswered(in)
		return
	}
	e.insisted(p, in)
	e.refusal = in.Cause
	defer func() { e.refusal = 0 }()
	if in.Cause != CauseNone {
		e.commandRefused(p, in)
		return
	}
	for i := range p.pending {
		if p.pending[i].command == in.Command {
			e.commandTaken(p, i)
			return
		}
	}
	if o := p.op; o != nil && o.command == in.Command {
		e.joinedAlready(o)
	}
}

// joinedAlready: two who hear each other already are joined without a record of it; the switch's word comes after all
// records that it brings.
func (e *Engine) joinedAlready(o *operation) {
	for _, pair := range [][2]*party{
		{o.by.get(), o.target.get()}, {o.with.get(), o.target.get()}, {o.by.get(), o.with.get()},
	} {
		if p, q := pair[0], pair[1]; p != nil && q != nil && p.partner.get() == q && p.answered() && q.answered() {
			e.joined(p, q)
		}
	}
}

// supersede refuses what an operation still owes a party's clients: another request takes its place.
func (e *Engine) supersede(p *party) {
	for i := 0; i < len(p.pending); {
		if p.pending[i].dueAt != 0 {
			i++
			continue
		}
		a := p.pending[i].asker
		p.settle(i)
		e.refuseParty(p, a, events.InvalidCallType, "another request on the consult has taken its place")
	}
}

// refuseCommanded refuses all that waits in a party's call for a command that was not carried out. Whom it was to end lives
// on as if nobody had asked for that.
func (e *Engine) refuseCommanded(p *party, command uint64, code events.Code, detail string) {
	waited := false
	for q := p.call.first; q != nil; q = q.next {
		for i := 0; i < len(q.pending); {
			a := q.pending[i]
			if a.command != command {
				i++
				continue
			}
			q.settle(i)
			e.refuseParty(q, a.asker, code, detail)
			waited = true
		}
	}
	for q := p.call.first; q != nil && waited; q = q.next {
		if q.hangup == command {
			e.liveOn(q)
			e.dismiss(q.call, q) // the others may have gone meanwhile
		}
	}
}

// liveOn: the switch did not end a leg that a client wanted ended. How it ends later has nothing to do with that.
func (e *Engine) liveOn(p *party) {
	p.hangup = 0
	if p.deletedBy != "" {
		e.extrasOf(p).deletedBy = ""
	}
	if p.blame.asked {
		p.blame = blame{}
	}
}

func (e *Engine) commandRefused(p *party, in *Input) {
	hangs := p.hangup == in.Command
	gone := hangs && in.Cause == CauseInvalidCallReference // its end has rows of its own
	code, detail := events.PBXError, "the switch refused: "+CauseName(in.Cause)
	if in.Cause == CauseInvalidCallReference {
		code, detail = events.NotFoundChannel, "the channel has gone"
	}
	if p.call != nil {
		e.refuseCommanded(p, in.Command, code, detail)
	}
	if p.expected && (gone || !hangs) {
		e.neverWas(p, in)
		return
	}
	e.offerRefused(p, in.Command)
	if o := p.op; o != nil && o.awaits(in.Command) && !gone {
		e.advance(o, opRefused)
	}
}

// commandTaken tells of what no record of the switch confirms: the switch's word is all there is.
func (e *Engine) commandTaken(p *party, i int) {
	a := p.pending[i]
	switch a.kind {
	case RequestMuteCall, RequestUnmuteCall:
		e.setMuted(p, a.kind == RequestMuteCall)
	case RequestSendDtmf:
		p.foremost(i)
		e.tellDTMF(p, a.value)
	case RequestWhisper:
		p.foremost(i)
		e.tellWhisper(p, a.value)
	case RequestPauseRecording, RequestResumeRecording:
		e.setPaused(p, a.kind == RequestPauseRecording)
	}
}
