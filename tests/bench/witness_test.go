package bench_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// facts are what both clients are told: who rings, who is joined, who has ended. Of who calls it is not told that he rings.
var facts = []factKind{
	{"ring", "EventRinging", lab.StampRing, "CHANNEL_PROGRESS", lab.StampRing, 1},
	{"join", "EventEstablished", lab.StampBridge, "CHANNEL_BRIDGE", lab.StampBridge, 1},
	{"end", "EventReleased", lab.StampEnded, "CHANNEL_HANGUP_COMPLETE", lab.StampReporting, 2},
}

type factKind struct {
	kind      string
	ours      string // the engine's message
	stamp     lab.StampKind
	theirs    string // the event socket's
	reporting lab.StampKind
	perCall   int
}

type fact struct{ kind, uuid string }

// witness is what both clients heard, and what the switch says has happened: the stamps of mod_ctilab.
type witness struct {
	stamps       map[lab.StampKey]int64
	ours, theirs map[fact]int64    // when it was heard of
	callOf       map[string]string // of the legs that the engine has told of
	dials        map[string]bool   // legs that call
	over         map[string]int64  // when the first leg of a call hung up
}

func hear(b testing.TB, stamps map[lab.StampKey]int64, lines, bodies []lab.Tapped) *witness {
	b.Helper()
	w := &witness{stamps, map[fact]int64{}, map[fact]int64{}, map[string]string{}, map[string]bool{}, map[string]int64{}}
	for _, body := range bodies {
		var event struct {
			Name string `json:"Event-Name"`
			UUID string `json:"Unique-ID"`
		}
		require.NoError(b, json.Unmarshal(body.Text, &event), "%s", body.Text)
		for _, k := range facts {
			if k.theirs == event.Name {
				w.theirs[fact{k.kind, event.UUID}] = body.Mono
			}
		}
	}
	for _, line := range lines {
		var m struct{ MessageID, CallID, PartyID string }
		require.NoError(b, json.Unmarshal(line.Text, &m), "%s", line.Text)
		uuid := dashed(m.PartyID)
		if uuid != "" {
			w.callOf[uuid] = m.CallID
		}
		if m.MessageID == "EventDialing" {
			w.dials[uuid] = true
		}
		for _, k := range facts {
			if k.ours == m.MessageID {
				w.ours[fact{k.kind, uuid}] = line.Mono
			}
		}
	}
	for uuid, call := range w.callOf {
		at, ends := stamps[lab.StampKey{Kind: lab.StampHangup, UUID: uuid}]
		if first, known := w.over[call]; ends && (!known || at < first) {
			w.over[call] = at
		}
	}
	return w
}

// moment is how long the switch's threads may take from a stamp to what the engine is told, in ns; any talk is longer.
const moment = 50_000_000

// happened is when a fact arose for a leg, if it did and the engine is to tell it. Who is joined when one of them has hung up,
// or does in that moment, talks to nobody (3.14), though the event socket tells of a bridge.
func (w *witness) happened(k factKind, uuid string) (at int64, ok bool) {
	at, ok = w.stamps[lab.StampKey{Kind: k.stamp, UUID: uuid}]
	if !ok || k.kind == "end" {
		return at, ok
	}
	over, ends := w.over[w.callOf[uuid]]
	return at, !(k.kind == "ring" && w.dials[uuid]) && !(ends && over < at+moment)
}

// missed are the facts since then that the engine has not told, with the call that they are of.
func (w *witness) missed(since int64) (list []string) {
	for key, at := range w.stamps {
		for _, k := range facts {
			_, known := w.callOf[key.UUID]
			_, happens := w.happened(k, key.UUID)
			_, told := w.ours[fact{k.kind, key.UUID}]
			if key.Kind == k.stamp && at >= since && happens && !told && (known || k.kind == "end") {
				list = append(list, fmt.Sprintf("%s of leg %s, call %q", k.ours, key.UUID, w.callOf[key.UUID]))
			}
		}
	}
	return list
}

// sights are the facts of a kind that both have told, and how many of them there were: a join is one of the call's.
func (w *witness) sights(k factKind) (list []sight, happened int) {
	joined := map[string]bool{}
	for uuid, call := range w.callOf {
		at, ok := w.happened(k, uuid)
		if !ok {
			continue
		}
		if k.kind != "join" || !joined[call] {
			happened++
		}
		joined[call] = true
		f := fact{k.kind, uuid}
		theirs, heard := w.theirs[f]
		reported, stamped := w.stamps[lab.StampKey{Kind: k.reporting, UUID: uuid}]
		if ours, told := w.ours[f]; told && heard && stamped {
			list = append(list, sight{at, ours - at, theirs - reported})
		}
	}
	return list, happened
}

// TestWitness: what the event socket has not told is left out; what the engine has not told is named, with its call.
func TestWitness(t *testing.T) {
	const call, caller, called = "c1", "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
	stamps := map[lab.StampKey]int64{}
	for _, uuid := range []string{caller, called} {
		for kind := lab.StampInit; kind <= lab.StampReporting; kind++ {
			stamps[lab.StampKey{Kind: kind, UUID: uuid}] = int64(kind) * 2 * moment
		}
	}
	ours := func(name, uuid string) lab.Tapped {
		text := fmt.Sprintf(`{"messageID":%q,"callID":%q,"partyID":%q}`, name, call, strings.ReplaceAll(uuid, "-", ""))
		return lab.Tapped{Text: []byte(text), Mono: 110}
	}
	theirs := func(name, uuid string) lab.Tapped {
		return lab.Tapped{Text: fmt.Appendf(nil, `{"Event-Name":%q,"Unique-ID":%q}`, name, uuid), Mono: 900}
	}
	lines := []lab.Tapped{
		ours("EventDialing", caller), ours("EventRinging", called), ours("EventEstablished", caller), ours("EventEstablished", called),
		ours("EventReleased", caller), ours("EventReleased", called),
	}
	w := hear(t, stamps, lines, []lab.Tapped{
		theirs("CHANNEL_PROGRESS", called), theirs("CHANNEL_HANGUP_COMPLETE", caller), theirs("CHANNEL_HANGUP_COMPLETE", called),
	})
	require.Empty(t, w.missed(0))
	for i, want := range []struct{ seen, happened int }{{1, 1}, {0, 1}, {2, 2}} {
		list, happened := w.sights(facts[i])
		require.Len(t, list, want.seen, facts[i].kind)
		require.Equal(t, want.happened, happened, facts[i].kind)
	}
	stamps[lab.StampKey{Kind: lab.StampHangup, UUID: caller}] = stamps[lab.StampKey{Kind: lab.StampBridge, UUID: caller}] + 1
	require.Empty(t, hear(t, stamps, slices.Concat(lines[:2], lines[4:]), nil).missed(0), "he hung up as he was joined")
	missed := hear(t, stamps, lines[:5], nil).missed(0)
	require.Equal(t, []string{"EventReleased of leg " + called + `, call "c1"`}, missed)
	require.Len(t, hear(t, stamps, nil, nil).missed(0), 2, "the ends of a call that was not told of at all")
	require.Empty(t, hear(t, stamps, nil, nil).missed(1<<60), "it was before")
}
