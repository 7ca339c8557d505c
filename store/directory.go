package store

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// Directory is who works in the call center and for what, as the store keeps it: the engine's part of it, and what is
// evaluated outside of the engine.
type Directory struct {
	Agents []engine.AgentConfig
	Queues []Queue
	Tiers  []engine.TierConfig
}

// Queue is one skill group.
type Queue struct {
	engine.QueueConfig
	Schedule
}

// Words are the names that the store and the configuration give to values.
type Words[T ~uint8] []string

// Find gives the value of a name.
func (w Words[T]) Find(name string) (T, bool) {
	at := slices.Index(w, name)
	return T(max(at, 0)), at >= 0
}

// Name gives the name of a value; "" for one that has none.
func (w Words[T]) Name(value T) string {
	if int(value) < len(w) {
		return w[value]
	}
	return ""
}

// The names of the values that AgentConfig speaks of, in their order.
var (
	MobileAcceptWords    = Words[engine.MobileAccept]{"never", "offline", "always"}
	MissedPolicyWords    = Words[engine.MissedPolicy]{"none", "not-ready", "logout"}
	DevicePolicyWords    = Words[engine.DevicePolicy]{"stay", "logout"}
	DuplicatePolicyWords = Words[engine.DuplicatePolicy]{"refuse", "replace"}
	StrategyWords        = strategyWords()
)

func strategyWords() (words Words[engine.Strategy]) {
	for s := range engine.StrategyCount {
		words = append(words, s.String())
	}
	return words
}

// OverflowWhens and OverflowKinds are what an overflow may say.
var (
	OverflowWhens = []engine.OverflowWhen{
		engine.WhenTimeout, engine.WhenFull, engine.WhenNobodyOn, engine.WhenNobodyReady, engine.WhenKey, engine.WhenClosed,
		engine.WhenBlacklisted,
	}
	OverflowKinds = []engine.OverflowKind{
		engine.ToDialplan, engine.ToQueue, engine.ToNumber, engine.ToVoicemail, engine.ToHangup,
	}
)

// targetKinds are what a target of a call that is not taken may be. targetsMax bounds a list of them.
var targetKinds = []engine.OverflowKind{
	engine.ToRecall, engine.ToRelease, engine.ToQueue, engine.ToNumber, engine.ToVoicemail,
}

const targetsMax = 16

// ParseTargets reads a list such as "queue 8002, number 0123, release".
func ParseTargets(text string) (list []engine.Target, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for _, one := range strings.Split(text, ",") {
		words := strings.Fields(one)
		if len(words) == 0 || len(words) > 2 {
			return nil, fmt.Errorf("target %q: want one of %s, and which", strings.TrimSpace(one), join(targetKinds))
		}
		list = append(list, engine.Target{Kind: engine.OverflowKind(words[0]), To: strings.Join(words[1:], "")})
	}
	return list, CheckTargets(list)
}

// TargetsText writes a list as ParseTargets reads it.
func TargetsText(list []engine.Target) string {
	words := make([]string, 0, len(list))
	for _, t := range list {
		words = append(words, strings.TrimSpace(string(t.Kind)+" "+t.To))
	}
	return strings.Join(words, ", ")
}

// CheckTargets says what is wrong with a list of where callers go whose call is not taken.
func CheckTargets(list []engine.Target) error {
	if len(list) > targetsMax {
		return fmt.Errorf("%d targets: want at most %d", len(list), targetsMax)
	}
	for i, t := range list {
		aimless := t.Kind == engine.ToRecall || t.Kind == engine.ToRelease
		switch {
		case !slices.Contains(targetKinds, t.Kind):
			return fmt.Errorf("target %q: want one of %s", t.Kind, join(targetKinds))
		case aimless && t.To != "":
			return fmt.Errorf("target %q has no use for %q", t.Kind, t.To)
		case !aimless && !IsID(t.To):
			return fmt.Errorf("target %s %q: name the %s", t.Kind, t.To, t.Kind)
		case t.Kind == engine.ToRelease && i+1 < len(list):
			return errors.New("nothing comes after release")
		}
	}
	return nil
}

