package remind

import "time"

// draft gathers what a sentence says about the time, each thing at most once.
type draft struct {
	clock *clock
	part  part
	day   *day
	ahead time.Duration // "in 20 minutes"
	every *every
	until *day
	loose bool // one everyday word, which in the middle of a text means nothing
	bad   *Question
}

// readAtom reads one thing about the time at the head of ts. n is 0 when there is
// none; a thing that is there but unusable comes with a Question in bad.
func readAtom(ts []token) (d draft, n int) {
	if len(ts) == 0 {
		return draft{}, 0
	}
	if c, n, q := readClock(ts); n > 0 {
		return draft{clock: &c, bad: q, loose: n == 1 && oneOf(at(ts, 0), "noon", "midday", "midnight")}, n
	}
	if oneOf(at(ts, 0), "until", "till", "til") {
		if end, n := readDay(ts[1:]); n > 0 {
			return draft{until: &end}, n + 1
		}
		return draft{}, 0
	}
	if stretch, n := readAhead(ts); n > 0 {
		d := draft{ahead: stretch}
		if stretch <= 0 {
			d.bad = askPast()
		}
		return d, n
	}
	if d, n := readPart(ts); n > 0 {
		return d, n
	}
	if e, n := readEvery(ts); n > 0 {
		return draft{every: &e, part: e.part, bad: e.bad}, n
	}
	if on, n := readDay(ts); n > 0 {
		d := draft{day: &on, loose: on.loose && n <= 2}
		if p := partOf(at(ts, n)); p != anyPart {
			d.part, d.loose = p, false
			n++
		}
		return d, n
	}
	return draft{}, 0
}

// readPart reads "tonight", "this evening", "in the morning", "at night".
func readPart(ts []token) (draft, int) {
	switch {
	case at(ts, 0) == "tonight":
		return draft{day: &day{}, part: evening}, 1
	case at(ts, 0) == "this" && partOf(at(ts, 1)) != anyPart:
		return draft{day: &day{}, part: partOf(at(ts, 1))}, 2
	case hasWords(ts, 0, "in", "the") && partOf(at(ts, 2)) != anyPart:
		return draft{part: partOf(at(ts, 2))}, 3
	case hasWords(ts, 0, "at", "night"):
		return draft{part: night}, 2
	}
	return draft{}, 0
}

// merge adds what b says to d. Two answers to one question are left to the person.
func (d *draft) merge(b draft) {
	conflict := d.clock != nil && b.clock != nil ||
		d.day != nil && b.day != nil ||
		d.every != nil && b.every != nil ||
		d.until != nil && b.until != nil ||
		d.ahead != 0 && b.ahead != 0 ||
		d.part != anyPart && b.part != anyPart && d.part != b.part
	switch {
	case d.bad != nil:
		return
	case b.bad != nil:
		d.bad = b.bad
	case conflict:
		d.bad = askOneTime()
	}
	if b.clock != nil {
		d.clock = b.clock
	}
	if b.day != nil {
		d.day = b.day
	}
	if b.every != nil {
		d.every = b.every
	}
	if b.until != nil {
		d.until = b.until
	}
	d.ahead = max(d.ahead, b.ahead)
	d.part = max(d.part, b.part)
}

func (d *draft) empty() bool {
	return d.clock == nil && d.day == nil && d.every == nil && d.until == nil && d.ahead == 0 && d.part == anyPart
}
