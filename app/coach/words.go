package coach

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
)

// esc makes what a person wrote safe inside HTML.
func esc(s string) string { return html.EscapeString(s) }

var tag = regexp.MustCompile(`</?[a-z][^<>]*>`)

// plain is the text of our own HTML.
func plain(s string) string { return html.UnescapeString(tag.ReplaceAllString(s, "")) }

// say is one new message.
func say(format string, args ...any) []Out {
	return []Out{{Kind: Say, HTML: fmt.Sprintf(format, args...)}}
}

// capital begins a word of ours with a capital letter.
func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// number writes 1234.4 as 1,234.
func number(f float64) string {
	digits := fmt.Sprintf("%.0f", f)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// grams writes 100 and 2.5.
func grams(g float64) string {
	if g < 10 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", g), ".0")
	}
	return number(g)
}

// moment is an instant in a person's zone: "Mon 30 Mar 07:30", with the year when it is another.
func moment(at, now time.Time, loc *time.Location) string {
	local := at.In(loc)
	if local.Year() != now.In(loc).Year() {
		return local.Format("Mon 2 Jan 2006 15:04")
	}
	return local.Format("Mon 2 Jan 15:04")
}

// dayOf is the person's day that holds an instant: from its first moment up to, not including, the next day's.
func dayOf(at time.Time, loc *time.Location) (from, to time.Time) {
	y, m, d := at.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc), time.Date(y, m, d+1, 0, 0, 0, 0, loc)
}

// bold marks a text. Its tags never span lines, so that a long one can be split between them.
func bold(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = "<b>" + esc(line) + "</b>"
		}
	}
	return strings.Join(lines, "\n")
}

// snippet is a piece of what a person wrote, short enough to quote.
func snippet(s string) string { return shorten(s, 60) }

// shorten puts a text on one line of at most n letters.
func shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	runes := []rune(s)
	if len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
