package engine

// This file takes back what was begun, when the switch does not end a leg that it was told to end (protocol.md 6).

// undoMove: by was not taken out. He has with as he had before.
func (e *Engine) undoMove(o *operation) {
	by, with := o.by.get(), o.with.get()
	e.refuseAsked(o)
	if by == nil || by.ending || with == nil || with.ending {
		return // its end is on its way
	}
	by.liveOn()
	by.farewell = farewell{}
	if o.former == nil && by.state != Ringing {
		e.bridge(by, with)
		return
	}
	o.dissolve()
	again := o.former
	if again == nil { // nobody else joins them when he picks up after all
		again = &operation{kind: makeCall, stage: calling, call: o.call, by: o.with, target: o.by, dn: by.thisDN, byDN: with.thisDN}
	}
	again.enlist(by, with)
	if by.state == Ringing && by.answered() && !e.advance(again, opTargetAnswers) {
		e.bridge(by, with)
	}
}
