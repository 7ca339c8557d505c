package bench_test

import (
	"context"
	"errors"
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

// serve lets that many calls happen and returns when the last has ended and the switch is quiet.
func serve(b *testing.B, s *lab.Switch, calls, perSecond int, talk time.Duration) {
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
	require.NoError(b, lab.Until(ctx, "the switch to be quiet", func() (bool, error) {
		reply, err := s.API(ctx, "show channels count")
		return reply == "\n0 total.", err
	}))
}

func socketOf(s *lab.Switch) string { return filepath.Join(s.Dir, "run", "cti.sock") }
