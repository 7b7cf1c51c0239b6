package remind

import (
	"strings"
	"time"
)

// readAhead reads a stretch of hours, minutes and seconds from now on: "in 20
// minutes", "in an hour and a half", "in 1h30m", "2 hours from now". n is 0 when
// there is none.
func readAhead(ts []token) (d time.Duration, n int) {
	if at(ts, 0) == "in" {
		d, n = readSpan(ts[1:])
		if n > 0 {
			n++
		}
		return d, n
	}
	if d, n = readSpan(ts); n > 0 && hasWords(ts, n, "from", "now") {
		return d, n + 2
	}
	return 0, 0
}

// readSpan reads a length of time, "an hour and a half", "2 h 30 min", "90min".
func readSpan(ts []token) (time.Duration, int) {
	if unit, n := readHalf(ts); n > 0 {
		return unit, n
	}
	var total time.Duration
	n, last := 0, 0 // last is the seconds of the smallest unit so far
	for {
		skip := 0
		if n > 0 && at(ts, n) == "and" {
			skip = 1
			if hasWords(ts, n+1, "a", "half") || hasWords(ts, n+1, "half") {
				skip += len("x") // both forms end the span
				if at(ts, n+1) == "a" {
					skip++
				}
				return total + time.Duration(last)*time.Second/2, n + skip
			}
		}
		part, unit, used := readAmount(ts[min(n+skip, len(ts)):])
		if used == 0 || last != 0 && unit >= last {
			return total, n
		}
		total, last, n = total+part, unit, n+skip+used
	}
}

// readHalf reads "half an hour" and "half a minute".
func readHalf(ts []token) (time.Duration, int) {
	if at(ts, 0) != "half" || !oneOf(at(ts, 1), "a", "an") {
		return 0, 0
	}
	unit := secondsIn(at(ts, 2))
	if unit == 0 {
		return 0, 0
	}
	return time.Duration(unit) * time.Second / 2, 3
}

// readAmount reads one number with its unit, "20 minutes", "1.5h", "2 and a half
// hours", and "1h30m" in one word; unit is in seconds.
func readAmount(ts []token) (d time.Duration, unit, n int) {
	if d, unit, ok := compact(at(ts, 0)); ok {
		return d, unit, 1
	}
	hundredths, ok := decimal(at(ts, 0))
	if !ok {
		k, isCount := count(at(ts, 0))
		if !isCount {
			return 0, 0, 0
		}
		hundredths = 100 * k
	}
	n = 1
	if hasWords(ts, n, "and", "a", "half") {
		if secondsIn(at(ts, n+3)) == 0 {
			return 0, 0, 0
		}
		hundredths, n = hundredths+50, n+3
	}
	unit = secondsIn(at(ts, n))
	if unit == 0 {
		return 0, 0, 0
	}
	return time.Duration(hundredths*unit) * time.Second / 100, unit, n + 1
}

// compact reads "20min", "1.5h" and "1h30m".
func compact(word string) (d time.Duration, unit int, ok bool) {
	for word != "" {
		number := word[:len(word)-len(strings.TrimLeft(word, "0123456789.,"))]
		word = word[len(number):]
		letters, _ := splitLetters(word)
		word = word[len(letters):]
		hundredths, valid := decimal(number)
		seconds := secondsIn(letters)
		if !valid || seconds == 0 || unit != 0 && seconds >= unit {
			return 0, 0, false
		}
		d, unit = d+time.Duration(hundredths*seconds)*time.Second/100, seconds
	}
	return d, unit, unit != 0
}

func splitLetters(word string) (letters, rest string) {
	rest = strings.TrimLeft(word, "abcdefghijklmnopqrstuvwxyz")
	return word[:len(word)-len(rest)], rest
}

// decimal is a number of up to four digits, and up to two after a point or comma,
// in hundredths.
func decimal(word string) (int, bool) {
	whole, frac, pointed := strings.Cut(strings.ReplaceAll(word, ",", "."), ".")
	w := atoi(whole)
	if w < 0 || len(whole) > 4 {
		return 0, false
	}
	if !pointed {
		return 100 * w, true
	}
	f := atoi(frac)
	if f < 0 || len(frac) > 2 {
		return 0, false
	}
	if len(frac) == 1 {
		f *= 10
	}
	return 100*w + f, true
}

// secondsIn is the length of a unit of the clock, 0 for any other word.
func secondsIn(word string) int {
	switch word {
	case "hour", "hours", "h", "hr", "hrs":
		return 3600
	case "minute", "minutes", "min", "mins", "m":
		return 60
	case "second", "seconds", "sec", "secs", "s":
		return 1
	}
	return 0
}
