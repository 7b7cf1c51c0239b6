package remind

import (
	"strings"
	"time"
)

// suspicious looks for anything in a message that may have been meant as part of
// the time. A question too many costs a moment; a wrong time costs a missed dose.
func suspicious(body []token) *Question {
	for i := range body {
		if isMeasure(at(body, i+1)) && dottedPair(at(body, i), 2) {
			continue // 0.25 mg
		}
		if d, n := readAtom(body[i:]); n > 0 && !d.loose {
			return askOneTime()
		}
		if unknownTime(body, i) {
			return askUnclear()
		}
	}
	return nil
}

// danglesBefore is for a last word that reaches for the time after it: "half past
// 9pm", "the sun 18:00", "31.3 18:00". "on" and "in" end honest texts: turn the
// heater on.
func danglesBefore(word string) bool {
	return dottedPair(word, 1) || slashedPair(word) || oneOf(word,
		"past", "before", "after", "by", "about", "around", "approximately", "circa", "between", "from", "until", "till",
		"to", "and", "or", "&", "+", "-", "–", "—", "~", "/", "not", "except", "but", "than", "at", "@", "every", "each", "next", "this", "last", "half", "quarter",
		"the", "a", "an", "of", "for", "with", "my", "your", "our", "starting", "since", "through", "excluding", "unless")
}

// danglesAfter is for first words that go on about the time before them: "at 9 or
// 10 …", "at 9 30 …", "in 1 hour 30 …".
func danglesAfter(before string, body []token) bool {
	word := at(body, 0)
	if atoi(word) >= 0 && len(word) <= 2 && !strings.ContainsAny(before, ":.") && !strings.HasSuffix(before, "m") {
		return true
	}
	if oneOf(word, "", "to", "-", "–", "—") && len(body) > 1 && strings.ContainsAny(body[1].word, "0123456789") {
		return true
	}
	if len(word) > 1 && strings.ContainsRune("+-–", rune(word[0])) && word[1] >= '0' && word[1] <= '9' {
		return true
	}
	return len(body) > 0 && oneOf(word,
		"and", "or", "&", "+", "except", "but", "not", "from", "between", "until", "till", "til", "through", "starting", "excluding", "unless", "ish", "sharp",
		"before", "after", "past", "ago", "of", "minus", "plus",
		"utc", "gmt", "z", "bst", "cet", "cest", "eet", "eest", "msk", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "ist", "jst", "aest", "aedt", "am", "pm")
}

// unknownTime is for ways to speak of time that the grammar does not know, at i.
func unknownTime(ts []token, i int) bool {
	word, next := at(ts, i), at(ts, i+1)
	switch {
	case oneOf(word, "yesterday", "fortnight", "fortnightly", "biweekly", "yearly", "annually", "nightly", "o'clock", "oclock", "twice", "thrice", "weekends", "alternate"):
		return true
	case oneOf(word, "every", "each"):
		return periodWithin(ts[i+1:], 4) || oneOf(next, "other", "few", "blue", "couple", "now") || strings.ContainsAny(next, "0123456789")
	case oneOf(word, "next", "this", "following", "coming"):
		return isPeriod(next)
	case oneOf(word, "times", "once"):
		return oneOf(next, "a", "an", "per", "every", "each", "daily", "weekly")
	case oneOf(word, "per", "a") && i > 0 && oneOf(at(ts, i-1), "times", "once"):
		return true
	case oneOf(word, "in", "for", "after", "within"):
		return isLongSpan(ts[i+1:], word != "in")
	case oneOf(word, "half", "quarter"):
		return oneOf(next, "past", "to")
	case oneOf(word, "starting", "beginning"):
		return true
	case word == "of" && oneOf(next, "the", "this", "next"):
		return at(ts, i+2) == "month"
	case word == "end" && next == "of":
		return isPeriod(at(ts, i+2)) || isPeriod(at(ts, i+3))
	}
	if oneOf(at(ts, i-1), "on", "until", "till", "from") && (dottedPair(word, 1) || slashedPair(word)) || ts[i].dot && dottedPair(word, 1) {
		return true // on 31.3, 31.3.
	}
	if len(word) > len(time.DateOnly) {
		if _, ok := numericDate(word[:len(time.DateOnly)]); ok {
			return true // 2026-03-31T18:30
		}
	}
	return dottedPair(word, 2) || strings.Count(word, ":") == 1 && clockLike(word)
}

// isLongSpan is for "3 days", "a month", "2 years"; the units of the clock belong
// to an activity ("meditate for 10 minutes") unless after "in".
func isLongSpan(ts []token, longOnly bool) bool {
	num, unit := at(ts, 0), at(ts, 1)
	if digits, rest := splitDigits(num); digits != "" && rest != "" {
		num, unit = digits, rest
	}
	if _, ok := count(num); !ok && !oneOf(num, "few", "couple", "half", "several", "some", "the") {
		return false
	}
	if num == "the" {
		return longOnly && oneOf(unit, "next")
	}
	if oneOf(unit, "few", "couple") {
		return true
	}
	return isPeriod(strings.TrimSuffix(unit, "s")) && (!longOnly || secondsIn(unit) == 0)
}

// periodWithin reports whether one of the next n words is a period of time.
func periodWithin(ts []token, n int) bool {
	for i := range min(n, len(ts)) {
		if isPeriod(ts[i].word) {
			return true
		}
	}
	return false
}

func isPeriod(word string) bool {
	return secondsIn(word) > 0 || partOf(word) != anyPart ||
		oneOf(strings.TrimSuffix(word, "s"), "day", "week", "month", "year", "weekend", "weekday", "fortnight", "quarter", "decade")
}

// dottedPair is for 31.03 and 12.50, which are a date, a time or an amount, with at
// least so many digits behind the point.
func dottedPair(word string, digits int) bool {
	a, b, ok := strings.Cut(word, ".")
	return ok && atoi(a) >= 0 && atoi(b) >= 0 && len(a) <= 2 && len(b) >= digits && len(b) <= 2
}

// slashedPair is for 31/3.
func slashedPair(word string) bool {
	a, b, ok := strings.Cut(word, "/")
	return ok && atoi(a) >= 0 && atoi(b) >= 0 && len(a) <= 2 && len(b) <= 2
}

// isMeasure is for units after which a number is an amount, not a time.
func isMeasure(word string) bool {
	return oneOf(word, "mg", "mcg", "µg", "μg", "ug", "g", "kg", "ml", "cl", "dl", "l", "iu", "units", "km", "cm", "kcal", "%",
		"tablet", "tablets", "pill", "pills", "cup", "cups", "litre", "litres", "liter", "liters")
}

// clockLike is for digits around a colon, 25:9 or 7:5.
func clockLike(word string) bool {
	a, b, _ := strings.Cut(word, ":")
	return atoi(a) >= 0 && b != "" && b[0] >= '0' && b[0] <= '9'
}
