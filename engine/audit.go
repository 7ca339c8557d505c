package engine

// audit compares the engine with the live session table: at the start, every AuditMillis, and soon after a record was
// seen to be missing. The switch tells its table between SnapshotBegin and SnapshotEnd, in ring order with all else.
type audit struct {
	interval int64  // ns; 0 = never
	dueAt    int64  // monotonic ns of the next one
	pending  uint64 // the command asked for, until its end was told
	giveUpAt int64
	beganAt  uint64 // the engine's input count at SnapshotBegin
	first    bool   // the one under way is the first since the start
	telling  bool   // one is being told
	done     uint64
}

func (a *audit) deadline() int64 {
	switch {
	case a.interval == 0:
		return 0
	case a.pending != 0:
		return a.giveUpAt
	}
	return a.dueAt
}

// soon brings the next snapshot forward; what was missing may still be on its way.
func (a *audit) soon(now int64) {
	if at := now + resyncDelay; a.interval != 0 && (a.dueAt == 0 || at < a.dueAt) {
		a.dueAt = at
	}
}

// scheduleAudit begins the first snapshot with the first input.
func (e *Engine) scheduleAudit() {
	if e.audit.interval == 0 && e.config.AuditMillis != 0 {
		e.audit.interval = e.config.AuditMillis * 1_000_000
		e.askSnapshot(e.in.MonoNanos)
	}
}

func (e *Engine) askSnapshot(now int64) {
	e.command(Command{Kind: CommandSnapshot, DeadlineMillis: snapshotMillis})
	e.audit.pending = e.stats.Commands
	e.audit.giveUpAt = now + snapshotMillis*1_000_000
	e.audit.dueAt = now + e.audit.interval
}

func (e *Engine) timerDue(in *Input) {
	a := &e.audit
	e.runTimers(in.MonoNanos)
	if a.pending != 0 && in.MonoNanos >= a.giveUpAt {
		a.pending = 0
	}
	if a.interval != 0 && a.pending == 0 && in.MonoNanos >= a.dueAt {
		e.askSnapshot(in.MonoNanos)
	}
}

func (e *Engine) commandDone(in *Input) {
	if in.Cause != 0 && in.Command == e.audit.pending {
		e.audit.pending = 0
		return
	}
	e.commandAnswered(in)
}

func (e *Engine) snapshotBegin(in *Input) {
	e.stats.Snapshots++
	e.audit.beganAt = e.stats.Inputs
	e.audit.first = e.audit.done == 0
	e.audit.telling = true
}

// legFound meets one live channel: unknown ones are adopted, known ones are brought up to date.
func (e *Engine) legFound(in *Input) {
	if in.Flags&FlagLoopback != 0 {
		f := e.folded[in.Leg]
		if f == nil {
			f = &fold{bornAt: e.stats.Inputs}
			e.folded[in.Leg] = f
		}
		f.seenIn, f.missed, f.partner = e.audit.beganAt, 0, in.Other
		return
	}
	if n := e.nails[in.Leg]; n != nil && e.nailFound(n, in) || e.strayNail(in) {
		return
	}
	p := e.legs.get(in.Leg)
	known := p != nil && (p.bornAt > e.inherited || p.seenIn != 0)
	if p == nil {
		p = e.adopt(in)
	}
	if p == nil {
		return
	}
	p.seenIn, p.missed = e.audit.beganAt, 0
	if p.waited != nil && in.Flags&FlagParked != 0 {
		e.parked = append(e.parked, refTo(p))
	}
	switch {
	case p.call == nil:
	case !known && in.Flags&FlagPlaced != 0:
		e.orphan(p, in)
	case p.call.orphaned && !p.onHold && p.orphaned(): // what the last run had ordered has parted it since
		e.orphans = append(e.orphans, refTo(p))
	}
	if p.restored {
		p.restored = false
		e.stats.Repairs++
		hex := p.names.hex // its own name stays: a call on a leg that is nailed up has another than the leg
		p.names = namesOf(&in.Text)
		p.names.hex = hex
	}
	if p.numbering.holes() {
		e.stats.LostInputs++
		p.numbering.start(p.numbering.high)
	}
	if in.MonoNanos > p.lastFact && !p.ending {
		e.reconcile(p, in)
	}
}

