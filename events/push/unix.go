package push

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"
)

const (
	socketDirMode  = 0o750
	socketMode     = 0o660
	socketPathMax  = 107 // bytes that fit into sockaddr_un with a closing zero
	soPeerGroups   = 59  // SO_PEERGROUPS of asm-generic/socket.h
	peerGroupsRead = 256
)

// listenUnix opens the unix door. The socket is bound in a directory of its own, gets its mode there and is then
// renamed, so that there is no moment at which others could connect. release removes it, if it is still the same.
func listenUnix(path string) (l net.Listener, release func(), err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("unix-socket: %w", err)
		}
	}()
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, socketDirMode); err != nil {
		return nil, nil, fmt.Errorf("the directory cannot be made: %w", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if err := checkStale(path); err != nil {
		return nil, nil, err
	}
	return bindUnix(path)
}

// lockDir keeps two starting processes from both taking over the same stale socket.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be read: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another process opens a socket in %s at this moment; try again (%w)", dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// checkStale refuses a path that something else uses. A socket that nobody listens on may be replaced.
func checkStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s exists and is no socket; remove it or name another path", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s is taken by another process; stop it or name another path", path)
	}
	return nil
}

func bindUnix(path string) (net.Listener, func(), error) {
	private := filepath.Join(filepath.Dir(path), "."+strconv.FormatUint(uint64(rand.Uint32()), 36))
	bound := filepath.Join(private, "s")
	if longest := max(len(path), len(bound)); longest > socketPathMax {
		return nil, nil, fmt.Errorf("%s is too long, a socket's path has at most %d bytes; name a shorter one",
			path, socketPathMax)
	}
	if err := os.Mkdir(private, 0o700); err != nil {
		return nil, nil, fmt.Errorf("the directory is not writable: %w", err)
	}
	defer os.RemoveAll(private)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: bound, Net: "unix"})
	if err != nil {
		return nil, nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(bound, socketMode), os.Rename(bound, path)); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	mine, err := os.Lstat(path)
	if err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	return l, func() {
		if now, err := os.Lstat(path); err == nil && os.SameFile(mine, now) {
			_ = os.Remove(path)
		}
	}, nil
}

// peer is the process at the other end of a unix connection, as it was when it connected.
type peer struct {
	uid    uint32
	groups []uint32
}

// trusted tells whether it may open the door without a token: root, our user, or a member of our group.
func (p peer) trusted() bool {
	if p.uid == 0 || p.uid == uint32(os.Geteuid()) {
		return true
	}
	for _, g := range p.groups {
		if g == uint32(os.Getegid()) {
			return true
		}
	}
	return false
}

func peerOf(conn *net.UnixConn) (p peer, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		var cred *syscall.Ucred
		if cred, inner = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); inner == nil {
			p = peer{uid: cred.Uid, groups: append(peerGroups(fd), cred.Gid)}
		}
	})
	return p, errors.Join(err, inner)
}

// peerGroups reads the supplementary groups; a kernel that cannot tell them leaves only the first group.
func peerGroups(fd uintptr) []uint32 {
	groups := make([]uint32, peerGroupsRead)
	size := uint32(len(groups) * 4)
	_, _, failure := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, soPeerGroups,
		uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
	if failure != 0 {
		return nil
	}
	return groups[:size/4]
}
