package center

import (
	"fmt"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// ledger keeps what the engine has said, and holds it to its promises.
type ledger struct {
	w         *world
	directory *engine.Directory
	agents    map[string]*agentSeen
	stays     map[stayKey]*staySeen
	inQueue   map[string][]*staySeen // who waits in a queue, by its id, in the order of coming
	offers    map[string]*offerSeen  // by the party
	calls     map[string]*callSeen
	parties   map[string]*partySeen
	owners    map[string]string     // whose phone a party is on, by the party, as the store has it
	called    map[string]bool       // parties that were called for a queue's caller
	gone      map[engine.LegID]bool // callers who have hung up
	hungUp    map[engine.LegID]bool // legs that the engine has hung up
	nails     nails
	account   account
	missed    missed
	directs   directs
	passed    *staySeen // a place that an agent has left, and its next owner has not taken yet
	outcomes  map[string]int
	made      map[string]int
	broken    error
}

type stayKey struct {
	callID, partyID, queueID string
	entered                  int64
}

type staySeen struct {
	engine.QueueRecord
	order     int
	offers    int // open ones
	enteredAt int64
	consult   bool
	returned  bool // nobody took him where he was sent, and he has his place again
	found     bool // he has waited on without an application while no engine was there
}

type offerSeen struct {
	engine.OfferRecord
	stay *staySeen
	leg  engine.LegID

	madeAt int64
}

type agentSeen struct {
	config *engine.AgentConfig
	queues map[string]bool // that he has logged in for
	dn     string
	state  int64
	reason int64
	lands  bool // he is in after-call work that leads to ready
	next   reservation
	under  reservation // what next was before his phone was gone
	back   reservation // what next was before his after-call work
	open   *offerSeen
	closed int64 // monotonic ns
	dead   int   // calls in a row for which his phone could not be reached
}

type callSeen struct {
	created, deleted bool
	otherDN          string
}

type partySeen struct {
	callID                      string
	dn, queue                   string
	told, established, released bool
	agentUUID                   string
	business                    bool // a queue's call, established
}

func newLedger(w *world, d *engine.Directory) *ledger {
	l := &ledger{
		w: w, agents: map[string]*agentSeen{}, stays: map[stayKey]*staySeen{}, inQueue: map[string][]*staySeen{},
		offers: map[string]*offerSeen{}, calls: map[string]*callSeen{}, parties: map[string]*partySeen{},
		owners: map[string]string{},
		called: map[string]bool{}, gone: map[engine.LegID]bool{}, hungUp: map[engine.LegID]bool{},
		nails:   nails{map[engine.LegID]string{}, map[engine.LegID]bool{}, map[uint64]engine.LegID{}},
		missed:  missed{sent: map[engine.LegID]*staySeen{}},
		account: newAccount(), outcomes: map[string]int{}, made: map[string]int{},
	}
	l.adopt(d)
	w.stepOn = l.check
	return l
}

// adopt takes a directory over. An agent who is logged in works for a queue that he is put into now.
func (l *ledger) adopt(d *engine.Directory) {
	had := map[engine.TierConfig]bool{}
	if l.directory != nil {
		for _, t := range l.directory.Tiers {
			had[engine.TierConfig{AgentUUID: t.AgentUUID, QueueID: t.QueueID}] = true
		}
	}
	defer func() {
		for _, t := range d.Tiers {
			if a := l.agents[t.AgentUUID]; !had[engine.TierConfig{AgentUUID: t.AgentUUID, QueueID: t.QueueID}] && a.queues != nil {
				a.queues[t.QueueID] = true
			}
		}
	}()
	l.directory = d
	for id := range l.account.dropped {
		if l.queue(id) == nil {
			delete(l.account.dropped, id)
		}
	}
	for i := range d.Agents {
		c := &d.Agents[i]
		if l.agents[c.UUID] == nil {
			l.agents[c.UUID] = &agentSeen{}
		}
		l.agents[c.UUID].config = c
	}
}

func (l *ledger) breaks(format string, values ...any) {
	if l.broken == nil {
		l.broken = fmt.Errorf("step %d at %d ms: %s", l.w.steps, (l.w.now-startMono)/1e6, fmt.Sprintf(format, values...))
	}
}

func (l *ledger) check(in *engine.Input) {
	if in.Kind == engine.LegHangup {
		l.gone[in.Leg] = true
	}
	l.lookDirect(in)
	l.nails.look(in, l)
	l.account.look(in, l.w)
	switch in.Kind {
	case engine.DirectoryChanged:
		l.adopt(in.Directory)
	case engine.DeviceFound:
		l.registered(in.Text.User)
	}
	for _, r := range l.w.out.Records {
		l.record(&r)
	}
	if l.passed != nil {
		l.breaks("%s has left his place in %s to nobody", l.passed.CallerDN, l.passed.QueueID)
	}
	for i := range l.w.out.Events {
		l.event(&l.w.out.Events[i])
	}
	for _, r := range l.w.out.Records {
		switch r.Kind {
		case engine.OfferMade:
			l.offered(r.Offer)
		case engine.QueueEntered:
			l.nobodyEntersInVain(l.stays[keyOf(r.Queue)])
		}
	}
	for _, c := range l.w.out.Commands {
		if c.Kind == engine.CommandHangup {
			l.hungUp[c.Leg] = true
		}
	}
	l.nobodyIsForgotten()
	l.nobodyRingsForNothing()
	l.nobodyWaitsInVain()
	l.nobodyWaitsWithoutHope()
	l.nobodyIsLost()
}

func keyOf(r *engine.QueueRecord) stayKey {
	return stayKey{r.CallID, r.PartyID, r.QueueID, r.EnteredMillis}
}

// registered: a phone that could not be reached may be called at once when it registers.
func (l *ledger) registered(dn string) {
	for _, a := range l.agents {
		if a.dn == dn && a.state != events.AgentStateLoggedOut && a.dead > 0 {
			a.dead, a.closed = 0, 0
		}
	}
}

func (l *ledger) record(r *engine.Record) {
	switch r.Kind {
	case engine.PartyOpened, engine.PartyUpdated:
		l.owners[r.Party.PartyID] = r.Party.AgentUUID
	case engine.PartyClosed:
		delete(l.owners, r.Party.PartyID)
	case engine.QueueEntered:
		key := keyOf(r.Queue)
		if l.stays[key] != nil {
			l.breaks("stay %v begins twice", key)
		}
		s := &staySeen{QueueRecord: *r.Queue, order: len(l.stays), enteredAt: l.w.now}
		s.consult = len(s.CallerDN) == 4 || strings.HasPrefix(s.CallerDN, "1380000") // an agent waits, for whom he consults
		l.stays[key] = s
		l.inQueue[s.QueueID] = append(l.inQueue[s.QueueID], s)
		if from := l.passed; from != nil {
			l.passesOn(from, s)
		} else if s.returned = l.comesBack(s); s.returned {
			delete(l.account.dropped[s.QueueID], s.CallerDN) // another's with his number, whom the next run takes to have come back
		} else {
			s.found = l.account.waitedOn(s, l.w)
			l.takesPlace(s)
		}
	case engine.QueueLeft:
		key := keyOf(r.Queue)
		s := l.stays[key]
		if s == nil || s.LeftMillis != 0 {
			l.breaks("stay %v ends, and was none or had ended", key)
			return
		}
		s.LeftMillis, s.Outcome = r.Queue.LeftMillis, r.Queue.Outcome
		l.outcomes[s.Outcome]++
		l.leavesPlace(s)
		l.sentOn(s)
		if s.Outcome == engine.StayHandedOver {
			l.passed = s
		}
		list := l.inQueue[s.QueueID]
		for i, have := range list {
			if have == s {
				l.inQueue[s.QueueID] = append(list[:i], list[i+1:]...)
				break
			}
		}
		if (s.Outcome == engine.StayAnswered) != (r.Queue.AgentUUID != "") {
			l.breaks("a stay's outcome is %s, and the agent %q", s.Outcome, r.Queue.AgentUUID)
		}
	case engine.OfferEnded:
		l.offerEnded(r.Offer)
	}
}

// stayOf finds whom an offer is for: the one who waits in its queue with its call; a call-back has a call of its own.
func (l *ledger) stayOf(o *engine.OfferRecord) *staySeen {
	for _, s := range l.inQueue[o.QueueID] {
		if s.CallID == o.CallID && !s.Callback {
			return s
		}
	}
	c := l.calls[o.CallID]
	for _, s := range l.inQueue[o.QueueID] {
		if s.Callback && (c == nil || c.otherDN == s.CallerDN) {
			return s
		}
	}
	return nil
}

// offered: never two offers to one agent, none to one who is not ready, or on a call, or in after-call work, and none
// to a caller while another comes first (3.15, 3.2).
func (l *ledger) offered(r *engine.OfferRecord) {
	a := l.agents[r.AgentUUID]
	l.made[r.AgentUUID]++
	if r.PartyID == "" { // there was no way to his phone
		a.unreached(l.w.now)
		return
	}
	switch {
	case l.account.draining:
		l.breaks("agent %s is offered a call while the system is being emptied", r.AgentUUID)
	case a.open != nil:
		l.breaks("agent %s is offered a second call", r.AgentUUID)
	case a.state != events.AgentStateReady || a.next.set:
		l.breaks("agent %s is offered a call in state %d (%d), reserved %v", r.AgentUUID, a.state, a.reason, a.next)
	case a.closed > l.w.now:
		l.breaks("agent %s is offered a call %d ms too early after one that failed", r.AgentUUID, (a.closed-l.w.now)/1e6)
	case l.callsAt(r.AgentUUID, r.PartyID) >= max(a.config.MaxCalls, 1):
		l.breaks("agent %s is offered a call while he has %d", r.AgentUUID, l.callsAt(r.AgentUUID, r.PartyID))
	}
	o := &offerSeen{OfferRecord: *r, leg: l.legThatTakes(r.PartyID), stay: l.stayOf(r), madeAt: l.w.now}
	if o.stay == nil {
		l.breaks("agent %s is offered a call for nobody who waits in %s", r.AgentUUID, r.QueueID)
		return
	}
	if o.stay.Callback && l.shut(r.QueueID) && !l.justChanged() {
		l.breaks("%s is called back while %s is closed", o.stay.CallerDN, r.QueueID)
	}
	a.open = o
	l.offers[r.PartyID], l.called[r.PartyID] = o, true
	l.inTurn(o)
	o.stay.offers++
}

// inTurn: whoever came before with the same priority, and would have had the same agent, is not passed over.
func (l *ledger) inTurn(o *offerSeen) {
	q := l.queue(o.QueueID)
	if q == nil || q.LastSeatMillis > 0 || q.SinceCall { // another order is wanted there
		return
	}
	for _, s := range l.inQueue[o.QueueID] {
		if s != o.stay && s.offers == 0 && !l.waitsApart(s) && s.Priority == o.stay.Priority && s.SinceMillis < o.stay.SinceMillis &&
			l.accepts(q, s) >= o.Level {
			l.breaks("%s, who came at %d, is passed over for %s, who came at %d", s.CallerDN, s.SinceMillis,
				o.stay.CallerDN, o.stay.SinceMillis)
		}
	}
}

// legThatTakes is the leg on which a phone takes a call: the one that is called, or one that stays up and is put into it.
func (l *ledger) legThatTakes(partyID string) engine.LegID {
	for i := range l.w.out.Commands {
		if c := &l.w.out.Commands[i]; c.Kind == engine.CommandSetVariable && c.Name == "cti_party_id" && c.Value == partyID {
			return c.Leg
		}
	}
	return legOf(partyID)
}

func legOf(hex string) engine.LegID {
	return engine.LegIDOf(hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:])
}

