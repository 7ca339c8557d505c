package script

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// constants lists the exported names that a constant block of engine/input.go gives to values of a type.
func constants(t *testing.T, first string) (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "../input.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		block, ok := n.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			return true
		}
		var found []string
		for _, spec := range block.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.IsExported() {
					found = append(found, name.Name)
				}
			}
		}
		if found[0] == first {
			names = found
		}
		return true
	})
	require.NotEmpty(t, names)
	return names
}

// Every kind of input and of request can be written down: a fault that it leads to becomes a script.
func TestEveryKindHasAWord(t *testing.T) {
	for kind := range constants(t, "InputNone") {
		if kind != int(engine.InputNone) {
			require.NotEmpty(t, kindNames[engine.InputKind(kind)], "input %d", kind)
		}
	}
	for kind, name := range constants(t, "RequestNone") {
		word := requestNames[engine.RequestKind(kind)]
		require.Equal(t, name, "Request"+word, "request %d", kind)
		clock := Clock{}
		in, err := clock.Parse("+0 request " + word + " thisDN=1001")
		require.NoError(t, err)
		require.Equal(t, &engine.Request{Kind: engine.RequestKind(kind), Name: name, ThisDN: "1001"}, in.Request)
	}
}

// What is written is read back as it was, whatever is in it.
func TestThereAndBack(t *testing.T) {
	const odd = "a \"b\" = {c} \n\r\t\x00\xff ž"
	leg := engine.LegIDOf("a")
	for _, in := range []engine.Input{
		{Kind: engine.LegDTMF, Leg: leg, Text: engine.Text{UUID: "a", Hex: leg.Hex(), Digits: "12#"}},
		{Kind: engine.LegRecordStarted, Leg: leg, Text: engine.Text{UUID: "a", Hex: leg.Hex(), Path: "/rec/a b.wav"}},
		{Kind: engine.LegRecordStopped, Leg: leg, Text: engine.Text{UUID: "a", Hex: leg.Hex(), Path: odd}},
		{Kind: engine.LegCreated, Leg: leg, Direction: engine.DirectionInbound, Other: engine.LegIDOf("b"),
			Text: engine.Text{UUID: "a", Hex: leg.Hex(), CallerName: odd, CallerNumber: "{}", Destination: "x{y"}},
		{Kind: engine.LegRenamed, Leg: leg, Other: engine.LegIDOf("b"), Text: engine.Text{UUID: "b", Hex: leg.Hex(), Channel: "c"}},
		{Kind: engine.CommandDone, Leg: leg, Command: 7, Cause: 102, Text: engine.Text{UUID: "a", Hex: leg.Hex()}},
		{Kind: engine.ClientRequest, Request: &engine.Request{
			Client: 3, Kind: engine.RequestMakeCall, Name: "RequestMakeCall", ReferenceID: 7, CompanyID: "acme",
			ThisDN: "1001", CallID: odd, OtherDN: "13988886666", ThirdDN: "{1}", Scope: "call", IDs: []string{"x", "", "y z"},
			AttachedData: events.Data{{Key: "b", JSON: `{"x" : [1, "}\n"]}`}, {Key: odd[:15], JSON: `"2"`}, {Key: "c", JSON: "1e2"}},
			Remove:       []string{"k=1", "{"}, CallerNumber: "0108", MakeCallType: "Regular", AnswerTimeoutMillis: 20_000,
			DTMFDigits: "*#", Mode: "agent",
		}},
		{Kind: engine.ClientRequest, Request: &engine.Request{
			Kind: engine.RequestAgentLogin, Name: "RequestAgentLogin", ThisDN: "1001", AgentUUID: "8e0e", AgentID: "7",
			ThisQueues: []string{"8001", "8002"}, PhoneType: 4, AgentState: 2, ReasonCode: 11, DelaySeconds: 60, ThisQueue: "8001",
		}},
		{Kind: engine.ClientRequest, Request: &engine.Request{
			Kind: engine.RequestAgentLogin, Name: "RequestAgentLogin", ThisQueues: []string{},
		}},
		{Kind: engine.DirectoryChanged, Directory: &engine.Directory{
			Agents: []engine.AgentConfig{{UUID: "8e0e", Name: odd[:15], MissedPolicy: engine.MissedLogout}},
			Queues: []engine.QueueConfig{{ID: "8001", Strategy: engine.RingAll}},
		}},
		{Kind: engine.DeviceLost, Text: engine.Text{User: "1001"}},
		{Kind: engine.ClientRequest, Request: &engine.Request{Kind: engine.RequestNone, Name: "RequestFly",
			AttachedData: events.Data{{Key: "a", JSON: "{\n}"}}}},
	} {
		var write, read Clock
		line := write.Format(&in)
		require.NotContains(t, line, "\n")
		got, err := read.Parse(line)
		require.NoError(t, err, line)
		require.Equal(t, in, got, line)
	}
}

