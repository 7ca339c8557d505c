package push

import (
	"maps"
	"sync"
	"time"
)

// dialer is a number of a company.
type dialer struct{ company, dn string }

// dialing bounds how often a number begins a call, whichever clients ask for it (protocol.md 6).
type dialing struct {
	mu      sync.Mutex
	rates   map[dialer]*bucket
	sweepAt int
}

// take tells whether a number may begin one more call now.
func (d *dialing) take(company, dn string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rates == nil {
		d.rates, d.sweepAt = make(map[dialer]*bucket), dialersMin
	}
	if len(d.rates) >= d.sweepAt {
		maps.DeleteFunc(d.rates, func(_ dialer, b *bucket) bool { return now.Sub(b.last) >= time.Second }) // full again
		d.sweepAt = max(dialersMin, 2*len(d.rates))
	}
	who := dialer{company, dn}
	rate := d.rates[who]
	if rate == nil {
		rate = new(bucket)
		d.rates[who] = rate
	}
	return rate.take(now, makeCallsPerSecond, makeCallsPerSecond)
}
