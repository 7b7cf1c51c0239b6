package widget

import (
	"math"
	"strings"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// Spark draws a series as one line of width columns, the newest at the right end. Steps that share a column are drawn by their largest;
// a column of gaps only is drawn as a gap. The line reaches from 0 to top, or to its own largest value when top is 0; what is not zero
// is never drawn as if it were nothing.
func Spark(l *look.Look, s source.Series, width int, top float64) string {
	return draw(l, squeeze(s, width), top)
}

// RingSpark draws a series of a ring so that a step stays in one column with the same neighbours while the ring moves on: the line is
// still but for its right end, and moves by one column at a time. Columns that the ring has no steps for are blank, at the right.
func RingSpark(l *look.Look, r source.Ring, name string, width int, top float64) string {
	if width <= 0 {
		return ""
	}
	s := r.Series[name]
	if len(s) == 0 {
		return strings.Repeat(l.Gap, width)
	}
	per := (len(s) + width - 1) / width
	n := len(s) / per
	first := 0 // how many steps of its column come before the first one
	if step := time.Duration(r.StepS * float64(time.Second)); step > 0 {
		number := int(r.Start.UnixNano() / int64(step))
		first = (number%per + per) % per
	}
	last := (first + len(s) - 1) / per
	columns := gaps(n)
	for i, v := range s {
		if c := n - 1 - last + (first+i)/per; c >= 0 {
			columns[c] = larger(columns[c], v)
		}
	}
	return draw(l, columns, top) + strings.Repeat(" ", width-n)
}

// Peak is the largest of a series, NaN when there is nothing but gaps.
func Peak(s source.Series) float64 {
	top := math.NaN()
	for _, v := range s {
		top = larger(top, v)
	}
	return top
}

// Newest is the last value of a series, NaN when that is a gap or there is none.
func Newest(s source.Series) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return s[len(s)-1]
}

func draw(l *look.Look, columns []float64, top float64) string {
	if !(top > 0) {
		top = 0
		for _, v := range columns {
			if !math.IsInf(v, 0) && v > top {
				top = v
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
	last := len(l.Levels) - 1
	switch {
	case math.IsNaN(v):
		return l.Gap
	case v <= 0:
		return l.Levels[0]
	case !(top > 0) || v >= top:
		return l.Levels[last]
	}
	return l.Levels[min(last, max(1, int(math.Ceil(v/top*float64(last)))))]
}

// squeeze makes width columns of a series: each the largest of its steps, NaN for none. A short series stands at the right.
func squeeze(s source.Series, width int) []float64 {
	columns := gaps(width)
	if len(s) <= width {
		copy(columns[width-len(s):], s)
		return columns
	}
	for i, v := range s {
		if width > 0 {
			c := i * width / len(s)
			columns[c] = larger(columns[c], v)
		}
	}
	return columns
}

func gaps(n int) []float64 {
	columns := make([]float64, max(0, n))
	for i := range columns {
		columns[i] = math.NaN()
	}
	return columns
}

// larger is the larger of two, of which NaN is none.
func larger(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}

// Gauge draws value of top as a bar of width columns. What is not zero is at least one column.
func Gauge(l *look.Look, value, top float64, width int) string {
	if width <= 0 {
		return ""
	}
	full := 0
	switch share := value / top; {
	case !(top > 0) || !(value > 0):
	case share >= 1:
		full = width
	default:
		full = max(1, int(math.Round(share*float64(width))))
	}
	return strings.Repeat(l.Full, full) + strings.Repeat(l.Empty, width-full)
}
