package engine

import (
	"cmp"
	"strconv"

	"modcti/events"
)

// This file holds a caller's stay in a queue: how it begins and the ways in which it ends.

// enqueue lets a caller wait in a queue, or sends him on at once (3.2). inApp: he is in the application cti_queue. ring is how
// long a phone may ring for him, in ms; 0 = as the settings say.
func (e *Engine) enqueue(p *party, q *queue, priority int, ring int64, inApp bool) {
	w := e.newStay(q, p.thisDN, priority)
	w.ring, w.inApp = ring, inApp
	e.comesBack(w, p)
	e.beginStay(w, p)
	p.queue = q
	e.nameStay(p, w)
	if when, refused := e.turnedAway(w, p); refused {
		e.overflow(w, when)
		return
	}
	e.tellQueued(w, nil)
	e.welcome(w, p)
	if a := e.servedLast(p.thisDN, q); a != nil {
		w.lastSeat, w.lastSeatTill = a, e.in.MonoNanos+q.config.LastSeatMillis*1_000_000
		a.awaited = append(a.awaited, w)
	}
	e.armWaiter(w)
	e.matchLater(w)
}

func (e *Engine) nameStay(p *party, w *waiter) {
	e.setVariables(p, "cti_queue", w.queue.config.ID, "cti_queue_joined_ms", strconv.FormatInt(w.cameMillis, 10))
}

// stayApart: who comes into queues twice in a moment has come at two: his stays are told apart by their ms.
const stayApart = 1_000_000

// beginStay ties a stay to who waits.
func (e *Engine) beginStay(w *waiter, p *party) {
	q := w.queue
	w.party, w.callID, w.partyID = refTo(p), p.call.id, p.names.hex
	w.came = max(w.came, p.staysFrom)
	w.cameMillis, e.extrasOf(p).staysFrom = e.millisOf(w.came), w.came+stayApart
	w.early = max(w.entered-p.call.created, 0)
	w.key = w.turn()
	if p.waiter != nil {
		e.takenAway(p)
	}
	p.waiter = w
	q.come(w)
	e.relightQueue(q)
	p.call.addDN(q.config.ID)
	w.position = int(w.placeNow())
	e.recordStay(QueueEntered, w, "", nil)
}

// newStay makes a stay that begins now; who returns in time, or calls although he is to be called back, has his place
// again.
func (e *Engine) newStay(q *queue, number string, priority int) *waiter {
	e.stayed++
	w := &waiter{queue: q, came: e.in.MonoNanos, entered: e.in.MonoNanos, at: -1, ordinal: e.stayed, priority: priority}
	w.alarm.waiter = w
	if at, ok := q.dropped[number]; ok {
		delete(q.dropped, number)
		if e.in.MonoNanos-at.left <= q.config.ResumeMillis*1_000_000 {
			w.entered = at.entered
		}
	}
	if back := q.callbacks[number]; back != nil && len(back.offers) == 0 {
		w.entered = min(w.entered, back.entered)
		e.leave(back, StayReplaced, nil)
	}
	w.level = q.levelAfter(e.in.MonoNanos - w.entered)
	w.cameMillis, w.sinceMillis = e.millisOf(w.came), e.millisOf(w.entered)
	return w
}

// turn is by what a caller's turn comes, the least first: the time that he came at, less the head start of his priority.
func (w *waiter) turn() int64 {
	c := w.queue.config
	head := int64(w.priority) * cmp.Or(c.PriorityMillis, priorityDefault)
	key := w.entered - min(head, headMax)*1_000_000
	if c.SinceCall {
		key -= w.early
	}
	return key
}

// open tells whether a queue takes callers now.
func (e *Engine) open(q *queue) bool {
	return e.config.QueueOpen == nil || e.config.QueueOpen(q.config.ID, e.wallMicros)
}

// turnedAway tells why a queue does not take a caller.
func (e *Engine) turnedAway(w *waiter, p *party) (OverflowWhen, bool) {
	if w.queue.blacklist[p.thisDN] {
		return WhenBlacklisted, true
	}
	return e.shuts(w.queue, w.queue.onLine())
}

