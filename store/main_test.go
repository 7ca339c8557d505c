package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childEnv makes this test binary play another process: it names what to do.
const childEnv, childDirEnv = "STORE_TEST_CHILD", "STORE_TEST_DIR"

func TestMain(m *testing.M) {
	if act, ok := children[os.Getenv(childEnv)]; ok {
		if err := act(os.Getenv(childDirEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var children = map[string]func(dir string) error{
	"own": childOwn, "lock": childLock, "write": childWrite, "work": childWork, "dump": childDump,
	"nice": childNice,
}

// childOwn owns a data directory until its input ends.
func childOwn(dir string) error {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.ReadAll(os.Stdin)
	return s.Close(context.Background())
}

// childLock holds the database locked, as a foreign program can, until its input ends.
func childLock(dir string) error {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseName)+"?_txlock=exclusive")
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.ReadAll(os.Stdin)
	return tx.Rollback()
}

// childWrite writes calls without end, one Append a call, and prints the number of each call that is durable.
func childWrite(dir string) error {
	s, err := Open(Options{Dir: dir, GroupRows: 30, BusyMillis: 1, RetryMillis: 1})
	if err != nil {
		return err
	}
	var first int
	if _, err := fmt.Fscan(os.Stdin, &first); err != nil {
		return err
	}
	for i := first; ; i++ {
		s.Append(callRecords(i))
		if i%3 != 0 {
			continue
		}
		if err := s.Flush(context.Background()); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// childWork uses all of a store once.
func childWork(dir string) error {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return err
	}
	if _, err := s.NextEpoch(); err != nil {
		return err
	}
	s.Append(calls(0, 200))
	if err := s.Flush(context.Background()); err != nil {
		return err
	}
	if _, _, _, err := s.Call(callRecords(7)[0].Call.CallID); err != nil {
		return err
	}
	if _, err := s.OpenCalls(); err != nil {
		return err
	}
	return s.Close(context.Background())
}

// process is another process made of this test binary.
type process struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Scanner
}

// start starts one, by way of another command if there is one, to which it is the last argument.
func start(t *testing.T, act, dir string, by ...string) *process {
	t.Helper()
	words := append(by, os.Args[0])
	command := exec.Command(words[0], words[1:]...)
	command.Env = append(os.Environ(), childEnv+"="+act, childDirEnv+"="+dir)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return &process{command, stdin, bufio.NewScanner(stdout)}
}

// line returns the next line that the process prints.
func (p *process) line(t *testing.T) string {
	t.Helper()
	require.True(t, p.lines.Scan(), "the process ended: %v", p.lines.Err())
	return p.lines.Text()
}

// end closes the process's input and waits for its good end.
func (p *process) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.command.Wait())
}