// adopt takes in a channel that was up before the engine, or whose first record was lost.
func (e *Engine) adopt(in *Input) *party {
	origin := e.unfoldOrigin(e.outgoing[in.Leg])
	if !e.tracks(in, origin) {
		e.pass(in, e.outgoing[in.Leg])
		e.untracked[in.Leg].foundIn(e.audit.beganAt)
		return nil
	}
	delete(e.untracked, in.Leg)
	p := e.admit(in, origin)
	if p == nil {
		return nil
	}
	e.stats.Repairs++
	p.adopted = true
	p.origin = refTo(origin)
	if at := in.Times.Created; at != 0 {
		p.times.created = p.mono(at)
	}
	e.place(p)
	e.strayFound(p)
	return p
}

// mono turns Unix µs into the monotonic time of this party.
func (p *party) mono(wallMicros int64) int64 {
	if wallMicros == 0 {
		return 0
	}
	return (wallMicros - p.offsetMicros) * 1000
}

// reconcile tells a party what its channel has come to without a record saying so.
func (e *Engine) reconcile(p *party, in *Input) {
	t := &p.times
	before := e.seq
	// The switch copies a called leg's times to the leg that called it: of a leg whose records are known they say nothing.
	unheard := p.dnRole == calledDN && p.state == Idle
	if p.adopted || unheard {
		setOnce(&t.early, p.mono(in.Times.Early))
		setOnce(&t.progress, p.mono(in.Times.Progress))
	}
	if p.adopted {
		setOnce(&t.bridged, p.mono(in.Times.Bridged))
	}
	if unheard && (in.CallState == CallStateRinging || in.CallState == CallStateEarly || p.ringsAt() != 0) {
		e.rang(p)
	}
	if in.CallState == CallStateActive || in.CallState == CallStateHeld {
		if t.answered == 0 {
			setOnce(&t.answered, p.mono(in.Times.Answered))
			setOnce(&t.answered, in.MonoNanos)
			e.pickedUp(p)
		}
	}
	if q := e.legs.get(in.Other); q != nil && q != p && p.partner.get() != q {
		setOnce(&t.bridged, p.mono(in.Times.Bridged))
		e.pair(p, q)
	}
	switch {
	case p.op != nil, p.orphaned():
		// What an operation holds, or did, the switch does not call held.
	case in.CallState == CallStateHeld && p.state == Talk:
		e.apply(p, holds)
	case in.CallState == CallStateActive && p.state == Held:
		e.apply(p, retrieves)
	}
	if e.seq != before && !p.adopted {
		e.stats.Repairs++
	}
}

// snapshotEnd ends what the switch no longer has. A channel on its way out is not shown any more while its last
// records are still to come; so one that was expected is given up only when it is missing again, soon after. Of one that has
// hung up that is no news: under traffic there always are some, and none of them brings the next snapshot forward.
func (e *Engine) snapshotEnd(in *Input) {
	a := &e.audit
	a.pending, a.telling = 0, false
	a.done++
	for _, p := range e.partiesWho(func(p *party) bool { return p.bornAt < a.beganAt && p.seenIn != a.beganAt }) {
		if p.bornAt != 0 { // it has not gone with another
			e.missing(p, in)
		}
	}
	e.missingNails(in)
	e.forgetUntracked()
	e.waitAgain()
	e.serveOrphans()
	if a.done == 1 {
		e.nailsKnown()
		e.releaseCallbacks()
	}
	for id, f := range e.folded {
		if f.bornAt >= a.beganAt || f.seenIn == a.beganAt {
			continue
		}
		if f.missed++; f.missed > missedMax {
			delete(e.folded, id)
		}
	}
}

func (e *Engine) missing(p *party, in *Input) {
	if p.restored {
		e.vanish(p, in, EndInterrupted)
		return
	}
	if p.expected && in.MonoNanos-p.times.created < expectedMax {
		return // it is being made; a refusal or its ring timer ends it
	}
	p.missed++
	if p.ending && in.MonoNanos-p.times.ended < lingerMax {
		return // its last word is on its way
	}
	if p.missed < missedMax {
		e.audit.soon(in.MonoNanos)
		return
	}
	e.vanish(p, in, EndVanished)
}

// vanish ends a party whose channel is gone without a word.
func (e *Engine) vanish(p *party, in *Input, reason EndReason) {
	if p.state != Released {
		e.stats.Repairs++
		if c := p.call; c != nil && !p.ending && (p.talked || c.live <= 1) { // a phone that only rang is not how it ends
			c.endReason = reason
		}
		if p.expected { // its originate may still wait for a worker
			e.hangUp(p, CauseOriginatorCancel, noWord)
		}
		end := *in
		end.Leg, end.Cause, end.Disposition = p.id, p.cause, DispositionNone
		if reason == EndInterrupted {
			end.MonoNanos = max(p.mono(p.stateSinceMillis*1000), p.times.created)
		}
		e.ended(p, &end)
	}
	e.forget(p)
}
