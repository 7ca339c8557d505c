package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMakeKnown: README.md's commands find the private switch's engine, which takes no place that another one has.
func TestMakeKnown(t *testing.T) {
	t.Chdir(t.TempDir())
	listen := func(path string) net.Listener {
		t.Helper()
		listener, err := net.Listen("unix", path)
		require.NoError(t, err)
		return listener
	}
	mine := filepath.Join(t.TempDir(), "cti.sock")
	defer listen(mine).Close()
	path, forget := makeKnown(mine)
	require.Equal(t, knownSocket, path)
	conn, err := net.Dial("unix", knownSocket)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	forget()
	require.NoFileExists(t, knownSocket)

	require.NoError(t, os.Symlink("gone", knownSocket))
	path, forget = makeKnown(mine)
	require.Equal(t, knownSocket, path, "what was left is replaced")
	forget()

	other := listen(knownSocket)
	defer other.Close()
	path, forget = makeKnown(mine)
	require.Equal(t, mine, path)
	forget()
	require.FileExists(t, knownSocket)
}

// TestSampleConfig: README.md's numbers can be called.
func TestSampleConfig(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	people, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer people.Close()
	_, port, err := net.SplitHostPort(people.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	sample, err := sampleConfig(number)
	require.NoError(t, err)
	require.Contains(t, string(sample), `<rule pattern="^1[3-9]\d{9}$" leg="sofia/internal/$0@127.0.0.1:`+port+`"/>`)
}