// onLine is how many wait in a queue themselves: who is to be called back has a place, and holds no line.
func (q *queue) onLine() int { return len(q.stays) - len(q.callbacks) }

// shuts tells why a queue takes nobody more, whoever comes; so many would be on the line with him.
func (e *Engine) shuts(q *queue, callers int) (OverflowWhen, bool) {
	c := q.config
	switch {
	case e.draining, !e.open(q):
		return WhenClosed, true
	case c.MaxLength > 0 && callers > c.MaxLength:
		return WhenFull, true
	case q.on == 0 && c.has(WhenNobodyOn) && c.NobodyOnMillis == 0:
		return WhenNobodyOn, true
	case e.hopeless(q):
		return WhenNobodyReady, true
	}
	return "", false
}

func (c *QueueConfig) has(when OverflowWhen) bool { return c.overflow(when).When == when }

// overflow is where callers go when something happens.
func (c *QueueConfig) overflow(when OverflowWhen) Overflow {
	for i := range c.Overflow {
		if c.Overflow[i].When == when {
			return c.Overflow[i]
		}
	}
	return Overflow{}
}

// leave ends a stay. What was done for it is undone: no phone rings for a caller who is not there.
func (e *Engine) leave(w *waiter, outcome string, by *agent) {
	if w.gone {
		return
	}
	w.gone = true
	q := w.queue
	q.leave(w)
	e.relightQueue(q)
	e.stepOut(w)
	e.stopRinging(w)
	w.unawait()
	e.setAlarm(&w.alarm, 0)
	if w.number != "" && q.callbacks[w.number] == w {
		delete(q.callbacks, w.number)
	}
	p := w.party.get()
	if p != nil && p.waiter == w {
		p.waiter = nil
	}
	if by != nil {
		q.served(e.in.MonoNanos - w.entered)
	} else if p != nil && !p.ending && w.op == nil {
		e.setVariables(p, "cti_queue_left_ms", e.millisText(max(e.in.MonoNanos, w.came)), "cti_queue_result", outcome)
		p.queue = nil
	}
	for _, o := range w.offers {
		if o.outcome == "" {
			e.dropOffer(o, OfferCallerLeft, CauseOriginatorCancel)
		}
	}
	e.recordStay(QueueLeft, w, outcome, by)
}

// unawait: he does not wait for one agent in person any more.
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

// waitForAny: he waits for whoever becomes free.
func (e *Engine) waitForAny(w *waiter) {
	w.unawait()
	if w.waits() {
		e.matchLater(w)
	}
}

// callerLeft: a caller who waits has hung up. It runs when his leg begins to end, so that no phone rings on (3.2).
func (e *Engine) callerLeft(w *waiter, p *party) {
	q := w.queue
	consults := w.op != nil && w.op.by.get() == p
	if q.config.ResumeMillis > 0 && identifies(p.thisDN) && !consults {
		q.remember(p.thisDN, droppedCaller{w.entered, e.in.MonoNanos})
	}
	if len(w.offers) == 0 {
		e.tellAbandoned(w)
	}
	e.leave(w, StayAbandoned, nil)
}

// remember notes who may return. Those whose time is over make room first; if there are none, everybody does.
func (q *queue) remember(number string, who droppedCaller) {
	if len(q.dropped) >= droppedMax {
		for n, d := range q.dropped {
			if who.left-d.left > q.config.ResumeMillis*1_000_000 {
				delete(q.dropped, n)
			}
		}
		if len(q.dropped) >= droppedMax {
			clear(q.dropped)
		}
	}
	if q.dropped == nil {
		q.dropped = make(map[string]droppedCaller)
	}
	q.dropped[number] = who
}

// pressed: a caller who waits has pressed a key. An agent who waits for somebody to consult has no such keys; whom he has left
// in his place has.
func (e *Engine) pressed(w *waiter, digits string) {
	c := w.queue.config
	for i := range len(digits) {
		if w.gone || w.winner != nil || w.op != nil && w.op.kind != transfer {
			return
		}
		switch key := digits[i : i+1]; {
		case key == c.CallbackKey:
			e.askCallback(w)
		case contains(c.ExitKeys, key):
			e.overflow(w, WhenKey)
		}
	}
}

