package remind

import "time"

func (p *planner) recurring() (Rule, *Question) {
	w := &p.when
	e := *w.every
	if q := p.complete(&e); q != nil {
		return Rule{}, q
	}
	if w.day != nil {
		return Rule{}, askOneTime()
	}
	r := e.rule
	if r.kind == kindInterval {
		if w.clock != nil || w.part != anyPart {
			return r, ask("Every so many hours or minutes counts from now, without a time of day. For example: every 2 hours drink water, or every day at 9 take pills.")
		}
		r.instant = p.now.Truncate(time.Minute).Unix()
		return p.bounded(r)
	}
	c, said, q := p.clock()
	switch {
	case q != nil:
		return r, q
	case !said:
		return r, askClock()
	}
	r.minute = c.minute
	return p.bounded(p.anchored(r, e.weeks))
}

// complete takes the day of "every month at 9 on the 15th" and "every week at 9 on
// monday" from elsewhere in the sentence, and asks when it is nowhere.
func (p *planner) complete(e *every) *Question {
	on := p.when.day
	switch {
	case e.onDay && on != nil && on.kind == dayWeekday:
		e.rule.days, p.when.day = only(on.weekday), nil
	case e.onDay:
		return ask("On which day of the week? For example: every week on monday at 9 weigh in.")
	case e.inMonth && on != nil && on.kind == dayOfMonth && !on.bad:
		e.rule, p.when.day = Rule{kind: kindMonthDay, n: on.n}, nil
	case e.inMonth:
		return ask("On which day of the month? For example: every month on the 15th at 9 pay rent, or on the last friday of every month at 17:00.")
	}
	return nil
}

// anchored counts "every 3 days" from the first date still to come, and makes days
// of "every 2 weeks on monday".
func (p *planner) anchored(r Rule, weeks int) Rule {
	switch {
	case r.kind == kindEveryN:
		r.start = p.firstOf(Rule{kind: kindDaily, minute: r.minute})
	case r.kind == kindWeekly && weeks > 1 && len(r.days.list()) == 1:
		return Rule{kind: kindEveryN, n: 7 * weeks, start: p.firstOf(r), minute: r.minute}
	case r.kind == kindWeekly && r.days == allWeek:
		r.kind, r.days = kindDaily, 0
	}
	return r
}

func (p *planner) bounded(r Rule) (Rule, *Question) {
	if e := p.when.every; e.weeks > 1 && r.kind != kindEveryN {
		return r, ask("Every few weeks works for one day of the week. For example: every 2 weeks on monday at 9 weigh in.")
	}
	if p.when.until == nil {
		return r, nil
	}
	end, q := p.date(*p.when.until, minutesPerDay-1)
	r.until = end
	return r, q
}
