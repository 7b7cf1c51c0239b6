package widget

import (
	"math"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// Spark draws a series as one line of width columns, the newest at the right end. Steps that share a column are drawn by their largest;
// a column of gaps only is drawn as a gap. The line reaches from 0 to top, or to its own largest value when top is 0; what is not zero
// is never drawn as if it were nothing.
func Spark(l *look.Look, s source.Series, width int, top float64) string {
	if width <= 0 {
		return ""
	}
	columns := squeeze(s, width)
	if top <= 0 {
		for _, v := range columns {
			if !math.IsNaN(v) {
				top = max(top, v)
			}
		}
	}
	var b strings.Builder
	for _, v := range columns {
		b.WriteString(level(l, v, top))
	}
	return b.String()
}

func level(l *look.Look, v, top float64) string {
	switch {
	case math.IsNaN(v):
		return l.Gap
	case v <= 0 || top <= 0:
		return l.Levels[0]
	}
	n := len(l.Levels)
	at := int(v / top * float64(n-1))
	if at == 0 && n > 1 && v/top > 0.02 {
		at = 1
	}
	return l.Levels[min(max(at, 0), n-1)]
}

// squeeze makes width columns of a series: each the largest of its steps, NaN for none. A short series stands at the right.
func squeeze(s source.Series, width int) []float64 {
	columns := make([]float64, width)
	for i := range columns {
		columns[i] = math.NaN()
	}
	if len(s) <= width {
		copy(columns[width-len(s):], s)
		return columns
	}
	for i, v := range s {
		c := i * width / len(s)
		if !math.IsNaN(v) && (math.IsNaN(columns[c]) || v > columns[c]) {
			columns[c] = v
		}
	}
	return columns
}

// Gauge draws value of top as a bar of width columns.
func Gauge(l *look.Look, value, top float64, width int) string {
	if width <= 0 {
		return ""
	}
	full := 0
	if top > 0 && value > 0 {
		full = min(width, int(math.Round(value/top*float64(width))))
		full = max(full, 1)
	}
	return strings.Repeat(l.Full, full) + strings.Repeat(l.Empty, width-full)
}
