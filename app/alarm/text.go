package alarm

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/source"
)

// text is the message about these changes, plain and far shorter than Telegram's limit. last says that it is the last one for a while.
func (b *Book) text(now time.Time, due []change, last bool) string {
	var t strings.Builder
	fmt.Fprintf(&t, "healthagent on %s", cut(b.host, 80))
	for _, c := range due[:min(len(due), listed)] {
		t.WriteString("\n\n" + c.text(now))
	}
	if more := len(due) - listed; more > 0 {
		fmt.Fprintf(&t, "\n\nand %d more: healthagent doctor", more)
	}
	if last {
		fmt.Fprintf(&t, "\n\nThis is message %d within an hour: what changes before %s is told then. Until then: healthagent doctor",
			most, b.free(now).Format("15:04"))
	}
	return t.String()
}

// free is when the next message may be sent after this one.
func (b *Book) free(now time.Time) time.Time {
	first := now
	for _, t := range b.told.Sent {
		if t.Before(first) {
			first = t
		}
	}
	return first.Add(quiet)
}

func (c change) text(now time.Time) string {
	if !c.red {
		return "🟢 " + c.well()
	}
	f := c.finding
	text := cut(f.Text, 300)
	if f.Title != "" {
		text = cut(f.Title, 80) + ": " + text
	}
	if c.times > 1 && !c.last.IsZero() {
		when := c.last.Format("15:04")
		if now.Sub(c.last) > 12*time.Hour {
			when = c.last.Format("2006-01-02 15:04")
		}
		text += fmt.Sprintf(" (%d times since %s)", c.times, when)
	}
	if f.Remedy != "" {
		text += "\n→ " + cut(f.Remedy, 300)
	}
	return "🔴 " + text
}

// well says that it is over; what is fine in particular is of no interest, what is left of the trouble is.
func (c change) well() string {
	f := c.finding
	text := cut(f.Title, 80) + ": well again"
	if f.Verdict != source.OK {
		text = cut(f.Title, 80) + ": better"
	}
	if !c.began.IsZero() && c.since.After(c.began) {
		text += " after " + lasting(c.since.Sub(c.began))
	}
	if f.Verdict != source.OK {
		text += ": " + cut(f.Text, 300)
	}
	return text
}

// lasting is a duration in words, in the two units that matter.
func lasting(d time.Duration) string {
	minutes := int(d.Round(time.Minute).Minutes())
	switch {
	case minutes < 60:
		return fmt.Sprintf("%d min", max(minutes, 1))
	case minutes < 24*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d d %d h", minutes/60/24, minutes/60%24)
}

// cut is a text on one line, of at most so many characters.
func cut(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return string(runes)
}
