package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLifecycle(t *testing.T) {
	var l lifecycle
	dir := t.TempDir()
	released := 0
	var ring *fakeRing
	begin := func() (*service, func(), error) {
		r, wake := newFakeRing(t)
		ring = r
		s, err := start(settingsIn(t, dir), newFakeHost(), r, wake, quiet())
		return s, func() { released++ }, err
	}

	require.ErrorIs(t, l.stop(patience), errState)
	require.ErrorIs(t, l.reload(settingsIn(t, dir)), errState)
	require.Equal(t, "-ERR the engine is not running\n", l.query("status"))
	fault := errors.New("no")
	require.Equal(t, fault, l.start(func() (*service, func(), error) { return nil, nil, fault }))

	require.NoError(t, l.start(begin))
	require.ErrorIs(t, l.start(begin), errState)
	require.NoError(t, l.reload(settingsIn(t, dir)))
	require.Equal(t, "+OK "+version()+"\n", l.query("version"))
	require.NoError(t, l.stop(patience))
	require.Equal(t, 1, released)
	require.ErrorIs(t, l.stop(patience), errState)

	require.NoError(t, l.start(begin))
	ring.mutex.Lock()
	require.ErrorIs(t, l.stop(time.Nanosecond), errLate)
	require.ErrorIs(t, l.start(begin), errState, "an engine that still stops is in the way")
	require.ErrorIs(t, l.reload(settingsIn(t, dir)), errState)
	require.Equal(t, 1, released, "the host's memory is in use")
	ring.mutex.Unlock()
	<-l.ended
	require.NoError(t, l.start(begin))
	require.Equal(t, 2, released)
	require.NoError(t, l.stop(patience))
	require.Equal(t, 3, released)
}

// TestContained: a panic becomes an error and a code of cti.h.
func TestContained(t *testing.T) {
	err := contained(func() error { panic("broken") })
	require.EqualError(t, err, "the engine failed: broken")
	for want, err := range map[int]error{
		0: nil, -1: &invalidError{errors.New("x")}, -2: errState, -4: errors.New("x"), -5: errLate,
	} {
		require.Equal(t, want, int(codeOf(err)))
	}
}
