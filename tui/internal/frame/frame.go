// Package frame is what the tests of the screen look at drawn frames with: whether one fits its room exactly, and whether it is still the
// one that was looked at and kept. It is imported by tests only.
package frame

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/muesli/termenv"

	"healthagent/tui/look"
)

// Size is a room in columns and lines.
type Size struct{ Width, Height int }

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// Sizes are rooms from far too small to far too large, with both sides of every width and height at which something changes.
func Sizes() []Size {
	var sizes []Size
	for _, w := range []int{20, 21, 33, 40, 59, 60, 79, 80, 100, 119, 120, 160, 300} {
		for _, h := range []int{5, 6, 9, 11, 12, 13, 14, 18, 22, 34, 100} {
			sizes = append(sizes, Size{w, h})
		}
	}
	return sizes
}

// GoldenSizes are those of which the frames are kept.
func GoldenSizes() []Size { return []Size{{40, 12}, {80, 24}, {120, 40}} }

// Body is the least room that the program leaves to a screen on a terminal of that size: header, tabs, message, keys and two rules take
// six lines, and where there is little room header and keys take two.
func (s Size) Body() Size {
	if s.Width < 60 || s.Height < 14 {
		return Size{s.Width, max(0, s.Height-2)}
	}
	return Size{s.Width, s.Height - 6}
}

// Looks are the kinds of terminal, by the names that golden files bear.
func Looks() map[string]*look.Look {
	return map[string]*look.Look{
		"dark":  look.New(look.Options{Profile: termenv.ANSI256, Dark: true}),
		"light": look.New(look.Options{Profile: termenv.ANSI256, Light: true}),
		"both":  look.New(look.Options{Profile: termenv.ANSI256}),
		"16":    look.New(look.Options{Profile: termenv.ANSI, Dark: true}),
		"mono":  look.New(look.Options{Profile: termenv.Ascii}),
		"ascii": look.New(look.Options{Profile: termenv.Ascii, ASCII: true}),
	}
}

// Mono is the look without any colour, which is the easiest to read in a golden file.
func Mono() *look.Look { return look.New(look.Options{Profile: termenv.Ascii}) }

// Check fails unless view is exactly height lines of at most width columns, without a control byte but those of colours, and with every
// colour ended on its line. It reports whether all is well.
func Check(t testing.TB, view string, width, height int) bool {
	t.Helper()
	problem := Problem(view, width, height)
	if problem != "" {
		t.Errorf("%dx%d: %s\n%s", width, height, problem, view)
	}
	return problem == ""
}

// Problem says what is wrong with a frame, empty when nothing is.
func Problem(view string, width, height int) string {
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for i, line := range lines {
		if n := ansi.StringWidth(line); n > width {
			return fmt.Sprintf("line %d is %d columns wide: %q", i+1, n, line)
		}
		if !utf8.ValidString(line) {
			return fmt.Sprintf("line %d is not UTF-8: %q", i+1, line)
		}
		if bad := control(line); bad != "" {
			return fmt.Sprintf("line %d has %s in it: %q", i+1, bad, line)
		}
	}
	return ""
}

// control finds what is not text and not a colour, and a colour that the line does not end.
func control(line string) string {
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	colours := sgr.FindAllString(line, -1)
	if n := len(colours); n > 0 && colours[n-1] != "\x1b[0m" {
		return "a colour that does not end"
	}
	for _, r := range sgr.ReplaceAllString(line, "") {
		if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return fmt.Sprintf("%U", r)
		}
	}
	return ""
}

// Golden compares a frame with testdata/<test>/<name>.golden, which go test -update writes. Blanks at the ends of lines are left out: a
// frame's width is Check's matter.
func Golden(t *testing.T, name, view string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Helper()
		lines := strings.Split(view, "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		golden.RequireEqual(t, strings.Join(lines, "\n")+"\n")
	})
}
