package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modcti/engine"
	"modcti/engine/script"
)

// faultsMax bounds the scripts of faults that are kept; a fault that comes back often is told by the first of them.
const faultsMax = 20

// writeFault writes the inputs that led to a panic into data-dir, as a ladder script that repeats it: a fault in the
// field becomes a test. Inputs from clients are left as comments, for they may carry what is not ours to write down.
func writeFault(dir string, last []engine.Input, value any, stack []byte, log *slog.Logger) {
	old, _ := filepath.Glob(filepath.Join(dir, "fault-*.txt"))
	if len(old) >= faultsMax {
		log.Warn("the fault was not written down: there are enough scripts already; send and remove them", "directory", dir)
		return
	}
	path := filepath.Join(dir, "fault-"+time.Now().UTC().Format("20060102-150405.000000")+".txt")
	if err := os.WriteFile(path, []byte(faultScript(last, value, stack)), 0o640); err != nil {
		log.Error("the fault could not be written down", "file", path, "error", err)
		return
	}
	log.Error("the fault was written down as a script that repeats it; please send it to the makers", "file", path)
}

func faultScript(last []engine.Input, value any, stack []byte) string {
	var text strings.Builder
	comment := func(s string) { text.WriteString("# " + strings.ReplaceAll(s, "\n", "\n# ") + "\n") }
	comment(version())
	comment(fmt.Sprint("panic: ", value))
	comment(strings.TrimSpace(string(stack)))
	var clock script.Clock
	if len(last) > 0 {
		clock = script.Clock{MonoNanos: last[0].MonoNanos, WallMicros: last[0].WallMicros}
	}
	for i := range last {
		if in := &last[i]; in.Kind == engine.ClientRequest {
			comment("a client's request")
		} else {
			text.WriteString(clock.Format(in) + "\n")
		}
	}
	return text.String()
}
