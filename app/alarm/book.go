package alarm

import (
	"cmp"
	"slices"
	"time"

	"healthagent/tui/source"
)

// The rules.
const (
	steady  = time.Minute // what has not lasted for so long, over two looks at least, is not told
	quiet   = time.Hour   // between two messages that the same thing has turned red
	most    = 6           // messages within an hour, over all
	listed  = 5           // changes named in one message; the others are counted
	twice   = 2           // looks
	forgets = 30 * 24 * time.Hour
)

// Book is what was seen and what was told. It is for one goroutine.
type Book struct {
	path string
	host string
	now  func() time.Time

	told   told
	seen   map[string]*streak
	events map[string]streak // that wait to be told
}

// streak is a verdict that has not changed since.
type streak struct {
	finding source.Finding
	red     bool
	since   time.Time
	looks   int
}

// change is something that the administrators do not know yet.
type change struct {
	streak
	code  string
	event bool
	times int       // it turned red since it was told last, this time included
	last  time.Time // it was told that it is red; zero: never
	began time.Time // what is over now
}

// Message is what is to be sent. Book.Told must be called when it was.
type Message struct {
	Text    string
	changes []change
}

// Codes are the codes of what the message is about.
func (m Message) Codes() []string {
	codes := make([]string, len(m.changes))
	for i, c := range m.changes {
		codes[i] = c.code
	}
	return codes
}

// Look takes in what was just looked at and returns the one message that is due, false for none. What is not among the findings is as it
// was; of what is skipped nothing is known until it has lasted anew, while what was told of it stays told. A message that could not be
// sent is not lost: while it is true, the next look returns it again.
func (b *Book) Look(findings []source.Finding) (Message, bool) {
	now := b.now()
	for _, f := range findings {
		switch {
		case f.Code == "":
		case f.Verdict == source.Skip:
			delete(b.seen, f.Code)
		default:
			b.see(now, f)
		}
	}
	left := b.left(now)
	due := b.due(now)
	if left == 0 || len(due) == 0 {
		return Message{}, false
	}
	return Message{Text: b.text(now, due, left == 1), changes: due}, true
}

func (b *Book) see(now time.Time, f source.Finding) {
	red := f.Verdict == source.Fail
	s := b.seen[f.Code]
	if s == nil || s.red != red {
		known := s != nil || !b.told.Codes[f.Code].Red // else a process before this one saw it turn
		s = &streak{red: red, since: now}
		b.seen[f.Code] = s
		if red && known {
			b.told.count(f.Code)
		}
	}
	if s.since.After(now) { // the clock was set back
		s.since = now
	}
	s.finding, s.looks = f, s.looks+1
}

// due are the events and the changes that have lasted, red ones first.
func (b *Book) due(now time.Time) []change {
	var due []change
	for code, s := range b.events {
		t := b.told.Codes[code]
		due = append(due, change{streak: s, code: code, event: true, times: t.Times, last: t.At})
	}
	for code, s := range b.seen {
		t := b.told.Codes[code]
		if s.red == t.Red || s.looks < twice || now.Sub(s.since) < steady || s.red && recent(now, t.At) {
			continue
		}
		due = append(due, change{streak: *s, code: code, times: t.Times, last: t.At, began: t.Since})
	}
	slices.SortFunc(due, func(a, b change) int {
		if a.red != b.red {
			if a.red {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.code, b.code)
	})
	return due
}

// recent reports whether t was within the last hour; a time to come is a mistake of a clock.
func recent(now, t time.Time) bool {
	past := now.Sub(t)
	return !t.IsZero() && past >= 0 && past < quiet
}

// left is how many messages may be sent yet.
func (b *Book) left(now time.Time) int {
	b.told.Sent = slices.DeleteFunc(b.told.Sent, func(t time.Time) bool { return !recent(now, t) })
	return max(most-len(b.told.Sent), 0)
}

// Told notes that the message was sent. An error means that a later process will not know it; this one does.
func (b *Book) Told(m Message) error {
	now := b.now()
	for _, c := range m.changes {
		b.told.note(c, now)
		if c.event {
			delete(b.events, c.code)
		}
	}
	b.told.Sent = append(b.told.Sent, now)
	b.told.forget(now)
	return b.told.save(b.path)
}

// Happened takes in something that has no end to wait for: the next look tells it, unless the same was told within the last hour.
func (b *Book) Happened(code, text, remedy string) {
	now := b.now()
	b.told.count(code)
	if recent(now, b.told.Codes[code].At) {
		_ = b.told.save(b.path) // the count is a courtesy
		return
	}
	f := source.Finding{Code: code, Verdict: source.Fail, Text: text, Remedy: remedy}
	b.events[code] = streak{finding: f, red: true, since: now}
}
