package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Root is the root of the repository: the directory at or above the working directory that holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if isFile(filepath.Join(dir, "go.mod")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// BuildCTI builds mod_cti.so and libcti.so with build.sh, once in the life of this program, and returns where they are.
// CTI_MODULE_DIR names a directory that holds them already, and nothing is built.
func BuildCTI(ctx context.Context) (string, error) {
	built.once.Do(func() {
		if built.dir = os.Getenv("CTI_MODULE_DIR"); built.dir != "" {
			return
		}
		root, err := Root()
		if err != nil {
			built.err = err
			return
		}
		cmd := exec.CommandContext(ctx, "./build.sh")
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("./build.sh: %w\n%s", err, out)
		}
		built.dir = filepath.Join(root, ModuleDir)
	})
	return built.dir, built.err
}
