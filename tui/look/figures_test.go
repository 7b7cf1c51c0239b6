package look_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"healthagent/tui/look"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	span := func(d time.Duration) string { return look.Span(d) }
	for _, c := range []struct{ got, want string }{
		{look.Bytes(0), "0B"},
		{look.Bytes(999), "999B"},
		{look.Bytes(1000), "1.0kB"},
		{look.Bytes(1023), "1.0kB"},
		{look.Bytes(187 << 20), "187MB"},
		{look.Bytes(1288490189), "1.2GB"},
		{look.Bytes(math.MaxInt64), "8.0EB"},
		{look.Bytes(-2048), "-2.0kB"},
		{look.Bytes(math.MinInt64), "-8.0EB"},
		{look.Count(0), "0"},
		{look.Count(41), "41"},
		{look.Count(999.4), "999"},
		{look.Count(999.5), "1.0k"},
		{look.Count(12400), "12.4k"},
		{look.Count(123456), "123k"},
		{look.Count(3.1e6), "3.1M"},
		{look.Count(5e9), "5.0G"},
		{look.Count(math.NaN()), "-"},
		{look.Count(math.Inf(1)), "-"},
		{look.Count(-3), "-3"},
		{look.Rate(0.04), "0.0"},
		{look.Rate(31), "31.0"},
		{look.Rate(999.9), "999.9"},
		{look.Rate(999.96), "1.0k"},
		{look.Rate(math.NaN()), "-"},
		{look.MS(0), "0.0"},
		{look.MS(0.001), "<.01"},
		{look.MS(0.04), "0.04"},
		{look.MS(0.0949), "0.09"},
		{look.MS(0.095), "0.1"},
		{look.MS(44.1), "44.1"},
		{look.MS(1204), "1204"},
		{look.MS(120000), "120k"},
		{look.MS(math.NaN()), "-"},
		{look.MS(math.Inf(1)), "-"},
		{look.Millis(1.9), "1.9ms"},
		{look.Millis(99.9), "99.9ms"},
		{look.Millis(402.7), "403ms"},
		{look.Millis(999.4), "999ms"},
		{look.Millis(999.5), "1.0s"},
		{look.Millis(5000), "5.0s"},
		{look.Millis(math.NaN()), "-"},
		{span(-1), "0.0s"},
		{span(400 * time.Millisecond), "0.4s"},
		{span(59949 * time.Millisecond), "59.9s"},
		{span(59950 * time.Millisecond), "1m00s"},
		{span(192 * time.Second), "3m12s"},
		{span(3599600 * time.Millisecond), "1h00m"},
		{span(4*time.Hour + 5*time.Minute), "4h05m"},
		{span(47*time.Hour + 59*time.Minute + 40*time.Second), "2d"},
		{span(21*24*time.Hour + time.Hour), "21d"},
		{look.Age(-time.Second), "0s"},
		{look.Age(2900 * time.Millisecond), "2s"},
		{look.Age(59 * time.Minute), "59m"},
		{look.Age(47 * time.Hour), "47h"},
		{look.Age(48 * time.Hour), "2d"},
		{look.Seconds(nil), "-"},
		{look.Seconds(new(41.7)), "41s"},
		{look.Seconds(new(math.NaN())), "-"},
		{look.Seconds(new(1e300)), "106751d"},
		{look.Percent(nil, 1), "-"},
		{look.Percent(new(99.7), 1), "99.7%"},
		{look.Percent(new(12.4), 0), "12%"},
		{look.Percent(new(math.NaN()), 0), "-"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
}

// No figure is longer than its column may be, and none of a larger thing reads as less than one of a smaller thing.
func TestFiguresAreShortAndInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		write func(v float64) string
		most  int
		top   float64
	}{
		{"bytes", func(v float64) string { return look.Bytes(int64(v)) }, 5, 8e18},
		{"count", look.Count, 5, 9e14},
		{"rate", look.Rate, 5, 9e14},
		{"ms", look.MS, 5, 9e14},
		{"millis", look.Millis, 7, 9e10},
		{"span", func(v float64) string { return look.Span(time.Duration(v)) }, 7, 8e18},
		{"age", func(v float64) string { return look.Age(time.Duration(v)) }, 7, 8e18},
	} {
		last, text := 0.0, ""
		for v := 0.001; v < c.top; v *= 1.003 {
			got := c.write(v)
			if len(got) > c.most {
				t.Fatalf("%s of %g is %q", c.name, v, got)
			}
			n := meaning(t, got)
			if n < last {
				t.Fatalf("%s: %q comes after %q", c.name, got, text)
			}
			last, text = n, got
		}
	}
}

// meaning is what a figure says, in its smallest unit.
func meaning(t *testing.T, figure string) float64 {
	t.Helper()
	if figure == "<.01" || figure == "<.01ms" {
		return 0.005
	}
	units := map[string]float64{
		"": 1, "ms": 1, "B": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "s": 1e3, "m": 6e4, "h": 36e5, "d": 864e5,
		"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40, "PB": 1 << 50, "EB": 1 << 60,
	}
	var sum float64
	for figure != "" {
		end := strings.IndexFunc(figure, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if end < 0 {
			end = len(figure)
		}
		n, err := strconv.ParseFloat(figure[:end], 64)
		if err != nil {
			t.Fatal(err)
		}
		rest := figure[end:]
		next := strings.IndexAny(rest, "0123456789")
		if next < 0 {
			next = len(rest)
		}
		unit, ok := units[rest[:next]]
		if !ok {
			t.Fatalf("%q has an unknown unit", figure)
		}
		sum += n * unit
		figure = rest[next:]
	}
	return sum
}
