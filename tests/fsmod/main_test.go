// Package fsmod tries mod_cti.so in a real FreeSWITCH, with a libcti.so that decides nothing and writes down every
// record of the ring. The switch is a private one on loopback that calls itself. Without FreeSWITCH the tests say so.
package fsmod

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// what is built once for all tests; missing says why nothing can be tried.
var (
	binary, moduleDir     string // of the installed switch
	builtModule, fakeCTI  string
	missing               string
	repository            = filepath.Join("..", "..")
	errNoFreeSWITCHStatus = 3
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fsmod")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, "tests/fsmod:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func build(dir string) error {
	prefix := installed()
	if prefix == "" {
		missing = "FreeSWITCH is not installed: the module is not tried in it"
		return nil
	}
	builtModule, fakeCTI = filepath.Join(repository, "build", "mod_cti.so"), filepath.Join(dir, "libcti.so")
	out, err := exec.Command(filepath.Join(repository, "build.sh"), "module").CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == errNoFreeSWITCHStatus {
		missing = strings.TrimSpace(string(out))
		return nil
	}
	if err != nil {
		return fmt.Errorf("build.sh module: %w\n%s", err, out)
	}
	source := filepath.Join(repository, "fsmod", "testdata", "fakecti.c")
	out, err = exec.Command("cc", "-std=gnu11", "-shared", "-fPIC", "-O1", "-fvisibility=hidden", "-Wall", "-Wextra",
		"-Werror", "-I"+filepath.Join(repository, "cgo"), source, "-o", fakeCTI, "-pthread").CombinedOutput()
	if err != nil {
		return fmt.Errorf("fakecti.c: %w\n%s", err, out)
	}
	return nil
}

// installed finds the switch: through pkg-config, then where it is usually put.
func installed() string {
	candidates := []string{"/usr/local/freeswitch", "/usr", "/opt/freeswitch"}
	if out, err := exec.Command("pkg-config", "--variable=prefix", "freeswitch").Output(); err == nil {
		candidates = append([]string{strings.TrimSpace(string(out))}, candidates...)
	}
	for _, prefix := range candidates {
		for _, mods := range []string{"lib/freeswitch/mod", "mod"} {
			if _, err := os.Stat(filepath.Join(prefix, mods, "mod_sofia.so")); err != nil {
				continue
			}
			binary, moduleDir = filepath.Join(prefix, "bin", "freeswitch"), filepath.Join(prefix, mods)
			if _, err := os.Stat(binary); err == nil {
				return prefix
			}
		}
	}
	return ""
}
