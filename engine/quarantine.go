package engine

// Quarantine gives up the call that in speaks of, after a Step on it panicked: its CDR is closed as faulted, its parties
// are released without another look at the tables, and what comes for them later is ignored. All else goes on.
func (e *Engine) Quarantine(in *Input, out *Output) {
	out.Commands, out.Records, out.Events = out.Commands[:0], out.Records[:0], out.Events[:0]
	out.pool.reset()
	e.in, e.out = in, out
	defer func() { e.in, e.out = nil, nil }()
	p := e.legs.get(in.Leg)
	if p == nil || p.call == nil {
		return
	}
	c := p.call
	for q := c.first; q != nil; q = q.next {
		if q.state != Released {
			phoneOf := q.agent
			e.forsake(q)
			q.state, q.ending, q.op, q.pending, q.waiter, q.offer = Released, true, nil, nil, nil, nil
			setOnce(&q.times.ended, in.MonoNanos)
			if !c.forming {
				e.tellReleased(q)
				e.recordPartyOf(PartyClosed, q, phoneOf)
			}
		}
	}
	c.live, c.endReason = 0, EndFaulted
	if c.forming {
		e.unlink(c)
		return
	}
	e.close(c)
}
