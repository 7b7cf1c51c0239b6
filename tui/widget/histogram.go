package widget

import (
	"strconv"
	"strings"

	"healthagent/tui/look"
)

// Histogram draws counts as labelled bars on as few lines of the width as they need: "<1ms ▏  1-5 ▎  5-20 ███". bounds are the upper
// bounds of all bars but the last, in milliseconds. Not one bar is wider than most columns. Nothing was counted: no line.
func Histogram(l *look.Look, counts []int64, bounds []float64, width, most int) []string {
	var top int64
	for _, n := range counts {
		top = max(top, n)
	}
	if top == 0 || width <= 0 {
		return nil
	}
	var lines []string
	line := ""
	for i, n := range counts {
		part := label(i, len(counts), bounds) + " " + bar(l, n, top, most)
		switch joined := line + "  " + part; {
		case line == "":
			line = part
		case textWidth(joined) > width:
			lines, line = append(lines, line), part
		default:
			line = joined
		}
	}
	return append(lines, line)
}

// label names a bar: <1ms, 1-5, >250.
func label(i, n int, bounds []float64) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case i == 0 && len(bounds) > 0:
		return "<" + number(bounds[0]) + "ms"
	case i < len(bounds):
		return number(bounds[i-1]) + "-" + number(bounds[i])
	case len(bounds) > 0:
		return ">" + number(bounds[len(bounds)-1])
	default:
		return strconv.Itoa(i+1) + "/" + strconv.Itoa(n)
	}
}

// bar is n of top in eighths of a column. What is not zero is at least the thinnest; zero is the gap's mark.
func bar(l *look.Look, n, top int64, most int) string {
	if n <= 0 {
		return l.Dot
	}
	parts := int64(len(l.Eighths))
	eighths := max(1, n*int64(most)*parts/top)
	text := strings.Repeat(l.Full, int(eighths/parts))
	if rest := eighths % parts; rest > 0 {
		text += l.Eighths[rest-1]
	}
	return text
}
