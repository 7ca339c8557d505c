package engine

import "modcti/events"

// Config is what an Engine needs to know of its surroundings.
type Config struct {
	CompanyID string

	// Inside tells whether a number is an extension (settings.md, inside-pattern). It must be pure.
	Inside func(number string) bool

	// SeqStart is the number before the first event's: a multiple of 2^32 that no earlier run has reached (protocol.md 2).
	SeqStart uint64

	// TrackMarked tracks only channels that carry FlagMarked; otherwise all are tracked.
	TrackMarked bool

	// MonoNanos and WallMicros are the two clocks at the moment the engine is made.
	MonoNanos, WallMicros int64

	// Dial resolves a number by a company's dial plan; false when no rule takes it. It must be pure. nil: there is no
	// dial plan.
	Dial func(company, number string) (Route, bool)

	// RecordPath names the file that a recording begun now goes to; nil or an empty answer: recording is off.
	RecordPath func(callID, partyID string, wallMicros int64) string

	// Voicemail names the profile, and the domain if it is another than the switch's, of the voicemail that has a box; false
	// when the box cannot be one. It must be pure; nil: there is no voicemail.
	Voicemail func(box string) (profile string, ok bool)

	// RingMillis is how long a phone that the engine calls may ring; 0 = 30 000.
	RingMillis int64

	// NailedHears is what an agent hears between two calls on a leg that stays up: WaitMusic, or WaitSilence or nothing.
	NailedHears string

	// LegsMax is how many channels may be known at once; 0 = the most that the engine knows.
	LegsMax int

	// Large is told of the memory in which thousands of parties or calls, or what finds them, will lie. Its owner may ask the
	// system for large pages: with 100,000 calls up most of what an input costs is to find memory.
	Large Advise

	// RoomsMax is how many conferences there may be at once; 0 = the most that the engine knows.
	RoomsMax int

	// NotifyObserved tells an agent that a supervisor listens (R39).
	NotifyObserved bool

	// EndStates are the end states of calls out that are not the usual ones (R22); nil: all are. It must be pure.
	EndStates func() events.EndStates

	// Presence has the switch told what phones' keys show of agents and queues.
	Presence bool

	// Directory is who works here, and Agents what they were when the last run ended.
	Directory *Directory
	Agents    []AgentRecord

	// Callbacks are the stays of the last run that are still open and wait for a call-back.
	Callbacks []QueueRecord

	// Waited and Offered are what else the last run left open in queues: who waited, and the phones called for callers.
	Waited  []QueueRecord
	Offered []OfferRecord

	// Dropped are the stays of who hung up while he waited, or was cut off, and may return to his place, and Served those of
	// who was served, each the eldest first.
	Dropped, Served []QueueRecord

	// DayEnd is when the day of a moment ends, in Unix µs; then the counters that routing reads begin anew. It must be
	// pure; nil: never.
	DayEnd func(wallMicros int64) int64

	// QueueRecordPath names the file that a queue's call is recorded into, made of the queue's template; nil or an empty
	// answer: it is not.
	QueueRecordPath func(template, callID, partyID string, wallMicros int64) string

	// QueueOpen tells whether a queue takes callers now: working hours, holidays, time zone. It must be pure; nil: always.
	QueueOpen func(queueID string, wallMicros int64) bool

	// LegSeed makes the uuids of the legs that the engine originates; no two runs may share one.
	LegSeed [2]uint64

	// AuditMillis is how often the engine compares itself with the live session table; 0 = never.
	AuditMillis int64

	// StepTaken hears of each step that an operation takes, by its name in OperationSteps; nil: nobody does.
	StepTaken func(step string)
}

// Route is how a number is reached: one leg.
type Route struct {
	Address  string // a dial string made of the dial plan's template and whitelisted digits
	CallerID string // shown to the one who is called; empty = the caller's own number
}

// Stats are counters since the engine was made.
type Stats struct {
	Inputs, Events, Records, Commands uint64
	Calls, Parties                    int // live now
	CallsTotal                        uint64
	EmptyCells                        uint64 // inputs that a state has no row for
	DuplicateInputs, LateInputs       uint64 // facts already known; facts of a channel that is gone
	LostInputs                        uint64 // holes in a channel's numbering, and full rings
	Snapshots, Repairs                uint64
	Refused                           uint64
}

// CallView is a copy of a live call, for commands and snapshots.
type CallView struct {
	CallID, CallType, ThisDN, OtherDN, ANI, DNIS string
	StartMillis                                  int64
	AttachedData                                 events.Data
	Parties                                      []PartyView
}

// PartyView is a copy of a live party.
type PartyView struct {
	events.PartyInfo
	LegUUID string
	Channel string
}
