package store

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"modcti/engine"
)

// sampleDirectory has something in each of its parts.
func sampleDirectory() *Directory {
	return &Directory{
		Agents: []engine.AgentConfig{
			{UUID: "u1", ID: "7001", Name: "Zoë", DN: "1001", WrapUpMillis: -1, LoginAtStart: true},
			{UUID: "u2", ID: "", Name: "Bob", DN: "1002", Mobile: "+4917012345", MobileAccept: engine.MobileOffline, MaxCalls: 2,
				WrapUpMillis: 10_000, RingMillis: 15_000, MissedPolicy: engine.MissedLogout, MissedMax: 3, AfterMissed: 1000,
				AfterReject: 2000, AfterBusy: 3000, AfterUnreached: 4000, IdleLogout: 3_600_000, NailedUp: true,
				DeviceLost:      engine.DeviceLogsOut,
				DuplicatePolicy: engine.DuplicateReplace},
		},
		Queues: []Queue{
			{QueueConfig: engine.QueueConfig{ID: "8001", Name: "Support"}},
			{QueueConfig: engine.QueueConfig{ID: "8002@sales", Strategy: engine.Progressive, ProgressMillis: 5000,
				LevelAfter: [engine.LevelMax]int64{0, 10_000, 20_000, 30_000, 40_000}, MaxLength: 20, NobodyReady: true,
				Overflow: []engine.Overflow{{When: engine.WhenTimeout, Kind: engine.ToQueue, To: "8001"},
					{When: engine.WhenClosed, Kind: engine.ToHangup}, {When: engine.WhenKey}},
				ExitKeys: "#", CallbackKey: "1", Blacklist: []string{"13800000001", "anonymous"}, AnnounceWait: true,
				Announce: "please_hold.wav", SinceCall: true, SkipEmptyLevels: true},
				Schedule: Schedule{TimeZone: "Asia/Shanghai",
					Hours:    []Hours{{time.Monday, 540, 720}, {time.Friday, 1320, 360}},
					Holidays: []Holiday{{"2026-10-01", 0, 0, "National Day"}, {"12-24", 540, 720, ""}, {"02-29", 0, 1440, ""}}},
			},
		},
		Tiers: []engine.TierConfig{
			{AgentUUID: "u2", QueueID: "8001", Level: 1, Position: 2}, {AgentUUID: "u1", QueueID: "8001"},
			{AgentUUID: "u1", QueueID: "8002@sales", Level: 5, Position: 1},
		},
	}
}

// fill draws a value of each field of a struct, so that no field that is added to the contract is forgotten here.
func fill(t *rapid.T, name string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			fill(t, fmt.Sprint(name, i), v.Index(i))
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case v.Kind() == reflect.Uint8:
		limits := map[reflect.Type]uint64{reflect.TypeFor[engine.Strategy](): uint64(engine.StrategyCount - 1),
			reflect.TypeFor[engine.DuplicatePolicy](): 1, reflect.TypeFor[engine.DevicePolicy](): 1}
		limit, special := limits[v.Type()]
		if !special {
			limit = 2
		}
		v.SetUint(rapid.Uint64Range(0, limit).Draw(t, name))
	case v.CanInt():
		v.SetInt(rapid.Int64Range(0, 1<<20).Draw(t, name))
	case v.Kind() == reflect.String:
		v.SetString(rapid.StringMatching("[0-9]{0,6}").Draw(t, name))
	case v.Kind() == reflect.Slice: // those are drawn by who knows them
	default:
		t.Fatalf("%s is a %v, which this test does not know", name, v.Type())
	}
}

func drawDirectory(t *rapid.T) *Directory {
	d := &Directory{}
	for i := range rapid.IntRange(0, 4).Draw(t, "agents") {
		var a engine.AgentConfig
		fill(t, "agent", reflect.ValueOf(&a).Elem())
		a.UUID, a.Name = fmt.Sprint("u", i), rapid.String().Draw(t, "name")
		if a.ID != "" {
			a.ID = fmt.Sprint(i, "-", a.ID)
		}
		a.MissedOverflow = drawTargets(t)
		if rapid.Bool().Draw(t, "queue's") {
			a.WrapUpMillis, a.RingMillis = -1, -1
		}
		d.Agents = append(d.Agents, a)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "queues") {
		d.Queues = append(d.Queues, drawQueue(t, fmt.Sprint("800", i)))
	}
	for i := range d.Agents {
		for j := range d.Queues {
			if rapid.Bool().Draw(t, "works there") {
				d.Tiers = append(d.Tiers, engine.TierConfig{AgentUUID: d.Agents[i].UUID, QueueID: d.Queues[j].ID,
					Level: rapid.IntRange(0, engine.LevelMax).Draw(t, "level"), Position: rapid.IntRange(0, 9).Draw(t, "position")})
			}
		}
	}
	return d
}

