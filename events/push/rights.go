package push

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"modcti/events"
)

// principal is who a client acts as (protocol.md 7).
type principal struct {
	name    string // for logs and lists; unique
	company string
	allDNs  bool
	dns     map[string]struct{}
	rights  []string
	token   bool // it came with a token or certificate, and ends with it

	mu   sync.Mutex
	rate bucket // of all its clients together
}

// tokenEntry finds a principal by the hash of a token.
type tokenEntry struct {
	hash      [sha256.Size]byte
	principal *principal
}

func parseHash(text string) (hash [sha256.Size]byte, ok bool) {
	raw, err := hex.DecodeString(text)
	return hash, err == nil && copy(hash[:], raw) == sha256.Size && len(raw) == sha256.Size
}

func newTokenPrincipal(t Token) *principal {
	p := &principal{
		name: "token " + strings.ToLower(t.HashHex[:8]), company: t.Company, rights: slices.Clone(t.Rights),
		token: true, dns: make(map[string]struct{}, len(t.DNs)),
	}
	for _, dn := range t.DNs {
		p.allDNs = p.allDNs || dn == "*"
		p.dns[dn] = struct{}{}
	}
	return p
}

// newPeerPrincipal is for a process on this machine that the unix door lets in: it may do all.
func newPeerPrincipal(uid uint32, company string) *principal {
	return &principal{name: fmt.Sprintf("uid %d", uid), company: company, allDNs: true, rights: slices.Clone(events.Rights)}
}

// sameRights tells whether two principals may do the same.
func (p *principal) sameRights(q *principal) bool {
	if p.company != q.company || p.allDNs != q.allDNs || len(p.dns) != len(q.dns) || !slices.Equal(p.rights, q.rights) {
		return false
	}
	for dn := range p.dns {
		if _, has := q.dns[dn]; !has {
			return false
		}
	}
	return true
}

func (p *principal) permitsDN(dn string) bool {
	if p.allDNs {
		return true
	}
	_, has := p.dns[dn]
	return has
}

// has tells whether the principal has a right.
func (p *principal) has(right string) bool { return slices.Contains(p.rights, right) }

// permitsAny tells whether one of the numbers is the principal's.
func (p *principal) permitsAny(dns []string) bool {
	return p.allDNs || slices.ContainsFunc(dns, p.permitsDN)
}

// permitsParties tells whether one of the parties is the principal's: then it may know of their call.
func (p *principal) permitsParties(parties []events.PartyInfo) bool {
	return p.allDNs || slices.ContainsFunc(parties, func(i events.PartyInfo) bool {
		return p.permitsDN(i.ThisDN) || p.permitsDN(i.AgentDN)
	})
}

// take takes one request out of what all clients of the principal may send together.
func (p *principal) take(now time.Time, rate float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate.take(now, rate, rate*burstSeconds)
}

// findToken looks a hash up. Every entry is compared, each in constant time, so that the time taken tells nothing.
func findToken(entries []tokenEntry, hash [sha256.Size]byte) *principal {
	var found *principal
	for i := range entries {
		if subtle.ConstantTimeCompare(entries[i].hash[:], hash[:]) == 1 {
			found = entries[i].principal
		}
	}
	return found
}

// bucket is a token bucket. The zero value is full.
type bucket struct {
	level float64
	last  time.Time
}

// take takes one token, if there is one; rate is in tokens a second, full what the bucket holds.
func (b *bucket) take(now time.Time, rate, full float64) bool {
	if b.last.IsZero() {
		b.level = full
	} else {
		b.level = min(full, b.level+now.Sub(b.last).Seconds()*rate)
	}
	b.last = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
