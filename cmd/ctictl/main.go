// Command ctictl is a client of the CTI engine for people and for scripts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"modcti/cmd/internal/client"
	"modcti/cmd/internal/ladder"
)

const usage = `ctictl talks to the CTI engine inside FreeSWITCH (mod_cti), or to ctisim.

Usage:
  ctictl [flags] follow            events as they happen, one line each; ctrl-C ends it
  ctictl [flags] query CALLID      one live call and its parties; the beginning of an id will do
  ctictl [flags] status            the engine, this client's rights, and the live calls

Flags, before or after the command:
  -unix PATH        the engine's unix socket; without -unix and -tcp the usual places are tried
  -tcp HOST:PORT    the engine's TCP address (tcp-listen), instead of the socket
  -tls              the TCP door speaks TLS
  -ca FILE          authority of the server's certificate (PEM); implies -tls
  -token-file FILE  file that holds the token to enter with
  -dn LIST          follow: only these numbers, separated by commas
  -profile NAME     basic or full events (default full)
  -json             JSON for programs: one object a line, as the engine sent it
  -color WHEN       auto, always or never (default auto: on a terminal, unless NO_COLOR is set)
  -timeout TIME     query, status: how long to wait for the answer (default 5s)

Exit status: 0 done, 1 it failed or was refused, 2 wrong usage.
`

// exit codes
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	o, words, err := parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitOK
	}
	if err == nil {
		err = act(ctx, o, words, out)
	}
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong):
		fmt.Fprintf(errs, "ctictl: %v\nctictl -h tells how to use it.\n", err)
		return exitUsage
	}
	fmt.Fprintln(errs, "ctictl:", ladder.Clean(err.Error()))
	return exitFailed
}

func act(ctx context.Context, o *options, words []string, out io.Writer) error {
	commands := map[string]struct {
		arguments int
		do        func(*session, []string) error
	}{
		"follow": {0, (*session).follow}, "query": {1, (*session).query}, "status": {0, (*session).status},
	}
	if len(words) == 0 {
		return usageError{errors.New("a command is missing: follow, query or status")}
	}
	command, known := commands[words[0]]
	switch {
	case !known:
		return usageError{fmt.Errorf("%q is no command; there are follow, query and status", words[0])}
	case len(words)-1 < command.arguments:
		return usageError{fmt.Errorf("%s needs a call's id", words[0])}
	case len(words)-1 > command.arguments:
		return usageError{fmt.Errorf("%s takes no %q", words[0], words[command.arguments+1])}
	case len(o.dns) > 0 && words[0] != "follow":
		return usageError{errors.New("-dn is for follow")}
	}
	s, err := connect(ctx, o, out)
	if err != nil {
		return err
	}
	defer s.close()
	err = command.do(s, words[1:])
	if ctx.Err() != nil {
		return nil // interrupted: that is how follow ends
	}
	return err
}

type options struct {
	client  client.Options
	dns     []string
	json    bool
	color   string
	timeout durationFlag
}

// parse takes flags before and after the words of the command.
func parse(arguments []string) (*options, []string, error) {
	o := &options{}
	var tokenFile, dns string
	flags := flag.NewFlagSet("ctictl", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.client.Unix, "unix", "", "")
	flags.StringVar(&o.client.TCP, "tcp", "", "")
	flags.BoolVar(&o.client.TLS, "tls", false, "")
	flags.StringVar(&o.client.CA, "ca", "", "")
	flags.StringVar(&tokenFile, "token-file", "", "")
	flags.StringVar(&dns, "dn", "", "")
	flags.StringVar(&o.client.Profile, "profile", "full", "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.StringVar(&o.color, "color", "auto", "")
	flags.Var(&o.timeout, "timeout", "")
	var words []string
	for rest := arguments; ; {
		if err := flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, nil, err
			}
			return nil, nil, usageError{err}
		}
		if rest = flags.Args(); len(rest) == 0 {
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	return o, words, o.check(tokenFile, dns)
}

func (o *options) check(tokenFile, dns string) error {
	switch {
	case o.client.Unix != "" && o.client.TCP != "":
		return usageError{errors.New("-unix and -tcp exclude each other")}
	case o.client.TCP == "" && (o.client.TLS || o.client.CA != ""):
		return usageError{errors.New("-tls and -ca go with -tcp")}
	case o.client.Profile != "basic" && o.client.Profile != "full":
		return usageError{fmt.Errorf("-profile %s: there are basic and full", o.client.Profile)}
	case o.color != "auto" && o.color != "always" && o.color != "never":
		return usageError{fmt.Errorf("-color %s: there are auto, always and never", o.color)}
	}
	for dn := range strings.SplitSeq(dns, ",") {
		if dn = strings.TrimSpace(dn); dn != "" {
			o.dns = append(o.dns, dn)
		}
	}
	if dns != "" && len(o.dns) == 0 {
		return usageError{errors.New("-dn names no number")}
	}
	if tokenFile == "" {
		return nil
	}
	var err error
	o.client.Token, err = client.ReadToken(tokenFile)
	return err
}
