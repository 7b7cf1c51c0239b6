package look_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"healthagent/tui/look"
)

func TestWithoutColoursThereAreNoSequences(t *testing.T) {
	t.Parallel()
	l := look.New(look.Options{Profile: termenv.Ascii})
	for r := look.Plain; r <= look.Inverse; r++ {
		if got := l.Paint(r, "text"); got != "text" {
			t.Errorf("role %d: %q", r, got)
		}
	}
}

func TestEveryRoleButPlainIsSeen(t *testing.T) {
	t.Parallel()
	l := look.New(look.Options{Profile: termenv.ANSI})
	seen := map[string]look.Role{}
	for r := look.Dim; r <= look.Inverse; r++ {
		got := l.Paint(r, "text")
		if ansi.Strip(got) != "text" || got == "text" || !strings.HasSuffix(got, "text\x1b[0m") {
			t.Errorf("role %d: %q", r, got)
		}
		seen[got] = r
	}
	if len(seen) < int(look.Inverse)-1 { // Accent and Graph may be the same
		t.Errorf("roles look the same: %v", seen)
	}
	if got := l.Paint(99, "text"); got != "text" {
		t.Errorf("a role that there is not: %q", got)
	}
}

// The colours are the terminal's own sixteen, so that 16 colours and more look the same.
func TestSixteenColoursAreEnough(t *testing.T) {
	t.Parallel()
	few := look.New(look.Options{Profile: termenv.ANSI, Dark: true})
	for _, p := range []termenv.Profile{termenv.ANSI256, termenv.TrueColor} {
		many := look.New(look.Options{Profile: p, Dark: true})
		for r := look.Plain; r <= look.Inverse; r++ {
			if a, b := few.Paint(r, "x"), many.Paint(r, "x"); a != b {
				t.Errorf("profile %v, role %d: %q and %q", p, r, a, b)
			}
		}
	}
}

// Each colour stands out from the backgrounds that it is drawn on, in the palettes of common terminals. 3:1 is what WCAG asks of bold
// text; where the background is not known a little less must do for the one colour or other.
func TestColoursStandOut(t *testing.T) {
	t.Parallel()
	const black, white = 0x000000, 0xffffff
	for _, c := range []struct {
		name    string
		options look.Options
		on      []int
		least   float64
	}{
		{"dark", look.Options{Dark: true}, []int{black}, 4},
		{"light", look.Options{Light: true}, []int{white}, 2},
		{"both", look.Options{}, []int{black, white}, 2},
	} {
		c.options.Profile = termenv.ANSI
		l := look.New(c.options)
		for _, r := range []look.Role{look.Accent, look.Good, look.Warn, look.Fail, look.Graph} {
			number := colourOf(t, l.Paint(r, "x"))
			for terminal, palette := range palettes() {
				for _, background := range c.on {
					if got := contrast(palette[number], background); got < c.least {
						t.Errorf("%s: role %d, colour %d, is %.1f:1 on %06x in %s", c.name, r, number, got, background, terminal)
					}
				}
			}
		}
	}
}

// palettes are the sixteen colours of some terminals.
func palettes() map[string][16]int {
	return map[string][16]int{
		"xterm": {
			0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
			0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
		},
		"linux": {
			0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
			0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
		},
		"windows terminal": {
			0x0c0c0c, 0xc50f1f, 0x13a10e, 0xc19c00, 0x0037da, 0x881798, 0x3a96dd, 0xcccccc,
			0x767676, 0xe74856, 0x16c60c, 0xf9f1a5, 0x3b78ff, 0xb4009e, 0x61d6d6, 0xf2f2f2,
		},
		"gnome": {
			0x2e3436, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
			0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec,
		},
	}
}

// colourOf reads the number of the colour out of a painted text.
func colourOf(t *testing.T, painted string) int {
	t.Helper()
	inside, _, _ := strings.Cut(strings.TrimPrefix(painted, "\x1b["), "m")
	for _, code := range strings.Split(inside, ";") {
		var n int
		if _, err := fmt.Sscan(code, &n); err != nil {
			t.Fatalf("%q: %v", painted, err)
		}
		switch {
		case n >= 30 && n < 38:
			return n - 30
		case n >= 90 && n < 98:
			return n - 90 + 8
		}
	}
	t.Fatalf("%q has no colour", painted)
	return 0
}

// contrast is that of WCAG 2.
func contrast(a, b int) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(rgb int) float64 {
	channel := func(v int) float64 {
		c := float64(v) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(rgb>>16&255) + 0.7152*channel(rgb>>8&255) + 0.0722*channel(rgb&255)
}

func TestGlyphsAreOneColumnWide(t *testing.T) {
	t.Parallel()
	for _, ascii := range []bool{false, true} {
		g := look.New(look.Options{Profile: termenv.Ascii, ASCII: ascii}).Glyphs
		all := append(append([]string{g.Full, g.Empty, g.Gap, g.Horizontal, g.Vertical, g.Branch, g.Last, g.More, g.Arrow, g.Dot}, g.Levels...), g.Eighths...)
		for _, glyph := range all {
			if ansi.StringWidth(glyph) != 1 || ascii && (len(glyph) != 1 || glyph[0] > '~') {
				t.Errorf("%q", glyph)
			}
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	g := look.New(look.Options{Profile: termenv.ANSI}).Glyphs
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 1, "…"},
		{"abcd", 0, ""},
		{"abcd", -1, ""},
		{"漢字", 4, "漢字"},
		{"漢字", 3, "漢…"},
		{"a\nb\tc", 9, "a b c"},
		{"\x1b[1mabcd\x1b[0m", 3, "\x1b[1mab…\x1b[0m"},
	} {
		if got := g.Clip(c.text, c.width); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, not %q", c.text, c.width, got, c.want)
		}
	}
}

func TestInner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"idx_conversation_history_user_timestamp_covering", 30, "idx_conversation_hi…p_covering"},
		{"idx_conversation_history_user_timestamp", 30, "idx_conversation_hi…_timestamp"},
		{"users_pkey", 30, "users_pkey"},
		{"conversation_history", 11, "conversati…"},
		{"会话历史会话历史会话历史", 13, "会话历史…历史"},
	} {
		got := look.New(look.Options{Profile: termenv.ANSI}).Inner(c.text, c.width)
		if got != c.want || ansi.StringWidth(got) > c.width {
			t.Errorf("%s in %d columns is %q, not %q", c.text, c.width, got, c.want)
		}
	}
}
