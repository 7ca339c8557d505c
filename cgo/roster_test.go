package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/store"
)

// queueRows make the rows of a <queue> with its <param>s, agentRows and tierRows those of the others.
func queueRows(item int, pairs ...string) []setting { return element("queues", item, pairs...) }

func rosterOf(t *testing.T, rows ...[]setting) store.Directory {
	var all []setting
	for _, list := range rows {
		all = append(all, list...)
	}
	s, err := parseSettings(with(all...))
	require.NoError(t, err)
	return s.Roster
}

// The names of callcenter.conf.xml mean what they mean there (settings.md), and times are seconds.
func TestRosterQueue(t *testing.T) {
	d := rosterOf(t, queueRows(0, "name", "support@default", "strategy", "ring-progressively", "moh-sound", "local_stream://moh",
		"announce-sound", "please_hold.wav", "announce-frequency", "30", "record-template", "/rec/${strftime(%s)}.${uuid}.wav",
		"time-base-score", "system", "ring-progressively-delay", "5", "max-wait-time", "600", "max-wait-time-with-no-agent", "20",
		"tier-rules-apply", "true", "tier-rule-wait-second", "10", "tier-rule-wait-multiply-level", "true",
		"tier-rule-no-agent-no-wait", "true", "discard-abandoned-after", "90", "abandoned-resume-allowed", "true",
		"full-name", "Support", "ring-time", "15", "wrap-up-time", "30", "last-seat-time", "60", "priority-step", "120",
		"max-length", "50", "leave-when-nobody-ready", "true", "overflow", "timeout queue 8002", "overflow", "full hangup",
		"overflow", "key dialplan", "overflow", "closed number +4930123", "overflow", "nobody-on voicemail 1000",
		"no-answer-overflow", "queue 8002,voicemail 1000 , recall",
		"exit-keys", "#9", "callback-key", "1", "callback-expires", "7200", "welcome-sound", "welcome.wav", "announce-position", "true",
		"announce-wait", "true", "blacklist", "0171, 0172", "blacklist", "anonymous", "time-zone", "Asia/Shanghai",
		"hours", "Fri-Sun,Tue 22:00-06:00", "hours", "Mon 09:00-12:00,13:00-24:00", "holiday", "12-25 closed Christmas Day",
		"holiday", "2026-12-24 09:00-12:00,13:00-14:00 Eve", "holiday", "05-01 Labour Day", "holiday", "02-29"))
	night := func(day time.Weekday) store.Hours { return store.Hours{Weekday: day, From: 1320, To: 360} }
	require.Equal(t, []store.Queue{{
		QueueConfig: engine.QueueConfig{
			ID: "support@default", Name: "Support", Strategy: engine.Progressive, RingMillis: 15_000, ProgressMillis: 5000,
			WrapUpMillis: 30_000, LevelAfter: [engine.LevelMax]int64{0, 20_000, 30_000, 40_000, 50_000}, LastSeatMillis: 60_000,
			PriorityMillis: 120_000, MaxLength: 50, MaxWaitMillis: 600_000, NobodyOnMillis: 20_000, NobodyReady: true,
			ResumeMillis: 90_000, Overflow: []engine.Overflow{
				{When: engine.WhenTimeout, Kind: engine.ToQueue, To: "8002"}, {When: engine.WhenFull, Kind: engine.ToHangup},
				{When: engine.WhenKey}, {When: engine.WhenClosed, Kind: engine.ToNumber, To: "+4930123"},
				{When: engine.WhenNobodyOn, Kind: engine.ToVoicemail, To: "1000"}},
			MissedOverflow: []engine.Target{{Kind: engine.ToQueue, To: "8002"}, {Kind: engine.ToVoicemail, To: "1000"},
				{Kind: engine.ToRecall}},
			ExitKeys: "#9", CallbackKey: "1", CallbackMillis: 7_200_000, Music: "local_stream://moh",
			Welcome: "welcome.wav", AnnounceMillis: 30_000,
			AnnouncePosition: true, AnnounceWait: true, RecordTemplate: "/rec/${strftime(%s)}.${uuid}.wav",
			Blacklist: []string{"0171", "0172", "anonymous"},
			Announce:  "please_hold.wav", SinceCall: true, SkipEmptyLevels: true,
		},
		Schedule: store.Schedule{TimeZone: "Asia/Shanghai",
			Hours: []store.Hours{night(time.Friday), night(time.Saturday), night(time.Sunday), night(time.Tuesday),
				{Weekday: time.Monday, From: 540, To: 720}, {Weekday: time.Monday, From: 780, To: 1440}},
			Holidays: []store.Holiday{{Day: "12-25", Name: "Christmas Day"}, {Day: "2026-12-24", From: 540, To: 720, Name: "Eve"},
				{Day: "2026-12-24", From: 780, To: 840, Name: "Eve"}, {Day: "05-01", Name: "Labour Day"}, {Day: "02-29"}}},
	}}, d.Queues)
}

