package engine

// Bounds of the engine, in one place. Past a bound an input is refused or counted, never a reason to grow without end.
const (
	legsMax           = 1 << 20         // channels known at once
	outgoingMax       = 1 << 12         // originations told before the channel they speak of
	roomsMax          = 1 << 14         // conferences at once
	missedMax         = 2               // snapshots in a row that a live channel may be missing from
	resyncDelay       = 100_000_000     // ns that a hole in a channel's numbering may stay open before a snapshot is asked for
	lingerMax         = 10_000_000_000  // ns that an ended channel may take to say its last word
	ringMillisDefault = 30_000          // how long a phone that the engine calls may ring
	expectedMax       = 120_000_000_000 // ns that a leg which the engine asked for may take to appear
	confirmMillis     = 5_000           // how long the switch may take to confirm what it was asked to do
	orderMillis       = 10_000          // how long a command may wait for a worker
	orderedMax        = 1 << 16         // commands whose answer somebody waits for
	levelDefault      = 3               // of staff whose tier names none
	blockMin          = 1_000           // ms that a phone which failed at once is not called again
	deadMax           = 60_000          // the longest that a phone which cannot be reached is left alone where no setting says so
	nailRetry         = 10_000          // ms until a phone is called again that did not take the call which was to stay
	partedFor         = 2_000           // ms that a party on a leg which stays up may be with nobody
	progressDefault   = 10_000          // ms until the next phone of a progressive queue rings too
	priorityDefault   = 1_000           // ms of head start that a step of a caller's priority is worth, as in callcenter.conf.xml
	headMax           = 86_400_000_000  // ms of head start at most, which is years
	callbackDefault   = 86_400_000      // ms that the place of who is to be called back waits
	callbacksMax      = 1 << 12         // callers whom a queue is to call back
	insistMax         = 3               // times that a leg is asked out of its queue, or into its conference, before it is hung up
	delaySecondsMax   = 3_600           // of after-call work
	hopsMax           = 8               // queues that a caller is sent on through
	droppedMax        = 1 << 12         // callers of a queue who left and may return
	servedMax         = 1 << 16         // callers whose last agent is remembered
	lostMax           = 100_000         // phones that are gone and may be back
	phoneBackMillis   = 60_000          // until phones have found a switch that has begun anew
	snapshotMillis    = 5_000           // how long a worker may take to tell the session table
)
