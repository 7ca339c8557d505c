package engine

import "strconv"

// This file holds what time does to a caller who waits, and what he hears meanwhile.

// armWaiter sets a caller's alarm to the first of what only time brings about.
func (e *Engine) armWaiter(w *waiter) {
	if w.gone {
		return
	}
	at := nextDeadline(e.relaxAt(w), w.progressAt)
	if w.lastSeat != nil {
		at = nextDeadline(at, w.lastSeatTill)
	}
	at = nextDeadline(at, w.waitsTill())
	at = nextDeadline(at, w.nobodyTill())
	at = nextDeadline(at, e.hoursAt(w))
	e.setAlarm(&w.alarm, nextDeadline(at, w.announceAt))
}

// waitsTill is when a caller has waited long enough; 0 = never. One whom an agent has picked up for is not sent on. One who
// is called back waits on no phone, but his place not for ever either; not for him alone is a phone given up that rings.
func (w *waiter) waitsTill() int64 {
	if w.number != "" {
		if len(w.offers) > 0 {
			return 0
		}
		return max(w.came+w.queue.callbackMillis()*1_000_000, 1)
	}
	if w.queue.config.MaxWaitMillis == 0 || w.winner != nil {
		return 0
	}
	return max(w.came+w.queue.config.MaxWaitMillis*1_000_000, 1)
}

// nobodyTill is when a caller has waited long enough for anybody to be on; 0 = somebody is.
func (w *waiter) nobodyTill() int64 {
	q := w.queue
	if q.config.NobodyOnMillis == 0 || q.on > 0 || w.winner != nil || w.number != "" {
		return 0
	}
	return max(max(q.emptySince, w.came)+q.config.NobodyOnMillis*1_000_000, 1)
}

func (e *Engine) waiterDue(w *waiter, now int64) {
	if w.lastSeat != nil && now >= w.lastSeatTill {
		e.waitForAny(w)
	}
	if till := w.waitsTill(); till != 0 && now >= till {
		if w.number != "" {
			e.leave(w, StayExpired, nil)
		} else {
			e.overflow(w, WhenTimeout)
		}
		return
	}
	if till := w.nobodyTill(); till != 0 && now >= till {
		e.overflow(w, WhenNobodyOn)
		return
	}
	if w.progressAt != 0 && now >= w.progressAt {
		e.progress(w)
	}
	if w.announceAt != 0 && now >= w.announceAt {
		e.announcePlace(w)
	}
	e.relax(w)
	if w.number != "" {
		e.matchLater(w) // his queue may have opened, or closed
	}
	e.armWaiter(w)
}

// welcome: what a caller hears first, in the application or out of it. Nothing of it delays an agent: a bridge does not wait
// for it.
func (e *Engine) welcome(w *waiter, p *party) {
	e.settleIn(w, p)
	if file := w.queue.config.Welcome; file != "" {
		e.say(p, SayFile, file)
	}
}

// settleIn has a caller hear the queue's music, and later his place or whatever else is said.
func (e *Engine) settleIn(w *waiter, p *party) {
	c := w.queue.config
	if !w.inApp {
		e.wait(p, WaitQueue)
	}
	if c.Music != "" {
		e.say(p, SayMusic, c.Music)
	}
	if c.AnnounceMillis > 0 && (c.AnnouncePosition || c.AnnounceWait || c.Announce != "") {
		w.announceAt = e.in.MonoNanos + c.AnnounceMillis*1_000_000
	}
}

// waitAnew: a caller was to be joined with somebody and was not, and the switch has taken him out of where he waited. He hears his
// queue again before the other is hung up, who would take him along. No application has him any more.
func (e *Engine) waitAnew(w *waiter) {
	if p := w.party.get(); p != nil && !p.ending && !w.gone && w.number == "" {
		w.inApp = false
		e.settleIn(w, p)
	}
}

func (e *Engine) say(p *party, what, value string) {
	e.order(p, Command{Kind: CommandSay, Name: what, Value: value})
}

// announcePlace says a waiting caller his place, and how long callers wait; one for whom a phone rings hears music.
func (e *Engine) announcePlace(w *waiter) {
	c, p := w.queue.config, w.party.get()
	w.announceAt = 0
	if p == nil || p.ending || c.AnnounceMillis == 0 {
		return
	}
	w.announceAt = e.in.MonoNanos + c.AnnounceMillis*1_000_000
	if len(w.offers) > 0 {
		return
	}
	if c.Announce != "" {
		e.say(p, SayFile, c.Announce)
	}
	if c.AnnouncePosition {
		e.say(p, SayPosition, strconv.FormatInt(w.placeNow(), 10))
	}
	if mean := w.queue.meanWait; c.AnnounceWait && mean > 0 {
		e.say(p, SayWait, strconv.FormatInt(max(mean/1_000_000_000, 1), 10))
	}
}

// insistence is an act on a leg without which it would wait for nothing. It is asked for until it is done.
type insistence struct {
	command Command
	id      uint64
	tries   int
	dueAt   int64 // monotonic ns of the next time

	detour *detour // CommandVoicemail, asked for once, lest a message begin twice: what becomes of the caller if it fails
}

// insistOn gives such a command. Whether a leg has ended the switch tells; that it has left the queue, only its answer.
func (e *Engine) insistOn(p *party, c Command) {
	p.insist = &insistence{command: c}
	e.insistAgain(p)
}

func (e *Engine) insistAgain(p *party) {
	i := p.insist
	if i == nil || p.ending || i.command.Kind == CommandVoicemail || e.in.MonoNanos < i.dueAt {
		return
	}
	i.dueAt = e.in.MonoNanos + confirmMillis*1_000_000
	i.tries++
	nobodyThere := p.beckoned() && i.tries > 1 && e.rooms[i.command.Name] == nil // all are where they were
	switch {
	case i.tries > insistMax && nobodyThere:
		p.insist = nil
		return
	case i.tries > insistMax && i.command.Kind != CommandHangup:
		i.command = Command{Kind: CommandHangup, Cause: CauseNormalClearing}
	}
	switch {
	case i.command.Kind == CommandHangup:
		p.hangup = 0 // the one before was in vain
		i.id = e.hangUp(p, i.command.Cause, noWord)
	case !nobodyThere:
		i.id = e.order(p, i.command)
	}
	e.startTimer(p, insistTimer, 0, confirmMillis)
}

// insisted meets the switch's answer to it.
func (e *Engine) insisted(p *party, in *Input) {
	i := p.insist
	switch {
	case i == nil || i.id != in.Command:
	case i.command.Kind == CommandVoicemail:
		p.insist = nil
		switch {
		case in.Cause == CauseNone:
			p.displaced = false // it ends when the message does
		case !p.ending:
			e.goesOn(p, i.detour)
		}
	case i.command.Kind == CommandReturn && in.Cause == CauseNone:
		p.insist = nil
	}
}
