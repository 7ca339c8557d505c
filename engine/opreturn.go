package engine

import "modcti/events"

// This file ends a consult: who talks to whom, or waits for whom, then (3.6, 3.14).

func (e *Engine) byWaits(o *operation) {
	by, with := o.by.get(), o.with.get()
	if with == nil || with.ending || with.state == Released {
		o.stage = over
		e.dropBy(o)
		return
	}
	if by != nil && !by.ending {
		by.turnTo(with)
		e.wait(by, WaitSilence)
	}
}

// turnTo: a party has the other of two again, or waits for him. That the one he talked to is gone will not be why he ends.
func (p *party) turnTo(q *party) {
	p.otherDN = q.thisDN
	if p.hangup == 0 {
		p.blame = blame{}
	}
}

// targetLeft: the consult has ended while by and with are being joined.
func (e *Engine) targetLeft(o *operation) {
	if by := o.by.get(); by != nil && by.times.ended == 0 {
		e.apply(by, loses)
	}
	e.tellStage5(o)
	e.turnBack(o)
}

// takeBack: with waited for by, whose consult is over and has been told to be, and by has him back: both profiles hear of it.
func (e *Engine) takeBack(o *operation) {
	o.dissolve()
	e.reclaim(o)
}

// turnBack: target has gone, as it was to, and by waits for with. That he has him back is told once they hear each other.
func (e *Engine) turnBack(o *operation) {
	if by, with := o.by.get(), o.with.get(); by != nil && by.state == Held && with != nil {
		by.turnTo(with)
	}
}

// retrieve ends the consult and gives the agent the customer back.
func (e *Engine) retrieve(o *operation) {
	if by := o.by.get(); by != nil && by.state == Talk {
		e.apply(by, loses)
	}
	e.joinByWith(o) // first: when target ends while it talks to by, so may by
	join := o.command
	e.cancelTarget(o)
	o.command = join // whether they are joined is what counts
}

// waitBereft: by has gone, and those who are being joined live on without him.
func (e *Engine) waitBereft(o *operation) {
	for _, r := range []ref{o.with, o.target} {
		if p := r.get(); p != nil && p.hangup == 0 {
			p.blame = blame{}
		}
	}
	e.await(o, o.command)
}

// meetBereft: by has left the conference before it came to be; the two others have each other, as after one (3.9).
func (e *Engine) meetBereft(o *operation) {
	e.joinWithTarget(o)
	e.waitBereft(o)
}

// reclaimAfter: the consult has ended, and by has the first call again.
func (e *Engine) reclaimAfter(o *operation) {
	e.tellStage5(o)
	e.reclaim(o)
	e.tie(o, o.with)
}

// regain: by has with again, as he wanted: target, who has gone meanwhile, is no cause of it.
func (e *Engine) regain(o *operation) {
	e.tellStage(o, events.StageRetrieved, "")
	e.reclaim(o)
}

func (e *Engine) refuseAndReclaim(o *operation) {
	e.refuseAsked(o)
	e.reclaim(o)
}

func (e *Engine) reclaim(o *operation) {
	if by := o.by.get(); by != nil && by.state == Held && !by.phoneHolds {
		e.apply(by, reclaims)
	}
}

// endUnconfirmed: the switch took the hangup of target and does not tell its end. The consult is over all the same, and a
// desktop that shows one has to hear of it.
func (e *Engine) endUnconfirmed(o *operation) {
	e.refuseAsked(o)
	e.consultFailed(o)
}

// refuseRetrieve: the consult is over, and by does not have with back, but on hold.
func (e *Engine) refuseRetrieve(o *operation) {
	e.refuseAsked(o)
	e.tellStage(o, events.StageRetrieved, events.ConsultFailed)
	e.allWait(o)
}

func (e *Engine) refuseToHold(o *operation) {
	e.refuseAsked(o)
	e.allWait(o)
}

func (e *Engine) allWait(o *operation) {
	if by := o.by.get(); by != nil {
		e.apply(by, loses)
	}
	e.byWaits(o)
	if with := o.with.get(); with != nil && !with.ending {
		e.wait(with, WaitMusic)
	}
}
