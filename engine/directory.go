package engine

import "slices"

// Directory is who works in the call center and for what: what the store holds and a reload replaces as a whole. The
// engine keeps it and never changes it; whoever makes one gives it away.
type Directory struct {
	Agents []AgentConfig
	Queues []QueueConfig
	Tiers  []TierConfig
}

// AgentConfig is one agent. Zero durations mean none, negative ones what the queue says.
type AgentConfig struct {
	UUID string // the key everywhere (R45)
	ID   string // work number; may be empty
	Name string
	DN   string // where he logs in unless he says otherwise

	Mobile          string          // his mobile or PSTN number, dialed by the dial plan
	MobileAccept    MobileAccept    // when calls go there
	MaxCalls        int             // calls at once; 0 = 1
	WrapUpMillis    int64           // after-call work; negative = the queue's
	WrapUpUntimed   bool            // it ends only when he says so
	ManualMillis    int64           // such work that he asks for while he is idle; 0 = as after a call, negative = untimed
	ManualToReady   bool            // it leads to ready, not to what he was before
	RingMillis      int64           // how long his phone rings; negative or 0 = the queue's
	MissedPolicy    MissedPolicy    // what a call that he does not answer does to him
	RejectPolicy    MissedPolicy    // one that he rejects
	BusyPolicy      MissedPolicy    // one that finds his phone busy
	UnreachedPolicy MissedPolicy    // one whose phone cannot be reached
	DirectPolicy    MissedPolicy    // one that is not a queue's and that he does not take, however
	MissedMax       int             // so many in a row, of whatever kind, before a policy acts; 0 = 1
	AfterMissed     int64           // ms without offers after one that rang out
	AfterReject     int64           // ms after one that he rejected
	AfterBusy       int64           // ms after one that found him busy
	AfterUnreached  int64           // ms after one whose phone could not be reached
	IdleLogout      int64           // ms without a call after which he is logged out; 0 = never
	DeviceLost      DevicePolicy    // what it does that his phone is not registered any more
	NailedUp        bool            // his phone stays connected between calls
	LoginAtStart    bool            // he is logged in when the engine starts, ready
	DuplicatePolicy DuplicatePolicy // what a login of another agent at his DN does (3.0-10)
	MissedOverflow  []Target        // where callers go whose call he does not take, however; empty = as the queue says, if it is one's
}

// MobileAccept is UseMobileAccept of the contact-center types.
type MobileAccept uint8

const (
	MobileNever MobileAccept = iota
	MobileOffline
	MobileAlways
)

// MissedPolicy is what happens to an agent who does not answer (3.3).
type MissedPolicy uint8

const (
	MissedNone MissedPolicy = iota
	MissedNotReady
	MissedLogout
)

// DevicePolicy is what happens to an agent whose phone is gone.
type DevicePolicy uint8

const (
	DeviceKeeps DevicePolicy = iota
	DeviceLogsOut
)

// DuplicatePolicy decides between two agents at one DN (3.0-10).
type DuplicatePolicy uint8

const (
	DuplicateRefused DuplicatePolicy = iota // the second login is refused
	DuplicateReplace                        // it logs the first agent out
)

// Strategy is how a queue picks an agent.
type Strategy uint8

const (
	LongestIdle Strategy = iota
	RingAll
	RoundRobin
	FewestCalls
	LeastTalk
	TopDown // by position, one after the other for one caller; each caller begins at the top
	Random
	Sequential  // the first by position who is free, always from the top
	Progressive // as top-down, but those who were called before go on ringing
	StrategyCount
)

var strategyNames = [StrategyCount]string{
	"longest-idle-agent", "ring-all", "round-robin", "agent-with-fewest-calls", "agent-with-least-talk-time", "top-down",
	"random", "sequentially-by-agent-order", "ring-progressively",
}

// String is the name that callcenter.conf.xml gives it.
func (s Strategy) String() string {
	if s < StrategyCount {
		return strategyNames[s]
	}
	return ""
}

// StrategyNamed finds a strategy by that name.
func StrategyNamed(name string) (Strategy, bool) {
	at := slices.Index(strategyNames[:], name)
	return Strategy(max(at, 0)), at >= 0
}

