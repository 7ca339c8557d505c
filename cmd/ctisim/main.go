// Command ctisim is the CTI engine with a simulated switch: for trying it without FreeSWITCH, and for playing
// recordings of a real switch into it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"modcti/cmd/internal/ladder"
	"modcti/sim"
)

const usage = `ctisim runs the CTI engine with a switch that is simulated, or plays recordings of a real one into it.

Usage:
  ctisim [flags]                             calls happen in real time; clients may connect
  ctisim -replay [-profile NAME] FILE...     recordings: the events and then the CDR that each leads to, as JSON

Flags of a simulation:
  -unix PATH        unix socket to listen on (default RUN/cti.sock; "" = off)
  -tcp HOST:PORT    TCP address to listen on, with a token (default off)
  -token-file FILE  the token that TCP clients must show (default: one is made and printed)
  -data DIR         directory of the CDRs (default RUN/ctisim)
  -rate N           calls a second, on average (default 0.4)
  -seed N           what happens by chance; the same seed gives the same calls (default 1)
  -calls N          end after so many calls (default 0 = go on)
  -duration TIME    end after this time, such as 30s (default 0 = go on)
  -agents LIST      extensions, such as 1001-1006,2001 (default 1001-1006)
  -requests         agents also hold, consult, transfer, confer and watch each other by CTI requests
                    (default true)
  -follow           print the events; -follow=false does not (default: when the output is a terminal)
  -v                log what the engine and the doors do, to the error output

RUN is build/run inside a checkout of mod_cti, else a new temporary directory that is removed at the end.

Flags of a replay:
  -profile NAME     basic or full events (default basic)

A recording is a file NAME.jsonl of the event socket, NAME.hooks.jsonl of hooks in the switch, or both, each perhaps
with .gz; the two are paired by name, and by their channels if two files alone are given. Several recordings are told
apart by {"scenario":NAME} lines.

Exit status: 0 done, 1 it failed, 2 wrong usage or a file that is no recording.
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

// usageError is a command line, or a file, that cannot be used.
type usageError struct{ error }

func run(ctx context.Context, arguments []string, out, errs io.Writer) int {
	o, err := parse(arguments, ladder.IsTerminal(out))
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitOK
	}
	if err == nil {
		if o.replay {
			err = replay(o.files, o.profile, out)
		} else {
			err = simulate(ctx, o, out, errs)
		}
	}
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong):
		fmt.Fprintf(errs, "ctisim: %v\nctisim -h tells how to use it.\n", err)
		return exitUsage
	}
	fmt.Fprintln(errs, "ctisim:", err)
	return exitFailed
}

type options struct {
	unix, tcp, tokenFile, data string
	unixSet                    bool
	rate                       float64
	seed                       uint64
	calls                      int
	duration                   time.Duration
	agents                     []string
	follow, verbose, replay    bool
	requests                   bool
	profile                    string
	files                      []string

	tempo sim.Tempo
	mix   []sim.Share
}

// onlyReplay and onlySimulation are the flags that make sense in one of the two uses.
var onlyReplay = map[string]bool{"replay": true, "profile": true}

func parse(arguments []string, terminal bool) (*options, error) {
	o := &options{tempo: sim.Tempo{Ring: 2 * time.Second, Talk: 6 * time.Second}, mix: mix}
	var agents string
	flags := flag.NewFlagSet("ctisim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.unix, "unix", "", "")
	flags.StringVar(&o.tcp, "tcp", "", "")
	flags.StringVar(&o.tokenFile, "token-file", "", "")
	flags.StringVar(&o.data, "data", "", "")
	flags.Float64Var(&o.rate, "rate", 0.4, "")
	flags.Uint64Var(&o.seed, "seed", 1, "")
	flags.IntVar(&o.calls, "calls", 0, "")
	flags.DurationVar(&o.duration, "duration", 0, "")
	flags.StringVar(&agents, "agents", "1001-1006", "")
	flags.BoolVar(&o.follow, "follow", terminal, "")
	flags.BoolVar(&o.requests, "requests", true, "")
	flags.BoolVar(&o.verbose, "v", false, "")
	flags.BoolVar(&o.replay, "replay", false, "")
	flags.StringVar(&o.profile, "profile", "basic", "")
	for rest := arguments; ; {
		if err := flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err}
		}
		if rest = flags.Args(); len(rest) == 0 {
			break
		}
		o.files, rest = append(o.files, rest[0]), rest[1:]
	}
	var misplaced []string
	flags.Visit(func(f *flag.Flag) {
		o.unixSet = o.unixSet || f.Name == "unix"
		if onlyReplay[f.Name] != o.replay {
			misplaced = append(misplaced, "-"+f.Name)
		}
	})
	var err error
	if o.agents, err = numbers(agents); err != nil {
		return nil, usageError{err}
	}
	return o, o.check(misplaced)
}

func (o *options) check(misplaced []string) error {
	var problem string
	switch {
	case len(misplaced) > 0 && o.replay:
		problem = strings.Join(misplaced, ", ") + ": not with -replay"
	case len(misplaced) > 0:
		problem = strings.Join(misplaced, ", ") + ": only with -replay"
	case o.replay && len(o.files) == 0:
		problem = "-replay needs at least one file"
	case !o.replay && len(o.files) > 0:
		problem = fmt.Sprintf("%q: files go with -replay", o.files[0])
	case o.profile != "basic" && o.profile != "full":
		problem = fmt.Sprintf("-profile %s: there are basic and full", o.profile)
	case !(o.rate > 0 && o.rate <= 1000):
		problem = "-rate must be above 0 and at most 1000"
	case o.calls < 0:
		problem = "-calls must not be negative"
	case o.duration < 0:
		problem = "-duration must not be negative"
	case o.tokenFile != "" && o.tcp == "":
		problem = "-token-file goes with -tcp"
	case o.follow && o.unixSet && o.unix == "":
		problem = "-follow needs the unix socket: do not switch it off"
	default:
		return nil
	}
	return usageError{errors.New(problem)}
}

var (
	extension  = regexp.MustCompile(`^[0-9]{3,6}$`)
	agentRange = regexp.MustCompile(`^([0-9]{3,6})-([0-9]{3,6})$`)
)

const agentsMax = 10_000

// numbers reads a list of extensions and ranges of them.
func numbers(list string) (out []string, err error) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		bounds := agentRange.FindStringSubmatch(word)
		switch {
		case extension.MatchString(word):
			out = append(out, word)
		case bounds != nil && len(bounds[1]) == len(bounds[2]):
			first, _ := strconv.Atoi(bounds[1])
			last, _ := strconv.Atoi(bounds[2])
			if last < first || last-first >= agentsMax {
				return nil, fmt.Errorf("-agents %s: not a range of at most %d extensions", word, agentsMax)
			}
			for n := first; n <= last; n++ {
				out = append(out, fmt.Sprintf("%0*d", len(bounds[1]), n))
			}
		default:
			return nil, fmt.Errorf("-agents %q: an extension has three to six digits", word)
		}
	}
	return out, nil
}
