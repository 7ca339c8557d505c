package ladder

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"modcti/engine"
	"modcti/events"
)

var anyNumbers = []string{"13912345678", "1001", "1002", "1003", "13988886666", "", "park", "8001"}

var anyData = events.Data{{Key: "orderID", JSON: `"5"`}}

// anyRequest makes a request of three numbers, whether it makes sense or not.
func anyRequest(kind, who, what byte, ref int64, callID string) *engine.Request {
	pick := func(n byte, words ...string) string { return words[int(n)%len(words)] }
	return &engine.Request{
		Client: engine.ClientID(1 + what%3), Kind: engine.RequestKind(kind % byte(engine.RequestForceAgentState+1)),
		Name: "Request", ReferenceID: ref, CompanyID: pick(what, Company, Company, "other"), ThisDN: pick(who, anyNumbers...),
		CallID: pick(what/2, callID, "", "nothing"), OtherDN: pick(who/7, anyNumbers...), ThirdDN: pick(what/3, anyNumbers...),
		Scope: pick(what, "call", "agent", "company", ""), Mode: pick(what, "agent", "customer", "off"), DTMFDigits: "12#",
		AttachedData: anyData, MakeCallType: pick(who, "", events.Regular, events.DirectAgent),
		AgentUUID: pick(who/3, "", "agent1001", "agent1002", "nobody"), ThisQueue: pick(what, "8001", "8002", ""),
		AgentState: int64(what % 4), ReasonCode: int64(who % 14), DelaySeconds: int64(what),
	}
}

// withRequests puts requests between inputs, at random.
func withRequests(ins []engine.Input, seed uint64) (list []engine.Input) {
	rng := rand.New(rand.NewPCG(seed, 2))
	for i, in := range ins {
		list = append(list, in)
		for range rng.IntN(3) {
			r := anyRequest(byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()), int64(1000+10*i+len(list)), "a")
			list = append(list, engine.Input{
				Kind: engine.ClientRequest, MonoNanos: in.MonoNanos, WallMicros: in.WallMicros, Request: r,
			})
		}
	}
	return list
}

// legNames are the names of the legs that inputs speak of.
func legNames(ins []engine.Input) (names []string) {
	for _, in := range ins {
		if name := in.Text.UUID; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

const ownLegsMax = 40

// possibleIn makes a function that tells whether the switch could say this of a leg that the engine originates: it speaks
// of one that was asked for, and says nothing of it when it is destroyed. No leg comes back that its session table has lacked
// until the engine took it for gone.
func possibleIn(r *Run) func(in *engine.Input) bool {
	own, gone, lost := map[engine.LegID]bool{}, map[engine.LegID]bool{}, map[string]bool{}
	snapshot := false
	for i := range ownLegsMax {
		own[engine.LegIDOf(fmt.Sprint("n", i+1))] = true
	}
	return func(in *engine.Input) bool {
		for i := range r.out.Events {
			if m, ok := r.out.Events[i].Message.(*events.Released); ok && snapshot {
				lost[m.PartyID] = true
			}
		}
		snapshot = in.Kind == engine.SnapshotEnd
		for _, id := range []engine.LegID{in.Leg, in.Other} {
			if own[id] && (r.legs[id] == "" || gone[id] || in.Kind == engine.LegRenamed || in.Flags&engine.FlagLoopback != 0) {
				return false
			}
		}
		if in.Kind == engine.LegDestroyed {
			gone[in.Leg] = true
		}
		return !lost[in.Leg.Hex()] && !lost[in.Other.Hex()]
	}
}

// destroyAll ends every channel, those that the engine originated with them, until nothing more comes of it.
func (r *Run) destroyAll(names []string) {
	now, done := StartMono+(1000*time.Hour).Nanoseconds(), 0 // later than any script
	for {
		for i := range len(r.Legs()) {
			if name := fmt.Sprint("n", i+1); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if done == len(names) {
			return
		}
		for ; done < len(names); done++ {
			now += 1_000_000
			r.Step(engine.Input{
				Kind: engine.LegDestroyed, Leg: engine.LegIDOf(names[done]), MonoNanos: now, WallMicros: now / 1000,
			})
		}
	}
}

var clauseWord = regexp.MustCompile(`\((\d\.\d+)\)`)

// clauses are those that a script names as proved, and those whose rows it takes.
func clauses(text string) (list []string) {
	for _, m := range clauseWord.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	for raw := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(raw, "# proves "); ok {
			list = append(list, strings.Fields(rest)...)
		}
	}
	return list
}
