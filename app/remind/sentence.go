package remind

import (
	"strings"
	"unicode"
)

// maxTail is the number of words at the end of a text that may say the time; the
// longest sensible ending has about fifteen.
const maxTail = 24

// sentence is a text parted into what it says about the time and the message.
type sentence struct {
	when    draft
	message string
}

// partSentence finds the time at the start, at the end, or one piece of it at either side,
// and takes all between as the message. Whatever could be meant as a time and is
// not understood as one ends in a Question.
func partSentence(text string) (sentence, *Question) {
	ts := tokenize(text)
	for len(ts) > 0 && oneOf(at(ts, len(ts)-1), "please", "pls", "thanks", "thx") {
		ts = ts[:len(ts)-1]
	}
	ts, named := skipOpening(ts)
	var s sentence
	lead := readLead(&s.when, ts)
	rest := ts[lead:]
	dangling := lead > 0 && danglesAfter(ts[lead-1].word, rest)
	if lead > 0 && !dangling {
		rest = skipConnector(rest, named)
	}
	tail := len(rest)
	if s.when.bad == nil {
		tail = readTail(&s.when, rest)
	}
	body := rest[:tail]
	switch {
	case s.when.bad != nil:
		return s, s.when.bad
	case len(body) == 0 && s.when.empty():
		return s, askTime()
	case len(body) == 0:
		return s, askMessage()
	}
	s.message = text[body[0].start:body[len(body)-1].end]
	if inner, ok := unquote(s.message); ok {
		s.message = inner
		if strings.TrimSpace(inner) == "" {
			return s, askMessage()
		}
		return s, nil
	}
	if dangling || tail < len(rest) && danglesBefore(body[len(body)-1].word) {
		return s, askUnclear()
	}
	if q := suspicious(body); q != nil {
		if s.when.empty() {
			q = askUnclear() // there is one time, but in the middle of the text
		}
		return s, q
	}
	if s.when.empty() {
		return s, askTime()
	}
	s.message = strings.TrimRightFunc(s.message, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
	if !strings.ContainsFunc(s.message, unicode.IsLetter) && !strings.ContainsFunc(s.message, unicode.IsSymbol) {
		return s, askMessage()
	}
	return s, nil
}

// skipOpening steps over "please remind me to" and reports whether it was there.
func skipOpening(ts []token) ([]token, bool) {
	n := 0
	if at(ts, n) == "please" {
		n++
	}
	named := at(ts, n) == "remind"
	if named {
		n++
	}
	if at(ts, n) == "me" {
		n++
		named = true
	}
	if n == 0 || !named {
		return skipConnector(ts, false), false
	}
	return skipConnector(ts[n:], true), true
}

// skipConnector steps over punctuation and one "to", or "that", "about" and "of"
// in a sentence that began with "remind me".
func skipConnector(ts []token, named bool) []token {
	for len(ts) > 0 && ts[0].isSeparator() {
		ts = ts[1:]
	}
	word := at(ts, 0)
	if word == "to" || named && oneOf(word, "that", "about", "of") {
		ts = ts[1:]
	}
	return ts
}

// readLead merges the time at the start of ts and returns its length in words.
func readLead(when *draft, ts []token) int {
	n := 0
	for {
		for n > 0 && n < len(ts) && at(ts, n) == "" {
			n++ // a lone comma between two pieces
		}
		d, used := readAtom(ts[n:])
		if used == 0 {
			return n
		}
		when.merge(d)
		n += used
	}
}

// readTail merges the longest run of words at the end of ts that says nothing but
// the time, and returns where it starts.
func readTail(when *draft, ts []token) int {
	for start := max(0, len(ts)-maxTail); start < len(ts); start++ {
		var d draft
		if start+readLead(&d, ts[start:]) == len(ts) && !d.empty() {
			when.merge(d)
			return start
		}
	}
	return len(ts)
}

// unquote is the text inside a pair of quotes that spans all of s.
func unquote(s string) (string, bool) {
	pairs := []struct{ open, end string }{{`"`, `"`}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"'", "'"}}
	for _, p := range pairs {
		inner, opened := strings.CutPrefix(s, p.open)
		inner, closed := strings.CutSuffix(inner, p.end)
		if opened && closed && !strings.Contains(inner, p.open) && !strings.Contains(inner, p.end) {
			return inner, true
		}
	}
	return "", false
}
