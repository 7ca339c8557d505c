package trace

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

const recorded = "../../tests/traces/testdata"

var scenarioNames = []string{
	"blind_transfer_by_api", "blind_transfer_by_refer", "click_to_dial", "click_to_dial_early_media",
	"consult_then_bridge_transfer", "dtmf_info_and_send", "eavesdrop_barge_in", "eavesdrop_monitor", "hold_by_api",
	"inbound_agent_busy", "inbound_agent_no_answer", "inbound_agent_rejects", "inbound_answered_caller_hangs_up",
	"inbound_answered_switch_hangs_up", "inbound_caller_cancels_while_ringing", "intercept", "mute_by_uuid_audio",
	"originate_failures", "park_then_uuid_bridge", "queue_wait_then_abandon", "record_call", "three_way_by_conference",
}

var kindNames = map[engine.InputKind]string{
	engine.LegCreated: "created", engine.LegOutgoing: "outgoing", engine.LegRinging: "ringing",
	engine.LegProgress: "progress", engine.LegAnswered: "answered", engine.LegBridged: "bridged",
	engine.LegUnbridged: "unbridged", engine.LegHeld: "held", engine.LegUnheld: "unheld",
	engine.LegTransferred: "transferred", engine.LegExecuted: "executed", engine.LegRenamed: "renamed",
	engine.LegHangup: "hangup", engine.LegEnded: "ended", engine.LegDestroyed: "destroyed", engine.LegLooped: "looped",
	engine.RoomJoined: "joined", engine.RoomLeft: "left",
}

// story is the inputs as text: legs are A, B, C in the order of their creation, "-" is no leg.
func story(inputs []engine.Input) []string {
	names := map[engine.LegID]string{{}: "-"}
	for i := range inputs {
		if in := &inputs[i]; in.Kind == engine.LegCreated {
			names[in.Leg] = string(rune('A' + len(names) - 1))
		}
	}
	var told []string
	for i := range inputs {
		in := &inputs[i]
		line := names[in.Leg] + " " + kindNames[in.Kind]
		switch in.Kind {
		case engine.LegCreated, engine.LegOutgoing, engine.LegBridged, engine.LegUnbridged, engine.LegLooped:
			line += " " + names[in.Other]
		case engine.LegHangup, engine.LegEnded:
			line += fmt.Sprintf(" %s %d", engine.CauseName(in.Cause), in.Disposition)
		case engine.LegTransferred:
			line += " " + in.Text.Destination
		case engine.LegExecuted:
			line += " " + in.Text.App + " " + names[in.Other]
		case engine.RoomJoined, engine.RoomLeft:
			line += " " + in.Text.Room
		}
		told = append(told, line)
	}
	return told
}

func scenario(name string) Scenario {
	base := filepath.Join(recorded, name)
	return Scenario{Name: name, Events: base + ".jsonl.gz", Hooks: base + ".hooks.jsonl.gz"}
}

var readBefore = map[Scenario][]engine.Input{}

func read(t *testing.T, s Scenario) []engine.Input {
	t.Helper()
	inputs, ok := readBefore[s]
	if !ok {
		var err error
		inputs, err = s.Read()
		require.NoError(t, err)
		readBefore[s] = inputs
	}
	return inputs
}