// A clock on the wall that was set meanwhile is written down too; that the two were read one after the other is not.
func TestClockSet(t *testing.T) {
	at := Clock{MonoNanos: 5e9, WallMicros: 9e9}
	write, read := at, at
	for _, c := range []struct {
		in   engine.Input
		line string
	}{
		{engine.Input{Kind: engine.TimerDue, MonoNanos: 6e9, WallMicros: 9e9 + 1e6 - 3_600_000_000}, "+1000@-3600000.000 timer"},
		{engine.Input{Kind: engine.TimerDue, MonoNanos: 8e9, WallMicros: 9e9 + 3e6 - 3_600_000_000}, "+2000 timer"},
		{engine.Input{Kind: engine.TimerDue, MonoNanos: 8e9 + 500_000, WallMicros: 9e9 + 3e6 - 3_600_000_000 + 501}, "+0.5 timer"},
	} {
		line := write.Format(&c.in)
		require.Equal(t, c.line, line)
		got, err := read.Parse(line)
		require.NoError(t, err)
		require.Equal(t, c.in.MonoNanos, got.MonoNanos)
		require.InDelta(t, c.in.WallMicros, got.WallMicros, 1000)
	}
}

// A line that cannot be read names the word at fault.
func TestBadLines(t *testing.T) {
	for line, want := range map[string]string{
		"+0@noon timer":                           "sets the wall clock by no time",
		"+0 request":                              "needs a kind",
		"+0 request Fly":                          `"Fly" is no kind`,
		"+0 request HoldCall 1001":                `"1001" is no word`,
		"+0 request HoldCall dn=1001":             `"dn" is no word`,
		"+0 request HoldCall ref=x":               `ref="x" is no number`,
		"+0 request HoldCall data=1":              "no JSON object",
		`+0 request HoldCall data={"a":1`:         "unexpected EOF",
		`+0 request HoldCall data="{\"a\":1"`:     "EOF",
		`+0 request HoldCall data="{\"a\":nope}"`: "invalid character",
		"+0 command-done a command=x":             `command="x" is no number`,
		"+0 dtmf a numbers=1":                     `"numbers" is no word`,
	} {
		_, err := (&Clock{}).Parse(line)
		require.ErrorContains(t, err, want, line)
	}
}

// FuzzParse: no line makes Parse panic, and what it reads is written so that it is read as the same.
func FuzzParse(f *testing.F) {
	f.Add(`+0 request HoldCall thisDN=1001 ref=7 client=1 callID=a data={"k":"v"}`)
	f.Add(`+12.5 created a in from=1 name="A B" flags=loopback seq=4 origin=b`)
	f.Add(`+1 command-done a command=3 cause=NORMAL_CLEARING`)
	f.Fuzz(func(t *testing.T, line string) {
		in, err := (&Clock{}).Parse(line)
		if err != nil || strings.HasPrefix(line, "+-") {
			return
		}
		written := (&Clock{}).Format(&in)
		again, err := (&Clock{}).Parse(written)
		require.NoError(t, err, written)
		require.Equal(t, in.Request, again.Request, written)
		require.Equal(t, in.Kind, again.Kind, written)
	})
}
