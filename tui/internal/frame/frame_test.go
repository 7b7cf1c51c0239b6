package frame_test

import (
	"testing"

	"healthagent/tui/internal/frame"
)

func TestProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		view string
		ok   bool
	}{
		"fits":             {"ab\nc ", true},
		"coloured":         {"\x1b[1ma\x1b[0m\nb", true},
		"a line too many":  {"a\nb\nc", false},
		"a line too few":   {"a", false},
		"too wide":         {"abc\nd", false},
		"wide runes":       {"漢字\nd", false},
		"a bell":           {"\a\nd", false},
		"a clipboard":      {"\x1b]52;c;eA==\a\nd", false},
		"the cursor moves": {"\x1b[2J\nd", false},
		"right to left":    {"a\u202e\nd", false},
		"colour runs on":   {"\x1b[1ma\nd", false},
		"not UTF-8":        {"a\xff\nd", false},
	} {
		if problem := frame.Problem(c.view, 2, 2); (problem == "") != c.ok {
			t.Errorf("%s: %q", name, problem)
		}
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	for in, want := range map[frame.Size]frame.Size{{40, 12}: {40, 10}, {80, 24}: {80, 18}, {59, 24}: {59, 22}, {80, 13}: {80, 11}, {20, 1}: {20, 0}} {
		if got := in.Body(); got != want {
			t.Errorf("%s has a body of %s", in, got)
		}
	}
}
