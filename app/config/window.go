package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Window is a span of wall-clock time that comes back every week, in the zone of the time it is asked about. The zero value is
// never.
type Window struct {
	Days     []time.Weekday // on which it begins, in the order of the week; each once
	From, To time.Duration  // since midnight; To is on the next day when it is not after From
}

// parseWindow reads "Sun 03:00-05:00", "Sat,Sun 23:30-02:00" or "daily 03:00-04:00".
func parseWindow(into *Window, text string) error {
	wrong := errors.New("is not a window such as 'Sun 03:00-05:00', 'Sat,Sun 23:30-02:00' or 'daily 03:00-04:00'")
	days, span, ok := strings.Cut(strings.TrimSpace(text), " ")
	from, to, both := strings.Cut(strings.TrimSpace(span), "-")
	if !ok || !both {
		return wrong
	}
	var w Window
	for day := range strings.SplitSeq(days, ",") {
		if strings.EqualFold(day, "daily") && days == day {
			w.Days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
			break
		}
		d, ok := weekday(day)
		if !ok {
			return wrong
		}
		w.Days = append(w.Days, d)
	}
	slices.Sort(w.Days)
	w.Days = slices.Compact(w.Days)
	var err error
	if w.From, err = clock(from); err != nil {
		return wrong
	}
	if w.To, err = clock(to); err != nil || w.To == w.From {
		return wrong
	}
	*into = w
	return nil
}

// weekday reads "Sunday" or "Sun", in any case.
func weekday(text string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(text, d.String()) || strings.EqualFold(text, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

func clock(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", strings.TrimSpace(text))
	if err != nil {
		return 0, err
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

// String is the window as it is written in a setting, empty for never.
func (w Window) String() string {
	if len(w.Days) == 0 {
		return ""
	}
	days := "daily"
	if len(w.Days) < 7 {
		var names []string
		for _, d := range w.Days {
			names = append(names, d.String()[:3])
		}
		days = strings.Join(names, ",")
	}
	at := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60) }
	return days + " " + at(w.From) + "-" + at(w.To)
}

// End returns when the window that at lies in ends, and false when at lies in none. The wall clock counts: a window that a change of
// the clock makes longer or shorter keeps its hours.
func (w Window) End(at time.Time) (time.Time, bool) {
	for _, back := range []int{0, 1} {
		y, m, d := at.Date()
		day := time.Date(y, m, d-back, 0, 0, 0, 0, at.Location())
		if !slices.Contains(w.Days, day.Weekday()) {
			continue
		}
		next := 0
		if w.To <= w.From {
			next = 1
		}
		on := func(days int, t time.Duration) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day()+days, int(t.Hours()), int(t.Minutes())%60, 0, 0, at.Location())
		}
		begin, end := on(0, w.From), on(next, w.To)
		if !at.Before(begin) && at.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}
