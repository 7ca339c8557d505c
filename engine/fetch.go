//go:build amd64 || arm64

package engine

import "unsafe"

// fetch asks the processor for memory that will be needed soon, and does not wait for it: for some lines of what begins at
// base, which may be nothing.
//
//go:noescape
func fetch(base unsafe.Pointer, at *lines)

// fetchLines asks for four lines.
//
//go:noescape
func fetchLines(a, b, c, d unsafe.Pointer)