func drawTargets(t *rapid.T) (list []engine.Target) {
	for range rapid.IntRange(0, 3).Draw(t, "targets") {
		kind := rapid.SampledFrom([]engine.OverflowKind{engine.ToQueue, engine.ToNumber, engine.ToVoicemail}).Draw(t, "kind")
		list = append(list, engine.Target{Kind: kind, To: rapid.StringMatching("[+*#]?[0-9]{1,5}").Draw(t, "to")})
	}
	if last := rapid.SampledFrom([]engine.OverflowKind{"", engine.ToRecall, engine.ToRelease}).Draw(t, "last"); last != "" {
		list = append(list, engine.Target{Kind: last})
	}
	return list
}

func drawQueue(t *rapid.T, id string) Queue {
	var q Queue
	fill(t, "queue", reflect.ValueOf(&q).Elem())
	q.ID, q.Name, q.CallbackKey = id, rapid.StringN(0, 40, -1).Draw(t, "name"), rapid.SampledFrom([]string{"", "1"}).Draw(t, "key")
	q.TimeZone = rapid.SampledFrom([]string{"", "UTC", "Europe/Berlin"}).Draw(t, "zone")
	for range rapid.IntRange(0, 3).Draw(t, "overflows") {
		o := engine.Overflow{When: rapid.SampledFrom(OverflowWhens).Draw(t, "when"),
			Kind: rapid.SampledFrom(OverflowKinds).Draw(t, "kind")}
		if o.Kind == engine.ToQueue || o.Kind == engine.ToNumber || o.Kind == engine.ToVoicemail {
			o.To = rapid.StringMatching("[0-9]{1,5}").Draw(t, "to")
		}
		q.Overflow = append(q.Overflow, o)
	}
	q.MissedOverflow = drawTargets(t)
	for range rapid.IntRange(0, 2).Draw(t, "numbers") {
		q.Blacklist = append(q.Blacklist, rapid.StringMatching("[0-9]{4}").Draw(t, "number"))
	}
	minute := rapid.IntRange(0, DayMinutes-1)
	for range rapid.IntRange(0, 3).Draw(t, "hours") {
		from := minute.Draw(t, "from")
		q.Hours = append(q.Hours, Hours{time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")), from, (from + 77) % DayMinutes})
	}
	for range rapid.IntRange(0, 2).Draw(t, "holidays") {
		day := rapid.SampledFrom([]string{"2026-12-25", "12-25", "02-29"}).Draw(t, "day")
		q.Holidays = append(q.Holidays, Holiday{Day: day, To: rapid.IntRange(0, 9).Draw(t, "to"), Name: "x"})
	}
	return q
}

// What is put into the store is what is read from it, by the same start and by the next, and put again changes nothing.
func TestDirectoryIsKept(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := memoryDir(t)
		d := drawDirectory(rt)
		options := Options{Dir: dir, Durability: "normal"}
		s, err := Open(options)
		require.NoError(rt, err)
		seeded, err := s.Seed(d)
		require.NoError(rt, err)
		require.Equal(rt, !d.Empty(), seeded)
		require.NoError(rt, s.Merge(d))
		have, err := s.Directory()
		require.NoError(rt, err)
		require.Equal(rt, d, have)
		require.NoError(rt, s.Close(deadline(t)))
		s, err = Open(options)
		require.NoError(rt, err)
		have, err = s.Directory()
		require.NoError(rt, err)
		require.Equal(rt, d, have)
		require.NoError(rt, s.Close(deadline(t)))
	})
}

// The engine is given a copy that is its own.
func TestEnginePartOfTheDirectory(t *testing.T) {
	d := sampleDirectory()
	e := d.Engine()
	require.Equal(t, d.Agents, e.Agents)
	require.Equal(t, d.Tiers, e.Tiers)
	require.Len(t, e.Queues, 2)
	require.Equal(t, d.Queues[1].QueueConfig, e.Queues[1])
	e.Agents[0].Name, e.Queues[1].Overflow[0].To, e.Queues[1].Blacklist[0], e.Tiers[0].Level = "x", "x", "x", 9
	require.Equal(t, sampleDirectory(), d)
}

