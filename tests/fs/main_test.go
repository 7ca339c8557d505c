// Package fs_test proves the module inside a real FreeSWITCH: private switches on loopback, SIPp as phones and callers.
// Where FreeSWITCH, SIPp, sqlite3 or a C compiler is missing the tests are skipped and say which.
package fs_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"modcti/tests/scenario"
)

// update writes anew what the scenarios are compared with, here and on the simulated switch.
var update = flag.Bool("update", false, "write tests/scenario/testdata anew; read every line of the difference")

func TestMain(m *testing.M) {
	// Most of a test is waiting, and each has a switch of its own. Who says -parallel is listened to.
	_ = flag.Set("test.parallel", "4")
	flag.Parse()
	scenario.Record = *update
	goleak.VerifyTestMain(m)
}
