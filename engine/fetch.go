//go:build amd64 || arm64

package engine

import "unsafe"

// fetch asks the processor for memory that will be needed soon, and does not wait for it: a line, a party's eight, a
// call's five and another party's eight. Whatever is asked for may end sooner, or be something else.
//
//go:noescape
func fetch(line, party, call, other unsafe.Pointer)

// fetchLines asks for four lines.
//
//go:noescape
func fetchLines(a, b, c, d unsafe.Pointer)
