package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
)

// played is a server of one connection that the test plays: each request goes into asked, and answers come from reply.
func played(t *testing.T, reply func(name string) []string) (path string, asked chan map[string]any) {
	dir, err := os.MkdirTemp("", "cti")
	require.NoError(t, err)
	path, asked = filepath.Join(dir, "s"), make(chan map[string]any, 100)
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			var m map[string]any
			if json.Unmarshal(lines.Bytes(), &m) != nil {
				return
			}
			name, _ := m["messageID"].(string)
			asked <- m
			if name == "RequestOpen" {
				_, _ = io.WriteString(conn, `{"messageID":"EventOpened","heartbeatMillis":30000}`+"\n")
				continue
			}
			for _, line := range reply(name) {
				_, _ = io.WriteString(conn, line+"\n")
			}
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
		_ = os.RemoveAll(dir)
	})
	return path, asked
}

const (
	registeredLine = `{"messageID":"EventRegistered","thisDN":"1001","parties":[]}`
	othersLine     = `{"messageID":"EventCallCreated","referenceID":0,"thisDN":"1001","otherDN":"1002","callType":"Internal"}`
	answerLine     = `{"messageID":"EventDialing","referenceID":1,"thisDN":"1001","otherDN":"1002"}`
	laterLine      = `{"messageID":"EventRinging","referenceID":0,"thisDN":"1002","otherDN":"1001"}`
)

func answering(name string) []string {
	if name == "RequestRegisterDN" {
		return []string{registeredLine}
	}
	return []string{othersLine, answerLine, laterLine}
}

// A command is one request, after thisDN has been registered to share; it prints the event with its reference.
func TestRequestWords(t *testing.T) {
	type fields = map[string]any
	for _, row := range []struct {
		words []string
		want  fields
	}{
		{[]string{"call", "1001", "1002"}, fields{"messageID": "RequestMakeCall", "otherDN": "1002"}},
		{[]string{"call", "1001", "1002", "answerTimeout=20"},
			fields{"messageID": "RequestMakeCall", "otherDN": "1002", "answerTimeout": 20.0}},
		{[]string{"answer", "1001"}, fields{"messageID": "RequestAnswerCall"}},
		{[]string{"hangup", "1001", "callID=12345"}, fields{"messageID": "RequestReleaseCall", "callID": "12345"}},
		{[]string{"hold", "1001"}, fields{"messageID": "RequestHoldCall"}},
		{[]string{"retrieve", "1001"}, fields{"messageID": "RequestRetrieveCall"}},
		{[]string{"transfer", "1001", "+49301234"}, fields{"messageID": "RequestSingleStepTransfer", "otherDN": "+49301234"}},
		{[]string{"request", "SendDtmf", "thisDN=1001", "dtmfDigits=12#"},
			fields{"messageID": "RequestSendDtmf", "dtmfDigits": "12#"}},
		{[]string{"request", "RequestUpdateAttachedData", `thisDN="1001"`, `attachedData={"a":[1,null]}`, `remove=["b"]`},
			fields{"messageID": "RequestUpdateAttachedData", "attachedData": fields{"a": []any{1.0, nil}}, "remove": []any{"b"}}},
		{[]string{"request", "X", "thisDN=1001", "a=", "b=x=y", "c={", "d=true", "e=1e3", "f=-1"},
			fields{"messageID": "RequestX", "a": "", "b": "x=y", "c": "{", "d": true, "e": "1e3", "f": "-1"}},
	} {
		path, asked := played(t, answering)
		code, out, errs := ctictl(append([]string{"-json", "-unix", path}, row.words...)...)
		require.Equal(t, exitOK, code, errs)
		require.Equal(t, answerLine+"\n", out)
		require.Equal(t, "RequestOpen", (<-asked)["messageID"])
		require.Equal(t, fields{"messageID": "RequestRegisterDN", "thisDN": "1001", "mode": "share"}, <-asked)
		row.want["thisDN"], row.want["referenceID"] = "1001", 1.0
		require.Equal(t, row.want, <-asked)
		require.Empty(t, asked)
	}
}