// The store is the truth once it holds something (settings.md): a seed changes nothing then.
func TestSeedOnlyTheFirstTime(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	seeded, err := s.Seed(&Directory{})
	require.NoError(t, err)
	require.False(t, seeded)
	seeded, err = s.Seed(sampleDirectory())
	require.NoError(t, err)
	require.True(t, seeded)
	seeded, err = s.Seed(&Directory{Agents: []engine.AgentConfig{{UUID: "other"}}})
	require.NoError(t, err)
	require.False(t, seeded)
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, sampleDirectory(), have)
}

// Agents, queues and tiers are put and deleted one by one; what belongs to one goes with it.
func TestDirectoryIsManaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	require.NoError(t, s.Merge(sampleDirectory()))
	want := sampleDirectory()
	want.Agents[0].Name, want.Queues[1].Overflow, want.Queues[1].Hours = "Zoe", want.Queues[1].Overflow[1:2], nil
	want.Tiers[1].Level = 4
	require.NoError(t, s.PutAgent(&want.Agents[0]))
	require.NoError(t, s.PutQueue(&want.Queues[1]))
	require.NoError(t, s.PutTier(&want.Tiers[1]))
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, want, have)

	s.Append([]engine.Record{{Kind: engine.AgentChanged, Agent: &engine.AgentRecord{UUID: "u1", State: "Ready", AtMillis: 5}}})
	require.NoError(t, s.Flush(deadline(t)))
	require.NoError(t, s.DeleteTier("u2", "8001"))
	require.NoError(t, s.DeleteAgent("u1"))
	require.NoError(t, s.DeleteQueue("8002@sales"))
	have, err = s.Directory()
	require.NoError(t, err)
	require.Equal(t, &Directory{Agents: want.Agents[1:], Queues: want.Queues[:1]}, have)
	agents, err := s.Agents()
	require.NoError(t, err)
	require.Empty(t, agents, "nobody comes back with a state of another")
	require.Equal(t, 1, count(t, dir, "SELECT count(*) FROM agent_state_log"))
	for _, table := range []string{"queue_overflow", "queue_hours", "queue_holiday", "queue_blacklist", "tier"} {
		require.Zero(t, count(t, dir, "SELECT count(*) FROM "+table), table)
	}
	require.ErrorIs(t, s.DeleteAgent("u1"), ErrNoSuch)
	require.ErrorIs(t, s.DeleteQueue("u1"), ErrNoSuch)
	require.ErrorContains(t, s.DeleteTier("u2", "8001"), "not in the directory: tier of agent u2 in queue 8001")
}

// What cannot be is refused whole, in a sentence that names it.
func TestDirectoryRefuses(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	require.NoError(t, s.Merge(sampleDirectory()))
	for want, edit := range map[string]func(*Directory){
		`agent "": an agent's uuid has 1 to 64`:                  func(d *Directory) { d.Agents[0].UUID = "" },
		`agent u1: id "a b"`:                                     func(d *Directory) { d.Agents[0].ID = "a b" },
		`agent u1: number "1/2"`:                                 func(d *Directory) { d.Agents[0].DN = "1/2" },
		`agent u2: another agent has the id "7001"`:              func(d *Directory) { d.Agents[1].ID = "7001" },
		`agent u1: a duration of -1 ms`:                          func(d *Directory) { d.Agents[0].AfterBusy = -1 },
		`agent u1: a count is negative`:                          func(d *Directory) { d.Agents[0].MissedMax = -1 },
		`agent u1: a policy is unknown`:                          func(d *Directory) { d.Agents[0].MissedPolicy = 3 },
		`queue "8 1": a queue's id`:                              func(d *Directory) { d.Queues[0].ID = "8 1" },
		`queue 8001: the strategy is unknown`:                    func(d *Directory) { d.Queues[0].Strategy = engine.StrategyCount },
		`queue 8001: a duration of -5 ms`:                        func(d *Directory) { d.Queues[0].LevelAfter[2] = -5 },
		`queue 8001: keys "x" ""`:                                func(d *Directory) { d.Queues[0].ExitKeys = "x" },
		`overflow "never": want one of timeout, full`:            func(d *Directory) { d.Queues[1].Overflow[0].When = "never" },
		`overflow to "moon": want one of queue, number`:          func(d *Directory) { d.Queues[1].Overflow[0].Kind = "moon" },
		`overflow to queue "": name the queue`:                   func(d *Directory) { d.Queues[1].Overflow[0].To = "" },
		`overflow "hangup" has a target, "1"`:                    func(d *Directory) { d.Queues[1].Overflow[1].To = "1" },
		`time-zone "Mars/Olympus"`:                               func(d *Directory) { d.Queues[1].TimeZone = "Mars/Olympus" },
		`hours of Monday from minute 540 to 540`:                 func(d *Directory) { d.Queues[1].Hours[0].To = 540 },
		`holiday "2026-02-30"`:                                   func(d *Directory) { d.Queues[1].Holidays[0].Day = "2026-02-30" },
		`holiday "2026-10-01" from minute 0 to 1441`:             func(d *Directory) { d.Queues[1].Holidays[0].To = 1441 },
		`level 6: want 1 to 5`:                                   func(d *Directory) { d.Tiers[0].Level = 6 },
		`position -1 is negative`:                                func(d *Directory) { d.Tiers[0].Position = -1 },
		`tier of agent u9 in queue 8001: there is no such agent`: func(d *Directory) { d.Tiers[0].AgentUUID = "u9" },
		`tier of agent u2 in queue 9: there is no such queue`:    func(d *Directory) { d.Tiers[0].QueueID = "9" },
	} {
		d := sampleDirectory()
		d.Queues[0].Name = "changed before the fault is met"
		edit(d)
		err := s.Merge(d)
		require.ErrorIs(t, err, ErrInvalid, want)
		require.ErrorContains(t, err, want)
	}
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, sampleDirectory(), have)
}

