package engine

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNumbers: the parties at a number are those that came and have not gone, eldest first, whatever came and went
// between and however often the index has grown.
func TestNumbers(t *testing.T) {
	e, random := New(Config{}, nil), rand.New(rand.NewPCG(1, 2))
	want := map[string][]*party{}
	var all []*party
	for born := range uint64(5000) {
		dn := strconv.Itoa(random.IntN(300))
		p := e.newParty(0)
		p.thisDN, p.bornAt = dn, born
		e.list(p)
		want[dn], all = append(want[dn], p), append(all, p)
		for random.IntN(5) < 2 && len(all) > 0 {
			i := random.IntN(len(all))
			gone := all[i]
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			e.unlist(gone)
			list := want[gone.thisDN]
			for j := range list {
				if list[j] == gone {
					want[gone.thisDN] = append(list[:j:j], list[j+1:]...)
					break
				}
			}
		}
	}
	require.Greater(t, len(all), 300)
	for dn, list := range want {
		got := e.partiesAt(dn)
		require.Len(t, got, len(list))
		for i := range list {
			require.Same(t, list[i], got[i])
		}
	}
	require.Empty(t, e.partiesAt("nobody's"))
}

// BenchmarkRequestsGrow: what a request without callID costs with few and with many calls up.
func BenchmarkRequestsGrow(b *testing.B) {
	for b.Loop() {
		for _, live := range []int{10, 10_000} {
			e, _, out := benchEngine(live)
			r := &Request{Client: 1, Kind: RequestReleaseCall, Name: "RequestReleaseCall", CompanyID: "company", ThisDN: "99999"}
			in := Input{Kind: ClientRequest, Request: r, MonoNanos: 9e15, WallMicros: 9e12}
			const rounds = 1000
			start := time.Now()
			for range rounds {
				e.Step(&in, out)
			}
			b.ReportMetric(float64(time.Since(start).Nanoseconds())/rounds, "ns/request("+strconv.Itoa(live)+")")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// TestIdentifies: what a trunk puts in place of a number is nobody's in particular (3.2).
func TestIdentifies(t *testing.T) {
	for _, number := range []string{"13912345678", "+8613912345678", "1001", "007"} {
		require.True(t, identifies(number), number)
	}
	for _, number := range []string{
		"", "+", "0", "0000000", "+000", "anonymous", "Anonymous", "unknown", "restricted", "unavailable", "+anonymous", "139x", "13+9",
	} {
		require.False(t, identifies(number), number)
	}
}
