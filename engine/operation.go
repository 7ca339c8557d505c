package engine

// operation is something done to a call that takes more than one act of the switch: a call made, a consult, a transfer,
// a conference, a supervisor's act. A party takes part in at most one.
type operation struct {
	kind     operationKind
	stage    stage
	by       ref // who asked for it, or on whose behalf it is done: the agent
	with     ref // whom by talked to: the customer
	target   ref // the leg that the engine calls for it
	call     *call
	asker    asker
	dn       string      // the number of target
	to       destination // and what was found out about it when the request was taken, if anything was
	byDN     string
	agent    *agent // whose phone by is: a recall is to him, on the phone that he had the call on
	caller   string // shown to target
	room     string
	ring     int64  // ms that a phone may ring; 0 = the setting
	command  uint64 // the act of the switch that the stage waits for, the last of them where there are several
	earliest uint64 // and the first of those; 0 = it is one
	version  uint32
	told     bool       // with has been told of target
	recalled bool       // target is by again
	placed   bool       // with was where the engine had put it before it was to be taken over
	gone     blame      // of the last of its parties that ended
	goneDN   string     // of with, who has ended, or whose end is not heard of any more
	detour   *detour    // where who calls comes from, or goes if nobody answers
	watchers []ref      // who listened to by before he was to go
	kept     bool       // by does not end with target, whose tones he hears
	givenUp  bool       // by has taken it out of the queue that looked for target
	former   *operation // that its parties took part in: it goes on if by is not taken out
}

type operationKind uint8

const (
	makeCall operationKind = iota
	consult
	transfer
	redirect
	conference
	monitor
	bargeIn
	intercept
	diversion // a queue sends with on to a number
	operationKindCount
)

var operationNames = [operationKindCount]string{
	"make call", "consult", "transfer", "redirect", "conference", "monitor", "barge-in", "intercept",
	"diversion",
}

func (k operationKind) String() string { return operationNames[k] }

// stage is how far an operation has come.
type stage uint8

const (
	over       stage = iota
	reaching         // by's own phone is being called
	leaving          // by is being taken out
	calling          // target is being called
	early            // target's early media is being joined with by
	joining          // target has answered; its media is being joined
	talking          // by and target talk, with waits
	alternated       // by and with talk, target waits
	merging          // with and target are being joined; by is to go
	parting          // with and target are joined; by is being hung up
	bereft           // by has gone while with and target were being joined
	meeting          // all are being put into a room
	returning        // by and with are being joined, target hung up
	regaining        // as returning, and target has gone
	resuming         // by and with are being joined, the consult is over
	returned         // as returning, and by and with are joined
	rejoining        // by and target are being joined again: what was asked for failed
	swapping         // by and with are being joined, target is to wait
	swapBack         // by and target are being joined, with is to wait
	cancelling       // target is being hung up
	held             // no consult any more; with still waits for by
	recalling        // by's phone is called again: the transfer failed
	restoring        // recalled, answered; being joined with with
	ending           // given up; target is being hung up
	stageCount
)

var stageNames = [stageCount]string{
	"over", "reaching", "leaving", "calling", "early", "joining", "talking", "alternated", "merging", "parting", "bereft",
	"meeting", "returning", "regaining", "resuming", "returned", "rejoining", "swapping", "swapBack", "cancelling", "held",
	"recalling", "restoring", "ending",
}

func (s stage) String() string { return stageNames[s] }

// happening is what an input or a request means to an operation.
type happening uint8

const (
	opNothing happening = iota
	opByAnswers
	opByEnds
	opWithEnds
	opTargetRings
	opTargetMedia
	opTargetAnswers
	opTargetEnds
	opTargetMisses     // likewise, and there is a list of who may take the call instead
	opJoinedByTarget   // by and target hear each other
	opJoinedWithTarget // with and target do
	opJoinedByWith     // by and with do
	opMet              // all are in the room
	opRefused          // the switch refused what the stage waits for
	opExpired          // and this is that it did not confirm it in time
	opCancel           // requests
	opRetrieve
	opComplete
	opConfer
	opAlternate
	happeningCount
)

var happeningNames = [happeningCount]string{
	"nothing", "by answers", "by ends", "with ends", "target rings", "target's media", "target answers", "target ends", "target misses",
	"by and target joined", "with and target joined", "by and with joined", "all met", "refused", "expired",
	"cancel", "retrieve", "complete", "confer", "alternate",
}

