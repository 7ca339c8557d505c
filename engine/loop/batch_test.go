package loop

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// TestStepBatch: a batch is stepped when the call returns, in order, with all that follows from it carried out.
func TestStepBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sinks{}
		l := newLoop(s, 5000)
		stop := run(l)
		require.NoError(t, l.StepBatch([]engine.Input{created("a"), created("b")}))
		require.Equal(t, []string{"commands", "events", "records", "events", "records"}, s.order)
		stop()
		require.ErrorIs(t, l.StepBatch([]engine.Input{created("c")}), ErrStopped)
		require.Len(t, s.order, 5)
	})
}

// TestStepBatchMovesTheTimer: a deadline that a batch brings forward is met, though the loop did not step the batch.
func TestStepBatchMovesTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sinks{}
		l := newLoop(s, 3_600_000)
		stop := run(l)
		require.NoError(t, l.StepBatch([]engine.Input{{Kind: engine.TimerDue}}))
		require.NoError(t, l.StepBatch([]engine.Input{{Kind: engine.SnapshotBegin}, {Kind: engine.SnapshotEnd}}))
		synctest.Wait()
		mono, _ := l.now()
		require.NoError(t, l.StepBatch([]engine.Input{{Kind: engine.RecordsLost, MonoNanos: mono}}))
		<-time.After(time.Minute)
		synctest.Wait()
		stop()
		require.Len(t, s.commands, 2, "the table is asked for at the start and again, an hour early")
	})
}

// TestStepBatchAlone: batches, requests and queries never meet in the engine. The race detector is the judge.
func TestStepBatchAlone(t *testing.T) {
	s := &sinks{}
	l := newLoop(s, 0)
	stop := run(l)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			if l.Do(context.Background(), func(e *engine.Engine) { e.Stats() }) != nil {
				return
			}
			_ = l.Post(engine.Input{Kind: engine.TimerDue})
		}
	}()
	for range 200 {
		require.NoError(t, l.StepBatch([]engine.Input{created("a")}))
	}
	<-done
	stop()
	require.Equal(t, []string{"EventCallCreated", "EventDialing"}, s.events)
}
