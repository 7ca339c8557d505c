// Package chost drives libcti.so from C alone: a host without a switch, its ring under AddressSanitizer.
package chost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"modcti/tests/fs/lab"
)

// ErrNoCompiler says that there is no C compiler here.
var ErrNoCompiler = errors.New("no C compiler: libcti.so is not driven from C here")

// Builder builds libcti.so and C hosts into a directory.
type Builder struct {
	Sanitize []string // the compiler's flags for AddressSanitizer; empty where it has none

	compiler, dir, root string
}

// NewBuilder finds the C compiler ($CC or cc) and what it can do.
func NewBuilder(dir string) (*Builder, error) {
	root, err := lab.Root()
	if err != nil {
		return nil, err
	}
	b := &Builder{compiler: os.Getenv("CC"), dir: dir, root: root}
	if b.compiler == "" {
		b.compiler = "cc"
	}
	if _, err := exec.LookPath(b.compiler); err != nil {
		return nil, ErrNoCompiler
	}
	probe := filepath.Join(dir, "probe.c")
	if err := os.WriteFile(probe, []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
		return nil, err
	}
	sanitize := []string{"-fsanitize=address,undefined", "-fno-omit-frame-pointer"}
	args := append(slices.Clone(sanitize), "-o", filepath.Join(dir, "probe"), probe)
	if exec.Command(b.compiler, args...).Run() == nil {
		b.Sanitize = sanitize
	}
	return b, nil
}

// Library builds libcti.so as build.sh does, with more flags of go build, and returns its path.
func (b *Builder) Library(ctx context.Context, flags ...string) (string, error) {
	if err := b.watch(); err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, "libcti.so")
	args := append([]string{"build", "-buildmode=c-shared", "-trimpath"}, flags...)
	args = append(args, "-ldflags", "-extldflags '-Wl,--version-script="+filepath.Join(b.root, "cgo", "libcti.map")+"'",
		"-o", path, "./cgo")
	cflags, err := b.output(ctx, nil, "./build.sh", "cflags")
	if err == nil {
		_, err = b.output(ctx, []string{"CGO_CFLAGS=" + strings.TrimSpace(cflags)}, "go", args...)
	}
	return path, err
}

// Host builds a C program out of files of the directory host.
func (b *Builder) Host(ctx context.Context, flags []string, files ...string) (string, error) {
	path := filepath.Join(b.dir, strings.TrimSuffix(files[0], ".c"))
	args := append([]string{"-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-Icgo", "-o", path}, flags...)
	for _, file := range files {
		args = append(args, filepath.Join("tests", "chost", "host", file))
	}
	_, err := b.output(ctx, nil, b.compiler, append(args, "-ldl", "-pthread")...)
	return path, err
}

// output runs a command at the root of the repository, with some more of environment.
func (b *Builder) output(ctx context.Context, environment []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// watch looks at every source of the library, so that go test runs again what it has cached when one changes.
func (b *Builder) watch() error {
	for _, dir := range []string{"build.sh", "cgo", "engine", "events", "store", "tests/chost/host"} {
		err := filepath.WalkDir(filepath.Join(b.root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
