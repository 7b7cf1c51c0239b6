package widget

import (
	"strings"

	"healthagent/tui/look"
)

// Fit makes exactly height lines of width columns of the given ones: what is too much is cut, what is missing is blank.
func Fit(l *look.Look, lines []string, width, height int) string {
	out := make([]string, 0, max(0, height))
	for _, line := range lines {
		if len(out) == height {
			break
		}
		out = append(out, l.Left(line, width))
	}
	for len(out) < height {
		out = append(out, strings.Repeat(" ", max(0, width)))
	}
	return strings.Join(out, "\n")
}

// Titled is a rule with a title in it: "─ watch ─────".
func Titled(l *look.Look, title string, width int) string {
	if title == "" {
		return l.Rule(width)
	}
	text := l.Horizontal + " " + title + " "
	text = l.Clip(text, width)
	return l.Left(text+l.Rule(width), width)
}
