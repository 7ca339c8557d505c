package push

import "sync/atomic"

// closeReason says why a connection ended.
type closeReason uint8

const (
	open     closeReason = iota // it has not
	gone                        // the client closed it, or the network did
	tooSlow                     // its queue was full, or it took nothing for writeTimeout
	silent                      // it sent nothing for three heartbeats
	unopened                    // no RequestOpen in time, or too many messages before it
	refused                     // its RequestOpen was refused for who it is
	garbled                     // badFramesMax bad messages in a row, or one that did not end
	revoked                     // its token was taken away or changed
	crowded                     // too many connections
	stopping                    // the server is closing
	failed                      // a fault of the server
	reasons
)

var reasonTexts = [reasons]string{
	open:     "open",
	gone:     "the client is gone",
	tooSlow:  "the client reads too slowly",
	silent:   "the client was silent for three heartbeats",
	unopened: "no RequestOpen in time",
	refused:  "RequestOpen was refused",
	garbled:  "its messages are not JSON objects",
	revoked:  "its token was taken away or changed",
	crowded:  "too many connections",
	stopping: "the server stops",
	failed:   "a fault of the server",
}

func (r closeReason) String() string { return reasonTexts[r] }

// Stats are counters since the doors were opened.
type Stats struct {
	Clients, Unopened int // now

	Connections    uint64 // ever accepted
	Requests       uint64 // frames read after opening
	Refused        uint64 // answered by EventPartyError
	BadFrames      uint64
	Published      uint64 // events for any number of clients
	Messages       uint64 // lines put into queues of clients that have ended since, and of those that are open
	DirectWrites   uint64 // flushes that the socket took at once
	AcceptFailures uint64
	Closed         map[string]uint64 // ended connections by reason
}

type counters struct {
	connections, requests, refused, badFrames              atomic.Uint64
	published, endedMessages, directWrites, acceptFailures atomic.Uint64
	closed                                                 [reasons]atomic.Uint64
}
