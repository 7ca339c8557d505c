package engine

import (
	"slices"

	"modcti/events"
)

// This file holds where a caller goes whom a queue does not serve (3.2), or whose call the agent did not take (3.3).

// overflow sends a caller on whom a queue does not serve (3.2).
func (e *Engine) overflow(w *waiter, when OverflowWhen) {
	to := w.queue.config.overflow(when)
	p := e.depart(w, to.To, when)
	if p != nil && !e.goes(p, Target{to.Kind, to.To}, &detour{from: w, when: when}) {
		e.letGo(p, w.inApp, string(when))
	}
}

// depart ends the stay of a caller who is sent on; nil: there is nobody to send.
func (e *Engine) depart(w *waiter, to string, when OverflowWhen) *party {
	p := w.party.get()
	if w.queued {
		e.turned = e.turned[:0]
		e.tellDiverted(w, to, events.StateRedirected)
	} else {
		e.turned = append(e.turned, w.queue)
	}
	e.leave(w, string(when), nil)
	if p == nil || p.ending || w.op != nil && e.opUnserved(w) {
		return nil
	}
	return p
}

// goes has a caller whom a queue does not serve go somewhere else; false: he cannot.
func (e *Engine) goes(p *party, to Target, d *detour) bool {
	switch to.Kind {
	case ToQueue:
		next := e.queueAt(to.To)
		if next == nil || p.hops >= hopsMax || slices.Contains(e.turned, next) {
			return false
		}
		e.extrasOf(p).hops++
		e.enqueue(p, next, d.from.priority, d.from.ring, d.from.inApp)
	case ToVoicemail:
		return p.op == nil && e.toVoicemail(p, to.To, d)
	case ToNumber:
		if _, ok := e.dial(to.To); !ok || p.op != nil {
			return false
		}
		e.divert(p, to.To, d)
	case ToHangup:
		e.insistOn(p, Command{Kind: CommandHangup, Cause: CauseNormalClearing})
	case ToRelease:
		e.insistOn(p, Command{Kind: CommandHangup, Cause: d.when.cause()})
	case ToDialplan, ToRecall:
		return false
	}
	return true
}

// letGo gives a caller back to the dialplan, if he came from there.
func (e *Engine) letGo(p *party, inApp bool, result string) {
	if inApp {
		p.displaced = false // the dialplan has him again
		e.insistOn(p, Command{Kind: CommandReturn, Value: result})
		return
	}
	e.insistOn(p, Command{Kind: CommandHangup, Cause: CauseNormalClearing})
}

// toVoicemail has a caller speak to a voicemail box; nobody is called. Where the switch cannot he is let go.
func (e *Engine) toVoicemail(p *party, box string, d *detour) bool {
	profile, ok := e.voicemailOf(box)
	if !ok {
		return false
	}
	p.insist = &insistence{command: Command{Kind: CommandVoicemail, Name: profile, Value: box}, detour: d}
	p.insist.id = e.order(p, p.insist.command)
	return true
}

func (e *Engine) voicemailOf(box string) (profile string, ok bool) {
	if e.config.Voicemail == nil {
		return "", false
	}
	return e.config.Voicemail(box)
}

// divert has a number called for a caller whom his queue has given up.
func (e *Engine) divert(p *party, number string, d *detour) {
	w := d.from
	o := &operation{
		kind: diversion, stage: calling, call: p.call, with: refTo(p), dn: number, byDN: w.queue.config.ID, ring: w.ring, detour: d,
	}
	p.op = o
	e.callTarget(o)
	if o.stage != over && !w.inApp {
		e.wait(p, WaitRingback)
	}
}

// diversionFailed: nobody took the call at the number that the queue sent him on to.
func (e *Engine) diversionFailed(o *operation) {
	o.dissolve()
	if p := o.with.get(); p != nil && !p.ending {
		e.goesOn(p, o.detour)
	}
}

// detour is the way of a caller whom a queue, or an agent's list, has sent on: what he is sent to next where nobody takes him, and
// whose place he has again where nothing is left.
type detour struct {
	from  *waiter    // nil: he was in no queue,
	of    *operation // but has called an agent by this, or was sent to him
	when  OverflowWhen
	left  []Target
	turns bool // he has his place again at last; else the dialplan has him, if he came from there
}

// cause is what a caller is released with whose call was not taken.
func (when OverflowWhen) cause() uint16 {
	switch when {
	case WhenNoAnswer:
		return CauseNoAnswer
	case WhenRejected:
		return CauseCallRejected
	case WhenBusy:
		return CauseUserBusy
	case WhenUnreachable:
		return CauseOutOfOrder
	}
	return CauseNormalClearing
}