func TestRosterQueueDefaults(t *testing.T) {
	d := rosterOf(t, queueRows(0, "name", "8001", "wrap-up-time", "untimed", "abandoned-resume-allowed", "true"),
		queueRows(1, "name", "8002", "level-waits", "10,25", "tier-rule-wait-second", "9"),
		queueRows(2, "name", "8003", "tier-rules-apply", "true", "tier-rule-wait-second", "7", "discard-abandoned-after", "9",
			"hours", "daily 08:00-20:00"))
	require.Equal(t, engine.QueueConfig{ID: "8001", Name: "8001", WrapUpUntimed: true, ResumeMillis: 60_000}, d.Queues[0].QueueConfig,
		"discard-abandoned-after is 60 where it is not said")
	require.Equal(t, [engine.LevelMax]int64{0, 10_000, 25_000, 25_000, 25_000}, d.Queues[1].LevelAfter, "the last one counts on")
	require.Equal(t, [engine.LevelMax]int64{0, 7000, 7000, 7000, 7000}, d.Queues[2].LevelAfter, "without multiplying")
	require.Zero(t, d.Queues[2].ResumeMillis, "nobody resumes where it is not allowed")
	require.Len(t, d.Queues[2].Hours, 7)
}

func TestRosterAgentsAndTiers(t *testing.T) {
	const uuid = "0f1e2d3c-0000-4000-8000-0123456789ab"
	d := rosterOf(t,
		element("agents", 0, "name", "1001@default", "type", "callback", "contact", "[leg_timeout=10]user/1001@pbx.example",
			"status", "Available", "max-no-answer", "3", "wrap-up-time", "10", "reject-delay-time", "11", "busy-delay-time", "60",
			"no-answer-delay-time", "12", "manual-wrap-up", "90", "manual-wrap-up-then", "earlier"),
		element("agents", 1, "name", uuid, "contact", "sofia/gateway/trunk/01711234567", "status", "Logged Out"),
		element("agents", 2, "name", "bob", "type", "nailed-up", "uuid", "u-3", "id", "7003", "full-name", "Bob B.",
			"no-answer-policy", "logout", "reject-policy", "not-ready", "busy-policy", "none",
			"unreachable-policy", "logout", "direct-policy", "not-ready", "wrap-up-time", "untimed", "manual-wrap-up", "untimed",
			"manual-wrap-up-then", "ready", "ring-time", "20", "unreachable-delay-time", "13", "mobile", "+4917012",
			"mobile-accept", "offline", "max-calls", "2", "idle-logout-time", "3600",
			"duplicate-login", "replace", "device-lost", "logout", "no-answer-overflow", "number +49301, release"),
		queueRows(0, "name", "8001"),
		element("tiers", 0, "agent", "1001@default", "queue", "8001"),
		element("tiers", 1, "agent", uuid, "queue", "8001", "level", "5", "position", "7"))
	made := uuidOf("1001@default")
	require.Regexp(t, "^[0-9a-f]{32}$", made)
	require.Equal(t, []engine.AgentConfig{
		{UUID: made, ID: "1001@default", Name: "1001@default", DN: "1001", RingMillis: 10_000, WrapUpMillis: 10_000,
			MissedPolicy: engine.MissedNotReady, MissedMax: 3, ManualMillis: 90_000,
			AfterMissed: 12_000, AfterReject: 11_000, AfterBusy: 60_000,
			LoginAtStart: true},
		{UUID: uuid, Name: uuid, Mobile: "01711234567", MobileAccept: engine.MobileAlways, WrapUpMillis: -1, RingMillis: -1},
		{UUID: "u-3", ID: "7003", Name: "Bob B.", Mobile: "+4917012", MobileAccept: engine.MobileOffline, MaxCalls: 2,
			WrapUpMillis: -1, WrapUpUntimed: true, ManualMillis: -1, ManualToReady: true, RingMillis: 20_000,
			MissedPolicy: engine.MissedLogout,
			RejectPolicy: engine.MissedNotReady, UnreachedPolicy: engine.MissedLogout, DirectPolicy: engine.MissedNotReady,
			AfterUnreached: 13_000, IdleLogout: 3_600_000,
			NailedUp: true, DeviceLost: engine.DeviceLogsOut, DuplicatePolicy: engine.DuplicateReplace,
			MissedOverflow: []engine.Target{{Kind: engine.ToNumber, To: "+49301"}, {Kind: engine.ToRelease}}},
	}, d.Agents)
	require.Equal(t, []engine.TierConfig{{AgentUUID: made, QueueID: "8001", Level: 1, Position: 1},
		{AgentUUID: uuid, QueueID: "8001", Level: 5, Position: 7}}, d.Tiers, "level and position are 1 where they are not said")
}