// Engine is the engine's part of the directory, which is the engine's to keep.
func (d *Directory) Engine() *engine.Directory {
	made := &engine.Directory{Agents: slices.Clone(d.Agents), Tiers: slices.Clone(d.Tiers)}
	for i := range made.Agents {
		made.Agents[i].MissedOverflow = slices.Clone(made.Agents[i].MissedOverflow)
	}
	for i := range d.Queues {
		q := d.Queues[i].QueueConfig
		q.Overflow, q.Blacklist = slices.Clone(q.Overflow), slices.Clone(q.Blacklist)
		q.MissedOverflow = slices.Clone(q.MissedOverflow)
		made.Queues = append(made.Queues, q)
	}
	return made
}

// Empty tells that there is nobody and nothing.
func (d *Directory) Empty() bool { return len(d.Agents)+len(d.Queues)+len(d.Tiers) == 0 }

// ErrInvalid says that what was to be put into the directory cannot be.
var ErrInvalid = errors.New("invalid")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

var (
	idPattern     = regexp.MustCompile(`^[A-Za-z0-9@._+*#:-]{1,64}$`)
	dnPattern     = regexp.MustCompile(`^[A-Za-z0-9._+*#-]{0,64}$`)
	textMax       = 1024
	soundPattern  = regexp.MustCompile(`^[A-Za-z0-9 /_.+=@%(),;:-]{1,512}$`)
	streamPattern = regexp.MustCompile(`^(local|tone|silence)_stream://`)
	millisMax     = int64(366 * 24 * 3600 * 1000)
)

// IsID tells whether a text may name an agent or a queue.
func IsID(text string) bool { return idPattern.MatchString(text) }

// IsDN tells whether a text may be an agent's number; it may be empty.
func IsDN(text string) bool { return dnPattern.MatchString(text) }

// IsSound tells whether a text may name a prompt or music: a file, or a stream of the switch's own. Nothing that is fetched
// or run, and nothing in which variables hide. The module plays nothing else (cti_may_be_sound in fsmod/checks.c).
func IsSound(text string) bool {
	if !soundPattern.MatchString(text) {
		return false
	}
	return streamPattern.MatchString(text) || !strings.ContainsRune(text, ':') && !strings.Contains(text, "..")
}

// CheckAgent says what is wrong with an agent.
func CheckAgent(a *engine.AgentConfig) error {
	switch {
	case !IsID(a.UUID):
		return invalid("agent %q: an agent's uuid has 1 to 64 letters, digits or @._+*#:-", a.UUID)
	case a.ID != "" && !IsID(a.ID):
		return invalid("agent %s: id %q: want at most 64 letters, digits or @._+*#:-", a.UUID, a.ID)
	case !IsDN(a.DN), !IsDN(a.Mobile):
		return invalid("agent %s: number %q %q: want at most 64 letters, digits or ._+*#-", a.UUID, a.DN, a.Mobile)
	case len(a.Name) > textMax:
		return invalid("agent %s: the name is longer than %d bytes", a.UUID, textMax)
	case MobileAcceptWords.Name(a.MobileAccept) == "", MissedPolicyWords.Name(a.MissedPolicy) == "",
		MissedPolicyWords.Name(a.RejectPolicy) == "", MissedPolicyWords.Name(a.BusyPolicy) == "",
		MissedPolicyWords.Name(a.UnreachedPolicy) == "", MissedPolicyWords.Name(a.DirectPolicy) == "",
		DevicePolicyWords.Name(a.DeviceLost) == "", DuplicatePolicyWords.Name(a.DuplicatePolicy) == "":
		return invalid("agent %s: a policy is unknown", a.UUID)
	case a.MaxCalls < 0 || a.MissedMax < 0:
		return invalid("agent %s: a count is negative", a.UUID)
	}
	for _, millis := range []int64{a.AfterMissed, a.AfterReject, a.AfterBusy, a.AfterUnreached, a.IdleLogout,
		max(a.WrapUpMillis, 0), max(a.ManualMillis, 0), max(a.RingMillis, 0)} {
		if millis < 0 || millis > millisMax {
			return invalid("agent %s: a duration of %d ms", a.UUID, millis)
		}
	}
	if err := CheckTargets(a.MissedOverflow); err != nil {
		return invalid("agent %s: %v", a.UUID, err)
	}
	return nil
}

