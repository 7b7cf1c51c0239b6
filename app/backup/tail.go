package backup

import (
	"strings"
	"unicode"
)

const (
	tailBytes = 16 << 10
	tailLines = 5
	lineRunes = 300
)

// tail keeps the end of what a program prints.
type tail struct {
	text []byte
	cut  bool // the beginning is gone, perhaps in the middle of a line
}

// Write takes everything.
func (t *tail) Write(b []byte) (int, error) {
	n := len(b)
	t.text = append(t.text, b...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text, t.cut = append(t.text[:0], t.text[over:]...), true
	}
	return n, nil
}

// last are the last lines, in one, without secrets and without what a terminal would obey. A line whose beginning is gone is left out:
// half a secret would not be known as one.
func (t *tail) last(redact func(string) string) string {
	text := strings.ToValidUTF8(string(t.text), "?")
	if t.cut {
		_, text, _ = strings.Cut(text, "\n")
	}
	if redact != nil {
		text = redact(text)
	}
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
				return -1
			}
			return r
		}, line))
		if line != "" {
			lines = append(lines, shorten(line))
		}
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], " | ")
}

func shorten(line string) string {
	if runes := []rune(line); len(runes) > lineRunes {
		return string(runes[:lineRunes]) + "…"
	}
	return line
}
