package sampler

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// join puts texts together and leaves out those that are empty.
func join(between string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), between)
}

func sessions(n int, one, many string) string {
	if n == 1 {
		return "1 session " + one
	}
	return fmt.Sprintf("%d sessions %s", n, many)
}

// ms is a duration in milliseconds as people read it.
func ms(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.1fms", v)
	case v < 10000:
		return fmt.Sprintf("%.0fms", v)
	default:
		return fmt.Sprintf("%.1fs", v/1000)
	}
}

// size is a number of bytes as people read it.
func size(n int64) string {
	for _, u := range []struct {
		from int64
		unit string
	}{{1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "kB"}} {
		if n >= u.from {
			v := float64(n) / float64(u.from)
			if v < 10 {
				return fmt.Sprintf("%.1f%s", v, u.unit)
			}
			return fmt.Sprintf("%.0f%s", v, u.unit)
		}
	}
	return fmt.Sprintf("%dB", n)
}

// clock is a time of the last day.
func clock(now, t time.Time) string {
	if now.Sub(t) > 18*time.Hour {
		return t.Local().Format("Jan 2 15:04")
	}
	return t.Local().Format("15:04")
}