func (l *ledger) queue(id string) *engine.QueueConfig {
	for i := range l.directory.Queues {
		if l.directory.Queues[i].ID == id {
			return &l.directory.Queues[i]
		}
	}
	return nil
}

// accepts is the level of staff that a caller accepts by now.
func (l *ledger) accepts(q *engine.QueueConfig, s *staySeen) int {
	if q.LevelAfter == ([engine.LevelMax]int64{}) {
		return engine.LevelMax
	}
	waited := startWall/1000 + (l.w.now-startMono)/1e6 - s.SinceMillis
	level := 0
	for level < engine.LevelMax {
		skipped := q.SkipEmptyLevels && level > 0 && !l.someoneOn(q.ID, level)
		if !skipped && waited <= q.LevelAfter[level] {
			break
		}
		level++
	}
	return level
}

func (l *ledger) someoneOn(queueID string, level int) bool {
	for _, t := range l.directory.Tiers {
		a := l.agents[t.AgentUUID]
		if t.QueueID == queueID && t.Level == level && a.queues[queueID] && a.state != events.AgentStateLoggedOut {
			return true
		}
	}
	return false
}

// callsAt counts the live parties at an agent's phone, but for one.
func (l *ledger) callsAt(uuid, but string) (n int) {
	for id, p := range l.parties {
		if p.agentUUID == uuid && p.told && !p.released && id != but {
			n++
		}
	}
	return n
}