// A contact is the dial string of one phone; nothing that could hide in one is taken.
func TestContacts(t *testing.T) {
	for contact, want := range map[string]engine.AgentConfig{
		"user/1001@pbx.example":                 {DN: "1001"},
		"user/1001":                             {DN: "1001"},
		"1001":                                  {DN: "1001"},
		"{a=b}[leg_timeout=25,x=y]user/1001@d":  {DN: "1001", RingMillis: 25_000},
		"{call_timeout=9}loopback/1001/default": {DN: "1001", RingMillis: 9000},
		"sofia/internal/1001@192.0.2.1:5060":    {DN: "1001"},
		"sofia/internal/1001%pbx.example":       {DN: "1001"},
		"sofia/gateway/trunk/+4917012":          {Mobile: "+4917012", MobileAccept: engine.MobileAlways},
		"verto.rtc/1001@pbx.example":            {DN: "1001"},
		"user/bob.smith@pbx.example":            {DN: "bob.smith"},
		"user/1001@a,user/1002@a":               {},
		"user/1001|user/1002":                   {},
		"user/1:_:user/2":                       {},
		"error/user_busy":                       {},
		"${sofia_contact(1001)}":                {},
		"user/10 01":                            {},
		"sofia/gateway/trunk/17;fs_path=x":      {Mobile: "17", MobileAccept: engine.MobileAlways},
		"sofia/gateway/trunk/bob":               {},
		"":                                      {},
		"{unended":                              {},
		"user/" + strings.Repeat("1", 65) + "@pbx.example": {},
	} {
		var a engine.AgentConfig
		err := takeContact(&a, contact)
		require.Equal(t, want.DN+want.Mobile == "", err != nil, contact)
		if err == nil {
			require.Equal(t, want, a, contact)
		}
	}
}

