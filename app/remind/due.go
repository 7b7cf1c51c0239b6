package remind

import "time"

// LateAfter is how far behind its time a reminder may be sent without the word
// "late". People read clocks in minutes and the daemon looks every few seconds, so
// half a minute is already more than an ordinary delay.
const LateAfter = 30 * time.Second

// Verdict says what to do with a reminder that the scheduler has picked up.
type Verdict struct {
	Deliver bool      // send it now, once
	Late    bool      // and say that it is late
	Next    time.Time // when to look at it again; zero unless More
	More    bool      // false: there is nothing after this, retire it
}

// Due is the policy for a reminder that stood scheduled for a moment and is looked
// at now. One that is not due yet is left as it is. A one-off is always delivered,
// however late. A recurring one is delivered once for all the firings that were
// missed since, and goes on with the first firing after now, so a daemon that was
// down for a week does not send seven of them.
func Due(r Rule, scheduled, now time.Time, loc *time.Location) Verdict {
	if now.Before(scheduled) {
		return Verdict{Next: scheduled, More: true}
	}
	v := Verdict{Deliver: true, Late: now.Sub(scheduled) > LateAfter}
	if r.Recurring() {
		v.Next, v.More = r.Next(now, loc)
	}
	if !v.More {
		v.Next = time.Time{}
	}
	return v
}

// Shift is the next firing and the rule to store when a person moves from one zone
// to another while next is pending. It reports false when nothing is left to fire.
//
// A wall-clock rule keeps its local date and time: 09:00 stays 09:00 on the wall,
// and a date whose firing was delivered in the old zone does not fire again in the
// new one. When that local time has just passed because of the move, the result
// lies before now, and Due then delivers it as late: a move loses no reminder.
// Intervals and "in 20 minutes" keep their instant. One that is already due is left
// alone, since its delivery is under way. The rule comes back unchanged.
func Shift(r Rule, next time.Time, from, to *time.Location, now time.Time) (time.Time, Rule, bool) {
	from, to = orUTC(from), orUTC(to)
	if !now.Before(next) {
		return next.In(to), r, true
	}
	switch {
	case r.kind == kindOnce:
		t, _ := wall(r.start, r.minute, to)
		return t, r, true
	case r.wallClock():
		d, ok := r.nextDate(dateOf(next.In(from)))
		for ok {
			if t, exists := wall(d, r.minute, to); exists {
				return t, r, true
			}
			d, ok = r.nextDate(d + 1)
		}
		return time.Time{}, r, false
	case r.until != 0 && dateOf(next.In(to)) > r.until:
		return time.Time{}, r, false
	}
	return next.In(to), r, true
}
