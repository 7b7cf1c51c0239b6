package remind

import (
	"strings"
	"time"
)

// every is a recurrence as written. What is still open in it may be said elsewhere
// in the sentence: "every month at 9 on the 15th".
type every struct {
	rule    Rule // without minute, start, instant, until
	weeks   int  // every so many weeks on the rule's days
	onDay   bool // a weekday is still to be named
	inMonth bool // a day of the month is still to be named
	part    part // "every evening"
	bad     *Question
}

// readEvery reads "every 3 days", "each mon, wed and fri", "daily", "weekdays",
// "on the last friday of every month". n is 0 when there is none.
func readEvery(ts []token) (every, int) {
	if oneOf(at(ts, 0), "every", "each") {
		skip := 1
		if hasWords(ts, skip, "single", "day") {
			skip++
		}
		e, n := readAfterEvery(ts[skip:])
		if n == 0 {
			return every{}, 0
		}
		if p := partOf(at(ts, skip+n)); p != anyPart && e.part == anyPart {
			e.part, n = p, n+1
		}
		return e, skip + n
	}
	if e, n := readNamed(ts); n > 0 {
		return e, n
	}
	return readMonthly(ts)
}

// readAfterEvery reads what follows the word "every".
func readAfterEvery(ts []token) (every, int) {
	if e, n := readUnit(at(ts, 0)); n > 0 {
		return monthOrWeekDay(e, ts, n)
	}
	if p := partOf(at(ts, 0)); p != anyPart {
		return every{rule: Rule{kind: kindDaily}, part: p}, 1
	}
	if hasWords(ts, 0, "working", "day") {
		return weekly(workdays), 2
	}
	if d, n := readHalf(ts); n > 0 {
		return interval(d), n
	}
	if hasWords(ts, 0, "half", "hour") {
		return interval(30 * time.Minute), 2
	}
	if e, n := readStep(ts); n > 0 {
		return monthOrWeekDay(e, ts, n)
	}
	if e, n := readInMonth(ts); n > 0 {
		tail := monthTail(ts, n)
		if tail == 0 && e.rule.kind == kindMonthNth && e.rule.n > 1 && e.rule.n < lastInMonth {
			e.bad = ask("Do you mean every so many weeks, or one week of each month? " +
				"Write: every 2 weeks on monday at 9, or on the second monday of every month at 9.")
		}
		return e, n + tail
	}
	if set, n := readWeekdays(ts); n > 0 {
		return weekly(set), n
	}
	return every{}, 0
}

// readUnit is the recurrence of "every day", "every week" and so on.
func readUnit(word string) (every, int) {
	switch word {
	case "day":
		return every{rule: Rule{kind: kindDaily}}, 1
	case "weekday", "workday":
		return weekly(workdays), 1
	case "weekend":
		return weekly(weekend), 1
	case "hour":
		return interval(time.Hour), 1
	case "minute", "second":
		return interval(time.Minute), 1
	case "week":
		return every{rule: Rule{kind: kindWeekly}, weeks: 1, onDay: true}, 1
	case "month":
		return every{inMonth: true}, 1
	case "year":
		return every{bad: ask("I cannot repeat every year yet. Write the date: 31 March 2027 at 9 call Ann.")}, 1
	}
	return every{}, 0
}

// readStep reads "3 days", "other day", "third day", "2 weeks", "90 minutes" and
// "other monday".
func readStep(ts []token) (every, int) {
	if at(ts, 0) == "other" {
		if set, n := readWeekdays(ts[1:]); n > 0 {
			return every{rule: Rule{kind: kindWeekly, days: set}, weeks: 2}, n + 1
		}
		return step(2, at(ts, 1), 2)
	}
	if k := ordinalStep(at(ts, 0)); k > 0 && oneOf(at(ts, 1), "day", "week", "hour", "month", "year") {
		return step(k, at(ts, 1), 2)
	}
	if k, ok := count(at(ts, 0)); ok {
		if e, n := step(k, at(ts, 1), 2); n > 0 {
			return e, n
		}
	}
	if d, n := readSpan(ts); n > 0 {
		return interval(d), n
	}
	return every{}, 0
}

// ordinalStep is the number in "every third day", 0 for any other word.
func ordinalStep(word string) int {
	if k := ordinalOf(word); k != lastInMonth {
		if k == 0 {
			k, _ = ordinalDay(word)
		}
		return k
	}
	return 0
}

