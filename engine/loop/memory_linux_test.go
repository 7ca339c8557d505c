package loop

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestLargePages: of a piece of memory all whole large pages are advised, and nothing of a piece that has none.
func TestLargePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this system has no large pages to advise")
	}
	memory := make([]byte, 4*largePage)
	LargePages(unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory)))
	require.Contains(t, flagsAt(t, unsafe.Pointer(&memory[2*largePage])), " hg")

	small := make([]byte, largePage)
	LargePages(unsafe.Pointer(&small[1]), uintptr(len(small)-1))
}

// flagsAt are the kernel's of the mapping in which an address lies (proc_pid_smaps(5), VmFlags).
func flagsAt(t *testing.T, address unsafe.Pointer) string {
	maps, err := os.Open("/proc/self/smaps")
	require.NoError(t, err)
	defer maps.Close()
	var from, to uintptr
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			continue
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && from <= uintptr(address) && uintptr(address) < to {
			return flags
		}
	}
	return ""
}