// What has no thisDN, or registers it, is sent as it is; a reference of one's own is looked for in the answer.
func TestRequestWithoutRegistration(t *testing.T) {
	for _, words := range [][]string{
		{"request", "QueryCall", "callID=c1", "referenceID=42"}, {"request", "RegisterDN", "thisDN=1001", "referenceID=42"},
	} {
		path, asked := played(t, func(string) []string {
			return []string{answerLine, `{"messageID":"EventHeartbeat","referenceID":42}`}
		})
		code, out, errs := ctictl(append([]string{"-json", "-unix", path}, words...)...)
		require.Equal(t, exitOK, code, errs)
		require.Equal(t, `{"messageID":"EventHeartbeat","referenceID":42}`+"\n", out)
		<-asked
		require.EqualValues(t, 42, (<-asked)["referenceID"])
		require.Empty(t, asked)
	}
}

// -follow goes on with what comes after the request was sent, until it is interrupted.
func TestRequestFollow(t *testing.T) {
	path, _ := played(t, answering)
	ctx, stop := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--follow", "-json", "-unix", path, "call", "1001", "1002"}, writer, io.Discard)
		_ = writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for _, want := range []string{othersLine, answerLine, laterLine} {
		require.True(t, lines.Scan())
		require.Equal(t, want, lines.Text())
	}
	stop()
	require.False(t, lines.Scan())
	require.Equal(t, exitOK, <-code)
}

// A refusal, of the request or of the registration, and an answer that does not come, are failures.
func TestRequestFails(t *testing.T) {
	const refusal = `{"messageID":"EventPartyError","referenceID":1,"errorCode":301016,"errorMessage":"NotFoundParty",` +
		`"request":"RequestHoldCall","detail":"It has ended."}`
	path, _ := played(t, func(name string) []string {
		if name == "RequestRegisterDN" {
			return []string{registeredLine}
		}
		return []string{refusal}
	})
	code, out, errs := ctictl("-unix", path, "hold", "1001")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "RequestHoldCall was refused: 301016 NotFoundParty. It has ended.")

	path, _ = played(t, func(string) []string { return []string{refusal} })
	code, _, _ = ctictl("-unix", path, "hold", "1001")
	require.Equal(t, exitFailed, code)

	path, _ = played(t, func(string) []string { return []string{registeredLine, othersLine} })
	code, _, errs = ctictl("-unix", path, "hold", "1001", "-timeout", "20ms")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "did not answer within 20ms")
}

// With the engine itself: data of a live call is changed for one of its numbers, and read by its id.
func TestRequestOfTheEngine(t *testing.T) {
	w := newWorld(t)
	w.tell(engine.LegBridged, 2)
	code, out, errs := ctictl("-unix", w.unix, "-json", "request", "UpdateAttachedData", "thisDN=1001",
		`attachedData={"order":"7"}`)
	require.Equal(t, exitOK, code, errs)
	var event struct {
		MessageID, CallID, ThisDN string
		ReferenceID               int64
		AttachedData              map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &event))
	require.Equal(t, "EventAttachedDataChanged", event.MessageID)
	require.Equal(t, "1001", event.ThisDN)
	require.EqualValues(t, 1, event.ReferenceID)
	require.Equal(t, map[string]string{"order": "7"}, event.AttachedData)
	code, out, errs = ctictl("-unix", w.unix, "-json", "request", "QueryCall", "callID="+event.CallID)
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, `"attachedData":{"order":"7"}`)
	code, _, errs = ctictl("-unix", w.unix, "request", "UpdateAttachedData", "thisDN=1001", `attachedData={"consultStage":7}`)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "301018 InvalidParams. attachedData")
}
