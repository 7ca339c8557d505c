//go:build amd64 || arm64

package engine

import "unsafe"

// fetch asks the processor for memory that will be needed soon, and does not wait for it: a line of an index, a party,
// and what is read most of a call and of another party.
//
//go:noescape
func fetch(chain, party, call, other unsafe.Pointer)
