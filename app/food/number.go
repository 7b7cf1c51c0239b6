package food

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
