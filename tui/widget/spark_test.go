package widget_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/internal/frame"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

func TestSpark(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		series source.Series
		width  int
		top    float64
		want   string
	}{
		{"whole range", source.Series{0, 1, 2, 3, 4, 5, 6, 7}, 8, 0, "▁▂▃▄▅▆▇█"},
		{"to a limit", source.Series{0, 7, 13, 20}, 4, 13, "▁▅██"},
		{"nothing at all", source.Series{0, 0, 0}, 3, 0, "▁▁▁"},
		{"next to nothing is seen", source.Series{0, 0.001, 1000}, 3, 0, "▁▂█"},
		{"gaps", source.Series{1, nan, 1}, 3, 0, "█·█"},
		{"gaps only", source.Series{nan, nan}, 2, 0, "··"},
		{"a spike survives", source.Series{1, 1, 100, 1, 1, 1, 1, 1, nan, 1}, 2, 0, "█▂"},
		{"a gap does not hide its neighbour", source.Series{nan, 4, nan, nan}, 2, 0, "█·"},
		{"a short one stands at the right", source.Series{1, 2}, 4, 0, "··▅█"},
		{"infinite", source.Series{1, inf, math.Inf(-1), 2}, 4, 0, "▅█▁█"},
		{"infinite only", source.Series{inf}, 1, 0, "█"},
		{"below zero", source.Series{-5, 5}, 2, 0, "▁█"},
		{"empty", nil, 3, 0, "···"},
		{"no room", source.Series{1, 2}, 0, 0, ""},
		{"less than no room", source.Series{1, 2}, -3, 0, ""},
		{"one column", source.Series{1, 9, 1}, 1, 18, "▅"},
		{"a top that is none", source.Series{1, 2}, 2, nan, "▅█"},
	} {
		if got := widget.Spark(frame.Mono(), c.series, c.width, c.top); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func ring(start time.Time, s source.Series) source.Ring {
	return source.Ring{Start: start, StepS: 1, Series: map[string]source.Series{"x": s}}
}

// A line of which a second's step is added must not be drawn anew all along: it stays still, or moves by one column.
func TestRingSparkStandsStill(t *testing.T) {
	t.Parallel()
	r := random(7)
	all := make(source.Series, 1100)
	for i := range all {
		all[i] = float64(r.IntN(100))
	}
	start := time.Date(2026, 1, 18, 14, 0, 0, 0, time.UTC)
	for _, width := range []int{1, 7, 45, 47, 60, 120, 899, 900, 1300} {
		before := []rune{}
		moves := 0
		for i := range 200 {
			now := []rune(widget.RingSpark(frame.Mono(), ring(start.Add(time.Duration(i)*time.Second), all[i:i+900]), "x", width, 100))
			if len(now) != width {
				t.Fatalf("%d columns in %d", len(now), width)
			}
			if n := len([]rune(strings.TrimRight(string(now), " "))); i > 0 && n > 1 {
				switch {
				case string(now[:n-1]) == string(before[:n-1]): // but for its end it is the same
				case string(now[:n-2]) == string(before[1:n-1]):
					moves++
				default:
					t.Fatalf("width %d, step %d:\n%s\n%s", width, i, string(before), string(now))
				}
			}
			before = now
		}
		if want := 200 / ((900 + width - 1) / width); width > 1 && (moves < want-1 || moves > want+1) {
			t.Errorf("width %d: moved %d times in 200 steps, not %d", width, moves, want)
		}
	}
}

func TestRingSparkOfLittle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ring  source.Ring
		width int
		want  string
	}{
		{source.Ring{}, 3, "···"},
		{ring(time.Unix(0, 0), source.Series{1, 2}), 0, ""},
		{ring(time.Unix(0, 0), source.Series{1, 2}), 4, "▅█  "},
		{source.Ring{Series: map[string]source.Series{"x": {1, 2}}}, 2, "▅█"},
		{ring(time.Unix(-1, 0), source.Series{1, 2, 3, 4}), 2, "▇█"},
	} {
		if got := widget.RingSpark(frame.Mono(), c.ring, "x", c.width, 0); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestPeakAndNewest(t *testing.T) {
	t.Parallel()
	s := source.Series{math.NaN(), 3, 1, math.NaN()}
	if got := widget.Peak(s); got != 3 {
		t.Errorf("peak %v", got)
	}
	if got := widget.Newest(s); !math.IsNaN(got) {
		t.Errorf("newest %v", got)
	}
	if !math.IsNaN(widget.Peak(nil)) || !math.IsNaN(widget.Newest(nil)) {
		t.Error("nothing has a peak")
	}
}

func TestGauge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, top float64
		width      int
		want       string
	}{
		{0, 13, 4, "░░░░"},
		{13, 13, 4, "████"},
		{7, 13, 4, "██░░"},
		{0.01, 13, 4, "█░░░"},
		{12.9, 13, 4, "████"},
		{99, 13, 4, "████"},
		{-1, 13, 4, "░░░░"},
		{1, 0, 4, "░░░░"},
		{math.NaN(), 13, 4, "░░░░"},
		{1, math.NaN(), 4, "░░░░"},
		{math.Inf(1), 13, 4, "████"},
		{1, math.Inf(1), 4, "█░░░"},
		{1, 1, 0, ""},
		{1, 1, -1, ""},
	} {
		got := widget.Gauge(frame.Mono(), c.value, c.top, c.width)
		if got != c.want || ansi.StringWidth(got) != max(0, c.width) {
			t.Errorf("%v of %v: %q, not %q", c.value, c.top, got, c.want)
		}
	}
}
