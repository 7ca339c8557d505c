package client

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const opened = `{"messageID":"EventOpened","server":"mod_cti","heartbeatMillis":30000}` + "\n"

// server is the far end of a pipe, played by the test in virtual time.
func server(t *testing.T) (net.Conn, *bufio.Scanner, *Client) {
	near, far := net.Pipe()
	lines := bufio.NewScanner(far)
	entered := make(chan *Client, 1)
	go func() {
		c, err := enter(near, &Options{Name: "test", Profile: "full", Token: "secret"})
		require.NoError(t, err)
		entered <- c
	}()
	require.Equal(t, map[string]any{
		"messageID": "RequestOpen", "protocol": 1.0, "clientName": "test", "profile": "full", "token": "secret",
	}, request(t, lines))
	_, err := io.WriteString(far, opened)
	require.NoError(t, err)
	return far, lines, <-entered
}

func request(t *testing.T, lines *bufio.Scanner) map[string]any {
	require.True(t, lines.Scan())
	var r map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
	return r
}

// A client says RequestHeartbeat each heartbeatMillis, or the server would take it for dead (protocol 3).
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, lines, c := server(t)
		began := time.Now()
		for range 3 {
			require.Equal(t, map[string]any{"messageID": "RequestHeartbeat"}, request(t, lines))
		}
		require.Equal(t, 90*time.Second, time.Since(began))
		c.Close()
		require.NoError(t, far.Close())
	})
}

// A server that misses three heartbeats is given up; one that speaks in time is not (protocol 3).
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, lines, c := server(t)
		go func() {
			for lines.Scan() { // heartbeats
			}
		}()
		time.AfterFunc(89*time.Second, func() { _, _ = io.WriteString(far, "{\"messageID\":\"EventHeartbeat\"}\n") })
		began := time.Now()
		_, err := c.Next()
		require.NoError(t, err)
		_, err = c.Next()
		require.ErrorContains(t, err, "silent for too long")
		require.Equal(t, (89+90)*time.Second, time.Since(began))
		c.Close()
		require.NoError(t, far.Close())
	})
}

// A server that does not answer RequestOpen is not waited for.
func TestOpenTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		began := time.Now()
		_, err := enter(near, &Options{})
		require.ErrorContains(t, err, "did not answer RequestOpen")
		require.Equal(t, openTimeout, time.Since(began))
		require.NoError(t, far.Close())
	})
}

func TestRefusal(t *testing.T) {
	err := AsRefusal([]byte(`{"messageID":"EventPartyError","errorCode":301026,"errorMessage":"RegisterDNNotMatch",` +
		`"request":"RequestOpen","detail":"Ask for a token."}`))
	require.EqualError(t, err, "RequestOpen was refused: 301026 RegisterDNNotMatch. Ask for a token.")
	require.NoError(t, AsRefusal([]byte(opened)))
	require.NoError(t, AsRefusal([]byte("not json")))
}

func TestFindSocket(t *testing.T) {
	t.Chdir(t.TempDir())
	all := sockets
	t.Cleanup(func() { sockets = all })
	sockets = sockets[:1]
	_, err := FindSocket()
	require.ErrorContains(t, err, "build/run/cti.sock")
	require.ErrorContains(t, err, "-unix")
	require.NoError(t, os.MkdirAll("build/run", 0o700))
	require.NoError(t, os.WriteFile(filepath.Join("build", "run", "cti.sock"), nil, 0o600))
	_, err = FindSocket()
	require.Error(t, err, "a plain file is no socket")
	require.NoError(t, os.Remove("build/run/cti.sock"))
	listener, err := net.Listen("unix", "build/run/cti.sock")
	require.NoError(t, err)
	defer listener.Close()
	path, err := FindSocket()
	require.NoError(t, err)
	require.Equal(t, "build/run/cti.sock", path)
}
