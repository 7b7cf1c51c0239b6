package bench

import (
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// The bound of the covering index on content and four times metadata, in bytes: rows beyond it belong to its twin.
const shortBound = 2500

// Telegram's limit of a message, in characters.
const longest = 4096

// pen writes texts as people and the coach do.
type pen struct {
	r       *rand.Rand
	english []string
	russian []string
	buf     []byte
}

func newPen(r *rand.Rand) *pen {
	return &pen{r: r, english: strings.Fields(english), russian: strings.Fields(russian)}
}

const english = `i had two eggs and a slice of bread with butter for breakfast today then coffee milk sugar at lunch it was chicken rice
salad some cheese yogurt banana apple the dinner is soup or pasta maybe pizza please log that remind me to drink water tomorrow morning
how many calories do we have left this week good well done your streak goes on logged about grams protein carbs fat you are under over
what should eat before run gym walk sleep late hungry tired thanks great ok yes no not sure weight goal kilos less more than yesterday`

const russian = `я съел два яйца и хлеб с маслом на завтрак потом кофе обед была курица рис салат сыр йогурт банан яблоко ужин суп паста
спасибо напомни мне выпить воды завтра утром сколько калорий осталось на этой неделе хорошо записано грамм белки углеводы жиры`

// message returns a text of the person or, if reply, of the coach; it is valid until the next call. The median of both together is
// about 80 bytes, one in a hundred is too long for the covering index, none is longer than Telegram allows.
func (w *pen) message(reply bool) []byte {
	median, spread := 38.0, 0.7
	if reply {
		median, spread = 160, 0.8
	}
	size := int(median * math.Exp(spread*w.r.NormFloat64()))
	size = min(max(size, 2), 1500)
	if w.r.IntN(100) == 0 {
		size = shortBound + 1 + w.r.IntN(longest-shortBound)
	}
	words := w.english
	if w.r.IntN(10) == 0 {
		words = w.russian
	}
	return w.fill(words, size)
}

// fill makes a text of that many characters.
func (w *pen) fill(words []string, size int) []byte {
	w.buf = w.buf[:0]
	for n := 0; n < size; {
		word := words[w.r.IntN(len(words))]
		w.buf = append(w.buf, word...)
		n += utf8.RuneCountInString(word) + 1
		switch w.r.IntN(40) {
		case 0:
			w.buf = append(w.buf, '.', '\n')
			n++
		case 1:
			w.buf = append(w.buf, "🥗 "...)
			n++
		default:
			w.buf = append(w.buf, ' ')
		}
	}
	end := len(w.buf)
	for over := utf8.RuneCount(w.buf) - size; over > 0; over-- {
		_, n := utf8.DecodeLastRune(w.buf[:end])
		end -= n
	}
	if w.buf[end-1] == ' ' || w.buf[end-1] == '\n' {
		w.buf[end-1] = '.'
	}
	return w.buf[:end]
}
