package loop

import (
	"syscall"
	"unsafe"
)

const largePage = 2 << 20

// LargePages is an engine.Config.Large that asks for large pages (madvise(2), MADV_HUGEPAGE) where the system gives them
// to who asks. It is advice: without them all is the same, but slower.
func LargePages(memory unsafe.Pointer, bytes uintptr) {
	ahead := -uintptr(memory) & (largePage - 1)
	if bytes < ahead+largePage {
		return
	}
	whole := (bytes - ahead) &^ (largePage - 1)
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(memory, ahead)), whole), syscall.MADV_HUGEPAGE)
}
