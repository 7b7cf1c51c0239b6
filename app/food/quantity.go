package food

import (
	"math"
	"strconv"
	"strings"
)

// quantity is how much was said, before it is known of what.
type quantity struct {
	n     float64
	said  bool // a number or an article stands there
	vague bool // "a few"
	bad   bool // it cannot be meant or is not clear: ask
	next  int  // the token after it
}

// quantityAt reads "2", "two", "1 1/2", "half a", "a couple of", "2 x", "half a dozen" from the tokens at i.
func quantityAt(toks []token, i int) quantity {
	q := countAt(toks, i)
	if !q.said || q.bad {
		return q
	}
	for q.next < len(toks) && toks[q.next].kind == word {
		switch w := toks[q.next].stem; {
		case w == "x" || w == "time":
			more := countAt(toks, q.next+1)
			q.next++
			if more.said {
				q.n, q.next, q.bad = q.n*more.n, more.next, more.bad
			}
		case w == "dozen":
			q.n, q.next = q.n*12, q.next+1
		case w == "or" || w == "to" || w == "till" || w == "until":
			if countAt(toks, q.next+1).said {
				q.bad = true
			}
			return q
		case w == "of" && q.next+1 < len(toks) && (toks[q.next+1].text == "a" || toks[q.next+1].text == "an" || toks[q.next+1].text == "the"):
			q.next += 2
			return q
		default:
			return q
		}
	}
	return q
}

func countAt(toks []token, i int) quantity {
	none := quantity{n: 1, next: i}
	if i >= len(toks) {
		return none
	}
	switch t := toks[i]; t.kind {
	case bad, clock:
		return quantity{said: true, bad: true, next: i + 1}
	case num:
		q := quantity{n: t.num, said: true, next: i + 1}
		return withFraction(toks, q)
	case word:
		return wordCount(toks, i)
	}
	return none
}

// withFraction reads on after a whole number: "and a half", "halves", "hundred".
func withFraction(toks []token, q quantity) quantity {
	w := stemsAt(toks, q.next, 3)
	switch {
	case w[0] == "and" && w[1] == "a" && (w[2] == "half" || w[2] == "quarter"):
		q.n += part(w[2])
		q.next += 3
	case q.n == math.Trunc(q.n) && q.n <= 10 && (w[0] == "half" || w[0] == "quarter" || w[0] == "third") && !toks[q.next].held:
		q.n *= part(w[0])
		q.next++
	case w[0] == "hundred":
		q.n *= 100
		q.next++
	default:
		return q
	}
	for _, skip := range [...]string{"of", "a", "an"} {
		if q.next < len(toks) && toks[q.next].text == skip {
			q.next++
		}
	}
	return q
}

func wordCount(toks []token, i int) quantity {
	none := quantity{n: 1, next: i}
	w := stemsAt(toks, i, 3)
	if n, ok := numberWord(toks[i].text); ok {
		q := quantity{n: n, said: true, next: i + 1}
		if n >= 20 {
			if m, ok := numberWord(w[1]); ok && m < 10 {
				q.n, q.next = n+m, i+2
			}
		}
		return withFraction(toks, q)
	}
	switch w[0] {
	case "a", "an", "another", "un", "una", "ett", "ein", "eine", "uno", "en":
		switch {
		case i+1 >= len(toks):
			return none
		case w[1] == "bit" || w[1] == "little": // of no size at all
			q := quantity{n: 1, next: i + 2}
			for q.next < len(toks) && (toks[q.next].text == "bit" || toks[q.next].text == "of") {
				q.next++
			}
			return q
		case w[1] == "x":
			return quantity{n: 1, said: true, next: i + 1}
		case toks[i+1].kind == num || toks[i+1].kind == bad: // "a 200 g steak"
			return countAt(toks, i+1)
		case w[1] == "hundred":
			return quantity{n: 100, said: true, next: i + 2}
		case w[1] == "half" || w[1] == "quarter" || w[1] == "third" || w[1] == "couple" || w[1] == "dozen" || w[1] == "few" || w[1] == "pair":
			return wordCount(toks, i+1)
		}
		return quantity{n: 1, said: true, next: i + 1}
	case "half", "quarter", "third", "halv", "medio", "media":
		q := quantity{n: part(w[0]), said: true, next: i + 1}
		for _, skip := range [...]string{"of", "a", "an", "the", "my"} {
			if q.next < len(toks) && toks[q.next].text == skip {
				q.next++
			}
		}
		return q
	case "couple", "pair", "few", "several", "par":
		q := quantity{n: 2, said: true, next: i + 1}
		if w[0] == "few" || w[0] == "several" {
			q.n, q.vague = 3, true
		}
		if w[1] == "of" {
			q.next++
		}
		return q
	case "dozen":
		return quantity{n: 1, said: true, next: i} // the caller multiplies
	case "unos", "unas":
		return quantity{n: 3, said: true, vague: true, next: i + 1}
	case "zero":
		return quantity{said: true, bad: true, next: i + 1}
	}
	return none
}

func part(w string) float64 {
	switch w {
	case "quarter":
		return 0.25
	case "third":
		return 1.0 / 3
	}
	return 0.5
}

func numberWord(w string) (float64, bool) {
	for i, names := range [...]string{
		"", "one", "two tva dos", "three tre tres", "four fyra cuatro", "five fem cinco", "six sex seis", "seven sju siete",
		"eight atta ocho", "nine nio nueve", "ten tio diez", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
		"seventeen", "eighteen", "nineteen", "twenty",
	} {
		for name := range strings.FieldsSeq(names) {
			if name == w {
				return float64(i), true
			}
		}
	}
	switch w {
	case "thirty":
		return 30, true
	case "forty":
		return 40, true
	case "fifty":
		return 50, true
	case "sixty":
		return 60, true
	case "eighty":
		return 80, true
	case "hundred":
		return 100, true
	}
	return 0, false
}

// stemsAt gives the next three words; what is not a word is empty.
func stemsAt(toks []token, i, n int) [3]string {
	var out [3]string
	for k := range n {
		if i+k >= len(toks) || toks[i+k].kind != word {
			break
		}
		out[k] = toks[i+k].stem
	}
	return out
}

// formatNumber writes a count the way people do: 2, 1.5, 1/2.
func formatNumber(n float64) string {
	for _, f := range [...]struct {
		v float64
		s string
	}{{0.25, "1/4"}, {0.5, "1/2"}, {0.75, "3/4"}, {1.0 / 3, "1/3"}, {2.0 / 3, "2/3"}} {
		if math.Abs(n-f.v) < 1e-9 {
			return f.s
		}
	}
	return formatDecimal(n)
}

func formatDecimal(n float64) string {
	return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64)
}
