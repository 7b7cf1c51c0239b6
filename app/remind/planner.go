package remind

import "time"

// planner turns what a sentence said into a rule, for a person whose clock shows
// now.
type planner struct {
	now   time.Time // in the person's zone
	today date
	when  draft
}

func (p *planner) rule() (Rule, *Question) {
	w := &p.when
	switch {
	case w.ahead != 0:
		return p.ahead()
	case w.every != nil:
		return p.recurring()
	case w.until != nil:
		return Rule{}, ask("An end date needs something that repeats. For example: every day at 9 until 31.12.2026 take pills.")
	}
	return p.once()
}

func (p *planner) ahead() (Rule, *Question) {
	w := &p.when
	if w.clock != nil || w.day != nil || w.every != nil || w.until != nil || w.part != anyPart {
		return Rule{}, askOneTime()
	}
	if w.ahead > 366*24*time.Hour {
		return Rule{}, ask("That is too far ahead to count in hours. Write the date: 31.12.2027 at 9 take pills.")
	}
	return At(p.now.Add(w.ahead)), nil
}

// clock settles the time of day; false when none was said.
func (p *planner) clock() (clock, bool, *Question) {
	w := &p.when
	switch {
	case w.clock == nil:
		c, said := w.part.defaultClock()
		return c, said, nil
	case w.part == anyPart || w.clock.midnight && w.part >= evening:
		return *w.clock, true, nil
	}
	c, q := w.part.apply(*w.clock)
	return c, true, q
}

func (p *planner) once() (Rule, *Question) {
	c, said, q := p.clock()
	if q != nil {
		return Rule{}, q
	}
	on := p.when.day
	if on == nil {
		if !said {
			return Rule{}, askClock()
		}
		return p.bareClock(c), nil
	}
	if !said {
		if !on.counted { // "in 3 days" alone means this time of day
			return Rule{}, askClock()
		}
		c.minute = p.now.Hour()*60 + p.now.Minute()
	}
	d, q := p.date(*on, c.minute)
	if q != nil {
		return Rule{}, q
	}
	if c.midnight {
		if on.kind != dayOffset || on.n != 0 {
			return Rule{}, ask("Midnight at the start or at the end of that day? Write the date with 00:00 or 23:59.")
		}
		d++
	}
	return p.onceOn(d, c.minute)
}

func (p *planner) bareClock(c clock) Rule {
	r := Rule{kind: kindOnce, start: p.today, minute: c.minute}
	if _, ok := r.Next(p.now, p.now.Location()); !ok {
		r.start++
	}
	return r
}

func (p *planner) onceOn(d date, minute int) (Rule, *Question) {
	r := Rule{kind: kindOnce, start: d, minute: minute}
	if _, ok := r.Next(p.now, p.now.Location()); !ok {
		return r, askPast()
	}
	if y, _, _ := d.civil(); y > p.now.Year()+maxYears {
		return r, ask("That is more than ten years away. Please check the year.")
	}
	return r, nil
}

// date settles which date is meant, given the minute at which it is to fire.
func (p *planner) date(on day, minute int) (date, *Question) {
	if on.bad {
		return 0, askBadDate()
	}
	switch on.kind {
	case dayOffset:
		return p.today + date(on.n), nil
	case dayWeekday:
		return p.firstOf(Rule{kind: kindWeekly, days: only(on.weekday), minute: minute}), nil
	case dayNext:
		return p.nextWeekday(on.weekday)
	case dayOfMonth:
		return p.inMonths(on.n, minute)
	}
	return p.calendar(on, minute)
}

// firstOf is the local date of a rule's first firing.
func (p *planner) firstOf(r Rule) date {
	t, _ := r.Next(p.now, p.now.Location())
	return dateOf(t)
}

func (p *planner) nextWeekday(wd time.Weekday) (date, *Question) {
	ahead := date((wd - p.today.weekday() + 7) % 7)
	if ahead == 0 {
		return p.today + 7, nil
	}
	untilSunday := date((7 - p.today.weekday()) % 7)
	if ahead <= untilSunday {
		this, next := p.today+ahead, p.today+ahead+7
		return 0, ask("Do you mean " + this.utc(0).Format("Mon 2 Jan") + " or " + next.utc(0).Format("Mon 2 Jan") +
			"? Write the date, for example: " + next.utc(0).Format("2 January") + " at 18:15.")
	}
	return p.today + ahead, nil
}

// inMonths is the next date with that number in a month which has it.
func (p *planner) inMonths(n, minute int) (date, *Question) {
	y, m, _ := p.today.civil()
	for range 12 {
		if d, ok := newDate(y, m, n); ok && p.comes(d, minute) {
			return d, nil
		}
		if m++; m > time.December {
			y, m = y+1, time.January
		}
	}
	return 0, askBadDate()
}

func (p *planner) comes(d date, minute int) bool {
	t, _ := wall(d, minute, p.now.Location())
	return t.After(p.now)
}

func (p *planner) calendar(on day, minute int) (date, *Question) {
	if on.year != 0 {
		d, ok := newDate(on.year, on.month, on.n)
		if !ok {
			return 0, askBadDate()
		}
		return d, nil
	}
	y, _, _ := p.today.civil()
	for range 9 { // 29 February may be eight years away
		if d, ok := newDate(y, on.month, on.n); ok && p.comes(d, minute) {
			return d, nil
		}
		y++
	}
	return 0, askBadDate()
}