// What every recording must give, whichever of its files is read: each leg is created once and first, its records are
// numbered from 1 without a hole (input.go), its times do not run backwards, and it ends, is ended and is destroyed.
func TestEveryRecordingIsWhole(t *testing.T) {
	for _, name := range scenarioNames {
		both := scenario(name)
		for side, s := range map[string]Scenario{
			"both": both, "events": {Name: name, Events: both.Events}, "hooks": {Name: name, Hooks: both.Hooks},
		} {
			t.Run(name+"/"+side, func(t *testing.T) {
				count := map[engine.LegID]map[engine.InputKind]int{}
				last := map[engine.LegID]engine.Input{}
				for _, in := range read(t, s) {
					if count[in.Leg] == nil {
						require.Equal(t, engine.LegCreated, in.Kind)
						require.Len(t, in.Text.Hex, 32)
						require.Equal(t, engine.LegIDOf(in.Text.UUID), in.Leg)
						require.NotZero(t, in.Direction)
						count[in.Leg] = map[engine.InputKind]int{}
					}
					count[in.Leg][in.Kind]++
					require.GreaterOrEqual(t, in.MonoNanos, last[in.Leg].MonoNanos)
					require.Positive(t, in.WallMicros)
					if in.LegSeq != 0 || in.Kind != engine.RoomJoined && in.Kind != engine.RoomLeft &&
						in.Kind != engine.LegHeld && in.Kind != engine.LegUnheld { // those the event bus tells
						require.Equal(t, last[in.Leg].LegSeq+1, in.LegSeq)
						last[in.Leg] = in
					}
				}
				for leg, kinds := range count {
					for _, once := range []engine.InputKind{
						engine.LegCreated, engine.LegHangup, engine.LegEnded, engine.LegDestroyed,
					} {
						require.Equal(t, 1, kinds[once], "%s of %s", kindNames[once], leg.Hex())
					}
				}
			})
		}
	}
}

// The hooks' order, and what only events carry: partner, cause and disposition of each leg.
func TestAnsweredCallAsTheModuleTellsIt(t *testing.T) {
	inputs := read(t, scenario("inbound_answered_caller_hangs_up"))
	require.Equal(t, []string{
		"A created -", "A outgoing B", "B created A", "B ringing", "A progress", "B answered", "A answered",
		"B bridged A", "A bridged B",
		"A hangup NORMAL_CLEARING 1", "B hangup NORMAL_CLEARING 0", "B unbridged A", "A unbridged B",
		"A ended NORMAL_CLEARING 1", "A destroyed", "B ended NORMAL_CLEARING 4", "B destroyed",
	}, story(inputs))
	require.Equal(t, engine.Text{
		Hex: "ec204906" + "2b6e4042a1289acc8dbf9c57", UUID: "ec204906-2b6e-4042-a128-9acc8dbf9c57",
		Channel: "sofia/internal/13912345678@127.0.0.1:5080", CallerNumber: "13912345678", CallerName: "Customer",
		Destination: "1001", Context: "default", SIPCallID: "1-19677@127.0.0.1",
	}, inputs[0].Text)
	require.Equal(t, engine.DirectionInbound, inputs[0].Direction)
	require.EqualValues(t, 4963946529606, inputs[0].MonoNanos)
	require.EqualValues(t, 1795253642041685, inputs[0].WallMicros)
	require.Equal(t, "1001", inputs[2].Text.User)
	require.Equal(t, engine.DirectionOutbound, inputs[2].Direction)
}

func TestWhatOnlyEventsTell(t *testing.T) {
	for name, want := range map[string][]string{
		"eavesdrop_monitor": {
			"C executed eavesdrop B", "C bridged -", "B hangup NORMAL_CLEARING 0", "C unbridged -",
			"C hangup NORMAL_CLEARING 0",
		},
		"three_way_by_conference": {
			"A transferred conf7001", "B transferred conf7001", "B unbridged A", "A unbridged B",
			"A executed conference -", "A bridged -", "A joined 7001", "B executed conference -", "B bridged -",
			"B joined 7001", "C created -",
		},
		"intercept": {
			"C executed intercept A", "B hangup PICKED_OFF 0", "B ended PICKED_OFF 4", "A unbridged B", "B destroyed",
			"A bridged C", "C bridged A",
		},
		"originate_failures": {
			"B created -", "C created -", "C looped B", "C hangup UNALLOCATED_NUMBER 0",
			"B hangup UNALLOCATED_NUMBER 0",
		},
		"queue_wait_then_abandon": {
			"A created -", "A executed park -", "A hangup ORIGINATOR_CANCEL 2", "A ended ORIGINATOR_CANCEL 2",
			"A destroyed",
		},
		"hold_by_api": {"B held", "B unheld", "B hangup NORMAL_CLEARING 0"},
		"inbound_agent_busy": {
			"B created A", "B hangup USER_BUSY 3", "B ended USER_BUSY 3", "B destroyed", "A hangup USER_BUSY 0",
			"A ended USER_BUSY 6", "A destroyed",
		},
	} {
		told := strings.Join(story(read(t, scenario(name))), "\n")
		require.Contains(t, told, strings.Join(want, "\n"), name)
	}
	spy := read(t, scenario("eavesdrop_monitor"))
	for _, in := range spy {
		require.Equal(t, in.Kind == engine.LegExecuted, in.Flags == engine.FlagObserver)
	}
	for _, in := range read(t, scenario("originate_failures")) {
		loopback := in.Kind == engine.LegCreated && strings.HasPrefix(in.Text.Channel, "loopback/")
		require.Equal(t, loopback || in.Kind == engine.LegLooped, in.Flags == engine.FlagLoopback)
	}
}