func (l *ledger) offerEnded(r *engine.OfferRecord) {
	a := l.agents[r.AgentUUID]
	l.outcomes["offer "+r.Outcome]++
	wait := int64(0)
	switch r.Outcome {
	case engine.OfferNoAnswer:
		wait = max(a.config.AfterMissed, 1000)
	case engine.OfferRejected:
		wait = max(a.config.AfterReject, 1000)
	case engine.OfferBusy:
		wait = max(a.config.AfterBusy, 1000)
	case engine.OfferUnreachable:
		if r.PartyID != "" {
			a.unreached(l.w.now)
		}
	case engine.OfferFailed:
		if p := l.parties[r.PartyID]; p == nil || !p.established { // else he was joined after all, and it was a call
			a.closed = l.w.now + 1e9
		}
	}
	if wait != 0 {
		a.closed, a.dead = l.w.now+wait*1e6, 0
	}
	o := l.offers[r.PartyID]
	if r.PartyID == "" {
		return
	}
	if o == nil || a.open != o {
		l.breaks("an offer to %s ends that was none", r.AgentUUID)
		return
	}
	o.stay.offers--
	l.missedEnds(o, r.Outcome)
	a.open = nil
	delete(l.offers, r.PartyID)
}

// unreached: where no setting says how long, a phone that cannot be reached is left alone twice as long each time.
func (a *agentSeen) unreached(now int64) {
	wait := max(a.config.AfterUnreached, 1000)
	if a.config.AfterUnreached == 0 {
		wait = min(int64(1000)<<min(a.dead, 16), 60_000)
	}
	a.closed, a.dead = now+wait*1e6, a.dead+1
}

