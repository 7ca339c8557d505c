package push

import "time"

// Bounds of the doors, in one place (protocol.md 1, 3 and 6). Past a bound there is a refusal or a counted close.
const (
	frameBytesMax           = 64 << 10 // a client's message, without its line feed
	frameBytesBeforeOpenMax = 4 << 10
	frameSkipBytesMax       = 1 << 20 // of an oversized message that is read away before the connection is closed
	frameDepthMax           = 16
	badFramesMax            = 3 // in a row
	framesBeforeOpenMax     = 8

	textLenMax          = 64 // identifiers and names, in bytes
	tokenLenMax         = 512
	numberLenMax        = 32   // of a request, a + among them
	idsMax              = 1024 // in one request
	messagesMax         = 64
	referenceMax        = 1<<53 - 1
	subscriptionsMax    = 16384 // of one client
	pendingAnswersMax   = 256   // of one client
	clientsMaxDefault   = 4096
	unopenedMax         = 1024
	unopenedOfSourceMax = 64

	dtmfDigitsMax    = 64
	answerSecondsMax = 600
	delaySecondsMax  = 3600

	burstSeconds        = 2  // the burst of a client's rate
	principalRateFactor = 10 // all clients of a principal together, in rates of one client

	makeCallsPerSecond = 5    // of one number
	dialersMin         = 1024 // numbers that are remembered before those that are quiet are forgotten

	openTimeout    = 5 * time.Second
	writeTimeout   = 10 * time.Second // for each chunk of writeChunkBytes
	floodPause     = 10 * time.Millisecond
	heartbeatsMax  = 3 // missed
	keyLife        = 10 * time.Minute
	keysMax        = 10_000
	keyAnswerBytes = 16 << 20 // of all answers that are kept for request keys

	directClientsMax = 32 // of one batch that are written to by the publishing goroutine itself
	writeChunkBytes  = 64 << 10
	bufferKeepBytes  = 64 << 10 // a larger buffer is given back once it is empty

	queueBytesDefault      = 4 << 20
	queueBytesMin          = 16 << 10
	rateDefault            = 20
	heartbeatMillisDefault = 30_000
)
