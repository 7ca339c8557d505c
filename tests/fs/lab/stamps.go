package lab

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed module/mod_ctilab.c
var moduleSource []byte

// ErrNoCompiler says that the laboratory's own module cannot be built here.
var ErrNoCompiler = errors.New("no C compiler in PATH, or no FreeSWITCH headers")

// BuildModule builds mod_ctilab into dir: stamps where facts arise, and a stalled event bus on request.
func BuildModule(ctx context.Context, install Install, dir string) error {
	compiler, err := exec.LookPath("cc")
	if err != nil || install.Include == "" {
		return ErrNoCompiler
	}
	cmd := exec.CommandContext(ctx, compiler, "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-O2", "-fPIC",
		"-shared", "-I"+install.Include, "-x", "c", "-", "-o", filepath.Join(dir, "mod_ctilab.so"))
	cmd.Stdin = bytes.NewReader(moduleSource)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mod_ctilab does not compile: %w\n%s", err, out)
	}
	return nil
}

// StampKind is a fact that mod_ctilab stamps. The same numbers as in mod_ctilab.c.
type StampKind uint32

const (
	StampInit StampKind = iota + 1
	StampRing
	StampEarly
	StampAnswer
	StampBridge
	StampUnbridge
	StampHangup    // the channel has begun to end
	StampEnded     // its driver has told the far end
	StampReporting // the switch tells that it has ended
)

// StampKey names a fact: what happened to which channel. Only its first time counts.
type StampKey struct {
	Kind StampKind
	UUID string
}

// Stamps reads when each fact arose, in ns of CLOCK_MONOTONIC. A fact that did not arise is not in the map.
func (s *Switch) Stamps() (map[StampKey]int64, error) {
	data, err := os.ReadFile(s.Path("run", "stamps"))
	if err != nil {
		return nil, err
	}
	const head, size = 8, 8 + 4 + 36
	count := binary.NativeEndian.Uint64(data)
	if room := uint64(len(data)-head) / size; count > room {
		return nil, fmt.Errorf("%d stamps were made and there was room for %d", count, room)
	}
	stamps := make(map[StampKey]int64, count)
	for i := range int(count) {
		row := data[head+i*size:]
		key := StampKey{StampKind(binary.NativeEndian.Uint32(row[8:])), string(row[12:size])}
		if _, seen := stamps[key]; !seen {
			stamps[key] = int64(binary.NativeEndian.Uint64(row))
		}
	}
	return stamps, nil
}
