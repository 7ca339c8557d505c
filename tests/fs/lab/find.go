// Package lab runs a private FreeSWITCH on loopback: its own configuration, directories, ports and password, started by
// pid and stopped by pid. Tests, benchmarks and cmd/ctirun share it. It builds and installs nothing of FreeSWITCH.
package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoSwitch says that no FreeSWITCH was found on this machine.
var ErrNoSwitch = errors.New("no FreeSWITCH: neither pkg-config nor /usr/local/freeswitch nor PATH knows one")

// Install is a FreeSWITCH found on this machine.
type Install struct {
	Binary  string // the switch itself
	CLI     string // fs_cli; empty when absent
	ModDir  string // its loadable modules
	Include string // its headers; empty when absent
}

// Find looks for an installed FreeSWITCH: by pkg-config, in /usr/local/freeswitch, then by PATH.
func Find() (Install, error) {
	for _, candidate := range []Install{fromPkgConfig(), fromPrefix("/usr/local/freeswitch"), fromPath()} {
		if isFile(candidate.Binary) && isFile(filepath.Join(candidate.ModDir, "mod_sofia.so")) {
			candidate.CLI = keepFile(candidate.CLI)
			return candidate, nil
		}
	}
	return Install{}, ErrNoSwitch
}

func fromPkgConfig() Install {
	variable := func(name string) string {
		out, err := exec.Command("pkg-config", "--variable="+name, "freeswitch").Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	bin := variable("bindir")
	return Install{
		Binary:  filepath.Join(bin, "freeswitch"),
		CLI:     filepath.Join(bin, "fs_cli"),
		ModDir:  variable("modulesdir"),
		Include: variable("includedir"),
	}
}

func fromPrefix(prefix string) Install {
	return Install{
		Binary:  filepath.Join(prefix, "bin", "freeswitch"),
		CLI:     filepath.Join(prefix, "bin", "fs_cli"),
		ModDir:  firstDir(filepath.Join(prefix, "lib", "freeswitch", "mod"), filepath.Join(prefix, "mod")),
		Include: firstDir(filepath.Join(prefix, "include", "freeswitch"), filepath.Join(prefix, "include")),
	}
}

func fromPath() Install {
	binary, err := exec.LookPath("freeswitch")
	if err != nil {
		return Install{}
	}
	cli, _ := exec.LookPath("fs_cli")
	return Install{
		Binary:  binary,
		CLI:     cli,
		ModDir:  firstDir("/usr/lib/freeswitch/mod", "/usr/lib64/freeswitch/mod"),
		Include: firstDir("/usr/include/freeswitch"),
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func keepFile(path string) string {
	if isFile(path) {
		return path
	}
	return ""
}

func firstDir(paths ...string) string {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path
		}
	}
	return ""
}