// The event socket alone tells each leg's story in the same words as the hooks. What its events cannot show is that a
// leg whose thread still runs is told of the parting after its own end began, so that one record is left out.
func TestEventSocketAloneTellsTheSame(t *testing.T) {
	perLeg := func(inputs []engine.Input) map[string]map[string]int {
		legs := map[string]map[string]int{}
		names := map[engine.LegID]string{{}: "-"}
		for _, in := range inputs {
			if in.Kind == engine.LegCreated {
				names[in.Leg] = in.Text.Channel
				legs[in.Text.Channel] = map[string]int{}
			}
		}
		ending := map[engine.LegID]bool{}
		for _, in := range inputs {
			ending[in.Leg] = ending[in.Leg] || in.Kind == engine.LegHangup
			if in.Kind == engine.LegUnbridged && !in.Other.IsZero() && (ending[in.Leg] || ending[in.Other]) {
				continue
			}
			key := fmt.Sprintf("%s %s %d %d %s%s%s", kindNames[in.Kind], names[in.Other], in.Cause, in.Disposition,
				in.Text.App, in.Text.Destination, in.Text.Room)
			legs[names[in.Leg]][key]++
		}
		return legs
	}
	for _, name := range scenarioNames {
		both := scenario(name)
		require.Equal(t, perLeg(read(t, both)), perLeg(read(t, Scenario{Name: name, Events: both.Events})), name)
	}
}

// With the hooks alone numbers come from channel names, and who was called from whom.
func TestHooksAloneTakeNumbersFromNames(t *testing.T) {
	both := scenario("blind_transfer_by_api")
	var numbers []string
	for _, in := range read(t, Scenario{Hooks: both.Hooks}) {
		if in.Kind == engine.LegCreated {
			numbers = append(numbers, fmt.Sprintf("%d %s>%s", in.Direction, in.Text.CallerNumber, in.Text.Destination))
		}
		require.Zero(t, in.Cause)
	}
	require.Equal(t, []string{"1 13912345678>1001", "2 13912345678>1001", "2 13912345678>1002"}, numbers)
}

func TestNumberOfChannelName(t *testing.T) {
	for name, want := range map[string]string{
		"sofia/internal/1001@192.0.2.1:5060": "1001", "sofia/gateway/trunk/13900000001": "13900000001",
		"loopback/1001-a": "1001", "loopback/9-b-b": "9-b", "verto.rtc/1001": "1001",
		"sofia/internal/sip:1002@h": "1002",
		"":                          "",
	} {
		require.Equal(t, want, numberOf(name), name)
	}
}

func TestPairing(t *testing.T) {
	got, err := Pair([]string{"x/a.hooks.jsonl.gz", "b.jsonl", "x/a.jsonl.gz", "y/a.jsonl"})
	require.NoError(t, err)
	require.Equal(t, []Scenario{
		{Name: "a", Hooks: "x/a.hooks.jsonl.gz", Events: "x/a.jsonl.gz"}, {Name: "b", Events: "b.jsonl"},
		{Name: "a", Events: "y/a.jsonl"},
	}, got)
	_, err = Pair([]string{"a.jsonl", "a.jsonl.gz"})
	require.ErrorContains(t, err, "a.jsonl and a.jsonl.gz record the same side")

	base := filepath.Join(recorded, "click_to_dial")
	inputs, err := Read(base+".jsonl.gz", base+".hooks.jsonl.gz")
	require.NoError(t, err)
	require.Equal(t, story(read(t, scenario("click_to_dial"))), story(inputs))
	_, err = Read("a.jsonl", "b.jsonl")
	require.ErrorContains(t, err, "2 scenarios")
}