// nobodyRingsForNothing: a phone that is called for a caller who has gone, or is served, is hung up in the same step.
func (l *ledger) nobodyRingsForNothing() {
	for _, o := range l.offers {
		left := o.stay.LeftMillis != 0 || l.gone[legOfCaller(o.stay)] && !o.stay.consult // who may have left a customer there
		if left && !l.hungUp[o.leg] && !l.gone[o.leg] {
			l.breaks("the phone %s rings for %s, whose stay is %q", o.AgentDN, o.stay.CallerDN, o.stay.Outcome)
		}
	}
}

func legOfCaller(s *staySeen) engine.LegID {
	if s.PartyID == "" {
		return engine.LegID{}
	}
	return legOf(s.PartyID)
}

// nobodyWaitsInVain: no caller waits while an agent is idle who is ready for him.
func (l *ledger) nobodyWaitsInVain() {
	for _, t := range l.directory.Tiers {
		waiting := l.inQueue[t.QueueID]
		if len(waiting) == 0 {
			continue
		}
		a := l.agents[t.AgentUUID]
		if a.state != events.AgentStateReady || a.next.set || a.open != nil || a.closed >= l.w.now || !a.queues[t.QueueID] ||
			l.occupied(t.AgentUUID) || a.config.NailedUp && !l.nails.idleOf(t.AgentUUID) {
			continue
		}
		q := l.queue(t.QueueID)
		for _, s := range waiting {
			if s.offers == 0 && !l.waitsApart(s) && l.accepts(q, s) >= t.Level && l.w.now-s.enteredAt > q.LastSeatMillis*1e6 {
				l.breaks("%s waits in %s while agent %s is idle", s.CallerDN, q.ID, a.config.UUID)
			}
		}
	}
}

// nobodyWaitsWithoutHope: where callers do not wait for agents who are not ready, none does, whenever the last one went (3.2).
// A consult has whoever consults for its caller, and a call-back nobody on the line.
func (l *ledger) nobodyWaitsWithoutHope() {
	for i := range l.directory.Queues {
		q := &l.directory.Queues[i]
		if !l.account.draining && (!q.NobodyReady || l.someoneReady(q.ID)) {
			continue
		}
		for _, s := range l.inQueue[q.ID] {
			if s.offers == 0 && !s.consult && !s.Callback {
				l.breaks("%s waits in %s, where nobody is ready", s.CallerDN, q.ID)
			}
		}
	}
}

func (l *ledger) someoneReady(queueID string) bool {
	for _, t := range l.directory.Tiers {
		a := l.agents[t.AgentUUID]
		if t.QueueID == queueID && a.queues[queueID] && (a.state == events.AgentStateReady || a.lands) {
			return true
		}
	}
	return false
}
