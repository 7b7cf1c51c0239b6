package remind

import "time"

// Limits of what a rule may say.
const (
	MinInterval = 15          // minutes between firings of an interval rule, at least
	MaxInterval = 7 * 24 * 60 // and at most
	MaxDays     = 999         // largest N of "every N days"
)

type kind uint8

const (
	kindNone     kind = iota
	kindAt            // one instant, whatever zone the person is in
	kindOnce          // one local date and time
	kindDaily         // every local date
	kindWeekly        // the weekdays in days
	kindEveryN        // every n-th date counted from start
	kindMonthDay      // day n of every month, its last day when the month is shorter
	kindMonthNth      // the n-th of one weekday in every month, 5 = the last
	kindInterval      // every n minutes of absolute time, counted from instant
)

const lastInMonth = 5

// Rule says when a reminder fires. It is a comparable value; the zero Rule never
// fires, prints as "" and is not recurring. Rules come from ParseRule, Parse, Once
// and At, which make only valid ones.
type Rule struct {
	kind    kind
	minute  int      // minute of the local day
	days    weekdays // kindWeekly, and the single weekday of kindMonthNth
	n       int
	start   date  // kindOnce, kindEveryN
	instant int64 // Unix seconds: kindAt, kindInterval
	until   date  // last local date on which it fires; 0 = no end
}

// Once fires a single time, when clocks where the person then is show the local
// date and minute that t has in loc. A nil loc is UTC.
func Once(t time.Time, loc *time.Location) Rule {
	t = t.In(orUTC(loc))
	return Rule{kind: kindOnce, start: dateOf(t), minute: t.Hour()*60 + t.Minute()}
}

// At fires a single time at the instant t, cut to the second, and does not follow
// the person into another zone. It is the rule of "in 20 minutes" and of a snooze.
func At(t time.Time) Rule { return Rule{kind: kindAt, instant: t.Unix()} }

// Recurring reports whether the rule may fire more than once.
func (r Rule) Recurring() bool { return r.kind > kindOnce }

// wallClock reports whether the rule follows the clock on the person's wall.
func (r Rule) wallClock() bool {
	return r.kind != kindNone && r.kind != kindAt && r.kind != kindInterval
}

// weekdays is a set of days of the week, bit 0 = Sunday as in time.Weekday.
type weekdays uint8

const (
	allWeek  weekdays = 1<<7 - 1
	weekend           = weekdays(1<<time.Saturday | 1<<time.Sunday)
	workdays          = allWeek &^ weekend
)

func only(d time.Weekday) weekdays { return 1 << d }

func (w weekdays) has(d time.Weekday) bool { return w&only(d) != 0 }

// list is the set from Monday to Sunday.
func (w weekdays) list() []time.Weekday {
	var out []time.Weekday
	for i := range 7 {
		if d := time.Weekday((i + 1) % 7); w.has(d) {
			out = append(out, d)
		}
	}
	return out
}
