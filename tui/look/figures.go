package look

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Unknown is how a figure that is not known is written. It is never a zero.
const Unknown = "-"

// Bytes writes a size in three figures at most: 187MB, 1.2GB, 512B. Units are powers of 1024, as PostgreSQL's.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-max(n, -math.MaxInt64))
	}
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	i := 0
	for v >= 999.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if v < 9.95 && i > 0 {
		return fmt.Sprintf("%.1f%s", v, units[i])
	}
	return fmt.Sprintf("%.0f%s", v, units[i])
}

// Count writes a number in five characters at most: 41, 1.2k, 12.4k, 123k, 3.1M.
func Count(n float64) string {
	if !finite(n) {
		return Unknown
	}
	if n < 0 {
		return "-" + Count(-n)
	}
	if n < 999.5 {
		return fmt.Sprintf("%.0f", n)
	}
	units := "kMGT"
	i := 0
	for n /= 1000; n >= 999.5 && i < len(units)-1; i++ {
		n /= 1000
	}
	if n < 99.95 {
		return fmt.Sprintf("%.1f%c", n, units[i])
	}
	return fmt.Sprintf("%.0f%c", min(n, 9999), units[i])
}

// Rate writes calls a minute or a second in five characters at most, with one decimal below 1000.
func Rate(n float64) string {
	if !finite(n) || n >= 999.95 {
		return Count(n)
	}
	return fmt.Sprintf("%.1f", n)
}

// MS writes milliseconds as a bare number in five characters at most, for a column: 0.04, 44.1, 1204, 120k.
func MS(v float64) string {
	switch {
	case !finite(v):
		return Unknown
	case v >= 99999.5:
		return Count(v)
	case v >= 999.95:
		return fmt.Sprintf("%.0f", v)
	case v > 0 && v < 0.005:
		return "<.01"
	case v > 0 && v < 0.095:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.1f", v)
	}
}

// Millis writes milliseconds with their unit, in six characters at most below a minute: 1.9ms, 402ms, 5.0s.
func Millis(v float64) string {
	switch {
	case !finite(v):
		return Unknown
	case v >= 999.5:
		return Span(seconds(v / 1000))
	case v >= 99.95:
		return fmt.Sprintf("%.0fms", v)
	default:
		return MS(v) + "ms"
	}
}

// Span writes a duration in two units at most: 0.4s, 12.4s, 3m12s, 4h05m, 21d. What is below zero is 0.
func Span(d time.Duration) string {
	d = max(0, d)
	if tenths := d.Round(100 * time.Millisecond); tenths < time.Minute {
		return fmt.Sprintf("%.1fs", tenths.Seconds())
	}
	if s := int(d.Round(time.Second).Seconds()); s < 3600 {
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	if m := int(d.Round(time.Minute).Minutes()); m < 48*60 {
		return fmt.Sprintf("%dh%02dm", m/60, m%60)
	}
	return fmt.Sprintf("%dd", int(d.Round(time.Minute).Hours()/24))
}

// Age writes how long ago something was in one unit, in four characters at most for less than three years: 2s, 41s, 3m, 5h, 21d. What is
// below zero is 0s: two clocks differ a little.
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

// Seconds is an age in seconds as Age writes it, Unknown for nil.
func Seconds(s *float64) string {
	if s == nil || math.IsNaN(*s) {
		return Unknown
	}
	return Age(seconds(*s))
}

// Percent writes a share: 99.7%, 12%, Unknown for nil.
func Percent(p *float64, decimals int) string {
	if p == nil || !finite(*p) {
		return Unknown
	}
	return strconv.FormatFloat(*p, 'f', decimals, 64) + "%"
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// seconds is a duration, the longest or shortest there is when it is out of reach.
func seconds(s float64) time.Duration {
	const most = float64(math.MaxInt64 / int64(time.Second))
	return time.Duration(min(max(s, -most), most) * float64(time.Second))
}
