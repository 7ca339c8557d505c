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
  ctictl [flags] agents            who works here, and what each does
  ctictl [flags] queues            the queues: who waits, and what the staff does
  ctictl [flags] request NAME [FIELD=VALUE ...]
                                   any request of the protocol; its thisDN is registered first
  ctictl [flags] call FROM TO      the phone of FROM rings, then TO is called
  ctictl [flags] answer DN         the ringing phone of DN picks up
  ctictl [flags] hangup DN         DN leaves its call
  ctictl [flags] hold DN           DN puts the other on hold
  ctictl [flags] retrieve DN       and takes him off hold
  ctictl [flags] transfer DN TO    DN leaves; whom it talked to is connected with TO
  ctictl [flags] token [company=ID] [dns=LIST] [rights=LIST]
                                   a new token for the TCP door: the line for <tokens> of cti.conf.xml, and the token,
                                   which goes into -token-file if one is named (default dns=* rights=observe; rights
                                   are observe, control, supervise, admin)

Those from request to transfer print the event that answers, and take FIELD=VALUE too: callID=... where DN is in several calls. NAME goes
with or without Request in front. VALUE is JSON where it is an object, a list, true, false, null or a quoted string, a
number where the field is one, else a text: ctictl request UpdateAttachedData thisDN=1001 'attachedData={"order":"7"}'

Flags, before or after the command:
  -unix PATH        the engine's unix socket; without -unix and -tcp the usual places are tried
  -tcp HOST:PORT    the engine's TCP address (tcp-listen), instead of the socket
  -tls              the TCP door speaks TLS
  -ca FILE          authority of the server's certificate (PEM); implies -tls
  -token-file FILE  file that holds the token to enter with; token: a new file to put it into
  -dn LIST          follow: only these numbers, separated by commas
  -follow           request and the like: go on with the events of thisDN; ctrl-C ends it
  -profile NAME     basic or full events (default full)
  -json             JSON for programs: one object a line, as the engine sent it
  -color WHEN       auto, always or never (default auto: on a terminal, unless NO_COLOR is set)
  -timeout TIME     all but follow: how long to wait for the answer (default 5s)

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

// command is what the first word says to do.
type command struct {
	arguments []string // what must follow, in words
	request   string   // the words of `request` that it stands for, with $1 and $2 for its arguments; empty = it is none
	do        func(*session, []string) error
	alone     func([]string, *options, io.Writer) error // needs no engine
}

var commands = map[string]command{
	"follow":   {do: (*session).follow},
	"query":    {arguments: []string{"a call's id"}, do: (*session).query},
	"status":   {do: (*session).status},
	"agents":   {do: (*session).agents},
	"queues":   {do: (*session).queues},
	"request":  {arguments: []string{"a request's name"}, request: "$1"},
	"call":     {arguments: []string{"who calls", "whom"}, request: "MakeCall thisDN=$1 otherDN=$2"},
	"answer":   {arguments: []string{"a number"}, request: "AnswerCall thisDN=$1"},
	"hangup":   {arguments: []string{"a number"}, request: "ReleaseCall thisDN=$1"},
	"hold":     {arguments: []string{"a number"}, request: "HoldCall thisDN=$1"},
	"retrieve": {arguments: []string{"a number"}, request: "RetrieveCall thisDN=$1"},
	"transfer": {arguments: []string{"who leaves", "to whom"}, request: "SingleStepTransfer thisDN=$1 otherDN=$2"},
	"token":    {alone: makeToken},
}

func act(ctx context.Context, o *options, words []string, out io.Writer) error {
	if len(words) == 0 {
		return usageError{errors.New("a command is missing")}
	}
	command, known := commands[words[0]]
	name, words, needed := words[0], words[1:], len(command.arguments)
	switch {
	case !known:
		return usageError{fmt.Errorf("%q is no command", name)}
	case len(words) < needed:
		return usageError{fmt.Errorf("%s needs %s", name, strings.Join(command.arguments[len(words):], " and "))}
	case len(words) > needed && command.request == "" && command.alone == nil:
		return usageError{fmt.Errorf("%s takes no %q", name, words[needed])}
	case len(o.dns) > 0 && name != "follow":
		return usageError{errors.New("-dn is for follow")}
	case o.follow && command.request == "":
		return usageError{errors.New("-follow is for requests")}
	case command.alone != nil:
		return command.alone(words, o, out)
	}
	if command.request != "" {
		request, err := newRequest(command.request, words[:needed], words[needed:])
		if err != nil {
			return usageError{err}
		}
		command.do = func(s *session, _ []string) error { return s.request(request) }
	}
	s, err := connect(ctx, o, out)
	if err != nil {
		return err
	}
	defer s.close()
	err = command.do(s, words)
	if ctx.Err() != nil {
		return nil // interrupted: that is how follow ends
	}
	return err
}

type options struct {
	client    client.Options
	tokenFile string
	dns       []string
	follow    bool
	json      bool
	color     string
	timeout   durationFlag
}

// parse takes flags before and after the words of the command.
func parse(arguments []string) (*options, []string, error) {
	o := &options{}
	var dns string
	flags := flag.NewFlagSet("ctictl", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.client.Unix, "unix", "", "")
	flags.StringVar(&o.client.TCP, "tcp", "", "")
	flags.BoolVar(&o.client.TLS, "tls", false, "")
	flags.StringVar(&o.client.CA, "ca", "", "")
	flags.StringVar(&o.tokenFile, "token-file", "", "")
	flags.StringVar(&dns, "dn", "", "")
	flags.StringVar(&o.client.Profile, "profile", "full", "")
	flags.BoolVar(&o.follow, "follow", false, "")
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
	return o, words, o.check(dns)
}

func (o *options) check(dns string) error {
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
	return nil
}
