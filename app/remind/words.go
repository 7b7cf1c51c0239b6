package remind

import (
	"fmt"
	"strings"
	"time"
)

// Words is the rule as a person would say it, such as "every weekday at 07:30" or
// "every 90 minutes until 31 Dec 2026". It starts in lower case and has no full
// stop. The rule of At is named in UTC, since a rule knows no zone: show its first
// time instead.
func (r Rule) Words() string {
	at := fmt.Sprintf(" at %02d:%02d", r.minute/60, r.minute%60)
	var s string
	switch r.kind {
	case kindNone:
		return "never"
	case kindAt:
		return "once, on " + time.Unix(r.instant, 0).UTC().Format("Mon 2 Jan 2006 at 15:04 UTC")
	case kindOnce:
		return "once, on " + r.start.utc(0).Format("Mon 2 Jan 2006") + at
	case kindDaily:
		s = "every day" + at
	case kindWeekly:
		s = "every " + r.days.words() + at
	case kindEveryN:
		s = fmt.Sprintf("every %d days%s", r.n, at)
	case kindMonthDay:
		s = "every month on the " + nth(r.n) + at
		switch {
		case r.n == 31:
			s = "every month on the last day" + at
		case r.n > 28:
			s += " (the last day of a shorter month)"
		}
	case kindMonthNth:
		s = "every month on the " + ordinalName(r.n) + " " + r.days.words() + at
	case kindInterval:
		s = "every " + span(r.n)
	}
	if r.until != 0 {
		s += " until " + r.until.words()
	}
	return s
}

func (w weekdays) words() string {
	switch w {
	case allWeek:
		return "day"
	case workdays:
		return "weekday"
	}
	var names []string
	for _, d := range w.list() {
		names = append(names, d.String())
	}
	return join(names)
}

// span is a number of minutes in words, in hours when it is whole hours.
func span(minutes int) string {
	switch {
	case minutes == 60:
		return "hour"
	case minutes%60 == 0:
		return fmt.Sprintf("%d hours", minutes/60)
	case minutes > 120:
		return strings.TrimSpace(fmt.Sprintf("%d hours %d minutes", minutes/60, minutes%60))
	}
	return fmt.Sprintf("%d minutes", minutes)
}
