package remind

import (
	"strings"
	"time"
)

// readWeekdays reads "mon, wed and fri", "mon wed fri", "mon,wed", "mon-fri" and
// "monday to friday".
func readWeekdays(ts []token) (weekdays, int) {
	var set weekdays
	for n := 0; ; {
		skip := 0
		if n > 0 && oneOf(at(ts, n), "and", "&", "+") {
			skip = 1
		} else if n > 0 && !ts[n-1].comma && !adjoins(at(ts, n-1), at(ts, n)) {
			return set, n
		}
		more, used := readDayWord(ts[min(n+skip, len(ts)):])
		if used == 0 {
			return set, n
		}
		set, n = set|more, n+skip+used
	}
}

// adjoins is for names that need no comma between them. An abbreviation after a
// full name may be a word of the message: "every monday sun cream".
func adjoins(before, word string) bool {
	const shortestFull = len("friday")
	return len(word) >= shortestFull || len(before) < shortestFull
}

// readDayWord reads one entry of a list of weekdays, which may be a range.
func readDayWord(ts []token) (weekdays, int) {
	word := at(ts, 0)
	if wd, ok := weekdayOf(strings.TrimSuffix(word, "s")); ok || setOf(word) != 0 {
		if !ok {
			return setOf(word), 1
		}
		if last, ok := weekdayOf(at(ts, 2)); ok && oneOf(at(ts, 1), "to", "-", "–", "through") {
			return between(wd, last), 3
		}
		return only(wd), 1
	}
	return 0, 0
}

// setOf reads "tues", "mon,wed,fri" and "mon-fri" in one word, 0 for any other.
func setOf(word string) weekdays {
	if a, b, ok := strings.Cut(strings.ReplaceAll(word, "–", "-"), "-"); ok {
		first, okA := weekdayOf(a)
		last, okB := weekdayOf(b)
		if okA && okB {
			return between(first, last)
		}
		return 0
	}
	set, _ := parseShort(strings.ReplaceAll(word, "/", ","))
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz,/") != "" {
		return 0
	}
	return set
}

func between(first, last time.Weekday) weekdays {
	set := only(first)
	for d := first; d != last; {
		d = (d + 1) % 7
		set |= only(d)
	}
	return set
}

// readPlurals reads "mondays and thursdays": the plural alone says it recurs.
func readPlurals(ts []token) (weekdays, int) {
	word := at(ts, 0)
	if _, ok := weekdayOf(strings.TrimSuffix(word, "s")); !ok || !strings.HasSuffix(word, "days") {
		return 0, 0
	}
	return readWeekdays(ts)
}
