package remind

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	layoutInstant = "2006-01-02T15:04:05Z"
	layoutAnchor  = "2006-01-02T15:04Z"
)

// errRule names no part of the text: what is stored may have been typed by a person.
var errRule = errors.New("remind: not a rule")

// String is the one stored form of the rule; ParseRule reads it back. The forms are
//
//	at 2026-11-24T09:00:05Z             one instant, UTC
//	once 2026-11-24 09:00               one local date and time
//	daily 07:30
//	weekly mon,wed 07:30
//	days 3 from 2026-11-23 08:00        every third date, counted from that one
//	monthly 31 09:00                    31 means the last day of a shorter month
//	monthly last fri 09:00              first, second, third, fourth or last
//	every 90m from 2026-11-23T10:00Z    absolute minutes, UTC
//
// and all but the first two may end in " until 2026-12-31", the last local date.
func (r Rule) String() string {
	clock := fmt.Sprintf("%02d:%02d", r.minute/60, r.minute%60)
	var s string
	switch r.kind {
	case kindNone:
		return ""
	case kindAt:
		return "at " + time.Unix(r.instant, 0).UTC().Format(layoutInstant)
	case kindOnce:
		return "once " + r.start.String() + " " + clock
	case kindDaily:
		s = "daily " + clock
	case kindWeekly:
		s = "weekly " + r.days.short() + " " + clock
	case kindEveryN:
		s = fmt.Sprintf("days %d from %s %s", r.n, r.start, clock)
	case kindMonthDay:
		s = fmt.Sprintf("monthly %d %s", r.n, clock)
	case kindMonthNth:
		s = "monthly " + ordinalName(r.n) + " " + r.days.short() + " " + clock
	case kindInterval:
		s = fmt.Sprintf("every %dm from %s", r.n, time.Unix(r.instant, 0).UTC().Format(layoutAnchor))
	}
	if r.until != 0 {
		s += " until " + r.until.String()
	}
	return s
}

// ParseRule reads the stored form of a rule and nothing else: what it accepts,
// String gives back letter by letter.
func ParseRule(s string) (Rule, error) {
	if len(s) > 80 {
		return Rule{}, errRule
	}
	body, end, bounded := strings.Cut(s, " until ")
	r, ok := parseBody(strings.Split(body, " "))
	if ok && bounded {
		r.until, ok = parseDate(end)
	}
	if !ok || r.String() != s {
		return Rule{}, errRule
	}
	return r, nil
}

func parseBody(f []string) (Rule, bool) {
	switch {
	case len(f) == 2 && f[0] == "at":
		at, ok := parseInstant(layoutInstant, f[1])
		return Rule{kind: kindAt, instant: at}, ok
	case len(f) == 3 && f[0] == "once":
		r, ok := timed(Rule{kind: kindOnce}, f[2])
		start, okDate := parseDate(f[1])
		r.start = start
		return r, ok && okDate
	case len(f) == 2 && f[0] == "daily":
		return timed(Rule{kind: kindDaily}, f[1])
	case len(f) == 3 && f[0] == "weekly":
		days, okDays := parseShort(f[1])
		r, ok := timed(Rule{kind: kindWeekly, days: days}, f[2])
		return r, ok && okDays
	case len(f) == 5 && f[0] == "days" && f[2] == "from":
		r, ok := timed(Rule{kind: kindEveryN, n: atoi(f[1])}, f[4])
		start, okDate := parseDate(f[3])
		r.start = start
		return r, ok && okDate && r.n >= 2 && r.n <= MaxDays
	case len(f) == 3 && f[0] == "monthly":
		r, ok := timed(Rule{kind: kindMonthDay, n: atoi(f[1])}, f[2])
		return r, ok && r.n >= 1 && r.n <= 31
	case len(f) == 4 && f[0] == "monthly":
		day, okDay := weekdayOf(f[2])
		r, ok := timed(Rule{kind: kindMonthNth, n: ordinalOf(f[1]), days: only(day)}, f[3])
		return r, ok && okDay && r.n > 0
	case len(f) == 4 && f[0] == "every" && f[2] == "from":
		at, ok := parseInstant(layoutAnchor, f[3])
		n := atoi(strings.TrimSuffix(f[1], "m"))
		return Rule{kind: kindInterval, n: n, instant: at}, ok && n >= MinInterval && n <= MaxInterval
	}
	return Rule{}, false
}

func timed(r Rule, clock string) (Rule, bool) {
	h, m, found := strings.Cut(clock, ":")
	hour, minute := atoi(h), atoi(m)
	if !found || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return r, false
	}
	r.minute = hour*60 + minute
	return r, true
}

func parseDate(s string) (date, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, false
	}
	return newDate(t.Date())
}

func parseInstant(layout, s string) (int64, bool) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < minYear {
		return 0, false
	}
	return t.Unix(), true
}

// atoi is -1 for anything but up to five decimal digits.
func atoi(s string) int {
	if len(s) == 0 || len(s) > 5 || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
