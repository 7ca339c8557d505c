package engine

import (
	"container/heap"

	"modcti/events"
)

// This file holds a caller's stay in a queue: how it begins and the ways in which it ends.

// enqueue lets a caller wait in a queue, or sends him on at once (3.2).
func (e *Engine) enqueue(p *party, q *queue, priority int, inApp bool) {
	e.stayed++
	w := &waiter{
		party: refTo(p), call: p.call, queue: q, entered: e.in.MonoNanos, at: -1, ordinal: e.stayed,
		priority: priority, inApp: inApp,
	}
	w.level = q.levelAfter(0)
	if at, ok := q.dropped[p.thisDN]; ok {
		delete(q.dropped, p.thisDN)
		if e.in.MonoNanos-at.left <= q.config.ResumeMillis*1_000_000 {
			w.entered = at.entered
			w.level = q.levelAfter(e.in.MonoNanos - w.entered)
		}
	}
	w.key = w.entered - int64(priority)*q.config.PriorityMillis*1_000_000
	p.waiter, p.queue = w, q
	q.callers++
	e.recordStay(QueueEntered, w, "", nil)
	if when, refused := e.turnedAway(w); refused {
		e.overflow(w, when)
		return
	}
	e.tellQueued(w)
	e.armStay(w)
	if a := e.servedLast(p.thisDN, q); a != nil {
		w.lastSeat = a
		a.awaited = append(a.awaited, w)
		e.waiterTimer(w, lastSeatTimer, e.in.MonoNanos+q.config.LastSeatMillis*1_000_000)
	}
	e.waiters = append(e.waiters, w)
}

// turnedAway tells why a queue does not take a caller.
func (e *Engine) turnedAway(w *waiter) (OverflowWhen, bool) {
	q, c := w.queue, w.queue.config
	for _, number := range c.Blacklist {
		if p := w.party.get(); p != nil && p.thisDN == number {
			return WhenBlacklisted, true
		}
	}
	switch {
	case e.config.QueueOpen != nil && !e.config.QueueOpen(c.ID, e.in.WallMicros):
		return WhenClosed, true
	case c.MaxLength > 0 && q.callers > c.MaxLength:
		return WhenFull, true
	case q.on == 0 && c.has(WhenNobodyOn) && c.NobodyOnMillis == 0:
		return WhenNobodyOn, true
	case q.ready == 0 && c.NobodyReady:
		return WhenNobodyReady, true
	}
	return "", false
}

func (c *QueueConfig) has(when OverflowWhen) bool {
	for i := range c.Overflow {
		if c.Overflow[i].When == when {
			return true
		}
	}
	return false
}

func (e *Engine) armStay(w *waiter) {
	c := w.queue.config
	if c.MaxWaitMillis > 0 {
		e.waiterTimer(w, maxWaitTimer, w.entered+c.MaxWaitMillis*1_000_000)
	}
	if c.NobodyOnMillis > 0 {
		e.waiterTimer(w, nobodyTimer, e.in.MonoNanos+c.NobodyOnMillis*1_000_000)
	}
	if c.AnnounceMillis > 0 && (c.AnnouncePosition || c.AnnounceWait) {
		e.waiterTimer(w, announceTimer, e.in.MonoNanos+c.AnnounceMillis*1_000_000)
	}
	e.armRelax(w)
}

// leave ends a stay. What was done for it is undone: no phone rings for a caller who is not there.
func (e *Engine) leave(w *waiter, outcome string, by *agent) {
	if w.gone {
		return
	}
	w.gone = true
	q := w.queue
	q.callers--
	if w.at >= 0 {
		heap.Remove(&q.waiting[w.level], w.at)
	}
	q.stopRinging(w)
	w.unawait()
	if p := w.party.get(); p != nil && p.waiter == w {
		p.waiter = nil
	}
	for _, o := range w.offers {
		if o.outcome == "" {
			o.cancelled, o.outcome = true, OfferCallerLeft
			e.hangUp(o.party.get(), CauseOriginatorCancel, "")
		}
	}
	if by != nil {
		q.served(e.in.MonoNanos - w.entered)
	}
	e.recordStay(QueueLeft, w, outcome, by)
}

func (w *waiter) unawait() {
	a := w.lastSeat
	if a == nil {
		return
	}
	w.lastSeat = nil
	for i, have := range a.awaited {
		if have == w {
			a.awaited = append(a.awaited[:i], a.awaited[i+1:]...)
			return
		}
	}
}

