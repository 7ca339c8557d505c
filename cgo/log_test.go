package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type logLines struct {
	lines []string
	time  time.Time
}

func (l *logLines) write(level int, text string) {
	l.lines = append(l.lines, fmt.Sprint(level, " ", text))
}
func (l *logLines) now() time.Time { return l.time }

func TestLogLines(t *testing.T) {
	var l logLines
	log := newLog(l.write, l.now)
	log.Error("broken", "error", errors.New("no such file"), "count", 3)
	log.Warn("odd\nthing", "empty", "")
	log.With("door", "tcp").WithGroup("peer").Info("opened", "uid", 7, slog.Group("at", "host", "h"))
	log.Debug("nobody reads this")
	require.Equal(t, []string{
		`0 broken error="no such file" count=3`,
		`1 odd | thing empty=""`,
		`3 opened door=tcp peer.uid=7 peer.at.host=h`,
	}, l.lines)
}

// TestLogRate: a flood of one level is cut off and counted, and another level is still heard.
func TestLogRate(t *testing.T) {
	l := logLines{time: time.Unix(1000, 0)}
	log := newLog(l.write, l.now)
	for range 3 * logBurst {
		log.Warn("again")
	}
	require.Len(t, l.lines, logBurst)
	log.Error("heard")
	require.Equal(t, "0 heard", l.lines[logBurst])
	l.time = l.time.Add(time.Second)
	l.lines = nil
	for range logBurst {
		log.Warn("again")
	}
	require.Len(t, l.lines, 1+logPerSecond)
	require.Equal(t, fmt.Sprintf("1 %d messages of this level were suppressed", 2*logBurst), l.lines[0])
}

func TestLogLong(t *testing.T) {
	var l logLines
	newLog(l.write, l.now).Error(strings.Repeat("ü", logBytesMax))
	require.Len(t, l.lines[0], 2+logBytesMax)
	require.True(t, strings.HasSuffix(l.lines[0], "ü"))
}

// TestCut: text is cut at a rune boundary.
func TestCut(t *testing.T) {
	require.Equal(t, "abc", cut("abc", 3))
	require.Equal(t, "ab", cut("abc", 2))
	require.Equal(t, "a", cut("aü", 2))
	require.Equal(t, "aü", cut("aü", 3))
	require.Equal(t, "", cut("日本", 2))
	require.Equal(t, "", cut("x", 0))
}
