// Package fsmod tries mod_cti.so in a real FreeSWITCH, with a libcti.so that decides nothing and writes down every
// record of the ring. The switch is a private one on loopback that calls itself. Without FreeSWITCH the tests say so.
package fsmod

import (
	"flag"
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
	builtSay              string // a say module for the tests
	workDir               string // what is built, and a directory of every switch
	missing               string
	repository            = filepath.Join("..", "..")
	errNoFreeSWITCHStatus = 3
)

func TestMain(m *testing.M) {
	// Most of a test is waiting, for what is to be heard above all. Who says -parallel is listened to.
	_ = flag.Set("test.parallel", "8")
	var err error
	if workDir, err = os.MkdirTemp("", "fsmod"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := build(workDir); err != nil {
		fmt.Fprintln(os.Stderr, "tests/fsmod:", err)
		os.Exit(1)
	}
	code := m.Run()
	if shared != nil {
		ending.add(shared)
	}
	err = ending.all()
	_ = os.RemoveAll(workDir)
	if err == nil && code == 0 {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
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
	builtSay = filepath.Join(dir, "mod_say_ctitest.so")
	out, err := exec.Command(filepath.Join(repository, "build.sh"), "module").CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == errNoFreeSWITCHStatus {
		missing = strings.TrimSpace(string(out))
		return nil
	}
	if err != nil {
		return fmt.Errorf("build.sh module: %w\n%s", err, out)
	}
	if err := compile(filepath.Join("testdata", "mod_say_ctitest.c"), builtSay, "-DSWITCH_API_VISIBILITY", "-isystem",
		filepath.Join(prefix, "include", "freeswitch")); err != nil {
		return err
	}
	return compile(filepath.Join(repository, "fsmod", "testdata", "fakecti.c"), fakeCTI, "-I"+filepath.Join(repository, "cgo"))
}

// compile makes a shared library of one C file.
func compile(source, library string, more ...string) error {
	arguments := append([]string{"-std=gnu11", "-shared", "-fPIC", "-O1", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
		source, "-o", library, "-pthread"}, more...)
	if out, err := exec.Command("cc", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", source, err, out)
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

// soaked is how many rounds a test makes: the many in the long runs, else the few.
func soaked(many, few int) int {
	if os.Getenv("CTI_SOAK") != "" {
		return many
	}
	return few
}
