package food

import (
	"math"
	"strconv"
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
	var b strings.Builder
	i := at
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

// number reads 2 · 1.5 · 1,5 · 1,500 · 1/2 · 13:00.
func (l *lexer) number(at int) {
	i := l.digits(at)
	whole := l.text[at:i]
	tail := ""
	if c := l.peek(i); (c == '.' || c == ',') && isDigit(l.peek(i+1)) {
		j := l.digits(i + 1)
		tail = l.text[i+1 : j]
		thousands := len(tail) == 3 && len(whole) <= 3 && whole[0] != '0'
		switch {
		case thousands && c == ',':
			whole, tail = whole+tail, ""
		case thousands: // 1.500 is one and a half or fifteen hundred: ask
			l.emit(bad, l.text[at:j], at, j)
			return
		}
		i = j
	}
	next := l.peek(i)
	switch {
	case next == '/' && isDigit(l.peek(i+1)) && tail == "":
		l.fraction(at, i, whole)
		return
	case next == ':' && isDigit(l.peek(i+1)) && tail == "" && l.clock(at, i, whole):
		return
	case (next == 'e' || next == 'E') && l.exponent(i+1), (next == '.' || next == ',') && isDigit(l.peek(i+1)):
		j := i
		for j < len(l.text) && strings.IndexByte("0123456789.,eE+-", l.text[j]) >= 0 {
			j++
		}
		l.emit(bad, l.text[at:j], at, j)
		return
	}
	text := whole
	if tail != "" {
		text += "." + tail
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) > 9 || math.IsInf(v, 0) {
		l.emit(bad, text, at, i)
		return
	}
	l.emit(num, text, at, i).num = v
	if f := fractionOf(l.peek(i)); f > 0 { // 1½
		l.out[len(l.out)-1].num += f
		l.pos += utf8.RuneLen(l.peek(i))
		l.end = l.pos
		l.out[len(l.out)-1].end = l.pos
	}
}

func (l *lexer) exponent(at int) bool {
	c := l.peek(at)
	return isDigit(c) || (c == '+' || c == '-') && isDigit(l.peek(at+1))
}

func (l *lexer) fraction(at, slash int, whole string) {
	j := l.digits(slash + 1)
	a, errA := strconv.ParseFloat(whole, 64)
	b, errB := strconv.ParseFloat(l.text[slash+1:j], 64)
	if errA != nil || errB != nil || a < 1 || b < 2 || b > 16 || a > 99 || l.peek(j) == '/' {
		l.emit(bad, l.text[at:j], at, j)
		return
	}
	l.joinFraction(at, j, a/b)
}

func (l *lexer) vulgar(at, after int, f float64) { l.joinFraction(at, after, f) }

// joinFraction adds a fraction to the whole number right before it: "1 1/2".
func (l *lexer) joinFraction(at, end int, f float64) {
	if n := len(l.out); n > 0 && f < 1 {
		last := &l.out[n-1]
		if last.kind == num && last.num == math.Trunc(last.num) && at-last.end <= 1 {
			last.num += f
			last.end = end
			l.pos, l.end = end, end
			return
		}
	}
	l.emit(num, l.text[at:end], at, end).num = f
}

func (l *lexer) clock(at, colon int, whole string) bool {
	j := l.digits(colon + 1)
	h, errH := strconv.Atoi(whole)
	m, errM := strconv.Atoi(l.text[colon+1 : j])
	if errH != nil || errM != nil || h > 24 || m > 59 || j-colon != 3 {
		return false
	}
	l.emit(clock, l.text[at:j], at, j).num = float64(h%24*60 + m)
	return true
}

func (l *lexer) digits(at int) int {
	for at < len(l.text) && isDigit(rune(l.text[at])) {
		at++
	}
	return at
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func onlyDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(rune(s[i])) {
			return false
		}
	}
	return s != ""
}

func fractionOf(r rune) float64 {
	switch r {
	case '½':
		return 0.5
	case '¼':
		return 0.25
	case '¾':
		return 0.75
	case '⅓':
		return 1.0 / 3
	case '⅔':
		return 2.0 / 3
	case '⅛':
		return 0.125
	}
	return 0
}

// nameWords are the stemmed words and numbers of a name.
func nameWords(name string) []string {
	l := lexer{text: name, end: -1, out: make([]token, 0, 16)}
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
