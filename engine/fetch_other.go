//go:build !amd64 && !arm64

package engine

import "unsafe"

func fetch(line, twelve, seven, six unsafe.Pointer) {}

func fetchLines(a, b, c, d unsafe.Pointer) {}
