package progress

import (
	"fmt"
	"time"
)

// Day is a civil date in the person's own zone. The zero Day means never.
type Day struct {
	Year  int
	Month time.Month
	Date  int
}

// FromTime is the date that a calendar in loc shows at t; nil is UTC.
func FromTime(t time.Time, loc *time.Location) Day {
	if loc == nil {
		loc = time.UTC
	}
	y, m, d := t.In(loc).Date()
	return Day{Year: y, Month: m, Date: d}
}

// IsZero reports whether the Day is the zero Day.
func (d Day) IsZero() bool { return d == Day{} }

// Sub is the number of days from other to d, negative when d is the earlier.
func (d Day) Sub(other Day) int {
	const secondsPerDay = 24 * 60 * 60
	return int((d.utc().Unix() - other.utc().Unix()) / secondsPerDay)
}

// AddDays is the Day n days later.
func (d Day) AddDays(n int) Day { return FromTime(d.utc().AddDate(0, 0, n), nil) }

func (d Day) utc() time.Time { return time.Date(d.Year, d.Month, d.Date, 0, 0, 0, 0, time.UTC) }

// String is the date as 2006-01-02, "" for the zero Day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Date)
}

// ParseDay reads 2006-01-02, and "" as the zero Day.
func ParseDay(s string) (Day, error) {
	if s == "" {
		return Day{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fmt.Errorf("progress: not a date: %w", err)
	}
	return FromTime(t, nil), nil
}
