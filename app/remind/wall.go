package remind

import "time"

// wall is the moment at which clocks in loc show the given minute of the given
// date, by the rules of the package comment. It reports false, with the moment
// shifted by the jump, when the zone has no such date at all.
//
// It compares the offsets in force safely before and safely after: offsets lie
// within ±14 hours, so a day either side of the UTC reading is beyond a change at
// that time, and no zone changes twice within three days.
func wall(d date, minute int, loc *time.Location) (time.Time, bool) {
	naive := d.utc(minute)
	before := offset(naive.Add(-24*time.Hour), loc)
	after := offset(naive.Add(24*time.Hour), loc)
	first := naive.Add(-before)
	if offset(first, loc) == before {
		return first.In(loc), true // the only one, or the first of two
	}
	last := naive.Add(-after)
	if offset(last, loc) == after {
		return last.In(loc), true
	}
	first, last = first.In(loc), last.In(loc)
	if dateOf(first) == d {
		return first, true
	}
	if dateOf(last) == d {
		return last, true
	}
	return first, false
}

func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

func orUTC(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}