func step(k int, unit string, n int) (every, int) {
	switch unit {
	case "day", "days":
		switch {
		case k == 1:
			return every{rule: Rule{kind: kindDaily}}, n
		case k < 1 || k > MaxDays:
			return every{bad: ask("I can repeat every 1 to 999 days. For example: every 3 days at 9 water the plants.")}, n
		}
		return every{rule: Rule{kind: kindEveryN, n: k}}, n
	case "week", "weeks":
		if k < 1 || k > MaxDays/7 {
			return every{bad: ask("I can repeat every 1 to 142 weeks. For example: every 2 weeks on monday at 9 weigh in.")}, n
		}
		return every{rule: Rule{kind: kindWeekly}, weeks: k, onDay: true}, n
	case "month", "months", "year", "years":
		return every{bad: ask("I can repeat every month, but not every few months or years. For example: every month on the 15th at 9 pay rent.")}, n
	case "hour", "hours":
		return interval(time.Duration(k) * time.Hour), n
	}
	return every{}, 0
}

func weekly(set weekdays) every { return every{rule: Rule{kind: kindWeekly, days: set}} }

func interval(d time.Duration) every {
	minutes := int(d / time.Minute)
	if d%time.Minute != 0 || minutes < MinInterval || minutes > MaxInterval {
		return every{bad: ask("I can repeat every 15 minutes at the shortest and every 168 hours at the longest. For example: every 2 hours drink water.")}
	}
	return every{rule: Rule{kind: kindInterval, n: minutes}}
}

// monthOrWeekDay adds "on the 15th" after "every month" and "on monday" after
// "every week".
func monthOrWeekDay(e every, ts []token, n int) (every, int) {
	skip := n
	if at(ts, skip) == "on" {
		skip++
	}
	switch {
	case e.inMonth && at(ts, skip) == "the":
		if in, used := readInMonth(ts[skip+1:]); used > 0 {
			return in, skip + 1 + used
		}
	case e.onDay:
		if set, used := readWeekdays(ts[min(skip, len(ts)):]); used > 0 {
			e.rule.days, e.onDay = set, false
			return e, skip + used
		}
	}
	return e, n
}

// readInMonth reads "15th", "last day", "last friday", "first monday".
func readInMonth(ts []token) (every, int) {
	if k := ordinalOf(at(ts, 0)); k > 0 {
		if wd, ok := weekdayOf(at(ts, 1)); ok {
			return every{rule: Rule{kind: kindMonthNth, n: k, days: only(wd)}}, 2
		}
		if k == lastInMonth && at(ts, 1) == "day" {
			return every{rule: Rule{kind: kindMonthDay, n: 31}}, 2
		}
	}
	k, ok := ordinalDay(at(ts, 0))
	if !ok {
		return every{}, 0
	}
	e := every{rule: Rule{kind: kindMonthDay, n: k}}
	if k < 1 || k > 31 {
		e.bad = askBadDate()
	}
	return e, 1
}

// monthTail is the length of "of the month" at i, 0 when it is not there.
func monthTail(ts []token, i int) int {
	if at(ts, i) == "of" && oneOf(at(ts, i+1), "the", "every", "each") && at(ts, i+2) == "month" {
		return 3
	}
	return 0
}

// readMonthly reads "on the last friday of every month".
func readMonthly(ts []token) (every, int) {
	skip := 0
	if at(ts, skip) == "on" {
		skip++
	}
	if at(ts, skip) == "the" {
		skip++
	}
	e, n := readInMonth(ts[min(skip, len(ts)):])
	if n == 0 || at(ts, skip+n+1) == "the" {
		return every{}, 0
	}
	tail := monthTail(ts, skip+n)
	if tail == 0 {
		return every{}, 0
	}
	return e, skip + n + tail
}

// readNamed reads the recurrences that go without "every".
func readNamed(ts []token) (every, int) {
	skip := 0
	if oneOf(at(ts, 0), "on", "at") {
		skip = 1
	}
	rest := ts[min(skip, len(ts)):]
	switch at(rest, 0) {
	case "weekdays", "workdays":
		return weekly(workdays), skip + 1
	case "weekends":
		return weekly(weekend), skip + 1
	}
	if set, n := readPlurals(rest); n > 0 && at(ts, 0) != "at" {
		return weekly(set), skip + n
	}
	switch at(ts, 0) {
	case "daily", "everyday":
		return every{rule: Rule{kind: kindDaily}}, 1
	case "hourly":
		return interval(time.Hour), 1
	case "weekly", "monthly":
		e, _ := readUnit(strings.TrimSuffix(at(ts, 0), "ly"))
		return monthOrWeekDay(e, ts, 1)
	}
	return every{}, 0
}
