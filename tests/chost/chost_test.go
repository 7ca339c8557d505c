package chost

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew; read every line of the difference")

const patience = 8 * time.Minute // a first build compiles SQLite

// newBuilder skips the test where there is no C compiler.
func newBuilder(t *testing.T) *Builder {
	b, err := NewBuilder(t.TempDir())
	if errors.Is(err, ErrNoCompiler) {
		t.Skip(err)
	}
	require.NoError(t, err)
	if len(b.Sanitize) == 0 {
		t.Log("the C compiler has no AddressSanitizer: the host runs without it")
	}
	return b
}

// play runs the host and returns what it printed.
func play(t *testing.T, host, library string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, host, library, t.TempDir())
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	require.NoError(t, err, "%s\n%s", out.String(), log.String())
	return out.String()
}

// TestHost: the whole story of main.c, with the host and the ring under AddressSanitizer. With CTI_ASAN set the
// engine's own C, SQLite above all, is under it too.
func TestHost(t *testing.T) {
	b := newBuilder(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var flags []string
	if os.Getenv("CTI_ASAN") != "" {
		require.NotEmpty(t, b.Sanitize, "CTI_ASAN is set, but there is no AddressSanitizer")
		flags = []string{"-asan"}
	}
	library, err := b.Library(ctx, flags...)
	require.NoError(t, err)
	host, err := b.Host(ctx, b.Sanitize, "main.c", "load.c", "host.c", "client.c")
	require.NoError(t, err)
	got := mask(t, play(t, host, library))
	golden := filepath.Join("testdata", "golden.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if string(want) != got {
		require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"), "what the host printed has changed")
	}
	if len(flags) == 0 {
		checkSymbols(t, library)
	}
}

// checkSymbols: the library shows its contract and nothing else, so that it meets none of the switch's own symbols, its
// SQLite above all; and the linker was told never to unload it.
func checkSymbols(t *testing.T, library string) {
	file, err := elf.Open(library)
	require.NoError(t, err)
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	require.NoError(t, err)
	var defined []string
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			defined = append(defined, s.Name)
		}
	}
	require.ElementsMatch(t, []string{"cti_start", "cti_reload", "cti_stop", "cti_query", "cti_version"}, defined)
	flags, err := file.DynValue(elf.DT_FLAGS_1)
	require.NoError(t, err)
	require.NotEmpty(t, flags)
	require.NotZero(t, flags[0]&uint64(elf.DF_1_NODELETE))
	imported, err := file.ImportedSymbols()
	require.NoError(t, err)
	var syncs []string
	for _, s := range imported {
		if strings.HasSuffix(s.Name, "sync") {
			syncs = append(syncs, s.Name)
		}
	}
	require.Equal(t, []string{"fdatasync"}, syncs, "a commit of SQLite must not write the inode each time")
}

// TestCFlags: who builds may have flags of his own for C; ours is added once.
func TestCFlags(t *testing.T) {
	b := newBuilder(t)
	for have, want := range map[string]string{
		"":                          "-O2 -g -DHAVE_FDATASYNC=1\n",
		"-O3 -march=native":         "-O3 -march=native -DHAVE_FDATASYNC=1\n",
		"-g -DHAVE_FDATASYNC=1":     "-g -DHAVE_FDATASYNC=1\n",
		"-DHAVE_FDATASYNC=0 -DMORE": "-DHAVE_FDATASYNC=0 -DMORE\n",
	} {
		got, err := b.output(t.Context(), []string{"CGO_CFLAGS=" + have}, "./build.sh", "cflags")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

var (
	storyLine = regexp.MustCompile(`(?m)^story (\d+)\n`)
	goVersion = regexp.MustCompile(`mod_cti 0\.1\.0 go[^"\n]*`)
	seqNumber = regexp.MustCompile(`("seq":|"lastSeq":|\|basic\|<time>\|)(\d+)`)
	unixMilli = regexp.MustCompile(`\b1[0-9]{12}\b`)
	localTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`)
	answers   = regexp.MustCompile(`("messageID":"Event(?:Opened|Subscribed)".*"creationTime":)\+?-?\d+`)
	userID    = regexp.MustCompile(`uid \d+`)

	// clientSince finds when a client connected, in the table of `cti clients`.
	clientSince = regexp.MustCompile(`(\|basic\|)\+\d+\|`)
)

// mask replaces what differs from run to run: times become ms since the story began, and numbers of events are counted
// from the first of their start. What the engine stamps itself is masked whole.
func mask(t *testing.T, out string) string {
	began := storyLine.FindStringSubmatch(out)
	require.NotNil(t, began)
	start, err := strconv.ParseInt(began[1], 10, 64)
	require.NoError(t, err)
	relative := func(millis int64) string { return "+" + strconv.FormatInt(millis-start, 10) }
	out = storyLine.ReplaceAllString(out, "")
	out = goVersion.ReplaceAllString(out, "mod_cti 0.1.0 <go>")
	out = userID.ReplaceAllString(out, "uid <me>")
	out = localTime.ReplaceAllStringFunc(out, func(text string) string {
		at, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, time.Local)
		require.NoError(t, err)
		return relative(at.UnixMilli())
	})
	out = clientSince.ReplaceAllString(out, "${1}<time>|")
	out = seqNumber.ReplaceAllStringFunc(out, func(text string) string {
		parts := seqNumber.FindStringSubmatch(text)
		number, err := strconv.ParseUint(parts[2], 10, 64)
		require.NoError(t, err)
		return parts[1] + "#" + strconv.FormatUint(number&(1<<32-1), 10)
	})
	out = unixMilli.ReplaceAllStringFunc(out, func(text string) string {
		millis, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		if millis < start || millis > start+time.Minute.Milliseconds() {
			return text // a number of 11 digits that is dialed, and the like
		}
		return relative(millis)
	})
	return answers.ReplaceAllString(out, "${1}<time>")
}
