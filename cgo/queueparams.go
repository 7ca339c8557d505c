package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"modcti/engine"
	"modcti/store"
)

// queueDraft is a queue while its element is read.
type queueDraft struct {
	store.Queue
	rules       tierRules
	levelsGiven bool
	discard     int64 // ms
	discardSet  bool
	resume      bool
}

// tierRules are the tier-rule parameters of callcenter.conf.xml.
type tierRules struct {
	apply, multiply, given bool
	emptyGiven             bool  // what becomes of a level without anybody is said
	wait                   int64 // ms
}

// after is how long a caller waits before staff of a level is asked.
func (r *tierRules) after(level int) int64 {
	switch {
	case !r.apply:
		return 0
	case r.multiply:
		return int64(level) * r.wait
	}
	return r.wait
}

const strategiesAllowed = "longest-idle-agent, ring-all, round-robin, agent-with-fewest-calls, agent-with-least-talk-time, " +
	"top-down, random, sequentially-by-agent-order or ring-progressively"

// queueFields: those of callcenter.conf.xml first.
var queueFields = []field[queueDraft]{
	{"name", false, "the queue's number: 1 to 64 letters, digits or @._+*#:-", func(q *queueDraft, v string) bool {
		q.ID = v
		return store.IsID(v)
	}},
	{"strategy", false, strategiesAllowed, func(q *queueDraft, v string) (known bool) {
		q.Strategy, known = engine.StrategyNamed(v)
		return known
	}},
	{"moh-sound", false, soundAllowed, func(q *queueDraft, v string) bool { return sound(&q.Music, v) }},
	{"announce-sound", false, soundAllowed, func(q *queueDraft, v string) bool { return sound(&q.Announce, v) }},
	{"announce-frequency", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.AnnounceMillis, v) }},
	{"record-template", false, recordTemplateAllowed, func(q *queueDraft, v string) bool {
		q.RecordTemplate = v
		return recordPathTemplate(&Settings{}, v)
	}},
	{"time-base-score", false, "queue or system", func(q *queueDraft, v string) bool {
		return choice(&q.SinceCall, v, "system", "queue")
	}},
	{"ring-progressively-delay", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.ProgressMillis, v) }},
	{"max-wait-time", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.MaxWaitMillis, v) }},
	{"max-wait-time-with-no-agent", false, secondsAllowed, func(q *queueDraft, v string) bool {
		return seconds(&q.NobodyOnMillis, v)
	}},
	{"tier-rules-apply", false, boolAllowed, func(q *queueDraft, v string) bool {
		q.rules.given = true
		return yes(&q.rules.apply, v)
	}},
	{"tier-rule-wait-second", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.rules.wait, v) }},
	{"tier-rule-wait-multiply-level", false, boolAllowed, func(q *queueDraft, v string) bool {
		return yes(&q.rules.multiply, v)
	}},
	{"tier-rule-no-agent-no-wait", false, boolAllowed, func(q *queueDraft, v string) bool {
		q.rules.emptyGiven = yes(&q.SkipEmptyLevels, v)
		return q.rules.emptyGiven
	}},
	{"discard-abandoned-after", false, secondsAllowed, func(q *queueDraft, v string) bool {
		q.discardSet = true
		return seconds(&q.discard, v)
	}},
	{"abandoned-resume-allowed", false, boolAllowed, func(q *queueDraft, v string) bool { return yes(&q.resume, v) }},

	{"full-name", false, "a name of at most 1024 bytes", func(q *queueDraft, v string) bool {
		q.Name = v
		return len(v) <= textBytesMax
	}},
	{"ring-time", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.RingMillis, v) }},
	{"wrap-up-time", false, secondsAllowed + ", or untimed", func(q *queueDraft, v string) bool {
		q.WrapUpUntimed = v == "untimed"
		return q.WrapUpUntimed || seconds(&q.WrapUpMillis, v)
	}},
	{"level-waits", false, "up to 4 numbers of seconds, for levels 2 to 5, separated by commas", levelWaits},
	{"last-seat-time", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.LastSeatMillis, v) }},
	{"priority-step", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.PriorityMillis, v) }},
	{"max-length", false, "a whole number from 0 (no limit) to 1000000", func(q *queueDraft, v string) bool {
		return count(&q.MaxLength, v, 0, 1_000_000)
	}},
	{"leave-when-nobody-ready", false, boolAllowed, func(q *queueDraft, v string) bool { return yes(&q.NobodyReady, v) }},
	{"overflow", true, "when and where: " + overflowAllowed, overflowParam},
	{"no-answer-overflow", false, targetsAllowed, func(q *queueDraft, v string) bool { return targets(&q.MissedOverflow, v) }},
	{"exit-keys", false, "digits, A to D, * or #", func(q *queueDraft, v string) bool { return keys(&q.ExitKeys, v, 16) }},
	{"callback-key", false, "one digit, A to D, * or #", func(q *queueDraft, v string) bool { return keys(&q.CallbackKey, v, 1) }},
	{"callback-expires", false, secondsAllowed, func(q *queueDraft, v string) bool { return seconds(&q.CallbackMillis, v) }},
	{"welcome-sound", false, soundAllowed, func(q *queueDraft, v string) bool { return sound(&q.Welcome, v) }},
	{"announce-position", false, boolAllowed, func(q *queueDraft, v string) bool { return yes(&q.AnnouncePosition, v) }},
	{"announce-wait", false, boolAllowed, func(q *queueDraft, v string) bool { return yes(&q.AnnounceWait, v) }},
	{"blacklist", true, "numbers of callers, separated by commas", func(q *queueDraft, v string) bool {
		list := words(v)
		q.Blacklist = append(q.Blacklist, list...)
		return len(list) > 0
	}},
	{"time-zone", false, "a zone's name, such as Europe/Berlin", func(q *queueDraft, v string) bool {
		q.TimeZone = v
		_, err := time.LoadLocation(v)
		return err == nil
	}},
	{"hours", true, "days and times, such as Mon-Fri 09:00-12:00,13:00-18:00 or Sat,Sun 22:00-06:00", hoursParam},
	{"holiday", true, "a day, with the times when it is open if it is, such as 2026-12-25, 12-24 09:00-12:00 or " +
		"05-01 closed Labour Day", holidayParam},
}

