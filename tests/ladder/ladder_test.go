package ladder

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Write expectations from call-model.md; -rewrite only refreshes their spelling.
var rewrite = flag.Bool("rewrite", false, "write what the engine does now into the scripts; commit only what you can explain")

// eachScript calls f with every script of testdata.
func eachScript(t *testing.T, f func(t *testing.T, path, text string)) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			f(t, path, string(raw))
		})
	}
}

func parsed(t *testing.T, text string) *Script {
	s, err := Parse(text)
	require.NoError(t, err)
	return s
}

func TestScripts(t *testing.T) {
	eachScript(t, func(t *testing.T, path, text string) {
		got, err := parsed(t, text).Play()
		if *rewrite {
			require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		} else {
			require.Equal(t, text, got)
		}
		require.NoError(t, err)
	})
}

// TestOrderDoesNotMatter plays every script in orders that the switch might also have given: records of different legs
// within a few ms of one another, swapped. The CDRs must say the same, and the promises of 3.0 hold.
func TestOrderDoesNotMatter(t *testing.T) {
	const seeds = 60
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		if s.Ordered {
			return
		}
		want := s.Run(s.Inputs()).CDRs()
		for seed := range uint64(seeds) {
			result := s.Run(Permute(s.Inputs(), seed))
			require.NoError(t, result.Promises(), "seed %d", seed)
			require.Equal(t, want, result.CDRs(), "seed %d", seed)
		}
	})
}

// TestRequestsAtAnyMoment asks for anything, for any DN, at random moments of every script: whatever is refused or begun
// by it, the promises of 3.0 hold, and no call outlives its channels (3.14).
func TestRequestsAtAnyMoment(t *testing.T) {
	const seeds = 20
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		for seed := range uint64(seeds) {
			r := NewRun(&s.Scene)
			r.Quiet = true
			possible := possibleIn(r)
			for _, in := range withRequests(s.Inputs(), seed) {
				if possible(&in) {
					r.Step(in)
				}
			}
			r.destroyAll(legNames(s.Inputs()))
			require.NoError(t, r.Promises(), "seed %d", seed)
			require.Zero(t, r.Engine.Stats().Calls, "seed %d: a call outlived its channels", seed)
		}
	})
}

// TestEveryClauseHasAScript: a clause that a row of the table names has a script that takes that row.
func TestEveryClauseHasAScript(t *testing.T) {
	proved := map[string]bool{}
	eachScript(t, func(t *testing.T, _, text string) {
		for _, clause := range clauses(text) {
			proved[clause] = true
		}
	})
	for _, clause := range engine.Clauses() {
		require.True(t, proved[clause], "clause %s of the party table has no ladder script", clause)
	}
}

// TestEveryRequestHasAScript: each request on calls and agents that the protocol defines (R54) is made in some script and
// served, and each clause of the call model that says what comes of something is named by one.
func TestEveryRequestHasAScript(t *testing.T) {
	requests := strings.Fields("MakeCall AnswerCall ReleaseCall RedirectCall HoldCall RetrieveCall MuteCall UnmuteCall SendDtmf " +
		"SingleStepTransfer InitiateConsult CancelConsult RetrieveConsult CompleteTransfer CompleteConference AlternateCall " +
		"DeleteParty SingleStepConference MonitorCall Whisper BargeIn InterceptCall UpdateAttachedData StartRecording " +
		"PauseRecording ResumeRecording StopRecording QueryCall QueryAgent QueryQueue AgentLogin AgentLogout AgentReady " +
		"AgentNotReady DelayAfterCallWork ForceAgentState")
	clauses := strings.Fields("3.0 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14 3.15 3.16")
	served := map[string]bool{}
	var proved []string
	eachScript(t, func(t *testing.T, _, text string) {
		s := parsed(t, text)
		noteServed(s, served)
		proved = append(proved, s.Proves...)
	})
	for _, name := range requests {
		require.True(t, served["Request"+name], "in no script Request%s is served", name)
	}
	for _, clause := range clauses {
		require.True(t, slices.Contains(proved, clause), "no script proves %s", clause)
	}
}

// noteServed notes the requests of a script that are answered by anything but a refusal.
func noteServed(s *Script, served map[string]bool) {
	r, names := NewRun(&s.Scene), map[asked]string{}
	r.Quiet = true
	r.Hear = func(o *engine.Outgoing) {
		switch o.Message.(type) {
		case *events.PartyError, *events.AgentError:
		default:
			served[names[asked{o.Asker, o.Message.Common().ReferenceID}]] = true
		}
	}
	for _, in := range s.Inputs() {
		if q := in.Request; q != nil && q.ReferenceID != 0 {
			names[asked{q.Client, q.ReferenceID}] = q.Name
		}
		r.Step(in)
	}
}

// TestEveryCodeHasAScript: each refusal (protocol.md 6) is reached by a script; whoever gives the
// others is named here.
func TestEveryCodeHasAScript(t *testing.T) {
	elsewhere := map[events.Code]string{
		events.CTIException:       "the loop, when a step panics",
		events.SocketToJSon:       "the doors",
		events.MessageIDNotMatch:  "the doors",
		events.RegisterDNNotMatch: "the doors",
		events.RequestTooFast:     "the doors",
		events.AgentUnknown:       "nothing: each refusal has a code of its own",
		events.QueueUnknown:       "nothing: each refusal has a code of its own",
	}
	var all strings.Builder
	eachScript(t, func(t *testing.T, _, text string) { all.WriteString(text) })
	for _, e := range events.Errors {
		if elsewhere[e.Code] == "" {
			require.True(t, strings.Contains(all.String(), "errorCode="+strconv.Itoa(int(e.Code))), "no script reaches %d", e.Code)
		}
	}
}
