package ladder

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"modcti/engine"
)

// queueNumbers and queueWords are the settings of a queue by their word in a scene.
func queueNumbers(q *engine.QueueConfig) map[string]*int64 {
	return map[string]*int64{
		"ring": &q.RingMillis, "progress": &q.ProgressMillis, "wrapUp": &q.WrapUpMillis, "lastSeat": &q.LastSeatMillis,
		"priority": &q.PriorityMillis, "maxWait": &q.MaxWaitMillis, "nobodyOn": &q.NobodyOnMillis, "resume": &q.ResumeMillis,
		"callbackExpires": &q.CallbackMillis, "announceEvery": &q.AnnounceMillis,
	}
}

func queueWords(q *engine.QueueConfig) map[string]*bool {
	return map[string]*bool{
		"untimed": &q.WrapUpUntimed, "skip-empty": &q.SkipEmptyLevels, "since-call": &q.SinceCall, "nobody-ready": &q.NobodyReady,
		"position": &q.AnnouncePosition, "wait": &q.AnnounceWait,
	}
}

func queueTexts(q *engine.QueueConfig) map[string]*string {
	return map[string]*string{
		"name": &q.Name, "exitKeys": &q.ExitKeys, "callbackKey": &q.CallbackKey, "music": &q.Music, "welcome": &q.Welcome,
		"announce": &q.Announce, "record": &q.RecordTemplate,
	}
}

// queue reads "8001 strategy=ring-all wrapUp=5000 untimed levels=0,5000 overflow=timeout:queue:8002 blacklist=139 closed
// missedTo=number:1009,queue:8002,release".
// closes and opens are when it does for a while, in ms.
func (s *Scene) queue(words []string) (err error) {
	q := engine.QueueConfig{ID: words[0]}
	numbers, flags, texts := queueNumbers(&q), queueWords(&q), queueTexts(&q)
	for _, word := range words[1:] {
		key, value, valued := strings.Cut(word, "=")
		known := true
		switch {
		case !valued && key == "closed":
			s.Closed = append(s.Closed, q.ID)
		case key == "closes":
			s.Closes[q.ID], err = strconv.ParseInt(value, 10, 64)
		case key == "opens":
			s.Opens[q.ID], err = strconv.ParseInt(value, 10, 64)
		case !valued && flags[key] != nil:
			*flags[key] = true
		case numbers[key] != nil:
			*numbers[key], err = strconv.ParseInt(value, 10, 64)
		case texts[key] != nil:
			*texts[key] = value
		case key == "strategy":
			q.Strategy, known = engine.StrategyNamed(value)
		case key == "maxLength":
			q.MaxLength, err = strconv.Atoi(value)
		case key == "levels":
			err = readLevels(&q, value)
		case key == "missedTo":
			q.MissedOverflow = readTargets(value)
		case key == "blacklist":
			q.Blacklist = strings.Split(value, ",")
		case key == "overflow":
			parts := append(strings.SplitN(value, ":", 3), "", "")
			q.Overflow = append(q.Overflow, engine.Overflow{
				When: engine.OverflowWhen(parts[0]), Kind: engine.OverflowKind(parts[1]), To: parts[2],
			})
		default:
			known = false
		}
		if err != nil || !known {
			return fmt.Errorf("queue %s: %q says nothing", q.ID, word)
		}
	}
	s.Directory.Queues = append(s.Directory.Queues, q)
	return nil
}

func readLevels(q *engine.QueueConfig, value string) (err error) {
	for i, text := range strings.Split(value, ",") {
		if i < engine.LevelMax && err == nil {
			q.LevelAfter[i], err = strconv.ParseInt(text, 10, 64)
		}
	}
	return err
}

func readTargets(value string) (list []engine.Target) {
	for _, text := range strings.Split(value, ",") {
		kind, to, _ := strings.Cut(text, ":")
		list = append(list, engine.Target{Kind: engine.OverflowKind(kind), To: to})
	}
	return list
}

func agentNumbers(a *engine.AgentConfig) map[string]*int64 {
	return map[string]*int64{
		"wrapUp": &a.WrapUpMillis, "ring": &a.RingMillis, "afterMissed": &a.AfterMissed, "afterReject": &a.AfterReject,
		"afterBusy": &a.AfterBusy, "afterUnreached": &a.AfterUnreached, "idleLogout": &a.IdleLogout, "manual": &a.ManualMillis,
	}
}

func agentPolicies(a *engine.AgentConfig) map[string]*engine.MissedPolicy {
	return map[string]*engine.MissedPolicy{
		"missed": &a.MissedPolicy, "rejected": &a.RejectPolicy, "busy": &a.BusyPolicy, "unreached": &a.UnreachedPolicy,
		"direct": &a.DirectPolicy,
	}
}

