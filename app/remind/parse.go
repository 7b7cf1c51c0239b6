package remind

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of what Parse accepts.
const (
	MaxMessage = 500 // code points in a message
	maxWhen    = 200 // and in what says the time
	maxYears   = 10  // how far ahead a one-off may lie
)

// Request is a reminder that somebody asked for and that was understood wholly.
type Request struct {
	Message  string    // the person's own words, letter by letter, valid UTF-8
	Rule     Rule      // when
	Relative bool      // "in 20 minutes": an instant, the Rule is that of At
	First    time.Time // the first firing, in the person's zone, after now
}

// Parse reads one English sentence such as "tomorrow at 9 take pills" or "remind me
// to drink water every 2 hours until 31.12.2026", in upper or lower case. The time
// stands at the start, at the end, or one part of it at each ("tomorrow take pills
// at 9"); all the rest is the message. Quotes around the message shield words in it
// that sound like a time.
//
// Hours are read on the 24-hour clock unless am, pm or a part of the day says
// otherwise. A bare time that has passed today means tomorrow; an explicit one is
// asked back. "next friday" is asked back while this week's Friday is still ahead.
// morning, afternoon and evening (or tonight) alone mean 08:00, 15:00 and 20:00.
// "until" includes its date.
//
// The only error is a *Question: whatever is missing, contradicts itself or could be
// meant differently is asked, never guessed. A nil loc is UTC.
func Parse(text string, now time.Time, loc *time.Location) (Request, error) {
	if len(text) > (MaxMessage+maxWhen)*utf8.UTFMax || utf8.RuneCountInString(text) > MaxMessage+maxWhen {
		return Request{}, askShorter()
	}
	s, q := partSentence(strings.ToValidUTF8(text, "\uFFFD"))
	if q != nil {
		return Request{}, q
	}
	if utf8.RuneCountInString(s.message) > MaxMessage {
		return Request{}, askShorter()
	}
	p := planner{now: now.In(orUTC(loc)), when: s.when}
	p.today = dateOf(p.now)
	rule, q := p.rule()
	if q != nil {
		return Request{}, q
	}
	first, ok := rule.Next(p.now, p.now.Location())
	if !ok {
		if rule.until != 0 {
			return Request{}, ask("With that end the reminder would never come. Write a later date after until.")
		}
		return Request{}, askPast()
	}
	return Request{Message: s.message, Rule: rule, Relative: rule.kind == kindAt, First: first}, nil
}

func askShorter() *Question {
	return ask("That is too long for a reminder. Please keep its text under 500 characters. " + example)
}
