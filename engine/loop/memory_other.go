//go:build !linux

package loop

import "unsafe"

// LargePages is an engine.Config.Large that leaves it to the system.
func LargePages(unsafe.Pointer, uintptr) {}