func contains(text, letter string) bool {
	for i := range len(text) {
		if text[i:i+1] == letter {
			return true
		}
	}
	return false
}

// queueApp: the dialplan has sent a leg into cti_queue. Each snapshot tells it once more, lest a record that was lost costs
// a caller: who is on his way out has only not gone yet, whom somebody else is called for hears it ring there, and who has been
// joined with somebody was told of a moment before.
func (e *Engine) queueApp(p *party, argument string) {
	refused := e.draining && p.hangup != 0
	known := p.insist != nil || p.op != nil || p.talkingTo() != nil
	if p.call == nil || p.ending || refused || p.waiter != nil || known && e.audit.telling {
		return
	}
	p.insist = nil
	id, rest := splitWord(argument)
	q := e.queueFor(p.call.company, id)
	if q == nil {
		e.setVariables(p, "cti_queue", id)
		e.letGo(p, true, "unknown")
		return
	}
	if c := p.call; c.forming { // the switch called an extension to put it into a queue
		c.callType, c.makeCallType, c.thisDN, c.otherDN = internal, directAgent, p.thisDN, id
		p.otherDN = id
		e.announce(c)
	}
	e.turned = e.turned[:0]
	e.enqueue(p, q, int(wholeNumber(rest)), 0, true)
}

// queueAt is the queue that has a number; nil when there is none.
func (e *Engine) queueAt(id string) *queue {
	if q := e.queues[id]; q != nil && !q.retired {
		return q
	}
	return nil
}

// takenAway: somebody else has a caller who waits: he was transferred, intercepted or put into a room.
func (e *Engine) takenAway(p *party) {
	w := p.waiter
	if w.queued && !w.diverted {
		e.tellDiverted(w, "", events.StateRedirected)
	}
	e.leave(w, StayElsewhere, nil)
}

// checkTaken: a caller who waits is joined with another leg than one that was called for him.
func (e *Engine) checkTaken(p, with *party) {
	if w := p.waiter; w != nil && (with.offer == nil || with.offer.waiter != w) {
		e.takenAway(p)
	}
}

// strayCaller: the first record was lost of a leg that comes into a queue, or another application of the module. The next
// snapshot knows the leg; it is put into the queue then.
func (e *Engine) strayCaller(in *Input) {
	if len(e.strays) >= outgoingMax {
		clear(e.strays)
	}
	e.strays[in.Leg] = stray{in.Text.App, in.Text.AppArg, in.Flags&FlagTruncated != 0}
}

// strayFound: such a leg is known now.
func (e *Engine) strayFound(p *party) {
	s, known := e.strays[p.id]
	if known {
		delete(e.strays, p.id)
		e.ownApp(p, s.app, s.argument, s.cut)
	}
}

// stray is an application of the module that an unknown leg is in.
type stray struct {
	app, argument string
	cut           bool
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
	if a == nil || !a.expected() {
		return nil
	}
	if t := a.tierIn(q); t == nil || !t.working {
		return nil
	}
	return a
}

func (e *Engine) servedBy(number string, a *agent) {
	if !identifies(number) {
		return
	}
	if len(e.lastServed) >= servedMax {
		clear(e.lastServed)
	}
	e.lastServed[number] = a
}

// droppedCaller is who left without being served, and when.
type droppedCaller struct{ entered, left int64 }

// setVariables sets channel variables: names and values by turns. They are in force before the caller goes on.
func (e *Engine) setVariables(p *party, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		c := Command{Kind: CommandSetVariable, Leg: p.id, UUID: p.names.uuid, Name: pairs[i], Value: pairs[i+1]}
		if p.call != nil {
			c.CallID = p.call.id
		}
		e.command(c)
	}
}

func (e *Engine) millisText(mono int64) string { return strconv.FormatInt(e.millisOf(mono), 10) }
