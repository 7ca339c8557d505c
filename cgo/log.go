package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// Of each level, so that warnings without end do not hide an error.
	logBurst     = 50
	logPerSecond = 10

	logBytesMax = 2048 // of one line
)

// logHandler writes the engine's log to the host's, one line an entry, and no more than the host's log can bear.
type logHandler struct {
	out    *logOutput
	prefix string // attributes that every entry has
	group  string
}

type logOutput struct {
	write func(level int, text string)
	now   func() time.Time

	mu      sync.Mutex
	buckets [hostLevels]logBucket
}

// logBucket lets logBurst entries through at once and logPerSecond after that.
type logBucket struct {
	used       float64
	last       time.Time
	suppressed int
}

// Levels of cti_host.log.
const (
	hostError = iota
	hostWarning
	hostNotice
	hostInfo
	hostDebug
	hostLevels
)

func newLog(write func(level int, text string), now func() time.Time) *slog.Logger {
	return slog.New(&logHandler{out: &logOutput{write: write, now: now}})
}

func hostLevel(level slog.Level) int {
	switch {
	case level >= slog.LevelError:
		return hostError
	case level >= slog.LevelWarn:
		return hostWarning
	case level >= slog.LevelInfo:
		return hostInfo
	}
	return hostDebug
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	var text strings.Builder
	for _, a := range attrs {
		appendAttr(&text, h.group, a)
	}
	with.prefix += text.String()
	return &with
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.group += name + "."
	}
	return &with
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	level := hostLevel(r.Level)
	suppressed, let := h.out.let(level)
	if !let {
		return nil
	}
	if suppressed > 0 {
		h.out.write(level, fmt.Sprintf("%d messages of this level were suppressed", suppressed))
	}
	var text strings.Builder
	text.WriteString(r.Message)
	text.WriteString(h.prefix)
	r.Attrs(func(a slog.Attr) bool {
		appendAttr(&text, h.group, a)
		return text.Len() < logBytesMax
	})
	line := strings.NewReplacer("\n", " | ", "\r", " ", "\x00", " ").Replace(text.String())
	h.out.write(level, cut(line, logBytesMax))
	return nil
}

func appendAttr(text *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, member := range value.Group() {
			appendAttr(text, group+a.Key+".", member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	fmt.Fprintf(text, " %s%s=", group, a.Key)
	if plain := value.String(); plain == "" || strings.ContainsAny(plain, " \"=") {
		fmt.Fprintf(text, "%q", plain)
	} else {
		text.WriteString(plain)
	}
}

// let tells whether an entry of a level may be written now, and how many before it were not.
func (o *logOutput) let(level int) (suppressed int, let bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, now := &o.buckets[level], o.now()
	b.used = max(0, b.used-now.Sub(b.last).Seconds()*logPerSecond)
	b.last = now
	if b.used+1 > logBurst {
		b.suppressed++
		return 0, false
	}
	b.used++
	suppressed, b.suppressed = b.suppressed, 0
	return suppressed, true
}

// cut shortens text to at most length bytes without splitting a character.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && text[length]&0xc0 == 0x80 {
		length--
	}
	return text[:length]
}