// QueueConfig is one skill group. Durations are ms; 0 = never or none.
type QueueConfig struct {
	ID       string // its number, which callers and clients dial and thisQueue shows
	Name     string
	Strategy Strategy

	RingMillis       int64 // how long an agent's phone rings; 0 = Config.RingMillis
	ProgressMillis   int64 // Progressive: when the next one rings too; 0 = progressDefault
	WrapUpMillis     int64
	WrapUpUntimed    bool            // after-call work ends only when the agent says so
	LevelAfter       [LevelMax]int64 // a caller waits so long before staff of level i+1 are asked too; all 0 = at once
	SkipEmptyLevels  bool            // a level without anybody logged in is not waited for
	LastSeatMillis   int64           // how long a caller waits for who served him last (UsingLastSeat)
	PriorityMillis   int64           // head start of one step of a caller's priority; 0 = priorityDefault
	SinceCall        bool            // a caller's turn is counted from the beginning of his call, not from when he came in
	MaxLength        int             // callers; 0 = no limit
	MaxWaitMillis    int64
	NobodyOnMillis   int64 // how long a caller waits while nobody is logged in
	NobodyReady      bool  // nobody ready sends callers on: who comes, and who waits
	ResumeMillis     int64 // a caller who dropped and returns in time has his place again
	Overflow         []Overflow
	MissedOverflow   []Target // where callers go whom the agent that is called does not take; empty = they wait on
	ExitKeys         string   // digits by which a caller leaves for the key-press overflow
	CallbackKey      string   // digit by which he leaves, keeps his place and is called back
	CallbackMillis   int64    // how long his place waits then; 0 = callbackDefault
	Music            string
	Welcome          string // file that he hears first
	AnnounceMillis   int64  // how often Announce, position and waiting time are said
	Announce         string // file
	AnnouncePosition bool
	AnnounceWait     bool
	RecordTemplate   string
	Blacklist        []string // callers who are turned away
}

// LevelMax is the lowest skill level; 1 is the best.
const LevelMax = 5

// Overflow is where a caller goes when one thing happens.
type Overflow struct {
	When OverflowWhen
	Kind OverflowKind
	To   string // another queue's id, or a number; empty for a hang-up
}

// Target is one of the places where a caller may go whose call is not taken. The first of a list that takes him has him; where
// none does he waits on, or what he did has failed if he called the agent directly (3.3).
type Target struct {
	Kind OverflowKind // ToRecall (skipped for who was in no queue), ToRelease, ToQueue, ToNumber or ToVoicemail
	To   string
}

// OverflowWhen is why a caller leaves a queue unserved. The values are those of cti_queue_result.
type OverflowWhen string

const (
	WhenTimeout     OverflowWhen = "timeout"
	WhenFull        OverflowWhen = "full"
	WhenNobodyOn    OverflowWhen = "nobody-on"
	WhenNobodyReady OverflowWhen = "nobody-ready"
	WhenKey         OverflowWhen = "key"
	WhenClosed      OverflowWhen = "closed"
	WhenBlacklisted OverflowWhen = "blacklisted"
	WhenCallback    OverflowWhen = "callback" // he is called back when it is his turn

	// The agent did not take his call, and MissedOverflow has sent him on: why he did not.
	WhenNoAnswer    OverflowWhen = OfferNoAnswer
	WhenRejected    OverflowWhen = OfferRejected
	WhenBusy        OverflowWhen = OfferBusy
	WhenUnreachable OverflowWhen = OfferUnreachable
)

// How else a stay ends.
const (
	StayAnswered   = "answered"
	StayAbandoned  = "abandoned"
	StayElsewhere  = "elsewhere"   // somebody took him out of the queue: a transfer, an intercept, another application
	StayHandedOver = "handed-over" // an agent who consulted has left his place to his caller, whose stay begins
	StayReplaced   = "replaced"    // a call-back: he has called again himself
	StayUnanswered = "no-callback" // a call-back that he did not answer
	StayExpired    = "expired"     // a call-back whose turn did not come in time
	StayFaulted    = "faulted"

	// StayInterrupted ends what a run left open; so it does an offer.
	StayInterrupted = "interrupted"
)

// OverflowKind is where he goes. With none he goes on in the dialplan.
type OverflowKind string

const (
	ToDialplan  OverflowKind = ""
	ToQueue     OverflowKind = "queue"
	ToNumber    OverflowKind = "number"
	ToVoicemail OverflowKind = "voicemail"
	ToHangup    OverflowKind = "hangup"

	ToRecall  OverflowKind = "recall"  // of a Target: back into the queue that he came from, where he has his place
	ToRelease OverflowKind = "release" // of a Target: hung up, with the cause for which his call was not taken
)

// TierConfig puts an agent into a queue.
type TierConfig struct {
	AgentUUID string
	QueueID   string
	Level     int // 1 (best) to 5; 0 = 3
	Position  int // order within the level, for the strategies that go by order
}
