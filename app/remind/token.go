package remind

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one run of non-space characters of the text.
type token struct {
	word       string // lower case, without punctuation at its end
	comma      bool   // a comma ended it
	dot        bool   // a full stop ended it
	start, end int    // its bytes in the text
}

func tokenize(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		end := i + strings.IndexFunc(text[i:], unicode.IsSpace)
		if end < i {
			end = len(text)
		}
		out = append(out, newToken(text, i, end))
		i = end
	}
	return out
}

func newToken(text string, start, end int) token {
	raw := text[start:end]
	word := strings.TrimRight(raw, ".,;:!?")
	return token{
		word:  strings.ReplaceAll(strings.ToLower(word), "’", "'"),
		comma: strings.Contains(raw[len(word):], ","),
		dot:   strings.HasPrefix(raw[len(word):], "."),
		start: start,
		end:   end,
	}
}

// at is the word of the i-th token, "" beyond the end.
func at(ts []token, i int) string {
	if i < 0 || i >= len(ts) {
		return ""
	}
	return ts[i].word
}

// hasWords reports whether the words follow one another from the i-th token on.
func hasWords(ts []token, i int, words ...string) bool {
	for k, w := range words {
		if at(ts, i+k) != w {
			return false
		}
	}
	return true
}

func oneOf(word string, words ...string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// isSeparator is for a token of nothing but punctuation between time and text.
func (t token) isSeparator() bool { return oneOf(t.word, "", "-", "–", "—", "|") }

// count is the number that a word stands for, false for any other word. The
// digits may be up to four.
func count(word string) (int, bool) {
	if n := atoi(word); n >= 0 && len(word) <= 4 {
		return n, true
	}
	for i, name := range strings.Fields("one two three four five six seven eight nine ten eleven twelve") {
		if word == name {
			return i + 1, true
		}
	}
	switch word {
	case "a", "an":
		return 1, true
	case "fifteen":
		return 15, true
	case "twenty":
		return 20, true
	case "thirty":
		return 30, true
	case "forty":
		return 40, true
	case "forty-five":
		return 45, true
	case "sixty":
		return 60, true
	case "ninety":
		return 90, true
	}
	return 0, false
}

// splitDigits parts "20min" into "20" and "min".
func splitDigits(word string) (digits, rest string) {
	i := 0
	for i < len(word) && word[i] >= '0' && word[i] <= '9' {
		i++
	}
	return word[:i], word[i:]
}