// heedMissed sends a caller on for whom the last phone that was called has rung in vain, as its agent's list says, else the
// queue's. Who consults asks for an agent of this queue, and who is to be called back is not there: both wait on.
func (e *Engine) heedMissed(w *waiter) {
	o := w.missed
	w.missed = nil
	if o == nil || !w.waits() {
		return
	}
	if w.number == "" && (w.op == nil || w.op.kind == transfer) && o.missed() && o.outcome != OfferFailed {
		list := o.agent.config.MissedOverflow
		if len(list) == 0 {
			list = w.queue.config.MissedOverflow
		}
		if p := w.party.get(); p != nil && len(list) > 0 {
			e.goesOn(p, &detour{from: w, when: OverflowWhen(o.outcome), left: list, turns: true})
		}
	}
	if !w.gone && e.hopeless(w.queue) {
		e.changed = append(e.changed, w.queue)
	}
}

// walk sends a caller to the first that takes him of those who are left; false: none does.
func (e *Engine) walk(p *party, d *detour) bool {
	e.turned = e.turned[:0]
	for len(d.left) > 0 && (d.of != nil || d.left[0].Kind != ToRecall) {
		to := d.left[0]
		d.left = d.left[1:]
		if to.Kind == ToNumber && e.queueAt(to.To) != nil {
			to.Kind = ToQueue
		}
		if !e.takes(to, d, p) {
			continue
		}
		if w := d.from; w == nil {
			e.passTo(to, d, p)
			return true
		} else if !w.gone && e.depart(w, to.To, d.when) == nil || e.goes(p, to, d) {
			return true
		}
	}
	return false
}

// takes tells whether a caller may be sent somewhere: it is known then whether he is turned away there.
func (e *Engine) takes(to Target, d *detour, p *party) (ok bool) {
	w, has := d.from, d.of
	if w != nil {
		has = w.op
	}
	idle := p.op == nil || p.op == has
	switch to.Kind {
	case ToRelease:
		return true
	case ToQueue:
		q := e.queueAt(to.To)
		if q == nil || w != nil && q == w.queue || p.hops >= hopsMax || q.blacklist[p.thisDN] {
			return false
		}
		_, shut := e.shuts(q, q.onLine()+1)
		return !shut
	case ToNumber:
		_, ok = e.dial(to.To)
		ok = ok && (w != nil || to.To != p.thisDN && !e.full())
	case ToVoicemail:
		_, ok = e.voicemailOf(to.To)
		ok = ok && (w != nil || p.nail == nil) // a leg that stays up would be left there
	case ToDialplan, ToHangup, ToRecall:
	}
	return ok && idle
}

// goesOn sends a caller to the next of those who are left. Where there is none he waits on if he does, or what he did has failed.
func (e *Engine) goesOn(p *party, d *detour) {
	switch {
	case d.of != nil && p.op != nil: // something else is done to him by now
	case e.walk(p, d):
	case d.of != nil:
		e.giveUp(p, d.of)
	case !d.from.gone:
	case d.turns:
		e.comeBack(p, d)
	default:
		e.letGo(p, d.from.inApp, string(d.when))
	}
}

// comeBack gives a caller his place again whom nobody took elsewhere. It is his as if he had not been away.
func (e *Engine) comeBack(p *party, d *detour) {
	was := d.from
	q := e.queueAt(was.queue.config.ID)
	if q == nil {
		e.letGo(p, was.inApp, string(d.when))
		return
	}
	w := e.newStay(q, "", was.priority)
	w.entered, w.sinceMillis, w.retries = was.entered, was.sinceMillis, was.retries
	w.ring, w.inApp, w.level = was.ring, was.inApp, q.levelAfter(e.in.MonoNanos-was.entered)
	e.beginStay(w, p)
	w.came, w.early = was.came, was.early
	w.key = w.turn()
	e.waitOn(w, p)
}

// waitOn: a caller waits at a place that was his before. The queue may be full or closed by now, as for any who wait.
func (e *Engine) waitOn(w *waiter, p *party) {
	q := w.queue
	p.queue = q
	e.nameStay(p, w)
	e.tellQueued(w, nil)
	if e.draining {
		e.overflow(w, WhenClosed)
		return
	}
	e.settleIn(w, p)
	if e.hopeless(q) {
		e.changed = append(e.changed, q)
	}
	e.armWaiter(w)
	e.matchLater(w)
}
