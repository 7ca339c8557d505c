package main

/*
#include "cti.h"

#include <stdlib.h>

static inline char *cti_version_buffer(void)
{
	static char text[256];
	return text;
}
*/
import "C"

import (
	"sync"
	"unsafe"
)

// versionText is the version in memory that is never freed.
var versionText = sync.OnceValue(func() C.cti_str {
	text := C.cti_version_buffer()
	storeText(text, 256, version())
	return text
})

// storeText puts a text into a buffer of the host's, ended by NUL and cut at the end of a character. nil is no buffer.
func storeText(buffer *C.char, size C.int32_t, text string) {
	if buffer == nil || size <= 0 {
		return
	}
	room := unsafe.Slice((*byte)(unsafe.Pointer(buffer)), size)
	room[copy(room, cut(text, len(room)-1))] = 0
}

// cText is C memory in which texts are handed to the host, one lot at a time. What points to them lies in it as well:
// cgo need not look then whether it points into memory of Go's, which takes as long as the call.
type cText struct {
	sync.Mutex
	memory     unsafe.Pointer
	size, used int
}

func (t *cText) free() {
	C.free(t.memory)
	t.memory, t.size, t.used = nil, 0, 0
}

// begin makes room for texts that have, with their NULs, so many bytes together.
func (t *cText) begin(bytes int) {
	t.used = 0
	if bytes <= t.size {
		return
	}
	C.free(t.memory)
	t.size = max(bytes, 2*t.size, 4096)
	t.memory = C.malloc(C.size_t(t.size))
}

// room is memory for what points to texts; it is asked for before the first of them is put.
func (t *cText) room(bytes int) unsafe.Pointer {
	at := unsafe.Add(t.memory, t.used)
	t.used += bytes
	return at
}

// put copies a text and ends it with NUL. It stays until begin is called again.
func (t *cText) put(text string) *C.char {
	at := unsafe.Add(t.memory, t.used)
	to := unsafe.Slice((*byte)(at), len(text)+1)
	to[copy(to, text)] = 0
	t.used += len(text) + 1
	return (*C.char)(at)
}
