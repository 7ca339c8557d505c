package main

/*
#include "cti_turn.h"

// When both legs of a call end, their threads hold the processors just when there is something to tell. The reader's
// turn is longer than a few records take, and it needs a small part of a processor.
static void read_at_once(void) { cti_short_turns(-20, 200000); }
*/
import "C"

import "runtime"

// readAtOnce keeps the calling goroutine on a thread of its own, which goes before those of the switch that are not
// real-time. The thread ends with the goroutine.
func readAtOnce() {
	runtime.LockOSThread()
	C.read_at_once()
}
