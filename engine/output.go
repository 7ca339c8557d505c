package engine

import "modcti/events"

// Output is everything that follows from one Input. The loop carries it out in this order: Commands, Records, Events.
// Its slices, and the messages they point to, are valid until the next Step on the same Output.
type Output struct {
	Commands []Command
	Records  []Record
	Events   []Outgoing

	// NextDeadline is the monotonic time (ns) at which the engine wants a TimerDue; 0 = none.
	NextDeadline int64

	pool messagePool
}

// Outgoing is one message and who it is for.
type Outgoing struct {
	Message events.Message

	// To addresses an answer to one client alone; 0 publishes the message to every client whose subscriptions match.
	To ClientID
	// Asker is the client that sees the message's ReferenceID; all others see 0.
	Asker ClientID

	CallID string   // the call that the message is about, or empty
	DNs    []string // the DNs whose subscribers hear it
}

// CommandKind is what a command worker is asked to do. The values are those of CTI_CMD_* in cgo/cti.h.
type CommandKind uint8

const (
	CommandNone        CommandKind = iota
	CommandSnapshot                // tell the live session table: SnapshotBegin, LegFound..., SnapshotEnd
	CommandSetVariable             // set channel variable Name to Value on Leg
	CommandHangup                  // end Leg with Cause
)

// Command is one act on the switch. Its truth is the input that confirms it, not the worker's answer.
type Command struct {
	ID             uint64 // comes back in CommandDone
	Kind           CommandKind
	Cause          uint16
	Leg            LegID
	UUID           string // the leg as the switch spells it
	Name, Value    string
	DeadlineMillis int64 // how long a worker may wait before it gives the command up
}
