package bench_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	sippScenarios = "../fs/sipp"
	outsideNumber = "13800138000"
	// channelEvents are what a CTI client of the event socket needs to follow calls.
	channelEvents = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE " +
		"CHANNEL_UNBRIDGE CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY"
)

// benchSwitch starts a private FreeSWITCH with our modules at hand and one phone that answers; it is skipped, in one
// line, where the machine has none.
func benchSwitch(b *testing.B, options lab.Options, phone lab.Phone) *lab.Switch {
	b.Helper()
	install, err := lab.Find()
	if err != nil {
		b.Skipf("skipped: %v", err)
	}
	if _, err := exec.LookPath("sipp"); err != nil {
		b.Skip("skipped: a FreeSWITCH is here, but sipp is not in PATH")
	}
	dir := b.TempDir()
	if err := lab.BuildModule(b.Context(), install, dir); errors.Is(err, lab.ErrNoCompiler) {
		b.Skipf("skipped: %v", err)
	} else {
		require.NoError(b, err)
	}
	built, err := lab.BuildCTI(b.Context())
	require.NoError(b, err)
	options.ModuleDirs = []string{dir, built}
	options.Settings = []lab.Setting{{Name: "tcp-listen"}, {Name: "http-listen"}, {Name: "durability", Value: "full"}}
	s, err := lab.Start(b.Context(), install, options)
	require.NoError(b, err)
	b.Cleanup(s.Kill)
	sipp, err := s.Phones(b.Context(), sippScenarios, "1001", phone)
	require.NoError(b, err)
	b.Cleanup(sipp.Stop)
	return s
}

// keepUp lets that many calls to another phone begin, which stay up as long as the switch runs.
func keepUp(b *testing.B, s *lab.Switch, calls int) {
	b.Helper()
	if calls == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	phone, err := s.Phones(ctx, sippScenarios, "1002", lab.Answers(50*time.Millisecond))
	require.NoError(b, err)
	b.Cleanup(phone.Stop)
	callers, err := s.Call(sippScenarios, lab.Caller{From: outsideNumber, To: "1002", Calls: calls, PerSecond: 20})
	require.NoError(b, err)
	b.Cleanup(callers.Stop)
	all := fmt.Sprintf("\n%d total.", calls)
	require.NoError(b, lab.Until(ctx, "the calls to be up", func() (bool, error) {
		reply, err := s.API(ctx, "show calls count")
		return reply == all, err
	}))
}

// serve lets that many calls happen and returns when the last has ended and the switch is quiet.
func serve(b *testing.B, s *lab.Switch, calls, perSecond int, talk time.Duration) {
	b.Helper()
	serveBeside(b, s, 0, calls, perSecond, talk)
}

// serveBeside does so beside calls that are up and stay.
func serveBeside(b *testing.B, s *lab.Switch, up, calls, perSecond int, talk time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Duration(calls/perSecond)*time.Second+time.Minute)
	defer cancel()
	sipp, err := s.Call(sippScenarios, lab.Caller{
		From: outsideNumber, To: "1001", Talk: talk, Calls: calls, PerSecond: perSecond,
	})
	require.NoError(b, err)
	b.Cleanup(sipp.Stop)
	err = sipp.Wait(ctx)
	require.NoError(b, s.Died())
	require.NoError(b, err, "the end of the switch's log:\n%s", s.LogTail(40))
	left := fmt.Sprintf("\n%d total.", 2*up)
	require.NoError(b, lab.Until(ctx, "the switch to be quiet", func() (bool, error) {
		reply, err := s.API(ctx, "show channels count")
		return reply == left, err
	}))
}

func socketOf(s *lab.Switch) string { return filepath.Join(s.Dir, "run", "cti.sock") }
