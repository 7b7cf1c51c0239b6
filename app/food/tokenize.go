package food

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	word  kind = iota
	num        // a number that can be meant
	clock      // 13:00; num holds the minutes since midnight
	sep        // a comma and its like: the piece ends
	stop       // a full stop or a new line: the sentence ends
	ask        // a question mark
	bad        // a number that cannot be meant: negative, a range, too long, of unclear decimals
)

// token is one word, number or mark of the message.
type token struct {
	kind       kind
	text       string // folded; for a number as written
	stem       string
	num        float64
	start, end int  // bytes of the message
	tight      bool // nothing stands between the token before and this one
	held       bool // part of an everyday name of several words, or of a number: not a word of its own
}

// tokenize splits text. Words are folded; an apostrophe vanishes, a hyphen inside a word is a space.
func tokenize(text string) []token {
	l := lexer{text: text, end: -1}
	for l.pos < len(text) {
		l.next()
	}
	return l.out
}

type lexer struct {
	text string
	pos  int
	end  int // of the last token
	out  []token
}

func (l *lexer) peek(at int) rune {
	if at >= len(l.text) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(l.text[at:])
	return r
}

func (l *lexer) emit(k kind, text string, start, end int) *token {
	t := token{kind: k, text: text, start: start, end: end, tight: start == l.end}
	if k == word || k == num {
		t.stem = stem(text)
	}
	l.out = append(l.out, t)
	l.pos, l.end = end, end
	return &l.out[len(l.out)-1]
}

func (l *lexer) next() {
	r, size := utf8.DecodeRuneInString(l.text[l.pos:])
	at, after := l.pos, l.pos+size
	switch {
	case isDigit(r):
		l.number(at)
	case fractionOf(r) > 0:
		l.vulgar(at, after, fractionOf(r))
	case unicode.IsLetter(r):
		l.word(at)
	case r == '\n' || r == '\r' || r == '!' || r == '.' || r == '…' || r == ';':
		l.emit(stop, string(r), at, after)
	case r == '?' || r == '？' || r == '¿':
		l.emit(ask, "?", at, after)
	case strings.ContainsRune(",:/|()[]{}=•·،、", r):
		l.emit(sep, string(r), at, after)
	case r == '+' || r == '&':
		l.emit(word, map[rune]string{'+': "plus", '&': "and"}[r], at, after)
	case r == '-' || r == '–' || r == '—' || r == '−':
		l.dash(at, after)
	case r == '×':
		l.emit(word, "x", at, after)
	case r == '%' || r == '@' || r == '$' || r == '€' || r == '£' || r == '<' || r == '>' || r == '^' || r == '\\':
		l.emit(word, string(r), at, after)
	default:
		l.pos = after // space, quotes, emoji, controls
	}
}

// dash is a separator with room on either side, nothing inside a word, a range between numbers and a minus before one.
func (l *lexer) dash(at, after int) {
	last := len(l.out) - 1
	next := after
	for next < len(l.text) && l.text[next] == ' ' {
		next++
	}
	digit := isDigit(l.peek(next)) || fractionOf(l.peek(next)) > 0
	switch {
	case digit && last >= 0 && l.out[last].kind == num:
		l.out[last].kind = bad
		l.out[last].end = after
		l.pos, l.end = after, after
	case digit && next == after && at != l.end:
		l.emit(bad, "-", at, after)
	case at == l.end && next == after && unicode.IsLetter(l.peek(next)):
		l.pos = after
	default:
		l.emit(sep, "-", at, after)
	}
}

func (l *lexer) word(at int) {
	i := at
	for i < len(l.text) && 'a' <= l.text[i] && l.text[i] <= 'z' && i-at < 64 {
		i++
	}
	if i == len(l.text) || l.text[i] == ' ' || l.text[i] == ',' { // the usual case costs nothing
		if text := l.text[at:i]; text != "w" {
			l.emit(word, text, at, i)
			return
		}
	}
	var b strings.Builder
	i = at
	for i < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[i:])
		switch {
		case unicode.IsLetter(r) || isDigit(r):
			b.WriteString(fold(r))
		case unicode.Is(unicode.Mn, r):
		case (r == '\'' || r == '’') && unicode.IsLetter(l.peek(i+size)):
		default:
			size = 0
		}
		if size == 0 {
			break
		}
		i += size
		if b.Len() > 64 { // no word is this long: keep the work small
			break
		}
	}
	text := b.String()
	if len(text) > 1 && text[0] == 'x' && onlyDigits(text[1:]) { // x2
		l.emit(word, "x", at, at+1)
		l.pos = at + 1
		return
	}
	if (text == "w" || text == "w/o") && l.peek(i) == '/' { // w/ and w/o
		if l.peek(i+1) == 'o' && !unicode.IsLetter(l.peek(i+2)) {
			l.emit(word, "without", at, i+2)
			return
		}
		l.emit(word, "with", at, i+1)
		return
	}
	l.emit(word, text, at, i)
}

// nameWords are the stemmed words and numbers of a name.
func nameWords(name string) []string {
	var l lexer
	return l.words(name)
}

// words is nameWords with a lexer that keeps its memory for the next name.
func (l *lexer) words(name string) []string {
	*l = lexer{text: name, end: -1, out: l.out[:0]}
	for l.pos < len(name) {
		l.next()
	}
	out := make([]string, 0, len(l.out))
	for _, t := range l.out {
		if t.kind == word || t.kind == num {
			out = append(out, t.stem)
		}
	}
	return out
}

// portionWords are the stemmed words of a household measure, without what stands in parentheses.
func portionWords(unit string) []string {
	var b strings.Builder
	depth := 0
	for _, r := range unit {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		default:
			if depth == 0 {
				b.WriteRune(r)
			}
		}
	}
	words := nameWords(b.String())
	for i, w := range words {
		words[i] = unitName(w)
	}
	return words
}
