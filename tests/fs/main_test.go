// Package fs_test proves the module inside a real FreeSWITCH: private switches on loopback, SIPp as phones and callers.
// Where FreeSWITCH, SIPp, sqlite3 or a C compiler is missing the tests are skipped and say which.
package fs_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Most of a test is waiting, and each has a switch of its own. Who says -parallel is listened to.
	_ = flag.Set("test.parallel", "4")
	goleak.VerifyTestMain(m)
}