// agent reads "1001 queues=8001:1:2,8002 wrapUp=5000 missed=not-ready mobile=138 mobileAccept=offline ready": who is at
// work with the first input unless he is not. His uuid is agent1001, his work number w1001; of a queue stand the level and
// the position after it.
func (s *Scene) agent(words []string) (err error) {
	a := engine.AgentConfig{UUID: "agent" + words[0], ID: "w" + words[0], DN: words[0], WrapUpMillis: -1}
	numbers, policies := agentNumbers(&a), agentPolicies(&a)
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		at := 0
		switch {
		case key == "ready":
			a.LoginAtStart = true
		case key == "nailed":
			a.NailedUp = true
		case key == "untimed":
			a.WrapUpUntimed = true
		case key == "manualReady":
			a.ManualToReady = true
		case key == "missedTo":
			a.MissedOverflow = readTargets(value)
		case key == "queues":
			err = s.tiers(a.UUID, value)
		case key == "mobile":
			a.Mobile = value
		case key == "mobileAccept":
			at = slices.Index([]string{"never", "offline", "always"}, value)
			a.MobileAccept = engine.MobileAccept(max(at, 0))
		case key == "deviceLost":
			at = slices.Index([]string{"keep", "logout"}, value)
			a.DeviceLost = engine.DevicePolicy(max(at, 0))
		case key == "duplicate":
			at = slices.Index([]string{"refuse", "replace"}, value)
			a.DuplicatePolicy = engine.DuplicatePolicy(max(at, 0))
		case policies[key] != nil:
			at = slices.Index([]string{"none", "not-ready", "logout"}, value)
			*policies[key] = engine.MissedPolicy(max(at, 0))
		case numbers[key] != nil:
			*numbers[key], err = strconv.ParseInt(value, 10, 64)
		case key == "maxCalls":
			a.MaxCalls, err = strconv.Atoi(value)
		case key == "missedMax":
			a.MissedMax, err = strconv.Atoi(value)
		default:
			at = -1
		}
		if err != nil || at < 0 {
			return fmt.Errorf("agent %s: %q says nothing", words[0], word)
		}
	}
	s.Directory.Agents = append(s.Directory.Agents, a)
	return nil
}

func (s *Scene) tiers(uuid, value string) (err error) {
	for _, place := range strings.Split(value, ",") {
		parts := append(strings.Split(place, ":"), "", "")
		t := engine.TierConfig{AgentUUID: uuid, QueueID: parts[0]}
		for i, number := range []*int{&t.Level, &t.Position} {
			if text := parts[i+1]; text != "" && err == nil {
				*number, err = strconv.Atoi(text)
			}
		}
		s.Directory.Tiers = append(s.Directory.Tiers, t)
	}
	return err
}

// directory is the scene's; the engine keeps what it is given.
func (s *Scene) directory() *engine.Directory {
	d := s.Directory
	d.Agents, d.Queues, d.Tiers = slices.Clone(d.Agents), slices.Clone(d.Queues), slices.Clone(d.Tiers)
	return &d
}

// recordText tells of a record what no event tells: why a phone is called, and how offers and stays end.
func (r *Run) recordText(rec *engine.Record) string {
	switch rec.Kind {
	case engine.PartyState:
		s := rec.State
		return fmt.Sprintf("  party %s: %s at %s (%s)", r.name(s.PartyID), s.State, relative(s.AtMillis), s.Clause)
	case engine.OfferMade:
		o := rec.Offer
		return fmt.Sprintf("  offer %s of %s to %s at %s: %s; %d free", r.name(o.PartyID), o.QueueID, o.AgentUUID,
			relative(o.AtMillis), o.Reason, o.CandidateCount)
	case engine.OfferEnded:
		o := rec.Offer
		return fmt.Sprintf("  offer %s to %s: %s", r.name(o.PartyID), o.AgentUUID, o.Outcome)
	case engine.QueueLeft:
		q := rec.Queue
		return strings.TrimRight(fmt.Sprintf("  stay %s in %s since %s: %s %s", r.name(q.PartyID), q.QueueID,
			relative(q.SinceMillis), q.Outcome, q.AgentUUID), " ")
	}
	return ""
}

func (s *Scene) queueOpen(id string, wallMicros int64) bool {
	at := (wallMicros - StartWall) / 1000
	closes, does := s.Closes[id]
	return !slices.Contains(s.Closed, id) && !(does && at >= closes && at < s.Opens[id])
}