const overflowAllowed = "timeout, full, nobody-on, nobody-ready, key, closed or blacklisted; then queue, number or voicemail " +
	"with which, or hangup, or dialplan; such as timeout queue 8002"

const targetsAllowed = "recall, release, or queue, number or voicemail with which, separated by commas, such as " +
	"queue 8002, number 0123, recall; the first that takes the caller has him, and nothing comes after release"

func targets(to *[]engine.Target, value string) bool {
	list, err := store.ParseTargets(value)
	*to = list
	return err == nil && len(list) > 0
}

// complete joins what several parameters say together.
func (q *queueDraft) complete(e entry) error {
	if q.ID == "" {
		return wrong(e.row("name"), "%s", queueFields[0].allowed)
	}
	if q.Name == "" {
		q.Name = q.ID
	}
	if q.rules.apply {
		if q.levelsGiven {
			return &settingError{e.row("level-waits"), "tier-rules-apply says the same in another way; remove one"}
		}
		for level := 2; level <= engine.LevelMax; level++ {
			q.LevelAfter[level-1] = q.rules.after(level)
		}
	}
	if !q.discardSet {
		q.discard = 60_000 // as callcenter.conf.xml has it
	}
	if q.resume {
		q.ResumeMillis = q.discard
	}
	if err := store.CheckQueue(&q.Queue); err != nil {
		return &settingError{e.row("name"), err.Error()}
	}
	return nil
}

