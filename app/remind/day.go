package remind

import (
	"strings"
	"time"
)

type dayKind uint8

const (
	dayOffset  dayKind = iota // n days from today
	dayWeekday                // the next such weekday, today included
	dayNext                   // "next monday"
	dayDate                   // year (0 = the next one to come), month, n
	dayOfMonth                // "on the 15th"
)

// day is a date as written.
type day struct {
	kind    dayKind
	n       int
	weekday time.Weekday
	month   time.Month
	year    int
	counted bool // "in 3 days", which goes without a time of day
	bad     bool // shaped as a date, but there is none such, or it reads two ways
	loose   bool // an everyday word that need not be a date: "sun", "the 2nd"
}

// readDay reads "tomorrow", "on monday", "31.03.2026", "March 31", "on the 15th",
// "in 3 days". n is 0 when there is none.
func readDay(ts []token) (d day, n int) {
	switch {
	case at(ts, 0) == "today":
		return day{}, 1
	case at(ts, 0) == "tomorrow":
		return day{n: 1}, 1
	case hasWords(ts, 0, "day", "after", "tomorrow"):
		return day{n: 2}, 3
	case hasWords(ts, 0, "the", "day", "after", "tomorrow"):
		return day{n: 2}, 4
	case at(ts, 0) == "in":
		return readDaysAhead(ts)
	}
	if d, n = readDate(ts); n > 0 {
		return d, n
	}
	return readWeekday(ts)
}

func readWeekday(ts []token) (day, int) {
	lead := at(ts, 0)
	if oneOf(lead, "on", "next", "this", "coming") {
		if wd, ok := weekdayOf(at(ts, 1)); ok {
			d := day{kind: dayWeekday, weekday: wd}
			if lead == "next" {
				d.kind = dayNext
			}
			return d, 2
		}
		if lead != "on" || !oneOf(at(ts, 1), "next", "this", "coming") {
			return day{}, 0
		}
		d, n := readWeekday(ts[1:])
		if n > 0 {
			n++
		}
		return d, n
	}
	wd, ok := weekdayOf(lead)
	if !ok {
		return day{}, 0
	}
	return day{kind: dayWeekday, weekday: wd, loose: len(lead) < len("friday")}, 1
}

// readDaysAhead reads "in 3 days" and "in two weeks".
func readDaysAhead(ts []token) (day, int) {
	num, unit, n := at(ts, 1), at(ts, 2), 3
	if digits, rest := splitDigits(num); digits != "" && rest != "" {
		num, unit, n = digits, rest, 2
	}
	k, ok := count(num)
	if !ok || hasWords(ts, n, "and") && secondsIn(at(ts, n+2)) > 0 {
		return day{}, 0
	}
	switch unit {
	case "day", "days":
		return day{n: k, counted: true, bad: k == 0}, n
	case "week", "weeks":
		return day{n: 7 * k, counted: true, bad: k == 0}, n
	}
	return day{}, 0
}

// readDate reads the written-out dates, with or without "on" and "the".
func readDate(ts []token) (day, int) {
	skip := 0
	if at(ts, skip) == "on" {
		skip++
	}
	the := at(ts, skip) == "the"
	if the {
		skip++
	}
	rest := ts[min(skip, len(ts)):]
	if d, ok := numericDate(at(rest, 0)); ok && !the {
		return d, skip + 1
	}
	if d, n := namedMonth(rest); n > 0 {
		year := at(rest, n)
		if k := atoi(year); len(year) == 4 && k >= 1900 && k < 3000 {
			d.year, n = k, n+1
			d.bad = k < minYear
		}
		return d, skip + n
	}
	k, ok := ordinalDay(at(rest, 0))
	if !ok || !the || hasWords(rest, 1, "of") {
		return day{}, 0
	}
	return day{kind: dayOfMonth, n: k, bad: k < 1 || k > 31, loose: skip == 1}, skip + 1
}

// namedMonth reads "31 march", "31st of march", "march 31", "march 31st".
func namedMonth(ts []token) (day, int) {
	if m, ok := monthOf(at(ts, 0)); ok {
		if k, ok := dayNumber(at(ts, 1)); ok {
			return day{kind: dayDate, month: m, n: k}, 2
		}
		return day{}, 0
	}
	k, ok := dayNumber(at(ts, 0))
	if !ok {
		return day{}, 0
	}
	n := 1
	if at(ts, n) == "of" {
		n++
	}
	if m, ok := monthOf(at(ts, n)); ok {
		return day{kind: dayDate, month: m, n: k}, n + 1
	}
	return day{}, 0
}

// dayNumber reads "31" and "31st".
func dayNumber(word string) (int, bool) {
	if k := atoi(word); k >= 0 && len(word) <= 2 {
		return k, true
	}
	return ordinalDay(word)
}

// ordinalDay reads "15th" and the like.
func ordinalDay(word string) (int, bool) {
	digits, suffix := splitDigits(word)
	if k := atoi(digits); k >= 0 && len(digits) <= 2 && oneOf(suffix, "st", "nd", "rd", "th") {
		return k, true
	}
	return 0, false
}

// numericDate reads 2026-03-31, 31.03.2026, 31.3.26, and 31/03/2026 only when it
// can be read one way.
func numericDate(word string) (day, bool) {
	for _, sep := range []string{"-", ".", "/"} {
		f := strings.Split(word, sep)
		if len(f) != 3 {
			continue
		}
		a, b, c := atoi(f[0]), atoi(f[1]), atoi(f[2])
		if a < 0 || b < 0 || c < 0 {
			return day{}, false
		}
		switch {
		case len(f[0]) == 4:
			return day{kind: dayDate, year: a, month: time.Month(b), n: c, bad: sep == "." || len(f[2]) > 2}, true
		case len(f[0]) > 2 || len(f[1]) > 2:
			return day{bad: true}, true
		case len(f[2]) == 2:
			c += minYear
		case len(f[2]) != 4:
			return day{bad: true}, true
		}
		d := day{kind: dayDate, year: c, month: time.Month(b), n: a, bad: sep == "-"}
		if sep == "/" && a <= 12 {
			d.bad = b <= 12 && a != b
			d.month, d.n = time.Month(a), b
		}
		return d, true
	}
	return day{}, false
}
