package store

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a switch's machine may lack the zone files
)

// DayMinutes is where a day ends, in minutes after its midnight.
const DayMinutes = 24 * 60

// Schedule is when a queue takes callers. Without weekly hours it always does, but for its holidays.
type Schedule struct {
	TimeZone string // of the hours; empty = the setting time-zone
	Hours    []Hours
	Holidays []Holiday
}

// Hours is a time of each week, in minutes after midnight by the clock on the wall. It belongs to the day on which it
// begins; one that does not end after its beginning ends on the next day.
type Hours struct {
	Weekday  time.Weekday
	From, To int
}

// Holiday replaces a day's weekly hours by its own; From = To = 0 is a day that is closed. A day may have several.
type Holiday struct {
	Day      string // 2026-12-25, or 12-25 for each year
	From, To int
	Name     string
}

const (
	dayLayout    = "2006-01-02"
	yearlyLayout = "01-02"
)

// check says what is wrong with a schedule.
func (s *Schedule) check() error {
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		return fmt.Errorf("time-zone %q: want a zone's name, such as Europe/Berlin", s.TimeZone)
	}
	for _, h := range s.Hours {
		if h.Weekday < time.Sunday || h.Weekday > time.Saturday || !spanIsGood(h.From, h.To) || h.From == h.To {
			return fmt.Errorf("hours of %v from minute %d to %d: want a time of the week", h.Weekday, h.From, h.To)
		}
	}
	for _, h := range s.Holidays {
		if !IsDay(h.Day) {
			return fmt.Errorf("holiday %q: want a day such as 2026-12-25, or 12-25 for each year", h.Day)
		}
		if !spanIsGood(h.From, h.To) || h.From == h.To && h.From != 0 {
			return fmt.Errorf("holiday %q from minute %d to %d: want a time of the day", h.Day, h.From, h.To)
		}
	}
	return nil
}

func spanIsGood(from, to int) bool {
	return from >= 0 && from < DayMinutes && to >= 0 && to <= DayMinutes
}

// IsDay tells whether a text may be a holiday's day. The 29th of February of each year comes when there is one.
func IsDay(day string) bool {
	if strings.Count(day, "-") == 1 {
		day = "2000-" + day
	}
	_, err := time.Parse(dayLayout, day)
	return err == nil
}

// Calendar tells when queues are open. It is made once a directory and never changes.
type Calendar map[string]*calendar

type calendar struct {
	zone     *time.Location
	weekly   [7][]span
	always   bool              // there are no weekly hours
	holidays map[string][]span // by day, 2026-12-25 or 12-25
}

// span is minutes after midnight; to may lie on the next day.
type span struct{ from, to int }

// Calendar makes the calendar of a directory. zone is that of queues which name none.
func (d *Directory) Calendar(zone *time.Location) (Calendar, error) {
	calendars := Calendar{}
	for i := range d.Queues {
		q := &d.Queues[i]
		if err := q.Schedule.check(); err != nil {
			return nil, fmt.Errorf("queue %s: %w", q.ID, err)
		}
		calendars[q.ID] = q.calendar(zone)
	}
	return calendars, nil
}

func (s *Schedule) calendar(zone *time.Location) *calendar {
	c := &calendar{zone: zone, always: len(s.Hours) == 0, holidays: map[string][]span{}}
	if s.TimeZone != "" {
		c.zone, _ = time.LoadLocation(s.TimeZone) // check has loaded it
	}
	for _, h := range s.Hours {
		c.weekly[h.Weekday] = append(c.weekly[h.Weekday], spanOf(h.From, h.To))
	}
	for _, h := range s.Holidays {
		spans := c.holidays[h.Day]
		if h.From != h.To {
			spans = append(spans, spanOf(h.From, h.To))
		}
		c.holidays[h.Day] = spans
	}
	return c
}

func spanOf(from, to int) span {
	if to <= from {
		to += DayMinutes
	}
	return span{from, to}
}

// Open is engine.Config.QueueOpen: it depends on its arguments alone. A queue that is not in the calendar is open.
func (c Calendar) Open(queueID string, wallMicros int64) bool {
	of := c[queueID]
	return of == nil || of.open(time.UnixMicro(wallMicros))
}

// open goes by the clock on the wall, so that hours are what they say on the days when the clock is put forward or back.
func (c *calendar) open(at time.Time) bool {
	local := at.In(c.zone)
	year, month, day := local.Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, time.UTC) // no clock is put forward in UTC: days are days
	minute := local.Hour()*60 + local.Minute()
	return c.within(today, minute) || c.within(today.AddDate(0, 0, -1), minute+DayMinutes)
}

// within tells whether the hours that begin on a day hold a minute after its midnight.
func (c *calendar) within(day time.Time, minute int) bool {
	spans, special := c.holidays[day.Format(dayLayout)]
	if !special {
		spans, special = c.holidays[day.Format(yearlyLayout)]
	}
	if !special {
		if c.always {
			return minute < DayMinutes
		}
		spans = c.weekly[day.Weekday()]
	}
	for _, s := range spans {
		if minute >= s.from && minute < s.to {
			return true
		}
	}
	return false
}
