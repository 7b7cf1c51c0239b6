package remind

import (
	"strconv"
	"strings"
)

// clock is a time of day as written.
type clock struct {
	minute   int  // of the day; 12-hour readings are resolved only when half is set
	exact    bool // am, pm, a leading zero or a name: it means what it says
	midnight bool // the word, which leaves open the midnight of which day
}

// part is a part of the day that stands in for a time or tells which half is meant.
type part uint8

const (
	anyPart part = iota
	morning
	afternoon
	evening
	night // as evening, but too wide to stand for a time by itself
)

func partOf(word string) part {
	switch word {
	case "morning":
		return morning
	case "afternoon":
		return afternoon
	case "evening":
		return evening
	case "night":
		return night
	}
	return anyPart
}

// defaultClock is the time meant by a part of the day without any other, false for
// one that means none.
func (p part) defaultClock() (clock, bool) {
	switch p {
	case morning:
		return clock{minute: 8 * 60, exact: true}, true
	case afternoon:
		return clock{minute: 15 * 60, exact: true}, true
	case evening:
		return clock{minute: 20 * 60, exact: true}, true
	}
	return clock{}, false
}

// apply moves a bare "9" into the part of the day it was said with, and asks when
// the two do not go together.
func (p part) apply(c clock) (clock, *Question) {
	from, to := 0, minutesPerDay
	switch p {
	case morning:
		to = 12 * 60
	case afternoon:
		from, to = 12*60, 19*60
	case evening, night:
		from = 17 * 60
	}
	if c.minute < from && !c.exact && c.minute >= 60 {
		c.minute += 12 * 60
	}
	if c.minute < from || c.minute >= to {
		return c, ask("The time and the part of the day do not go together. Write the time like 18:30 or 9pm. " + example)
	}
	return c, nil
}

// readClock reads "at 9", "18:30", "9.30", "9 pm", "at noon", "midnight". Without
// "at" a bare number is no time. n is 0 when there is none; something that is
// written as a time and is none gives a Question.
func readClock(ts []token) (c clock, n int, q *Question) {
	led := oneOf(at(ts, 0), "at", "@")
	if led {
		n = 1
	}
	switch at(ts, n) {
	case "noon", "midday":
		return clock{minute: 12 * 60, exact: true}, n + 1, nil
	case "midnight":
		return clock{exact: true, midnight: true}, n + 1, nil
	}
	hour, minute, half, ok := clockShape(at(ts, n))
	if k, named := count(at(ts, n)); led && named && !ok && k <= 12 && !oneOf(at(ts, n), "a", "an") {
		hour, ok = strconv.Itoa(k), true // at six
	}
	if !ok {
		return clock{}, 0, nil
	}
	dotted := strings.Contains(at(ts, n), ".")
	bare := minute == ""
	leadingZero := len(hour) == 2 && hour[0] == '0'
	n++
	if half == "" {
		if half = halfOf(at(ts, n)); half != "" {
			n++
		}
	}
	oclock := half == "" && oneOf(at(ts, n), "o'clock", "oclock")
	if oclock {
		n++
	}
	if bare && !led && half == "" && !oclock {
		return clock{}, 0, nil
	}
	h, m := atoi(hour), 0
	if !bare {
		m = atoi(minute)
	}
	valid := h < 24 && m < 60
	if half != "" {
		valid = h >= 1 && h <= 12 && m < 60
	}
	switch {
	case !valid && dotted && !led && half == "":
		return clock{}, 0, nil // 31.03 or 80.50 is some other number
	case !valid:
		return clock{}, n, askBadClock()
	case half != "":
		h = h%12 + map12(half)
	}
	return clock{minute: h*60 + m, exact: half != "" || leadingZero || h == 0 || h > 12}, n, nil
}

func map12(half string) int {
	if half == "pm" {
		return 12
	}
	return 0
}

// clockShape parts "9", "9pm", "18:30", "9.30am" into digits; minute is "" when
// none are written. It looks at the shape only: 25:99 has it.
func clockShape(word string) (hour, minute, half string, ok bool) {
	digits := strings.TrimRight(word, "apm.")
	if suffix := word[len(digits):]; suffix != "" {
		if half = halfOf(suffix); half == "" {
			return "", "", "", false
		}
	}
	hour, minute, colon := strings.Cut(digits, ":")
	if !colon {
		hour, minute, colon = strings.Cut(digits, ".")
	}
	if atoi(hour) < 0 || len(hour) > 2 || colon && (atoi(minute) < 0 || len(minute) != 2) {
		return "", "", "", false
	}
	return hour, minute, half, true
}

// halfOf is "am" or "pm" for the ways to write them, else "".
func halfOf(word string) string {
	switch word {
	case "am", "a.m", "a.m.":
		return "am"
	case "pm", "p.m", "p.m.":
		return "pm"
	}
	return ""
}
