package engine

// State of a party (R40). What is not a state of the specification's five is a property beside it.
type State uint8

const (
	Idle State = iota // its leg exists; nobody has been told
	Dialing
	Ringing
	Talk
	Held
	Released
	stateCount
)

var stateNames = [stateCount]string{"Idle", "Dialing", "Ringing", "Talk", "Held", "Released"}

func (s State) String() string { return stateNames[s] }

// stimulus is what an input means to one party, after classification; rows therefore hold no guards.
type stimulus uint8

const (
	begins    stimulus = iota // its call is told of, and it began the call
	rings                     // its phone rings, and it is called
	joins                     // it and its partner, both answered, hear each other
	holds                     // it puts its partner on hold
	retrieves                 // it takes its partner off hold
	parts                     // its partner was taken away; the leg lives on
	ends                      // its leg has ended
	consults                  // it lets its partner wait, to consult another
	reaches                   // it talks to the one it consults
	loses                     // and does not any more; its partner still waits
	reclaims                  // it has its partner back
	stimulusCount
)

var stimulusNames = [stimulusCount]string{"begins", "rings", "joins", "holds", "retrieves", "parts", "ends", "consults", "reaches", "loses",
	"reclaims"}

func (s stimulus) String() string { return stimulusNames[s] }

// action is what a row does beside the change of state, which the table alone makes.
type action uint8

const (
	doNothing action = iota
	tellDialing
	tellRinging
	tellEstablished
	tellHold
	tellRetrieve
	tellReached
	noteHold
	notePartner
	tellReleased
	noteReleased
	actionCount
)

var actionNames = [actionCount]string{
	"-", "EventDialing", "EventRinging, EventOtherRinging", "EventEstablished",
	"EventHeld", "EventRetrieved", "EventEstablished", "note hold",
	"note partner", "EventReleased", "note end",
}

func (a action) String() string { return actionNames[a] }

type stateSet uint8

func in(states ...State) (set stateSet) {
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

// row is one sentence of the call model: in one of these states, on this stimulus, go there, doing that.
// A row that stays where it is names the state itself; stay keeps whichever state the party is in.
type row struct {
	in     stateSet
	on     stimulus
	to     State
	stay   bool
	doing  action
	clause string
}

// partyRows is the whole behaviour of a party. Order has no meaning: no two rows match the same cell (a test holds it).
var partyRows = []row{
	{in: in(Idle), on: begins, to: Dialing, doing: tellDialing, clause: "3.1"},
	{in: in(Idle), on: rings, to: Ringing, doing: tellRinging, clause: "3.1"},
	{in: in(Ringing), on: rings, to: Ringing, clause: "3.1"},
	{in: in(Dialing, Ringing), on: joins, to: Talk, doing: tellEstablished, clause: "3.1"},
	{in: in(Talk, Held), on: joins, stay: true, doing: notePartner, clause: "3.5"},
	{in: in(Talk), on: holds, to: Held, doing: tellHold, clause: "3.4"},
	{in: in(Held), on: retrieves, to: Talk, doing: tellRetrieve, clause: "3.4"},
	{in: in(Held), on: holds, to: Held, clause: "3.4"},
	{in: in(Talk), on: retrieves, to: Talk, clause: "3.4"},
	{in: in(Talk), on: consults, to: Held, doing: tellHold, clause: "3.6"},
	{in: in(Held), on: consults, to: Held, clause: "3.6"},
	{in: in(Held), on: reaches, to: Talk, doing: tellReached, clause: "3.6"},
	{in: in(Talk), on: reaches, to: Talk, clause: "3.6"},
	{in: in(Talk), on: loses, to: Held, doing: noteHold, clause: "3.6"},
	{in: in(Held), on: loses, to: Held, clause: "3.6"},
	{in: in(Held), on: reclaims, to: Talk, doing: tellRetrieve, clause: "3.6"},
	{in: in(Talk), on: reclaims, to: Talk, clause: "3.6"},
	{in: in(Idle, Dialing, Ringing, Talk, Held), on: parts, stay: true, clause: "3.5"},
	{in: in(Idle), on: ends, to: Released, doing: noteReleased, clause: "3.1"},
	{in: in(Dialing, Ringing, Talk, Held), on: ends, to: Released, doing: tellReleased, clause: "3.1"},
	{in: in(Released), on: begins, to: Released, clause: "3.14"},
	{in: in(Released), on: rings, to: Released, clause: "3.14"},
	{in: in(Released), on: joins, to: Released, clause: "3.14"},
	{in: in(Released), on: holds, to: Released, clause: "3.14"},
	{in: in(Released), on: retrieves, to: Released, clause: "3.14"},
	{in: in(Released), on: parts, to: Released, clause: "3.14"},
	{in: in(Released), on: ends, to: Released, clause: "3.14"},
	{in: in(Released), on: consults, to: Released, clause: "3.14"},
	{in: in(Released), on: reaches, to: Released, clause: "3.14"},
	{in: in(Released), on: loses, to: Released, clause: "3.14"},
	{in: in(Released), on: reclaims, to: Released, clause: "3.14"},
}

// partyTable is partyRows as an array, so that a step is one look-up. A nil cell is counted and ignored.
var partyTable = buildTable(partyRows)

func buildTable(rows []row) (table [stateCount][stimulusCount]*row) {
	for i := range rows {
		r := &rows[i]
		for s := range stateCount {
			if r.in&(1<<s) == 0 {
				continue
			}
			put(&table[s][r.on], r, s.String()+" on "+r.on.String())
		}
	}
	return table
}

// put puts a row into its place in a table.
func put[R any](cell **R, r *R, where string) {
	if *cell != nil {
		panic("two rows for one cell: " + where)
	}
	*cell = r
}