// Every bad value is refused with its line and with what is allowed (settings.md).
func TestRosterBad(t *testing.T) {
	queue := func(pairs ...string) []setting { return queueRows(0, append([]string{"name", "8001"}, pairs...)...) }
	agent := func(pairs ...string) []setting {
		return element("agents", 0, append([]string{"name", "a"}, pairs...)...)
	}
	tier := func(pairs ...string) []setting {
		return append(append(queue(), agent()...), element("tiers", 0, append([]string{"agent", "a", "queue", "8001"}, pairs...)...)...)
	}
	for _, c := range []struct {
		rows []setting
		want string
	}{
		{queueRows(0, "strategy", "ring-all"), `<queues> name="" at line 20: give the queue's number`},
		{queueRows(0, "name", "8 1"), `name="8 1" at line 20: give the queue's number`},
		{queue("color", "red"), `color="red" at line 20: the parameter is unknown; the parameters are name, strategy`},
		{queue("max-wait-time", "10", "max-wait-time", "20"), `max-wait-time="20" at line 20: it was given before`},
		{queue("strategy", "fastest"), "give longest-idle-agent, ring-all"},
		{queue("moh-sound", "{x=y}a.wav"), "give a sound file or stream"},
		{queue("welcome-sound", "${system(id)}"), "give a sound file or stream"},
		{queue("announce-sound", "shout://radio/a.mp3"), "give a sound file or stream"},
		{queue("welcome-sound", "../../etc/a.wav"), "give a sound file or stream"},
		{queue("record-template", "x.wav"), "give an absolute path such as /var/rec/"},
		{queue("time-base-score", "now"), "give queue or system"},
		{queue("max-wait-time", "-1"), "a whole number of seconds from 0 to 86400"},
		{queue("max-wait-time", "1.5"), "a whole number of seconds"},
		{queue("tier-rules-apply", "yes"), "give true or false"},
		{queue("level-waits", "1,2,3,4,5"), "up to 4 numbers of seconds"},
		{queue("level-waits", ""), "up to 4 numbers of seconds"},
		{queue("level-waits", "1", "tier-rules-apply", "true"), "tier-rules-apply says the same in another way; remove one"},
		{queue("max-length", "-1"), "from 0 (no limit)"},
		{queue("overflow", "timeout"), "give when and where: timeout, full"},
		{queue("overflow", "sometimes queue 8002"), "give when and where"},
		{queue("overflow", "timeout queue"), "give when and where"},
		{queue("overflow", "timeout hangup 1"), "give when and where"},
		{queue("overflow", "timeout moon 1"), "give when and where"},
		{queue("no-answer-overflow", ""), `no-answer-overflow="" at line 20: give recall, release, or queue, number or voicemail`},
		{queue("no-answer-overflow", "dialplan"), "give recall, release, or queue"},
		{queue("no-answer-overflow", "queue"), "give recall, release, or queue"},
		{queue("no-answer-overflow", "queue 8002 now"), "give recall, release, or queue"},
		{queue("no-answer-overflow", "recall 8002"), "give recall, release, or queue"},
		{queue("no-answer-overflow", "queue 8002,,recall"), "give recall, release, or queue"},
		{queue("no-answer-overflow", "release, recall"), "and nothing comes after release"},
		{agent("no-answer-overflow", "moon 1"), `no-answer-overflow="moon 1" at line 20: give recall, release, or queue`},
		{queue("exit-keys", "x"), "digits, A to D, * or #"},
		{queue("callback-key", "12"), "one digit"},
		{queue("blacklist", " , "), "numbers of callers"},
		{queue("time-zone", "Mars/Olympus"), "give a zone's name"},
		{queue("hours", "09:00-12:00"), "give days and times, such as Mon-Fri"},
		{queue("hours", "Mon-Foo 09:00-12:00"), "give days and times"},
		{queue("hours", "Mon,Mon 09:00-12:00"), "give days and times"},
		{queue("hours", "Mon 9:00-12:00"), "give days and times"},
		{queue("hours", "Mon 09:60-12:00"), "give days and times"},
		{queue("hours", "Mon 09:00-24:01"), "give days and times"},
		{queue("hours", "Mon 24:00-06:00"), "give days and times"},
		{queue("hours", "Mon 09:00-09:00"), "give days and times"},
		{queue("holiday", "2026-02-30"), "give a day, with the times"},
		{queue("holiday", "tomorrow"), "give a day"},
		{queue("holiday", "12-24 09:00-12:00,foo"), "give a day"},
		{queue("holiday", ""), "give a day"},
		{append(queue(), queueRows(1, "name", "8001")...), `name="8001" at line 21: another queue has the same name`},

		{element("agents", 0, "contact", "user/1"), `<agents> name="" at line 20: give the agent's name`},
		{agent("type", "uuid-standby"), "give callback, or nailed-up"},
		{agent("contact", "user/1,user/2"), "give one phone, such as user/1001@$${domain}"},
		{agent("status", "On Break"), "give Available (he is logged in at the start) or Logged Out"},
		{agent("max-no-answer", "many"), "from 0 (never) to 1000"},
		{agent("no-answer-policy", "sulk"), "give none, not-ready or logout"},
		{agent("busy-policy", "sulk"), "give none, not-ready or logout"},
		{agent("ring-time", "0"), "from 1 to 86400"},
		{agent("uuid", "a b"), "1 to 64 letters"},
		{agent("mobile", "0171/23"), "give a number"},
		{agent("mobile-accept", "maybe"), "give never, offline or always"},
		{agent("max-calls", "0"), "from 1 to 100"},
		{agent("device-lost", "panic"), "give stay, or logout"},
		{agent("duplicate-login", "fight"), "give refuse, or replace"},
		{append(agent("id", "7"), element("agents", 1, "name", "b", "id", "7")...), "another agent has the same name, id or uuid"},
		{append(agent(), element("agents", 1, "name", "a")...), "another agent has the same name, id or uuid"},
		{append(agent("uuid", "u"), element("agents", 1, "name", "b", "uuid", "u")...), "another agent has the same name, id or uuid"},

		{tier("level", "6"), "a level from 1 (asked first) to 5"},
		{tier("level", "0"), "a level from 1"},
		{tier("position", "first"), "a whole number from 1"},
		{tier("state", "Ready"), "the parameters are agent, queue, level, position"},
		{append(queue(), element("tiers", 0, "agent", "a", "queue", "8001")...), "the name of an agent of <agents>"},
		{append(agent(), element("tiers", 0, "agent", "a", "queue", "8001")...), "the name of a queue of <queues>"},
		{append(tier(), element("tiers", 1, "agent", "a", "queue", "8001")...), "the agent has a place in this queue already"},
	} {
		_, err := parseSettings(with(c.rows...))
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "at line 2")
	}
}

// An agent's uuid is the same whenever and wherever it is made, and no two names share one (R45).
func TestUUIDOf(t *testing.T) {
	require.Equal(t, uuidOf("1001"), uuidOf("1001"))
	require.NotEqual(t, uuidOf("1001"), uuidOf("1002"))
	require.Equal(t, "0123456789abcdef0123456789ABCDEF", uuidOf("0123456789abcdef0123456789ABCDEF"))
}