// A database that is found damaged, or gone, while it is in use costs nobody his place: the new one has the directory.
func TestDirectoryOutlivesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	require.NoError(t, s.Merge(sampleDirectory()))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.Remove(filepath.Join(dir, databaseName+suffix)))
	}
	require.ErrorContains(t, s.PutAgent(&sampleDirectory().Agents[0]), "is gone")
	s.Append(callRecords(1))
	require.NoError(t, s.Flush(deadline(t)))
	heal(t, s)
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, sampleDirectory(), have)
	require.NoError(t, s.DeleteTier("u2", "8001"))
}

// While SQLite cannot be written a change fails in a clear sentence and changes nothing.
func TestDirectoryWhileSQLiteIsLocked(t *testing.T) {
	dir := t.TempDir()
	s := open(t, quiet(dir))
	require.NoError(t, s.Merge(sampleDirectory()))
	unlock := lock(t, dir)
	require.ErrorContains(t, s.DeleteAgent("u1"), "another process holds it locked")
	unlock()
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, sampleDirectory(), have)
}

// A list in the store that says nothing is named; it is not taken for none, by which callers would go elsewhere.
func TestTargets(t *testing.T) {
	for text, want := range map[string]string{
		"moon 1":                                 `target "moon": want one of recall, release, queue, number, voicemail`,
		"queue":                                  `target queue "": name the queue`,
		"recall 1":                               `target "recall" has no use for "1"`,
		"queue 1 2":                              `target "queue 1 2": want one of recall`,
		"recall,":                                `target "": want one of recall`,
		"release,queue 1":                        "nothing comes after release",
		strings.Repeat("recall,", 16) + "recall": "17 targets: want at most 16",
	} {
		_, err := ParseTargets(text)
		require.ErrorContains(t, err, want)
	}
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	require.NoError(t, s.Merge(sampleDirectory()))
	makeDatabase(t, dir, "UPDATE agent SET missed_overflow = 'release, queue 8001' WHERE agent_uuid = 'u2'")
	_, err := s.Directory()
	require.ErrorContains(t, err, "nothing comes after release")
	bad := sampleDirectory()
	bad.Agents[1].MissedOverflow = []engine.Target{{Kind: engine.ToQueue}}
	require.ErrorIs(t, s.PutAgent(&bad.Agents[1]), ErrInvalid)
	bad.Queues[0].MissedOverflow = []engine.Target{{Kind: engine.ToHangup}}
	require.ErrorIs(t, s.PutQueue(&bad.Queues[0]), ErrInvalid)
	makeDatabase(t, dir, "UPDATE agent SET missed_overflow = ' queue 8001 ,recall' WHERE agent_uuid = 'u2'")
	have, err := s.Directory()
	require.NoError(t, err)
	require.Equal(t, []engine.Target{{Kind: engine.ToQueue, To: "8001"}, {Kind: engine.ToRecall}}, have.Agents[1].MissedOverflow)
}
