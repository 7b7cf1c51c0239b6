package widget_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/internal/frame"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// words are what random texts are made of: of all widths, and with line breaks.
func words() []string {
	return []string{"a", "select", "漢字", "é", "한국어", "idx_food_entries_user_date", "🙂", "100%", "", " ", "two\nlines", "a\ttab", "…", "ＷＩＤＥ"}
}

func text(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(words()[r.IntN(len(words()))])
		b.WriteString(strings.Repeat(" ", r.IntN(2)))
	}
	return b.String()
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// anySize is a room, often a tiny one.
func anySize(r *rand.Rand) (width, height int) {
	if r.IntN(3) == 0 {
		return r.IntN(8), r.IntN(4)
	}
	return r.IntN(300), r.IntN(100)
}

func anyLook(r *rand.Rand) *look.Look {
	names := []string{"dark", "mono", "ascii"}
	return frame.Looks()[names[r.IntN(len(names))]]
}

func anyLines(r *rand.Rand) []string {
	lines := make([]string, r.IntN(30))
	for i := range lines {
		lines[i] = text(r)
	}
	return lines
}

// checked is frame.Check, but a frame of no height has no lines at all.
func checked(t *testing.T, view string, width, height int) {
	t.Helper()
	if height == 0 {
		if view != "" {
			t.Errorf("%dx0: %q", width, view)
		}
		return
	}
	if !frame.Check(t, view, width, height) {
		t.FailNow()
	}
}

func TestBlocksFitTheirRoom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		r := random(seed)
		l, lines := anyLook(r), anyLines(r)
		w, h := anySize(r)
		checked(t, widget.Fit(l, lines, w, h), w, h)
		checked(t, widget.Titled(l, text(r), w), w, 1)
		beside := widget.Beside(l, lines, anyLines(r), r.IntN(w+2), w)
		checked(t, strings.Join(beside, "\n"), w, len(beside))
		banner := widget.Banner(l, look.Fail, text(r), lines, w, h)
		if len(banner) > h {
			t.Errorf("a banner of %d lines in %d", len(banner), h)
		}
		checked(t, strings.Join(banner, "\n"), w, len(banner))
		var parts []widget.Part
		for _, line := range lines {
			parts = append(parts, widget.Part{Text: line, Role: look.Role(r.IntN(10)), Drop: r.IntN(4)})
		}
		checked(t, widget.Parts(l, w, r.IntN(4), parts...), w, 1)
	}
}

func TestPartsGoInTheirOrder(t *testing.T) {
	t.Parallel()
	parts := []widget.Part{{Text: "aaaa"}, {Text: "bbbb", Drop: 1}, {Text: ""}, {Text: "cccc", Drop: 2}, {Text: "dddd", Drop: 2}}
	for width, want := range map[int]string{
		80: "aaaa  bbbb  cccc  dddd", 22: "aaaa  bbbb  cccc  dddd", 21: "aaaa  bbbb  cccc", 15: "aaaa  bbbb", 9: "aaaa", 4: "aaaa", 3: "aa…", 0: "",
	} {
		if got := widget.Parts(frame.Mono(), width, 2, parts...); got != want {
			t.Errorf("%d: %q, not %q", width, got, want)
		}
	}
}

func TestABannerKeepsItsTitle(t *testing.T) {
	t.Parallel()
	lines := []string{"why", "what to do"}
	for height, want := range map[int]string{0: "", 1: " DOWN", 2: " DOWN|─────", 3: " DOWN|   wh|─────", 4: " DOWN|   wh|   y|─────", 9: " DOWN|   wh|   y|   wh|   at|   to|   do|─────"} {
		if got := strings.Join(widget.Banner(frame.Mono(), look.Fail, "DOWN", lines, 5, height), "|"); got != want {
			t.Errorf("%d: %q, not %q", height, got, want)
		}
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	rows := []widget.Branch{{}, {Depth: 1}, {Depth: 2, Last: true}, {Depth: 1, Last: true}, {Depth: 2, Last: true}, {}, {Depth: 3, Last: true}}
	want := []string{"", "├ ", "│ └ ", "└ ", "  └ ", "", "    └ "}
	if got := widget.Tree(frame.Mono(), rows); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	bounds := []float64{1, 5, 20, 50, 100, 250}
	for _, c := range []struct {
		counts []int64
		width  int
		want   string
	}{
		{[]int64{2, 20, 41, 160, 61, 35, 0}, 80, "<1ms ▏  1-5 ▊  5-20 █▌  20-50 ██████  50-100 ██▎  100-250 █▎  >250 ·"},
		{[]int64{2, 20, 41, 160, 61, 35, 0}, 33, "<1ms ▏  1-5 ▊  5-20 █▌|20-50 ██████  50-100 ██▎|100-250 █▎  >250 ·"},
		{make([]int64, 7), 80, ""},
		{nil, 80, ""},
	} {
		if got := strings.Join(widget.Histogram(frame.Mono(), c.counts, bounds, c.width, 6), "|"); got != c.want {
			t.Errorf("%v in %d:\n%s\n%s", c.counts, c.width, got, c.want)
		}
	}
	for _, line := range widget.Histogram(frame.Mono(), []int64{1, 2, 3}, nil, 9, 100) {
		if ansi.StringWidth(line) == 0 {
			t.Error("an empty line")
		}
	}
}
