package remind

import "time"

// Next is the first firing strictly after the given moment, in loc; nil is UTC. It
// reports false when the rule fires no more.
func (r Rule) Next(after time.Time, loc *time.Location) (time.Time, bool) {
	loc = orUTC(loc)
	if y := after.UTC().Year(); y < 0 || y > maxYear {
		return time.Time{}, false
	}
	switch r.kind {
	case kindNone:
		return time.Time{}, false
	case kindAt:
		t := time.Unix(r.instant, 0).In(loc)
		return t, t.After(after)
	case kindOnce:
		t, _ := wall(r.start, r.minute, loc) // a one-off is never lost, even on a left-out date
		return t, t.After(after)
	case kindInterval:
		return r.nextInterval(after, loc)
	}
	// The day before is looked at too: where clocks go back over midnight, the
	// moment after may show a later date than a firing still to come.
	d := dateOf(after.In(loc)) - 1
	for {
		var ok bool
		if d, ok = r.nextDate(d); !ok {
			return time.Time{}, false
		}
		if t, exists := wall(d, r.minute, loc); exists && t.After(after) {
			return t, true
		}
		d++
	}
}

// nextDate is the first matching date on or after d, false when there is none up to
// the rule's end.
func (r Rule) nextDate(d date) (date, bool) {
	if r.kind == kindEveryN {
		d = max(d, r.start)
		if past := int(d-r.start) % r.n; past != 0 {
			d += date(r.n - past)
		}
	}
	for !r.matches(d) { // at most two months of steps
		d++
	}
	if r.until != 0 && d > r.until {
		return 0, false
	}
	return d, true
}

func (r Rule) matches(d date) bool {
	switch r.kind {
	case kindWeekly:
		return r.days.has(d.weekday())
	case kindMonthDay:
		y, m, day := d.civil()
		return day == min(r.n, daysIn(y, m))
	case kindMonthNth:
		if !r.days.has(d.weekday()) {
			return false
		}
		y, m, day := d.civil()
		if r.n == lastInMonth {
			return day+7 > daysIn(y, m)
		}
		return (day-1)/7+1 == r.n
	}
	return true
}

func (r Rule) nextInterval(after time.Time, loc *time.Location) (time.Time, bool) {
	at := r.instant
	if gone := after.Unix() - at; gone >= 0 {
		step := int64(r.n) * 60
		at += (gone/step + 1) * step
	}
	t := time.Unix(at, 0).In(loc)
	if r.until != 0 && dateOf(t) > r.until {
		return time.Time{}, false
	}
	return t, true
}
