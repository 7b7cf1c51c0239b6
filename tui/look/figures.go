package look

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Unknown is how a figure that is not known is written. It is never a zero.
const Unknown = "-"

// Bytes writes a size in three figures at most: 187MB, 1.2GB, 512B. Units are powers of 1024, as PostgreSQL's.
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	v, units := float64(n), "kMGTP"
	i := -1
	for v >= 999.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if v < 9.95 {
		return fmt.Sprintf("%.1f%cB", v, units[i])
	}
	return fmt.Sprintf("%.0f%cB", v, units[i])
}

// Count writes a number in four characters or so: 41, 1.2k, 12.4k, 3.1M.
func Count(n float64) string {
	switch {
	case math.IsNaN(n):
		return Unknown
	case n >= 999_950:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 999.5:
		return fmt.Sprintf("%.1fk", n/1e3)
	default:
		return fmt.Sprintf("%.0f", n)
	}
}

// Rate writes calls a minute or a second, with one decimal below 1000.
func Rate(n float64) string {
	if math.IsNaN(n) || n >= 999.95 {
		return Count(n)
	}
	return fmt.Sprintf("%.1f", n)
}

// MS writes milliseconds as a bare number, for a column: 0.42, 44.1, 1204.
func MS(v float64) string {
	switch {
	case math.IsNaN(v):
		return Unknown
	case v >= 999.95:
		return fmt.Sprintf("%.0f", v)
	case v < 0.0995 && v > 0:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.1f", v)
	}
}

// Millis writes milliseconds with their unit: 1.9ms, 5.0s.
func Millis(v float64) string {
	if v >= 999.95 {
		return Span(time.Duration(v * float64(time.Millisecond)))
	}
	return MS(v) + "ms"
}

// Span writes a duration in two units at most: 0.4s, 12.4s, 3m12s, 4h05m, 21d.
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// Age writes how long ago something was in one unit: 2s, 41s, 3m, 5h, 21d.
func Age(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// Seconds is a span of a figure in seconds, Unknown for nil.
func Seconds(s *float64) string {
	if s == nil {
		return Unknown
	}
	return Age(time.Duration(*s * float64(time.Second)))
}

// Percent writes a share: 99.7%, 12%, Unknown for nil.
func Percent(p *float64, decimals int) string {
	if p == nil || math.IsNaN(*p) {
		return Unknown
	}
	return strconv.FormatFloat(*p, 'f', decimals, 64) + "%"
}

// Clip cuts a text, which may have colours, to a width in columns. What was cut ends in More.
func (g Glyphs) Clip(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, g.More)
}

// Left cuts or fills a text to a width exactly.
func (g Glyphs) Left(text string, width int) string {
	text = g.Clip(text, width)
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// Right does so with the text at the right end.
func (g Glyphs) Right(text string, width int) string {
	text = g.Clip(text, width)
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}
