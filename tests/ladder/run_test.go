package ladder

import (
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Each kind of command is told in words of its own, with the script's names for legs, calls and conferences.
func TestCommandsInWords(t *testing.T) {
	r := NewRun(&Scene{})
	for _, leg := range []string{"a", "b"} {
		r.names[engine.LegIDOf(leg).Hex()] = leg
	}
	made := engine.LegIDOf("made")
	cause, _ := engine.CauseByName("ORIGINATOR_CANCEL")
	told := map[engine.CommandKind]string{
		engine.CommandSnapshot: "snapshot", engine.CommandSetVariable: "set a cti_call_id=b",
		engine.CommandHangup: "hangup a ORIGINATOR_CANCEL", engine.CommandOriginate: `originate n1=b call=b from=1 name="2 3"`,
		engine.CommandBridge: "bridge a b kept", engine.CommandWait: "wait a music", engine.CommandJoinRoom: "join-room a room1",
		engine.CommandHold: "hold a", engine.CommandUnhold: "unhold a", engine.CommandMute: "mute a",
		engine.CommandUnmute: "unmute a", engine.CommandSendDTMF: "send-dtmf a 12#", engine.CommandAnswer: "answer a",
		engine.CommandEavesdrop: "eavesdrop a b nobody", engine.CommandEavesdropMode: "eavesdrop-mode a both",
		engine.CommandRecordStart: "record-start a /rec", engine.CommandRecordStop: "record-stop a /rec",
		engine.CommandRecordPause: "record-pause a /rec", engine.CommandRecordResume: "record-resume a /rec",
	}
	told[engine.CommandReturn], told[engine.CommandSay] = "return a timeout", "say a position 3"
	told[engine.CommandVoicemail] = "voicemail a default 1099"
	require.Len(t, told, len(commandNames)-3, "no leg has a presence, and none is a device")
	names := map[engine.CommandKind]string{
		engine.CommandSetVariable: "cti_call_id", engine.CommandWait: "music", engine.CommandJoinRoom: "cti-7",
		engine.CommandBridge:    engine.Kept,
		engine.CommandEavesdrop: "nobody", engine.CommandEavesdropMode: "both",
		engine.CommandSay: engine.SayPosition, engine.CommandVoicemail: "default",
	}
	for kind, want := range told {
		c := engine.Command{
			Kind: kind, Cause: cause, Leg: engine.LegIDOf("a"), Other: engine.LegIDOf("b"), UUID: "a", ID: uint64(kind),
			CallID: engine.LegIDOf("b").Hex(), CallerNumber: "1", CallerName: "2 3", Name: names[kind],
		}
		switch kind {
		case engine.CommandOriginate:
			c.Leg, c.UUID, c.Value = made, "made", "b"
		case engine.CommandSetVariable:
			c.Value = c.CallID
		case engine.CommandSendDTMF:
			c.Value = "12#"
		case engine.CommandReturn:
			c.Value = "timeout"
		case engine.CommandSay:
			c.Value = "3"
		case engine.CommandVoicemail:
			c.Value = "1099"
		case engine.CommandRecordStart, engine.CommandRecordStop, engine.CommandRecordPause, engine.CommandRecordResume:
			c.Value = "/rec"
		case engine.CommandSnapshot:
			c.Leg = engine.LegID{}
		}
		r.Told = nil
		r.command(&c)
		require.Equal(t, []string{"command " + want}, r.Told)
	}
	in := engine.Input{Kind: engine.CommandDone, Leg: engine.LegIDOf("a"), Text: engine.Text{App: "hold"}}
	r.resolve(&in)
	require.Equal(t, uint64(engine.CommandHold), in.Command, "an answer finds the last command of its kind for its leg")
	in = engine.Input{Kind: engine.RoomJoined, Leg: engine.LegIDOf("n1"), Text: engine.Text{UUID: "n1", Room: "room1"}}
	r.resolve(&in)
	require.Equal(t, made, in.Leg)
	require.Equal(t, "cti-7", in.Text.Room)
}

// A script sets the scene: the dial plan, how long phones ring, where recordings go.
func TestScene(t *testing.T) {
	s := parsed(t, "# proves 3.1 R54\n# dial ^9(\\d+)$ sofia/gateway/x/$1 555\n# dial-for another ^2\\d+$ user/$0@b 7\n"+
		"# dial ^1\\d+$ user/$0\n# ring 2000\n"+
		"# record /r/$call.wav\n# notify-observed\n# audit\n# ordered\n# ordered is a word like others\n")
	require.Equal(t, []string{"3.1", "R54"}, s.Proves)
	require.True(t, s.Ordered && s.Scene.NotifyObserved)
	require.EqualValues(t, 2000, s.Scene.RingMillis)
	require.EqualValues(t, 5000, s.Scene.AuditMillis)
	require.Equal(t, "/r/$call.wav", s.Scene.Record)
	for _, row := range []struct {
		company, number string
		want            engine.Route
	}{
		{Company, "912", engine.Route{Address: "sofia/gateway/x/12", CallerID: "555"}},
		{"another", "1001", engine.Route{Address: "user/1001"}},
		{"another", "2001", engine.Route{Address: "user/2001@b", CallerID: "7"}},
		{Company, "2001", engine.Route{}},
	} {
		got, ok := s.Scene.dial(row.company, row.number)
		require.Equal(t, row.want, got)
		require.Equal(t, row.want.Address != "", ok)
	}
	for _, bad := range []string{"# dial ( x", "# ring soon", "+0 request Fly", "created"} {
		_, err := Parse(bad)
		require.ErrorContains(t, err, "line 1", bad)
	}
}

// What is told and not expected by a block is a fault of the script, and a broken promise is one of the engine.
func TestPromisesAreWatched(t *testing.T) {
	_, err := parsed(t, "+0 created a in from=13912345678 to=1001").Play()
	require.ErrorContains(t, err, "no ----")
	tell := func(r *Run, m events.Message, o engine.Outgoing) {
		m.Common().Seq, m.Common().CreationTime, m.Common().CompanyID = r.lastSeq+1, 1, Company
		o.Message = m
		r.note(&o)
	}
	part := events.CallPart{CallID: "c", PartyID: "p", CallType: events.Inbound, PartyRole: events.Agent, ThisDN: "1001"}
	call := engine.Outgoing{CallID: "c"}
	for want, breaking := range map[string]func(r *Run){
		"before EventCallCreated": func(r *Run) { tell(r, &events.Dialing{CallPart: part}, call) },
		"two EventCallCreated": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.CallCreated{}, call)
		},
		"after EventCallDeleted": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.CallDeleted{}, call)
			tell(r, &events.Dialing{CallPart: part}, call)
		},
		"after its EventReleased": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.Released{CallPart: part}, call)
			tell(r, &events.Released{CallPart: part}, call)
		},
		"has a code (R50)": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.CallDeleted{NoCallReasonCode: "400"}, call)
		},
		"lacks one of the common fields (R25)": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.Dialing{CallPart: events.CallPart{CallID: "c", PartyID: "p"}}, call)
		},
		"never released": func(r *Run) {
			tell(r, &events.CallCreated{}, call)
			tell(r, &events.Ringing{CallPart: part}, call)
			tell(r, &events.CallDeleted{}, call)
		},
		"no client is to see": func(r *Run) { tell(r, &events.CallCreated{Header: events.Header{ReferenceID: 7}}, call) },
		"is answered by": func(r *Run) {
			asked := engine.Outgoing{CallID: "c", Asker: 1, To: 1}
			tell(r, &events.PartyError{Header: events.Header{ReferenceID: 7}}, asked)
			tell(r, &events.PartyError{Header: events.Header{ReferenceID: 7}}, asked)
		},
		"but is from 1 to 2 (R16)": func(r *Run) {
			late := &events.Released{CallPart: part, StartUepoch: 1, AnswerUepoch: 3, EndUepoch: 2}
			r.out.Events = append(r.out.Events, engine.Outgoing{CallID: "c", Message: late})
			r.checkTimes()
		},
		"has number 2 after 0": func(r *Run) { r.note(&engine.Outgoing{Message: &events.CallCreated{Header: events.Header{Seq: 2}}}) },
	} {
		r := NewRun(&Scene{})
		breaking(r)
		require.ErrorContains(t, r.Promises(), want)
	}
}
