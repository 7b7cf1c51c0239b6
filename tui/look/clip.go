package look

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Clip cuts a text, which may have colours, to a width in columns. What was cut ends in More. A line break or a tab, which would break
// the frame, becomes a blank.
func (g Glyphs) Clip(text string, width int) string {
	if width <= 0 {
		return ""
	}
	if len(text) <= width && plain(text) {
		return text
	}
	return ansi.Truncate(OneLine(text), width, g.More)
}

// Inner cuts a text without colours in its middle: names of one table's indexes differ at their ends. One that has too little room for
// that is cut at its end.
func (g Glyphs) Inner(text string, width int) string {
	text = OneLine(text)
	wide := columns(text)
	if wide <= width || width < 12 {
		return g.Clip(text, width)
	}
	tail := width / 3
	return ansi.Truncate(text, width-tail-columns(g.More), "") + g.More + ansi.Cut(text, wide-tail, wide)
}

// OneLine makes blanks of the line breaks and tabs of a text.
func OneLine(text string) string {
	if !strings.ContainsAny(text, "\n\r\t") {
		return text
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(text)
}

// plain reports whether a text is printable ASCII only, of which each byte is a column.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// columns is the width of a text.
func columns(text string) int {
	if plain(text) {
		return len(text)
	}
	return ansi.StringWidth(text)
}

// Left cuts or fills a text to a width exactly.
func (g Glyphs) Left(text string, width int) string {
	text = g.Clip(text, width)
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// Right does so with the text at the right end.
func (g Glyphs) Right(text string, width int) string {
	text = g.Clip(text, width)
	return strings.Repeat(" ", max(0, width-columns(text))) + text
}
