package engine

import "modcti/events"

// This file calls back who did not want to wait: his place goes on to wait for him, an agent is called when it is his
// turn, and then he.

// callOrigin is what a call-back takes over from the call that asked for it.
type callOrigin struct {
	data  events.Data
	shown string // what he dialed, and will see
}

// askCallback lets a caller go and keeps his place. One whose number cannot be called stays, and one too many.
func (e *Engine) askCallback(w *waiter) {
	p, q := w.party.get(), w.queue
	if p == nil || p.ending {
		return
	}
	if _, ok := e.dial(p.thisDN); !ok || !identifies(p.thisDN) || q.callbacks[p.thisDN] != nil || len(q.callbacks) >= callbacksMax {
		return
	}
	e.stayed++
	back := &waiter{
		queue: q, came: e.in.MonoNanos, entered: w.entered, early: w.early, key: w.key, ordinal: w.ordinal, level: w.level, at: -1,
		priority: w.priority, number: p.thisDN, callID: p.call.id,
		cameMillis: e.millisOf(e.in.MonoNanos), sinceMillis: w.sinceMillis, original: callOrigin{data: p.call.data, shown: p.call.dnis},
	}
	e.overflow(w, WhenCallback)
	e.awaitCallback(back)
	back.position = int(back.placeNow())
	e.recordStay(QueueEntered, back, "", nil)
	e.armWaiter(back)
	e.matchLater(back)
}

// awaitCallback puts who is to be called back into his queue.
func (e *Engine) awaitCallback(w *waiter) {
	w.alarm.waiter = w
	if w.queue.callbacks == nil {
		w.queue.callbacks = make(map[string]*waiter)
	}
	w.queue.callbacks[w.number] = w
	w.queue.come(w)
	e.relightQueue(w.queue)
}

// beginCallback makes the call of a call-back, with the leg of the agent who gets it.
func (e *Engine) beginCallback(w *waiter, p *party) {
	c := e.newCall(p)
	e.nameCall(c, p)
	c.bornAt, c.offsetMicros, c.created, c.data = p.bornAt, p.offsetMicros, p.times.created, w.original.data
	c.callType, c.thisDN, c.otherDN = outbound, w.queue.config.ID, w.number
	c.ani, c.dnis = w.original.shown, w.number
	e.link(c)
	c.add(p)
	w.callback = c
	e.announce(c)
}

// callBack: the agent is there, and hears ringback while the customer is called.
func (e *Engine) callBack(w *waiter, p *party) {
	o := &operation{
		kind: makeCall, stage: calling, call: p.call, by: refTo(p), dn: w.number, byDN: p.thisDN, caller: w.original.shown,
	}
	p.op, p.offer.called = o, true
	e.callOut(o)
}

// restoreCallbacks takes back the places of those who are to be called back. Their turn comes when the first snapshot has
// brought those back who wait themselves, perhaps before them.
func (e *Engine) restoreCallbacks(records []QueueRecord) {
	for i := range records {
		r := &records[i]
		q := e.queueAt(r.QueueID)
		if q == nil || r.CallerDN == "" || q.callbacks[r.CallerDN] != nil {
			continue
		}
		e.stayed++
		w := &waiter{
			queue: q, came: e.monoOf(r.EnteredMillis), entered: e.monoOf(r.SinceMillis), at: -1, ordinal: e.stayed, priority: r.Priority,
			number: r.CallerDN, callID: r.CallID, position: r.Position, made: r.Offers, cameMillis: r.EnteredMillis,
			sinceMillis: r.SinceMillis, early: r.EarlyMillis * 1_000_000, held: e.config.AuditMillis != 0,
		}
		if r.SinceMillis == 0 {
			w.entered, w.sinceMillis = w.came, w.cameMillis
		}
		w.key = w.turn()
		w.level = q.levelAfter(e.monoNanos - w.entered)
		e.awaitCallback(w)
		e.armWaiter(w)
		e.matchLater(w)
	}
}

// releaseCallbacks: all who wait are known.
func (e *Engine) releaseCallbacks() {
	for _, q := range e.queuesInOrder() {
		for _, w := range q.stays {
			if w.held {
				w.held = false
				e.matchLater(w)
			}
		}
	}
}

func (q *queue) callbackMillis() int64 {
	if q.config.CallbackMillis > 0 {
		return q.config.CallbackMillis
	}
	return callbackDefault
}

const minuteMicros = 60_000_000

// hoursAt is when a queue may open or close next: hours are of whole minutes. Only who is called back waits for that.
func (e *Engine) hoursAt(w *waiter) int64 {
	if w.number == "" || e.config.QueueOpen == nil || len(w.offers) > 0 {
		return 0
	}
	return e.monoNanos + (minuteMicros-e.wallMicros%minuteMicros)*1000
}

// heedHours: nobody is called back while his queue is closed; he keeps his place.
func (e *Engine) heedHours(w *waiter) {
	if w.number == "" {
		return
	}
	if w.shut = !e.open(w.queue); w.shut {
		e.stepOut(w)
	}
}
