package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockName is the file whose lock makes a process the owner of a data directory. It stays when the owner goes: the
// system drops the lock, so a crash leaves nothing to clean up.
const lockName = "cti.lock"

// prepareDir makes the data directory and takes its lock.
func prepareDir(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("data-dir is empty: name a directory that the switch's user can write")
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("data-dir %s cannot be created: %w; "+
			"create it for the switch's user or set data-dir to another directory", dir, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("data-dir %s is not writable: %w; "+
			"give it to the switch's user or set data-dir to another directory", dir, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data-dir %s belongs to %s: end that process or set data-dir to another directory",
				dir, owner(file))
		}
		return nil, fmt.Errorf("data-dir %s cannot be locked: %w; set data-dir to a directory on a local disk", dir, err)
	}
	if err := signLock(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("data-dir %s is not writable: %w; make room or set data-dir to another directory", dir, err)
	}
	return file, nil
}

// signLock writes who owns the directory, for the message that the next one gets.
func signLock(file *os.File) error {
	text := fmt.Sprintf("process %d (%s)", os.Getpid(), filepath.Base(os.Args[0]))
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func owner(file *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 256))
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "another process"
}