func levelWaits(q *queueDraft, value string) bool {
	q.levelsGiven = true
	list := words(value)
	if len(list) == 0 || len(list) > engine.LevelMax-1 {
		return false
	}
	for i := range engine.LevelMax - 1 {
		if !seconds(&q.LevelAfter[i+1], list[min(i, len(list)-1)]) {
			return false
		}
	}
	return true
}

func overflowParam(q *queueDraft, value string) bool {
	list := strings.Fields(value)
	if len(list) < 2 || len(list) > 3 {
		return false
	}
	o := engine.Overflow{When: engine.OverflowWhen(list[0]), Kind: engine.OverflowKind(list[1])}
	if o.Kind == "dialplan" {
		o.Kind = engine.ToDialplan
	}
	if len(list) == 3 {
		o.To = list[2]
	}
	q.Overflow = append(q.Overflow, o)
	return store.CheckOverflow(&o) == nil
}

// sound is a file or stream that the module plays.
func sound(to *string, value string) bool {
	*to = value
	return value == "" || store.IsSound(value)
}

func yes(to *bool, value string) bool { return choice(to, value, "true", "false") }

func keys(to *string, value string, most int) bool {
	*to = value
	return len(value) <= most && strings.Trim(value, "0123456789ABCD*#") == ""
}

var weekdayNames = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func hoursParam(q *queueDraft, value string) bool {
	list := strings.Fields(value)
	if len(list) != 2 {
		return false
	}
	days, good := weekdaysOf(list[0])
	if !good {
		return false
	}
	for _, text := range strings.Split(list[1], ",") {
		from, to, good := timesOf(text)
		if !good {
			return false
		}
		for _, day := range days {
			q.Hours = append(q.Hours, store.Hours{Weekday: day, From: from, To: to})
		}
	}
	return true
}

// weekdaysOf reads Mon-Fri, Sat,Sun or daily.
func weekdaysOf(text string) (days []time.Weekday, good bool) {
	if text == "daily" {
		text = "Mon-Sun"
	}
	for _, part := range strings.Split(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		from, to := slices.Index(weekdayNames, first), slices.Index(weekdayNames, last)
		if from < 0 || to < 0 {
			return nil, false
		}
		for day := from; ; day = (day + 1) % 7 {
			if slices.Contains(days, time.Weekday(day)) {
				return nil, false
			}
			days = append(days, time.Weekday(day))
			if day == to {
				break
			}
		}
	}
	return days, true
}

var timesPattern = regexp.MustCompile(`^(\d\d):(\d\d)-(\d\d):(\d\d)$`)

// timesOf reads 09:00-12:00. What does not end after its beginning ends on the next day.
func timesOf(text string) (from, to int, good bool) {
	found := timesPattern.FindStringSubmatch(text)
	if found == nil {
		return 0, 0, false
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(found[i+1])
	}
	from, to = n[0]*60+n[1], n[2]*60+n[3]
	return from, to, n[1] < 60 && n[3] < 60 && from < store.DayMinutes && to <= store.DayMinutes && from != to
}

// holidayParam reads a day, its times or closed or neither, and a name.
func holidayParam(q *queueDraft, value string) bool {
	day, rest, _ := strings.Cut(value, " ")
	times, name, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if times != "" && times != "closed" && !timesPattern.MatchString(strings.Split(times, ",")[0]) {
		times, name = "", strings.TrimSpace(rest)
	}
	name = strings.TrimSpace(name)
	if times == "" || times == "closed" {
		q.Holidays = append(q.Holidays, store.Holiday{Day: day, Name: name})
		return store.IsDay(day)
	}
	for _, text := range strings.Split(times, ",") {
		from, to, good := timesOf(text)
		if !good {
			return false
		}
		q.Holidays = append(q.Holidays, store.Holiday{Day: day, From: from, To: to, Name: name})
	}
	return store.IsDay(day)
}
