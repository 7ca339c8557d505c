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
	// Asker is the client that sees the message's ReferenceID; all others see 0. Request is the name of what it asked for.
	Asker   ClientID
	Request string

	// FullOnly keeps the message from clients of the basic profile (protocol.md 2).
	FullOnly bool

	CallID    string   // the call that the message is about, or empty
	DNs       []string // the DNs whose subscribers hear it
	Queues    []string // the queues whose subscribers hear it too
	AgentUUID string   // the agent whose subscribers hear it too, or empty
}

// CommandKind is what a command worker is asked to do. The values are those of CTI_CMD_* in cgo/cti.h, which says what
// each does at the switch.
type CommandKind uint8

const (
	CommandNone          CommandKind = iota
	CommandSnapshot                  // tell the live session table: SnapshotBegin, LegFound..., SnapshotEnd
	CommandSetVariable               // set channel variable Name to Value on Leg
	CommandHangup                    // end Leg with Cause; a leg that is still being originated never comes to be
	CommandOriginate                 // call Value (a dial string) as Leg, for call CallID, shown as CallerNumber; Name may be Kept
	CommandBridge                    // join the media of Leg and Other; whoever they were joined with is parked; Name may be Kept
	CommandWait                      // take Leg out of whatever it is in and let it hear Name: one of Wait*
	CommandJoinRoom                  // put Leg into the conference Name
	CommandHold                      // put Leg's phone on hold; its partner hears music
	CommandUnhold                    // and take it off
	CommandMute                      // what Leg says is heard by nobody
	CommandUnmute                    // and is heard again
	CommandSendDTMF                  // play the digits Value to Leg's far end
	CommandAnswer                    // ask Leg's ringing phone to pick up
	CommandEavesdrop                 // Leg listens to Other, and is heard by Name: one of Heard*
	CommandEavesdropMode             // Leg, which listens, is heard by Name from now on
	CommandRecordStart               // record Leg, both directions, into the file Value
	CommandRecordStop                // stop recording Leg into the file Value
	CommandRecordPause               // record silence into the file Value until resumed
	CommandRecordResume
	CommandReturn // Leg's application, cti_queue or cti_agent, returns with the result Value
	CommandSay    // Leg, which waits in cti_queue or as WaitQueue says, is told Name: one of Say*, with Value
	// CommandPresence: keys that watch UUID, of an agent or a queue as Name says, show Value: one of Lamp*, and CallerName
	// to people. It is about no leg and is not answered.
	CommandPresence
	CommandVoicemail // Leg speaks to the box Value of the switch's voicemail; Name is its profile, and domain if it is another
	// CommandFindDevice: tell whether the phone that the dial string Value calls is registered, by DeviceFound or, where
	// it is not for DeadlineMillis, DeviceLost of its directory user; nothing where it need not be. It is about no leg and is
	// not answered.
	CommandFindDevice
)

// Kept is the Name of a CommandOriginate whose leg outlives what it is in: it is parked in silence, not ended, when its
// bridge ends because the other did, or its room, or whom it listens to. As the Name of a CommandBridge it is so of Leg and of
// that bridge.
const Kept = "kept"

// What keys watch.
const (
	PresenceAgent = "agent"
	PresenceQueue = "queue"
)

// What keys show: the states of a dialog (RFC 4235).
const (
	LampDark  = "terminated"
	LampEarly = "early" // it blinks
	LampLit   = "confirmed"
	LampGone  = "gone" // nobody is there any more
)

// What a caller who waits is told.
const (
	SayPosition = "position" // Value is his place
	SayWait     = "wait"     // Value is seconds
	SayFile     = "file"     // Value is a file to be played
	SayMusic    = "music"    // Value is what he hears from now on when nothing is said
)

// What a leg that waits hears.
const (
	WaitMusic    = "music"
	WaitRingback = "ringback"
	WaitSilence  = "silence"
	WaitQueue    = "queue" // the queue's music, and what CommandSay says over it
)

// Who hears a leg that listens to another.
const (
	HeardByNobody  = "nobody"
	HeardByTarget  = "target"  // the leg listened to
	HeardByPartner = "partner" // whom that leg talks to
	HeardByBoth    = "both"
)

// Command is one act on the switch. Its truth is the input that confirms it, not the worker's answer. Commands of one
// call are carried out in the order in which they were given.
type Command struct {
	ID             uint64 // comes back in CommandDone
	Kind           CommandKind
	Cause          uint16
	Leg, Other     LegID
	UUID           string // Leg as the switch spells it
	OtherUUID      string // Other as the switch spells it
	Name, Value    string
	CallID         string // the call that it is for: its strand
	CallerNumber   string
	CallerName     string
	DeadlineMillis int64 // how long it may wait for a worker before it is given up
}
