package food

// timeFinder takes the time phrases and meal words out of a message, one sentence after another.
type timeFinder struct {
	when     When
	hasDay   bool
	found    bool
	meal     string
	conflict bool // a second, different time or meal: the sentence is asked
}

// take replaces what speaks of time by separators. A sentence that names another day, hour or meal than one before is a conflict.
func (f *timeFinder) take(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); {
		n := f.at(toks, i)
		if n == 0 {
			out = append(out, toks[i])
			i++
			continue
		}
		out = append(out, token{kind: sep, text: "|", start: toks[i].start, end: toks[i+n-1].end})
		i += n
	}
	return out
}

// at gives how many tokens a time or meal phrase at i takes, 0 for none.
func (f *timeFinder) at(toks []token, i int) int {
	if toks[i].held {
		return 0
	}
	if n := f.dayAt(toks, i); n > 0 {
		return n
	}
	if n := f.agoAt(toks, i); n > 0 {
		return n
	}
	if n := f.clockAt(toks, i); n > 0 {
		return n
	}
	return f.mealAt(toks, i)
}

func (f *timeFinder) dayAt(toks []token, i int) int {
	w := stemsAt(toks, i, 3)
	partOfDay := func(s string) bool {
		return s == "morning" || s == "afternoon" || s == "evening" || s == "night" || s == "lunchtime" || s == "noon"
	}
	switch {
	case w[0] == "the" && w[1] == "day" && w[2] == "before" && word4(toks, i+3) == "yesterday":
		return f.day(-2, 4)
	case w[0] == "day" && w[1] == "before" && w[2] == "yesterday":
		return f.day(-2, 3)
	case w[0] == "yesterday" && partOfDay(w[1]), w[0] == "last" && (w[1] == "night" || w[1] == "evening"):
		return f.day(-1, 2)
	case w[0] == "yesterday", w[0] == "igar", w[0] == "ayer":
		return f.day(-1, 1)
	case w[0] == "this" && partOfDay(w[1]), w[0] == "earlier" && w[1] == "today", w[0] == "right" && w[1] == "now":
		return f.day(0, 2)
	case w[0] == "in" && w[1] == "the" && partOfDay(w[2]), w[0] == "earlier" && w[1] == "this" && partOfDay(w[2]):
		return f.day(0, 3)
	case w[0] == "today", w[0] == "tonight", w[0] == "idag", w[0] == "hoy", w[0] == "earlier":
		return f.day(0, 1)
	case w[0] == "just" && w[1] == "now":
		return 2
	}
	return 0
}

func word4(toks []token, i int) string { return stemsAt(toks, i, 1)[0] }

// day notes a day. "today" after "yesterday" is another day; a part of the day the message is already on is not.
func (f *timeFinder) day(offset, n int) int {
	if f.hasDay && f.when.DayOffset != offset || f.when.MinutesAgo > 0 {
		f.conflict = true
		return n
	}
	f.when.DayOffset, f.hasDay, f.found = offset, true, true
	return n
}

// agoAt reads "2 days ago", "an hour ago", "20 minutes ago".
func (f *timeFinder) agoAt(toks []token, i int) int {
	q := countAt(toks, i)
	if !q.said || q.bad {
		return 0
	}
	w := stemsAt(toks, q.next, 2)
	if w[1] != "ago" || q.n <= 0 {
		return 0
	}
	n := q.next + 2 - i
	switch w[0] {
	case "day":
		if q.n > 31 || q.n != float64(int(q.n)) {
			return 0
		}
		return f.day(-int(q.n), n)
	case "hour", "hr", "h":
		return f.ago(q.n*60, n)
	case "minute", "min":
		return f.ago(q.n, n)
	}
	return 0
}

func (f *timeFinder) ago(minutes float64, n int) int {
	if f.found || minutes < 1 || minutes > 24*60 {
		f.conflict = true
		return n
	}
	f.when.MinutesAgo, f.found = int(minutes), true
	return n
}

// clockAt reads "at 9", "9 am", "13:00", "at noon", "kl 13".
func (f *timeFinder) clockAt(toks []token, i int) int {
	start := i
	w := stemsAt(toks, i, 1)[0]
	at := w == "at" || w == "@" || w == "kl" || w == "klockan" || w == "around" || w == "about" || w == "by"
	if at {
		i++
	}
	if i >= len(toks) {
		return 0
	}
	t := toks[i]
	next := stemsAt(toks, i+1, 2)
	switch {
	case t.kind == word && t.stem == "noon" || t.kind == word && t.stem == "midday":
		return f.clock(12, 0, i+1-start)
	case t.kind == word && t.stem == "midnight":
		return f.clock(0, 0, i+1-start)
	case t.kind != num && t.kind != clock:
		return 0
	}
	minutes := int(t.num)
	if t.kind == num {
		hour := int(t.num)
		if t.num < 0 || t.num > 24 {
			return 0
		}
		minutes = hour * 60
		if frac := t.num - float64(hour); frac != 0 { // 9.30
			m := int(frac*100 + 0.5)
			if !at && next[0] != "am" && next[0] != "pm" || m > 59 {
				return 0
			}
			minutes += m
		}
	}
	n := i + 1 - start
	switch {
	case next[0] == "am" || next[0] == "pm":
		n++
		if minutes >= 13*60 || minutes < 60 {
			return 0
		}
		minutes %= 12 * 60
		if next[0] == "pm" {
			minutes += 12 * 60
		}
	case next[0] == "oclock":
		n++
	case t.kind == num && (!at || w == "around" || w == "about" || !endsTime(toks, i+1)):
		return 0
	}
	return f.clock(minutes/60%24, minutes%60, n)
}

// endsTime tells whether a bare hour may end here: "at 9 eggs" is no time.
func endsTime(toks []token, i int) bool {
	if i >= len(toks) || toks[i].kind != word {
		return true
	}
	w := toks[i].stem
	return joins(w) != "" || isLead(w) || w == "yesterday" || w == "today" || w == "for"
}

func (f *timeFinder) clock(hour, minute, n int) int {
	w := &f.when
	if w.MinutesAgo > 0 || w.HasClock && (w.Hour != hour || w.Minute != minute) {
		f.conflict = true
		return n
	}
	w.HasClock, w.Hour, w.Minute, f.found = true, hour, minute, true
	return n
}

// mealAt reads "for lunch", "my breakfast was", "snack".
func (f *timeFinder) mealAt(toks []token, i int) int {
	n := 0
	if i > 0 && toks[i-1].kind == word && (toks[i-1].stem == "of" || toks[i-1].stem == "some" || toks[i-1].stem == "few") {
		return 0 // "a bunch of snacks" is no meal
	}
	for n < 4 && i+n < len(toks) && toks[i+n].kind == word && !toks[i+n].held {
		w := toks[i+n].stem
		if meal := mealOf(w); meal != "" {
			n++
			if next := stemsAt(toks, i+n, 1)[0]; next == "was" || next == "were" || next == "is" || next == "today" {
				n++
			}
			f.named(meal)
			return n
		}
		switch w {
		case "for", "at", "a", "an", "my", "the", "during", "till", "to", "para", "en", "had":
			n++
		case "as", "light", "late", "early", "quick", "night":
			n++
		default:
			return 0
		}
	}
	return 0
}

func (f *timeFinder) named(meal string) {
	if f.meal != "" && f.meal != meal {
		f.conflict = true
		return
	}
	f.meal = meal
}
