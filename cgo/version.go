package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

const versionNumber = "0.1.0"

// version names the engine, the Go it was built with, and the revision where the build knew it.
var version = sync.OnceValue(func() string {
	text := "mod_cti " + versionNumber + " " + runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	return text + revision(info.Settings)
})

func revision(build []debug.BuildSetting) string {
	values := map[string]string{}
	for _, s := range build {
		values[s.Key] = s.Value
	}
	if values["vcs.revision"] == "" {
		return ""
	}
	var text strings.Builder
	text.WriteString(" " + values["vcs.revision"][:min(12, len(values["vcs.revision"]))])
	if values["vcs.modified"] == "true" {
		text.WriteString("+changes")
	}
	return text.String()
}
