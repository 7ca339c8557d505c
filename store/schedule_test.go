package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"modcti/engine"
)

func weekdays(from, to int) (hours []Hours) {
	for day := time.Monday; day <= time.Friday; day++ {
		hours = append(hours, Hours{day, from, to})
	}
	return hours
}

// A queue takes callers within its hours by the clock on its own wall, also on the days when that is put forward or back;
// a holiday's hours stand in place of the week's.
func TestQueueOpen(t *testing.T) {
	office := Schedule{TimeZone: "Europe/Berlin", Hours: append(weekdays(540, 720), weekdays(780, 1080)...),
		Holidays: []Holiday{{Day: "2026-12-24", From: 540, To: 720}, {Day: "12-25"}, {Day: "2026-05-01"}, {Day: "2026-05-01"}}}
	night := Schedule{TimeZone: "Europe/Berlin", Hours: []Hours{{time.Friday, 1320, 360}, {time.Sunday, 90, 150}},
		Holidays: []Holiday{{Day: "2026-11-28"}, {Day: "2026-12-31", From: 1200, To: 120}}}
	for _, row := range []struct {
		what     string
		schedule Schedule
		at       string // RFC 3339
		open     bool
	}{
		{"before the hours", office, "2026-11-23T08:59:59+01:00", false},
		{"as they begin", office, "2026-11-23T09:00:00+01:00", true},
		{"last second", office, "2026-11-23T11:59:59+01:00", true},
		{"as they end", office, "2026-11-23T12:00:00+01:00", false},
		{"second part of the day", office, "2026-11-23T13:00:00+01:00", true},
		{"weekend", office, "2026-11-22T10:00:00+01:00", false},
		{"the zone is the queue's, not the caller's", office, "2026-11-23T16:30:00+08:00", true},
		{"summer time: 9 o'clock is two hours from UTC", office, "2026-07-06T07:00:00Z", true},
		{"and not one", office, "2026-07-06T06:59:59Z", false},
		{"winter time", office, "2026-01-05T08:00:00Z", true},
		{"winter time, an hour early", office, "2026-01-05T07:00:00Z", false},
		{"a holiday with hours of its own", office, "2026-12-24T11:00:00+01:00", true},
		{"which end before the day's would", office, "2026-12-24T14:00:00+01:00", false},
		{"of that year alone", office, "2027-12-24T14:00:00+01:00", true},
		{"a holiday of each year", office, "2026-12-25T10:00:00+01:00", false},
		{"of each year", office, "2029-12-25T10:00:00+01:00", false},
		{"told twice", office, "2026-05-01T10:00:00+02:00", false},

		{"before midnight", night, "2026-11-20T23:59:59+01:00", true},
		{"after midnight", night, "2026-11-21T05:59:59+01:00", true},
		{"the morning after", night, "2026-11-21T06:00:00+01:00", false},
		{"hours belong to the day on which they begin: the holiday after it takes none of them", night,
			"2026-11-28T01:00:00+01:00", true},
		{"a holiday's hours over midnight", night, "2027-01-01T01:59:59+01:00", true},
		{"and their end", night, "2027-01-01T02:00:00+01:00", false},

		// The clock is put forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00: both are Sundays.
		{"forward: the hour that there is", night, "2026-03-29T00:45:00Z", true},
		{"forward: 03:00 follows 01:59", night, "2026-03-29T01:00:00Z", false},
		{"back: 02:15 for the first time", night, "2026-10-25T00:15:00Z", true},
		{"back: 02:15 again", night, "2026-10-25T01:15:00Z", true},
		{"back: 02:45 for the first time is past 02:30", night, "2026-10-25T00:45:00Z", false},
		{"back: 01:45 comes once", night, "2026-10-24T23:45:00Z", true},

		{"no hours: always", Schedule{}, "2026-11-21T03:00:00Z", true},
		{"no hours, but a holiday", Schedule{Holidays: []Holiday{{Day: "11-21"}}}, "2026-11-21T03:00:00Z", false},
		{"of the zone that is in force", Schedule{Holidays: []Holiday{{Day: "11-21"}}}, "2026-11-21T23:30:00Z", true},
		{"a whole day", Schedule{Hours: []Hours{{time.Saturday, 0, DayMinutes}}}, "2026-11-21T22:59:59Z", true},
		{"and not a minute more", Schedule{Hours: []Hours{{time.Saturday, 0, DayMinutes}}}, "2026-11-21T23:00:00Z", false},
		{"a leap day", Schedule{Holidays: []Holiday{{Day: "02-29"}}}, "2028-02-29T12:00:00Z", false},
		{"the zone's days are not UTC's", Schedule{TimeZone: "Pacific/Auckland", Hours: []Hours{{time.Monday, 480, 1020}}},
			"2026-11-22T19:00:00Z", true},
		{"half hours count", Schedule{TimeZone: "Asia/Kolkata", Hours: []Hours{{time.Monday, 540, 1080}}},
			"2026-11-23T03:30:00Z", true},
	} {
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		d := &Directory{Queues: []Queue{{QueueConfig: engine.QueueConfig{ID: "8001"}, Schedule: row.schedule}}}
		calendar, err := d.Calendar(berlin)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, row.at)
		require.NoError(t, err)
		require.Equal(t, row.open, calendar.Open("8001", at.UnixMicro()), row.what)
		require.True(t, calendar.Open("8002", at.UnixMicro()), "what is not in the directory is not closed")
	}
}

// Over a day on which the clock changes a queue is open as many minutes as its clock shows within the hours.
func TestQueueOpenOnDaysWhenTheClockChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
			"Africa/Casablanca", "Asia/Shanghai"}).Draw(t, "zone"))
		require.NoError(t, err)
		from := rapid.IntRange(0, DayMinutes-1).Draw(t, "from")
		to := rapid.IntRange(from+1, DayMinutes).Draw(t, "to")
		hours := make([]Hours, 7)
		for day := range hours {
			hours[day] = Hours{time.Weekday(day), from, to}
		}
		c := (&Schedule{Hours: hours}).calendar(zone)
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "at"), 0)
		local := at.In(zone)
		clock := local.Hour()*60 + local.Minute()
		require.Equal(t, clock >= from && clock < to, c.open(at))
	})
}

func TestCalendarRefuses(t *testing.T) {
	d := &Directory{Queues: []Queue{{QueueConfig: engine.QueueConfig{ID: "8001"}, Schedule: Schedule{TimeZone: "Nowhere"}}}}
	_, err := d.Calendar(time.UTC)
	require.ErrorContains(t, err, `queue 8001: time-zone "Nowhere"`)
}
