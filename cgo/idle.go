package main

import (
	"cmp"
	"strings"

	"modcti/engine"
	"modcti/store"
)

// sayIdle says which settings have no effect, because another is missing or this version has no part for them: in one line
// each of the engine, of each queue and of each agent.
func (s *service) sayIdle(settings *Settings, d *store.Directory) {
	if idle := idleOfEngine(settings); len(idle) > 0 {
		s.log.Warn("settings without effect", "settings", strings.Join(idle, "; "))
	}
	for i := range d.Queues {
		if idle := append(idleOfQueue(&d.Queues[i]), nowhere(&d.Queues[i], d)...); len(idle) > 0 {
			s.log.Warn("settings without effect", "queue", d.Queues[i].ID, "settings", strings.Join(idle, "; "))
		}
	}
	for i := range d.Agents {
		if idle := idleOfAgent(&d.Agents[i]); len(idle) > 0 {
			s.log.Warn("settings without effect", "agent", cmp.Or(d.Agents[i].ID, d.Agents[i].UUID), "settings", strings.Join(idle, "; "))
		}
	}
}

// lacking is a setting, and whether it has no effect.
type lacking struct {
	idle bool
	what string
}

func whatIsIdle(list []lacking) (names []string) {
	for _, l := range list {
		if l.idle {
			names = append(names, l.what)
		}
	}
	return names
}

func idleOfEngine(s *Settings) []string {
	standard := defaultSettings()
	return whatIsIdle([]lacking{
		{s.HTTPListen != "" && s.HTTPListen != standard.HTTPListen, "http-listen: this version has no such door"},
		{s.JournalDays != standard.JournalDays, "journal-days: this version keeps no journal"},
		{s.JournalBytes != standard.JournalBytes, "journal-bytes: this version keeps no journal"},
	})
}

func idleOfQueue(q *store.Queue) []string {
	overflows := map[engine.OverflowWhen]bool{}
	for _, o := range q.Overflow {
		overflows[o.When] = true
	}
	announces := q.Announce != "" || q.AnnouncePosition || q.AnnounceWait
	levels := q.LevelAfter != [engine.LevelMax]int64{}
	return whatIsIdle([]lacking{
		{announces && q.AnnounceMillis == 0, "announcements without announce-frequency"},
		{!announces && q.AnnounceMillis > 0, "announce-frequency without anything to announce"},
		{q.ProgressMillis > 0 && q.Strategy != engine.Progressive, "ring-progressively-delay without that strategy"},
		{q.SkipEmptyLevels && !levels, "tier-rule-no-agent-no-wait without level-waits or tier-rules-apply"},
		{q.CallbackMillis > 0 && q.CallbackKey == "", "callback-expires without callback-key"},
		{overflows[engine.WhenKey] && q.ExitKeys == "", "overflow key without exit-keys"},
		{overflows[engine.WhenTimeout] && q.MaxWaitMillis == 0, "overflow timeout without max-wait-time"},
		{overflows[engine.WhenFull] && q.MaxLength == 0, "overflow full without max-length"},
		{overflows[engine.WhenNobodyReady] && !q.NobodyReady, "overflow nobody-ready without leave-when-nobody-ready"},
		{overflows[engine.WhenBlacklisted] && len(q.Blacklist) == 0, "overflow blacklisted without blacklist"},
	})
}

// nowhere are the overflows into queues that there are not: their callers go on in the dialplan, or wait on.
func nowhere(q *store.Queue, d *store.Directory) (names []string) {
	for _, o := range q.Overflow {
		if o.Kind == engine.ToQueue && !hasQueue(d, o.To) {
			names = append(names, "overflow "+string(o.When)+" queue "+o.To+": there is no such queue")
		}
	}
	for _, t := range q.MissedOverflow {
		if t.Kind == engine.ToQueue && !hasQueue(d, t.To) {
			names = append(names, "no-answer-overflow queue "+t.To+": there is no such queue")
		}
	}
	return names
}

func idleOfAgent(a *engine.AgentConfig) []string {
	none := a.MissedPolicy == engine.MissedNone && a.RejectPolicy == engine.MissedNone &&
		a.BusyPolicy == engine.MissedNone && a.UnreachedPolicy == engine.MissedNone && a.DirectPolicy == engine.MissedNone
	return whatIsIdle([]lacking{
		{a.MobileAccept != engine.MobileNever && a.Mobile == "", "mobile-accept without mobile"},
		{a.MissedMax > 0 && none, "max-no-answer without a policy"},
	})
}