func write(t *testing.T, name string, rows ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(rows, "\n")), 0o600))
	return path
}

// A bad file is named with the line that is bad (issue: bad file, clear error).
func TestBadFiles(t *testing.T) {
	const api = `{"at":1,"api":"status","reply":"+OK"}`
	const hook = `{"at":1,"mono":1,"source":"hook kill_channel","name":"BREAK","uuid":"u"}`
	hangup := func(headers string) string {
		return `{"at":1,"event":{"Event-Name":"CHANNEL_HANGUP","Unique-ID":"u",` + headers + `}}`
	}
	for want, rows := range map[string][]string{
		":2: not a JSON row":                          {api, `{"at":1,`},
		":1: not a JSON row":                          {`"text"`},
		`:1: the row has none of "source", "event"`:   {`{"at":1}`},
		`:1: the row has no "at"`:                     {`{"event":{}}`},
		":1: the event has no Event-Name":             {`{"at":1,"event":{}}`},
		":1: not an event":                            {`{"at":1,"event":[]}`},
		`:3: a row of a hook needs "mono" and "name"`: {hook, "", `{"at":1,"source":"x","name":"y"}`},
		":1: not a row of a hook":                     {`{"at":1,"mono":"x","source":"x","name":"y"}`},
		":2: rows of hooks and of the event socket":   {hook, api},
		":1: no channel appears":                      {api},
		":1: sip_hangup_disposition \"went\"":         {hangup(`"variable_sip_hangup_disposition":"went"`)},
		":1: Hangup-Cause \"BORED\"":                  {hangup(`"Hangup-Cause":"BORED"`)},
		": the file holds no row":                     {"", ""},
		":2: the row is longer than":                  {api, strings.Repeat(" ", lineBytesMax+1)},
	} {
		path := write(t, "bad.jsonl", rows...)
		_, err := Read(path)
		require.ErrorContains(t, err, path+want)
	}
	_, err := Read(write(t, "cut.jsonl.gz", "\x1f\x8bnot gzip"))
	require.ErrorContains(t, err, "not a gzip file")
	_, err = Read(filepath.Join(t.TempDir(), "none.jsonl"))
	require.ErrorIs(t, err, os.ErrNotExist)

	hooks, events := write(t, "a.hooks.jsonl", hook), write(t, "b.jsonl", hook)
	_, err = Scenario{Name: "a", Hooks: hooks, Events: events}.Read()
	require.ErrorContains(t, err, "record the same side")
	_, err = Scenario{Name: "empty"}.Read()
	require.ErrorContains(t, err, `scenario "empty" has no file`)
}

func TestTruncatedGzip(t *testing.T) {
	whole, err := os.ReadFile(scenario("click_to_dial").Events)
	require.NoError(t, err)
	path := write(t, "cut.jsonl.gz", string(whole[:len(whole)/2]))
	_, err = Read(path)
	require.ErrorContains(t, err, "cut.jsonl.gz:")
	require.ErrorContains(t, err, "cannot be read further")
}

// FuzzRows: no file may crash the reader, and what it accepts it tells whole.
func FuzzRows(f *testing.F) {
	for _, path := range []string{scenario("hold_by_api").Events, scenario("hold_by_api").Hooks} {
		disk, err := os.Open(path)
		require.NoError(f, err)
		unzipped, err := gzip.NewReader(disk)
		require.NoError(f, err)
		start := make([]byte, 3000)
		_, err = unzipped.Read(start)
		require.NoError(f, err)
		require.NoError(f, disk.Close())
		f.Add(string(start))
	}
	f.Add(`{"at":1,"mono":1,"source":"hook outgoing_channel","name":"outgoing","uuid":"u","new_uuid":"u"}`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readRows("fuzz", strings.NewReader(text))
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "fuzz:"), err)
			return
		}
		var inputs []engine.Input
		if len(rows.hooks) > 0 {
			inputs, err = fromHooks(rows, nil)
		} else {
			inputs, err = fromEvents(rows)
		}
		if err == nil {
			require.NotEmpty(t, inputs)
		}
	})
}