// callerLeft: a caller who waits has hung up. It runs when his leg begins to end, so that no phone rings on (3.2).
func (e *Engine) callerLeft(w *waiter) {
	q := w.queue
	if p := w.party.get(); p != nil && q.config.ResumeMillis > 0 && p.thisDN != "" {
		if len(q.dropped) >= droppedMax {
			clear(q.dropped)
		}
		q.dropped[p.thisDN] = droppedCaller{w.entered, e.in.MonoNanos}
	}
	if len(w.offers) == 0 {
		e.tellAbandoned(w)
	}
	e.leave(w, "abandoned", nil)
}

// overflow sends a caller on whom a queue does not serve.
func (e *Engine) overflow(w *waiter, when OverflowWhen) {
	p := w.party.get()
	to := Overflow{When: when}
	for _, o := range w.queue.config.Overflow {
		if o.When == when {
			to = o
			break
		}
	}
	inApp, call, from := w.inApp, w.call, w.queue
	e.leave(w, string(when), nil)
	if p == nil || p.ending {
		return
	}
	switch to.Kind {
	case ToQueue:
		next := e.queues[to.To]
		if next != nil && !next.retired && p.hops < hopsMax {
			p.hops++
			e.enqueue(p, next, w.priority, inApp)
			return
		}
	case ToNumber, ToVoicemail:
		if _, ok := e.dial(to.To); ok {
			o := &operation{
				kind: redirect, stage: calling, call: call, with: refTo(p), dn: to.To, byDN: from.config.ID,
			}
			p.op = o
			e.callTarget(o)
			if o.stage != over && !inApp {
				e.wait(p, WaitRingback)
			}
			return
		}
	case ToHangup:
		e.hangUp(p, CauseNormalClearing, "")
		return
	case ToDialplan:
	}
	if inApp {
		e.order(p, Command{Kind: CommandReturn, Value: string(when)})
		return
	}
	e.hangUp(p, CauseNormalClearing, "")
}

// pressed: a caller who waits has pressed a key.
func (e *Engine) pressed(w *waiter, digits string) {
	for i := range len(digits) {
		for j := range len(w.queue.config.ExitKeys) {
			if digits[i] == w.queue.config.ExitKeys[j] {
				e.overflow(w, WhenKey)
				return
			}
		}
	}
}

// queueApp: the dialplan has sent a leg into cti_queue.
func (e *Engine) queueApp(p *party, argument string) {
	if p.call == nil || p.ending || p.waiter != nil {
		return
	}
	id, rest := splitWord(argument)
	priority := int(wholeNumber(rest))
	q := e.queues[id]
	if q == nil || q.retired {
		e.order(p, Command{Kind: CommandReturn, Value: "unknown"})
		return
	}
	e.enqueue(p, q, priority, true)
}

// served learns how long callers wait, for the announcement of the waiting time.
func (q *queue) served(waited int64) {
	if q.meanWait == 0 {
		q.meanWait = waited
		return
	}
	q.meanWait += (waited - q.meanWait) / 8
}

// servedLast is the agent who served a caller last, if the queue has callers wait for him and he is at work.
func (e *Engine) servedLast(number string, q *queue) *agent {
	if q.config.LastSeatMillis == 0 {
		return nil
	}
	a := e.lastServed[number]
	if a == nil || a.retired || a.state != AgentReady || a.tierIn(q) == nil {
		return nil
	}
	return a
}

func (e *Engine) servedBy(number string, a *agent) {
	if number == "" {
		return
	}
	if len(e.lastServed) >= servedMax {
		clear(e.lastServed)
	}
	e.lastServed[number] = a
}

// droppedCaller is who left without being served, and when.
type droppedCaller struct{ entered, left int64 }

// queuePart is what every event of a queue carries.
func queuePart(w *waiter) events.CallPart {
	part := events.CallPart{
		CallID: w.call.id, CallType: w.call.callType, ThisDN: w.queue.config.ID, ANI: w.call.ani, DNIS: w.call.dnis,
		AttachedData: w.call.data,
	}
	if p := w.party.get(); p != nil {
		part.PartyID, part.PartyRole, part.OtherDN = p.names.hex, p.role, p.thisDN
	}
	return part
}
