// Command ctirun shows the product at work, and is what `make run` starts. With a FreeSWITCH on the machine it builds
// the module and runs it in a private switch on loopback, with a second switch as phones and callers; without one it
// runs the simulator. Either way calls happen and their events scroll by until ctrl-C.
//
// It is started from the root of the repository. Everything that it starts ends with it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"modcti/tests/fs/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "ctirun:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	install, err := lab.Find()
	if errors.Is(err, lab.ErrNoSwitch) {
		say("%v. So the simulator plays the switch: go run ./cmd/ctisim -follow", err)
		return command(ctx, "go", "run", "./cmd/ctisim", "-follow").Run()
	}
	if err != nil {
		return err
	}
	say("FreeSWITCH is %s. So the module is built and runs in a private instance of it on loopback.", install.Binary)
	if err := command(ctx, "./build.sh").Run(); err != nil {
		return fmt.Errorf("./build.sh: %w", err)
	}
	return show(ctx, install)
}

// show runs the two switches, lets them call each other and follows the events.
func show(ctx context.Context, install lab.Install) error {
	world, err := lab.Start(ctx, install, lab.Options{World: true})
	if err != nil {
		return fmt.Errorf("the switch that plays phones and callers: %w", err)
	}
	defer world.Kill()
	sample, err := sampleConfig(world.SIPPort())
	if err != nil {
		return err
	}
	s, err := lab.Start(ctx, install, lab.Options{
		ModuleDirs: []string{lab.ModuleDir}, Modules: []string{"mod_cti"}, Sample: sample, PhonesAt: world.SIPPort(),
	})
	if err != nil {
		return fmt.Errorf("the switch with the module: %w", err)
	}
	defer stopSwitch(s)
	ctl := s.Path("temp", "ctictl")
	if err := command(ctx, "go", "build", "-o", ctl, "./cmd/ctictl").Run(); err != nil {
		return fmt.Errorf("go build ./cmd/ctictl: %w", err)
	}
	socket := s.Path("run", "cti.sock")
	known, forget := makeKnown(socket)
	defer forget()
	say("Ready: events on %s, log in %s. Ctrl-C ends it all.", known, s.Path("log", "freeswitch.log"))

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	acting := make(chan error, 1)
	go func() {
		defer cancel()
		acting <- act(ctx, world, s.SIPPort())
	}()
	followErr := command(ctx, ctl, "-unix", socket, "follow").Run()
	cancel()
	return errors.Join(<-acting, followErr)
}

// knownSocket is where README.md has a client look for the engine, whichever switch plays.
const knownSocket = "build/run/cti.sock"

// makeKnown lets clients find a socket at the known place, unless another engine is there. forget undoes it.
func makeKnown(socket string) (path string, forget func()) {
	if conn, err := net.Dial("unix", knownSocket); err == nil {
		_ = conn.Close()
		say("%s is the socket of another engine.", knownSocket)
		return socket, func() {}
	}
	_ = os.Remove(knownSocket) // what an engine left that is no more
	if err := errors.Join(os.MkdirAll(filepath.Dir(knownSocket), 0o700), os.Symlink(socket, knownSocket)); err != nil {
		say("%v", err)
		return socket, func() {}
	}
	return knownSocket, func() { _ = os.Remove(knownSocket) }
}

// sampleConfig is the configuration that is shipped with the module, with a rule for the outside numbers that people
// have who are behind a SIP port. Where another program listens on one of its ports a free one takes its place: the
// module would refuse to start.
func sampleConfig(people int) ([]byte, error) {
	sample, err := os.ReadFile(lab.SampleConfig)
	for _, address := range regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAll(sample, -1) {
		taken, err := net.Listen("tcp4", string(address))
		if err == nil {
			_ = taken.Close()
			continue
		}
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_ = free.Close()
		say("%s is taken by another program; %s is used instead.", address, free.Addr())
		sample = bytes.ReplaceAll(sample, address, []byte(free.Addr().String()))
	}
	return bytes.Replace(sample, []byte("<dial-plan>\n"), fmt.Appendf(nil,
		"<dial-plan>\n    <rule pattern=\"^1[3-9]\\d{9}$\" leg=\"sofia/internal/$0@127.0.0.1:%d\"/>\n", people), 1), err
}

// stopSwitch lets the module write what it has, and ends the switch without waiting for the rest of it.
func stopSwitch(s *lab.Switch) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.Running() {
		_, _ = s.API(ctx, "unload mod_cti")
	}
	s.Kill()
}

// command runs on this terminal and is interrupted, as ctrl-C does, when ctx ends.
func command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func say(format string, values ...any) { fmt.Printf("make run: "+format+"\n", values...) }
