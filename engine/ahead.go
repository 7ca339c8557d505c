package engine

// With many live calls a step waits for memory more than it works. What the next steps of a batch will need is
// therefore asked for while earlier ones run: so many inputs ahead first the cell of the index, then the party that it
// leads to, then what the party leads to, then what that leads to.
const (
	cellsAhead   = 24
	partiesAhead = 16
	callsAhead   = 8
	dnsAhead     = 3
)

// legsInCache is how many legs, with their calls, a core's own cache holds: up to there asking costs more than it saves.
const legsInCache = 2000

// What is asked for of a party and of a call, in lines of 64 bytes; a test holds them to the sizes.
const (
	partyLines = 13
	callLines  = 8
	linkLines  = 3 // up to a party's place among all parties
)

// foresight remembers the parties that inputs ahead lead to. One that was forgotten meanwhile does no harm: memory is
// asked for in vain.
type foresight struct {
	parties [32]*party
}

func (f *foresight) of(i int) **party { return &f.parties[i%len(f.parties)] }

// Ahead is called before the Step of ins[i], when the Steps of all ins follow in order. It changes nothing but how long
// they take, and may be left out.
func (e *Engine) Ahead(ins []Input, i int) {
	if e.legs.taken <= legsInCache {
		return
	}
	from := [...]int{i + cellsAhead, i + partiesAhead, i + callsAhead, i + dnsAhead}
	if i == 0 {
		from = [...]int{0, 0, 0, 0}
	}
	for j := from[0]; j <= i+cellsAhead && j < len(ins); j++ {
		e.seekCells(&ins[j])
	}
	for j := from[1]; j <= i+partiesAhead && j < len(ins); j++ {
		e.seekParty(&ins[j], j)
	}
	for j := from[2]; j <= i+callsAhead && j < len(ins); j++ {
		e.seekCall(&ins[j], *e.foresight.of(j))
	}
	for j := from[3]; j <= i+dnsAhead && j < len(ins); j++ {
		e.seekDNs(&ins[j], *e.foresight.of(j))
	}
}

func (e *Engine) seekCells(in *Input) {
	e.legs.seek(&in.Leg)
	if in.Kind == LegCreated || in.Kind == LegEnded { // a call begins or ends, and mostly has its first leg's id
		e.calls.seek(&in.Leg)
	}
}

func (e *Engine) seekParty(in *Input, i int) {
	p := e.legs.get(in.Leg)
	*e.foresight.of(i) = p
	if p != nil && (i == 0 || p != *e.foresight.of(i - 1)) {
		prefetch(&p.id, partyLines)
	}
}

// seekCall asks for the call of a party, and for the other party where a step looks at both.
func (e *Engine) seekCall(in *Input, p *party) {
	if p == nil {
		return
	}
	if p.call != nil {
		prefetch(&p.call.key, callLines)
	}
	switch in.Kind {
	case LegAnswered, LegBridged:
		prefetchText(p.thisDN)
		prefetchText(p.otherDN)
		fallthrough
	case LegHangup:
		if q := p.partner.p; q != nil {
			prefetch(&q.id, partyLines)
		} else if q := p.origin.p; q != nil {
			prefetch(&q.id, partyLines)
		}
	case LegDestroyed:
		if p.elder != nil {
			prefetch(&p.elder.id, linkLines)
		}
		if p.younger != nil {
			prefetch(&p.younger.id, linkLines)
		}
	}
}

// seekDNs asks for the DNs that hear of a call's end.
func (e *Engine) seekDNs(in *Input, p *party) {
	if p != nil && p.call != nil && in.Kind == LegHangup {
		prefetchTexts(p.call.dns)
	}
}
