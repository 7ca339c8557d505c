package engine

import "modcti/events"

// nail is a phone leg that stays up between an agent's calls: his nailed-up leg. It belongs to no call; for each that he
// has, a party is made on it, and when that is over the leg waits for the next. Login begins it and logout ends it.
type nail struct {
	agent     *agent // nil: it is being hung up, and nobody's any more
	at        string // the DN that he was logged in at
	dn        string // the number that was called
	id        LegID
	names     names
	stage     nailStage
	party     ref // whose leg it is now
	command   uint64
	alarm     alarm
	numbering numbering
	bornAt    uint64
	seenIn    uint64 // the last snapshot that found it
	missed    uint8
	ending    bool // its leg has begun to end
	tries     int
}

type nailStage uint8

const (
	nailCalling   nailStage = iota // his phone is being called
	nailUp                         // it waits for a call
	nailTaken                      // a party is on it
	nailReturning                  // the switch is parking it after a call
	nailEnding                     // it is being hung up
)

// nailPrefix begins the value of cti_call_id on a nailed-up leg that is in no call. By it a later run knows the leg.
const nailPrefix = "nailed-"

func (a *agent) nailCall() string { return nailPrefix + LegIDOf(a.config.UUID).Hex() }

func isNailCall(id string) bool {
	return len(id) > len(nailPrefix) && id[:len(nailPrefix)] == nailPrefix
}

// nailed tells whether an agent is to have a nailed-up leg.
func (a *agent) nailed() bool {
	return a.nailedUp && a.state != AgentLoggedOut && !a.retired
}

// nailReady tells whether a call can be put through to an agent as far as his phone's leg goes.
func (a *agent) nailReady() bool {
	return !a.nailedUp || a.nail != nil && a.nail.stage == nailUp
}

// tendLater has an agent's nailed-up leg looked after when the step is done.
func (e *Engine) tendLater(a *agent) {
	if (a.nailedUp || a.nail != nil) && !a.tending {
		a.tending = true
		e.tending = append(e.tending, a)
	}
}

// tendNails begins the legs of agents who are at work and have none, and ends those that nobody needs any more. The first
// snapshot comes before: a leg may have outlived the last run.
func (e *Engine) tendNails() {
	for i := 0; i < len(e.tending); i++ {
		a := e.tending[i]
		a.tending = false
		wanted := a.nailed() && !e.draining
		if n := a.nail; n != nil && n.stage != nailTaken && (!wanted || n.at != a.dn) {
			e.endNail(n)
		}
		known := e.config.AuditMillis == 0 || e.audit.done > 0
		if a.nail == nil && wanted && known && a.nailAfter == 0 && !a.busy() && (a.state == AgentReady || !a.nailFailed) {
			e.callNail(a)
		}
	}
	e.tending = e.tending[:0]
}

// nailsKnown: the first snapshot has told which legs are up.
func (e *Engine) nailsKnown() {
	for _, a := range e.agentsInOrder() {
		e.tendLater(a)
	}
}

func (e *Engine) callNail(a *agent) {
	dn := e.phoneOf(a)
	route, ok := e.dial(dn)
	if !ok || e.full() {
		e.nailMissed(a, OfferUnreachable)
		return
	}
	n := e.newNail(a, e.newLegID(), dn)
	a.nail = n
	_, n.names.uuid = n.id.spelt()
	shown := route.CallerID
	if shown == "" {
		shown = a.dn
	}
	e.setAlarm(&n.alarm, e.in.MonoNanos+e.ringMillis(max(a.config.RingMillis, 0))*1_000_000)
	e.orderNail(n, Command{
		Kind: CommandOriginate, Name: Kept, Value: route.Address, CallID: a.nailCall(), CallerNumber: shown, CallerName: shown,
	})
}

func (e *Engine) newNail(a *agent, id LegID, dn string) *nail {
	e.stats.Inputs++ // no two share a birth number
	n := &nail{agent: a, dn: dn, id: id, bornAt: e.stats.Inputs}
	if a != nil {
		n.at = a.dn
	}
	n.alarm.nail = n
	e.nails[id] = n
	return n
}

// orderNail gives a command on a nailed-up leg, whose answer finds the leg.
func (e *Engine) orderNail(n *nail, c Command) {
	c.Leg, c.UUID, c.DeadlineMillis = n.id, n.names.uuid, orderMillis
	e.command(c)
	n.command = e.stats.Commands
	e.nailOrders[n.command] = n
}

// nailAnswered meets the switch's answer to a command on a nailed-up leg.
func (e *Engine) nailAnswered(in *Input) {
	n := e.nailOrders[in.Command]
	delete(e.nailOrders, in.Command)
	switch {
	case n == nil || n.command != in.Command:
	case n.stage == nailCalling && in.Cause != CauseNone:
		e.nailGone(n, in)
	case n.stage == nailReturning && in.Cause == CauseNone:
		e.nailRises(n)
	case n.stage == nailEnding && in.Cause == CauseInvalidCallReference:
		e.removeNail(n)
	} // what has become of a leg that could not be parked its own records tell, or its alarm
}

// nailRises: the leg waits for a call.
func (e *Engine) nailRises(n *nail) {
	n.stage = nailUp
	e.setAlarm(&n.alarm, 0)
	n.agent.nailFailed, n.agent.missed = false, 0
	e.agentMoved(n.agent)
}