func (h happening) String() string { return happeningNames[h] }

// advance lets something that happened act on an operation by way of its table. What has no row means nothing to it.
func (e *Engine) advance(o *operation, h happening) bool {
	r := operationTable[o.kind][o.stage][h]
	if r == nil {
		return false
	}
	if e.config.StepTaken != nil {
		e.config.StepTaken(stepName(o.kind, o.stage, h))
	}
	o.stage = r.to
	if r.do != nil {
		r.do(e, o)
	}
	if o.stage == ending {
		o.release()
	}
	if o.stage == over {
		o.dissolve()
	}
	return true
}

// release lets go of all but target, whose end still shows what it was called for, and for whom, who may be gone first.
func (o *operation) release() {
	o.goneDN = o.dnOfWith()
	for _, r := range []ref{o.by, o.with} {
		if p := r.get(); p != nil && p.op == o && p != o.target.get() {
			p.op = nil
		}
	}
	if p := o.target.get(); p == nil || p.state == Released {
		o.stage = over
	}
}

// await lets the operation wait for a command: its refusal, or silence, is told to the table, until it waits for another.
func (e *Engine) await(o *operation, command uint64) {
	e.awaited++ // a timer that an operation before has left is not this one's
	o.version = e.awaited
	o.command, o.earliest = command, 0
	if p := o.anyone(); p != nil {
		e.startTimer(p, operationTimer, o.version, confirmMillis)
	}
}

// awaits tells whether a command is one that the stage waits for.
func (o *operation) awaits(command uint64) bool {
	return command == o.command || o.earliest != 0 && o.earliest <= command && command <= o.command
}

func (o *operation) anyone() *party {
	for _, r := range []ref{o.by, o.with, o.target} {
		if p := r.get(); p != nil && p.state != Released {
			return p
		}
	}
	return nil
}

// enlist makes a party part of an operation.
func (o *operation) enlist(parties ...*party) {
	for _, p := range parties {
		if p != nil {
			p.op = o
		}
	}
}

// tellsJoins tells whether an operation tells of its joins itself. A consult whose one side has gone while another was to
// talk to by is a talk like any other.
func (o *operation) tellsJoins() bool {
	switch {
	case o == nil:
		return false
	case o.stage == rejoining:
		return o.with.here()
	case o.stage == resuming:
		by := o.by.get()
		return by == nil || by.state != Talk
	}
	return true
}

func (o *operation) dissolve() {
	if o == nil {
		return
	}
	for _, r := range []ref{o.by, o.with, o.target} {
		if p := r.get(); p != nil && p.op == o {
			p.op = nil
		}
	}
}

// happens classifies what happened to one party of an operation.
func (e *Engine) happens(p *party, toBy, toWith, toTarget happening) {
	o := p.op
	if o == nil {
		return
	}
	if p.state == Released {
		o.gone = dueTo(p)
	}
	switch p {
	case o.target.get():
		e.advance(o, toTarget)
	case o.by.get():
		e.advance(o, toBy)
	case o.with.get():
		if p.state == Released {
			o.goneDN = p.thisDN
		}
		e.advance(o, toWith)
	}
}

// joined classifies a pair of parties that hear each other now.
func (e *Engine) joined(p, q *party) {
	o := p.op
	if o == nil || o != q.op {
		return
	}
	by, with, target := o.by.get(), o.with.get(), o.target.get()
	switch {
	case p == by && q == target, q == by && p == target:
		e.advance(o, opJoinedByTarget)
	case p == with && q == target, q == with && p == target:
		e.advance(o, opJoinedWithTarget)
	case p == by && q == with, q == by && p == with:
		e.advance(o, opJoinedByWith)
	}
}

// met tells whether everybody who is to be in the operation's room is. Without target, whom a full room turns away, nobody
// has met; of the others who ends is not waited for.
func (e *Engine) met(o *operation) {
	if o.stage != meeting {
		return
	}
	for _, r := range []ref{o.by, o.with, o.target} {
		p := r.get()
		if p != nil && (r == o.target || !p.ending) && (p.room == nil || p.room.name != o.room) {
			return
		}
	}
	e.advance(o, opMet)
}
