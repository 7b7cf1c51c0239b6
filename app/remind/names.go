package remind

import (
	"strconv"
	"strings"
	"time"
)

// short is the set in its stored form, "mon,wed".
func (w weekdays) short() string {
	var names []string
	for _, d := range w.list() {
		names = append(names, strings.ToLower(d.String()[:3]))
	}
	return strings.Join(names, ",")
}

func parseShort(s string) (weekdays, bool) {
	var set weekdays
	for name := range strings.SplitSeq(s, ",") {
		d, ok := weekdayOf(name)
		if !ok {
			return 0, false
		}
		set |= only(d)
	}
	return set, true
}

// weekdayOf knows the English names and their usual abbreviations, in lower case.
func weekdayOf(s string) (time.Weekday, bool) {
	switch s {
	case "monday", "mon":
		return time.Monday, true
	case "tuesday", "tue", "tues":
		return time.Tuesday, true
	case "wednesday", "wed", "weds":
		return time.Wednesday, true
	case "thursday", "thu", "thur", "thurs":
		return time.Thursday, true
	case "friday", "fri":
		return time.Friday, true
	case "saturday", "sat":
		return time.Saturday, true
	case "sunday", "sun":
		return time.Sunday, true
	}
	return 0, false
}

// monthOf knows the English names and their three-letter forms, in lower case.
func monthOf(s string) (time.Month, bool) {
	if s == "sept" {
		return time.September, true
	}
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if s == name || s == name[:3] {
			return m, true
		}
	}
	return 0, false
}

func ordinalName(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	case 4:
		return "fourth"
	case lastInMonth:
		return "last"
	}
	return ""
}

// ordinalOf is 0 for a word that is no ordinal of weeks in a month.
func ordinalOf(s string) int {
	switch s {
	case "first", "1st":
		return 1
	case "second", "2nd":
		return 2
	case "third", "3rd":
		return 3
	case "fourth", "4th":
		return 4
	case "last":
		return lastInMonth
	}
	return 0
}

// nth is the number as a date is read out, "1st", "22nd", "13th".
func nth(n int) string {
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// join is "a", "a and b", "a, b and c".
func join(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