// nailFact takes a record of a nailed-up leg that is in no call.
func (e *Engine) nailFact(n *nail, in *Input) {
	if !n.numbering.take(in.LegSeq) {
		e.stats.DuplicateInputs++
		return
	}
	n.missed = 0
	switch in.Kind {
	case LegCreated:
		n.names = namesOf(&in.Text)
	case LegAnswered:
		e.nailAnswers(n)
	case LegRenamed:
		e.renameNail(n, in)
	case LegHangup:
		n.ending = true
		if n.stage == nailUp {
			n.stage = nailReturning // until its end says why
			e.setAlarm(&n.alarm, e.in.MonoNanos+confirmMillis*1_000_000)
			e.agentMoved(n.agent)
		}
	case LegEnded, LegDestroyed:
		e.nailGone(n, in)
	}
}

// nailAnswers: the agent has picked up. He hears what the setting says until there is a call for him.
func (e *Engine) nailAnswers(n *nail) {
	if n.stage != nailCalling {
		return
	}
	if e.config.NailedHears == "" || e.config.NailedHears == WaitSilence {
		e.nailRises(n)
		return
	}
	e.parkNail(n, n.agent.nailCall())
}

// parkNail has the switch take the leg out of whatever it is in, after what else was asked of that call.
func (e *Engine) parkNail(n *nail, callID string) {
	hears := e.config.NailedHears
	if hears == "" {
		hears = WaitSilence
	}
	n.stage = nailReturning
	e.setAlarm(&n.alarm, e.in.MonoNanos+confirmMillis*1_000_000)
	e.orderNail(n, Command{Kind: CommandWait, Name: hears, CallID: callID})
}

func (e *Engine) renameNail(n *nail, in *Input) {
	if in.Other.IsZero() || e.nails[in.Other] != nil {
		return
	}
	delete(e.nails, n.id)
	n.id, n.names = in.Other, namesOf(&in.Text)
	e.nails[n.id] = n
}

// nailDue: a phone has rung too long, or the switch has not done what it was asked.
func (e *Engine) nailDue(n *nail) {
	switch n.stage {
	case nailCalling:
		e.setAlarm(&n.alarm, e.in.MonoNanos+confirmMillis*1_000_000)
		e.hangUpNail(n, CauseNoAnswer)
		if n.tries++; n.tries > insistMax {
			a := n.agent
			e.endNail(n)
			e.nailMissed(a, OfferNoAnswer)
		}
	case nailReturning:
		a := n.agent
		e.endNail(n)
		e.agentMoved(a)
	case nailEnding:
		if n.tries++; n.tries > insistMax { // a snapshot shows the leg if it is there after all
			e.removeNail(n)
			return
		}
		e.endNail(n)
	case nailUp, nailTaken:
	}
}

func (e *Engine) hangUpNail(n *nail, cause uint16) {
	e.command(Command{Kind: CommandHangup, Leg: n.id, UUID: n.names.uuid, Cause: cause, DeadlineMillis: orderMillis})
	if n.stage == nailEnding {
		n.command = e.stats.Commands
		e.nailOrders[n.command] = n
	}
}

// endNail hangs a leg up that nobody needs any more.
func (e *Engine) endNail(n *nail) {
	n.stage = nailEnding
	e.hangUpNail(n, CauseNormalClearing)
	e.setAlarm(&n.alarm, e.in.MonoNanos+confirmMillis*1_000_000)
	if a := n.agent; a != nil {
		a.nail, n.agent = nil, nil
		e.agentMoved(a)
	}
}

func (e *Engine) removeNail(n *nail) {
	delete(e.nails, n.id)
	delete(e.nailOrders, n.command)
	e.setAlarm(&n.alarm, 0)
	if n.agent != nil {
		n.agent.nail = nil
	}
}

// nailGone: the leg has ended, or has never come to be.
func (e *Engine) nailGone(n *nail, in *Input) {
	a := n.agent
	e.removeNail(n)
	if n.stage == nailEnding || a == nil {
		return
	}
	if n.stage == nailCalling {
		e.nailMissed(a, outcomeOfEnd(in.Cause, in.Disposition))
		return
	}
	e.nailLost(a, in.Disposition, nil)
}

// nailMissed: the phone did not take the call that was to stay. What that does to its agent is what any call does (3.3).
func (e *Engine) nailMissed(a *agent, outcome string) {
	does := a.config.whenMissed(outcome)
	a.nailFailed = true
	e.nailAgain(a, max(does.closedMillis, nailRetry))
	e.miss(a, does, nil)
}

// nailAgain has the phone called again after a while.
func (e *Engine) nailAgain(a *agent, millis int64) {
	a.nailAfter = e.in.MonoNanos + millis*1_000_000
	e.agentMoved(a)
}

// nailLost: the leg is gone without the engine's doing. Who hangs up the phone that he is to be reached by has left; where
// it was the network, it is his setting, as when his phone is not registered any more.
func (e *Engine) nailLost(a *agent, how Disposition, p *party) {
	if how != RecvBye && a.config.DeviceLost == DeviceKeeps {
		e.nailAgain(a, max(a.config.AfterUnreached, blockMin))
		return
	}
	e.phoneGone(a, p)
}

// phoneGone logs out who cannot be reached any more: now, before the release of p, which was on that phone (3.0-4), or when
// his other calls are over.
func (e *Engine) phoneGone(a *agent, p *party) {
	switch {
	case a.state == AgentLoggedOut:
	case !a.busy():
		e.agentDoes(a, logsOut, events.ReasonDeviceLost)
	case a.leaves():
	case len(a.parties) == 1 && a.parties[0] == p:
		a.next = reserved{set: true, state: AgentLoggedOut, reason: events.ReasonDeviceLost}
		e.agentMoved(a)
	default:
		e.leaveAfterCall(a)
	}
}
