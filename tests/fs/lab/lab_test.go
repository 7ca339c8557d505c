package lab

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPlainEventIsDecoded(t *testing.T) {
	e := parsePlain("Event-Name: CUSTOM\nEvent-Subclass: cti%3A%3Aevent\nUnique-ID: a\nContent-Length: 5\n\n{\"a\"}")
	require.Equal(t, "cti::event", e.Name())
	require.Equal(t, "a", e.UUID())
	require.Equal(t, `{"a"}`, e.Body)
}

// TestScenariosAreFilled: every ${name} of the scenarios has a value, and SIPp's own [$name] stays.
func TestScenariosAreFilled(t *testing.T) {
	require.Equal(t, "5 [$target] 486 Busy Here",
		fill("${ring} [$target] ${status}", map[string]string{"ring": "5", "status": "486 Busy Here"}))
	values := Phone{Ring: 300 * time.Millisecond}.values()
	require.Equal(t, "300", values["ring"])
	require.Equal(t, "3600000", values["talk"], "no time is for ever")
	require.Equal(t, "answer", values["final"])
	require.Equal(t, "cancel", Caller{Cancel: true}.values()["ringing"])
}

// TestConfigurationIsXML: whatever is asked for, what the switch reads is well-formed, and values arrive as they are.
func TestConfigurationIsXML(t *testing.T) {
	const odd = `a "quoted" <tag> & more`
	for _, world := range []bool{false, true} {
		c := config{
			Password: "p", LogLevel: "debug", Modules: []string{"mod_cti"}, World: world,
			Settings: []Setting{{Name: "data-dir", Value: odd}}, Users: []user{{DN: "1001", Port: 5090}},
		}
		text, err := c.render()
		require.NoError(t, err)
		found := false
		decoder := xml.NewDecoder(strings.NewReader(string(text)))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok {
				for _, a := range start.Attr {
					found = found || a.Value == odd
				}
			}
		}
		require.True(t, found)
	}
}

// TestTapTellsWhenEachMessageArrived: a message's time is that of the piece which completed it.
func TestTapTellsWhenEachMessageArrived(t *testing.T) {
	tap := Tap{
		data:   []byte("one\ntwo\nthr"),
		pieces: []piece{{2, 10}, {6, 20}, {11, 30}},
	}
	require.Equal(t, []Tapped{{[]byte("one"), 20}, {[]byte("two"), 30}}, tap.Lines())

	const reply = "Content-Type: command/reply\nReply-Text: +OK\n\n"
	const event = "Content-Length: 4\nContent-Type: text/event-json\n\n{12}"
	tap = Tap{
		data:   []byte(reply + event + "Content-Length: 9\n\n{"),
		pieces: []piece{{len(reply), 10}, {len(reply + event), 20}, {len(reply+event) + 20, 30}},
	}
	require.Equal(t, []Tapped{{[]byte("{12}"), 20}}, tap.Bodies(), "a reply is no event, half an event is none yet")
}

func TestTapReceives(t *testing.T) {
	path, before := filepath.Join(t.TempDir(), "s"), Mono()
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = conn.Write([]byte("{\"messageID\":\"EventSubscribed\"}\n{\"messageID\":\"EventRinging\"}\n"))
		}
		served <- err
	}()
	tap, err := TapEngine(t.Context(), path, "basic")
	if errors.Is(err, ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	require.NoError(t, err)
	require.NoError(t, <-served)
	require.NoError(t, tap.Stop())
	lines := tap.Lines()
	require.Len(t, lines, 2)
	require.Less(t, before, lines[0].Mono)
	require.LessOrEqual(t, lines[0].Mono, lines[1].Mono)
	require.Less(t, lines[1].Mono, Mono())
}

// TestUntil names what was waited for in vain.
func TestUntil(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := Until(ctx, "the moon", func() (bool, error) { return false, nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the moon")
	require.NoError(t, Until(t.Context(), "now", func() (bool, error) { return true, nil }))
}

func TestFreePortsAreDistinct(t *testing.T) {
	ports, err := freePorts(20)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, port := range ports {
		require.False(t, seen[port])
		seen[port] = true
	}
	first, second := takeRange(), takeRange()
	require.NotEqual(t, first, second)
	returnRange(first)
	returnRange(second)
	require.True(t, boundUDP([]byte("  1: 0100007F:13C4 00000000:0000 07"), 5060))
	require.False(t, boundUDP([]byte("  1: 0100007F:13C5 00000000:0000 07"), 5060))
}

func TestCPUOfAProcess(t *testing.T) {
	used, err := CPU(os.Getpid())
	require.NoError(t, err)
	require.Positive(t, used)
	const beyondEveryPid = 1<<22 + 1
	_, err = CPU(beyondEveryPid)
	require.ErrorContains(t, err, "4194305")
}

// TestLaunchedOutlivesTheThread: a program that was started lives on when the thread that asked for it ends, as the
// thread of a tap does.
func TestLaunchedOutlivesTheThread(t *testing.T) {
	for range 20 { // whichever thread the runtime chooses
		launched := make(chan *process, 1)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			p, err := launch(exec.Command("sleep", "60"))
			if err != nil {
				t.Error(err)
			}
			launched <- p
		}()
		p := <-launched
		require.NotNil(t, p)
		select {
		case <-p.done:
			require.Fail(t, "it died with a thread", "%v", p.err)
		case <-time.After(20 * time.Millisecond):
		}
		p.end(0)
	}
}
