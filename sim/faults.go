package sim

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"modcti/engine"
)

// Faults are what records suffer between the switch's threads and the engine. Each rate is a probability a record; the
// zero value is a faultless wire. Faults have a seed of their own: with and without them the same calls happen.
type Faults struct {
	Lose      float64 // the record is gone without a word
	Duplicate float64 // it comes twice
	Delay     float64 // it comes late, up to DelayMax, with the stamps of its true time
	DelayMax  time.Duration
	Swap      float64 // it comes after the next record of another leg
	Overrun   float64 // from it on up to OverrunMax records find the ring full; then RecordsLost is told

	OverrunMax int

	// Command decides what becomes of a command before it is carried out; nil: nothing does.
	Command func(c engine.Command, random *rand.Rand) Fate
}

func (f *Faults) none() bool {
	return f.Lose == 0 && f.Duplicate == 0 && f.Delay == 0 && f.Swap == 0 && f.Overrun == 0
}

// Damage counts what the faults did.
type Damage struct {
	Lost, Duplicated, Delayed, Swapped, Overruns uint64
}

// wire carries records, with their faults.
type wire struct {
	faults  Faults
	random  *rand.Rand
	damage  Damage
	late    lateHeap
	swapped []engine.Input // one record that waits for one of another leg
	ready   []engine.Input
	lose    int // records that find the ring full
}

// SetFaults sets other faults from now on. Records already late stay so.
func (s *Switch) SetFaults(f Faults) { s.wire.faults = f }

// Damage returns what the faults have done so far.
func (s *Switch) Damage() Damage { return s.wire.damage }

func (w *wire) holds() bool { return len(w.late) > 0 || len(w.swapped) > 0 || len(w.ready) > 0 }
func (w *wire) idle() bool  { return w.faults.none() && !w.holds() && w.lose == 0 }
func (w *wire) full() bool  { return len(w.ready) > 0 }

// next is what the engine's side reads next.
func (w *wire) next(s *Switch, limit int64) (engine.Input, bool) {
	for len(w.ready) == 0 {
		in, ok := s.produce(limit)
		if !ok {
			if limit != endOfTime {
				w.release(s.start.monoNanos + limit)
			}
			if len(w.ready) == 0 {
				return engine.Input{}, false
			}
			break
		}
		w.release(in.MonoNanos)
		w.carry(in)
	}
	in := w.ready[0]
	w.ready = w.ready[1:]
	return in, true
}

// flush lets out what is still on the wire once the switch has fallen silent.
func (w *wire) flush(s *Switch) (engine.Input, bool) {
	if w.lose > 0 {
		w.lose = 0
		w.ready = append(w.ready, engine.Input{Kind: engine.RecordsLost, MonoNanos: s.Mono(), WallMicros: s.Wall()})
	}
	w.unswap()
	w.release(endOfTime)
	if len(w.ready) == 0 {
		return engine.Input{}, false
	}
	in := w.ready[0]
	w.ready = w.ready[1:]
	return in, true
}

// release hands over the late records whose time has come.
func (w *wire) release(mono int64) {
	for len(w.late) > 0 && w.late[0].at <= mono {
		w.ready = append(w.ready, heap.Pop(&w.late).(lateRecord).in)
	}
}

func (w *wire) unswap() {
	w.ready = append(w.ready, w.swapped...)
	w.swapped = w.swapped[:0]
}

// carry lets one record suffer.
func (w *wire) carry(in engine.Input) {
	f := &w.faults
	if w.overrun(&in) {
		return
	}
	ofLeg := !in.Leg.IsZero() && in.Kind != engine.LegFound
	switch {
	case !ofLeg:
	case w.hits(f.Lose):
		w.damage.Lost++
		return
	case w.hits(f.Delay) && f.DelayMax > 0:
		w.damage.Delayed++
		heap.Push(&w.late, lateRecord{in.MonoNanos + w.random.Int64N(f.DelayMax.Nanoseconds()), in})
		return
	case w.hits(f.Swap) && len(w.swapped) == 0:
		w.damage.Swapped++
		w.swapped = append(w.swapped, in)
		return
	}
	if len(w.swapped) > 0 && w.swapped[0].Leg == in.Leg {
		w.unswap() // within a leg the order stays
	}
	w.ready = append(w.ready, in)
	w.unswap()
	if ofLeg && w.hits(f.Duplicate) {
		w.damage.Duplicated++
		w.ready = append(w.ready, in)
	}
}

// overrun drops records while the ring is full, and says so with the first that finds room again.
func (w *wire) overrun(in *engine.Input) bool {
	if w.lose == 0 && w.faults.OverrunMax > 0 && w.hits(w.faults.Overrun) {
		w.lose = 1 + w.random.IntN(w.faults.OverrunMax)
		w.damage.Overruns++
	}
	if w.lose == 0 {
		return false
	}
	w.lose--
	w.damage.Lost++
	if w.lose == 0 {
		w.ready = append(w.ready, engine.Input{
			Kind: engine.RecordsLost, MonoNanos: in.MonoNanos, WallMicros: in.WallMicros,
		})
	}
	return true
}

func (w *wire) hits(rate float64) bool { return rate > 0 && w.random.Float64() < rate }

type lateRecord struct {
	at int64 // mono ns at which it comes
	in engine.Input
}

type lateHeap []lateRecord

func (h lateHeap) Len() int           { return len(h) }
func (h lateHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h lateHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lateHeap) Push(x any)        { *h = append(*h, x.(lateRecord)) }
func (h *lateHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
