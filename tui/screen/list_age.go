package screen

import (
	"fmt"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// judge finds out whether a part of the state is old, and what is wrong with it. limit is how old it gets while all is well.
func (l *list) judge(p *source.Part, limit time.Duration) {
	l.old, l.trouble, l.none = false, "", "there are none"
	if p == nil {
		l.none = unknown(l.s.Link)
		return
	}
	if p.At.IsZero() {
		l.none = "not known yet"
		if p.Error != "" {
			l.none = "not known: " + oneLine(p.Error)
		}
		return
	}
	age := l.age(p.At)
	why := ""
	switch link := l.s.Link; {
	case p.Error != "":
		why = oneLine(p.Error)
	case link != nil && link.State == source.LinkDown:
		why = "the daemon does not answer"
	case age > limit:
		why = "nothing newer has come"
	case len(p.Partial) == 1:
		l.trouble = "! not all is known: " + oneLine(p.Partial[0])
	case len(p.Partial) > 1:
		l.trouble = fmt.Sprintf("! not all is known: %s; and %d more", oneLine(p.Partial[0]), len(p.Partial)-1)
	}
	if why != "" {
		l.old, l.trouble = true, fmt.Sprintf("OLD  read %s ago: %s", look.Age(age), why)
	}
}

// age is how long ago something was by the daemon's clock: until the state was made, and what has gone by here since it came. So a clock
// that is wrong on either side does no harm.
func (l *list) age(at time.Time) time.Duration {
	since := l.now.Sub(l.s.Time)
	if link := l.s.Link; link != nil && !link.Heard.IsZero() {
		since = l.now.Sub(link.Heard)
	}
	return max(0, l.s.Time.Sub(at)+max(0, since))
}

// unknown says why a part has never come.
func unknown(link *source.Link) string {
	switch {
	case link == nil:
		return "not known yet"
	case link.State == source.LinkDirect:
		return "not known while the daemon is down"
	case link.State == source.LinkDown:
		return "not known: the daemon does not answer"
	default:
		return "not known yet"
	}
}

// clock writes a moment in the zone of the one who looks.
func (l *list) clock(at time.Time, layout string) string {
	return at.In(l.now.Location()).Format(layout)
}
