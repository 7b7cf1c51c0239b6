package remind

import (
	"fmt"
	"time"
)

const (
	minutesPerDay = 24 * 60
	secondsPerDay = minutesPerDay * 60
	minYear       = 2000 // dates in rules lie between these years, four digits each
	maxYear       = 9999
)

// date is a civil date as the number of days since 1970-01-01. Whole numbers make
// stepping, weekdays and "every N days" plain arithmetic without any zone.
type date int

// newDate reports false for a date that does not exist, such as 31 February.
func newDate(year int, month time.Month, day int) (date, bool) {
	if year < minYear || year > maxYear || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)), true
}

// dateOf is the date that a calendar in t's own location shows.
func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// daysIn is 0 for a month outside 1..12.
func daysIn(year int, month time.Month) int {
	if month < time.January || month > time.December {
		return 0
	}
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (d date) civil() (int, time.Month, int) { return d.utc(0).Date() }

// utc is the minute of the date as if the clock ran on UTC.
func (d date) utc(minute int) time.Time {
	return time.Unix(int64(d)*secondsPerDay+int64(minute)*60, 0).UTC()
}

func (d date) weekday() time.Weekday { return d.utc(0).Weekday() }

func (d date) String() string {
	y, m, day := d.civil()
	return fmt.Sprintf("%04d-%02d-%02d", y, int(m), day)
}

// words is the date as a person reads it, "31 Dec 2026".
func (d date) words() string { return d.utc(0).Format("2 Jan 2006") }