// CheckQueue says what is wrong with a queue.
func CheckQueue(q *Queue) error {
	switch {
	case !IsID(q.ID):
		return invalid("queue %q: a queue's id has 1 to 64 letters, digits or @._+*#:-", q.ID)
	case q.Strategy >= engine.StrategyCount:
		return invalid("queue %s: the strategy is unknown", q.ID)
	case q.MaxLength < 0:
		return invalid("queue %s: a count is negative", q.ID)
	case !events.AreKeys(q.ExitKeys) || !events.AreKeys(q.CallbackKey) || len(q.CallbackKey) > 1:
		return invalid("queue %s: keys %q %q: want digits, A to D, * or #", q.ID, q.ExitKeys, q.CallbackKey)
	}
	for _, sound := range []string{q.Music, q.Welcome, q.Announce} {
		if sound != "" && !IsSound(sound) {
			return invalid("queue %s: sound %q: want a file, or a local_stream, tone_stream or silence_stream", q.ID, sound)
		}
	}
	for _, text := range []string{q.Name, q.RecordTemplate} {
		if len(text) > textMax {
			return invalid("queue %s: a text is longer than %d bytes", q.ID, textMax)
		}
	}
	durations := append([]int64{q.RingMillis, q.ProgressMillis, q.WrapUpMillis, q.LastSeatMillis, q.PriorityMillis,
		q.MaxWaitMillis, q.NobodyOnMillis, q.ResumeMillis, q.CallbackMillis, q.AnnounceMillis}, q.LevelAfter[:]...)
	for _, millis := range durations {
		if millis < 0 || millis > millisMax {
			return invalid("queue %s: a duration of %d ms", q.ID, millis)
		}
	}
	for _, o := range q.Overflow {
		if err := CheckOverflow(&o); err != nil {
			return invalid("queue %s: %v", q.ID, err)
		}
	}
	if err := CheckTargets(q.MissedOverflow); err != nil {
		return invalid("queue %s: %v", q.ID, err)
	}
	if err := q.check(); err != nil {
		return invalid("queue %s: %v", q.ID, err)
	}
	return nil
}

// CheckOverflow says what is wrong with where callers go.
func CheckOverflow(o *engine.Overflow) error {
	aimless := o.Kind == engine.ToDialplan || o.Kind == engine.ToHangup
	switch {
	case !slices.Contains(OverflowWhens, o.When):
		return fmt.Errorf("overflow %q: want one of %s", o.When, join(OverflowWhens))
	case !slices.Contains(OverflowKinds, o.Kind):
		return fmt.Errorf("overflow to %q: want one of %s, or nothing for the dialplan", o.Kind, join(OverflowKinds[1:]))
	case aimless && o.To != "":
		return fmt.Errorf("overflow %q has a target, %q, that it has no use for", o.Kind, o.To)
	case !aimless && !IsID(o.To):
		return fmt.Errorf("overflow to %s %q: name the %s", o.Kind, o.To, o.Kind)
	}
	return nil
}

func join[T ~string](list []T) string {
	names := make([]string, 0, len(list))
	for _, name := range list {
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// CheckTier says what is wrong with an agent's place in a queue, but for whether both exist.
func CheckTier(t *engine.TierConfig) error {
	if t.Level < 0 || t.Level > engine.LevelMax {
		return invalid("tier of agent %s in queue %s: level %d: want 1 to %d", t.AgentUUID, t.QueueID, t.Level, engine.LevelMax)
	}
	if t.Position < 0 {
		return invalid("tier of agent %s in queue %s: position %d is negative", t.AgentUUID, t.QueueID, t.Position)
	}
	return nil
}
