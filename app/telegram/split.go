package telegram

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is Telegram's limit of a message, in UTF-16 code units after its tags are taken out. Tags are counted here too: that errs
// on the short side.
const maxText = 4096

// units is the length of a text as Telegram counts it.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// split cuts a message into parts that Telegram accepts: between paragraphs where it can, else between lines, else between words,
// else anywhere between code points. Tags never span lines, so only a line that is cut itself loses its tags. It returns at least
// one part, none of them empty unless the text is.
func split(text string) []string {
	if units(text) <= maxText {
		return []string{text}
	}
	var parts []string
	var current strings.Builder
	size := 0
	flush := func() {
		if part := strings.Trim(current.String(), "\n"); part != "" {
			parts = append(parts, part)
		}
		current.Reset()
		size = 0
	}
	for _, piece := range pieces(text) {
		n := units(piece)
		if size+n > maxText {
			flush()
		}
		current.WriteString(piece)
		size += n
	}
	flush()
	return parts
}

// pieces cuts a text into runs that fit, each with the separator behind it: paragraphs, or lines of those that are too long, or
// stretches of those lines.
func pieces(text string) []string {
	var out []string
	for _, paragraph := range strings.SplitAfter(text, "\n\n") {
		if units(paragraph) <= maxText {
			out = append(out, paragraph)
			continue
		}
		for _, line := range strings.SplitAfter(paragraph, "\n") {
			if units(line) <= maxText {
				out = append(out, line)
				continue
			}
			out = append(out, stretches(line)...)
		}
	}
	return out
}

// stretches cuts one long line between words. Its tags go, and what is left is escaped again, so that no part ends inside a tag or
// an entity.
func stretches(line string) []string {
	var out []string
	var current strings.Builder
	size := 0
	for _, word := range strings.SplitAfter(plain(line), " ") {
		for len(word) > 0 {
			head := word
			if n := units(html.EscapeString(head)); n > maxText {
				head = firstUnits(word, maxText/6) // the longest entity of one character has six units
			}
			word = word[len(head):]
			escaped := html.EscapeString(head)
			if n := units(escaped); size+n > maxText {
				out = append(out, current.String())
				current.Reset()
				size = 0
			}
			current.WriteString(escaped)
			size += units(escaped)
		}
	}
	if current.Len() > 0 {
		out = append(out, current.String())
	}
	return out
}

// plain is the text of our own HTML without tags and entities.
func plain(s string) string { return html.UnescapeString(tagPattern.ReplaceAllString(s, "")) }

var tagPattern = regexp.MustCompile(`</?[a-z][^<>]*>`)

// firstUnits is the longest beginning of s that is at most n UTF-16 units long; at least one code point.
func firstUnits(s string, n int) string {
	used := 0
	for i, r := range s {
		size := max(utf16.RuneLen(r), 1)
		if i > 0 && used+size > n {
			return s[:i]
		}
		used += size
	}
	return s
}

// cut shortens a plain text to n UTF-16 units.
func cut(s string, n int) string {
	if units(s) <= n {
		return s
	}
	short := firstUnits(s, n-1)
	if !utf8.ValidString(short) {
		short = strings.ToValidUTF8(short, "")
	}
	return short + "…"
}
